/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of one lane: its two processes are started, brought together, told to go, and
 * heard until both have reported. However one of them ends, the lane ends in DONE or in
 * FAILED with the reason that lies deepest: when a sink is killed its sender fails too,
 * with a connection reset, and it is the kill that must be told.
 */
#include "lab/lane.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "lab/residency.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_NS (10 * NS_PER_S)   /* for each step of the meeting */
#define SLICE_NS  (50 * NS_PER_MS)  /* between looks at `cancel` */
#define CAUSE_NS  (500 * NS_PER_MS) /* for the other half to say what it knows */

static const char *const part_names[NR_LANE_PART] = {
	[LANE_SENDER] = "sender",
	[LANE_SINK] = "sink",
};

/* Why a lane failed, as far as it is known; the highest rank is told. */
struct cause {
	enum cause_rank {
		CAUSE_NONE,
		CAUSE_SHORT,      /* fewer bytes came than the file has */
		CAUSE_CONNECTION, /* the other half went away */
		CAUSE_REPORTED,   /* a half says what it could not do */
		CAUSE_DIED,       /* a half is gone */
	} rank;
	char text[sizeof(((struct lane_view *)NULL)->error)];
};

void lane_init(struct lane *lane, const struct host *host, const struct lane_setup *setup)
{
	memset(lane, 0, sizeof(*lane));
	lane->host = host;
	lane->file_fd = -1;
	lane->view.setup = *setup;
	lane->view.cache.why = lane->view.cache.why_states = WHY_NOT_ASKED;
	for (int part = 0; part < NR_LANE_PART; part++)
		actor_init(&lane->halves[part].actor);
	lane_reset(lane);
}

void lane_clear(struct lane *lane)
{
	lane_reset(lane);
	if (lane->cache)
		filecache_close(lane->cache);
	if (lane->file_fd >= 0)
		close(lane->file_fd);
	cache_info_clear(&lane->view.cache);
	free(lane->path);
	free(lane->target_path);
}

/* "lane-1-heap.bin" -> "lane-1-heap-received.bin" */
static char *make_target_path(const char *path)
{
	size_t len = strlen(path), end = len > 4 && !strcmp(path + len - 4, ".bin") ? len - 4 : len;

	return xasprintf("%.*s-received.bin", (int)end, path);
}

int lane_set_file(struct lane *lane, const char *path, uint64_t size_bytes, uint64_t hash)
{
	char *safe = text_safe_str(path);
	struct stat st;

	snprintf(lane->view.path, sizeof(lane->view.path), "%s", safe);
	free(safe);
	lane->path = xstrdup(path);
	if (lane->view.setup.sink == SINK_DISK)
		lane->target_path = make_target_path(path);
	lane->hash = hash;
	lane->view.size_bytes = size_bytes;
	lane->file_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (lane->file_fd < 0 || fstat(lane->file_fd, &st))
		return -errno;
	lane->dev = st.st_dev;
	lane->ino = st.st_ino;
	return filecache_open_fd(lane->host, lane->file_fd, FILECACHE_AUTO, &lane->cache);
}

bool lane_file_is_as_it_was(const struct lane *lane, char *why, size_t room)
{
	unsigned long long wanted = lane->view.size_bytes;
	struct stat held, named;

	if (fstat(lane->file_fd, &held))
		snprintf(why, room, "its file: %s", strerror(errno));
	else if (stat(lane->path, &named))
		snprintf(why, room, "its file was taken away during the run: %s", strerror(errno));
	else if (named.st_dev != lane->dev || named.st_ino != lane->ino)
		snprintf(why, room, "its file was replaced: another one has its name now");
	else if ((unsigned long long)held.st_size != wanted)
		snprintf(why, room, "the file %s: it had %llu bytes, it now has %llu",
			 (unsigned long long)held.st_size < wanted ? "shrank" : "grew", wanted,
			 (unsigned long long)held.st_size);
	else
		return true;
	return false;
}

