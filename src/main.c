/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk: finds the command that was meant and runs it. */
#include "cmd/commands.h"

#include "kernel/privilege.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	const struct command *command;

	/* Characters and their widths follow the user; numbers stay as scripts expect them. */
	setlocale(LC_CTYPE, "");
	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		printf("pagewalk %s\n", PACKAGE_VERSION);
		return STATUS_DONE;
	}
	/* The name that getopt(3) puts before its own messages. */
	argv[0] = (char *)"pagewalk";
	command = argc > 1 ? commands_find(argv[1]) : NULL;
	if (!command)
		return cmd_watch.run(argc, argv);
	argv[1] = argv[0];
	if (command->only_looks)
		privilege_reduce();
	return command->run(argc - 1, argv + 1);
}
