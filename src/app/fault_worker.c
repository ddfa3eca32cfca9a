/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two threads. The reader drains the rings, counts, and publishes. The namer takes the sites in
 * the order in which they came and looks up their symbols, which may take long the first time a
 * module is read; a name goes straight into the table that all views share.
 */
#include "app/fault_worker.h"

#include "app/wake.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/fault_watch.h"
#include "kernel/symbols.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_VMAS    2048
#define MOST_SITES   8192
#define MOST_CELLS   32768
#define MOST_HOT     32768
#define READ_MS      20
#define REST_MS      100 /* while nobody looks: that much of any storm has room in a log */
#define RING_BYTES   ((size_t)16 << 20)
#define PUBLISH_NS   (50 * NS_PER_MS)   /* while faults come */
#define PLOT_NS      FAULT_RATE_STEP_NS /* while none do */
#define HEAT_NS      (200 * NS_PER_MS)
#define COUNTERS_NS  (250 * NS_PER_MS)
#define NR_LISTENERS 2

/* A site whose symbol is wanted. */
struct name_job {
	size_t row;
	pid_t pid;
	uint64_t ip;
	bool in_kernel;
	struct vma code; /* its path is owned; none in the kernel */
};

struct listener {
	int fd; /* -1: free */
	bool heat;
};

struct fault_worker {
	struct proc *proc;
	bool begun, stopped;
	int wake_fd;
	pthread_t reader, namer;
	atomic_bool quit, has_new_names;

	/* Of the reader alone. */
	struct fault_watch *watch; /* NULL: refused, or not attached yet */
	struct fault_tally *tally;
	struct fault_cross *cross;
	struct fault_log *log;
	struct fault_heat *heat;
	struct heat_map *heat_map; /* the last one */
	uint64_t heat_ns;
	struct fault_names *names;
	size_t nr_vmas, nr_sites; /* that have their names */
	struct fault_rates rates;
	struct fault_balance balance;
	bool balance_known;
	/* Counters that wait for the events of the time before they were read. */
	struct fault_balance sample;
	uint64_t sampled_ns, nr_at_sample; /* 0 ns: none waits */
	struct process_info process;
	enum fault_watching watching;
	char error[256];
	uint64_t began_ns, published_ns, published_nr, counters_ns, cpu_ns;
	uint64_t last_minflt, last_majflt; /* without events */
	unsigned nr_execs, cost_permille;
	bool has_evictions; /* that no view has yet */
	int read_ms;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t has_jobs;
	struct name_job *jobs;
	size_t nr_jobs, next_job, jobs_room;
	struct listener listeners[NR_LISTENERS];
	struct fault_view *newest;
};

/* ---- the namer ---- */

static void ask_name(struct fault_worker *worker, size_t row, const struct fault *fault,
		     const struct vma *code)
{
	struct name_job *job;

	if (!code && !fault->in_kernel) {
		fault_names_set_symbol(worker->names, row, "", 0, "");
		return;
	}
	pthread_mutex_lock(&worker->lock);
	worker->jobs = xgrow(worker->jobs, worker->nr_jobs, &worker->jobs_room,
			     sizeof(*worker->jobs));
	job = &worker->jobs[worker->nr_jobs++];
	*job = (struct name_job){ .row = row, .pid = fault->pid, .ip = fault->ip };
	if (fault->in_kernel) {
		job->in_kernel = true;
	} else {
		job->code = *code;
		job->code.path = xstrdup(code->path);
	}
	pthread_cond_signal(&worker->has_jobs);
	pthread_mutex_unlock(&worker->lock);
}

/* The next site to be named; false: the end. */
static bool next_job(struct fault_worker *worker, struct name_job *job)
{
	bool found = false;

	pthread_mutex_lock(&worker->lock);
	while (!atomic_load(&worker->quit) && worker->next_job == worker->nr_jobs)
		pthread_cond_wait(&worker->has_jobs, &worker->lock);
	if (!atomic_load(&worker->quit)) {
		*job = worker->jobs[worker->next_job];
		worker->jobs[worker->next_job++].code.path = NULL;
		found = true;
	}
	pthread_mutex_unlock(&worker->lock);
	return found;
}

