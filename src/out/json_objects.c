/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `objects` as JSON: arrays whose elements refer to each other by id, 1 being the first. */
#include "out/objects.h"

#include "out/json.h"

#include <stdlib.h>
#include <sys/stat.h>

static void set_number(json_t *object, const char *field, uint64_t value)
{
	json_object_set_new(object, field, json_integer((json_int_t)value));
}

static void set_unknown(json_t *object, const char *field, enum source source, enum why why)
{
	char reason[160];

	json_set_unknown(object, field, source_refusal(source, why, reason, sizeof(reason)));
}

/* An index as an id: 1 is the first; null where there is none. */
static void set_link(json_t *object, const char *field, uint32_t index)
{
	if (index == OBJ_NONE)
		json_object_set_new(object, field, json_null());
	else
		set_number(object, field, (uint64_t)index + 1);
}

static void set_share(json_t *object, const struct obj_task *task, enum share share)
{
	static const char *const fields[NR_SHARE] = { "mm", "files", "fs", "sighand" };

	if (task->id[share])
		set_number(object, fields[share], task->id[share]);
	else if (task->why[share] == WHY_GONE)
		json_set_unknown(object, fields[share], "gone: the task has exited");
	else if (task->why[share] == WHY_UNSUPPORTED && share == SHARE_VM)
		json_object_set_new(object, fields[share], json_null());
	else
		set_unknown(object, fields[share], SOURCE_KCMP, task->why[share]);
}

static json_t *json_task(const struct obj_task *task, const struct obj_task *leader)
{
	unsigned shared = obj_task_shared(task, leader);
	json_t *object = json_object(), *flags = json_array();
	char state[2] = { task->state, '\0' };

	set_number(object, "tid", (uint64_t)task->tid);
	set_number(object, "pid", (uint64_t)task->pid);
	json_object_set_new(object, "relation", json_string(task_relation_name(task->relation)));
	json_object_set_new(object, "comm", json_text(task->comm));
	json_object_set_new(object, "state", json_text(state));
	for (int i = 0; i < NR_SHARE; i++) {
		set_share(object, task, (enum share)i);
		if (shared & 1u << i)
			json_array_append_new(flags, json_string(share_flag((enum share)i)));
	}
	json_object_set_new(object, "shares_with_first", flags);
	return object;
}

static json_t *json_tasks(const struct objects *objects)
{
	json_t *array = json_array();

	for (size_t i = 0; i < objects->nr_tasks; i++)
		json_array_append_new(array, json_task(&objects->tasks[i], &objects->tasks[0]));
	return array;
}

static json_t *json_mm(const struct objects *objects)
{
	const struct obj_mm *mm = &objects->mm;
	json_t *object = json_object();

	for (int i = 0; i < NR_MM_BOUND; i++) {
		const char *name = mm_bound_name((enum mm_bound)i);

		if (mm->bound_why[i] == WHY_OK)
			json_object_set_new(object, name, json_hex(mm->bound_addr[i]));
		else if (mm->bound_why[i] == WHY_UNSUPPORTED)
			json_set_unknown(object, name, "no mapping tells it");
		else
			set_unknown(object, name, SOURCE_STAT, mm->bound_why[i]);
	}
	for (int i = 0; i < NR_MM_FIGURE; i++)
		json_set_count(object, mm_figure_key((enum mm_figure)i), mm->figure_bytes[i],
			       SOURCE_STATUS, mm->figure_why[i]);
	if (mm->oom_why == WHY_OK) {
		json_object_set_new(object, "oom_score", json_integer(mm->oom_score));
		json_object_set_new(object, "oom_score_adj", json_integer(mm->oom_score_adj));
	} else {
		set_unknown(object, "oom_score", SOURCE_STATUS, mm->oom_why);
		set_unknown(object, "oom_score_adj", SOURCE_STATUS, mm->oom_why);
	}
	return object;
}

static json_t *json_fs(const struct obj_fs *fs)
{
	json_t *object = json_object();
	char umask[8];

	for (int i = 0; i < NR_FS_LINK; i++) {
		const char *key = fs_link_key((enum fs_link)i);

		if (fs->link[i])
			json_object_set_new(object, key, json_text(fs->link[i]));
		else
			set_unknown(object, key, SOURCE_LINK, fs->link_why[i]);
	}
	if (fs->link[FS_MNT_NS])
		json_object_set_new(object, "same_mnt_ns", json_boolean(fs->same_mnt_ns));
	snprintf(umask, sizeof(umask), "%04o", fs->umask & 07777);
	if (fs->umask_why == WHY_OK)
		json_object_set_new(object, "umask", json_string(umask));
	else
		set_unknown(object, "umask", SOURCE_STATUS, fs->umask_why);
	return object;
}

static json_t *json_flags(unsigned flags)
{
	json_t *array = json_array();
	const char *name;

	for (size_t i = 0; (name = fd_flag_name(flags, i)); i++)
		json_array_append_new(array, json_string(name));
	return array;
}

