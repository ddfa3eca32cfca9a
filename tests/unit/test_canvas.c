/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canvas clips at every edge, keeps wide characters whole, and what screens draw alike
 * (tiles, bars, key line) shows what it is given.
 */
#include "ui/canvas.h"
#include "ui/draw.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_line(const struct canvas *canvas, int y, const char *expected)
{
	char *line = canvas_line(canvas, y);

	assert_string_equal(line, expected);
	free(line);
}

static void test_text_is_cut_and_marked(void **state)
{
	struct canvas *canvas = canvas_new(10, 3);

	(void)state;
	assert_int_equal(canvas_text(canvas, 0, 0, 5, COLOUR_TEXT, 0, "abcde"), 5);
	expect_line(canvas, 0, "abcde");
	assert_int_equal(canvas_text(canvas, 0, 1, 5, COLOUR_TEXT, 0, "abcdef"), 5);
	expect_line(canvas, 1, "abcd~");
	assert_int_equal(canvas_text(canvas, 7, 2, 100, COLOUR_TEXT, 0, "abcdef"), 3);
	expect_line(canvas, 2, "       ab~");
	canvas_free(canvas);
}

static void test_everything_clips(void **state)
{
	struct canvas *canvas = canvas_new(4, 2);
	struct glyph glyph = { 'x', COLOUR_TEXT, COLOUR_BAR_BG, 0 };

	(void)state;
	canvas_put(canvas, -1, 0, glyph);
	canvas_put(canvas, 4, 0, glyph);
	canvas_put(canvas, 0, 2, glyph);
	canvas_text(canvas, 0, -1, 4, COLOUR_TEXT, 0, "abc");
	canvas_text(canvas, 9, 0, 4, COLOUR_TEXT, 0, "abc");
	canvas_text(canvas, -2, 0, 4, COLOUR_TEXT, 0, "abcd");
	canvas_mark(canvas, -3, 0, 20, ATTR_BOLD);
	canvas_mark(canvas, 0, 7, 20, ATTR_BOLD);
	expect_line(canvas, 0, "cd");
	assert_null(canvas_at(canvas, 4, 0));
	assert_null(canvas_at(canvas, 0, -1));
	canvas_fill(canvas, (struct rect){ -5, -5, 100, 100 }, glyph);
	expect_line(canvas, 0, "xxxx");
	expect_line(canvas, 1, "xxxx");
	canvas_free(canvas);
}

static void test_text_keeps_background(void **state)
{
	struct canvas *canvas = canvas_new(8, 1);

	(void)state;
	canvas_fill(canvas, (struct rect){ 0, 0, 4, 1 },
		    (struct glyph){ ' ', COLOUR_TEXT, COLOUR_BAR_BG, 0 });
	canvas_text(canvas, 2, 0, 6, COLOUR_KEY, ATTR_BOLD, "key");
	assert_int_equal(canvas_at(canvas, 3, 0)->bg, COLOUR_BAR_BG);
	assert_int_equal(canvas_at(canvas, 4, 0)->bg, COLOUR_DEFAULT);
	assert_int_equal(canvas_at(canvas, 4, 0)->fg, COLOUR_KEY);
	assert_int_equal(canvas_at(canvas, 4, 0)->attrs, ATTR_BOLD);
	canvas_free(canvas);
}

static void test_wide_characters_stay_whole(void **state)
{
	struct canvas *canvas = canvas_new(5, 1);

	(void)state;
	canvas_text(canvas, 0, 0, 5, COLOUR_TEXT, 0, "日本");
	assert_int_equal(canvas_at(canvas, 0, 0)->ch, 0x65e5);
	assert_int_equal(canvas_at(canvas, 1, 0)->ch, 0);
	expect_line(canvas, 0, "日本");
	/* Overwriting a right half blanks the left one, and the other way round. */
	canvas_text(canvas, 1, 0, 1, COLOUR_TEXT, 0, "a");
	expect_line(canvas, 0, " a本");
	canvas_text(canvas, 2, 0, 1, COLOUR_TEXT, 0, "b");
	expect_line(canvas, 0, " ab");
	assert_int_equal(canvas_at(canvas, 3, 0)->ch, ' ');
	/* No half of one fits into the last column. */
	canvas_put(canvas, 4, 0, (struct glyph){ 0x65e5, COLOUR_TEXT, COLOUR_DEFAULT, 0 });
	expect_line(canvas, 0, " ab");
	canvas_clear(canvas);
	assert_int_equal(canvas_text(canvas, 0, 0, 4, COLOUR_TEXT, 0, "日本語"), 3);
	expect_line(canvas, 0, "日~");
	canvas_free(canvas);
}

static void test_right_aligned(void **state)
{
	struct canvas *canvas = canvas_new(8, 2);

	(void)state;
	canvas_text_right(canvas, 1, 0, 6, COLOUR_TEXT, 0, "abc");
	expect_line(canvas, 0, "    abc");
	canvas_text_right(canvas, 1, 1, 4, COLOUR_TEXT, 0, "abcdef");
	expect_line(canvas, 1, " abc~");
	canvas_free(canvas);
}

