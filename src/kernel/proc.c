/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process by its /proc/PID directory. Files opened below the directory's descriptor
 * answer ESRCH once the process is gone, even when its PID has been given to another, so
 * what is read here always belongs to the process that was opened. The pidfd says when it
 * has exited.
 *
 * Interfaces: pidfd_open(2) (Linux 5.3), proc_pid_stat(5), proc_pid_status(5),
 * proc_pid_statm(5), proc_pid_maps(5), smaps_rollup
 * (Documentation/filesystems/proc.rst, Linux 4.14).
 */
#include "kernel/proc.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/taskstat.h"
#include "kernel/uapi/pidfd_info.h"
#include "kernel/uapi/procmap_query.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct proc {
	const struct host *host;
	pid_t pid;
	int dir_fd;
	int pid_fd;                       /* -1 on a recorded machine and before Linux 5.3 */
	int stat_fd, status_fd, statm_fd; /* what is read ten times a second; -1: not yet open */
	struct process_info last;
};

static void keep_none(struct proc *proc)
{
	proc->stat_fd = proc->status_fd = proc->statm_fd = -1;
}

int proc_open(const struct host *host, pid_t pid, struct proc **out)
{
	struct proc *proc = xcalloc(1, sizeof(*proc));
	char path[32];
	int ret;

	*proc = (struct proc){ .host = host, .pid = pid, .pid_fd = -1 };
	keep_none(proc);
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc->dir_fd = host_open(host, path, O_RDONLY | O_DIRECTORY);
	if (proc->dir_fd < 0) {
		ret = proc->dir_fd == -ENOENT ? -ESRCH : proc->dir_fd;
		goto out;
	}
	if (!host->root[0])
		proc->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	ret = proc_read_info(proc, &proc->last);
	if (!ret && proc->last.life == PROCESS_GONE)
		ret = -ESRCH;
out:
	if (ret)
		proc_close(proc);
	else
		*out = proc;
	return ret;
}

int proc_clone(const struct proc *proc, struct proc **out)
{
	struct proc *clone = xcalloc(1, sizeof(*clone));
	int ret = 0;

	*clone = *proc;
	keep_none(clone);
	clone->dir_fd = fcntl(proc->dir_fd, F_DUPFD_CLOEXEC, 0);
	if (proc->pid_fd >= 0)
		clone->pid_fd = fcntl(proc->pid_fd, F_DUPFD_CLOEXEC, 0);
	if (clone->dir_fd < 0 || (proc->pid_fd >= 0 && clone->pid_fd < 0))
		ret = -errno;
	if (ret)
		proc_close(clone);
	else
		*out = clone;
	return ret;
}

static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void proc_close(struct proc *proc)
{
	if (!proc)
		return;
	close_open(proc->dir_fd);
	close_open(proc->pid_fd);
	close_open(proc->stat_fd);
	close_open(proc->status_fd);
	close_open(proc->statm_fd);
	free(proc);
}

const struct host *proc_host(const struct proc *proc)
{
	return proc->host;
}

int proc_dir_fd(const struct proc *proc)
{
	return proc->dir_fd;
}

int proc_pid_fd(const struct proc *proc)
{
	return proc->pid_fd;
}

/* Reads one small file into `out` as text. Bytes or -errno. */
static ssize_t read_small(const struct proc *proc, const char *name, char *out, size_t room)
{
	int fd = host_openat(proc->host, proc->dir_fd, name, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return fd;
	got = host_pread(proc->host, fd, out, room - 1, 0);
	close(fd);
	if (got >= 0)
		out[got] = '\0';
	return got;
}

/* The same through a descriptor that stays open: each read at 0 gives the text anew. */
static ssize_t read_kept(const struct proc *proc, int *fd, const char *name, char *out, size_t room)
{
	ssize_t got;

	if (*fd < 0) {
		int opened = host_openat(proc->host, proc->dir_fd, name, O_RDONLY);

		if (opened < 0)
			return opened;
		*fd = opened;
	}
	got = host_pread(proc->host, *fd, out, room - 1, 0);
	if (got >= 0)
		out[got] = '\0';
	return got;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash ^= value + UINT64_C(0x9e3779b97f4a7c15) + (hash << 6) + (hash >> 2);
	return hash;
}

/* Where the program and its stack lie changes with every exec; all are 0 where hidden. */
static uint64_t exec_id_of(const uint64_t field[NR_STAT_FIELD])
{
	uint64_t id = 0;

	if (field[STAT_STARTSTACK] <= 1)
		return 0;
	id = mix(id, field[STAT_STARTCODE]);
	id = mix(id, field[STAT_ENDCODE]);
	id = mix(id, field[STAT_STARTSTACK]);
	id = mix(id, field[STAT_ENV_END]);
	return id ? id : 1;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* The number behind "Name:" in the text of status, times `unit`; 0 where it is missing. */
static uint64_t status_number(const char *text, const char *name, uint64_t unit)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (!strncmp(line, name, len) && line[len] == ':')
			return strtoull(line + len + 1, NULL, 10) * unit;
	}
	return 0;
}

