/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running the program and the helper. Children are bound by alarm(2), which survives exec. */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOUND_S 60

void run_skip(const char *reason)
{
	print_message("skipped: %s\n", reason);
	skip();
}

bool run_is_privileged(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0, sizeof(data));
	if (syscall(SYS_capget, &header, data))
		return false;
	return data[0].effective & (1u << CAP_SYS_ADMIN) && geteuid() == 0;
}

static const char *need_env(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		fail_msg("%s is not set: run this by make check", name);
	return value;
}

/* One line, of any length; the caller frees it. NULL where the helper ended first. */
static char *read_line(int fd)
{
	size_t room = 65536, len = 0;
	char *line = malloc(room);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	while (len + 1 < room && poll(&poll_fd, 1, BOUND_S * 1000) == 1) {
		ssize_t got = read(fd, line + len, room - len - 1);

		if (got <= 0)
			break;
		len += (size_t)got;
		line[len] = '\0';
		if (line[len - 1] == '\n')
			return line;
	}
	free(line);
	return NULL;
}

static void hear(struct helper *helper)
{
	char *line = read_line(helper->from_fd);
	json_error_t error;

	if (!line)
		fail_msg("the helper said nothing");
	json_decref(helper->said);
	helper->said = json_loads(line, 0, &error);
	if (!helper->said)
		fail_msg("the helper said no JSON: %s: %s", error.text, line);
	free(line);
}

struct helper *helper_start(const char *const argv[])
{
	const char *program = need_env("PAGEWALK_HELPER");
	struct helper *helper = calloc(1, sizeof(*helper));
	int to[2], from[2];

	assert_non_null(helper);
	assert_return_code(pipe2(to, O_CLOEXEC), errno);
	assert_return_code(pipe2(from, O_CLOEXEC), errno);
	helper->pid = fork();
	assert_return_code(helper->pid, errno);
	if (!helper->pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		alarm(10 * BOUND_S);
		execv(program, (char **)argv);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	helper->to_fd = to[1];
	helper->from_fd = from[0];
	hear(helper);
	return helper;
}

void helper_again(struct helper *helper)
{
	assert_int_equal(write(helper->to_fd, "\n", 1), 1);
	hear(helper);
}

void helper_stop(struct helper *helper)
{
	int status;

	close(helper->to_fd);
	while (waitpid(helper->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(helper->from_fd);
	json_decref(helper->said);
	free(helper);
}

struct area helper_area(const struct helper *helper, const char *name)
{
	json_t *area = json_object_get(json_object_get(helper->said, "areas"), name);
	struct area out = { .json = area };

	if (!area)
		fail_msg("the helper made no area %s", name);
	out.skip = json_string_value(json_object_get(area, "skip"));
	out.path = json_string_value(json_object_get(area, "path"));
	if (out.skip)
		return out;
	out.start_addr = json_get_u64(area, "start");
	out.nr_pages = json_get_u64(area, "pages");
	out.first = json_get_u64(area, "first");
	out.step = json_get_u64(area, "step");
	out.touched = json_get_u64(area, "touched");
	return out;
}

static char *slurp(int fd)
{
	struct stat st;
	char *text;

	assert_return_code(fstat(fd, &st), errno);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)st.st_size, 0), st.st_size);
	text[st.st_size] = '\0';
	return text;
}

static void be_program(uid_t uid, int program_fd, int out_fd, int err_fd, const char *const args[])
{
	const char *argv[32] = { "pagewalk" };
	int null_fd = open("/dev/null", O_RDONLY);

	for (int i = 0; args[i] && i < 30; i++)
		argv[i + 1] = args[i];
	dup2(null_fd, STDIN_FILENO);
	dup2(out_fd, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	if (uid != geteuid() &&
	    (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid)))
		_exit(126);
	alarm(BOUND_S);
	/* By descriptor: the other user need not be able to walk to the build directory. */
	fexecve(program_fd, (char **)argv, environ);
	_exit(127);
}

struct run run_pagewalk_as(uid_t uid, const char *const args[])
{
	struct run run = { 0 };
	int program_fd = open(need_env("PAGEWALK"), O_PATH | O_CLOEXEC);
	int out_fd = memfd_create("out", MFD_CLOEXEC), err_fd = memfd_create("err", MFD_CLOEXEC);
	int status;
	pid_t pid;

	assert_return_code(program_fd, errno);
	assert_return_code(out_fd, errno);
	assert_return_code(err_fd, errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (!pid)
		be_program(uid, program_fd, out_fd, err_fd, args);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	run.out = slurp(out_fd);
	run.err = slurp(err_fd);
	run.json = json_loads(run.out, 0, NULL);
	close(program_fd);
	close(out_fd);
	close(err_fd);
	return run;
}

struct run run_pagewalk(const char *const args[])
{
	return run_pagewalk_as(geteuid(), args);
}

void run_clear(struct run *run)
{
	free(run->out);
	free(run->err);
	json_decref(run->json);
	*run = (struct run){ 0 };
}

void run_expect(const struct run *run, int status)
{
	if (run->status != status)
		fail_msg("exit status %d instead of %d\nstdout: %.400s\nstderr: %.2000s",
			 run->status, status, run->out, run->err);
}

bool run_said_one_line(const struct run *run)
{
	const char *newline = strchr(run->err, '\n');

	return newline && newline > run->err && !newline[1];
}

uint64_t json_get_u64(const json_t *object, const char *field)
{
	json_t *value = json_object_get(object, field);

	if (json_is_string(value))
		return strtoull(json_string_value(value), NULL, 16);
	if (!json_is_integer(value))
		fail_msg("%s is missing or no number", field);
	return (uint64_t)json_integer_value(value);
}

json_t *run_vma(const struct run *run, uint64_t start_addr)
{
	json_t *vmas = json_object_get(run->json, "vmas"), *vma;
	size_t i;

	json_array_foreach(vmas, i, vma) if (json_get_u64(vma, "start") == start_addr) return vma;
	fail_msg("no VMA starts at %llx", (unsigned long long)start_addr);
	return NULL;
}

void read_pagemap(pid_t pid, uint64_t vpn, size_t nr, uint64_t *entries)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	assert_int_equal(pread(fd, entries, nr * sizeof(*entries), (off_t)(vpn * sizeof(*entries))),
			 nr * sizeof(*entries));
	close(fd);
}
