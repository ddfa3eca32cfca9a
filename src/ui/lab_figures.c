/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The figures below a lane's path: a table of rows, one text for each lane. */
#include "ui/lab_lane.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "ui/draw.h"

#include <stdio.h>
#include <string.h>

#define GIB (UINT64_C(1) << 30)

enum figure {
	FIGURE_PROGRESS,
	FIGURE_STATE,
	FIGURE_COPIES,
	FIGURE_CALLS,
	FIGURE_FAULTS,
	FIGURE_CPU,
	FIGURE_SINK,
	FIGURE_RATE,
	FIGURE_BYTES, /* from here on only where there is room */
	FIGURE_TIME,
	FIGURE_PROOF,
	FIGURE_STEP, /* from here on only where there is more room */
	FIGURE_STEP_CACHE,
	FIGURE_STEP_USER,
	FIGURE_STEP_SOCKET,
	FIGURE_STEP_SINK,
	NR_FIGURES,
};

#define NR_FIGURES_ALWAYS FIGURE_BYTES
#define NR_FIGURES_ROOMY  FIGURE_STEP

static const struct {
	const char *narrow, *wide;
} figure_label[NR_FIGURES] = {
	[FIGURE_PROGRESS] = { "sent", "sent" },
	[FIGURE_STATE] = { "state", "state" },
	[FIGURE_COPIES] = { "copies", "CPU copies" },
	[FIGURE_CALLS] = { "calls", "system calls" },
	[FIGURE_FAULTS] = { "faults", "page faults" },
	[FIGURE_CPU] = { "sender", "sender's CPU" },
	[FIGURE_SINK] = { "sink", "sink's CPU" },
	[FIGURE_RATE] = { "rate", "throughput" },
	[FIGURE_BYTES] = { "bytes", "bytes sent" },
	[FIGURE_TIME] = { "time", "time sending" },
	[FIGURE_PROOF] = { "proof", "page in socket" },
	[FIGURE_STEP] = { "step", "last step" },
	[FIGURE_STEP_CACHE] = { " cache", " cache pages" },
	[FIGURE_STEP_USER] = { " user", " user memory" },
	[FIGURE_STEP_SOCKET] = { " socket", " socket queue" },
	[FIGURE_STEP_SINK] = { " sink", " received" },
};

int lab_nr_figures(const struct lab_layout *at)
{
	if (at->tall)
		return NR_FIGURES;
	return at->roomy ? NR_FIGURES_ROOMY : NR_FIGURES_ALWAYS;
}

#define FIGURE_TEXT 48

/* Seconds for each GiB sent, two digits after the point. */
static void per_gib(char *out, size_t room, uint64_t t_ns, uint64_t sent_bytes)
{
	double seconds = (double)t_ns / (double)NS_PER_S / ((double)sent_bytes / (double)GIB);

	snprintf(out, room, seconds < 10 ? "%.2f" : "%.1f", seconds);
}

static void figure_faults(const struct lane_view *lane, char *out)
{
	char minor[FMT_LEN], major[FMT_LEN];

	snprintf(out, FIGURE_TEXT, "%s min %s maj", fmt_count(minor, lane->sender.minflt),
		 fmt_count(major, lane->sender.majflt));
}

static void figure_cpu(const struct lane_side *side, uint64_t sent_bytes, bool split, char *out)
{
	char user[16], kernel[16];

	if (!sent_bytes) {
		strcpy(out, "-");
	} else if (split) {
		per_gib(user, sizeof(user), side->user_ns, sent_bytes);
		per_gib(kernel, sizeof(kernel), side->system_ns, sent_bytes);
		snprintf(out, FIGURE_TEXT, "%s+%s s/GiB", user, kernel);
	} else {
		per_gib(user, sizeof(user), side->cpu_ns, sent_bytes);
		snprintf(out, FIGURE_TEXT, "%s s/GiB", user);
	}
}

