/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bars of screen 1: the real program in a pseudo-terminal, as in tests/pty. What it uses of
 * the processor is its own clock (CLOCK_PROCESS_CPUTIME_ID of it), exact and not sampled.
 */
#include "bench.h"
#include "watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define MS  1e6

/* 20 TiB that nobody may touch: from the start of the program to the first picture. */
static void run_first_frame(struct bench_row *row)
{
	enum { ROUNDS = 11 };
	struct bench_target target;
	double took_ns[ROUNDS];
	uint64_t peak_bytes = 0;

	if (!bench_target_start(&target, "fenced", 20 * 1024, 64 * MIB, row))
		return;
	for (int i = 0; i < ROUNDS && !row->skip[0]; i++) {
		uint64_t start_ns = bench_now_ns(), peak;
		struct pty *pty = watch_start(&target);

		if (!pty || !pty_wait_text(pty, WATCH_FIRST_FRAME, WATCH_MS))
			BENCH_SAY(row->skip, "pagewalk drew no map");
		took_ns[i] = (double)(bench_now_ns() - start_ns);
		if (!pty)
			break;
		watch_for(pty, 300);
		peak = bench_peak_bytes(pty_pid(pty));
		peak_bytes = peak > peak_bytes ? peak : peak_bytes;
		pty_free(pty);
	}
	bench_target_end(&target);
	if (row->skip[0])
		return;
	BENCH_SAY(row->ours, "%.1f ms", bench_median(took_ns, ROUNDS) / MS);
	BENCH_SAY(row->figure, "%.1f MiB", (double)peak_bytes / MIB);
	BENCH_SAY(row->note, "slowest %.1f ms", took_ns[ROUNDS - 1] / MS);
	row->held = bench_median(took_ns, ROUNDS) <= 100 * MS && peak_bytes <= 24 * MIB;
}

/* The mean of half a minute, for what is read again now and then comes in lumps. */
static void measure_idle(struct bench_row *row, const struct bench_target *target, double bar,
			 double (*more)(struct pty *pty, struct bench_target *target))
{
	double percent, change_ns = 0;
	struct bench_target writable = *target;
	struct pty *pty = watch_settled(target, 3000, row);

	if (!pty)
		return;
	percent = watch_cpu_percent(pty, 30);
	if (more)
		change_ns = more(pty, &writable);
	BENCH_SAY(row->note, "peak %.1f MiB", (double)bench_peak_bytes(pty_pid(pty)) / MIB);
	pty_free(pty);
	BENCH_SAY(row->ours, "%.2f %%", percent);
	row->held = percent < bar && change_ns < 200 * MS;
	if (more)
		BENCH_SAY(row->figure, "%.0f ms", change_ns / MS);
}

static void run_idle_20k(struct bench_row *row)
{
	struct bench_target target;

	if (!bench_target_start(&target, "vmas", 20000, 512 * MIB, row))
		return;
	measure_idle(row, &target, 5, NULL);
	bench_target_end(&target);
}

/* The line above the cursor's page says what its cell did. */
static bool shows_change(const struct pty *pty)
{
	static const char *const names[] = { "moved frame", "arrived", "changed" };
	char *line = NULL;
	bool shows = false;
	int y;

	if (pty_find(pty, WATCH_CURSOR_LINE, NULL, &y))
		line = pty_screen_line(pty, y - 1);
	for (size_t i = 0; line && i < sizeof(names) / sizeof(names[0]); i++)
		shows = shows || strstr(line, names[i]);
	free(line);
	return shows;
}

/* The cursor is on the first page; it comes anew: the slowest of ten times until that is seen. */
static double time_change(struct pty *pty, struct bench_target *target)
{
	uint64_t slowest_ns = 0;

	for (int i = 0; i < 10; i++) {
		uint64_t start_ns, until_ns = bench_now_ns() + UINT64_C(10000000000);

		while (shows_change(pty) && bench_now_ns() < until_ns)
			pty_pump(pty, 50);
		watch_for(pty, 230 + 37 * i); /* at another moment of the period each time */
		start_ns = bench_now_ns();
		bench_target_do(target, 't');
		while (!shows_change(pty) && bench_now_ns() < until_ns)
			pty_pump(pty, 50);
		if (bench_now_ns() - start_ns > slowest_ns)
			slowest_ns = bench_now_ns() - start_ns;
	}
	return (double)slowest_ns;
}

