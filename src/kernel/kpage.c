/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three files with 8 bytes for each page frame of the machine. A read costs about as much
 * as a dozen frames' worth of data, so frames that lie near each other are fetched by one
 * read of the window around them and scattered from there: frames that the allocator
 * handed out in ascending, descending or interleaved order all come in few reads.
 */
#include "kernel/kpage.h"

#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define WINDOW_FRAMES 8192
#define GAP_FRAMES    16

struct kpage_file {
	int fd;
	enum why why;
};

struct kpage {
	const struct host *host;
	struct kpage_file flags, count, cgroup;
	uint64_t *window;
};

static struct kpage_file open_file(const struct host *host, const char *path)
{
	int fd = host_open(host, path, O_RDONLY);

	if (fd >= 0)
		return (struct kpage_file){ .fd = fd, .why = WHY_OK };
	return (struct kpage_file){
		.fd = -1,
		.why = fd == -ENOENT ? WHY_UNSUPPORTED : why_from_errno(-fd),
	};
}

struct kpage *kpage_open(const struct host *host)
{
	struct kpage *kpage = xcalloc(1, sizeof(*kpage));

	kpage->host = host;
	kpage->flags = open_file(host, "/proc/kpageflags");
	kpage->count = open_file(host, "/proc/kpagecount");
	kpage->cgroup = open_file(host, "/proc/kpagecgroup");
	kpage->window = xmalloc(WINDOW_FRAMES * sizeof(*kpage->window));
	return kpage;
}

static void close_file(struct kpage_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
}

void kpage_close(struct kpage *kpage)
{
	if (!kpage)
		return;
	close_file(&kpage->flags);
	close_file(&kpage->count);
	close_file(&kpage->cgroup);
	free(kpage->window);
	free(kpage);
}

static const struct kpage_file *file_of(const struct kpage *kpage, enum source source)
{
	if (source == SOURCE_KPAGEFLAGS)
		return &kpage->flags;
	return source == SOURCE_KPAGECOUNT ? &kpage->count : &kpage->cgroup;
}

enum why kpage_why(const struct kpage *kpage, enum source source)
{
	return file_of(kpage, source)->why;
}

/* Frames lowest to highest, all needed by pfns[first] to pfns[past - 1]. */
struct window {
	uint64_t lowest, highest;
	size_t past;
};

static struct window find_window(const uint64_t *pfns, size_t first, size_t nr)
{
	struct window window = { pfns[first], pfns[first], first + 1 };

	for (; window.past < nr; window.past++) {
		uint64_t pfn = pfns[window.past];
		uint64_t lowest = window.lowest, highest = window.highest;

		if (!pfn)
			continue;
		if (pfn + GAP_FRAMES < lowest || pfn > highest + GAP_FRAMES)
			break;
		if (pfn < lowest)
			lowest = pfn;
		if (pfn > highest)
			highest = pfn;
		if (highest - lowest >= WINDOW_FRAMES)
			break;
		window.lowest = lowest;
		window.highest = highest;
	}
	return window;
}

int kpage_read(struct kpage *kpage, enum source source, const uint64_t *pfns, size_t nr,
	       uint64_t none, uint64_t *values)
{
	const struct kpage_file *file = file_of(kpage, source);

	if (file->fd < 0)
		return -EBADF;
	for (size_t i = 0; i < nr;) {
		struct window window;
		size_t want_bytes, got_frames;
		ssize_t got;

		if (!pfns[i]) {
			values[i++] = 0;
			continue;
		}
		window = find_window(pfns, i, nr);
		want_bytes = (window.highest - window.lowest + 1) * sizeof(uint64_t);
		got = host_pread(kpage->host, file->fd, kpage->window, want_bytes,
				 (off_t)(window.lowest * sizeof(uint64_t)));
		if (got < 0 && got != -EINVAL)
			return (int)got;
		got_frames = got > 0 ? (size_t)got / sizeof(uint64_t) : 0;
		for (; i < window.past; i++) {
			uint64_t at = pfns[i] - window.lowest;

			if (!pfns[i])
				values[i] = 0;
			else
				values[i] = at < got_frames ? kpage->window[at] : none;
		}
	}
	return 0;
}
