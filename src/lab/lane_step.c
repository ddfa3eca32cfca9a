/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A single step of a lane, and what it moved where. The sender tells the bytes, its own
 * faults and what its socket held as the last call returned (tcp(7), SIOCOUTQ); its calls and
 * copies are in the shared page, which nobody writes while it stands. The page cache is
 * looked at right before and right after; other readers of the file would be seen as well, but
 * the lab's files have none.
 */
#include "lab/lane.h"

#include "base/clock.h"

#include <poll.h>
#include <time.h>

#define PAUSE_NS (500 * NS_PER_MS) /* for a sender that was told to pause, or to step */
#define LOOK_NS  (1 * NS_PER_MS)
#define SLICE_MS 50

/* True once the sender has written that it stands; one that has not started does anyway. */
static bool await_standing(const struct lane *lane)
{
	const struct wire_progress *progress = lane->halves[LANE_SENDER].actor.progress;
	const struct timespec look = { 0, LOOK_NS };
	uint64_t end_ns = clock_mono_ns() + PAUSE_NS;

	if (lane->view.state == LANE_READY)
		return true;
	while (!atomic_load(&progress->pause_began_ns)) {
		if (clock_mono_ns() > end_ns)
			return false;
		nanosleep(&look, NULL);
	}
	return true;
}

/* A step that was ordered before comes first, so that no key is lost. */
static void await_answer(struct lane *lane)
{
	struct pollfd wanted = { .fd = lane->halves[LANE_SENDER].actor.control_fd,
				 .events = POLLIN };
	uint64_t end_ns = clock_mono_ns() + PAUSE_NS;

	while (lane->view.step.pending && lane_can_hear(lane, LANE_SENDER) &&
	       clock_mono_ns() < end_ns)
		if (poll(&wanted, 1, SLICE_MS) > 0)
			lane_hear(lane, LANE_SENDER);
}

static void look_at_cache(struct lane *lane, size_t nr_cells, uint64_t *cached_pages)
{
	struct lane_step *step = &lane->view.step;

	lane_sample_cache(lane, nr_cells, 0);
	if (step->why_cache == WHY_OK)
		step->why_cache = lane->view.cache.why;
	*cached_pages = lane->view.cache.total.cached;
}

void lane_step(struct lane *lane, size_t nr_cells)
{
	struct wire_message message = wire_message_make(WIRE_STEP);
	struct lane_view *view = &lane->view;
	struct lane_step *step = &view->step;
	bool standing;

	await_answer(lane);
	if ((view->state != LANE_READY && view->state != LANE_PAUSED) || step->pending)
		return;
	standing = await_standing(lane);
	lane_sample(lane);
	*step = (struct lane_step){ .nr = step->nr + 1, .pending = true, .last = true };
	step->why_cache = standing ? WHY_OK : WHY_GONE;
	lane->step_base = (struct lane_step_base){
		.calls = view->sender.calls,
		.copied_bytes = view->sender.copied_bytes,
		.sent_bytes = view->sent_bytes,
	};
	look_at_cache(lane, nr_cells, &step->cached_before_pages);
	if (!lane_tell(lane, LANE_SENDER, &message))
		view->state = LANE_PAUSED;
}

void lane_take_step(struct lane *lane, const struct wire_message *answer)
{
	struct lane_view *view = &lane->view;
	struct lane_step *step = &view->step;

	/* It was told to go on meanwhile: then this is no single step any more. */
	if (!step->pending)
		return;
	step->pending = false;
	step->moved_bytes = answer->size_bytes;
	step->minflt = answer->usage.minflt;
	step->majflt = answer->usage.majflt;
	step->why_queued = answer->err ? why_from_errno(answer->err) : WHY_OK;
	step->queued_bytes = answer->queued_bytes;
	lane_sample(lane);
	step->calls = view->sender.calls - lane->step_base.calls;
	step->copied_bytes = view->sender.copied_bytes - lane->step_base.copied_bytes;
	look_at_cache(lane, view->cache.nr_cells, &step->cached_pages);
	/* After the last buffer there is nothing left to wait for. */
	if (view->sent_bytes >= view->size_bytes && view->state == LANE_PAUSED)
		view->state = LANE_RUNNING;
}

void lane_follow_step(struct lane *lane)
{
	struct lane_step *step = &lane->view.step;

	uint64_t received_bytes = lane->view.received_bytes;

	/* A stream keeps its order: what comes first may still be of the step before. */
	if (step->last && received_bytes > lane->step_base.sent_bytes)
		step->received_bytes = received_bytes - lane->step_base.sent_bytes;
}
