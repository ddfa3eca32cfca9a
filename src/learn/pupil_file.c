/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Actions on a file, its page cache and its mappings. The file never has a name (O_TMPFILE of
 * open(2)), so that nothing can be left behind however the pupil ends. Descriptors: 0 and 1 are
 * two struct files of it, 2 is a duplicate of 0. Regions: 0 maps it, 1 maps it a second time.
 */
#include "kernel/reopen.h"
#include "learn/pupil.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define FILE_PAGES   256 /* 1 MiB: more than readahead brings at once */
#define SHARED_PAGES 8
#define AROUND_PAGES 64
#define NAP_NS       10000000L

#define LESSON_BYTES 100

/* A file whose name lives for a moment, in which the end of pagewalk is not heard of. */
static int open_and_unlink(const char *dir)
{
	char path[4096];
	sigset_t all, before;
	int fd;

	snprintf(path, sizeof(path), "%s/pagewalk-lesson-XXXXXX", dir);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

/* Not every file system has files without a name. */
static int open_unnamed(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR) ? open_and_unlink(dir) : fd;
}

static int fill(struct pupil *pupil, int fd, size_t nr_pages)
{
	static unsigned char page[1 << 16];

	for (size_t i = 0; i < nr_pages; i++) {
		memset(page, (int)(i % 255) + 1, pupil->page_bytes);
		if (write(fd, page, pupil->page_bytes) != (ssize_t)pupil->page_bytes)
			return pupil_fail(pupil, errno, "write");
	}
	return fdatasync(fd) ? pupil_fail(pupil, errno, "fdatasync") : 0;
}

int pupil_make_file(struct pupil *pupil, size_t nr_pages, int again)
{
	int fd, err;

	pupil_end_tasks(pupil);
	for (unsigned i = 0; i < LESSON_SUBJECTS; i++)
		pupil_set_fd(pupil, i, -1);
	pupil_unmap(pupil, 0);
	pupil_unmap(pupil, 1);
	fd = open_unnamed(pupil->dir);
	if (fd < 0)
		return pupil_fail(pupil, errno, pupil->dir);
	pupil_set_fd(pupil, 0, fd);
	err = fill(pupil, fd, nr_pages);
	if (err)
		return err;
	lseek(fd, 0, SEEK_SET);
	if (again) {
		fd = reopen_fd(fd, O_RDWR);
		if (fd < 0)
			return pupil_fail(pupil, -fd, "open");
		pupil_set_fd(pupil, 1, fd);
	}
	return 0;
}

/*
 * Asks for the eviction of all pages. It is a request: pages that another CPU holds in a batch
 * stay for a moment, so it is asked more than once; the runner looks whether it has happened.
 */
static void evict(const struct pupil *pupil)
{
	const struct timespec nap = { 0, NAP_NS };
	int fd = pupil->stage.fds[0];

	for (int i = 0; i < 3; i++) {
		fdatasync(fd);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (i < 2)
			nanosleep(&nap, NULL);
	}
}

static int read_page(struct pupil *pupil, size_t page)
{
	static unsigned char into[1 << 16];

	if (pread(pupil->stage.fds[0], into, pupil->page_bytes,
		  (off_t)(page * pupil->page_bytes)) != (ssize_t)pupil->page_bytes)
		return pupil_fail(pupil, errno, "pread");
	return 0;
}

static int read_file(struct pupil *pupil)
{
	for (size_t i = 0; i < FILE_PAGES; i++) {
		int err = read_page(pupil, i);

		if (err)
			return err;
	}
	return 0;
}

/* ---- descriptors ---- */

static int make_file(struct pupil *pupil)
{
	return pupil_make_file(pupil, SHARED_PAGES, 0);
}

static int open_again(struct pupil *pupil)
{
	int fd = reopen_fd(pupil->stage.fds[0], O_RDWR);

	if (fd < 0)
		return pupil_fail(pupil, -fd, "open");
	pupil_set_fd(pupil, 1, fd);
	return 0;
}

static int make_two_opens(struct pupil *pupil)
{
	int err = make_file(pupil);

	return err ? err : open_again(pupil);
}

static int read_some(struct pupil *pupil)
{
	char bytes[LESSON_BYTES];

	return read(pupil->stage.fds[0], bytes, sizeof(bytes)) == sizeof(bytes)
		       ? 0
		       : pupil_fail(pupil, errno, "read");
}

