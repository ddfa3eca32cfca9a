/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `objects` as a tree: each line hangs below what points to it. */
#include "out/objects.h"

#include "base/fmt.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_task(FILE *out, const struct obj_task *task, const struct obj_task *first)
{
	char *comm = text_safe_str(task->comm), shared[96];
	bool known = true;

	for (int i = 0; i < NR_SHARE; i++)
		known &= task->why[i] == WHY_OK || task->why[i] == WHY_UNSUPPORTED;
	fprintf(out, "  %-7s %8d  %c %-16s", task_relation_name(task->relation), (int)task->tid,
		task->state, comm);
	free(comm);
	for (int i = 0; i < NR_SHARE; i++) {
		static const char *const names[NR_SHARE] = { "mm", "files", "fs", "sighand" };

		if (task->id[i])
			fprintf(out, " %s:%" PRIu32, names[i], task->id[i]);
		else
			fprintf(out, " %s:%s", names[i],
				task->why[i] == WHY_UNSUPPORTED ? "-" : "?");
	}
	if (task != first)
		fprintf(out, "  %s %s",
			known || obj_task_shared(task, first) ? "shares" : "not known:",
			known || obj_task_shared(task, first)
				? share_text(obj_task_shared(task, first), shared, sizeof(shared))
				: why_name(task->why[SHARE_VM]));
	fputc('\n', out);
}

static void print_tasks(FILE *out, const struct objects *objects)
{
	fprintf(out, "task_struct (equal numbers are one struct)\n");
	for (size_t i = 0; i < objects->nr_tasks; i++)
		print_task(out, &objects->tasks[i], &objects->tasks[0]);
	fprintf(out, "  (%zu other processes compared, %zu of them denied, %zu left out)\n",
		objects->nr_candidates, objects->nr_denied, objects->nr_cut);
}

static void print_mm(FILE *out, const struct obj_mm *mm)
{
	char text[FMT_LEN];

	fprintf(out, "mm_struct\n");
	for (int i = 0; i < NR_MM_FIGURE; i++)
		fprintf(out, "%s%-15s %8s%s", "  ", mm_figure_name((enum mm_figure)i),
			mm->figure_why[i] == WHY_OK ? fmt_bytes(text, mm->figure_bytes[i]) : "?",
			i % 3 == 2 || i == NR_MM_FIGURE - 1 ? "\n" : "");
	if (mm->oom_why == WHY_OK)
		fprintf(out, "  OOM score       %8ld  adjusted by %ld\n", mm->oom_score,
			mm->oom_score_adj);
	for (int i = 0; i < NR_MM_BOUND; i++)
		fprintf(out, "  %-12s %s%s", mm_bound_name((enum mm_bound)i),
			mm->bound_why[i] == WHY_OK ? fmt_addr(text, mm->bound_addr[i])
						   : "?           ",
			i % 2 ? "\n" : "   ");
}

static void print_fs(FILE *out, const struct obj_fs *fs)
{
	fprintf(out, "fs_struct\n");
	for (int i = 0; i < NR_FS_LINK; i++) {
		char *safe = fs->link[i] ? text_safe_str(fs->link[i]) : NULL;

		fprintf(out, "  %-6s %s%s\n", fs_link_key((enum fs_link)i),
			safe ? safe : why_name(fs->link_why[i]),
			i == FS_MNT_NS && safe && !fs->same_mnt_ns ? " (not pagewalk's own)" : "");
		free(safe);
	}
	if (fs->umask_why == WHY_OK)
		fprintf(out, "  umask  %04o\n", fs->umask);
	else
		fprintf(out, "  umask  ?\n");
}

static void print_fd(FILE *out, const struct obj_fd *fd)
{
	char *path = text_safe_str(fd->path ? fd->path : "?"), file[16] = "?", inode[16] = "?";

	if (fd->file != OBJ_NONE)
		snprintf(file, sizeof(file), "%" PRIu32, fd->file + 1);
	if (fd->inode != OBJ_NONE)
		snprintf(inode, sizeof(inode), "%" PRIu32, fd->inode + 1);
	fprintf(out, "  %5d %-3s  file %-4s inode %-4s %-10s %-4s", fd->fd,
		fd->info_why != WHY_OK ? "?"
		: fd->cloexec          ? "cx"
				       : "",
		file, inode, fd->why == WHY_OK ? fd_kind_name(fd->kind) : "?",
		fd->info_why == WHY_OK ? fd_access_name(fd->flags) : "?");
	if (fd->info_why == WHY_OK)
		fprintf(out, " %10" PRIu64, fd->pos_bytes);
	else
		fprintf(out, " %10s", "?");
	fprintf(out, "  %s", path);
	free(path);
	if (fd->note) {
		char *note = text_safe_str(fd->note);

		fprintf(out, "  (%s)", note);
		free(note);
	}
	if (fd->why != WHY_OK)
		fprintf(out, "  (%s)", why_name(fd->why));
	fputc('\n', out);
	for (size_t i = 0; i < fd->nr_watches; i++) {
		char events[96];

		fprintf(out, "        watches %d for %s\n", fd->watches[i].fd,
			epoll_events_text(fd->watches[i].events, events, sizeof(events)));
	}
}

