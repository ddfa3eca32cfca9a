/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/maps read right: recordings of real processes (tests/unit/data), names made to
 * mislead, lines that are no mappings, and the search at the borders.
 */
#include "model/vma.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A recording from tests/unit/data, or NULL; the caller frees it. */
static char *load(const char *name, size_t *len_bytes)
{
	const char *top = getenv("TEST_SRCDIR");
	char path[4096], *text = malloc(65536);
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/unit/data/%s", top ? top : ".", name);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_non_null(text);
	*len_bytes = fread(text, 1, 65536, in);
	assert_in_range(*len_bytes, 1, 65535);
	fclose(in);
	return text;
}

static struct vma_list *parse_recording(const char *name)
{
	size_t len_bytes, nr_bad = 99;
	char *text = load(name, &len_bytes);
	struct vma_list *list = vma_parse_maps(text, len_bytes, &nr_bad);

	assert_int_equal(nr_bad, 0);
	free(text);
	return list;
}

static struct vma_list *parse(const char *text)
{
	return vma_parse_maps(text, strlen(text), NULL);
}

static size_t count_kind(const struct vma_list *list, enum vma_kind kind)
{
	size_t nr = 0;

	for (size_t i = 0; i < vma_list_nr(list); i++)
		nr += vma_list_at(list, i)->kind == kind;
	return nr;
}

static void test_recording_of_cat(void **state)
{
	struct vma_list *list = parse_recording("maps-cat.txt");
	const struct vma *first = vma_list_at(list, 0), *code = vma_list_at(list, 1);
	const struct vma *last = vma_list_at(list, vma_list_nr(list) - 1);

	(void)state;
	assert_string_equal(first->path, "/usr/bin/cat");
	assert_int_equal(first->perms, VMA_READ);
	assert_int_equal(first->kind, VMA_FILE);
	assert_int_equal(first->dev_major, 0xfe);
	assert_int_equal(first->dev_minor, 0);
	assert_true(first->inode > 0);
	assert_int_equal(code->perms, VMA_READ | VMA_EXEC);
	assert_int_equal(code->off_bytes, 0x2000);
	assert_int_equal(code->start_addr, first->end_addr);
	assert_string_equal(last->path, "[vsyscall]");
	assert_int_equal(last->start_addr, 0xffffffffff600000);
	assert_int_equal(last->perms, VMA_EXEC);
	assert_int_equal(last->kind, VMA_SPECIAL);
	assert_int_equal(count_kind(list, VMA_HEAP), 1);
	assert_int_equal(count_kind(list, VMA_STACK), 1);
	/* vvar, vvar_vclock, vdso, vsyscall */
	assert_int_equal(count_kind(list, VMA_SPECIAL), 4);
	for (size_t i = 1; i < vma_list_nr(list); i++)
		assert_true(vma_list_at(list, i - 1)->end_addr <= vma_list_at(list, i)->start_addr);
	vma_list_free(list);
}

/* The one mapping of the list with this path. */
static const struct vma *by_path(const struct vma_list *list, const char *path)
{
	const struct vma *found = NULL;

	for (size_t i = 0; i < vma_list_nr(list); i++)
		if (!strcmp(vma_list_at(list, i)->path, path)) {
			assert_null(found);
			found = vma_list_at(list, i);
		}
	assert_non_null(found);
	return found;
}

static void test_recording_of_odd_names(void **state)
{
	struct vma_list *list = parse_recording("maps-odd.txt");
	const struct vma *vma;

	(void)state;
	/* Two bytes of newline became one again; the file is there, its name says otherwise. */
	vma = by_path(list, "/var/tmp/we ird\nname\x1b[31m");
	assert_true(vma->deleted);
	vma = by_path(list, "/var/tmp/bad\xff\xfeutf8");
	assert_false(vma->deleted);
	assert_int_equal(vma->kind, VMA_FILE);
	vma = by_path(list, "/var/tmp/7f00-8000 rwxp 0");
	assert_int_equal(vma->perms, VMA_READ | VMA_SHARED);
	assert_int_equal(vma_len_bytes(vma), 4096);
	vma = by_path(list, "/var/tmp/gone.dat");
	assert_true(vma->deleted);
	assert_int_equal(by_path(list, "/SYSV00000000")->kind, VMA_SHMEM);
	assert_int_equal(by_path(list, "/memfd:ring")->kind, VMA_SHMEM);
	assert_int_equal(count_kind(list, VMA_SHMEM), 4);
	/* The terabyte that was reserved and never may be touched. */
	vma = vma_list_find(list, UINT64_C(0x7e42a9200000));
	assert_non_null(vma);
	assert_int_equal(vma_len_bytes(vma), UINT64_C(1) << 40);
	assert_int_equal(vma->perms, 0);
	vma_list_free(list);
}

