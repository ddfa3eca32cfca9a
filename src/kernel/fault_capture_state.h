/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FAULT_CAPTURE_STATE_H
#define PAGEWALK_KERNEL_FAULT_CAPTURE_STATE_H

#include "kernel/fault_capture.h"
#include "kernel/bpf_log.h"
#include "kernel/perf_ring.h"
#include "kernel/tracefs.h"

#include <poll.h>

/*
 * The inside of a capture, shared by its three files: fault_attach.c opens the events,
 * fault_records.c takes records out of the rings, fault_capture.c tells them in order.
 */

/* What a record is about. The first eight are events of their own; the rest come with NEWS. */
enum capture_kind {
	CAPTURE_NEWS, /* of mappings, exec, fork and exit; on each CPU it has the ring */
	CAPTURE_MINOR,
	CAPTURE_MAJOR,
	CAPTURE_USER,   /* exceptions:page_fault_user */
	CAPTURE_KERNEL, /* exceptions:page_fault_kernel */
	CAPTURE_SIGNAL,
	CAPTURE_ADD,    /* filemap:mm_filemap_add_to_page_cache */
	CAPTURE_AROUND, /* filemap:mm_filemap_map_pages */
	NR_CAPTURE_EVENT,
	CAPTURE_MAP = NR_CAPTURE_EVENT,
	CAPTURE_EXEC,
	CAPTURE_FORK,
	CAPTURE_EXIT,
};

/* Of an event that is asked for. */
struct capture_event {
	const char *name; /* of the tracepoint; NULL: a software event */
	const char *filter;
};

extern const struct capture_event capture_events[NR_CAPTURE_EVENT];

/*
 * Where another program watches the same faults, the kernel puts the number of its event into the
 * samples of ours (perf_prepare_sample() fills what all events of a moment share once): minor and
 * major are told apart by their size too. MAJOR has CPU in addition.
 */
#define SOFT_SAMPLE                                                                                \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
	 PERF_SAMPLE_ADDR)
#define MAJOR_SAMPLE (SOFT_SAMPLE | PERF_SAMPLE_CPU)
#define MINOR_BYTES  (sizeof(struct perf_event_header) + 5 * sizeof(uint64_t))
#define MAJOR_BYTES  (MINOR_BYTES + sizeof(uint64_t))
#define TRACE_SAMPLE (PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)

/* A record, taken out of its ring. */
struct capture_item {
	uint64_t t_ns;
	uint64_t addr, ip;
	uint64_t value; /* error code; signal code; pages; parent */
	pid_t pid, tid;
	enum capture_kind kind;
	int signal;
	void *owned; /* CAPTURE_MAP: struct vma with its path; CAPTURE_EXEC: the name */
};

/* Records of one ring or log that have not been told yet: items[first .. nr). */
struct capture_queue {
	struct perf_ring *ring; /* NULL: none, or this is a log's */
	int ring_fd;
	struct capture_item *items;
	size_t first, nr, room;
};

/* An event of a thread on a CPU. */
struct capture_fd {
	int fd;
	enum capture_kind kind;
};

/* A fault that has begun: its exception was seen, its end not yet. */
struct capture_pending {
	pid_t tid; /* 0: free */
	bool open;
	bool in_kernel;
	uint8_t error_code;
	uint32_t pages_inserted, pages_around;
	uint64_t t_ns, addr, ip;
};

struct fault_capture {
	const struct host *host;
	struct fault_capture_config config;
	struct fault_capture_powers powers;
	unsigned nr_cpus;
	struct capture_queue *queues; /* one for the ring of each CPU, then one for each log */
	size_t nr_queues;
	struct bpf_log *log; /* NULL: samples go to the rings */
	bool logs_software;  /* software events are written into it too, not only exceptions */
	uint64_t nr_logged;  /* records of software events that came by the log */
	uint64_t nr_births;  /* of threads and processes, that the rings told of */
	struct pollfd *polls;
	struct trace_event trace[NR_CAPTURE_EVENT];
	const struct trace_field *field_addr[NR_CAPTURE_EVENT], *field_ip[NR_CAPTURE_EVENT],
		*field_value[NR_CAPTURE_EVENT], *field_more[NR_CAPTURE_EVENT];
	bool wanted[NR_CAPTURE_EVENT];

	struct capture_fd *fds;
	size_t nr_fds, fds_room;
	size_t most_fds; /* that this process may have open */
	pid_t *tids;     /* attached to */
	size_t nr_tids, tids_room;
	uint8_t *kind_of_id; /* by id - first_id: ids are given in order */
	uint64_t first_id;
	size_t nr_ids;

	struct capture_pending *pending; /* a table of a power of two, by tid */
	size_t nr_pending, pending_room;
	uint64_t told_ns;  /* up to here all is told */
	uint64_t round_ns; /* when the last reading of the rings began */
	size_t last_fill;  /* of all rings, when they were left alone last */
	uint64_t grew_ns;  /* when they were seen to have grown last */
	bool more;         /* a ring was not emptied by the last reading */
	bool stopped;
	uint64_t nr_lost; /* that the kernel had counted at the end */
	bool went_first;
	int old_nice;
};

/* Reads a queue's ring or log, at most `most` bytes (0: all). Returns the bytes read. */
size_t capture_drain(struct fault_capture *capture, struct capture_queue *queue, size_t most);
/* Bytes that wait in a queue's ring or log, and of how many; 0 where it has none. */
size_t capture_fill(const struct fault_capture *capture, const struct capture_queue *queue,
		    size_t *room_bytes);
/* Closes all events, and forgets what was not told; the log stays. */
void capture_detach(struct fault_capture *capture);
/* What a sample of this kind has (perf_event_open(2), sample_type). */
uint64_t capture_sample_type(enum capture_kind kind);
/* Opens the events of all threads; as fault_capture_new(). */
int capture_attach(struct fault_capture *capture);
/* Lets the reader go before those whose faults it reads, where that is allowed. */
void capture_go_first(struct fault_capture *capture);

#endif
