/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 7 of the real program on the real kernel: a whole lesson by keys, a pupil that is
 * killed, other sizes, the way back, and the answers in their file.
 */
#include "drive.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct pty *open_lesson(int columns, int rows, const char *name)
{
	const char *const args[] = { "learn", name, NULL };
	struct pty *pty = drive_start(columns, rows, args, NULL);

	drive_see(pty, "Your prediction?");
	return pty;
}

static bool is_done(struct pty *pty, void *arg)
{
	(void)arg;
	return drive_count(pty, "Done.") || drive_count(pty, "Done, at") ||
	       drive_count(pty, "The lesson ends here.");
}

static bool is_ready(struct pty *pty, void *arg)
{
	(void)arg;
	return drive_count(pty, "Your prediction?") || drive_count(pty, "Ready: Space");
}

static void test_a_whole_lesson(void **state)
{
	struct pty *pty = open_lesson(80, 24, "fault-anon");
	int asked;

	(void)state;
	drive_see(pty, "step 1 of ");
	pty_keys(pty, "\r");
	drive_see(pty, "Predict first");
	pty_keys(pty, "3\r");
	drive_see(pty, "predicted right");
	drive_see(pty, "minor faults");
	drive_see(pty, "16 differ");
	/* Forward by each of its keys, until the last step. */
	for (int step = 2; !drive_count(pty, "The lesson ends here."); step++) {
		pty_key(pty, step % 2 ? PTY_KEY_RIGHT : PTY_KEY_PAGE_DOWN);
		drive_see(pty, "step %d of ", step);
		drive_until(pty, is_ready, NULL, "the step ready");
		asked = drive_count(pty, "Your prediction?");
		pty_key(pty, PTY_KEY_DOWN);
		pty_key(pty, PTY_KEY_ENTER);
		drive_until(pty, is_done, NULL, "the step done");
		if (asked)
			drive_see(pty, "predicted");
	}
	pty_key(pty, PTY_KEY_LEFT);
	drive_gone(pty, "The lesson ends here.");
	drive_see(pty, "Done");
	pty_keys(pty, "r");
	drive_until(pty, is_ready, NULL, "the step ready again");
	pty_key(pty, PTY_KEY_ESCAPE);
	drive_see(pty, "15 lessons");
	drive_quit(pty);
}

/* The list opens without a name; a digit there leads to another screen, in a question not. */
static void test_list_sizes_and_screens(void **state)
{
	static const char *const args[] = { "learn", NULL };
	struct pty *pty = drive_start(80, 24, args, NULL);

	(void)state;
	drive_see(pty, "15 lessons");
	pty_keys(pty, "6");
	drive_see(pty, "screen 6 is opened by: pagewalk lab");
	pty_keys(pty, "\r");
	drive_see(pty, "Your prediction?");
	pty_resize(pty, 120, 36);
	drive_see(pty, "16 pages");
	pty_resize(pty, 60, 10);
	drive_see(pty, "is too small:");
	pty_resize(pty, 200, 50);
	drive_see(pty, "Your prediction?");
	pty_keys(pty, "2\r");
	drive_see(pty, "predicted right");
	pty_keys(pty, "m");
	drive_see(pty, "PHYSICAL FRAMES");
	drive_see(pty, "pagewalk-pupil");
	/* Back to the lesson as it was. */
	pty_keys(pty, "7");
	drive_see(pty, "predicted right");
	drive_quit(pty);
}

/* A child of the program's threads, or 0. */
static pid_t find_child(pid_t parent)
{
	char path[64];
	pid_t child = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)parent);
	dir = opendir(path);
	while (dir && !child && (entry = readdir(dir))) {
		char name[400], text[32] = "";
		FILE *file;

		snprintf(name, sizeof(name), "%s/%s/children", path, entry->d_name);
		file = fopen(name, "r");
		if (file && fgets(text, sizeof(text), file))
			child = (pid_t)atoi(text);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	return child;
}

static void test_a_killed_pupil(void **state)
{
	struct pty *pty = open_lesson(80, 24, "fault-anon");
	pid_t pupil = find_child(pty_pid(pty));

	(void)state;
	assert_true(pupil > 0);
	kill(pupil, SIGKILL);
	pty_keys(pty, " ");
	drive_see(pty, "the pupil has ended");
	/* A new one does it. */
	pty_keys(pty, "r");
	drive_see(pty, "Your prediction?");
	pty_keys(pty, "3\r");
	drive_see(pty, "predicted right");
	drive_see(pty, "16 differ");
	drive_quit(pty);
}

static void test_answers_are_saved(void **state)
{
	char dir[] = "/tmp/pagewalk-answers-XXXXXX", path[64];
	const char *const args[] = { "learn", "copy", "--answers", path, NULL };
	json_t *saved, *list, *answer;
	struct pty *pty;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/answers.json", dir);
	pty = drive_start(80, 24, args, NULL);
	drive_see(pty, "Your prediction?");
	pty_keys(pty, "3\r");
	drive_see(pty, "predicted right: twice");
	pty_keys(pty, " ");
	drive_see(pty, "step 2 of 3");
	drive_see(pty, "Your prediction?");
	pty_keys(pty, "1\r");
	drive_see(pty, "predicted: 2");
	drive_see(pty, "system calls: 1024");
	drive_quit(pty);
	saved = json_load_file(path, 0, NULL);
	list = json_object_get(saved, "answers");
	assert_int_equal(json_array_size(list), 2);
	answer = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(answer, "lesson")), "copy");
	assert_true(json_is_true(json_object_get(answer, "correct")));
	assert_true(json_is_false(json_object_get(json_array_get(list, 1), "correct")));
	json_decref(saved);
	assert_int_equal(unlink(path), 0);
	/* Nothing else was left beside it. */
	assert_int_equal(rmdir(dir), 0);
}

/* Told before the screen opens, in one line. */
static void test_answers_that_cannot_be_saved(void **state)
{
	static const struct {
		const char *path, *says;
	} wrong[] = {
		{ "/nonexistent/answers.json", "No such file or directory" },
		{ "/tmp", "Is a directory" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const args[] = { "learn", "vma", "--answers", wrong[i].path, NULL };
		struct pty *pty = drive_start(80, 24, args, NULL);

		drive_exits(pty, 1);
		if (!pty_find(pty, wrong[i].says, NULL, NULL) || drive_count_lines(pty) != 1)
			drive_fail(pty, "not one line with \"%s\"", wrong[i].says);
		pty_free(pty);
	}
}

static void test_it_goes_by_itself(void **state)
{
	static const char *const args[] = { "learn", "copy", "--pause-none", NULL };
	struct pty *pty = drive_start(80, 24, args, NULL);

	(void)state;
	drive_see(pty, "step 2 of 3");
	drive_see(pty, "The lesson ends here.");
	drive_quit(pty);
}

int main(int argc, char *argv[])
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_lesson),
		cmocka_unit_test(test_list_sizes_and_screens),
		cmocka_unit_test(test_a_killed_pupil),
		cmocka_unit_test(test_answers_are_saved),
		cmocka_unit_test(test_answers_that_cannot_be_saved),
		cmocka_unit_test(test_it_goes_by_itself),
	};

	/* One test alone, by its name or a pattern of it. */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
