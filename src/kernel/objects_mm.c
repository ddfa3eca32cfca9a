/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mm_struct and fs_struct of a process: boundaries from stat and maps, counters from status,
 * links of /proc/PID. The kernel hides boundaries from those without ptrace read access by
 * writing 0 or 1 in their place, which is therefore a refusal. mmap_base itself it never
 * tells: the end of the highest mapping below the stack stands for it.
 */
#include "kernel/objects_read.h"

#include "kernel/collect.h"
#include "kernel/taskstat.h"
#include "kernel/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_text(struct objects_reader *reader, const char *name, char **text, size_t *len)
{
	int ret = host_read_all(reader->host, proc_dir_fd(reader->proc), name, text, len);

	return ret == -ENOENT ? -ESRCH : ret;
}

static void read_bounds(struct objects_reader *reader, const struct task_stat *stat)
{
	static const struct {
		enum mm_bound bound;
		enum stat_field field;
	} rows[] = {
		{ MM_START_CODE, STAT_STARTCODE },  { MM_END_CODE, STAT_ENDCODE },
		{ MM_START_DATA, STAT_START_DATA }, { MM_END_DATA, STAT_END_DATA },
		{ MM_START_BRK, STAT_START_BRK },   { MM_START_STACK, STAT_STARTSTACK },
		{ MM_ARG_START, STAT_ARG_START },   { MM_ARG_END, STAT_ARG_END },
		{ MM_ENV_START, STAT_ENV_START },   { MM_ENV_END, STAT_ENV_END },
	};
	struct obj_mm *mm = &reader->out->mm;
	enum why why = stat->field[STAT_STARTSTACK] > 1 ? WHY_OK : WHY_DENIED;

	objects_note_source(reader, SOURCE_STAT, why);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mm->bound_addr[rows[i].bound] = stat->field[rows[i].field];
		mm->bound_why[rows[i].bound] = why;
	}
}

static void read_figures(struct objects_reader *reader, const char *text, size_t len)
{
	struct obj_mm *mm = &reader->out->mm;
	uint64_t value;

	for (int i = 0; i < NR_MM_FIGURE; i++) {
		bool found = task_status_number(text, len, mm_figure_status((enum mm_figure)i), 10,
						&value);

		mm->figure_why[i] = found ? WHY_OK : WHY_UNSUPPORTED;
		mm->figure_bytes[i] = found ? value * 1024 : 0;
	}
	if (task_status_number(text, len, "FDSize", 10, &value))
		reader->out->fd_size = value;
	reader->out->fs.umask_why = WHY_UNSUPPORTED;
	if (task_status_number(text, len, "Umask", 8, &value)) {
		reader->out->fs.umask_why = WHY_OK;
		reader->out->fs.umask = (unsigned)value;
	}
	objects_note_source(reader, SOURCE_STATUS, WHY_OK);
}

static void read_oom(struct objects_reader *reader)
{
	struct obj_mm *mm = &reader->out->mm;
	char *text;
	size_t len;
	int ret = read_text(reader, "oom_score", &text, &len);

	mm->oom_why = why_from_errno(-ret);
	if (ret)
		return;
	mm->oom_score = strtol(text, NULL, 10);
	free(text);
	ret = read_text(reader, "oom_score_adj", &text, &len);
	mm->oom_why = why_from_errno(-ret);
	if (ret)
		return;
	mm->oom_score_adj = strtol(text, NULL, 10);
	free(text);
}

/* The boundaries that only the list of mappings tells. */
static void find_bounds(struct obj_mm *mm, const struct vma_list *vmas)
{
	bool below_stack = true;

	mm->bound_why[MM_BRK] = mm->bound_why[MM_MMAP_TOP] = WHY_UNSUPPORTED;
	for (size_t i = 0; i < vma_list_nr(vmas); i++) {
		const struct vma *vma = vma_list_at(vmas, i);

		if (vma->kind == VMA_HEAP) {
			mm->bound_addr[MM_BRK] = vma->end_addr;
			mm->bound_why[MM_BRK] = WHY_OK;
		}
		below_stack &= vma->kind != VMA_STACK;
		if (below_stack && vma->kind != VMA_SPECIAL) {
			mm->bound_addr[MM_MMAP_TOP] = vma->end_addr;
			mm->bound_why[MM_MMAP_TOP] = WHY_OK;
		}
	}
}

