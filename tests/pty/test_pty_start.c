/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk -- COMMAND in a terminal: it runs once its first picture is drawn, what it writes can
 * be looked at, its end stands beside its last picture, and its status is pagewalk's.
 */
#include "drive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct pty *start_shell(const char *script)
{
	const char *const args[] = { "--", "sh", "-c", script, NULL };

	return drive_start(80, 24, args, NULL);
}

static void leave(struct pty *pty, const char *keys, int status)
{
	pty_keys(pty, keys);
	drive_exits(pty, status);
	drive_restored(pty);
	pty_free(pty);
}

static void test_runs_and_its_status_is_ours(void **state)
{
	struct pty *pty = start_shell("echo from the command; exit 3");

	(void)state;
	drive_see(pty, "exit 3: last picture");
	/* The last picture keeps its figures. */
	drive_gone(pty, "rss 0 ");
	pty_keys(pty, "O");
	drive_see(pty, "from the command");
	drive_see(pty, "exited with status 3");
	pty_keys(pty, "O");
	drive_see(pty, "ADDRESS SPACE");
	leave(pty, "q", 3);
}

static void test_a_signal(void **state)
{
	struct pty *pty = start_shell("kill -SEGV $$");

	(void)state;
	drive_see(pty, "SIGSEGV: last picture");
	leave(pty, "q", 128 + SIGSEGV);
}

static void test_output_cannot_touch_the_screen(void **state)
{
	struct pty *pty = start_shell("printf '\\033[2J\\033[31mcalm\\033[0m\\tend\\n'; "
				      "i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); "
				      "done; printf '\\001\\377'; sleep 1000");

	(void)state;
	drive_see(pty, "ADDRESS SPACE");
	pty_keys(pty, "O");
	drive_see(pty, "line 99");
	drive_see(pty, "\\x01\\xff");
	drive_see(pty, "running");
	pty_key(pty, PTY_KEY_HOME);
	drive_see(pty, "calm    end");
	drive_see(pty, "line 5");
	pty_key(pty, PTY_KEY_PAGE_DOWN);
	drive_see(pty, "line 25");
	drive_gone(pty, "calm");
	pty_key(pty, PTY_KEY_END);
	drive_see(pty, "line 99");
	/* Left while it runs, it is ended. */
	leave(pty, "\003", 128 + SIGTERM);
}

static void test_bytes_of_a_page(void **state)
{
	struct pty *pty = start_shell("sleep 1000");

	(void)state;
	drive_see(pty, "-> frame ");
	/* The first mapping is the program: an ELF file. */
	pty_key(pty, PTY_KEY_HOME);
	drive_see(pty, "page 0 of the file");
	pty_keys(pty, "e");
	drive_see(pty, "bytes of the page at ");
	drive_see(pty, "0000  7f 45 4c 46 ");
	drive_see(pty, "|.ELF");
	pty_key(pty, PTY_KEY_END);
	drive_see(pty, "0ff0  ");
	drive_gone(pty, "|.ELF");
	pty_key(pty, PTY_KEY_HOME);
	drive_see(pty, "|.ELF");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_see(pty, "ADDRESS SPACE");
	drive_gone(pty, "|.ELF");
	leave(pty, "q", 128 + SIGTERM);
}

static void test_exec_is_said(void **state)
{
	struct pty *pty = start_shell("sleep 2; exec sleep 1000");

	(void)state;
	drive_see(pty, "ADDRESS SPACE");
	drive_see(pty, "exec: another program, the map starts afresh: ");
	drive_see(pty, "sleep ");
	drive_gone(pty, "exec: another program");
	leave(pty, "q", 128 + SIGTERM);
}