struct line_case {
	const char *rest; /* behind "1000-2000 rw-p 00000000 " */
	enum vma_kind kind;
	const char *path;
	bool deleted;
	const char *short_name;
};

static const struct line_case lines[] = {
	{ "00:00 0 ", VMA_ANON, "", false, "anon" },
	{ "00:00 0", VMA_ANON, "", false, "anon" },
	{ "00:00 0                          [heap]", VMA_HEAP, "[heap]", false, "[heap]" },
	{ "00:00 0                          [stack]", VMA_STACK, "[stack]", false, "[stack]" },
	{ "00:00 0     [stack:123]", VMA_STACK, "[stack:123]", false, "[stack:123]" },
	{ "00:00 0     [anon:arena one]", VMA_ANON, "[anon:arena one]", false, "[anon:arena one]" },
	{ "00:01 77    [anon_shmem:x]", VMA_SHMEM, "[anon_shmem:x]", false, "[anon_shmem:x]" },
	{ "00:00 0     [vdso]", VMA_SPECIAL, "[vdso]", false, "[vdso]" },
	{ "00:00 0     [uprobes]", VMA_SPECIAL, "[uprobes]", false, "[uprobes]" },
	/* A file may call itself anything; its inode and slash tell. */
	{ "fe:00 5     /tmp/[heap]", VMA_FILE, "/tmp/[heap]", false, "[heap]" },
	{ "fe:00 5     /[stack]", VMA_FILE, "/[stack]", false, "[stack]" },
	{ "fe:00 5     /lib/libc.so.6", VMA_FILE, "/lib/libc.so.6", false, "libc.so.6" },
	{ "fe:00 5     /a/b (deleted)", VMA_FILE, "/a/b", true, "b" },
	{ "fe:00 5     /a/b (deleted) (deleted)", VMA_FILE, "/a/b (deleted)", true, "b (deleted)" },
	{ "fe:00 5     /a/(deleted)", VMA_FILE, "/a/(deleted)", false, "(deleted)" },
	{ "fe:00 5     /x\\012y", VMA_FILE, "/x\ny", false, "x\\x0ay" },
	{ "fe:00 5     /x\\011y", VMA_FILE, "/x\\011y", false, "x\\011y" },
	{ "fe:00 5     /x\x1b[2Jy", VMA_FILE, "/x\x1b[2Jy", false, "x\\x1b[2Jy" },
	{ "fe:00 5     /x\xffy", VMA_FILE, "/x\xffy", false, "x\\xffy" },
	{ "fe:00 5     /dir/  two  blanks ", VMA_FILE, "/dir/  two  blanks ", false,
	  "  two  blanks " },
	{ "fe:00 5     /dir/", VMA_FILE, "/dir/", false, "/dir/" },
	{ "00:01 5     /memfd:pool (deleted)", VMA_SHMEM, "/memfd:pool", true, "memfd:pool" },
	{ "00:01 5     /SYSV00000000 (deleted)", VMA_SHMEM, "/SYSV00000000", true, "SYSV00000000" },
	{ "00:01 5     /dev/zero (deleted)", VMA_SHMEM, "/dev/zero", true, "zero" },
	{ "00:06 5     /dev/zero", VMA_DEVICE, "/dev/zero", false, "zero" },
	{ "00:19 5     /dev/shm/x", VMA_SHMEM, "/dev/shm/x", false, "x" },
	{ "00:0f 5     /anon_hugepage (deleted)", VMA_HUGETLB, "/anon_hugepage", true,
	  "anon_hugepage" },
	{ "00:0f 5     /dev/hugepages/pool", VMA_HUGETLB, "/dev/hugepages/pool", false, "pool" },
	{ "00:06 5     /dev/dri/card0", VMA_DEVICE, "/dev/dri/card0", false, "card0" },
	{ "00:0e 5     anon_inode:[perf_event]", VMA_DEVICE, "anon_inode:[perf_event]", false,
	  "anon_inode:[perf_event]" },
	{ "103:7ffff 18446744073709551615 /big", VMA_FILE, "/big", false, "big" },
};

