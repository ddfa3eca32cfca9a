/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_CMD_COMMANDS_H
#define PAGEWALK_CMD_COMMANDS_H

#include "cmd/cmd.h"

/* The command of this name, or NULL. */
const struct command *commands_find(const char *name);
/* Prints a line for each command on standard output, in the order of the table. */
void commands_list(void);

#endif
