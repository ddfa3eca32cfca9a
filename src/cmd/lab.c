/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk lab: screen 6, or, where standard output is not a terminal, one run at full speed
 * and its table.
 */
#include "cmd/cmd.h"
#include "cmd/options.h"

#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "kernel/helper_path.h"
#include "lab/lab.h"
#include "out/lab.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SIZE (UINT64_C(256) << 20)
#define DEFAULT_PACE (UINT64_C(64) << 20)

enum lab_option {
	OPTION_FILE = 512,
	OPTION_SIZE,
	OPTION_PACE,
	OPTION_DIR,
	OPTION_KEEP,
	OPTION_HOT,
	OPTION_MODE,
	OPTION_SINK,
	OPTION_BUFFER,
	OPTION_WINDOW,
	OPTION_ROUNDS,
	OPTION_NO_VERIFY,
	OPTION_REPORT,
	OPTION_JSON,
};

struct lab_options {
	struct app_options app;
	struct lab_config config;
	bool report, json, pace_given, all_modes;
};

static int take_bytes(const char *name, const char *text, uint64_t *bytes)
{
	char *safe;

	if (!parse_bytes(text, bytes))
		return STATUS_DONE;
	safe = text_safe_str(text);
	cmd_bad_usage(&cmd_lab, "%s takes a size such as 256MiB, not %s", name, safe);
	free(safe);
	return STATUS_USAGE;
}

/* Those that screen 6 shows beside each other in 80 columns. */
static void use_default_modes(struct lab_config *config)
{
	static const enum transfer_mode modes[] = { MODE_TRADITIONAL, MODE_DIRECT, MODE_MMAP_WRITE,
						    MODE_SENDFILE };

	memcpy(config->modes, modes, sizeof(modes));
	config->nr_modes = sizeof(modes) / sizeof(modes[0]);
}

/* All that can go with the sink. */
static void use_all_modes(struct lab_config *config)
{
	config->nr_modes = 0;
	for (int i = 0; i < NR_MODE; i++)
		if (!mode_info((enum transfer_mode)i)->file_to_file ||
		    config->setup.sink == SINK_DISK)
			config->modes[config->nr_modes++] = (enum transfer_mode)i;
}

/* "traditional,sendfile" */
static int take_modes(const char *text, struct lab_config *config)
{
	char *list = xstrdup(text), *rest = NULL;
	int status = STATUS_DONE;

	config->nr_modes = 0;
	for (char *key = strtok_r(list, ",", &rest); key && !status;
	     key = strtok_r(NULL, ",", &rest)) {
		enum transfer_mode mode;
		char *safe;

		if (mode_by_key(key, &mode) && config->nr_modes < LAB_MAX_LANES) {
			config->modes[config->nr_modes++] = mode;
			continue;
		}
		safe = text_safe_str(key);
		status = cmd_bad_usage(&cmd_lab, "no such transfer mode: %s", safe);
		free(safe);
	}
	if (!status && !config->nr_modes)
		status = cmd_bad_usage(&cmd_lab, "--modes takes names of transfer modes or all");
	free(list);
	return status;
}

static int take_sink(const char *text, enum sink_kind *sink)
{
	char *safe;

	if (sink_by_key(text, sink))
		return STATUS_DONE;
	safe = text_safe_str(text);
	cmd_bad_usage(&cmd_lab, "no such sink: %s", safe);
	free(safe);
	return STATUS_USAGE;
}

/* A size of a buffer or window that lies within its bounds. */
static int take_part(const char *name, const char *text, bool (*fits)(uint64_t bytes),
		     const char *bounds, uint32_t *part_bytes)
{
	uint64_t bytes;
	int status = take_bytes(name, text, &bytes);

	if (status)
		return status;
	if (!bytes || !fits(bytes))
		return cmd_bad_usage(&cmd_lab, "%s takes %s", name, bounds);
	*part_bytes = (uint32_t)bytes;
	return STATUS_DONE;
}

static int take_rounds(const char *text, unsigned *rounds)
{
	uint64_t value;

	if (parse_u64(text, MEASURE_MAX_ROUNDS, &value) || !value)
		return cmd_bad_usage(&cmd_lab, "--rounds takes a number from 1 to %d",
				     MEASURE_MAX_ROUNDS);
	*rounds = (unsigned)value;
	return STATUS_DONE;
}

