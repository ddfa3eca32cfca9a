/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules by which a fault has its kind, each by itself; mappings in time against a model that
 * keeps a byte for each page; the tally with room for almost nothing.
 */
#include "model/fault.h"

#include "model/fault_space.h"
#include "model/fault_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PAGE UINT64_C(4096)

enum place {
	PLACE_NONE,
	PLACE_ANON,
	PLACE_STACK,
	PLACE_SHARED,
	PLACE_PRIVATE,
	PLACE_SHMEM,
	PLACE_HUGETLB,
	PLACE_VDSO,
	NR_PLACE,
};

static const struct vma places[NR_PLACE] = {
	[PLACE_ANON] = { .kind = VMA_ANON, .perms = VMA_READ | VMA_WRITE, .path = "" },
	[PLACE_STACK] = { .kind = VMA_STACK, .perms = VMA_READ | VMA_WRITE, .path = "[stack]" },
	[PLACE_SHARED] = { .kind = VMA_FILE, .perms = VMA_SHARED, .inode = 1, .path = "/f" },
	[PLACE_PRIVATE] = { .kind = VMA_FILE, .perms = VMA_READ, .inode = 1, .path = "/f" },
	[PLACE_SHMEM] = { .kind = VMA_SHMEM, .perms = VMA_SHARED, .inode = 1, .path = "/memfd:x" },
	[PLACE_HUGETLB] = { .kind = VMA_HUGETLB, .perms = VMA_READ, .inode = 1, .path = "" },
	[PLACE_VDSO] = { .kind = VMA_SPECIAL, .perms = VMA_READ, .path = "[vdso]" },
};

#define LOAD    FAULT_ERROR_USER
#define STORE   (FAULT_ERROR_USER | FAULT_ERROR_WRITE)
#define PROTECT (STORE | FAULT_ERROR_PRESENT)
#define NO_CODE (-1)

/* A rule: what is known, and what follows. */
struct rule {
	enum place place;
	int error_code; /* NO_CODE: not known */
	enum fault_severity severity;
	struct fault_facts facts;
	enum fault_kind kind;
	enum fault_doubt doubt;
};

