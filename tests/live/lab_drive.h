/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_LAB_DRIVE_H
#define PAGEWALK_TESTS_LAB_DRIVE_H

#include "lab/lab.h"

#define MIB (UINT64_C(1) << 20)

/* A lab under test: its directory on a disk, and what must be left as it was. */
struct fixture {
	struct host *host;
	char dir[64];
	int nr_fds;
	struct lab *lab;
};

int fixture_setup(void **state);
/* Ends the lab; fails where a process, a file or a descriptor is left. */
int fixture_teardown(void **state);

/* One mode, verified, hot, started at once. */
struct lab_config drive_config(const struct fixture *fixture, enum transfer_mode mode,
			       enum sink_kind sink, uint64_t size_bytes);
void drive_start(struct fixture *fixture, const struct lab_config *config);
/* The first view from now on of which `is` is true; the caller unrefs it. */
struct lab_view *drive_await(struct fixture *fixture, bool (*is)(const struct lab_view *view));
void drive_end(struct fixture *fixture);
bool drive_is_ready(const struct lab_view *view);
bool drive_is_done(const struct lab_view *view);
/* Every lane is under way and has brought something over. */
bool drive_is_flowing(const struct lab_view *view);
/* All bytes came, and were the right ones where the sink sees them. */
void drive_assert_right(const struct lane_view *lane);
int drive_count_names(const char *path);

#endif
