/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this machine, this kernel and this user allow, found out by trying. Nothing is
 * inferred from a version number: PAGEMAP_SCAN, cachestat and PROCMAP_QUERY are each
 * called once on pagewalk itself. The layer's system calls pass through here, so that
 * what observing costs can be shown.
 */
#include "kernel/host.h"

#include "base/xalloc.h"
#include "kernel/uapi/cachestat.h"
#include "kernel/uapi/pagemap_scan.h"
#include "kernel/uapi/procmap_query.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static void count_call(const struct host *host)
{
	atomic_fetch_add_explicit(host->nr_calls, 1, memory_order_relaxed);
}

int host_openat(const struct host *host, int dir_fd, const char *path, int flags)
{
	int fd;

	do {
		count_call(host);
		fd = openat(dir_fd, path, flags | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int host_open(const struct host *host, const char *path, int flags)
{
	char *full;
	int fd;

	if (!host->root[0])
		return host_openat(host, AT_FDCWD, path, flags);
	full = xasprintf("%s%s", host->root, path);
	fd = host_openat(host, AT_FDCWD, full, flags);
	free(full);
	return fd;
}

ssize_t host_pread(const struct host *host, int fd, void *out, size_t len_bytes, off_t off_bytes)
{
	ssize_t got;

	do {
		count_call(host);
		got = pread(fd, out, len_bytes, off_bytes);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

ssize_t host_readlinkat(const struct host *host, int dir_fd, const char *path, char *out,
			size_t len_bytes)
{
	ssize_t got;

	count_call(host);
	got = readlinkat(dir_fd, path, out, len_bytes);
	return got < 0 ? -errno : got;
}

int host_ioctl(const struct host *host, int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		count_call(host);
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

static int read_fd_all(const struct host *host, int fd, char **text, size_t *len_bytes)
{
	size_t room = 16384, used = 0;
	char *buffer = xmalloc(room + 1);

	for (;;) {
		ssize_t got;

		do {
			count_call(host);
			got = read(fd, buffer + used, room - used);
		} while (got < 0 && errno == EINTR);
		if (got < 0) {
			free(buffer);
			return -errno;
		}
		if (got == 0)
			break;
		used += (size_t)got;
		if (room - used < room / 4) {
			room *= 2;
			buffer = xreallocarray(buffer, 1, room + 1);
		}
	}
	buffer[used] = '\0';
	*text = buffer;
	*len_bytes = used;
	return 0;
}

int host_read_all(const struct host *host, int dir_fd, const char *path, char **text,
		  size_t *len_bytes)
{
	int fd, ret;

	if (dir_fd == AT_FDCWD)
		fd = host_open(host, path, O_RDONLY);
	else
		fd = host_openat(host, dir_fd, path, O_RDONLY);
	if (fd < 0)
		return fd;
	ret = read_fd_all(host, fd, text, len_bytes);
	close(fd);
	return ret;
}

unsigned long host_calls(const struct host *host)
{
	return atomic_load_explicit(host->nr_calls, memory_order_relaxed);
}

/* True where a mapping can be made at addr: the user address space reaches that far. */
static bool can_map_at(uint64_t addr, uint64_t page_size)
{
	void *got = mmap((void *)(uintptr_t)addr, page_size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (got == MAP_FAILED)
		return errno == EEXIST;
	munmap(got, page_size);
	return (uint64_t)(uintptr_t)got == addr;
}

/*
 * How many bits a user address has, found by mapping a page in the top half of ever
 * smaller spaces: 56 or 47 on x86-64, 52, 48, 47, 42 or 39 on arm64.
 */
static unsigned probe_user_addr_bits(uint64_t page_size)
{
	for (unsigned bits = 57; bits > 32; bits--)
		if (can_map_at(UINT64_C(1) << (bits - 1), page_size))
			return bits;
	return 32;
}

static uint64_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0, sizeof(data));
	if (syscall(SYS_capget, &header, data))
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static enum why probe_pagemap_scan(const struct host *host, uint64_t page_size)
{
	struct page_region region;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)&region & ~(page_size - 1),
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.category_anyof_mask = PAGE_IS_PRESENT,
		.return_mask = PAGE_IS_PRESENT,
	};
	int fd = host_openat(host, AT_FDCWD, "/proc/self/pagemap", O_RDONLY), ret;

	if (fd < 0)
		return why_from_errno(-fd);
	arg.end = arg.start + page_size;
	ret = host_ioctl(host, fd, PAGEMAP_SCAN, &arg);
	close(fd);
	return ret < 0 ? WHY_UNSUPPORTED : WHY_OK;
}

static enum why probe_procmap_query(const struct host *host)
{
	struct procmap_query query = { .size = sizeof(query), .query_addr = (uintptr_t)&query };
	int fd = host_openat(host, AT_FDCWD, "/proc/self/maps", O_RDONLY), ret;

	if (fd < 0)
		return why_from_errno(-fd);
	ret = host_ioctl(host, fd, PROCMAP_QUERY, &query);
	close(fd);
	return ret < 0 ? WHY_UNSUPPORTED : WHY_OK;
}

/* A bad descriptor tells ENOSYS from EBADF without asking about any file. */
static enum why probe_cachestat(const struct host *host)
{
	struct cachestat_range range = { 0 };
	struct cachestat stat;

	count_call(host);
	if (syscall(__NR_cachestat, -1, &range, &stat, 0) < 0 && errno == EBADF)
		return WHY_OK;
	return errno == EPERM ? WHY_DENIED : WHY_UNSUPPORTED;
}

struct host *host_new(const char *root)
{
	struct host *host = xcalloc(1, sizeof(*host));
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t capabilities = effective_capabilities();
	struct utsname name;

	host->nr_calls = xcalloc(1, sizeof(*host->nr_calls));
	host->root = xstrdup(root);
	host->geometry = geometry_make(page_size, probe_user_addr_bits(page_size));
	if (!uname(&name))
		snprintf(host->kernel, sizeof(host->kernel), "%s", name.release);
	host->may_see_frames = capabilities & (UINT64_C(1) << CAP_SYS_ADMIN);
	host->may_trace = capabilities & (UINT64_C(1) << CAP_SYS_PTRACE);
	host->may_override_owner = capabilities & (UINT64_C(1) << CAP_FOWNER);
	host->pagemap_scan = probe_pagemap_scan(host, page_size);
	host->procmap_query = probe_procmap_query(host);
	host->cachestat = probe_cachestat(host);
	return host;
}

void host_free(struct host *host)
{
	if (!host)
		return;
	free(host->root);
	free(host->nr_calls);
	free(host);
}
