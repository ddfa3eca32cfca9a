/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Colours and glyphs tell states apart on every terminal: in true colour, in 256 colours, in
 * 8, and without any.
 */
#include "base/text.h"
#include "ui/theme.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static int slot_of(enum palette palette, enum page_class class, int shade)
{
	struct theme theme = theme_make(palette, 256, true);

	return theme_nearest_256(theme_rgb(&theme, colour_of_class(class, shade)));
}

/* All shades that mean something: absent has one strength only. */
static int nr_shades(enum page_class class)
{
	return class == CLASS_ABSENT ? 1 : NR_STRENGTH;
}

static void test_256_slots_are_all_different(void **state)
{
	(void)state;
	for (int palette = 0; palette < NR_PALETTE; palette++) {
		int user[256];

		for (int slot = 0; slot < 256; slot++)
			user[slot] = -1;
		for (int class = 0; class < NR_CLASS; class ++) {
			for (int shade = 0; shade < nr_shades((enum page_class) class); shade++) {
				int slot = slot_of((enum palette)palette, (enum page_class) class,
						   shade);

				if (user[slot] != -1)
					fail_msg("palette %d: class %d shade %d and %d share slot "
						 "%d",
						 palette, class, shade, user[slot], slot);
				user[slot] = class * 10 + shade;
			}
		}
	}
}

static void test_change_differs_from_every_strength(void **state)
{
	(void)state;
	for (int palette = 0; palette < NR_PALETTE; palette++)
		for (int class = 0; class < NR_CLASS; class ++)
			for (int shade = 0; shade < NR_STRENGTH; shade++)
				assert_int_not_equal(slot_of((enum palette)palette,
							     (enum page_class) class, NR_STRENGTH),
						     slot_of((enum palette)palette,
							     (enum page_class) class, shade));
}

/* Steps of a scale, in every strength, from each other and from what is drawn beside them. */
static void test_scale_stays_apart(void **state)
{
	static const enum page_class beside[] = { CLASS_ABSENT, CLASS_UNKNOWN, CLASS_OTHER };

	(void)state;
	for (int palette = 0; palette < NR_PALETTE; palette++) {
		struct theme theme = theme_make((enum palette)palette, 256, true);
		bool used[256] = { false };

		for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
			for (int shade = 0; shade < nr_shades(beside[i]); shade++)
				used[slot_of((enum palette)palette, beside[i], shade)] = true;
		for (int hue = HUE_SCALE; hue < NR_HUE; hue++)
			for (int shade = 0; shade < NR_STRENGTH; shade++) {
				int slot = theme_nearest_256(
					theme_rgb(&theme, colour_of_hue(hue, shade)));
				int change = theme_nearest_256(
					theme_rgb(&theme, colour_of_change(hue)));

				if (used[slot])
					fail_msg("palette %d: step %d shade %d shares slot %d",
						 palette, hue - HUE_SCALE, shade, slot);
				used[slot] = true;
				assert_int_not_equal(slot, change);
			}
		for (int a = HUE_SCALE; a < NR_HUE; a++)
			for (int b = a + 1; b < NR_HUE; b++)
				assert_int_not_equal(theme_ansi_8(colour_of_hue(a, 3)),
						     theme_ansi_8(colour_of_hue(b, 3)));
	}
}

static int luminance(struct rgb rgb)
{
	return 299 * rgb.red + 587 * rgb.green + 114 * rgb.blue;
}

/* More stands out more: brighter on a dark ground, darker on a light one. */
static void test_strength_stands_out(void **state)
{
	static const int colours[] = { 256, 1 << 24 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (int palette = 0; palette < NR_PALETTE; palette++) {
			struct theme theme = theme_make((enum palette)palette, colours[i], true);

			for (int class = CLASS_ANON; class < NR_CLASS; class ++)
				for (int shade = 1; shade < NR_SHADE; shade++) {
					int more = luminance(theme_rgb(
						&theme,
						colour_of_class((enum page_class) class, shade)));
					int less = luminance(theme_rgb(
						&theme, colour_of_class((enum page_class) class,
									shade - 1)));

					assert_true(palette == PALETTE_LIGHT ? more < less
									     : more > less);
				}
		}
	}
}

static void test_true_colour_is_okabe_ito(void **state)
{
	struct theme theme = theme_make(PALETTE_DARK, 1 << 24, true);
	struct rgb anon = theme_rgb(&theme, colour_of_class(CLASS_ANON, NR_STRENGTH - 1));
	struct rgb file = theme_rgb(&theme, colour_of_class(CLASS_FILE, NR_STRENGTH - 1));

	(void)state;
	assert_int_equal(anon.red << 16 | anon.green << 8 | anon.blue, 0xe69f00);
	assert_int_equal(file.red << 16 | file.green << 8 | file.blue, 0x56b4e9);
}