static void *name_sites(void *arg)
{
	struct fault_worker *worker = arg;
	struct symbols *symbols = symbols_new(proc_host(worker->proc));
	struct name_job job;

	while (next_job(worker, &job)) {
		struct symbol symbol = { 0 };

		if (job.in_kernel)
			symbols_find_kernel(symbols, job.ip, &symbol);
		else
			symbols_find(symbols, job.pid, &job.code, job.ip, &symbol);
		fault_names_set_symbol(worker->names, job.row, symbol.name, symbol.off_bytes,
				       symbol.source);
		symbol_clear(&symbol);
		free((char *)job.code.path);
		atomic_store(&worker->has_new_names, true);
	}
	symbols_free(symbols);
	return NULL;
}

/* ---- the reader ---- */

/*
 * Events come a moment later than the counters, so that hidden is what was counted up to a time
 * less the events up to that time, once all of them have come. What was hidden stays so.
 */
static void settle_sample(struct fault_worker *worker)
{
	const struct fault_balance *sample = &worker->sample;
	uint64_t counted = sample->minflt + sample->majflt, hidden = worker->balance.nr_hidden;

	if (!worker->sampled_ns)
		return;
	if (counted > worker->nr_at_sample && counted - worker->nr_at_sample > hidden)
		hidden = counted - worker->nr_at_sample;
	worker->balance = *sample;
	worker->balance.nr_hidden = hidden;
	worker->balance_known = true;
	worker->sampled_ns = 0;
}

static void take_fault(void *arg, const struct fault *fault, const struct vma *vma,
		       const struct vma *code)
{
	struct fault_worker *worker = arg;
	struct fault_row row = { .fault = *fault };
	size_t at;

	if (worker->sampled_ns && fault->t_ns > worker->sampled_ns)
		settle_sample(worker);
	worker->nr_at_sample += worker->sampled_ns && fault->severity != FAULT_FAILED;
	fault_tally_add(worker->tally, fault, vma, code);
	at = fault_tally_last_vma(worker->tally);
	row.vma = (uint32_t)at;
	row.vma_off_bytes = vma ? fault->addr - vma->start_addr : 0;
	for (; worker->nr_vmas <= at; worker->nr_vmas++)
		fault_names_set_vma(worker->names, worker->nr_vmas,
				    fault_tally_vma(worker->tally, worker->nr_vmas));
	at = fault_tally_last_site(worker->tally);
	row.site = (uint32_t)at;
	for (; worker->nr_sites <= at; worker->nr_sites++) {
		fault_names_set_site(worker->names, worker->nr_sites,
				     fault_tally_site(worker->tally, worker->nr_sites),
				     fault->in_kernel);
		ask_name(worker, worker->nr_sites, fault, code);
	}
	fault_cross_add(worker->cross, fault, row.vma, row.site);
	fault_log_add(worker->log, &row);
	fault_rates_add(&worker->rates, (enum fault_severity)fault->severity, fault->t_ns, 1);
	if (fault->severity != FAULT_FAILED)
		fault_heat_add(worker->heat,
			       fault->addr >> proc_host(worker->proc)->geometry.page_shift,
			       fault->t_ns);
}

static void take_exec(void *arg, pid_t pid, const char *comm)
{
	struct fault_worker *worker = arg;

	(void)pid;
	(void)comm;
	worker->nr_execs++;
	/* Addresses of the program before mean nothing in the map of this one. */
	fault_heat_clear(worker->heat);
}

static void take_eviction(void *arg, const struct fault_eviction *eviction)
{
	struct fault_worker *worker = arg;

	fault_tally_evict(worker->tally, eviction, proc_host(worker->proc)->geometry.page_shift);
	worker->has_evictions = true;
}

static const struct fault_watch_ops watch_ops = { .fault = take_fault,
						  .exec = take_exec,
						  .evicted = take_eviction };

static void say_refusal(struct fault_worker *worker, int error)
{
	worker->watching = error == -ESRCH ? WATCH_ENDED : WATCH_REFUSED;
	if (error == -EACCES || error == -EPERM)
		snprintf(worker->error, sizeof(worker->error),
			 "perf_event_open is refused (kernel.perf_event_paranoid above 2, seccomp, "
			 "a container, or another user's process): as root or with CAP_PERFMON "
			 "it is allowed");
	else if (error == -ENOSYS || error == -EOPNOTSUPP)
		snprintf(worker->error, sizeof(worker->error), "this kernel has no perf events");
	else if (error == -EMFILE || error == -ENFILE)
		snprintf(worker->error, sizeof(worker->error),
			 "too many descriptors: each thread takes one for each CPU and event "
			 "(ulimit -n)");
	else
		snprintf(worker->error, sizeof(worker->error), "perf_event_open: %s",
			 strerror(-error));
}

