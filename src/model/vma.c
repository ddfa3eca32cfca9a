/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mappings of an address space, from the text of /proc/PID/maps
 * (proc_pid_maps(5)). The kernel escapes only newlines (as \012), so a path may
 * hold any other byte, may look like another field, and may end in " (deleted)"
 * by its own right; the fields before it have a fixed shape and are read
 * strictly. A path is taken as the rest of the line after the inode's padding.
 */
#include "model/vma.h"

#include "base/text.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct vma_list {
	struct vma *items;
	size_t nr, room;
};

struct vma_list *vma_list_new(void)
{
	return xcalloc(1, sizeof(struct vma_list));
}

void vma_list_free(struct vma_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->nr; i++)
		free((char *)list->items[i].path);
	free(list->items);
	free(list);
}

void vma_list_add(struct vma_list *list, const struct vma *vma)
{
	list->items = xgrow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr] = *vma;
	list->items[list->nr].path = xstrdup(vma->path ? vma->path : "");
	list->nr++;
}

size_t vma_list_nr(const struct vma_list *list)
{
	return list->nr;
}

const struct vma *vma_list_at(const struct vma_list *list, size_t index)
{
	return &list->items[index];
}

void vma_list_undelete(struct vma_list *list, size_t index)
{
	struct vma *vma = &list->items[index];
	char *path = xasprintf("%s (deleted)", vma->path);

	free((char *)vma->path);
	vma->path = path;
	vma->deleted = false;
}

const struct vma *vma_list_find(const struct vma_list *list, uint64_t addr)
{
	size_t low = 0, high = list->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle].end_addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < list->nr && list->items[low].start_addr <= addr)
		return &list->items[low];
	return NULL;
}

static bool vma_equal(const struct vma *a, const struct vma *b)
{
	return a->start_addr == b->start_addr && a->end_addr == b->end_addr &&
	       a->off_bytes == b->off_bytes && a->inode == b->inode &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       a->perms == b->perms && a->deleted == b->deleted && !strcmp(a->path, b->path);
}

