/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/history.h"

void history_clear(struct history *history)
{
	history->nr = history->first = 0;
}

static size_t place(const struct history *history, size_t back)
{
	return (history->first + history->nr - 1 - back) % HISTORY_POINTS;
}

void history_add(struct history *history, const struct process_info *process, uint64_t now_ns)
{
	struct history_point point = {
		.at_ns = now_ns,
		.bytes = {
			[SERIES_ANON] = process->rss_anon_bytes,
			[SERIES_FILE] = process->rss_file_bytes,
			[SERIES_SHMEM] = process->rss_shmem_bytes,
			[SERIES_SWAP] = process->swap_bytes,
		},
	};
	const struct history_point *last = history_at(history, 0);

	if (last && now_ns / HISTORY_STEP_NS == last->at_ns / HISTORY_STEP_NS) {
		history->points[place(history, 0)] = point;
		return;
	}
	if (history->nr < HISTORY_POINTS)
		history->nr++;
	else
		history->first = (history->first + 1) % HISTORY_POINTS;
	history->points[place(history, 0)] = point;
}

const struct history_point *history_at(const struct history *history, size_t back)
{
	return back < history->nr ? &history->points[place(history, back)] : NULL;
}

uint64_t history_resident(const struct history_point *point)
{
	return point->bytes[SERIES_ANON] + point->bytes[SERIES_FILE] + point->bytes[SERIES_SHMEM];
}

uint64_t history_peak(const struct history *history, size_t nr)
{
	uint64_t peak = 0;

	for (size_t back = 0; back < nr && back < history->nr; back++) {
		const struct history_point *point = history_at(history, back);
		uint64_t all = history_resident(point) + point->bytes[SERIES_SWAP];

		if (all > peak)
			peak = all;
	}
	return peak;
}

const char *history_series_name(enum history_series series)
{
	static const char *const names[NR_SERIES] = { "anon", "file", "shm", "swap" };

	return names[series];
}