static void test_what_cannot_be_started(void **state)
{
	static const char *const missing[] = { "--", "/no/such/program", NULL };
	static const char *const nothing[] = { "--", NULL };
	static const char *const folder[] = { "--", "/", NULL };
	static const char *const stray[] = { "--keep-running", "1", NULL };
	const struct {
		const char *const *args;
		const char *said;
		int status;
	} cases[] = {
		{ missing, "cannot run /no/such/program: No such file", 127 },
		{ folder, "cannot run /: Permission denied", 126 },
		{ nothing, "followed by a command", 2 },
		{ stray, "go with -- COMMAND", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pty *pty = drive_start(80, 24, cases[i].args, NULL);

		drive_see(pty, "%s", cases[i].said);
		drive_exits(pty, cases[i].status);
		pty_free(pty);
	}
}

static void test_keeps_running(void **state)
{
	char path[] = "/tmp/pagewalk-start-XXXXXX", script[128], line[32] = "";
	const char *const args[] = { "--keep-running", "--", "sh", "-c", script, NULL };
	int fd = mkstemp(path);
	struct pty *pty;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	snprintf(script, sizeof(script), "echo $$ >%s; echo started; exec sleep 1000", path);
	pty = drive_start(80, 24, args, NULL);
	drive_see(pty, "ADDRESS SPACE");
	pty_keys(pty, "O");
	drive_see(pty, "started");
	leave(pty, "q", 0);
	assert_true(read(fd, line, sizeof(line) - 1) > 0);
	pid = (pid_t)strtol(line, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	close(fd);
	unlink(path);
}

/* A line of /proc/PID/status as a number in base 16. */
static uint64_t status_bits(pid_t pid, const char *name)
{
	char path[64], line[256];
	uint64_t bits = UINT64_MAX;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	in = fopen(path, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in))
		if (!strncmp(line, name, strlen(name)))
			bits = strtoull(line + strlen(name) + 1, NULL, 16);
	fclose(in);
	return bits;
}

static void test_root_keeps_little(void **state)
{
	/*
	 * SYS_ADMIN, SYS_PTRACE, DAC_READ_SEARCH, FOWNER, KILL, IPC_LOCK, PERFMON, SYS_NICE,
	 * SYSLOG, BPF.
	 */
	const uint64_t kept = UINT64_C(1) << 21 | UINT64_C(1) << 19 | UINT64_C(1) << 2 |
			      UINT64_C(1) << 3 | UINT64_C(1) << 5 | UINT64_C(1) << 14 |
			      UINT64_C(1) << 38 | UINT64_C(1) << 23 | UINT64_C(1) << 34 |
			      UINT64_C(1) << 39;
	uint64_t ours = status_bits(getpid(), "CapEff:");
	struct target target;
	struct pty *pty;
	char text[64];

	(void)state;
	if (geteuid() || !(ours & UINT64_C(1) << 21))
		skip();
	pty = start_shell("grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status; "
			  "exec sleep 1000");
	drive_see(pty, "frame ");
	assert_int_equal(status_bits(pty_pid(pty), "CapEff:"), ours & kept);
	assert_int_equal(status_bits(pty_pid(pty), "CapPrm:"), ours & kept);
	/* The command has all that we have. */
	pty_keys(pty, "O");
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)ours);
	drive_see(pty, "%s", text);
	drive_see(pty, "NoNewPrivs:     0");
	leave(pty, "q", 128 + SIGTERM);
	/* And the little is enough for another user's process. */
	if (!drive_has_nobody())
		return;
	target_start(&target, 4, 16, true, NULL);
	snprintf(text, sizeof(text), "%d", (int)target.pid);
	pty = drive_start(80, 24, (const char *const[]){ text, NULL }, NULL);
	drive_see(pty, "-> frame ");
	leave(pty, "q", 0);
	target_end(&target);
}

static void test_a_user_is_told_what_is_missing(void **state)
{
	const char *const args[] = { "--", "sleep", "1000", NULL };
	const char *const root[] = { "1", NULL };
	struct pty *pty;

	(void)state;
	if (geteuid() || !drive_has_nobody())
		skip();
	pty = drive_start_nobody(80, 24, args);
	drive_see(pty, "-> frame ?");
	drive_see(pty, "frame hidden: needs CAP_SYS_ADMIN (sudo)");
	assert_int_equal(status_bits(pty_pid(pty), "NoNewPrivs:"), 1);
	leave(pty, "q", 128 + SIGTERM);
	pty = drive_start_nobody(80, 24, root);
	drive_see(pty, "CAP_SYS_PTRACE (sudo, or setcap)");
	leave(pty, "q", 0);
}

