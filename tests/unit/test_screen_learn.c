/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 7 from made-up lessons and results: nothing is told before the action, answers right
 * and wrong, claims held, broken and unknown, at every size, and keys give the right orders.
 */
#include "base/xalloc.h"
#include "learn/lesson.h"
#include "model/modes.h"
#include "model/page.h"
#include "ui/screen_learn.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct lesson_question question = {
	.text = "What will it be?",
	.choices = { "choice one", "choice two", "choice three" },
	.right = 1,
	.why = "Because it is so.",
};

static const struct lesson_claim claims[] = {
	{ "sixteen pages come", QUANTITY_PRESENT, CLAIM_AFTER, CLAIM_EQUAL, .expected = 16 },
	{ "they fault", QUANTITY_MINOR, CLAIM_AFTER, CLAIM_AT_LEAST, .expected = 4 },
};

static const struct lesson_claim way_claims[] = {
	{ "twice", QUANTITY_COPIES, .subject = MODE_TRADITIONAL, .expected = 2 },
	{ "shared", QUANTITY_SHARED, .subject = MODE_SENDFILE, .expected = 1 },
};

static const struct lesson_step steps[] = {
	{ .title = "The first step",
	  .prose = "Prose of the first step. It is short.",
	  .question = &question,
	  .action = "a",
	  .claims = claims,
	  .nr_claims = 2 },
	{ .title = "The second step",
	  .prose = "Prose of the second step.",
	  .action = "b",
	  .claims = way_claims,
	  .nr_claims = 2,
	  .ways = 1u << MODE_TRADITIONAL | 1u << MODE_HEAP | 1u << MODE_SENDFILE },
	{ .title = "The third step",
	  .prose = "Prose of the third step.",
	  .question = &question,
	  .action = "c",
	  .claims = way_claims,
	  .nr_claims = 1,
	  .ways = 1u << MODE_TRADITIONAL },
};

static const struct lesson first = {
	.name = "first", .title = "A lesson", .summary = "about it", .steps = steps, .nr_steps = 3
};
static const struct lesson second = { .name = "second",
				      .title = "Another",
				      .summary = "about this",
				      .needs_swap = true,
				      .steps = steps,
				      .nr_steps = 1 };
static const struct lesson *const made_up[] = { &first, &second };

static const struct theme ascii = { .palette = PALETTE_CONTRAST, .ascii = true };
static const struct theme rich = { .palette = PALETTE_CONTRAST, .dense = true, .colours = 1 << 24 };

static void add_region(struct step_result *result, size_t nr_pages, bool after)
{
	struct lesson_region *region = &result->regions[result->nr_regions++];

	strcpy(region->name, "anonymous");
	region->nr_pages = nr_pages;
	region->has_frames = true;
	region->before = xcalloc(nr_pages, sizeof(*region->before));
	region->after = xcalloc(nr_pages, sizeof(*region->after));
	region->nr_before = nr_pages;
	region->nr_after = after ? nr_pages : 0;
	for (size_t i = 0; after && i < nr_pages && i < 16; i++)
		region->after[i] = (struct lesson_page){ .state = PAGE_PRESENT, .pfn = 0x1000 + i };
}

static void give(struct screen *screen, const struct lesson *lesson, size_t step,
		 enum lesson_stage stage, struct step_result *result)
{
	struct lesson_view *view = lesson_view_new();

	view->lesson = lesson;
	view->step = step;
	view->stage = stage;
	view->pid = 4711;
	view->result = result;
	screen_learn_set_view(screen, view);
	lesson_view_unref(view);
}

static void be_ready(struct screen *screen, size_t step)
{
	struct step_result *result = step_result_new(&first, step);

	if (!step)
		add_region(result, 64, false);
	give(screen, &first, step, STAGE_READY, result);
}

/* Claim i holds, fails or is unknown, as `as` says by '+', 'x' and '?'. */
static void be_done(struct screen *screen, size_t step, const char *as)
{
	struct step_result *result = step_result_new(&first, step);

	if (!step)
		add_region(result, 64, true);
	for (size_t i = 0; i < result->nr_claims; i++) {
		struct reading *after = &result->claims[i].after;

		*after = (struct reading){ .value = result->claims[i].claim->expected -
						    (as[i] == 'x') };
		if (as[i] != '?')
			continue;
		after->why = WHY_DENIED;
		strcpy(after->reason, "frames are for root");
	}
	result->performed = true;
	step_result_judge(result);
	give(screen, &first, step, STAGE_DONE, result);
}

