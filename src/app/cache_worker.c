/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 4's worker. It owns all that it looks at the file with, so that, should a file system
 * hold it for ever, nothing of that is given back under it.
 */
#include "app/cache_worker.h"

#include "app/cache_subject.h"
#include "app/wake.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/filelist.h"
#include "kernel/syscache.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A look at the file takes at most this share of the time. */
#define LOOK_SHARE    4
#define LIST_AGE_NS   (2 * NS_PER_S)
#define LIST_SHARE    20
#define SYSTEM_AGE_NS NS_PER_S
#define END_NS        NS_PER_S
#define MOST_ORDERS   8

/* What the app's thread asked for. */
struct order {
	enum {
		ORDER_OPEN,
		ORDER_COMMAND,
	} kind;
	char *path; /* owned; may be NULL */
	uint64_t addr;
	enum cache_command command;
	uint64_t first, nr;
};

struct cache_worker {
	struct host *host; /* owned */
	struct proc *proc; /* owned; NULL: none */
	pid_t pid;
	uint64_t period_ns;
	int event_fd, wake_fd;
	pthread_t thread;

	pthread_mutex_t lock; /* guards what follows */
	bool quit, paused;
	struct cache_request wanted;
	struct order orders[MOST_ORDERS];
	size_t nr_orders;
	struct cache_view *published;

	/* Of the thread alone. */
	struct cache_request request;
	struct cache_subject subject;
	struct syscache *system;
	struct cache_history history;
	struct file_list files;
	struct cache_file_list *list;
	uint64_t file_id, list_next_ns, system_next_ns, cost_ns;
	unsigned generation;
	uint64_t goto_page;
	int open_error;
	char result[200];
	uint64_t result_ns;
};

static void publish(struct cache_worker *worker)
{
	struct cache_view *view = cache_view_new(), *before;

	view->taken_mono_ns = clock_mono_ns();
	view->period_ns = worker->period_ns;
	view->page_shift = worker->host->geometry.page_shift;
	view->generation = worker->generation;
	view->goto_page = worker->goto_page;
	view->files = cache_file_list_ref(worker->list);
	view->file_id = worker->file_id;
	view->open_error = worker->open_error;
	view->watched_pid = worker->pid;
	view->history = worker->history;
	view->result_ns = worker->result_ns;
	view->cost_ns = worker->cost_ns;
	memcpy(view->result, worker->result, sizeof(view->result));
	cache_subject_show(&worker->subject, view);
	pthread_mutex_lock(&worker->lock);
	before = worker->published;
	worker->published = view;
	pthread_mutex_unlock(&worker->lock);
	cache_view_unref(before);
	wake_send(worker->event_fd);
}

/* The same file keeps its id over lists: a number made of what tells it apart. */
static uint64_t id_of(uint32_t dev_major, uint32_t dev_minor, uint64_t inode)
{
	return (inode * UINT64_C(0x9e3779b97f4a7c15) ^ ((uint64_t)dev_major << 20 | dev_minor)) | 1;
}

static int open_entry(struct cache_worker *worker, const struct file_entry *entry,
		      struct filecache **out)
{
	int fd = file_list_open(worker->proc, entry), ret;

	if (fd < 0)
		return fd;
	ret = filecache_take_fd(worker->host, fd, FILECACHE_AUTO, out);
	if (ret)
		close(fd);
	return ret;
}

static void count_row(struct cache_worker *worker, const struct file_entry *entry,
		      struct cache_file_row *row)
{
	struct filecache *cache;
	struct cache_info info;
	int ret;

	/* What may never answer is asked only when it is chosen. */
	row->why = WHY_NOT_ASKED;
	if (entry->may_hang)
		return;
	ret = open_entry(worker, entry, &cache);
	row->why = why_from_errno(-ret);
	if (ret)
		return;
	ret = filecache_read(cache, 0, &info);
	filecache_close(cache);
	row->why = ret ? why_from_errno(-ret) : info.why;
	row->size_bytes = ret ? 0 : info.size_bytes;
	row->pages = ret ? 0 : info.total.pages;
	row->cached = ret ? 0 : info.total.cached;
}

static int most_cached_first(const void *a, const void *b)
{
	const struct cache_file_row *x = a, *y = b;

	if (x->cached != y->cached)
		return x->cached < y->cached ? 1 : -1;
	return strcmp(x->path, y->path);
}

