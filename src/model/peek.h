/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_PEEK_H
#define PAGEWALK_MODEL_PEEK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum peek_result {
	PEEK_READ,
	PEEK_ABSENT,     /* reading would fault it in */
	PEEK_SWAPPED,    /* likewise, from the swap area */
	PEEK_DEVICE,     /* a mapping of a device or of frames without pages: reading may act */
	PEEK_UNREADABLE, /* the process may not read it either */
	PEEK_UNMAPPED,
	PEEK_DENIED,
	PEEK_GONE,
	PEEK_UNKNOWN, /* whether it is present is not known, so it is left alone */
	NR_PEEK_RESULT,
};

/* The bytes of one page as they were at one moment. Not changed once it is shared. */
struct page_peek {
	atomic_uint refs;
	unsigned serial; /* of the request that it answers */
	uint64_t addr;   /* of the page */
	enum peek_result result;
	/*
	 * The page left between the look at its state and the read: the read brought it back, or
	 * it was replaced meanwhile. Said on screen.
	 */
	bool faulted, moved;
	size_t len_bytes; /* 0 unless it was read */
	unsigned char bytes[];
};

/* Room for len_bytes, all 0. The caller unrefs it. */
struct page_peek *page_peek_new(uint64_t addr, size_t len_bytes);
struct page_peek *page_peek_ref(struct page_peek *peek);
void page_peek_unref(struct page_peek *peek);
/* One sentence: why nothing was read, or what reading has done. */
const char *page_peek_sentence(const struct page_peek *peek);
/*
 * A line of a dump: "0010  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00  |.ELF............|",
 * ASCII only. Fills and returns `out`.
 */
char *page_peek_line(const struct page_peek *peek, size_t line, char *out, size_t room);

#define PEEK_LINE_BYTES   16
#define PEEK_LINE_COLUMNS 74

#endif
