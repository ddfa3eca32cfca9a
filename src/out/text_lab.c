/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab as a table: one row for each quantity, one column for each lane, and below it what
 * each lane avoids. The table also says what it is worth: one run is no measurement.
 */
#include "out/lab.h"

#include "base/fmt.h"
#include "out/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 20
#define LANES_ABREAST 4
#define LANE_COLUMNS  15
#define CELL_LEN      48
#define GIB           1073741824.0
#define NS            1e9

struct row {
	const char *label;
	void (*cell)(const struct lab_view *view, const struct lane_view *lane, char out[CELL_LEN]);
};

static void cell_title(const struct lab_view *view, const struct lane_view *lane,
		       char out[CELL_LEN])
{
	(void)view;
	snprintf(out, CELL_LEN, "%s", mode_info(lane->setup.mode)->title);
}

static void cell_state(const struct lab_view *view, const struct lane_view *lane,
		       char out[CELL_LEN])
{
	(void)view;
	snprintf(out, CELL_LEN, "%s", lane_state_name(lane->state));
}

static void cell_copies(const struct lab_view *view, const struct lane_view *lane,
			char out[CELL_LEN])
{
	(void)view;
	snprintf(out, CELL_LEN, "%u", mode_info(lane->setup.mode)->copies);
}

static void cell_bytes(const struct lab_view *view, const struct lane_view *lane,
		       char out[CELL_LEN])
{
	char text[FMT_LEN];

	(void)view;
	snprintf(out, CELL_LEN, "%s", fmt_bytes_long(text, lane->received_bytes));
}

static void cell_calls(const struct lab_view *view, const struct lane_view *lane,
		       char out[CELL_LEN])
{
	(void)view;
	if (lane->sender.why == WHY_NOT_ASKED)
		snprintf(out, CELL_LEN, "?");
	else
		snprintf(out, CELL_LEN, "%llu", (unsigned long long)lane->sender.calls);
}

static void cell_faults(const struct lab_view *view, const struct lane_view *lane,
			char out[CELL_LEN])
{
	(void)view;
	if (lane->sender.why != WHY_OK)
		snprintf(out, CELL_LEN, "?");
	else
		snprintf(out, CELL_LEN, "%llu / %llu", (unsigned long long)lane->sender.minflt,
			 (unsigned long long)lane->sender.majflt);
}

/* user + system seconds for each GiB that went through. */
static void write_cpu(const struct lane_side *side, uint64_t bytes, char out[CELL_LEN])
{
	double gib = (double)bytes / GIB;

	if (side->why != WHY_OK)
		snprintf(out, CELL_LEN, "?");
	else if (!bytes)
		snprintf(out, CELL_LEN, "-");
	else
		snprintf(out, CELL_LEN, "%.2f + %.2f", (double)side->user_ns / NS / gib,
			 (double)side->system_ns / NS / gib);
}

static void cell_sender_cpu(const struct lab_view *view, const struct lane_view *lane,
			    char out[CELL_LEN])
{
	(void)view;
	write_cpu(&lane->sender, lane->sent_bytes, out);
}

static void cell_sink_cpu(const struct lab_view *view, const struct lane_view *lane,
			  char out[CELL_LEN])
{
	(void)view;
	write_cpu(&lane->sink, lane->received_bytes, out);
}

static void cell_total_cpu(const struct lab_view *view, const struct lane_view *lane,
			   char out[CELL_LEN])
{
	uint64_t total_ns = lane->sender.user_ns + lane->sender.system_ns + lane->sink.user_ns +
			    lane->sink.system_ns;

	(void)view;
	if (lane->sender.why != WHY_OK || lane->sink.why != WHY_OK)
		snprintf(out, CELL_LEN, "?");
	else if (!lane->received_bytes)
		snprintf(out, CELL_LEN, "-");
	else
		snprintf(out, CELL_LEN, "%.2f",
			 (double)total_ns / NS / ((double)lane->received_bytes / GIB));
}

static void cell_speed(const struct lab_view *view, const struct lane_view *lane,
		       char out[CELL_LEN])
{
	(void)view;
	if (lane->state != LANE_DONE || !lane->rate_bytes_per_s)
		snprintf(out, CELL_LEN, "-");
	else
		snprintf(out, CELL_LEN, "%.2f", (double)lane->rate_bytes_per_s / GIB);
}

static void cell_hash(const struct lab_view *view, const struct lane_view *lane, char out[CELL_LEN])
{
	(void)view;
	snprintf(out, CELL_LEN, "%s",
		 lane->hash_state == HASH_EQUAL || lane->hash_state == HASH_DIFFERS
			 ? hash_state_name(lane->hash_state)
			 : "-");
}

static void cell_start(const struct lab_view *view, const struct lane_view *lane,
		       char out[CELL_LEN])
{
	char part[FMT_LEN];

	(void)view;
	if (lane->cache.why != WHY_OK)
		snprintf(out, CELL_LEN, "?");
	else if (!lane->start_pages)
		snprintf(out, CELL_LEN, "%s", lane->size_bytes ? "?" : "-");
	else
		snprintf(out, CELL_LEN, "%s%s",
			 fmt_percent(part, lane->start_cached_pages, lane->start_pages),
			 lane->start_verified ? "" : " (!)");
}

