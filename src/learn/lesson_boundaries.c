/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each way saves and what it does not, side by side, as this machine measures it. */
#include "learn/driver.h"
#include "learn/lesson.h"
#include "model/modes.h"
#include "model/proof.h"

#define ALL                                                                                        \
	(1u << MODE_TRADITIONAL | 1u << MODE_HEAP | 1u << MODE_DIRECT | 1u << MODE_MMAP_WRITE |    \
	 1u << MODE_SENDFILE | 1u << MODE_SPLICE)
#define COPIES(mode, nr)                                                                           \
	.quantity = QUANTITY_COPIES, .subject = (mode), .relation = CLAIM_EQUAL, .expected = (nr)
#define CALLS(mode, how, nr)                                                                       \
	.quantity = QUANTITY_CALLS, .subject = (mode), .relation = (how), .expected = (nr)
#define SHARED(mode, is)                                                                           \
	.quantity = QUANTITY_SHARED, .subject = (mode), .other = PROOF_TCP,                        \
	.relation = CLAIM_EQUAL, .expected = (is)

static const struct lesson_question copies_question = {
	.text = "Which of these copies each byte exactly once?",
	.choices = { "direct memory", "mmap + write", "sendfile" },
	.right = 1,
	.why = "Direct memory keeps both copies of the kernel, mmap + write one of them, sendfile "
	       "none.",
};

static const struct lesson_claim copies_claims[] = {
	{ "read + write: 2 copies", COPIES(MODE_TRADITIONAL, 2) },
	{ "heap buffers: 4 copies", COPIES(MODE_HEAP, 4) },
	{ "direct memory: 2 copies", COPIES(MODE_DIRECT, 2) },
	{ "mmap + write: 1 copy", COPIES(MODE_MMAP_WRITE, 1) },
	{ "sendfile: 0 copies", COPIES(MODE_SENDFILE, 0) },
	{ "splice: 0 copies", COPIES(MODE_SPLICE, 0) },
};

static const struct lesson_question calls_question = {
	.text = "Which of these takes the fewest system calls for 32 MiB?",
	.choices = { "read + write", "mmap + write", "sendfile" },
	.right = 2,
	.why = "sendfile takes as much as it is given. mmap + write needs a call for each window "
	       "and each write, read + write two for each buffer.",
};

static const struct lesson_claim calls_claims[] = {
	{ "read + write: 1,024 calls or more", CALLS(MODE_TRADITIONAL, CLAIM_AT_LEAST, 1024) },
	{ "mmap + write: at most 512", CALLS(MODE_MMAP_WRITE, CLAIM_AT_MOST, 512) },
	{ "sendfile: at most 64", CALLS(MODE_SENDFILE, CLAIM_AT_MOST, 64) },
};

static const struct lesson_question shared_question = {
	.text = "All are called zero copy by somebody. In which does the socket hold the file's "
		"own pages?",
	.choices = { "in all of them", "mmap + write and sendfile", "sendfile and splice" },
	.right = 2,
	.why = "So the copy that is saved must be named: from the heap (direct memory), into a "
	       "buffer (mmap + write), or all of user space (sendfile, splice).",
};

static const struct lesson_claim shared_claims[] = {
	{ "read + write: copied", SHARED(MODE_TRADITIONAL, 0) },
	{ "direct memory: copied", SHARED(MODE_DIRECT, 0) },
	{ "mmap + write: copied", SHARED(MODE_MMAP_WRITE, 0) },
	{ "sendfile: shared", SHARED(MODE_SENDFILE, 1) },
	{ "splice: shared", SHARED(MODE_SPLICE, 1) },
};

static const struct lesson_step steps[] = {
	{
		.title = "Copies",
		.prose = "Six ways to send the same file, each with a process of its own. They "
			 "differ in which copies they save. The sender counts each byte that its "
			 "CPU copies; the table is filled as they run.",
		.question = &copies_question,
		.action = "send traditional heap direct mmap-write sendfile splice",
		.look = { 6, "opened by pagewalk lab --modes all" },
		.ways = ALL,
		LESSON_CLAIMS(copies_claims),
	},
	{
		.title = "Calls",
		.prose =
			"The size of a buffer decides how many calls it takes to move a file. Ways "
			"without a buffer of their own can move more at once.",
		.question = &calls_question,
		.action = "send traditional mmap-write sendfile",
		.look = { 6, "opened by pagewalk lab --modes all" },
		.ways = ALL,
		LESSON_CLAIMS(calls_claims),
	},
	{
		.title = "Copied or shared",
		.prose = "Last, the proof for each: the file is overwritten between send and "
			 "receive. New bytes at the receiver mean that the socket held the file's "
			 "pages.",
		.question = &shared_question,
		.action = "prove traditional direct mmap-write sendfile splice",
		.ways = ALL,
		LESSON_CLAIMS(shared_claims),
	},
};

const struct lesson lesson_boundaries = {
	.name = "boundaries",
	.title = "What zero copy saves, and what not",
	.summary = "the ways beside each other, as this machine measures them",
	.driver = &driver_lab,
	LESSON_STEPS(steps),
};