static void set_watches(json_t *object, const struct obj_fd *fd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < fd->nr_watches; i++) {
		json_t *watch = json_object();
		char events[96];

		set_number(watch, "fd", (uint64_t)fd->watches[i].fd);
		json_object_set_new(watch, "events",
				    json_string(epoll_events_text(fd->watches[i].events, events,
								  sizeof(events))));
		json_array_append_new(array, watch);
	}
	json_object_set_new(object, "watches", array);
}

static json_t *json_fd(const struct obj_fd *fd)
{
	json_t *object = json_object();

	set_number(object, "fd", (uint64_t)fd->fd);
	if (fd->why == WHY_OK) {
		json_object_set_new(object, "kind", json_string(fd_kind_name(fd->kind)));
		json_object_set_new(object, "path", json_text(fd->path));
	} else {
		set_unknown(object, "kind", SOURCE_FD, fd->why);
		set_unknown(object, "path", SOURCE_FD, fd->why);
	}
	if (fd->info_why == WHY_OK) {
		json_object_set_new(object, "flags", json_flags(fd->flags));
		json_object_set_new(object, "cloexec", json_boolean(fd->cloexec));
		set_number(object, "pos_bytes", fd->pos_bytes);
	} else {
		set_unknown(object, "flags", SOURCE_FDINFO, fd->info_why);
		set_unknown(object, "cloexec", SOURCE_FDINFO, fd->info_why);
		set_unknown(object, "pos_bytes", SOURCE_FDINFO, fd->info_why);
	}
	set_link(object, "open_file", fd->file);
	set_link(object, "inode", fd->inode);
	if (fd->note)
		json_object_set_new(object, "note", json_text(fd->note));
	else if (fd->kind == FD_SOCKET)
		json_set_unknown(object, "note",
				 "not in the socket tables of the process's "
				 "network namespace");
	if (fd->kind == FD_EPOLL)
		set_watches(object, fd);
	return object;
}

static json_t *json_open_file(const struct objects *objects, uint32_t index)
{
	const struct obj_file *file = &objects->files[index];
	json_t *object = json_object(), *fds = json_array(), *others = json_array();

	set_link(object, "id", index);
	for (uint32_t fd = file->first_fd; fd != OBJ_NONE; fd = objects->fds[fd].next)
		json_array_append_new(fds, json_integer(objects->fds[fd].fd));
	json_object_set_new(object, "fds", fds);
	for (size_t i = 0; i < file->nr_aliases; i++) {
		json_t *alias = json_object();

		set_number(alias, "pid", (uint64_t)file->aliases[i].pid);
		set_number(alias, "fd", (uint64_t)file->aliases[i].fd);
		json_array_append_new(others, alias);
	}
	json_object_set_new(object, "also_in", others);
	if (file->why != WHY_OK)
		set_unknown(object, "joined", SOURCE_KCMP, file->why);
	return object;
}

static void set_cache(json_t *object, const struct obj_inode *inode)
{
	const struct cache_info *info = &inode->cache;
	const struct {
		const char *name;
		uint64_t count;
		enum why why;
	} rows[] = {
		{ "cached", info->total.cached, info->why },
		{ "dirty", info->total.dirty, info->why_states },
		{ "writeback", info->total.writeback, info->why_states },
		{ "evicted", info->total.evicted, info->why_states },
		{ "recently_evicted", info->total.recently_evicted, info->why_states },
	};

	if (info->why == WHY_OK)
		set_number(object, "pages", info->total.pages);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (inode->may_hang)
			json_set_unknown(
				object, rows[i].name,
				"not asked: its file system has a server that may not answer");
		else
			json_set_count(object, rows[i].name, rows[i].count,
				       rows[i].why == WHY_UNSUPPORTED ? SOURCE_CACHESTAT
								      : info->source,
				       rows[i].why);
}

static json_t *json_inode(const struct objects *objects, uint32_t index)
{
	const struct obj_inode *inode = &objects->inodes[index];
	json_t *object = json_object(), *vmas = json_array();
	char text[32];

	set_link(object, "id", index);
	snprintf(text, sizeof(text), "%u:%u", inode->dev_major, inode->dev_minor);
	json_object_set_new(object, "dev", json_string(text));
	set_number(object, "inode", inode->ino);
	json_object_set_new(object, "path", inode->path ? json_text(inode->path) : json_null());
	json_object_set_new(object, "fstype",
			    inode->fstype[0] ? json_string(inode->fstype) : json_null());
	if (inode->why == WHY_OK) {
		snprintf(text, sizeof(text), "%06o", inode->mode);
		json_object_set_new(object, "mode", json_string(text));
		set_number(object, "links", inode->nlink);
		set_number(object, "uid", inode->uid);
		set_number(object, "size_bytes", inode->size_bytes);
	} else {
		json_set_unknown(object, "mode", why_name(inode->why));
		json_set_unknown(object, "size_bytes",
				 "denied: a mapped file's inode needs map_files (CAP_SYS_ADMIN)");
	}
	if (inode->regular)
		set_cache(object, inode);
	for (uint32_t i = inode->first_vma; i != OBJ_NONE; i = objects->vma_next[i])
		json_array_append_new(vmas, json_integer((json_int_t)i + 1));
	json_object_set_new(object, "vmas", vmas);
	return object;
}

