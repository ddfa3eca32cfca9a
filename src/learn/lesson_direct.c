/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers outside a managed heap: what Java and Netty call direct memory, and what it saves. */
#include "learn/driver.h"
#include "learn/lesson.h"
#include "model/modes.h"
#include "model/proof.h"

#define WAYS (1u << MODE_HEAP | 1u << MODE_DIRECT)

static const struct lesson_question heap_question = {
	.text = "The buffer is an array on a heap whose collector may move it. How often is each "
		"byte copied?",
	.choices = { "twice", "three times", "four times" },
	.right = 2,
	.why = "The kernel needs an address that stays. So the runtime reads into native memory "
	       "and copies to the array, and on the way out the same again.",
};

static const struct lesson_claim heap_claims[] = {
	{ "each byte was copied four times", QUANTITY_COPIES, .subject = MODE_HEAP,
	  .relation = CLAIM_EQUAL, .expected = 4 },
	{ "the receiver has the file's bytes", QUANTITY_INTACT, .subject = MODE_HEAP,
	  .relation = CLAIM_EQUAL, .expected = 1 },
};

static const struct lesson_question direct_question = {
	.text = "Now the buffers lie outside the heap, and header and payload are sent by one "
		"writev(2). How many copies are left?",
	.choices = { "none", "one", "two" },
	.right = 2,
	.why = "The two copies between heap and native memory are gone. Those that read(2) and "
	       "writev(2) make are still there.",
};

static const struct lesson_claim direct_claims[] = {
	{ "each byte was copied twice", QUANTITY_COPIES, .subject = MODE_DIRECT,
	  .relation = CLAIM_EQUAL, .expected = 2 },
	{ "the receiver has the file's bytes", QUANTITY_INTACT, .subject = MODE_DIRECT,
	  .relation = CLAIM_EQUAL, .expected = 1 },
	{ "the file took at most 512 calls", QUANTITY_CALLS, .subject = MODE_DIRECT,
	  .relation = CLAIM_AT_MOST, .expected = 512 },
};

static const struct lesson_question proof_question = {
	.text = "Direct memory is often called zero copy. The file is overwritten after the send: "
		"which bytes arrive?",
	.choices = { "the old ones", "the new ones" },
	.right = 0,
	.why = "For the kernel a direct buffer is user memory like any other. Zero copy here "
	       "means the heap, not the socket.",
};

static const struct lesson_claim proof_claims[] = {
	{ "the old bytes arrived: it was a copy", QUANTITY_SHARED, .subject = MODE_DIRECT,
	  .other = PROOF_TCP, .relation = CLAIM_EQUAL, .expected = 0 },
};

static const struct lesson_step steps[] = {
	{
		.title = "A buffer that may move",
		.prose = "In a language with a garbage collector an array can be moved while a "
			 "system call is under way. The kernel must not be given its address. "
			 "So the runtime keeps a buffer of native memory and copies between the "
			 "two. The sender does just that.",
		.question = &heap_question,
		.action = "send heap",
		.look = { 6, "opened by pagewalk lab --modes heap,direct" },
		.ways = WAYS,
		LESSON_CLAIMS(heap_claims),
	},
	{
		.title = "A buffer that stays",
		.prose = "Direct memory is native memory that the program uses itself: allocated "
			 "once, aligned, never moved. The kernel can read and write it as it is. "
			 "The sender also puts a header before each buffer: writev(2) takes a "
			 "list of both, so they need not be copied together first.",
		.question = &direct_question,
		.action = "send direct",
		.look = { 6, "opened by pagewalk lab --modes heap,direct" },
		.ways = WAYS,
		LESSON_CLAIMS(direct_claims),
	},
	{
		.title = "Which copy is it that went?",
		.prose =
			"It is always worth asking which copy a technique removes. Overwriting the "
			"file between the send and the receive tells whether the socket holds a "
			"copy of its own.",
		.question = &proof_question,
		.action = "prove direct",
		.ways = WAYS,
		LESSON_CLAIMS(proof_claims),
	},
};

const struct lesson lesson_direct = {
	.name = "direct",
	.title = "Direct memory",
	.summary = "buffers outside the heap: two copies fewer, and two that stay",
	.driver = &driver_lab,
	LESSON_STEPS(steps),
};
