/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said of the chosen object: what it is in the kernel, what sharing it means, and its
 * figures. Each box has a function that gives the lines one after the other.
 */
#include "ui/objects_state.h"

#include "base/fmt.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *bytes_or_unknown(const struct obj_mm *mm, enum mm_figure figure,
				    char out[FMT_LEN])
{
	return mm->figure_why[figure] == WHY_OK ? fmt_bytes(out, mm->figure_bytes[figure]) : "?";
}

/* What a task is to the process, by what it shares. */
static void task_sentence(const struct objects *objects, const struct obj_task *task, char *out,
			  size_t room)
{
	const struct obj_task *first = &objects->tasks[0];
	unsigned shared = obj_task_shared(task, first);
	char flags[96];

	if (task == first)
		snprintf(out, room,
			 "task_struct: thread %d, the first of process %d; the scheduler runs it.",
			 (int)task->tid, (int)task->pid);
	else if (task->relation == TASK_THREAD)
		snprintf(out, room, "Thread %d of the same process; it shares %s.", (int)task->tid,
			 share_text(shared, flags, sizeof(flags)));
	else if (task->why[SHARE_FILES] == WHY_GONE)
		snprintf(out, room, "%d has exited: it has given its structs back.",
			 (int)task->tid);
	else if (task->why[SHARE_FILES] != WHY_OK)
		snprintf(out, room, "What %s %d shares is not known.",
			 task_relation_name(task->relation), (int)task->tid);
	else
		snprintf(out, room, "%s process %d shares %s with this one%s.",
			 task->relation == TASK_PARENT  ? "Parent"
			 : task->relation == TASK_CHILD ? "Child"
							: "Another",
			 (int)task->tid, share_text(shared, flags, sizeof(flags)),
			 shared ? "" : ": fork(2) copied each struct");
}

static bool about_task(const struct objects_screen *screen, int nr, char *out, size_t room)
{
	const struct objects *objects = screen->objects;
	const struct obj_task *task = objects_task(screen);
	char reason[160], *comm;

	if (!task)
		return false;
	switch (nr) {
	case 0:
		task_sentence(objects, task, out, room);
		return true;
	case 1:
		comm = text_safe_str(task->comm);
		snprintf(out, room, "%s, state %c. Lines lead to the structs of %d that it uses.",
			 comm, task->state, (int)objects->process.pid);
		free(comm);
		return true;
	case 2:
		if (task->why[SHARE_FILES] != WHY_OK && task->why[SHARE_FILES] != WHY_GONE)
			snprintf(out, room, "%s",
				 source_refusal(SOURCE_KCMP, task->why[SHARE_FILES], reason,
						sizeof(reason)));
		else
			snprintf(
				out, room,
				"kcmp with %zu other processes%s: %zu denied, %zu left out (cost).",
				objects->nr_candidates, objects->partial ? " so far" : "",
				objects->nr_denied, objects->nr_cut);
		return true;
	default:
		return false;
	}
}