static json_t *json_vma(const struct objects *objects, uint32_t index)
{
	const struct vma *vma = vma_list_at(objects->vmas->list, index);
	const struct page_counts *counts = &objects->vmas->counts[index];
	enum why why = objects->vmas->why[index];
	json_t *object = json_object();
	char perms[5];

	set_link(object, "id", index);
	json_object_set_new(object, "start", json_hex(vma->start_addr));
	json_object_set_new(object, "end", json_hex(vma->end_addr));
	json_object_set_new(object, "perms", json_string(vma_perms_text(vma, perms)));
	json_object_set_new(object, "kind", json_string(vma_kind_name(vma->kind)));
	json_object_set_new(object, "path", json_text(vma->path));
	set_number(object, "offset_bytes", vma->off_bytes);
	set_number(object, "pages", vma_len_bytes(vma) >> objects->page_shift);
	json_set_count(object, "present", counts->present, SOURCE_PAGEMAP, why);
	json_set_count(object, "swapped", counts->swapped, SOURCE_PAGEMAP, why);
	set_link(object, "inode", objects->vma_inode[index]);
	return object;
}

static void set_array(json_t *document, const struct objects *objects, const char *name, size_t nr,
		      json_t *(*make)(const struct objects *, uint32_t))
{
	json_t *array = json_array();

	for (size_t i = 0; i < nr; i++)
		json_array_append_new(array, make(objects, (uint32_t)i));
	json_object_set_new(document, name, array);
}

static void set_descriptors(json_t *document, const struct objects *objects)
{
	json_t *table = json_object(), *array;

	if (objects->fd_size)
		set_number(table, "size", objects->fd_size);
	else
		json_set_unknown(table, "size", why_name(WHY_UNSUPPORTED));
	if (objects->fds_why != WHY_OK) {
		set_unknown(table, "open", SOURCE_FD, objects->fds_why);
		json_object_set_new(document, "fd_table", table);
		set_unknown(document, "files", SOURCE_FD, objects->fds_why);
		set_unknown(document, "open_files", SOURCE_FD, objects->fds_why);
		return;
	}
	set_number(table, "open", objects->nr_fds_total);
	json_object_set_new(document, "fd_table", table);
	array = json_array();
	for (size_t i = 0; i < objects->nr_fds; i++)
		json_array_append_new(array, json_fd(&objects->fds[i]));
	json_object_set_new(document, "files", array);
	set_array(document, objects, "open_files", objects->nr_files, json_open_file);
}

static json_t *json_compared(const struct objects *objects)
{
	json_t *object = json_object();

	set_number(object, "processes", objects->nr_candidates);
	set_number(object, "denied", objects->nr_denied);
	set_number(object, "not_compared", objects->nr_cut);
	return object;
}

int out_objects_json(FILE *out, const struct objects *objects)
{
	static const struct json_source groups[] = {
		{ "mm", SOURCE_STATUS },        { "bounds", SOURCE_STAT },
		{ "vmas", SOURCE_MAPS },        { "fs", SOURCE_LINK },
		{ "files", SOURCE_FD },         { "flags", SOURCE_FDINFO },
		{ "open_files", SOURCE_KCMP },  { "sockets", SOURCE_NET },
		{ "cached", SOURCE_CACHESTAT }, { "present", SOURCE_PAGEMAP_SCAN },
	};
	const struct process_info *process = &objects->process;
	json_t *document = json_document("objects", objects->taken_real_ns);

	set_number(document, "pid", (uint64_t)process->pid);
	json_object_set_new(document, "comm", json_text(process->comm));
	set_number(document, "start_time_ticks", process->start_time_ticks);
	set_number(document, "page_size", UINT64_C(1) << objects->page_shift);
	json_object_set_new(
		document, "sources",
		json_sources(groups, sizeof(groups) / sizeof(groups[0]), &objects->sources));
	json_object_set_new(document, "tasks", json_tasks(objects));
	json_object_set_new(document, "compared", json_compared(objects));
	json_object_set_new(document, "mm", json_mm(objects));
	json_object_set_new(document, "fs", json_fs(&objects->fs));
	set_descriptors(document, objects);
	set_array(document, objects, "inodes", objects->nr_inodes, json_inode);
	if (objects->vmas)
		set_array(document, objects, "vmas", vma_list_nr(objects->vmas->list), json_vma);
	else
		set_unknown(document, "vmas", SOURCE_MAPS, objects->vmas_why);
	return json_print(out, document);
}