static struct action press(struct screen *screen, uint32_t key)
{
	const struct ui_event event = { .key = key };

	return screen->ops->event(screen, &event);
}

static struct screen *open_first(void)
{
	struct screen *screen = screen_learn_new(made_up, 2);
	struct action action = press(screen, KEY_UI_ENTER);

	assert_int_equal(action.kind, ACTION_LEARN);
	assert_int_equal(action.learn_command, LEARN_BEGIN);
	assert_int_equal(action.arg, 0);
	return screen;
}

static bool is_on(struct screen *screen, const struct theme *theme, int columns, int rows,
		  const char *text)
{
	struct canvas *canvas = canvas_new(columns, rows);
	bool found = false;

	screen->ops->draw(screen, canvas, theme, 0);
	for (int y = 0; y < rows && !found; y++) {
		char *line = canvas_line(canvas, y);

		found = strstr(line, text) != NULL;
		free(line);
	}
	canvas_free(canvas);
	return found;
}

static void see(struct screen *screen, const char *text)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 200, 50 } };

	for (size_t i = 0; i < 3; i++) {
		if (!is_on(screen, &ascii, sizes[i][0], sizes[i][1], text) ||
		    !is_on(screen, &rich, sizes[i][0], sizes[i][1], text))
			fail_msg("\"%s\" is not on the screen of %dx%d", text, sizes[i][0],
				 sizes[i][1]);
	}
}

static void miss(struct screen *screen, const char *text)
{
	if (is_on(screen, &ascii, 120, 36, text))
		fail_msg("\"%s\" is on the screen", text);
}

static void expect_order(struct action action, enum learn_command command, uint64_t arg)
{
	assert_int_equal(action.kind, ACTION_LEARN);
	assert_int_equal(action.learn_command, command);
	assert_int_equal(action.arg, arg);
}

static void test_list(void **state)
{
	struct screen *screen = screen_learn_new(made_up, 2);
	struct lesson_view *view = lesson_view_new();

	(void)state;
	see(screen, "A lesson");
	/* What is needed is not known before the first view. */
	miss(screen, "nothing");
	screen_learn_set_view(screen, view);
	lesson_view_unref(view);
	see(screen, "swap (--zram, as root)");
	see(screen, "nothing");
	see(screen, "A lesson: 3 steps");
	press(screen, KEY_UI_DOWN);
	press(screen, KEY_UI_DOWN);
	see(screen, "Another: 1 step");
	assert_int_equal(press(screen, KEY_UI_ESCAPE).kind, ACTION_BACK);
	expect_order(press(screen, ' '), LEARN_BEGIN, 1);
	screen->ops->free(screen);
}

static void test_nothing_is_told_before(void **state)
{
	struct screen *screen = open_first();

	(void)state;
	see(screen, "Preparing ...");
	/* Not ready: nothing can be done yet. */
	assert_int_equal(press(screen, ' ').kind, ACTION_NONE);
	be_ready(screen, 0);
	see(screen, "Prose of the first step");
	see(screen, "What will it be?");
	see(screen, "3 choice three");
	see(screen, "anonymous: 64 pages");
	see(screen, "after: ?");
	see(screen, "2 claims will be measured");
	miss(screen, "Because it is so");
	miss(screen, "sixteen pages come");
	screen->ops->free(screen);
}

static void test_right_answer(void **state)
{
	struct screen *screen = open_first();
	struct action action;

	(void)state;
	be_ready(screen, 0);
	assert_true(screen->ops->is_typing(screen));
	/* Enter asks for a choice first. */
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_REDRAW);
	see(screen, "Predict first");
	assert_int_equal(press(screen, '4').kind, ACTION_NONE);
	press(screen, '2');
	action = press(screen, KEY_UI_ENTER);
	expect_order(action, LEARN_PERFORM, 0);
	assert_int_equal(action.nr, 1);
	be_done(screen, 0, "++");
	assert_false(screen->ops->is_typing(screen));
	see(screen, "predicted right: choice two");
	see(screen, "Because it is so.");
	see(screen, "pages present: 16");
	see(screen, "16 differ");
	see(screen, "frame    none > 1000");
	miss(screen, "choice three");
	screen->ops->free(screen);
}

