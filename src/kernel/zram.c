/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Swap of compressed memory for a lesson. The swap header (linux/swap.h, union swap_header) is
 * written here, so that nothing of util-linux is needed; its label tells a later run whose it is.
 * The process that keeps the device holds a lock on it (flock(2)), which the kernel drops however
 * that process ends: a device with the label and without a lock was left behind.
 */
#include "kernel/zram.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#define DISK_BYTES (UINT64_C(64) << 20)
#define LABEL      "pagewalk-lesson"
#define NR_TRIES   50
#define NAP_NS     20000000L

/* What follows the 1024 bytes that are left to boot loaders. */
struct swap_info {
	uint32_t version, last_page, nr_badpages;
	unsigned char uuid[16];
	char label[16];
};

#define HEADER_OFF   1024
#define MAGIC        "SWAPSPACE2"
#define MAGIC_LENGTH 10

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* The number that hot_add made, or -errno. */
static int add_device(void)
{
	int fd = open("/sys/class/zram-control/hot_add", O_RDONLY | O_CLOEXEC);
	char text[16] = "";
	ssize_t got;
	int err;

	if (fd < 0)
		return -errno;
	got = read(fd, text, sizeof(text) - 1);
	err = -errno;
	close(fd);
	return got < 0 ? err : atoi(text);
}

static void device_path(char *out, size_t room, int number)
{
	snprintf(out, room, "/dev/zram%d", number);
}

/* The node appears a moment after the device where udev makes it. */
static int open_device(int number, int flags)
{
	const struct timespec nap = { 0, NAP_NS };
	char path[32];

	device_path(path, sizeof(path), number);
	for (int i = 0;; i++) {
		int fd = open(path, flags | O_CLOEXEC);

		if (fd >= 0 || errno != ENOENT || i == NR_TRIES)
			return fd < 0 ? -errno : fd;
		nanosleep(&nap, NULL);
	}
}

static int write_header(int fd)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct swap_info info = { .version = 1, .label = LABEL };
	char *page = calloc(1, page_bytes);
	int err = 0;

	if (!page)
		return -ENOMEM;
	info.last_page = (uint32_t)(DISK_BYTES / page_bytes - 1);
	memcpy(page + HEADER_OFF, &info, sizeof(info));
	memcpy(page + page_bytes - MAGIC_LENGTH, MAGIC, MAGIC_LENGTH);
	errno = EIO;
	if (pwrite(fd, page, page_bytes, 0) != (ssize_t)page_bytes || fsync(fd))
		err = -errno;
	free(page);
	return err;
}

/* Another run that looks whether the device was left behind holds the lock for a moment. */
static int lock_device(int fd)
{
	const struct timespec nap = { 0, NAP_NS };

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK || i == NR_TRIES)
			return -errno;
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* Opens the device, locks it and writes the header. */
static int claim_device(struct zram *zram)
{
	int err;

	zram->fd = open_device(zram->number, O_RDWR);
	if (zram->fd < 0)
		return zram->fd;
	err = lock_device(zram->fd);
	return err ? err : write_header(zram->fd);
}

/* Whoever asks what a new device is (udev, blkid) holds it for a moment. */
static int write_patiently(const char *path, const char *text)
{
	const struct timespec nap = { 0, NAP_NS };
	int err;

	for (int i = 0; i < NR_TRIES; i++) {
		err = write_text(path, text);
		if (err != -EBUSY)
			break;
		nanosleep(&nap, NULL);
	}
	return err;
}

int zram_remove_swap(struct zram *zram)
{
	char path[64], text[16];
	int err;

	device_path(path, sizeof(path), zram->number);
	if (swapoff(path) && errno != EINVAL)
		return -errno;
	/* A device that is open is not reset. */
	if (zram->fd >= 0)
		close(zram->fd);
	zram->fd = -1;
	snprintf(path, sizeof(path), "/sys/block/zram%d/reset", zram->number);
	err = write_patiently(path, "1");
	if (err)
		return err;
	snprintf(text, sizeof(text), "%d", zram->number);
	return write_patiently("/sys/class/zram-control/hot_remove", text);
}

bool zram_was_left_behind(int number)
{
	struct swap_info info;
	char path[32];
	bool left = false;
	int fd;

	device_path(path, sizeof(path), number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (!flock(fd, LOCK_EX | LOCK_NB) &&
	    pread(fd, &info, sizeof(info), HEADER_OFF) == sizeof(info))
		left = !strncmp(info.label, LABEL, sizeof(info.label));
	close(fd);
	return left;
}

static void remove_left_behind(void)
{
	for (int number = 0; number < ZRAM_MOST_DEVICES; number++) {
		struct zram zram = { .number = number, .fd = -1 };

		if (zram_was_left_behind(number))
			zram_remove_swap(&zram);
	}
}

static int fail(char *error, size_t room, int err, const char *what)
{
	snprintf(error, room, "%s: %s", what, strerror(-err));
	return err;
}

int zram_make_swap(struct zram *zram, char *error, size_t room)
{
	char path[64], text[32];
	int err;

	remove_left_behind();
	zram->number = add_device();
	if (zram->number < 0)
		return fail(error, room, zram->number, "cannot add a zram device");
	zram->fd = -1;
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", zram->number);
	snprintf(text, sizeof(text), "%" PRIu64, DISK_BYTES);
	err = write_text(path, text);
	if (!err)
		err = claim_device(zram);
	device_path(path, sizeof(path), zram->number);
	if (!err && swapon(path, 0))
		err = -errno;
	if (!err)
		return 0;
	zram_remove_swap(zram);
	return fail(error, room, err, "cannot make swap of a zram device");
}

bool swap_is_on(void)
{
	struct sysinfo info;

	return !sysinfo(&info) && info.totalswap > 0;
}

bool zram_is_possible(void)
{
	return !access("/sys/class/zram-control/hot_add", R_OK) && geteuid() == 0;
}
