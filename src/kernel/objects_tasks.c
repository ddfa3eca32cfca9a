/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks around a process and what they share, by kcmp(2). Threads, parent and children are
 * always shown; any other process only where it shares a struct. The likeliest are compared
 * first (the same size and start of code, then siblings), so that a bound on the cost cuts
 * off those that hardly ever share anything. Of other processes only the first thread is
 * compared.
 */
#include "kernel/objects_read.h"

#include "base/xalloc.h"
#include "kernel/kcmp.h"
#include "kernel/taskstat.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_CHILDREN 1000

/* One struct of each kind, with a task that has it; in the order that kcmp gives. */
struct holder {
	pid_t tid;
	uint32_t id;
};

struct holders {
	struct holder *items;
	size_t nr, room;
};

struct comparison {
	struct objects_reader *reader;
	struct holders of[NR_SHARE];
};

static bool has_exited(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

static void insert(struct holders *holders, size_t at, pid_t tid)
{
	uint32_t id = (uint32_t)holders->nr + 1;

	holders->items = xgrow(holders->items, holders->nr, &holders->room,
			       sizeof(*holders->items));
	memmove(&holders->items[at + 1], &holders->items[at],
		(holders->nr - at) * sizeof(*holders->items));
	holders->items[at] = (struct holder){ tid, id };
	holders->nr++;
}

/* The id of the task's struct, new where no task before had it; 0 and *why where refused. */
static uint32_t find_id(struct comparison *comparison, pid_t tid, enum share share, enum why *why)
{
	struct holders *holders = &comparison->of[share];
	size_t low = 0, high = holders->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int ret = kcmp_share(comparison->reader->host, tid, holders->items[middle].tid,
				     share);

		if (ret < 0) {
			*why = why_from_errno(-ret);
			return 0;
		}
		if (ret == 0)
			return holders->items[middle].id;
		if (ret == 2)
			low = middle + 1;
		else
			high = middle;
	}
	*why = WHY_OK;
	insert(holders, low, tid);
	return (uint32_t)holders->nr;
}

static void compare_task(struct comparison *comparison, struct obj_task *task, bool kthread)
{
	for (int i = 0; i < NR_SHARE; i++) {
		task->why[i] = WHY_OK;
		if (has_exited(task->state)) {
			task->why[i] = WHY_GONE;
			continue;
		}
		/* A kernel thread runs on whatever mm is there: it has none. */
		if (kthread && i == SHARE_VM) {
			task->why[i] = WHY_UNSUPPORTED;
			continue;
		}
		task->id[i] = find_id(comparison, task->tid, (enum share)i, &task->why[i]);
		if (task->why[i] == WHY_GONE)
			continue;
		objects_note_source(comparison->reader, SOURCE_KCMP, task->why[i]);
	}
}

