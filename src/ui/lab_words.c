/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What screen 6 says in words: the parts of its title, and of the chosen lane a sentence. */
#include "ui/lab_words.h"

#include "base/fmt.h"
#include "ui/lab_keys.h"

#include <stdio.h>
#include <string.h>

/* "cold: verified 0 % cached", of all lanes together. */
static void start_text(const struct lab_view *view, char *out, size_t room)
{
	const char *name = view->start == LAB_COLD ? "cold" : "hot";
	uint64_t cached = 0, pages = 0;
	char percent[FMT_LEN];
	bool verified = view->nr_lanes > 0;

	for (size_t i = 0; i < view->nr_lanes; i++) {
		verified &= view->lanes[i].start_verified || view->lanes[i].error[0];
		cached += view->lanes[i].start_cached_pages;
		pages += view->lanes[i].start_pages;
	}
	if (verified && pages)
		snprintf(out, room, "%s: verified %s cached", name,
			 fmt_percent(percent, cached, pages));
	else if (view->phase == LAB_PREPARING)
		snprintf(out, room, "%s: not verified yet", name);
	else
		snprintf(out, room, "%s: not verified", name);
}

static void pace_text(const struct lab_view *view, char *out, size_t room)
{
	char pace[FMT_LEN];

	if (view->pace_bytes_per_s)
		snprintf(out, room, "pace %s/s", fmt_bytes_long(pace, view->pace_bytes_per_s));
	else
		snprintf(out, room, "full speed");
}

/* Between sender and sink, and what the sink does where that is not the usual. */
static const char *way_name(const struct lab_view *view)
{
	static const char *const names[NR_SINK] = {
		[SINK_MEMORY] = "TCP on 127.0.0.1",
		[SINK_DISCARD] = "TCP, discarded",
		[SINK_DISK] = "TCP, to disk",
		[SINK_UNIX] = "AF_UNIX stream",
	};

	return names[view->nr_lanes ? view->lanes[0].setup.sink : SINK_MEMORY];
}

/* The parts of the title behind the program's name; how many. */
size_t lab_title_parts(const struct lab_view *view, char parts[4][64])
{
	char size[FMT_LEN];
	size_t nr = 0;

	snprintf(parts[nr++], 64, "%s", fmt_bytes_long(size, view->size_bytes));
	if (!lab_is_measuring(view)) {
		start_text(view, parts[nr++], 64);
		pace_text(view, parts[nr++], 64);
	} else {
		strcpy(parts[nr++], "one at a time, full speed");
	}
	snprintf(parts[nr++], 64, "%s", way_name(view));
	return nr;
}

/* What the last step moved where, from the disk's end to the sink's. */
static void step_sentence(const struct lane_view *lane, char *out, size_t room)
{
	const struct mode_info *mode = mode_info(lane->setup.mode);
	const struct lane_step *step = &lane->step;
	char moved[FMT_LEN], a[FMT_LEN], b[FMT_LEN], cache[96], queue[96], user[96];

	if (step->pending) {
		snprintf(out, room, "%s: step %u is under way.", mode->title, step->nr);
		return;
	}
	if (step->why_cache == WHY_OK)
		snprintf(cache, sizeof(cache), "%s to %s pages",
			 fmt_count(a, step->cached_before_pages), fmt_count(b, step->cached_pages));
	else
		snprintf(cache, sizeof(cache), "? (%s)", why_name(step->why_cache));
	snprintf(user, sizeof(user), "%s copied, %s faults", fmt_bytes(a, step->copied_bytes),
		 fmt_count(b, step->minflt + step->majflt));
	if (mode->file_to_file)
		strcpy(queue, "not used");
	else if (step->why_queued != WHY_OK)
		snprintf(queue, sizeof(queue), "? (%s)", why_name(step->why_queued));
	else
		snprintf(queue, sizeof(queue), "%s at return", fmt_bytes(a, step->queued_bytes));
	snprintf(out, room,
		 "%s, step %u: %s by %s call%s; page cache %s; user memory %s; socket %s; "
		 "sink +%s.",
		 mode->title, step->nr, fmt_bytes(moved, step->moved_bytes),
		 fmt_count(a, step->calls), step->calls == 1 ? "" : "s", cache, user, queue,
		 fmt_bytes(b, step->received_bytes));
}

/*
 * What is to be said of the chosen lane: how it works, and what is not known and why. `fit`
 * bytes are sure to be in sight.
 */
void lab_lane_sentence(const struct lane_view *lane, const struct lab_proof *proof, size_t fit,
		       char *out, size_t room)
{
	const struct mode_info *mode = mode_info(lane->setup.mode);
	char evidence[240] = "";
	size_t at;

	if (lane->state == LANE_FAILED || lane->state == LANE_UNAVAILABLE) {
		snprintf(out, room, "%s %s: %s", mode->title,
			 lane->state == LANE_FAILED ? "failed" : "cannot run here", lane->error);
		return;
	}
	if (lane->step.last && lane->state == LANE_PAUSED) {
		step_sentence(lane, out, room);
		return;
	}
	snprintf(out, room, "%s: %s; %s.", mode->title, mode->calls, mode->avoids);
	at = strlen(out);
	/* Where it does not fit, the lane has its verdict and the list of modes the rest. */
	if (proof)
		snprintf(evidence, sizeof(evidence), " Proof (%s): %s.",
			 proof_socket_name(proof->socket), proof->evidence);
	if (at + strlen(evidence) < fit && at + strlen(evidence) < room)
		at += (size_t)snprintf(out + at, room - at, "%s", evidence);
	if (lane->sender.why != WHY_OK)
		at += (size_t)snprintf(out + at, room - at, " ?: the sender's figures: %s.",
				       why_name(lane->sender.why));
	if (lane->sink.why != WHY_OK && at < room)
		at += (size_t)snprintf(out + at, room - at, " ?: the sink's figures: %s.",
				       why_name(lane->sink.why));
	if (lane->cache.why != WHY_OK && at < room)
		snprintf(out + at, room - at, " The file's map: %s.", why_name(lane->cache.why));
}