void lane_reset(struct lane *lane)
{
	struct lane_view *view = &lane->view;

	for (int part = 0; part < NR_LANE_PART; part++) {
		struct lane_half *half = &lane->halves[part];

		if (half->proc)
			proc_close(half->proc);
		half->proc = NULL;
		half->reported = false;
	}
	if (lane->target_path)
		unlink(lane->target_path);
	view->state = LANE_PREPARING;
	view->hash_state = HASH_PENDING;
	if (!view->setup.verify)
		view->hash_state = HASH_NOT_ASKED;
	else if (!sink_info(view->setup.sink)->can_verify)
		view->hash_state = HASH_IMPOSSIBLE;
	view->sent_bytes = view->received_bytes = 0;
	view->elapsed_ns = view->rate_bytes_per_s = 0;
	view->sender = view->sink = (struct lane_side){ .why = WHY_NOT_ASKED,
							.why_perf = WHY_NOT_ASKED,
							.why_switches = WHY_NOT_ASKED };
	view->nr_completions = view->nr_copied_completions = 0;
	view->note[0] = '\0';
	view->start_verified = false;
	view->start_cached_pages = 0;
	view->start_pages = 0;
	view->error[0] = '\0';
	view->step = (struct lane_step){ 0 };
	lane->nr_samples = 0;
	lane->finished_ns = 0;
	lane->next_cache_ns = 0;
}

void lanes_end(struct lane *lanes, size_t nr)
{
	struct actor *actors[LAB_MAX_LANES * NR_LANE_PART];

	for (size_t i = 0; i < nr; i++) {
		actors[i * 2] = &lanes[i].halves[LANE_SENDER].actor;
		actors[i * 2 + 1] = &lanes[i].halves[LANE_SINK].actor;
		lanes[i].view.sender.pid = 0;
		lanes[i].view.sink.pid = 0;
	}
	actors_end(actors, nr * 2);
}

static void end_as(struct lane *lane, enum lane_state state)
{
	lane_sample(lane);
	lane->view.state = state;
	lane->view.rate_bytes_per_s = 0;
	lanes_end(lane, 1);
}

void lane_fail(struct lane *lane, const char *format, ...)
{
	va_list args;

	if (lane_state_is_final(lane->view.state))
		return;
	va_start(args, format);
	vsnprintf(lane->view.error, sizeof(lane->view.error), format, args);
	va_end(args);
	end_as(lane, LANE_FAILED);
}

/* What the sender says of a mode that cannot run here. */
static void refuse(struct lane *lane, const char *why)
{
	char *safe = text_safe_str(why);

	snprintf(lane->view.error, sizeof(lane->view.error), "%s", safe);
	free(safe);
	end_as(lane, LANE_UNAVAILABLE);
}

/* Keeps the deeper of two causes. */
__attribute__((format(printf, 3, 4))) static void note_cause(struct cause *cause,
							     enum cause_rank rank,
							     const char *format, ...)
{
	va_list args;

	if (rank <= cause->rank)
		return;
	cause->rank = rank;
	va_start(args, format);
	vsnprintf(cause->text, sizeof(cause->text), format, args);
	va_end(args);
}

/* A half whose control socket has ended: how did the process? */
static void note_death(struct lane *lane, enum lane_part part, struct cause *cause)
{
	struct actor *actor = &lane->halves[part].actor;
	const char *name = part_names[part];

	if (!actor_reap(actor, CAUSE_NS))
		note_cause(cause, CAUSE_REPORTED, "the %s does not answer any more", name);
	else if (WIFSIGNALED(actor->wait_status))
		note_cause(cause, CAUSE_DIED, "the %s was killed by signal %d (%s)", name,
			   WTERMSIG(actor->wait_status), strsignal(WTERMSIG(actor->wait_status)));
	else
		note_cause(cause, CAUSE_DIED, "the %s exited with status %d", name,
			   WEXITSTATUS(actor->wait_status));
}

/* What one half said, or that it said nothing sensible; `got` is of wire_receive(). */
static void note_answer(struct lane *lane, enum lane_part part, int got,
			const struct wire_message *message, struct cause *cause)
{
	const char *name = part_names[part];

	if (got == -EPIPE) {
		note_death(lane, part, cause);
	} else if (got < 0) {
		note_cause(cause, CAUSE_REPORTED, "the %s: %s", name, strerror(-got));
	} else if (got && message->type == WIRE_FAILED) {
		bool connection = message->err == EPIPE || message->err == ECONNRESET;
		char *safe = text_safe_str(message->text);

		note_cause(cause, connection ? CAUSE_CONNECTION : CAUSE_REPORTED, "%s: %s", name,
			   safe);
		free(safe);
	} else if (got && message->type == WIRE_RECEIVED) {
		note_cause(cause, CAUSE_SHORT, "the sink received %llu of %llu bytes",
			   (unsigned long long)message->size_bytes,
			   (unsigned long long)lane->view.size_bytes);
	} else if (got && message->type != WIRE_SENT) {
		note_cause(cause, CAUSE_REPORTED, "the %s answered out of turn", name);
	}
}

