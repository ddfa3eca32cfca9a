/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/parts.h"

#include "base/clock.h"

#include <string.h>

#define RATE_WINDOW_NS (NS_PER_S / 2)

void parts_init(struct parts *parts)
{
	memset(parts, 0, sizeof(*parts));
	parts->maps_why = WHY_NOT_ASKED;
	parts->pss_why = WHY_NOT_ASKED;
	parts->frames_why = WHY_NOT_ASKED;
	sources_init(&parts->sources);
}

void parts_forget_detail(struct parts *parts)
{
	if (parts->has_detail)
		page_detail_clear(&parts->detail);
	parts->has_detail = false;
}

void parts_forget_memory(struct parts *parts)
{
	vma_table_unref(parts->vmas);
	grid_unref(parts->view);
	grid_rows_unref(parts->rows);
	frame_map_unref(parts->frames);
	frame_pages_unref(parts->frame_pages);
	parts->rows = NULL;
	parts->frame_pages = NULL;
	parts->vmas = NULL;
	parts->view = NULL;
	parts->frames = NULL;
	page_peek_unref(parts->peek);
	parts->peek = NULL;
	parts_forget_detail(parts);
}

void parts_note_sources(struct parts *parts, const struct sources *sources)
{
	for (int i = 0; i < NR_SOURCE; i++)
		if (sources->why[i] != WHY_NOT_ASKED)
			parts->sources.why[i] = sources->why[i];
}

bool parts_take_vmas(struct parts *parts, const struct geometry *geometry, struct vma_list *list)
{
	struct vma_table *table;

	if (parts->vmas && vma_list_equal(parts->vmas->list, list)) {
		vma_list_free(list);
		return false;
	}
	table = vma_table_new(list, geometry);
	if (parts->vmas)
		vma_table_keep_counts(table, parts->vmas);
	vma_table_unref(parts->vmas);
	parts->vmas = table;
	return true;
}

static double rate(uint64_t now, uint64_t before, uint64_t elapsed_ns)
{
	return now > before ? (double)(now - before) * 1e9 / (double)elapsed_ns : 0;
}

void parts_update_rates(struct parts *parts, const struct host *host)
{
	uint64_t now_ns = clock_mono_ns(), elapsed_ns = now_ns - parts->rate_mono_ns;
	uint64_t cpu_ns = clock_own_cpu_ns();
	unsigned long calls = host_calls(host);

	if (elapsed_ns < RATE_WINDOW_NS)
		return;
	if (parts->rate_mono_ns) {
		parts->minflt_per_s = rate(parts->process.minflt, parts->rate_minflt, elapsed_ns);
		parts->majflt_per_s = rate(parts->process.majflt, parts->rate_majflt, elapsed_ns);
		parts->cost.cpu_permille = (unsigned)((cpu_ns - parts->rate_cpu_ns) * 1000 /
						      elapsed_ns);
		parts->cost.calls_per_s = (unsigned long)rate(calls, parts->rate_calls, elapsed_ns);
	}
	parts->rate_mono_ns = now_ns;
	parts->rate_minflt = parts->process.minflt;
	parts->rate_majflt = parts->process.majflt;
	parts->rate_cpu_ns = cpu_ns;
	parts->rate_calls = calls;
}

struct snapshot *parts_snapshot(const struct parts *parts, const struct geometry *geometry)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->taken_real_ns = clock_real_ns();
	snapshot->taken_mono_ns = clock_mono_ns();
	snapshot->geometry = *geometry;
	snapshot->process = parts->process;
	snapshot->execed_mono_ns = parts->execed_mono_ns;
	memcpy(snapshot->exe, parts->exe, sizeof(snapshot->exe));
	snapshot->minflt_per_s = parts->minflt_per_s;
	snapshot->majflt_per_s = parts->majflt_per_s;
	snapshot->pss_why = parts->pss_why;
	snapshot->pss_bytes = parts->pss_bytes;
	snapshot->sources = parts->sources;
	snapshot->maps_why = parts->maps_why;
	snapshot->vmas = vma_table_ref(parts->vmas);
	snapshot->view = grid_ref(parts->view);
	snapshot->rows = grid_rows_ref(parts->rows);
	snapshot->frame_pages = frame_pages_ref(parts->frame_pages);
	snapshot->seek_serial = parts->seek_serial;
	snapshot->seek_found = parts->seek_found;
	snapshot->seek_vpn = parts->seek_vpn;
	snapshot->frames = frame_map_ref(parts->frames);
	snapshot->frames_why = parts->frames_why;
	snapshot->has_detail = parts->has_detail;
	if (parts->has_detail)
		snapshot->detail = page_detail_copy(&parts->detail);
	snapshot->peek = page_peek_ref(parts->peek);
	snapshot->cost = parts->cost;
	return snapshot;
}
