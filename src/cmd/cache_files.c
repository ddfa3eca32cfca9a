/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cache_files.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/ownmap.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void add_path(struct path_list *list, const char *path)
{
	list->paths = xgrow(list->paths, list->nr, &list->room, sizeof(*list->paths));
	list->paths[list->nr++] = xstrdup(path);
}

void path_list_clear(struct path_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct path_list){ 0 };
}

/* Files with more than one link, of which one is enough. */
struct seen {
	struct {
		dev_t dev;
		ino_t ino;
	} * items;
	size_t nr, room;
};

static bool is_seen(struct seen *seen, const struct stat *st)
{
	if (st->st_nlink < 2)
		return false;
	for (size_t i = 0; i < seen->nr; i++)
		if (seen->items[i].dev == st->st_dev && seen->items[i].ino == st->st_ino)
			return true;
	seen->items = xgrow(seen->items, seen->nr, &seen->room, sizeof(*seen->items));
	seen->items[seen->nr].dev = st->st_dev;
	seen->items[seen->nr++].ino = st->st_ino;
	return false;
}

static int add_tree(struct path_list *list, const char *path)
{
	char *const roots[] = { (char *)path, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV | FTS_COMFOLLOW, NULL);
	struct seen seen = { 0 };
	FTSENT *entry;
	int ret = 0;

	if (!tree)
		return -errno;
	while ((entry = fts_read(tree))) {
		if (entry->fts_info == FTS_F && S_ISREG(entry->fts_statp->st_mode) &&
		    !is_seen(&seen, entry->fts_statp))
			add_path(list, entry->fts_path);
		/* What went away meanwhile is no failure, what may not be read is. */
		if ((entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) &&
		    entry->fts_errno != ENOENT)
			ret = -entry->fts_errno;
	}
	fts_close(tree);
	free(seen.items);
	return ret;
}

static bool add_matches(struct path_list *list, const char *pattern)
{
	glob_t found;
	bool any = glob(pattern, 0, NULL, &found) == 0;

	for (size_t i = 0; any && i < found.gl_pathc; i++)
		add_path(list, found.gl_pathv[i]);
	globfree(&found);
	return any;
}

int path_list_add(struct path_list *list, const char *operand, bool recursive)
{
	struct stat st;

	if (strpbrk(operand, "*?[") && lstat(operand, &st) && add_matches(list, operand))
		return 0;
	if (recursive)
		return add_tree(list, operand);
	add_path(list, operand);
	return 0;
}

/* What the thread and who waits for it share; it belongs to the thread once that is late. */
struct reading {
	const struct host *host;
	enum filecache_source source;
	size_t nr_cells;
	bool pages;
	struct ownmap *own; /* of the thread; NULL before the first file */
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool quit, late, has_work, done;
	char *path;
	struct cache_info info;
	int ret;
};

struct cache_reader {
	const struct host *host;
	enum filecache_source source;
	size_t nr_cells;
	bool pages;
	uint64_t limit_ns;
	struct reading *reading;
	bool stuck;
};

static void free_reading(struct reading *reading)
{
	ownmap_free(reading->own);
	free(reading->path);
	pthread_cond_destroy(&reading->changed);
	pthread_mutex_destroy(&reading->lock);
	free(reading);
}

static int read_now(struct reading *reading, struct cache_info *info)
{
	struct filecache *cache;
	int ret = filecache_open(reading->host, reading->path, reading->source, &cache);

	if (ret)
		return ret;
	ret = filecache_read(cache, reading->nr_cells, info);
	if (!ret && info->why == WHY_OK && reading->pages) {
		if (!reading->own)
			reading->own = ownmap_new(reading->host);
		/* What it cannot tell is unknown, with its reason in *info. */
		ownmap_read_file(reading->own, cache, info);
	}
	filecache_close(cache);
	return ret;
}

static void *run(void *arg)
{
	struct reading *reading = arg;
	bool late = false;

	pthread_mutex_lock(&reading->lock);
	while (!reading->quit && !late) {
		struct cache_info info = { 0 };
		int ret;

		if (!reading->has_work) {
			pthread_cond_wait(&reading->changed, &reading->lock);
			continue;
		}
		reading->has_work = false;
		pthread_mutex_unlock(&reading->lock);
		ret = read_now(reading, &info);
		pthread_mutex_lock(&reading->lock);
		late = reading->late;
		reading->info = info;
		reading->ret = ret;
		reading->done = true;
		pthread_cond_broadcast(&reading->changed);
	}
	pthread_mutex_unlock(&reading->lock);
	if (late) {
		cache_info_clear(&reading->info);
		free_reading(reading);
	}
	return NULL;
}

static struct reading *start(const struct cache_reader *reader)
{
	struct reading *reading = xcalloc(1, sizeof(*reading));
	pthread_condattr_t attr;

	reading->host = reader->host;
	reading->source = reader->source;
	reading->nr_cells = reader->nr_cells;
	reading->pages = reader->pages;
	pthread_mutex_init(&reading->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&reading->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&reading->thread, NULL, run, reading))
		abort();
	return reading;
}

struct cache_reader *cache_reader_new(const struct host *host, enum filecache_source source,
				      size_t nr_cells, bool pages, uint64_t limit_ns)
{
	struct cache_reader *reader = xcalloc(1, sizeof(*reader));

	*reader = (struct cache_reader){
		.host = host,
		.source = source,
		.nr_cells = nr_cells,
		.pages = pages,
		.limit_ns = limit_ns,
	};
	return reader;
}

int cache_reader_read(struct cache_reader *reader, const char *path, struct cache_info *out)
{
	uint64_t until_ns = clock_mono_ns() + reader->limit_ns;
	struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_S),
				  .tv_nsec = (long)(until_ns % NS_PER_S) };
	struct reading *reading = reader->reading ? reader->reading : start(reader);
	int ret = 0;

	reader->reading = reading;
	pthread_mutex_lock(&reading->lock);
	free(reading->path);
	reading->path = xstrdup(path);
	reading->done = false;
	reading->has_work = true;
	pthread_cond_broadcast(&reading->changed);
	while (!reading->done && ret != ETIMEDOUT)
		ret = pthread_cond_timedwait(&reading->changed, &reading->lock, &until);
	if (reading->done) {
		*out = reading->info;
		ret = reading->ret;
	} else {
		reading->late = true;
		reader->stuck = true;
		reader->reading = NULL;
		pthread_detach(reading->thread);
		ret = -ETIMEDOUT;
	}
	pthread_mutex_unlock(&reading->lock);
	return ret;
}

bool cache_reader_is_stuck(const struct cache_reader *reader)
{
	return reader->stuck;
}

void cache_reader_free(struct cache_reader *reader)
{
	struct reading *reading = reader->reading;

	if (reading) {
		pthread_mutex_lock(&reading->lock);
		reading->quit = true;
		pthread_cond_broadcast(&reading->changed);
		pthread_mutex_unlock(&reading->lock);
		pthread_join(reading->thread, NULL);
		free_reading(reading);
	}
	free(reader);
}