/* Fails the lane after this answer, when the other half has had time to say what it knows. */
static void fail_by(struct lane *lane, enum lane_part part, int got,
		    const struct wire_message *message)
{
	enum lane_part other = part == LANE_SENDER ? LANE_SINK : LANE_SENDER;
	struct actor *actor = &lane->halves[other].actor;
	struct cause cause = { CAUSE_NONE, "" };
	struct wire_message last;

	note_answer(lane, part, got, message, &cause);
	if (cause.rank < CAUSE_DIED && actor->pid) {
		got = wire_receive(actor->control_fd, CAUSE_NS, &last);
		note_answer(lane, other, got, &last, &cause);
	}
	lane_fail(lane, "%s", cause.rank ? cause.text : "the transfer ended early");
}

/* Waits for this answer of a half. 0, or -1 when the lane has been failed. */
static int expect(struct lane *lane, enum lane_part part, enum wire_type type,
		  struct wire_message *answer, const atomic_bool *cancel)
{
	uint64_t end_ns = clock_mono_ns() + ANSWER_NS;
	int got;

	do {
		got = wire_receive(lane->halves[part].actor.control_fd, SLICE_NS, answer);
	} while (!got && !atomic_load(cancel) && clock_mono_ns() < end_ns);
	if (got == 1 && answer->type == type)
		return 0;
	if (got == 1 && answer->type == WIRE_UNAVAILABLE)
		refuse(lane, answer->text);
	else if (got)
		fail_by(lane, part, got, answer);
	else
		lane_fail(lane, "the %s did not answer in time", part_names[part]);
	return -1;
}

int lane_tell(struct lane *lane, enum lane_part part, const struct wire_message *message)
{
	int err = actor_tell(&lane->halves[part].actor, message);

	/* Where the other end is gone, hearing it tells why. */
	if (!err || err == -EPIPE)
		return 0;
	lane_fail(lane, "the %s takes no orders: %s", part_names[part], strerror(-err));
	return -1;
}

static int spawn_half(struct lane *lane, enum lane_part part, const char *actor_path,
		      char *const argv[])
{
	struct lane_half *half = &lane->halves[part];
	int err = actor_spawn(&half->actor, actor_path, argv);

	if (err) {
		char *safe = text_safe_str(actor_path);

		lane_fail(lane, "cannot start %s: %s", safe, strerror(-err));
		free(safe);
		return -1;
	}
	if (proc_open(lane->host, half->actor.pid, &half->proc))
		half->proc = NULL;
	return 0;
}

/* Starts both halves; out come the sender's port and framing in *ready. 0 or -1. */
static int raise_both(struct lane *lane, const char *actor_path, uint64_t pace_bytes_per_s,
		      struct wire_message *ready, const atomic_bool *cancel)
{
	const struct lane_setup *setup = &lane->view.setup;
	char *sink_argv[] = { (char *)"pagewalk-actor", (char *)"sink", lane->target_path, NULL };
	char *sender_argv[] = { (char *)"pagewalk-actor",
				(char *)"sender",
				(char *)mode_info(setup->mode)->key,
				lane->path,
				lane->target_path,
				NULL };
	struct wire_message order = wire_message_make(WIRE_LISTEN), listening;

	order.sink = setup->sink;
	order.buffer_bytes = setup->receive_bytes;
	order.flags = (setup->verify ? WIRE_VERIFY : 0) | (lane->hold ? WIRE_HOLD : 0) |
		      (lane->count_faults ? WIRE_COUNT : 0);
	if (spawn_half(lane, LANE_SINK, actor_path, sink_argv) ||
	    lane_tell(lane, LANE_SINK, &order) ||
	    expect(lane, LANE_SINK, WIRE_LISTENING, &listening, cancel))
		return -1;
	order = wire_message_make(WIRE_PREPARE);
	order.port = listening.port;
	order.flags = lane->count_faults ? WIRE_COUNT : 0;
	order.sink = setup->sink;
	order.buffer_bytes = setup->buffer_bytes;
	order.window_bytes = setup->window_bytes;
	order.size_bytes = lane->view.size_bytes;
	order.pace_bytes_per_s = pace_bytes_per_s;
	if (spawn_half(lane, LANE_SENDER, actor_path, sender_argv) ||
	    lane_tell(lane, LANE_SENDER, &order))
		return -1;
	return expect(lane, LANE_SENDER, WIRE_READY, ready, cancel);
}

