/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk faults PID | -- COMMAND: every page fault as it comes, and a summary. Output of its own
 * goes where a tracer's goes: text about a command to standard error, all else to standard
 * output; or to a file.
 */
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cmd/faults_counters.h"
#include "kernel/fault_watch.h"
#include "kernel/launch.h"
#include "kernel/symbols.h"
#include "out/faults.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define MOST_VMAS    8192
#define MOST_SITES   32768
#define SUMMARY_ROWS 20
#define ROUND_MS     10

struct faults_options {
	bool json, summary_only, follow, software_only, no_bpf, no_symbols;
	const char *output;
	uint64_t duration_ns, limit;
	uint32_t kinds; /* bits of enum fault_kind that are wanted; 0: all */
	pid_t pid;
	char **command; /* NULL: attach to pid */
};

/* One run. */
struct tracer {
	const struct faults_options *options;
	FILE *out;
	struct host *host;
	struct fault_watch *watch;
	struct fault_tally *tally;
	struct fault_numbers left_out; /* of kinds that are not wanted */
	struct symbols *symbols;
	struct fault_site_name *names; /* of the tally's sites, as far as they are known */
	size_t nr_names, names_room;
	uint64_t began_ns, nr_seen; /* seen: of the kinds that are wanted */
	bool has_news;              /* lines that were not written yet */
};

static volatile sig_atomic_t interrupted, from_keyboard;

static void note_interrupt(int number, siginfo_t *info, void *context)
{
	(void)context;
	interrupted = number;
	from_keyboard = info->si_code == SI_KERNEL;
}

static int take_kinds(const char *list, uint32_t *kinds)
{
	const char *bad;
	char names[256], *safe;
	int status;

	if (!fault_kinds_parse(list, kinds, &bad))
		return STATUS_DONE;
	safe = text_safe(bad, strcspn(bad, ","));
	status = cmd_bad_usage(&cmd_faults, "no kind of fault: '%s'; there are %s", safe,
			       fault_kinds_text(names, sizeof(names)));
	free(safe);
	return status;
}

/* What an option without an argument switches on; NULL: it is none. */
static bool *flag_of(struct faults_options *options, int opt)
{
	switch (opt) {
	case 'j':
		return &options->json;
	case 'f':
		return &options->follow;
	case 's':
		return &options->summary_only;
	case 'S':
		return &options->software_only;
	case 'B':
		return &options->no_bpf;
	case 'N':
		return &options->no_symbols;
	default:
		return NULL;
	}
}

/* How many words follow the first "--"; getopt_long(3) is about to move others behind it. */
static int count_after_dashes(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			return argc - i - 1;
	return 0;
}

