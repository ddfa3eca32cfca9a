/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting the command that is to be watched. pagewalk-gate (kernel/gate.c) is spawned and becomes
 * the command under PTRACE_TRACEME, so that the kernel stops it after execve(2), with the
 * program, its interpreter and its stack mapped and no instruction run. PTRACE_DETACH
 * with SIGSTOP changes that into a plain stop that SIGCONT ends, and nobody traces it
 * any more. As under any tracer a set-user-ID program then runs without the other user's
 * rights, unless pagewalk has CAP_SYS_PTRACE.
 *
 * It has a session of its own, so Ctrl-C and Ctrl-Z reach pagewalk alone and it cannot draw
 * upon our screen by /dev/tty. What it writes goes to a pseudo-terminal, because
 * programs then write line by line; it is not its controlling terminal: one that asks for a
 * password there is refused at once instead of waiting for ever.
 */
#include "kernel/launch.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/gate.h"
#include "kernel/helper_path.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define END_ASK_MS  1000 /* to end by itself after SIGTERM */
#define END_KILL_MS 5000 /* to be gone after SIGKILL */
/* Our ends lie above what the child is given, so that no dup2 hits another's source. */
#define LEAST_SOURCE_FD 16

extern char **environ;

struct launch {
	char *name;
	pid_t pid;
	int pid_fd;
	int output_fd; /* our side of the pseudo-terminal; -1: none, or nothing more will come */
	bool keeps_running, went;
	bool has_no_gate; /* not the command, but what starts it could not be run */
};

static int move_up(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, LEAST_SOURCE_FD);
	int err = -errno;

	close(fd);
	return moved < 0 ? err : moved;
}

/* Both sides of a pseudo-terminal that passes on what is written as it is. 0 or -errno. */
static int open_output(int *ours, int *theirs)
{
	struct termios modes;
	char name[64];
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), slave;

	if (fd < 0)
		return -errno;
	if (grantpt(fd) || unlockpt(fd) || ptsname_r(fd, name, sizeof(name)))
		goto failed;
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		goto failed;
	if (!tcgetattr(slave, &modes)) {
		cfmakeraw(&modes);
		tcsetattr(slave, TCSANOW, &modes);
	}
	*theirs = move_up(slave);
	if (*theirs < 0) {
		errno = -*theirs;
		goto failed;
	}
	*ours = fd;
	return 0;
failed:;
	int err = -errno;

	close(fd);
	return err;
}

/* What the child does with its descriptors. 0 or errno. */
static int name_descriptors(posix_spawn_file_actions_t *actions,
			    const struct launch_options *options, int output_fd, int report_fd)
{
	const char *input = options->input ? options->input : "/dev/null";
	int err = 0;

	if (!options->inherits) {
		err = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, input, O_RDONLY, 0);
		if (!err)
			err = posix_spawn_file_actions_adddup2(actions, output_fd, STDOUT_FILENO);
		if (!err)
			err = posix_spawn_file_actions_adddup2(actions, output_fd, STDERR_FILENO);
	}
	if (!err)
		err = posix_spawn_file_actions_adddup2(actions, report_fd, GATE_REPORT_FD);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(actions, GATE_REPORT_FD + 1);
	return err;
}

static int spawn_gate(struct launch *launch, const char *gate, char *const argv[],
		      const struct launch_options *options, int output_fd, int report_fd)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	size_t nr = 0;
	char **args;
	int err;

	while (argv[nr])
		nr++;
	args = xcalloc(nr + 3, sizeof(*args));
	args[0] = (char *)"pagewalk-gate";
	args[1] = (char *)(options->keeps_running ? GATE_LIVE : GATE_DIE);
	memcpy(args + 2, argv, nr * sizeof(*args));
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, options->inherits ? 0 : POSIX_SPAWN_SETSID);
	err = name_descriptors(&actions, options, output_fd, report_fd);
	if (!err)
		err = posix_spawn(&launch->pid, gate, &actions, &attributes, args, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(args);
	return -err;
}

static pid_t wait_for(pid_t pid, int *status, int flags)
{
	pid_t got;

	do
		got = waitpid(pid, status, flags);
	while (got < 0 && errno == EINTR);
	return got;
}

/*
 * Waits until the command stands. 0, or -errno of execve(2), and then it is reaped. What
 * else stops it before (a signal from outside) is passed on to it.
 */
static int wait_for_stand(struct launch *launch, int report_fd)
{
	struct gate_failure failure = { .error = EIO };
	int status;

	while (wait_for(launch->pid, &status, WUNTRACED) == launch->pid && WIFSTOPPED(status)) {
		/* Where tracing is forbidden, the gate has stopped itself. */
		if (WSTOPSIG(status) == SIGSTOP)
			return 0;
		if (ptrace(PTRACE_DETACH, launch->pid, NULL, SIGSTOP))
			return -errno;
	}
	launch->pid = 0;
	if (read(report_fd, &failure, sizeof(failure)) != sizeof(failure))
		failure.error = EIO;
	return -failure.error;
}

static void free_launch(struct launch *launch)
{
	if (launch->pid_fd >= 0)
		close(launch->pid_fd);
	if (launch->output_fd >= 0)
		close(launch->output_fd);
	free(launch->name);
	free(launch);
}

