/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making of the benchmark's files in a directory of the run (lab/rundir.h), which goes with
 * them however the run ends. A file that is sent in place (`share` with a file of the
 * user's) is only ever opened for reading.
 */
#include "lab/bench_files.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "lab/files.h"
#include "lab/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define BLOCK_BYTES (1024 * 1024)
/* What files take on the disk beyond their size. */
#define SPARE_PART 20
#define MOST_BYTES (UINT64_C(1) << 44)

/* One for each mode, one for the control. */
#define NR_FILES (NR_MODE + 1)
#define CONTROL  NR_MODE

struct bench_files {
	struct run_dir *run;
	struct bench_files_watch watch;
	int source_fd; /* the user's file, or -1 */
	bool share;
	uint64_t size_bytes, done_bytes, total_bytes;
	struct bench_file files[NR_FILES]; /* without path: no lane needs it */
};

static size_t index_of(const struct bench_lane *lane)
{
	return lane->control ? CONTROL : (size_t)lane->mode;
}

const struct bench_file *bench_files_of(const struct bench_files *files,
					const struct bench_lane *lane)
{
	return &files->files[files->share ? MODE_TRADITIONAL : index_of(lane)];
}

uint64_t bench_files_size(const struct bench_files *files)
{
	return files->size_bytes;
}

const char *bench_files_dir(const struct bench_files *files)
{
	return run_dir_path(files->run);
}

static void add_done(void *arg, uint64_t len_bytes)
{
	struct bench_files *files = arg;

	files->done_bytes += len_bytes;
	files->watch.progress(files->watch.arg, files->done_bytes, files->total_bytes);
}

static int open_source(struct bench_files *files, const char *path, char *error, size_t room)
{
	char *safe = text_safe_str(path);
	const char *why = NULL;
	struct stat st;
	int err = 0;

	files->source_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (files->source_fd < 0 || fstat(files->source_fd, &st)) {
		err = -errno;
		why = strerror(-err);
	} else if (!S_ISREG(st.st_mode)) {
		err = S_ISDIR(st.st_mode) ? -EISDIR : -ENODEV;
		why = "it is not a regular file";
	} else {
		files->size_bytes = (uint64_t)st.st_size;
	}
	if (err)
		snprintf(error, room, "cannot send %s: %s", safe, why);
	free(safe);
	return err;
}

/* The hash of the user's file where it is sent itself. 0 or -errno. */
static int hash_source(struct bench_files *files, uint64_t *hash)
{
	XXH3_state_t *state = XXH3_createState();
	char *block = xmalloc(BLOCK_BYTES);
	uint64_t off_bytes = 0;
	int err = state ? 0 : -ENOMEM;

	if (state)
		XXH3_64bits_reset(state);
	while (!err && off_bytes < files->size_bytes) {
		ssize_t got = pread(files->source_fd, block, BLOCK_BYTES, (off_t)off_bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			err = got ? -errno : -ENODATA;
			break;
		}
		XXH3_64bits_update(state, block, (size_t)got);
		off_bytes += (uint64_t)got;
		add_done(files, (uint64_t)got);
		if (atomic_load(files->watch.cancel))
			err = -ECANCELED;
	}
	if (!err)
		*hash = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	free(block);
	return err;
}

int bench_file_know(struct bench_file *file)
{
	struct stat st;

	if (stat(file->path, &st))
		return -errno;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return 0;
}

static int make_one(struct bench_files *files, size_t index, const char *key)
{
	const struct files_watch watch = { files->watch.cancel, add_done, files };
	struct bench_file *file = &files->files[index];
	uint64_t seed = (uint64_t)(index + 1) << 40;
	int err;

	file->path = xasprintf("%s/lane-%zu-%s.bin", run_dir_path(files->run), index + 1, key);
	file->size_bytes = files->size_bytes;
	err = files->source_fd >= 0
		      ? files_copy(file->path, files->source_fd, files->size_bytes, &watch,
				   &file->hash)
		      : files_generate(file->path, files->size_bytes, seed, &watch, &file->hash);
	return err ? err : bench_file_know(file);
}

/* The user's file, sent itself: the one that is open, whatever its name stands for now. */
static int know_source(const struct bench_files *files, struct bench_file *file)
{
	struct stat st;

	if (fstat(files->source_fd, &st))
		return -errno;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return 0;
}

static int make_all(struct bench_files *files, const struct bench_plan *plan,
		    const struct bench *bench)
{
	struct bench_file *shared = &files->files[MODE_TRADITIONAL];
	int err;

	if (files->share && plan->file) {
		shared->path = xstrdup(plan->file);
		shared->size_bytes = files->size_bytes;
		err = know_source(files, shared);
		return err ? err : hash_source(files, &shared->hash);
	}
	if (files->share)
		return make_one(files, MODE_TRADITIONAL, "all");
	for (size_t i = 0; i < bench->nr_lanes; i++) {
		size_t index = index_of(&bench->lanes[i]);

		if (files->files[index].path)
			continue;
		err = make_one(files, index, bench_lane_key(&bench->lanes[i]));
		if (err)
			return err;
	}
	return 0;
}

/* How much is to be written; that it fits. */
static int check_space(struct bench_files *files, const struct bench_plan *plan, char *error,
		       size_t room)
{
	size_t nr_files = files->share ? 1 : plan->nr_modes + 2;
	uint64_t need_bytes = files->share && plan->file ? 0 : files->size_bytes * nr_files;

	files->total_bytes = files->size_bytes * nr_files;
	for (size_t i = 0; !plan->remote && i < plan->nr_sinks; i++)
		if (plan->sinks[i] == SINK_DISK)
			need_bytes += files->size_bytes;
	return run_dir_check_space(files->run, need_bytes + need_bytes / SPARE_PART, error, room);
}

int bench_files_open(const struct bench_plan *plan, const struct bench *bench,
		     const struct bench_files_watch *watch, struct bench_files **out, char *error,
		     size_t room)
{
	struct bench_files *files = xcalloc(1, sizeof(*files));
	int err = 0;

	files->watch = *watch;
	files->source_fd = -1;
	files->share = plan->config.share;
	files->size_bytes = plan->config.size_bytes;
	if (plan->file)
		err = open_source(files, plan->file, error, room);
	if (!err && files->size_bytes > MOST_BYTES) {
		snprintf(error, room, "the size is too large");
		err = -EFBIG;
	}
	if (!err)
		err = run_dir_open(plan->dir, plan->keep, plan->actor_path, &files->run, error,
				   room);
	if (!err)
		err = check_space(files, plan, error, room);
	if (err) {
		bench_files_close(files);
		return err;
	}
	err = make_all(files, plan, bench);
	if (err) {
		snprintf(error, room, "the lanes' files: %s",
			 err == -ENODATA ? "the file to send has become shorter" : strerror(-err));
		bench_files_close(files);
		return err;
	}
	*out = files;
	return 0;
}

void bench_files_close(struct bench_files *files)
{
	if (!files)
		return;
	run_dir_close(files->run);
	if (files->source_fd >= 0)
		close(files->source_fd);
	for (size_t i = 0; i < NR_FILES; i++)
		free(files->files[i].path);
	free(files);
}
