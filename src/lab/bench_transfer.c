/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transfer of the benchmark. The processes are new each time, and so is the connection;
 * starting them is not in the timing. Residency is brought about before they are started
 * (reading 10 GiB in takes longer than a peer should have to wait) and verified again right
 * before the start, because the page cache decays by itself.
 */
#include "lab/bench_transfer.h"

#include "base/clock.h"
#include "kernel/machine.h"
#include "lab/lane.h"
#include "lab/lane_remote.h"
#include "lab/residency.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A disk that writes slower than this counts as standing still. */
#define LEAST_DISK_RATE (UINT64_C(8) << 20)
#define MOST_SLICE_NS   (100 * NS_PER_MS) /* between looks at `cancel` */

/* A moment of the two processes' CPU time. */
struct moment {
	uint64_t wall_ns, cpu_ns;
	bool known;
};

struct watcher {
	const struct bench_transfer *what;
	struct lane *lane;
	struct bench_result *result;
	int remote_fd;       /* the connection to a sink elsewhere, or -1 */
	uint64_t receive_ns; /* what that sink says */
	struct moment first, last;
	double sum_percent;
	uint64_t next_sample_ns;
	uint64_t bytes, moved_ns; /* when the bytes last grew */
};

static struct moment look(const struct lane *lane)
{
	struct moment moment = { .wall_ns = clock_mono_ns(), .known = true };

	for (int part = 0; part < NR_LANE_PART; part++) {
		const struct lane_half *half = &lane->halves[part];
		uint64_t cpu_ns = 0;

		if (!half->actor.pid)
			continue;
		if (!half->proc || proc_read_cpu(half->proc, &cpu_ns))
			moment.known = false;
		moment.cpu_ns += cpu_ns;
	}
	return moment;
}

static double percent(const struct watcher *watcher, uint64_t cpu_ns, uint64_t wall_ns)
{
	return wall_ns ? (double)cpu_ns * 100 / (double)wall_ns / watcher->what->nr_cpus : 0;
}

/* One more sample of the CPU, as java-zero-copy takes them: since the one before. */
static void sample(struct watcher *watcher)
{
	struct bench_cpu_samples *cpu = &watcher->result->cpu;
	struct moment now = look(watcher->lane);
	double used;

	if (!now.known || !watcher->last.known || now.wall_ns <= watcher->last.wall_ns ||
	    now.cpu_ns < watcher->last.cpu_ns)
		return;
	used = percent(watcher, now.cpu_ns - watcher->last.cpu_ns,
		       now.wall_ns - watcher->last.wall_ns);
	watcher->sum_percent += used;
	cpu->nr++;
	cpu->average = watcher->sum_percent / (double)cpu->nr;
	if (used > cpu->peak)
		cpu->peak = used;
	watcher->last = now;
}

static uint64_t patience_ns(const struct bench_transfer *what)
{
	uint64_t t_ns = what->plan->config.timeout_ns;

	/* While a file is brought to the disk, or hashed, no byte is seen to move. */
	if (what->lane->sink == SINK_DISK)
		t_ns += what->file->size_bytes / LEAST_DISK_RATE * NS_PER_S;
	return t_ns;
}

/* Fails the lane when nothing has moved for too long. */
static void check_standstill(struct watcher *watcher)
{
	const struct wire_progress *sent = watcher->lane->halves[LANE_SENDER].actor.progress;
	const struct wire_progress *received = watcher->lane->halves[LANE_SINK].actor.progress;
	uint64_t bytes = sent ? atomic_load(&sent->bytes) : 0, now_ns = clock_mono_ns();

	bytes += received ? atomic_load(&received->bytes) : 0;
	if (bytes != watcher->bytes) {
		watcher->bytes = bytes;
		watcher->moved_ns = now_ns;
	} else if (now_ns > watcher->moved_ns + patience_ns(watcher->what)) {
		lane_fail(watcher->lane, "no byte moved for %llu s",
			  (unsigned long long)((now_ns - watcher->moved_ns) / NS_PER_S));
	}
}

