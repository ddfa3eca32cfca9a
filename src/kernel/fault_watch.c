/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From captured faults to explained ones. Each process that is watched has its mappings
 * (fault_space) and, for looking, its /proc files; children have theirs from fork(2) on.
 *
 * What records do not say is looked up: mappings that were there before the watch, or that the
 * kernel made without news (a stack), in /proc/PID/maps; huge leaves and zero pages by
 * PAGEMAP_SCAN (Linux 6.7); registration with a userfaultfd by uffd_ranges.h; swapping in
 * /proc/meminfo. All of it is bounded by time and number, so that a storm of faults is not
 * slowed down by looking at it.
 *
 * What left the page cache (eviction_watch.h) is read when the first fault of a reading that
 * struck a file is told, for all that came before that fault is known by then; and at the end.
 */
#include "kernel/fault_watch.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/eviction_watch.h"
#include "kernel/taskstat.h"
#include "kernel/uffd_ranges.h"
#include "kernel/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAPS_PERIOD_NS  (20 * NS_PER_S / 1000)
#define SWAP_PERIOD_NS  NS_PER_S
#define LOOKS_PER_ROUND 4000
#define SEEN_PAGES      (1U << 18) /* a power of two; of processes whose error codes are hidden */

struct watched {
	pid_t pid;
	struct proc *proc;     /* NULL: gone, or not for us */
	struct walker *walker; /* NULL: not opened yet, or not for us */
	bool no_walker;
	struct fault_space *space;
	uint32_t nr_old; /* mappings with a lower number are older than the watch or than a fork */
	uint64_t maps_ns;
	uint64_t huge_region; /* address of the last region that was looked at */
	bool region_is_huge;
	struct uffd_ranges uffd;
};

struct fault_watch {
	const struct host *host;
	struct fault_capture_config config;
	struct fault_capture *capture;
	struct watched **watched;
	size_t nr_watched, watched_room;
	struct watched *last; /* that had a fault last */
	bool has_swap;
	uint64_t swap_ns;
	uint64_t huge_bytes; /* that one entry of the level above the last maps */
	unsigned looks_left;
	uint64_t since_ns; /* faults before are in the base counters: it was being attached to */
	uint64_t base_minflt, base_majflt;
	uint64_t last_minflt, last_majflt;
	bool has_ended; /* the counters are those of the end */
	struct fault_balance balance;
	uint64_t *seen;                   /* pages that have faulted, by hash */
	struct eviction_watch *evictions; /* NULL: tracepoints are not wanted */
	bool evictions_read;              /* in this reading */

	const struct fault_watch_ops *ops; /* of the reading that is under way */
	void *arg;
};

static struct watched *watched_new(struct fault_watch *watch, pid_t pid,
				   const struct fault_space *space)
{
	struct watched *one = xcalloc(1, sizeof(*one));

	one->pid = pid;
	one->space = space ? fault_space_copy(space)
			   : fault_space_new((uint64_t)1 << watch->host->geometry.page_shift);
	one->nr_old = fault_space_nr(one->space);
	if (proc_open(watch->host, pid, &one->proc))
		one->proc = NULL;
	watch->watched = xgrow(watch->watched, watch->nr_watched, &watch->watched_room,
			       sizeof(struct watched *));
	watch->watched[watch->nr_watched++] = one;
	return one;
}

static void watched_free(struct watched *one)
{
	walker_free(one->walker);
	proc_close(one->proc);
	fault_space_free(one->space);
	uffd_ranges_clear(&one->uffd);
	free(one);
}

static struct watched *find_watched(struct fault_watch *watch, pid_t pid)
{
	if (watch->last && watch->last->pid == pid)
		return watch->last;
	for (size_t i = 0; i < watch->nr_watched; i++)
		if (watch->watched[i]->pid == pid)
			return watch->last = watch->watched[i];
	return watch->last = watched_new(watch, pid, NULL);
}

static void note_files(struct fault_watch *watch, const struct vma_list *list)
{
	for (size_t i = 0; watch->evictions && i < vma_list_nr(list); i++)
		eviction_watch_note(watch->evictions, vma_list_at(list, i));
}