static void test_nearest_256(void **state)
{
	(void)state;
	assert_int_equal(theme_nearest_256((struct rgb){ 0, 0, 0 }), 16);
	assert_int_equal(theme_nearest_256((struct rgb){ 255, 255, 255 }), 231);
	assert_int_equal(theme_nearest_256((struct rgb){ 95, 135, 175 }), 67);
	assert_int_equal(theme_nearest_256((struct rgb){ 9, 8, 7 }), 232);
	assert_int_equal(theme_nearest_256((struct rgb){ 250, 10, 10 }), 196);
}

static void test_ansi_hues_stay_apart(void **state)
{
	(void)state;
	for (int a = 0; a < NR_CLASS; a++)
		for (int b = a + 1; b < NR_CLASS; b++)
			assert_int_not_equal(theme_ansi_8(colour_of_class((enum page_class)a, 3)),
					     theme_ansi_8(colour_of_class((enum page_class)b, 3)));
	assert_int_equal(theme_ansi_8(COLOUR_DEFAULT), -1);
	assert_int_equal(theme_ansi_8(255), -1);
}

static void test_glyphs_stay_apart(void **state)
{
	(void)state;
	for (int utf8 = 0; utf8 < 2; utf8++) {
		struct theme theme = theme_make(PALETTE_DARK, 0, utf8);

		for (int a = 0; a < NR_CLASS; a++) {
			uint32_t full = theme_glyph(&theme,
						    (enum glyph_name)(GLYPH_CLASS_FULL + a));
			uint32_t part = theme_glyph(&theme,
						    (enum glyph_name)(GLYPH_CLASS_PART + a));

			if (a != CLASS_ABSENT && a != CLASS_UNKNOWN)
				assert_int_not_equal(full, part);
			assert_int_not_equal(full, theme_glyph(&theme, GLYPH_MIXED));
			for (int b = a + 1; b < NR_CLASS; b++) {
				uint32_t other = theme_glyph(
					&theme, (enum glyph_name)(GLYPH_CLASS_FULL + b));

				assert_int_not_equal(full, other);
				assert_int_not_equal(part, other);
			}
		}
	}
}

static void test_every_glyph_takes_one_column(void **state)
{
	struct theme wide = theme_make(PALETTE_DARK, 256, true);
	struct theme ascii = theme_make(PALETTE_DARK, 256, false);

	(void)state;
	for (int name = 0; name < NR_GLYPH; name++) {
		uint32_t ch = theme_glyph(&wide, (enum glyph_name)name);

		assert_true(text_drawable(ch));
		assert_int_equal(text_char_width(ch), 1);
		assert_in_range(theme_glyph(&ascii, (enum glyph_name)name), ' ', '~');
	}
}

static void test_dense_needs_colours_and_unicode(void **state)
{
	(void)state;
	assert_true(theme_make(PALETTE_DARK, 256, true).dense);
	assert_true(theme_make(PALETTE_DARK, 1 << 24, true).dense);
	assert_false(theme_make(PALETTE_DARK, 16, true).dense);
	assert_false(theme_make(PALETTE_DARK, 256, false).dense);
	assert_true(theme_make(PALETTE_DARK, 256, false).ascii);
}

static void test_contrast_does_not_rely_on_the_terminal(void **state)
{
	struct theme dark = theme_make(PALETTE_DARK, 256, true);
	struct theme contrast = theme_make(PALETTE_CONTRAST, 256, true);

	(void)state;
	assert_true(theme_is_default(&dark, COLOUR_TEXT));
	assert_false(theme_is_default(&contrast, COLOUR_TEXT));
	assert_false(theme_is_default(&dark, colour_of_class(CLASS_ANON, 0)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_256_slots_are_all_different),
		cmocka_unit_test(test_scale_stays_apart),
		cmocka_unit_test(test_change_differs_from_every_strength),
		cmocka_unit_test(test_strength_stands_out),
		cmocka_unit_test(test_true_colour_is_okabe_ito),
		cmocka_unit_test(test_nearest_256),
		cmocka_unit_test(test_ansi_hues_stay_apart),
		cmocka_unit_test(test_glyphs_stay_apart),
		cmocka_unit_test(test_every_glyph_takes_one_column),
		cmocka_unit_test(test_dense_needs_colours_and_unicode),
		cmocka_unit_test(test_contrast_does_not_rely_on_the_terminal),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