static void test_wrong_answer_and_none(void **state)
{
	struct screen *screen = open_first();

	(void)state;
	be_ready(screen, 0);
	press(screen, KEY_UI_DOWN);
	expect_order(press(screen, KEY_UI_ENTER), LEARN_PERFORM, 0);
	be_done(screen, 0, "++");
	see(screen, "predicted: choice one");
	see(screen, "answer: choice two");
	/* Again, without any prediction. */
	expect_order(press(screen, 'r'), LEARN_PREPARE, 0);
	be_ready(screen, 0);
	miss(screen, "Because it is so");
	assert_int_equal(press(screen, KEY_UI_RIGHT).nr, NO_CHOICE);
	be_done(screen, 0, "++");
	miss(screen, "predicted");
	see(screen, "answer: choice two");
	/* What was asked stands above it. */
	see(screen, question.text);
	screen->ops->free(screen);
}

static void test_claims_fail_and_are_unknown(void **state)
{
	struct screen *screen = open_first();

	(void)state;
	be_ready(screen, 0);
	press(screen, ' ');
	be_done(screen, 0, "x?");
	assert_true(is_on(screen, &ascii, 80, 24, "x sixteen pages come"));
	see(screen, "pages present: 15, not 16");
	see(screen, "? they fault");
	see(screen, "not measured: frames are for root");
	screen->ops->free(screen);
}

/* In another lesson the same glyph would be a prose letter: only marks are looked for. */
static void test_mark_differs_by_verdict(void **state)
{
	struct screen *screen = open_first();

	(void)state;
	be_ready(screen, 0);
	press(screen, ' ');
	be_done(screen, 0, "+x");
	see(screen, "sixteen pages come");
	assert_true(is_on(screen, &ascii, 80, 24, "+ sixteen pages come"));
	assert_true(is_on(screen, &ascii, 80, 24, "x they fault"));
	assert_true(is_on(screen, &rich, 80, 24, "\u2713 sixteen pages come"));
	assert_true(is_on(screen, &rich, 80, 24, "\u2717 they fault"));
	screen->ops->free(screen);
}

static void test_forward_and_back(void **state)
{
	struct screen *screen = open_first();
	struct action action;

	(void)state;
	assert_int_equal(press(screen, KEY_UI_LEFT).kind, ACTION_NONE);
	be_ready(screen, 0);
	press(screen, ' ');
	be_done(screen, 0, "++");
	expect_order(press(screen, KEY_UI_PAGE_DOWN), LEARN_PREPARE, 1);
	see(screen, "The second step");
	see(screen, "step 2 of 3");
	/* Digits are the app's own where nothing is asked. */
	assert_false(screen->ops->is_typing(screen));
	be_ready(screen, 1);
	see(screen, "Ready: Space does it.");
	/* Back shows what was there, and does nothing again. */
	assert_int_equal(press(screen, KEY_UI_PAGE_UP).kind, ACTION_REDRAW);
	see(screen, "pages present: 16");
	expect_order(press(screen, ' '), LEARN_PREPARE, 1);
	be_ready(screen, 1);
	press(screen, ' ');
	be_done(screen, 1, "++");
	action = press(screen, 'm');
	assert_int_equal(action.kind, ACTION_OPEN_PID);
	assert_int_equal(action.pid, 4711);
	expect_order(press(screen, KEY_UI_ESCAPE), LEARN_LEAVE, 0);
	see(screen, "2 lessons");
	screen->ops->free(screen);
}

static void test_end_leads_to_the_next_lesson(void **state)
{
	struct screen *screen = open_first();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		be_ready(screen, i);
		press(screen, ' ');
		be_done(screen, i, "++");
		if (i == 2)
			see(screen, "The lesson ends here.");
		press(screen, ' ');
	}
	see(screen, "Another: 1 step");
	screen->ops->free(screen);
}

