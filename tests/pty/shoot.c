/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program in a pseudo-terminal, waits and types as told, and writes what is then on
 * its screen as SVG or as text. Characters stand at exact places, and block characters
 * are drawn as rectangles, so that a renderer's font cannot open seams between cells.
 */
#include "pty.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define CELL_WIDTH  9
#define CELL_HEIGHT 19
#define FONT_SIZE   15
#define BASELINE    14.5
#define MARGIN      10
#define NR_ENV      16
#define NR_STEPS    64

enum step_kind {
	STEP_WAIT,
	STEP_KEYS,
	STEP_SETTLE,
};

struct step {
	enum step_kind kind;
	const char *text;
	int ms;
};

struct shot {
	int columns, rows, timeout_ms;
	const char *svg, *text;
	const char *env[NR_ENV + 1];
	size_t nr_env, nr_steps;
	struct step steps[NR_STEPS];
	const char *const *argv;
};

static void usage(void)
{
	fputs("usage: shoot [--size COLUMNSxROWS] [--term TERM] [--env NAME=VALUE]\n"
	      "             [--timeout MS] [--wait TEXT | --keys KEYS | --settle MS]...\n"
	      "             [--svg FILE] [--text FILE] -- COMMAND [ARGUMENT]...\n"
	      "KEYS knows \\e \\n \\r \\t \\\\ and \\xNN. Steps are done in the order given;\n"
	      "--settle waits until nothing was written for so long. FILE may be -.\n",
	      stderr);
}

static bool add_step(struct shot *shot, enum step_kind kind, const char *text)
{
	if (shot->nr_steps == NR_STEPS)
		return false;
	shot->steps[shot->nr_steps++] = (struct step){ kind, text, atoi(text) };
	return true;
}

static bool add_env(struct shot *shot, const char *text)
{
	if (shot->nr_env == NR_ENV)
		return false;
	shot->env[shot->nr_env++] = text;
	return true;
}

static bool set_option(struct shot *shot, const char *name, const char *value)
{
	static char term[128];

	if (!strcmp(name, "--size"))
		return sscanf(value, "%dx%d", &shot->columns, &shot->rows) == 2 &&
		       shot->columns > 0 && shot->rows > 0;
	if (!strcmp(name, "--term")) {
		snprintf(term, sizeof(term), "TERM=%s", value);
		return add_env(shot, term);
	}
	if (!strcmp(name, "--env"))
		return add_env(shot, value);
	if (!strcmp(name, "--wait"))
		return add_step(shot, STEP_WAIT, value);
	if (!strcmp(name, "--keys"))
		return add_step(shot, STEP_KEYS, value);
	if (!strcmp(name, "--settle"))
		return add_step(shot, STEP_SETTLE, value);
	if (!strcmp(name, "--timeout"))
		return (shot->timeout_ms = atoi(value)) > 0;
	if (!strcmp(name, "--svg"))
		return (shot->svg = value) != NULL;
	if (!strcmp(name, "--text"))
		return (shot->text = value) != NULL;
	return false;
}

static bool parse_options(struct shot *shot, int argc, char *argv[])
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i += 2)
		if (i + 1 >= argc || !set_option(shot, argv[i], argv[i + 1]))
			return false;
	shot->argv = (const char *const *)argv + i + 1;
	return i + 1 < argc;
}

/* Undoes the escapes of --keys in a copy; returns its length. */
static size_t unescape(const char *keys, char *out)
{
	static const char names[] = "enrt\\", values[] = "\033\n\r\t\\";
	size_t len = 0;

	while (*keys) {
		const char *name = keys[0] == '\\' && keys[1] ? strchr(names, keys[1]) : NULL;
		unsigned code;

		if (name) {
			out[len++] = values[name - names];
			keys += 2;
		} else if (sscanf(keys, "\\x%2x", &code) == 1) {
			out[len++] = (char)code;
			keys += 4;
		} else {
			out[len++] = *keys++;
		}
	}
	out[len] = '\0';
	return len;
}