static void test_bar_never_claims_none_or_all(void **state)
{
	struct theme theme = theme_make(PALETTE_DARK, 0, false);
	struct canvas *canvas = canvas_new(4, 5);

	(void)state;
	draw_bar(canvas, 0, 0, 4, &theme, COLOUR_GOOD, 0, 1000);
	draw_bar(canvas, 0, 1, 4, &theme, COLOUR_GOOD, 1, 1000);
	draw_bar(canvas, 0, 2, 4, &theme, COLOUR_GOOD, 999, 1000);
	draw_bar(canvas, 0, 3, 4, &theme, COLOUR_GOOD, 1000, 1000);
	draw_bar(canvas, 0, 4, 4, &theme, COLOUR_GOOD, 5, 0);
	expect_line(canvas, 0, "....");
	expect_line(canvas, 1, "-...");
	expect_line(canvas, 2, "###=");
	expect_line(canvas, 3, "####");
	expect_line(canvas, 4, "....");
	canvas_free(canvas);
}

static void test_tiles_share_a_character(void **state)
{
	struct theme theme = theme_make(PALETTE_DARK, 256, true);
	struct canvas *canvas = canvas_new(4, 1);
	struct tile file = { CLASS_FILE, NR_CLASS, 3, false, false, 0, false };
	struct tile anon = { CLASS_ANON, NR_CLASS, 3, false, false, 0, false };
	struct tile mixed = { CLASS_FILE, CLASS_DIRTY, 3, false, false, 0, false };
	const struct glyph *glyph = canvas_at(canvas, 0, 0);

	(void)state;
	draw_tile(canvas, 0, 0, &theme, &file, &anon);
	assert_int_equal(glyph->ch, 0x2580);
	assert_int_equal(glyph->fg, colour_of_class(CLASS_FILE, 3));
	assert_int_equal(glyph->bg, colour_of_class(CLASS_ANON, 3));
	/* A mixed cell shows both of its classes. */
	draw_tile(canvas, 0, 0, &theme, &mixed, &file);
	assert_int_equal(glyph->ch, 0x2599);
	assert_int_equal(glyph->fg, colour_of_class(CLASS_FILE, 3));
	assert_int_equal(glyph->bg, colour_of_class(CLASS_DIRTY, 3));
	/* Three classes do not fit: each half keeps the one that most of it is. */
	draw_tile(canvas, 0, 0, &theme, &mixed, &anon);
	assert_int_equal(glyph->ch, 0x2580);
	assert_int_equal(glyph->bg, colour_of_class(CLASS_ANON, 3));
	/* An odd last row leaves the lower half to the terminal. */
	draw_tile(canvas, 0, 0, &theme, &file, NULL);
	assert_int_equal(glyph->ch, 0x2580);
	assert_int_equal(glyph->bg, COLOUR_DEFAULT);
	canvas_free(canvas);
}

static void test_cursor_and_change_show(void **state)
{
	struct theme dense = theme_make(PALETTE_DARK, 256, true);
	struct theme plain = theme_make(PALETTE_DARK, 0, false);
	struct canvas *canvas = canvas_new(1, 1);
	struct tile changed = { CLASS_ANON, NR_CLASS, 1, true, false, 0, false };
	struct tile cursor = { CLASS_ANON, NR_CLASS, 1, false, true, 0, false };
	const struct glyph *glyph = canvas_at(canvas, 0, 0);

	(void)state;
	draw_tile(canvas, 0, 0, &dense, &changed, &cursor);
	assert_int_equal(glyph->fg, colour_of_change(CLASS_ANON));
	assert_int_equal(glyph->bg, COLOUR_CURSOR);
	draw_tile(canvas, 0, 0, &plain, &changed, NULL);
	assert_int_equal(glyph->ch, '+');
	assert_true(glyph->attrs & ATTR_UNDERLINE);
	draw_tile(canvas, 0, 0, &plain, &cursor, NULL);
	assert_true(glyph->attrs & ATTR_REVERSE);
	canvas_free(canvas);
}

static void test_key_line_drops_what_does_not_fit(void **state)
{
	static const struct key_row rows[] = {
		{ "a", "first", NULL },
		{ "b", NULL, "only in the help" },
		{ "c", "much too long for the line", NULL },
		{ "d", "last", NULL },
	};
	struct canvas *canvas = canvas_new(20, 1);

	(void)state;
	draw_keys(canvas, 0, rows, 4);
	expect_line(canvas, 0, " a first  d last");
	assert_int_equal(canvas_at(canvas, 19, 0)->bg, COLOUR_BAR_BG);
	canvas_free(canvas);
}

static void test_paragraph_breaks_between_words(void **state)
{
	struct canvas *canvas = canvas_new(10, 4);

	(void)state;
	assert_int_equal(draw_paragraph(canvas, (struct rect){ 0, 0, 10, 4 }, COLOUR_TEXT, 0,
					"one two three four"),
			 2);
	expect_line(canvas, 0, "one two");
	expect_line(canvas, 1, "three four");
	/* The last row shows that there is more. */
	draw_paragraph(canvas, (struct rect){ 0, 2, 10, 1 }, COLOUR_TEXT, 0, "one two three");
	expect_line(canvas, 2, "one two t~");
	assert_int_equal(draw_wrap_bytes("abcdefghij", 4), 4);
	assert_int_equal(draw_wrap_bytes("x", 0), 1);
	canvas_free(canvas);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_cut_and_marked),
		cmocka_unit_test(test_everything_clips),
		cmocka_unit_test(test_text_keeps_background),
		cmocka_unit_test(test_wide_characters_stay_whole),
		cmocka_unit_test(test_right_aligned),
		cmocka_unit_test(test_bar_never_claims_none_or_all),
		cmocka_unit_test(test_tiles_share_a_character),
		cmocka_unit_test(test_cursor_and_change_show),
		cmocka_unit_test(test_key_line_drops_what_does_not_fit),
		cmocka_unit_test(test_paragraph_breaks_between_words),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