static bool about_mm(const struct objects_screen *screen, int nr, char *out, size_t room)
{
	const struct obj_mm *mm = &screen->objects->mm;
	char a[FMT_LEN], b[FMT_LEN], c[FMT_LEN], d[FMT_LEN], e[FMT_LEN];

	switch (nr) {
	case 0:
		snprintf(out, room,
			 "mm_struct: the address space. With CLONE_VM tasks see each other's "
			 "writes.");
		return true;
	case 1:
		snprintf(out, room, "resident %s (anon %s, file %s, shmem %s), at most %s",
			 bytes_or_unknown(mm, MM_RSS, a), bytes_or_unknown(mm, MM_RSS_ANON, b),
			 bytes_or_unknown(mm, MM_RSS_FILE, c),
			 bytes_or_unknown(mm, MM_RSS_SHMEM, d), bytes_or_unknown(mm, MM_HWM, e));
		return true;
	case 2:
		snprintf(out, room, "page tables %s, swapped %s, locked %s, pinned %s",
			 bytes_or_unknown(mm, MM_PTE, a), bytes_or_unknown(mm, MM_SWAP, b),
			 bytes_or_unknown(mm, MM_LOCKED, c), bytes_or_unknown(mm, MM_PINNED, d));
		return true;
	case 3:
		snprintf(out, room, "mapped %s, at most %s; %zu VMAs; ",
			 bytes_or_unknown(mm, MM_SIZE, a), bytes_or_unknown(mm, MM_PEAK, b),
			 screen->objects->vmas ? vma_list_nr(screen->objects->vmas->list) : 0);
		if (mm->oom_why == WHY_OK)
			snprintf(out + strlen(out), room - strlen(out),
				 "OOM score %ld, adjusted by %ld", mm->oom_score,
				 mm->oom_score_adj);
		return true;
	default:
		return false;
	}
}

static bool about_fs(const struct objects_screen *screen, int nr, char *out, size_t room)
{
	const struct obj_fs *fs = &screen->objects->fs;
	enum fs_link link = (enum fs_link)(nr - 1);
	char *safe;

	if (nr == 0) {
		snprintf(out, room,
			 "fs_struct: root, working directory, umask. With CLONE_FS a "
			 "chdir(2) of one task moves all.");
		return true;
	}
	if (nr == 1) {
		char *root = text_safe_str(fs->link[FS_ROOT] ? fs->link[FS_ROOT] : "?");

		safe = text_safe_str(fs->link[FS_CWD] ? fs->link[FS_CWD] : "?");
		snprintf(out, room, "cwd %s   root %s", safe, root);
		free(root);
		free(safe);
		return true;
	}
	if (link == FS_CWD) {
		safe = text_safe_str(fs->link[FS_MNT_NS] ? fs->link[FS_MNT_NS] : "?");
		snprintf(out, room, "umask %04o   mount namespace %s%s", fs->umask, safe,
			 !fs->link[FS_MNT_NS] ? ""
			 : fs->same_mnt_ns    ? ", pagewalk's own"
					   : ", not pagewalk's own: paths mean other files here");
		if (fs->umask_why != WHY_OK)
			snprintf(out, room, "umask ?   mount namespace %s", safe);
		free(safe);
		return true;
	}
	if (nr == 3 && fs->link_why[FS_CWD] != WHY_OK) {
		source_refusal(SOURCE_LINK, fs->link_why[FS_CWD], out, room);
		return true;
	}
	return false;
}

/* Its path, or what an object without one is: then the note says more than the number. */
static void about_path(const struct obj_fd *fd, char *out, size_t room)
{
	const char *note = fd->note ? fd->note : "";
	char *path = text_safe_str(fd->path ? fd->path : "?"), *safe;

	if (fd->kind == FD_SOCKET && !fd->note)
		note = "not in the tables of the process's network namespace";
	safe = text_safe_str(path[0] == '/' ? "" : note);
	snprintf(out, room, "%s  %s", path, safe);
	free(path);
	free(safe);
}