#define IS(...)                                                                                    \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static const struct rule rules[] = {
	{ PLACE_NONE, LOAD, FAULT_MINOR, IS(0), FAULT_UNKNOWN, FAULT_NO_VMA },
	{ PLACE_NONE, LOAD, FAULT_MINOR, IS(.signal = SIGSEGV), FAULT_SEGV, FAULT_SURE },
	{ PLACE_SHARED, LOAD, FAULT_MINOR, IS(.signal = SIGBUS), FAULT_BUS, FAULT_SURE },
	{ PLACE_VDSO, LOAD, FAULT_MINOR, IS(0), FAULT_UNKNOWN, FAULT_DEVICE },
	{ PLACE_HUGETLB, STORE, FAULT_MINOR, IS(0), FAULT_HUGE, FAULT_SURE },
	/* The page was there. */
	{ PLACE_ANON, PROTECT, FAULT_MINOR, IS(0), FAULT_COW, FAULT_SURE },
	{ PLACE_PRIVATE, PROTECT, FAULT_MINOR, IS(0), FAULT_COW, FAULT_SURE },
	{ PLACE_SHARED, PROTECT, FAULT_MINOR, IS(0), FAULT_SHARED_WRITE, FAULT_SURE },
	{ PLACE_ANON, PROTECT, FAULT_MINOR, IS(.has_uffd = true), FAULT_UFFD, FAULT_SURE },
	{ PLACE_ANON, LOAD | FAULT_ERROR_PRESENT, FAULT_MINOR, IS(0), FAULT_UNKNOWN,
	  FAULT_SPURIOUS },
	/* Memory without a file. */
	{ PLACE_ANON, LOAD, FAULT_MINOR, IS(0), FAULT_ANON_READ, FAULT_SURE },
	{ PLACE_ANON, STORE, FAULT_MINOR, IS(0), FAULT_ANON_WRITE, FAULT_SURE },
	{ PLACE_ANON, STORE, FAULT_MINOR, IS(.is_huge = true), FAULT_HUGE, FAULT_SURE },
	{ PLACE_ANON, STORE, FAULT_MINOR, IS(.huge_unseen = true), FAULT_ANON_WRITE,
	  FAULT_MAY_BE_HUGE },
	{ PLACE_ANON, STORE, FAULT_MINOR, IS(.has_uffd = true), FAULT_UFFD, FAULT_SURE },
	{ PLACE_STACK, STORE, FAULT_MINOR, IS(.grew_stack = true), FAULT_STACK, FAULT_SURE },
	{ PLACE_STACK, STORE, FAULT_MINOR, IS(0), FAULT_ANON_WRITE, FAULT_SURE },
	{ PLACE_ANON, LOAD, FAULT_MAJOR, IS(.may_swap = true), FAULT_SWAP_IN, FAULT_SURE },
	{ PLACE_ANON, LOAD, FAULT_MINOR, IS(.was_swapped = true), FAULT_SWAP_IN, FAULT_SURE },
	{ PLACE_ANON, LOAD, FAULT_MAJOR, IS(0), FAULT_UNKNOWN, FAULT_WAITED },
	{ PLACE_ANON, NO_CODE, FAULT_MINOR, IS(0), FAULT_UNKNOWN, FAULT_NO_ERROR_CODE },
	{ PLACE_ANON, NO_CODE, FAULT_MINOR, IS(.page_known = true, .is_zero = true),
	  FAULT_ANON_READ, FAULT_NO_ERROR_CODE },
	{ PLACE_ANON, NO_CODE, FAULT_MINOR, IS(.page_known = true), FAULT_ANON_WRITE,
	  FAULT_NO_ERROR_CODE },
	{ PLACE_ANON, NO_CODE, FAULT_MINOR, IS(.seen_before = true), FAULT_COW,
	  FAULT_NO_ERROR_CODE },
	/* Files and shared memory. */
	{ PLACE_SHARED, LOAD, FAULT_MINOR, IS(0), FAULT_FILE_MINOR, FAULT_SURE },
	{ PLACE_SHARED, LOAD, FAULT_MAJOR, IS(0), FAULT_FILE_MAJOR, FAULT_SURE },
	{ PLACE_SHARED, LOAD, FAULT_MAJOR, IS(.may_swap = true), FAULT_FILE_MAJOR, FAULT_SURE },
	{ PLACE_SHARED, STORE, FAULT_MINOR, IS(0), FAULT_SHARED_WRITE, FAULT_SURE },
	{ PLACE_PRIVATE, LOAD, FAULT_MINOR, IS(0), FAULT_FILE_MINOR, FAULT_SURE },
	{ PLACE_PRIVATE, STORE, FAULT_MINOR, IS(0), FAULT_COW, FAULT_SURE },
	{ PLACE_PRIVATE, LOAD, FAULT_MINOR, IS(.is_huge = true), FAULT_HUGE, FAULT_SURE },
	{ PLACE_SHMEM, STORE, FAULT_MINOR, IS(0), FAULT_FILE_MINOR, FAULT_SURE },
	{ PLACE_SHMEM, STORE, FAULT_MAJOR, IS(.may_swap = true), FAULT_SWAP_IN, FAULT_SURE },
	{ PLACE_SHARED, NO_CODE, FAULT_MINOR, IS(.seen_before = true), FAULT_SHARED_WRITE,
	  FAULT_NO_ERROR_CODE },
	{ PLACE_PRIVATE, NO_CODE, FAULT_MINOR, IS(.seen_before = true), FAULT_COW,
	  FAULT_NO_ERROR_CODE },
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];
		struct fault_facts facts = rule->facts;
		struct fault fault = {
			.severity = (uint8_t)rule->severity,
			.has_error_code = rule->error_code != NO_CODE,
			.error_code = rule->error_code == NO_CODE ? 0 : (uint8_t)rule->error_code,
		};

		facts.vma = rule->place == PLACE_NONE ? NULL : &places[rule->place];
		fault_classify(&fault, &facts);
		if (fault.kind != rule->kind || fault.doubt != rule->doubt)
			fail_msg("rule %zu: %s, %s", i, fault_kind_name(fault.kind),
				 fault_doubt_text(fault.doubt));
		assert_int_equal(fault.severity == FAULT_FAILED, facts.signal != 0);
	}
}

static void test_names(void **state)
{
	enum fault_kind kind;

	(void)state;
	for (int i = 0; i < NR_FAULT_KIND; i++) {
		assert_true(fault_kind_by_name(fault_kind_name((enum fault_kind)i), &kind));
		assert_int_equal(kind, i);
		assert_true(fault_kind_title((enum fault_kind)i)[0]);
	}
	assert_false(fault_kind_by_name("", &kind));
	assert_false(fault_kind_by_name("anon", &kind));
	for (int i = FAULT_SURE + 1; i < NR_FAULT_DOUBT; i++)
		assert_true(fault_doubt_text((enum fault_doubt)i)[0]);
}

