/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of processes to choose from: order and filter. Reading it is kernel/plist.c.
 */
#include "model/plist.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int compare_rss(const void *left, const void *right)
{
	const struct plist_row *a = left, *b = right;

	if (a->rss_bytes != b->rss_bytes)
		return a->rss_bytes < b->rss_bytes ? 1 : -1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

void plist_sort_rss(struct plist *list)
{
	if (list->nr)
		qsort(list->rows, list->nr, sizeof(*list->rows), compare_rss);
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
