/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring belongs to an event that never fires (PERF_COUNT_SW_DUMMY), so that events can be added
 * to it at any time. All stamp by the same clock, or the kernel would not let them share it.
 */
#include "kernel/filemap_rings.h"

#include "base/xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW)

struct cpu_ring {
	int cpu;
	int fd; /* of the dummy */
	struct perf_ring *ring;
};

struct filemap_rings {
	const struct host *host;
	struct cpu_ring *cpus;
	size_t nr_cpus;
	int *fds;
	size_t nr_fds, nr_started, fds_room;
	const struct filemap_point **points;
	size_t nr_points, points_room;
	filemap_rings_fn *fn; /* of the reading that is under way */
	void *arg;
};

static int find_fields(struct filemap_point *point)
{
	point->index = trace_event_field(&point->format, "index");
	point->inode = trace_event_field(&point->format, "i_ino");
	point->dev = trace_event_field(&point->format, "s_dev");
	point->last = trace_event_field(&point->format, "last_index");
	point->pfn = trace_event_field(&point->format, "pfn");
	point->order = trace_event_field(&point->format, "order");
	return point->index && point->inode && point->dev ? 0 : -EPROTO;
}

int filemap_points_find(const struct host *host, struct filemap_point *points, size_t nr)
{
	int fd = tracefs_open(host), ret = 0;

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < nr && !ret; i++) {
		int found = tracefs_read_event(host, fd, points[i].event, &points[i].format);

		if (!found)
			found = find_fields(&points[i]);
		points[i].exists = !found;
		if (points[i].wanted)
			ret = found;
	}
	close(fd);
	return ret;
}

uint64_t filemap_value(const struct trace_field *field, const struct perf_sample *sample)
{
	return trace_field_value(field, sample->raw, sample->raw_len_bytes);
}

uint32_t filemap_dev(const struct file_key *key)
{
	return key->dev_major << 20 | key->dev_minor;
}

char *filemap_filter(char out[FILEMAP_FILTER_LEN], const struct file_key *key)
{
	snprintf(out, FILEMAP_FILTER_LEN, "i_ino == %llu && s_dev == %u",
		 (unsigned long long)key->inode, filemap_dev(key));
	return out;
}

static struct perf_event_attr event_attr(uint32_t type, uint64_t config)
{
	return (struct perf_event_attr){
		.type = type,
		.config = config,
		.sample_period = 1,
		.sample_type = SAMPLE_TYPE,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.disabled = 1,
	};
}

static int open_ring(struct filemap_rings *rings, int cpu, size_t ring_bytes)
{
	struct perf_event_attr attr = event_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY);
	struct cpu_ring one = { .cpu = cpu, .fd = perf_open(rings->host, &attr, -1, cpu) };
	int ret;

	if (one.fd < 0)
		return one.fd;
	ret = perf_ring_new(one.fd, ring_bytes, &one.ring);
	if (ret)
		close(one.fd);
	else
		rings->cpus[rings->nr_cpus++] = one;
	return ret;
}

int filemap_rings_new(const struct host *host, size_t ring_bytes, struct filemap_rings **out)
{
	struct filemap_rings *rings = xcalloc(1, sizeof(*rings));
	long nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	int ret = 0;

	rings->host = host;
	rings->cpus = xcalloc(nr_cpus > 0 ? (size_t)nr_cpus : 1, sizeof(*rings->cpus));
	for (long cpu = 0; cpu < nr_cpus && !ret; cpu++) {
		ret = open_ring(rings, (int)cpu, ring_bytes);
		if (ret == -ENODEV)
			ret = 0; /* a CPU that is off line */
	}
	if (!ret && !rings->nr_cpus)
		ret = -ENODEV;
	if (ret)
		filemap_rings_free(rings);
	else
		*out = rings;
	return ret;
}

static void close_from(struct filemap_rings *rings, size_t first)
{
	while (rings->nr_fds > first)
		close(rings->fds[--rings->nr_fds]);
}

void filemap_rings_free(struct filemap_rings *rings)
{
	if (!rings)
		return;
	close_from(rings, 0);
	for (size_t i = 0; i < rings->nr_cpus; i++) {
		perf_ring_free(rings->cpus[i].ring);
		close(rings->cpus[i].fd);
	}
	free(rings->cpus);
	free(rings->fds);
	free(rings->points);
	free(rings);
}

static int open_event(struct filemap_rings *rings, const struct cpu_ring *cpu,
		      const struct filemap_point *point, const char *filter)
{
	struct perf_event_attr attr = event_attr(PERF_TYPE_TRACEPOINT, point->format.id);
	int fd = perf_open(rings->host, &attr, -1, cpu->cpu), ret;

	if (fd < 0)
		return fd;
	ret = host_ioctl(rings->host, fd, PERF_EVENT_IOC_SET_FILTER, (void *)(uintptr_t)filter);
	if (ret >= 0)
		ret = perf_share(rings->host, fd, cpu->fd);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	rings->fds = xgrow(rings->fds, rings->nr_fds, &rings->fds_room, sizeof(*rings->fds));
	rings->fds[rings->nr_fds++] = fd;
	return 0;
}

static void note_point(struct filemap_rings *rings, const struct filemap_point *point)
{
	for (size_t i = 0; i < rings->nr_points; i++)
		if (rings->points[i] == point)
			return;
	rings->points = xgrow(rings->points, rings->nr_points, &rings->points_room,
			      sizeof(*rings->points));
	rings->points[rings->nr_points++] = point;
}

int filemap_rings_add(struct filemap_rings *rings, const struct filemap_point *point,
		      const char *filter)
{
	size_t first = rings->nr_fds;
	int ret = 0;

	for (size_t i = 0; i < rings->nr_cpus && !ret; i++) {
		ret = open_event(rings, &rings->cpus[i], point, filter);
		if (ret == -ENODEV)
			ret = 0; /* it went off line */
	}
	if (ret)
		close_from(rings, first);
	else
		note_point(rings, point);
	return ret;
}

int filemap_rings_start(struct filemap_rings *rings)
{
	int ret = 0;

	for (; rings->nr_started < rings->nr_fds && ret >= 0; rings->nr_started++)
		ret = host_ioctl(rings->host, rings->fds[rings->nr_started], PERF_EVENT_IOC_ENABLE,
				 NULL);
	return ret < 0 ? ret : 0;
}

static void take_record(void *arg, const struct perf_event_header *header)
{
	struct filemap_rings *rings = arg;
	struct perf_sample sample;
	uint16_t type;

	if (!perf_parse_sample(header, SAMPLE_TYPE, &sample) || !sample.raw ||
	    sample.raw_len_bytes < sizeof(type))
		return;
	memcpy(&type, sample.raw, sizeof(type)); /* common_type: the tracepoint's number */
	for (size_t i = 0; i < rings->nr_points; i++)
		if (rings->points[i]->format.id == type)
			rings->fn(rings->arg, rings->points[i], &sample);
}

uint64_t filemap_rings_drain(struct filemap_rings *rings, filemap_rings_fn *fn, void *arg)
{
	uint64_t lost = 0;

	rings->fn = fn;
	rings->arg = arg;
	for (size_t i = 0; i < rings->nr_cpus; i++) {
		perf_ring_drain(rings->cpus[i].ring, 0, take_record, rings);
		lost += perf_ring_lost(rings->cpus[i].ring);
	}
	return lost;
}
