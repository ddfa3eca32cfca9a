/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modes of colour as one table. Steps of a scale (sharing, contiguity) get the hues of a
 * scale, from dark to light, kinds of things (nodes, changes) those of page classes, which
 * any kind of colour vision tells apart. The glyphs alone must tell them apart too.
 */
#include "model/colouring.h"

#include "model/moment.h"

#include <stdlib.h>

#define NONE                                                                                       \
	[BUCKET_NONE] = { "no frame", CLASS_ABSENT, false, 0, 0 }, [BUCKET_UNKNOWN] = {            \
		"unknown", CLASS_UNKNOWN, false, 0, 0                                              \
	}

static const struct bucket state_buckets[] = {
	[CLASS_ABSENT] = { "absent", CLASS_ABSENT, false, 0, 0 },
	[CLASS_ANON] = { "anon", CLASS_ANON, false, 0, 0 },
	[CLASS_FILE] = { "file", CLASS_FILE, false, 0, 0 },
	[CLASS_SHMEM] = { "shmem", CLASS_SHMEM, false, 0, 0 },
	[CLASS_DIRTY] = { "dirty", CLASS_DIRTY, false, 0, 0 },
	[CLASS_SWAPPED] = { "swapped", CLASS_SWAPPED, false, 0, 0 },
	[CLASS_ZERO] = { "zero", CLASS_ZERO, false, 0, 0 },
	[CLASS_HUGE] = { "huge", CLASS_HUGE, false, 0, 0 },
	[CLASS_KSM] = { "KSM", CLASS_KSM, false, 0, 0 },
	[CLASS_LOCKED] = { "locked", CLASS_LOCKED, false, 0, 0 },
	[CLASS_OTHER] = { "kernel", CLASS_OTHER, false, 0, 0 },
	[CLASS_UNKNOWN] = { "unknown", CLASS_UNKNOWN, false, 0, 0 },
};

static const struct bucket sharing_buckets[] = {
	NONE,
	[SHARING_1] = { "once", HUE_SCALE + 0, true, 'A', 'a' },
	[SHARING_2] = { "twice", HUE_SCALE + 1, true, 'B', 'b' },
	[SHARING_3] = { "3-7", HUE_SCALE + 2, true, 'C', 'c' },
	[SHARING_8] = { "8-31", HUE_SCALE + 3, true, 'D', 'd' },
	[SHARING_32] = { "32+", HUE_SCALE + 4, true, 'M', 'm' },
	[SHARING_EXCLUSIVE] = { "exclusive", CLASS_ANON, false, 'E', 'e' },
	[SHARING_SHARED] = { "shared", CLASS_FILE, false, 'S', 's' },
	[SHARING_UNCOUNTED] = { "uncounted", CLASS_OTHER, false, 'X', 'x' },
};

static const struct bucket contiguity_buckets[] = {
	NONE,
	[BUCKET_FIRST + 0] = { "1", HUE_SCALE + 0, true, 'A', 'a' },
	[BUCKET_FIRST + 1] = { "2-3", HUE_SCALE + 1, true, 'B', 'b' },
	[BUCKET_FIRST + 2] = { "4-15", HUE_SCALE + 2, true, 'C', 'c' },
	[BUCKET_FIRST + 3] = { "16-511", HUE_SCALE + 3, true, 'D', 'd' },
	[BUCKET_FIRST + 4] = { "512+", HUE_SCALE + 5, true, 'H', 'h' },
};

static const struct bucket node_buckets[] = {
	NONE,
	[NODE_FIRST + 0] = { "node 0", CLASS_ANON, false, 'A', 'a' },
	[NODE_FIRST + 1] = { "node 1", CLASS_FILE, false, 'B', 'b' },
	[NODE_FIRST + 2] = { "node 2", CLASS_SHMEM, false, 'C', 'c' },
	[NODE_FIRST + 3] = { "node 3", CLASS_HUGE, false, 'D', 'd' },
	[NODE_FIRST + 4] = { "node 4", CLASS_SWAPPED, false, 'E', 'e' },
	[NODE_FIRST + 5] = { "node 5", CLASS_DIRTY, false, 'F', 'f' },
	[NODE_FIRST + 6] = { "node 6", CLASS_KSM, false, 'G', 'g' },
	[NODE_MORE] = { "node 7+", CLASS_ZERO, false, 'M', 'm' },
	[NODE_OUTSIDE] = { "no node", CLASS_OTHER, false, 'X', 'x' },
};

static const struct bucket flag_buckets[] = {
	NONE,
	[FLAG_SET] = { "set", CLASS_ANON, false, 'S', 's' },
	[FLAG_CLEAR] = { "not set", CLASS_OTHER, false, 'N', 'n' },
};

