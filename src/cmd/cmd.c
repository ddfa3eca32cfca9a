/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands have in common: messages, exit statuses, opening a process. */
#include "cmd/cmd.h"

#include "base/fmt.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args)
{
	fputs("pagewalk: ", stderr);
	vfprintf(stderr, format, args);
}

int cmd_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fputc('\n', stderr);
	return STATUS_FAILED;
}

int cmd_bad_usage(const struct command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, " (see pagewalk %s%s--help)\n", command->name, command->name[0] ? " " : "");
	return STATUS_USAGE;
}

int cmd_help(const struct command *command)
{
	printf("Usage: pagewalk %s\n%s.\n\n%s", command->usage, command->summary, command->options);
	return STATUS_DONE;
}

int cmd_parse_pid(const struct command *command, const char *text, pid_t *pid)
{
	uint64_t value;

	if (parse_u64(text, INT_MAX, &value) || !value) {
		char *safe = text_safe_str(text);
		int status = cmd_bad_usage(command, "not a process ID: %s", safe);

		free(safe);
		return status;
	}
	*pid = (pid_t)value;
	return STATUS_DONE;
}

int cmd_fail_proc(pid_t pid, int error)
{
	char reason[128];

	switch (error) {
	case -ESRCH:
		return cmd_fail("no process %d", (int)pid);
	case -EACCES:
	case -EPERM:
		return cmd_fail("process %d: %s", (int)pid,
				source_refusal(SOURCE_MAPS, WHY_DENIED, reason, sizeof(reason)));
	case -EAGAIN:
		return cmd_fail("process %d executed another program while it was read", (int)pid);
	default:
		return cmd_fail("process %d: %s", (int)pid, strerror(-error));
	}
}

int cmd_open_proc(const struct host *host, pid_t pid, struct proc **proc)
{
	struct process_info info;
	int ret = proc_open(host, pid, proc);

	if (ret)
		return cmd_fail_proc(pid, ret);
	ret = proc_read_info(*proc, &info);
	if (!ret && info.life == PROCESS_LIVE)
		return STATUS_DONE;
	proc_close(*proc);
	if (ret)
		return cmd_fail_proc(pid, ret);
	if (info.life == PROCESS_KTHREAD)
		return cmd_fail("process %d is a kernel thread: it has no user address space",
				(int)pid);
	if (info.life == PROCESS_ZOMBIE)
		return cmd_fail(
			"process %d is a zombie: it has exited and its memory is given back",
			(int)pid);
	return cmd_fail_proc(pid, -ESRCH);
}

int cmd_on_proc(pid_t pid, int (*report)(struct proc *proc, const void *arg), const void *arg)
{
	struct host *host = host_new("");
	struct proc *proc;
	int status = cmd_open_proc(host, pid, &proc);

	if (!status) {
		status = report(proc, arg);
		proc_close(proc);
	}
	host_free(host);
	return status;
}

int cmd_name_refused(const struct sources *sources)
{
	int status = STATUS_DONE;

	for (int i = 0; i < NR_SOURCE; i++) {
		enum why why = sources->why[i];
		char reason[128];

		if (why == WHY_OK || why == WHY_NOT_ASKED)
			continue;
		fprintf(stderr, "pagewalk: unknown: %s: %s\n", source_name((enum source)i),
			source_refusal((enum source)i, why, reason, sizeof(reason)));
		status = STATUS_PARTLY;
	}
	return status;
}

int cmd_stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}