static bool do_step(struct pty *pty, const struct step *step, int timeout_ms)
{
	char *keys;
	int err;

	switch (step->kind) {
	case STEP_WAIT:
		if (pty_wait_text(pty, step->text, timeout_ms))
			return true;
		fprintf(stderr, "shoot: never saw \"%s\"; the screen was:\n", step->text);
		return false;
	case STEP_KEYS:
		keys = malloc(strlen(step->text) + 1);
		if (!keys)
			abort();
		unescape(step->text, keys);
		err = pty_keys(pty, keys);
		free(keys);
		return !err;
	case STEP_SETTLE:
		pty_wait_quiet(pty, step->ms, timeout_ms);
		return true;
	}
	return false;
}

static void swap_reverse(struct pty_cell *cell)
{
	struct pty_colour fg = cell->fg;

	if (!cell->reverse)
		return;
	cell->fg = cell->bg;
	cell->bg = fg;
	cell->default_bg = false;
}

static unsigned hex(struct pty_colour colour)
{
	return (unsigned)colour.red << 16 | (unsigned)colour.green << 8 | colour.blue;
}

static void put_rect(FILE *out, double x, double y, double width, double height, unsigned colour)
{
	fprintf(out, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#%06x\"/>\n", x, y,
		width, height, colour);
}

/* Runs of equal background become one rectangle. */
static void draw_backgrounds(FILE *out, const struct pty *pty, int y)
{
	struct pty_cell cell;
	int from = 0;
	unsigned colour = 0;
	bool open = false;

	for (int x = 0; x <= pty_columns(pty); x++) {
		bool more = pty_cell(pty, x, y, &cell);

		if (more)
			swap_reverse(&cell);
		if (open && (!more || cell.default_bg || hex(cell.bg) != colour)) {
			put_rect(out, MARGIN + from * CELL_WIDTH, MARGIN + y * CELL_HEIGHT,
				 (x - from) * CELL_WIDTH, CELL_HEIGHT, colour);
			open = false;
		}
		if (more && !open && !cell.default_bg) {
			from = x;
			colour = hex(cell.bg);
			open = true;
		}
	}
}

/* Quarters that U+2596 to U+259F fill: 1 upper left, 2 upper right, 4 and 8 below. */
static const uint8_t quadrants[] = { 4, 8, 1, 13, 9, 7, 11, 2, 6, 14 };

/* Block elements (U+2580 to U+259F) but shades; false for other characters. */
static bool draw_block(FILE *out, const struct pty_cell *cell, double x, double y)
{
	uint32_t ch = cell->ch;
	unsigned colour = hex(cell->fg);
	double width = CELL_WIDTH, height = CELL_HEIGHT;

	if (ch == 0x2580) {
		put_rect(out, x, y, width, height / 2, colour);
	} else if (ch >= 0x2581 && ch <= 0x2588) {
		double part = height * (ch - 0x2580) / 8;

		put_rect(out, x, y + height - part, width, part, colour);
	} else if (ch >= 0x2589 && ch <= 0x258f) {
		put_rect(out, x, y, width * (0x2590 - ch) / 8, height, colour);
	} else if (ch == 0x2590) {
		put_rect(out, x + width / 2, y, width / 2, height, colour);
	} else if (ch >= 0x2596 && ch <= 0x259f) {
		for (int i = 0; i < 4; i++)
			if (quadrants[ch - 0x2596] & 1 << i)
				put_rect(out, x + (i & 1 ? width / 2 : 0),
					 y + (i & 2 ? height / 2 : 0), width / 2, height / 2,
					 colour);
	} else {
		return false;
	}
	return true;
}

static void put_character(FILE *out, uint32_t ch)
{
	if (ch == '<' || ch == '>' || ch == '&')
		fprintf(out, "&#%u;", (unsigned)ch);
	else if (ch < 0x80)
		fputc((int)ch, out);
	else
		fprintf(out, "&#x%x;", (unsigned)ch);
}

static bool same_style(const struct pty_cell *a, const struct pty_cell *b)
{
	return hex(a->fg) == hex(b->fg) && a->bold == b->bold && a->underline == b->underline;
}

