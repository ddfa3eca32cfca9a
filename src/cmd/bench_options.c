/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of `pagewalk bench`, in our names and in those of java-zero-copy, so that its
 * command lines can be used as they are. What is not known is an error, never ignored.
 */
#include "cmd/bench_options.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROUNDS 1000

enum bench_option {
	OPTION_MODES = 512,
	OPTION_SINKS,
	OPTION_SIZE,
	OPTION_FILE,
	OPTION_ROUNDS,
	OPTION_WARMUP,
	OPTION_SEED,
	OPTION_START,
	OPTION_BUFFER,
	OPTION_WINDOW,
	OPTION_CSV,
	OPTION_JSON,
	OPTION_PROVE,
	OPTION_EXPLAIN,
	OPTION_CONNECT,
	OPTION_KEEP,
	OPTION_SHARE,
	OPTION_DIR,
	OPTION_TIMEOUT,
	OPTION_NO_VERIFY,
	OPTION_SAMPLE,
	/* java-zero-copy's, where they are more than another name */
	OPTION_EXECUTION,
	OPTION_HOST,
	OPTION_PORT,
	OPTION_RESULT_DIR,
	OPTION_RESULT_PREFIX,
	OPTION_WRITE_CSV,
	OPTION_WRITE_JSON,
	OPTION_DELETE_RECEIVED,
	OPTION_DELETE_GENERATED,
};

/* What java-zero-copy's options come to is known only when all have been read. */
struct parse {
	struct bench_options *options;
	bool remote, no_csv, no_json;
	const char *result_dir, *result_prefix;
};

static int refuse(const char *option, const char *wanted, const char *given)
{
	char *safe = text_safe_str(given);

	cmd_bad_usage(&cmd_bench, "--%s takes %s, not %s", option, wanted, safe);
	free(safe);
	return STATUS_USAGE;
}

static const struct option longopts[] = {
	{ "modes", required_argument, NULL, OPTION_MODES },
	{ "sinks", required_argument, NULL, OPTION_SINKS },
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ "file", required_argument, NULL, OPTION_FILE },
	{ "rounds", required_argument, NULL, OPTION_ROUNDS },
	{ "warmup", required_argument, NULL, OPTION_WARMUP },
	{ "seed", required_argument, NULL, OPTION_SEED },
	{ "start", required_argument, NULL, OPTION_START },
	{ "buffer", required_argument, NULL, OPTION_BUFFER },
	{ "window", required_argument, NULL, OPTION_WINDOW },
	{ "csv", required_argument, NULL, OPTION_CSV },
	{ "json", required_argument, NULL, OPTION_JSON },
	{ "prove", no_argument, NULL, OPTION_PROVE },
	{ "explain", no_argument, NULL, OPTION_EXPLAIN },
	{ "connect", required_argument, NULL, OPTION_CONNECT },
	{ "keep", no_argument, NULL, OPTION_KEEP },
	{ "one-file", no_argument, NULL, OPTION_SHARE },
	{ "dir", required_argument, NULL, OPTION_DIR },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "no-verify", no_argument, NULL, OPTION_NO_VERIFY },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	/* java-zero-copy */
	{ "mode", required_argument, NULL, OPTION_MODES },
	{ "server-mode", required_argument, NULL, OPTION_SINKS },
	{ "file-size", required_argument, NULL, OPTION_SIZE },
	{ "iterations", required_argument, NULL, OPTION_ROUNDS },
	{ "buffer-size", required_argument, NULL, OPTION_BUFFER },
	{ "mapped-chunk-size", required_argument, NULL, OPTION_WINDOW },
	{ "cpu-sample-interval-ms", required_argument, NULL, OPTION_SAMPLE },
	{ "execution-mode", required_argument, NULL, OPTION_EXECUTION },
	{ "host", required_argument, NULL, OPTION_HOST },
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "result-dir", required_argument, NULL, OPTION_RESULT_DIR },
	{ "result-prefix", required_argument, NULL, OPTION_RESULT_PREFIX },
	{ "write-csv", required_argument, NULL, OPTION_WRITE_CSV },
	{ "write-json", required_argument, NULL, OPTION_WRITE_JSON },
	{ "server-output-dir", required_argument, NULL, OPTION_DIR },
	{ "delete-received-files", required_argument, NULL, OPTION_DELETE_RECEIVED },
	{ "delete-generated-file", required_argument, NULL, OPTION_DELETE_GENERATED },
	{ 0 },
};