static void run_idle_1g(struct bench_row *row)
{
	struct bench_target target;

	if (!bench_target_start(&target, "resident", 1024, 2 * GIB, row))
		return;
	measure_idle(row, &target, 1, time_change);
	bench_target_end(&target);
}

/* How long it takes until the chosen mapping has these permissions in its heading; 0: never. */
static double time_perms(struct pty *pty, struct bench_target *target, const char *perms)
{
	char text[32];
	uint64_t start_ns = bench_now_ns();

	BENCH_SAY(text, " %s anon", perms);
	bench_target_do(target, 'p');
	return pty_wait_text(pty, text, WATCH_MS) ? (double)(bench_now_ns() - start_ns) : 0;
}

/*
 * What changes without a fault: the cells are those of the whole target, the cursor is on its
 * first page. Each time a new target, for a page is moved once only.
 */
static void run_unseen_1g(struct bench_row *row)
{
	enum { ROUNDS = 5 };
	struct bench_target target;
	double moved_ns[ROUNDS], perms_ns[2 * ROUNDS], percent = 0;
	uint64_t start_ns;

	for (int i = 0; i < ROUNDS && !row->skip[0]; i++) {
		struct pty *pty;

		if (!bench_target_start(&target, "movable", 1024, 2 * GIB, row))
			return;
		pty = watch_settled(&target, 3000 + 370 * i, row);
		percent = pty && !i ? watch_cpu_percent(pty, 20) : percent;
		start_ns = bench_now_ns();
		if (pty && !bench_target_do(&target, 'm'))
			BENCH_SAY(row->skip, "this kernel makes no huge page on request");
		while (pty && !row->skip[0] && !shows_change(pty))
			if (!pty_pump(pty, 20) && bench_now_ns() - start_ns > WATCH_MS * 1000000ull)
				BENCH_SAY(row->skip, "moved frames were not seen");
		moved_ns[i] = (double)(bench_now_ns() - start_ns);
		perms_ns[2 * i] = pty ? time_perms(pty, &target, "---p") : 0;
		perms_ns[2 * i + 1] = pty ? time_perms(pty, &target, "r--p") : 0;
		if (!row->skip[0] && (!perms_ns[2 * i] || !perms_ns[2 * i + 1]))
			BENCH_SAY(row->skip, "changed permissions were not seen");
		if (pty)
			pty_free(pty);
		bench_target_end(&target);
	}
	if (row->skip[0])
		return;
	bench_median(moved_ns, ROUNDS);
	bench_median(perms_ns, 2 * ROUNDS);
	BENCH_SAY(row->ours, "%.2f s", moved_ns[ROUNDS / 2] / 1e9);
	BENCH_SAY(row->figure, "%.2f s", perms_ns[ROUNDS] / 1e9);
	BENCH_SAY(row->note, "slowest %.2f and %.2f s; %.2f %% of a core until then",
		  moved_ns[ROUNDS - 1] / 1e9, perms_ns[2 * ROUNDS - 1] / 1e9, percent);
	row->held = moved_ns[ROUNDS / 2] <= 5e9 && perms_ns[ROUNDS] <= 2e9 && percent < 1;
}

#define ADDR_LEN 24

/* The address under the cursor as it stands on the screen, "" where there is none. */
static void read_cursor(const struct pty *pty, char out[ADDR_LEN])
{
	char *line = NULL;
	int y;

	out[0] = '\0';
	if (pty_find(pty, WATCH_CURSOR_LINE, NULL, &y))
		line = pty_screen_line(pty, y);
	if (line)
		sscanf(line, " %23s", out);
	free(line);
}

/* Goes down the list to the target's own memory; false where it is not there. */
static bool choose_target(struct pty *pty, const struct bench_target *target)
{
	char addr[ADDR_LEN], now[ADDR_LEN];

	snprintf(addr, sizeof(addr), "%llx", (unsigned long long)target->start_addr);
	for (int i = 0; i < 60; i++) {
		read_cursor(pty, now);
		if (!strcmp(now, addr))
			return true;
		pty_keys(pty, "]");
		pty_wait_quiet(pty, 100, 500);
	}
	return false;
}

/*
 * Types two keys that lead to and fro, again and again, and notes how long it takes each time
 * until the other address stands on the screen. False where one is never answered.
 */
