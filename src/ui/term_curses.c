/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal, by curses with wide characters (ncurses(3NCURSES)); no other file knows
 * it. The canvas of the last term_show() is kept, and only glyphs that differ from it are
 * handed to curses, which sends the fewest bytes; an unchanged canvas costs nothing.
 *
 * Signals belong to the app: what curses installs for them is taken back. On the way out of a
 * crash curses cannot be called, so the bytes and terminal modes that give the terminal
 * back are prepared when it is taken, and term_restore() only writes them.
 *
 * Limits: one terminal per process. Colours beyond 256 are used where terminfo says so
 * (xterm-direct and its kin); redefining the slots of a 256-colour terminal is not tried,
 * because terminals that ignore it would show wrong colours.
 */
#include "ui/term.h"

#include "base/text.h"
#include "base/xalloc.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termcap.h>
#include <termios.h>
#include <unistd.h>

/* As many as curses keeps. */
#define MOUSE_EVENTS 8

struct term {
	SCREEN *screen;
	struct theme theme;
	bool has_utf8; /* or else the theme stays ASCII whatever is asked for */
	bool has_dim;
	bool mouse;
	bool drags; /* it reports the pointer while a button is held */
	bool full_repaint;
	struct ui_event mouse_events[MOUSE_EVENTS]; /* not yet handed on; the last one is next */
	size_t nr_mouse;
	int shown_columns, shown_rows;
	struct glyph *shown; /* what the terminal shows; NULL: not known */
};

/* The terminal-restore hook: read in signal handlers. */
static struct {
	volatile sig_atomic_t armed;
	struct termios modes;
	size_t len_bytes;
	size_t cursor_at; /* where in the text the cursor is made visible */
	char text[192];
} restore;

/* Appends a terminfo string without its padding ("$<5>"). */
static void restore_add(const char *text)
{
	if (!text || text == (const char *)-1)
		return;
	while (*text && restore.len_bytes < sizeof(restore.text)) {
		const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;

		if (end) {
			text = end + 1;
			continue;
		}
		restore.text[restore.len_bytes++] = *text++;
	}
}

static void restore_prepare(bool mouse)
{
	static const char *const capabilities[] = { "sgr0", "op", "rmkx", "rmcup" };

	restore.len_bytes = 0;
	if (mouse && tigetstr("kmous") && tigetstr("kmous") != (char *)-1)
		restore_add("\033[?1006l\033[?1002l\033[?1000l");
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		restore_add(tigetstr(capabilities[i]));
	/* Last, because terminals may keep a hidden cursor with the screen that is left. */
	restore.cursor_at = restore.len_bytes;
	restore_add(tigetstr("cnorm"));
}

/* Gives the terminal back by what stands in the prepared text from `at` on. */
static void restore_from(size_t at)
{
	if (!restore.armed)
		return;
	restore.armed = 0;
	while (at < restore.len_bytes) {
		ssize_t wrote = write(STDOUT_FILENO, restore.text + at, restore.len_bytes - at);

		if (wrote <= 0)
			break;
		at += (size_t)wrote;
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &restore.modes);
}

void term_restore(void)
{
	restore_from(0);
}

/* True where TERM names a terminal, or a variant of one, that has no Unicode of its own. */
static bool term_is_plain(const char *name)
{
	static const char *const plain[] = { "vt100", "vt102", "vt220", "ansi",
					     "dumb",  "linux", "cons25" };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		size_t len = strlen(plain[i]);

		if (!strncmp(name, plain[i], len) && (!name[len] || name[len] == '-'))
			return true;
	}
	return false;
}

/*
 * newterm() would take the terminal over before it could be refused. tgetent() reads the
 * same entry, and <termcap.h> does not fight with our names as <term.h> does.
 */
