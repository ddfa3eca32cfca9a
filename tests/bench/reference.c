/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's lanes against the three modes of java-zero-copy, the benchmark that many know: the
 * same file, hot, into memory, in turns. The reference is run where a JDK is and
 * PAGEWALK_JAVA_CLASSPATH says where its classes and those of Jackson are; nothing of it is here.
 *
 * Of each pair, the reference's time is the one that its server takes, from the first byte to the
 * end, which leaves its connecting out; ours goes from the sender's start to the sink's end. Its
 * own warm-up run before each time lets the JVM compile; ours needs none.
 */
#include "bench.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB   (UINT64_C(1) << 20)
#define SIZE  (UINT64_C(1) << 30)
#define PAIRS 9
#define BAR   1.3

struct places {
	char file[BENCH_FILE_PATH];
	char results[BENCH_FILE_PATH]; /* a directory */
};

static void remove_places(const struct places *places)
{
	static const char *const names[] = { "data/received", "data", "benchmark-results.csv",
					     "benchmark-summary.csv", "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[BENCH_FILE_PATH + 64];

		snprintf(path, sizeof(path), "%s/%s", places->results, names[i]);
		remove(path);
	}
	unlink(places->file);
}

/* The milliseconds by the reference's server in the one measured run, or 0. */
static double read_results(const struct places *places)
{
	char path[BENCH_FILE_PATH + 64], line[512];
	double client_ms, server_ms = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/benchmark-results.csv", places->results);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "local,memory,%*[^,],1,%*u,%lf,%lf", &client_ms, &server_ms) == 2)
			break;
	if (in)
		fclose(in);
	unlink(path);
	return server_ms;
}

/* The nanoseconds of the reference in this mode of its, or 0. */
static double run_reference(const struct places *places, const char *mode)
{
	char file[BENCH_FILE_PATH + 16], results[BENCH_FILE_PATH + 16], kind[64];
	char received[BENCH_FILE_PATH + 48];
	const char *const argv[] = { "java",
				     "-cp",
				     getenv("PAGEWALK_JAVA_CLASSPATH"),
				     "io.github.zerocopy.ZeroCopyBenchmarkApplication",
				     file,
				     "--file-size=1GB",
				     "--server-mode=memory",
				     kind,
				     "--warmup=1",
				     "--iterations=1",
				     "--write-json=false",
				     results,
				     received,
				     NULL };
	struct bench_usage usage;

	snprintf(file, sizeof(file), "--file=%s", places->file);
	snprintf(kind, sizeof(kind), "--mode=%s", mode);
	snprintf(results, sizeof(results), "--result-dir=%s", places->results);
	snprintf(received, sizeof(received), "--server-output-dir=%s/data/received",
		 places->results);
	if (!bench_run(argv, &usage))
		return 0;
	return read_results(places) * 1e6;
}

/* Measures PAIRS pairs; false, with row->skip said, where one failed. */
static bool measure(const struct places *places, const char *mode, const char *their_mode,
		    double *ours, double *theirs, struct bench_row *row)
{
	for (int i = 0; i < PAIRS; i++) {
		for (int turn = 0; turn < 2; turn++) {
			if ((i + turn) % 2)
				theirs[i] = run_reference(places, their_mode);
			else
				ours[i] = bench_run_lane(places->file, mode);
		}
		if (ours[i] <= 0 || theirs[i] <= 0) {
			BENCH_SAY(row->skip, "%s failed",
				  ours[i] <= 0 ? "a lane" : "the reference");
			return false;
		}
	}
	return true;
}

static void compare(const char *mode, const char *their_mode, struct bench_row *row)
{
	double ours[PAIRS], theirs[PAIRS], ratio[PAIRS];
	struct places places = { .results = "/var/tmp/pagewalk-bench-XXXXXX" };

	if (!getenv("PAGEWALK_JAVA_CLASSPATH")) {
		BENCH_SAY(row->skip, "PAGEWALK_JAVA_CLASSPATH does not say where the reference is");
		return;
	}
	if (!bench_has("java")) {
		BENCH_SAY(row->skip, "there is no java");
		return;
	}
	if (!bench_make_file(places.file, SIZE, row))
		return;
	if (!mkdtemp(places.results)) {
		BENCH_SAY(row->skip, "no directory for its results");
		unlink(places.file);
		return;
	}
	if (measure(&places, mode, their_mode, ours, theirs, row)) {
		for (int i = 0; i < PAIRS; i++)
			ratio[i] = theirs[i] / ours[i];
		BENCH_SAY(row->ours, "%.2f GiB/s", 1e9 / bench_median(ours, PAIRS));
		BENCH_SAY(row->peer, "%.2f GiB/s", 1e9 / bench_median(theirs, PAIRS));
		BENCH_SAY(row->figure, "%.2f x", bench_median(ratio, PAIRS));
		row->held = bench_median(ratio, PAIRS) >= BAR;
		BENCH_SAY(row->note, "pairs from %.2f to %.2f x", ratio[0], ratio[PAIRS - 1]);
	}
	remove_places(&places);
}

static void run_traditional(struct bench_row *row)
{
	compare("traditional", "traditional", row);
}

static void run_sendfile(struct bench_row *row)
{
	compare("sendfile", "zero-copy", row);
}

static void run_mmap_write(struct bench_row *row)
{
	compare("mmap-write", "mapped-buffer", row);
}

const struct bench_entry bench_reference[] = {
	{ "java-traditional", "the traditional lane against java-zero-copy's, 1 GiB hot",
	  ">= 1.30 x", run_traditional },
	{ "java-sendfile", "the sendfile lane against its zero-copy (transferTo)", ">= 1.30 x",
	  run_sendfile },
	{ "java-mmap-write", "the mmap-write lane against its mapped-buffer", ">= 1.30 x",
	  run_mmap_write },
	{ 0 },
};
