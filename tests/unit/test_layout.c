/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 1's parts at every size: all inside the canvas, none over another, none without room. */
#include "ui/layout.h"
#include "ui/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define MOST_COLUMNS 250
#define MOST_ROWS    80
#define NR_PARTS     11

/* Every part as a rectangle, rules included. */
static void parts_of(const struct map_layout *at, int columns, struct rect out[NR_PARTS])
{
	const struct rect parts[NR_PARTS] = {
		at->title,
		at->list,
		at->head,
		at->grid,
		at->frames_head,
		at->frames,
		at->detail,
		at->keys,
		{ at->rule_x, 1, 1, at->detail_rule_y - 1 },
		{ 0, at->detail_rule_y, columns, 1 },
		{ at->rule_x + 1, at->frames_rule_y, columns - at->rule_x - 1, 1 },
	};

	memcpy(out, parts, sizeof(parts));
}

static void check_size(int columns, int rows)
{
	static unsigned char taken[MOST_ROWS][MOST_COLUMNS];
	struct map_layout at = layout_map(columns, rows);
	struct rect parts[NR_PARTS];

	memset(taken, 0, sizeof(taken));
	parts_of(&at, columns, parts);
	for (int p = 0; p < NR_PARTS; p++) {
		const struct rect *rect = &parts[p];
		/* The list may use the column of no rule, and so may the head. */
		if (rect->columns < 1 || rect->rows < 1 || rect->x < 0 || rect->y < 0 ||
		    rect->x + rect->columns > columns || rect->y + rect->rows > rows)
			fail_msg("%dx%d: part %d is outside: %d,%d %dx%d", columns, rows, p,
				 rect->x, rect->y, rect->columns, rect->rows);
		for (int y = rect->y; y < rect->y + rect->rows; y++)
			for (int x = rect->x; x < rect->x + rect->columns; x++)
				if (taken[y][x]++)
					fail_msg("%dx%d: part %d overlaps at %d,%d", columns, rows,
						 p, x, y);
	}
}

static void test_nothing_overlaps_at_any_size(void **state)
{
	(void)state;
	for (int columns = SCREEN_MIN_COLUMNS; columns <= MOST_COLUMNS; columns++)
		for (int rows = SCREEN_MIN_ROWS; rows <= MOST_ROWS; rows++)
			check_size(columns, rows);
}

/* A newcomer's terminal shows enough of each part to be worth it. */
static void test_the_smallest_size_is_useful(void **state)
{
	struct map_layout at = layout_map(SCREEN_MIN_COLUMNS, SCREEN_MIN_ROWS);

	(void)state;
	assert_true(at.list.rows >= 10);
	assert_true(at.list.columns >= 30);
	assert_true(at.grid.columns >= 40);
	assert_true(at.grid.rows >= 6);
	assert_true(at.frames.rows >= 3);
	assert_true(at.frames.columns > LAYOUT_ZONE_COLUMNS + 10);
	assert_int_equal(at.keys.y, SCREEN_MIN_ROWS - 1);
	assert_false(at.list_has_addrs);
	assert_true(layout_map(120, 36).list_has_addrs);
}

static void test_more_room_never_shrinks_the_grid(void **state)
{
	(void)state;
	for (int rows = SCREEN_MIN_ROWS; rows < MOST_ROWS; rows++) {
		struct map_layout small = layout_map(120, rows), large = layout_map(120, rows + 1);

		assert_true(large.grid.rows >= small.grid.rows);
		assert_true(large.list.rows > small.list.rows);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_overlaps_at_any_size),
		cmocka_unit_test(test_the_smallest_size_is_useful),
		cmocka_unit_test(test_more_room_never_shrinks_the_grid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