/* Another program's name for one of ours. */
struct synonym {
	const char *theirs, *ours;
};

static const char *translate(const struct synonym *synonyms, size_t nr, const char *key)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(synonyms[i].theirs, key))
			return synonyms[i].ours;
	return key;
}

/* False where there is no such mode. One that is there already is not added again. */
static bool add_mode(struct bench_plan *plan, const char *key)
{
	/* "zerocopy" is a mode of ours; theirs of that name is "zero-copy" too. */
	static const struct synonym synonyms[] = {
		{ "copy", "traditional" },         { "zero-copy", "sendfile" },
		{ "mapped-buffer", "mmap-write" }, { "mapped", "mmap-write" },
		{ "mmap", "mmap-write" },
	};
	enum transfer_mode mode;

	key = translate(synonyms, sizeof(synonyms) / sizeof(synonyms[0]), key);
	if (!strcmp(key, "control"))
		return true;
	if (!mode_by_key(key, &mode))
		return false;
	for (size_t i = 0; i < plan->nr_modes; i++)
		if (plan->modes[i] == mode)
			return true;
	plan->modes[plan->nr_modes++] = mode;
	return true;
}

static bool add_sink(struct bench_plan *plan, const char *key)
{
	static const struct synonym synonyms[] = {
		{ "receive-only", "memory" },
		{ "flush", "disk" },
		{ "persist", "disk" },
	};
	enum sink_kind sink;

	if (!sink_by_key(translate(synonyms, sizeof(synonyms) / sizeof(synonyms[0]), key), &sink))
		return false;
	for (size_t i = 0; i < plan->nr_sinks; i++)
		if (plan->sinks[i] == sink)
			return true;
	plan->sinks[plan->nr_sinks++] = sink;
	return true;
}

/* "a,b,c": each is added, and one that is none is said. */
static int take_list(const char *text, struct bench_plan *plan,
		     bool (*add)(struct bench_plan *plan, const char *key), const char *what)
{
	char *list = xstrdup(text), *rest = NULL;
	int status = STATUS_DONE;
	size_t nr = 0;

	for (char *key = strtok_r(list, ",", &rest); key && !status;
	     key = strtok_r(NULL, ",", &rest), nr++) {
		if (!add(plan, key)) {
			char *safe = text_safe_str(key);

			status = cmd_bad_usage(&cmd_bench, "no such %s: %s", what, safe);
			free(safe);
		}
	}
	free(list);
	if (!status && !nr)
		status = cmd_bad_usage(&cmd_bench, "the list of %ss is empty", what);
	return status;
}

static int take_modes(const char *text, struct bench_options *options)
{
	options->plan.nr_modes = 0;
	options->modes_given = strcmp(text, "all");
	return options->modes_given ? take_list(text, &options->plan, add_mode, "transfer mode")
				    : STATUS_DONE;
}

static int take_sinks(const char *text, struct bench_options *options)
{
	options->plan.nr_sinks = 0;
	options->sinks_given = true;
	if (strcmp(text, "all"))
		return take_list(text, &options->plan, add_sink, "sink");
	for (int i = 0; i < NR_SINK; i++)
		options->plan.sinks[options->plan.nr_sinks++] = (enum sink_kind)i;
	return STATUS_DONE;
}

static int take_number(const char *option, const char *text, uint64_t least, uint64_t most,
		       unsigned *out)
{
	char wanted[64];
	uint64_t value;

	if (!parse_u64(text, most, &value) && value >= least) {
		*out = (unsigned)value;
		return STATUS_DONE;
	}
	snprintf(wanted, sizeof(wanted), "a number from %llu to %llu", (unsigned long long)least,
		 (unsigned long long)most);
	return refuse(option, wanted, text);
}

static int take_start(const char *text, enum lab_start *start)
{
	if (strcmp(text, "hot") && strcmp(text, "cold"))
		return refuse("start", "hot or cold", text);
	*start = !strcmp(text, "hot") ? LAB_HOT : LAB_COLD;
	return STATUS_DONE;
}

static int take_size(struct bench_options *options, const char *option, const char *text)
{
	options->size_given = true;
	if (parse_bytes(text, &options->plan.config.size_bytes))
		return refuse(option, "a size such as 256MiB", text);
	return STATUS_DONE;
}

static int take_buffer(const char *option, const char *text, uint64_t *bytes)
{
	if (parse_bytes(text, bytes) || !setup_buffer_fits(*bytes))
		return refuse(option, "a size from 512 bytes to 64 MiB", text);
	return STATUS_DONE;
}

