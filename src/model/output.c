/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command has written, bounded: a ring of bytes and, beside it, where each line in it
 * starts. Positions are counted from the first byte ever written, so that they stay true
 * when the ring turns. Escape sequences are told by ECMA-48: they are left out and not obeyed,
 * since the screen is ours.
 */
#include "model/output.h"

#include "base/text.h"
#include "base/xalloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* More of one line is never drawn. */
#define LINE_BYTES 16384
#define TAB_STOP   8

struct output {
	size_t most_bytes;
	char *ring;
	uint64_t total;
	uint64_t *starts; /* of the lines; starts[first] is the oldest that is kept */
	size_t first, nr, room;
};

struct output *output_new(size_t most_bytes)
{
	struct output *output = xcalloc(1, sizeof(*output));

	output->most_bytes = most_bytes;
	output->ring = xmalloc(most_bytes);
	return output;
}

void output_free(struct output *output)
{
	if (!output)
		return;
	free(output->ring);
	free(output->starts);
	free(output);
}

uint64_t output_total_bytes(const struct output *output)
{
	return output->total;
}

uint64_t output_dropped_bytes(const struct output *output)
{
	return output->total > output->most_bytes ? output->total - output->most_bytes : 0;
}

size_t output_nr_lines(const struct output *output)
{
	return output->nr - output->first;
}

static void add_start(struct output *output, uint64_t at)
{
	/* What was dropped at the front is made room of before there is more. */
	if (output->nr == output->room && output->first > output->nr / 2) {
		output->nr -= output->first;
		memmove(output->starts, output->starts + output->first,
			output->nr * sizeof(*output->starts));
		output->first = 0;
	}
	output->starts = xgrow(output->starts, output->nr, &output->room, sizeof(*output->starts));
	output->starts[output->nr++] = at;
}

/* Forgets lines of which nothing is left; of the oldest the rest stays. */
static void drop_lines(struct output *output)
{
	uint64_t oldest = output_dropped_bytes(output);

	while (output->first + 1 < output->nr && output->starts[output->first + 1] <= oldest)
		output->first++;
	if (output->first < output->nr && output->starts[output->first] < oldest)
		output->starts[output->first] = oldest;
}

static char byte_at(const struct output *output, uint64_t at)
{
	return output->ring[at % output->most_bytes];
}

void output_add(struct output *output, const char *bytes, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++) {
		bool begins = !output->total || byte_at(output, output->total - 1) == '\n';

		if (begins)
			add_start(output, output->total);
		output->ring[output->total++ % output->most_bytes] = bytes[i];
		/* Now and then, so that the starts never outgrow the ring. */
		if (begins && output->nr - output->first > output->most_bytes)
			drop_lines(output);
	}
	drop_lines(output);
}

/* Bytes of the escape sequence at text[0] == ESC; all that is left where it has no end. */
static size_t escape_bytes(const char *text, size_t len)
{
	size_t at = 2;

	if (len < 2)
		return len;
	switch (text[1]) {
	case '[': /* CSI: parameters, intermediates, one final byte */
		while (at < len && text[at] >= 0x20 && text[at] <= 0x3f)
			at++;
		return at < len && text[at] >= 0x40 && text[at] <= 0x7e ? at + 1 : at;
	case ']': /* OSC and its kin: up to BEL or ESC \ */
	case 'P':
	case 'X':
	case '^':
	case '_':
		while (at < len && text[at] != '\a' && text[at] != 0x1b)
			at++;
		if (at < len && text[at] == '\a')
			return at + 1;
		return at + 1 < len && text[at + 1] == '\\' ? at + 2 : at;
	default: /* intermediates, one final byte */
		at = 1;
		while (at < len && text[at] >= 0x20 && text[at] <= 0x2f)
			at++;
		return at < len && text[at] >= 0x30 && text[at] <= 0x7e ? at + 1 : at;
	}
}

static size_t rub_out(const char *text, size_t len)
{
	while (len && ((unsigned char)text[--len] & 0xc0) == 0x80)
		continue;
	return len;
}

/* Carries out what a line discipline or a pager would; `out` has room for 8 times len. */
static size_t make_plain(const char *text, size_t len, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		size_t stop;

		switch (text[i]) {
		case 0x1b:
			i += escape_bytes(text + i, len - i) - 1;
			break;
		case '\r':
			/* What follows is written over the line; nothing follows at its end. */
			if (i + 1 < len)
				used = 0;
			break;
		case '\b':
			used = rub_out(out, used);
			break;
		case '\a':
			break;
		case '\t':
			stop = used - used % TAB_STOP + TAB_STOP;
			while (used < stop)
				out[used++] = ' ';
			break;
		default:
			out[used++] = text[i];
		}
	}
	return used;
}

char *output_line(const struct output *output, size_t index)
{
	size_t at = output->first + index, len, used;
	uint64_t start, end;
	char *raw, *plain, *safe;

	if (at >= output->nr)
		return xstrdup("");
	start = output->starts[at];
	end = at + 1 < output->nr ? output->starts[at + 1] : output->total;
	if (end > start && byte_at(output, end - 1) == '\n')
		end--;
	len = end - start < LINE_BYTES ? (size_t)(end - start) : LINE_BYTES;
	raw = xmalloc(len + 1);
	for (size_t i = 0; i < len; i++)
		raw[i] = byte_at(output, start + i);
	plain = xmalloc(len * TAB_STOP + 1);
	used = make_plain(raw, len, plain);
	safe = text_safe(plain, used);
	free(raw);
	free(plain);
	return safe;
}
