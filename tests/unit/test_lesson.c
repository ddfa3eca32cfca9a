/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of all lessons: that they can be read beside a map, that their questions have an
 * answer, and that each claim can fail: fed with the opposite of what it says, it is not held.
 */
#include "learn/lesson.h"
#include "learn/pupil_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The room that prose and claims have on a terminal of 80 columns and 24 lines. */
#define PROSE_COLUMNS 38
#define PROSE_LINES   14

static void fail_at(const struct lesson *lesson, size_t step, const char *what)
{
	fail_msg("%s, step %zu: %s", lesson->name, step + 1, what);
}

static size_t count_lines(const char *text, size_t columns)
{
	size_t nr = 1, column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		assert_true(len <= columns);
		if (column && column + 1 + len > columns) {
			nr++;
			column = 0;
		}
		column += len + (column ? 1 : 0);
		text += len;
		text += strspn(text, " ");
	}
	return nr;
}

static size_t count_sentences(const char *text)
{
	size_t nr = 0;

	for (; *text; text++)
		nr += (*text == '.' || *text == '?') && (text[1] == ' ' || !text[1]);
	return nr;
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (!isprint((unsigned char)*text) || (text[0] == ' ' && text[1] == ' '))
			return false;
	return true;
}

static void test_lessons_have_names_and_steps(void **state)
{
	(void)state;
	assert_true(nr_lessons >= 10);
	for (size_t i = 0; i < nr_lessons; i++) {
		assert_ptr_equal(lesson_find(lessons[i]->name), lessons[i]);
		assert_true(lessons[i]->nr_steps >= 1);
		assert_true(strlen(lessons[i]->name) <= 12 && strlen(lessons[i]->title) <= 45);
		assert_true(is_plain(lessons[i]->title) && is_plain(lessons[i]->summary));
	}
	assert_null(lesson_find("no-such-lesson"));
}

static void test_prose_fits_beside_a_map(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_lessons; i++)
		for (size_t j = 0; j < lessons[i]->nr_steps; j++) {
			const struct lesson_step *step = &lessons[i]->steps[j];
			size_t nr_sentences = count_sentences(step->prose);

			if (!is_plain(step->prose) || !is_plain(step->title))
				fail_at(lessons[i], j, "text is not plain");
			if (strlen(step->title) > PROSE_COLUMNS)
				fail_at(lessons[i], j, "title too long");
			if (count_lines(step->prose, PROSE_COLUMNS) > PROSE_LINES)
				fail_at(lessons[i], j, "prose too long");
			if (nr_sentences < 2 || nr_sentences > 5)
				fail_at(lessons[i], j, "not two to five sentences");
			if ((step->look.screen && !step->look.where) || step->look.screen < 0 ||
			    step->look.screen > 6)
				fail_at(lessons[i], j, "nothing to look at");
		}
}

static void test_questions_have_one_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_lessons; i++)
		for (size_t j = 0; j < lessons[i]->nr_steps; j++) {
			const struct lesson_question *question = lessons[i]->steps[j].question;
			unsigned nr = 0;

			if (!question)
				continue;
			while (nr < LESSON_CHOICES && question->choices[nr])
				nr++;
			if (nr < 2 || question->right >= nr)
				fail_at(lessons[i], j, "no choice, or none is right");
			for (unsigned k = 0; k < nr; k++)
				if (strlen(question->choices[k]) > PROSE_COLUMNS - 4)
					fail_at(lessons[i], j, "a choice is too long");
			if (!question->why || !is_plain(question->why) ||
			    !is_plain(question->text) || !count_sentences(question->why))
				fail_at(lessons[i], j, "no reason");
		}
}

static void test_claims_can_be_measured(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_lessons; i++)
		for (size_t j = 0; j < lessons[i]->nr_steps; j++) {
			const struct lesson_step *step = &lessons[i]->steps[j];

			if (!step->nr_claims || !step->action ||
			    (!lessons[i]->driver && strlen(step->action) >= PUPIL_ACTION))
				fail_at(lessons[i], j, "nothing is done or claimed");
			for (size_t k = 0; k < step->nr_claims; k++) {
				const struct lesson_claim *claim = &step->claims[k];

				if (!claim->text || !is_plain(claim->text) ||
				    claim->quantity >= NR_QUANTITY ||
				    (!lessons[i]->driver &&
				     claim->subject >=
					     (claim->quantity == QUANTITY_SAID ||
							      claim->quantity == QUANTITY_SAID_YES
						      ? PUPIL_SAID
						      : LESSON_SUBJECTS)) ||
				    (!lessons[i]->driver && claim->other >= LESSON_SUBJECTS))
					fail_at(lessons[i], j, "a claim about nothing");
				assert_true(quantity_name(claim->quantity)[0] &&
					    quantity_source(claim->quantity)[0]);
			}
		}
}

/* ---- observations ---- */

static int64_t opposite_of(const struct lesson_claim *claim)
{
	switch (claim->relation) {
	case CLAIM_AT_LEAST:
		return claim->expected - 1;
	case CLAIM_NOT_EQUAL:
		return claim->expected;
	default:
		return claim->expected + 1;
	}
}

static int64_t held_by(const struct lesson_claim *claim)
{
	return claim->relation == CLAIM_NOT_EQUAL ? claim->expected + 1 : claim->expected;
}

/* Readings from which the figure comes out as `value`, whenever it is taken. */
static void feed(struct claim_result *result, int64_t value)
{
	bool change = result->claim->when == CLAIM_CHANGE;

	result->before = (struct reading){ .value = change ? 1000 : value };
	result->after = (struct reading){ .value = change ? 1000 + value : value };
}