static int parse_options(int argc, char **argv, struct faults_options *options)
{
	static const struct option longopts[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "duration", required_argument, NULL, 'd' },
		{ "limit", required_argument, NULL, 'n' },
		{ "kind", required_argument, NULL, 'k' },
		{ "follow", no_argument, NULL, 'f' },
		{ "summary", no_argument, NULL, 's' },
		{ "software", no_argument, NULL, 'S' },
		{ "no-bpf", no_argument, NULL, 'B' },
		{ "no-symbols", no_argument, NULL, 'N' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt, nr, nr_after = count_after_dashes(argc, argv);

	while ((opt = getopt_long(argc, argv, "o:d:n:k:fsh", longopts, NULL)) != -1) {
		if (flag_of(options, opt)) {
			*flag_of(options, opt) = true;
			continue;
		}
		switch (opt) {
		case 'o':
			options->output = optarg;
			break;
		case 'd':
			if (parse_seconds(optarg, &options->duration_ns) || !options->duration_ns)
				return cmd_bad_usage(&cmd_faults, "not a time in seconds: %s",
						     optarg);
			break;
		case 'n':
			if (parse_u64(optarg, UINT64_MAX, &options->limit) || !options->limit)
				return cmd_bad_usage(&cmd_faults, "not a number of faults: %s",
						     optarg);
			break;
		case 'k':
			if (take_kinds(optarg, &options->kinds))
				return STATUS_USAGE;
			break;
		case 'h':
			cmd_help(&cmd_faults);
			return -1;
		default:
			return STATUS_USAGE;
		}
	}
	nr = argc - optind;
	if (nr > 0 && !strcmp(argv[optind - 1], "--")) {
		if (nr != nr_after)
			return cmd_bad_usage(&cmd_faults, "a process or a command, not both");
		options->command = argv + optind;
		return STATUS_DONE;
	}
	if (nr != 1)
		return cmd_bad_usage(&cmd_faults, nr ? "one process at a time"
						     : "name a process, or -- and a command");
	return cmd_parse_pid(&cmd_faults, argv[optind], &options->pid);
}

/* The name of the site that was counted last; looked up when it is new. */
static const struct fault_site_name *name_site(struct tracer *tracer, const struct fault *fault,
					       const struct vma *code)
{
	size_t site = fault_tally_last_site(tracer->tally);

	if (tracer->options->no_symbols)
		return NULL;
	while (tracer->nr_names <= site) {
		struct symbol symbol = { 0 };
		struct fault_site_name *name;

		if (fault->in_kernel)
			symbols_find_kernel(tracer->symbols, fault->ip, &symbol);
		else
			symbols_find(tracer->symbols, fault->pid, code, fault->ip, &symbol);
		tracer->names = xgrow(tracer->names, tracer->nr_names, &tracer->names_room,
				      sizeof(*tracer->names));
		name = &tracer->names[tracer->nr_names++];
		*name = (struct fault_site_name){ symbol.name, symbol.source, symbol.off_bytes,
						  symbol.why };
	}
	return &tracer->names[site];
}

static void take_fault(void *arg, const struct fault *fault, const struct vma *vma,
		       const struct vma *code)
{
	struct tracer *tracer = arg;
	const struct fault_site_name *name;
	struct fault_line line = {
		.fault = fault,
		.vma = vma,
		.code = code,
		.began_ns = tracer->began_ns,
	};

	if (tracer->options->kinds && !(tracer->options->kinds >> fault->kind & 1)) {
		tracer->left_out.by_kind[fault->kind]++;
		tracer->left_out.by_severity[fault->severity]++;
		return;
	}
	fault_tally_add(tracer->tally, fault, vma, code);
	name = name_site(tracer, fault, code);
	tracer->nr_seen++;
	if (tracer->options->summary_only ||
	    (tracer->options->limit && tracer->nr_seen > tracer->options->limit))
		return;
	if (name) {
		line.symbol = name->symbol;
		line.symbol_why = name->why;
		line.source = name->source;
		line.symbol_off_bytes = name->off_bytes;
	}
	tracer->has_news = true;
	if (tracer->options->json)
		out_fault_json(tracer->out, &line);
	else
		out_fault_text(tracer->out, &line);
}

static void take_eviction(void *arg, const struct fault_eviction *eviction)
{
	struct tracer *tracer = arg;

	fault_tally_evict(tracer->tally, eviction, tracer->host->geometry.page_shift);
}

static const struct fault_watch_ops watch_ops = { .fault = take_fault, .evicted = take_eviction };

static void print_head(const struct tracer *tracer, pid_t pid)
{
	const struct fault_capture_powers *powers = fault_watch_powers(tracer->watch);
	struct fault_head head = {
		.taken_ns = clock_real_ns(),
		.pid = pid,
		.sees_kernel = powers->sees_kernel,
		.error_code = powers->error_code,
		.signals = powers->signals,
		.cache_events = powers->cache_events,
		.bpf = powers->bpf,
		.evictions = fault_watch_evictions(tracer->watch)->doubt,
		.nr_threads = powers->nr_threads,
		.nr_unattached = powers->nr_unattached,
		.follow = tracer->options->follow,
		.summary_only = tracer->options->summary_only,
	};

	if (tracer->options->json)
		out_faults_head_json(tracer->out, &head);
	else
		out_faults_head_text(tracer->out, &head);
}

static void print_summary(struct tracer *tracer, bool balance_known,
			  const struct fault_balance *balance, const struct launch *launch)
{
	const struct fault_capture_powers *powers = fault_watch_powers(tracer->watch);
	uint64_t limit = tracer->options->limit;
	struct fault_summary summary = {
		.tally = tracer->tally,
		.names = tracer->names,
		.evictions = fault_watch_evictions(tracer->watch),
		.began_ns = tracer->began_ns,
		.elapsed_ns = clock_mono_ns() - tracer->began_ns,
		.minflt = balance->minflt,
		.majflt = balance->majflt,
		.nr_events = balance->nr_minor + balance->nr_major,
		.nr_hidden = balance->nr_hidden,
		.nr_lost = balance->nr_lost,
		.nr_failed = balance->nr_failed,
		.nr_unprinted = limit && tracer->nr_seen > limit ? tracer->nr_seen - limit : 0,
		.left_out = tracer->options->kinds ? &tracer->left_out : NULL,
		.balance_known = balance_known,
		.error_code = powers->error_code,
		.signals = powers->signals,
		.sees_kernel = powers->sees_kernel,
		.nr_unattached = powers->nr_unattached,
	};
	int wait_status;

	if (launch && launch_has_ended(launch, &wait_status)) {
		summary.has_exit = true;
		summary.exit_status = launch_exit_status(wait_status);
	}
	if (tracer->options->json)
		out_faults_summary_json(tracer->out, &summary);
	else
		out_faults_summary_text(tracer->out, &summary, SUMMARY_ROWS);
}

static bool is_over(const struct tracer *tracer, struct proc *proc, const struct launch *launch)
{
	const struct faults_options *options = tracer->options;
	struct process_info info = { 0 };
	int wait_status;

	if (options->duration_ns && clock_mono_ns() - tracer->began_ns >= options->duration_ns)
		return true;
	if (launch)
		return launch_has_ended(launch, &wait_status);
	if (interrupted || (options->limit && tracer->nr_seen >= options->limit))
		return true;
	if (proc_read_info(proc, &info))
		return true;
	return info.life == PROCESS_GONE || info.life == PROCESS_ZOMBIE;
}

/*
 * A signal is the command's, which decides what to do with it. From the keyboard it has
 * had it already, as one of the terminal's foreground group.
 */
static void pass_signal(const struct launch *launch)
{
	if (!launch || !interrupted)
		return;
	if (!from_keyboard)
		kill(launch_pid(launch), interrupted);
	interrupted = 0;
}

static void follow_faults(struct tracer *tracer, struct proc *proc, struct launch *launch)
{
	struct fault_balance balance;
	int ret;

	do {
		/* What is told is shown at once; a burst is written in large pieces. */
		fault_watch_read(tracer->watch, ROUND_MS, &watch_ops, tracer);
		if (tracer->has_news)
			fflush(tracer->out);
		tracer->has_news = false;
		pass_signal(launch);
		if (ferror(tracer->out))
			break; /* nobody reads any more */
	} while (!is_over(tracer, proc, launch));
	fault_watch_flush(tracer->watch, &watch_ops, tracer);
	ret = fault_watch_balance(tracer->watch, &balance);
	print_summary(tracer, !ret, &balance, launch);
}

/* Why there are no events where the process is there; NULL: it is not, or something else failed. */
static const char *refusal(int error)
{
	if (error == -EACCES || error == -EPERM)
		return "perf_event_open is refused (kernel.perf_event_paranoid above 2, seccomp, a "
		       "container or another user's process); root or CAP_PERFMON may";
	if (error == -ENOSYS || error == -EOPNOTSUPP)
		return "this kernel has no perf events";
	return NULL;
}

/* A run that only counts. */
struct counted {
	struct tracer *tracer;
	struct proc *proc;
	struct launch *launch;
};

static bool is_count_over(void *arg)
{
	const struct counted *counted = arg;

	pass_signal(counted->launch);
	return is_over(counted->tracer, counted->proc, counted->launch);
}

static int exit_of(void *arg)
{
	const struct counted *counted = arg;
	int wait_status;

	return counted->launch && launch_has_ended(counted->launch, &wait_status)
		       ? launch_exit_status(wait_status)
		       : -1;
}

static void let_go(void *arg)
{
	const struct counted *counted = arg;

	if (counted->launch)
		launch_go(counted->launch);
}

static int count_only(struct tracer *tracer, struct proc *proc, struct launch *launch, pid_t pid,
		      const char *reason)
{
	struct counted counted = { tracer, proc, launch };
	const struct faults_counting counting = {
		.host = tracer->host,
		.pid = pid,
		.json = tracer->options->json,
		.follow = tracer->options->follow,
		.from_start = launch,
		.reason = reason,
		.out = tracer->out,
		.is_over = is_count_over,
		.exit_status = exit_of,
		.go = let_go,
		.arg = &counted,
	};

	cmd_fail("only the counters of page faults can be had: %s", reason);
	faults_count(&counting);
	return STATUS_PARTLY;
}

static int open_output(struct tracer *tracer)
{
	const struct faults_options *options = tracer->options;
	char *safe;
	int status;

	tracer->out = options->command && !options->json ? stderr : stdout;
	if (options->output) {
		tracer->out = fopen(options->output, "we");
		if (!tracer->out) {
			safe = text_safe_str(options->output);
			status = cmd_fail("%s: %s", safe, strerror(errno));
			free(safe);
			return status;
		}
	}
	setvbuf(tracer->out, NULL, _IOFBF, 1 << 18);
	return STATUS_DONE;
}

static int close_output(struct tracer *tracer)
{
	bool failed = fflush(tracer->out) || ferror(tracer->out);
	int error = errno;

	if (tracer->options->output && tracer->out)
		failed |= fclose(tracer->out) != 0;
	return failed ? cmd_fail("cannot write the faults: %s", strerror(error)) : STATUS_DONE;
}

static int trace(struct tracer *tracer, struct proc *proc, struct launch *launch, pid_t pid)
{
	const struct faults_options *options = tracer->options;
	struct fault_capture_config config = {
		.pid = pid,
		.stopped = launch,
		.follow = options->follow,
		.software_only = options->software_only,
		.no_bpf = options->no_bpf,
		.patient = true,
	};
	/* What is being written is written to its end. */
	struct sigaction action = { .sa_sigaction = note_interrupt,
				    .sa_flags = SA_RESTART | SA_SIGINFO };
	int ret = fault_watch_new(tracer->host, &config, &tracer->watch);

	if (ret && !refusal(ret))
		return cmd_fail_proc(pid, ret);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (ret) {
		tracer->began_ns = clock_mono_ns();
		return count_only(tracer, proc, launch, pid, refusal(ret));
	}
	tracer->began_ns = clock_mono_ns();
	tracer->tally = fault_tally_new(MOST_VMAS, MOST_SITES);
	tracer->symbols = symbols_new(tracer->host);
	print_head(tracer, pid);
	fflush(tracer->out);
	if (launch)
		launch_go(launch);
	follow_faults(tracer, proc, launch);
	fault_watch_free(tracer->watch);
	for (size_t i = 0; i < tracer->nr_names; i++) {
		free(tracer->names[i].symbol);
		free(tracer->names[i].source);
	}
	free(tracer->names);
	symbols_free(tracer->symbols);
	fault_tally_free(tracer->tally);
	return STATUS_DONE;
}

static int trace_command(struct tracer *tracer)
{
	struct launch_options launching = { .inherits = true };
	struct launch *launch;
	char error[256];
	int ret, status, wait_status = 0;

	ret = launch_start(tracer->options->command, &launching, &launch, error, sizeof(error));
	if (ret) {
		cmd_fail("%s", error);
		return launch_failure_status(ret);
	}
	status = trace(tracer, NULL, launch, launch_pid(launch));
	launch_end(launch, &wait_status);
	return status == STATUS_FAILED ? status : launch_exit_status(wait_status);
}

static int trace_process(struct tracer *tracer)
{
	struct proc *proc;
	int status = cmd_open_proc(tracer->host, tracer->options->pid, &proc);

	if (status)
		return status;
	status = trace(tracer, proc, NULL, tracer->options->pid);
	proc_close(proc);
	return status;
}

static int run_faults(int argc, char **argv)
{
	struct faults_options options = { 0 };
	struct tracer tracer = { .options = &options };
	int status = parse_options(argc, argv, &options), closed;

	if (status)
		return status < 0 ? STATUS_DONE : status;
	status = open_output(&tracer);
	if (status)
		return status;
	tracer.host = host_new("");
	status = options.command ? trace_command(&tracer) : trace_process(&tracer);
	host_free(tracer.host);
	closed = close_output(&tracer);
	return status ? status : closed;
}

const struct command cmd_faults = {
	.name = "faults",
	.run = run_faults,
	.usage = "faults [OPTION...] PID\n"
		 "       pagewalk faults [OPTION...] -- COMMAND [ARGUMENT...]",
	.summary = "Every page fault of a process, at its address, with its kind",
	.options =
		"  --json             a JSON object a line, the summary last\n"
		"  -o, --output FILE  write there (default: standard output; text about a COMMAND\n"
		"                     goes to standard error)\n"
		"  -s, --summary      only the summary\n"
		"  -k, --kind KIND[,KIND]  only faults of these kinds; the others are counted\n"
		"  -f, --follow       children too\n"
		"  -d, --duration S   end after so many seconds; a COMMAND is then ended too\n"
		"  -n, --limit N      print N faults; count the rest of a COMMAND's, leave a PID "
		"then\n"
		"  --software         without tracepoints: faster, but load and store are not "
		"told\n"
		"                     apart\n"
		"  --no-bpf           without the small BPF programs of its own that write faults\n"
		"                     down at less cost to the process\n"
		"  --no-symbols       do not look up functions and source lines\n"
		"  -h, --help         this text\n"
		"\n"
		"A COMMAND's own output and exit status are passed on untouched.\n",
};
