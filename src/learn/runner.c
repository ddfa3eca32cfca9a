/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner: one pupil at a time, one action at a time. What is kept between steps is the
 * pupil alone; the state that a step needs is made by its own `prepare`, so that a step that is
 * repeated, or done out of order, finds what it must.
 */
#include "learn/runner.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/fault_watch.h"
#include "kernel/zram.h"
#include "lab/spawn.h"
#include "learn/driver.h"
#include "learn/measure.h"
#include "learn/place.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Evicting, or finding a huge page, may take long on a busy disk; nothing takes this long. */
#define ANSWER_MS  (30 * 1000)
#define RING_BYTES ((size_t)128 * 1024)

struct runner {
	const struct host *host;
	struct runner_config config;
	const char *dir; /* for the pupil's files */
	bool on_disk;
	struct actor pupil, keeper; /* keeper: of the zram device */
	struct pupil_answer stage;
	const struct lesson *lesson;
	void *driver_state;
	int begin_error; /* of the driver or the pupil; 0: ready */
	char begin_text[LESSON_REASON];
	struct step_result *prepared; /* of the step in hand; NULL: none */
	uint64_t began_ns;
};

/* ---- the pupil ---- */

static int spawn(struct runner *runner, struct actor *actor, const char *role, const char *dir)
{
	char *const argv[] = { (char *)"pagewalk-pupil", (char *)role, (char *)dir, NULL };

	return actor_spawn(actor, runner->config.pupil_path, argv);
}

static void end_pupil(struct runner *runner)
{
	struct actor *const actors[] = { &runner->pupil };

	actors_end(actors, 1);
}

/* 0 with an answer that is one, or -errno. */
static int await_answer(int fd, struct pupil_answer *out)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };
	ssize_t got;
	int ready;

	do {
		ready = poll(&wanted, 1, ANSWER_MS);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ready ? -errno : -ETIMEDOUT;
	got = recv(fd, out, sizeof(*out), MSG_DONTWAIT);
	if (got <= 0)
		return -EPIPE;
	if (got != sizeof(*out) || out->magic != PUPIL_MAGIC)
		return -EPROTO;
	out->text[sizeof(out->text) - 1] = '\0';
	return 0;
}

static int say(char *error, size_t room, int err, const char *what)
{
	snprintf(error, room, "%s: %s", what, strerror(-err));
	return err;
}

/* Has the pupil do one thing. 0, or -errno with one line in error[room]. */
static int order(struct runner *runner, const char *action, char *error, size_t room)
{
	struct pupil_order order = { .magic = PUPIL_MAGIC };
	int err;

	snprintf(order.action, sizeof(order.action), "%s", action);
	if (send(runner->pupil.control_fd, &order, sizeof(order), MSG_NOSIGNAL) < 0)
		err = -errno;
	else
		err = await_answer(runner->pupil.control_fd, &runner->stage);
	if (err) {
		/* A pupil that has died, or hangs, is replaced by the next prepare. */
		end_pupil(runner);
		return say(error, room, err, "the pupil has ended");
	}
	if (runner->stage.error)
		snprintf(error, room, "%s", runner->stage.text);
	return -runner->stage.error;
}

static int start_pupil(struct runner *runner)
{
	int err;

	if (runner->pupil.pid && !actor_reap(&runner->pupil, 0))
		return 0;
	end_pupil(runner);
	memset(&runner->stage, 0, sizeof(runner->stage));
	err = spawn(runner, &runner->pupil, "act", runner->dir);
	if (err)
		return say(runner->begin_text, sizeof(runner->begin_text), err,
			   "cannot start pagewalk-pupil");
	return 0;
}

/* ---- swap ---- */

static int make_swap(struct runner *runner, char *error, size_t room)
{
	struct pupil_answer answer;
	int err = spawn(runner, &runner->keeper, "keep-swap", NULL);

	if (!err)
		err = await_answer(runner->keeper.control_fd, &answer);
	if (err)
		return say(error, room, err, "cannot start pagewalk-pupil");
	if (answer.error)
		snprintf(error, room, "%s", answer.text);
	return -answer.error;
}

