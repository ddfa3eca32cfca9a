/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of a process. Each costs one readlink(2), one statx(2) and one small read; a
 * descriptor that closes in between simply ends there. Nothing is opened but fdinfo, and
 * nothing is asked of a file's server: statx has AT_STATX_DONT_SYNC.
 */
#include "kernel/fds.h"

#include "base/xalloc.h"
#include "kernel/fdinfo.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void count_call(struct proc *proc)
{
	atomic_fetch_add_explicit(proc_host(proc)->nr_calls, 1, memory_order_relaxed);
}

static int by_number(const void *left, const void *right)
{
	const int *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

int fds_list(struct proc *proc, int **fds, size_t *nr)
{
	int fd = host_openat(proc_host(proc), proc_dir_fd(proc), "fd", O_RDONLY | O_DIRECTORY);
	struct dirent *entry;
	size_t room = 0;
	DIR *dir;

	*fds = NULL;
	*nr = 0;
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	errno = 0;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		*fds = xgrow(*fds, *nr, &room, sizeof(**fds));
		(*fds)[(*nr)++] = atoi(entry->d_name);
	}
	closedir(dir);
	if (*nr)
		qsort(*fds, *nr, sizeof(**fds), by_number);
	return 0;
}

int fds_link(struct proc *proc, const char *name, char **text)
{
	char buffer[PATH_MAX + 1];
	ssize_t got;

	count_call(proc);
	got = readlinkat(proc_dir_fd(proc), name, buffer, sizeof(buffer) - 1);
	if (got < 0)
		return -errno;
	*text = xstrndup(buffer, (size_t)got);
	return 0;
}

int fds_stat(struct proc *proc, const char *name, struct inode_stat *out)
{
	struct statx stx;

	memset(out, 0, sizeof(*out));
	count_call(proc);
	if (statx(proc_dir_fd(proc), name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS,
		  &stx))
		return -errno;
	*out = (struct inode_stat){
		.dev_major = stx.stx_dev_major,
		.dev_minor = stx.stx_dev_minor,
		.ino = stx.stx_ino,
		.mode = stx.stx_mode,
		.nlink = stx.stx_nlink,
		.uid = stx.stx_uid,
		.size_bytes = stx.stx_size,
	};
	return 0;
}

static void read_info(struct proc *proc, struct obj_fd *out)
{
	struct fdinfo info;
	size_t len_bytes;
	char name[32], *text;
	int ret;

	snprintf(name, sizeof(name), "fdinfo/%d", out->fd);
	ret = host_read_all(proc_host(proc), proc_dir_fd(proc), name, &text, &len_bytes);
	if (ret) {
		out->info_why = why_from_errno(-ret);
		return;
	}
	fdinfo_parse(text, len_bytes, &info);
	free(text);
	out->info_why = info.has_pos && info.has_flags ? WHY_OK : WHY_TRUNCATED;
	out->flags = info.flags;
	out->cloexec = info.cloexec;
	out->pos_bytes = info.pos_bytes;
	out->mnt_id = info.mnt_id;
	if (info.note[0])
		out->note = xstrdup(info.note);
	out->watches = info.watches;
	out->nr_watches = info.nr_watches;
	info.watches = NULL;
	fdinfo_clear(&info);
}

void fds_read(struct proc *proc, int fd, struct obj_fd *out, struct inode_stat *stat)
{
	char name[32];
	int ret;

	out->fd = fd;
	memset(stat, 0, sizeof(*stat));
	snprintf(name, sizeof(name), "fd/%d", fd);
	ret = fds_link(proc, name, &out->path);
	out->why = why_from_errno(-ret);
	if (!ret) {
		ret = fds_stat(proc, name, stat);
		out->kind = fd_kind_of(out->path, ret ? 0 : stat->mode);
	}
	read_info(proc, out);
}

int fds_open(struct proc *proc, int fd, uint64_t start_addr, uint64_t end_addr)
{
	char name[64];

	if (fd >= 0)
		snprintf(name, sizeof(name), "fd/%d", fd);
	else
		snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, start_addr,
			 end_addr);
	return host_openat(proc_host(proc), proc_dir_fd(proc), name,
			   O_RDONLY | O_NONBLOCK | O_NOCTTY);
}
