/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plot of rates of screen 2: a column a step of time, the newest at the right; what was major
 * stands in front of what was major or minor. Beside it how many there were of each kind.
 */
#include "base/clock.h"
#include "base/fmt.h"
#include "ui/draw.h"
#include "ui/faults_state.h"

#include <string.h>

#define LABEL_COLUMNS 6
#define KIND_COLUMNS  20

#define HUE_MINOR CLASS_FILE
#define HUE_MAJOR CLASS_DIRTY

static const struct {
	int hue;
	char sign;
} kind_looks[NR_FAULT_KIND] = {
	[FAULT_ANON_READ] = { CLASS_ZERO, 'z' },   [FAULT_ANON_WRITE] = { CLASS_ANON, 'a' },
	[FAULT_STACK] = { CLASS_LOCKED, 's' },     [FAULT_FILE_MINOR] = { CLASS_FILE, 'f' },
	[FAULT_FILE_MAJOR] = { CLASS_DIRTY, 'F' }, [FAULT_SHARED_WRITE] = { CLASS_SHMEM, 'w' },
	[FAULT_COW] = { CLASS_KSM, 'c' },          [FAULT_SWAP_IN] = { CLASS_SWAPPED, 'S' },
	[FAULT_HUGE] = { CLASS_HUGE, 'H' },        [FAULT_UFFD] = { CLASS_OTHER, 'u' },
	[FAULT_SEGV] = { HUE_NONE, '!' },          [FAULT_BUS] = { HUE_NONE, '%' },
	[FAULT_UNKNOWN] = { CLASS_UNKNOWN, '?' },
};

int faults_kind_hue(enum fault_kind kind)
{
	return kind_looks[kind].hue;
}

char faults_kind_sign(enum fault_kind kind)
{
	return kind_looks[kind].sign;
}

static uint8_t kind_colour(enum fault_kind kind)
{
	if (kind_looks[kind].hue == HUE_NONE)
		return COLOUR_BAD;
	return colour_of_hue(kind_looks[kind].hue, NR_STRENGTH - 1);
}

void faults_draw_kind_sign(struct canvas *canvas, int x, int y, enum fault_kind kind)
{
	const struct glyph *ground = canvas_at(canvas, x, y);

	if (ground)
		canvas_put(canvas, x, y,
			   (struct glyph){ (uint32_t)kind_looks[kind].sign, kind_colour(kind),
					   ground->bg, ATTR_BOLD });
}

/* Eighths of a row for a rate; whatever is not 0 has one at least. */
static int height(const struct faults_screen *screen, uint64_t rate, uint64_t peak, int eighths)
{
	int tall;

	if (!rate || !peak)
		return 0;
	if (screen->logarithmic) {
		/* By bits and what is left of them: 0 for 1, all for the peak. */
		unsigned of_rate = 63 - (unsigned)__builtin_clzll(rate);
		unsigned of_peak = 63 - (unsigned)__builtin_clzll(peak);
		double top = of_peak + (double)peak / (double)(UINT64_C(1) << of_peak);
		double part = of_rate + (double)rate / (double)(UINT64_C(1) << of_rate);

		tall = (int)(part / top * eighths);
	} else {
		tall = (int)((double)rate / (double)peak * eighths + 0.5);
	}
	return tall < 1 ? 1 : tall > eighths ? eighths : tall;
}

/* One character of a column, whose lowest eighth is `from`. */
static struct glyph plot_glyph(const struct theme *theme, int all, int major, int from)
{
	struct glyph glyph = { ' ', COLOUR_DEFAULT, COLOUR_DEFAULT, 0 };
	uint8_t minor_colour = colour_of_hue(HUE_MINOR, NR_STRENGTH - 1);
	uint8_t major_colour = colour_of_hue(HUE_MAJOR, NR_STRENGTH - 1);
	int filled = all - from < 8 ? all - from : 8, front = major - from < 8 ? major - from : 8;

	if (filled <= 0)
		return glyph;
	if (theme->ascii || theme->colours < 256) {
		glyph.ch = front > 0 ? '#' : '|';
		glyph.fg = front > 0 ? major_colour : minor_colour;
		return glyph;
	}
	glyph.ch = theme_glyph(theme, GLYPH_RISE_1 + (unsigned)(front > 0 ? front : filled) - 1);
	glyph.fg = front > 0 ? major_colour : minor_colour;
	/* Where the two meet, the higher one fills the character: what is above is near. */
	if (front > 0 && front < 8 && filled > front)
		glyph.bg = minor_colour;
	return glyph;
}

static void draw_axis(const struct faults_screen *screen, struct canvas *canvas,
		      const struct theme *theme, const struct rect *at, uint64_t peak)
{
	int bottom = at->y + at->rows - 1;
	char top[FMT_LEN];

	for (int y = at->y; y <= bottom; y++)
		canvas_put(canvas, at->x + LABEL_COLUMNS - 1, y,
			   (struct glyph){ theme_glyph(theme, GLYPH_VLINE), COLOUR_FAINT,
					   COLOUR_DEFAULT, 0 });
	canvas_text_right(canvas, at->x, at->y, LABEL_COLUMNS - 1, COLOUR_FAINT, 0,
			  fmt_count(top, peak));
	canvas_text_right(canvas, at->x, bottom, LABEL_COLUMNS - 1, COLOUR_FAINT, 0,
			  screen->logarithmic ? "1" : "0");
}

