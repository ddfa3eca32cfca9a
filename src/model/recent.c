/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New changes cover older ones of the same pages: two lists in order are merged into one. */
#include "model/recent.h"

#include "base/xalloc.h"

#include <stdlib.h>

void recent_clear(struct recent *recent)
{
	free(recent->runs);
	*recent = (struct recent){ 0 };
}

static void push(struct recent *to, const struct recent_run *run)
{
	struct recent_run *last = to->nr ? &to->runs[to->nr - 1] : NULL;

	if (!run->nr_pages)
		return;
	if (last && last->vpn + last->nr_pages == run->vpn && last->change == run->change &&
	    last->at_ns == run->at_ns) {
		last->nr_pages += run->nr_pages;
		return;
	}
	to->runs = xgrow(to->runs, to->nr, &to->room, sizeof(*to->runs));
	to->runs[to->nr++] = *run;
}

/* The part of an old run in [from, until). */
static void push_part(struct recent *to, const struct recent_run *old, uint64_t from,
		      uint64_t until)
{
	struct recent_run part = *old;
	uint64_t end = old->vpn + old->nr_pages;

	if (from < old->vpn)
		from = old->vpn;
	if (until > end)
		until = end;
	if (from >= until)
		return;
	part.vpn = from;
	part.nr_pages = until - from;
	push(to, &part);
}

/* Drops what is older than a time. */
static void drop_older(struct recent *recent, uint64_t than_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < recent->nr; i++)
		if (recent->runs[i].at_ns >= than_ns)
			recent->runs[kept++] = recent->runs[i];
	recent->nr = kept;
}

static void make_room(struct recent *recent, uint64_t now_ns)
{
	while (recent->nr > RECENT_RUNS) {
		uint64_t oldest = now_ns;

		recent->forgotten_ns = now_ns;
		for (size_t i = 0; i < recent->nr; i++)
			if (recent->runs[i].at_ns < oldest)
				oldest = recent->runs[i].at_ns;
		if (oldest == now_ns)
			recent->nr = RECENT_RUNS;
		else
			drop_older(recent, oldest + (now_ns - oldest) / 2 + 1);
	}
}

void recent_add(struct recent *recent, const struct change_run *runs, size_t nr, uint64_t now_ns)
{
	struct recent merged = { .forgotten_ns = recent->forgotten_ns };
	uint64_t from = 0;
	size_t old = 0;

	if (now_ns > RECENT_NS)
		drop_older(recent, now_ns - RECENT_NS);
	for (size_t i = 0; i <= nr; i++) {
		uint64_t until = i < nr ? runs[i].vpn : UINT64_MAX;
		struct recent_run run;

		if (i < nr && runs[i].change == CHANGE_SAME)
			continue;
		for (; old < recent->nr && recent->runs[old].vpn < until; old++) {
			const struct recent_run *before = &recent->runs[old];

			push_part(&merged, before, from, until);
			if (before->vpn + before->nr_pages > until)
				break;
		}
		if (i == nr)
			break;
		run = (struct recent_run){ until, runs[i].nr_pages, now_ns, runs[i].change };
		push(&merged, &run);
		from = until + runs[i].nr_pages;
	}
	free(recent->runs);
	*recent = merged;
	make_room(recent, now_ns);
}

size_t recent_find(const struct recent *recent, uint64_t vpn)
{
	size_t low = 0, high = recent->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (recent->runs[middle].vpn + recent->runs[middle].nr_pages <= vpn)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