static bool read_stat_at(const struct host *host, int dir_fd, const char *path,
			 struct task_stat *stat)
{
	char text[1024];
	int fd = dir_fd < 0 ? host_open(host, path, O_RDONLY)
			    : host_openat(host, dir_fd, path, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return false;
	got = host_pread(host, fd, text, sizeof(text), 0);
	close(fd);
	return got > 0 && task_stat_parse(text, (size_t)got, stat);
}

static int by_number(const void *left, const void *right)
{
	const pid_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* The numbers in a directory of /proc, ascending. */
static int read_numbers(const struct host *host, int dir_fd, const char *path, pid_t **out,
			size_t *nr)
{
	int fd = dir_fd < 0 ? host_open(host, path, O_RDONLY | O_DIRECTORY)
			    : host_openat(host, dir_fd, path, O_RDONLY | O_DIRECTORY);
	struct dirent *entry;
	size_t room = 0;
	DIR *dir;

	*out = NULL;
	*nr = 0;
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		*out = xgrow(*out, *nr, &room, sizeof(**out));
		(*out)[(*nr)++] = atoi(entry->d_name);
	}
	closedir(dir);
	if (*nr)
		qsort(*out, *nr, sizeof(**out), by_number);
	return 0;
}

static void set_task(struct obj_task *task, pid_t tid, pid_t pid, enum task_relation relation,
		     const struct task_stat *stat)
{
	task->tid = tid;
	task->pid = pid;
	task->relation = relation;
	task->state = stat->state;
	snprintf(task->comm, sizeof(task->comm), "%s", stat->comm);
}

/* The leader comes first, whatever its number; it may have exited before its threads. */
static int read_threads(struct comparison *comparison)
{
	struct objects_reader *reader = comparison->reader;
	struct objects *out = reader->out;
	pid_t pid = out->process.pid, *tids;
	size_t nr, most = reader->limits->nr_threads;
	int ret = read_numbers(reader->host, proc_dir_fd(reader->proc), "task", &tids, &nr);

	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;
	for (size_t i = 0; i < nr; i++) {
		struct task_stat stat;
		char path[48];

		if (most && i >= most) {
			out->nr_threads_left = nr - i;
			break;
		}
		snprintf(path, sizeof(path), "task/%d/stat", (int)tids[i]);
		if (!read_stat_at(reader->host, proc_dir_fd(reader->proc), path, &stat))
			continue;
		set_task(objects_add_task(out), tids[i], pid,
			 tids[i] == pid ? TASK_LEADER : TASK_THREAD, &stat);
		if (!reader->living_tid && !has_exited(stat.state))
			reader->living_tid = tids[i];
	}
	free(tids);
	/* Number 1 of each struct is that of the first thread that lives. */
	for (size_t i = 0; i < out->nr_tasks; i++)
		if (out->tasks[i].tid == reader->living_tid)
			compare_task(comparison, &out->tasks[i], false);
	for (size_t i = 0; i < out->nr_tasks && !objects_stopped(reader); i++)
		if (out->tasks[i].tid != reader->living_tid)
			compare_task(comparison, &out->tasks[i], false);
	return out->nr_tasks ? 0 : -ESRCH;
}

/* Another process, and how likely it is to be shown. */
struct candidate {
	pid_t pid;
	unsigned rank; /* 0 parent, 1 child, 2 looks like a clone, 3 sibling, 4 any other */
	struct task_stat stat;
};

static unsigned rank_of(const struct objects *out, const struct task_stat *own, pid_t pid,
			const struct task_stat *stat)
{
	if (pid == out->process.ppid)
		return 0;
	if ((pid_t)stat->field[STAT_PPID] == out->process.pid)
		return 1;
	if (stat->field[STAT_VSIZE] && stat->field[STAT_VSIZE] == own->field[STAT_VSIZE] &&
	    stat->field[STAT_STARTCODE] == own->field[STAT_STARTCODE])
		return 2;
	return (pid_t)stat->field[STAT_PPID] == out->process.ppid ? 3 : 4;
}

static int by_rank(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static size_t list_candidates(struct objects_reader *reader, struct candidate **out)
{
	struct task_stat own = { 0 };
	size_t nr, kept = 0;
	pid_t *pids;

	*out = NULL;
	if (read_numbers(reader->host, -1, "/proc", &pids, &nr))
		return 0;
	read_stat_at(reader->host, proc_dir_fd(reader->proc), "stat", &own);
	*out = xcalloc(nr + 1, sizeof(**out));
	for (size_t i = 0; i < nr && !objects_late(reader) && !objects_stopped(reader); i++) {
		struct candidate *candidate = &(*out)[kept];
		char path[32];

		if (pids[i] == reader->out->process.pid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pids[i]);
		if (!read_stat_at(reader->host, -1, path, &candidate->stat))
			continue;
		candidate->pid = pids[i];
		candidate->rank = rank_of(reader->out, &own, pids[i], &candidate->stat);
		kept++;
	}
	free(pids);
	if (kept)
		qsort(*out, kept, sizeof(**out), by_rank);
	return kept;
}

/* True where one of its structs is that of the process, whatever the others are. */
static bool shares_any(struct objects_reader *reader, pid_t pid, bool *denied)
{
	for (int i = 0; i < NR_SHARE; i++) {
		int ret = kcmp_share(reader->host, pid, reader->living_tid, (enum share)i);

		if (ret == 0)
			return true;
		*denied |= ret == -EPERM || ret == -EACCES;
		if (ret < 0)
			return false;
	}
	return false;
}

static void compare_candidate(struct comparison *comparison, const struct candidate *candidate)
{
	static const enum task_relation relations[] = { TASK_PARENT, TASK_CHILD, TASK_SHARER,
							TASK_SHARER, TASK_SHARER };
	struct objects_reader *reader = comparison->reader;
	bool kthread = candidate->stat.field[STAT_FLAGS] & TASK_IS_KTHREAD;
	bool exited = has_exited(candidate->stat.state), denied = false;
	bool shares = !exited && shares_any(reader, candidate->pid, &denied);
	struct obj_task *task;

	reader->out->nr_candidates++;
	reader->out->nr_denied += denied;
	if (!shares && candidate->rank > 1)
		return;
	task = objects_add_task(reader->out);
	set_task(task, candidate->pid, candidate->pid, relations[candidate->rank],
		 &candidate->stat);
	compare_task(comparison, task, kthread);
}

static void read_candidates(struct comparison *comparison)
{
	struct objects_reader *reader = comparison->reader;
	struct candidate *candidates;
	size_t nr = list_candidates(reader, &candidates), nr_children = 0;

	for (size_t i = 0; i < nr; i++) {
		bool child = candidates[i].rank == 1;

		if (objects_stopped(reader))
			break;
		if ((child && nr_children >= MOST_CHILDREN) ||
		    (candidates[i].rank > 1 && objects_late(reader))) {
			reader->out->nr_cut++;
			continue;
		}
		nr_children += child;
		compare_candidate(comparison, &candidates[i]);
	}
	free(candidates);
}

int objects_read_tasks(struct objects_reader *reader)
{
	struct comparison comparison = { .reader = reader };
	int ret = read_threads(&comparison);

	if (!ret && reader->living_tid && !reader->limits->first_look)
		read_candidates(&comparison);
	for (int i = 0; i < NR_SHARE; i++)
		free(comparison.of[i].items);
	return ret;
}
