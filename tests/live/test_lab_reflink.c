/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying by copy_file_range(2) on file systems that can let two files have the same blocks
 * (reflink), made for the test: an image in /var/tmp on a loop device, mounted where only this
 * process sees it. The image has no name any more when the test begins, the device goes with
 * the mount and the mount with the process, so nothing is left however it ends.
 */
#include "base/xalloc.h"
#include "kernel/extents.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define IMAGE_BYTES (512 * 1024 * 1024) /* what mkfs.xfs wants at least, and some */
#define BLOCK       65536
#define NR_PIECES   600

struct disk {
	const char *fs;
	char dir[64];
	bool mounted;
	char missing[200]; /* why there is none */
};

static int say_missing(struct disk *disk, const char *what)
{
	snprintf(disk->missing, sizeof(disk->missing), "no %s here: %s: %s", disk->fs, what,
		 strerror(errno));
	return -1;
}

/* Runs mkfs for the image. 0, or -1 with the reason. */
static int make_fs(struct disk *disk, const char *image)
{
	char *program = xasprintf("mkfs.%s", disk->fs);
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		int null_fd = open("/dev/null", O_RDWR);

		dup2(null_fd, STDOUT_FILENO);
		dup2(null_fd, STDERR_FILENO);
		setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
		execlp(program, program, "-q", image, (char *)NULL);
		_exit(errno == ENOENT ? 127 : 126);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		snprintf(disk->missing, sizeof(disk->missing), "%s %s", program,
			 WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "is not installed"
									 : "failed");
	free(program);
	return status ? -1 : 0;
}

/* A loop device that goes when nobody has it open. Its descriptor, or -1 with the reason. */
static int attach(struct disk *disk, int image_fd, char path[32])
{
	struct loop_config config = { .fd = (uint32_t)image_fd,
				      .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int control_fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd = -1;

	if (control_fd < 0)
		return say_missing(disk, "/dev/loop-control");
	/* Somebody else may take a free one first. */
	for (int i = 0; i < 20 && fd < 0; i++) {
		int nr = ioctl(control_fd, LOOP_CTL_GET_FREE);

		snprintf(path, 32, "/dev/loop%d", nr);
		fd = nr < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config)) {
			int err = errno;

			close(fd);
			fd = -1;
			errno = err;
		}
	}
	close(control_fd);
	return fd < 0 ? say_missing(disk, "a loop device") : fd;
}

static int mount_image(struct disk *disk, int image_fd)
{
	char path[32];
	int fd = attach(disk, image_fd, path), err;

	if (fd < 0)
		return -1;
	err = mount(path, disk->dir, disk->fs, 0, "");
	if (err)
		say_missing(disk, "mount");
	close(fd);
	disk->mounted = !err;
	return err;
}

static int make_disk(struct disk *disk)
{
	char image[] = "/var/tmp/pagewalk-test-XXXXXX";
	int fd = mkostemp(image, O_CLOEXEC), err;

	assert_return_code(fd, errno);
	assert_int_equal(ftruncate(fd, IMAGE_BYTES), 0);
	err = make_fs(disk, image);
	unlink(image);
	if (!err)
		err = mount_image(disk, fd);
	close(fd);
	return err;
}

/* What is mounted from here on is this process's own. */
static int setup_group(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		fprintf(stderr, "skipped: a loop device is only mounted by root\n");
		exit(RUN_SKIP_ALL);
	}
	return 0;
}

static int setup(void **state, const char *fs)
{
	struct disk *disk = xcalloc(1, sizeof(*disk));

	disk->fs = fs;
	strcpy(disk->dir, "/var/tmp/pagewalk-test-XXXXXX");
	assert_non_null(mkdtemp(disk->dir));
	*state = disk;
	make_disk(disk);
	return 0;
}

static int setup_btrfs(void **state)
{
	return setup(state, "btrfs");
}

static int setup_xfs(void **state)
{
	return setup(state, "xfs");
}