static bool time_keys(struct pty *pty, struct bench_target *target, const char *const keys[2],
		      double *took_ns, int nr)
{
	char addr[2][ADDR_LEN], now[ADDR_LEN];

	read_cursor(pty, addr[1]);
	pty_keys(pty, keys[0]);
	pty_wait_quiet(pty, 100, 500);
	read_cursor(pty, addr[0]);
	pty_keys(pty, keys[1]);
	if (!strcmp(addr[0], addr[1]) || !pty_wait_text(pty, addr[1], WATCH_MS))
		return false;
	for (int i = 0; i < nr; i++) {
		uint64_t start_ns;

		/* A page comes anew, so that the scan never ends. */
		if (i % 4 == 0)
			bench_target_do(target, 't');
		start_ns = bench_now_ns();
		pty_keys(pty, keys[i % 2]);
		do {
			if (bench_now_ns() - start_ns > UINT64_C(2000000000))
				return false;
			pty_pump(pty, 20);
			read_cursor(pty, now);
		} while (strcmp(now, addr[i % 2]));
		took_ns[i] = (double)(bench_now_ns() - start_ns);
	}
	return true;
}

/*
 * Keys while 16 GiB are read: in the list from the first frame on, when everything is read for
 * the first time, then in the cells of all of it.
 */
static void run_keys_16g(struct bench_row *row)
{
	enum { IN_LIST = 60, IN_CELLS = 140, KEYS = IN_LIST + IN_CELLS };
	static const char *const list_keys[] = { "]", "[" }, *const cell_keys[] = { "l", "h" };
	struct bench_target target;
	double took_ns[KEYS];
	struct pty *pty;

	if (!bench_target_start(&target, "resident", 16384, 17 * GIB, row))
		return;
	pty = watch_settled(&target, 0, row);
	if (pty && !time_keys(pty, &target, list_keys, took_ns, IN_LIST))
		BENCH_SAY(row->skip, "a key in the list was not answered");
	else if (pty && !choose_target(pty, &target))
		BENCH_SAY(row->skip, "the target's memory is not in the list");
	else if (pty)
		pty_keys(pty, "\t");
	if (pty && !row->skip[0] &&
	    !time_keys(pty, &target, cell_keys, took_ns + IN_LIST, IN_CELLS))
		BENCH_SAY(row->skip, "a key in the cells was not answered");
	if (pty && !row->skip[0]) {
		BENCH_SAY(row->ours, "%.1f ms", bench_median(took_ns, KEYS) / MS);
		BENCH_SAY(row->figure, "max %.1f ms", took_ns[KEYS - 1] / MS);
		BENCH_SAY(row->note, "%d keys, 99th of 100 %.1f ms, peak %.1f MiB", KEYS,
			  took_ns[KEYS * 99 / 100 - 1] / MS,
			  (double)bench_peak_bytes(pty_pid(pty)) / MIB);
		row->held = took_ns[KEYS - 1] <= 50 * MS;
	}
	if (pty)
		pty_free(pty);
	bench_target_end(&target);
}

/* What pagewalk has resident at its peak on a target of so many MiB; 0 where it fails. */
static uint64_t peak_on(uint64_t nr_mib, struct bench_row *row)
{
	struct bench_target target;
	struct pty *pty;
	uint64_t peak_bytes = 0;

	if (!bench_target_start(&target, "resident", nr_mib, (nr_mib + 1024) * MIB, row))
		return 0;
	pty = watch_settled(&target, 5000, row);
	if (pty) {
		peak_bytes = bench_peak_bytes(pty_pid(pty));
		pty_free(pty);
	}
	bench_target_end(&target);
	return peak_bytes;
}

static void run_memory_16g(struct bench_row *row)
{
	uint64_t large = peak_on(16384, row), small = large ? peak_on(256, row) : 0;

	if (!large || !small)
		return;
	BENCH_SAY(row->ours, "%.1f MiB", (double)large / MIB);
	BENCH_SAY(row->peer, "%.1f MiB", (double)small / MIB);
	BENCH_SAY(row->figure, "%.2f x", (double)large / (double)small);
	row->held = (double)large <= 1.2 * (double)small;
}

/*
 * A target that does nothing but fault, watched and not watched in turn: pagewalk is stopped
 * in between (SIGSTOP), so that both halves of a pair lie side by side.
 */
