/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of processes to choose from: order, tree, filter and rates. Reading it is
 * kernel/plist.c.
 */
#include "model/plist.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const plist_key_names[NR_PLIST_KEY] = {
	[PLIST_PID] = "pid",         [PLIST_USER] = "user", [PLIST_STATE] = "state",
	[PLIST_THREADS] = "threads", [PLIST_RSS] = "rss",   [PLIST_FAULTS] = "faults",
	[PLIST_COMMAND] = "command",
};

struct plist *plist_new(void)
{
	return xcalloc(1, sizeof(struct plist));
}

void plist_free(struct plist *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->nr; i++) {
		free(list->rows[i].user);
		free(list->rows[i].comm);
		free(list->rows[i].program);
		free(list->rows[i].command);
	}
	free(list->rows);
	free(list);
}

void plist_add(struct plist *list, const struct plist_row *row)
{
	list->rows = xgrow(list->rows, list->nr, &list->room, sizeof(*list->rows));
	list->rows[list->nr++] = *row;
}

struct order {
	enum plist_key key;
	bool reversed;
};

#define MORE_FIRST(a, b) ((a) < (b) ? 1 : (a) > (b) ? -1 : 0)

static int compare_key(const struct plist_row *a, const struct plist_row *b, enum plist_key key)
{
	switch (key) {
	case PLIST_USER:
		return strcmp(a->user, b->user);
	case PLIST_STATE:
		return (unsigned char)a->state - (unsigned char)b->state;
	case PLIST_THREADS:
		return MORE_FIRST(a->nr_threads, b->nr_threads);
	case PLIST_RSS:
		return MORE_FIRST(a->rss_bytes, b->rss_bytes);
	case PLIST_FAULTS:
		return MORE_FIRST(a->faults_per_s, b->faults_per_s);
	case PLIST_COMMAND:
		return strcasecmp(a->command, b->command);
	default:
		return a->pid < b->pid ? -1 : a->pid > b->pid;
	}
}

static int compare_rows(const void *left, const void *right, void *arg)
{
	const struct plist_row *a = left, *b = right;
	const struct order *order = arg;
	int by_key = compare_key(a, b, order->key);

	if (by_key)
		return order->reversed ? -by_key : by_key;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* Rows by PID, to find parents: indexes into rows[]. */
struct by_pid {
	pid_t pid;
	size_t index;
};

static int compare_pids(const void *left, const void *right)
{
	const struct by_pid *a = left, *b = right;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static struct by_pid *index_by_pid(const struct plist *list)
{
	struct by_pid *index = xcalloc(list->nr + 1, sizeof(*index));

	for (size_t i = 0; i < list->nr; i++)
		index[i] = (struct by_pid){ list->rows[i].pid, i };
	qsort(index, list->nr, sizeof(*index), compare_pids);
	return index;
}

/* First child, next sibling, by index + 1; 0: none. */
struct family {
	size_t child, sibling;
	bool placed;
};

/*
 * The nearest row in a walk through the tree, depth first and without recursion: a chain of
 * 30,000 processes must not cost 30,000 frames of stack.
 */
static size_t place_below(struct plist *list, struct family *families, size_t root,
			  struct plist_row *out, size_t nr_out)
{
	size_t *stack = xcalloc(list->nr + 1, sizeof(*stack)), nr_stack = 0;
	unsigned depth = 0;

	stack[nr_stack++] = root + 1;
	while (nr_stack) {
		size_t at = stack[nr_stack - 1];

		if (!at) {
			nr_stack--;
			depth--;
			continue;
		}
		at--;
		stack[nr_stack - 1] = at == root ? 0 : families[at].sibling;
		if (families[at].placed)
			continue;
		families[at].placed = true;
		out[nr_out] = list->rows[at];
		out[nr_out++].depth = depth;
		stack[nr_stack++] = families[at].child;
		depth++;
	}
	free(stack);
	return nr_out;
}

static void make_tree(struct plist *list)
{
	struct family *families = xcalloc(list->nr + 1, sizeof(*families));
	struct plist_row *out = xcalloc(list->nr + 1, sizeof(*out));
	struct by_pid *index = index_by_pid(list);
	bool *has_parent = xcalloc(list->nr + 1, sizeof(*has_parent));
	size_t nr_out = 0;

	/* From the end, so that siblings come out in the order of the rows. */
	for (size_t i = list->nr; i-- > 0;) {
		const struct by_pid key = { .pid = list->rows[i].ppid };
		const struct by_pid *found = bsearch(&key, index, list->nr, sizeof(*index),
						     compare_pids);

		if (!found || found->index == i)
			continue;
		has_parent[i] = true;
		families[i].sibling = families[found->index].child;
		families[found->index].child = i + 1;
	}
	for (size_t i = 0; i < list->nr; i++)
		if (!has_parent[i])
			nr_out = place_below(list, families, i, out, nr_out);
	/* A PID used again while the list was read can make a ring of parents. */
	for (size_t i = 0; i < list->nr; i++)
		if (!families[i].placed)
			nr_out = place_below(list, families, i, out, nr_out);
	memcpy(list->rows, out, list->nr * sizeof(*out));
	free(has_parent);
	free(index);
	free(out);
	free(families);
}

void plist_sort(struct plist *list, enum plist_key key, bool reversed, bool tree)
{
	struct order order = { key, reversed };

	if (!list->nr)
		return;
	qsort_r(list->rows, list->nr, sizeof(*list->rows), compare_rows, &order);
	for (size_t i = 0; i < list->nr; i++)
		list->rows[i].depth = 0;
	if (tree)
		make_tree(list);
}

/* The name may be found nowhere in the command line: prctl(2) sets it. */
static bool word_matches(const struct plist_row *row, const char *word)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)row->pid);
	return strcasestr(row->command, word) || (row->comm && strcasestr(row->comm, word)) ||
	       strcasestr(row->user, word) || strstr(pid, word);
}

