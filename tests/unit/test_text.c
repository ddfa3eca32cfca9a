/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from outside: what is UTF-8, what may be drawn, how wide it is, and where it is cut. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define NR(table) (sizeof(table) / sizeof(table[0]))

static void test_decode(void **state)
{
	static const struct {
		const char *bytes;
		size_t len_bytes, used;
		uint32_t ch;
	} cases[] = {
		{ "a", 1, 1, 'a' },
		{ "\0", 1, 1, 0 },
		{ "\x7f", 1, 1, 0x7f },
		{ "\xc2\x80", 2, 2, 0x80 },
		{ "\xc3\xa9", 2, 2, 0xe9 },
		{ "\xdf\xbf", 2, 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 3, 0x800 },
		{ "\xe6\x97\xa5", 3, 3, 0x65e5 },
		{ "\xed\x9f\xbf", 3, 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
		/* Overlong: the same character in more bytes than it needs. */
		{ "\xc0\x80", 2, 0, 0xc0 },
		{ "\xc1\xbf", 2, 0, 0xc1 },
		{ "\xe0\x9f\xbf", 3, 0, 0xe0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0, 0xf0 },
		/* Surrogates, and past the last character. */
		{ "\xed\xa0\x80", 3, 0, 0xed },
		{ "\xed\xbf\xbf", 3, 0, 0xed },
		{ "\xf4\x90\x80\x80", 4, 0, 0xf4 },
		{ "\xf7\xbf\xbf\xbf", 4, 0, 0xf7 },
		{ "\xf8\x88\x80\x80\x80", 5, 0, 0xf8 },
		{ "\xfe", 1, 0, 0xfe },
		{ "\xff", 1, 0, 0xff },
		{ "\x80", 1, 0, 0x80 },
		{ "\xbf", 1, 0, 0xbf },
		/* Cut short, by the length or by another byte. */
		{ "\xc3\xa9", 1, 0, 0xc3 },
		{ "\xe6\x97\xa5", 2, 0, 0xe6 },
		{ "\xf0\x90\x80\x80", 3, 0, 0xf0 },
		{ "\xe6\x97"
		  "a",
		  3, 0, 0xe6 },
		{ "\xc3"
		  "a",
		  2, 0, 0xc3 },
		{ "\xc3\xc3", 2, 0, 0xc3 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		/* A copy of exactly that length: the sanitizer sees a read past it. */
		char *copy = malloc(cases[i].len_bytes);
		uint32_t ch = 0xdead;

		memcpy(copy, cases[i].bytes, cases[i].len_bytes);
		assert_int_equal(utf8_decode(copy, cases[i].len_bytes, &ch), cases[i].used);
		assert_int_equal(ch, cases[i].ch);
		free(copy);
	}
}

static void test_every_character_survives_a_round_trip(void **state)
{
	(void)state;
	for (uint32_t ch = 0; ch <= 0x10ffff; ch++) {
		uint32_t back = 0xdead;
		char bytes[4];
		size_t len;

		if (ch == 0xd800)
			ch = 0xe000;
		len = utf8_encode(ch, bytes);
		if (utf8_decode(bytes, len, &back) != len || back != ch)
			fail_msg("U+%04X came back as U+%04X", (unsigned)ch, (unsigned)back);
	}
}

static void test_what_may_be_drawn(void **state)
{
	static const uint32_t no[] = {
		0,      7,      '\n',   0x1b,   0x1f,   0x7f,   0x80,   0x9b,
		0x9f,   0xad,   0x300,  0x61c,  0x200b, 0x200d, 0x200e, 0x200f,
		0x2028, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff, 0xfff9, 0xe0041,
	};
	static const uint32_t yes[] = { ' ', 'a', '~', 0xa0, 0xe9, 0x2588, 0x65e5, 0x1f600 };

	(void)state;
	for (size_t i = 0; i < NR(no); i++)
		if (text_drawable(no[i]))
			fail_msg("U+%04X is drawn", (unsigned)no[i]);
	for (size_t i = 0; i < NR(yes); i++)
		if (!text_drawable(yes[i]))
			fail_msg("U+%04X is not drawn", (unsigned)yes[i]);
}

static void test_safe(void **state)
{
	static const struct {
		const char *raw;
		size_t len_bytes;
		const char *safe, *utf8;
	} cases[] = {
		{ "", 0, "", "" },
		{ "plain name", 10, "plain name", "plain name" },
		{ "caf\xc3\xa9", 5, "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "a\nb", 3, "a\\x0ab", "a\nb" },
		{ "a\0b", 3, "a\\x00b", NULL },
		{ "\x1b[2J", 4, "\\x1b[2J", "\x1b[2J" },
		{ "\x1b]0;title\x07", 10, "\\x1b]0;title\\x07", "\x1b]0;title\x07" },
		{ "\xff\xfe", 2, "\\xff\\xfe", "\\xff\\xfe" },
		{ "\xc3", 1, "\\xc3", "\\xc3" },
		{ "\xc2\x9b"
		  "31m",
		  5, "\\u{9b}31m",
		  "\xc2\x9b"
		  "31m" },
		{ "a\xe2\x80\xae"
		  "b",
		  5, "a\\u{202e}b",
		  "a\xe2\x80\xae"
		  "b" },
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },
		{ "\xf3\xa0\x81\x81", 4, "\\u{e0041}", "\xf3\xa0\x81\x81" },
		{ "back\\slash", 10, "back\\slash", "back\\slash" },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		char *safe = text_safe(cases[i].raw, cases[i].len_bytes);
		char *utf8 = text_utf8(cases[i].raw, cases[i].len_bytes);

		assert_string_equal(safe, cases[i].safe);
		if (cases[i].utf8)
			assert_string_equal(utf8, cases[i].utf8);
		free(safe);
		free(utf8);
	}
}

/* Any two bytes, safe: only drawable characters come out. */
static void test_safe_of_every_pair_of_bytes(void **state)
{
	(void)state;
	for (unsigned pair = 0; pair < 65536; pair++) {
		char raw[2] = { (char)(pair >> 8), (char)pair };
		char *safe = text_safe(raw, 2);

		for (size_t at = 0, len = strlen(safe); at < len;) {
			uint32_t ch;
			size_t used = utf8_decode(safe + at, len - at, &ch);

			if (!used || !text_drawable(ch))
				fail_msg("bytes %04x came out as %s", pair, safe);
			at += used;
		}
		free(safe);
	}
}

static void test_longest_escapes_have_room(void **state)
{
	char raw[400], *safe;

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i += 4)
		memcpy(raw + i, "\xf3\xa0\x81\x81", 4);
	safe = text_safe(raw, sizeof(raw));
	assert_int_equal(strlen(safe), 100 * strlen("\\u{e0041}"));
	free(safe);
	memset(raw, 0xff, sizeof(raw));
	safe = text_safe(raw, sizeof(raw));
	assert_int_equal(strlen(safe), 4 * sizeof(raw));
	free(safe);
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("caf\xc3\xa9"), 4);
	assert_int_equal(text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(text_char_width(0x2588), 1);
	assert_int_equal(text_char_width(0x65e5), 2);
}

#define SUN_BOOK "\xe6\x97\xa5\xe6\x9c\xac" /* two characters of two columns */

static void test_fit(void **state)
{
	static const struct {
		const char *text;
		int columns;
		bool keep_end;
		const char *expected;
		int used;
	} cases[] = {
		{ "", 5, false, "", 0 },
		{ "abc", 3, false, "abc", 3 },
		{ "abcd", 3, false, "ab~", 3 },
		{ "abcd", 3, true, "~cd", 3 },
		{ "abcd", 1, false, "~", 1 },
		{ "abcd", 1, true, "~", 1 },
		{ "abcd", 0, false, "", 0 },
		{ "abcd", -1, true, "", 0 },
		{ "/usr/lib/libc.so.6", 10, true, "~libc.so.6", 10 },
		{ "caf\xc3\xa9s", 5, false, "caf\xc3\xa9s", 5 },
		{ "caf\xc3\xa9s", 4, false, "caf~", 4 },
		{ "caf\xc3\xa9s", 3, true, "~\xc3\xa9s", 3 },
		{ SUN_BOOK, 4, false, SUN_BOOK, 4 },
		{ SUN_BOOK, 3, false, "\xe6\x97\xa5~", 3 },
		{ SUN_BOOK, 3, true, "~\xe6\x9c\xac", 3 },
		/* Half of a wide character is not drawn: a column stays free. */
		{ SUN_BOOK, 2, false, "~", 1 },
		{ SUN_BOOK, 2, true, "~", 1 },
		{ "a" SUN_BOOK "b", 4, true,
		  "~\xe6\x9c\xac"
		  "b",
		  4 },
		{ "a" SUN_BOOK "b", 3, true, "~b", 2 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		char out[64];
		int used = text_fit(out, sizeof(out), cases[i].text, cases[i].columns,
				    cases[i].keep_end);

		assert_string_equal(out, cases[i].expected);
		assert_int_equal(used, cases[i].used);
	}
}

/* Whatever room and columns: in bounds, terminated, and as wide as it says. */
static void test_fit_in_any_room(void **state)
{
	static const char *const texts[] = { "abcdefghijklmnop", SUN_BOOK SUN_BOOK SUN_BOOK,
					     "x" SUN_BOOK "yz" SUN_BOOK,
					     "caf\xc3\xa9 caf\xc3\xa9" };

	(void)state;
	for (size_t t = 0; t < NR(texts); t++) {
		for (size_t room = 8; room < 32; room++) {
			for (int columns = 0; columns < 20; columns++) {
				for (int end = 0; end < 2; end++) {
					char *out = malloc(room);
					int used = text_fit(out, room, texts[t], columns, end);

					assert_true(strlen(out) < room);
					assert_true(used <= columns);
					assert_int_equal(text_width(out), used);
					free(out);
				}
			}
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_every_character_survives_a_round_trip),
		cmocka_unit_test(test_what_may_be_drawn),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_safe_of_every_pair_of_bytes),
		cmocka_unit_test(test_longest_escapes_have_room),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_fit_in_any_room),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		print_message("no locale C.UTF-8 here: skipped\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
