/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_WINDOW_H
#define PAGEWALK_LAB_WINDOW_H

#include "lab/transfer.h"

/* The part of the file that is mapped now: read-only and shared, so its pages are the cache's. */
struct window {
	char *at; /* NULL: none */
	uint64_t off_bytes;
	size_t len_bytes;
};

/* True where the transfer has got to the end of the window (or has none yet). */
bool window_is_used_up(const struct transfer *transfer, const struct window *window);
/* Unmaps it and maps the part where the transfer has got to. 0 or -errno. */
int window_move(struct transfer *transfer, struct window *window);
/* The next bytes to send: *from in the window, at most one step of them. */
size_t window_next(const struct transfer *transfer, const struct window *window, uint64_t off_bytes,
		   const char **from);
void window_drop(struct transfer *transfer, struct window *window);

#endif
