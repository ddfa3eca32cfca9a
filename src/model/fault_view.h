/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FAULT_VIEW_H
#define PAGEWALK_MODEL_FAULT_VIEW_H

#include "base/why.h"
#include "model/fault.h"
#include "model/fault_cross.h"
#include "model/fault_heat.h"
#include "model/fault_rates.h"
#include "model/fault_tally.h"
#include "model/process.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What screen 2 shows at one moment, shared by reference count and not changed once it is
 * published: the last faults, the counts by mapping, by instruction and by kind, the rates.
 * The faults and the names are shared by all views, so that to publish one is cheap at any rate.
 */

/* The scroll-back: so many faults are kept, at least; older ones are only counted. */
#define FAULT_LOG_KEPT  65536
#define FAULT_LOG_CHUNK 1024

#define FAULT_NO_ROW UINT32_MAX

/* A fault as the stream shows it. */
struct fault_row {
	struct fault fault;
	uint32_t vma, site; /* rows of struct fault_names; FAULT_NO_ROW: none */
	uint64_t vma_off_bytes;
};

/* A symbol, once it was looked up. */
struct fault_symbol {
	char *name, *source; /* raw; "" not known */
	uint64_t off_bytes;
};

/*
 * The names of mappings and of instructions, by the row of the tally. Rows are only ever added, and a
 * view tells how many it may read; symbols come later, from another thread.
 */
struct fault_vma_label {
	char *path; /* raw; "" for anonymous memory; NULL: a mapping not seen, or all others */
	uint64_t start_addr;
	unsigned perms; /* enum vma_perm */
	bool others;    /* the row of all that found no room */
};

struct fault_site_label {
	char *module; /* raw path; "" where the code is no file's */
	uint64_t off_bytes, ip;
	bool in_kernel;
	bool others;
	_Atomic(struct fault_symbol *) symbol; /* NULL: not looked up yet */
};

struct fault_names {
	atomic_uint refs;
	size_t most_vmas, most_sites;
	struct fault_vma_label *vmas;
	struct fault_site_label *sites;
};

struct fault_names *fault_names_new(size_t most_vmas, size_t most_sites);
struct fault_names *fault_names_ref(struct fault_names *names);
void fault_names_unref(struct fault_names *names);
/* Copies the name of a row of the tally. */
void fault_names_set_vma(struct fault_names *names, size_t row, const struct fault_tally_vma *vma);
void fault_names_set_site(struct fault_names *names, size_t row,
			  const struct fault_tally_site *site, bool in_kernel);
/* Gives a site its symbol, from any thread; the strings are copied. Once for each row. */
void fault_names_set_symbol(struct fault_names *names, size_t row, const char *name,
			    uint64_t off_bytes, const char *source);

/* The last faults, for their one writer. */
struct fault_log;

struct fault_log *fault_log_new(void);
void fault_log_free(struct fault_log *log);
void fault_log_add(struct fault_log *log, const struct fault_row *row);
/* How many there have been. */
uint64_t fault_log_nr(const struct fault_log *log);

enum fault_watching {
	WATCH_STARTING,
	WATCH_LIVE,
	WATCH_REFUSED, /* no events: `error` says why; the rates come from /proc's counters */
	WATCH_ENDED,   /* the process has exited; all stays as it was */
};

/* Faults of one mapping or one instruction. */
struct fault_count {
	uint64_t by_severity[NR_FAULT_SEVERITY];
	uint64_t start_addr, end_addr; /* of a mapping, as far as it has been seen */
	enum fault_kind kind;          /* of most of them */
	/* Of a mapping of a file: pages that left the page cache; or why that is not known. */
	bool is_file;
	enum eviction_doubt evicted_doubt;
	uint64_t nr_evicted;
};

/* Cells of struct fault_cross. */
struct fault_cells {
	struct fault_cell *cells;
	size_t nr;
	bool whole; /* all faults are in them; else there is none */
};

struct fault_view {
	atomic_uint refs;
	uint64_t taken_mono_ns, began_ns;
	struct process_info process;
	enum fault_watching watching;
	bool from_start; /* it was watched before its first instruction */
	char error[256];
	unsigned nr_execs; /* other programs that it has become since */

	/* What the kernel lets us see, and why no more. */
	bool sees_kernel;
	enum why error_code, signals;
	unsigned nr_unattached;

	/* The kernel's own counters against the events. */
	bool balance_known;
	uint64_t minflt, majflt, nr_hidden, nr_lost;

	struct fault_numbers numbers;
	struct fault_rates rates;
	struct heat_map *heat; /* NULL: not asked for */
	size_t nr_vmas, nr_sites;
	struct fault_count *vmas, *sites;
	struct fault_cells places, threads;
	struct fault_names *names;
	unsigned cost_permille; /* of one CPU, that all of pagewalk takes */

	/* The faults first to past - 1, by their number since the beginning. */
	uint64_t first, past;
	struct fault_chunk **chunks;
	size_t nr_chunks;
};

struct fault_view *fault_view_new(void);
struct fault_view *fault_view_ref(struct fault_view *view);
void fault_view_unref(struct fault_view *view);
/* Gives a view the last faults, before it is published. */
void fault_view_take_log(struct fault_view *view, const struct fault_log *log);
/* Gives it the counts and the names that they have. */
void fault_view_take_tally(struct fault_view *view, const struct fault_tally *tally,
			   const struct fault_evictions *evictions, struct fault_names *names);
/* Gives it the counts that a filter needs. */
void fault_view_take_cross(struct fault_view *view, const struct fault_cross *cross);
/* A fault by its number, borrowed; NULL where it is not kept. */
const struct fault_row *fault_view_at(const struct fault_view *view, uint64_t number);
/* Faults of all severities. */
uint64_t fault_count_sum(const struct fault_count *count);
/* Sets the counts and the kind of most of them; the addresses stay. */
void fault_count_set(struct fault_count *count, const struct fault_numbers *numbers);

/* Which faults are wanted; all that is set must match. */
struct fault_filter {
	bool by_kind, by_vma, by_site, by_thread;
	enum fault_kind kind;
	uint32_t vma, site;
	pid_t tid;
};

bool fault_filter_is_set(const struct fault_filter *filter);
bool fault_filter_is_same(const struct fault_filter *filter, const struct fault_filter *other);
bool fault_filter_passes(const struct fault_filter *filter, const struct fault_row *row);
/*
 * The next fault that passes, from `number` on (itself included) forward or back; false: there
 * is none among those kept.
 */
bool fault_view_seek(const struct fault_view *view, const struct fault_filter *filter,
		     uint64_t number, bool back, uint64_t *found);

#endif