/*
 * Attaching is by PID, which may have been given to another process; but not to another than
 * ours if ours is still there afterwards.
 */
static void attach(struct fault_worker *worker)
{
	struct fault_capture_config config = {
		.stopped = worker->stopped,
		.ring_bytes = RING_BYTES,
	};
	int ret = proc_read_info(worker->proc, &worker->process);

	config.pid = worker->process.pid;
	if (!ret && worker->process.life == PROCESS_GONE)
		ret = -ESRCH;
	if (!ret)
		ret = fault_watch_new(proc_host(worker->proc), &config, &worker->watch);
	if (!ret && !proc_read_info(worker->proc, &worker->process) &&
	    worker->process.life == PROCESS_GONE) {
		fault_watch_free(worker->watch);
		worker->watch = NULL;
		ret = -ESRCH;
	}
	worker->began_ns = clock_mono_ns();
	fault_rates_init(&worker->rates, worker->began_ns);
	worker->last_minflt = worker->process.minflt;
	worker->last_majflt = worker->process.majflt;
	if (ret)
		say_refusal(worker, ret);
	else
		worker->watching = WATCH_LIVE;
}

static bool wants_heat(struct fault_worker *worker, bool *listened)
{
	bool heat = false;

	*listened = false;
	pthread_mutex_lock(&worker->lock);
	for (size_t i = 0; i < NR_LISTENERS; i++) {
		*listened |= worker->listeners[i].fd >= 0;
		heat |= worker->listeners[i].fd >= 0 && worker->listeners[i].heat;
	}
	pthread_mutex_unlock(&worker->lock);
	return heat;
}

static void update_heat(struct fault_worker *worker, uint64_t now_ns)
{
	if (worker->heat_map && now_ns - worker->heat_ns < HEAT_NS)
		return;
	heat_map_unref(worker->heat_map);
	worker->heat_map = fault_heat_map(worker->heat, now_ns);
	worker->heat_ns = now_ns;
}

static struct fault_view *make_view(const struct fault_worker *worker, uint64_t now_ns, bool heat)
{
	static const struct fault_evictions none; /* without events there are no rows either */
	struct fault_view *view = fault_view_new();

	view->taken_mono_ns = now_ns;
	view->began_ns = worker->began_ns;
	view->process = worker->process;
	view->watching = worker->watching;
	view->from_start = worker->stopped;
	memcpy(view->error, worker->error, sizeof(view->error));
	view->nr_execs = worker->nr_execs;
	if (worker->watch) {
		const struct fault_capture_powers *powers = fault_watch_powers(worker->watch);

		view->sees_kernel = powers->sees_kernel;
		view->error_code = powers->error_code;
		view->signals = powers->signals;
		view->nr_unattached = powers->nr_unattached;
	}
	view->balance_known = worker->balance_known;
	view->minflt = worker->balance.minflt;
	view->majflt = worker->balance.majflt;
	view->nr_hidden = worker->balance.nr_hidden;
	view->nr_lost = worker->balance.nr_lost;
	view->rates = worker->rates;
	view->heat = heat ? heat_map_ref(worker->heat_map) : NULL;
	view->cost_permille = worker->cost_permille;
	fault_view_take_log(view, worker->log);
	fault_view_take_tally(view, worker->tally,
			      worker->watch ? fault_watch_evictions(worker->watch) : &none,
			      worker->names);
	fault_view_take_cross(view, worker->cross);
	return view;
}

static void publish(struct fault_worker *worker, uint64_t now_ns, bool heat)
{
	struct fault_view *view, *before;

	if (heat)
		update_heat(worker, now_ns);
	view = make_view(worker, now_ns, heat);
	pthread_mutex_lock(&worker->lock);
	before = worker->newest;
	worker->newest = view;
	for (size_t i = 0; i < NR_LISTENERS; i++)
		if (worker->listeners[i].fd >= 0)
			wake_send(worker->listeners[i].fd);
	pthread_mutex_unlock(&worker->lock);
	fault_view_unref(before);
	worker->published_ns = now_ns;
	worker->published_nr = fault_log_nr(worker->log);
	worker->has_evictions = false;
}

