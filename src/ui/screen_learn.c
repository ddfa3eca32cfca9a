/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 7. A list, and behind each line of it a lesson. A step is first prepared, and what is
 * there before is shown with the prose and the question; a key has its action done, and then
 * what was there after, the answer and the claims appear. Nothing goes on without a key unless
 * the worker was told to. Results stay with their steps, so that going back shows them again.
 */
#include "ui/screen_learn.h"

#include "base/xalloc.h"
#include "ui/draw.h"
#include "ui/learn_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct action nothing = { .kind = ACTION_NONE };
static const struct action redraw = { .kind = ACTION_REDRAW };

static struct screen_learn *learn_of(struct screen *screen)
{
	return (struct screen_learn *)screen;
}

static const struct screen_learn *learn_of_const(const struct screen *screen)
{
	return (const struct screen_learn *)screen;
}

/* ---- where it stands ---- */

size_t learn_nr_steps(const struct screen_learn *learn)
{
	size_t nr = learn->lesson->nr_steps;

	return nr < LEARN_MAX_STEPS ? nr : LEARN_MAX_STEPS;
}

bool learn_is_done(const struct screen_learn *learn)
{
	const struct step_result *result = learn->steps[learn->step].result;

	return result && result->performed;
}

bool learn_in_stage(const struct screen_learn *learn, enum lesson_stage stage)
{
	const struct lesson_view *view = learn->view;

	return view && view->lesson == learn->lesson && view->step == learn->step &&
	       view->stage == stage;
}

bool learn_is_asking(const struct screen_learn *learn)
{
	return learn->lesson && learn_lesson_step(learn)->question && !learn_is_done(learn) &&
	       !learn_in_stage(learn, STAGE_ACTING);
}

static void forget_step(struct learn_step *step)
{
	step_result_unref(step->result);
	*step = (struct learn_step){ .cursor = NO_CHOICE, .choice = NO_CHOICE };
}

static void forget_steps(struct screen_learn *learn)
{
	for (size_t i = 0; i < LEARN_MAX_STEPS; i++)
		forget_step(&learn->steps[i]);
}

/* ---- keys that are offered ---- */

static size_t list_keys(const struct screen *screen, struct key_row *rows, size_t room)
{
	static const struct key_row in_list[] = {
		{ "Up Down", "choose", "Choose a lesson; also Home and End." },
		{ "Enter", "open", "Begin the lesson." },
		{ "c", "palette", "The next palette: dark, contrast (projector), light." },
		{ "?", "help", "This explanation." },
		{ "Esc", "back", "To the screen before." },
		{ "q", "quit", "Leave pagewalk." },
	};
	static const struct key_row choose[] = {
		{ "1", "predict", "Mark your prediction; also Up and Down." },
		{ "1-2", "predict", "Mark your prediction; also Up and Down." },
		{ "1-3", "predict", "Mark your prediction; also Up and Down." },
		{ "1-4", "predict", "Mark your prediction; also Up and Down." },
	};
	static const struct key_row reveal = { "Enter", "reveal",
					       "Have it done, and see what was right." };
	static const struct key_row forward = {
		"Space", "forward", "Have the step done, or to the next one; also Right, Page Down."
	};
	static const struct key_row in_lesson[] = {
		{ "Left", "back", "To the step before, as it was left; also Page Up." },
		{ "r", "repeat", "The step once more from its beginning." },
		{ "Esc", "list", "To the list of lessons; the lesson's process ends." },
		{ "c", "palette", "The next palette: dark, contrast (projector), light." },
		{ "?", "help", "This explanation." },
		{ "q", "quit", "Leave pagewalk." },
	};
	static const struct key_row map = { "m", "map", "The lesson's process in screen 1." };
	const struct screen_learn *learn = learn_of_const(screen);
	const struct key_row *all = learn->lesson ? in_lesson : in_list;
	size_t nr_all = sizeof(in_lesson) / sizeof(in_lesson[0]), nr = 0;

	if (learn->lesson && learn_is_asking(learn) && room >= 2) {
		rows[nr++] = choose[learn_nr_choices(learn_lesson_step(learn)->question) - 1];
		rows[nr++] = reveal;
	}
	if (learn->lesson && nr < room)
		rows[nr++] = forward;
	if (learn->lesson && learn->view && learn->view->pid && nr < room)
		rows[nr++] = map;
	for (size_t i = 0; i < nr_all && nr < room; i++)
		rows[nr++] = all[i];
	return nr;
}

