/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's thread and its doors. Orders come in through a queue and an eventfd(2); views
 * go out as immutable snapshots, the newest under a mutex, each announced by another
 * eventfd. The thread waits in poll(2) for orders, for what actors say, and for the next
 * moment to look at them; it starts the actors itself, because PR_SET_PDEATHSIG ties them to
 * the thread that does.
 */
#include "lab/coordinator.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_RUNNING_NS (50 * NS_PER_MS)
#define TICK_RESTING_NS (500 * NS_PER_MS)
#define SETTLE_NS       (2 * NS_PER_S) /* for what a step sent to be received */
#define DEFAULT_CELLS   64
#define MOST_BYTES      (UINT64_C(1) << 62)
/* What files take on the disk beyond their size. */
#define SPARE_PART 20

static void ring(int event_fd)
{
	const uint64_t one = 1;
	/* It fails only where the counter is full: then it is readable anyway. */
	ssize_t ignored = write(event_fd, &one, sizeof(one));

	(void)ignored;
}

void lab_publish(struct lab *lab)
{
	struct lab_view *view = lab_view_new(), *old;

	lab->published_ns = clock_mono_ns();
	view->taken_mono_ns = lab->published_ns;
	view->phase = lab->phase;
	view->start = lab->start;
	view->size_bytes = lab->size_bytes;
	view->pace_bytes_per_s = lab->pace_bytes_per_s;
	view->prepared_bytes = lab->prepared_bytes;
	view->prepare_total_bytes = lab->prepare_total_bytes;
	memcpy(view->doing, lab->doing, sizeof(view->doing));
	memcpy(view->error, lab->error, sizeof(view->error));
	memcpy(view->notice, lab->notice, sizeof(view->notice));
	view->proved = lab->proved;
	memcpy(view->proofs, lab->proofs, sizeof(view->proofs));
	view->measure = lab->measure;
	view->nr_lanes = lab->nr_lanes;
	for (size_t i = 0; i < lab->nr_lanes; i++)
		lane_copy_view(&lab->lanes[i], &view->lanes[i]);
	pthread_mutex_lock(&lab->mutex);
	old = lab->newest;
	lab->newest = view;
	pthread_mutex_unlock(&lab->mutex);
	lab_view_unref(old);
	ring(lab->event_fd);
}

/* Takes the oldest order out of the queue. */
static bool take_order(struct lab *lab, struct lab_order *order)
{
	bool taken = false;

	pthread_mutex_lock(&lab->mutex);
	if (lab->nr_orders) {
		*order = lab->orders[0];
		memmove(lab->orders, lab->orders + 1, --lab->nr_orders * sizeof(*order));
		taken = true;
	}
	pthread_mutex_unlock(&lab->mutex);
	return taken;
}

static void obey_all(struct lab *lab)
{
	struct lab_order order;
	uint64_t nr;
	ssize_t ignored = read(lab->order_fd, &nr, sizeof(nr));

	(void)ignored;
	while (!atomic_load(&lab->cancel) && take_order(lab, &order)) {
		lab_obey(lab, &order);
		lab_advance(lab);
	}
}

static uint64_t tick_ns(const struct lab *lab)
{
	bool settling = lab->stepped_ns && clock_mono_ns() - lab->stepped_ns < SETTLE_NS;

	return lab->phase == LAB_RUNNING || settling ? TICK_RUNNING_NS : TICK_RESTING_NS;
}

/* Waits until end_ns for orders and for what the actors say, and acts on it. */
static void wait_and_act(struct lab *lab, uint64_t end_ns)
{
	struct pollfd wanted[1 + LAB_MAX_LANES * NR_LANE_PART];
	struct {
		struct lane *lane;
		enum lane_part part;
	} from[LAB_MAX_LANES * NR_LANE_PART];
	uint64_t now_ns = clock_mono_ns();
	size_t nr = 0;

	wanted[0] = (struct pollfd){ .fd = lab->order_fd, .events = POLLIN };
	for (size_t i = 0; i < lab->nr_lanes * NR_LANE_PART; i++) {
		struct lane *lane = &lab->lanes[i / NR_LANE_PART];
		enum lane_part part = (enum lane_part)(i % NR_LANE_PART);

		if (!lane_can_hear(lane, part))
			continue;
		from[nr].lane = lane;
		from[nr].part = part;
		wanted[++nr] = (struct pollfd){ .fd = lane->halves[part].actor.control_fd,
						.events = POLLIN };
	}
	if (poll(wanted, nr + 1, now_ns < end_ns ? (int)((end_ns - now_ns) / NS_PER_MS) + 1 : 0) <=
	    0)
		return;
	for (size_t i = 0; i < nr; i++)
		/* One half's end may have ended the other in the same round. */
		if (wanted[i + 1].revents && lane_can_hear(from[i].lane, from[i].part))
			lane_hear(from[i].lane, from[i].part);
	lab_advance(lab);
	if (wanted[0].revents)
		obey_all(lab);
	lab_publish(lab);
}

