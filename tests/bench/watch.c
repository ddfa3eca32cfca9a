/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch.h"

struct pty *watch_start(const struct bench_target *target)
{
	const char *const argv[] = { bench_pagewalk(), target->pid_text, NULL };

	return pty_start(120, 36, argv, NULL);
}

void watch_for(struct pty *pty, int ms)
{
	uint64_t until_ns = bench_now_ns() + (uint64_t)ms * 1000000;

	while (bench_now_ns() < until_ns)
		pty_pump(pty, 50);
}

struct pty *watch_settled(const struct bench_target *target, int ms, struct bench_row *row)
{
	struct pty *pty = watch_start(target);

	if (pty && pty_wait_text(pty, WATCH_CURSOR_LINE, WATCH_MS)) {
		watch_for(pty, ms);
		return pty;
	}
	BENCH_SAY(row->skip, "pagewalk drew no map");
	if (pty)
		pty_free(pty);
	return NULL;
}

double watch_cpu_percent(struct pty *pty, int seconds)
{
	uint64_t from_cpu_ns = bench_cpu_ns(pty_pid(pty)), from_ns = bench_now_ns();

	watch_for(pty, seconds * 1000);
	return 100 * (double)(bench_cpu_ns(pty_pid(pty)) - from_cpu_ns) /
	       (double)(bench_now_ns() - from_ns);
}