static struct step_result *fed_step(const struct lesson *lesson, size_t step)
{
	struct step_result *result = step_result_new(lesson, step);

	for (size_t i = 0; i < result->nr_claims; i++)
		feed(&result->claims[i], held_by(result->claims[i].claim));
	step_result_judge(result);
	return result;
}

static void test_every_claim_can_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_lessons; i++)
		for (size_t j = 0; j < lessons[i]->nr_steps; j++) {
			struct step_result *result = fed_step(lessons[i], j);

			assert_int_equal(result->verdict, VERDICT_HELD);
			for (size_t k = 0; k < result->nr_claims; k++) {
				struct claim_result *claim = &result->claims[k];

				feed(claim, opposite_of(claim->claim));
				step_result_judge(result);
				if (claim->verdict != VERDICT_NOT_HELD ||
				    result->verdict != VERDICT_NOT_HELD ||
				    claim->measured != opposite_of(claim->claim))
					fail_at(lessons[i], j, claim->claim->text);
				feed(claim, held_by(claim->claim));
			}
			step_result_unref(result);
		}
}

/* A claim that no observation could break would say nothing: counts are never below 0. */
static void test_no_claim_is_empty(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_lessons; i++)
		for (size_t j = 0; j < lessons[i]->nr_steps; j++)
			for (size_t k = 0; k < lessons[i]->steps[j].nr_claims; k++) {
				const struct lesson_claim *claim = &lessons[i]->steps[j].claims[k];

				if (claim->when != CLAIM_CHANGE &&
				    claim->relation == CLAIM_AT_LEAST && claim->expected <= 0)
					fail_at(lessons[i], j, claim->text);
			}
}

static void test_unknown_is_neither(void **state)
{
	struct step_result *result = fed_step(lessons[0], 0);
	struct claim_result *claim = &result->claims[0];

	(void)state;
	claim->before.why = claim->after.why = WHY_DENIED;
	snprintf(claim->before.reason, LESSON_REASON, "denied: for a reason");
	claim->after = claim->before;
	step_result_judge(result);
	assert_int_equal(claim->verdict, VERDICT_UNKNOWN);
	assert_string_equal(claim->reason, "denied: for a reason");
	assert_int_equal(result->verdict, VERDICT_UNKNOWN);
	/* What failed is worse than what is not known. */
	feed(&result->claims[1], opposite_of(result->claims[1].claim));
	step_result_judge(result);
	assert_int_equal(result->verdict, VERDICT_NOT_HELD);
	step_result_refuse(result, WHY_UNSUPPORTED, "no swap");
	assert_int_equal(result->verdict, VERDICT_UNKNOWN);
	assert_string_equal(result->claims[1].reason, "no swap");
	step_result_unref(result);
}

static void test_change_needs_both_readings(void **state)
{
	static const struct lesson_claim claim = { .when = CLAIM_CHANGE, .expected = -4 };
	struct claim_result result = { .claim = &claim };

	(void)state;
	result.before.value = 16;
	result.after.value = 12;
	claim_judge(&result);
	assert_int_equal(result.verdict, VERDICT_HELD);
	result.before.why = WHY_GONE;
	claim_judge(&result);
	assert_int_equal(result.verdict, VERDICT_UNKNOWN);
	assert_string_equal(result.reason, "gone");
}

static void test_a_copy_is_its_own(void **state)
{
	struct step_result *result = fed_step(lessons[0], 0), *copy;

	(void)state;
	result->nr_regions = 1;
	result->regions[0].nr_pages = 2;
	result->regions[0].before = calloc(2, sizeof(struct lesson_page));
	result->regions[0].after = calloc(2, sizeof(struct lesson_page));
	result->regions[0].after[1].pfn = 7;
	result->claims[0].after.why = result->claims[0].before.why = WHY_DENIED;
	copy = step_result_copy(result);
	step_result_unref(result);
	assert_int_equal(copy->regions[0].after[1].pfn, 7);
	assert_int_equal(copy->claims[0].verdict, VERDICT_UNKNOWN);
	assert_string_equal(copy->claims[0].reason, "denied");
	step_result_unref(copy);
}

static void test_missing_says_what(void **state)
{
	char text[LESSON_REASON];
	struct lesson_powers powers = { .frames = true, .swap = true, .disk = true };

	(void)state;
	for (size_t i = 0; i < nr_lessons; i++)
		assert_string_equal(lesson_missing(lessons[i], &powers, text, sizeof(text)), "");
	powers.swap = false;
	lesson_missing(lesson_find("fault-swap"), &powers, text, sizeof(text));
	assert_non_null(strstr(text, "swap"));
	powers.disk = false;
	lesson_missing(lesson_find("cache"), &powers, text, sizeof(text));
	assert_non_null(strstr(text, "disk"));
	powers.frames = false;
	lesson_missing(lesson_find("address"), &powers, text, sizeof(text));
	assert_non_null(strstr(text, "root for"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lessons_have_names_and_steps),
		cmocka_unit_test(test_prose_fits_beside_a_map),
		cmocka_unit_test(test_questions_have_one_answer),
		cmocka_unit_test(test_claims_can_be_measured),
		cmocka_unit_test(test_every_claim_can_fail),
		cmocka_unit_test(test_no_claim_is_empty),
		cmocka_unit_test(test_unknown_is_neither),
		cmocka_unit_test(test_change_needs_both_readings),
		cmocka_unit_test(test_a_copy_is_its_own),
		cmocka_unit_test(test_missing_says_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
