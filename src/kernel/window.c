/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk reads two things of each page: its entry, under the target's locks, and its frame's
 * flags and counts, which know nothing of the target. Of 4 GiB in small pages each takes the
 * kernel about the same time (50 ms), so that two threads halve a report.
 */
#include "kernel/window.h"

#include "base/xalloc.h"
#include "kernel/kpage.h"
#include "model/page.h"

#include <pthread.h>
#include <stdlib.h>

struct frame_reader {
	const struct host *host;
	struct kpage *kpage;
	bool threaded, started;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct window *window; /* waits for being read; NULL: none */
	bool reading;          /* the thread does */
	bool quit;
};

void window_make(struct window *window, size_t nr_pages, bool flags, bool mapcounts)
{
	if (!window->entries) {
		window->hints = xcalloc(nr_pages, sizeof(*window->hints));
		window->entries = xcalloc(nr_pages, sizeof(*window->entries));
		window->pfns = xcalloc(nr_pages, sizeof(*window->pfns));
	}
	if (flags && !window->flags)
		window->flags = xcalloc(nr_pages, sizeof(*window->flags));
	if (mapcounts && !window->mapcounts)
		window->mapcounts = xcalloc(nr_pages, sizeof(*window->mapcounts));
}

void window_clear(struct window *window)
{
	free(window->hints);
	free(window->entries);
	free(window->pfns);
	free(window->flags);
	free(window->mapcounts);
	*window = (struct window){ 0 };
}

/* Why a source gives nothing of this window, or WHY_OK. */
static enum why why_not(const struct frame_reader *reader, enum source source,
			const uint64_t *values)
{
	enum why why = kpage_why(reader->kpage, source);

	if (!values)
		return WHY_NOT_ASKED;
	/* The file may be open, but which frame to look at is not told. */
	return why == WHY_OK && !reader->host->may_see_frames ? WHY_DENIED : why;
}

static void read_window(const struct frame_reader *reader, struct window *window)
{
	struct kpage_want wants[] = {
		{ SOURCE_KPAGEFLAGS, KPF_BIT(KPF_NOPAGE), window->flags, 0 },
		{ SOURCE_KPAGECOUNT, 0, window->mapcounts, 0 },
	}, asked[2];
	enum why *why[] = { &window->flags_why, &window->mapcounts_why }, *asked_why[2];
	size_t nr = 0;

	for (size_t i = 0; i < 2; i++) {
		*why[i] = why_not(reader, wants[i].source, wants[i].values);
		if (*why[i] != WHY_OK)
			continue;
		asked[nr] = wants[i];
		asked_why[nr++] = why[i];
	}
	if (!nr)
		return;
	kpage_plan(reader->kpage, window->pfns, window->nr_pages);
	kpage_read_planned(reader->kpage, asked, nr);
	for (size_t i = 0; i < nr; i++)
		*asked_why[i] = why_from_errno(-asked[i].ret);
}

static void *run(void *arg)
{
	struct frame_reader *reader = arg;

	pthread_mutex_lock(&reader->lock);
	for (;;) {
		struct window *window = reader->window;

		if (!window) {
			if (reader->quit)
				break;
			pthread_cond_wait(&reader->changed, &reader->lock);
			continue;
		}
		reader->window = NULL;
		reader->reading = true;
		pthread_mutex_unlock(&reader->lock);
		read_window(reader, window);
		pthread_mutex_lock(&reader->lock);
		reader->reading = false;
		pthread_cond_broadcast(&reader->changed);
	}
	pthread_mutex_unlock(&reader->lock);
	return NULL;
}

struct frame_reader *frame_reader_new(const struct host *host, bool threaded)
{
	struct frame_reader *reader = xcalloc(1, sizeof(*reader));

	reader->host = host;
	reader->kpage = kpage_open(host);
	reader->threaded = threaded;
	pthread_mutex_init(&reader->lock, NULL);
	pthread_cond_init(&reader->changed, NULL);
	return reader;
}

void frame_reader_free(struct frame_reader *reader)
{
	if (!reader)
		return;
	if (reader->started) {
		pthread_mutex_lock(&reader->lock);
		reader->quit = true;
		pthread_cond_broadcast(&reader->changed);
		pthread_mutex_unlock(&reader->lock);
		pthread_join(reader->thread, NULL);
	}
	kpage_close(reader->kpage);
	pthread_cond_destroy(&reader->changed);
	pthread_mutex_destroy(&reader->lock);
	free(reader);
}

void frame_reader_start(struct frame_reader *reader, struct window *window)
{
	/* Where there can be no second thread, this one does it. */
	if (reader->threaded && !reader->started)
		reader->started = !pthread_create(&reader->thread, NULL, run, reader);
	if (!reader->started) {
		read_window(reader, window);
		return;
	}
	pthread_mutex_lock(&reader->lock);
	reader->window = window;
	pthread_cond_broadcast(&reader->changed);
	pthread_mutex_unlock(&reader->lock);
}

/* On a busy machine the thread may not have had its turn yet: then this one does the work. */
void frame_reader_wait(struct frame_reader *reader)
{
	struct window *window;

	pthread_mutex_lock(&reader->lock);
	window = reader->window;
	reader->window = NULL;
	while (reader->reading)
		pthread_cond_wait(&reader->changed, &reader->lock);
	pthread_mutex_unlock(&reader->lock);
	if (window)
		read_window(reader, window);
}
