/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bars of `pagewalk bench`: against a bare loop, against its own control, and its proofs. */
#include "bench.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB       (UINT64_C(1) << 20)
#define GIB       (UINT64_C(1) << 30)
#define ROUNDS    11
#define NR_PROVED 20
#define BLOCK     MIB

/* The JSON that pagewalk bench writes with these arguments, or NULL. */
static json_t *run_pagewalk_bench(const char *arguments)
{
	char command[1024];
	json_t *document;
	FILE *in;

	snprintf(command, sizeof(command), "'%s' bench %s --json - 2>/dev/null", bench_pagewalk(),
		 arguments);
	in = popen(command, "re");
	if (!in)
		return NULL;
	document = json_loadf(in, 0, NULL);
	if (pclose(in)) {
		json_decref(document);
		return NULL;
	}
	return document;
}

bool bench_make_file(char path[BENCH_FILE_PATH], uint64_t size_bytes, struct bench_row *row)
{
	char *block = malloc(BLOCK);
	struct statvfs fs;
	bool made = true;
	int fd;

	strcpy(path, "/var/tmp/pagewalk-bench-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0 || fstatvfs(fd, &fs) || (uint64_t)fs.f_bavail * fs.f_frsize < 2 * size_bytes) {
		BENCH_SAY(row->skip, "not enough space in /var/tmp");
		made = false;
	}
	for (uint64_t i = 0; made && i < size_bytes / BLOCK; i++) {
		for (size_t at = 0; at < BLOCK; at++)
			block[at] = (char)(at * 7 + i);
		made = write(fd, block, BLOCK) == (ssize_t)BLOCK;
	}
	if (fd >= 0) {
		fsync(fd);
		close(fd);
		if (!made)
			unlink(path);
	}
	free(block);
	return made;
}

/* The nanoseconds of one bare run, or 0. */
static uint64_t run_bare(const char *path)
{
	char command[1024];
	uint64_t t_ns = 0;
	FILE *in;

	snprintf(command, sizeof(command), "'%s' '%s'", bench_own("bare_sendfile"), path);
	in = popen(command, "re");
	if (!in || fscanf(in, "%" SCNu64, &t_ns) != 1)
		t_ns = 0;
	if (in)
		pclose(in);
	return t_ns;
}

double bench_run_lane(const char *path, const char *wanted)
{
	char arguments[256];
	json_t *document, *row;
	double t_ns = 0;
	size_t i;

	snprintf(arguments, sizeof(arguments),
		 "--modes %s --rounds 1 --warmup 0 --no-verify --one-file --file %s", wanted, path);
	document = run_pagewalk_bench(arguments);
	json_array_foreach(json_object_get(document, "results"), i, row)
	{
		const char *mode = json_string_value(json_object_get(row, "mode"));

		if (mode && !strcmp(mode, wanted))
			t_ns = (double)json_integer_value(json_object_get(row, "elapsed_ns"));
	}
	json_decref(document);
	return t_ns;
}

static void run_lab_sendfile(struct bench_row *row)
{
	double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
	char path[BENCH_FILE_PATH];

	if (!bench_make_file(path, GIB, row))
		return;
	run_bare(path);
	for (int i = 0; i < ROUNDS && !row->skip[0]; i++) {
		double first = i % 2 ? (double)run_bare(path) : bench_run_lane(path, "sendfile");
		double second = i % 2 ? bench_run_lane(path, "sendfile") : (double)run_bare(path);

		if (first <= 0 || second <= 0)
			BENCH_SAY(row->skip, "a run failed");
		ours[i] = i % 2 ? second : first;
		bare[i] = i % 2 ? first : second;
		ratio[i] = bare[i] / ours[i];
	}
	unlink(path);
	if (row->skip[0])
		return;
	BENCH_SAY(row->ours, "%.2f GiB/s", 1e9 / bench_median(ours, ROUNDS));
	BENCH_SAY(row->peer, "%.2f GiB/s", 1e9 / bench_median(bare, ROUNDS));
	row->held = bench_median(ratio, ROUNDS) >= 0.97;
	BENCH_SAY(row->figure, "%.2f x", bench_median(ratio, ROUNDS));
}

