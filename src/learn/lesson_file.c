/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

/*
 * Descriptors 0 and 1: the file, opened twice; 2: a duplicate of 0. Regions 0 and 1: mappings of
 * the file by 0 and by 1.
 */

static const struct lesson_question open_question = {
	.text = "One file is opened twice. 100 bytes are read through the first descriptor. Where "
		"does the second one stand?",
	.choices = { "at 0", "at 100" },
	.right = 0,
	.why = "Each open makes a struct file, and the position is kept there. Two of them are two "
	       "positions.",
};

static const struct lesson_claim open_claims[] = {
	{ "the first stands at 100", QUANTITY_POSITION, .subject = 0, .expected = 100 },
	{ "the second stands at 0", QUANTITY_POSITION, .subject = 1, .expected = 0 },
	{ "they are not one struct file", QUANTITY_SAME_OPEN_FILE, .subject = 0, .other = 1,
	  .expected = 0 },
	{ "but they are one inode", QUANTITY_SAME_INODE, .subject = 0, .other = 1, .expected = 1 },
};

static const struct lesson_question dup_question = {
	.text = "A descriptor is duplicated by dup. 100 bytes are read through the first one. "
		"Where "
		"does its duplicate stand?",
	.choices = { "at 0", "at 100" },
	.right = 1,
	.why = "dup makes a new index into the same struct file. There is one position, and both "
	       "descriptors use it.",
};

static const struct lesson_claim dup_claims[] = {
	{ "they are one struct file", QUANTITY_SAME_OPEN_FILE, .subject = 0, .other = 2,
	  .expected = 1 },
	{ "the duplicate moved by 100", QUANTITY_POSITION, CLAIM_CHANGE, CLAIM_EQUAL, .subject = 2,
	  .expected = 100 },
	{ "the other open file did not move", QUANTITY_POSITION, CLAIM_CHANGE, CLAIM_EQUAL,
	  .subject = 1, .expected = 0 },
};

static const struct lesson_claim inode_claims[] = {
	{ "what one wrote the other reads", QUANTITY_SAID_YES, .subject = 0, .expected = 1 },
	{ "they are not one struct file", QUANTITY_SAME_OPEN_FILE, .subject = 0, .other = 1,
	  .expected = 0 },
	{ "the file is in the page cache", QUANTITY_CACHED, .subject = 1,
	  .relation = CLAIM_AT_LEAST, .expected = 1 },
};

static const struct lesson_claim map_claims[] = {
	{ "all 8 pages of the first are present", QUANTITY_PRESENT, .subject = 0, .expected = 8 },
	{ "all 8 pages of the second too", QUANTITY_PRESENT, .subject = 1, .expected = 8 },
	{ "page by page in the same frame", QUANTITY_SAME_FRAMES, .subject = 0, .other = 1,
	  .expected = 8 },
};

static const struct lesson_step steps[] = {
	{
		.title = "Two opens, two positions",
		.prose = "A file descriptor is an index into a table of the process. The entry "
			 "points to a struct file, which holds the position and the access mode of "
			 "one open. The program has a file open twice and reads 100 bytes through "
			 "the first descriptor.",
		.question = &open_question,
		.prepare = "make-two-opens",
		.action = "read-100",
		.look = { 3, "two boxes struct file, each with its position" },
		.shows_descriptors = true,
		LESSON_CLAIMS(open_claims),
	},
	{
		.title = "dup: one position",
		.prose = "dup does not open anything. It makes another descriptor that points to "
			 "the struct file of the first. So do the descriptors that a child gets by "
			 "fork.",
		.question = &dup_question,
		.prepare = "make-duplicate",
		.action = "read-100",
		.look = { 3, "two descriptors, one box struct file" },
		.shows_descriptors = true,
		LESSON_CLAIMS(dup_claims),
	},
	{
		.title = "One inode, one address_space",
		.prose = "The contents of a file are not in the struct file. They belong to the "
			 "inode, whose address_space holds the pages that are cached. So both open "
			 "files have the same contents at once. The program writes through the "
			 "first and reads through the second.",
		.prepare = "make-two-opens",
		.action = "write-one-read-other",
		.look = { 3, "both boxes point to one inode" },
		LESSON_CLAIMS(inode_claims),
	},
	{
		.title = "The cached page itself",
		.prose = "A mapping of a file does not copy it: its entries point to the frames of "
			 "the page cache. The program maps 8 pages twice, through each of the two "
			 "open files, and reads all of them.",
		.prepare = "make-two-opens",
		.action = "map-both",
		.look = { 1, "two rows, and the same frames light up" },
		LESSON_CLAIMS(map_claims),
	},
};

const struct lesson lesson_file = {
	.name = "file",
	.title = "Descriptors, open files, inodes",
	.summary = "two opens against dup; one inode, one address_space",
	.shows_cache = true,
	LESSON_STEPS(steps),
};
