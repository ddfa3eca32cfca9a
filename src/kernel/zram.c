/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Swap of compressed memory for a lesson. The swap header (linux/swap.h, union swap_header) is
 * written here, so that nothing of util-linux is needed; its label carries the PID of the
 * process that keeps the device, by which a later run knows one whose keeper was killed.
 */
#include "kernel/zram.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#define DISK_BYTES   (UINT64_C(64) << 20)
#define LABEL        "pagewalk-"
#define MOST_DEVICES 64
#define NR_TRIES     50
#define NAP_NS       20000000L

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

static int write_header(int number)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct swap_info info = { .version = 1 };
	char label[32];
	char *page;
	int fd, err = 0;

	fd = open_device(number, O_RDWR);
	if (fd < 0)
		return fd;
	page = calloc(1, page_bytes);
	if (!page) {
		close(fd);
		return -ENOMEM;
	}
	info.last_page = (uint32_t)(DISK_BYTES / page_bytes - 1);
	snprintf(label, sizeof(label), LABEL "%d", (int)getpid());
	memcpy(info.label, label, sizeof(info.label));
	memcpy(page + HEADER_OFF, &info, sizeof(info));
	memcpy(page + page_bytes - MAGIC_LENGTH, MAGIC, MAGIC_LENGTH);
	if (pwrite(fd, page, page_bytes, 0) != (ssize_t)page_bytes || fsync(fd))
		err = errno ? -errno : -EIO;
	free(page);
	close(fd);
	return err;
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

int zram_remove_swap(const struct zram *zram)
{
	char path[64], text[16];
	int err;

	device_path(path, sizeof(path), zram->number);
	if (swapoff(path) && errno != EINVAL)
		return -errno;
	snprintf(path, sizeof(path), "/sys/block/zram%d/reset", zram->number);
	err = write_patiently(path, "1");
	if (err || !zram->added)
		return err;
	snprintf(text, sizeof(text), "%d", zram->number);
	return write_patiently("/sys/class/zram-control/hot_remove", text);
}

/* The PID in the label of a device that one of us made; 0: it is none. */
static pid_t keeper_of(int number)
{
	struct swap_info info;
	char path[32], label[sizeof(info.label) + 1] = "";
	int fd;

	device_path(path, sizeof(path), number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (pread(fd, &info, sizeof(info), HEADER_OFF) == sizeof(info))
		memcpy(label, info.label, sizeof(info.label));
	close(fd);
	return strncmp(label, LABEL, strlen(LABEL)) ? 0 : atoi(label + strlen(LABEL));
}

static void remove_left_behind(void)
{
	for (int number = 0; number < MOST_DEVICES; number++) {
		struct zram zram = { .number = number, .added = number > 0 };
		pid_t keeper = keeper_of(number);

		if (keeper > 0 && kill(keeper, 0) && errno == ESRCH)
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
	zram->added = true;
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", zram->number);
	snprintf(text, sizeof(text), "%" PRIu64, DISK_BYTES);
	err = write_text(path, text);
	if (!err)
		err = write_header(zram->number);
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
