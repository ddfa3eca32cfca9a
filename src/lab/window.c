/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window on the file, moved along by the modes that send from a mapping. The last one
 * stays mapped after the end, so that its pages can be looked at.
 */
#include "lab/window.h"

bool window_is_used_up(const struct transfer *transfer, const struct window *window)
{
	return transfer->off_bytes == window->off_bytes + window->len_bytes;
}

int window_move(struct transfer *transfer, struct window *window)
{
	int err;

	window_drop(transfer, window);
	window->off_bytes = transfer->off_bytes;
	window->len_bytes = transfer_part_bytes(transfer, window->off_bytes,
						transfer->window_bytes);
	err = transfer_map(transfer, window->off_bytes, window->len_bytes, &window->at);
	if (err)
		window->len_bytes = 0;
	transfer_set_window(transfer, (uintptr_t)window->at);
	return err;
}

size_t window_next(const struct transfer *transfer, const struct window *window, uint64_t off_bytes,
		   const char **from)
{
	size_t start = (size_t)(off_bytes - window->off_bytes);
	size_t left = window->len_bytes - start, step = transfer_step_bytes(transfer);

	*from = window->at + start;
	return left < step ? left : step;
}

void window_drop(struct transfer *transfer, struct window *window)
{
	if (window->at)
		transfer_unmap(transfer, window->at, window->len_bytes);
	window->at = NULL;
	window->len_bytes = 0;
}
