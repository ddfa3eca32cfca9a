/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of one page of another process, without faulting it in.
 *
 * No interface reads a page "if it is there", so its pagemap entry is looked at just
 * before and just after. Between the look and the read it may still leave: the read
 * then faults it in. The kernel counts that fault for the reader, so that our own counters
 * tell, and the screen says so. Reading marks the page as accessed, and nothing can be done
 * about that: this is why it happens only when asked for.
 *
 * process_vm_readv(2) would do worse: it pins the page, and to pin an anonymous page that is
 * shared since a fork the kernel makes the target a copy of it (FOLL_PIN and
 * gup_must_unshare() in mm/gup.c). /proc/PID/mem takes a plain reference. But it does
 * read mappings of devices through their drivers, and those are told by smaps alone ("io"
 * and "pf" in VmFlags), and it minds no permission, so both are looked at first.
 */
#include "kernel/peek.h"

#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int read_entry(struct proc *proc, uint64_t vpn, uint64_t *entry)
{
	const struct host *host = proc_host(proc);
	int fd = host_openat(host, proc_dir_fd(proc), "pagemap", O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return fd;
	got = host_pread(host, fd, entry, sizeof(*entry), (off_t)(vpn * sizeof(*entry)));
	close(fd);
	if (got < 0)
		return (int)got;
	return got == sizeof(*entry) ? 0 : -ESRCH;
}

/* True where the two letters stand among the flags of a "VmFlags:" line. */
static bool has_flag(const char *line, const char *flag)
{
	const char *end = strchrnul(line, '\n'), *at = strstr(line, flag);

	return at && at < end;
}

/* Whether the VMA that starts there is a device's, from smaps. 1, 0 or -errno. */
static int is_device(struct proc *proc, const struct vma *vma)
{
	char start[64], *text, *at;
	size_t len_bytes;
	int ret = host_read_all(proc_host(proc), proc_dir_fd(proc), "smaps", &text, &len_bytes);

	if (ret)
		return ret;
	/* A path cannot forge a line: the kernel writes its newlines as \012. */
	snprintf(start, sizeof(start), "\n%08" PRIx64 "-%08" PRIx64 " ", vma->start_addr,
		 vma->end_addr);
	at = strncmp(text, start + 1, strlen(start + 1)) ? strstr(text, start) : text;
	at = at ? strstr(at + 1, "\nVmFlags:") : NULL;
	/* Changed meanwhile: what it is now is not known, and so not touched. */
	ret = at ? has_flag(at + 1, " io") || has_flag(at + 1, " pf") : -EAGAIN;
	free(text);
	return ret;
}

static long own_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static enum peek_result result_of(int err)
{
	switch (err) {
	case -ESRCH:
		return PEEK_GONE;
	case -EACCES:
	case -EPERM:
		return PEEK_DENIED;
	default:
		return PEEK_UNKNOWN;
	}
}

/* What forbids reading it, as far as is known beforehand. */
static enum peek_result check(struct proc *proc, const struct page_detail *detail, uint64_t entry)
{
	int device;

	if (entry & PM_SWAPPED)
		return PEEK_SWAPPED;
	if (!(entry & PM_PRESENT))
		return PEEK_ABSENT;
	if (!(detail->vma.perms & VMA_READ))
		return PEEK_UNREADABLE;
	device = is_device(proc, &detail->vma);
	if (device < 0)
		return result_of(device);
	return device ? PEEK_DEVICE : PEEK_READ;
}

static struct page_peek *refuse(uint64_t addr, enum peek_result result)
{
	struct page_peek *peek = page_peek_new(addr, 0);

	peek->result = result;
	return peek;
}

static struct page_peek *read_page(struct proc *proc, uint64_t addr, uint64_t vpn)
{
	const struct host *host = proc_host(proc);
	size_t len_bytes = (size_t)geometry_page_size(&host->geometry);
	struct page_peek *peek = page_peek_new(addr, len_bytes);
	int fd = host_openat(host, proc_dir_fd(proc), "mem", O_RDONLY);
	uint64_t before = 0, after = 0;
	long faults;
	ssize_t got;

	if (fd < 0) {
		page_peek_unref(peek);
		return refuse(addr, result_of(fd));
	}
	/* Ours must not fault, and the last look must be the last thing before the read. */
	memset(peek->bytes, 0xff, len_bytes);
	own_faults();
	if (read_entry(proc, vpn, &before) || !(before & PM_PRESENT)) {
		close(fd);
		page_peek_unref(peek);
		return refuse(addr, before & PM_SWAPPED ? PEEK_SWAPPED : PEEK_ABSENT);
	}
	faults = own_faults();
	got = host_pread(host, fd, peek->bytes, len_bytes, (off_t)addr);
	peek->faulted = own_faults() != faults;
	close(fd);
	if (got != (ssize_t)len_bytes) {
		page_peek_unref(peek);
		return refuse(addr, got < 0 && got != -EIO ? result_of((int)got) : PEEK_UNKNOWN);
	}
	/* The soft-dirty bit and its like may change under a page that stays where it is. */
	peek->moved = read_entry(proc, vpn, &after) ||
		      ((before ^ after) & (PM_PRESENT | PM_SWAPPED | PM_PFN_MASK));
	return peek;
}

struct page_peek *peek_page(struct proc *proc, const struct page_detail *detail)
{
	unsigned shift = proc_host(proc)->geometry.page_shift;
	uint64_t vpn = detail->addr >> shift, addr = vpn << shift, entry;
	enum peek_result result;
	int ret;

	if (!detail->mapped)
		return refuse(addr, PEEK_UNMAPPED);
	ret = read_entry(proc, vpn, &entry);
	if (ret)
		return refuse(addr, result_of(ret));
	result = check(proc, detail, entry);
	return result == PEEK_READ ? read_page(proc, addr, vpn) : refuse(addr, result);
}
