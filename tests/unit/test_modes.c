/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of transfer modes agrees with itself and with what screens rely on. */
#include "base/text.h"
#include "model/lab_view.h"
#include "model/modes.h"
#include "model/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* The widest texts that fit into a lane of the lab screen of 80 columns, and its sentence. */
#define HOW_COLUMNS      15
#define PLACE_COLUMNS    17
#define SENTENCE_COLUMNS 152

static void test_copies_are_the_hops_that_copy(void **state)
{
	(void)state;
	for (int mode = 0; mode < NR_MODE; mode++) {
		const struct mode_info *info = mode_info((enum transfer_mode)mode);
		unsigned copies = 0;

		for (size_t hop = 0; hop < info->nr_hops; hop++)
			copies += info->hops[hop].copies;
		assert_int_equal(info->copies, copies);
	}
}

static void test_copies_are_those_of_the_kernel(void **state)
{
	static const struct {
		unsigned copies, best;
	} right[NR_MODE] = {
		[MODE_TRADITIONAL] = { 2, 2 },     [MODE_HEAP] = { 4, 4 },
		[MODE_DIRECT] = { 2, 2 },          [MODE_MMAP_WRITE] = { 1, 1 },
		[MODE_SENDFILE] = { 0, 0 },        [MODE_SPLICE] = { 0, 0 },
		[MODE_ZEROCOPY] = { 1, 0 },        [MODE_URING] = { 1, 1 },
		[MODE_URING_ZC] = { 1, 0 },        [MODE_ODIRECT] = { 1, 1 },
		[MODE_COPY_FILE_RANGE] = { 1, 0 },
	};

	(void)state;
	for (int mode = 0; mode < NR_MODE; mode++) {
		assert_int_equal(mode_info((enum transfer_mode)mode)->copies, right[mode].copies);
		assert_int_equal(mode_info((enum transfer_mode)mode)->best, right[mode].best);
	}
}

static void test_lanes_align_row_by_row(void **state)
{
	(void)state;
	for (int mode = 0; mode < NR_MODE; mode++) {
		const struct mode_info *info = mode_info((enum transfer_mode)mode);

		assert_int_equal(info->nr_hops, mode_info(MODE_TRADITIONAL)->nr_hops);
		assert_true(info->nr_hops <= MODE_MAX_HOPS);
		assert_true(info->hops[0].page_cache);
		if (!info->file_to_file) {
			assert_string_equal(info->hops[info->nr_hops - 2].to, "socket buffer");
			assert_string_equal(info->hops[info->nr_hops - 1].to, "network");
		}
		for (size_t hop = 0; hop < info->nr_hops; hop++) {
			assert_in_range(text_width(info->hops[hop].how), 1, HOW_COLUMNS);
			assert_in_range(text_width(info->hops[hop].to), 1, PLACE_COLUMNS);
			assert_int_equal(info->hops[hop].page_cache, hop == 0);
		}
	}
}

static void test_keys_are_unique_and_found(void **state)
{
	(void)state;
	for (int mode = 0; mode < NR_MODE; mode++) {
		enum transfer_mode found;

		assert_true(mode_by_key(mode_info((enum transfer_mode)mode)->key, &found));
		assert_int_equal(found, mode);
	}
}

static void test_unknown_key_is_not_found(void **state)
{
	enum transfer_mode found = MODE_DIRECT;

	(void)state;
	assert_false(mode_by_key("", &found));
	assert_false(mode_by_key("sendfil", &found));
	assert_false(mode_by_key("sendfile ", &found));
	assert_int_equal(found, MODE_DIRECT);
}

static void test_every_mode_says_what_it_avoids(void **state)
{
	(void)state;
	for (int mode = 0; mode < NR_MODE; mode++) {
		const struct mode_info *info = mode_info((enum transfer_mode)mode);

		assert_ptr_equal(strstr(info->avoids, "avoids"), info->avoids);
		assert_non_null(strchr(info->calls, '('));
		assert_true(strlen(info->title) + strlen(info->calls) + strlen(info->avoids) + 5 <=
			    SENTENCE_COLUMNS);
		assert_true(info->scene && *info->scene && info->java && *info->java);
	}
}

static void test_proofs_name_each_mode_and_socket_once(void **state)
{
	struct lab_proof proofs[LAB_MAX_PROOFS];
	size_t nr = proof_list(proofs);
	int seen[NR_MODE][NR_PROOF_SOCKET] = { { 0 } };

	(void)state;
	assert_int_equal(nr, 2 * (NR_MODE - 1) + 1);
	for (size_t i = 0; i < nr; i++) {
		seen[proofs[i].mode][proofs[i].socket]++;
		assert_int_equal(proofs[i].verdict, PROOF_UNKNOWN);
		assert_true(proofs[i].evidence[0]);
	}
	for (int mode = 0; mode < NR_MODE; mode++) {
		bool file = mode_info((enum transfer_mode)mode)->file_to_file;

		assert_int_equal(seen[mode][PROOF_TCP], !file);
		assert_int_equal(seen[mode][PROOF_UNIX], !file);
		assert_int_equal(seen[mode][PROOF_FILE], file);
	}
}

static void test_proofs_are_judged_by_what_came(void **state)
{
	(void)state;
	assert_int_equal(proof_judge(1, 2, 2), PROOF_SHARED);
	assert_int_equal(proof_judge(1, 2, 1), PROOF_COPIED);
	assert_int_equal(proof_judge(1, 2, 3), PROOF_UNKNOWN);
	assert_int_equal(proof_judge(1, 1, 1), PROOF_UNKNOWN); /* equal contents prove nothing */
	assert_string_equal(proof_verdict_name(PROOF_SHARED), "shared");
	assert_string_equal(proof_socket_name(PROOF_UNIX), "unix");
}

static void test_view_is_freed_with_its_last_reference(void **state)
{
	struct lab_view *view = lab_view_new();

	(void)state;
	view->nr_lanes = 1;
	view->lanes[0].cache.nr_cells = 4;
	view->lanes[0].cache.cells = calloc(4, sizeof(struct cache_counts));
	assert_ptr_equal(lab_view_ref(view), view);
	lab_view_unref(view);
	assert_int_equal(view->lanes[0].cache.nr_cells, 4);
	lab_view_unref(view); /* the leak check of the sanitizer sees the cells go */
	lab_view_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies_are_the_hops_that_copy),
		cmocka_unit_test(test_copies_are_those_of_the_kernel),
		cmocka_unit_test(test_lanes_align_row_by_row),
		cmocka_unit_test(test_keys_are_unique_and_found),
		cmocka_unit_test(test_unknown_key_is_not_found),
		cmocka_unit_test(test_every_mode_says_what_it_avoids),
		cmocka_unit_test(test_proofs_name_each_mode_and_socket_once),
		cmocka_unit_test(test_proofs_are_judged_by_what_came),
		cmocka_unit_test(test_view_is_freed_with_its_last_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
