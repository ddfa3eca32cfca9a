/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bars of `pagewalk cache`: whole processes, from start to end, against vmtouch and fincore. */
#include "bench.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB    (UINT64_C(1) << 20)
#define GIB    (UINT64_C(1) << 30)
#define ROUNDS 9

#define NR_PROCESSES 200
#define NR_FILES     2000

/* Where the files lie: a directory on a disk. */
struct bench_dir {
	char path[64];
};

static bool make_dir(struct bench_dir *dir, struct bench_row *row)
{
	strcpy(dir->path, "/var/tmp/pagewalk-bench-XXXXXX");
	if (mkdtemp(dir->path))
		return true;
	BENCH_SAY(row->skip, "no directory can be made in /var/tmp");
	return false;
}

/* Writes the file, or with `sparse` only makes it as long; false with row->skip said. */
static bool make_file(const char *path, uint64_t bytes, bool sparse, struct bench_row *row)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char *buffer = calloc(1, MIB);
	bool ok = fd >= 0 && buffer && (!sparse || !ftruncate(fd, (off_t)bytes));

	for (uint64_t at = 0; ok && !sparse && at < bytes; at += MIB)
		ok = write(fd, buffer, MIB) == (ssize_t)MIB;
	/* Clean pages are the usual case, and dirty ones would be written meanwhile. */
	ok = ok && !fdatasync(fd);
	if (fd >= 0)
		close(fd);
	free(buffer);
	if (!ok)
		BENCH_SAY(row->skip, "the file cannot be made in /var/tmp");
	return ok;
}

/* Brings all of it back that reclaim has taken. */
static void heat(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *buffer = malloc(MIB);

	while (fd >= 0 && buffer && read(fd, buffer, MIB) > 0)
		;
	free(buffer);
	if (fd >= 0)
		close(fd);
}

/* Percent of a file that is cached, by mincore(2); -1 where it cannot be told. */
static int resident_percent(const char *path, uint64_t bytes)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), nr = bytes / page_bytes, cached = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *answers = malloc(nr);
	void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	bool ok = answers && map != MAP_FAILED && !mincore(map, bytes, answers);

	for (size_t i = 0; ok && i < nr; i++)
		cached += answers[i] & 1;
	if (map != MAP_FAILED)
		munmap(map, bytes);
	free(answers);
	if (fd >= 0)
		close(fd);
	return ok ? (int)(cached * 100 / nr) : -1;
}

static void compare(struct bench_row *row, const char *peer_name, bool sparse, double most)
{
	struct bench_dir dir;
	char path[PATH_MAX];
	const char *const ours[] = { bench_pagewalk(), "cache", path, NULL };
	const char *const peer[] = { peer_name, path, NULL };
	struct bench_pair pair;

	if (!bench_has(peer_name)) {
		BENCH_SAY(row->skip, "no %s in PATH", peer_name);
		return;
	}
	if (!make_dir(&dir, row))
		return;
	snprintf(path, sizeof(path), "%s/data", dir.path);
	if (make_file(path, 4 * GIB, sparse, row)) {
		if (!sparse)
			heat(path);
		if (bench_compare(ours, peer, ROUNDS, &pair, row)) {
			BENCH_SAY(row->ours, "%.1f ms", pair.ours_ns / 1e6);
			BENCH_SAY(row->peer, "%.1f ms", pair.peer_ns / 1e6);
			BENCH_SAY(row->figure, "%.2f x", pair.ratio);
			BENCH_SAY(row->note, "%d %% of it cached at the end",
				  resident_percent(path, 4 * GIB));
			row->held = pair.ratio <= most;
		}
	}
	unlink(path);
	rmdir(dir.path);
}

static void run_hot_vmtouch(struct bench_row *row)
{
	compare(row, "vmtouch", false, 0.2);
}

static void run_hot_fincore(struct bench_row *row)
{
	compare(row, "fincore", false, 0.2);
}

static void run_sparse_vmtouch(struct bench_row *row)
{
	compare(row, "vmtouch", true, 0.3);
}

