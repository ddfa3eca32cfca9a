/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_SAMPLER_STATE_H
#define PAGEWALK_APP_SAMPLER_STATE_H

#include "app/changes.h"
#include "app/parts.h"
#include "app/patrol.h"
#include "app/pss.h"
#include "app/sampler.h"
#include "kernel/cgroup.h"
#include "kernel/nodes.h"
#include "kernel/zones.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The inside of the sampler, shared by the files that make it up. */

/* When things were last done, and what they cost. */
struct times {
	uint64_t view_ns, view_cost_ns, whole_ns, whole_cost_ns, pss_ns, pss_cost_ns, detail_ns;
	uint64_t pulse_ns, maps_ns, maps_cost_ns;
};

struct sampler {
	const struct host *host;
	struct proc *proc;
	uint64_t period_ns;
	int event_fd, wake_fd;
	pthread_t thread;

	pthread_mutex_t lock; /* guards what follows, up to the blank line */
	struct map_request wanted;
	bool paused, resting, quit;
	struct snapshot *published;

	struct map_request request; /* the thread's copies of `wanted`, `paused` and `resting` */
	bool holding, slow;
	struct parts parts;
	struct changes changes;
	struct patrol patrol;
	struct times times;
	uint64_t told_ns;     /* when the last event was sent */
	unsigned peek_serial; /* the last that was answered */
	uint64_t pulse;
	bool stale_view, stale_whole, stale_pss; /* the target moved since they were read */
	struct zone *zones;
	size_t nr_zones;
	struct node_map nodes;
	struct cgroup_names *cgroups;
	struct pss *pss; /* NULL: it could not be */
};

/* The pass, in sampler.c. */
/* Makes a snapshot of the parts and tells that there is one. */
void sampler_publish(struct sampler *sampler, bool scanning);
/* Takes the newest request over. True while the thread shall go on. */
bool sampler_take_request(struct sampler *sampler);
/* True when what was last done then, at this cost, is to be done again. */
bool sampler_is_due(uint64_t last_ns, uint64_t age_ns, uint64_t cost_ns);
bool sampler_view_is_due(const struct sampler *sampler, bool moved);
bool sampler_is_other_program(const struct process_info *before, const struct process_info *now);

/* What is read of memory, in sampler_read.c. */
/* What can be answered at once while a longer walk is under way. */
void sampler_serve(struct sampler *sampler);
/* The page that the cursor was moved to is shown before anything that may take long. */
void sampler_answer(struct sampler *sampler);
/* Reads what is on the screen, until it is what is wanted. 0 or -errno. */
int sampler_read_view(struct sampler *sampler);
/* Which pages lie in the frames that were asked about. 0 or -errno. */
int sampler_read_frame_pages(struct sampler *sampler);
/* Counts every VMA and every frame. 0 or -errno. */
int sampler_read_whole(struct sampler *sampler);

#endif