static void publish_if_due(struct fault_worker *worker)
{
	uint64_t now_ns = clock_mono_ns(), since_ns = now_ns - worker->published_ns;
	bool listened, heat = wants_heat(worker, &listened), news;

	/* One view at least, for a screen that comes later. */
	worker->read_ms = listened ? READ_MS : REST_MS;
	if (!listened && worker->published_ns)
		return;
	news = worker->has_evictions || fault_log_nr(worker->log) != worker->published_nr ||
	       atomic_exchange(&worker->has_new_names, false);
	if (since_ns < PUBLISH_NS || (!news && since_ns < PLOT_NS)) {
		if (news)
			atomic_store(&worker->has_new_names, true);
		return;
	}
	fault_rates_advance(&worker->rates, now_ns);
	publish(worker, now_ns, heat);
}

/* So many more since they were last read; each step of the rates gets its part of them. */
static void spread(struct fault_worker *worker, enum fault_severity severity, uint64_t nr,
		   uint64_t from_ns, uint64_t now_ns)
{
	while (now_ns > from_ns) {
		uint64_t step_ns = (from_ns / FAULT_RATE_STEP_NS + 1) * FAULT_RATE_STEP_NS;
		uint64_t end_ns = step_ns < now_ns ? step_ns : now_ns;
		uint64_t part = (uint64_t)((double)nr * (double)(end_ns - from_ns) /
					   (double)(now_ns - from_ns));

		if (end_ns == now_ns || part > nr)
			part = nr;
		fault_rates_add(&worker->rates, severity, from_ns, part);
		nr -= part;
		from_ns = end_ns;
	}
}

/* Without events the counters give the rates at least. */
static void count_without_events(struct fault_worker *worker, uint64_t from_ns, uint64_t now_ns)
{
	const struct process_info *process = &worker->process;

	spread(worker, FAULT_MINOR, process->minflt - worker->last_minflt, from_ns, now_ns);
	spread(worker, FAULT_MAJOR, process->majflt - worker->last_majflt, from_ns, now_ns);
	worker->balance.minflt += process->minflt - worker->last_minflt;
	worker->balance.majflt += process->majflt - worker->last_majflt;
	worker->balance_known = true;
	worker->last_minflt = process->minflt;
	worker->last_majflt = process->majflt;
}

static bool has_ended(const struct fault_worker *worker)
{
	/* While it is not known how, it is still ending, and may yet be counted for. */
	return worker->process.life == PROCESS_GONE || (worker->process.life == PROCESS_ZOMBIE &&
							worker->process.exit_why != WHY_NOT_ASKED);
}

static void take_sample(struct fault_worker *worker)
{
	/* Nothing has come since: there was nothing. */
	settle_sample(worker);
	if (fault_watch_balance(worker->watch, &worker->sample))
		return;
	worker->nr_at_sample = worker->sample.nr_minor + worker->sample.nr_major;
	worker->sampled_ns = clock_mono_ns();
}

/* What the kernel has counted, whether the process lives, what watching costs. */
static void read_counters(struct fault_worker *worker)
{
	uint64_t now_ns = clock_mono_ns(), cpu_ns = clock_own_cpu_ns();
	uint64_t from_ns = worker->counters_ns ? worker->counters_ns : worker->began_ns;

	/* Without events they are all that there is. */
	if (now_ns - worker->counters_ns < (worker->watch ? COUNTERS_NS : FAULT_RATE_STEP_NS / 2))
		return;
	if (worker->counters_ns)
		worker->cost_permille = (unsigned)((cpu_ns - worker->cpu_ns) * 1000 /
						   (now_ns - worker->counters_ns));
	worker->counters_ns = now_ns;
	worker->cpu_ns = cpu_ns;
	if (proc_read_info(worker->proc, &worker->process))
		return;
	if (worker->watch)
		take_sample(worker);
	else if (!has_ended(worker))
		count_without_events(worker, from_ns, now_ns);
}

static void end_watch(struct fault_worker *worker)
{
	struct fault_balance last;
	bool listened;

	if (worker->watch) {
		fault_watch_flush(worker->watch, &watch_ops, worker);
		/* A zombie's counters are final; those of one that is gone were read before. */
		settle_sample(worker);
		if (!fault_watch_balance(worker->watch, &last)) {
			worker->balance = last;
			worker->balance_known = true;
		}
	}
	worker->watching = WATCH_ENDED;
	publish(worker, clock_mono_ns(), wants_heat(worker, &listened));
}

