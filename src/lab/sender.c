/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sending half of a lane: connects to the sink, then drives one transfer mode step by
 * step. Orders come over the control socket; so that looking for them costs no system
 * call while the transfer runs, the coordinator also rings a doorbell in the shared page,
 * and only then (or now and then, to notice its end) the socket is read.
 *
 * Pace: each step pushes the moment of the next one on by bytes / pace. A sender that was
 * held up may catch up by PACE_DEBT_NS at most, so that a pause is not followed by a burst.
 *
 * A single step (STEP) goes from where the sender stands to the end of the buffer at hand, as
 * at a pace; what the socket then holds is asked before anything else is done.
 */
#include "lab/actor.h"
#include "lab/endpoint.h"
#include "lab/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define PACE_DEBT_NS  INT64_C(100000000)
#define LOOK_STEPS    64 /* steps after which the control socket is looked at anyway */

struct sender {
	int control_fd;
	struct transfer transfer;
	struct wire_usage base;
	struct fault_count count;
	bool running;
	uint64_t pace_bytes_per_s; /* 0: full speed */
	int64_t next_ns;           /* the earliest moment of the next step */
	uint64_t doorbell;         /* as it was when the socket was last read */
	unsigned steps;
	bool stepping;           /* until the end of one buffer; transfer.stop_bytes */
	uint64_t step_off_bytes; /* where that began */
	struct wire_usage step_base;
};

/*
 * At a pace, each step shall arrive when it is sent, so Nagle's algorithm is off. At full
 * speed it only costs: sendfile(2) then pushes more and smaller segments (measured on
 * loopback: 10 % less throughput).
 */
static void set_small_steps(struct sender *sender, bool small)
{
	int nodelay = small;

	/* An AF_UNIX stream refuses it, and does not need it. */
	setsockopt(sender->transfer.socket_fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof(nodelay));
	sender->transfer.paced = small;
}

static void set_pace(struct sender *sender, uint64_t bytes_per_s)
{
	set_small_steps(sender, bytes_per_s != 0);
	sender->pace_bytes_per_s = bytes_per_s;
	sender->next_ns = 0;
}

/* The length of a pause is added before the pause is cleared: a reader may see too little. */
static void set_running(struct sender *sender, bool running)
{
	struct wire_progress *progress = sender->transfer.progress;
	uint64_t now = actor_now_ns();

	if (sender->running == running)
		return;
	sender->running = running;
	sender->next_ns = 0;
	if (!running) {
		atomic_store(&progress->pause_began_ns, now);
	} else if (!atomic_load(&progress->started_ns)) {
		atomic_store(&progress->started_ns, now);
	} else {
		atomic_fetch_add(&progress->paused_ns,
				 now - atomic_load(&progress->pause_began_ns));
		atomic_store(&progress->pause_began_ns, 0);
	}
}

static void begin_step(struct sender *sender)
{
	struct transfer *transfer = &sender->transfer;
	static const struct wire_usage none;
	uint64_t buffer_bytes;

	if (sender->running)
		return;
	set_small_steps(sender, true);
	transfer->stop_bytes = 0;
	buffer_bytes = transfer_step_bytes(transfer);
	transfer->stop_bytes = (transfer->off_bytes / buffer_bytes + 1) * buffer_bytes;
	sender->step_off_bytes = transfer->off_bytes;
	sender->step_base = actor_usage(&sender->count, &none);
	sender->stepping = true;
	set_running(sender, true);
}

/* Back to how it was; it pauses unless the file is sent, or it was told to go on. */
static void leave_step(struct sender *sender, bool pause)
{
	sender->stepping = false;
	sender->transfer.stop_bytes = 0;
	set_small_steps(sender, sender->pace_bytes_per_s != 0);
	if (pause)
		set_running(sender, false);
}

/* Says what the step has moved. 0 or -errno. */
static int end_step(struct sender *sender)
{
	struct transfer *transfer = &sender->transfer;
	struct wire_message message = wire_message_make(WIRE_STEPPED);
	int queued = 0;

	if (ioctl(transfer->socket_fd, SIOCOUTQ, &queued))
		message.err = errno;
	message.queued_bytes = queued > 0 ? (uint64_t)queued : 0;
	message.usage = actor_usage(&sender->count, &sender->step_base);
	message.size_bytes = transfer->off_bytes - sender->step_off_bytes;
	leave_step(sender, transfer->off_bytes < transfer->size_bytes);
	return wire_send(sender->control_fd, &message);
}