static void test_kinds_and_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char line[256], *name;
		struct vma_list *list;
		const struct vma *vma;

		snprintf(line, sizeof(line), "1000-2000 rw-p 00000000 %s\n", lines[i].rest);
		list = parse(line);
		assert_int_equal(vma_list_nr(list), 1);
		vma = vma_list_at(list, 0);
		assert_string_equal(vma->path, lines[i].path);
		assert_string_equal(vma_kind_name(vma->kind), vma_kind_name(lines[i].kind));
		assert_int_equal(vma->deleted, lines[i].deleted);
		name = vma_short_name(vma);
		assert_string_equal(name, lines[i].short_name);
		free(name);
		vma_list_free(list);
	}
}

static void test_a_path_of_4095_bytes(void **state)
{
	char *text = malloc(8192), expected[4096];
	int head = sprintf(text, "1000-2000 rw-p 00000000 fe:00 5 ");
	struct vma_list *list;

	(void)state;
	memset(expected, 'n', 4095);
	expected[0] = '/';
	expected[4095] = '\0';
	memcpy(text + head, expected, 4095);
	strcpy(text + head + 4095, "\n3000-4000 r--p 00000000 00:00 0 \n");
	list = parse(text);
	assert_int_equal(vma_list_nr(list), 2);
	assert_string_equal(vma_list_at(list, 0)->path, expected);
	vma_list_free(list);
	free(text);
}

static void test_malformed_lines_are_counted_and_left_out(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 rw-p",
		"1000-2000 rw-p 0 fe:00",
		"1000-2000 rw-p 0 fe:00 ",
		"1000-2000 rw-p 0 fe 5 /x",
		"1000-2000 rwp 0 fe:00 5 /x",
		"1000-2000 rw-q 0 fe:00 5 /x",
		"1000-2000  rw-p 0 fe:00 5 /x",
		"2000-1000 rw-p 0 fe:00 5 /x",
		"1000-1000 rw-p 0 fe:00 5 /x",
		"10000000000000000-2 rw-p 0 fe:00 5 /x",
		"1000-2000 rw-p 0 100000000:00 5 /x",
		"1000-2000 rw-p 0 fe:00 99999999999999999999 /x",
		"G000-H000 rw-p 0 fe:00 5 /x",
		" 1000-2000 rw-p 0 fe:00 5 /x",
		"1000-2000 rw-p 0 fe:00 a /x",
	};
	static const char good[] = "1000-2000 rw-p 00000000 00:00 0 \n";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[256];
		size_t nr_bad = 0;
		struct vma_list *list;

		snprintf(text, sizeof(text), "%s%s\n%s", good, bad[i], good);
		list = vma_parse_maps(text, strlen(text), &nr_bad);
		assert_int_equal(vma_list_nr(list), 2);
		assert_int_equal(nr_bad, 1);
		vma_list_free(list);
	}
}

/* Whatever the text is cut to, nothing past its end is read (the sanitizer looks). */
static void test_text_cut_anywhere(void **state)
{
	size_t len_bytes;
	char *text = load("maps-odd.txt", &len_bytes);

	(void)state;
	if (len_bytes > 600)
		len_bytes = 600;
	for (size_t cut = 0; cut <= len_bytes; cut++) {
		char *part = malloc(cut ? cut : 1);
		size_t nr_bad, lines_in = 0;
		struct vma_list *list;

		memcpy(part, text, cut);
		for (size_t i = 0; i < cut; i++)
			lines_in += part[i] == '\n';
		list = vma_parse_maps(part, cut, &nr_bad);
		assert_in_range(vma_list_nr(list) + nr_bad, lines_in, lines_in + 1);
		assert_true(nr_bad <= 1);
		vma_list_free(list);
		free(part);
	}
	free(text);
}

static void test_last_line_without_newline(void **state)
{
	struct vma_list *list = parse("1000-2000 rw-p 00000000 00:00 0 \n"
				      "3000-5000 r-xs 00001000 fe:00 5 /last");

	(void)state;
	assert_int_equal(vma_list_nr(list), 2);
	assert_string_equal(vma_list_at(list, 1)->path, "/last");
	vma_list_free(list);
	list = parse("");
	assert_int_equal(vma_list_nr(list), 0);
	assert_null(vma_list_find(list, 0));
	vma_list_free(list);
	vma_list_free(NULL);
}

