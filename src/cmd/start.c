/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk -- COMMAND ARGUMENT...: watched from before its first instruction. */
#include "cmd/start.h"

#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "kernel/privilege.h"
#include "model/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* What became of it, where that is not plain from the exit status. */
static int report_end(struct launch *launch)
{
	char *name = text_safe_str(launch_name(launch)), text[64];
	pid_t pid = launch_pid(launch);
	int status = 0, result = STATUS_DONE;

	switch (launch_end(launch, &status)) {
	case LAUNCH_KEPT_RUNNING:
		fprintf(stderr, "pagewalk: %s (process %d) runs on\n", name, (int)pid);
		break;
	case LAUNCH_WAS_ENDED:
		fprintf(stderr, "pagewalk: %s (process %d) was ended: %s\n", name, (int)pid,
			wait_status_text(text, sizeof(text), status));
		result = launch_exit_status(status);
		break;
	case LAUNCH_ENDED:
		if (WIFSIGNALED(status))
			fprintf(stderr, "pagewalk: %s (process %d): %s\n", name, (int)pid,
				wait_status_text(text, sizeof(text), status));
		result = launch_exit_status(status);
		break;
	}
	free(name);
	return result;
}

int start_command(const struct app_options *options, const struct launch_options *how, char **argv)
{
	struct app_start start = { .place = PLACE_MAP };
	char error[256];
	struct host *host;
	int ret, status;

	if (!argv[0])
		return cmd_bad_usage(&cmd_watch, "-- is followed by a command to start");
	/* A report at its end would be of a process that has no memory any more. */
	if (!screen_is_possible())
		return cmd_bad_usage(&cmd_watch,
				     "a started command is watched in a terminal; without one, "
				     "start it yourself and use pagewalk map PID");
	ret = launch_start(argv, how, &start.launch, error, sizeof(error));
	if (ret) {
		cmd_fail("%s", error);
		return launch_failure_status(ret);
	}
	start.pid = launch_pid(start.launch);
	/* The command has what we had; from here on we have less. */
	privilege_reduce();
	host = host_new("");
	status = app_run(host, options, &start);
	host_free(host);
	ret = report_end(start.launch);
	return status ? status : ret;
}