static void test_table_and_way(void **state)
{
	struct screen *screen = open_first();

	(void)state;
	be_ready(screen, 0);
	press(screen, ' ');
	be_done(screen, 0, "++");
	press(screen, ' ');
	be_ready(screen, 1);
	see(screen, "socket");
	miss(screen, "shared");
	press(screen, ' ');
	be_done(screen, 1, "+x");
	assert_true(is_on(screen, &ascii, 80, 24, "traditional  2"));
	assert_true(is_on(screen, &ascii, 200, 50, "traditional         2"));
	see(screen, "copied");
	see(screen, "no, not 1");
	press(screen, ' ');
	be_ready(screen, 2);
	/* Where the question is about it, the way does not tell. */
	see(screen, "heap buffer");
	miss(screen, "copy by CPU");
	press(screen, ' ');
	be_done(screen, 2, "?");
	see(screen, "copy by CPU");
	screen->ops->free(screen);
}

/* Where the text first stands: row * 1000 + column, or -1. */
static int place_of(struct screen *screen, int columns, int rows, const char *text)
{
	struct canvas *canvas = canvas_new(columns, rows);
	int place = -1;

	screen->ops->draw(screen, canvas, &ascii, 0);
	for (int y = 0; y < rows && place < 0; y++) {
		char *line = canvas_line(canvas, y), *at = strstr(line, text);

		if (at)
			place = y * 1000 + (int)(at - line);
		free(line);
	}
	canvas_free(canvas);
	return place;
}

/* What the picture says of its cells stands under it: it moves where the picture does. */
static void test_picture_keeps_its_place(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 120, 36 }, { 200, 50 } };
	static const char *const marks[] = { "before", "absent" };
	int places[3][2];
	struct screen *screen = open_first();

	(void)state;
	be_ready(screen, 0);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 2; j++)
			places[i][j] = place_of(screen, sizes[i][0], sizes[i][1], marks[j]);
	press(screen, ' ');
	be_done(screen, 0, "++");
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 2; j++) {
			assert_true(places[i][j] > 0);
			assert_int_equal(place_of(screen, sizes[i][0], sizes[i][1], marks[j]),
					 places[i][j]);
		}
	screen->ops->free(screen);
}

/* One page of the page cache becomes dirty: that is a difference, where there is room for it. */
static void test_page_cache_in_the_picture(void **state)
{
	struct screen *screen = open_first();
	struct step_result *result = step_result_new(&first, 0);
	struct lesson_region *cache;

	(void)state;
	be_ready(screen, 0);
	press(screen, ' ');
	add_region(result, 64, true);
	add_region(result, 64, false);
	cache = &result->regions[1];
	cache->index = LESSON_CACHE;
	strcpy(cache->name, "page cache");
	cache->has_frames = false;
	cache->has_flags = true;
	cache->nr_after = 64;
	cache->before[5].state = cache->after[5].state = PAGE_PRESENT | PAGE_FILE;
	cache->after[5].flags = KPF_BIT(KPF_DIRTY);
	result->performed = true;
	step_result_judge(result);
	give(screen, &first, 0, STAGE_DONE, result);
	see(screen, "anonymous: 64 pages");
	assert_true(is_on(screen, &ascii, 120, 36, "page cache: 64 pages"));
	assert_true(is_on(screen, &ascii, 120, 36, "1 differs"));
	assert_false(is_on(screen, &ascii, 80, 24, "page cache: 64 pages"));
	screen->ops->free(screen);
}

