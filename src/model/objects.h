/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_OBJECTS_H
#define PAGEWALK_MODEL_OBJECTS_H

#include "base/why.h"
#include "model/cache.h"
#include "model/process.h"
#include "model/snapshot.h"
#include "model/sources.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What a task points to: task_struct -> mm_struct, files_struct, fs_struct; descriptor ->
 * struct file -> inode -> address_space <- VMA <- mm_struct. Links are indexes into the
 * arrays of one struct objects, OBJ_NONE where there is none or it is not known.
 */
#define OBJ_NONE UINT32_MAX

/* The structs that clone(2) can share between two tasks. */
enum share {
	SHARE_VM,      /* mm_struct, CLONE_VM */
	SHARE_FILES,   /* files_struct, CLONE_FILES */
	SHARE_FS,      /* fs_struct, CLONE_FS */
	SHARE_SIGHAND, /* sighand_struct, CLONE_SIGHAND */
	NR_SHARE,
};

enum task_relation {
	TASK_LEADER, /* the process itself: its first thread */
	TASK_THREAD,
	TASK_PARENT,
	TASK_CHILD,
	TASK_SHARER, /* no relative, but it shares one of the structs */
};

struct obj_task {
	pid_t tid, pid; /* pid: of its thread group */
	enum task_relation relation;
	char comm[64]; /* raw */
	char state;
	/* Equal ids are one struct; the leader's are 1. 0: not known, or it has none. */
	uint32_t id[NR_SHARE];
	enum why why[NR_SHARE];
};

/* Told from the descriptor's link and the type of its inode. */
enum fd_kind {
	FD_UNKNOWN,
	FD_REGULAR,
	FD_DIRECTORY,
	FD_PIPE,
	FD_FIFO, /* a pipe with a name */
	FD_SOCKET,
	FD_CHAR_DEVICE,
	FD_BLOCK_DEVICE,
	FD_SYMLINK, /* opened with O_PATH */
	FD_MEMFD,
	FD_EVENTFD,
	FD_EPOLL,
	FD_TIMERFD,
	FD_SIGNALFD,
	FD_INOTIFY,
	FD_FANOTIFY,
	FD_PIDFD,
	FD_PERF,
	FD_BPF,
	FD_IO_URING,
	FD_USERFAULTFD,
	FD_NAMESPACE,
	FD_OTHER, /* another anonymous inode: its path names it */
	NR_FD_KIND,
};

/* A descriptor that an epoll instance watches. */
struct obj_watch {
	int fd;
	uint32_t events; /* EPOLLIN, ... */
};

/* One slot of the descriptor table. */
struct obj_fd {
	int fd;
	enum why why; /* why its link (kind, path) is unknown, or WHY_OK */
	enum fd_kind kind;
	enum why info_why; /* of flags, cloexec and pos_bytes: fdinfo */
	unsigned flags;    /* of open(2), without O_CLOEXEC */
	bool cloexec;      /* of this descriptor, not of the open file */
	uint64_t pos_bytes;
	uint64_t mnt_id;
	char *path; /* raw text of the link; NULL unknown */
	char *note; /* one clause, raw: a socket's addresses, an eventfd's count; NULL none */
	struct obj_watch *watches;
	size_t nr_watches;
	uint32_t file;  /* index of its open file */
	uint32_t inode; /* index of its inode */
	uint32_t next;  /* the next descriptor of the same open file */
};

/* The same open file in another process. */
struct obj_alias {
	pid_t pid;
	int fd;
};

/* A struct file: what open(2) made. dup(2), fork(2) and SCM_RIGHTS share it. */
struct obj_file {
	uint32_t first_fd; /* index; the others follow by obj_fd.next */
	uint32_t last_fd;
	unsigned nr_fds; /* descriptors of this process that are it */
	enum why why;    /* why it is not known which descriptors share it, or WHY_OK */
	struct obj_alias *aliases;
	size_t nr_aliases, room_aliases;
};

struct obj_inode {
	uint32_t dev_major, dev_minor;
	uint64_t ino;
	enum why why; /* why what statx(2) tells is unknown, or WHY_OK */
	unsigned mode;
	unsigned nlink;
	uid_t uid;
	uint64_t size_bytes;
	char fstype[24];    /* "" unknown */
	char *path;         /* raw, of a descriptor or mapping; may be NULL */
	char open_path[40]; /* of a descriptor in /proc, by which pagewalk can open it; "" none */
	bool may_hang;      /* its file system has a server: not asked, it may never answer */
	bool regular;       /* it has pages of its own: `cache` is meant to be known */
	struct cache_info cache;
	uint32_t first_fd; /* one descriptor that leads to it */
	unsigned nr_fds;
	uint32_t first_vma; /* one VMA that maps it */
	unsigned nr_vmas;
};

enum mm_bound {
	MM_START_CODE,
	MM_END_CODE,
	MM_START_DATA,
	MM_END_DATA,
	MM_START_BRK,
	MM_BRK,
	MM_MMAP_TOP, /* end of the highest mapping below the stack: near mmap_base */
	MM_START_STACK,
	MM_ARG_START,
	MM_ARG_END,
	MM_ENV_START,
	MM_ENV_END,
	NR_MM_BOUND,
};

enum mm_figure {
	MM_SIZE,
	MM_PEAK,
	MM_RSS,
	MM_HWM,
	MM_RSS_ANON,
	MM_RSS_FILE,
	MM_RSS_SHMEM,
	MM_SWAP,
	MM_PTE,
	MM_LOCKED,
	MM_PINNED,
	MM_DATA,
	MM_STACK,
	MM_EXE,
	MM_LIB,
	MM_HUGETLB,
	NR_MM_FIGURE,
};