bool plist_row_matches(const struct plist_row *row, const char *filter)
{
	char *words = xstrdup(filter), *rest = words, *word;
	bool matches = true;

	while (matches && (word = strsep(&rest, " ")))
		matches = !*word || word_matches(row, word);
	free(words);
	return matches;
}

bool plist_row_is_called(const struct plist_row *row, const char *name)
{
	return (row->comm && !strcmp(row->comm, name)) ||
	       (row->program && row->program[0] && !strcmp(row->program, name));
}

struct mark {
	pid_t pid;
	uint64_t start_ticks, faults;
};

struct plist_marks {
	size_t nr;
	uint64_t taken_mono_ns;
	struct mark *marks; /* by PID */
};

struct plist_marks *plist_marks_new(void)
{
	return xcalloc(1, sizeof(struct plist_marks));
}

void plist_marks_free(struct plist_marks *marks)
{
	if (!marks)
		return;
	free(marks->marks);
	free(marks);
}

static int compare_marks(const void *left, const void *right)
{
	const struct mark *a = left, *b = right;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static void add_rate(struct plist_row *row, const struct plist_marks *marks, uint64_t elapsed_ns)
{
	const struct mark key = { .pid = row->pid }, *before;
	uint64_t faults = row->minflt + row->majflt;

	if (!marks->nr || !elapsed_ns)
		return;
	before = bsearch(&key, marks->marks, marks->nr, sizeof(*marks->marks), compare_marks);
	/* Another process that has the PID now began at zero. */
	if (!before || before->start_ticks != row->start_ticks || faults < before->faults)
		return;
	row->has_rate = true;
	row->faults_per_s = (double)(faults - before->faults) * 1e9 / (double)elapsed_ns;
}

void plist_add_rates(struct plist *list, struct plist_marks *marks)
{
	struct mark *now = xcalloc(list->nr + 1, sizeof(*now));

	for (size_t i = 0; i < list->nr; i++) {
		struct plist_row *row = &list->rows[i];

		add_rate(row, marks, list->taken_mono_ns - marks->taken_mono_ns);
		now[i] = (struct mark){ row->pid, row->start_ticks, row->minflt + row->majflt };
	}
	qsort(now, list->nr, sizeof(*now), compare_marks);
	free(marks->marks);
	marks->marks = now;
	marks->nr = list->nr;
	marks->taken_mono_ns = list->taken_mono_ns;
}