static int start(struct launch *launch, char *const argv[], const struct launch_options *options)
{
	int report[2] = { -1, -1 }, theirs = -1, ret = 0;
	char *gate = options->gate ? xstrdup(options->gate) : helper_path("pagewalk-gate");

	if (!options->inherits)
		ret = open_output(&launch->output_fd, &theirs);
	if (!ret && pipe2(report, O_CLOEXEC))
		ret = -errno;
	if (ret)
		goto out;
	report[1] = move_up(report[1]);
	ret = report[1] < 0 ? report[1]
			    : spawn_gate(launch, gate, argv, options, theirs, report[1]);
	launch->has_no_gate = ret;
	if (ret)
		goto out;
	/* Until here is heard from the gate alone. */
	close(report[1]);
	report[1] = -1;
	ret = wait_for_stand(launch, report[0]);
	if (ret)
		goto out;
	launch->pid_fd = pidfd_open(launch->pid, 0);
	if (launch->pid_fd < 0)
		ret = -errno;
out:
	for (int i = 0; i < 2; i++)
		if (report[i] >= 0)
			close(report[i]);
	if (theirs >= 0)
		close(theirs);
	free(gate);
	return ret;
}

int launch_start(char *const argv[], const struct launch_options *options, struct launch **out,
		 char *error, size_t room)
{
	struct launch *launch = xcalloc(1, sizeof(*launch));
	char *safe;
	int ret;

	launch->name = xstrdup(argv[0]);
	launch->pid_fd = launch->output_fd = -1;
	launch->keeps_running = options->keeps_running;
	/* execvp(3) would look for "" in vain, the file actions fail without a name. */
	if (options->input && access(options->input, R_OK)) {
		ret = -errno;
		safe = text_safe_str(options->input);
	} else {
		ret = argv[0][0] ? start(launch, argv, options) : -ENOENT;
		safe = text_safe_str(argv[0]);
	}
	if (!ret) {
		*out = launch;
	} else {
		snprintf(error, room, "cannot %s %s: %s",
			 options->input && access(options->input, R_OK) ? "read" : "run",
			 launch->has_no_gate ? "pagewalk-gate, which starts commands" : safe,
			 strerror(-ret));
		if (launch->pid) {
			kill(launch->pid, SIGKILL);
			wait_for(launch->pid, NULL, 0);
		}
		free_launch(launch);
	}
	free(safe);
	return ret;
}

pid_t launch_pid(const struct launch *launch)
{
	return launch->pid;
}

const char *launch_name(const struct launch *launch)
{
	return launch->name;
}

void launch_go(struct launch *launch)
{
	if (launch->went)
		return;
	launch->went = true;
	kill(launch->pid, SIGCONT);
}

int launch_output_fd(const struct launch *launch)
{
	return launch->output_fd;
}

size_t launch_read_output(struct launch *launch, char *out, size_t room)
{
	ssize_t got;

	if (launch->output_fd < 0)
		return 0;
	do
		got = read(launch->output_fd, out, room);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		return (size_t)got;
	/* EIO: nobody has the other side open any more. */
	if (got == 0 || errno != EAGAIN) {
		close(launch->output_fd);
		launch->output_fd = -1;
	}
	return 0;
}

void launch_resize_output(const struct launch *launch, int columns, int rows)
{
	struct winsize size = {
		.ws_col = (unsigned short)columns,
		.ws_row = (unsigned short)rows,
	};

	if (launch->output_fd >= 0)
		ioctl(launch->output_fd, TIOCSWINSZ, &size);
}

int launch_event_fd(const struct launch *launch)
{
	return launch->pid_fd;
}

bool launch_has_ended(const struct launch *launch, int *wait_status)
{
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)launch->pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) ||
	    !info.si_pid)
		return false;
	if (info.si_code == CLD_EXITED)
		*wait_status = (info.si_status & 0xff) << 8;
	else
		*wait_status = info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0);
	return true;
}

int launch_exit_status(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

int launch_failure_status(int error)
{
	return error == -ENOENT ? 127 : 126;
}

static bool wait_ended(const struct launch *launch, int timeout_ms)
{
	struct pollfd ended = { .fd = launch->pid_fd, .events = POLLIN };
	uint64_t end_ns = clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS, now_ns;
	char lost[4096];

	for (;;) {
		/* One that waits for us to read could not end. */
		while (launch->output_fd >= 0 && read(launch->output_fd, lost, sizeof(lost)) > 0)
			continue;
		if (poll(&ended, 1, 20) > 0)
			return true;
		now_ns = clock_mono_ns();
		if (now_ns >= end_ns)
			return false;
	}
}

/* To the whole group; one that inherits our terminal has none of its own. */
static void signal_group(const struct launch *launch, int number)
{
	if (getpgid(launch->pid) == launch->pid)
		kill(-launch->pid, number);
	else
		kill(launch->pid, number);
}

enum launch_fate launch_end(struct launch *launch, int *wait_status)
{
	enum launch_fate fate = LAUNCH_ENDED;

	if (!launch_has_ended(launch, wait_status)) {
		fate = launch->keeps_running ? LAUNCH_KEPT_RUNNING : LAUNCH_WAS_ENDED;
		if (launch->keeps_running) {
			launch_go(launch);
		} else {
			signal_group(launch, SIGTERM);
			signal_group(launch, SIGCONT);
			if (!wait_ended(launch, END_ASK_MS)) {
				signal_group(launch, SIGKILL);
				wait_ended(launch, END_KILL_MS);
			}
		}
	}
	if (fate != LAUNCH_KEPT_RUNNING) {
		launch_has_ended(launch, wait_status);
		wait_for(launch->pid, NULL, WNOHANG);
	}
	free_launch(launch);
	return fate;
}
