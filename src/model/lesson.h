/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_LESSON_H
#define PAGEWALK_MODEL_LESSON_H

#include "base/why.h"
#include "model/geometry.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A lesson is a const table: steps that say what is about to happen, may ask a question, have
 * the pupil (a small process of its own) do it, and state claims, each of which is measured and
 * then held or did not. What a step gave is a struct step_result, which the screen and the
 * reports share.
 *
 * To add a lesson is to add one file below src/learn/ and a line to its table of lessons.
 */

/* What a claim is about. Where each is measured stands in quantity_source(). */
enum quantity {
	QUANTITY_SAID,          /* figure `subject` that the pupil gave */
	QUANTITY_SAID_YES,      /* the same, where it is 1 for yes or 0 for no */
	QUANTITY_PRESENT,       /* pages of region `subject` ... that are present */
	QUANTITY_SWAPPED,       /* ... that are in swap */
	QUANTITY_ZERO,          /* ... that map the zero page */
	QUANTITY_HUGE,          /* ... that a huge leaf maps */
	QUANTITY_FILE_PAGES,    /* ... that are file pages or shared memory */
	QUANTITY_EXCLUSIVE,     /* ... that are mapped by this process alone */
	QUANTITY_FRAMES,        /* ... whose frame number is known and not 0 */
	QUANTITY_NR_FRAMES,     /* different frames behind them */
	QUANTITY_SAME_FRAMES,   /* pages with the same frame as the page of region `other` */
	QUANTITY_IN_ORDER,      /* pages whose frame follows that of the page before */
	QUANTITY_VMAS,          /* VMAs that lie in the region or reach into it */
	QUANTITY_MAPPED,        /* pages of the region that a VMA covers */
	QUANTITY_MINOR,         /* minor faults in the region, events of the action */
	QUANTITY_MAJOR,         /* major faults in the region */
	QUANTITY_COUNTED_MINOR, /* the process's own count, whatever the address */
	QUANTITY_COUNTED_MAJOR,
	QUANTITY_CACHED, /* pages of the file behind descriptor `subject` in the page cache */
	QUANTITY_DIRTY,
	QUANTITY_WRITEBACK,
	QUANTITY_READ_BYTES, /* that the process has caused to be read from storage */
	QUANTITY_SHARES_VM,  /* 1 where task `subject` and task `other` share an mm_struct, or 0 */
	QUANTITY_SHARES_FILES,
	QUANTITY_SHARES_FS,
	QUANTITY_SAME_OPEN_FILE, /* 1 where descriptors `subject` and `other` are one open file */
	QUANTITY_SAME_INODE,
	QUANTITY_POSITION, /* of descriptor `subject` in its file, bytes */
	/* From here on `subject` is the transfer mode (model/modes.h) that has sent a file. */
	QUANTITY_COPIES,  /* of each byte by the sender's CPU, whole times */
	QUANTITY_CALLS,   /* transfer system calls of the sender */
	QUANTITY_TOUCHED, /* minor faults of the sender while it sent */
	QUANTITY_INTACT,  /* 1 where the receiver's hash is that of the file, or 0 */
	QUANTITY_SHARED, /* 1 where socket `other` (model/proof.h) held the file's own pages, or 0 */
	QUANTITY_CPU_PERCENT, /* of sender and sink, in percent of those of mode `other` */
	NR_QUANTITY,
};

enum claim_relation {
	CLAIM_EQUAL,
	CLAIM_NOT_EQUAL,
	CLAIM_AT_LEAST,
	CLAIM_AT_MOST,
};

enum claim_when {
	CLAIM_AFTER,  /* the action */
	CLAIM_BEFORE, /* it */
	CLAIM_CHANGE, /* after, less before */
};

/* Indexes of regions, descriptors and tasks that the pupil has named are 0 to this less one. */
#define LESSON_SUBJECTS 8

struct lesson_claim {
	const char *text; /* "each of the 16 pages took one fault" */
	enum quantity quantity;
	enum claim_when when;
	enum claim_relation relation;
	unsigned subject, other;
	int64_t expected;
};

#define LESSON_CHOICES 4

struct lesson_question {
	const char *text;
	const char *choices[LESSON_CHOICES]; /* NULL after the last */
	unsigned right;                      /* index of the one that is right */
	const char *why;                     /* shown with the answer */
};

/* What to look at meanwhile. */
struct lesson_look {
	int screen;        /* 1 to 6, as the number keys have it; 0: this one says all */
	const char *where; /* "the row that begins to fill" */
};

#define LESSON_SPLITS 2

struct lesson_step {
	const char *title;
	const char *prose;                      /* two to five sentences */
	const struct lesson_question *question; /* asked before the action; NULL: none */
	const char *prepare; /* what brings about the state before it; NULL: nothing to do */
	const char *action;  /* both are names of pupil_actions[] or of the driver's */
	struct lesson_look look;
	bool shows_descriptors; /* which struct file each points to, and its position */
	/* Bytes of region 0 whose addresses are taken apart in the picture, by offset. */
	uint32_t split_bytes[LESSON_SPLITS];
	size_t nr_split;
	/* Transfer modes whose way is the picture, 1u << mode; 0: the map of the regions is. */
	unsigned ways;
	const struct lesson_claim *claims;
	size_t nr_claims;
};

/* How a lesson is carried out that is none of the pupil's; learn/driver.h. */
struct lesson_driver;