static bool about_fd(const struct objects_screen *screen, int nr, char *out, size_t room)
{
	const struct obj_fd *fd = objects_fd(screen);
	const struct objects *objects = screen->objects;
	char *safe, flags[160], reason[160];

	if (!fd) {
		if (nr)
			return false;
		if (objects->fds_why != WHY_OK)
			source_refusal(SOURCE_FD, objects->fds_why, out, room);
		else
			snprintf(out, room, "files_struct: the table of descriptors; it is empty.");
		return true;
	}
	switch (nr) {
	case 0:
		snprintf(out, room, "Descriptor %d, slot of a table of %" PRIu64 "%s: %s. %s",
			 fd->fd, objects->fd_size,
			 fd->info_why != WHY_OK ? ""
			 : fd->cloexec          ? ", closed on exec"
						: ", kept on exec",
			 fd_kind_name(fd->kind), fd_kind_about(fd->kind));
		return true;
	case 1:
		about_path(fd, out, room);
		return true;
	case 2:
		if (fd->info_why != WHY_OK)
			snprintf(out, room, "flags %s",
				 source_refusal(SOURCE_FDINFO, fd->info_why, reason,
						sizeof(reason)));
		else
			snprintf(out, room, "%s   position %" PRIu64,
				 fd_flags_text(fd->flags, flags, sizeof(flags)), fd->pos_bytes);
		return true;
	case 3:
		if (!fd->note || !fd->path || fd->path[0] != '/')
			return false;
		safe = text_safe_str(fd->note);
		snprintf(out, room, "%s", safe);
		free(safe);
		return true;
	default:
		return false;
	}
}

/* "descriptors 3 4 5, and 3 of 4711": as many as fit. */
static void list_sharers(const struct objects *objects, const struct obj_file *file, char *out,
			 size_t room)
{
	size_t at = (size_t)snprintf(out, room, "descriptor%s", file->nr_fds == 1 ? "" : "s");

	for (uint32_t i = file->first_fd; i != OBJ_NONE && at + 40 < room; i = objects->fds[i].next)
		at += (size_t)snprintf(out + at, room - at, " %d", objects->fds[i].fd);
	for (size_t i = 0; i < file->nr_aliases && at + 40 < room; i++)
		at += (size_t)snprintf(out + at, room - at, ", %d of process %d",
				       file->aliases[i].fd, (int)file->aliases[i].pid);
	if (at + 40 >= room)
		snprintf(out + at, room - at, " ...");
}

static bool about_file(const struct objects_screen *screen, int nr, char *out, size_t room)
{
	const struct obj_file *file = objects_file(screen);
	const struct obj_fd *fd = file ? &screen->objects->fds[file->first_fd] : NULL;
	char flags[160];

	if (!file) {
		snprintf(out, room, "No open file: the inode is mapped but not open.");
		return nr == 0;
	}
	switch (nr) {
	case 0:
		if (file->why != WHY_OK)
			snprintf(out, room,
				 "struct file %" PRIu32 ": what else is it is not known "
				 "(%s).",
				 screen->chosen[BOX_FILE] + 1, why_name(file->why));
		else if (file->nr_fds + file->nr_aliases > 1)
			snprintf(out, room,
				 "struct file %" PRIu32
				 ", shared by %zu descriptors: one position, "
				 "one set of flags for all.",
				 screen->chosen[BOX_FILE] + 1, file->nr_fds + file->nr_aliases);
		else
			snprintf(out, room,
				 "struct file %" PRIu32
				 ", made by one open(2): it has the position "
				 "and the flags.",
				 screen->chosen[BOX_FILE] + 1);
		return true;
	case 1:
		if (fd->info_why == WHY_OK)
			snprintf(out, room, "%s   position %" PRIu64,
				 fd_flags_text(fd->flags, flags, sizeof(flags)), fd->pos_bytes);
		else
			snprintf(out, room, "flags and position are not known");
		return true;
	case 2:
		list_sharers(screen->objects, file, out, room);
		return true;
	default:
		return false;
	}
}

