/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_ACTOR_H
#define PAGEWALK_LAB_ACTOR_H

#include "kernel/fault_count.h"
#include "lab/wire.h"

/*
 * The parts that pagewalk-actor plays. Sender and sink run until the coordinator closes the
 * control socket or kills them, and return the exit status of the process: 0, or 1 where
 * the coordinator is gone or does not keep to the protocol. What goes wrong with the
 * transfer itself is reported as WIRE_FAILED.
 */
int sender_run(int control_fd, struct wire_progress *progress, const char *mode_key,
	       const char *path, const char *target_path);
/* `path` is of the file to write, or NULL where the sink writes none. */
int sink_run(int control_fd, struct wire_progress *progress, const char *path);
/*
 * Waits beside a run whose directory is made in that of base_fd, and where the run is killed
 * removes what it leaves there. The exit status: 0, or 1 where it could not.
 */
int tidy_run(int control_fd, int base_fd);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t actor_now_ns(void);
/* Lets perf count the faults of this process, where the coordinator's order asks for that. */
void actor_count_faults(const struct wire_message *order, struct fault_count *count);
/* What this process has used since `base` (getrusage(2)), and what `count` counted since. */
struct wire_usage actor_usage(const struct fault_count *count, const struct wire_usage *base);
/* Sends WIRE_FAILED with errno `err` and a formatted text. 0 or -errno of the sending. */
int actor_report_failure(int control_fd, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* One more call of this kind. */
void actor_count_call(struct wire_progress *progress, enum call_kind kind);
/* So many bytes were copied by this process, into or out of user memory or within it. */
void actor_count_copied(struct wire_progress *progress, uint64_t len_bytes);
/* Takes messages, and heeds none, until the coordinator ends this actor; returns 0. */
int actor_idle(int control_fd);

#endif
