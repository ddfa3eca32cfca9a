/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing from a mapping of the file: the page cache is the buffer. */
#include "learn/driver.h"
#include "learn/lesson.h"
#include "model/modes.h"
#include "model/proof.h"

#define WAYS (1u << MODE_TRADITIONAL | 1u << MODE_MMAP_WRITE)

static const struct lesson_question copies_question = {
	.text = "The file is mapped, and write(2) is given the address of the mapping. How often "
		"is each byte copied?",
	.choices = { "not at all", "once", "twice" },
	.right = 1,
	.why = "The mapped pages are the page cache's own frames, so nothing is copied into a "
	       "buffer. write(2) still copies from them into the socket buffer.",
};

static const struct lesson_claim copies_claims[] = {
	{ "each byte was copied once", QUANTITY_COPIES, .subject = MODE_MMAP_WRITE,
	  .relation = CLAIM_EQUAL, .expected = 1 },
	{ "the receiver has the file's bytes", QUANTITY_INTACT, .subject = MODE_MMAP_WRITE,
	  .relation = CLAIM_EQUAL, .expected = 1 },
};

static const struct lesson_question faults_question = {
	.text = "There is no read(2) any more. What brings the pages into the address space?",
	.choices = { "mmap(2) itself", "page faults", "the disk" },
	.right = 1,
	.why = "mmap(2) makes a VMA and no page. When write(2) reads from the mapping, faults "
	       "enter the cached pages into the page table, many at a time.",
};

static const struct lesson_claim faults_claims[] = {
	{ "the sender took minor faults", QUANTITY_TOUCHED, .subject = MODE_MMAP_WRITE,
	  .relation = CLAIM_AT_LEAST, .expected = 2 },
	{ "fewer than one for each of 8,192 pages", QUANTITY_TOUCHED, .subject = MODE_MMAP_WRITE,
	  .relation = CLAIM_AT_MOST, .expected = 8191 },
	{ "the file took at most 512 calls", QUANTITY_CALLS, .subject = MODE_MMAP_WRITE,
	  .relation = CLAIM_AT_MOST, .expected = 512 },
};

static const struct lesson_question proof_question = {
	.text = "The mapping and the page cache are one. If the file is overwritten after write(2) "
		"has returned, which bytes arrive?",
	.choices = { "the old ones", "the new ones" },
	.right = 0,
	.why = "One copy is left, and it is this one: write(2) copied the bytes into the socket "
	       "buffer before it returned.",
};

static const struct lesson_claim proof_claims[] = {
	{ "the old bytes arrived: it was a copy", QUANTITY_SHARED, .subject = MODE_MMAP_WRITE,
	  .other = PROOF_TCP, .relation = CLAIM_EQUAL, .expected = 0 },
};

static const struct lesson_step steps[] = {
	{
		.title = "The page cache as the buffer",
		.prose = "read(2) copies what the page cache already has. A shared mapping saves "
			 "that: the program sees the cached pages at addresses of its own. The "
			 "sender maps the file window by window and writes each window to the "
			 "socket.",
		.question = &copies_question,
		.action = "send mmap-write",
		.look = { 6, "lane 3" },
		.ways = WAYS,
		LESSON_CLAIMS(copies_claims),
	},
	{
		.title = "Faults in place of reads",
		.prose = "What is saved in copies is paid for in page faults. The file is in the "
			 "page cache, so they are minor: no disk is read. The kernel maps the "
			 "neighbours of a faulting page along with it.",
		.question = &faults_question,
		.action = "send mmap-write",
		.look = { 6, "lane 3" },
		.ways = WAYS,
		LESSON_CLAIMS(faults_claims),
	},
	{
		.title = "One copy is left",
		.prose = "This is the proof again. The sender has sent a small file from its "
			 "mapping, the "
			 "receiver has read nothing, and the file is overwritten.",
		.question = &proof_question,
		.action = "prove mmap-write",
		.ways = WAYS,
		LESSON_CLAIMS(proof_claims),
	},
};

const struct lesson lesson_mmap_write = {
	.name = "mmap-write",
	.title = "Sending a file from a mapping",
	.summary = "no buffer: one copy fewer, and faults in place of reads",
	.driver = &driver_lab,
	LESSON_STEPS(steps),
};
