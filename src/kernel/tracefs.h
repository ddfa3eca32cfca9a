/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_TRACEFS_H
#define PAGEWALK_KERNEL_TRACEFS_H

#include "kernel/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's tracepoints as files (Documentation/trace/events.rst): what number an event
 * has for perf_event_open(2), and where its fields lie in the raw record.
 */

/* A field of a tracepoint's record. */
struct trace_field {
	char name[32];
	unsigned off_bytes, len_bytes; /* in the raw record, the common fields included */
	bool is_signed;
};

#define TRACE_MAX_FIELDS 24

struct trace_event {
	uint64_t id; /* perf_event_attr.config of PERF_TYPE_TRACEPOINT */
	size_t nr_fields;
	struct trace_field fields[TRACE_MAX_FIELDS];
};

/*
 * A descriptor of the root of tracefs: where it is mounted, else a mount of our own that no
 * path leads to (fsmount(2), Linux 5.2; CAP_SYS_ADMIN) and that ends when it is closed. -EACCES
 * where it is not for us, -ENODEV where this kernel has none, or -errno.
 */
int tracefs_open(const struct host *host);
/* Reads events/NAME ("filemap/mm_filemap_map_pages"). 0, -ENOENT: no such event, or -errno. */
int tracefs_read_event(const struct host *host, int tracefs_fd, const char *name,
		       struct trace_event *out);
/*
 * Parses the text of a `format` file: fields in out->fields, the number in out->id. 0, or
 * -EPROTO where it is not one.
 */
int tracefs_parse_format(const char *text, size_t len_bytes, struct trace_event *out);
/* NULL where the event has no such field. */
const struct trace_field *trace_event_field(const struct trace_event *event, const char *name);
/*
 * The value of a field of 1, 2, 4 or 8 bytes, sign-extended; 0 where the record ends before
 * it or `field` is NULL.
 */
uint64_t trace_field_value(const struct trace_field *field, const void *raw, size_t len_bytes);

#endif