static void draw_head(const struct faults_screen *screen, struct canvas *canvas,
		      const struct theme *theme, const struct rect *at, int points)
{
	const struct fault_rates *rates = &screen->live->rates;
	struct tile minor = {
		.first = HUE_MINOR, .second = HUE_NONE, .strength = NR_STRENGTH - 1, .sign = '|'
	};
	struct tile major = {
		.first = HUE_MAJOR, .second = HUE_NONE, .strength = NR_STRENGTH - 1, .sign = '#'
	};
	int x = at->x + 1, end = at->x + at->columns;
	unsigned seconds = (unsigned)((uint64_t)points * FAULT_RATE_STEP_NS / NS_PER_S);
	char count[FMT_LEN];

	x += canvas_printf(canvas, x, at->y, end - x, COLOUR_TITLE, ATTR_BOLD, "FAULTS A SECOND");
	x += 2;
	draw_tile(canvas, x, at->y, theme, &minor, &minor);
	x += 2;
	x += canvas_printf(canvas, x, at->y, end - x, COLOUR_TEXT, 0, "minor %-5s ",
			   fmt_count(count, fault_rates_now(rates, FAULT_MINOR)));
	draw_tile(canvas, x, at->y, theme, &major, &major);
	x += 2;
	x += canvas_printf(canvas, x, at->y, end - x, COLOUR_TEXT, 0, "major %-5s ",
			   fmt_count(count, fault_rates_now(rates, FAULT_MAJOR)));
	if (end - x >= 26)
		canvas_printf(canvas, x, at->y, end - x, COLOUR_FAINT, 0, " last %3u s, %s",
			      seconds, screen->logarithmic ? "logarithmic" : "linear");
	else
		canvas_printf(canvas, x, at->y, end - x, COLOUR_FAINT, 0, "last %u s%s", seconds,
			      screen->logarithmic ? " log" : "");
}

void faults_draw_plot(const struct faults_screen *screen, struct canvas *canvas,
		      const struct theme *theme)
{
	struct rect at = screen->layout.plot;
	int points = at.columns - LABEL_COLUMNS - 1;
	const struct fault_rates *rates = &screen->live->rates;
	uint64_t peak = fault_rates_peak(rates, (unsigned)points);

	draw_head(screen, canvas, theme, &at, points);
	at.y++;
	at.rows--;
	draw_axis(screen, canvas, theme, &at, peak);
	for (int column = 0; column < points; column++) {
		/* The newest step still goes on. */
		const struct fault_rate_point *point = fault_rates_at(rates, (unsigned)column + 1);
		uint64_t to_rate = NS_PER_S / FAULT_RATE_STEP_NS;
		int all, major;

		if (!point)
			break;
		/* A quarter of a row stays free, or the highest would touch the heading. */
		all = height(screen, (point->nr[FAULT_MINOR] + point->nr[FAULT_MAJOR]) * to_rate,
			     peak, at.rows * 8 - 2);
		major = height(screen, point->nr[FAULT_MAJOR] * to_rate, peak, at.rows * 8 - 2);
		for (int row = 0; row < at.rows; row++)
			canvas_put(canvas, at.x + LABEL_COLUMNS + points - 1 - column,
				   at.y + at.rows - 1 - row,
				   plot_glyph(theme, all, major, row * 8));
	}
}

/* How many kinds there have been. */
static int nr_kinds(const uint64_t *by_kind)
{
	int nr = 0;

	for (int kind = 0; kind < NR_FAULT_KIND; kind++)
		nr += by_kind[kind] != 0;
	return nr;
}

void faults_draw_kinds(const struct faults_screen *screen, struct canvas *canvas)
{
	const struct rect *at = &screen->layout.kinds;
	const uint64_t *by_kind = screen->live->numbers.by_kind;
	int rows = at->rows - 1, room = at->columns / KIND_COLUMNS * rows;
	int all = nr_kinds(by_kind), nr = 0;
	char count[FMT_LEN];

	/* Counters know no kinds. */
	if (screen->live->watching == WATCH_REFUSED)
		return;
	canvas_text(canvas, at->x, at->y, at->columns, COLOUR_TITLE, ATTR_BOLD, "KINDS");
	for (int kind = 0; kind < NR_FAULT_KIND; kind++) {
		int x = at->x + nr / rows * KIND_COLUMNS, y = at->y + 1 + nr % rows;

		if (!by_kind[kind])
			continue;
		if (nr == room - 1 && all > room) {
			canvas_printf(canvas, x, y, KIND_COLUMNS - 1, COLOUR_FAINT, 0,
				      "%d kinds more", all - nr);
			return;
		}
		faults_draw_kind_sign(canvas, x, y, (enum fault_kind)kind);
		canvas_text(canvas, x + 2, y, 12, COLOUR_TEXT, 0,
			    fault_kind_name((enum fault_kind)kind));
		canvas_text_right(canvas, x + 14, y, 5, COLOUR_TITLE, 0,
				  fmt_count(count, by_kind[kind]));
		nr++;
	}
}
