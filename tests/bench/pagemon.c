/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagemon (Debian's package pagemon), the nearest peer of screen 1, on the same targets in the
 * same run: in turn, each in a terminal of 120x36, pagemon with automatic zoom so that it too
 * shows all. Its rate of pictures is set by -d; without it pagemon draws as often as it can up
 * to 100 times a second.
 */
#include "bench.h"
#include "watch.h"

#include <stdlib.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define MS  1e6
/* Stands at the bottom of its picture. */
#define PICTURE "KEY: A Anon"
/* Between pictures, in microseconds: pagewalk's 10 Hz. */
#define OUR_RATE "100000"

/* pagemon on a target; delay: NULL for its own. NULL, with the reason said. */
static struct pty *start(const struct bench_target *target, const char *delay)
{
	const char *const argv[] = {
		"pagemon", "-a", "-p", target->pid_text, delay ? "-d" : NULL, delay, NULL,
	};

	return pty_start(120, 36, argv, NULL);
}

static bool is_here(struct bench_row *row)
{
	if (bench_has("pagemon"))
		return true;
	BENCH_SAY(row->skip, "no pagemon in PATH: apt-get install pagemon");
	return false;
}

static struct pty *start_settled(const struct bench_target *target, const char *delay,
				 struct bench_row *row)
{
	struct pty *pty = start(target, delay);

	if (pty && pty_wait_text(pty, PICTURE, WATCH_MS)) {
		watch_for(pty, 2000);
		return pty;
	}
	BENCH_SAY(row->skip, "pagemon drew nothing (it runs as root only)");
	if (pty)
		pty_free(pty);
	return NULL;
}

/* Percent of a core that pagemon uses; 0 with the reason said. */
static double peer_percent(const struct bench_target *target, const char *delay, int seconds,
			   struct bench_row *row)
{
	struct pty *pty = start_settled(target, delay, row);
	double percent = pty ? watch_cpu_percent(pty, seconds) : 0;

	if (pty)
		pty_free(pty);
	return percent;
}

/* What both use of the processor while nothing changes, in turns. */
static void compare_idle(struct bench_row *row, const char *kind, uint64_t n, uint64_t need_bytes)
{
	enum { ROUNDS = 3, SECONDS = 8 };
	double ours[ROUNDS], peer[ROUNDS], ratio[ROUNDS], own_rate;
	struct bench_target target;

	if (!is_here(row) || !bench_target_start(&target, kind, n, need_bytes, row))
		return;
	for (int i = 0; i < ROUNDS && !row->skip[0]; i++) {
		struct pty *pty;

		peer[i] = peer_percent(&target, OUR_RATE, SECONDS, row);
		pty = row->skip[0] ? NULL : watch_settled(&target, 3000, row);
		if (!pty)
			break;
		ours[i] = watch_cpu_percent(pty, SECONDS);
		ratio[i] = ours[i] / peer[i];
		pty_free(pty);
	}
	own_rate = row->skip[0] ? 0 : peer_percent(&target, NULL, SECONDS, row);
	bench_target_end(&target);
	if (row->skip[0])
		return;
	BENCH_SAY(row->ours, "%.2f %%", bench_median(ours, ROUNDS));
	BENCH_SAY(row->peer, "%.2f %%", bench_median(peer, ROUNDS));
	BENCH_SAY(row->figure, "%.2f x", bench_median(ratio, ROUNDS));
	BENCH_SAY(row->note, "at its own rate pagemon uses %.1f %%", own_rate);
	row->held = bench_median(ratio, ROUNDS) < 1;
}

static void run_idle_20k(struct bench_row *row)
{
	compare_idle(row, "vmas", 20000, 512 * MIB);
}

static void run_idle_1g(struct bench_row *row)
{
	compare_idle(row, "resident", 1024, 2 * GIB);
}

/* From the start of a program to its picture in ms; negative where none came. */
static double time_first(struct pty *pty, uint64_t start_ns, const char *picture, int wait_ms)
{
	if (!pty || !pty_wait_text(pty, picture, wait_ms))
		return -1;
	return (double)(bench_now_ns() - start_ns) / MS;
}

static void run_first(struct bench_row *row)
{
	enum { ROUNDS = 15 };
	double ours[ROUNDS], peer[ROUNDS], ratio[ROUNDS];
	struct bench_target target;

	if (!is_here(row) || !bench_target_start(&target, "resident", 64, GIB, row))
		return;
	for (int i = 0; i < ROUNDS && !row->skip[0]; i++) {
		uint64_t start_ns = bench_now_ns();
		struct pty *pty = start(&target, NULL);

		peer[i] = time_first(pty, start_ns, PICTURE, WATCH_MS);
		if (pty)
			pty_free(pty);
		start_ns = bench_now_ns();
		pty = watch_start(&target);
		ours[i] = time_first(pty, start_ns, WATCH_FIRST_FRAME, WATCH_MS);
		if (pty)
			pty_free(pty);
		ratio[i] = ours[i] / peer[i];
		if (ours[i] < 0 || peer[i] < 0)
			BENCH_SAY(row->skip, "%s drew nothing",
				  ours[i] < 0 ? "pagewalk" : "pagemon");
	}
	bench_target_end(&target);
	if (row->skip[0])
		return;
	BENCH_SAY(row->ours, "%.1f ms", bench_median(ours, ROUNDS));
	BENCH_SAY(row->peer, "%.1f ms", bench_median(peer, ROUNDS));
	BENCH_SAY(row->figure, "%.1f x", bench_median(ratio, ROUNDS));
	row->held = bench_median(ours, ROUNDS) <= 100;
}

/* 24 bytes for each page of the address space are more than there is. */
static void run_reserve_20t(struct bench_row *row)
{
	struct bench_target target;
	uint64_t start_ns, peak_bytes;
	struct pty *pty;
	double peer_ms, ours_ms;

	if (!is_here(row) || !bench_target_start(&target, "fenced", 20 * 1024, 64 * MIB, row))
		return;
	start_ns = bench_now_ns();
	pty = start(&target, NULL);
	peer_ms = time_first(pty, start_ns, PICTURE, 10000);
	peak_bytes = pty ? bench_peak_bytes(pty_pid(pty)) : 0;
	if (pty)
		pty_free(pty);
	if (peer_ms < 0)
		BENCH_SAY(row->peer, "no picture");
	else
		BENCH_SAY(row->peer, "%.1f MiB", (double)peak_bytes / MIB);
	start_ns = bench_now_ns();
	pty = watch_start(&target);
	ours_ms = time_first(pty, start_ns, WATCH_FIRST_FRAME, WATCH_MS);
	if (ours_ms >= 0)
		watch_for(pty, 300);
	peak_bytes = pty ? bench_peak_bytes(pty_pid(pty)) : 0;
	if (pty)
		pty_free(pty);
	bench_target_end(&target);
	BENCH_SAY(row->ours, "%.1f MiB", (double)peak_bytes / MIB);
	BENCH_SAY(row->figure, "%.1f ms", ours_ms);
	row->held = ours_ms >= 0 && ours_ms <= 100 && peak_bytes <= 24 * MIB;
}

const struct bench_entry bench_pagemon[] = {
	{ "pagemon-20k", "screen 1 against pagemon, 20,000 VMAs, both 10 Hz, nothing changing",
	  "< 1 x", run_idle_20k },
	{ "pagemon-1g", "the same, 1 GiB resident", "< 1 x", run_idle_1g },
	{ "pagemon-first", "the same, 64 MiB resident: from the start to the first picture",
	  "100 ms", run_first },
	{ "pagemon-20t", "the same, 20 TiB PROT_NONE: peak memory, our first frame",
	  "24 MiB, 100 ms", run_reserve_20t },
	{ 0 },
};
