/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `map` and `translate` for people. */
#include "out/out.h"

#include "base/fmt.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *pages_text(const struct map_report *report, uint64_t pages, bool known,
			      char out[FMT_LEN])
{
	if (!known)
		return "?";
	return fmt_bytes(out, pages << report->snapshot->geometry.page_shift);
}

/* The columns that VMA rows and the total have in common. */
static void print_counts(FILE *out, const struct map_report *report,
			 const struct page_counts *counts, bool known)
{
	const struct sources *sources = &report->snapshot->sources;
	bool nothing = !counts->present;
	bool flags = known && (nothing || sources_has(sources, SOURCE_KPAGEFLAGS));
	bool mapcounts = known && (nothing || sources_has(sources, SOURCE_KPAGECOUNT));
	bool huge = known && (nothing || sources_has(sources, SOURCE_PAGEMAP_SCAN));
	char size[FMT_LEN], present[FMT_LEN], percent[FMT_LEN], anon[FMT_LEN], file[FMT_LEN];
	char swapped[FMT_LEN], big[FMT_LEN], dirty[FMT_LEN], shared[FMT_LEN];

	fprintf(out, "%7s %7s %5s %7s %7s %7s %7s", pages_text(report, counts->pages, true, size),
		pages_text(report, counts->present, known, present),
		known ? fmt_percent(percent, counts->present, counts->pages) : "?",
		pages_text(report, counts->anon, known, anon),
		pages_text(report, counts->file, known, file),
		pages_text(report, counts->swapped, known, swapped),
		pages_text(report, counts->huge, huge, big));
	if (!report->states_only)
		fprintf(out, " %7s %7s", pages_text(report, counts->dirty, flags, dirty),
			pages_text(report, counts->shared, mapcounts, shared));
}

static void print_run(FILE *out, const struct map_report *report, const struct page_run *run)
{
	char addr[FMT_LEN], frame[FMT_LEN] = "?", flags[512] = "?";

	if (run->pfn)
		snprintf(frame, sizeof(frame), "%" PRIx64, run->pfn);
	if (run->has_flags)
		frame_flags_text(run->flags, flags, sizeof(flags));
	fprintf(out, "  %s %8" PRIu64 " pages  %s%s%s",
		fmt_addr(addr, run->vpn << report->snapshot->geometry.page_shift), run->nr_pages,
		run->state & PAGE_PRESENT ? "present" : "swapped",
		run->state & PAGE_FILE ? " file" : " anon",
		run->state & PAGE_HUGE   ? " huge"
		: run->state & PAGE_ZERO ? " zero"
					 : "");
	if (run->state & PAGE_PRESENT && !report->states_only) {
		fprintf(out, "  frame %s  %s", frame, flags);
		if (run->has_mapcount)
			fprintf(out, "  mapped %" PRIu64, run->mapcount);
	}
	fputc('\n', out);
}

static void print_runs(FILE *out, const struct map_report *report, const struct vma *vma)
{
	unsigned shift = report->snapshot->geometry.page_shift;
	size_t nr, first = run_list_within(report->runs, vma->start_addr >> shift,
					   vma->end_addr >> shift, &nr);

	for (size_t i = first; i < first + nr; i++)
		print_run(out, report, &report->runs->items[i]);
}

static void print_refusals(FILE *out, const struct sources *sources)
{
	static const enum source shown[] = { SOURCE_PAGEMAP_SCAN, SOURCE_FRAMES, SOURCE_KPAGEFLAGS,
					     SOURCE_KPAGECOUNT };

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		enum why why = sources->why[shown[i]];
		char reason[128];

		if (why != WHY_OK && why != WHY_NOT_ASKED)
			fprintf(out, "? %s: %s\n", source_name(shown[i]),
				source_refusal(shown[i], why, reason, sizeof(reason)));
	}
}

