/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_FAULT_WATCH_H
#define PAGEWALK_KERNEL_FAULT_WATCH_H

#include "kernel/fault_capture.h"
#include "kernel/proc.h"
#include "model/fault.h"
#include "model/fault_evictions.h"
#include "model/fault_space.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The faults of a process with all that can be known of each: captured (fault_capture.h), put
 * into the mapping that they struck, and given a kind. Where the records do not suffice the page
 * table is looked at, within a budget; looking never touches the page.
 */
struct fault_watch;

struct fault_watch_ops {
	/* `vma` is what it struck, `code` where its instruction lies; NULL: not known. Borrowed. */
	void (*fault)(void *arg, const struct fault *fault, const struct vma *vma,
		      const struct vma *code);
	/* The process became another program; may be NULL. */
	void (*exec)(void *arg, pid_t pid, const char *comm);
	/* Pages of a file that it maps or has mapped left the page cache; may be NULL. */
	void (*evicted)(void *arg, const struct fault_eviction *eviction);
};

/* What the kernel has counted, and what has come as events. */
struct fault_balance {
	uint64_t minflt, majflt; /* of the process since the watch began: the kernel's counters */
	uint64_t nr_minor, nr_major; /* events */
	uint64_t nr_failed; /* accesses that ended in a signal: the counters have none of them */
	uint64_t nr_lost;
	uint64_t nr_hidden; /* counters less events: get_user_pages, or what may not be seen */
};

/*
 * Begins to watch. With config->stopped the counters begin at 0: what execve(2) took for the
 * command is hidden, but is its own. Failures as fault_capture_new(), which see.
 */
int fault_watch_new(const struct host *host, const struct fault_capture_config *config,
		    struct fault_watch **out);
void fault_watch_free(struct fault_watch *watch);
const struct fault_capture_powers *fault_watch_powers(const struct fault_watch *watch);
/* Waits up to timeout_ms for news and tells it. Returns how many records were read. */
size_t fault_watch_read(struct fault_watch *watch, int timeout_ms,
			const struct fault_watch_ops *ops, void *arg);
/*
 * Tells what is left; the process has ended or nothing more is wanted. No evictions are watched
 * from then on.
 */
void fault_watch_flush(struct fault_watch *watch, const struct fault_watch_ops *ops, void *arg);
/*
 * The balance now, from /proc/PID/stat (minflt, majflt and, when children are followed,
 * those of the ones that were waited for). 0, or -ESRCH when the process is gone: then the
 * counters are those last seen. A zombie still has them: they are exact before it is reaped.
 */
int fault_watch_balance(struct fault_watch *watch, struct fault_balance *out);
/*
 * What has left the page cache of the files that it maps, as far as it was told; borrowed. Files
 * are watched from the end of the reading that tells of their mapping.
 */
const struct fault_evictions *fault_watch_evictions(const struct fault_watch *watch);

/*
 * The kernel's counters of a process by themselves, for where perf is refused: /proc/PID/stat
 * (minflt, majflt; with `children` those of the ones that were waited for too). 0, or -ESRCH when
 * it is gone.
 */
int fault_counters_read(const struct host *host, pid_t pid, bool children, uint64_t *minflt,
			uint64_t *majflt);

#endif
