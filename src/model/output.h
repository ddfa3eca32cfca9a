/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_OUTPUT_H
#define PAGEWALK_MODEL_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The last bytes that a command has written, by lines. What is older than the room is dropped,
 * and counted.
 */
struct output;

/* Keeps at most most_bytes > 0. The caller frees it. */
struct output *output_new(size_t most_bytes);
void output_free(struct output *output);
void output_add(struct output *output, const char *bytes, size_t len_bytes);
/* All bytes that were added, and those of them that are no longer kept. */
uint64_t output_total_bytes(const struct output *output);
uint64_t output_dropped_bytes(const struct output *output);
/* Lines that are kept: those that were ended, and one that is not yet. */
size_t output_nr_lines(const struct output *output);
/*
 * A line as it can be drawn: without escape sequences of terminals, with tabs as blanks, what
 * a carriage return overwrote left out, the rest made safe (base/text.h). Of a
 * very long one the beginning. The caller frees it.
 */
char *output_line(const struct output *output, size_t index);

#endif