static int check_terminfo(const char *name, char *error, size_t room)
{
	const char *cup;

	if (!name || !*name) {
		snprintf(error, room, "TERM is not set, so this terminal cannot be used");
		return -ENOTSUP;
	}
	if (tgetent(NULL, name) != 1) {
		char *safe = text_safe_str(name);

		snprintf(error, room, "TERM=%s is not known to terminfo on this machine", safe);
		free(safe);
		return -ENOTSUP;
	}
	cup = tigetstr("cup");
	if (cup && cup != (const char *)-1)
		return 0;
	snprintf(error, room, "the terminal (TERM=%s) cannot place its cursor", name);
	return -ENOTSUP;
}

#define NR_SIGNALS 4

/* What curses takes for itself, when nobody else has. */
static const int curses_signals[NR_SIGNALS] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };

static void take_no_notice(int signal)
{
	(void)signal;
}

/*
 * Curses leaves alone what has a handler when it starts. Otherwise it would ignore SIGTSTP
 * around every update, and a Ctrl-Z typed in that moment, though it is blocked and waits in
 * the signalfd, would be thrown away.
 */
static SCREEN *newterm_without_signals(const char *name)
{
	const struct sigaction nothing = { .sa_handler = take_no_notice };
	struct sigaction before[NR_SIGNALS];
	SCREEN *screen;

	for (int i = 0; i < NR_SIGNALS; i++)
		sigaction(curses_signals[i], &nothing, &before[i]);
	screen = newterm(name, stdout, stdin);
	for (int i = 0; i < NR_SIGNALS; i++)
		sigaction(curses_signals[i], &before[i], NULL);
	return screen;
}

static int usable_colours(const struct term_options *options)
{
	if (options->no_colour || !has_colors() || start_color() == ERR)
		return 0;
	use_default_colors();
	if (COLORS >= 1 << 24)
		return 1 << 24;
	if (COLORS >= 256)
		return 256;
	return COLORS >= 16 ? 16 : 8;
}

/*
 * While curses draws, it has SIGTSTP ignored, and the kernel forgets one that waits for
 * signalfd(2) just then. As a key Ctrl-Z is not lost.
 */
static void take_suspend_as_key(void)
{
	struct termios modes;

	if (tcgetattr(STDIN_FILENO, &modes))
		return;
	modes.c_cc[VSUSP] = _POSIX_VDISABLE;
	tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	def_prog_mode();
}

/*
 * Curses asks for clicks only (mode 1000); with the button held the pointer is reported by mode
 * 1002, which terminals that know the SGR form of the mouse know too.
 */
static void report_drags(const struct term *term, bool on)
{
	if (!term->drags)
		return;
	fputs(on ? "\033[?1002h" : "\033[?1002l", stdout);
	fflush(stdout);
}

static void set_modes(void)
{
	set_escdelay(25);
	cbreak();
	noecho();
	nonl();
	take_suspend_as_key();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	curs_set(0);
	mouseinterval(0);
}

/* What must be said to the terminal on the way out follows. */
static void take_mouse(struct term *term, bool mouse)
{
	report_drags(term, false);
	restore_prepare(mouse);
	mousemask(mouse ? BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON1_CLICKED | BUTTON4_PRESSED |
				  BUTTON5_PRESSED | REPORT_MOUSE_POSITION
			: 0,
		  NULL);
	term->mouse = mouse;
	term->drags = mouse && has_mouse() && tigetstr("kmous") &&
		      !strcmp(tigetstr("kmous"), "\033[<");
	report_drags(term, true);
}

void term_set_mouse(struct term *term, bool mouse)
{
	take_mouse(term, mouse);
}

bool term_has_mouse(const struct term *term)
{
	return term->mouse;
}

int term_open(const struct term_options *options, struct term **out, char *error, size_t room)
{
	const char *name = getenv("TERM");
	struct term *term;
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &restore.modes)) {
		snprintf(error, room, "standard input and output must be a terminal");
		return -ENOTTY;
	}
	err = check_terminfo(name, error, room);
	if (err)
		return err;
	restore_prepare(options->mouse);
	term = xcalloc(1, sizeof(*term));
	restore.armed = 1;
	term->screen = newterm_without_signals(name);
	if (!term->screen) {
		term_restore();
		free(term);
		snprintf(error, room, "curses cannot use this terminal (TERM=%s)", name);
		return -ENOTSUP;
	}
	set_modes();
	take_mouse(term, options->mouse);
	term->has_utf8 = !options->ascii && !term_is_plain(name) &&
			 !strcmp(nl_langinfo(CODESET), "UTF-8");
	term->has_dim = termattrs() & A_DIM;
	term->theme = theme_make(options->palette, usable_colours(options), term->has_utf8);
	if (options->sparse)
		term->theme.dense = false;
	*out = term;
	return 0;
}

