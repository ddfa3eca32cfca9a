/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_CMD_START_H
#define PAGEWALK_CMD_START_H

#include "app/app.h"
#include "kernel/launch.h"

/*
 * pagewalk -- COMMAND: starts it, shows its map, and returns its exit status, 128 + the
 * signal that ended it, or why it could not be started, after saying so.
 */
int start_command(const struct app_options *options, const struct launch_options *how, char **argv);

#endif