static void print_files(FILE *out, const struct objects *objects)
{
	char reason[160];

	fprintf(out, "files_struct: %" PRIu64 " slots, ", objects->fd_size);
	if (objects->fds_why != WHY_OK) {
		fprintf(out, "descriptors unknown: %s\n",
			source_refusal(SOURCE_FD, objects->fds_why, reason, sizeof(reason)));
		return;
	}
	fprintf(out, "%zu open, %zu open files (cx: close on exec)\n", objects->nr_fds_total,
		objects->nr_files);
	for (size_t i = 0; i < objects->nr_fds; i++)
		print_fd(out, &objects->fds[i]);
	for (size_t i = 0; i < objects->nr_files; i++) {
		const struct obj_file *file = &objects->files[i];

		if (file->nr_fds < 2 && !file->nr_aliases)
			continue;
		fprintf(out, "  file %zu is", i + 1);
		for (uint32_t fd = file->first_fd; fd != OBJ_NONE; fd = objects->fds[fd].next)
			fprintf(out, " %d", objects->fds[fd].fd);
		for (size_t j = 0; j < file->nr_aliases; j++)
			fprintf(out, "%s %d of %d", j ? "," : " here, and", file->aliases[j].fd,
				(int)file->aliases[j].pid);
		fputc('\n', out);
	}
}

static void print_inode_vmas(FILE *out, const struct objects *objects,
			     const struct obj_inode *inode)
{
	for (uint32_t i = inode->first_vma; i != OBJ_NONE; i = objects->vma_next[i]) {
		const struct vma *vma = vma_list_at(objects->vmas->list, i);
		char start[FMT_LEN], end[FMT_LEN], present[FMT_LEN], perms[5];

		fprintf(out, "        VMA %s-%s %s  %s of %" PRIu64 " pages in the page table\n",
			fmt_addr(start, vma->start_addr), fmt_addr(end, vma->end_addr),
			vma_perms_text(vma, perms),
			objects->vmas->why[i] == WHY_OK
				? fmt_count(present, objects->vmas->counts[i].present)
				: "?",
			vma_len_bytes(vma) >> objects->page_shift);
	}
}

static void print_inode(FILE *out, const struct objects *objects, size_t index)
{
	const struct obj_inode *inode = &objects->inodes[index];
	const struct cache_info *cache = &inode->cache;
	char *path = text_safe_str(inode->path ? inode->path : "?"), size[FMT_LEN], reason[160];
	char percent[FMT_LEN];

	fprintf(out, "  %3zu  %7s  %s  [%s %u:%u inode %" PRIu64 "]\n", index + 1,
		inode->why == WHY_OK ? fmt_bytes(size, inode->size_bytes) : "?", path,
		inode->fstype[0] ? inode->fstype : "?", inode->dev_major, inode->dev_minor,
		inode->ino);
	free(path);
	if (cache->why != WHY_OK)
		fprintf(out, "        page cache unknown: %s\n",
			source_refusal(cache->source, cache->why, reason, sizeof(reason)));
	else
		fprintf(out, "        page cache %" PRIu64 " of %" PRIu64 " pages (%s)",
			cache->total.cached, cache->total.pages,
			fmt_percent(percent, cache->total.cached, cache->total.pages));
	if (cache->why == WHY_OK && cache->why_states == WHY_OK)
		fprintf(out, ", dirty %" PRIu64 ", writeback %" PRIu64 ", evicted %" PRIu64,
			cache->total.dirty, cache->total.writeback, cache->total.evicted);
	if (cache->why == WHY_OK)
		fputc('\n', out);
	print_inode_vmas(out, objects, inode);
}

int out_objects_text(FILE *out, const struct objects *objects)
{
	char *comm = text_safe_str(objects->process.comm), reason[160];

	fprintf(out, "%d %s\n", (int)objects->process.pid, comm);
	free(comm);
	print_tasks(out, objects);
	print_mm(out, &objects->mm);
	print_fs(out, &objects->fs);
	print_files(out, objects);
	fprintf(out, "inode -> address_space (files with pages of their own)\n");
	for (size_t i = 0; i < objects->nr_inodes; i++)
		if (objects->inodes[i].regular)
			print_inode(out, objects, i);
	if (objects->vmas_why != WHY_OK)
		fprintf(out, "  mapped files unknown: %s\n",
			source_refusal(SOURCE_MAPS, objects->vmas_why, reason, sizeof(reason)));
	return fflush(out) || ferror(out) ? -EIO : 0;
}