/* One option of the lab's own. 0 or STATUS_USAGE. */
static int take_option(int opt, struct lab_options *options)
{
	struct lab_config *config = &options->config;

	switch (opt) {
	case OPTION_FILE:
		config->file = optarg;
		return STATUS_DONE;
	case OPTION_SIZE:
		return take_bytes("--size", optarg, &config->size_bytes);
	case OPTION_PACE:
		options->pace_given = true;
		if (!strcmp(optarg, "full")) {
			config->pace_bytes_per_s = 0;
			return STATUS_DONE;
		}
		return take_bytes("--pace", optarg, &config->pace_bytes_per_s);
	case OPTION_DIR:
		config->dir = optarg;
		return STATUS_DONE;
	case OPTION_KEEP:
		config->keep = true;
		return STATUS_DONE;
	case OPTION_HOT:
		config->start = LAB_HOT;
		return STATUS_DONE;
	case OPTION_MODE:
		options->all_modes = !strcmp(optarg, "all");
		return options->all_modes ? STATUS_DONE : take_modes(optarg, config);
	case OPTION_SINK:
		return take_sink(optarg, &config->setup.sink);
	case OPTION_BUFFER:
		return take_part("--buffer", optarg, setup_buffer_fits, "512 bytes to 64MiB",
				 &config->setup.buffer_bytes);
	case OPTION_WINDOW:
		return take_part("--window", optarg, setup_window_fits,
				 "a multiple of 64KiB, up to 1GiB", &config->setup.window_bytes);
	case OPTION_ROUNDS:
		return take_rounds(optarg, &config->rounds);
	case OPTION_NO_VERIFY:
		config->setup.verify = false;
		return STATUS_DONE;
	case OPTION_JSON:
		options->json = true;
		options->report = true;
		return STATUS_DONE;
	default:
		options->report = true;
		return STATUS_DONE;
	}
}

static int parse_options(int argc, char **argv, struct lab_options *options)
{
	static const struct option longopts[] = {
		SCREEN_LONG_OPTIONS,
		{ "file", required_argument, NULL, OPTION_FILE },
		{ "size", required_argument, NULL, OPTION_SIZE },
		{ "pace", required_argument, NULL, OPTION_PACE },
		{ "dir", required_argument, NULL, OPTION_DIR },
		{ "keep", no_argument, NULL, OPTION_KEEP },
		{ "hot", no_argument, NULL, OPTION_HOT },
		{ "mode", required_argument, NULL, OPTION_MODE },
		{ "modes", required_argument, NULL, OPTION_MODE },
		{ "sink", required_argument, NULL, OPTION_SINK },
		{ "buffer", required_argument, NULL, OPTION_BUFFER },
		{ "window", required_argument, NULL, OPTION_WINDOW },
		{ "rounds", required_argument, NULL, OPTION_ROUNDS },
		{ "no-verify", no_argument, NULL, OPTION_NO_VERIFY },
		{ "report", no_argument, NULL, OPTION_REPORT },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int opt, status;
	bool known;

	status = screen_options_begin(argc, argv, SCREEN_SHORT_OPTIONS, longopts, &options->app);
	while (!status &&
	       (opt = getopt_long(argc, argv, SCREEN_SHORT_OPTIONS, longopts, NULL)) != -1) {
		if (opt == 'h') {
			cmd_help(&cmd_lab);
			return -1;
		}
		if (opt == '?')
			return STATUS_USAGE;
		status = screen_option_take(&cmd_lab, opt, optarg, &options->app, &known);
		if (!known)
			status = take_option(opt, options);
	}
	if (!status && optind < argc)
		return cmd_bad_usage(&cmd_lab, "lab takes options only");
	return status;
}

static void show_progress(const struct lab_view *view)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (view->phase == LAB_PREPARING)
		fprintf(stderr, "\r%-70s %3d %%", view->doing,
			view->prepare_total_bytes
				? (int)(view->prepared_bytes * 100 / view->prepare_total_bytes)
				: 0);
	else
		fprintf(stderr, "\r%-76s\r", "");
}

/* Waits until the run is over. The last view, or NULL when a signal ended it. */
static struct lab_view *wait_for_end(struct lab *lab, int signal_fd)
{
	struct pollfd fds[] = {
		{ .fd = lab_event_fd(lab), .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};

