/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where figures come from, why one is missing, and which errno means what. */
#include "base/why.h"
#include "model/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static void test_errno(void **state)
{
	static const struct {
		int error;
		enum why expected;
	} cases[] = {
		{ 0, WHY_OK },
		{ EPERM, WHY_DENIED },
		{ EACCES, WHY_DENIED },
		{ ESRCH, WHY_GONE },
		{ ENOENT, WHY_GONE },
		{ ENOSYS, WHY_UNSUPPORTED },
		{ ENOTTY, WHY_UNSUPPORTED },
		{ EOPNOTSUPP, WHY_UNSUPPORTED },
		{ EINVAL, WHY_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(why_name(why_from_errno(cases[i].error)),
				    why_name(cases[i].expected));
}

static void test_every_reason_and_source_has_its_own_name(void **state)
{
	(void)state;
	for (int i = 0; i < NR_WHY; i++) {
		assert_true(strlen(why_name((enum why)i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(why_name((enum why)i), why_name((enum why)j));
	}
	for (int i = 0; i < NR_SOURCE; i++) {
		assert_true(strlen(source_name((enum source)i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(source_name((enum source)i),
						source_name((enum source)j));
	}
}

static void test_refusals_say_what_would_help(void **state)
{
	char out[160];

	(void)state;
	source_refusal(SOURCE_FRAMES, WHY_DENIED, out, sizeof(out));
	assert_ptr_equal(strstr(out, "denied: "), out);
	assert_non_null(strstr(out, "CAP_SYS_ADMIN"));
	source_refusal(SOURCE_CACHESTAT, WHY_UNSUPPORTED, out, sizeof(out));
	assert_non_null(strstr(out, "6.5"));
	source_refusal(SOURCE_MINCORE, WHY_DENIED, out, sizeof(out));
	assert_non_null(strstr(out, "owner"));
	/* Where there is nothing to add, the interface is named. */
	source_refusal(SOURCE_PAGEMAP, WHY_GONE, out, sizeof(out));
	assert_string_equal(out, "gone (pagemap)");
}

/* JSON and screens give a refusal 96 bytes at the least: all of it must fit. */
static void test_refusals_fit(void **state)
{
	(void)state;
	for (int source = 0; source < NR_SOURCE; source++) {
		for (int why = 0; why < NR_WHY; why++) {
			char small[96], large[512];

			assert_string_equal(source_refusal((enum source)source, (enum why)why,
							   small, sizeof(small)),
					    source_refusal((enum source)source, (enum why)why,
							   large, sizeof(large)));
		}
	}
}

static void test_text_of_those_that_answered(void **state)
{
	struct sources sources;
	char out[128], tiny[16];

	(void)state;
	sources_init(&sources);
	assert_false(sources_has(&sources, SOURCE_PAGEMAP));
	assert_string_equal(sources_text(&sources, out, sizeof(out)), "");
	sources.why[SOURCE_PAGEMAP] = WHY_OK;
	sources.why[SOURCE_FRAMES] = WHY_OK;
	sources.why[SOURCE_KPAGEFLAGS] = WHY_DENIED;
	sources.why[SOURCE_KPAGECOUNT] = WHY_OK;
	assert_true(sources_has(&sources, SOURCE_PAGEMAP));
	assert_false(sources_has(&sources, SOURCE_KPAGEFLAGS));
	assert_string_equal(sources_text(&sources, out, sizeof(out)), "pagemap kpagecount");
	assert_true(strlen(sources_text(&sources, tiny, sizeof(tiny))) < sizeof(tiny));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_every_reason_and_source_has_its_own_name),
		cmocka_unit_test(test_refusals_say_what_would_help),
		cmocka_unit_test(test_refusals_fit),
		cmocka_unit_test(test_text_of_those_that_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
