/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All commands, in the order in which --help lists them. */
#include "cmd/commands.h"

#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
	&cmd_map, &cmd_translate, &cmd_faults, &cmd_objects, &cmd_cache,
	&cmd_lab, &cmd_bench,     &cmd_sink,   &cmd_learn,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *commands_find(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i];
	return NULL;
}

void commands_list(void)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
}
