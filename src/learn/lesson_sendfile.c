/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sendfile and splice: the socket refers to the page cache's own frames. */
#include "learn/driver.h"
#include "learn/lesson.h"
#include "model/modes.h"
#include "model/proof.h"

#define WAYS (1u << MODE_SENDFILE | 1u << MODE_SPLICE)

static const struct lesson_question copies_question = {
	.text = "sendfile(2) is given two descriptors and no buffer. How often does the sender's "
		"CPU copy each byte?",
	.choices = { "not at all", "once", "twice" },
	.right = 0,
	.why = "The socket buffer takes references to the frames of the page cache. No byte goes "
	       "through user space.",
};

static const struct lesson_claim copies_claims[] = {
	{ "no byte was copied", QUANTITY_COPIES, .subject = MODE_SENDFILE, .relation = CLAIM_EQUAL,
	  .expected = 0 },
	{ "32 MiB took at most 64 calls", QUANTITY_CALLS, .subject = MODE_SENDFILE,
	  .relation = CLAIM_AT_MOST, .expected = 64 },
	{ "the receiver has the file's bytes", QUANTITY_INTACT, .subject = MODE_SENDFILE,
	  .relation = CLAIM_EQUAL, .expected = 1 },
};

static const struct lesson_question proof_question = {
	.text = "sendfile(2) has returned, and the receiver has read nothing. The file is "
		"overwritten. Which bytes arrive?",
	.choices = { "the old ones", "the new ones" },
	.right = 1,
	.why = "There is no copy that could hold the old bytes: the socket holds the very frames "
	       "that were overwritten.",
};

static const struct lesson_claim proof_claims[] = {
	{ "the new bytes arrived over TCP: shared", QUANTITY_SHARED, .subject = MODE_SENDFILE,
	  .other = PROOF_TCP, .relation = CLAIM_EQUAL, .expected = 1 },
};

static const struct lesson_question splice_question = {
	.text = "splice(2) moves the same file through a pipe to the socket. Does the pipe copy?",
	.choices = { "yes, into its buffer", "no" },
	.right = 1,
	.why = "A pipe's buffers are references to pages. splice(2) hands them on, and the socket "
	       "ends up with the same frames.",
};

static const struct lesson_claim splice_claims[] = {
	{ "the new bytes arrived by splice: shared", QUANTITY_SHARED, .subject = MODE_SPLICE,
	  .other = PROOF_TCP, .relation = CLAIM_EQUAL, .expected = 1 },
};

static const struct lesson_question cpu_question = {
	.text = "No byte is copied by the sender. How much of the CPU time of read(2) and write(2) "
		"does sendfile(2) still take, sender and receiver together?",
	.choices = { "next to nothing", "a tenth", "a good part of it" },
	.right = 2,
	.why = "Zero copy is not zero cost: the network protocol and the receiver's own copy are "
	       "as before. A quiet machine shows about two thirds.",
};

/* Less than all of it holds on a quiet machine only, so it is shown and not claimed. */
static const struct lesson_claim cpu_claims[] = {
	{ "a fifth of the CPU time, or more, is left", QUANTITY_CPU_PERCENT,
	  .subject = MODE_SENDFILE, .other = MODE_TRADITIONAL, .relation = CLAIM_AT_LEAST,
	  .expected = 20 },
};

static const struct lesson_step steps[] = {
	{
		.title = "From descriptor to descriptor",
		.prose =
			"A server that sends files does not look at their bytes. sendfile(2) tells "
			"the kernel to move them from a file to a socket by itself. They never "
			"come into the memory of the program.",
		.question = &copies_question,
		.action = "send sendfile",
		.look = { 6, "lane 4" },
		.ways = 1u << MODE_TRADITIONAL | 1u << MODE_SENDFILE,
		LESSON_CLAIMS(copies_claims),
	},
	{
		.title = "The proof",
		.prose = "If the socket holds the page cache's own frames, then overwriting the "
			 "file changes what is still to be received. With a copy it would not. "
			 "The receiver is held back until the file has been overwritten.",
		.question = &proof_question,
		.action = "prove sendfile",
		.ways = WAYS,
		LESSON_CLAIMS(proof_claims),
	},
	{
		.title = "The same through a pipe",
		.prose = "splice(2) works between a pipe and anything else, so a file goes to a "
			 "socket in two moves. It is the more general tool: sockets can be its "
			 "source, too. The proof is made again.",
		.question = &splice_question,
		.action = "prove splice",
		.ways = WAYS,
		LESSON_CLAIMS(splice_claims),
	},
	{
		.title = "What is left",
		.prose = "Both ways send 32 MiB seven times, in turns, and the CPU time of both "
			 "processes is added up. The figure is the median of the pairs, because "
			 "single rounds differ.",
		.question = &cpu_question,
		.action = "compare sendfile",
		.look = { 6, "lanes 1 and 4" },
		.ways = 1u << MODE_TRADITIONAL | 1u << MODE_SENDFILE,
		LESSON_CLAIMS(cpu_claims),
	},
};

const struct lesson lesson_sendfile = {
	.name = "sendfile",
	.title = "sendfile and splice",
	.summary = "no copy by the sender, and the proof of it",
	.driver = &driver_lab,
	LESSON_STEPS(steps),
};