static void test_lists_of_kinds(void **state)
{
	uint32_t kinds;
	const char *bad;
	char text[256], *comma;

	(void)state;
	assert_int_equal(fault_kinds_parse("cow", &kinds, &bad), 0);
	assert_int_equal(kinds, 1 << FAULT_COW);
	assert_int_equal(fault_kinds_parse("unknown,anon-read,cow,cow", &kinds, &bad), 0);
	assert_int_equal(kinds, 1 << FAULT_UNKNOWN | 1 << FAULT_ANON_READ | 1 << FAULT_COW);
	assert_int_equal(fault_kinds_parse("cow,anon,stack", &kinds, &bad), -EINVAL);
	assert_string_equal(bad, "anon,stack");
	assert_int_equal(fault_kinds_parse("", &kinds, &bad), -EINVAL);
	assert_int_equal(fault_kinds_parse("cow,", &kinds, &bad), -EINVAL);
	assert_int_equal(fault_kinds_parse(",cow", &kinds, &bad), -EINVAL);
	assert_int_equal(fault_kinds_parse("cow cow cow cow cow", &kinds, &bad), -EINVAL);
	/* All names, and a list of them is one of all kinds. */
	fault_kinds_text(text, sizeof(text));
	while ((comma = strchr(text, ' ')))
		*comma = ',';
	assert_int_equal(fault_kinds_parse(text, &kinds, &bad), 0);
	assert_int_equal(kinds, (1 << NR_FAULT_KIND) - 1);
	assert_string_equal(fault_kinds_text(text, 6), "anon-");
}

static void test_broken_rules(void **state)
{
	struct fault fault = { .kind = FAULT_SEGV, .si_code = SEGV_MAPERR, .has_error_code = 1 };

	(void)state;
	assert_string_equal(fault_broken_rule(&fault), "no mapping there");
	fault.si_code = SEGV_ACCERR;
	fault.error_code = PROTECT;
	assert_string_equal(fault_broken_rule(&fault), "the mapping may not be written");
	fault.error_code = LOAD;
	assert_string_equal(fault_broken_rule(&fault), "the mapping may not be read");
	fault.error_code = LOAD | FAULT_ERROR_INSTRUCTION;
	assert_string_equal(fault_broken_rule(&fault), "the mapping may not be executed");
	fault.error_code = STORE | FAULT_ERROR_PROTECTION_KEY;
	assert_string_equal(fault_broken_rule(&fault), "a protection key forbids it");
	fault.has_error_code = 0;
	assert_non_null(strstr(fault_broken_rule(&fault), "or one that"));
	fault = (struct fault){ .kind = FAULT_BUS, .si_code = BUS_ADRERR };
	assert_non_null(strstr(fault_broken_rule(&fault), "no page of its file"));
	fault.si_code = BUS_OBJERR;
	assert_non_null(strstr(fault_broken_rule(&fault), "could not be had"));
}

#define SPACE_PAGES 64

/* Mapped at random, again and again: what is found is what was mapped there last. */
static void test_space_against_a_model(void **state)
{
	static const char *const paths[] = { "", "/a", "/b", "/c" };
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct fault_space *space = fault_space_new(PAGE), *copy;
		int owner[SPACE_PAGES];
		uint64_t offset[SPACE_PAGES];

		memset(owner, -1, sizeof(owner));
		for (int step = 0; step < 40; step++) {
			unsigned first = (unsigned)rand_r(&seed) % SPACE_PAGES;
			unsigned nr = 1 + (unsigned)rand_r(&seed) % 12;
			unsigned which = (unsigned)rand_r(&seed) % 4;
			struct vma vma = {
				.start_addr = first * PAGE,
				.kind = which ? VMA_FILE : VMA_ANON,
				.inode = which,
				.off_bytes = which ? (uint64_t)(rand_r(&seed) % 8) * PAGE : 0,
				.path = paths[which],
			};

			nr = first + nr > SPACE_PAGES ? SPACE_PAGES - first : nr;
			vma.end_addr = (first + nr) * PAGE;
			fault_space_map(space, &vma);
			for (unsigned i = 0; i < nr; i++) {
				owner[first + i] = (int)which;
				offset[first + i] = vma.off_bytes + i * PAGE;
			}
		}
		copy = fault_space_copy(space);
		for (int i = 0; i < 2 * SPACE_PAGES; i++) {
			struct fault_space *in = i < SPACE_PAGES ? space : copy;
			uint64_t addr = (uint64_t)(i % SPACE_PAGES) * PAGE + 5;
			uint32_t id = fault_space_find(in, addr, NULL);
			const struct vma *vma = fault_space_at(in, id);
			int is = owner[i % SPACE_PAGES];

			if (is < 0) {
				assert_int_equal(id, FAULT_SPACE_NONE);
				assert_null(vma);
				continue;
			}
			assert_non_null(vma);
			assert_string_equal(vma->path, paths[is]);
			assert_true(vma->start_addr <= addr && addr < vma->end_addr);
			if (is)
				assert_int_equal(addr - 5 - vma->start_addr + vma->off_bytes,
						 offset[i % SPACE_PAGES]);
		}
		fault_space_free(copy);
		fault_space_free(space);
	}
}

