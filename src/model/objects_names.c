/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernel objects, their kinds and flags are called: tables, and the kind of a descriptor. */
#include "model/objects.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

struct share_row {
	const char *key, *of_struct, *flag;
};

static const struct share_row shares[NR_SHARE] = {
	[SHARE_VM] = { "vm", "mm_struct", "CLONE_VM" },
	[SHARE_FILES] = { "files", "files_struct", "CLONE_FILES" },
	[SHARE_FS] = { "fs", "fs_struct", "CLONE_FS" },
	[SHARE_SIGHAND] = { "sighand", "sighand_struct", "CLONE_SIGHAND" },
};

const char *share_key(enum share share)
{
	return shares[share].key;
}

const char *share_struct(enum share share)
{
	return shares[share].of_struct;
}

const char *share_flag(enum share share)
{
	return shares[share].flag;
}

/* Appends to text that is joined by `between`; what does not fit is left out. */
static void join(char *out, size_t room, const char *between, const char *word)
{
	size_t at = strlen(out);

	if (at + strlen(between) + strlen(word) + 1 < room)
		snprintf(out + at, room - at, "%s%s", at ? between : "", word);
}

char *share_text(unsigned set, char *out, size_t room)
{
	out[0] = '\0';
	for (int i = 0; i < NR_SHARE; i++)
		if (set & 1u << i)
			join(out, room, "|", shares[i].flag);
	if (!out[0])
		snprintf(out, room, "nothing");
	return out;
}

const char *task_relation_name(enum task_relation relation)
{
	static const char *const names[] = {
		[TASK_LEADER] = "leader", [TASK_THREAD] = "thread", [TASK_PARENT] = "parent",
		[TASK_CHILD] = "child",   [TASK_SHARER] = "sharer",
	};

	return names[relation];
}

struct kind_row {
	const char *name, *about;
};

static const struct kind_row kinds[NR_FD_KIND] = {
	[FD_UNKNOWN] = { "unknown", "The kernel does not say what it is." },
	[FD_REGULAR] = { "regular", "A file: reads are served from its inode's page cache." },
	[FD_DIRECTORY] = { "directory", "A directory: read by getdents64(2)." },
	[FD_PIPE] = { "pipe", "A ring of pages between a writer and a reader." },
	[FD_FIFO] = { "fifo", "A pipe that is found by its name." },
	[FD_SOCKET] = { "socket", "Two queues of buffers and a protocol between them." },
	[FD_CHAR_DEVICE] = { "chardev", "A character device: its driver answers." },
	[FD_BLOCK_DEVICE] = { "blockdev", "A block device; its pages are cached as a file's are." },
	[FD_SYMLINK] = { "symlink", "A symbolic link, opened as a place only (O_PATH)." },
	[FD_MEMFD] = { "memfd", "A file without a name that lives in memory and swap." },
	[FD_EVENTFD] = { "eventfd", "A counter in the kernel that one can wait for." },
	[FD_EPOLL] = { "epoll", "A set of open files and what is awaited of each." },
	[FD_TIMERFD] = { "timerfd", "A timer that one can wait for like a file." },
	[FD_SIGNALFD] = { "signalfd", "Signals, to be read like a file." },
	[FD_INOTIFY] = { "inotify", "A queue of what happens to watched inodes." },
	[FD_FANOTIFY] = { "fanotify", "A queue of what happens in watched file systems." },
	[FD_PIDFD] = { "pidfd", "A handle on a process that a new one cannot take over." },
	[FD_PERF] = { "perf", "A perf event: a counter, perhaps with a ring of samples." },
	[FD_BPF] = { "bpf", "A BPF map, program or link." },
	[FD_IO_URING] = { "io_uring", "Two rings in shared memory: requests and completions." },
	[FD_USERFAULTFD] = { "userfaultfd", "Page faults of a range, handled in user space." },
	[FD_NAMESPACE] = { "namespace", "A handle that keeps a namespace alive." },
	[FD_OTHER] = { "anon_inode", "A kernel object that is no file but is used like one." },
};