/* Reads the mappings as they are now, but not too often. */
static bool load_maps(struct fault_watch *watch, struct watched *one)
{
	uint64_t now_ns = clock_mono_ns();
	struct vma_list *list;

	if (!one->proc || (one->maps_ns && now_ns - one->maps_ns < MAPS_PERIOD_NS))
		return false;
	if (proc_read_maps(one->proc, &list))
		return false;
	if (vma_list_nr(list))
		fault_space_load(one->space, list);
	note_files(watch, list);
	vma_list_free(list);
	/* Many mappings are dear to read: the more, the rarer. */
	one->maps_ns = clock_mono_ns();
	one->maps_ns += (one->maps_ns - now_ns) * 20;
	return true;
}

static const struct vma *find_vma(struct fault_watch *watch, struct watched *one, uint64_t addr,
				  uint32_t *id, bool *grew)
{
	*id = fault_space_find(one->space, addr, grew);
	if (*id == FAULT_SPACE_NONE && load_maps(watch, one))
		*id = fault_space_find(one->space, addr, grew);
	return fault_space_at(one->space, *id);
}

static int note_state(void *arg, const struct page_span *span)
{
	*(unsigned *)arg |= span->state | PAGE_PRESENT * !!(span->state & PAGE_HUGE);
	return 0;
}

/* The state bits of the page at addr now. False where they are not to be had. */
static bool look_at_page(struct fault_watch *watch, struct watched *one, uint64_t addr,
			 unsigned *state)
{
	uint64_t vpn = addr >> watch->host->geometry.page_shift;

	if (!watch->looks_left || !one->proc || one->no_walker ||
	    watch->host->pagemap_scan != WHY_OK)
		return false;
	if (!one->walker && walker_new(one->proc, WALK_CHUNK_PAGES, &one->walker)) {
		one->no_walker = true;
		return false;
	}
	watch->looks_left--;
	*state = 0;
	return walk_pages(one->walker, vpn, vpn + 1, WALK_STATES, note_state, state) == 0;
}

/*
 * Whether a huge leaf maps the address. Where small pages are used, a region of the size of a
 * huge page is looked at when its first fault comes, and not for each of the others.
 */
static void look_for_huge(struct fault_watch *watch, struct watched *one, uint64_t addr,
			  struct fault_facts *facts)
{
	const struct vma *vma = facts->vma;
	uint64_t region = addr & ~(watch->huge_bytes - 1);
	unsigned state;

	if (region < vma->start_addr || region + watch->huge_bytes > vma->end_addr)
		return;
	if (region != one->huge_region) {
		if (!look_at_page(watch, one, addr, &state) ||
		    !(state & (PAGE_PRESENT | PAGE_SWAPPED))) {
			facts->huge_unseen = true;
			return;
		}
		one->huge_region = region;
		one->region_is_huge = state & PAGE_HUGE;
	}
	facts->is_huge = one->region_is_huge;
}

static bool has_swap(struct fault_watch *watch)
{
	uint64_t now_ns = clock_mono_ns();
	unsigned long long kib = 0;
	size_t len_bytes;
	const char *line;
	char *text;

	if (watch->swap_ns && now_ns - watch->swap_ns < SWAP_PERIOD_NS)
		return watch->has_swap;
	watch->swap_ns = now_ns;
	if (host_read_all(watch->host, AT_FDCWD, "/proc/meminfo", &text, &len_bytes))
		return watch->has_swap;
	line = strstr(text, "SwapTotal:");
	if (line && sscanf(line, "SwapTotal: %llu", &kib) == 1)
		watch->has_swap = kib > 0;
	free(text);
	return watch->has_swap;
}

/* True where this page is among the last that faulted; it is from now on. */
static bool seen_before(struct fault_watch *watch, const struct fault *fault)
{
	uint64_t page = fault->addr >> watch->host->geometry.page_shift;
	uint64_t key = page << 24 ^ (uint64_t)(uint32_t)fault->pid;
	size_t at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 46;

	if (!watch->seen)
		watch->seen = xcalloc(SEEN_PAGES, sizeof(*watch->seen));
	at &= SEEN_PAGES - 1;
	if (watch->seen[at] == key)
		return true;
	watch->seen[at] = key;
	return false;
}

