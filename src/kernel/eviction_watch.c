/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel takes one filter for the life of an event (EEXIST), so files that are mapped later
 * get events of their own: a set for each time that something new was mapped, and no eviction is
 * told twice or missed in between.
 *
 * The tracepoint gives the device of the superblock of the inode that owns the pages, as
 * /proc/PID/maps and PERF_RECORD_MMAP2 do, also where stat(2) gives another (btrfs). On overlayfs
 * they name the inode of the overlay, which has no pages: those are of a file below. On btrfs
 * inode numbers are those of a subvolume, and two files of one superblock can have the same.
 */
#include "kernel/eviction_watch.h"

#include "base/xalloc.h"
#include "kernel/filemap_rings.h"
#include "kernel/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RINGS_BYTES      ((size_t)16 << 20) /* of all CPUs together */
#define RING_LEAST_BYTES ((size_t)256 << 10)
#define RING_MOST_BYTES  ((size_t)4 << 20)
/* The kernel takes a filter of a page at most: 64 files with the longest numbers have the room. */
#define FILTER_LEN 4096
#define SET_FILES  64
#define MOST_ORDER 30
#define OR         " || "

struct eviction_watch {
	const struct host *host;
	struct filemap_point point;
	struct filemap_rings *rings; /* NULL: refused, or ended */
	struct mounts mounts;        /* as they were last read */
	struct fault_evictions state;
	size_t nr_followed; /* of state.files */
	struct fault_eviction *untold;
	size_t nr_untold, room;
	size_t nr_older; /* of the untold, from before this reading */
};

static enum eviction_doubt doubt_of(int error)
{
	switch (error) {
	case 0:
		return EVICTIONS_KNOWN;
	case -EACCES:
	case -EPERM:
		return EVICTIONS_DENIED;
	case -ENODEV:
	case -ENOSYS: /* it is not mounted, and this kernel cannot mount it for us alone */
		return EVICTIONS_NO_TRACEFS;
	case -ENOENT:
		return EVICTIONS_UNSUPPORTED;
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
		return EVICTIONS_NO_ROOM;
	default:
		return EVICTIONS_FAILED;
	}
}

static size_t ring_bytes(void)
{
	long nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t each = RINGS_BYTES / (nr_cpus > 0 ? (size_t)nr_cpus : 1);

	if (each > RING_MOST_BYTES)
		return RING_MOST_BYTES;
	return each < RING_LEAST_BYTES ? RING_LEAST_BYTES : each;
}

struct eviction_watch *eviction_watch_new(const struct host *host)
{
	struct eviction_watch *watch = xcalloc(1, sizeof(*watch));
	int ret;

	watch->host = host;
	watch->point = (struct filemap_point){
		.event = "filemap/mm_filemap_delete_from_page_cache",
		.wanted = true,
	};
	ret = filemap_points_find(host, &watch->point, 1);
	if (!ret)
		ret = filemap_rings_new(host, ring_bytes(), &watch->rings);
	watch->state.doubt = doubt_of(ret);
	return watch;
}

void eviction_watch_free(struct eviction_watch *watch)
{
	if (!watch)
		return;
	filemap_rings_free(watch->rings);
	mounts_clear(&watch->mounts);
	fault_evictions_clear(&watch->state);
	free(watch->untold);
	free(watch);
}

void eviction_watch_note(struct eviction_watch *watch, const struct vma *vma)
{
	if (watch->rings && fault_evictions_concern(vma))
		fault_evictions_add_file(&watch->state, vma);
}

/* True where the mounts are now those of the process; else they are those read last. */
static bool read_mounts(struct eviction_watch *watch, struct proc *proc)
{
	struct mounts mounts;

	if (!proc || mounts_read(proc, &mounts))
		return false;
	mounts_clear(&watch->mounts);
	watch->mounts = mounts;
	return true;
}

/*
 * Whether a file is one of the file system that stacks. One that is on none of the mounts, as in
 * a chroot(2) below one, is taken for none.
 */
static enum eviction_doubt stacking_doubt(const struct eviction_watch *watch, bool mounts_known,
					  const struct evicted_file *file)
{
	const struct mount *mount = mounts_by_dev(&watch->mounts, file->dev_major, file->dev_minor);

	if (!mount)
		return mounts_known ? EVICTIONS_KNOWN : EVICTIONS_NO_MOUNTS;
	return strcmp(mount->fstype, "overlay") ? EVICTIONS_KNOWN : EVICTIONS_STACKED;
}

/* Adds the file's clause to the filter; it always has the room. */
static size_t add_clause(char *filter, size_t len, const struct evicted_file *file)
{
	const struct file_key key = { file->dev_major, file->dev_minor, file->inode };
	char clause[FILEMAP_FILTER_LEN];

	filemap_filter(clause, &key);
	return len +
	       (size_t)snprintf(filter + len, FILTER_LEN - len, "%s%s", len ? OR : "", clause);
}

