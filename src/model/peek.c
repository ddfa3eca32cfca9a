/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a page, for people. */
#include "model/peek.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const sentences[NR_PEEK_RESULT] = {
	[PEEK_READ] = "read once, on request; the kernel counts it as an access to the page",
	[PEEK_ABSENT] = "not present: reading it would fault it in, so it is not read",
	[PEEK_SWAPPED] = "swapped out: reading it would bring it back, so it is not read",
	[PEEK_DEVICE] = "a device mapping: reading it may act on the device, so it is not read",
	[PEEK_UNREADABLE] = "the process may not read it itself (no r in its permissions)",
	[PEEK_UNMAPPED] = "no VMA holds this address",
	[PEEK_DENIED] = "denied: another user's memory needs CAP_SYS_PTRACE (sudo, or setcap)",
	[PEEK_GONE] = "the process has exited",
	[PEEK_UNKNOWN] = "whether it is present is not known, so it is not read",
};

struct page_peek *page_peek_new(uint64_t addr, size_t len_bytes)
{
	struct page_peek *peek = xcalloc(1, sizeof(*peek) + len_bytes);

	atomic_init(&peek->refs, 1);
	peek->addr = addr;
	peek->len_bytes = len_bytes;
	return peek;
}

struct page_peek *page_peek_ref(struct page_peek *peek)
{
	if (peek)
		atomic_fetch_add_explicit(&peek->refs, 1, memory_order_relaxed);
	return peek;
}

void page_peek_unref(struct page_peek *peek)
{
	if (peek && atomic_fetch_sub_explicit(&peek->refs, 1, memory_order_acq_rel) == 1)
		free(peek);
}

const char *page_peek_sentence(const struct page_peek *peek)
{
	if (peek->result == PEEK_READ && peek->faulted)
		return "it had just left memory, and reading it brought it back: one fault is ours";
	if (peek->result == PEEK_READ && peek->moved)
		return "read once; the page was replaced or moved while it was read";
	return sentences[peek->result];
}

char *page_peek_line(const struct page_peek *peek, size_t line, char *out, size_t room)
{
	size_t start = line * PEEK_LINE_BYTES;
	size_t nr = start < peek->len_bytes ? peek->len_bytes - start : 0;
	char hex[PEEK_LINE_BYTES * 3 + 2] = "", text[PEEK_LINE_BYTES + 1];
	int at = 0;

	if (nr > PEEK_LINE_BYTES)
		nr = PEEK_LINE_BYTES;
	for (size_t i = 0; i < nr; i++) {
		unsigned char byte = peek->bytes[start + i];

		at += snprintf(hex + at, sizeof(hex) - (size_t)at,
			       i == 8 ? "  %02x"
			       : i    ? " %02x"
				      : "%02x",
			       byte);
		text[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : '.';
	}
	text[nr] = '\0';
	snprintf(out, room, "%04zx  %-48s  |%s|", start, hex, text);
	return out;
}