struct lesson {
	const char *name;                   /* "fault-anon", as on the command line */
	const char *title;                  /* "First touch of anonymous memory" */
	const char *summary;                /* one sentence for the list */
	bool needs_swap;                    /* nothing of it can be shown without */
	bool needs_disk;                    /* a file system whose pages can be dropped */
	bool shows_cache;                   /* the page cache of descriptor 0 is in the picture */
	const struct lesson_driver *driver; /* NULL: the pupil */
	const struct lesson_step *steps;
	size_t nr_steps;
};

enum verdict {
	VERDICT_HELD,
	VERDICT_NOT_HELD,
	VERDICT_UNKNOWN, /* could not be measured here: says why */
	NR_VERDICT,
};

#define LESSON_REASON 160

/* One quantity, measured once. */
struct reading {
	enum why why; /* WHY_OK: value counts */
	int64_t value;
	char reason[LESSON_REASON]; /* why not, one clause */
};

struct claim_result {
	const struct lesson_claim *claim;
	struct reading before, after;
	int64_t measured; /* what was compared; only where the verdict is not UNKNOWN */
	enum verdict verdict;
	const char *reason; /* of VERDICT_UNKNOWN, points into before or after; else "" */
};

/* A page of a region at one moment. */
struct lesson_page {
	unsigned state; /* enum page_state; 0: absent */
	uint64_t pfn;   /* 0: none or not known */
	uint64_t flags; /* kpageflags; 0 where not known */
};

/* Index of what is no region of the address space: the page cache of the file behind descriptor 0. */
#define LESSON_CACHE LESSON_SUBJECTS

/* Pages of a region that are kept for the picture, at most. */
#define LESSON_PAGES 1024

struct lesson_region {
	char name[24];  /* "anonymous", "file" */
	unsigned index; /* as claims name it; LESSON_CACHE: none of theirs */
	pid_t pid;
	uint64_t start_addr;
	size_t nr_pages;
	size_t nr_before, nr_after; /* pages known then; 0: the region was not there */
	bool has_flags, has_frames;
	struct lesson_page *before, *after; /* nr_pages each */
};

/* A descriptor of the pupil, where the step shows them. */
struct lesson_descriptor {
	int fd;
	unsigned open_file;           /* index of the first one that is the same struct file */
	bool has_open_file;           /* whether that is known */
	struct reading before, after; /* its position in bytes */
};

/* What one step gave. Not changed once it is published. */
struct step_result {
	atomic_uint refs;
	const struct lesson *lesson;
	size_t step;
	bool performed;    /* false: only prepared, and `after` of everything is not there yet */
	unsigned nr_tries; /* more than 1: the state had decayed, and the step was done again */
	uint64_t taken_ns; /* it took so long */
	pid_t pid;         /* of the pupil; 0: none */
	struct geometry geometry; /* of this machine; no levels where nothing was measured */
	int error;                /* 0, or -errno where the step could not be carried out */
	char error_text[LESSON_REASON];
	enum verdict verdict; /* of all claims: the worst */
	struct claim_result *claims;
	size_t nr_claims;
	struct lesson_region regions[LESSON_SUBJECTS];
	size_t nr_regions;
	struct lesson_descriptor descriptors[LESSON_SUBJECTS];
	size_t nr_descriptors; /* 0 where the step does not show them */
};

struct step_result *step_result_new(const struct lesson *lesson, size_t step);
/* A copy that can be changed. */
struct step_result *step_result_copy(const struct step_result *result);
struct step_result *step_result_ref(struct step_result *result);
void step_result_unref(struct step_result *result);
/* Compares what was read in claims[].before and .after with what is claimed, all of them. */
void step_result_judge(struct step_result *result);
/* Says of all claims why they could not be measured. */
void step_result_refuse(struct step_result *result, enum why why, const char *reason);

/* Sets measured, verdict and reason from the readings. */
void claim_judge(struct claim_result *result);
/* "= 16", "at least 1", as it stands in reports. Fills and returns `out`. */
char *claim_expected_text(const struct lesson_claim *claim, char *out, size_t room);
/* "pages present", "minor faults": what the figure counts. */
const char *quantity_name(enum quantity quantity);
/* "pagemap", "kcmp(2)": the interface that gives it. */
const char *quantity_source(enum quantity quantity);
/* True where it is 1 for yes and 0 for no. */
bool quantity_is_truth(enum quantity quantity);
/* True where a change of it counts what happened: faults, bytes read. */
bool quantity_is_event(enum quantity quantity);
/* True where it takes frame numbers, which need CAP_SYS_ADMIN. */
bool quantity_needs_frames(enum quantity quantity);
/* "ok", "not ok", "not measured", for people. */
const char *verdict_text(enum verdict verdict);
/* The worse of two: a claim that failed, then one not measured. */
enum verdict verdict_worse(enum verdict a, enum verdict b);

/* What is there for lessons, on this machine and for this user. */
struct lesson_powers {
	bool frames;
	bool swap;
	bool disk; /* files can be made where their pages can be dropped */
};

/* How many of its claims there are, and how many of them need frames. */
void lesson_count_claims(const struct lesson *lesson, size_t *nr, size_t *nr_frames);
/*
 * What the lesson needs that is not there, one clause; "" where all of it can be measured. Fills
 * and returns `out`.
 */
char *lesson_missing(const struct lesson *lesson, const struct lesson_powers *powers, char *out,
		     size_t room);

/* An answer that a student gave. */
struct lesson_answer {
	const struct lesson *lesson;
	size_t step;
	unsigned choice;
};

#endif