static int heed(struct sender *sender, const struct wire_message *order)
{
	switch (order->type) {
	case WIRE_START:
		if (sender->stepping)
			leave_step(sender, false);
		set_running(sender, true);
		return 0;
	case WIRE_PAUSE:
		if (sender->stepping)
			return end_step(sender);
		set_running(sender, false);
		return 0;
	case WIRE_STEP:
		begin_step(sender);
		return 0;
	case WIRE_PACE:
		set_pace(sender, order->pace_bytes_per_s);
		return 0;
	default:
		return -EPROTO;
	}
}

/* How long the next step must wait: negative is until there is an order. */
static int64_t wait_ns(struct sender *sender)
{
	int64_t now;

	if (!sender->running)
		return -1;
	if (!sender->pace_bytes_per_s)
		return 0;
	now = (int64_t)actor_now_ns();
	if (sender->next_ns < now - PACE_DEBT_NS)
		sender->next_ns = sender->next_ns ? now - PACE_DEBT_NS : now;
	return sender->next_ns > now ? sender->next_ns - now : 0;
}

/* Heeds orders until a step may be made. 0, or -errno when the coordinator is gone. */
static int await_turn(struct sender *sender)
{
	for (;;) {
		int64_t wait = wait_ns(sender);
		uint64_t doorbell = atomic_load_explicit(&sender->transfer.progress->doorbell,
							 memory_order_acquire);
		struct wire_message order;
		int got;

		if (!wait && doorbell == sender->doorbell && sender->steps % LOOK_STEPS)
			return 0;
		got = wire_receive(sender->control_fd, wait, &order);
		if (got < 0)
			return got;
		if (!got) {
			sender->doorbell = doorbell;
			sender->steps++;
			if (sender->running)
				return 0;
			continue;
		}
		got = heed(sender, &order);
		if (got)
			return got;
	}
}

static void account(struct sender *sender, uint64_t bytes)
{
	struct transfer *transfer = &sender->transfer;

	transfer->off_bytes += bytes;
	sender->steps++;
	atomic_store_explicit(&transfer->progress->bytes, transfer->off_bytes,
			      memory_order_relaxed);
	if (sender->pace_bytes_per_s)
		sender->next_ns += (int64_t)((double)bytes * (double)NS_PER_SECOND /
					     (double)sender->pace_bytes_per_s);
}

static int report_short_file(struct sender *sender)
{
	struct stat now;

	if (fstat(sender->transfer.file_fd, &now))
		now.st_size = 0;
	return actor_report_failure(sender->control_fd, ENODATA,
				    "the file shrank: %llu of %llu bytes sent, it now has %llu",
				    (unsigned long long)sender->transfer.off_bytes,
				    (unsigned long long)sender->transfer.size_bytes,
				    (unsigned long long)now.st_size);
}

static int report_error(struct sender *sender, int err)
{
	bool pins = sender->transfer.ops->pins && (err == ENOBUFS || err == ENOMEM);

	return actor_report_failure(sender->control_fd, err, "sending: %s%s", strerror(err),
				    pins ? " (pages to pin against RLIMIT_MEMLOCK: ulimit -l)"
					 : "");
}

/* Sends the file. 1 when it is sent, 0 when that failed and was reported, or -errno. */
static int send_file(struct sender *sender)
{
	struct transfer *transfer = &sender->transfer;

	while (transfer->off_bytes < transfer->size_bytes || !sender->running) {
		int err = await_turn(sender);
		ssize_t sent;

		if (err)
			return err;
		if (transfer->off_bytes == transfer->size_bytes) {
			err = sender->stepping ? end_step(sender) : 0;
			if (err)
				return err;
			break;
		}
		sent = transfer->ops->step(transfer);
		if (sent == -ENODATA)
			return report_short_file(sender);
		if (sent < 0 && sent != -EAGAIN)
			return report_error(sender, (int)-sent);
		if (sent <= 0)
			sender->steps = 0; /* stalled: look at the control socket */
		else
			account(sender, (uint64_t)sent);
		/* One that the socket does not take yet stays under way until it does. */
		if (sender->stepping && (transfer->off_bytes >= transfer->stop_bytes ||
					 transfer->off_bytes == transfer->size_bytes)) {
			err = end_step(sender);
			if (err)
				return err;
		}
	}
	return 1;
}

static int report_sent(struct sender *sender)
{
	struct wire_message message = wire_message_make(WIRE_SENT);

	message.usage = actor_usage(&sender->count, &sender->base);
	message.size_bytes = sender->transfer.off_bytes;
	message.nr_completions = sender->transfer.nr_completions;
	message.nr_copied_completions = sender->transfer.nr_copied_completions;
	return wire_send(sender->control_fd, &message);
}

/* What the mode is given to work with. */
static void set_sizes(struct transfer *transfer, const struct wire_message *order)
{
	transfer->size_bytes = order->size_bytes;
	transfer->sized = order->buffer_bytes != 0;
	transfer->buffer_bytes = transfer->sized ? order->buffer_bytes
						 : transfer->ops->buffer_bytes;
	transfer->window_bytes = order->window_bytes ? order->window_bytes
						     : transfer->ops->window_bytes;
}