#define CHANGES(came, went, same)                                                                  \
	[BUCKET_NONE] = { "absent", CLASS_ABSENT, false, 0, 0 },                                   \
	[BUCKET_UNKNOWN] = { "unknown", CLASS_UNKNOWN, false, 0, 0 },                              \
	[BUCKET_FIRST + CHANGE_CAME] = { came, CLASS_SHMEM, false, 'C', 'c' },                     \
	[BUCKET_FIRST + CHANGE_WENT] = { went, CLASS_SWAPPED, false, 'W', 'w' },                   \
	[BUCKET_FIRST + CHANGE_MOVED] = { "moved", CLASS_HUGE, false, 'M', 'm' },                  \
	[BUCKET_FIRST + CHANGE_DIRTIED] = { "dirtied", CLASS_DIRTY, false, 'D', 'd' },             \
	[BUCKET_FIRST + CHANGE_OTHER] = { "other", CLASS_FILE, false, 'O', 'o' },                  \
	[BUCKET_FIRST + CHANGE_SAME] = { same, CLASS_OTHER, false, '=', '-' }

static const struct bucket recent_buckets[] = { CHANGES("arrived", "left", "unchanged") };
static const struct bucket compare_buckets[] = { CHANGES("came", "went", "same") };

#define BUCKETS(table) sizeof(table) / sizeof((table)[0]), table

static const struct colour_mode_row rows[NR_COLOUR_MODE] = {
	[MODE_STATE] = { "state", "what the pages are", "", SOURCE_PAGEMAP,
			 BUCKETS(state_buckets) },
	[MODE_SHARING] = { "sharing", "how often mapped", "mapped ", SOURCE_KPAGECOUNT,
			   BUCKETS(sharing_buckets) },
	[MODE_CONTIGUITY] = { "contiguity", "frames in a row", "in runs of ", SOURCE_FRAMES,
			      BUCKETS(contiguity_buckets) },
	[MODE_NODE] = { "node", "NUMA node", "", SOURCE_FRAMES, BUCKETS(node_buckets) },
	[MODE_FLAG] = { "flag", "page flag", "", SOURCE_KPAGEFLAGS, BUCKETS(flag_buckets) },
	[MODE_RECENT] = { "recent", "changes of the last minute", "", SOURCE_PAGEMAP,
			  BUCKETS(recent_buckets) },
	[MODE_COMPARE] = { "compare", "since the mark", "", SOURCE_PAGEMAP,
			   BUCKETS(compare_buckets) },
};

const struct colour_mode_row *colour_mode_row(enum colour_mode mode)
{
	return &rows[mode];
}

/* A run that is as long as the longest bucket asks may begin so many pages before a range. */
#define LONG_RUN 512

uint64_t colour_mode_margin(enum colour_mode mode)
{
	return mode == MODE_CONTIGUITY ? LONG_RUN - 1 : 0;
}

unsigned bucket_of_sharing(unsigned state, const uint64_t *mapcount, const uint64_t *entry)
{
	static const struct {
		uint64_t least;
		unsigned bucket;
	} steps[] = { { 32, SHARING_32 },
		      { 8, SHARING_8 },
		      { 3, SHARING_3 },
		      { 2, SHARING_2 },
		      { 1, SHARING_1 } };

	if (!(state & PAGE_PRESENT))
		return BUCKET_NONE;
	if (mapcount) {
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
			if (*mapcount >= steps[i].least)
				return steps[i].bucket;
		return SHARING_UNCOUNTED;
	}
	if (state & PAGE_ZERO)
		return SHARING_UNCOUNTED;
	if (!entry)
		return BUCKET_UNKNOWN;
	return *entry & PM_EXCLUSIVE ? SHARING_EXCLUSIVE : SHARING_SHARED;
}

unsigned bucket_of_contiguity(uint64_t nr_pages)
{
	static const uint64_t least[] = { 1, 2, 4, 16, LONG_RUN };
	unsigned step = 0;

	while (step + 1 < sizeof(least) / sizeof(least[0]) && nr_pages >= least[step + 1])
		step++;
	return BUCKET_FIRST + step;
}

unsigned bucket_of_node(int node)
{
	if (node < 0)
		return NODE_OUTSIDE;
	return node < NODE_MORE - NODE_FIRST ? NODE_FIRST + (unsigned)node : NODE_MORE;
}

unsigned bucket_of_flag(uint64_t flags, unsigned flag)
{
	return frame_flags_clean(flags) & KPF_BIT(flag) ? FLAG_SET : FLAG_CLEAR;
}

unsigned colouring_step_flag(unsigned flag, int step)
{
	do
		flag = (flag + (unsigned)(NR_KPF + step)) % NR_KPF;
	while (!frame_flag_name(flag));
	return flag;
}
