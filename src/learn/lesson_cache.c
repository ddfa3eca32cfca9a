/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

/*
 * Descriptor 0: a file of 256 pages. Region 0 maps 8 pages of it, region 1 is the same in a child.
 * Cached folios may be larger than a page, so counts of pages that came or are dirty are lower
 * bounds.
 */

static const struct lesson_question cold_question = {
	.text = "Nothing of the file is cached. The program reads its first page. How many pages "
		"are "
		"cached then?",
	.choices = { "1", "more than 1", "all of the file" },
	.right = 1,
	.why = "Storage is much slower than memory, and files are mostly read from front to back. "
	       "So "
	       "readahead fetches what will probably be asked for next.",
};

static const struct lesson_claim cold_claims[] = {
	{ "nothing of it is cached before", QUANTITY_CACHED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 0 },
	{ "more than the one page is after", QUANTITY_CACHED, CLAIM_AFTER, CLAIM_AT_LEAST,
	  .expected = 2 },
	{ "but not the whole file", QUANTITY_CACHED, CLAIM_AFTER, CLAIM_AT_MOST, .expected = 255 },
	{ "it was read from storage", QUANTITY_READ_BYTES, CLAIM_CHANGE, CLAIM_AT_LEAST,
	  .expected = 1 },
};

static const struct lesson_question warm_question = {
	.text = "The whole file is cached. The program reads its first page again. How much is "
		"read "
		"from storage?",
	.choices = { "a page", "nothing" },
	.right = 1,
	.why = "The page is found in the page cache by its index. The read is a copy from there.",
};

static const struct lesson_claim warm_claims[] = {
	{ "all 256 pages are cached before", QUANTITY_CACHED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 256 },
	{ "nothing was read from storage", QUANTITY_READ_BYTES, CLAIM_CHANGE, CLAIM_EQUAL,
	  .expected = 0 },
};

static const struct lesson_claim dirty_claims[] = {
	{ "no page is dirty before", QUANTITY_DIRTY, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 0 },
	{ "the four written pages are after", QUANTITY_DIRTY, CLAIM_AFTER, CLAIM_AT_LEAST,
	  .expected = 4 },
	{ "and no page left the cache", QUANTITY_CACHED, CLAIM_AFTER, CLAIM_EQUAL,
	  .expected = 256 },
};

static const struct lesson_claim clean_claims[] = {
	{ "pages are dirty before", QUANTITY_DIRTY, CLAIM_BEFORE, CLAIM_AT_LEAST, .expected = 4 },
	{ "none is after", QUANTITY_DIRTY, CLAIM_AFTER, CLAIM_EQUAL, .expected = 0 },
	{ "none is under writeback", QUANTITY_WRITEBACK, CLAIM_AFTER, CLAIM_EQUAL, .expected = 0 },
	{ "all of them stay cached", QUANTITY_CACHED, CLAIM_AFTER, CLAIM_EQUAL, .expected = 256 },
};

static const struct lesson_question share_question = {
	.text = "Two processes map the same 8 pages of a file. How many frames does that take?",
	.choices = { "8", "16" },
	.right = 0,
	.why = "The page cache belongs to the inode, not to a process. The page tables of both "
	       "point "
	       "to the same 8 frames.",
};

static const struct lesson_claim share_claims[] = {
	{ "the 8 pages are present here", QUANTITY_PRESENT, .subject = 0, .expected = 8 },
	{ "and in the child", QUANTITY_PRESENT, .subject = 1, .expected = 8 },
	{ "none is mapped exclusively", QUANTITY_EXCLUSIVE, .subject = 0, .expected = 0 },
	{ "page by page in the same frame", QUANTITY_SAME_FRAMES, .subject = 0, .other = 1,
	  .expected = 8 },
};

static const struct lesson_claim drop_claims[] = {
	{ "all 256 pages are cached before", QUANTITY_CACHED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 256 },
	{ "none is after", QUANTITY_CACHED, CLAIM_AFTER, CLAIM_EQUAL, .expected = 0 },
};

static const struct lesson_step steps[] = {
	{
		.title = "A cold read brings readahead",
		.prose = "File data passes through the page cache. A read looks for the page with "
			 "index = offset / page size; where it is missing, it is read from storage "
			 "first. The file has 256 pages and none is cached. The program reads the "
			 "first one.",
		.question = &cold_question,
		.prepare = "make-cold",
		.action = "pread-first",
		.look = { 4, "more cells fill than were asked for" },
		LESSON_CLAIMS(cold_claims),
	},
	{
		.title = "A second read needs no storage",
		.prose =
			"Now all of the file is in the page cache. The kernel copies the page from "
			"there into the buffer of the program. Storage has no part in it.",
		.question = &warm_question,
		.prepare = "make-warm",
		.action = "pread-first",
		.look = { 4, "nothing changes" },
		LESSON_CLAIMS(warm_claims),
	},
	{
		.title = "A write makes pages dirty",
		.prose = "write copies into the page cache, marks the pages dirty and returns. "
			 "Storage has the old bytes still. The program writes four pages.",
		.prepare = "make-warm",
		.action = "write-four",
		.look = { 4, "the first cells turn dirty" },
		LESSON_CLAIMS(dirty_claims),
	},
	{
		.title = "Writeback makes them clean",
		.prose =
			"Dirty pages are written to storage later, by the kernel's flusher threads "
			"or when the program asks for it. While that lasts, a page is under "
			"writeback. The program calls fdatasync, which waits for it. The pages "
			"stay in the cache.",
		.prepare = "make-dirty",
		.action = "write-back",
		.look = { 4, "dirty cells become clean, and stay" },
		LESSON_CLAIMS(clean_claims),
	},
	{
		.title = "Two processes, one frame",
		.prose = "The process has mapped 8 pages of the file and read them. Now it forks, "
			 "and the child reads the same pages through its own page table.",
		.question = &share_question,
		.prepare = "map-shared",
		.action = "share-with-child",
		.look = { 1, "pages are mapped twice" },
		LESSON_CLAIMS(share_claims),
	},
	{
		.title = "Clean pages can go at once",
		.prose = "A clean page is on storage too, so the kernel can take its frame for "
			 "something else without writing it. Reclaim does that when memory is "
			 "short. The program asks for it by posix_fadvise with "
			 "POSIX_FADV_DONTNEED.",
		.prepare = "make-warm",
		.action = "drop",
		.look = { 4, "the file empties" },
		LESSON_CLAIMS(drop_claims),
	},
};

const struct lesson lesson_cache = {
	.name = "cache",
	.title = "The page cache",
	.summary = "readahead, dirty, writeback, sharing, eviction",
	.needs_disk = true,
	.shows_cache = true,
	LESSON_STEPS(steps),
};