static void run_slow_target(struct bench_row *row)
{
	enum { PAIRS = 40 };
	struct bench_target target;
	double watched_ns[PAIRS], alone_ns[PAIRS], ratio[PAIRS];
	struct pty *pty;

	if (!bench_target_start(&target, "resident", 256, GIB, row))
		return;
	pty = watch_settled(&target, 1000, row);
	for (int i = 0; pty && i < PAIRS; i++) {
		for (int turn = 0; turn < 2; turn++) {
			bool watching = (turn + i) & 1;

			pty_signal(pty, watching ? SIGCONT : SIGSTOP);
			watch_for(pty, 20);
			bench_target_do(&target, 'w');
			*(watching ? &watched_ns[i]
				   : &alone_ns[i]) = (double)bench_target_do(&target, 'w');
		}
		ratio[i] = watched_ns[i] / alone_ns[i];
	}
	if (pty) {
		double slowed = bench_median(ratio, PAIRS);

		BENCH_SAY(row->ours, "%.1f ms", bench_median(watched_ns, PAIRS) / MS);
		BENCH_SAY(row->peer, "%.1f ms", bench_median(alone_ns, PAIRS) / MS);
		BENCH_SAY(row->figure, "%+.1f %%", 100 * (slowed - 1));
		BENCH_SAY(row->note, "quartiles %+.1f and %+.1f %%", 100 * (ratio[PAIRS / 4] - 1),
			  100 * (ratio[PAIRS * 3 / 4] - 1));
		row->held = slowed < 1.03;
		pty_signal(pty, SIGCONT);
		pty_free(pty);
	}
	bench_target_end(&target);
}

/* In the last line: the object that is chosen, as a sentence. */
static bool shows_task(const struct pty *pty)
{
	return pty_find(pty, "task_struct: thread", NULL, NULL);
}

/* From one descriptor to the next and back: the slowest of all keys, 0 where one is not answered. */
static double time_object_keys(struct pty *pty, int nr)
{
	uint64_t slowest_ns = 0;

	for (int i = 0; i < nr; i++) {
		uint64_t start_ns = bench_now_ns();
		bool there = shows_task(pty);

		/* Right leads from the task to what it points to, Left back. */
		pty_keys(pty, there ? "l" : "h");
		while (shows_task(pty) == there) {
			if (bench_now_ns() - start_ns > UINT64_C(2000000000))
				return 0;
			pty_pump(pty, 20);
		}
		if (bench_now_ns() - start_ns > slowest_ns)
			slowest_ns = bench_now_ns() - start_ns;
	}
	return (double)slowest_ns;
}

/* Screen 3 on a process with very many objects: from its key to the first boxes. */
static void run_objects(struct bench_row *row)
{
	struct bench_target target;
	struct pty *pty;
	double first_ns, key_ns;
	uint64_t start_ns;

	if (!bench_target_start(&target, "objects", 10000, GIB, row))
		return;
	pty = watch_settled(&target, 500, row);
	if (pty) {
		start_ns = bench_now_ns();
		pty_keys(pty, "3");
		if (!pty_wait_text(pty, "task_struct: thread", WATCH_MS))
			BENCH_SAY(row->skip, "pagewalk drew no objects");
		first_ns = (double)(bench_now_ns() - start_ns);
		key_ns = time_object_keys(pty, 60);
		BENCH_SAY(row->ours, "%.1f ms", first_ns / MS);
		BENCH_SAY(row->figure, "key max %.1f ms", key_ns / MS);
		BENCH_SAY(row->note, "peak %.1f MiB", (double)bench_peak_bytes(pty_pid(pty)) / MIB);
		row->held = first_ns <= 200 * MS && key_ns > 0 && key_ns <= 50 * MS;
		pty_free(pty);
	}
	bench_target_end(&target);
}

/* The slowest of keys that switch the scale of the plot, 0 where one is not answered. */
static double time_fault_keys(struct pty *pty, int nr)
{
	uint64_t slowest_ns = 0;

	for (int i = 0; i < nr; i++) {
		uint64_t start_ns = bench_now_ns();

		pty_keys(pty, "L");
		while (!pty_find(pty, i % 2 ? ", linear" : ", logarithmic", NULL, NULL)) {
			if (bench_now_ns() - start_ns > UINT64_C(2000000000))
				return 0;
			pty_pump(pty, 20);
		}
		if (bench_now_ns() - start_ns > slowest_ns)
			slowest_ns = bench_now_ns() - start_ns;
		watch_for(pty, 53); /* at another moment of a picture each time */
	}
	return (double)slowest_ns;
}

/* The rate that the screen shows, as it is written there. */
static void read_rate(const struct pty *pty, char out[16])
{
	char *line = pty_screen_line(pty, 1), *minor = line ? strstr(line, "minor ") : NULL;

	out[0] = '\0';
	if (minor)
		sscanf(minor, "minor %15s", out);
	free(line);
}