/* What the two sides say; a sink elsewhere says it over its connection. */
static void hear(struct watcher *watcher, int timeout_ms)
{
	struct lane *lane = watcher->lane;
	bool await_receipt = watcher->remote_fd >= 0 && !lane->halves[LANE_SINK].reported;
	struct pollfd wanted[NR_LANE_PART + 1];

	for (int part = 0; part < NR_LANE_PART; part++)
		wanted[part] = (struct pollfd){
			.fd = lane_can_hear(lane, (enum lane_part)part)
				      ? lane->halves[part].actor.control_fd
				      : -1,
			.events = POLLIN,
		};
	wanted[NR_LANE_PART] = (struct pollfd){
		.fd = await_receipt ? watcher->remote_fd : -1,
		.events = POLLIN,
	};
	if (poll(wanted, NR_LANE_PART + 1, timeout_ms) <= 0)
		return;
	/* Where the sink gave up, its receipt knows more than the sender's broken pipe. */
	if (wanted[NR_LANE_PART].revents)
		lane_hear_remote(lane, watcher->remote_fd, watcher->what->cancel,
				 &watcher->receive_ns);
	for (int part = 0; part < NR_LANE_PART; part++)
		if (wanted[part].revents && lane_can_hear(lane, (enum lane_part)part))
			lane_hear(lane, (enum lane_part)part);
}

/* From the start until both sides have reported, or the lane has failed. */
static void watch(struct watcher *watcher)
{
	uint64_t sample_ns = watcher->what->plan->config.sample_ns;

	watcher->first = watcher->last = look(watcher->lane);
	watcher->moved_ns = watcher->first.wall_ns;
	watcher->next_sample_ns = watcher->first.wall_ns + sample_ns;
	lane_go(watcher->lane);
	while (!lane_state_is_final(watcher->lane->view.state)) {
		uint64_t now_ns = clock_mono_ns(), left_ns = 0;

		if (atomic_load(watcher->what->cancel)) {
			lane_fail(watcher->lane, "interrupted");
			return;
		}
		if (now_ns < watcher->next_sample_ns)
			left_ns = watcher->next_sample_ns - now_ns;
		if (left_ns > MOST_SLICE_NS)
			left_ns = MOST_SLICE_NS;
		hear(watcher, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS));
		if (clock_mono_ns() >= watcher->next_sample_ns) {
			sample(watcher);
			watcher->next_sample_ns += sample_ns;
		}
		check_standstill(watcher);
	}
}

static struct bench_side side_of(const struct lane_side *side)
{
	bool perf = side->why_perf == WHY_OK;

	return (struct bench_side){
		.known = side->why == WHY_OK && side->why_switches == WHY_OK,
		.user_ns = side->user_ns,
		.system_ns = side->system_ns,
		.calls = side->calls,
		.copied_bytes = side->copied_bytes,
		.minflt = perf ? side->perf_minflt : side->minflt,
		.majflt = perf ? side->perf_majflt : side->majflt,
		.perf_why = side->why_perf,
		.task_minflt = side->minflt,
		.task_majflt = side->majflt,
		.voluntary = side->nvcsw,
		.involuntary = side->nivcsw,
	};
}

static void take_view(const struct lane_view *view, struct bench_result *result)
{
	static const enum bench_state states[NR_LANE_STATE] = {
		[LANE_PREPARING] = BENCH_FAILED,
		[LANE_READY] = BENCH_FAILED,
		[LANE_RUNNING] = BENCH_FAILED,
		[LANE_PAUSED] = BENCH_FAILED,
		[LANE_DONE] = BENCH_DONE,
		[LANE_FAILED] = BENCH_FAILED,
		[LANE_UNAVAILABLE] = BENCH_UNAVAILABLE,
	};

	result->state = states[view->state];
	memcpy(result->error, view->error, sizeof(result->error));
	memcpy(result->note, view->note, sizeof(result->note));
	memcpy(result->congestion, view->congestion, sizeof(result->congestion));
	result->bytes = view->received_bytes;
	result->sender = side_of(&view->sender);
	result->sink = side_of(&view->sink);
	result->hash = view->hash_state;
	result->nr_completions = view->nr_completions;
	result->nr_copied_completions = view->nr_copied_completions;
	if (result->state == BENCH_DONE) {
		result->elapsed_ns = view->elapsed_ns;
		result->receive_ns = view->elapsed_ns;
	}
}