/* Two of three descriptors are one struct file; where each stands afterwards is not told before. */
static void test_descriptors_in_the_picture(void **state)
{
	struct screen *screen = open_first();

	(void)state;
	for (int done = 0; done < 2; done++) {
		struct step_result *result = step_result_new(&first, 0);

		add_region(result, 8, done);
		result->nr_descriptors = 3;
		for (int i = 0; i < 3; i++) {
			struct lesson_descriptor *descriptor = &result->descriptors[i];

			descriptor->fd = 5 + i;
			descriptor->open_file = i == 1;
			descriptor->has_open_file = i < 2;
			descriptor->before = (struct reading){ .value = 7 };
			descriptor->after = (struct reading){ .value = i == 1 ? 7 : 107 };
		}
		result->performed = done;
		step_result_judge(result);
		give(screen, &first, 0, done ? STAGE_DONE : STAGE_READY, result);
		assert_true(is_on(screen, &ascii, 80, 24,
				  done ? "fd 5   >  A             7 > 107"
				       : "fd 5   >  A             7 > ?"));
		assert_true(is_on(screen, &ascii, 80, 24,
				  done ? "fd 6   >  B             7 > 7"
				       : "fd 6   >  B             7 > ?"));
		/* Whether it is one of these the kernel did not tell. */
		assert_true(is_on(screen, &ascii, 80, 24,
				  done ? "fd 7   >  ?             7 > 107"
				       : "fd 7   >  ?             7 > ?"));
		see(screen, "anonymous: 8 pages");
	}
	screen->ops->free(screen);
}

/* An address is taken apart before the action, and led to its frame after it. */
static void test_address_taken_apart(void **state)
{
	static const struct lesson_step step = { .title = "Split",
						 .prose = "Prose.",
						 .action = "a",
						 .split_bytes = { 0x2a8 },
						 .nr_split = 1,
						 .claims = claims,
						 .nr_claims = 2 };
	static const struct lesson lesson = {
		.name = "split", .title = "Split", .summary = "s", .steps = &step, .nr_steps = 1
	};
	static const struct lesson *const list[] = { &lesson };
	struct screen *screen = screen_learn_new(list, 1);

	(void)state;
	press(screen, KEY_UI_ENTER);
	for (int done = 0; done < 2; done++) {
		struct step_result *result = step_result_new(&lesson, 0);

		add_region(result, 16, done);
		result->geometry = geometry_make(4096, 47);
		result->regions[0].start_addr = UINT64_C(0x7f59fea63000);
		result->performed = done;
		step_result_judge(result);
		give(screen, &lesson, 0, done ? STAGE_DONE : STAGE_READY, result);
		see(screen, "address 7f59fea632a8");
		see(screen, "PGD 254 PUD 359 PMD 501 PTE 99 +2a8");
		see(screen, done ? "> frame 1000, physical 10002a8" : "> no frame yet");
	}
	screen->ops->free(screen);
}

/* A change is said as people say it; what counts faults is not. */
static void test_changes_in_words(void **state)
{
	static const struct lesson_claim changes[] = {
		{ "they go", QUANTITY_PRESENT, CLAIM_CHANGE, CLAIM_EQUAL, .expected = -4 },
		{ "they stay", QUANTITY_MAPPED, CLAIM_CHANGE, CLAIM_EQUAL, .expected = 0 },
		{ "they come", QUANTITY_CACHED, CLAIM_CHANGE, CLAIM_EQUAL, .expected = 3 },
		{ "bytes", QUANTITY_READ_BYTES, CLAIM_CHANGE, CLAIM_EQUAL, .expected = 0 },
		{ "so it says", QUANTITY_SAID_YES, .expected = 1 },
	};
	static const struct lesson_step step = { .title = "Changes",
						 .prose = "Prose.",
						 .action = "a",
						 .claims = changes,
						 .nr_claims = 5 };
	static const struct lesson lesson = {
		.name = "changes", .title = "Changes", .summary = "s", .steps = &step, .nr_steps = 1
	};
	static const struct lesson *const list[] = { &lesson };
	struct screen *screen = screen_learn_new(list, 1);
	struct step_result *result = step_result_new(&lesson, 0);

	(void)state;
	press(screen, KEY_UI_ENTER);
	for (size_t i = 0; i < 5; i++) {
		result->claims[i].before = (struct reading){ .value = 0 };
		result->claims[i].after = (struct reading){ .value = changes[i].expected };
	}
	result->performed = true;
	step_result_judge(result);
	give(screen, &lesson, 0, STAGE_DONE, result);
	see(screen, "pages present: 4 fewer");
	see(screen, "pages in a VMA: as before");
	see(screen, "pages cached: 3 more");
	see(screen, "bytes read from storage: 0");
	see(screen, "the program reports: yes");
	screen->ops->free(screen);
}