static int hook(void *arg)
{
	return objects_stopped(arg) ? -ECANCELED : 0;
}

/* How much of each mapping is in the page table. */
static void count_vmas(struct objects_reader *reader)
{
	struct walker *walker;
	int ret = walker_new(reader->proc, WALK_CHUNK_PAGES, &walker);

	if (ret) {
		for (size_t i = 0; i < vma_list_nr(reader->out->vmas->list); i++)
			reader->out->vmas->why[i] = why_from_errno(-ret);
		objects_note_source(reader, SOURCE_PAGEMAP, why_from_errno(-ret));
		return;
	}
	walker_set_hook(walker, hook, reader);
	collect_counts(walker, reader->host, WALK_STATES, reader->out->vmas, NULL, NULL, NULL);
	for (int i = SOURCE_PAGEMAP; i <= SOURCE_PAGEMAP_SCAN; i++)
		objects_note_source(reader, (enum source)i, walker_sources(walker)->why[i]);
	walker_free(walker);
}

static int read_vmas(struct objects_reader *reader)
{
	struct vma_list *vmas;
	int ret = proc_read_maps(reader->proc, &vmas);

	if (ret == -ESRCH)
		return ret;
	reader->out->vmas_why = why_from_errno(-ret);
	objects_note_source(reader, SOURCE_MAPS, reader->out->vmas_why);
	if (ret) {
		reader->out->mm.bound_why[MM_BRK] = reader->out->vmas_why;
		reader->out->mm.bound_why[MM_MMAP_TOP] = reader->out->vmas_why;
		return 0;
	}
	find_bounds(&reader->out->mm, vmas);
	objects_set_vmas(reader->out, vma_table_new(vmas, &reader->host->geometry));
	if (!reader->limits->first_look)
		count_vmas(reader);
	return 0;
}

int objects_read_mm(struct objects_reader *reader)
{
	struct task_stat stat;
	char *text;
	size_t len;
	int ret = read_text(reader, "stat", &text, &len);

	if (ret)
		return ret;
	if (task_stat_parse(text, len, &stat))
		read_bounds(reader, &stat);
	free(text);
	ret = read_text(reader, "status", &text, &len);
	if (ret)
		return ret;
	read_figures(reader, text, len);
	free(text);
	read_oom(reader);
	return read_vmas(reader);
}

static bool is_own_mnt_ns(const struct host *host, const char *link)
{
	struct proc *self;
	char *own = NULL;
	bool same;

	if (proc_open(host, getpid(), &self))
		return false;
	same = !fds_link(self, "ns/mnt", &own) && !strcmp(own, link);
	free(own);
	proc_close(self);
	return same;
}

int objects_read_fs(struct objects_reader *reader)
{
	static const char *const names[NR_FS_LINK] = {
		[FS_ROOT] = "root",
		[FS_CWD] = "cwd",
		[FS_EXE] = "exe",
		[FS_MNT_NS] = "ns/mnt",
	};
	struct obj_fs *fs = &reader->out->fs;

	for (int i = 0; i < NR_FS_LINK; i++) {
		int ret = fds_link(reader->proc, names[i], &fs->link[i]);

		/* A program without a file (ENOENT) is no process that is gone. */
		if (ret == -ESRCH)
			return ret;
		fs->link_why[i] = why_from_errno(-ret);
		objects_note_source(reader, SOURCE_LINK, fs->link_why[i]);
	}
	if (fs->link[FS_MNT_NS])
		fs->same_mnt_ns = is_own_mnt_ns(reader->host, fs->link[FS_MNT_NS]);
	return 0;
}
