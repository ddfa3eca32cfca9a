/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chart of a measurement. All bars of a column have one scale, from 0; each is solid up
 * to the lower quartile, weak up to the upper one, and marked at the median. The interval of
 * the control is what two lanes that are the same differ by. Where there is room the rounds
 * themselves stand below their bar, on the same scale, then what the sender did; what is left
 * makes the bars thicker.
 */
#include "ui/lab_chart.h"

#include "base/fmt.h"
#include "ui/draw.h"

#include <stdio.h>
#include <string.h>

#define FIRST_Y     5
#define LABEL_WIDTH 15
#define GIB         ((double)(UINT64_C(1) << 30))

/* Where the columns stand: two charts of bars with their medians, then the ratios. */
struct columns {
	int rate_x, cpu_x, bar, ratio_x, wall_x; /* wall_x: 0 where there is no room */
	bool words;                              /* verdicts in full */
};

#define VALUE_WIDTH 6
#define MOST_BAR    512
#define RATIO_WIDTH 24

static struct columns columns_of(int width)
{
	struct columns at = { .rate_x = 1 + LABEL_WIDTH };
	int ratios = width >= 130 ? 2 * 36 : width >= 110 ? 36 : RATIO_WIDTH;

	at.words = width >= 110;
	at.bar = (width - 2 - LABEL_WIDTH - 2 * (VALUE_WIDTH + 2) - ratios) / 2;
	at.cpu_x = at.rate_x + at.bar + VALUE_WIDTH + 2;
	at.ratio_x = at.cpu_x + at.bar + VALUE_WIDTH + 2;
	at.wall_x = width >= 130 ? at.ratio_x + 36 : 0;
	return at;
}

/* How the lines of one lane are used, from its first. */
struct block {
	int pitch;             /* lines from one lane to the next */
	int thick;             /* lines of bars */
	int rounds_y, words_y; /* 0: no room */
};

#define MOST_PITCH 8

static struct block block_of(const struct lab_measure *measure, int rows)
{
	int nr = measure->nr_bars ? (int)measure->nr_bars : 1;
	struct block block = { .pitch = (rows - 6 - FIRST_Y) / nr };
	int extra;

	if (block.pitch > MOST_PITCH)
		block.pitch = MOST_PITCH;
	if (block.pitch < 1)
		block.pitch = 1;
	extra = block.pitch >= 4 ? 2 : block.pitch == 3 ? 1 : 0;
	block.thick = block.pitch > 1 ? block.pitch - 1 - extra : 1;
	block.rounds_y = extra ? block.thick : 0;
	block.words_y = extra > 1 ? block.thick + 1 : 0;
	return block;
}

static const char *state_text(const struct lab_measure *measure, char *out, size_t room)
{
	static const char *const starts[] = { [LAB_COLD] = "cold", [LAB_HOT] = "hot" };

	switch (measure->state) {
	case MEASURE_RUNNING:
		if (!measure->rounds || !measure->lane[0])
			snprintf(out, room, "Measuring, files %s: %s", starts[measure->start],
				 measure->doing[0] ? measure->doing : "ending the lanes");
		else if (!strcmp(measure->doing, "verifying"))
			snprintf(out, room, "Measuring, files %s: verifying by hash: %s",
				 starts[measure->start], measure->lane);
		else
			snprintf(out, room, "Measuring, files %s: %s %u of %u: %s",
				 starts[measure->start], measure->doing, measure->round,
				 measure->rounds, measure->lane);
		break;
	case MEASURE_DONE:
		snprintf(out, room, "Measured, files %s: %u rounds", starts[measure->start],
			 measure->nr_rounds_kept);
		break;
	case MEASURE_STOPPED:
		snprintf(out, room, "Stopped, files %s: %u whole rounds are below",
			 starts[measure->start], measure->nr_rounds_kept);
		break;
	case MEASURE_FAILED:
		snprintf(out, room, "Not measured: %s", measure->error);
		break;
	default:
		strcpy(out, "Nothing is measured yet.");
		break;
	}
	return out;
}

static void draw_progress(const struct lab_measure *measure, struct canvas *canvas,
			  const struct theme *theme)
{
	int columns = canvas_columns(canvas);
	bool failed = measure->state == MEASURE_FAILED;
	char text[260], percent[FMT_LEN];

	canvas_text(canvas, 1, 1, columns - 2, failed ? COLOUR_BAD : COLOUR_TEXT,
		    failed ? 0 : ATTR_BOLD, state_text(measure, text, sizeof(text)));
	if (measure->state != MEASURE_RUNNING)
		return;
	draw_bar(canvas, 1, 2, columns - 9, theme, colour_of_class(CLASS_FILE, NR_STRENGTH - 1),
		 measure->nr_done, measure->nr_total);
	canvas_text_right(canvas, columns - 8, 2, 7, COLOUR_TEXT, 0,
			  fmt_percent(percent, measure->nr_done, measure->nr_total));
}