static void figure_rate(const struct lane_view *lane, char *out)
{
	char rate[FMT_LEN];
	/* A rate takes two looks; after a while, though, none means that nothing moves. */
	bool unknown = !lane->rate_bytes_per_s && lane->elapsed_ns < NS_PER_S;

	if (!lane->sent_bytes || lane->state == LANE_PAUSED || unknown)
		strcpy(out, "-");
	else
		snprintf(out, FIGURE_TEXT, "%s/s", fmt_bytes_long(rate, lane->rate_bytes_per_s));
}

static uint8_t figure_state(const struct lane_view *lane, char *out)
{
	static const uint8_t colours[NR_LANE_STATE] = {
		[LANE_PREPARING] = COLOUR_FAINT,  [LANE_READY] = COLOUR_TEXT,
		[LANE_RUNNING] = COLOUR_KEY,      [LANE_PAUSED] = COLOUR_WARN,
		[LANE_DONE] = COLOUR_GOOD,        [LANE_FAILED] = COLOUR_BAD,
		[LANE_UNAVAILABLE] = COLOUR_WARN,
	};

	if (lane->state != LANE_DONE) {
		snprintf(out, FIGURE_TEXT, "%s", lane_state_name(lane->state));
		return colours[lane->state];
	}
	if (lane->hash_state == HASH_NOT_ASKED || lane->hash_state == HASH_IMPOSSIBLE) {
		strcpy(out, "done, no hash");
		return COLOUR_GOOD;
	}
	snprintf(out, FIGURE_TEXT, "done, hash %s",
		 lane->hash_state == HASH_DIFFERS ? "WRONG" : hash_state_name(lane->hash_state));
	return lane->hash_state == HASH_DIFFERS ? COLOUR_BAD : COLOUR_GOOD;
}

const char *lab_proof_word(const struct lab_proof *proof)
{
	return proof->verdict == PROOF_UNKNOWN ? "?" : proof_verdict_name(proof->verdict);
}

