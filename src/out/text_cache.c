/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cache` as a table, with a strip of cells by offset where they were asked for. */
#include "out/out.h"

#include "base/fmt.h"
#include "base/text.h"
#include "model/page.h"
#include "model/vma.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define STRIP_COLUMNS 64

static const char *pages_text(const struct cache_report *report, uint64_t pages, bool known,
			      char out[FMT_LEN])
{
	if (!known)
		return "?";
	if (report->exact)
		snprintf(out, FMT_LEN, "%" PRIu64, pages << report->page_shift);
	else
		fmt_bytes(out, pages << report->page_shift);
	return out;
}

/* One character for a cell: nothing, some, most, all cached; D where a page is dirty. */
static char cell_glyph(const struct cache_info *info, const struct cache_counts *cell)
{
	if (info->why != WHY_OK)
		return '?';
	if (info->why_states == WHY_OK && cell->dirty + cell->writeback)
		return 'D';
	if (!cell->cached)
		return '.';
	if (cell->cached >= cell->pages)
		return '#';
	return cell->cached * 2 >= cell->pages ? '+' : ':';
}

static void print_strip(FILE *out, const struct cache_report *report, const struct cache_info *info)
{
	char cell_size[FMT_LEN];

	if (!info->nr_cells)
		return;
	for (size_t i = 0; i < info->nr_cells; i++) {
		if (i % STRIP_COLUMNS == 0)
			fprintf(out, "%s  %10" PRIu64 " ", i ? "\n" : "", i * info->pages_per_cell);
		fputc(cell_glyph(info, &info->cells[i]), out);
	}
	fprintf(out,
		"\n  page index; 1 cell = %" PRIu64 " pages (%s): . absent  : some  + most  "
		"# all cached  D dirty\n",
		info->pages_per_cell,
		fmt_bytes_long(cell_size, info->pages_per_cell << report->page_shift));
}

/* Frames and flags of what is cached, a line for what follows each other. */
static void print_runs(FILE *out, const struct cache_info *info)
{
	char flags[256];

	if (info->frames_why != WHY_OK)
		return;
	if (info->nr_runs)
		fprintf(out, "  %23s  %-25s %9s  FLAGS   [own mapping for a moment, kpageflags]\n",
			"PAGES", "FRAMES", "MAPCOUNT");
	for (size_t i = 0; i < info->nr_runs; i++) {
		const struct cache_run *run = &info->runs[i];
		char frames[48];

		snprintf(frames, sizeof(frames), "%" PRIx64 "-%" PRIx64, run->first.pfn,
			 run->first.pfn + run->pages - 1);
		fprintf(out, "  %11" PRIu64 "-%-11" PRIu64 "  %-25s %9" PRIu64 "  %s\n",
			run->first_page, run->first_page + run->pages - 1, frames,
			run->first.mapcount,
			frame_flags_text(run->first.flags, flags, sizeof(flags)));
	}
	if (info->nr_read_back)
		fprintf(out,
			"  %" PRIu64 " page(s) were evicted meanwhile and read back by this look\n",
			info->nr_read_back);
}

static void print_mappers(FILE *out, const struct cache_file *file)
{
	if (file->mappers_why != WHY_OK)
		return;
	for (size_t i = 0; i < file->mappers.nr; i++) {
		const struct mapper *mapper = &file->mappers.items[i];
		struct vma vma = { .perms = mapper->perms };
		char *comm = text_safe_str(mapper->comm);
		char perms[5];

		fprintf(out, "  mapped by %d %s at %" PRIx64 "-%" PRIx64 " %s offset %" PRIu64 "\n",
			(int)mapper->pid, comm, mapper->start_addr, mapper->end_addr,
			vma_perms_text(&vma, perms), mapper->off_bytes);
		free(comm);
	}
	if (!file->mappers.nr)
		fputs("  mapped by no process\n", out);
	if (file->mappers.nr_denied)
		fprintf(out, "  (%zu processes could not be looked into)\n",
			file->mappers.nr_denied);
}

static void print_row(FILE *out, const struct cache_report *report, const struct cache_file *file)
{
	const struct cache_info *info = &file->info;
	bool known = info->why == WHY_OK, states = info->why_states == WHY_OK;
	char size[FMT_LEN], cached[FMT_LEN], dirty[FMT_LEN], writeback[FMT_LEN], evicted[FMT_LEN];
	char recent[FMT_LEN], percent[FMT_LEN], *path = text_safe_str(file->path);
	int width = report->exact ? 14 : 7;

	if (report->exact)
		snprintf(size, sizeof(size), "%" PRIu64, info->size_bytes);
	else
		fmt_bytes(size, info->size_bytes);
	fprintf(out, "%*s %10" PRIu64 " %*s %5s %*s %*s %*s %*s", width, size, info->total.pages,
		width, pages_text(report, info->total.cached, known, cached),
		known ? fmt_percent(percent, info->total.cached, info->total.pages) : "?", width,
		pages_text(report, info->total.dirty, states, dirty), width,
		pages_text(report, info->total.writeback, states, writeback), width,
		pages_text(report, info->total.evicted, states, evicted), width,
		pages_text(report, info->total.recently_evicted, states, recent));
	if (report->is_top)
		fprintf(out, " %5zu", file->nr_processes);
	fprintf(out, "  %s\n", path);
	free(path);
}

void cache_sum(const struct cache_report *report, struct cache_info *sum)
{
	*sum = (struct cache_info){ .why = WHY_NOT_ASKED, .why_states = WHY_NOT_ASKED };
	for (size_t i = 0; i < report->nr; i++) {
		const struct cache_info *info = &report->files[i].info;

		if (info->why != WHY_OK)
			continue;
		sum->why = WHY_OK;
		/* One file without states leaves their sum unknown. */
		if (sum->why_states != WHY_UNSUPPORTED)
			sum->why_states = info->why_states;
		sum->source = info->source;
		sum->size_bytes += info->size_bytes;
		sum->total.pages += info->total.pages;
		sum->total.cached += info->total.cached;
		sum->total.dirty += info->total.dirty;
		sum->total.writeback += info->total.writeback;
		sum->total.evicted += info->total.evicted;
		sum->total.recently_evicted += info->total.recently_evicted;
	}
}

/* The sum of what is known, as a file without a name. */
static void print_total(FILE *out, const struct cache_report *report)
{
	struct cache_report sum = *report;
	struct cache_file total = { .path = "total" };

	cache_sum(report, &total.info);
	sum.is_top = false;
	print_row(out, &sum, &total);
}

int out_cache_text(FILE *out, const struct cache_report *report)
{
	int width = report->exact ? 14 : 7;

	if (report->nr)
		fprintf(out, "%*s %10s %*s %5s %*s %*s %*s %*s%s  %s\n", width, "SIZE", "PAGES",
			width, "CACHED", "%", width, "DIRTY", width, "WRITEB", width, "EVICTED",
			width, "RECENT", report->is_top ? " PROCS" : "", "FILE");
	for (size_t i = 0; i < report->nr; i++) {
		print_row(out, report, &report->files[i]);
		print_strip(out, report, &report->files[i].info);
		print_runs(out, &report->files[i].info);
		print_mappers(out, &report->files[i]);
	}
	if (report->total)
		print_total(out, report);
	if (report->is_top)
		fprintf(out, "%zu of %zu files that %zu processes have open or mapped\n",
			report->nr, report->nr_seen, report->nr_processes);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
