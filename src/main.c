/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk: finds the command that was meant and runs it. */
#include "cmd/cmd.h"

#include "kernel/privilege.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
	&cmd_map,
	&cmd_translate,
	&cmd_cache,
	&cmd_faults,
	&cmd_lab,
	&cmd_learn,
	&cmd_bench,
	&cmd_sink,
	&cmd_objects,
};

int main(int argc, char **argv)
{
	/* Characters and their widths follow the user; numbers stay as scripts expect them. */
	setlocale(LC_CTYPE, "");
	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		printf("pagewalk %s\n", PACKAGE_VERSION);
		return STATUS_DONE;
	}
	/* The name that getopt(3) puts before its own messages. */
	argv[0] = (char *)"pagewalk";
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i]->name)) {
			argv[1] = argv[0];
			if (commands[i]->only_looks)
				privilege_reduce();
			return commands[i]->run(argc - 1, argv + 1);
		}
	return cmd_watch.run(argc, argv);
}
