/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/objects_watch.h"

#include "app/wake.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/objects.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define PERIOD_NS NS_PER_S
/* After this no more files are asked about and no more processes compared. */
#define BUDGET_NS (2 * NS_PER_S)
/* Of the time, reading takes this part at most. */
#define REST 9

/* The first look: what no screen is too small for, in a few milliseconds. */
#define FIRST_THREADS 100
#define FIRST_FDS     300

struct objects_watch {
	struct proc *proc;
	int event_fd, wake_fd;
	pthread_t thread;
	atomic_bool quit;
	pthread_mutex_t lock; /* guards what follows */
	bool paused, ended;
	struct objects *newest;
};

static bool should_stop(void *arg)
{
	return atomic_load(&((struct objects_watch *)arg)->quit);
}

static void publish(struct objects_watch *watch, struct objects *objects, bool ended)
{
	struct objects *before = NULL;

	pthread_mutex_lock(&watch->lock);
	watch->ended |= ended;
	if (objects) {
		before = watch->newest;
		watch->newest = objects;
	}
	pthread_mutex_unlock(&watch->lock);
	objects_unref(before);
	wake_send(watch->event_fd);
}

/* Reads and publishes; the wall time it took, or UINT64_MAX once the process is gone. */
static uint64_t look(struct objects_watch *watch, bool first)
{
	struct objects_limits limits = { .stop = should_stop, .arg = watch };
	uint64_t start_ns = clock_mono_ns();
	struct objects *objects;
	int ret;

	if (first) {
		limits.first_look = true;
		limits.nr_threads = FIRST_THREADS;
		limits.nr_fds = FIRST_FDS;
	} else {
		limits.budget_ns = BUDGET_NS;
	}
	ret = objects_read(watch->proc, &limits, &objects);
	if (!ret)
		publish(watch, objects, objects->process.life != PROCESS_LIVE);
	else if (ret == -ESRCH)
		publish(watch, NULL, true);
	return ret == -ESRCH ? UINT64_MAX : clock_mono_ns() - start_ns;
}

static void *run(void *arg)
{
	struct objects_watch *watch = arg;
	bool first = true;

	while (!atomic_load(&watch->quit)) {
		uint64_t rest_ns = UINT64_MAX, took_ns;
		bool idle;

		pthread_mutex_lock(&watch->lock);
		idle = watch->paused || watch->ended;
		pthread_mutex_unlock(&watch->lock);
		if (!idle) {
			if (first)
				look(watch, true);
			first = false;
			took_ns = look(watch, false);
			if (took_ns != UINT64_MAX)
				rest_ns = took_ns * REST > PERIOD_NS ? took_ns * REST : PERIOD_NS;
		}
		wake_wait(watch->wake_fd, rest_ns);
	}
	return NULL;
}

struct objects_watch *objects_watch_new(struct proc *proc)
{
	struct objects_watch *watch = xcalloc(1, sizeof(*watch));

	watch->proc = proc;
	watch->event_fd = wake_new();
	watch->wake_fd = wake_new();
	pthread_mutex_init(&watch->lock, NULL);
	if (pthread_create(&watch->thread, NULL, run, watch))
		abort();
	return watch;
}

void objects_watch_free(struct objects_watch *watch)
{
	if (!watch)
		return;
	atomic_store(&watch->quit, true);
	wake_send(watch->wake_fd);
	pthread_join(watch->thread, NULL);
	objects_unref(watch->newest);
	proc_close(watch->proc);
	close(watch->event_fd);
	close(watch->wake_fd);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

void objects_watch_pause(struct objects_watch *watch, bool paused)
{
	pthread_mutex_lock(&watch->lock);
	watch->paused = paused;
	pthread_mutex_unlock(&watch->lock);
	wake_send(watch->wake_fd);
}

struct objects *objects_watch_take(struct objects_watch *watch)
{
	struct objects *objects;

	pthread_mutex_lock(&watch->lock);
	objects = watch->newest;
	watch->newest = NULL;
	pthread_mutex_unlock(&watch->lock);
	return objects;
}

bool objects_watch_ended(struct objects_watch *watch)
{
	bool ended;

	pthread_mutex_lock(&watch->lock);
	ended = watch->ended;
	pthread_mutex_unlock(&watch->lock);
	return ended;
}

int objects_watch_event_fd(const struct objects_watch *watch)
{
	return watch->event_fd;
}