static void draw(struct screen *screen, struct canvas *canvas, const struct theme *theme,
		 uint64_t now_ns)
{
	struct screen_learn *learn = learn_of(screen);
	struct key_row keys[12];

	(void)now_ns;
	learn_draw_title(learn, canvas);
	if (learn->lesson)
		learn_draw_lesson(learn, canvas, theme);
	else
		learn_draw_list(learn, canvas, theme);
	draw_keys(canvas, canvas_rows(canvas) - 1, keys, list_keys(screen, keys, 12));
}

/* ---- keys ---- */

static struct action command(enum learn_command learn_command, uint64_t arg, uint64_t nr)
{
	return (struct action){
		.kind = ACTION_LEARN, .learn_command = learn_command, .arg = arg, .nr = nr
	};
}

void screen_learn_open(struct screen *screen, size_t index)
{
	struct screen_learn *learn = learn_of(screen);

	forget_steps(learn);
	learn->cursor = index;
	learn->lesson = learn->lessons[index];
	learn->step = 0;
	learn->hint = false;
}

static struct action open_chosen(struct screen_learn *learn)
{
	if (learn->cursor >= learn->nr_lessons)
		return nothing;
	screen_learn_open(&learn->base, learn->cursor);
	return command(LEARN_BEGIN, learn->cursor, 0);
}

static struct action move_in_list(struct screen_learn *learn, long by)
{
	long to = (long)learn->cursor + by, last = (long)learn->nr_lessons - 1;

	if (to > last)
		to = last;
	learn->cursor = to < 0 ? 0 : (size_t)to;
	return redraw;
}

static struct action leave(struct screen_learn *learn)
{
	forget_steps(learn);
	learn->lesson = NULL;
	learn->hint = false;
	return command(LEARN_LEAVE, 0, 0);
}

/* To a step; one that was done is shown as it was left, any other is prepared. */
static struct action go_to(struct screen_learn *learn, size_t step)
{
	learn->step = step;
	if (learn_is_done(learn))
		return redraw;
	forget_step(&learn->steps[step]);
	return command(LEARN_PREPARE, step, 0);
}

static struct action perform(struct screen_learn *learn)
{
	struct learn_step *step = &learn->steps[learn->step];

	if (!learn_in_stage(learn, STAGE_READY))
		return nothing;
	step->choice = learn_lesson_step(learn)->question ? step->cursor : NO_CHOICE;
	return command(LEARN_PERFORM, learn->step, step->choice);
}

static struct action forward(struct screen_learn *learn)
{
	if (!learn_is_done(learn))
		return perform(learn);
	if (learn->step + 1 < learn_nr_steps(learn))
		return go_to(learn, learn->step + 1);
	/* Behind the last step lies the list, at the next lesson. */
	if (learn->cursor + 1 < learn->nr_lessons)
		learn->cursor++;
	return leave(learn);
}

static struct action back(struct screen_learn *learn)
{
	return learn->step ? go_to(learn, learn->step - 1) : nothing;
}

static struct action repeat(struct screen_learn *learn)
{
	forget_step(&learn->steps[learn->step]);
	return command(LEARN_PREPARE, learn->step, 0);
}

static struct action mark_choice(struct screen_learn *learn, unsigned choice)
{
	const struct lesson_question *question = learn_lesson_step(learn)->question;

	if (!learn_is_asking(learn) || choice >= LESSON_CHOICES || !question->choices[choice])
		return nothing;
	learn->steps[learn->step].cursor = choice;
	return redraw;
}

static struct action move_choice(struct screen_learn *learn, bool down)
{
	unsigned cursor = learn->steps[learn->step].cursor;

	if (cursor == NO_CHOICE)
		return mark_choice(learn, 0);
	if (!down && !cursor)
		return nothing;
	return mark_choice(learn, down ? cursor + 1 : cursor - 1);
}

static struct action enter(struct screen_learn *learn)
{
	if (!learn_is_asking(learn) || learn->steps[learn->step].cursor != NO_CHOICE)
		return forward(learn);
	learn->hint = true;
	return redraw;
}

static struct action open_map(const struct screen_learn *learn)
{
	if (!learn->view || !learn->view->pid)
		return nothing;
	return (struct action){ .kind = ACTION_OPEN_PID, .pid = learn->view->pid };
}