/* Connects, opens the file, makes the mode's buffers. 0, or -errno with the step in *what. */
static int prepare(struct sender *sender, const struct wire_message *order,
		   struct wire_message *ready, const char **what)
{
	struct transfer *transfer = &sender->transfer;
	static const struct wire_usage none;

	*what = "connecting to the sink";
	if (order->flags & WIRE_GIVEN) {
		transfer->socket_fd = WIRE_SOCKET_FD;
		ready->port = order->port;
	} else {
		transfer->socket_fd = endpoint_connect(
			sink_info((enum sink_kind)order->sink)->transport, order->port,
			&ready->port);
	}
	if (transfer->socket_fd < 0)
		return transfer->socket_fd;
	endpoint_congestion(transfer->socket_fd, ready->text);
	*what = "opening the file";
	transfer->file_fd = open(transfer->path, O_RDONLY | O_CLOEXEC);
	if (transfer->file_fd < 0)
		return -errno;
	set_sizes(transfer, order);
	set_pace(sender, order->pace_bytes_per_s);
	*what = "making buffers";
	/* The mode's own buffers belong to its price: the base is taken before them. */
	sender->base = actor_usage(&sender->count, &none);
	return transfer->ops->open(transfer);
}

static int report_unavailable(struct sender *sender)
{
	struct wire_message message = wire_message_make(WIRE_UNAVAILABLE);

	memcpy(message.text, sender->transfer.refusal, sizeof(message.text));
	return wire_send(sender->control_fd, &message);
}

/* Prepares and says so. 1, or 0 when that failed and was reported, or -errno. */
static int get_ready(struct sender *sender, const struct wire_message *order)
{
	struct wire_message ready = wire_message_make(WIRE_READY);
	struct transfer *transfer = &sender->transfer;
	const char *what;
	int err;

	if (!transfer->ops)
		return actor_report_failure(sender->control_fd, EINVAL,
					    "no transfer mode of this name");
	err = prepare(sender, order, &ready, &what);
	if (err && transfer->refusal[0])
		return report_unavailable(sender);
	if (err)
		return actor_report_failure(sender->control_fd, -err, "%s: %s", what,
					    strerror(-err));
	ready.framing = transfer->ops->framing;
	ready.size_bytes = transfer_step_bytes(transfer);
	ready.usage = sender->base;
	err = wire_send(sender->control_fd, &ready);
	return err ? err : 1;
}

/* The file from the first byte to the report. 0, or -errno when the coordinator is gone. */
static int send_and_report(struct sender *sender)
{
	struct transfer *transfer = &sender->transfer;
	int sent = send_file(sender), err;

	if (sent <= 0)
		return sent;
	err = transfer->ops->finish ? transfer->ops->finish(transfer) : 0;
	if (err)
		return actor_report_failure(sender->control_fd, -err, "finishing: %s",
					    strerror(-err));
	return report_sent(sender);
}

/*
 * A load from a mapping whose file has shrunk. The modes leave loads to the kernel, which
 * answers EFAULT; should one strike all the same, the lane shall say so and not merely die.
 * send(2) and _exit(2) are safe in a handler; filling a struct is, too.
 */
static void on_bus_error(int signal_number)
{
	static const char text[] = "SIGBUS: the file shrank under its mapping";
	struct wire_message message = wire_message_make(WIRE_FAILED);

	(void)signal_number;
	message.err = EFAULT;
	memcpy(message.text, text, sizeof(text));
	wire_send(WIRE_CONTROL_FD, &message);
	_exit(1);
}

int sender_run(int control_fd, struct wire_progress *progress, const char *mode_key,
	       const char *path, const char *target_path)
{
	struct sender sender = { .control_fd = control_fd };
	struct transfer *transfer = &sender.transfer;
	struct wire_message order;
	int err;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGBUS, on_bus_error);
	transfer->progress = progress;
	transfer->ops = transfer_by_key(mode_key);
	transfer->path = path;
	transfer->target_path = target_path;
	if (wire_receive(control_fd, -1, &order) != 1 || order.type != WIRE_PREPARE)
		return 1;
	actor_count_faults(&order, &sender.count);
	err = get_ready(&sender, &order);
	if (err == 1) {
		err = send_and_report(&sender);
		/* The sink sees the end; buffers and mapping stay to be looked at. */
		shutdown(transfer->socket_fd, SHUT_WR);
	}
	if (!err)
		err = actor_idle(control_fd);
	if (transfer->own)
		transfer->ops->close(transfer);
	fault_count_close(&sender.count);
	return err ? 1 : 0;
}