static int column_of(double value, double most, int width)
{
	int column = most > 0 ? (int)(value / most * width + 0.5) : 0;

	return column > width ? width : column;
}

static void draw_quartiles(struct canvas *canvas, int x, int y, int width, double most,
			   const struct theme *theme, uint8_t colour,
			   const struct quartiles *quartiles)
{
	int low = column_of(quartiles->low, most, width);
	int high = column_of(quartiles->high, most, width);
	int median = column_of(quartiles->median, most, width);
	struct glyph solid = { theme_glyph(theme, GLYPH_BAR_8), colour, COLOUR_DEFAULT, 0 };
	struct glyph weak = { theme_glyph(theme, GLYPH_SHADE_1 + 1), colour, COLOUR_DEFAULT, 0 };

	for (int i = 0; i < high; i++)
		canvas_put(canvas, x + i, y, i < low ? solid : weak);
	canvas_put(canvas, x + (median ? median - 1 : 0), y,
		   (struct glyph){ '|', COLOUR_TITLE, COLOUR_DEFAULT, ATTR_BOLD });
}

/* How many rounds lay at each place, as digits. */
static void draw_rounds(struct canvas *canvas, int x, int y, int width, double most,
			const float *values, unsigned nr)
{
	char digits[MOST_BAR] = "";

	if (width > MOST_BAR)
		width = MOST_BAR;
	for (unsigned i = 0; i < nr; i++) {
		int column = column_of(values[i], most, width);
		char *digit = &digits[column ? column - 1 : 0];

		*digit = *digit == '9' || *digit == '+' ? '+' : *digit ? (char)(*digit + 1) : '1';
	}
	for (int i = 0; i < width; i++)
		if (digits[i])
			canvas_put(canvas, x + i, y,
				   (struct glyph){ (uint32_t)digits[i], COLOUR_TEXT, COLOUR_DEFAULT,
						   0 });
}