/* The files of the watched process, with how much of each is cached. */
static void read_list(struct cache_worker *worker)
{
	uint64_t start_ns = clock_mono_ns(), cost_ns;
	struct cache_file_list *list;

	if (!worker->proc || start_ns < worker->list_next_ns)
		return;
	file_list_clear(&worker->files);
	if (file_list_read(worker->proc, &worker->files))
		worker->files = (struct file_list){ 0 };
	list = cache_file_list_new();
	for (size_t i = 0; i < worker->files.nr; i++) {
		const struct file_entry *entry = &worker->files.items[i];
		struct cache_file_row row = {
			.id = id_of(entry->dev_major, entry->dev_minor, entry->ino),
			.path = xstrdup(entry->path),
			.size_bytes = entry->size_bytes,
			.fd = entry->fd,
			.mapped = entry->end_addr,
		};

		count_row(worker, entry, &row);
		cache_file_list_add(list, &row);
	}
	if (list->nr)
		qsort(list->rows, list->nr, sizeof(list->rows[0]), most_cached_first);
	cache_file_list_unref(worker->list);
	worker->list = list;
	cost_ns = clock_mono_ns() - start_ns;
	worker->list_next_ns = clock_mono_ns() + (cost_ns * LIST_SHARE > LIST_AGE_NS
							  ? cost_ns * LIST_SHARE
							  : LIST_AGE_NS);
}

static void read_system(struct cache_worker *worker)
{
	struct cache_system sample;
	uint64_t now_ns = clock_mono_ns();

	if (now_ns < worker->system_next_ns)
		return;
	worker->system_next_ns = now_ns + SYSTEM_AGE_NS;
	if (!worker->system && syscache_new(worker->host, &worker->system))
		worker->system = NULL;
	if (worker->system && !syscache_read(worker->system, &sample))
		cache_history_add(&worker->history, &sample);
}

static void opened(struct cache_worker *worker, int error, uint64_t page, uint64_t id)
{
	worker->open_error = error;
	worker->goto_page = page;
	worker->generation++;
	worker->file_id = id;
	worker->result_ns = 0;
}

/* A file of the process. 0 or -errno, and then there is none. */
static int open_listed(struct cache_worker *worker, const struct file_entry *entry)
{
	struct file_key key = { entry->dev_major, entry->dev_minor, entry->ino };
	struct filecache *cache;
	struct vma vma;
	int ret = open_entry(worker, entry, &cache);

	if (ret) {
		cache_subject_clear(&worker->subject);
		worker->subject.path = xstrdup(entry->path);
		return ret;
	}
	/* Where file systems give two device numbers, maps and events have the other one. */
	if (entry->start_addr && !proc_query_vma(worker->proc, entry->start_addr, &vma) &&
	    vma.start_addr == entry->start_addr && vma.inode == entry->ino)
		key = (struct file_key){ vma.dev_major, vma.dev_minor, vma.inode };
	cache_subject_take(&worker->subject, cache, entry->path, &key);
	worker->subject.may_hang = entry->may_hang;
	return 0;
}

static void choose(struct cache_worker *worker, uint64_t id)
{
	for (size_t i = 0; i < worker->files.nr; i++) {
		const struct file_entry *entry = &worker->files.items[i];

		if (id_of(entry->dev_major, entry->dev_minor, entry->ino) != id)
			continue;
		opened(worker, open_listed(worker, entry), 0, id);
		return;
	}
}

/* The file that the watched process maps at addr. 0 or -errno. */
static int open_mapped(struct cache_worker *worker, const char *path, uint64_t addr)
{
	struct file_entry entry = { .fd = -1 };
	struct vma_list *list;
	const struct vma *vma;
	int ret;

	if (!worker->proc)
		return -ESRCH;
	ret = proc_read_maps(worker->proc, &list);
	if (ret)
		return ret;
	vma = vma_list_find(list, addr);
	ret = vma && vma->inode ? 0 : -ENOENT;
	if (!ret) {
		entry.dev_major = vma->dev_major;
		entry.dev_minor = vma->dev_minor;
		entry.ino = vma->inode;
		entry.path = (char *)vma->path;
		entry.start_addr = vma->start_addr;
		entry.end_addr = vma->end_addr;
		ret = open_listed(worker, &entry);
	}
	/* Without the privilege for map_files its name has to do. */
	if ((ret == -EPERM || ret == -EACCES) && path)
		ret = cache_subject_open_path(&worker->subject, path);
	vma_list_free(list);
	return ret;
}

static void open_file(struct cache_worker *worker, const struct order *order)
{
	struct cache_subject *subject = &worker->subject;
	int ret = -ENOENT;

	if (order->addr)
		ret = open_mapped(worker, order->path, order->addr);
	else if (order->path)
		ret = cache_subject_open_path(subject, order->path);
	if (ret)
		cache_subject_clear(subject);
	opened(worker, ret, order->first,
	       id_of(subject->key.dev_major, subject->key.dev_minor, subject->key.inode));
	if (ret && order->path)
		subject->path = xstrdup(order->path);
}

