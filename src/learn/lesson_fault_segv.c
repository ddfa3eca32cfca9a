/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

#include <signal.h>

/* Region 0: what is touched. Said: 0 the signal, 1 its si_code, 2 whether si_addr is the address. */

#define SIGNAL_CLAIMS(name, number, code)                                                          \
	{ .text = "the signal is " name,                                                           \
	  .quantity = QUANTITY_SAID,                                                               \
	  .subject = 0,                                                                            \
	  .expected = (number) },                                                                  \
		{ .text = "its si_code is " #code,                                                 \
		  .quantity = QUANTITY_SAID,                                                       \
		  .subject = 1,                                                                    \
		  .expected = (code) },                                                            \
	{                                                                                          \
		.text = "its si_addr is the address", .quantity = QUANTITY_SAID_YES, .subject = 2, \
		.expected = 1                                                                      \
	}

static const struct lesson_question hole_question = {
	.text = "The program reads an address that no VMA covers. What can the fault handler do?",
	.choices = { "map a new page", "send a signal" },
	.right = 1,
	.why = "Without a VMA nothing says what should be there. The signal is SIGSEGV, with "
	       "si_code "
	       "SEGV_MAPERR: not mapped.",
};

static const struct lesson_claim hole_claims[] = {
	{ "no VMA is there", QUANTITY_VMAS, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 0 },
	SIGNAL_CLAIMS("SIGSEGV", SIGSEGV, SEGV_MAPERR),
	{ "and there is none after", QUANTITY_VMAS, .expected = 0 },
};

static const struct lesson_question write_question = {
	.text = "The page is present, but its VMA is read-only. The program writes to it. Is that "
		"the "
		"same error as before?",
	.choices = { "yes, SEGV_MAPERR", "no, SEGV_ACCERR" },
	.right = 1,
	.why = "This time there is a VMA. It is its permissions that forbid the access, and "
	       "si_code "
	       "says so.",
};

static const struct lesson_claim write_claims[] = {
	{ "a VMA is there", QUANTITY_VMAS, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 1 },
	{ "and its 4 pages are present", QUANTITY_PRESENT, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 4 },
	SIGNAL_CLAIMS("SIGSEGV", SIGSEGV, SEGV_ACCERR),
};

static const struct lesson_claim execute_claims[] = {
	{ "a VMA is there", QUANTITY_VMAS, CLAIM_BEFORE, CLAIM_EQUAL, .expected = 1 },
	SIGNAL_CLAIMS("SIGSEGV", SIGSEGV, SEGV_ACCERR),
};

static const struct lesson_question end_question = {
	.text = "A file of two pages is mapped for four. The program reads the third page. What "
		"happens?",
	.choices = { "it reads zeros", "SIGSEGV", "SIGBUS" },
	.right = 2,
	.why = "The VMA is there and allows reading, so it is no SIGSEGV. But the file has no such "
	       "page: that is SIGBUS, with si_code BUS_ADRERR.",
};

static const struct lesson_claim end_claims[] = {
	{ "the VMA covers all four pages", QUANTITY_MAPPED, CLAIM_BEFORE, CLAIM_EQUAL,
	  .expected = 4 },
	SIGNAL_CLAIMS("SIGBUS", SIGBUS, BUS_ADRERR),
};

static const struct lesson_step steps[] = {
	{
		.title = "No VMA",
		.prose = "Not every fault ends with a page. If no VMA covers the address, the "
			 "kernel sends SIGSEGV to the thread. siginfo says more: si_code the "
			 "reason, si_addr the address. The program reads where it has unmapped "
			 "everything before, and catches the signal.",
		.question = &hole_question,
		.prepare = "leave-hole",
		.action = "access-hole",
		.look = { 2, "a failed fault of kind segv" },
		LESSON_CLAIMS(hole_claims),
	},
	{
		.title = "Read-only",
		.prose = "There is a VMA and even a page. But the access must be one that the "
			 "permissions of the VMA allow. The program stores a byte where it may "
			 "only read.",
		.question = &write_question,
		.prepare = "map-read-only",
		.action = "write-read-only",
		.look = { 1, "the row says r--p" },
		LESSON_CLAIMS(write_claims),
	},
	{
		.title = "No execution",
		.prose = "Fetching an instruction is an access of its own kind, and there is a "
			 "permission for it. Data pages do not have it, so that bytes from outside "
			 "cannot be run. The program jumps to a page that it may read and write.",
		.prepare = "map-no-execute",
		.action = "execute-data",
		.look = { 1, "the row says rw-p: there is no x" },
		LESSON_CLAIMS(execute_claims),
	},
	{
		.title = "Past the end of a file",
		.prose = "A mapping may be longer than its file. The VMA then covers addresses "
			 "that no page of the file can fill. The program reads the first page past "
			 "the end.",
		.question = &end_question,
		.prepare = "map-past-end",
		.action = "read-past-end",
		.look = { 2, "a failed fault of kind bus" },
		LESSON_CLAIMS(end_claims),
	},
};

const struct lesson lesson_fault_segv = {
	.name = "fault-segv",
	.title = "Faults that end in a signal",
	.summary = "SIGSEGV and SIGBUS: which rule was broken",
	LESSON_STEPS(steps),
};
