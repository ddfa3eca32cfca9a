/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running and measuring. The driver stays small: what a child has at its peak (ru_maxrss) is
 * counted from before its exec, when it still is a copy of the driver.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_ROUNDS 101

static uint64_t ns_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

static uint64_t ns_of_timeval(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_usec * 1000;
}

void bench_say(char *out, size_t room, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out, room, format, args);
	va_end(args);
}

uint64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ns_of(&now);
}

uint64_t bench_cpu_ns(pid_t pid)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (!clock_getcpuclockid(pid, &clock))
		clock_gettime(clock, &used);
	return ns_of(&used);
}

uint64_t bench_peak_bytes(pid_t pid)
{
	char path[64], line[256];
	unsigned long long kib = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	in = fopen(path, "r");
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
			break;
	if (in)
		fclose(in);
	return kib * 1024;
}

static const char *from_env(const char *name)
{
	const char *value = getenv(name);

	if (!value) {
		fprintf(stderr, "bench: %s is not set: run this by make bench\n", name);
		exit(2);
	}
	return value;
}

const char *bench_pagewalk(void)
{
	return from_env("PAGEWALK");
}

const char *bench_own(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", from_env("BENCH_DIR"), name);
	return path;
}

bool bench_has(const char *program)
{
	const char *const argv[] = { "sh", "-c", "command -v \"$0\"", program, NULL };
	struct bench_usage usage;

	return bench_run(argv, &usage);
}

bool bench_run(const char *const argv[], struct bench_usage *usage)
{
	posix_spawn_file_actions_t actions;
	uint64_t start_ns = bench_now_ns();
	struct rusage used;
	int status = -1, ret;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	ret = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		return false;
	while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR)
		;
	usage->wall_ns = bench_now_ns() - start_ns;
	usage->cpu_ns = ns_of_timeval(&used.ru_utime) + ns_of_timeval(&used.ru_stime);
	usage->peak_bytes = (uint64_t)used.ru_maxrss * 1024;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static uint64_t available_bytes(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *in = fopen("/proc/meminfo", "r");

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	if (in)
		fclose(in);
	return kib * 1024;
}

/* One line of the target's; false where it ended. */
static bool read_line(int fd, char *line, size_t room)
{
	size_t len = 0;

	while (len + 1 < room && read(fd, line + len, 1) == 1)
		if (line[len++] == '\n')
			break;
	line[len] = '\0';
	return len && line[len - 1] == '\n';
}

bool bench_target_start(struct bench_target *target, const char *kind, uint64_t n,
			uint64_t need_bytes, struct bench_row *row)
{
	char amount[24], line[128] = "";
	const char *const argv[] = { bench_own("target"), kind, amount, NULL };
	posix_spawn_file_actions_t actions;
	int to[2], from[2], ret;

	if (available_bytes() < need_bytes) {
		BENCH_SAY(row->skip, "not enough memory: %" PRIu64 " MiB are needed",
			  need_bytes >> 20);
		return false;
	}
	snprintf(amount, sizeof(amount), "%" PRIu64, n);
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
	ret = posix_spawn(&target->pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(to[0]);
	close(from[1]);
	target->to_fd = to[1];
	target->from_fd = from[0];
	if (!ret && read_line(target->from_fd, line, sizeof(line)) &&
	    sscanf(line, "ready %" SCNx64, &target->start_addr) == 1) {
		snprintf(target->pid_text, sizeof(target->pid_text), "%d", (int)target->pid);
		return true;
	}
	BENCH_SAY(row->skip, "the target could not be made: %.80s", line);
	if (!ret)
		bench_target_end(target);
	return false;
}

uint64_t bench_target_do(struct bench_target *target, char command)
{
	char line[128];

	if (write(target->to_fd, &command, 1) != 1 ||
	    !read_line(target->from_fd, line, sizeof(line)))
		return 0;
	return strtoull(line, NULL, 10);
}

void bench_target_end(struct bench_target *target)
{
	close(target->to_fd);
	close(target->from_fd);
	while (waitpid(target->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double bench_median(double *values, size_t nr)
{
	qsort(values, nr, sizeof(*values), compare_doubles);
	return nr % 2 ? values[nr / 2] : (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

bool bench_compare(const char *const ours[], const char *const peer[], int nr_rounds,
		   struct bench_pair *pair, struct bench_row *row)
{
	double ours_ns[MOST_ROUNDS], peer_ns[MOST_ROUNDS], ratio[MOST_ROUNDS];
	struct bench_usage usage[2];

	*pair = (struct bench_pair){ 0 };
	for (int round = -1; round < nr_rounds && round < MOST_ROUNDS; round++) {
		for (int turn = 0; turn < 2; turn++) {
			int which = (turn + round) & 1;

			if (bench_run(which ? peer : ours, &usage[which]))
				continue;
			BENCH_SAY(row->skip, "%s failed", which ? peer[0] : ours[0]);
			return false;
		}
		if (round < 0)
			continue;
		ours_ns[round] = (double)usage[0].wall_ns;
		peer_ns[round] = (double)usage[1].wall_ns;
		ratio[round] = ours_ns[round] / peer_ns[round];
		if (usage[0].peak_bytes > pair->ours_peak_bytes)
			pair->ours_peak_bytes = usage[0].peak_bytes;
	}
	pair->ours_ns = bench_median(ours_ns, (size_t)nr_rounds);
	pair->peer_ns = bench_median(peer_ns, (size_t)nr_rounds);
	pair->ratio = bench_median(ratio, (size_t)nr_rounds);
	return true;
}
