/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lessons for people, and claims as TAP: a claim that could not be measured is a SKIP with its
 * reason, one that failed says what was measured. Version 13 of TAP has all that is used here, and
 * prove(1) of many systems knows no later one.
 */
#include "out/learn.h"

#include "out/wrap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static int written(FILE *out)
{
	if (fflush(out))
		return -errno;
	return ferror(out) ? -EIO : 0;
}

int out_lessons_text(FILE *out, const struct lesson *const *lessons, size_t nr,
		     const struct lesson_powers *powers)
{
	fprintf(out, "%-12s %-45s %5s  %s\n", "LESSON", "TITLE", "STEPS", "HERE AND NOW");
	for (size_t i = 0; i < nr; i++) {
		char missing[LESSON_REASON];
		const struct lesson *lesson = lessons[i];

		lesson_missing(lesson, powers, missing, sizeof(missing));
		fprintf(out, "%-12s %-45s %5zu  %s%s\n", lesson->name, lesson->title,
			lesson->nr_steps, missing[0] ? "needs " : "all of it",
			missing[0] ? missing : "");
	}
	return written(out);
}

static void print_question(FILE *out, const struct lesson_question *question)
{
	out_wrapped(out, "  ? ", question->text);
	for (unsigned i = 0; i < LESSON_CHOICES && question->choices[i]; i++)
		fprintf(out, "      %u) %s\n", i + 1, question->choices[i]);
	fprintf(out, "    Answer: %u\n", question->right + 1);
	out_wrapped(out, "    ", question->why);
}

static void print_claims(FILE *out, const struct lesson_step *step)
{
	for (size_t i = 0; i < step->nr_claims; i++) {
		const struct lesson_claim *claim = &step->claims[i];
		char expected[64];

		fprintf(out, "  - %s (%s: %s, by %s)\n", claim->text,
			quantity_name(claim->quantity),
			claim_expected_text(claim, expected, sizeof(expected)),
			quantity_source(claim->quantity));
	}
}

int out_lesson_text(FILE *out, const struct lesson *lesson)
{
	fprintf(out, "%s: %s\n", lesson->name, lesson->title);
	for (size_t i = 0; i < lesson->nr_steps; i++) {
		const struct lesson_step *step = &lesson->steps[i];

		fprintf(out, "\n%zu. %s\n\n", i + 1, step->title);
		out_wrapped(out, "  ", step->prose);
		if (step->question) {
			fputc('\n', out);
			print_question(out, step->question);
		}
		fputc('\n', out);
		print_claims(out, step);
	}
	return written(out);
}

int out_tap_begin(FILE *out, size_t nr_claims)
{
	fprintf(out, "TAP version 13\n1..%zu\n", nr_claims);
	return written(out);
}

/* In a description "#" would begin a directive. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '#' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void print_claim(FILE *out, const struct step_result *result,
			const struct claim_result *claim, size_t nr)
{
	char expected[64];

	fprintf(out, "%s %zu - ", claim->verdict == VERDICT_NOT_HELD ? "not ok" : "ok", nr);
	fprintf(out, "%s %zu: ", result->lesson->name, result->step + 1);
	print_escaped(out, claim->claim->text);
	if (claim->verdict == VERDICT_UNKNOWN) {
		fprintf(out, " # SKIP %s\n", claim->reason);
		return;
	}
	fputc('\n', out);
	fprintf(out, "  ---\n  quantity: %s\n  expected: %s\n  measured: %" PRId64 "\n",
		quantity_name(claim->claim->quantity),
		claim_expected_text(claim->claim, expected, sizeof(expected)), claim->measured);
	fprintf(out, "  source: \"%s\"\n  ...\n", quantity_source(claim->claim->quantity));
}

int out_tap_step(FILE *out, const struct step_result *result, size_t *nr)
{
	fprintf(out, "# %s %zu: %s", result->lesson->name, result->step + 1,
		result->lesson->steps[result->step].title);
	if (result->nr_tries > 1)
		fprintf(out, " (done %u times%s)", result->nr_tries,
			result->verdict == VERDICT_NOT_HELD ? "" : ": the state had decayed");
	fputc('\n', out);
	for (size_t i = 0; i < result->nr_claims; i++)
		print_claim(out, result, &result->claims[i], ++*nr);
	return written(out);
}