/* The median of a lane's CPU ratio in the summaries, or 0. */
static double cpu_ratio(const json_t *document, const char *mode)
{
	double ratio = 0;
	json_t *summary;
	size_t i;

	json_array_foreach(json_object_get(document, "summaries"), i,
			   summary) if (!strcmp(json_string_value(json_object_get(summary, "mode")),
						mode)) ratio =
		json_real_value(json_object_get(json_object_get(summary, "cpu_ratio"), "median"));
	return ratio;
}

static void run_lab_cpu(struct bench_row *row)
{
	json_t *document = run_pagewalk_bench("--size 1GiB --modes sendfile --no-verify");
	double sendfile = cpu_ratio(document, "sendfile"), control = cpu_ratio(document, "control");

	json_decref(document);
	if (!document) {
		BENCH_SAY(row->skip, "the benchmark could not be run");
		return;
	}
	BENCH_SAY(row->ours, "%.2f x", sendfile);
	BENCH_SAY(row->peer, "%.2f x", control);
	BENCH_SAY(row->figure, "%.2f x", control > 0 ? sendfile / control : 0);
	row->held = sendfile > 0 && sendfile <= 0.75 && control >= 0.9 && control <= 1.1;
}

/* True where every proof of the document says what is known of these modes on loopback. */
static bool proofs_hold(const json_t *document)
{
	static const char *const shared[] = { "sendfile", "splice" };
	static const char *const copied[] = { "traditional", "mmap-write", "zerocopy", "uring-zc" };
	unsigned nr = 0;
	json_t *proof;
	size_t i;

	json_array_foreach(json_object_get(document, "proofs"), i, proof)
	{
		const char *mode = json_string_value(json_object_get(proof, "mode"));
		const char *verdict = json_string_value(json_object_get(proof, "verdict"));

		if (strcmp(json_string_value(json_object_get(proof, "socket")), "tcp"))
			continue;
		for (size_t m = 0; m < sizeof(shared) / sizeof(shared[0]); m++)
			nr += !strcmp(mode, shared[m]) && !strcmp(verdict, "shared");
		for (size_t m = 0; m < sizeof(copied) / sizeof(copied[0]); m++)
			nr += !strcmp(mode, copied[m]) && !strcmp(verdict, "copied");
	}
	return nr == 6;
}

static void run_lab_proofs(struct bench_row *row)
{
	unsigned nr_held = 0;

	for (int i = 0; i < NR_PROVED; i++) {
		json_t *document = run_pagewalk_bench("--prove");

		nr_held += proofs_hold(document);
		json_decref(document);
	}
	BENCH_SAY(row->ours, "%u of %d", nr_held, NR_PROVED);
	row->held = nr_held == NR_PROVED;
}

/* A file larger than what pagewalk may ever hold of it. */
static void run_lab_10g(struct bench_row *row)
{
	const char *const ours[] = {
		bench_pagewalk(), "bench",      "--size", "10GiB",    "--modes",
		"sendfile",       "--rounds",   "1",      "--warmup", "0",
		"--no-verify",    "--one-file", "-q",     NULL
	};
	struct bench_usage usage;
	struct statvfs fs;

	if (statvfs("/var/tmp", &fs) || (uint64_t)fs.f_bavail * fs.f_frsize < 12 * GIB) {
		BENCH_SAY(row->skip, "not enough space: 12 GiB are needed");
		return;
	}
	if (!bench_run(ours, &usage)) {
		BENCH_SAY(row->skip, "the benchmark could not be run");
		return;
	}
	BENCH_SAY(row->ours, "%.1f MiB", (double)usage.peak_bytes / (double)MIB);
	BENCH_SAY(row->note, "%.0f s", (double)usage.wall_ns / 1e9);
	row->held = usage.peak_bytes < 32 * MIB;
}

const struct bench_entry bench_lab[] = {
	{ "lab-sendfile", "the sendfile lane, 1 GiB hot, against a bare C loop", ">= 0.97 x",
	  run_lab_sendfile },
	{ "lab-cpu", "CPU of sendfile to traditional; peer: the control", "0.75, 0.9-1.1",
	  run_lab_cpu },
	{ "lab-proofs", "bench --prove, the same verdicts in every run", "20 of 20",
	  run_lab_proofs },
	{ "lab-10g", "bench --size 10GiB, pagewalk's own memory", "32 MiB", run_lab_10g },
	{ 0 },
};