	for (;;) {
		struct lab_view *view = lab_view_get(lab);
		uint64_t count;

		show_progress(view);
		if (view->phase == LAB_DONE || view->phase == LAB_FAILED)
			return view;
		lab_view_unref(view);
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents)
			return NULL;
		if (fds[0].revents && read(fds[0].fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
			return NULL;
	}
}

/* Failed lanes, each named on standard error. */
static int judge(const struct lab_view *view)
{
	int status = STATUS_DONE;

	if (view->phase == LAB_FAILED)
		return cmd_fail("lab: %s", view->error);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		const struct lane_view *lane = &view->lanes[i];
		const char *key = mode_info(lane->setup.mode)->key;

		if (lane->state == LANE_UNAVAILABLE) {
			cmd_fail("lab: %s is unavailable: %s", key, lane->error);
			status = status ? status : STATUS_PARTLY;
		} else if (lane->state == LANE_FAILED)
			status = cmd_fail("lab: %s: %s", key, lane->error);
		else if (lane->hash_state == HASH_DIFFERS)
			status = cmd_fail("lab: %s: the sink received other bytes", key);
	}
	return status;
}

static int print_table(const struct host *host, const struct lab_options *options)
{
	int signal_fd = cmd_stop_signals(), status, ret;
	struct lab_view *view;
	char error[200];
	struct lab *lab;

	if (lab_new(host, &options->config, &lab, error, sizeof(error)))
		return cmd_fail("lab: %s", error);
	view = wait_for_end(lab, signal_fd);
	lab_free(lab);
	if (!view)
		return cmd_fail("lab: interrupted");
	status = judge(view);
	ret = options->json ? out_lab_json(stdout, view) : out_lab_text(stdout, view);
	if (ret)
		status = cmd_fail("cannot write the report: %s", strerror(-ret));
	lab_view_unref(view);
	return status;
}

static int run_lab(int argc, char **argv)
{
	struct lab_options options = {
		.config = {
			.size_bytes = DEFAULT_SIZE,
			.pace_bytes_per_s = DEFAULT_PACE,
			.start = LAB_COLD,
			.setup = { .sink = SINK_MEMORY, .verify = true },
		},
	};
	int status = parse_options(argc, argv, &options);
	struct app_start start = { .place = PLACE_LAB };
	struct host *host;
	char *actor;

	if (status)
		return status < 0 ? STATUS_DONE : status;
	if (options.all_modes)
		use_all_modes(&options.config);
	else if (!options.config.nr_modes)
		use_default_modes(&options.config);
	host = host_new("");
	actor = helper_path("pagewalk-actor");
	options.config.actor_path = actor;
	if (!screen_is_possible() || options.report) {
		options.config.one_at_a_time = true;
		options.config.start_at_once = true;
		if (!options.pace_given)
			options.config.pace_bytes_per_s = 0;
		status = print_table(host, &options);
	} else {
		start.lab = &options.config;
		status = app_run(host, &options.app, &start);
	}
	free(actor);
	host_free(host);
	return status;
}

const struct command cmd_lab = {
	.name = "lab",
	.run = run_lab,
	.usage = "lab [OPTION...]",
	.summary = "Ways to send a file to a socket, side by side, each a real process",
	.options = "  --file FILE          send copies of this file (default: generated bytes)\n"
		   "  --size SIZE          size of the generated files (default 256MiB)\n"
		   "  --pace SIZE          bytes per second of each lane, or full (default 64MiB;\n"
		   "                       full in the report)\n"
		   "  --modes LIST         modes by name, or all (default traditional,direct,\n"
		   "                       mmap-write,sendfile)\n"
		   "  --sink KIND          memory, discard, disk or unix (default memory)\n"
		   "  --buffer SIZE        of one step of a sender (default: as each mode has it)\n"
		   "  --window SIZE        of the file mapped at a time\n"
		   "  --rounds N           of a measurement, 1 to 99 (default 9)\n"
		   "  --no-verify          the sink does not hash what it receives\n"
		   "  --hot                start with the files in the page cache (default: cold)\n"
		   "  --dir DIR            where the files go (default $XDG_CACHE_HOME/pagewalk)\n"
		   "  --keep               leave the files behind\n"
		   "  --report             run once and print the table, on a terminal too\n"
		   "  --json               the same as a JSON document\n" SCREEN_OPTIONS_HELP,
};
