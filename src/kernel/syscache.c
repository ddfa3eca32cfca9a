/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/syscache.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/procps.h"

#include <fcntl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct syscache {
	const struct host *host;
	struct procps procps;
	struct meminfo_info *meminfo;
	struct vmstat_info *vmstat;
	uint64_t before[NR_CACHE_RATE], before_ns;
	enum why before_why[NR_CACHE_RATE];
};

int syscache_new(const struct host *host, struct syscache **out)
{
	struct syscache *cache = xcalloc(1, sizeof(*cache));
	int ret;

	cache->host = host;
	ret = procps_load(&cache->procps);
	if (!ret)
		ret = cache->procps.meminfo_new(&cache->meminfo);
	if (!ret)
		ret = cache->procps.vmstat_new(&cache->vmstat);
	if (ret) {
		syscache_free(cache);
		return ret;
	}
	*out = cache;
	return 0;
}

void syscache_free(struct syscache *cache)
{
	if (!cache)
		return;
	if (cache->meminfo)
		cache->procps.meminfo_unref(&cache->meminfo);
	if (cache->vmstat)
		cache->procps.vmstat_unref(&cache->vmstat);
	free(cache);
}

/* "name value" of /proc/vmstat. */
static enum why read_counter(const struct host *host, const char *name, uint64_t *value)
{
	size_t len, name_len = strlen(name);
	enum why why = WHY_UNSUPPORTED;
	char *text;
	int ret = host_read_all(host, AT_FDCWD, "/proc/vmstat", &text, &len);

	if (ret)
		return why_from_errno(-ret);
	for (char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, name_len) || line[name_len] != ' ')
			continue;
		*value = strtoull(line + name_len, NULL, 10);
		why = WHY_OK;
		break;
	}
	free(text);
	return why;
}

static int read_amounts(struct syscache *cache, struct cache_system *out)
{
	enum meminfo_item items[] = {
		MEMINFO_MEM_CACHED,      MEMINFO_MEM_DIRTY,         MEMINFO_MEM_WRITEBACK,
		MEMINFO_MEM_ACTIVE_FILE, MEMINFO_MEM_INACTIVE_FILE,
	};
	uint64_t *to[] = {
		&out->cached_bytes,      &out->dirty_bytes,         &out->writeback_bytes,
		&out->active_file_bytes, &out->inactive_file_bytes,
	};
	struct meminfo_stack *stack = cache->procps.meminfo_select(cache->meminfo, items, 5);

	if (!stack)
		return -EIO;
	for (int i = 0; i < 5; i++)
		*to[i] = (uint64_t)stack->head[i].result.ul_int * 1024;
	return 0;
}

static int read_counters(struct syscache *cache, uint64_t now[NR_CACHE_RATE],
			 enum why why[NR_CACHE_RATE])
{
	enum vmstat_item items[] = {
		VMSTAT_PGSCAN_FILE,  VMSTAT_PGSCAN_ANON, VMSTAT_PGSTEAL_FILE,
		VMSTAT_PGSTEAL_ANON, VMSTAT_PSWPIN,      VMSTAT_PSWPOUT,
	};
	struct vmstat_stack *stack = cache->procps.vmstat_select(cache->vmstat, items, 6);

	if (!stack)
		return -EIO;
	now[RATE_SCAN] = stack->head[0].result.ul_int + stack->head[1].result.ul_int;
	now[RATE_STEAL] = stack->head[2].result.ul_int + stack->head[3].result.ul_int;
	now[RATE_SWAP_IN] = stack->head[4].result.ul_int;
	now[RATE_SWAP_OUT] = stack->head[5].result.ul_int;
	why[RATE_SCAN] = why[RATE_STEAL] = why[RATE_SWAP_IN] = why[RATE_SWAP_OUT] = WHY_OK;
	why[RATE_REFAULT] = read_counter(cache->host, "workingset_refault_file",
					 &now[RATE_REFAULT]);
	return 0;
}

int syscache_read(struct syscache *cache, struct cache_system *out)
{
	uint64_t now[NR_CACHE_RATE] = { 0 }, t_ns = clock_mono_ns();
	double seconds = (double)(t_ns - cache->before_ns) / (double)NS_PER_S;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = read_amounts(cache, out);
	if (!ret)
		ret = read_counters(cache, now, out->rate_why);
	if (ret)
		return ret;
	out->t_ns = t_ns;
	for (int i = 0; i < NR_CACHE_RATE; i++) {
		enum why known = out->rate_why[i];

		if (known == WHY_OK && (!cache->before_ns || cache->before_why[i] != WHY_OK))
			out->rate_why[i] = WHY_NOT_ASKED;
		else if (known == WHY_OK && now[i] >= cache->before[i])
			out->rates[i] = (double)(now[i] - cache->before[i]) / seconds;
		cache->before[i] = now[i];
		cache->before_why[i] = known;
	}
	cache->before_ns = t_ns;
	return 0;
}