/* What the page cache has now, to tell what an action changed. */
static struct cache_counts totals(struct cache_worker *worker)
{
	struct cache_info info;

	if (filecache_read(worker->subject.file, 0, &info) || info.why != WHY_OK)
		return (struct cache_counts){ .pages = UINT64_MAX };
	return info.total;
}

static int act(struct cache_worker *worker, const struct order *order)
{
	struct filecache *file = worker->subject.file;

	switch (order->command) {
	case CACHE_CMD_READ_PAGE:
		return filecache_read_page(file, order->first);
	case CACHE_CMD_READAHEAD:
		return filecache_read_ahead(file, order->first, order->nr);
	case CACHE_CMD_EVICT:
		return filecache_evict(file);
	case CACHE_CMD_WRITE_BACK:
		return filecache_write_back(file);
	default:
		return -EINVAL;
	}
}

/* "read page 5 (1 asked for): 32 pages came in" */
static void say_result(struct cache_worker *worker, const struct order *order, int ret,
		       const struct cache_counts *before, const struct cache_counts *after)
{
	static const char *const names[] = {
		[CACHE_CMD_READ_PAGE] = "pread of 1 page",
		[CACHE_CMD_READAHEAD] = "readahead",
		[CACHE_CMD_EVICT] = "evict",
		[CACHE_CMD_WRITE_BACK] = "write back",
	};
	int64_t came = (int64_t)(after->cached - before->cached);
	size_t room = sizeof(worker->result);
	char asked[48] = "";

	worker->result_ns = clock_mono_ns();
	if (order->command == CACHE_CMD_READAHEAD)
		snprintf(asked, sizeof(asked), " of %" PRIu64 " pages", order->nr);
	if (ret)
		snprintf(worker->result, room, "%s%s: %s", names[order->command], asked,
			 strerror(-ret));
	else if (before->pages == UINT64_MAX || after->pages == UINT64_MAX)
		snprintf(worker->result, room, "%s%s: done; what it changed is not told",
			 names[order->command], asked);
	else if (order->command == CACHE_CMD_EVICT)
		snprintf(worker->result, room,
			 "evict: %" PRId64 " pages left, %" PRIu64 " stay (%" PRIu64
			 " dirty; mapped and busy ones stay too)",
			 came < 0 ? -came : 0, after->cached, after->dirty + after->writeback);
	else if (order->command == CACHE_CMD_WRITE_BACK)
		snprintf(worker->result, room,
			 "write back: %" PRIu64 " pages were dirty, %" PRIu64 " are now",
			 before->dirty, after->dirty);
	else
		snprintf(worker->result, room,
			 "%s%s at page %" PRIu64 ": %" PRId64 " page%s came into the cache",
			 names[order->command], asked, order->first, came, came == 1 ? "" : "s");
}

static void carry_out(struct cache_worker *worker, const struct order *order)
{
	struct cache_counts before, after;
	int ret;

	if (order->kind == ORDER_OPEN) {
		open_file(worker, order);
	} else if (order->command == CACHE_CMD_CHOOSE) {
		choose(worker, order->first);
	} else if (worker->subject.file) {
		before = totals(worker);
		ret = act(worker, order);
		after = totals(worker);
		say_result(worker, order, ret, &before, &after);
	}
}

/* Takes over what is wanted, and the orders. True while the thread shall go on. */
static bool take_wanted(struct cache_worker *worker, struct order *orders, size_t *nr, bool *paused)
{
	bool go_on;

	pthread_mutex_lock(&worker->lock);
	worker->request = worker->wanted;
	*paused = worker->paused;
	*nr = worker->nr_orders;
	memcpy(orders, worker->orders, *nr * sizeof(orders[0]));
	worker->nr_orders = 0;
	go_on = !worker->quit;
	pthread_mutex_unlock(&worker->lock);
	return go_on;
}

static void look(struct cache_worker *worker)
{
	uint64_t start_ns = clock_mono_ns();
	int ret;

	read_system(worker);
	ret = cache_subject_look(&worker->subject, &worker->request);
	if (ret)
		worker->open_error = ret;
	worker->cost_ns = clock_mono_ns() - start_ns;
	publish(worker);
	/* The list comes after what is in front of it. */
	read_list(worker);
	/* Without a file of its own the screen begins with the one that has most cached. */
	if (!worker->generation && worker->list && worker->list->nr) {
		choose(worker, worker->list->rows[0].id);
		wake_send(worker->wake_fd);
	}
}