/* True for what is drawn as text and not by draw_block(). */
static bool is_text(const struct pty_cell *cell)
{
	return cell->ch > ' ' && !(cell->ch >= 0x2580 && cell->ch <= 0x2590) &&
	       !(cell->ch >= 0x2596 && cell->ch <= 0x259f);
}

/* One run of text of one style from x on; returns where it ends. */
static int draw_run(FILE *out, const struct pty *pty, int x, int y)
{
	struct pty_cell first, cell;
	int end = x;

	pty_cell(pty, x, y, &first);
	swap_reverse(&first);
	fprintf(out, "<text y=\"%g\" fill=\"#%06x\"%s x=\"", MARGIN + y * CELL_HEIGHT + BASELINE,
		hex(first.fg), first.bold ? " font-weight=\"bold\"" : "");
	for (; pty_cell(pty, end, y, &cell); end++) {
		swap_reverse(&cell);
		if (!is_text(&cell) || !same_style(&first, &cell))
			break;
		fprintf(out, "%s%d", end > x ? " " : "", MARGIN + end * CELL_WIDTH);
	}
	fputs("\">", out);
	for (int i = x; i < end; i++) {
		pty_cell(pty, i, y, &cell);
		put_character(out, cell.ch);
	}
	fputs("</text>\n", out);
	return end;
}

static void draw_line(FILE *out, const struct pty *pty, int y)
{
	struct pty_cell cell;
	int x = 0;

	draw_backgrounds(out, pty, y);
	while (pty_cell(pty, x, y, &cell)) {
		double left = MARGIN + x * CELL_WIDTH, top = MARGIN + y * CELL_HEIGHT;

		swap_reverse(&cell);
		if (cell.underline)
			put_rect(out, left, top + CELL_HEIGHT - 2, CELL_WIDTH, 1, hex(cell.fg));
		if (is_text(&cell)) {
			x = draw_run(out, pty, x, y);
			continue;
		}
		draw_block(out, &cell, left, top);
		x++;
	}
}

static void write_svg(FILE *out, const struct pty *pty)
{
	int width = pty_columns(pty) * CELL_WIDTH + 2 * MARGIN;
	int height = pty_rows(pty) * CELL_HEIGHT + 2 * MARGIN;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"'DejaVu Sans Mono', monospace\" "
		"font-size=\"%d\" shape-rendering=\"crispEdges\" xml:space=\"preserve\">\n",
		width, height, width, height, FONT_SIZE);
	fprintf(out, "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#101418\"/>\n", width,
		height);
	for (int y = 0; y < pty_rows(pty); y++)
		draw_line(out, pty, y);
	fputs("</svg>\n", out);
}

static void write_text(FILE *out, const struct pty *pty)
{
	char *text = pty_screen_text(pty);

	fputs(text, out);
	free(text);
}

static bool write_file(const char *path, const struct pty *pty,
		       void (*write_it)(FILE *, const struct pty *))
{
	FILE *out = strcmp(path, "-") ? fopen(path, "w") : stdout;
	bool failed;

	if (!out) {
		fprintf(stderr, "shoot: %s: %s\n", path, strerror(errno));
		return false;
	}
	write_it(out, pty);
	failed = fflush(out) != 0;
	if (out != stdout)
		failed |= fclose(out) != 0;
	if (failed)
		fprintf(stderr, "shoot: %s: %s\n", path, strerror(errno));
	return !failed;
}

int main(int argc, char *argv[])
{
	struct shot shot = { .columns = 80, .rows = 24, .timeout_ms = 10000 };
	struct pty *pty;
	bool good = true;

	if (!parse_options(&shot, argc, argv)) {
		usage();
		return 2;
	}
	pty = pty_start(shot.columns, shot.rows, shot.argv, shot.env);
	if (!pty) {
		fprintf(stderr, "shoot: no pseudo-terminal: %s\n", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < shot.nr_steps && good; i++)
		good = do_step(pty, &shot.steps[i], shot.timeout_ms);
	if (!good)
		write_text(stderr, pty);
	if (good && shot.svg)
		good = write_file(shot.svg, pty, write_svg);
	if (good && shot.text)
		good = write_file(shot.text, pty, write_text);
	pty_free(pty);
	return good ? 0 : 1;
}