static void gather_facts(struct fault_watch *watch, struct watched *one, struct fault *fault,
			 struct fault_facts *facts)
{
	const struct vma *vma = facts->vma;
	bool absent = !fault->has_error_code || !(fault->error_code & FAULT_ERROR_PRESENT);
	unsigned state;

	if (!vma || vma->kind == VMA_DEVICE || vma->kind == VMA_SPECIAL || facts->signal)
		return;
	if (fault->severity == FAULT_MAJOR)
		facts->may_swap = has_swap(watch);
	if (vma->kind != VMA_FILE && one->proc)
		facts->has_uffd = uffd_ranges_has(&one->uffd, watch->host, one->proc, fault->addr,
						  fault->t_ns);
	if (absent && fault->severity == FAULT_MINOR)
		look_for_huge(watch, one, fault->addr, facts);
	if (fault->has_error_code)
		return;
	facts->seen_before = seen_before(watch, fault);
	/* Without the error code, only what is new for certain can be told from what is copied. */
	if (!vma_has_file(vma) && !facts->seen_before && fault->vma_id >= one->nr_old &&
	    look_at_page(watch, one, fault->addr, &state)) {
		facts->page_known = state & (PAGE_PRESENT | PAGE_ZERO);
		facts->is_zero = state & PAGE_ZERO;
	}
}

static void read_evictions(struct fault_watch *watch)
{
	if (watch->evictions_read)
		return;
	eviction_watch_read(watch->evictions);
	watch->evictions_read = true;
}

/* True where a page of a file was cached before, and left: that is why it is not there now. */
static bool was_evicted(struct fault_watch *watch, const struct fault *fault, const struct vma *vma)
{
	struct fault_evictions *evictions;
	struct evicted_file *file;

	if (!watch->evictions || !vma || !fault_evictions_concern(vma) ||
	    (fault->kind != FAULT_FILE_MAJOR && fault->kind != FAULT_FILE_MINOR))
		return false;
	read_evictions(watch);
	evictions = eviction_watch_state(watch->evictions);
	if (!evictions->nr_pages)
		return false;
	file = fault_evictions_find(evictions, vma->dev_major, vma->dev_minor, vma->inode);
	return file && fault_evictions_had(evictions, file,
					   (fault->addr - vma->start_addr + vma->off_bytes) >>
						   watch->host->geometry.page_shift,
					   fault->t_ns);
}

static void take_fault(void *arg, const struct fault *captured, int signal)
{
	struct fault_watch *watch = arg;
	struct fault fault = *captured;
	struct watched *one;
	struct fault_facts facts = { .signal = signal };
	const struct vma *code = NULL;
	struct vma struck;
	uint32_t code_id;

	if (fault.t_ns < watch->since_ns)
		return;
	one = find_watched(watch, fault.pid);
	facts.vma = find_vma(watch, one, fault.addr, &fault.vma_id, &facts.grew_stack);
	if (facts.vma) {
		/* As it is now: looking further may move or change it. */
		struck = *facts.vma;
		facts.vma = &struck;
	}
	gather_facts(watch, one, &fault, &facts);
	fault_classify(&fault, &facts);
	fault.evicted_before = was_evicted(watch, &fault, facts.vma);
	if (fault.kind == FAULT_HUGE && facts.vma)
		fault.pages_mapped = (uint32_t)(watch->huge_bytes >>
						watch->host->geometry.page_shift);
	watch->balance.nr_minor += fault.severity == FAULT_MINOR;
	watch->balance.nr_major += fault.severity == FAULT_MAJOR;
	watch->balance.nr_failed += fault.severity == FAULT_FAILED;
	if (!fault.in_kernel)
		code = find_vma(watch, one, fault.ip, &code_id, NULL);
	watch->ops->fault(watch->arg, &fault, facts.vma, code);
}

