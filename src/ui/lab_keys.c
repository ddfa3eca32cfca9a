/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which keys of screen 6 apply when: tables for the bottom line and the help. */
#include "ui/lab_keys.h"

bool lab_is_measuring(const struct lab_view *view)
{
	return view && (view->phase == LAB_MEASURING || view->phase == LAB_MEASURED);
}

bool lab_may_start(const struct lab_view *view)
{
	return view && (view->phase == LAB_READY || view->phase == LAB_PAUSED);
}

bool lab_may_pause(const struct lab_view *view)
{
	return view && view->phase == LAB_RUNNING;
}

bool lab_may_restart(const struct lab_view *view)
{
	return view && view->phase != LAB_PREPARING && view->phase != LAB_FAILED;
}

/* Measuring takes a lane's file, which is there once preparing has ended. */
bool lab_may_measure(const struct lab_view *view)
{
	return lab_may_restart(view) && view->nr_lanes > 0;
}

/* One that is done keeps its buffers and its mapping, to be looked at. */
bool lab_sender_is_alive(const struct lane_view *lane)
{
	return lane->sender.pid > 0 && (lane->state == LANE_READY || lane->state == LANE_RUNNING ||
					lane->state == LANE_PAUSED || lane->state == LANE_DONE);
}

struct key_case {
	bool applies;
	struct key_row row;
};

static size_t pick_keys(const struct key_case *all, size_t nr_all, struct key_row *rows,
			size_t room)
{
	size_t nr = 0;

	for (size_t i = 0; i < nr_all && nr < room; i++)
		if (all[i].applies)
			rows[nr++] = all[i].row;
	return nr;
}

size_t lab_measure_keys(const struct lab_view *view, struct key_row *rows, size_t room)
{
	bool running = view->phase == LAB_MEASURING;
	const struct key_case all[] = {
		{ true, { "m", "watch", "Back to the lanes, which start anew." } },
		{ running, { "Esc", "stop", "Stop measuring; whole rounds stay to be seen." } },
		{ view->measure.nr_bars > 1,
		  { "Up Down", "bar", "Choose a bar; also the mouse." } },
		{ true, { "h", "hot", "Measure anew with the file in the page cache." } },
		{ true, { "c", "cold", "Measure anew with the file out of the page cache." } },
		{ true, { "l", "lanes", "Choose the modes; then the lanes start anew." } },
		{ true, { "?", "help", "This explanation." } },
		{ true, { "q", "quit", "End the lab, its processes and its files." } },
		{ true, { "p", "palette", "Next palette: for a dark screen, or high contrast." } },
	};

	return pick_keys(all, sizeof(all) / sizeof(all[0]), rows, room);
}

size_t lab_watch_keys(const struct lab_view *view, const struct lane_view *lane,
		      struct key_row *rows, size_t room)
{
	bool paused = view && view->phase == LAB_PAUSED;
	const struct key_case all[] = {
		{ lab_may_start(view),
		  { "Space", paused ? "go on" : "start", "Start all lanes, or let them go on." } },
		{ lab_may_pause(view), { "Space", "pause", "Pause all lanes." } },
		{ lab_may_start(view),
		  { "s", "step",
		    "Move the chosen lane by one buffer and show what moved where." } },
		{ view && view->nr_lanes > 1,
		  { "Tab", "lane",
		    "Choose a lane; also Left, Right, mouse. <2 3> are those out of sight." } },
		{ lane && lab_sender_is_alive(lane),
		  { "Enter", "map", "Open screens 1 to 5 on the chosen lane's sender." } },
		{ lab_may_measure(view),
		  { "m", "measure", "Run shuffled rounds at full speed, and compare." } },
		{ lab_may_restart(view), { "l", "lanes", "Choose which modes have a lane." } },
		{ true, { "?", "help", "This explanation." } },
		{ true, { "q", "quit", "End the lab, its processes and its files." } },
		{ lab_may_restart(view),
		  { "c", "cold", "Start again with the files out of the page cache." } },
		{ lab_may_restart(view),
		  { "h", "hot", "Start again with the files in the page cache." } },
		{ view != NULL, { "+ -", "pace", "Double or halve the pace of every lane." } },
		{ lab_may_start(view), { "a", "step all", "Move every lane by one buffer." } },
		{ view && view->pace_bytes_per_s,
		  { "f", "full speed", "Let the lanes run as fast as they can." } },
		{ true, { "p", "palette", "Next palette: for a dark screen, or high contrast." } },
	};

	return pick_keys(all, sizeof(all) / sizeof(all[0]), rows, room);
}