static void clear(struct cache_worker *worker)
{
	cache_subject_end(&worker->subject);
	syscache_free(worker->system);
	file_list_clear(&worker->files);
	cache_file_list_unref(worker->list);
}

static void *run(void *arg)
{
	struct cache_worker *worker = arg;
	struct order orders[MOST_ORDERS];
	struct cache_request before = { 0 };
	bool paused;
	size_t nr;

	while (take_wanted(worker, orders, &nr, &paused)) {
		uint64_t start_ns = clock_mono_ns(), wait_ns;

		for (size_t i = 0; i < nr; i++) {
			carry_out(worker, &orders[i]);
			free(orders[i].path);
		}
		/* While paused only what the user moves to is read. */
		if (!paused || nr || !cache_request_equal(&before, &worker->request))
			look(worker);
		before = worker->request;
		wait_ns = clock_mono_ns() - start_ns;
		wait_ns = wait_ns < worker->period_ns ? worker->period_ns - wait_ns : 0;
		if (wait_ns < worker->cost_ns * LOOK_SHARE)
			wait_ns = worker->cost_ns * LOOK_SHARE;
		wake_wait(worker->wake_fd, paused ? UINT64_MAX : wait_ns);
	}
	for (size_t i = 0; i < nr; i++)
		free(orders[i].path);
	clear(worker);
	return NULL;
}

struct cache_worker *cache_worker_new(struct proc *proc, pid_t pid, uint64_t period_ns)
{
	struct cache_worker *worker = xcalloc(1, sizeof(*worker));

	worker->host = host_new("");
	worker->proc = proc;
	worker->pid = pid;
	worker->period_ns = period_ns;
	worker->event_fd = wake_new();
	worker->wake_fd = wake_new();
	cache_subject_init(&worker->subject, worker->host, pid);
	pthread_mutex_init(&worker->lock, NULL);
	if (pthread_create(&worker->thread, NULL, run, worker))
		abort();
	return worker;
}

void cache_worker_free(struct cache_worker *worker)
{
	struct timespec until;

	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->quit = true;
	pthread_mutex_unlock(&worker->lock);
	wake_send(worker->wake_fd);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_NS / NS_PER_S;
	if (pthread_timedjoin_np(worker->thread, NULL, &until)) {
		pthread_detach(worker->thread);
		return; /* it holds all that it still may use */
	}
	cache_view_unref(worker->published);
	proc_close(worker->proc);
	host_free(worker->host);
	close(worker->event_fd);
	close(worker->wake_fd);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

/* In a flood of orders the last one gives way: nobody types so fast. */
static void give_order(struct cache_worker *worker, struct order order)
{
	pthread_mutex_lock(&worker->lock);
	if (worker->nr_orders == MOST_ORDERS)
		free(worker->orders[--worker->nr_orders].path);
	worker->orders[worker->nr_orders++] = order;
	pthread_mutex_unlock(&worker->lock);
	wake_send(worker->wake_fd);
}

void cache_worker_open(struct cache_worker *worker, const char *path, uint64_t addr, uint64_t page)
{
	give_order(worker, (struct order){
				   .kind = ORDER_OPEN,
				   .path = path ? xstrdup(path) : NULL,
				   .addr = addr,
				   .first = page,
			   });
}

void cache_worker_command(struct cache_worker *worker, enum cache_command command, uint64_t first,
			  uint64_t nr)
{
	give_order(worker, (struct order){
				   .kind = ORDER_COMMAND,
				   .command = command,
				   .first = first,
				   .nr = nr,
			   });
}

void cache_worker_request(struct cache_worker *worker, const struct cache_request *request)
{
	pthread_mutex_lock(&worker->lock);
	worker->wanted = *request;
	pthread_mutex_unlock(&worker->lock);
	wake_send(worker->wake_fd);
}

void cache_worker_pause(struct cache_worker *worker, bool paused)
{
	pthread_mutex_lock(&worker->lock);
	worker->paused = paused;
	pthread_mutex_unlock(&worker->lock);
	wake_send(worker->wake_fd);
}

struct cache_view *cache_worker_get(struct cache_worker *worker)
{
	struct cache_view *view;

	pthread_mutex_lock(&worker->lock);
	view = cache_view_ref(worker->published);
	pthread_mutex_unlock(&worker->lock);
	return view;
}

int cache_worker_event_fd(const struct cache_worker *worker)
{
	return worker->event_fd;
}
