/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/lesson_worker.h"

#include "app/wake.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "learn/lesson.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a step stands to be read where no key is waited for. */
#define READY_NS (3 * NS_PER_S)
#define DONE_NS  (5 * NS_PER_S)

struct order {
	enum learn_command command;
	uint64_t arg;
};

struct lesson_worker {
	const struct host *host;
	struct runner_config config;
	bool by_itself;
	int event_fd, wake_fd;
	atomic_bool quit;
	pthread_t thread;
	pthread_mutex_t lock; /* guards the next two groups */
	struct order *orders;
	size_t nr_orders, orders_room;
	struct lesson_view *newest;

	/* The thread's own. */
	struct runner *runner; /* NULL: none can be had, or none was needed yet */
	const struct lesson *lesson;
	size_t step;
	enum lesson_stage stage;
	struct step_result *result;
	char error[LESSON_REASON];
};

/* Shows how far it has got. */
static void publish(struct lesson_worker *worker)
{
	struct lesson_view *view = lesson_view_new(), *before;

	view->powers = learn_powers(worker->host, &worker->config);
	view->lesson = worker->lesson;
	view->step = worker->step;
	view->stage = worker->stage;
	view->by_itself = worker->by_itself;
	if (worker->result)
		view->result = step_result_ref(worker->result);
	if (worker->runner)
		view->pid = runner_pid(worker->runner);
	memcpy(view->error, worker->error, sizeof(view->error));
	pthread_mutex_lock(&worker->lock);
	before = worker->newest;
	worker->newest = view;
	pthread_mutex_unlock(&worker->lock);
	lesson_view_unref(before);
	wake_send(worker->event_fd);
}

static void enter_stage(struct lesson_worker *worker, enum lesson_stage stage,
			struct step_result *result)
{
	step_result_unref(worker->result);
	worker->result = result;
	worker->stage = stage;
	publish(worker);
}

static void prepare(struct lesson_worker *worker, size_t step)
{
	if (!worker->lesson || !worker->runner || step >= worker->lesson->nr_steps)
		return;
	worker->step = step;
	enter_stage(worker, STAGE_PREPARING, NULL);
	enter_stage(worker, STAGE_READY, runner_prepare(worker->runner, step));
}

static void perform(struct lesson_worker *worker)
{
	if (worker->stage != STAGE_READY)
		return;
	enter_stage(worker, STAGE_ACTING, step_result_ref(worker->result));
	enter_stage(worker, STAGE_DONE, runner_perform(worker->runner));
}

/* The runner is made with the first lesson: the list alone needs no swap and no file. */
static void begin(struct lesson_worker *worker, size_t index)
{
	if (index >= nr_lessons)
		return;
	worker->error[0] = '\0';
	worker->lesson = lessons[index];
	worker->step = 0;
	enter_stage(worker, STAGE_PREPARING, NULL);
	if (!worker->runner && runner_new(worker->host, &worker->config, &worker->runner,
					  worker->error, sizeof(worker->error))) {
		worker->runner = NULL;
		publish(worker);
		return;
	}
	runner_begin(worker->runner, worker->lesson);
	prepare(worker, 0);
}

static void leave(struct lesson_worker *worker)
{
	runner_free(worker->runner);
	worker->runner = NULL;
	worker->lesson = NULL;
	worker->error[0] = '\0';
	enter_stage(worker, STAGE_NONE, NULL);
}

static void obey(struct lesson_worker *worker, const struct order *order)
{
	switch (order->command) {
	case LEARN_BEGIN:
		begin(worker, (size_t)order->arg);
		break;
	case LEARN_PREPARE:
		prepare(worker, (size_t)order->arg);
		break;
	case LEARN_PERFORM:
		perform(worker);
		break;
	case LEARN_LEAVE:
		leave(worker);
		break;
	}
}

static bool take_order(struct lesson_worker *worker, struct order *out)
{
	bool is = false;

	pthread_mutex_lock(&worker->lock);
	if (worker->nr_orders) {
		*out = worker->orders[0];
		worker->nr_orders--;
		memmove(worker->orders, worker->orders + 1,
			worker->nr_orders * sizeof(worker->orders[0]));
		is = true;
	}
	pthread_mutex_unlock(&worker->lock);
	return is;
}

/* How long until it goes on by itself; UINT64_MAX: never. */
static uint64_t rest_ns(const struct lesson_worker *worker)
{
	if (!worker->by_itself || !worker->lesson)
		return UINT64_MAX;
	if (worker->stage == STAGE_READY)
		return READY_NS;
	if (worker->stage == STAGE_DONE && worker->step + 1 < worker->lesson->nr_steps)
		return DONE_NS;
	return UINT64_MAX;
}

static void go_on(struct lesson_worker *worker)
{
	if (worker->stage == STAGE_READY)
		perform(worker);
	else
		prepare(worker, worker->step + 1);
}

static void *run(void *arg)
{
	struct lesson_worker *worker = arg;
	uint64_t since_ns = clock_mono_ns();
	struct order order;

	publish(worker);
	while (!atomic_load(&worker->quit)) {
		uint64_t t_ns = rest_ns(worker), gone_ns = clock_mono_ns() - since_ns;

		if (take_order(worker, &order)) {
			obey(worker, &order);
			since_ns = clock_mono_ns();
		} else if (gone_ns >= t_ns) {
			go_on(worker);
			since_ns = clock_mono_ns();
		} else {
			wake_wait(worker->wake_fd, t_ns == UINT64_MAX ? t_ns : t_ns - gone_ns);
		}
	}
	runner_free(worker->runner);
	step_result_unref(worker->result);
	return NULL;
}

struct lesson_worker *lesson_worker_new(const struct host *host, const struct runner_config *config,
					bool by_itself)
{
	struct lesson_worker *worker = xcalloc(1, sizeof(*worker));

	worker->host = host;
	worker->config = *config;
	worker->config.cancel = &worker->quit;
	worker->by_itself = by_itself;
	worker->event_fd = wake_new();
	worker->wake_fd = wake_new();
	worker->newest = lesson_view_new();
	atomic_init(&worker->quit, false);
	pthread_mutex_init(&worker->lock, NULL);
	if (pthread_create(&worker->thread, NULL, run, worker))
		abort();
	return worker;
}

void lesson_worker_free(struct lesson_worker *worker)
{
	atomic_store(&worker->quit, true);
	wake_send(worker->wake_fd);
	pthread_join(worker->thread, NULL);
	lesson_view_unref(worker->newest);
	pthread_mutex_destroy(&worker->lock);
	close(worker->event_fd);
	close(worker->wake_fd);
	free(worker->orders);
	free(worker);
}

void lesson_worker_order(struct lesson_worker *worker, enum learn_command command, uint64_t arg)
{
	pthread_mutex_lock(&worker->lock);
	worker->orders = xgrow(worker->orders, worker->nr_orders, &worker->orders_room,
			       sizeof(*worker->orders));
	worker->orders[worker->nr_orders++] = (struct order){ command, arg };
	pthread_mutex_unlock(&worker->lock);
	wake_send(worker->wake_fd);
}

struct lesson_view *lesson_worker_get(struct lesson_worker *worker)
{
	struct lesson_view *view;

	pthread_mutex_lock(&worker->lock);
	view = lesson_view_ref(worker->newest);
	pthread_mutex_unlock(&worker->lock);
	return view;
}

int lesson_worker_event_fd(const struct lesson_worker *worker)
{
	return worker->event_fd;
}
