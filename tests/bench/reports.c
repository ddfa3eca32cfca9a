/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bars of `pagewalk map`: whole processes, from start to end, against bare readers. */
#include "bench.h"

#define MIB    (UINT64_C(1) << 20)
#define GIB    (UINT64_C(1) << 30)
#define ROUNDS 15

static void say_pair(struct bench_row *row, const struct bench_pair *pair)
{
	BENCH_SAY(row->ours, "%.1f ms", pair->ours_ns / 1e6);
	BENCH_SAY(row->peer, "%.1f ms", pair->peer_ns / 1e6);
	BENCH_SAY(row->figure, "%.2f x", pair->ratio);
	BENCH_SAY(row->note, "peak %.1f MiB", (double)pair->ours_peak_bytes / MIB);
}

static void run_map_4g(struct bench_row *row)
{
	struct bench_target target;
	const char *const ours[] = { bench_pagewalk(), "map", target.pid_text, "--json", NULL };
	const char *const peer[] = { bench_own("bare_read"), target.pid_text, NULL };
	struct bench_pair pair;

	if (!bench_target_start(&target, "resident", 4096, 5 * GIB, row))
		return;
	if (bench_compare(ours, peer, ROUNDS, &pair, row)) {
		say_pair(row, &pair);
		row->held = pair.ratio <= 1.15;
	}
	bench_target_end(&target);
}

static void run_page_types(struct bench_row *row)
{
	struct bench_target target;
	const char *const ours[] = { bench_pagewalk(), "map", target.pid_text, "--json", NULL };
	const char *const peer[] = { "page-types", "-p", target.pid_text, NULL };
	struct bench_pair pair;

	if (!bench_has("page-types")) {
		BENCH_SAY(row->skip,
			  "no page-types in PATH: make -C tools/mm page-types in a kernel "
			  "tree (Debian: linux-source)");
		return;
	}
	if (!bench_target_start(&target, "resident", 4096, 5 * GIB, row))
		return;
	if (bench_compare(ours, peer, ROUNDS, &pair, row)) {
		say_pair(row, &pair);
		row->held = pair.ratio < 1;
	}
	bench_target_end(&target);
}

static void run_states_4g(struct bench_row *row)
{
	struct bench_target target;
	const char *const ours[] = { bench_pagewalk(), "map",      target.pid_text,
				     "--json",         "--states", NULL };
	const char *const peer[] = { bench_own("bare_scan"), target.pid_text, NULL };
	struct bench_pair pair;

	if (!bench_target_start(&target, "resident", 4096, 5 * GIB, row))
		return;
	if (bench_compare(ours, peer, ROUNDS, &pair, row)) {
		say_pair(row, &pair);
		row->held = pair.ours_ns <= 1.15 * pair.peer_ns + 10e6;
	}
	bench_target_end(&target);
}

/* One terabyte that is hardly touched: the whole report, and the memory that it takes. */
static void run_sparse_1t(struct bench_row *row)
{
	struct bench_target target;
	const char *const ours[] = { bench_pagewalk(), "map", target.pid_text, "--json", NULL };
	const char *const peer[] = { bench_own("bare_scan"), target.pid_text, NULL };
	struct bench_pair pair;

	if (!bench_target_start(&target, "sparse", 1024, 64 * MIB, row))
		return;
	if (bench_compare(ours, peer, ROUNDS, &pair, row)) {
		say_pair(row, &pair);
		row->held = pair.ours_ns <= 30e6 && pair.ours_peak_bytes <= 16 * MIB;
	}
	bench_target_end(&target);
}

const struct bench_entry bench_reports[] = {
	{ "map-4g", "map --json, 4 GiB resident, against a bare reader", "1.15 x", run_map_4g },
	{ "map-4g-page-types", "the same against page-types -p", "< 1 x", run_page_types },
	{ "states-4g", "map --json --states of it, against one PAGEMAP_SCAN", "1.15 x + 10 ms",
	  run_states_4g },
	{ "sparse-1t", "map --json, 1 TiB reserved, 256 pages touched", "30 ms, 16 MiB",
	  run_sparse_1t },
	{ 0 },
};
