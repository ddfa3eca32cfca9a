/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading thousands of processes takes a while; keys must not wait for it. */
#include "app/lister.h"

#include "app/wake.h"
#include "base/xalloc.h"
#include "kernel/plist.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct lister {
	uint64_t period_ns;
	int event_fd, wake_fd;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	bool quit, paused;
	struct plist *newest;

	struct plist_marks *marks; /* the thread's own */
};

static void read_list(struct lister *lister)
{
	struct plist *list, *before;

	if (plist_read(&list))
		return;
	plist_add_rates(list, lister->marks);
	pthread_mutex_lock(&lister->lock);
	before = lister->newest;
	lister->newest = list;
	pthread_mutex_unlock(&lister->lock);
	plist_free(before);
	wake_send(lister->event_fd);
}

static void *run(void *arg)
{
	struct lister *lister = arg;

	for (;;) {
		bool quit, paused;

		pthread_mutex_lock(&lister->lock);
		quit = lister->quit;
		paused = lister->paused;
		pthread_mutex_unlock(&lister->lock);
		if (quit)
			return NULL;
		if (!paused)
			read_list(lister);
		wake_wait(lister->wake_fd, paused ? UINT64_MAX : lister->period_ns);
	}
}

struct lister *lister_new(uint64_t period_ns)
{
	struct lister *lister = xcalloc(1, sizeof(*lister));

	lister->period_ns = period_ns;
	lister->marks = plist_marks_new();
	lister->event_fd = wake_new();
	lister->wake_fd = wake_new();
	pthread_mutex_init(&lister->lock, NULL);
	if (pthread_create(&lister->thread, NULL, run, lister))
		abort();
	return lister;
}

void lister_free(struct lister *lister)
{
	if (!lister)
		return;
	pthread_mutex_lock(&lister->lock);
	lister->quit = true;
	pthread_mutex_unlock(&lister->lock);
	wake_send(lister->wake_fd);
	pthread_join(lister->thread, NULL);
	plist_free(lister->newest);
	plist_marks_free(lister->marks);
	close(lister->event_fd);
	close(lister->wake_fd);
	pthread_mutex_destroy(&lister->lock);
	free(lister);
}

void lister_pause(struct lister *lister, bool paused)
{
	pthread_mutex_lock(&lister->lock);
	lister->paused = paused;
	pthread_mutex_unlock(&lister->lock);
	wake_send(lister->wake_fd);
}

struct plist *lister_take(struct lister *lister)
{
	struct plist *list;

	pthread_mutex_lock(&lister->lock);
	list = lister->newest;
	lister->newest = NULL;
	pthread_mutex_unlock(&lister->lock);
	return list;
}

int lister_event_fd(const struct lister *lister)
{
	return lister->event_fd;
}