static struct vma_list *parse(const char *text)
{
	size_t nr_bad;
	struct vma_list *list = vma_parse_maps(text, strlen(text), &nr_bad);

	assert_int_equal(nr_bad, 0);
	return list;
}

/* A list that is read later fills gaps; the news of mappings is not undone by it. */
static void test_space_load(void **state)
{
	struct fault_space *space = fault_space_new(PAGE);
	struct vma news = {
		.start_addr = 0x5000, .end_addr = 0x6000, .kind = VMA_FILE, .inode = 3, .path = "/n"
	};
	struct vma_list *list = parse("4000-8000 rw-p 00001000 08:01 9 /later\n");
	uint32_t id;

	(void)state;
	fault_space_map(space, &news);
	fault_space_load(space, list);
	assert_string_equal(fault_space_at(space, fault_space_find(space, 0x5000, NULL))->path,
			    "/n");
	id = fault_space_find(space, 0x4000, NULL);
	assert_string_equal(fault_space_at(space, id)->path, "/later");
	assert_int_equal(fault_space_at(space, id)->off_bytes, 0x1000);
	id = fault_space_find(space, 0x7000, NULL);
	assert_int_equal(fault_space_at(space, id)->start_addr, 0x6000);
	assert_int_equal(fault_space_at(space, id)->off_bytes, 0x3000);
	assert_int_equal(fault_space_find(space, 0x8000, NULL), FAULT_SPACE_NONE);
	vma_list_free(list);
	fault_space_clear(space);
	assert_int_equal(fault_space_find(space, 0x5000, NULL), FAULT_SPACE_NONE);
	assert_string_equal(fault_space_at(space, id)->path, "/later");
	fault_space_free(space);
}

/* How far a stack grew is told by its faults, also when the news of it comes before them. */
static void test_space_stack(void **state)
{
	struct fault_space *space = fault_space_new(PAGE);
	struct vma stack = {
		.start_addr = 0x7000000, .end_addr = 0x7010000, .kind = VMA_STACK, .path = "[stack]"
	};
	uint32_t id;
	bool grew;

	(void)state;
	fault_space_map(space, &stack);
	id = fault_space_find(space, 0x7000000, &grew);
	assert_false(grew);
	stack.start_addr = 0x6ffe000;
	fault_space_map(space, &stack);
	assert_int_equal(fault_space_find(space, 0x6ffff00, &grew), id);
	assert_true(grew);
	assert_int_equal(fault_space_at(space, id)->start_addr, 0x6fff000);
	assert_int_equal(fault_space_find(space, 0x6fff000, &grew), id);
	assert_false(grew);
	/* Not through another mapping, and not from anywhere. */
	fault_space_map(
		space, &(struct vma){ .start_addr = 0x6f00000, .end_addr = 0x6f01000, .path = "" });
	assert_int_equal(fault_space_find(space, 0x6f00fff, &grew), 1);
	assert_false(grew);
	assert_int_equal(fault_space_find(space, 0x1000, &grew), FAULT_SPACE_NONE);
	fault_space_free(space);
}

static uint64_t sum_vmas(const struct fault_tally *tally)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < fault_tally_nr_vmas(tally); i++)
		sum += fault_numbers_sum(&fault_tally_vma(tally, i)->numbers);
	return sum;
}

static uint64_t sum_sites(const struct fault_tally *tally)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < fault_tally_nr_sites(tally); i++)
		sum += fault_numbers_sum(&fault_tally_site(tally, i)->numbers);
	return sum;
}

