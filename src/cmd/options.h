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
};

#define SCREEN_SHORT_OPTIONS "d:h"
#define SCREEN_LONG_OPTIONS                                                                        \
	{ "delay", required_argument, NULL, 'd' }, { "ascii", no_argument, NULL, OPTION_ASCII },   \
		{ "no-colour", no_argument, NULL, OPTION_NO_COLOUR },                              \
		{ "no-color", no_argument, NULL, OPTION_NO_COLOUR },                               \
		{ "no-mouse", no_argument, NULL, OPTION_NO_MOUSE },                                \
		{ "contrast", no_argument, NULL, OPTION_CONTRAST },                                \
	{                                                                                          \
		"help", no_argument, NULL, 'h'                                                     \
	}

#define SCREEN_OPTIONS_HELP                                                                        \
	"  -d, --delay SECONDS  time between two pictures (default 0.1)\n"                         \
	"  --contrast           colours for a projector\n"                                         \
	"  --ascii              no character outside ASCII\n"                                      \
	"  --no-colour          no colours (NO_COLOR does it too)\n"                               \
	"  --no-mouse           leave the mouse to the terminal\n"                                 \
	"  -h, --help           this text\n"

/* The defaults: 10 pictures a second, mouse on, NO_COLOR obeyed. */
struct app_options screen_options_default(void);
/*
 * Takes one option of the table above. 0, or STATUS_USAGE after saying why; *known is false
 * where it is none of them.
 */
int screen_option_take(const struct command *command, int opt, const char *value,
		       struct app_options *options, bool *known);
/* True when both standard input and output are a terminal. */
bool screen_is_possible(void);

#endif