static int take_window(const char *option, const char *text, uint64_t *bytes)
{
	if (parse_bytes(text, bytes) || !setup_window_fits(*bytes))
		return refuse(option, "a multiple of 64 KiB up to 1 GiB", text);
	return STATUS_DONE;
}

static int take_seconds(const char *option, const char *text, uint64_t *t_ns)
{
	if (parse_seconds(text, t_ns) || !*t_ns)
		return refuse(option, "seconds", text);
	return STATUS_DONE;
}

static int take_seed(const char *text, struct bench_options *options)
{
	options->seed_given = true;
	if (parse_u64(text, UINT64_MAX, &options->plan.config.seed))
		return refuse("seed", "a number", text);
	return STATUS_DONE;
}

static int take_connect(const char *text, struct parse *parse)
{
	parse->remote = true;
	if (remote_address_parse(text, &parse->options->remote))
		return refuse("connect", "ADDR:PORT", text);
	return STATUS_DONE;
}

static int take_bool(const char *option, const char *text, bool *value)
{
	if (strcmp(text, "true") && strcmp(text, "false"))
		return refuse(option, "true or false", text);
	*value = !strcmp(text, "true");
	return STATUS_DONE;
}

static int take_execution(const char *text, bool *remote)
{
	if (strcmp(text, "local") && strcmp(text, "remote"))
		return refuse("execution-mode", "local or remote", text);
	*remote = !strcmp(text, "remote");
	return STATUS_DONE;
}

static int take_host(const char *text, struct remote_address *address)
{
	if (!text[0] || strlen(text) >= sizeof(address->host))
		return refuse("host", "an address", text);
	snprintf(address->host, sizeof(address->host), "%s", text);
	return STATUS_DONE;
}

static int take_port(const char *text, struct remote_address *address)
{
	unsigned port;
	int status = take_number("port", text, 0, UINT16_MAX, &port);

	if (!status && port)
		snprintf(address->port, sizeof(address->port), "%hu", (unsigned short)port);
	return status;
}

static int take_sample(const char *option, const char *text, uint64_t *sample_ns)
{
	unsigned ms;
	int status = take_number(option, text, 1, 60000, &ms);

	if (!status)
		*sample_ns = ms * NS_PER_MS;
	return status;
}

/* java-zero-copy's options that have no like here. */
static int take_theirs(int opt, const char *name, struct parse *parse)
{
	bool value = true;
	int status;

	switch (opt) {
	case OPTION_EXECUTION:
		return take_execution(optarg, &parse->remote);
	case OPTION_HOST:
		return take_host(optarg, &parse->options->remote);
	case OPTION_PORT:
		return take_port(optarg, &parse->options->remote);
	case OPTION_RESULT_DIR:
		parse->result_dir = optarg;
		return STATUS_DONE;
	case OPTION_RESULT_PREFIX:
		parse->result_prefix = optarg;
		return STATUS_DONE;
	case OPTION_WRITE_CSV:
		status = take_bool(name, optarg, &value);
		parse->no_csv = !value;
		return status;
	case OPTION_WRITE_JSON:
		status = take_bool(name, optarg, &value);
		parse->no_json = !value;
		return status;
	case OPTION_DELETE_GENERATED:
		status = take_bool(name, optarg, &value);
		parse->options->plan.keep = !value;
		return status;
	default:
		status = take_bool(name, optarg, &value);
		if (!status && !value)
			return cmd_bad_usage(&cmd_bench, "received files are always removed here; "
							 "pagewalk sink --keep keeps them");
		return status;
	}
}

static int take_flag(int opt, struct bench_options *options)
{
	switch (opt) {
	case OPTION_PROVE:
		options->plan.prove_only = true;
		return STATUS_DONE;
	case OPTION_EXPLAIN:
		options->explain = true;
		return STATUS_DONE;
	case OPTION_KEEP:
		options->plan.keep = true;
		return STATUS_DONE;
	case OPTION_SHARE:
		options->plan.config.share = true;
		return STATUS_DONE;
	case OPTION_NO_VERIFY:
		options->plan.verify = false;
		return STATUS_DONE;
	default:
		options->quiet = true;
		return STATUS_DONE;
	}
}