static void *run(void *arg)
{
	struct lab *lab = arg;
	static const struct lab_order start = { LAB_CMD_START, 0 };

	if (!lab_prepare_files(lab)) {
		lab_prove_once(lab);
		lab_raise(lab);
		if (lab->start_at_once && !atomic_load(&lab->cancel))
			lab_obey(lab, &start);
		lab_advance(lab);
	}
	lab_publish(lab);
	while (!atomic_load(&lab->cancel)) {
		uint64_t tick_end_ns = clock_mono_ns() + tick_ns(lab);

		while (!atomic_load(&lab->cancel) && clock_mono_ns() < tick_end_ns)
			wait_and_act(lab, tick_end_ns);
		if (lab->phase == LAB_FAILED)
			continue;
		lab_sample(lab, false);
		lab_publish(lab);
	}
	lanes_end(lab->lanes, lab->nr_lanes);
	return NULL;
}

/* Opens the file that is to be copied. 0, or -errno with one line in error. */
static int open_source(struct lab *lab, const char *path, char *error, size_t room)
{
	char *safe = text_safe_str(path);
	const char *why = NULL;
	struct stat st;
	int err = 0;

	lab->source_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (lab->source_fd < 0 || fstat(lab->source_fd, &st)) {
		err = -errno;
		why = strerror(-err);
	} else if (S_ISDIR(st.st_mode)) {
		err = -EISDIR;
		why = "it is a directory";
	} else if (!S_ISREG(st.st_mode)) {
		err = -ENODEV;
		why = "it is not a regular file";
	} else {
		lab->size_bytes = (uint64_t)st.st_size;
	}
	if (err)
		snprintf(error, room, "cannot send %s: %s", safe, why);
	free(safe);
	return err;
}

static int check_config(const struct lab_config *config, char *error, size_t room)
{
	if (!config->nr_modes || config->nr_modes > LAB_MAX_LANES) {
		snprintf(error, room, "the lab has 1 to %d lanes", LAB_MAX_LANES);
		return -EINVAL;
	}
	if (access(config->actor_path, X_OK)) {
		int err = -errno;
		char *safe = text_safe_str(config->actor_path);

		snprintf(error, room, "cannot run %s: %s", safe, strerror(-err));
		free(safe);
		return err;
	}
	return 0;
}

/* Everything that can be refused before a thread runs. */
static int check_and_open(struct lab *lab, const struct lab_config *config, char *error,
			  size_t room)
{
	int err = check_config(config, error, room);
	uint64_t total_bytes;

	if (!err && config->file)
		err = open_source(lab, config->file, error, room);
	if (err)
		return err;
	if (lab->size_bytes > MOST_BYTES / LAB_MAX_LANES / 2) {
		snprintf(error, room, "the size is too large");
		return -EFBIG;
	}
	err = run_dir_open(config->dir, config->keep, config->actor_path, &lab->run, error, room);
	if (err)
		return err;
	total_bytes = lab->size_bytes * config->nr_modes;
	if (config->setup.sink == SINK_DISK)
		total_bytes *= 2; /* what it writes takes as much again */
	return run_dir_check_space(lab->run, total_bytes + total_bytes / SPARE_PART, error, room);
}

/* Signals are for the threads that know what to do with them. */
static int start_thread(struct lab *lab)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&lab->thread, NULL, run, lab);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