const char *fd_kind_name(enum fd_kind kind)
{
	return kinds[kind].name;
}

const char *fd_kind_about(enum fd_kind kind)
{
	return kinds[kind].about;
}

struct link_row {
	const char *head;
	enum fd_kind kind;
};

/* What stands at the beginning of the link where the inode's type does not tell. */
static const struct link_row links[] = {
	{ "pipe:[", FD_PIPE },
	{ "socket:[", FD_SOCKET },
	{ "/memfd:", FD_MEMFD },
	{ "anon_inode:[eventfd", FD_EVENTFD },
	{ "anon_inode:[eventpoll", FD_EPOLL },
	{ "anon_inode:[timerfd", FD_TIMERFD },
	{ "anon_inode:[signalfd", FD_SIGNALFD },
	{ "anon_inode:inotify", FD_INOTIFY },
	{ "anon_inode:[fanotify", FD_FANOTIFY },
	{ "anon_inode:[pidfd", FD_PIDFD },
	{ "pidfd:[", FD_PIDFD },
	{ "anon_inode:[perf_event", FD_PERF },
	{ "anon_inode:bpf", FD_BPF },
	{ "anon_inode:[io_uring", FD_IO_URING },
	{ "anon_inode:[userfaultfd", FD_USERFAULTFD },
	{ "anon_inode:", FD_OTHER },
	{ "mnt:[", FD_NAMESPACE },
	{ "net:[", FD_NAMESPACE },
	{ "pid:[", FD_NAMESPACE },
	{ "user:[", FD_NAMESPACE },
	{ "uts:[", FD_NAMESPACE },
	{ "ipc:[", FD_NAMESPACE },
	{ "cgroup:[", FD_NAMESPACE },
	{ "time:[", FD_NAMESPACE },
};

static enum fd_kind kind_of_mode(unsigned mode, const char *link)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return FD_REGULAR;
	case S_IFDIR:
		return FD_DIRECTORY;
	case S_IFIFO:
		return link[0] == '/' ? FD_FIFO : FD_PIPE;
	case S_IFSOCK:
		return FD_SOCKET;
	case S_IFCHR:
		return FD_CHAR_DEVICE;
	case S_IFBLK:
		return FD_BLOCK_DEVICE;
	case S_IFLNK:
		return FD_SYMLINK;
	default:
		return FD_UNKNOWN;
	}
}

enum fd_kind fd_kind_of(const char *link, unsigned mode)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (!strncmp(link, links[i].head, strlen(links[i].head)))
			return links[i].kind;
	return kind_of_mode(mode, link);
}

const char *fd_access_name(unsigned flags)
{
	static const char *const names[] = { "r", "w", "rw", "-" };

	return flags & O_PATH ? "path" : names[flags & O_ACCMODE];
}

struct flag_row {
	unsigned bits;
	const char *name;
};

/* Sets that hold another one come before it: O_SYNC has the bit of O_DSYNC. */
static const struct flag_row
	open_flags[] = {
		{ O_PATH, "O_PATH" },
		{ O_APPEND, "O_APPEND" },
		{ O_NONBLOCK, "O_NONBLOCK" },
		{ O_SYNC, "O_SYNC" },
		{ O_DSYNC, "O_DSYNC" },
		{ O_ASYNC, "O_ASYNC" },
		{ O_DIRECT, "O_DIRECT" },
		{ 0100000, "O_LARGEFILE" }, /* glibc's own is 0 on 64 bits, the kernel's is not */
		{ O_TMPFILE, "O_TMPFILE" },
		{ O_DIRECTORY, "O_DIRECTORY" },
		{ O_NOFOLLOW, "O_NOFOLLOW" },
		{ O_NOATIME, "O_NOATIME" },
	};

