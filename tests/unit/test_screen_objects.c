/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 3 from a made-up process: what is drawn, how links are followed, what Enter gives. */
#include "base/xalloc.h"
#include "ui/objects_state.h"
#include "ui/screen_help.h"
#include "ui/screen_objects.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const struct theme ascii = { .palette = PALETTE_DARK, .ascii = true };

static void add_task(struct objects *objects, pid_t tid, enum task_relation relation, bool shares)
{
	struct obj_task *task = objects_add_task(objects);

	task->tid = tid;
	task->pid = relation == TASK_THREAD ? 100 : tid;
	task->relation = relation;
	task->state = 'S';
	snprintf(task->comm, sizeof(task->comm), "made-up");
	for (int i = 0; i < NR_SHARE; i++) {
		task->why[i] = WHY_OK;
		task->id[i] = shares ? 1 : (uint32_t)tid;
	}
}

static void add_fd(struct objects *objects, int number, const char *path, enum fd_kind kind)
{
	struct obj_fd *fd = objects_add_fd(objects);

	fd->fd = number;
	fd->kind = kind;
	fd->path = xstrdup(path);
	fd->flags = O_RDWR;
	fd->pos_bytes = 4096;
}

static void add_inode(struct objects *objects, uint64_t ino, const char *path, bool regular)
{
	struct obj_inode *inode = objects_add_inode(objects);

	inode->ino = ino;
	inode->path = xstrdup(path);
	inode->regular = regular;
	inode->mode = S_IFREG;
	inode->size_bytes = 8192;
	if (regular) {
		inode->cache.why = inode->cache.why_states = WHY_OK;
		inode->cache.total = (struct cache_counts){ .pages = 2, .cached = 1 };
	}
}

/*
 * Descriptors 3 and 5 are one open file, 4 another of the same inode, 6 a pipe; a library is
 * only mapped.
 */
static struct objects *make_objects(void)
{
	static const char maps[] = "1000-3000 r--s 00000000 08:01 11 /tmp/data\n"
				   "5000-6000 r-xp 00000000 08:01 22 /lib/libx.so\n"
				   "8000-9000 rw-p 00000000 00:00 0 [heap]\n";
	struct geometry geometry = geometry_make(4096, 47);
	struct objects *objects = objects_new();

	objects->process.pid = 100;
	objects->process.life = PROCESS_LIVE;
	snprintf(objects->process.comm, sizeof(objects->process.comm), "made-up");
	objects->page_shift = 12;
	objects->fd_size = 64;
	objects->fds_why = WHY_OK;
	objects->nr_fds_total = 4;
	add_task(objects, 100, TASK_LEADER, true);
	add_task(objects, 101, TASK_THREAD, true);
	add_task(objects, 50, TASK_PARENT, false);
	add_fd(objects, 3, "/tmp/data", FD_REGULAR);
	add_fd(objects, 4, "/tmp/data", FD_REGULAR);
	add_fd(objects, 5, "/tmp/data", FD_REGULAR);
	add_fd(objects, 6, "pipe:[9]", FD_PIPE);
	for (int i = 0; i < 3; i++)
		objects_add_file(objects);
	objects_link_file(objects, 0, 0);
	objects_link_file(objects, 1, 1);
	objects_link_file(objects, 2, 0);
	objects_link_file(objects, 3, 2);
	obj_file_add_alias(&objects->files[2], 50, 1);
	add_inode(objects, 11, "/tmp/data", true);
	add_inode(objects, 9, "pipe:[9]", false);
	add_inode(objects, 22, "/lib/libx.so", true);
	snprintf(objects->inodes[0].open_path, sizeof(objects->inodes[0].open_path), "by-fd-3");
	for (uint32_t i = 0; i < 4; i++)
		objects_link_inode(objects, i, i == 3);
	objects_set_vmas(objects,
			 vma_table_new(vma_parse_maps(maps, strlen(maps), NULL), &geometry));
	objects_link_vma(objects, 1, 2);
	objects_link_vma(objects, 0, 0);
	vma_table_finish(objects->vmas);
	return objects;
}

static struct screen *make_screen(void)
{
	struct screen *screen = screen_objects_new();
	struct objects *objects = make_objects();

	screen_objects_set(screen, objects);
	objects_unref(objects);
	return screen;
}