static void take_map(void *arg, pid_t pid, const struct vma *vma)
{
	struct fault_watch *watch = arg;

	fault_space_map(find_watched(watch, pid)->space, vma);
	if (watch->evictions)
		eviction_watch_note(watch->evictions, vma);
}

static void take_exec(void *arg, pid_t pid, const char *comm)
{
	struct fault_watch *watch = arg;
	struct watched *one = find_watched(watch, pid);

	fault_space_clear(one->space);
	one->nr_old = fault_space_nr(one->space);
	uffd_ranges_clear(&one->uffd);
	one->huge_region = 0;
	one->maps_ns = 0;
	/* The page table's file belongs to the program before. */
	walker_free(one->walker);
	one->walker = NULL;
	if (watch->ops->exec)
		watch->ops->exec(watch->arg, pid, comm);
}

static void take_fork(void *arg, pid_t parent, pid_t child)
{
	struct fault_watch *watch = arg;
	struct watched *one = find_watched(watch, parent);

	one->nr_old = fault_space_nr(one->space);
	if (watch->config.follow)
		watched_new(watch, child, one->space);
}

static void take_exit(void *arg, pid_t pid)
{
	struct fault_watch *watch = arg;

	for (size_t i = 0; i < watch->nr_watched; i++) {
		if (watch->watched[i]->pid != pid || pid == watch->config.pid)
			continue;
		watched_free(watch->watched[i]);
		watch->watched[i] = watch->watched[--watch->nr_watched];
		watch->last = NULL;
		return;
	}
}

static void tell_eviction(void *arg, const struct fault_eviction *eviction)
{
	struct fault_watch *watch = arg;

	if (watch->ops->evicted)
		watch->ops->evicted(watch->arg, eviction);
}

static void tell_evictions(struct fault_watch *watch)
{
	read_evictions(watch);
	watch->evictions_read = false;
	/* A mapping has what left after its first fault: that one must have been told before. */
	eviction_watch_tell(watch->evictions, fault_capture_told_ns(watch->capture), tell_eviction,
			    watch);
}

/* A process that maps the files that are new, as far as one is known. */
static struct proc *mapping_proc(const struct fault_watch *watch)
{
	return watch->last ? watch->last->proc : watch->watched[0]->proc;
}

static const struct fault_capture_ops capture_ops = {
	.fault = take_fault,
	.map = take_map,
	.exec = take_exec,
	.fork = take_fork,
	.exit = take_exit,
};

static int parse_counters(const char *text, size_t len_bytes, bool children, uint64_t *minflt,
			  uint64_t *majflt)
{
	struct task_stat stat;

	if (!task_stat_parse(text, len_bytes, &stat))
		return -EPROTO;
	*minflt = stat.field[STAT_MINFLT] + (children ? stat.field[STAT_CMINFLT] : 0);
	*majflt = stat.field[STAT_MAJFLT] + (children ? stat.field[STAT_CMAJFLT] : 0);
	return 0;
}

int fault_counters_read(const struct host *host, pid_t pid, bool children, uint64_t *minflt,
			uint64_t *majflt)
{
	size_t len_bytes;
	char path[48], *text;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	ret = host_read_all(host, AT_FDCWD, path, &text, &len_bytes);
	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;
	ret = parse_counters(text, len_bytes, children, minflt, majflt);
	free(text);
	return ret;
}

/* By the process's own descriptor: another one with its number is not taken for it. */
static int read_counters(struct fault_watch *watch, uint64_t *minflt, uint64_t *majflt)
{
	struct watched *one = watch->watched[0];
	size_t len_bytes;
	char *text;
	int ret = one->proc ? host_read_all(watch->host, proc_dir_fd(one->proc), "stat", &text,
					    &len_bytes)
			    : -ESRCH;

	if (ret)
		return ret;
	ret = parse_counters(text, len_bytes, watch->config.follow, minflt, majflt);
	free(text);
	return ret;
}

int fault_watch_new(const struct host *host, const struct fault_capture_config *config,
		    struct fault_watch **out)
{
	struct fault_watch *watch = xcalloc(1, sizeof(*watch));
	int ret;