static uint8_t proof_colour(const struct lab_proof *proof)
{
	static const uint8_t colours[NR_PROOF_VERDICT] = {
		[PROOF_UNKNOWN] = COLOUR_WARN,
		[PROOF_SHARED] = COLOUR_GOOD,
		[PROOF_COPIED] = COLOUR_WARN,
	};

	return colours[proof->verdict];
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What the last single step moved, one place of the way in each row. */
static uint8_t figure_step(const struct lane_view *lane, enum figure figure, char *out)
{
	const struct lane_step *step = &lane->step;
	char a[FMT_LEN], b[FMT_LEN];

	strcpy(out, "-");
	if (!step->nr)
		return COLOUR_FAINT;
	if (step->pending && figure != FIGURE_STEP)
		return COLOUR_FAINT;
	switch (figure) {
	case FIGURE_STEP:
		snprintf(out, FIGURE_TEXT, "%u: %s", step->nr,
			 step->pending ? "moving" : fmt_bytes(a, step->moved_bytes));
		break;
	case FIGURE_STEP_CACHE:
		if (step->why_cache != WHY_OK) {
			strcpy(out, "?");
			return COLOUR_WARN;
		}
		snprintf(out, FIGURE_TEXT, "%c%s, now %s",
			 step->cached_pages < step->cached_before_pages ? '-' : '+',
			 fmt_count(a, difference(step->cached_pages, step->cached_before_pages)),
			 fmt_count(b, step->cached_pages));
		break;
	case FIGURE_STEP_USER:
		snprintf(out, FIGURE_TEXT, "%s, %s flt", fmt_bytes(a, step->copied_bytes),
			 fmt_count(b, step->minflt + step->majflt));
		break;
	case FIGURE_STEP_SOCKET:
		if (mode_info(lane->setup.mode)->file_to_file)
			strcpy(out, "not used");
		else if (step->why_queued != WHY_OK)
			strcpy(out, "?");
		else
			fmt_bytes(out, step->queued_bytes);
		break;
	default:
		snprintf(out, FIGURE_TEXT, "+%s", fmt_bytes(a, step->received_bytes));
		break;
	}
	return COLOUR_TEXT;
}

static uint8_t figure_copies(const struct lane_view *lane, const struct lab_proof *proof,
			     bool with_proof, char *out)
{
	const struct mode_info *mode = mode_info(lane->setup.mode);

	snprintf(out, FIGURE_TEXT, "%u per byte%s%s", mode->copies, with_proof && proof ? " " : "",
		 with_proof && proof ? lab_proof_word(proof) : "");
	return mode->copies ? COLOUR_WARN : COLOUR_GOOD;
}

/* The text of one figure; returns its colour. "?" where it is not known. */
static uint8_t figure_text(const struct lane_view *lane, enum figure figure, char *out)
{
	const struct lane_side *side = figure == FIGURE_SINK ? &lane->sink : &lane->sender;
	char sent[FMT_LEN], size[FMT_LEN];

	strcpy(out, "-");
	if (figure >= FIGURE_CALLS && figure <= FIGURE_SINK && !side->pid)
		return COLOUR_FAINT; /* it is not yet started */
	strcpy(out, "?");
	if (figure >= FIGURE_CALLS && figure <= FIGURE_SINK && side->why != WHY_OK)
		return COLOUR_WARN;
	switch (figure) {
	case FIGURE_STATE:
		return figure_state(lane, out);
	case FIGURE_CALLS:
		fmt_count(out, lane->sender.calls);
		break;
	case FIGURE_FAULTS:
		figure_faults(lane, out);
		break;
	case FIGURE_CPU:
	case FIGURE_SINK:
		figure_cpu(side, lane->sent_bytes, figure == FIGURE_CPU && lane->state == LANE_DONE,
			   out);
		break;
	case FIGURE_RATE:
		figure_rate(lane, out);
		break;
	case FIGURE_BYTES:
		snprintf(out, FIGURE_TEXT, "%s of %s", fmt_bytes(sent, lane->sent_bytes),
			 fmt_bytes(size, lane->size_bytes));
		break;
	case FIGURE_TIME:
		fmt_duration(out, lane->elapsed_ns);
		break;
	default:
		return figure_step(lane, figure, out);
	}
	return COLOUR_TEXT;
}

static void draw_progress(struct canvas *canvas, const struct lab_layout *at, int x,
			  const struct theme *theme, const struct lane_view *lane)
{
	char percent[FMT_LEN];

	draw_bar(canvas, x, at->figures_y, at->inner - 6, theme,
		 colour_of_class(CLASS_FILE, NR_STRENGTH - 1), lane->sent_bytes, lane->size_bytes);
	fmt_percent(percent, lane->sent_bytes, lane->size_bytes);
	canvas_text_right(canvas, x + at->inner - 6, at->figures_y, 6, COLOUR_TEXT, 0, percent);
}

static uint8_t figure_proof(const struct lab_proof *proof, char *out)
{
	if (!proof) {
		strcpy(out, "-");
		return COLOUR_FAINT;
	}
	strcpy(out, lab_proof_word(proof));
	return proof_colour(proof);
}

void lab_draw_figures(struct canvas *canvas, const struct lab_layout *at, int x,
		      const struct theme *theme, const struct lane_view *lane,
		      const struct lab_proof *proof)
{
	char text[FIGURE_TEXT];

	draw_progress(canvas, at, x, theme, lane);
	for (int figure = FIGURE_STATE; figure < lab_nr_figures(at); figure++) {
		uint8_t colour;

		if (figure == FIGURE_COPIES)
			colour = figure_copies(lane, proof, !at->roomy, text);
		else if (figure == FIGURE_PROOF)
			colour = figure_proof(proof, text);
		else
			colour = figure_text(lane, (enum figure)figure, text);
		canvas_text(canvas, x, at->figures_y + figure, at->inner, colour,
			    colour == COLOUR_TEXT ? 0 : ATTR_BOLD, text);
	}
}

void lab_lane_draw_labels(struct canvas *canvas, const struct lab_layout *at)
{
	bool wide = at->gutter > 8;

	if (!at->roomy)
		canvas_text(canvas, 1, at->path_y, at->gutter - 1, COLOUR_FAINT, 0,
			    wide ? "from the disk" : "disk");
	for (int i = 0; i < lab_nr_figures(at); i++)
		canvas_text(canvas, 1, at->figures_y + i, at->gutter - 1, COLOUR_FAINT, 0,
			    wide ? figure_label[i].wide : figure_label[i].narrow);
}
