/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_CMD_OPTIONS_H
#define PAGEWALK_CMD_OPTIONS_H

#include "app/app.h"
#include "cmd/cmd.h"

#include <getopt.h>

/* Options that every interactive screen takes; they stand first in a command's table. */
enum screen_option {
	OPTION_ASCII = 256,
	OPTION_NO_COLOUR,
	OPTION_NO_MOUSE,
	OPTION_CONTRAST,
	OPTION_PALETTE,
	OPTION_CONFIG,
	OPTION_NO_CONFIG,
};

#define SCREEN_SHORT_OPTIONS "d:h"
#define SCREEN_LONG_OPTIONS                                                                        \
	{ "delay", required_argument, NULL, 'd' }, { "ascii", no_argument, NULL, OPTION_ASCII },   \
		{ "no-colour", no_argument, NULL, OPTION_NO_COLOUR },                              \
		{ "no-color", no_argument, NULL, OPTION_NO_COLOUR },                               \
		{ "no-mouse", no_argument, NULL, OPTION_NO_MOUSE },                                \
		{ "contrast", no_argument, NULL, OPTION_CONTRAST },                                \
		{ "palette", required_argument, NULL, OPTION_PALETTE },                            \
		{ "config", required_argument, NULL, OPTION_CONFIG },                              \
		{ "no-config", no_argument, NULL, OPTION_NO_CONFIG },                              \
	{                                                                                          \
		"help", no_argument, NULL, 'h'                                                     \
	}

#define SCREEN_OPTIONS_HELP                                                                        \
	"  -d, --delay SECONDS  time between two pictures (default 0.1)\n"                         \
	"  --palette NAME       dark, contrast (projector) or light; colour-blind safe, all\n"     \
	"  --contrast           the same as --palette contrast\n"                                  \
	"  --ascii              no character outside ASCII\n"                                      \
	"  --no-colour          no colours (NO_COLOR does it too)\n"                               \
	"  --no-mouse           leave the mouse to the terminal\n"                                 \
	"  --config FILE        settings (default: ~/.config/pagewalk/config)\n"                   \
	"  --no-config          read and save no settings\n"                                       \
	"  -h, --help           this text\n"

/*
 * What the options begin with: the settings of the file, which the command line (looked through
 * for --config and --no-config) may name; lines of it that mean nothing are said on standard
 * error. NO_COLOR is obeyed. 0, or an exit status after saying why the file cannot be read.
 */
int screen_options_begin(int argc, char **argv, const char *short_options,
			 const struct option *long_options, struct app_options *options);
/*
 * Takes one option of the table above. 0, or STATUS_USAGE after saying why; *known is false
 * where it is none of them.
 */
int screen_option_take(const struct command *command, int opt, const char *value,
		       struct app_options *options, bool *known);
/* True when both standard input and output are a terminal. */
bool screen_is_possible(void);

#endif