static int make_duplicate(struct pupil *pupil)
{
	int err = make_two_opens(pupil), fd;

	if (err)
		return err;
	fd = fcntl(pupil->stage.fds[0], F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return pupil_fail(pupil, errno, "dup");
	pupil_set_fd(pupil, 2, fd);
	return 0;
}

/* Through one struct file in, through the other out, and no write to the disk between. */
static int write_one_read_other(struct pupil *pupil)
{
	static const char sent[] = "one inode, one address_space";
	char got[sizeof(sent)] = "";

	if (pwrite(pupil->stage.fds[0], sent, sizeof(sent), 0) != sizeof(sent))
		return pupil_fail(pupil, errno, "pwrite");
	if (pread(pupil->stage.fds[1], got, sizeof(got), 0) != sizeof(got))
		return pupil_fail(pupil, errno, "pread");
	pupil->stage.said[0] = !memcmp(sent, got, sizeof(sent));
	return 0;
}

/* Maps the file through one descriptor into a region and reads every page of it. */
static int map_file(struct pupil *pupil, unsigned region, unsigned fd, size_t nr_pages, int flags)
{
	return pupil_map(pupil, region, flags & MAP_PRIVATE ? "private file" : "shared file",
			 nr_pages, PROT_READ | PROT_WRITE, flags, pupil->stage.fds[fd]);
}

static int map_both(struct pupil *pupil)
{
	int err = map_file(pupil, 0, 0, SHARED_PAGES, MAP_SHARED);

	if (!err)
		err = map_file(pupil, 1, 1, SHARED_PAGES, MAP_SHARED);
	if (err)
		return err;
	pupil_read(pupil, 0, 0, SHARED_PAGES);
	pupil_read(pupil, 1, 0, SHARED_PAGES);
	return 0;
}

/* ---- page cache ---- */

static int make_cold(struct pupil *pupil)
{
	int err = pupil_make_file(pupil, FILE_PAGES, 0);

	if (!err)
		evict(pupil);
	return err;
}

static int read_first(struct pupil *pupil)
{
	return read_page(pupil, 0);
}

static int make_warm(struct pupil *pupil)
{
	int err = pupil_make_file(pupil, FILE_PAGES, 0);

	return err ? err : read_file(pupil);
}

static int write_four(struct pupil *pupil)
{
	static unsigned char page[1 << 16];

	memset(page, 7, pupil->page_bytes);
	for (size_t i = 0; i < 4; i++)
		if (pwrite(pupil->stage.fds[0], page, pupil->page_bytes,
			   (off_t)(i * pupil->page_bytes)) != (ssize_t)pupil->page_bytes)
			return pupil_fail(pupil, errno, "pwrite");
	return 0;
}

static int make_dirty(struct pupil *pupil)
{
	int err = make_warm(pupil);

	return err ? err : write_four(pupil);
}

static int write_back(struct pupil *pupil)
{
	return fdatasync(pupil->stage.fds[0]) ? pupil_fail(pupil, errno, "fdatasync") : 0;
}

static int map_shared(struct pupil *pupil)
{
	int err = make_warm(pupil);

	if (!err)
		err = map_file(pupil, 0, 0, SHARED_PAGES, MAP_SHARED);
	if (!err)
		pupil_read(pupil, 0, 0, SHARED_PAGES);
	return err;
}

/* Runs in the child, which has a copy of the VMA but not yet of its entries. */
static int read_shared(struct pupil *pupil)
{
	pupil_read(pupil, 0, 0, SHARED_PAGES);
	return 0;
}

static int share_with_child(struct pupil *pupil)
{
	int err = pupil_clone(pupil, 1, 0, read_shared);

	if (!err)
		pupil_name_region(pupil, 1, "in the child", pupil->stage.tasks[1],
				  (uintptr_t)pupil->stage.regions[0].start_addr, SHARED_PAGES);
	return err;
}

static int drop(struct pupil *pupil)
{
	evict(pupil);
	return 0;
}

/* ---- faults on a file ---- */

static int map_cold(struct pupil *pupil)
{
	int err = make_cold(pupil);

	return err ? err : map_file(pupil, 0, 0, AROUND_PAGES, MAP_SHARED);
}

static int map_warm(struct pupil *pupil)
{
	int err = make_warm(pupil);

	return err ? err : map_file(pupil, 0, 0, AROUND_PAGES, MAP_SHARED);
}

static int touch_file_page(struct pupil *pupil)
{
	pupil_read(pupil, 0, 0, 1);
	return 0;
}

static int touch_file_pages(struct pupil *pupil)
{
	pupil_read(pupil, 0, 0, AROUND_PAGES);
	return 0;
}

/* ---- a private mapping ---- */

static int map_private(struct pupil *pupil)
{
	int err = make_warm(pupil);

	if (!err)
		err = map_file(pupil, 0, 0, SHARED_PAGES, MAP_PRIVATE);
	if (!err)
		pupil_read(pupil, 0, 0, SHARED_PAGES);
	return err;
}

/* Two pages are written; how many bytes of the file itself have changed by that. */
static int write_private(struct pupil *pupil)
{
	unsigned char byte;

	pupil->stage.said[0] = 0;
	for (size_t i = 0; i < 2; i++) {
		*pupil_page(pupil, 0, i) = 0xff;
		if (pread(pupil->stage.fds[0], &byte, 1, (off_t)(i * pupil->page_bytes)) != 1)
			return pupil_fail(pupil, errno, "pread");
		pupil->stage.said[0] += byte == 0xff;
	}
	return 0;
}

const struct pupil_action pupil_file_actions[] = {
	{ "make-file", make_file },
	{ "open-again", open_again },
	{ "make-two-opens", make_two_opens },
	{ "read-100", read_some },
	{ "make-duplicate", make_duplicate },
	{ "write-one-read-other", write_one_read_other },
	{ "map-both", map_both },
	{ "make-cold", make_cold },
	{ "pread-first", read_first },
	{ "make-warm", make_warm },
	{ "write-four", write_four },
	{ "make-dirty", make_dirty },
	{ "write-back", write_back },
	{ "map-shared", map_shared },
	{ "share-with-child", share_with_child },
	{ "drop", drop },
	{ "map-cold", map_cold },
	{ "map-warm", map_warm },
	{ "touch-file-page", touch_file_page },
	{ "touch-file-pages", touch_file_pages },
	{ "map-private", map_private },
	{ "write-private", write_private },
	{ NULL, NULL },
};
