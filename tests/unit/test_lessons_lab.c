/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lessons 11 to 15 are well-formed, and each of their claims can fail: the opposite observation
 * is not held, what could not be measured is neither.
 */
#include "learn/driver.h"
#include "learn/lesson.h"
#include "model/modes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct lesson *const lab_lessons[] = {
	&lesson_copy, &lesson_direct, &lesson_mmap_write, &lesson_sendfile, &lesson_boundaries,
};

#define NR (sizeof(lab_lessons) / sizeof(lab_lessons[0]))

/* A value that holds, and one that does not. */
static int64_t value_of(const struct lesson_claim *claim, bool holds)
{
	int64_t off = holds ? 0 : 1;

	switch (claim->relation) {
	case CLAIM_AT_LEAST:
		return claim->expected - off;
	case CLAIM_NOT_EQUAL:
		return claim->expected + !off;
	default:
		return claim->expected + off;
	}
}

static void judge_step(const struct lesson *lesson, size_t index, size_t wrong, bool known)
{
	struct step_result *result = step_result_new(lesson, index);

	for (size_t i = 0; i < result->nr_claims; i++) {
		struct reading reading = { .value = value_of(result->claims[i].claim, i != wrong) };

		if (i == wrong && !known) {
			reading.why = WHY_UNSUPPORTED;
			strcpy(reading.reason, "no such call");
		}
		result->claims[i].before = result->claims[i].after = reading;
	}
	step_result_judge(result);
	for (size_t i = 0; i < result->nr_claims; i++) {
		enum verdict wanted = i != wrong ? VERDICT_HELD
				      : known    ? VERDICT_NOT_HELD
						 : VERDICT_UNKNOWN;

		if (result->claims[i].verdict != wanted)
			fail_msg("%s %zu: claim \"%s\" is %s", lesson->name, index + 1,
				 result->claims[i].claim->text,
				 verdict_text(result->claims[i].verdict));
	}
	if (wrong < result->nr_claims && !known)
		assert_string_equal(result->claims[wrong].reason, "no such call");
	step_result_unref(result);
}

static void test_each_claim_can_fail(void **state)
{
	(void)state;
	for (size_t l = 0; l < NR; l++) {
		for (size_t s = 0; s < lab_lessons[l]->nr_steps; s++) {
			size_t nr = lab_lessons[l]->steps[s].nr_claims;

			assert_true(nr > 0);
			judge_step(lab_lessons[l], s, nr, true);
			for (size_t i = 0; i < nr; i++) {
				judge_step(lab_lessons[l], s, i, true);
				judge_step(lab_lessons[l], s, i, false);
			}
		}
	}
}

static void test_tables_are_well_formed(void **state)
{
	(void)state;
	for (size_t l = 0; l < NR; l++) {
		const struct lesson *lesson = lab_lessons[l];

		assert_ptr_equal(lesson_find(lesson->name), lesson);
		assert_ptr_equal(lesson->driver, &driver_lab);
		for (size_t s = 0; s < lesson->nr_steps; s++) {
			const struct lesson_step *step = &lesson->steps[s];

			assert_true(driver_lab_knows(step->action));
			assert_true(step->ways != 0 && step->ways < 1u << NR_MODE);
			assert_non_null(step->question->choices[step->question->right]);
			for (size_t i = 0; i < step->nr_claims; i++) {
				assert_true(step->claims[i].subject < NR_MODE);
				assert_true(step->claims[i].quantity >= QUANTITY_COPIES);
				assert_non_null(quantity_name(step->claims[i].quantity));
				assert_non_null(quantity_source(step->claims[i].quantity));
			}
		}
	}
}

static void test_actions_that_are_none(void **state)
{
	(void)state;
	assert_true(driver_lab_knows("send traditional heap"));
	assert_true(driver_lab_knows("prove-unix sendfile"));
	assert_false(driver_lab_knows("send"));
	assert_false(driver_lab_knows("send teleport"));
	assert_false(driver_lab_knows("send traditional teleport"));
	assert_false(driver_lab_knows("steal traditional"));
	assert_false(driver_lab_knows(""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_claim_can_fail),
		cmocka_unit_test(test_tables_are_well_formed),
		cmocka_unit_test(test_actions_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
