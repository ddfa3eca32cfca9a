/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of the real program: read at the start, beaten by the command line, complained of,
 * saved only when asked, and the mouse given back to the terminal.
 */
#include "drive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory for $XDG_CONFIG_HOME, and the file below it. */
struct home {
	char dir[64], env[96], folder[96], file[128];
};

static void make_home(struct home *home)
{
	strcpy(home->dir, "/tmp/pagewalk-config-XXXXXX");
	assert_non_null(mkdtemp(home->dir));
	snprintf(home->env, sizeof(home->env), "XDG_CONFIG_HOME=%s", home->dir);
	snprintf(home->folder, sizeof(home->folder), "%s/pagewalk", home->dir);
	snprintf(home->file, sizeof(home->file), "%s/config", home->folder);
}

static void write_settings(const struct home *home, const char *text)
{
	FILE *out;

	mkdir(home->folder, 0700);
	out = fopen(home->file, "w");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static char *read_settings(const struct home *home)
{
	static char text[8192];
	FILE *in = fopen(home->file, "r");

	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

static void end_home(const struct home *home)
{
	unlink(home->file);
	rmdir(home->folder);
	/* Nothing else was left there. */
	assert_int_equal(rmdir(home->dir), 0);
}

static struct pty *start(const struct home *home, const char *option, const char *value)
{
	const char *const env[] = { home->env, NULL };
	char self[16];
	const char *args[] = { self, option, value, NULL };

	snprintf(self, sizeof(self), "%d", (int)getpid());
	/* Options stand first. */
	if (option) {
		args[0] = option;
		args[1] = value ? value : self;
		args[2] = value ? self : NULL;
	}
	return drive_start(80, 24, args, env);
}

/* The ground that the program draws on; a terminal's own has none. */
static bool has_light_ground(struct pty *pty)
{
	struct pty_cell cell;

	assert_true(pty_cell(pty, 60, 12, &cell));
	return !cell.default_bg && cell.bg.red > 200 && cell.bg.green > 200 && cell.bg.blue > 200;
}

static void test_saves_and_reads(void **state)
{
	struct home home;
	struct stat stat_buf;
	struct pty *pty;

	(void)state;
	make_home(&home);
	pty = start(&home, "--palette", "contrast");
	drive_see(pty, "ADDRESS SPACE");
	/* Nothing is written unasked. */
	assert_int_equal(access(home.file, F_OK), -1);
	assert_true(pty_mouse_reported(pty));
	pty_keys(pty, "c");
	drive_see(pty, "palette: light");
	pty_keys(pty, "y");
	drive_see(pty, "mouse off");
	assert_false(pty_mouse_reported(pty));
	pty_keys(pty, "S");
	drive_see(pty, "settings saved in ");
	drive_quit(pty);
	assert_int_equal(stat(home.file, &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 07777, 0600);
	assert_non_null(strstr(read_settings(&home), "palette = light\n"));
	assert_non_null(strstr(read_settings(&home), "mouse = no\n"));
	pty = start(&home, NULL, NULL);
	drive_see(pty, "ADDRESS SPACE");
	assert_true(has_light_ground(pty));
	assert_false(pty_mouse_reported(pty));
	pty_keys(pty, "y");
	drive_see(pty, "mouse on");
	assert_true(pty_mouse_reported(pty));
	drive_quit(pty);
	/* The command line wins. */
	pty = start(&home, "--palette", "dark");
	drive_see(pty, "ADDRESS SPACE");
	assert_false(has_light_ground(pty));
	drive_quit(pty);
	pty = start(&home, "--no-config", NULL);
	drive_see(pty, "ADDRESS SPACE");
	assert_false(has_light_ground(pty));
	pty_keys(pty, "S");
	drive_see(pty, "settings are not saved");
	drive_quit(pty);
	end_home(&home);
}

static void test_a_bad_file(void **state)
{
	struct home home;
	struct pty *pty;

	(void)state;
	make_home(&home);
	write_settings(&home, "# mine\nmouse = perhaps\nnonsense\npalette = light\n");
	pty = start(&home, NULL, NULL);
	drive_see(pty, "config:2: mouse cannot be \"perhaps\" (and 1 more)");
	drive_see(pty, "ADDRESS SPACE");
	assert_true(has_light_ground(pty));
	pty_keys(pty, "S");
	drive_see(pty, "settings saved in ");
	drive_quit(pty);
	/* The comment and the line that means nothing are the user's. */
	assert_int_equal(strncmp(read_settings(&home),
				 "# mine\nmouse = yes\nnonsense\npalette = light\n", 44),
			 0);
	end_home(&home);
}

/* Nobody asked for the file in its usual place: without it, but saying which and why. */
static void test_a_place_that_cannot_be_read(void **state)
{
	struct home home;
	struct pty *pty;

	(void)state;
	make_home(&home);
	assert_int_equal(mkdir(home.folder, 0700), 0);
	assert_int_equal(mkdir(home.file, 0700), 0);
	pty = start(&home, NULL, NULL);
	drive_see(pty, "settings not read: Is a directory (%s", home.dir);
	drive_see(pty, "ADDRESS SPACE");
	drive_quit(pty);
	assert_int_equal(rmdir(home.file), 0);
	end_home(&home);
}

static void test_named_files(void **state)
{
	const char *const missing[] = { "--config", "/no/such/dir/file", "1", NULL };
	const char *const folder[] = { "--config", "/", "1", NULL };
	const char *const wrong[] = { "--palette", "pink", "1", NULL };
	struct pty *pty = drive_start(80, 24, missing, NULL);

	(void)state;
	/* One that is not there yet is made when settings are saved. */
	drive_see(pty, "q quit");
	drive_quit(pty);
	pty = drive_start(80, 24, folder, NULL);
	drive_see(pty, "pagewalk: /: Is a directory");
	drive_exits(pty, 1);
	pty_free(pty);
	pty = drive_start(80, 24, wrong, NULL);
	drive_see(pty, "--palette takes dark, contrast or light, not pink");
	drive_exits(pty, 2);
	pty_free(pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_saves_and_reads),
		cmocka_unit_test(test_a_bad_file),
		cmocka_unit_test(test_a_place_that_cannot_be_read),
		cmocka_unit_test(test_named_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