static void test_find_at_the_borders(void **state)
{
	struct vma_list *list = parse(
		"1000-2000 rw-p 00000000 00:00 0 \n"
		"2000-3000 r--p 00000000 00:00 0 \n"
		"5000-6000 r--p 00000000 00:00 0 \n"
		"ffffffffff600000-ffffffffff601000 --xp 0 00:00 0 [vsyscall]\n");
	static const struct {
		uint64_t addr;
		int index; /* -1: none */
	} cases[] = {
		{ 0, -1 },
		{ 0xfff, -1 },
		{ 0x1000, 0 },
		{ 0x1fff, 0 },
		{ 0x2000, 1 },
		{ 0x2fff, 1 },
		{ 0x3000, -1 },
		{ 0x4fff, -1 },
		{ 0x5000, 2 },
		{ 0x5fff, 2 },
		{ 0x6000, -1 },
		{ 0xffffffffff5fffff, -1 },
		{ 0xffffffffff600000, 3 },
		{ 0xffffffffff600fff, 3 },
		{ UINT64_MAX, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vma *found = vma_list_find(list, cases[i].addr);

		if (cases[i].index < 0)
			assert_null(found);
		else
			assert_ptr_equal(found, vma_list_at(list, (size_t)cases[i].index));
	}
	vma_list_free(list);
}

static void test_equal_lists(void **state)
{
	static const char base[] = "1000-2000 rw-p 00000000 fe:00 5 /x\n";
	static const char *const others[] = {
		"",
		"1000-3000 rw-p 00000000 fe:00 5 /x\n",
		"0-2000 rw-p 00000000 fe:00 5 /x\n",
		"1000-2000 rw-s 00000000 fe:00 5 /x\n",
		"1000-2000 rw-p 00001000 fe:00 5 /x\n",
		"1000-2000 rw-p 00000000 fd:00 5 /x\n",
		"1000-2000 rw-p 00000000 fe:01 5 /x\n",
		"1000-2000 rw-p 00000000 fe:00 6 /x\n",
		"1000-2000 rw-p 00000000 fe:00 5 /y\n",
		"1000-2000 rw-p 00000000 fe:00 5 /x (deleted)\n",
		"1000-2000 rw-p 00000000 fe:00 5 /x\n2000-3000 rw-p 00000000 00:00 0 \n",
	};
	struct vma_list *list = parse(base), *same = parse(base);

	(void)state;
	assert_true(vma_list_equal(list, same));
	vma_list_free(same);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct vma_list *other = parse(others[i]);

		assert_false(vma_list_equal(list, other));
		assert_false(vma_list_equal(other, list));
		vma_list_free(other);
	}
	vma_list_free(list);
}

static void test_perms_and_files(void **state)
{
	struct vma_list *list = parse("1000-2000 ---p 0 00:00 0\n2000-3000 rwxs 0 fe:00 5 /x\n"
				      "3000-4000 r-xp 0 00:00 0 [vdso]\n");
	char out[5];

	(void)state;
	assert_string_equal(vma_perms_text(vma_list_at(list, 0), out), "---p");
	assert_string_equal(vma_perms_text(vma_list_at(list, 1), out), "rwxs");
	assert_string_equal(vma_perms_text(vma_list_at(list, 2), out), "r-xp");
	assert_false(vma_has_file(vma_list_at(list, 0)));
	assert_true(vma_has_file(vma_list_at(list, 1)));
	assert_false(vma_has_file(vma_list_at(list, 2)));
	vma_list_free(list);
}

static void test_list_copies_what_it_is_given(void **state)
{
	struct vma_list *list = vma_list_new();
	char path[] = "/some/path";
	struct vma vma = { .start_addr = 1, .end_addr = 2, .path = path };

	(void)state;
	vma_list_add(list, &vma);
	path[1] = 'X';
	vma.path = NULL;
	vma_list_add(list, &vma);
	assert_string_equal(vma_list_at(list, 0)->path, "/some/path");
	assert_string_equal(vma_list_at(list, 1)->path, "");
	vma_list_free(list);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recording_of_cat),
		cmocka_unit_test(test_recording_of_odd_names),
		cmocka_unit_test(test_kinds_and_names),
		cmocka_unit_test(test_a_path_of_4095_bytes),
		cmocka_unit_test(test_malformed_lines_are_counted_and_left_out),
		cmocka_unit_test(test_text_cut_anywhere),
		cmocka_unit_test(test_last_line_without_newline),
		cmocka_unit_test(test_find_at_the_borders),
		cmocka_unit_test(test_equal_lists),
		cmocka_unit_test(test_perms_and_files),
		cmocka_unit_test(test_list_copies_what_it_is_given),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
