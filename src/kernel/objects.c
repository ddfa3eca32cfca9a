/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One reading of a process's objects: the parts in order, and what binds them together. */
#include "kernel/objects.h"

#include "base/clock.h"
#include "kernel/objects_read.h"

#include <errno.h>
#include <stdlib.h>

bool objects_late(const struct objects_reader *reader)
{
	return reader->deadline_ns != UINT64_MAX && clock_mono_ns() > reader->deadline_ns;
}

bool objects_stopped(const struct objects_reader *reader)
{
	return reader->limits->stop && reader->limits->stop(reader->limits->arg);
}

void objects_note_source(struct objects_reader *reader, enum source source, enum why why)
{
	enum why *noted = &reader->out->sources.why[source];

	/* What has gone away meanwhile is no refusal by the source. */
	if (why == WHY_GONE || why == WHY_NOT_ASKED)
		return;
	if (*noted == WHY_NOT_ASKED || *noted == WHY_OK)
		*noted = why;
}

static int read_parts(struct objects_reader *reader)
{
	static int (*const parts[])(struct objects_reader *) = {
		objects_read_mm,     objects_read_fs,    objects_read_fds,
		objects_read_inodes, objects_read_tasks, objects_read_files,
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(parts) / sizeof(parts[0]); i++) {
		ret = parts[i](reader);
		if (!ret && objects_stopped(reader))
			ret = -ECANCELED;
	}
	return ret;
}

int objects_read(struct proc *proc, const struct objects_limits *limits, struct objects **out)
{
	uint64_t start_ns = clock_mono_ns();
	struct objects_reader reader = {
		.proc = proc,
		.host = proc_host(proc),
		.limits = limits,
		.out = objects_new(),
		.deadline_ns = limits->budget_ns ? start_ns + limits->budget_ns : UINT64_MAX,
	};
	struct process_info after;
	int ret = proc_read_info(proc, &reader.out->process);

	reader.out->taken_real_ns = clock_real_ns();
	reader.out->page_shift = reader.host->geometry.page_shift;
	reader.out->partial = limits->first_look;
	if (!ret && reader.out->process.life == PROCESS_GONE)
		ret = -ESRCH;
	if (!ret)
		ret = mounts_read(proc, &reader.mounts) == -ESRCH ? -ESRCH : 0;
	if (!ret)
		ret = read_parts(&reader);
	/* What a process that exits shows of itself while it goes is no picture of it. */
	if (!ret && !proc_read_info(proc, &after) && after.life != reader.out->process.life)
		ret = -ESRCH;
	reader.out->cost_ns = clock_mono_ns() - start_ns;
	mounts_clear(&reader.mounts);
	free(reader.stats);
	if (ret)
		objects_unref(reader.out);
	else
		*out = reader.out;
	return ret;
}