static int read_stat(struct proc *proc, struct process_info *info)
{
	struct task_stat stat;
	const uint64_t *field = stat.field;
	char text[2048];
	ssize_t got = read_kept(proc, &proc->stat_fd, "stat", text, sizeof(text));

	if (got < 0)
		return (int)got;
	if (!task_stat_parse(text, (size_t)got, &stat))
		return -EINVAL;
	memcpy(info->comm, stat.comm, sizeof(info->comm));
	info->state = stat.state;
	info->ppid = (pid_t)field[STAT_PPID];
	info->life = field[STAT_FLAGS] & TASK_IS_KTHREAD ? PROCESS_KTHREAD : PROCESS_LIVE;
	info->start_time_ticks = field[STAT_STARTTIME];
	info->exec_id = exec_id_of(field);
	info->wait_status = (int)field[STAT_EXIT_CODE];
	info->nr_threads = (unsigned)field[STAT_NUM_THREADS];
	info->minflt = field[STAT_MINFLT];
	info->majflt = field[STAT_MAJFLT];
	info->user_ns = ticks_to_ns(field[STAT_UTIME]);
	info->system_ns = ticks_to_ns(field[STAT_STIME]);
	return 0;
}

static int read_status(struct proc *proc, struct process_info *info)
{
	char text[8192];
	ssize_t got = read_kept(proc, &proc->status_fd, "status", text, sizeof(text));
	bool has_memory;

	if (got < 0)
		return (int)got;
	has_memory = strstr(text, "\nVmSize:") != NULL;
	info->uid = (uid_t)status_number(text, "Uid", 1);
	info->rss_bytes = status_number(text, "VmRSS", 1024);
	info->rss_anon_bytes = status_number(text, "RssAnon", 1024);
	info->rss_file_bytes = status_number(text, "RssFile", 1024);
	info->rss_shmem_bytes = status_number(text, "RssShmem", 1024);
	info->swap_bytes = status_number(text, "VmSwap", 1024);
	info->page_tables_bytes = status_number(text, "VmPTE", 1024);
	/* A process gives its memory back some time before it becomes a zombie. */
	if (info->life == PROCESS_LIVE && !has_memory)
		info->life = PROCESS_ZOMBIE;
	return 0;
}

static bool has_exited(const struct proc *proc)
{
	struct pollfd poll_fd = { .fd = proc->pid_fd, .events = POLLIN };

	return proc->pid_fd >= 0 && poll(&poll_fd, 1, 0) == 1;
}

/* How it ended, of a process that was reaped; the pidfd keeps it for whoever holds one. */
static void read_exit(struct proc *proc, struct process_info *info)
{
	struct pidfd_info ended = { .mask = PIDFD_INFO_EXIT };
	int ret;

	if (info->exit_why == WHY_OK)
		return; /* it was seen as a zombie */
	if (proc->pid_fd < 0) {
		info->exit_why = WHY_UNSUPPORTED;
		return;
	}
	ret = host_ioctl(proc->host, proc->pid_fd, PIDFD_GET_INFO, &ended);
	if (ret < 0 || !(ended.mask & PIDFD_INFO_EXIT)) {
		info->exit_why = WHY_UNSUPPORTED;
		return;
	}
	info->exit_why = WHY_OK;
	info->wait_status = ended.exit_code;
}

/*
 * stat tells how a zombie ended to those alone who may trace it, and 0 to others: a 0
 * is therefore known only where the process is ours or we may trace any.
 */
static enum why zombie_exit_why(const struct proc *proc, const struct process_info *info)
{
	if (info->state != 'Z' && info->state != 'X')
		return WHY_NOT_ASKED; /* its memory is gone, but it has not ended yet */
	if (info->wait_status || proc->host->may_trace || info->uid == geteuid())
		return WHY_OK;
	return WHY_DENIED;
}

/* What it had last: of a process that has given its memory back, 0 would be said of the past. */
static void keep_last_memory(struct process_info *now, const struct process_info *last)
{
	now->rss_bytes = last->rss_bytes;
	now->swap_bytes = last->swap_bytes;
	now->page_tables_bytes = last->page_tables_bytes;
	now->nr_threads = last->nr_threads;
}

int proc_read_info(struct proc *proc, struct process_info *info)
{
	struct process_info now = proc->last;
	int ret;

	now.pid = proc->pid;
	ret = read_stat(proc, &now);
	if (!ret)
		ret = read_status(proc, &now);
	if (ret == -ESRCH || ret == -ENOENT) {
		now.life = PROCESS_GONE;
		read_exit(proc, &now);
		ret = 0;
	} else if (!ret && now.life == PROCESS_LIVE && has_exited(proc)) {
		now.life = PROCESS_ZOMBIE;
	}
	if (ret)
		return ret;
	if (now.life == PROCESS_ZOMBIE)
		now.exit_why = zombie_exit_why(proc, &now);
	if (now.life == PROCESS_LIVE)
		now.exit_why = WHY_NOT_ASKED;
	if (now.life == PROCESS_ZOMBIE || now.life == PROCESS_GONE)
		keep_last_memory(&now, &proc->last);
	proc->last = now;
	*info = now;
	return 0;
}