static bool shows(struct screen *screen, int columns, int rows, const char *text)
{
	struct canvas *canvas = canvas_new(columns, rows);
	bool found = false;

	screen->ops->draw(screen, canvas, &ascii, 0);
	for (int y = 0; y < rows; y++) {
		char *line = canvas_line(canvas, y);

		found |= strstr(line, text) != NULL;
		free(line);
	}
	canvas_free(canvas);
	return found;
}

static void expect(struct screen *screen, const char *text)
{
	if (!shows(screen, 80, 24, text))
		fail_msg("\"%s\" is not on the screen", text);
}

static struct action press(struct screen *screen, uint32_t key)
{
	struct ui_event event = { .key = key };

	return screen->ops->event(screen, &event);
}

static void test_every_size_shows_the_boxes(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 81, 25 }, { 120, 36 }, { 200, 50 } };
	static const char *const titles[] = { "task_struct",   "mm_struct",     "fs_struct",
					      "files_struct",  "struct file",   "inode",
					      "address_space", "vm_area_struct" };
	struct screen *screen = make_screen();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (size_t j = 0; j < sizeof(titles) / sizeof(titles[0]); j++)
			assert_true(shows(screen, sizes[i][0], sizes[i][1], titles[j]));
	expect(screen, "100 made-up");
	expect(screen, "3 tasks 4 fds 3 files");
	expect(screen, "1 of 2 pages");
	screen->ops->free(screen);
}

/* The boxes never overlap and never leave the canvas. */
static void test_layout(void **state)
{
	(void)state;
	for (int columns = 80; columns < 260; columns += 7) {
		for (int rows = 24; rows < 80; rows++) {
			struct objects_layout at = objects_layout(columns, rows, false, BOX_TASK);

			for (int i = 0; i < NR_BOX; i++) {
				const struct rect *a = &at.box[i];

				assert_true(a->x >= 0 && a->x + a->columns <= columns);
				assert_true(a->rows >= 3 && a->y + a->rows <= at.rule_y);
				for (int j = 0; j < i; j++) {
					const struct rect *b = &at.box[j];

					assert_true(a->x + a->columns <= b->x ||
						    b->x + b->columns <= a->x ||
						    a->y + a->rows <= b->y ||
						    b->y + b->rows <= a->y);
				}
			}
		}
	}
}

static void test_links_are_followed(void **state)
{
	struct screen *screen = make_screen();

	(void)state;
	expect(screen, "task_struct: thread 100");
	press(screen, KEY_UI_RIGHT);
	expect(screen, "Descriptor 3, slot of a table of 64");
	press(screen, KEY_UI_RIGHT);
	expect(screen, "struct file 1, shared by 2 descriptors");
	expect(screen, "descriptors 3 5");
	press(screen, KEY_UI_RIGHT);
	expect(screen, "inode 11: the file itself");
	press(screen, KEY_UI_RIGHT);
	expect(screen, "VMA: a range of the mm");
	press(screen, KEY_UI_LEFT);
	press(screen, KEY_UI_LEFT);
	press(screen, KEY_UI_DOWN);
	expect(screen, "struct file 2, made by one open(2)");
	press(screen, KEY_UI_LEFT);
	expect(screen, "Descriptor 4");
	press(screen, KEY_UI_END);
	expect(screen, "Descriptor 6");
	press(screen, KEY_UI_RIGHT);
	expect(screen, "1 of process 50");
	screen->ops->free(screen);
}

static void test_a_file_that_is_only_mapped(void **state)
{
	struct screen *screen = make_screen();
	struct action action;

	(void)state;
	for (int i = 0; i < 3; i++)
		press(screen, KEY_UI_RIGHT);
	press(screen, KEY_UI_END);
	expect(screen, "inode 22");
	expect(screen, "0 descriptors, 1 VMAs");
	action = press(screen, KEY_UI_ENTER);
	assert_int_equal(action.kind, ACTION_OPEN_FILE);
	assert_string_equal(action.path, "/lib/libx.so");
	assert_int_equal(action.addr, 0x5000);
	screen->ops->free(screen);
}

