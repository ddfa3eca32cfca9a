/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "learn/lesson.h"

/*
 * Tasks 0 and 1: the pupil and the child that it made. Said: 0 the number in the pupil's memory,
 * whether 1 its descriptor is open, 2 its working directory is the root, 3 and 4 the contrary of 1
 * and 2. In each step
 * the child stores 2 where the pupil had 1, closes the descriptor, and goes to the root.
 */

#define TASK_CLAIM(words, kind, value)                                                             \
	{                                                                                          \
		.text = (words), .quantity = (kind), .subject = 0, .other = 1, .expected = (value) \
	}
#define NUMBER_CLAIM(words, value)                                                                 \
	{                                                                                          \
		.text = (words), .quantity = QUANTITY_SAID, .expected = (value)                    \
	}
#define SAID_CLAIM(words, index)                                                                   \
	{                                                                                          \
		.text = (words), .quantity = QUANTITY_SAID_YES, .subject = (index), .expected = 1  \
	}

static const struct lesson_question fork_question = {
	.text = "After fork the child stores 2 where both had 1. What does the parent read?",
	.choices = { "1", "2" },
	.right = 0,
	.why = "The child has an mm_struct of its own: the same addresses, but its own pages as "
	       "soon "
	       "as either of the two writes.",
};

static const struct lesson_claim fork_claims[] = {
	TASK_CLAIM("they do not share an mm_struct", QUANTITY_SHARES_VM, 0),
	TASK_CLAIM("nor a files_struct", QUANTITY_SHARES_FILES, 0),
	TASK_CLAIM("nor an fs_struct", QUANTITY_SHARES_FS, 0),
	NUMBER_CLAIM("the parent still reads 1", 1),
	SAID_CLAIM("the parent's descriptor is still open", 1),
	SAID_CLAIM("the parent's working directory stays", 4),
};

static const struct lesson_question vm_question = {
	.text = "Now both tasks point to one mm_struct. The child stores 2. What does the parent "
		"read?",
	.choices = { "1", "2" },
	.right = 1,
	.why = "One mm_struct means one page table. There is only one page to store into; threads "
	       "of "
	       "a process live like this.",
};

static const struct lesson_claim vm_claims[] = {
	TASK_CLAIM("they share the mm_struct", QUANTITY_SHARES_VM, 1),
	TASK_CLAIM("but no files_struct", QUANTITY_SHARES_FILES, 0),
	NUMBER_CLAIM("the parent reads 2", 2),
	SAID_CLAIM("the parent's descriptor is still open", 1),
};

static const struct lesson_question files_question = {
	.text = "Both tasks point to one files_struct. The child closes a descriptor. Can the "
		"parent "
		"still use it?",
	.choices = { "yes: it opened it itself", "no" },
	.right = 1,
	.why = "A descriptor is an index into the table that files_struct holds. There is one "
	       "table, "
	       "and that entry is empty now.",
};

static const struct lesson_claim files_claims[] = {
	TASK_CLAIM("they share the files_struct", QUANTITY_SHARES_FILES, 1),
	TASK_CLAIM("but no mm_struct", QUANTITY_SHARES_VM, 0),
	SAID_CLAIM("the parent's descriptor is closed", 3),
	NUMBER_CLAIM("the parent still reads 1", 1),
};

static const struct lesson_claim fs_claims[] = {
	TASK_CLAIM("they share the fs_struct", QUANTITY_SHARES_FS, 1),
	TASK_CLAIM("but no files_struct", QUANTITY_SHARES_FILES, 0),
	SAID_CLAIM("the parent's working directory has moved", 2),
	SAID_CLAIM("the parent's descriptor is still open", 1),
};

static const struct lesson_step steps[] = {
	{
		.title = "fork: nothing shared",
		.prose = "A task_struct describes each thread of execution. It points to an "
			 "mm_struct, a files_struct and an fs_struct. After fork the child has "
			 "copies of all three. It stores a number, closes a descriptor, and "
			 "changes directory.",
		.question = &fork_question,
		.prepare = "stand-alone",
		.action = "fork",
		.look = { 3, "two tasks, each with boxes of its own" },
		LESSON_CLAIMS(fork_claims),
	},
	{
		.title = "CLONE_VM: one address space",
		.prose = "clone lets the caller say what to share. With CLONE_VM both tasks point "
			 "to one mm_struct, so they have one set of VMAs and one page table. The "
			 "child does the same three things as before.",
		.question = &vm_question,
		.prepare = "stand-alone",
		.action = "clone-vm",
		.look = { 3, "two tasks point to one mm_struct" },
		LESSON_CLAIMS(vm_claims),
	},
	{
		.title = "CLONE_FILES: one file table",
		.prose = "With CLONE_FILES both tasks point to one files_struct, the table of open "
			 "descriptors. What one opens or closes, the other has or has not. Their "
			 "memory is apart this time.",
		.question = &files_question,
		.prepare = "stand-alone",
		.action = "clone-files",
		.look = { 3, "two tasks point to one files_struct" },
		LESSON_CLAIMS(files_claims),
	},
	{
		.title = "CLONE_FS: one working directory",
		.prose =
			"The root and the working directory are in the fs_struct. With CLONE_FS it "
			"is shared, and a chdir of one task moves the other. Threads of a process "
			"share all three structures; that is what makes them threads.",
		.prepare = "stand-alone",
		.action = "clone-fs",
		.look = { 3, "two tasks point to one fs_struct" },
		LESSON_CLAIMS(fs_claims),
	},
};

const struct lesson lesson_task = {
	.name = "task",
	.title = "Tasks and what they point to",
	.summary = "fork, CLONE_VM, CLONE_FILES, CLONE_FS: who shares what",
	LESSON_STEPS(steps),
};