int proc_read_exe(struct proc *proc, char *path, size_t room)
{
	ssize_t len = host_readlinkat(proc->host, proc->dir_fd, "exe", path, room - 1);

	if (len < 0)
		return (int)len;
	path[len] = '\0';
	return 0;
}

int proc_read_pulse(struct proc *proc, uint64_t *pulse)
{
	const struct process_info *last = &proc->last;
	uint64_t sizes;
	char text[256];
	ssize_t got = read_kept(proc, &proc->statm_fd, "statm", text, sizeof(text));

	if (got < 0)
		return (int)got;
	/* All of them: what mprotect(2) takes from private writable memory leaves "data". */
	sizes = 0;
	for (ssize_t i = 0; i < got; i++)
		sizes = mix(sizes, (unsigned char)text[i]);
	*pulse = mix(mix(mix(mix(0, last->minflt), last->majflt), sizes), last->exec_id);
	return 0;
}

int proc_read_cpu(struct proc *proc, uint64_t *cpu_ns)
{
	char text[128];
	ssize_t got = read_small(proc, "schedstat", text, sizeof(text));

	if (got < 0)
		return (int)got;
	*cpu_ns = strtoull(text, NULL, 10);
	return 0;
}

int proc_read_pss(struct proc *proc, uint64_t *pss_bytes)
{
	char text[4096];
	ssize_t got = read_small(proc, "smaps_rollup", text, sizeof(text));

	if (got < 0)
		return (int)got;
	if (!strstr(text, "\nPss:"))
		return -ENODATA;
	*pss_bytes = status_number(text, "Pss", 1024);
	return 0;
}

/* True where the process sees a file of this name, with the words at its end, and this inode. */
static bool is_name_of(struct proc *proc, int root_fd, const struct vma *vma)
{
	char *path = xasprintf(".%s (deleted)", vma->path);
	struct stat status;
	bool same;

	atomic_fetch_add_explicit(proc->host->nr_calls, 1, memory_order_relaxed);
	same = !fstatat(root_fd, path, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) &&
	       status.st_ino == vma->inode;
	free(path);
	return same;
}

/*
 * The kernel adds " (deleted)" to the name of a file that is gone, but a file may also be called
 * so. Few are: only so many are asked about.
 */
static void undelete(struct proc *proc, struct vma_list *list)
{
	int root_fd = -1, nr_left = 32;

	for (size_t i = 0; i < vma_list_nr(list) && nr_left; i++) {
		const struct vma *vma = vma_list_at(list, i);

		if (!vma->deleted || vma->kind != VMA_FILE)
			continue;
		if (root_fd < 0)
			root_fd = host_openat(proc->host, proc->dir_fd, "root", O_PATH);
		if (root_fd < 0)
			return;
		nr_left--;
		if (is_name_of(proc, root_fd, vma))
			vma_list_undelete(list, i);
	}
	if (root_fd >= 0)
		close(root_fd);
}

int proc_read_maps(struct proc *proc, struct vma_list **out)
{
	size_t len_bytes;
	char *text;
	int ret = host_read_all(proc->host, proc->dir_fd, "maps", &text, &len_bytes);

	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;
	*out = vma_parse_maps(text, len_bytes, NULL);
	free(text);
	if (!proc->host->root[0])
		undelete(proc, *out);
	return 0;
}

static int query_vma(struct proc *proc, uint64_t addr, struct procmap_query *query)
{
	int fd = host_openat(proc->host, proc->dir_fd, "maps", O_RDONLY), ret;

	if (fd < 0)
		return fd;
	*query = (struct procmap_query){ .size = sizeof(*query), .query_addr = addr };
	ret = host_ioctl(proc->host, fd, PROCMAP_QUERY, query);
	close(fd);
	return ret < 0 ? ret : 0;
}

int proc_query_vma(struct proc *proc, uint64_t addr, struct vma *out)
{
	struct procmap_query query;
	int ret = query_vma(proc, addr, &query);

	if (ret)
		return ret;
	*out = (struct vma){
		.start_addr = query.vma_start,
		.end_addr = query.vma_end,
		.off_bytes = query.vma_offset,
		.inode = query.inode,
		.dev_major = query.dev_major,
		.dev_minor = query.dev_minor,
		.path = "",
	};
	return 0;
}

int proc_query_vma_page_size(struct proc *proc, uint64_t addr, uint64_t *page_bytes)
{
	struct procmap_query query;
	int ret = query_vma(proc, addr, &query);

	if (!ret)
		*page_bytes = query.vma_page_size;
	return ret;
}
