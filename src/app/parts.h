/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_PARTS_H
#define PAGEWALK_APP_PARTS_H

#include "kernel/host.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What the sampler has read last, piece by piece: a snapshot is put together from it. Only
 * the sampler's thread touches it.
 */
struct parts {
	struct process_info process;
	uint64_t execed_mono_ns;
	char exe[512]; /* what was executed then; raw; "" not known */
	enum why maps_why;
	struct vma_table *vmas;
	struct grid *view;
	struct grid_rows *rows;
	struct frame_map *frames;
	enum why frames_why;
	struct frame_pages *frame_pages;
	bool frame_pages_old; /* they are to be read again */
	unsigned seek_serial;
	bool seek_found;
	uint64_t seek_vpn;
	bool has_detail;
	struct page_detail detail;
	struct page_peek *peek; /* NULL: none was asked for */
	enum why pss_why;
	uint64_t pss_bytes;
	struct sources sources;
	double minflt_per_s, majflt_per_s;
	struct snapshot_cost cost;

	/* The counters at the last look, of which the rates are made. */
	uint64_t rate_mono_ns, rate_minflt, rate_majflt, rate_cpu_ns;
	unsigned long rate_calls;
};

/* Nothing is known yet. */
void parts_init(struct parts *parts);
/* Forgets the memory of a program that is no more: VMAs, view, frames, detail. */
void parts_forget_memory(struct parts *parts);
void parts_forget_detail(struct parts *parts);
/* Notes which interfaces answered, without forgetting those that others used. */
void parts_note_sources(struct parts *parts, const struct sources *sources);
/* Takes a new list of mappings over; counts of mappings that stayed are kept. True if it differs. */
bool parts_take_vmas(struct parts *parts, const struct geometry *geometry, struct vma_list *list);
/* Faults per second of the target, and what watching costs, over at least half a second. */
void parts_update_rates(struct parts *parts, const struct host *host);
/* A snapshot that shares the parts; the caller unrefs it. */
struct snapshot *parts_snapshot(const struct parts *parts, const struct geometry *geometry);

#endif