/* The end of file tells it; taking the swap off reads back what is in it. */
static void remove_swap(struct runner *runner)
{
	struct actor *const actors[] = { &runner->keeper };

	if (!runner->keeper.pid)
		return;
	shutdown(runner->keeper.control_fd, SHUT_RDWR);
	actor_reap(&runner->keeper, (int64_t)ANSWER_MS * (int64_t)NS_PER_MS);
	actors_end(actors, 1);
}

struct lesson_powers learn_powers(const struct host *host, const struct runner_config *config)
{
	struct lesson_powers powers = {
		.frames = host->may_see_frames,
		.swap = swap_is_on() || (config->zram && zram_is_possible()),
	};

	place_choose(config->dir, &powers.disk);
	return powers;
}

/* ---- life ---- */

int runner_new(const struct host *host, const struct runner_config *config, struct runner **out,
	       char *error, size_t room)
{
	struct runner *runner = xcalloc(1, sizeof(*runner));
	int err = 0;

	runner->host = host;
	runner->config = *config;
	runner->dir = place_choose(config->dir, &runner->on_disk);
	actor_init(&runner->pupil);
	actor_init(&runner->keeper);
	if (config->zram)
		err = make_swap(runner, error, room);
	if (err) {
		runner_free(runner);
		return err;
	}
	*out = runner;
	return 0;
}

static void end_lesson(struct runner *runner)
{
	const struct lesson *lesson = runner->lesson;

	step_result_unref(runner->prepared);
	runner->prepared = NULL;
	if (lesson && lesson->driver && !runner->begin_error)
		lesson->driver->end(runner->driver_state);
	runner->driver_state = NULL;
	runner->lesson = NULL;
	end_pupil(runner);
}

void runner_free(struct runner *runner)
{
	if (!runner)
		return;
	end_lesson(runner);
	remove_swap(runner);
	free(runner);
}

void runner_begin(struct runner *runner, const struct lesson *lesson)
{
	const struct driver_setup setup = {
		.host = runner->host,
		.actor_path = runner->config.actor_path,
		.dir = runner->config.dir,
		.cancel = runner->config.cancel,
	};

	end_lesson(runner);
	runner->lesson = lesson;
	runner->begin_text[0] = '\0';
	if (lesson->driver)
		runner->begin_error = lesson->driver->begin(&setup, &runner->driver_state,
							    runner->begin_text,
							    sizeof(runner->begin_text));
	else
		runner->begin_error = start_pupil(runner);
}

pid_t runner_pid(const struct runner *runner)
{
	return runner->pupil.pid;
}

/* ---- a step ---- */

/* What this machine cannot do makes claims unknown; anything else is an error of the step. */
static void note_failure(struct step_result *result, int err, const char *text)
{
	result->error = err;
	snprintf(result->error_text, sizeof(result->error_text), "%s", text);
	step_result_refuse(result, why_from_errno(-err), text);
}

static void measure(struct runner *runner, struct step_result *result,
		    const struct measure_faults *faults, bool after)
{
	const struct measure_moment moment = {
		.host = runner->host,
		.stage = &runner->stage,
		.faults = faults,
		.after = after,
	};
	const struct lesson_driver *driver = runner->lesson->driver;

	if (!driver) {
		measure_step(&moment, result);
		return;
	}
	for (size_t i = 0; i < result->nr_claims; i++) {
		struct claim_result *claim = &result->claims[i];

		if (claim->claim->when != (after ? CLAIM_BEFORE : CLAIM_AFTER))
			driver->measure(runner->driver_state, claim->claim,
					after ? &claim->after : &claim->before);
	}
}

static int perform(struct runner *runner, const char *action, char *error, size_t room)
{
	const struct lesson_driver *driver = runner->lesson->driver;

	return driver ? driver->perform(runner->driver_state, action, error, room)
		      : order(runner, action, error, room);
}

