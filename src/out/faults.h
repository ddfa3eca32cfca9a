/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_FAULTS_H
#define PAGEWALK_OUT_FAULTS_H

#include "base/why.h"
#include "model/fault.h"
#include "model/fault_evictions.h"
#include "model/fault_tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The fault stream and its summary, for people and, a JSON object a line, for scripts. */

/* A fault with the names that go with it. All borrowed; NULL: not known. */
struct fault_line {
	const struct fault *fault;
	const struct vma *vma;  /* that it struck */
	const struct vma *code; /* in which its instruction lies */
	const char *symbol;     /* function, "" where it has no name */
	enum why symbol_why;    /* why it has none, where `symbol` is "" */
	uint64_t symbol_off_bytes;
	const char *source; /* "main.c:12" or "" */
	uint64_t began_ns;  /* CLOCK_MONOTONIC at which the watch began */
};

/* What the stream begins with. */
struct fault_head {
	uint64_t taken_ns; /* CLOCK_REALTIME */
	pid_t pid;
	bool sees_kernel;
	enum why error_code, signals, cache_events;
	enum why bpf;                  /* whether BPF programs write the faults down */
	enum eviction_doubt evictions; /* why what leaves the page cache is not seen */
	unsigned nr_threads, nr_unattached;
	bool follow;
	bool summary_only;     /* no faults follow */
	const char *no_events; /* why only the counters can be had; NULL: events come */
};

/* The kernel's counters at a moment, and their pace since the moment before. */
struct fault_rate {
	uint64_t t_ns; /* since the watch began */
	uint64_t minflt, majflt;
	uint64_t minflt_per_s, majflt_per_s;
};

/* A row of the summary's sites, with the name that was found for it. */
struct fault_site_name {
	char *symbol, *source; /* "" where not known */
	uint64_t off_bytes;
	enum why why; /* why there is no symbol */
};

struct fault_summary {
	const char *no_events; /* why none were seen, and then there is no tally; NULL: they were */
	const struct fault_tally *tally;
	const struct fault_site_name *names;     /* one for each site of the tally */
	const struct fault_evictions *evictions; /* NULL only where there are no events */
	uint64_t began_ns, elapsed_ns;           /* CLOCK_MONOTONIC; since then */
	uint64_t minflt, majflt;                 /* the kernel's counters */
	uint64_t nr_events;                      /* minor and major faults that came */
	uint64_t nr_hidden, nr_lost, nr_failed;
	uint64_t nr_unprinted;                /* beyond --limit */
	const struct fault_numbers *left_out; /* by --kind, and not in the tally; NULL: none */
	bool balance_known;
	enum why error_code; /* why kinds may lack the difference of load and store */
	enum why signals;    /* why the access that ended in a signal may not be among the events */
	bool sees_kernel;
	unsigned nr_unattached; /* threads whose faults are hidden */
	bool has_exit;          /* exit_status is that of the command */
	int exit_status;
};

/* Why the access that killed the command is not among the events. */
#define FAULTS_NO_SIGNALS "its signal gives no software event; the tracepoints need root"
/* True where the command was killed by an access that the events do not have. */
bool fault_summary_lacks_signal(const struct fault_summary *summary);

void out_faults_head_text(FILE *out, const struct fault_head *head);
void out_faults_head_json(FILE *out, const struct fault_head *head);
/* Instead of faults, where only the counters can be had. */
void out_fault_rate_text(FILE *out, const struct fault_rate *rate);
void out_fault_rate_json(FILE *out, const struct fault_rate *rate);
void out_fault_text(FILE *out, const struct fault_line *line);
void out_fault_json(FILE *out, const struct fault_line *line);
/*
 * At most `rows` mappings and sites, most faults first, and files, most evicted pages first; 0: all.
 */
void out_faults_summary_text(FILE *out, const struct fault_summary *summary, size_t rows);
void out_faults_summary_json(FILE *out, const struct fault_summary *summary);

#endif