void term_close(struct term *term)
{
	if (!term)
		return;
	report_drags(term, false);
	endwin();
	delscreen(term->screen);
	restore_from(restore.cursor_at);
	free(term->shown);
	free(term);
}

const struct theme *term_theme(const struct term *term)
{
	return &term->theme;
}

/* Everything is handed to curses again, which finds out what really differs. */
static void forget_shown(struct term *term)
{
	free(term->shown);
	term->shown = NULL;
}

void term_set_theme(struct term *term, const struct theme *theme)
{
	int colours = term->theme.colours;

	term->theme = *theme;
	term->theme.colours = colours;
	if (!term->has_utf8)
		term->theme.ascii = true;
	if (term->theme.ascii || colours < 256)
		term->theme.dense = false;
	forget_shown(term);
}

void term_size(struct term *term, int *columns, int *rows)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) {
		size.ws_col = (unsigned short)COLS;
		size.ws_row = (unsigned short)LINES;
	}
	if (size.ws_col != COLS || size.ws_row != LINES) {
		resizeterm(size.ws_row, size.ws_col);
		/* What the terminal made of the old contents is not known. */
		redrawwin(stdscr);
		forget_shown(term);
	}
	*columns = size.ws_col;
	*rows = size.ws_row;
}

/* A colour as curses takes it, -1 for the terminal's own; *attrs gains what stands for it. */
static int curses_colour(const struct term *term, uint8_t colour, bool background, attr_t *attrs)
{
	const struct theme *theme = &term->theme;
	struct rgb rgb;
	int ansi, packed;

	if (theme->colours < 256) {
		ansi = theme_ansi_8(colour);
		if (background)
			return ansi >= 8 ? ansi - 8 : ansi;
		if (ansi < 0 && (colour == COLOUR_FAINT ||
				 colour == colour_of_class(CLASS_ABSENT, NR_STRENGTH - 1)))
			*attrs |= term->has_dim ? A_DIM : 0;
		if (ansi < 8 || theme->colours >= 16)
			return ansi;
		*attrs |= A_BOLD;
		return ansi - 8;
	}
	if (theme_is_default(theme, colour))
		return -1;
	/* A palette that sets its own text colour brings its own ground with it. */
	if (background && colour == COLOUR_DEFAULT)
		colour = COLOUR_BG;
	rgb = theme_rgb(theme, colour);
	if (theme->colours == 256)
		return theme_nearest_256(rgb);
	packed = rgb.red << 16 | rgb.green << 8 | rgb.blue;
	/* Direct colour terminals take 0 to 7 for the ANSI colours. */
	return packed < 8 ? 8 : packed;
}

/* Without colours, what must stand out does so by attributes. */
static attr_t mono_attrs(const struct term *term, const struct glyph *glyph)
{
	static const attr_t by_colour[COLOUR_CELLS] = {
		[COLOUR_TITLE] = A_BOLD, [COLOUR_KEY] = A_BOLD,     [COLOUR_WARN] = A_BOLD,
		[COLOUR_BAD] = A_BOLD,   [COLOUR_CHANGED] = A_BOLD, [COLOUR_CURSOR] = A_BOLD,
	};
	attr_t attrs = glyph->fg < COLOUR_CELLS ? by_colour[glyph->fg] : 0;

	if (glyph->bg == COLOUR_BAR_BG || glyph->bg == COLOUR_SELECT_BG ||
	    glyph->bg == COLOUR_CURSOR)
		attrs |= A_REVERSE;
	if (glyph->fg == COLOUR_FAINT && term->has_dim && !(attrs & A_REVERSE))
		attrs |= A_DIM;
	return attrs;
}

