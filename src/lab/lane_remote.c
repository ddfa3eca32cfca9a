/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a lane whose sink is `pagewalk sink` somewhere else. */
#include "lab/lane_remote.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_NS  (10 * NS_PER_S)
#define SLICE_NS   (50 * NS_PER_MS)
#define GIVEN_PORT 1 /* a PREPARE has a port; with a connection given, nobody uses it */

/* The remote sink of this kind; false with the reason where there cannot be one. */
static bool choose_sink(const struct lane_setup *setup, enum remote_sink *sink, const char **why)
{
	static const enum remote_sink sinks[NR_SINK] = {
		[SINK_MEMORY] = REMOTE_MEMORY,
		[SINK_DISCARD] = REMOTE_DISCARD,
		[SINK_DISK] = REMOTE_DISK,
	};

	*why = "an AF_UNIX stream does not leave this machine";
	if (setup->sink == SINK_UNIX)
		return false;
	*why = "a file on another machine cannot be written by copy_file_range(2)";
	if (mode_info(setup->mode)->file_to_file)
		return false;
	*sink = sinks[setup->sink];
	return true;
}

static void refuse(struct lane *lane, const char *why)
{
	char *safe = text_safe_str(why);

	lane_fail(lane, "%s", safe);
	lane->view.state = LANE_UNAVAILABLE;
	free(safe);
}

/* Starts the sender with the connection. 0, or -1 when the lane has been failed. */
static int spawn_sender(struct lane *lane, const char *actor_path, int fd)
{
	struct lane_half *half = &lane->halves[LANE_SENDER];
	char *argv[] = { (char *)"pagewalk-actor", (char *)"sender",
			 (char *)mode_info(lane->view.setup.mode)->key, lane->path, NULL };
	struct wire_message order = wire_message_make(WIRE_PREPARE);
	int err = actor_spawn_with(&half->actor, actor_path, argv, fd);

	if (err) {
		lane_fail(lane, "cannot start the sender: %s", strerror(-err));
		return -1;
	}
	if (proc_open(lane->host, half->actor.pid, &half->proc))
		half->proc = NULL;
	order.port = GIVEN_PORT;
	order.flags = WIRE_GIVEN | (lane->count_faults ? WIRE_COUNT : 0);
	order.sink = lane->view.setup.sink;
	order.buffer_bytes = lane->view.setup.buffer_bytes;
	order.window_bytes = lane->view.setup.window_bytes;
	order.size_bytes = lane->view.size_bytes;
	err = actor_tell(&half->actor, &order);
	if (err)
		lane_fail(lane, "the sender takes no orders: %s", strerror(-err));
	return err ? -1 : 0;
}

/* Waits until the sender is ready. 0, or -1 when the lane has been ended. */
static int await_ready(struct lane *lane, struct wire_message *ready, const atomic_bool *cancel)
{
	uint64_t end_ns = clock_mono_ns() + ANSWER_NS;
	char *safe;
	int got;

	do {
		got = wire_receive(lane->halves[LANE_SENDER].actor.control_fd, SLICE_NS, ready);
	} while (!got && !atomic_load(cancel) && clock_mono_ns() < end_ns);
	if (got == 1 && ready->type == WIRE_READY)
		return 0;
	if (got == 1 && ready->type == WIRE_UNAVAILABLE) {
		refuse(lane, ready->text);
	} else if (got == 1 && ready->type == WIRE_FAILED) {
		safe = text_safe_str(ready->text);
		lane_fail(lane, "sender: %s", safe);
		free(safe);
	} else {
		lane_fail(lane, "the sender %s", got ? "ended early" : "did not answer in time");
	}
	return -1;
}

static int ask_sink(struct lane *lane, int fd, enum remote_sink sink, bool framed,
		    const atomic_bool *cancel)
{
	struct remote_message request = remote_message_make(REMOTE_REQUEST);
	char error[sizeof(lane->view.error)];
	int err;

	request.sink = sink;
	request.framed = framed;
	request.verify = lane->view.setup.verify;
	request.size_bytes = lane->view.size_bytes;
	request.buffer_bytes = lane->view.setup.receive_bytes;
	err = remote_link_ask(fd, &request, ANSWER_NS, cancel, error, sizeof(error));
	if (err == -EACCES)
		refuse(lane, error);
	else if (err)
		lane_fail(lane, "%s", error);
	return err ? -1 : 0;
}

int lane_raise_remote(struct lane *lane, const char *actor_path,
		      const struct remote_address *address, const atomic_bool *cancel)
{
	char error[sizeof(lane->view.error)];
	struct wire_message ready;
	enum remote_sink sink;
	const char *why;
	int fd;

	if (!choose_sink(&lane->view.setup, &sink, &why)) {
		refuse(lane, why);
		return -1;
	}
	fd = remote_link_connect(address, ANSWER_NS, cancel, error, sizeof(error));
	if (fd < 0) {
		lane_fail(lane, "%s", error);
		return -1;
	}
	if (spawn_sender(lane, actor_path, fd) || await_ready(lane, &ready, cancel) ||
	    ask_sink(lane, fd, sink, ready.framing == WIRE_FRAMED, cancel)) {
		close(fd);
		return -1;
	}
	lane_take_ready(lane, &ready);
	lane->view.sender.pid = lane->halves[LANE_SENDER].actor.pid;
	lane->view.state = LANE_READY;
	return fd;
}

/* The receipt in the words of a sink on this machine. */
static void take_receipt(struct lane *lane, const struct remote_message *receipt)
{
	struct wire_message report = wire_message_make(WIRE_RECEIVED);

	report.size_bytes = receipt->size_bytes;
	report.hash = receipt->hash;
	report.flags = receipt->has_hash ? WIRE_HASHED : 0;
	report.finished_ns = clock_mono_ns();
	report.usage = (struct wire_usage){
		.user_ns = receipt->user_ns,
		.system_ns = receipt->system_ns,
		.minflt = receipt->minflt,
		.majflt = receipt->majflt,
		.nvcsw = receipt->voluntary,
		.nivcsw = receipt->involuntary,
		.perf_why = WHY_NOT_ASKED,
	};
	lane->view.sink.calls = receipt->calls;
	lane_take_report(lane, LANE_SINK, &report);
}

void lane_hear_remote(struct lane *lane, int fd, const atomic_bool *cancel, uint64_t *receive_ns)
{
	struct remote_message receipt;
	char error[sizeof(lane->view.error)];
	int err;

	if (lane_state_is_final(lane->view.state) || lane->halves[LANE_SINK].reported)
		return;
	err = remote_link_receipt(fd, ANSWER_NS, cancel, &receipt, error, sizeof(error));
	if (err) {
		lane_fail(lane, "%s", error);
	} else if (receipt.size_bytes != lane->view.size_bytes) {
		lane_fail(lane, "the sink received %llu of %llu bytes",
			  (unsigned long long)receipt.size_bytes,
			  (unsigned long long)lane->view.size_bytes);
	} else {
		*receive_ns = receipt.elapsed_ns;
		take_receipt(lane, &receipt);
	}
}