	watch->host = host;
	watch->config = *config;
	watch->huge_bytes = (uint64_t)1 << (host->geometry.page_shift * 2 - 3);
	ret = fault_capture_new(host, config, &watch->capture);
	if (!ret) {
		watched_new(watch, config->pid, NULL);
		ret = read_counters(watch, &watch->last_minflt, &watch->last_majflt);
	}
	if (ret) {
		fault_watch_free(watch);
		return ret;
	}
	if (!config->software_only)
		watch->evictions = eviction_watch_new(host);
	load_maps(watch, watch->watched[0]);
	if (watch->evictions)
		eviction_watch_follow(watch->evictions, watch->watched[0]->proc);
	/* Of one that has not run yet, all is new, and all that was counted is its own. */
	if (!config->stopped) {
		watch->since_ns = clock_mono_ns();
		read_counters(watch, &watch->last_minflt, &watch->last_majflt);
		watch->base_minflt = watch->last_minflt;
		watch->base_majflt = watch->last_majflt;
		watch->watched[0]->nr_old = fault_space_nr(watch->watched[0]->space);
	}
	*out = watch;
	return 0;
}

void fault_watch_free(struct fault_watch *watch)
{
	if (!watch)
		return;
	fault_capture_free(watch->capture);
	for (size_t i = 0; i < watch->nr_watched; i++)
		watched_free(watch->watched[i]);
	eviction_watch_free(watch->evictions);
	free(watch->watched);
	free(watch->seen);
	free(watch);
}

const struct fault_capture_powers *fault_watch_powers(const struct fault_watch *watch)
{
	return fault_capture_powers(watch->capture);
}

size_t fault_watch_read(struct fault_watch *watch, int timeout_ms,
			const struct fault_watch_ops *ops, void *arg)
{
	size_t nr;

	watch->looks_left = LOOKS_PER_ROUND;
	watch->ops = ops;
	watch->arg = arg;
	nr = fault_capture_read(watch->capture, timeout_ms, &capture_ops, watch);
	if (watch->evictions) {
		tell_evictions(watch);
		eviction_watch_follow(watch->evictions, mapping_proc(watch));
	}
	return nr;
}

void fault_watch_flush(struct fault_watch *watch, const struct fault_watch_ops *ops, void *arg)
{
	watch->looks_left = LOOKS_PER_ROUND;
	watch->ops = ops;
	watch->arg = arg;
	/*
	 * Of a process that goes on, the counters are read as the last events come: what it takes in
	 * the time between would else be said to be hidden.
	 */
	watch->has_ended = read_counters(watch, &watch->last_minflt, &watch->last_majflt) == 0;
	fault_capture_stop(watch->capture);
	fault_capture_flush(watch->capture, &capture_ops, watch);
	if (watch->evictions) {
		tell_evictions(watch);
		/* Nobody would read their rings, which all CPUs would go on to fill. */
		eviction_watch_end(watch->evictions, mapping_proc(watch));
	}
}

/* The counters less what was there before, and less what the events have. */
static void make_balance(struct fault_watch *watch, uint64_t minflt, uint64_t majflt,
			 struct fault_balance *out)
{
	uint64_t events, counted;

	*out = watch->balance;
	out->minflt = minflt - watch->base_minflt;
	out->majflt = majflt - watch->base_majflt;
	out->nr_lost = fault_capture_lost(watch->capture);
	events = out->nr_minor + out->nr_major;
	counted = out->minflt + out->majflt;
	/* While it runs, events may be a moment ahead of the counters that were read. */
	out->nr_hidden = counted > events ? counted - events : 0;
}

int fault_watch_balance(struct fault_watch *watch, struct fault_balance *out)
{
	int ret = 0;

	if (!watch->has_ended)
		ret = read_counters(watch, &watch->last_minflt, &watch->last_majflt);
	make_balance(watch, watch->last_minflt, watch->last_majflt, out);
	return ret;
}

const struct fault_evictions *fault_watch_evictions(const struct fault_watch *watch)
{
	static const struct fault_evictions not_asked = { .doubt = EVICTIONS_NOT_ASKED };

	return watch->evictions ? eviction_watch_state(watch->evictions) : &not_asked;
}
