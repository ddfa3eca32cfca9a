/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's list of its functions: found by address, hidden, cut anywhere. */
#include "kernel/kallsyms.h"

#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const char text[] = "0000000000000000 A fixed_percpu_data\n"
			   "ffffffff81000000 T _text\n"
			   "ffffffff81000100 t second\n"
			   "ffffffff81000300 d data\n"
			   "ffffffff81000250 t __pfx_third\n"
			   "ffffffffc0001000 t of_a_module\t[module]\n"
			   "ffffffff81000260 W third\n";

static struct kallsyms *parse(const char *from, size_t len_bytes)
{
	return kallsyms_parse(xstrndup(from, len_bytes), len_bytes);
}

static void expect(const struct kallsyms *kallsyms, uint64_t addr, const char *name,
		   uint64_t off_bytes)
{
	uint64_t off = UINT64_MAX;
	const char *found = kallsyms_find(kallsyms, addr, &off);

	assert_non_null(found);
	assert_string_equal(found, name);
	assert_int_equal(off, off_bytes);
}

static void test_find(void **state)
{
	struct kallsyms *kallsyms = parse(text, sizeof(text) - 1);
	uint64_t off;

	(void)state;
	assert_int_equal(kallsyms_why(kallsyms), WHY_OK);
	assert_null(kallsyms_find(kallsyms, 0xffffffff80ffffff, &off));
	assert_null(kallsyms_find(kallsyms, 0, &off));
	expect(kallsyms, 0xffffffff81000000, "_text", 0);
	expect(kallsyms, 0xffffffff810000ff, "_text", 0xff);
	expect(kallsyms, 0xffffffff81000100, "second", 0);
	/* Data and the padding before a function are no functions. */
	expect(kallsyms, 0xffffffff81000255, "second", 0x155);
	expect(kallsyms, 0xffffffff81000310, "third", 0xb0);
	expect(kallsyms, 0xffffffffc0001004, "of_a_module", 4);
	expect(kallsyms, UINT64_MAX, "of_a_module", UINT64_MAX - 0xffffffffc0001000);
	kallsyms_free(kallsyms);
}

static void test_hidden(void **state)
{
	static const char hidden[] = "0000000000000000 T _text\n0000000000000000 t second\n";
	struct kallsyms *kallsyms = parse(hidden, sizeof(hidden) - 1);
	uint64_t off;

	(void)state;
	assert_int_equal(kallsyms_why(kallsyms), WHY_DENIED);
	assert_null(kallsyms_find(kallsyms, UINT64_MAX, &off));
	kallsyms_free(kallsyms);
	kallsyms = parse("", 0);
	assert_int_equal(kallsyms_why(kallsyms), WHY_UNSUPPORTED);
	kallsyms_free(kallsyms);
}

/* What is cut off is a line less, never one that was not there. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct kallsyms *kallsyms = parse(text, len);
		uint64_t off;
		const char *name = kallsyms_find(kallsyms, UINT64_MAX, &off);

		if (name)
			assert_non_null(strstr(text, name));
		assert_true(!name == (kallsyms_why(kallsyms) != WHY_OK));
		kallsyms_free(kallsyms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