void lane_take_ready(struct lane *lane, const struct wire_message *ready)
{
	char *safe = text_safe_str(ready->text);

	lane->halves[LANE_SENDER].base = ready->usage;
	lane->view.buffer_bytes = ready->size_bytes;
	snprintf(lane->view.congestion, sizeof(lane->view.congestion), "%s", safe);
	free(safe);
}

void lane_raise(struct lane *lane, const char *actor_path, uint64_t pace_bytes_per_s,
		const atomic_bool *cancel)
{
	struct wire_message ready, accepted, peer = wire_message_make(WIRE_PEER);
	char why[WIRE_TEXT];

	if (!setup_is_possible(&lane->view.setup, why, sizeof(why))) {
		refuse(lane, why);
		return;
	}
	if (raise_both(lane, actor_path, pace_bytes_per_s, &ready, cancel))
		return;
	peer.port = ready.port;
	peer.framing = ready.framing;
	if (lane_tell(lane, LANE_SINK, &peer) ||
	    expect(lane, LANE_SINK, WIRE_ACCEPTED, &accepted, cancel))
		return;
	lane_take_ready(lane, &ready);
	lane->halves[LANE_SINK].base = accepted.usage;
	lane->view.sender.pid = lane->halves[LANE_SENDER].actor.pid;
	lane->view.sink.pid = lane->halves[LANE_SINK].actor.pid;
	lane->view.state = LANE_READY;
	lane_sample(lane);
}

void lane_reach(struct lane *lane, enum lab_start wanted, const atomic_bool *cancel)
{
	struct residency found;
	int err;

	if (lane->view.state != LANE_READY)
		return;
	err = residency_reach(lane->cache, lane->file_fd, wanted, cancel, &found);
	if (err && err != -ECANCELED)
		lane_fail(lane, "reading the file in: %s", strerror(-err));
	lane->view.start_verified = found.as_wanted;
	lane->view.start_cached_pages = found.cached_pages;
	lane->view.start_pages = found.pages;
}

static void change_state(struct lane *lane, enum wire_type order, enum lane_state state)
{
	struct wire_message message = wire_message_make(order);

	if (!lane_tell(lane, LANE_SENDER, &message))
		lane->view.state = state;
}

void lane_go(struct lane *lane)
{
	char why[sizeof(lane->view.error)];

	lane->view.step.pending = lane->view.step.last = false;
	if (lane->view.state == LANE_READY && !lane_file_is_as_it_was(lane, why, sizeof(why))) {
		lane_fail(lane, "%s", why);
		return;
	}
	if (lane->view.state == LANE_READY || lane->view.state == LANE_PAUSED)
		change_state(lane, WIRE_START, LANE_RUNNING);
}

void lane_pause(struct lane *lane)
{
	if (lane->view.state == LANE_RUNNING)
		change_state(lane, WIRE_PAUSE, LANE_PAUSED);
}

void lane_let_receive(struct lane *lane)
{
	struct wire_message message = wire_message_make(WIRE_START);

	if (lane->hold && !lane_state_is_final(lane->view.state))
		lane_tell(lane, LANE_SINK, &message);
}

void lane_set_pace(struct lane *lane, uint64_t bytes_per_s)
{
	struct wire_message message = wire_message_make(WIRE_PACE);
	enum lane_state state = lane->view.state;

	message.pace_bytes_per_s = bytes_per_s;
	if (state == LANE_READY || state == LANE_RUNNING || state == LANE_PAUSED)
		lane_tell(lane, LANE_SENDER, &message);
}

bool lane_can_hear(const struct lane *lane, enum lane_part part)
{
	return lane->halves[part].actor.pid != 0;
}

void lane_hear(struct lane *lane, enum lane_part part)
{
	struct lane_half *half = &lane->halves[part];
	enum wire_type report = part == LANE_SENDER ? WIRE_SENT : WIRE_RECEIVED;
	struct wire_message message;
	int got = wire_receive(half->actor.control_fd, 0, &message);

	if (!got)
		return;
	if (lane_state_is_final(lane->view.state)) {
		/* Somebody ended it after its work: the figures stay, the process is gone. */
		actor_reap(&half->actor, (int64_t)CAUSE_NS);
		if (part == LANE_SENDER)
			lane->view.sender.pid = half->actor.pid;
		else
			lane->view.sink.pid = half->actor.pid;
		return;
	}
	if (got == 1 && message.type == WIRE_STEPPED && part == LANE_SENDER)
		lane_take_step(lane, &message);
	else if (got == 1 && message.type == report && !half->reported &&
		 message.size_bytes == lane->view.size_bytes)
		lane_take_report(lane, part, &message);
	else
		fail_by(lane, part, got, &message);
}
