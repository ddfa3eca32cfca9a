/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports as CSV (RFC 4180 with newlines alone): a header line, then a row each. What is not
 * known is an empty field.
 */
#include "out/out.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void csv_text(FILE *out, const char *raw)
{
	char *valid = text_utf8(raw, strlen(raw));

	if (!strpbrk(valid, ",\"\r\n")) {
		fputs(valid, out);
	} else {
		fputc('"', out);
		for (const char *at = valid; *at; at++) {
			if (*at == '"')
				fputc('"', out);
			fputc(*at, out);
		}
		fputc('"', out);
	}
	free(valid);
}

static void csv_count(FILE *out, uint64_t count, bool known)
{
	if (known)
		fprintf(out, ",%" PRIu64, count);
	else
		fputc(',', out);
}

static int csv_done(FILE *out)
{
	return fflush(out) || ferror(out) ? -EIO : 0;
}

static void csv_vma(FILE *out, const struct map_report *report, size_t index)
{
	const struct vma_table *table = report->snapshot->vmas;
	const struct vma *vma = vma_list_at(table->list, index);
	const struct page_counts *counts = &table->counts[index];
	bool known = table->why[index] == WHY_OK;
	bool zero_huge = known && table->has_zero_huge;
	bool frames = known && sources_has(&report->snapshot->sources, SOURCE_PAGEMAP);
	bool flags = known && sources_has(&report->snapshot->sources, SOURCE_KPAGEFLAGS);
	bool mapcounts = known && sources_has(&report->snapshot->sources, SOURCE_KPAGECOUNT);
	char perms[5];

	fprintf(out, "0x%" PRIx64 ",0x%" PRIx64 ",%s,%" PRIu64 ",%02x:%02x,%" PRIu64 ",",
		vma->start_addr, vma->end_addr, vma_perms_text(vma, perms), vma->off_bytes,
		vma->dev_major, vma->dev_minor, vma->inode);
	csv_text(out, vma->path);
	fprintf(out, ",%s,%" PRIu64, vma_kind_name(vma->kind), counts->pages);
	csv_count(out, counts->present, known);
	csv_count(out, counts->swapped, known);
	csv_count(out, counts->file, known);
	csv_count(out, counts->anon, known);
	csv_count(out, counts->zero, zero_huge);
	csv_count(out, counts->huge, zero_huge);
	csv_count(out, counts->exclusive, frames);
	csv_count(out, counts->dirty, flags);
	csv_count(out, counts->writeback, flags);
	csv_count(out, counts->active, flags);
	csv_count(out, counts->referenced, flags);
	csv_count(out, counts->ksm, flags);
	csv_count(out, counts->shared, mapcounts);
	fputc('\n', out);
}

static void csv_run(FILE *out, const struct map_report *report, const struct page_run *run)
{
	char flags[512];

	fprintf(out, "0x%" PRIx64 ",%" PRIu64 ",%s,%d,",
		run->vpn << report->snapshot->geometry.page_shift, run->nr_pages,
		run->state & PAGE_PRESENT ? "present" : "swapped", !!(run->state & PAGE_FILE));
	if (run->pfn)
		fprintf(out, "0x%" PRIx64, run->pfn);
	fputc(',', out);
	if (run->has_flags)
		csv_text(out, frame_flags_text(run->flags, flags, sizeof(flags)));
	csv_count(out, run->mapcount, run->has_mapcount);
	fputc('\n', out);
}

int out_map_csv(FILE *out, const struct map_report *report)
{
	const struct vma_table *table = report->snapshot->vmas;

	if (report->runs) {
		fputs("start,pages,state,file,pfn,flags,mapcount\n", out);
		for (size_t i = 0; i < report->runs->nr; i++)
			if (report->runs->items[i].nr_pages)
				csv_run(out, report, &report->runs->items[i]);
		return csv_done(out);
	}
	fputs("start,end,perms,offset_bytes,dev,inode,path,kind,pages,present,swapped,file,anon,"
	      "zero,huge,exclusive,dirty,writeback,active,referenced,ksm,shared\n",
	      out);
	for (size_t i = 0; table && i < vma_list_nr(table->list); i++)
		csv_vma(out, report, i);
	return csv_done(out);
}

static void csv_cache_row(FILE *out, const struct cache_file *file, size_t cell, bool whole)
{
	const struct cache_info *info = &file->info;
	const struct cache_counts *counts = whole ? &info->total : &info->cells[cell];
	bool known = info->why == WHY_OK, states = info->why_states == WHY_OK;

	csv_text(out, file->path);
	fprintf(out, ",%" PRIu64 ",", info->size_bytes);
	if (!whole)
		fprintf(out, "%" PRIu64, cell * info->pages_per_cell);
	csv_count(out, counts->pages, true);
	csv_count(out, counts->cached, known);
	csv_count(out, counts->dirty, states);
	csv_count(out, counts->writeback, states);
	csv_count(out, counts->evicted, states);
	csv_count(out, counts->recently_evicted, states);
	fputc('\n', out);
}

int out_cache_csv(FILE *out, const struct cache_report *report)
{
	fputs("path,size_bytes,first_page,pages,cached,dirty,writeback,evicted,recently_evicted\n",
	      out);
	for (size_t f = 0; f < report->nr; f++) {
		const struct cache_file *file = &report->files[f];

		if (!file->info.nr_cells)
			csv_cache_row(out, file, 0, true);
		for (size_t cell = 0; cell < file->info.nr_cells; cell++)
			csv_cache_row(out, file, cell, false);
	}
	return csv_done(out);
}