/* Brings about the state before the step and measures it. */
static void prepare(struct runner *runner, struct step_result *result)
{
	const struct lesson_step *step = &result->lesson->steps[result->step];
	char error[LESSON_REASON] = "";
	int err = runner->begin_error;

	if (!err && !runner->lesson->driver)
		err = start_pupil(runner);
	if (err) {
		note_failure(result, err, runner->begin_text);
		return;
	}
	if (runner->lesson->needs_swap && !swap_is_on()) {
		note_failure(result, -EOPNOTSUPP, "no swap is on (--zram, as root, makes some)");
		return;
	}
	if (runner->lesson->needs_disk && !runner->on_disk) {
		note_failure(result, -EOPNOTSUPP,
			     "files lie in memory (tmpfs) here and cannot be dropped (--dir)");
		return;
	}
	if (step->prepare)
		err = perform(runner, step->prepare, error, sizeof(error));
	result->pid = runner->pupil.pid;
	if (err)
		note_failure(result, err, error);
	else
		measure(runner, result, NULL, false);
}

struct step_result *runner_prepare(struct runner *runner, size_t index)
{
	struct step_result *result = step_result_new(runner->lesson, index);

	runner->began_ns = clock_mono_ns();
	step_result_unref(runner->prepared);
	runner->prepared = result;
	prepare(runner, result);
	return step_result_copy(result);
}

static void take_fault(void *arg, const struct fault *fault, const struct vma *vma,
		       const struct vma *code)
{
	struct measure_faults *faults = arg;

	(void)vma;
	(void)code;
	if (fault->severity == FAULT_FAILED)
		return;
	faults->items = xgrow(faults->items, faults->nr, &faults->room, sizeof(*faults->items));
	faults->items[faults->nr++] = (struct measure_fault){
		.addr = fault->addr,
		.major = fault->severity == FAULT_MAJOR,
	};
}

/* Does the action with the faults watched, where that is allowed. */
static int perform_watched(struct runner *runner, const char *action, struct measure_faults *faults,
			   char *error, size_t room)
{
	static const struct fault_watch_ops ops = { .fault = take_fault };
	const struct fault_capture_config config = {
		.pid = runner->pupil.pid,
		.software_only = true,
		.no_bpf = true, /* some dozens of faults, and to begin must be quick */
		.ring_bytes = RING_BYTES,
	};
	struct fault_balance balance;
	struct fault_watch *watch;
	int ret = fault_watch_new(runner->host, &config, &watch), err;

	faults->why = ret ? why_from_errno(-ret) : WHY_OK;
	err = order(runner, action, error, room);
	if (ret)
		return err;
	fault_watch_read(watch, 0, &ops, faults);
	fault_watch_flush(watch, &ops, faults);
	if (!fault_watch_balance(watch, &balance) && balance.nr_lost)
		faults->why = WHY_TRUNCATED;
	fault_watch_free(watch);
	return err;
}

static void act(struct runner *runner, struct step_result *result)
{
	const char *action = result->lesson->steps[result->step].action;
	struct measure_faults faults = { .why = WHY_NOT_ASKED };
	char error[LESSON_REASON] = "";
	int err;

	if (runner->lesson->driver)
		err = perform(runner, action, error, sizeof(error));
	else
		err = perform_watched(runner, action, &faults, error, sizeof(error));
	if (err)
		note_failure(result, err, error);
	else
		measure(runner, result, &faults, true);
	free(faults.items);
}

struct step_result *runner_perform(struct runner *runner)
{
	struct step_result *result = runner->prepared;

	for (unsigned nr_tries = 1;; nr_tries++) {
		if (!result->error)
			act(runner, result);
		result->performed = true;
		result->nr_tries = nr_tries;
		step_result_judge(result);
		/* What this machine cannot do, or cannot tell, it cannot the next time either. */
		if (result->verdict != VERDICT_NOT_HELD || nr_tries == LEARN_TRIES)
			break;
		runner->prepared = step_result_new(result->lesson, result->step);
		step_result_unref(result);
		result = runner->prepared;
		prepare(runner, result);
	}
	result->taken_ns = clock_mono_ns() - runner->began_ns;
	runner->prepared = NULL;
	return result;
}