struct obj_mm {
	enum why bound_why[NR_MM_BOUND];
	uint64_t bound_addr[NR_MM_BOUND];
	enum why figure_why[NR_MM_FIGURE];
	uint64_t figure_bytes[NR_MM_FIGURE];
	enum why oom_why;
	long oom_score, oom_score_adj;
};

/* Names that /proc/PID gives as links: of fs_struct, and the program. */
enum fs_link {
	FS_ROOT,
	FS_CWD,
	FS_EXE,
	FS_MNT_NS,
	NR_FS_LINK,
};

struct obj_fs {
	enum why link_why[NR_FS_LINK];
	char *link[NR_FS_LINK]; /* raw; NULL unknown */
	enum why umask_why;
	unsigned umask;
	bool same_mnt_ns; /* as pagewalk's own; meaningful where the link is known */
};

struct objects {
	atomic_uint refs;
	uint64_t taken_real_ns;
	uint64_t cost_ns; /* wall time that reading it took */
	unsigned page_shift;
	struct process_info process;
	struct sources sources;
	bool partial; /* more is being read: only the first of each list is here */

	struct obj_task *tasks;
	size_t nr_tasks, room_tasks;
	size_t nr_threads_left; /* threads that were not looked at */
	size_t nr_candidates;   /* other processes that were compared with this one */
	size_t nr_denied;       /* of them, those that may not be compared */
	size_t nr_cut;          /* processes that were not compared, to bound the cost */

	struct obj_mm mm;
	struct obj_fs fs;

	enum why fds_why; /* why the descriptors are not known, or WHY_OK */
	uint64_t fd_size; /* slots in the table; 0 unknown */
	struct obj_fd *fds;
	size_t nr_fds, room_fds;
	size_t nr_fds_total; /* that were open; more than nr_fds in a partial picture */
	struct obj_file *files;
	size_t nr_files, room_files;
	struct obj_inode *inodes;
	size_t nr_inodes, room_inodes;

	enum why vmas_why;
	struct vma_table *vmas; /* NULL where vmas_why says so */
	uint32_t *vma_inode;    /* index of each VMA's inode, or OBJ_NONE */
	uint32_t *vma_next;     /* the next VMA of the same inode, or OBJ_NONE */
};

struct objects *objects_new(void);
struct objects *objects_ref(struct objects *objects);
void objects_unref(struct objects *objects);

/* Adds a zeroed element whose links are OBJ_NONE; returns it, borrowed until the next one. */
struct obj_task *objects_add_task(struct objects *objects);
struct obj_fd *objects_add_fd(struct objects *objects);
struct obj_file *objects_add_file(struct objects *objects);
struct obj_inode *objects_add_inode(struct objects *objects);
void obj_file_add_alias(struct obj_file *file, pid_t pid, int fd);
/*
 * Joins descriptor `fd` (an index) to an open file, descriptors of one file in ascending order;
 * a descriptor to an inode; and a VMA to an inode, in descending order.
 */
void objects_link_file(struct objects *objects, uint32_t fd, uint32_t file);
void objects_link_inode(struct objects *objects, uint32_t fd, uint32_t inode);
void objects_link_vma(struct objects *objects, uint32_t vma, uint32_t inode);
/* Takes the VMAs over and makes room for their links. */
void objects_set_vmas(struct objects *objects, struct vma_table *vmas);

/* Set of 1 << enum share that two tasks are known to share. */
unsigned obj_task_shared(const struct obj_task *a, const struct obj_task *b);
/* "CLONE_VM|CLONE_FS" of such a set, "nothing" of none. Fills and returns `out`. */
char *share_text(unsigned shares, char *out, size_t room);
/* "vm", "files", "fs", "sighand"; "mm_struct", ...; "CLONE_VM", ... */
const char *share_key(enum share share);
const char *share_struct(enum share share);
const char *share_flag(enum share share);
/* "leader", "thread", "parent", "child", "sharer" */
const char *task_relation_name(enum task_relation relation);
/* "regular", "directory", "pipe", "eventfd", ... */
const char *fd_kind_name(enum fd_kind kind);
/* What it is in the kernel, one sentence. */
const char *fd_kind_about(enum fd_kind kind);
/*
 * The kind of a descriptor from the text of its /proc/PID/fd link and its inode's mode (0 where
 * stat failed).
 */
enum fd_kind fd_kind_of(const char *link, unsigned mode);
/* "rw", "r", "w", "path": the access mode of open(2) flags. */
const char *fd_access_name(unsigned flags);
/* "O_RDWR|O_APPEND"; Fills and returns `out`. */
char *fd_flags_text(unsigned flags, char *out, size_t room);
/* Name of flag `i` of those set in `flags`, in a fixed order; NULL past the last. */
const char *fd_flag_name(unsigned flags, size_t i);
/* "IN|OUT|ET" of epoll events; fills and returns `out`. */
char *epoll_events_text(uint32_t events, char *out, size_t room);
/* "start_code", "brk", ...; what lies there. */
const char *mm_bound_name(enum mm_bound bound);
/* "rss_bytes", ..., the names in JSON; and short ones for people. */
const char *mm_figure_key(enum mm_figure figure);
const char *mm_figure_name(enum mm_figure figure);
/* The name in /proc/PID/status: "VmRSS". */
const char *mm_figure_status(enum mm_figure figure);
/* "root", "cwd", "exe", "mnt_ns" */
const char *fs_link_key(enum fs_link link);
/* The last part of a path, or all of it; borrowed, raw. */
const char *obj_short_path(const char *path);

#endif