/* The filter of the next files that are new, *past of them; "" where none can be watched. */
static void make_filter(struct eviction_watch *watch, bool mounts_known, char filter[FILTER_LEN],
			size_t *past)
{
	struct fault_evictions *state = &watch->state;
	size_t len = 0, i = watch->nr_followed;

	filter[0] = '\0';
	for (unsigned nr = 0; i < state->nr && nr < SET_FILES; i++) {
		struct evicted_file *file = &state->files[i];

		file->doubt = stacking_doubt(watch, mounts_known, file);
		if (file->doubt == EVICTIONS_STACKED)
			continue;
		len = add_clause(filter, len, file);
		nr++;
	}
	*past = i;
}

static void follow_set(struct eviction_watch *watch, bool mounts_known)
{
	struct fault_evictions *state = &watch->state;
	char filter[FILTER_LEN];
	size_t past;
	int ret = 0;

	make_filter(watch, mounts_known, filter, &past);
	if (filter[0])
		ret = filemap_rings_add(watch->rings, &watch->point, filter);
	if (!ret)
		ret = filemap_rings_start(watch->rings);
	for (; watch->nr_followed < past; watch->nr_followed++)
		if (ret && !state->files[watch->nr_followed].doubt)
			state->files[watch->nr_followed].doubt = doubt_of(ret);
}

void eviction_watch_follow(struct eviction_watch *watch, struct proc *proc)
{
	bool mounts_known;

	if (watch->nr_followed == watch->state.nr)
		return;
	mounts_known = read_mounts(watch, proc);
	while (watch->nr_followed < watch->state.nr)
		follow_set(watch, mounts_known);
}

void eviction_watch_end(struct eviction_watch *watch, struct proc *proc)
{
	struct fault_evictions *state = &watch->state;
	bool mounts_known = watch->nr_followed < state->nr && read_mounts(watch, proc);

	for (; watch->nr_followed < state->nr; watch->nr_followed++)
		state->files[watch->nr_followed].doubt = stacking_doubt(
			watch, mounts_known, &state->files[watch->nr_followed]);
	filemap_rings_free(watch->rings);
	watch->rings = NULL;
}

static struct evicted_file *file_of(struct eviction_watch *watch, const struct perf_sample *sample)
{
	uint64_t inode = filemap_value(watch->point.inode, sample);
	uint64_t dev = filemap_value(watch->point.dev, sample);

	return fault_evictions_find(&watch->state, (uint32_t)(dev >> 20), (uint32_t)(dev & 0xfffff),
				    inode);
}

/* One more that waits to be told; of one reading, a run of neighbours is told as one. */
static void keep(struct eviction_watch *watch, const struct fault_eviction *eviction)
{
	struct fault_eviction *last = watch->nr_untold > watch->nr_older
					      ? &watch->untold[watch->nr_untold - 1]
					      : NULL;

	if (last && last->file == eviction->file && last->page + last->nr_pages == eviction->page) {
		last->nr_pages += eviction->nr_pages;
		/* Another CPU's may be older. */
		if (last->t_ns < eviction->t_ns)
			last->t_ns = eviction->t_ns;
		return;
	}
	watch->untold = xgrow(watch->untold, watch->nr_untold, &watch->room,
			      sizeof(*watch->untold));
	watch->untold[watch->nr_untold++] = *eviction;
}

static void take_sample(void *arg, const struct filemap_point *point,
			const struct perf_sample *sample)
{
	struct eviction_watch *watch = arg;
	uint64_t order = filemap_value(point->order, sample);
	struct fault_eviction eviction = {
		.file = file_of(watch, sample),
		.page = filemap_value(point->index, sample),
		.nr_pages = UINT64_C(1) << (order <= MOST_ORDER ? order : 0),
		.t_ns = sample->t_ns,
	};

	if (!eviction.file)
		return;
	fault_evictions_take(&watch->state, &eviction);
	keep(watch, &eviction);
}

void eviction_watch_read(struct eviction_watch *watch)
{
	watch->nr_older = watch->nr_untold;
	if (watch->rings)
		watch->state.nr_lost = filemap_rings_drain(watch->rings, take_sample, watch);
}

void eviction_watch_tell(struct eviction_watch *watch, uint64_t until_ns, eviction_watch_fn *fn,
			 void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < watch->nr_untold; i++) {
		if (watch->untold[i].t_ns <= until_ns)
			fn(arg, &watch->untold[i]);
		else
			watch->untold[kept++] = watch->untold[i];
	}
	watch->nr_untold = kept;
}

struct fault_evictions *eviction_watch_state(struct eviction_watch *watch)
{
	return &watch->state;
}