bool vma_list_equal(const struct vma_list *a, const struct vma_list *b)
{
	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (!vma_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* A position in one line; every reader returns false and leaves the rest alone on bad input. */
struct line_reader {
	const char *at, *end;
};

static bool read_number(struct line_reader *in, unsigned base, uint64_t *value)
{
	const char *start = in->at;
	uint64_t got = 0;

	while (in->at < in->end) {
		char c = *in->at;
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else
			break;
		if (digit >= base)
			break;
		if (got > (UINT64_MAX - digit) / base)
			return false;
		got = got * base + digit;
		in->at++;
	}
	*value = got;
	return in->at > start;
}

static bool read_char(struct line_reader *in, char expected)
{
	if (in->at >= in->end || *in->at != expected)
		return false;
	in->at++;
	return true;
}

static bool read_perms(struct line_reader *in, unsigned *perms)
{
	static const struct {
		char set, clear;
		unsigned bit;
	} shape[] = {
		{ 'r', '-', VMA_READ },
		{ 'w', '-', VMA_WRITE },
		{ 'x', '-', VMA_EXEC },
		{ 's', 'p', VMA_SHARED },
	};

	*perms = 0;
	for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		if (in->at >= in->end)
			return false;
		if (*in->at == shape[i].set)
			*perms |= shape[i].bit;
		else if (*in->at != shape[i].clear)
			return false;
		in->at++;
	}
	return true;
}

static bool starts_with(const char *text, const char *head)
{
	return !strncmp(text, head, strlen(head));
}

/* The kernel writes a newline in a path as \012 (seq_path with "\n"), and nothing else so. */
static void unescape_newlines(char *path)
{
	char *out = path;

	for (const char *in = path; *in;) {
		if (starts_with(in, "\\012")) {
			*out++ = '\n';
			in += 4;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
}

enum vma_kind vma_kind_of(const struct vma *vma)
{
	const char *path = vma->path;

	if (!vma->inode && path[0] != '/') {
		if (!strcmp(path, "[heap]"))
			return VMA_HEAP;
		if (starts_with(path, "[stack"))
			return VMA_STACK;
		if (!path[0] || starts_with(path, "[anon:"))
			return VMA_ANON;
		return starts_with(path, "[anon_shmem:") ? VMA_SHMEM : VMA_SPECIAL;
	}
	if (starts_with(path, "[anon_shmem:") || starts_with(path, "/memfd:") ||
	    starts_with(path, "/SYSV") || starts_with(path, "/dev/shm/") ||
	    (starts_with(path, "/dev/zero") && vma->deleted))
		return VMA_SHMEM;
	if (starts_with(path, "/anon_hugepage") || starts_with(path, "/dev/hugepages/"))
		return VMA_HUGETLB;
	if (starts_with(path, "/dev/") || starts_with(path, "anon_inode:"))
		return VMA_DEVICE;
	return VMA_FILE;
}

static bool parse_line(const char *line, size_t len_bytes, struct vma *vma)
{
	static const char deleted[] = " (deleted)";
	struct line_reader in = { line, line + len_bytes };
	uint64_t major, minor;
	size_t path_bytes, tail = sizeof(deleted) - 1;

	memset(vma, 0, sizeof(*vma));
	if (!read_number(&in, 16, &vma->start_addr) || !read_char(&in, '-') ||
	    !read_number(&in, 16, &vma->end_addr) || !read_char(&in, ' ') ||
	    !read_perms(&in, &vma->perms) || !read_char(&in, ' ') ||
	    !read_number(&in, 16, &vma->off_bytes) || !read_char(&in, ' ') ||
	    !read_number(&in, 16, &major) || !read_char(&in, ':') ||
	    !read_number(&in, 16, &minor) || !read_char(&in, ' ') ||
	    !read_number(&in, 10, &vma->inode))
		return false;
	if (vma->start_addr >= vma->end_addr || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	vma->dev_major = (uint32_t)major;
	vma->dev_minor = (uint32_t)minor;
	while (in.at < in.end && *in.at == ' ')
		in.at++;
	path_bytes = (size_t)(in.end - in.at);
	if (path_bytes > tail && !memcmp(in.end - tail, deleted, tail)) {
		vma->deleted = true;
		path_bytes -= tail;
	}
	char *path = xstrndup(in.at, path_bytes);

	unescape_newlines(path);
	vma->path = path;
	vma->kind = vma_kind_of(vma);
	return true;
}

struct vma_list *vma_parse_maps(const char *text, size_t len_bytes, size_t *nr_bad)
{
	struct vma_list *list = vma_list_new();
	const char *end = text + len_bytes;
	size_t bad = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		struct vma vma;

		if (parse_line(text, (size_t)(stop - text), &vma)) {
			list->items = xgrow(list->items, list->nr, &list->room, sizeof(vma));
			list->items[list->nr++] = vma;
		} else {
			bad++;
		}
		text = stop + 1;
	}
	if (nr_bad)
		*nr_bad = bad;
	return list;
}

uint64_t vma_len_bytes(const struct vma *vma)
{
	return vma->end_addr - vma->start_addr;
}

char *vma_perms_text(const struct vma *vma, char out[5])
{
	out[0] = vma->perms & VMA_READ ? 'r' : '-';
	out[1] = vma->perms & VMA_WRITE ? 'w' : '-';
	out[2] = vma->perms & VMA_EXEC ? 'x' : '-';
	out[3] = vma->perms & VMA_SHARED ? 's' : 'p';
	out[4] = '\0';
	return out;
}

const char *vma_kind_name(enum vma_kind kind)
{
	static const char *const names[NR_VMA_KIND] = {
		[VMA_ANON] = "anon",     [VMA_FILE] = "file",       [VMA_SHMEM] = "shmem",
		[VMA_HEAP] = "heap",     [VMA_STACK] = "stack",     [VMA_HUGETLB] = "hugetlb",
		[VMA_DEVICE] = "device", [VMA_SPECIAL] = "special",
	};

	return names[kind];
}

bool vma_kind_is_kernels(enum vma_kind kind)
{
	return kind == VMA_DEVICE || kind == VMA_SPECIAL;
}

bool vma_is_kernels(const struct vma *vma)
{
	return vma_kind_is_kernels(vma->kind);
}

bool vma_has_file(const struct vma *vma)
{
	return vma->kind == VMA_FILE || vma->kind == VMA_SHMEM || vma->kind == VMA_HUGETLB;
}

char *vma_short_name(const struct vma *vma)
{
	const char *slash = strrchr(vma->path, '/');

	if (!vma->path[0])
		return xstrdup("anon");
	if (slash && slash[1])
		return text_safe_str(slash + 1);
	return text_safe_str(vma->path);
}