static int take_option(int opt, const char *name, struct parse *parse)
{
	struct bench_options *options = parse->options;
	struct bench_config *config = &options->plan.config;

	switch (opt) {
	case OPTION_MODES:
		return take_modes(optarg, options);
	case OPTION_SINKS:
		return take_sinks(optarg, options);
	case OPTION_SIZE:
		return take_size(options, name, optarg);
	case OPTION_FILE:
		options->plan.file = optarg;
		return STATUS_DONE;
	case OPTION_ROUNDS:
		return take_number(name, optarg, 1, MOST_ROUNDS, &config->rounds);
	case OPTION_WARMUP:
		return take_number(name, optarg, 0, MOST_ROUNDS, &config->warmup);
	case OPTION_SEED:
		return take_seed(optarg, options);
	case OPTION_START:
		return take_start(optarg, &config->start);
	case OPTION_BUFFER:
		return take_buffer(name, optarg, &config->buffer_bytes);
	case OPTION_WINDOW:
		return take_window(name, optarg, &config->window_bytes);
	case OPTION_CSV:
		options->csv_dir = optarg;
		return STATUS_DONE;
	case OPTION_JSON:
		options->json = optarg;
		return STATUS_DONE;
	case OPTION_CONNECT:
		return take_connect(optarg, parse);
	case OPTION_DIR:
		options->plan.dir = optarg;
		return STATUS_DONE;
	case OPTION_TIMEOUT:
		return take_seconds(name, optarg, &config->timeout_ns);
	case OPTION_SAMPLE:
		return take_sample(name, optarg, &config->sample_ns);
	default:
		return opt >= OPTION_EXECUTION ? take_theirs(opt, name, parse)
					       : take_flag(opt, options);
	}
}

/* Modes and sinks that were left open. */
static void fill_in(struct bench_options *options)
{
	struct bench_plan *plan = &options->plan;
	bool disk = false;

	if (!plan->nr_sinks)
		plan->sinks[plan->nr_sinks++] = SINK_MEMORY;
	for (size_t i = 0; i < plan->nr_sinks; i++)
		disk |= plan->sinks[i] == SINK_DISK;
	/* What goes from file to file is left out where no sink is a file. */
	for (int i = 0; !options->modes_given && i < NR_MODE; i++)
		if (disk || plan->prove_only || !mode_info((enum transfer_mode)i)->file_to_file)
			plan->modes[plan->nr_modes++] = (enum transfer_mode)i;
}

/* The result directory of java-zero-copy holds both reports, under its names. */
static int fill_in_results(struct parse *parse)
{
	static char json[4096];
	struct bench_options *options = parse->options;
	const char *prefix = parse->result_prefix ? parse->result_prefix : "benchmark";
	int len;

	if (parse->result_prefix && (!*prefix || strchr(prefix, '/')))
		return refuse("result-prefix", "the beginning of a file name", prefix);
	if (parse->result_dir || parse->result_prefix)
		options->prefix = prefix;
	if (parse->result_dir && !parse->no_csv && !options->csv_dir)
		options->csv_dir = parse->result_dir;
	if (parse->result_dir && !parse->no_json && !options->json) {
		len = snprintf(json, sizeof(json), "%s/%s-report.json", parse->result_dir, prefix);
		if (len < 0 || (size_t)len >= sizeof(json))
			return refuse("result-dir", "a shorter path", parse->result_dir);
		options->json = json;
	}
	return STATUS_DONE;
}

static int finish(struct parse *parse)
{
	struct bench_options *options = parse->options;
	struct bench_config *config = &options->plan.config;
	char *safe;

	if (parse->remote && options->plan.prove_only)
		return cmd_bad_usage(&cmd_bench, "--prove works on this machine only");
	if (parse->remote) {
		options->plan.prove = false;
		options->plan.remote = &options->remote;
		remote_address_text(&options->remote, config->remote, sizeof(config->remote));
	}
	if (options->plan.file) {
		safe = text_safe_str(options->plan.file);
		snprintf(config->file, sizeof(config->file), "%s", safe);
		free(safe);
	}
	fill_in(options);
	return fill_in_results(parse);
}

int bench_options_parse(int argc, char **argv, struct bench_options *options)
{
	struct parse parse = { .options = options };
	int opt, status = STATUS_DONE, index = 0;

	while (!status && (opt = getopt_long(argc, argv, "qh", longopts, &index)) != -1) {
		if (opt == 'h') {
			cmd_help(&cmd_bench);
			return -1;
		}
		if (opt == '?')
			return STATUS_USAGE;
		status = take_option(opt, longopts[index].name, &parse);
	}
	if (!status && optind < argc)
		return cmd_bad_usage(&cmd_bench, "bench takes options only");
	return status ? status : finish(&parse);
}