static void test_what_enter_gives(void **state)
{
	struct screen *screen = make_screen();
	struct action action;

	(void)state;
	press(screen, KEY_UI_END);
	expect(screen, "Parent process 50 shares nothing with this one");
	action = press(screen, KEY_UI_ENTER);
	assert_int_equal(action.kind, ACTION_OPEN_PID);
	assert_int_equal(action.pid, 50);
	press(screen, KEY_UI_RIGHT);
	action = press(screen, KEY_UI_ENTER);
	assert_int_equal(action.kind, ACTION_OPEN_FILE);
	assert_string_equal(action.path, "by-fd-3");
	assert_int_equal(action.addr, 0);
	for (int i = 0; i < 3; i++)
		press(screen, KEY_UI_RIGHT);
	action = press(screen, KEY_UI_ENTER);
	assert_int_equal(action.kind, ACTION_OPEN_ADDR);
	assert_int_equal(action.addr, 0x1000);
	/* A pipe has no pages to show. */
	press(screen, KEY_UI_TAB);
	press(screen, KEY_UI_RIGHT);
	press(screen, KEY_UI_END);
	assert_int_equal(press(screen, KEY_UI_ENTER).kind, ACTION_NONE);
	screen->ops->free(screen);
}

static void test_the_choice_survives_a_new_picture(void **state)
{
	struct screen *screen = make_screen();
	struct objects *objects = make_objects();

	(void)state;
	press(screen, KEY_UI_RIGHT);
	press(screen, KEY_UI_DOWN);
	press(screen, KEY_UI_DOWN);
	expect(screen, "Descriptor 5");
	objects->fds[0].fd = 2;
	screen_objects_set(screen, objects);
	objects_unref(objects);
	expect(screen, "Descriptor 5");
	/* It has closed: the one after it is chosen. */
	objects = make_objects();
	objects->nr_fds = 1;
	objects->nr_files = 1;
	free(objects->files[2].aliases);
	free(objects->fds[1].path);
	free(objects->fds[2].path);
	free(objects->fds[3].path);
	objects->fds[0].next = OBJ_NONE;
	screen_objects_set(screen, objects);
	objects_unref(objects);
	expect(screen, "Descriptor 3");
	screen->ops->free(screen);
}

static void test_the_mm_and_what_is_refused(void **state)
{
	struct screen *screen = make_screen();
	struct objects *objects = objects_new();

	(void)state;
	press(screen, KEY_UI_TAB);
	expect(screen, "mm_struct: the address space");
	expect(screen, "start_code");
	press(screen, KEY_UI_RIGHT);
	expect(screen, "[heap]");
	add_task(objects, 100, TASK_LEADER, true);
	objects->process.pid = 100;
	objects->fds_why = objects->vmas_why = WHY_DENIED;
	for (int i = 0; i < NR_MM_BOUND; i++)
		objects->mm.bound_why[i] = WHY_DENIED;
	for (int i = 0; i < NR_MM_FIGURE; i++)
		objects->mm.figure_why[i] = WHY_DENIED;
	screen_objects_set(screen, objects);
	objects_unref(objects);
	expect(screen, "? fds ? files");
	expect(screen, "denied");
	press(screen, KEY_UI_LEFT);
	expect(screen, "resident ?");
	for (uint32_t i = 0; i < 40; i++) {
		press(screen, i % 3 ? KEY_UI_TAB : KEY_UI_DOWN);
		press(screen, i % 2 ? KEY_UI_RIGHT : KEY_UI_ENTER);
		expect(screen, "task_struct");
	}
	screen->ops->free(screen);
}

static void test_before_the_first_picture(void **state)
{
	struct screen *screen = screen_objects_new();

	(void)state;
	expect(screen, "reading...");
	press(screen, KEY_UI_RIGHT);
	press(screen, KEY_UI_ENTER);
	assert_int_equal(press(screen, 'q').kind, ACTION_QUIT);
	assert_int_equal(press(screen, KEY_UI_ESCAPE).kind, ACTION_BACK);
	screen_objects_set_gone(screen);
	expect(screen, "exited");
	screen->ops->free(screen);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_shows_the_boxes),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_links_are_followed),
		cmocka_unit_test(test_a_file_that_is_only_mapped),
		cmocka_unit_test(test_what_enter_gives),
		cmocka_unit_test(test_the_choice_survives_a_new_picture),
		cmocka_unit_test(test_the_mm_and_what_is_refused),
		cmocka_unit_test(test_before_the_first_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