static void run_sparse_fincore(struct bench_row *row)
{
	compare(row, "fincore", true, 0.3);
}

/* The median of wall times of one command; false with row->skip said. */
static bool run_rounds(const char *const argv[], double *median_ns, struct bench_row *row)
{
	double wall_ns[ROUNDS];
	struct bench_usage usage;

	for (int round = -1; round < ROUNDS; round++) {
		if (!bench_run(argv, &usage)) {
			BENCH_SAY(row->skip, "%s %s failed", argv[0], argv[1]);
			return false;
		}
		if (round >= 0)
			wall_ns[round] = (double)usage.wall_ns;
	}
	*median_ns = bench_median(wall_ns, ROUNDS);
	BENCH_SAY(row->ours, "%.1f ms", *median_ns / 1e6);
	return true;
}

static void run_cells(struct bench_row *row)
{
	struct bench_dir dir;
	char path[PATH_MAX];
	const char *const argv[] = { bench_pagewalk(), "cache", "--cells", "4096", path, NULL };
	double median_ns;

	if (!make_dir(&dir, row))
		return;
	snprintf(path, sizeof(path), "%s/data", dir.path);
	if (make_file(path, GIB, false, row)) {
		heat(path);
		if (run_rounds(argv, &median_ns, row))
			row->held = median_ns <= 20e6;
		BENCH_SAY(row->note, "%d %% of it cached at the end", resident_percent(path, GIB));
	}
	unlink(path);
	rmdir(dir.path);
}

/* Every process has its own ten of the files open. */
static pid_t open_files(const struct bench_dir *dir, int process)
{
	pid_t pid = fork();
	char path[PATH_MAX];

	if (pid)
		return pid;
	for (int i = 0; i < NR_FILES / NR_PROCESSES; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir->path,
			 process * (NR_FILES / NR_PROCESSES) + i);
		if (open(path, O_RDONLY) < 0)
			_exit(1);
	}
	for (;;)
		pause();
}

static void run_top(struct bench_row *row)
{
	/* 3: it is done, but some process may not be looked into. */
	static const char script[] = "\"$0\" cache --top 100000 --json 2>/dev/null || [ $? -eq 3 ]";
	const char *const argv[] = { "sh", "-c", script, bench_pagewalk(), NULL };
	pid_t pids[NR_PROCESSES];
	struct bench_dir dir;
	char path[PATH_MAX];
	double median_ns;
	bool ok;

	if (!make_dir(&dir, row))
		return;
	ok = true;
	for (int i = 0; ok && i < NR_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir.path, i);
		ok = make_file(path, 64 << 10, true, row);
	}
	for (int i = 0; i < NR_PROCESSES; i++)
		pids[i] = ok ? open_files(&dir, i) : -1;
	if (ok && run_rounds(argv, &median_ns, row))
		row->held = median_ns <= 1e9;
	for (int i = 0; i < NR_PROCESSES; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	for (int i = 0; i < NR_PROCESSES; i++)
		if (pids[i] > 0)
			waitpid(pids[i], NULL, 0);
	for (int i = 0; i < NR_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir.path, i);
		unlink(path);
	}
	rmdir(dir.path);
}

const struct bench_entry bench_cache[] = {
	{ "cache-4g-vmtouch", "cache of a file of 4 GiB, cached, against vmtouch", "0.2 x",
	  run_hot_vmtouch },
	{ "cache-4g-fincore", "the same against fincore", "0.2 x", run_hot_fincore },
	{ "sparse-4g-vmtouch", "cache of a sparse file of 4 GiB, against vmtouch", "0.3 x",
	  run_sparse_vmtouch },
	{ "sparse-4g-fincore", "the same against fincore", "0.3 x", run_sparse_fincore },
	{ "cache-cells", "cache --cells 4096 of a hot file of 1 GiB", "20 ms", run_cells },
	{ "cache-top", "cache --top, 200 processes and 2,000 files more than there were", "1 s",
	  run_top },
	{ 0 },
};
