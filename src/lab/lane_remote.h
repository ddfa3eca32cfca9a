/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_LANE_REMOTE_H
#define PAGEWALK_LAB_LANE_REMOTE_H

#include "lab/lane.h"
#include "lab/remote.h"

/*
 * A lane whose sink is on another machine: the sender is a process here as in every lane and
 * runs the same mode, but the connection is made and agreed upon by us and given to it. The
 * sink's half of the lane has no process; its receipt takes the place of its report.
 */

/*
 * Connects, starts the sender and asks the sink for the transfer. The connection, which
 * the caller closes when the lane has ended, or -1; the lane is then LANE_FAILED or
 * LANE_UNAVAILABLE, else LANE_READY.
 */
int lane_raise_remote(struct lane *lane, const char *actor_path,
		      const struct remote_address *address, const atomic_bool *cancel);
/*
 * Reads the receipt; the connection is readable. receive_ns is by the sink's clock. The
 * lane may then be LANE_DONE, or LANE_FAILED.
 */
void lane_hear_remote(struct lane *lane, int fd, const atomic_bool *cancel, uint64_t *receive_ns);

#endif