static int teardown(void **state)
{
	struct disk *disk = *state;

	if (disk->mounted)
		assert_int_equal(umount(disk->dir), 0);
	assert_int_equal(rmdir(disk->dir), 0);
	free(disk);
	return 0;
}

static int make_file(const struct disk *disk, const char *name)
{
	char *path = xasprintf("%s/%s", disk->dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_return_code(fd, errno);
	free(path);
	return fd;
}

static void write_block(int fd, off_t off_bytes)
{
	static char block[BLOCK];

	memset(block, (int)(off_bytes / BLOCK) + 1, sizeof(block));
	assert_int_equal(pwrite(fd, block, sizeof(block), off_bytes), sizeof(block));
}

static void expect_extents(const struct disk *disk, const char *name, uint32_t least,
			   uint32_t *nr_shared, uint32_t *nr_extents)
{
	char *path = xasprintf("%s/%s", disk->dir, name);

	assert_int_equal(extents_count_shared(path, nr_shared, nr_extents), WHY_OK);
	assert_true(*nr_extents >= least);
	free(path);
}

/* More pieces than one call of FIEMAP tells; then one of them is written to. */
static void check_counts(const struct disk *disk)
{
	uint32_t nr_shared, nr_extents;
	int fd = make_file(disk, "source"), clone_fd = make_file(disk, "clone");

	for (off_t i = 0; i < NR_PIECES; i++)
		write_block(fd, i * 2 * BLOCK);
	expect_extents(disk, "source", NR_PIECES, &nr_shared, &nr_extents);
	assert_int_equal(nr_shared, 0);
	assert_int_equal(ioctl(clone_fd, FICLONE, fd), 0);
	expect_extents(disk, "clone", NR_PIECES, &nr_shared, &nr_extents);
	assert_int_equal(nr_shared, nr_extents);
	write_block(clone_fd, (NR_PIECES - 1) * 2 * BLOCK);
	expect_extents(disk, "clone", NR_PIECES, &nr_shared, &nr_extents);
	assert_int_equal(nr_shared, nr_extents - 1);
	close(fd);
	close(clone_fd);
}

/* The row of copy-file-range in a list of the report. */
static json_t *find_row(const struct run *run, const char *list)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(run->json, list), i, row)
	{
		if (!strcmp(json_string_value(json_object_get(row, "mode")), "copy-file-range"))
			return row;
	}
	fail_msg("no copy-file-range in the %s", list);
	return NULL;
}

/* What the report says of it: the blocks are the same ones, and every byte is right. */
static void check_report(const struct disk *disk)
{
	static const char *const sizes[] = { "1", "65537", "8MiB" };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const char *const args[] = {
			"bench",   "--size", sizes[i],   "--modes", "copy-file-range",
			"--sinks", "disk",   "--rounds", "1",       "--warmup",
			"0",       "--dir",  disk->dir,  "--json",  "-",
			NULL
		};
		struct run run = run_pagewalk(args);
		const char *note, *hash, *verdict;
		json_t *environment;

		run_expect(&run, 0);
		environment = json_object_get(run.json, "environment");
		assert_string_equal(json_string_value(json_object_get(environment, "file_system")),
				    disk->fs);
		note = json_string_value(json_object_get(find_row(&run, "results"), "note"));
		assert_non_null(note);
		assert_non_null(strstr(note, "shares all blocks"));
		hash = json_string_value(json_object_get(find_row(&run, "summaries"), "hash"));
		assert_string_equal(hash, "equal");
		verdict = json_string_value(json_object_get(find_row(&run, "proofs"), "verdict"));
		assert_string_equal(verdict, "shared");
		run_clear(&run);
	}
}

static void test_shared_blocks_are_told(void **state)
{
	const struct disk *disk = *state;

	if (!disk->mounted)
		run_skip(disk->missing);
	check_counts(disk);
	check_report(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "test_shared_blocks_are_told_on_btrfs", test_shared_blocks_are_told, setup_btrfs,
		  teardown, NULL },
		{ "test_shared_blocks_are_told_on_xfs", test_shared_blocks_are_told, setup_xfs,
		  teardown, NULL },
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