static attr_t glyph_style(const struct term *term, const struct glyph *glyph, int *pair)
{
	static const struct {
		uint8_t attr;
		attr_t curses;
	} map[] = {
		{ ATTR_BOLD, A_BOLD },
		{ ATTR_REVERSE, A_REVERSE },
		{ ATTR_UNDERLINE, A_UNDERLINE },
	};
	attr_t attrs = 0;
	int fg, bg;

	*pair = 0;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (glyph->attrs & map[i].attr)
			attrs |= map[i].curses;
	if (glyph->attrs & ATTR_DIM && term->has_dim)
		attrs |= A_DIM;
	if (!term->theme.colours)
		return attrs | mono_attrs(term, glyph);
	fg = curses_colour(term, glyph->fg, false, &attrs);
	bg = curses_colour(term, glyph->bg, true, &attrs);
	if (fg < 0 && bg >= 0 && term->theme.colours < 256)
		fg = bg == 7 ? 0 : 7;
	if (fg >= 0 || bg >= 0) {
		*pair = alloc_pair(fg, bg);
		if (*pair < 0)
			*pair = 0;
	}
	return attrs;
}

static void show_glyph(const struct term *term, int x, int y, const struct glyph *glyph)
{
	wchar_t text[2] = { (wchar_t)glyph->ch, 0 };
	attr_t attrs;
	cchar_t cell;
	int pair;

	if (glyph->ch == 0)
		return; /* the character to its left covers it */
	if (term->theme.ascii && glyph->ch > 0x7e)
		text[0] = L'?';
	attrs = glyph_style(term, glyph, &pair);
	if (setcchar(&cell, text, attrs, 0, &pair) == OK)
		mvadd_wch(y, x, &cell);
}

static bool glyph_equal(const struct glyph *a, const struct glyph *b)
{
	return a->ch == b->ch && a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

static bool show_row(struct term *term, const struct canvas *canvas, int y, bool all)
{
	bool any = false;

	for (int x = 0; x < term->shown_columns; x++) {
		struct glyph *shown =
			&term->shown[(size_t)y * (size_t)term->shown_columns + (size_t)x];
		const struct glyph *glyph = canvas_at(canvas, x, y);

		if (!all && glyph_equal(shown, glyph))
			continue;
		/* Either half of a wide character stands for both. */
		if (glyph->ch == 0 && x > 0)
			show_glyph(term, x - 1, y, canvas_at(canvas, x - 1, y));
		show_glyph(term, x, y, glyph);
		*shown = *glyph;
		any = true;
	}
	return any;
}

void term_show(struct term *term, const struct canvas *canvas)
{
	int columns = canvas_columns(canvas), rows = canvas_rows(canvas);
	bool all = !term->shown || term->shown_columns != columns || term->shown_rows != rows;
	bool any = term->full_repaint;

	if (all) {
		forget_shown(term);
		term->shown_columns = columns;
		term->shown_rows = rows;
		term->shown = xcalloc((size_t)columns * (size_t)rows, sizeof(*term->shown));
		erase();
	}
	for (int y = 0; y < rows; y++)
		any |= show_row(term, canvas, y, all);
	if (term->full_repaint)
		clearok(curscr, TRUE);
	term->full_repaint = false;
	if (any)
		refresh();
}

struct key_name {
	int curses;
	uint32_t key;
};

static const struct key_name function_keys[] = {
	{ KEY_UP, KEY_UI_UP },
	{ KEY_DOWN, KEY_UI_DOWN },
	{ KEY_LEFT, KEY_UI_LEFT },
	{ KEY_RIGHT, KEY_UI_RIGHT },
	{ KEY_PPAGE, KEY_UI_PAGE_UP },
	{ KEY_NPAGE, KEY_UI_PAGE_DOWN },
	{ KEY_HOME, KEY_UI_HOME },
	{ KEY_END, KEY_UI_END },
	{ KEY_FIND, KEY_UI_HOME },
	{ KEY_SELECT, KEY_UI_END },
	{ KEY_ENTER, KEY_UI_ENTER },
	{ KEY_BTAB, KEY_UI_BACK_TAB },
	{ KEY_BACKSPACE, KEY_UI_BACKSPACE },
	{ KEY_DC, KEY_UI_DELETE },
};

static const struct key_name control_keys[] = {
	{ '\r', KEY_UI_ENTER },  { '\n', KEY_UI_ENTER },     { '\t', KEY_UI_TAB },
	{ 0x1b, KEY_UI_ESCAPE }, { 0x7f, KEY_UI_BACKSPACE }, { '\b', KEY_UI_BACKSPACE },
	{ 0x0c, KEY_UI_REDRAW }, { 0x1a, KEY_UI_SUSPEND },
};

static bool find_key(const struct key_name *names, size_t nr, wint_t code, uint32_t *key)
{
	for (size_t i = 0; i < nr; i++) {
		if (names[i].curses == (int)code) {
			*key = names[i].key;
			return true;
		}
	}
	return false;
}

/* What a mouse event means here; false: nothing. */
static bool translate_mouse(const MEVENT *mouse, struct ui_event *event)
{
	event->x = mouse->x;
	event->y = mouse->y;
	if (mouse->bstate & REPORT_MOUSE_POSITION)
		event->key = KEY_UI_DRAG;
	else if (mouse->bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED))
		event->key = KEY_UI_CLICK;
	else if (mouse->bstate & BUTTON4_PRESSED)
		event->key = KEY_UI_WHEEL_UP;
	else if (mouse->bstate & BUTTON5_PRESSED)
		event->key = KEY_UI_WHEEL_DOWN;
	else
		return false;
	return true;
}