static void release(struct lab *lab)
{
	for (size_t i = 0; i < lab->nr_lanes; i++)
		lane_clear(&lab->lanes[i]);
	run_dir_close(lab->run);
	if (lab->source_fd >= 0)
		close(lab->source_fd);
	if (lab->event_fd >= 0)
		close(lab->event_fd);
	if (lab->order_fd >= 0)
		close(lab->order_fd);
	lab_view_unref(lab->newest);
	pthread_mutex_destroy(&lab->mutex);
	free(lab->orders);
	free(lab->actor_path);
	free(lab->dir);
	free(lab);
}

static struct lab *make(const struct host *host, const struct lab_config *config)
{
	struct lab *lab = xcalloc(1, sizeof(*lab));

	lab->host = host;
	lab->source_fd = -1;
	lab->actor_path = xstrdup(config->actor_path);
	lab->dir = config->dir ? xstrdup(config->dir) : NULL;
	lab->setup = config->setup;
	lab->keep = config->keep;
	lab->one_at_a_time = config->one_at_a_time;
	lab->start_at_once = config->start_at_once;
	lab->start = config->start;
	lab->rounds = config->rounds ? config->rounds : MEASURE_ROUNDS;
	lab->size_bytes = config->size_bytes;
	lab->pace_bytes_per_s = config->pace_bytes_per_s;
	lab->nr_cells = DEFAULT_CELLS;
	lab->phase = LAB_PREPARING;
	pthread_mutex_init(&lab->mutex, NULL);
	lab->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	lab->order_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return lab;
}

static void init_lane(struct lab *lab, const struct lab_config *config, size_t index)
{
	struct lane_setup setup = config->setup;

	setup.mode = config->modes[index];
	lane_init(&lab->lanes[lab->nr_lanes++], lab->host, &setup);
}

int lab_new(const struct host *host, const struct lab_config *config, struct lab **out, char *error,
	    size_t error_room)
{
	struct lab *lab = make(host, config);
	int err;

	if (lab->event_fd < 0 || lab->order_fd < 0) {
		err = -EMFILE;
		snprintf(error, error_room, "no more descriptors");
		goto failed;
	}
	err = check_and_open(lab, config, error, error_room);
	if (err)
		goto failed;
	for (size_t i = 0; i < config->nr_modes; i++)
		init_lane(lab, config, i);
	lab_publish(lab);
	err = start_thread(lab);
	if (err) {
		snprintf(error, error_room, "cannot start a thread: %s", strerror(-err));
		goto failed;
	}
	*out = lab;
	return 0;
failed:
	release(lab);
	return err;
}

void lab_free(struct lab *lab)
{
	if (!lab)
		return;
	pthread_mutex_lock(&lab->mutex);
	atomic_store(&lab->cancel, true);
	atomic_store(&lab->stop, true);
	pthread_mutex_unlock(&lab->mutex);
	ring(lab->order_fd);
	pthread_join(lab->thread, NULL);
	release(lab);
}

/* A measurement does not wait for its end where one of these comes. */
static bool ends_measurement(enum lab_command command)
{
	return command == LAB_CMD_RESTART || command == LAB_CMD_MODES ||
	       command == LAB_CMD_MEASURE || command == LAB_CMD_STOP || command == LAB_CMD_WATCH;
}

bool lab_arm_stop(struct lab *lab)
{
	bool stop;

	pthread_mutex_lock(&lab->mutex);
	stop = atomic_load(&lab->cancel);
	for (size_t i = 0; i < lab->nr_orders; i++)
		stop |= ends_measurement(lab->orders[i].command);
	atomic_store(&lab->stop, stop);
	pthread_mutex_unlock(&lab->mutex);
	return stop;
}

void lab_command(struct lab *lab, enum lab_command command, uint64_t arg)
{
	pthread_mutex_lock(&lab->mutex);
	lab->orders = xgrow(lab->orders, lab->nr_orders, &lab->orders_room, sizeof(*lab->orders));
	lab->orders[lab->nr_orders++] = (struct lab_order){ command, arg };
	if (ends_measurement(command))
		atomic_store(&lab->stop, true);
	pthread_mutex_unlock(&lab->mutex);
	ring(lab->order_fd);
}

struct lab_view *lab_view_get(struct lab *lab)
{
	struct lab_view *view;

	pthread_mutex_lock(&lab->mutex);
	view = lab_view_ref(lab->newest);
	pthread_mutex_unlock(&lab->mutex);
	return view;
}

int lab_event_fd(const struct lab *lab)
{
	return lab->event_fd;
}