/* Of both sides, or of the sender alone where the sink has processors of its own. */
static uint64_t own_cpu_ns(const struct bench_result *result, bool both)
{
	uint64_t t_ns = result->sender.user_ns + result->sender.system_ns;

	return both ? t_ns + result->sink.user_ns + result->sink.system_ns : t_ns;
}

/* Runs the lane, which waits in LANE_READY. */
static void measure(const struct bench_transfer *what, struct lane *lane, int remote_fd,
		    struct bench_result *result)
{
	struct watcher watcher = {
		.what = what,
		.lane = lane,
		.result = result,
		.remote_fd = remote_fd,
	};
	struct cpu_times before, after;
	uint64_t self_ns = clock_own_cpu_ns(), wall_ns;

	machine_read_times(what->host, &before);
	watch(&watcher);
	wall_ns = clock_mono_ns() - watcher.first.wall_ns;
	machine_read_times(what->host, &after);
	self_ns = clock_own_cpu_ns() - self_ns;
	take_view(&lane->view, result);
	if (remote_fd >= 0)
		result->receive_ns = watcher.receive_ns;
	bench_judge_load(&before, &after, wall_ns, own_cpu_ns(result, remote_fd < 0) + self_ns,
			 what->nr_cpus, result);
	result->cpu.overall = percent(&watcher, own_cpu_ns(result, remote_fd < 0),
				      result->elapsed_ns);
	if (!result->cpu.nr)
		result->cpu.average = result->cpu.peak = result->cpu.overall;
}

/* Gives the lane its file, as it was and resident as wanted. 0, or -1 when the lane has failed. */
static int take_file(const struct bench_transfer *what, struct lane *lane, struct residency *found)
{
	const struct bench_file *file = what->file;
	int err = lane_set_file(lane, file->path, file->size_bytes, file->hash);
	char why[sizeof(lane->view.error)];

	if (!err && (lane->dev != file->dev || lane->ino != file->ino)) {
		lane_fail(lane, "its file was replaced: another one has its name now");
		return -1;
	}
	if (!err && !lane_file_is_as_it_was(lane, why, sizeof(why))) {
		lane_fail(lane, "%s", why);
		return -1;
	}
	if (!err)
		err = residency_reach(lane->cache, lane->file_fd, what->plan->config.start,
				      what->cancel, found);
	if (err)
		lane_fail(lane, "its file: %s", strerror(-err));
	return err ? -1 : 0;
}

void bench_transfer_run(const struct bench_transfer *what, struct bench_result *result)
{
	const struct bench_config *config = &what->plan->config;
	const struct lane_setup setup = {
		.mode = what->lane->mode,
		.sink = what->lane->sink,
		.verify = what->verify,
		.buffer_bytes = (uint32_t)config->buffer_bytes,
		.window_bytes = (uint32_t)config->window_bytes,
	};
	struct residency found = { .why = WHY_GONE };
	int remote_fd = -1;
	struct lane lane;

	lane_init(&lane, what->host, &setup);
	lane.count_faults = true;
	if (!take_file(what, &lane, &found)) {
		if (what->plan->remote)
			remote_fd = lane_raise_remote(&lane, what->plan->actor_path,
						      what->plan->remote, what->cancel);
		else
			lane_raise(&lane, what->plan->actor_path, 0, what->cancel);
	}
	if (lane.view.state == LANE_READY)
		lane_reach(&lane, config->start, what->cancel);
	result->start_why = found.why;
	result->start_verified = lane.view.start_verified;
	result->start_cached_pages = lane.view.start_cached_pages;
	result->start_pages = lane.view.start_pages;
	if (lane.view.state == LANE_READY)
		measure(what, &lane, remote_fd, result);
	else
		take_view(&lane.view, result);
	lanes_end(&lane, 1);
	if (remote_fd >= 0)
		close(remote_fd);
	lane_clear(&lane);
}
