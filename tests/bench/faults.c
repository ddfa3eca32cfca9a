/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What watching faults costs the one that is watched: a program that touches 1 GiB in small
 * pages measures itself, bare and watched in turn.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 9
#define PERF   "perf record -q -e page-faults -c 1 -d -o /dev/null --"

/* The time that the program says it took behind `before`, in ns; 0 where it said none. */
static double run(const char *before, int nr_threads)
{
	char command[2048], line[256] = "";
	const char *faulter = getenv("PAGEWALK_FAULTER"), *found;
	FILE *in;

	snprintf(command, sizeof(command), "%s '%s' threads %d 1024 2>/dev/null", before,
		 faulter ? faulter : "", nr_threads);
	in = popen(command, "r");
	if (!in)
		return 0;
	if (!fgets(line, sizeof(line), in))
		line[0] = '\0';
	pclose(in);
	found = strstr(line, "\"took_ns\":");
	return found ? strtod(found + strlen("\"took_ns\":"), NULL) : 0;
}

/* Medians of the slowdown under ours and under the peer, against bare in the same round. */
static void compare(struct bench_row *row, const char *options, const char *peer, int nr_threads,
		    double most, double most_to_peer)
{
	double slow[ROUNDS], peer_slow[ROUNDS], to_peer[ROUNDS], ours, theirs, ratio;
	char watched[1024];

	snprintf(watched, sizeof(watched), "'%s' faults --json -o /dev/null %s --",
		 bench_pagewalk(), options);
	for (int round = -1; round < ROUNDS; round++) {
		double bare_ns = run("", nr_threads), ours_ns, peer_ns;

		ours_ns = round & 1 ? run(watched, nr_threads) : 0;
		peer_ns = peer ? run(peer, nr_threads) : 1;
		ours_ns = round & 1 ? ours_ns : run(watched, nr_threads);
		if (bare_ns == 0 || ours_ns == 0 || peer_ns == 0) {
			BENCH_SAY(row->skip, "%s",
				  peer_ns == 0 ? "perf could not record" : "it could not be run");
			return;
		}
		if (round < 0)
			continue;
		slow[round] = ours_ns / bare_ns;
		peer_slow[round] = peer_ns / bare_ns;
		to_peer[round] = ours_ns / peer_ns;
	}
	ours = bench_median(slow, ROUNDS);
	theirs = bench_median(peer_slow, ROUNDS);
	ratio = bench_median(to_peer, ROUNDS);
	BENCH_SAY(row->ours, "%.2f x", ours);
	if (peer) {
		BENCH_SAY(row->peer, "%.2f x", theirs);
		BENCH_SAY(row->figure, "%.2f x", ratio);
	}
	row->held = ours <= most && (!peer || ratio <= most_to_peer);
	BENCH_SAY(row->note, "slowdown of 262,144 faults, %d thread%s", nr_threads,
		  nr_threads == 1 ? "" : "s");
}

static void run_software(struct bench_row *row)
{
	if (!bench_has("perf"))
		BENCH_SAY(row->skip, "no perf in PATH (Debian: linux-perf)");
	else
		compare(row, "--software", PERF, 1, 1.25, 1.10);
}

static void run_software_alone(struct bench_row *row)
{
	compare(row, "--software", NULL, 1, 1.25, 0);
}

static void run_tracepoints(struct bench_row *row)
{
	compare(row, "", NULL, 1, 1.35, 0);
}

const struct bench_entry bench_faults[] = {
	{ "faults-perf", "faults --software, against perf record -e page-faults -c 1 -d",
	  "1.25 x, 1.10 x", run_software },
	{ "faults-software", "faults --software, against running bare", "1.25 x",
	  run_software_alone },
	{ "faults-default", "faults with error codes, against bare", "1.35 x", run_tracepoints },
	{ 0 },
};