static const struct row rows[] = {
	{ "", cell_title },
	{ "state", cell_state },
	{ "copies by its CPU", cell_copies },
	{ "received", cell_bytes },
	{ "system calls", cell_calls },
	{ "faults min/maj", cell_faults },
	{ "CPU s/GiB, sender", cell_sender_cpu },
	{ "CPU s/GiB, sink", cell_sink_cpu },
	{ "CPU s/GiB, both", cell_total_cpu },
	{ "GiB/s", cell_speed },
	{ "hash at the sink", cell_hash },
	{ "cached at start", cell_start },
};

static void write_head(FILE *out, const struct lab_view *view)
{
	char size[FMT_LEN], pace[FMT_LEN];

	fprintf(out, "lab  %zu lanes of %s  %s start  ", view->nr_lanes,
		fmt_bytes_long(size, view->size_bytes), view->start == LAB_COLD ? "cold" : "hot");
	if (view->pace_bytes_per_s)
		fprintf(out, "pace %s/s", fmt_bytes_long(pace, view->pace_bytes_per_s));
	else
		fputs("full speed", out);
	if (view->nr_lanes) {
		const struct sink_info *sink = sink_info(view->lanes[0].setup.sink);

		fprintf(out, "  %s -> %s", transport_name(sink->transport), sink->key);
	}
	fputs("\n\n", out);
}

/* The lanes [from, to) as columns. */
static void write_columns(FILE *out, const struct lab_view *view, size_t from, size_t to)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fprintf(out, "%-*s", LABEL_COLUMNS, rows[i].label);
		for (size_t lane = from; lane < to; lane++) {
			char cell[CELL_LEN];

			rows[i].cell(view, &view->lanes[lane], cell);
			/* The last column is not padded: no line ends in blanks. */
			fprintf(out, "%-*s", lane + 1 < to ? LANE_COLUMNS : 0, cell);
		}
		fputc('\n', out);
	}
}

/* More lanes than 80 columns hold stand below each other. */
static void write_table(FILE *out, const struct lab_view *view)
{
	for (size_t from = 0; from < view->nr_lanes; from += LANES_ABREAST) {
		size_t to = from + LANES_ABREAST;

		if (from)
			fputc('\n', out);
		write_columns(out, view, from, to < view->nr_lanes ? to : view->nr_lanes);
	}
}

static void write_avoids(FILE *out, const struct lab_view *view)
{
	fputs("\nZero copy never means no copy at all: each lane says which copy it avoids.\n",
	      out);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct mode_info *mode = mode_info(view->lanes[i].setup.mode);
		char head[32];

		snprintf(head, sizeof(head), "  %-14s", mode->title);
		out_wrapped(out, head, mode->avoids);
	}
	fputc('\n', out);
	if (view->nr_lanes) {
		char says[160];

		snprintf(says, sizeof(says), "The sink, in every lane, %s.",
			 sink_info(view->lanes[0].setup.sink)->says);
		out_wrapped(out, "", says);
	}
	out_wrapped(out, "", "One run is no measurement: identical lanes differ by 20 %.");
}

static void write_lane_note(FILE *out, const struct lane_view *lane, const char *what,
			    const char *why)
{
	fprintf(out, "%s: %s%s%s\n", mode_info(lane->setup.mode)->title, what, *why ? ": " : "",
		why);
}

/* What failed, what is not as asked for, and what is not known, each with its reason. */
static void write_notes(FILE *out, const struct lab_view *view)
{
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct lane_view *lane = &view->lanes[i];
		char why[160];

		if (lane->error[0])
			write_lane_note(out, lane, lane_state_name(lane->state), lane->error);
		if (lane->note[0])
			write_lane_note(out, lane, lane->note, "");
		if (lane->cache.why != WHY_OK)
			write_lane_note(out, lane, "start residency is not known",
					source_refusal(lane->cache.source, lane->cache.why, why,
						       sizeof(why)));
		else if (!lane->start_verified && lane->start_pages)
			write_lane_note(out, lane,
					view->start == LAB_COLD
						? "(!) not cold: some pages could not be evicted"
						: "(!) not hot: some pages did not stay cached",
					"");
		if (lane->sender.why != WHY_OK || lane->sink.why != WHY_OK)
			write_lane_note(out, lane, "CPU and faults are not known",
					why_name(lane->sender.why != WHY_OK ? lane->sender.why
									    : lane->sink.why));
	}
}

int out_lab_text(FILE *out, const struct lab_view *view)
{
	if (view->phase == LAB_FAILED) {
		fprintf(out, "lab: %s\n", view->error);
	} else {
		write_head(out, view);
		write_table(out, view);
		write_avoids(out, view);
		write_notes(out, view);
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}
