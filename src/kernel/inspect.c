/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One address, all that can be known. A walk of one page gives entry, frame, flags and map
 * count; what is left (leaf size of huge pages, memory cgroup, swap slot) is asked for here.
 */
#include "kernel/inspect.h"

#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/kpage.h"
#include "kernel/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct one_page {
	struct page_detail *detail;
	uint64_t entry;
	bool has_flags, has_mapcount;
};

static int take_page(void *arg, const struct page_span *span)
{
	struct one_page *page = arg;

	page->detail->state = span->state;
	page->entry = span->entries[0];
	page->detail->pfn = span->pfns ? span->pfns[0] : 0;
	page->has_flags = span->flags != NULL;
	page->detail->flags = span->flags ? frame_flags_clean(span->flags[0]) : 0;
	page->has_mapcount = span->mapcounts != NULL;
	page->detail->mapcount = span->mapcounts ? span->mapcounts[0] : 0;
	if (page->entry & PM_EXCLUSIVE)
		page->detail->state |= PAGE_EXCLUSIVE;
	return 0;
}

/* How large the leaf is that maps a present page. */
static void find_leaf(struct proc *proc, struct page_detail *detail)
{
	const struct host *host = proc_host(proc);
	uint64_t vma_page_bytes = 0;

	detail->leaf_why = host->pagemap_scan;
	if (detail->leaf_why != WHY_OK)
		return;
	detail->leaf_bytes = geometry_page_size(&host->geometry);
	if (!(detail->state & PAGE_HUGE))
		return;
	detail->leaf_bytes = geometry_level_bytes(&host->geometry, LEVEL_PMD);
	/* hugetlb has pages of 1 GiB too; the VMA knows which. */
	if (host->procmap_query != WHY_OK) {
		if (detail->vma.kind == VMA_HUGETLB)
			detail->leaf_why = WHY_UNSUPPORTED;
	} else if (!proc_query_vma_page_size(proc, detail->addr, &vma_page_bytes) &&
		   vma_page_bytes > detail->leaf_bytes) {
		detail->leaf_bytes = vma_page_bytes;
	}
}

static void find_cgroup(const struct host *host, struct cgroup_names *cgroups,
			struct page_detail *detail)
{
	struct kpage *kpage = kpage_open(host);
	uint64_t inode = 0;
	const char *path;
	int ret;

	detail->cgroup_why = kpage_why(kpage, SOURCE_KPAGECGROUP);
	detail->sources.why[SOURCE_KPAGECGROUP] = detail->cgroup_why;
	if (detail->cgroup_why != WHY_OK)
		goto out;
	ret = kpage_read(kpage, SOURCE_KPAGECGROUP, &detail->pfn, 1, 0, &inode);
	detail->cgroup_why = ret ? why_from_errno(-ret) : WHY_OK;
	detail->sources.why[SOURCE_KPAGECGROUP] = detail->cgroup_why;
	if (ret || !inode)
		goto out;
	/* The frame's cgroup is told; its name only where its hierarchy is mounted. */
	path = cgroup_names_find(cgroups, inode);
	if (path)
		detail->cgroup = text_safe_str(path);
	else
		detail->cgroup_why = WHY_GONE;
out:
	kpage_close(kpage);
}

static void take_vma(struct page_detail *detail, const struct vma_list *vmas)
{
	const struct vma *vma = vma_list_find(vmas, detail->addr);

	detail->mapped = vma != NULL;
	if (!vma)
		return;
	detail->vma = *vma;
	detail->vma.path = xstrdup(vma->path);
}

/* Nothing is present: what a frame would have is not refused, there just is none. */
static void mark_no_frame(struct page_detail *detail)
{
	detail->leaf_why = detail->pfn_why = WHY_NOT_ASKED;
	detail->flags_why = detail->mapcount_why = detail->cgroup_why = WHY_NOT_ASKED;
	detail->swap_why = WHY_NOT_ASKED;
}

static void take_swap(const struct host *host, struct page_detail *detail, uint64_t entry)
{
	detail->swap_why = host->may_see_frames ? WHY_OK : WHY_DENIED;
	/* Shared memory in swap has no slot in the page table, only in the file's index. */
	if (!(entry & PM_PFN_MASK) && host->may_see_frames)
		detail->swap_why = WHY_UNSUPPORTED;
	detail->swap_type = page_swap_type(entry);
	detail->swap_offset = page_swap_offset(entry);
}

static void take_frame(struct proc *proc, struct cgroup_names *cgroups, struct page_detail *detail,
		       const struct one_page *page, const struct sources *sources)
{
	find_leaf(proc, detail);
	detail->pfn_why = sources->why[SOURCE_FRAMES];
	detail->flags_why = page->has_flags ? WHY_OK : sources->why[SOURCE_KPAGEFLAGS];
	detail->mapcount_why = page->has_mapcount ? WHY_OK : sources->why[SOURCE_KPAGECOUNT];
	detail->cgroup_why = detail->pfn_why;
	if (detail->pfn_why == WHY_OK)
		find_cgroup(proc_host(proc), cgroups, detail);
}

int inspect_address(struct proc *proc, const struct vma_list *vmas, struct cgroup_names *cgroups,
		    uint64_t addr, struct page_detail *out)
{
	const struct host *host = proc_host(proc);
	uint64_t vpn = addr >> host->geometry.page_shift;
	struct one_page page = { .detail = out };
	struct walker *walker;
	int ret;

	memset(out, 0, sizeof(*out));
	out->addr = addr;
	out->split = geometry_split(&host->geometry, addr);
	mark_no_frame(out);
	sources_init(&out->sources);
	out->sources.why[SOURCE_MAPS] = WHY_OK;
	take_vma(out, vmas);
	if (!out->mapped)
		return 0;
	ret = walker_new(proc, 8, &walker);
	if (ret) {
		out->why = out->sources.why[SOURCE_PAGEMAP] = why_from_errno(-ret);
		return ret == -ESRCH ? ret : 0;
	}
	ret = walk_pages(walker, vpn, vpn + 1, WALK_ALL, take_page, &page);
	out->sources = *walker_sources(walker);
	out->sources.why[SOURCE_MAPS] = WHY_OK;
	out->why = ret == -EFAULT ? WHY_UNSUPPORTED : why_from_errno(-ret);
	if (!ret && out->state & PAGE_SWAPPED)
		take_swap(host, out, page.entry);
	if (!ret && out->state & PAGE_PRESENT)
		take_frame(proc, cgroups, out, &page, walker_sources(walker));
	walker_free(walker);
	return ret == -ESRCH ? ret : 0;
}