/* The lowest nice value among the threads of a process. */
static int first_thread(pid_t pid)
{
	char path[64], line[512];
	int lowest = 20;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));) {
		int fd, nice;
		ssize_t got;
		const char *at;

		snprintf(path, sizeof(path), "%.20s/stat", entry->d_name);
		fd = entry->d_name[0] == '.' ? -1 : openat(dirfd(dir), path, O_RDONLY);
		got = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
		if (fd >= 0)
			close(fd);
		line[got > 0 ? got : 0] = '\0';
		at = strrchr(line, ')');
		/* Field 19, of which ") S" are the second and third. */
		if (at &&
		    sscanf(at,
			   ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
			   "%*d %d",
			   &nice) == 1 &&
		    nice < lowest)
			lowest = nice;
	}
	closedir(dir);
	return lowest;
}

static bool reader_is_first(struct pty *pty, void *arg)
{
	(void)arg;
	return first_thread(pty_pid(pty)) == -15;
}

#define CAN_RESOURCE (UINT64_C(1) << 24)
#define CAN_NICE     (UINT64_C(1) << 23)

static void test_the_reader_of_faults_goes_first(void **state)
{
	struct target target;
	struct pty *pty;
	char text[16];

	(void)state;
	if (!(status_bits(getpid(), "CapEff:") & CAN_NICE))
		skip();
	target_start(&target, 4, 16, false, NULL);
	snprintf(text, sizeof(text), "%d", (int)target.pid);
	pty = drive_start(80, 24, (const char *const[]){ text, NULL }, NULL);
	drive_see(pty, "PHYSICAL FRAMES");
	pty_keys(pty, "2");
	drive_see(pty, "FAULTS A SECOND");
	drive_until(pty, reader_is_first, NULL, "the reader goes first");
	leave(pty, "q", 0);
	target_end(&target);
}

/* The hard limit is raised while that is still allowed; the other when faults are watched. */
static void test_descriptors_for_many_threads(void **state)
{
	const struct rlimit few = { 256, 256 };
	struct rlimit before, limit;
	struct target target;
	struct pty *pty;
	char text[16];

	(void)state;
	if (!(status_bits(getpid(), "CapEff:") & CAN_RESOURCE)) {
		print_message("no CAP_SYS_RESOURCE: the hard limit cannot be raised\n");
		skip();
	}
	target_start(&target, 4, 16, false, NULL);
	snprintf(text, sizeof(text), "%d", (int)target.pid);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	pty = drive_start(80, 24, (const char *const[]){ text, NULL }, NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	drive_see(pty, "PHYSICAL FRAMES");
	assert_int_equal(status_bits(pty_pid(pty), "CapEff:") & CAN_RESOURCE, 0);
	assert_int_equal(prlimit(pty_pid(pty), RLIMIT_NOFILE, NULL, &limit), 0);
	assert_int_equal(limit.rlim_cur, few.rlim_cur);
	assert_true(limit.rlim_max > few.rlim_max);
	pty_keys(pty, "2");
	drive_see(pty, "FAULTS A SECOND");
	drive_see(pty, "live");
	assert_int_equal(prlimit(pty_pid(pty), RLIMIT_NOFILE, NULL, &limit), 0);
	assert_true(limit.rlim_cur > few.rlim_max);
	leave(pty, "q", 0);
	target_end(&target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_and_its_status_is_ours),
		cmocka_unit_test(test_a_signal),
		cmocka_unit_test(test_output_cannot_touch_the_screen),
		cmocka_unit_test(test_bytes_of_a_page),
		cmocka_unit_test(test_exec_is_said),
		cmocka_unit_test(test_what_cannot_be_started),
		cmocka_unit_test(test_keeps_running),
		cmocka_unit_test(test_the_reader_of_faults_goes_first),
		cmocka_unit_test(test_descriptors_for_many_threads),
		cmocka_unit_test(test_root_keeps_little),
		cmocka_unit_test(test_a_user_is_told_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