/*
 * Mouse events that come at once are one KEY_MOUSE to curses, and getmouse(3NCURSES) gives the
 * last of them first: all are taken, and handed on in the order in which they came.
 */
static void read_mouse(struct term *term)
{
	MEVENT mouse;

	while (term->nr_mouse < MOUSE_EVENTS && getmouse(&mouse) == OK)
		if (translate_mouse(&mouse, &term->mouse_events[term->nr_mouse]))
			term->nr_mouse++;
}

static bool translate_key(struct term *term, int kind, wint_t code, struct ui_event *event)
{
	if (kind == KEY_CODE_YES) {
		if (code == KEY_MOUSE) {
			read_mouse(term);
			return false;
		}
		if (code >= KEY_F(1) && code <= KEY_F(12)) {
			event->key = KEY_UI_F1 + (uint32_t)(code - KEY_F(1));
			return true;
		}
		return find_key(function_keys, sizeof(function_keys) / sizeof(function_keys[0]),
				code, &event->key);
	}
	if (!find_key(control_keys, sizeof(control_keys) / sizeof(control_keys[0]), code,
		      &event->key))
		event->key = code;
	return true;
}

static bool take_mouse_event(struct term *term, struct ui_event *event)
{
	if (!term->nr_mouse)
		return false;
	*event = term->mouse_events[--term->nr_mouse];
	return true;
}

bool term_next_event(struct term *term, struct ui_event *event)
{
	wint_t code;
	int kind;

	memset(event, 0, sizeof(*event));
	while (!take_mouse_event(term, event)) {
		kind = get_wch(&code);
		if (kind == ERR)
			return false;
		if (!translate_key(term, kind, code, event))
			continue;
		if (event->key == KEY_UI_REDRAW)
			term->full_repaint = true;
		return true;
	}
	return true;
}

void term_suspend(struct term *term)
{
	report_drags(term, false);
	endwin();
	restore_from(restore.cursor_at);
}

void term_resume(struct term *term)
{
	restore.armed = 1;
	term->full_repaint = true;
	forget_shown(term);
	/* Ends the state that endwin() began; the picture follows with term_show(). */
	refresh();
	report_drags(term, true);
}
