/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk, pagewalk PID, pagewalk NAME, pagewalk PATH: the screens, or, where standard output
 * is not a terminal, the report behind them.
 */
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/options.h"
#include "cmd/start.h"

#include "base/fmt.h"
#include "base/text.h"
#include "kernel/plist.h"
#include "kernel/privilege.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_number(const char *text)
{
	for (; *text; text++)
		if (!isdigit((unsigned char)*text))
			return false;
	return true;
}

/* Processes that are called `name`, but for ourselves; *pid is the last one found. SIZE_MAX: no list. */
static size_t find_by_name(const char *name, pid_t *pid)
{
	struct plist *list;
	size_t nr = 0;

	if (plist_read(&list))
		return SIZE_MAX;
	for (size_t i = 0; i < list->nr; i++) {
		if (list->rows[i].pid == getpid() || !plist_row_is_called(&list->rows[i], name))
			continue;
		*pid = list->rows[i].pid;
		nr++;
	}
	plist_free(list);
	return nr;
}

static int fail_name(const char *name, size_t nr)
{
	char *safe = text_safe_str(name);
	int status;

	if (nr == SIZE_MAX)
		status = cmd_fail("the list of processes cannot be read");
	else if (!nr)
		status = cmd_fail("no process is called %s", safe);
	else
		status = cmd_fail("%zu processes are called %s: give a process ID", nr, safe);
	free(safe);
	return status;
}

/* Without a terminal: what `map` or `cache` would print. */
static int print_report(const struct command *command, char *operand)
{
	char *argv[] = { (char *)"pagewalk", operand, NULL };

	privilege_reduce();
	optind = 0; /* getopt starts afresh */
	return command->run(2, argv);
}

static int watch(const struct app_options *options, pid_t pid, const char *filter)
{
	struct app_start start = {
		.place = pid ? PLACE_MAP : PLACE_PICK,
		.pid = pid,
		.filter = filter,
	};
	struct host *host;
	int status;

	privilege_reduce();
	host = host_new("");
	status = app_run(host, options, &start);
	host_free(host);
	return status;
}

static int watch_file(const struct app_options *options, const char *path)
{
	struct action action = { .kind = ACTION_OPEN_FILE, .path = path };
	struct app_start start = { .place = PLACE_CACHE, .action = &action };
	struct host *host;
	int status;

	privilege_reduce();
	host = host_new("");
	status = app_run(host, options, &start);
	host_free(host);
	return status;
}

static int watch_operand(const struct app_options *options, char *operand)
{
	bool screens = screen_is_possible();
	char number[FMT_LEN];
	pid_t pid = 0;
	size_t nr;
	int status;

	if (strchr(operand, '/'))
		return screens ? watch_file(options, operand) : print_report(&cmd_cache, operand);
	if (is_number(operand)) {
		status = cmd_parse_pid(&cmd_watch, operand, &pid);
		if (status)
			return status;
		return screens ? watch(options, pid, NULL) : print_report(&cmd_map, operand);
	}
	nr = find_by_name(operand, &pid);
	if (nr == 1 && !screens) {
		snprintf(number, sizeof(number), "%d", (int)pid);
		return print_report(&cmd_map, number);
	}
	if (nr == 1)
		return watch(options, pid, NULL);
	if (nr == 0 || nr == SIZE_MAX || !screens)
		return fail_name(operand, nr);
	return watch(options, 0, operand);
}

static int help(void)
{
	cmd_help(&cmd_watch);
	puts("\nCommands (each has --help):");
	commands_list();
	puts("\nExit status: 0 done, 1 failed, 2 wrong usage, 3 something could not be known.\n"
	     "With -- COMMAND: its own, or 128 + the signal that ended it; 127 not found, "
	     "126 not run.");
	return STATUS_DONE;
}

static int run_watch(int argc, char **argv)
{
	enum { OPTION_INPUT = 512, OPTION_KEEP_RUNNING, OPTION_NO_FAULTS };
	static const struct option longopts[] = {
		SCREEN_LONG_OPTIONS,
		{ "input", required_argument, NULL, OPTION_INPUT },
		{ "keep-running", no_argument, NULL, OPTION_KEEP_RUNNING },
		{ "no-faults", no_argument, NULL, OPTION_NO_FAULTS },
		{ 0 },
	};
	struct launch_options launch = { 0 };
	struct app_options options;
	int opt, status;
	bool known;

	status = screen_options_begin(argc, argv, "+" SCREEN_SHORT_OPTIONS, longopts, &options);
	if (status)
		return status;
	while ((opt = getopt_long(argc, argv, "+" SCREEN_SHORT_OPTIONS, longopts, NULL)) != -1) {
		if (opt == 'h')
			return help();
		if (opt == '?')
			return STATUS_USAGE;
		if (opt == OPTION_INPUT)
			launch.input = optarg;
		launch.keeps_running |= opt == OPTION_KEEP_RUNNING;
		options.no_faults |= opt == OPTION_NO_FAULTS;
		if (opt >= OPTION_INPUT)
			continue;
		status = screen_option_take(&cmd_watch, opt, optarg, &options, &known);
		if (status)
			return status;
	}
	if (!strcmp(argv[optind - 1], "--"))
		return start_command(&options, &launch, argv + optind);
	if (launch.input || launch.keeps_running || options.no_faults)
		return cmd_bad_usage(&cmd_watch, "--input, --keep-running and --no-faults go with "
						 "-- COMMAND");
	if (argc - optind > 1)
		return cmd_bad_usage(&cmd_watch, "one process, name or path at a time");
	if (optind < argc)
		return watch_operand(&options, argv[optind]);
	if (!screen_is_possible())
		return cmd_bad_usage(&cmd_watch,
				     "without a terminal, name a process, a file or a command");
	return watch(&options, 0, NULL);
}

const struct command cmd_watch = {
	.name = "",
	.run = run_watch,
	.usage = "[OPTION...] [PID | NAME | PATH]\n"
		 "       pagewalk [OPTION...] -- COMMAND [ARGUMENT...]\n"
		 "       pagewalk COMMAND-BELOW [ARGUMENT...]",
	.summary = "A microscope for Linux memory: what lies where, on the real kernel, live",
	.options = "  (nothing)   choose a process from a list\n"
		   "  PID, NAME   the map of that process: virtual to physical\n"
		   "  PATH        what of that file lies in the page cache (a PATH has a slash)\n"
		   "  -- COMMAND  start it, and watch it from before its first instruction\n"
		   "\n"
		   "Options:\n" SCREEN_OPTIONS_HELP
		   "  --input FILE         standard input of COMMAND (default: /dev/null)\n"
		   "  --keep-running       COMMAND runs on when pagewalk is left\n"
		   "  --no-faults          do not watch COMMAND's page faults before key 2 or H\n"
		   "  -V, --version        the version\n",
};
