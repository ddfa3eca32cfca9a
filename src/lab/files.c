/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lanes' files. Content is generated, not zero, so that a hash proves something; it is
 * hashed on the way out, so that no second pass reads it back into the cache. Writing goes
 * to the disk in step (sync_file_range(2), Linux only), so that progress shows what the
 * disk does and not how fast memory fills.
 */
#include "lab/files.h"

#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define BLOCK_BYTES (1024 * 1024)
/* Written but not yet on the disk, at most. */
#define BEHIND_BYTES (UINT64_C(32) * 1024 * 1024)

/* Where content comes from: fills the block, which starts at off_bytes. 0 or -errno. */
struct content {
	int (*fill)(const struct content *content, uint64_t off_bytes, char *block,
		    size_t len_bytes);
	uint64_t seed;
	int fd;
};

/* SplitMix64 by position: any block can be made by itself, and the loop vectorises. */
static int fill_generated(const struct content *content, uint64_t off_bytes, char *block,
			  size_t len_bytes)
{
	uint64_t first = content->seed + off_bytes / sizeof(uint64_t);
	size_t nr_words = (len_bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t);

	for (size_t i = 0; i < nr_words; i++) {
		uint64_t word = (first + i) * UINT64_C(0x9e3779b97f4a7c15);

		word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
		word ^= word >> 31;
		memcpy(block + i * sizeof(word), &word, sizeof(word));
	}
	return 0;
}

static int fill_copied(const struct content *content, uint64_t off_bytes, char *block,
		       size_t len_bytes)
{
	while (len_bytes) {
		ssize_t got = pread(content->fd, block, len_bytes, (off_t)off_bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -ENODATA;
		block += got;
		off_bytes += (uint64_t)got;
		len_bytes -= (size_t)got;
	}
	return 0;
}

static int write_all(int fd, const char *block, size_t len_bytes)
{
	while (len_bytes) {
		ssize_t took = write(fd, block, len_bytes);

		if (took < 0 && errno == EINTR)
			continue;
		if (took < 0)
			return -errno;
		block += took;
		len_bytes -= (size_t)took;
	}
	return 0;
}

/* Starts to write the newest block out, and waits for what is far behind. A hint only. */
static void push_to_disk(int fd, uint64_t off_bytes)
{
	sync_file_range(fd, (off_t)off_bytes, BLOCK_BYTES, SYNC_FILE_RANGE_WRITE);
	if (off_bytes >= BEHIND_BYTES)
		sync_file_range(fd, (off_t)(off_bytes - BEHIND_BYTES), BLOCK_BYTES,
				SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					SYNC_FILE_RANGE_WAIT_AFTER);
}

static int write_content(int fd, const struct content *content, uint64_t size_bytes, char *block,
			 const struct files_watch *watch, XXH3_state_t *hash)
{
	for (uint64_t off_bytes = 0; off_bytes < size_bytes; off_bytes += BLOCK_BYTES) {
		uint64_t left = size_bytes - off_bytes;
		size_t part = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
		int err;

		if (atomic_load(watch->cancel))
			return -ECANCELED;
		err = content->fill(content, off_bytes, block, part);
		if (!err)
			err = write_all(fd, block, part);
		if (err)
			return err;
		XXH3_64bits_update(hash, block, part);
		push_to_disk(fd, off_bytes);
		watch->progress(watch->arg, part);
	}
	return fdatasync(fd) ? -errno : 0;
}

static int make_file(const char *path, const struct content *content, uint64_t size_bytes,
		     const struct files_watch *watch, uint64_t *hash)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	XXH3_state_t *state;
	char *block;
	int err = 0;

	if (fd < 0)
		return -errno;
	block = xmalloc(BLOCK_BYTES);
	state = XXH3_createState();
	if (!state) {
		err = -ENOMEM;
		goto out;
	}
	XXH3_64bits_reset(state);
	/* Says at once where the disk is full; a file system without it does without. */
	if (size_bytes && fallocate(fd, 0, 0, (off_t)size_bytes) && errno == ENOSPC)
		err = -ENOSPC;
	if (!err)
		err = write_content(fd, content, size_bytes, block, watch, state);
	if (!err)
		*hash = XXH3_64bits_digest(state);
out:
	XXH3_freeState(state);
	free(block);
	close(fd);
	return err;
}

int files_generate(const char *path, uint64_t size_bytes, uint64_t seed,
		   const struct files_watch *watch, uint64_t *hash)
{
	const struct content content = { .fill = fill_generated, .seed = seed };

	return make_file(path, &content, size_bytes, watch, hash);
}

int files_copy(const char *path, int source_fd, uint64_t size_bytes,
	       const struct files_watch *watch, uint64_t *hash)
{
	const struct content content = { .fill = fill_copied, .fd = source_fd };

	return make_file(path, &content, size_bytes, watch, hash);
}
