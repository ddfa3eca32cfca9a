/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_SETTINGS_H
#define PAGEWALK_APP_SETTINGS_H

#include "model/config.h"

/*
 * Where the settings are kept: $XDG_CONFIG_HOME/pagewalk/config, else ~/.config/pagewalk/config
 * (XDG Base Directory Specification 0.8). NULL where neither variable is set; the caller frees it.
 */
char *settings_path(void);
/*
 * Takes the settings of the file over into *config. 0, -ENOENT where there is none, or -errno;
 * `bad` is told of lines that mean nothing, as config_parse() does.
 */
int settings_load(const char *path, struct config *config,
		  void (*bad)(void *arg, unsigned line, const char *what), void *arg);
/*
 * Writes the settings: into a new file beside it (mode 0600) that then takes its place, so that it
 * is never half written; comments that it had stay, a symbolic link stays one, and missing
 * directories are made. 0 or -errno.
 */
int settings_save(const char *path, const struct config *config);

#endif
