/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sender and sink share: clock, own usage, failure reports, the idle end. */
#include "lab/actor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#define NS_PER_SECOND      UINT64_C(1000000000)
#define NS_PER_MICROSECOND UINT64_C(1000)

uint64_t actor_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SECOND + (uint64_t)ts.tv_nsec;
}

static uint64_t timeval_ns(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * NS_PER_SECOND +
	       (uint64_t)time->tv_usec * NS_PER_MICROSECOND;
}

void actor_count_faults(const struct wire_message *order, struct fault_count *count)
{
	if (order->flags & WIRE_COUNT)
		fault_count_open(count);
	else
		*count = (struct fault_count){ WHY_NOT_ASKED, -1, -1 };
}

struct wire_usage actor_usage(const struct fault_count *count, const struct wire_usage *base)
{
	uint64_t minflt, majflt;
	enum why why = fault_count_read(count, &minflt, &majflt);
	struct rusage now;

	getrusage(RUSAGE_SELF, &now);
	return (struct wire_usage){
		.user_ns = timeval_ns(&now.ru_utime) - base->user_ns,
		.system_ns = timeval_ns(&now.ru_stime) - base->system_ns,
		.minflt = (uint64_t)now.ru_minflt - base->minflt,
		.majflt = (uint64_t)now.ru_majflt - base->majflt,
		.nvcsw = (uint64_t)now.ru_nvcsw - base->nvcsw,
		.nivcsw = (uint64_t)now.ru_nivcsw - base->nivcsw,
		.perf_minflt = minflt - base->perf_minflt,
		.perf_majflt = majflt - base->perf_majflt,
		.perf_why = why,
	};
}

int actor_report_failure(int control_fd, int err, const char *format, ...)
{
	struct wire_message message = wire_message_make(WIRE_FAILED);
	va_list args;

	message.err = err;
	va_start(args, format);
	vsnprintf(message.text, sizeof(message.text), format, args);
	va_end(args);
	return wire_send(control_fd, &message);
}

/* One writer: a load and a store do what a locked addition would. */
static void add(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
			      memory_order_relaxed);
}

void actor_count_call(struct wire_progress *progress, enum call_kind kind)
{
	add(&progress->calls[kind], 1);
}

void actor_count_copied(struct wire_progress *progress, uint64_t len_bytes)
{
	add(&progress->copied_bytes, len_bytes);
}

int actor_idle(int control_fd)
{
	struct wire_message message;
	int got;

	do {
		got = wire_receive(control_fd, -1, &message);
	} while (got >= 0);
	return got == -EPIPE ? 0 : 1;
}