/* However little room there is, no fault is forgotten. */
static void test_tally_bounds(void **state)
{
	(void)state;
	for (size_t most = 1; most <= 9; most += 2) {
		struct fault_tally *tally = fault_tally_new(most, most);
		struct vma vma = { .kind = VMA_ANON, .path = "" };
		struct vma code = { .kind = VMA_FILE, .inode = 5, .path = "/bin/x" };
		unsigned seed = (unsigned)most;

		for (int i = 0; i < 500; i++) {
			struct fault fault = {
				.pid = 1 + rand_r(&seed) % 2,
				.ip = 0x1000 + (uint64_t)(rand_r(&seed) % 6),
				.severity = (uint8_t)(rand_r(&seed) % NR_FAULT_SEVERITY),
				.kind = (uint8_t)(rand_r(&seed) % NR_FAULT_KIND),
				.t_ns = 1,
			};

			vma.start_addr = (uint64_t)(1 + rand_r(&seed) % 6) * 0x10000;
			vma.end_addr = vma.start_addr + 0x1000;
			fault_tally_add(tally, &fault, i % 10 ? &vma : NULL, &code);
			assert_true(fault_tally_last_site(tally) < fault_tally_nr_sites(tally));
		}
		assert_int_equal(fault_numbers_sum(fault_tally_numbers(tally)), 500);
		assert_int_equal(sum_vmas(tally), 500);
		assert_int_equal(sum_sites(tally), 500);
		assert_true(fault_tally_nr_vmas(tally) <= most + 1);
		assert_true(fault_tally_nr_sites(tally) <= most + 1);
		if (most < 6) {
			assert_int_equal(fault_tally_vma(tally, most)->pid, 0);
			assert_true(fault_numbers_sum(&fault_tally_vma(tally, most)->numbers) > 0);
		}
		fault_tally_free(tally);
	}
}

/* What is mapped below anonymous memory is joined with it: one mapping, as the kernel has it. */
static void test_tally_grows_down(void **state)
{
	struct fault_tally *tally = fault_tally_new(8, 8);
	struct fault fault = { .pid = 4, .kind = FAULT_ANON_WRITE };
	struct vma anon = {
		.start_addr = 0x80000, .end_addr = 0x90000, .kind = VMA_ANON, .path = ""
	};
	struct vma file = anon, other = anon;

	(void)state;
	file.kind = VMA_FILE;
	file.path = (char *)"/bin/x";
	other.perms = VMA_READ;
	for (int i = 0; i < 20; i++) {
		fault_tally_add(tally, &fault, &anon, NULL);
		/* And shrinks again there, when its lowest part is given back. */
		anon.start_addr += i < 12 ? -0x1000 : 0x1000;
	}
	assert_int_equal(fault_tally_nr_vmas(tally), 1);
	assert_int_equal(fault_tally_vma(tally, 0)->start_addr, anon.start_addr - 0x1000);
	assert_int_equal(fault_tally_vma(tally, 0)->end_addr, 0x90000);
	assert_int_equal(fault_numbers_sum(&fault_tally_vma(tally, 0)->numbers), 20);
	/* Other memory that ends there: a file's, with other permissions, of another process. */
	fault_tally_add(tally, &fault, &file, NULL);
	other.start_addr += 0x8000;
	fault_tally_add(tally, &fault, &other, NULL);
	fault.pid = 5;
	anon.start_addr -= 0x3000;
	fault_tally_add(tally, &fault, &anon, NULL);
	assert_int_equal(fault_tally_nr_vmas(tally), 4);
	fault_tally_free(tally);
}

/* The heap grows at its end, a stack at its start: each stays one row. */
static void test_tally_grows(void **state)
{
	struct fault_tally *tally = fault_tally_new(8, 8);
	struct fault fault = { .pid = 4, .kind = FAULT_STACK };
	struct vma heap = {
		.start_addr = 0x1000, .end_addr = 0x2000, .kind = VMA_HEAP, .path = "[heap]"
	};
	struct vma stack = {
		.start_addr = 0x8000, .end_addr = 0x9000, .kind = VMA_STACK, .path = "[stack]"
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		fault_tally_add(tally, &fault, &heap, NULL);
		fault_tally_add(tally, &fault, &stack, NULL);
		heap.end_addr += 0x1000;
		stack.start_addr -= 0x1000;
	}
	assert_int_equal(fault_tally_nr_vmas(tally), 2);
	assert_int_equal(fault_tally_vma(tally, 0)->end_addr, 0x5000);
	assert_int_equal(fault_tally_vma(tally, 1)->start_addr, 0x5000);
	fault_tally_free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lists_of_kinds),
		cmocka_unit_test(test_broken_rules),
		cmocka_unit_test(test_space_against_a_model),
		cmocka_unit_test(test_space_load),
		cmocka_unit_test(test_space_stack),
		cmocka_unit_test(test_tally_bounds),
		cmocka_unit_test(test_tally_grows),
		cmocka_unit_test(test_tally_grows_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
