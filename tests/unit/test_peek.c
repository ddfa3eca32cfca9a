/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dump of a page's bytes. */
#include "model/peek.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void test_lines(void **state)
{
	struct page_peek *peek = page_peek_new(0x1000, 36);
	char line[128];

	(void)state;
	memcpy(peek->bytes, "\177ELF\002\001\001\0\0\0\0\0\0\0\0 |~\033[2J\377abcdefgh", 31);
	assert_string_equal(page_peek_line(peek, 0, line, sizeof(line)),
			    "0000  7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 20  "
			    "|.ELF........... |");
	assert_int_equal(strlen(line), PEEK_LINE_COLUMNS);
	assert_string_equal(page_peek_line(peek, 1, line, sizeof(line)),
			    "0010  7c 7e 1b 5b 32 4a ff 61  62 63 64 65 66 67 68 00  "
			    "||~.[2J.abcdefgh.|");
	/* The last one may be shorter, and behind it there is nothing. */
	assert_string_equal(page_peek_line(peek, 2, line, sizeof(line)),
			    "0020  00 00 00 00                                       |....|");
	assert_string_equal(page_peek_line(peek, 3, line, sizeof(line)),
			    "0030                                                    ||");
	page_peek_unref(peek);
}

static void test_every_refusal_has_its_reason(void **state)
{
	struct page_peek *peek = page_peek_new(0, 0);

	(void)state;
	for (int a = 0; a < NR_PEEK_RESULT; a++) {
		char first[128];

		peek->result = (enum peek_result)a;
		strcpy(first, page_peek_sentence(peek));
		/* It fits the line that it has at 80 columns. */
		assert_true(strlen(first) > 10 && strlen(first) <= 78);
		for (int b = a + 1; b < NR_PEEK_RESULT; b++) {
			peek->result = (enum peek_result)b;
			assert_string_not_equal(first, page_peek_sentence(peek));
		}
	}
	peek->result = PEEK_READ;
	peek->faulted = true;
	assert_non_null(strstr(page_peek_sentence(peek), "brought it back"));
	page_peek_unref(peek);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_every_refusal_has_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
