/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_SAMPLER_H
#define PAGEWALK_APP_SAMPLER_H

#include "kernel/proc.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The thread that watches one process and publishes snapshots. What the screen shows is
 * read first; asking for something else never waits for a scan that is under way.
 */
struct sampler;

/* Starts the thread; takes the proc over. */
struct sampler *sampler_new(const struct host *host, struct proc *proc, uint64_t period_ns);
/* Ends the thread and waits for it. */
void sampler_free(struct sampler *sampler);
/* What to read from now on. */
void sampler_request(struct sampler *sampler, const struct map_request *request);
void sampler_pause(struct sampler *sampler, bool paused);
/* Nobody looks: once a second is enough, so that the way back shows what is, or was last. */
void sampler_rest(struct sampler *sampler, bool resting);
/* The newest snapshot, NULL before the first; the caller unrefs it. */
struct snapshot *sampler_get(struct sampler *sampler);
/* An eventfd(2) that becomes readable with each new snapshot; the reader clears it. */
int sampler_event_fd(const struct sampler *sampler);

#endif
