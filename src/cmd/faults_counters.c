/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/faults_counters.h"

#include "base/clock.h"
#include "kernel/fault_watch.h"
#include "out/faults.h"

#include <poll.h>

#define LOOK_MS 20

static bool read_counters(const struct faults_counting *counting, struct fault_rate *rate)
{
	return fault_counters_read(counting->host, counting->pid, counting->follow, &rate->minflt,
				   &rate->majflt) == 0;
}

static void say_head(const struct faults_counting *counting)
{
	struct fault_head head = {
		.taken_ns = clock_real_ns(),
		.pid = counting->pid,
		.follow = counting->follow,
		.no_events = counting->reason,
	};

	if (counting->json)
		out_faults_head_json(counting->out, &head);
	else
		out_faults_head_text(counting->out, &head);
	fflush(counting->out);
}

/* One line: what came since `before`, at the pace of a second. */
static void say_rate(const struct faults_counting *counting, struct fault_rate *now,
		     const struct fault_rate *before)
{
	uint64_t took_ns = now->t_ns - before->t_ns;

	took_ns = took_ns ? took_ns : 1;
	now->minflt_per_s = (uint64_t)((double)(now->minflt - before->minflt) * NS_PER_S /
				       (double)took_ns);
	now->majflt_per_s = (uint64_t)((double)(now->majflt - before->majflt) * NS_PER_S /
				       (double)took_ns);
	if (counting->json)
		out_fault_rate_json(counting->out, now);
	else
		out_fault_rate_text(counting->out, now);
	fflush(counting->out);
}

bool faults_count(const struct faults_counting *counting)
{
	uint64_t began_ns = clock_mono_ns();
	struct fault_rate base = { 0 }, before, now = { 0 };
	struct fault_summary summary = { .no_events = counting->reason };
	bool known = read_counters(counting, &now), over = false;

	if (!counting->from_start)
		base = now;
	before = (struct fault_rate){ 0 };
	say_head(counting);
	counting->go(counting->arg);
	while (!over && !ferror(counting->out)) {
		poll(NULL, 0, LOOK_MS);
		over = counting->is_over(counting->arg);
		known = read_counters(counting, &now);
		now.minflt -= known ? base.minflt : 0;
		now.majflt -= known ? base.majflt : 0;
		now.t_ns = clock_mono_ns() - began_ns;
		if (!known || now.t_ns - before.t_ns < NS_PER_S)
			continue;
		say_rate(counting, &now, &before);
		before = now;
	}
	summary.elapsed_ns = clock_mono_ns() - began_ns;
	summary.balance_known = known;
	summary.minflt = now.minflt;
	summary.majflt = now.majflt;
	summary.exit_status = counting->exit_status(counting->arg);
	summary.has_exit = summary.exit_status >= 0;
	if (counting->json)
		out_faults_summary_json(counting->out, &summary);
	else
		out_faults_summary_text(counting->out, &summary, 0);
	return known;
}
