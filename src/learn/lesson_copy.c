/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a file into a buffer and writing the buffer to a socket: what the others save on. */
#include "learn/driver.h"
#include "learn/lesson.h"
#include "model/modes.h"
#include "model/proof.h"

#define WAY (1u << MODE_TRADITIONAL)

static const struct lesson_question copies_question = {
	.text = "The file is in the page cache already. How often does the sender's CPU copy each "
		"byte on its way to the socket?",
	.choices = { "not at all", "once", "twice", "four times" },
	.right = 2,
	.why = "read(2) copies from the page cache into the buffer, write(2) from the buffer into "
	       "the socket buffer.",
};

static const struct lesson_claim copies_claims[] = {
	{ "each byte was copied twice", QUANTITY_COPIES, .subject = MODE_TRADITIONAL,
	  .relation = CLAIM_EQUAL, .expected = 2 },
	{ "the receiver has the file's bytes", QUANTITY_INTACT, .subject = MODE_TRADITIONAL,
	  .relation = CLAIM_EQUAL, .expected = 1 },
};

static const struct lesson_question calls_question = {
	.text = "The file has 32 MiB, the buffer 64 KiB. How many system calls move the file?",
	.choices = { "2", "about 500", "about 1,000" },
	.right = 2,
	.why = "512 buffers full, and each takes a read(2) and a write(2): two ways into the "
	       "kernel and back for every 64 KiB.",
};

static const struct lesson_claim calls_claims[] = {
	{ "1,024 calls or more", QUANTITY_CALLS, .subject = MODE_TRADITIONAL,
	  .relation = CLAIM_AT_LEAST, .expected = 1024 },
};

static const struct lesson_question proof_question = {
	.text = "write(2) has returned; the receiver has read nothing yet. Now the file is "
		"overwritten. Which bytes does the receiver get?",
	.choices = { "the old ones", "the new ones", "a mixture" },
	.right = 0,
	.why = "The socket buffer holds a copy, made when write(2) was called. What becomes of the "
	       "file later does not reach it.",
};

static const struct lesson_claim proof_claims[] = {
	{ "the old bytes arrived: it was a copy", QUANTITY_SHARED, .subject = MODE_TRADITIONAL,
	  .other = PROOF_TCP, .relation = CLAIM_EQUAL, .expected = 0 },
};

static const struct lesson_step steps[] = {
	{
		.title = "Two copies for every byte",
		.prose = "A program sends a file the plain way: read(2) into a buffer of its own, "
			 "then write(2) from the buffer to a socket. The bytes pass through the "
			 "program's memory, though it does not look at them. A sender and a "
			 "receiver of 32 MiB start now; the sender counts what it copies.",
		.question = &copies_question,
		.action = "send traditional",
		.look = { 6, "lane 1" },
		.ways = WAY,
		LESSON_CLAIMS(copies_claims),
	},
	{
		.title = "Two calls for every buffer",
		.prose = "Copies are one cost, the calls another. With each system call the "
			 "processor enters the kernel and comes back. The same file is sent once "
			 "more, and the sender counts its calls.",
		.question = &calls_question,
		.action = "send traditional",
		.look = { 6, "lane 1" },
		.ways = WAY,
		LESSON_CLAIMS(calls_claims),
	},
	{
		.title = "How to prove a copy",
		.prose = "A copy can be proved without looking into the kernel. The sender sends a "
			 "small file while the receiver is held back. Then the file's pages are "
			 "overwritten in the page cache. Only now the receiver may read.",
		.question = &proof_question,
		.action = "prove traditional",
		.ways = WAY,
		LESSON_CLAIMS(proof_claims),
	},
};

const struct lesson lesson_copy = {
	.name = "copy",
	.title = "Sending a file by read and write",
	.summary = "two copies and two calls for every buffer, counted and proved",
	.driver = &driver_lab,
	LESSON_STEPS(steps),
};
