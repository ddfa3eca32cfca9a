/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lessons, what their claims measured, and a student's answers, as JSON. */
#include "out/learn.h"

#include "out/json.h"

static void set_count(json_t *object, const char *field, uint64_t count)
{
	json_object_set_new(object, field, json_integer((json_int_t)count));
}

static void set_text(json_t *object, const char *field, const char *text)
{
	json_object_set_new(object, field, json_text(text));
}

int out_lessons_json(FILE *out, const struct lesson *const *lessons, size_t nr,
		     const struct lesson_powers *powers, uint64_t taken_ns)
{
	json_t *document = json_document("learn", taken_ns), *array = json_array();

	for (size_t i = 0; i < nr; i++) {
		json_t *object = json_object();
		size_t nr_claims, nr_frames;
		char missing[LESSON_REASON];

		lesson_count_claims(lessons[i], &nr_claims, &nr_frames);
		set_text(object, "name", lessons[i]->name);
		set_text(object, "title", lessons[i]->title);
		set_count(object, "nr_steps", lessons[i]->nr_steps);
		set_count(object, "nr_claims", nr_claims);
		set_text(object, "missing",
			 lesson_missing(lessons[i], powers, missing, sizeof(missing)));
		json_array_append_new(array, object);
	}
	json_object_set_new(document, "lessons", array);
	return json_print(out, document);
}

static json_t *claim_json(const struct claim_result *result)
{
	static const char *const relations[] = { "=", "!=", ">=", "<=" };
	static const char *const whens[] = { "after", "before", "change" };
	const struct lesson_claim *claim = result->claim;
	json_t *object = json_object();

	set_text(object, "claim", claim->text);
	set_text(object, "quantity", quantity_name(claim->quantity));
	set_text(object, "source", quantity_source(claim->quantity));
	set_text(object, "when", whens[claim->when]);
	set_text(object, "relation", relations[claim->relation]);
	json_object_set_new(object, "expected", json_integer((json_int_t)claim->expected));
	if (result->verdict == VERDICT_UNKNOWN) {
		json_set_unknown(object, "measured", result->reason);
		json_set_unknown(object, "holds", result->reason);
		return object;
	}
	json_object_set_new(object, "measured", json_integer((json_int_t)result->measured));
	json_object_set_new(object, "holds", json_boolean(result->verdict == VERDICT_HELD));
	return object;
}

static json_t *step_json(const struct step_result *result)
{
	json_t *object = json_object(), *claims = json_array();

	set_text(object, "title", result->lesson->steps[result->step].title);
	set_count(object, "tries", result->nr_tries);
	set_count(object, "taken_ns", result->taken_ns);
	for (size_t i = 0; i < result->nr_claims; i++)
		json_array_append_new(claims, claim_json(&result->claims[i]));
	json_object_set_new(object, "claims", claims);
	return object;
}

int out_learn_json(FILE *out, struct step_result *const *results, size_t nr, uint64_t taken_ns)
{
	json_t *document = json_document("learn", taken_ns), *lessons = json_array(), *steps = NULL;
	const struct lesson *lesson = NULL;

	for (size_t i = 0; i < nr; i++) {
		if (results[i]->lesson != lesson) {
			json_t *object = json_object();

			lesson = results[i]->lesson;
			steps = json_array();
			set_text(object, "name", lesson->name);
			set_text(object, "title", lesson->title);
			json_object_set_new(object, "steps", steps);
			json_array_append_new(lessons, object);
		}
		json_array_append_new(steps, step_json(results[i]));
	}
	json_object_set_new(document, "lessons", lessons);
	return json_print(out, document);
}

int out_answers_json(FILE *out, const struct lesson_answer *answers, size_t nr, uint64_t taken_ns)
{
	json_t *document = json_document("learn", taken_ns), *array = json_array();

	for (size_t i = 0; i < nr; i++) {
		const struct lesson_step *step = &answers[i].lesson->steps[answers[i].step];
		json_t *object = json_object();

		set_text(object, "lesson", answers[i].lesson->name);
		set_count(object, "step", answers[i].step + 1);
		set_text(object, "question", step->question->text);
		set_text(object, "choice", step->question->choices[answers[i].choice]);
		json_object_set_new(object, "correct",
				    json_boolean(answers[i].choice == step->question->right));
		json_array_append_new(array, object);
	}
	json_object_set_new(document, "answers", array);
	return json_print(out, document);
}