static void *read_faults(void *arg)
{
	struct fault_worker *worker = arg;

	if (worker->watching == WATCH_STARTING)
		attach(worker);
	while (!atomic_load(&worker->quit) && worker->watching != WATCH_ENDED) {
		if (worker->watch)
			fault_watch_read(worker->watch, worker->read_ms, &watch_ops, worker);
		else
			wake_wait(worker->wake_fd, FAULT_RATE_STEP_NS / 2);
		read_counters(worker);
		if (has_ended(worker))
			break;
		publish_if_due(worker);
	}
	if (!atomic_load(&worker->quit))
		end_watch(worker);
	/* Names may still come. */
	while (!atomic_load(&worker->quit)) {
		bool listened;

		wake_wait(worker->wake_fd, NS_PER_S / 4);
		if (atomic_exchange(&worker->has_new_names, false))
			publish(worker, clock_mono_ns(), wants_heat(worker, &listened));
	}
	return NULL;
}

struct fault_worker *fault_worker_new(struct proc *proc)
{
	struct fault_worker *worker = xcalloc(1, sizeof(*worker));

	worker->proc = proc;
	worker->wake_fd = wake_new();
	worker->read_ms = READ_MS;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->has_jobs, NULL);
	for (size_t i = 0; i < NR_LISTENERS; i++)
		worker->listeners[i].fd = -1;
	return worker;
}

static void end_threads(struct fault_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	atomic_store(&worker->quit, true);
	pthread_cond_signal(&worker->has_jobs);
	pthread_mutex_unlock(&worker->lock);
	wake_send(worker->wake_fd);
	pthread_join(worker->reader, NULL);
	pthread_join(worker->namer, NULL);
}

void fault_worker_free(struct fault_worker *worker)
{
	if (!worker)
		return;
	if (worker->begun)
		end_threads(worker);
	fault_view_unref(worker->newest);
	fault_watch_free(worker->watch);
	fault_tally_free(worker->tally);
	fault_cross_free(worker->cross);
	fault_log_free(worker->log);
	fault_heat_free(worker->heat);
	heat_map_unref(worker->heat_map);
	fault_names_unref(worker->names);
	for (size_t i = worker->next_job; i < worker->nr_jobs; i++)
		free((char *)worker->jobs[i].code.path);
	free(worker->jobs);
	proc_close(worker->proc);
	close(worker->wake_fd);
	pthread_cond_destroy(&worker->has_jobs);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

void fault_worker_begin(struct fault_worker *worker, bool stopped)
{
	if (worker->begun)
		return;
	worker->begun = true;
	worker->stopped = stopped;
	worker->tally = fault_tally_new(MOST_VMAS, MOST_SITES);
	worker->cross = fault_cross_new(MOST_CELLS);
	worker->names = fault_names_new(MOST_VMAS + 1, MOST_SITES + 1);
	worker->log = fault_log_new();
	worker->heat = fault_heat_new(MOST_HOT);
	if (stopped)
		attach(worker);
	if (pthread_create(&worker->reader, NULL, read_faults, worker) ||
	    pthread_create(&worker->namer, NULL, name_sites, worker))
		abort();
}

void fault_worker_listen(struct fault_worker *worker, int fd, bool heat)
{
	size_t free_at = NR_LISTENERS;

	pthread_mutex_lock(&worker->lock);
	for (size_t i = 0; i < NR_LISTENERS; i++)
		if (worker->listeners[i].fd == fd ||
		    (worker->listeners[i].fd < 0 && free_at == NR_LISTENERS))
			free_at = i;
	if (free_at < NR_LISTENERS)
		worker->listeners[free_at] = (struct listener){ fd, heat };
	pthread_mutex_unlock(&worker->lock);
	/* What was published while nobody listened. */
	wake_send(fd);
}

void fault_worker_unlisten(struct fault_worker *worker, int fd)
{
	pthread_mutex_lock(&worker->lock);
	for (size_t i = 0; i < NR_LISTENERS; i++)
		if (worker->listeners[i].fd == fd)
			worker->listeners[i].fd = -1;
	pthread_mutex_unlock(&worker->lock);
}

struct fault_view *fault_worker_get(struct fault_worker *worker)
{
	struct fault_view *view;

	pthread_mutex_lock(&worker->lock);
	view = fault_view_ref(worker->newest);
	pthread_mutex_unlock(&worker->lock);
	return view;
}