int out_map_text(FILE *out, const struct map_report *report)
{
	const struct snapshot *snapshot = report->snapshot;
	const struct process_info *process = &snapshot->process;
	const struct vma_table *table = snapshot->vmas;
	char rss[FMT_LEN], swap[FMT_LEN], page[FMT_LEN], start[FMT_LEN], end[FMT_LEN], perms[5];
	char sources[128], *comm = text_safe_str(process->comm);

	fprintf(out, "%d %s  %u threads  rss %s  swap %s  page size %s, %u levels  Linux %s\n",
		(int)process->pid, comm, process->nr_threads, fmt_bytes(rss, process->rss_bytes),
		fmt_bytes(swap, process->swap_bytes),
		fmt_bytes_long(page, geometry_page_size(&snapshot->geometry)),
		snapshot->geometry.levels, report->kernel);
	free(comm);
	fprintf(out, "%-12s %-12s %-4s %7s %7s %5s %7s %7s %7s %7s", "START", "END", "PERM", "SIZE",
		"RESID", "%", "ANON", "FILE", "SWAPPED", "HUGE");
	fprintf(out, report->states_only ? "  NAME\n" : "   DIRTY  SHARED  NAME\n");
	for (size_t i = 0; i < vma_list_nr(table->list); i++) {
		const struct vma *vma = vma_list_at(table->list, i);
		char *name = vma->path[0] ? text_safe_str(vma->path) : NULL;

		fprintf(out, "%s %s %s ", fmt_addr(start, vma->start_addr),
			fmt_addr(end, vma->end_addr), vma_perms_text(vma, perms));
		print_counts(out, report, &table->counts[i], table->why[i] == WHY_OK);
		fprintf(out, "  %s%s\n", name ? name : "anon", vma->deleted ? " (deleted)" : "");
		free(name);
		if (report->runs)
			print_runs(out, report, vma);
	}
	fprintf(out, "%-30s ", "total");
	print_counts(out, report, &table->totals, true);
	fprintf(out, "  %zu mappings  [%s]\n", vma_list_nr(table->list),
		sources_text(&snapshot->sources, sources, sizeof(sources)));
	print_refusals(out, &snapshot->sources);
	return fflush(out) || ferror(out) ? -EIO : 0;
}

static void print_indexes(FILE *out, const struct page_detail *detail,
			  const struct geometry *geometry)
{
	fputs("  indexes  ", out);
	for (enum level level = LEVEL_PGD; level < NR_LEVELS; level++)
		if (geometry_has_level(geometry, level))
			fprintf(out, "%s %u  ", level_name(level), detail->split.index[level]);
	fprintf(out, "+ 0x%03" PRIx64 "\n", detail->split.offset_bytes);
}

static void print_frame(FILE *out, const struct page_detail *detail,
			const struct geometry *geometry)
{
	char flags[512], reason[128];

	if (detail->pfn_why == WHY_OK)
		fprintf(out, "  frame    %" PRIx64 "  physical address %" PRIx64 "\n", detail->pfn,
			page_detail_physical(detail, geometry));
	if (detail->flags_why == WHY_OK)
		fprintf(out, "  flags    %s\n",
			frame_flags_text(detail->flags, flags, sizeof(flags)));
	else
		fprintf(out, "  flags    ? %s\n",
			source_refusal(SOURCE_KPAGEFLAGS, detail->flags_why, reason,
				       sizeof(reason)));
	if (detail->cgroup)
		fprintf(out, "  cgroup   %s\n", detail->cgroup);
}

static void print_detail(FILE *out, const struct page_detail *detail,
			 const struct geometry *geometry)
{
	char addr[FMT_LEN], sentence[256], sources[128], perms[5];

	fprintf(out, "%s", fmt_addr(addr, detail->addr));
	if (detail->mapped) {
		char *path = text_safe_str(detail->vma.path[0] ? detail->vma.path : "anon");

		fprintf(out, "  %s  %s", vma_perms_text(&detail->vma, perms), path);
		free(path);
	}
	fputc('\n', out);
	print_indexes(out, detail, geometry);
	fprintf(out, "  state    %s\n", page_detail_sentence(detail, sentence, sizeof(sentence)));
	if (detail->state & PAGE_PRESENT)
		print_frame(out, detail, geometry);
	if (detail->mapped && vma_has_file(&detail->vma)) {
		uint64_t off_bytes = page_detail_file_offset(detail, geometry);

		fprintf(out, "  file     offset %" PRIu64 ", page index %" PRIu64 "\n", off_bytes,
			off_bytes >> geometry->page_shift);
	}
	fprintf(out, "  sources  %s\n", sources_text(&detail->sources, sources, sizeof(sources)));
}

int out_translate_text(FILE *out, const struct translate_report *report)
{
	for (size_t i = 0; i < report->nr; i++)
		print_detail(out, &report->details[i], report->geometry);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