static void test_failed_step(void **state)
{
	struct screen *screen = open_first();
	struct step_result *result = step_result_new(&first, 0);

	(void)state;
	be_ready(screen, 0);
	press(screen, ' ');
	result->performed = true;
	result->error = -32;
	strcpy(result->error_text, "the pupil has \x1b ended");
	step_result_refuse(result, WHY_GONE, result->error_text);
	give(screen, &first, 0, STAGE_DONE, result);
	see(screen, "! the pupil has \\x1b ended");
	expect_order(press(screen, 'r'), LEARN_PREPARE, 0);
	screen->ops->free(screen);
}

static void test_any_size_is_survived(void **state)
{
	struct screen *screen = open_first();

	(void)state;
	be_ready(screen, 0);
	press(screen, ' ');
	be_done(screen, 0, "x?");
	for (int columns = 80; columns < 320; columns += 7)
		for (int rows = 24; rows < 100; rows += 5)
			assert_true(is_on(screen, &rich, columns, rows, "The first step"));
	screen->ops->free(screen);
}

/* True where some text is cut. */
static bool is_cut(struct screen *screen, int columns, int rows)
{
	struct canvas *canvas = canvas_new(columns, rows);
	bool found = false;

	screen->ops->draw(screen, canvas, &ascii, 0);
	for (int y = 1; y < rows; y++)
		for (int x = 0; x < columns; x++)
			found |= canvas_at(canvas, x, y)->ch == '~';
	canvas_free(canvas);
	return found;
}

static const char *last_word(const char *text)
{
	const char *space = strrchr(text, ' ');

	return space ? space + 1 : text;
}

static void expect_fits(struct screen *screen, const struct lesson *lesson, size_t step,
			const char *text, const char *when)
{
	if (is_cut(screen, 80, 24) || !is_on(screen, &ascii, 80, 24, last_word(text)))
		fail_msg("%s, step %zu: does not fit 80x24 %s", lesson->name, step + 1, when);
}

/* Every word of every lesson has its room in the smallest terminal. */
static void test_real_lessons_fit(void **state)
{
	(void)state;
	for (size_t l = 0; l < nr_lessons; l++) {
		const struct lesson *lesson = lessons[l];
		struct screen *screen = screen_learn_new(lessons, nr_lessons);

		screen_learn_open(screen, l);
		for (size_t i = 0; i < lesson->nr_steps; i++) {
			const struct lesson_step *step = &lesson->steps[i];
			struct step_result *result = step_result_new(lesson, i);

			give(screen, lesson, i, STAGE_READY, result);
			expect_fits(screen, lesson, i, step->prose, "before");
			press(screen, '1');
			press(screen, ' ');
			result = step_result_new(lesson, i);
			for (size_t j = 0; j < result->nr_claims; j++) {
				struct claim_result *claim = &result->claims[j];

				claim->before = claim->after = (struct reading){ 0 };
				if (claim->claim->when == CLAIM_BEFORE)
					claim->before.value = claim->claim->expected;
				else
					claim->after.value = claim->claim->expected;
			}
			result->performed = true;
			step_result_judge(result);
			give(screen, lesson, i, STAGE_DONE, result);
			expect_fits(screen, lesson, i, step->prose, "after");
			if (step->question)
				expect_fits(screen, lesson, i, step->question->why, "revealed");
			press(screen, ' ');
		}
		screen->ops->free(screen);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_nothing_is_told_before),
		cmocka_unit_test(test_right_answer),
		cmocka_unit_test(test_wrong_answer_and_none),
		cmocka_unit_test(test_claims_fail_and_are_unknown),
		cmocka_unit_test(test_mark_differs_by_verdict),
		cmocka_unit_test(test_forward_and_back),
		cmocka_unit_test(test_end_leads_to_the_next_lesson),
		cmocka_unit_test(test_table_and_way),
		cmocka_unit_test(test_picture_keeps_its_place),
		cmocka_unit_test(test_page_cache_in_the_picture),
		cmocka_unit_test(test_descriptors_in_the_picture),
		cmocka_unit_test(test_address_taken_apart),
		cmocka_unit_test(test_changes_in_words),
		cmocka_unit_test(test_failed_step),
		cmocka_unit_test(test_any_size_is_survived),
		cmocka_unit_test(test_real_lessons_fit),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
