/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_JSON_H
#define PAGEWALK_OUT_JSON_H

#include "base/why.h"
#include "model/sources.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The contract that all JSON documents of pagewalk keep: counts, bytes and nanoseconds are
 * numbers; addresses and frame numbers are strings in hexadecimal; what is not known is null,
 * and the object "unknown" beside it says why.
 */

/* A document with "pagewalk", "command" and "taken_ns". New reference. */
json_t *json_document(const char *command, uint64_t taken_ns);
/* Sets the field to null and its reason in the object's "unknown". */
void json_set_unknown(json_t *object, const char *field, const char *reason);
/* Sets a number, or null with the reason that `source` gives for `why`. */
void json_set_count(json_t *object, const char *field, uint64_t count, enum source source,
		    enum why why);
/* Which interface gave a group of fields. */
struct json_source {
	const char *group;
	enum source source;
};

/* The object "sources": those of the groups whose interface answered. New reference. */
json_t *json_sources(const struct json_source *groups, size_t nr, const struct sources *sources);
/* "0x7f...", new reference. */
json_t *json_hex(uint64_t value);
/* The names of a frame's flags (kpageflags), in an array. */
json_t *json_frame_flags(uint64_t flags);
/* Text from outside as a JSON string: always valid UTF-8. New reference. */
json_t *json_text(const char *raw);
/*
 * A document whose main array is too long to be held as a whole: json_stream_begin() writes the
 * members of `head` and opens the array `name`, json_stream_item() adds an element on a line of
 * its own, json_stream_end() closes the array and writes the members of `tail`. Each drops the
 * reference it is given; the last gives 0 or -errno for all.
 */
void json_stream_begin(FILE *out, json_t *head, const char *name);
void json_stream_item(FILE *out, json_t *item, bool first);
int json_stream_end(FILE *out, json_t *tail);
/* Writes the document and a newline, and drops the reference. 0 or -errno. */
int json_print(FILE *out, json_t *document);

#endif