static bool about_inode(const struct objects_screen *screen, int nr, char *out, size_t room)
{
	const struct obj_inode *inode = objects_inode(screen);
	const struct cache_info *cache = inode ? &inode->cache : NULL;
	char size[FMT_LEN] = "?", percent[FMT_LEN], reason[160], *safe;

	if (!inode)
		return false;
	switch (nr) {
	case 0:
		if (inode->regular)
			snprintf(out, room,
				 "inode %" PRIu64
				 ": the file itself; its address_space is the page cache.",
				 inode->ino);
		else
			snprintf(out, room, "inode %" PRIu64 ": no file with pages of its own.",
				 inode->ino);
		return true;
	case 1:
		safe = text_safe_str(inode->path ? inode->path : "?");
		snprintf(out, room, "%s", safe);
		free(safe);
		return true;
	case 2:
		if (inode->why == WHY_OK)
			fmt_bytes(size, inode->size_bytes);
		snprintf(out, room, "%s  size %s  dev %u:%u  %u descriptors, %u VMAs",
			 inode->fstype[0] ? inode->fstype : "file system ?", size, inode->dev_major,
			 inode->dev_minor, inode->nr_fds, inode->nr_vmas);
		return true;
	case 3:
		if (!inode->regular)
			return false;
		if (cache->why == WHY_NOT_ASKED)
			snprintf(out, room, "page cache: %s",
				 inode->may_hang ? "not asked: its file system has a server that "
						   "may not answer (Enter asks)"
						 : "not read in this pass");
		else if (cache->why != WHY_OK)
			snprintf(out, room, "page cache %s",
				 source_refusal(cache->source, cache->why, reason, sizeof(reason)));
		else
			snprintf(out, room,
				 "cached %" PRIu64 " of %" PRIu64 " pages (%s), dirty %" PRIu64
				 ", writeback %" PRIu64 ", evicted %" PRIu64 "  [%s]",
				 cache->total.cached, cache->total.pages,
				 fmt_percent(percent, cache->total.cached, cache->total.pages),
				 cache->total.dirty, cache->total.writeback, cache->total.evicted,
				 source_name(cache->source));
		return true;
	default:
		return false;
	}
}

static bool about_vma(const struct objects_screen *screen, int nr, char *out, size_t room)
{
	const struct vma *vma = objects_vma(screen);
	const struct vma_table *table = screen->objects->vmas;
	char start[FMT_LEN], end[FMT_LEN], perms[5], size[FMT_LEN], percent[FMT_LEN], *safe;
	uint64_t pages;

	if (!vma)
		return false;
	pages = vma_len_bytes(vma) >> screen->objects->page_shift;
	switch (nr) {
	case 0:
		snprintf(out, room,
			 vma->inode
				 ? "VMA: a range of the mm; the page table has the pages touched."
				 : "VMA: a range of the mm without a file behind it.");
		return true;
	case 1:
		safe = text_safe_str(vma->path[0] ? vma->path : vma_kind_name(vma->kind));
		snprintf(out, room, "%s-%s %s %s  %s", fmt_addr(start, vma->start_addr),
			 fmt_addr(end, vma->end_addr), vma_perms_text(vma, perms),
			 fmt_bytes(size, vma_len_bytes(vma)), safe);
		free(safe);
		return true;
	case 2:
		if (table->why[screen->chosen[BOX_VMA]] != WHY_OK) {
			snprintf(out, room, "pages in its page table: %s",
				 why_name(table->why[screen->chosen[BOX_VMA]]));
			return true;
		}
		snprintf(
			out, room,
			"%" PRIu64 " of %" PRIu64 " pages are in the page table (%s); file offset "
			"%" PRIu64,
			table->counts[screen->chosen[BOX_VMA]].present, pages,
			fmt_percent(percent, table->counts[screen->chosen[BOX_VMA]].present, pages),
			vma->off_bytes);
		return true;
	default:
		return false;
	}
}

bool objects_about(const struct objects_screen *screen, int nr, char *out, size_t room)
{
	static bool (*const abouts[NR_BOX])(const struct objects_screen *, int, char *, size_t) = {
		[BOX_TASK] = about_task,   [BOX_MM] = about_mm,     [BOX_FS] = about_fs,
		[BOX_FD] = about_fd,       [BOX_FILE] = about_file, [BOX_INODE] = about_inode,
		[BOX_CACHE] = about_inode, [BOX_VMA] = about_vma,
	};

	return abouts[screen->focus](screen, nr, out, room);
}