/* Keys that do the same in the list and in a lesson. */
static struct action common_event(const struct ui_event *event)
{
	switch (event->key) {
	case '?':
	case KEY_UI_F1:
		return (struct action){ .kind = ACTION_HELP };
	case 'c':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE };
	case 'q':
		return (struct action){ .kind = ACTION_QUIT };
	default:
		return nothing;
	}
}

static struct action list_event(struct screen_learn *learn, const struct ui_event *event)
{
	switch (event->key) {
	case KEY_UI_UP:
	case KEY_UI_WHEEL_UP:
	case 'k':
		return move_in_list(learn, -1);
	case KEY_UI_DOWN:
	case KEY_UI_WHEEL_DOWN:
	case 'j':
		return move_in_list(learn, 1);
	case KEY_UI_PAGE_UP:
	case KEY_UI_HOME:
		return move_in_list(learn, -(long)learn->nr_lessons);
	case KEY_UI_PAGE_DOWN:
	case KEY_UI_END:
		return move_in_list(learn, (long)learn->nr_lessons);
	case KEY_UI_ENTER:
	case KEY_UI_RIGHT:
	case ' ':
		return open_chosen(learn);
	case KEY_UI_ESCAPE:
		return (struct action){ .kind = ACTION_BACK };
	default:
		return common_event(event);
	}
}

static struct action lesson_event(struct screen_learn *learn, const struct ui_event *event)
{
	if (event->key >= '1' && event->key <= '9')
		return mark_choice(learn, (unsigned)(event->key - '1'));
	switch (event->key) {
	case KEY_UI_RIGHT:
	case KEY_UI_PAGE_DOWN:
	case ' ':
		return forward(learn);
	case KEY_UI_LEFT:
	case KEY_UI_PAGE_UP:
		return back(learn);
	case KEY_UI_UP:
		return move_choice(learn, false);
	case KEY_UI_DOWN:
		return move_choice(learn, true);
	case KEY_UI_ENTER:
		return enter(learn);
	case 'r':
		return repeat(learn);
	case 'm':
		return open_map(learn);
	case KEY_UI_ESCAPE:
		return leave(learn);
	default:
		return common_event(event);
	}
}

static struct action handle_event(struct screen *screen, const struct ui_event *event)
{
	struct screen_learn *learn = learn_of(screen);

	learn->hint = false;
	learn->said[0] = '\0';
	return learn->lesson ? lesson_event(learn, event) : list_event(learn, event);
}

/* Digits are choices while there is a choice. */
static bool is_typing(const struct screen *screen)
{
	return learn_is_asking(learn_of_const(screen));
}

/* ---- what the worker says ---- */

void screen_learn_set_view(struct screen *screen, struct lesson_view *view)
{
	struct screen_learn *learn = learn_of(screen);
	struct learn_step *step;

	lesson_view_unref(learn->view);
	learn->view = lesson_view_ref(view);
	if (!learn->lesson || view->lesson != learn->lesson || view->step >= learn_nr_steps(learn))
		return;
	if (view->by_itself)
		learn->step = view->step;
	if (!view->result)
		return;
	step = &learn->steps[view->step];
	step_result_unref(step->result);
	step->result = step_result_ref(view->result);
}

void screen_learn_say(struct screen *screen, const char *text)
{
	struct screen_learn *learn = learn_of(screen);

	snprintf(learn->said, sizeof(learn->said), "%s", text);
}

static void free_learn(struct screen *screen)
{
	struct screen_learn *learn = learn_of(screen);

	forget_steps(learn);
	lesson_view_unref(learn->view);
	free(learn);
}

static const struct screen_ops learn_ops = {
	.number = 7,
	.name = "learn",
	.about = "Lessons on the real kernel. Each step says what is about to happen and asks for "
		 "a prediction; a key has it done by a small process, and then the map before and "
		 "after stands side by side, with the pages that differ marked. Each claim is "
		 "measured: a tick says that it held, a cross that it did not, and a question mark "
		 "that it could not be measured here, and why.",
	.draw = draw,
	.event = handle_event,
	.keys = list_keys,
	.is_typing = is_typing,
	.free = free_learn,
};

struct screen *screen_learn_new(const struct lesson *const *lessons, size_t nr)
{
	struct screen_learn *learn = xcalloc(1, sizeof(*learn));

	learn->base.ops = &learn_ops;
	learn->lessons = lessons;
	learn->nr_lessons = nr;
	forget_steps(learn);
	return &learn->base;
}