const char *fd_flag_name(unsigned flags, size_t i)
{
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

	if (!(flags & O_PATH)) {
		if (i == 0)
			return access[flags & O_ACCMODE];
		i--;
	}
	for (size_t row = 0; row < sizeof(open_flags) / sizeof(open_flags[0]); row++) {
		if ((flags & open_flags[row].bits) != open_flags[row].bits)
			continue;
		flags &= ~open_flags[row].bits;
		if (i-- == 0)
			return open_flags[row].name;
	}
	return NULL;
}

char *fd_flags_text(unsigned flags, char *out, size_t room)
{
	const char *name;

	out[0] = '\0';
	for (size_t i = 0; (name = fd_flag_name(flags, i)); i++)
		join(out, room, "|", name);
	return out;
}

char *epoll_events_text(uint32_t events, char *out, size_t room)
{
	static const struct flag_row rows[] = {
		{ EPOLLIN, "IN" },           { EPOLLOUT, "OUT" }, { EPOLLPRI, "PRI" },
		{ EPOLLERR, "ERR" },         { EPOLLHUP, "HUP" }, { EPOLLRDHUP, "RDHUP" },
		{ EPOLLONESHOT, "ONESHOT" }, { EPOLLET, "ET" },   { EPOLLEXCLUSIVE, "EXCLUSIVE" },
	};

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (events & rows[i].bits)
			join(out, room, "|", rows[i].name);
	return out;
}

const char *mm_bound_name(enum mm_bound bound)
{
	static const char *const names[NR_MM_BOUND] = {
		[MM_START_CODE] = "start_code", [MM_END_CODE] = "end_code",
		[MM_START_DATA] = "start_data", [MM_END_DATA] = "end_data",
		[MM_START_BRK] = "start_brk",   [MM_BRK] = "brk",
		[MM_MMAP_TOP] = "mmap_top",     [MM_START_STACK] = "start_stack",
		[MM_ARG_START] = "arg_start",   [MM_ARG_END] = "arg_end",
		[MM_ENV_START] = "env_start",   [MM_ENV_END] = "env_end",
	};

	return names[bound];
}

struct figure_row {
	const char *key, *name, *status;
};

static const struct figure_row figures[NR_MM_FIGURE] = {
	[MM_SIZE] = { "size_bytes", "mapped", "VmSize" },
	[MM_PEAK] = { "peak_bytes", "mapped, most", "VmPeak" },
	[MM_RSS] = { "rss_bytes", "resident", "VmRSS" },
	[MM_HWM] = { "hwm_bytes", "resident, most", "VmHWM" },
	[MM_RSS_ANON] = { "rss_anon_bytes", "anonymous", "RssAnon" },
	[MM_RSS_FILE] = { "rss_file_bytes", "file", "RssFile" },
	[MM_RSS_SHMEM] = { "rss_shmem_bytes", "shared mem", "RssShmem" },
	[MM_SWAP] = { "swap_bytes", "swapped", "VmSwap" },
	[MM_PTE] = { "page_tables_bytes", "page tables", "VmPTE" },
	[MM_LOCKED] = { "locked_bytes", "locked", "VmLck" },
	[MM_PINNED] = { "pinned_bytes", "pinned", "VmPin" },
	[MM_DATA] = { "data_bytes", "data", "VmData" },
	[MM_STACK] = { "stack_bytes", "stack", "VmStk" },
	[MM_EXE] = { "exe_bytes", "code", "VmExe" },
	[MM_LIB] = { "lib_bytes", "libraries", "VmLib" },
	[MM_HUGETLB] = { "hugetlb_bytes", "hugetlb", "HugetlbPages" },
};

const char *mm_figure_key(enum mm_figure figure)
{
	return figures[figure].key;
}

const char *mm_figure_name(enum mm_figure figure)
{
	return figures[figure].name;
}

const char *mm_figure_status(enum mm_figure figure)
{
	return figures[figure].status;
}

const char *fs_link_key(enum fs_link link)
{
	static const char *const keys[NR_FS_LINK] = {
		[FS_ROOT] = "root",
		[FS_CWD] = "cwd",
		[FS_EXE] = "exe",
		[FS_MNT_NS] = "mnt_ns",
	};

	return keys[link];
}