/* Opens the table by mapping, with the filter of the keys. */
static void open_filtered(struct pty *pty, const char *keys, const char *marker,
			  struct bench_row *row)
{
	/* The thread of the newest fault. */
	pty_keys(pty, keys);
	if (!pty_wait_text(pty, "only ", WATCH_MS))
		BENCH_SAY(row->skip, "pagewalk set no filter");
	pty_keys(pty, "\t");
	if (!pty_wait_text(pty, marker, WATCH_MS))
		BENCH_SAY(row->skip, "pagewalk drew no table with \"%s\"", marker);
}

/* Screen 2 on a process that does nothing but fault; under a filter, or without. */
static void watch_faults(const char *kind, uint64_t size, const char *keys, const char *marker,
			 struct bench_row *row)
{
	struct bench_target target;
	struct pty *pty;
	double key_ns, percent;
	char rate[16];

	if (!bench_target_start(&target, kind, size, GIB, row))
		return;
	pty = watch_settled(&target, 500, row);
	if (pty) {
		pty_keys(pty, "2");
		if (!pty_wait_text(pty, "anon-write", WATCH_MS))
			BENCH_SAY(row->skip, "pagewalk drew no faults");
		watch_for(pty, 3000);
		if (keys)
			open_filtered(pty, keys, marker, row);
		percent = watch_cpu_percent(pty, 10);
		key_ns = time_fault_keys(pty, 100);
		read_rate(pty, rate);
		BENCH_SAY(row->ours, "%.0f %% cpu", percent);
		BENCH_SAY(row->figure, "key max %.1f ms", key_ns / MS);
		BENCH_SAY(row->note, "%s faults/s, %s, peak %.1f MiB", rate,
			  pty_find(pty, "lost 0", NULL, NULL) ? "none lost" : "some lost",
			  (double)bench_peak_bytes(pty_pid(pty)) / MIB);
		row->held = key_ns > 0 && key_ns <= 50 * MS && percent < 100 &&
			    bench_peak_bytes(pty_pid(pty)) <= 128 * MIB;
		pty_free(pty);
	}
	bench_target_end(&target);
}

static void run_fault_storm(struct bench_row *row)
{
	watch_faults("storm", 64, NULL, NULL, row);
}

/* One thread, which is told apart from the beginning. */
static void run_fault_filter(struct bench_row *row)
{
	watch_faults("storm", 64, "T", " faults", row);
}

/* More threads in more mappings than are told apart: what is kept is counted for each picture. */
static void run_fault_kept(struct bench_row *row)
{
	watch_faults("scatter", 2000, "T", "too many to tell apart", row);
}

const struct bench_entry bench_screens[] = {
	{ "objects-10k", "screen 3, 10,000 descriptors and 2,000 threads: first boxes, keys",
	  "200 ms, 50 ms", run_objects },
	{ "first-frame-20t", "screen 1, 20 TiB PROT_NONE: first frame, peak memory",
	  "100 ms, 24 MiB", run_first_frame },
	{ "idle-20k", "screen 1, 20,000 VMAs, 120x36, 10 Hz, nothing changing", "< 5 % of a core",
	  run_idle_20k },
	{ "idle-1g", "screen 1, 1 GiB resident, 10 Hz; then a page changes: seen after",
	  "< 1 %, 200 ms", run_idle_1g },
	{ "unseen-1g", "screen 1, 1 GiB; frames move, then mprotect, without a fault: seen after",
	  "5 s, 2 s, < 1 %", run_unseen_1g },
	{ "keys-16g", "screen 1, 16 GiB resident, being scanned: key to screen", "50 ms, always",
	  run_keys_16g },
	{ "memory-16g", "screen 1's peak memory, 16 GiB resident against 256 MiB", "1.2 x",
	  run_memory_16g },
	{ "slow-target", "a target that faults all the time, watched at 10 Hz and not", "< +3 %",
	  run_slow_target },
	{ "fault-storm", "screen 2, a process that does nothing but fault: cpu, key, memory",
	  "1 core, 50 ms, 128 MiB", run_fault_storm },
	{ "fault-filter", "the same, the table by mapping under a filter", "1 core, 50 ms, 128 MiB",
	  run_fault_filter },
	{ "fault-kept", "the same, 20 threads in 2,000 mappings: the filter counts what is kept",
	  "1 core, 50 ms, 128 MiB", run_fault_kept },
	{ 0 },
};
