/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The prompt: editing against a plain model of it, and whatever may be typed into it. */
#include "ui/prompt.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static void type(struct prompt *prompt, const char *keys)
{
	for (; *keys; keys++)
		assert_int_equal(prompt_key(prompt, (uint32_t)*keys), PROMPT_EDITED);
}

static void expect(const struct prompt *prompt, const char *text, size_t cursor)
{
	char out[PROMPT_CHARS * 4 + 1];

	assert_string_equal(prompt_text(prompt, out), text);
	assert_int_equal(prompt->cursor, cursor);
}

static void test_editing(void **state)
{
	struct prompt prompt;

	(void)state;
	prompt_begin(&prompt, "go to");
	assert_true(prompt.open);
	type(&prompt, "7f00 abc");
	expect(&prompt, "7f00 abc", 8);
	prompt_key(&prompt, KEY_UI_BACKSPACE);
	expect(&prompt, "7f00 ab", 7);
	prompt_key(&prompt, 'W' - 0x40);
	expect(&prompt, "7f00 ", 5);
	prompt_key(&prompt, 'W' - 0x40);
	expect(&prompt, "", 0);
	prompt_key(&prompt, 'W' - 0x40);
	prompt_key(&prompt, KEY_UI_BACKSPACE);
	prompt_key(&prompt, KEY_UI_LEFT);
	expect(&prompt, "", 0);
	type(&prompt, "bd");
	prompt_key(&prompt, KEY_UI_LEFT);
	type(&prompt, "c");
	expect(&prompt, "bcd", 2);
	prompt_key(&prompt, KEY_UI_HOME);
	type(&prompt, "a");
	expect(&prompt, "abcd", 1);
	prompt_key(&prompt, KEY_UI_DELETE);
	expect(&prompt, "acd", 1);
	prompt_key(&prompt, KEY_UI_RIGHT);
	prompt_key(&prompt, 'U' - 0x40);
	expect(&prompt, "d", 0);
	prompt_key(&prompt, KEY_UI_END);
	prompt_key(&prompt, KEY_UI_RIGHT);
	expect(&prompt, "d", 1);
	assert_int_equal(prompt_key(&prompt, KEY_UI_ENTER), PROMPT_DONE);
	assert_true(prompt.open);
	assert_int_equal(prompt_key(&prompt, KEY_UI_ESCAPE), PROMPT_CLOSED);
	assert_false(prompt.open);
}

static void test_it_is_full_at_last(void **state)
{
	struct prompt prompt;

	(void)state;
	prompt_begin(&prompt, "find");
	for (int i = 0; i < PROMPT_CHARS + 50; i++)
		prompt_key(&prompt, 0x20ac); /* three bytes each */
	assert_int_equal(prompt.nr, PROMPT_CHARS);
	assert_int_equal(prompt.cursor, PROMPT_CHARS);
}

/* Every key there may be, in any order: nothing undrawable gets in, and it can be drawn. */
static void test_any_input(void **state)
{
	struct canvas *canvas = canvas_new(80, 1);
	char out[PROMPT_CHARS * 4 + 1];
	struct prompt prompt;
	uint32_t seed = 1;

	(void)state;
	prompt_begin(&prompt, "find");
	for (int i = 0; i < 20000; i++) {
		uint32_t key;

		seed = seed * 1664525 + 1013904223;
		key = seed >> 8;
		key = i % 3 ? key % 256 : i % 7 ? key % 0x110000 : KEY_UI_UP + key % 40;
		prompt_key(&prompt, key);
		assert_true(prompt.cursor <= prompt.nr && prompt.nr <= PROMPT_CHARS);
		for (size_t c = 0; c < prompt.nr; c++)
			assert_true(text_drawable(prompt.text[c]));
		prompt_text(&prompt, out);
		prompt_draw(&prompt, canvas, 0);
	}
	canvas_free(canvas);
}

static void test_drawn_with_its_error(void **state)
{
	struct canvas *canvas = canvas_new(80, 1);
	struct prompt prompt;
	char *line;

	(void)state;
	prompt_begin(&prompt, "go to address");
	type(&prompt, "xyz");
	prompt_refuse(&prompt, "not hexadecimal");
	prompt_draw(&prompt, canvas, 0);
	line = canvas_line(canvas, 0);
	assert_non_null(strstr(line, "go to address: xyz"));
	assert_non_null(strstr(line, "not hexadecimal"));
	free(line);
	/* The next key takes the error away; a long line shows its end, where the cursor is. */
	for (int i = 0; i < PROMPT_CHARS; i++)
		prompt_key(&prompt, 'a' + (uint32_t)i % 26);
	canvas_clear(canvas);
	prompt_refuse(&prompt, "not hexadecimal, and rather long an explanation of that");
	prompt_draw(&prompt, canvas, 0);
	line = canvas_line(canvas, 0);
	assert_null(strstr(line, "xyz"));
	assert_non_null(strstr(line, "explanation of that"));
	free(line);
	canvas_free(canvas);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_editing),
		cmocka_unit_test(test_it_is_full_at_last),
		cmocka_unit_test(test_any_input),
		cmocka_unit_test(test_drawn_with_its_error),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