/* In four columns, as long as it is below 1000. */
static void value_text(char *out, size_t room, double value)
{
	snprintf(out, room, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
}

static const struct {
	const char *narrow, *wide;
	uint8_t colour;
} verdict_look[NR_STATS_VERDICT] = {
	[STATS_UNKNOWN] = { "?", "too few rounds", COLOUR_FAINT },
	[STATS_BASELINE] = { "base", "the baseline", COLOUR_FAINT },
	[STATS_NOISE] = { "noise", "the noise", COLOUR_WARN },
	[STATS_ALIKE] = { "alike", "not distinguishable", COLOUR_TEXT },
	[STATS_LESS] = { "less", "less", COLOUR_GOOD },
	[STATS_MORE] = { "more", "more", COLOUR_BAD },
};

/* "0.65 0.61-0.70 less" */
static void draw_ratio(struct canvas *canvas, int x, int y, int width, bool words,
		       const struct interval *ratio, size_t nr_pairs, enum stats_verdict verdict)
{
	uint8_t colour = verdict_look[verdict].colour;
	const char *word = words ? verdict_look[verdict].wide : verdict_look[verdict].narrow;
	char median[16], low[16], high[16];

	if (verdict == STATS_BASELINE) {
		canvas_text(canvas, x, y, width, colour, 0, words ? "1.00  the baseline" : "1.00");
		return;
	}
	if (!nr_pairs) {
		canvas_text(canvas, x, y, width, COLOUR_FAINT, 0, "-");
		return;
	}
	value_text(median, sizeof(median), ratio->median);
	value_text(low, sizeof(low), ratio->low);
	value_text(high, sizeof(high), ratio->high);
	canvas_text(canvas, x, y, 4, colour, ATTR_BOLD, median);
	canvas_printf(canvas, x + 5, y, 10, COLOUR_FAINT, 0, "%s-%s", low, high);
	canvas_text(canvas, x + 16, y, width - 16, colour, 0, word);
}

/* What the bars of a lane have in common with those of all others. */
struct scale {
	double most_rate, most_cpu;
};

static void reach(double *most, double value)
{
	if (value > *most)
		*most = value;
}

/* Up to the upper quartiles; up to the rounds where these are drawn, too. */
static struct scale scale_of(const struct lab_measure *measure, bool rounds)
{
	struct scale scale = { 0, 0 };

	for (size_t i = 0; i < measure->nr_bars; i++) {
		const struct measure_bar *bar = &measure->bars[i];

		if (bar->nr_done)
			reach(&scale.most_rate, bar->bytes_per_s.high);
		if (bar->nr_done && bar->cpu_known)
			reach(&scale.most_cpu, bar->cpu_s_per_gib.high);
		for (unsigned n = 0; rounds && n < bar->nr_rounds; n++) {
			reach(&scale.most_rate, bar->rates[n]);
			if (bar->cpu_known)
				reach(&scale.most_cpu, bar->cpus[n]);
		}
	}
	return scale;
}

static void draw_bar_lines(const struct measure_bar *bar, const struct columns *at, int thick,
			   struct canvas *canvas, int y, const struct theme *theme,
			   const struct scale *scale)
{
	uint8_t colour = bar->control ? COLOUR_FAINT : colour_of_class(CLASS_FILE, NR_STRENGTH - 1);

	for (int line = 0; line < thick; line++) {
		draw_quartiles(canvas, at->rate_x, y + line, at->bar, scale->most_rate, theme,
			       colour, &bar->bytes_per_s);
		if (bar->cpu_known)
			draw_quartiles(canvas, at->cpu_x, y + line, at->bar, scale->most_cpu, theme,
				       colour, &bar->cpu_s_per_gib);
	}
}

/* The lines below the bars, where there is room for them. */
static void draw_more(const struct measure_bar *bar, const struct columns *at,
		      const struct block *block, struct canvas *canvas, int y,
		      const struct scale *scale)
{
	char calls[FMT_LEN], minor[FMT_LEN], major[FMT_LEN];

	if (block->rounds_y) {
		canvas_text(canvas, 1, y + block->rounds_y, LABEL_WIDTH - 1, COLOUR_FAINT, 0,
			    "  rounds");
		draw_rounds(canvas, at->rate_x, y + block->rounds_y, at->bar, scale->most_rate,
			    bar->rates, bar->nr_rounds);
		if (bar->cpu_known)
			draw_rounds(canvas, at->cpu_x, y + block->rounds_y, at->bar,
				    scale->most_cpu, bar->cpus, bar->nr_rounds);
	}
	if (!block->words_y)
		return;
	canvas_text(canvas, 1, y + block->words_y, LABEL_WIDTH - 1, COLOUR_FAINT, 0, "  sender");
	canvas_printf(
		canvas, at->rate_x, y + block->words_y, canvas_columns(canvas) - at->rate_x - 1,
		COLOUR_FAINT, 0, "system calls %s, page faults %s min %s maj, copies %.1f per byte",
		fmt_count(calls, (uint64_t)bar->calls), fmt_count(minor, (uint64_t)bar->minflt),
		fmt_count(major, (uint64_t)bar->majflt), bar->copied_per_byte);
}

static void draw_one(const struct measure_bar *bar, const struct columns *at,
		     const struct block *block, struct canvas *canvas, int y,
		     const struct theme *theme, const struct scale *scale)
{
	int ratio_width = at->wall_x ? 35 : canvas_columns(canvas) - at->ratio_x - 1;
	char text[16] = "?";

	if (!bar->nr_done) {
		canvas_printf(canvas, at->rate_x, y, canvas_columns(canvas) - at->rate_x - 1,
			      bar->error[0] ? COLOUR_BAD : COLOUR_FAINT, 0, "%s",
			      bar->error[0] ? bar->error : "-");
		return;
	}
	draw_bar_lines(bar, at, block->thick, canvas, y, theme, scale);
	draw_more(bar, at, block, canvas, y, scale);
	if (bar->cpu_known)
		value_text(text, sizeof(text), bar->cpu_s_per_gib.median);
	canvas_text_right(canvas, at->cpu_x + at->bar, y, VALUE_WIDTH, COLOUR_TEXT, 0, text);
	value_text(text, sizeof(text), bar->bytes_per_s.median / GIB);
	canvas_text_right(canvas, at->rate_x + at->bar, y, VALUE_WIDTH, COLOUR_TEXT, 0, text);
	draw_ratio(canvas, at->ratio_x, y, ratio_width, at->words, &bar->cpu_ratio,
		   bar->nr_cpu_pairs, bar->cpu_verdict);
	if (at->wall_x)
		draw_ratio(canvas, at->wall_x, y, canvas_columns(canvas) - at->wall_x - 1,
			   at->words, &bar->wall_ratio, bar->nr_wall_pairs, bar->wall_verdict);
}

static void draw_bars(const struct lab_measure *measure, size_t chosen, struct canvas *canvas,
		      const struct theme *theme)
{
	struct columns at = columns_of(canvas_columns(canvas));
	struct block block = block_of(measure, canvas_rows(canvas));
	struct scale scale = scale_of(measure, block.rounds_y);

	canvas_text(canvas, at.rate_x, FIRST_Y - 1, at.bar + VALUE_WIDTH, COLOUR_FAINT, 0,
		    at.bar >= 14 ? "throughput, GiB/s" : "GiB/s");
	canvas_text(canvas, at.cpu_x, FIRST_Y - 1, at.bar + VALUE_WIDTH, COLOUR_FAINT, 0,
		    at.bar >= 20 ? "CPU of both sides, s/GiB" : "CPU s/GiB");
	canvas_text(canvas, at.ratio_x, FIRST_Y - 1, at.words ? 35 : RATIO_WIDTH, COLOUR_FAINT, 0,
		    "CPU to traditional, 95 %");
	if (at.wall_x)
		canvas_text(canvas, at.wall_x, FIRST_Y - 1, 35, COLOUR_FAINT, 0,
			    "time to traditional, 95 %");
	for (size_t i = 0; i < measure->nr_bars; i++) {
		const struct measure_bar *bar = &measure->bars[i];
		int y = FIRST_Y + block.pitch * (int)i;

		if (i == chosen)
			canvas_put(canvas, 0, y,
				   (struct glyph){ theme_glyph(theme, GLYPH_POINTER), COLOUR_KEY,
						   COLOUR_DEFAULT, ATTR_BOLD });
		canvas_text(canvas, 1, y, LABEL_WIDTH - 1,
			    bar->control ? COLOUR_WARN : COLOUR_TITLE, ATTR_BOLD,
			    bar->control ? "control" : mode_info(bar->mode)->title);
		draw_one(bar, &at, &block, canvas, y, theme, &scale);
	}
}

static void sentence(const struct measure_bar *bar, char *out, size_t room)
{
	const char *name = bar->control ? "control" : mode_info(bar->mode)->title;
	int len;

	if (!bar->nr_done) {
		snprintf(out, room, "%s: %s", name, bar->error[0] ? bar->error : "no round yet");
		return;
	}
	len = snprintf(out, room, "%s%s: %.2f GiB/s (quartiles %.2f to %.2f) in %u rounds", name,
		       bar->control ? " is traditional once more, its ratio is the noise" : "",
		       bar->bytes_per_s.median / GIB, bar->bytes_per_s.low / GIB,
		       bar->bytes_per_s.high / GIB, bar->nr_done);
	if (bar->nr_contaminated && len > 0 && (size_t)len < room)
		len += snprintf(out + len, room - (size_t)len,
				", %u of them disturbed by other load", bar->nr_contaminated);
	if (len > 0 && (size_t)len < room && bar->nr_wall_pairs && !bar->control &&
	    bar->wall_verdict != STATS_BASELINE)
		len += snprintf(out + len, room - (size_t)len,
				"; time %.2f of traditional's (%.2f to %.2f): %s",
				bar->wall_ratio.median, bar->wall_ratio.low, bar->wall_ratio.high,
				stats_verdict_name(bar->wall_verdict));
	if (len > 0 && (size_t)len < room)
		snprintf(out + len, room - (size_t)len, ".");
}

void lab_chart_draw(const struct lab_measure *measure, size_t chosen, struct canvas *canvas,
		    const struct theme *theme)
{
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	struct rect box = { 1, rows - 4, columns - 2, 3 };
	struct rect about = { 1, FIRST_Y, columns - 2, 6 };
	char text[500];

	draw_progress(measure, canvas, theme);
	if (!measure->nr_bars) {
		if (measure->state == MEASURE_RUNNING)
			draw_paragraph(canvas, about, COLOUR_FAINT, 0,
				       "One transfer at a time at full speed, all lanes in each "
				       "round, in an order shuffled anew; the file's residency is "
				       "verified before each transfer. The control is traditional "
				       "once more: what the two differ by is the noise. Bars come "
				       "with the first whole round.");
		return;
	}
	draw_bars(measure, chosen, canvas, theme);
	draw_hline(canvas, 0, rows - 6, columns, theme);
	canvas_text(
		canvas, 1, rows - 5, columns - 2, COLOUR_FAINT, 0,
		block_of(measure, rows).rounds_y
			? "Bars: solid to the lower quartile, weak to the upper, | the median; "
			  "digits: how many rounds lay there (+ over 9)."
			: "Bars: solid to the lower quartile, weak to the upper, | the median.");
	sentence(&measure->bars[chosen < measure->nr_bars ? chosen : 0], text, sizeof(text));
	draw_paragraph(canvas, box, COLOUR_TEXT, 0, text);
}

size_t lab_chart_row_at(const struct lab_measure *measure, int y, int rows)
{
	int pitch = block_of(measure, rows).pitch;
	size_t row = y >= FIRST_Y ? (size_t)((y - FIRST_Y) / pitch) : SIZE_MAX;

	return row < measure->nr_bars ? row : SIZE_MAX;
}
