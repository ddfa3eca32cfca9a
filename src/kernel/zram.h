/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_ZRAM_H
#define PAGEWALK_KERNEL_ZRAM_H

#include <stdbool.h>
#include <stddef.h>

/* A zram device that is used as swap (Documentation/admin-guide/blockdev/zram.rst). */
struct zram {
	int number; /* /dev/zramN */
	int fd;     /* open and locked as long as it is kept; -1: neither */
};

/*
 * Makes a small zram device into swap with the least priority, so that only what is pushed out
 * goes there as long as there is other swap; needs CAP_SYS_ADMIN. Devices that a killed run left
 * behind, known by the label of their swap header and by having no lock, are removed first. 0, or -errno with one
 * line in error[room].
 */
int zram_make_swap(struct zram *zram, char *error, size_t room);
/* Takes the swap off, empties the device and removes it. 0 or -errno. */
int zram_remove_swap(struct zram *zram);
/* True for a device that one of us made and nobody holds any more; of the first ones alone. */
bool zram_was_left_behind(int number);
#define ZRAM_MOST_DEVICES 64
/* True where some swap is on (sysinfo(2)). */
bool swap_is_on(void);
/* True where zram could be had: root, and a kernel with zram. */
bool zram_is_possible(void);

#endif
