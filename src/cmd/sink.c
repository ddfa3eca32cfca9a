/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pagewalk sink: waits for the transfers of a `pagewalk bench --connect` elsewhere. */
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"
#include "lab/remote.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_MOST_BYTES       (UINT64_C(64) << 30)
#define DEFAULT_MOST_CONNECTIONS 4
#define DEFAULT_QUIET_NS         (30 * NS_PER_S)

enum sink_option {
	OPTION_LISTEN = 512,
	OPTION_OUTPUT_DIR,
	OPTION_KEEP,
	OPTION_ONCE,
	OPTION_MOST_BYTES,
	OPTION_MOST_CONNECTIONS,
	OPTION_QUIET_TIME,
	OPTION_BUFFER,
	OPTION_HOST,
	OPTION_PORT,
	OPTION_DELETE,
};

struct sink_options {
	struct remote_server_config config;
	bool silent;
};

static int refuse(const char *option, const char *wanted, const char *given)
{
	char *safe = text_safe_str(given);

	cmd_bad_usage(&cmd_sink, "%s takes %s, not %s", option, wanted, safe);
	free(safe);
	return STATUS_USAGE;
}

static int take_size(const char *option, const char *text, uint64_t most, uint64_t *bytes)
{
	if (!parse_bytes(text, bytes) && *bytes && *bytes <= most)
		return STATUS_DONE;
	return refuse(option, "a size such as 64KiB within its bounds", text);
}

static int take_listen(const char *text, struct remote_address *address)
{
	if (!remote_address_parse(text, address))
		return STATUS_DONE;
	return refuse("--listen", "ADDR:PORT", text);
}

static int take_host(const char *text, struct remote_address *address)
{
	if (!text[0] || strlen(text) >= sizeof(address->host))
		return refuse("--host", "an address", text);
	snprintf(address->host, sizeof(address->host), "%s", text);
	return STATUS_DONE;
}

static int take_port(const char *text, struct remote_address *address)
{
	uint64_t port;

	if (parse_u64(text, UINT16_MAX, &port))
		return refuse("--port", "a port", text);
	snprintf(address->port, sizeof(address->port), "%u", (unsigned)port);
	return STATUS_DONE;
}

static int take_connections(const char *text, unsigned *most)
{
	uint64_t nr;

	if (parse_u64(text, REMOTE_MOST_CONNECTIONS, &nr) || !nr)
		return refuse("--max-connections", "a number from 1 to 64", text);
	*most = (unsigned)nr;
	return STATUS_DONE;
}

static int take_delete(const char *text, bool *keep)
{
	if (strcmp(text, "true") && strcmp(text, "false"))
		return refuse("--delete-received-files", "true or false", text);
	*keep = !strcmp(text, "false");
	return STATUS_DONE;
}

static int take_option(int opt, struct sink_options *options)
{
	struct remote_server_config *config = &options->config;

	switch (opt) {
	case OPTION_LISTEN:
		return take_listen(optarg, &config->listen);
	case OPTION_HOST:
		return take_host(optarg, &config->listen);
	case OPTION_PORT:
		return take_port(optarg, &config->listen);
	case OPTION_OUTPUT_DIR:
		config->output_dir = optarg;
		return STATUS_DONE;
	case OPTION_KEEP:
		config->keep = true;
		return STATUS_DONE;
	case OPTION_DELETE:
		return take_delete(optarg, &config->keep);
	case OPTION_ONCE:
		config->once = true;
		return STATUS_DONE;
	case OPTION_MOST_BYTES:
		return take_size("--max-size", optarg, REMOTE_MOST_BYTES, &config->most_bytes);
	case OPTION_BUFFER:
		return take_size("--buffer", optarg, REMOTE_MOST_BUFFER_BYTES,
				 &config->buffer_bytes);
	case OPTION_MOST_CONNECTIONS:
		return take_connections(optarg, &config->most_connections);
	case OPTION_QUIET_TIME:
		if (!parse_seconds(optarg, &config->quiet_ns) && config->quiet_ns)
			return STATUS_DONE;
		return refuse("--timeout", "seconds", optarg);
	default:
		options->silent = true;
		return STATUS_DONE;
	}
}

static int parse_options(int argc, char **argv, struct sink_options *options)
{
	static const struct option longopts[] = {
		{ "listen", required_argument, NULL, OPTION_LISTEN },
		{ "output-dir", required_argument, NULL, OPTION_OUTPUT_DIR },
		{ "keep", no_argument, NULL, OPTION_KEEP },
		{ "once", no_argument, NULL, OPTION_ONCE },
		{ "max-size", required_argument, NULL, OPTION_MOST_BYTES },
		{ "max-connections", required_argument, NULL, OPTION_MOST_CONNECTIONS },
		{ "timeout", required_argument, NULL, OPTION_QUIET_TIME },
		{ "buffer", required_argument, NULL, OPTION_BUFFER },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		/* as java-zero-copy calls them */
		{ "host", required_argument, NULL, OPTION_HOST },
		{ "port", required_argument, NULL, OPTION_PORT },
		{ "buffer-size", required_argument, NULL, OPTION_BUFFER },
		{ "server-output-dir", required_argument, NULL, OPTION_OUTPUT_DIR },
		{ "delete-received-files", required_argument, NULL, OPTION_DELETE },
		{ 0 },
	};
	int opt, status = STATUS_DONE;

	while (!status && (opt = getopt_long(argc, argv, "qh", longopts, NULL)) != -1) {
		if (opt == 'h') {
			cmd_help(&cmd_sink);
			return -1;
		}
		if (opt == '?')
			return STATUS_USAGE;
		status = take_option(opt, options);
	}
	if (!status && optind < argc)
		return cmd_bad_usage(&cmd_sink, "sink takes options only");
	return status;
}

/* One line for each connection that has ended. */
static void report(void *arg, const struct remote_done *done)
{
	const struct remote_message *receipt = &done->receipt;
	char size[FMT_LEN], time[FMT_LEN], rate[FMT_LEN];

	(void)arg;
	if (!done->asked && !receipt->text[0])
		return;
	if (receipt->status != REMOTE_OK) {
		printf("%s: %s\n", done->peer, receipt->text);
	} else {
		double s = (double)receipt->elapsed_ns / (double)NS_PER_S;

		printf("%s: %s to %s in %s", done->peer, fmt_bytes_long(size, receipt->size_bytes),
		       remote_sink_name(done->request.sink),
		       fmt_duration(time, receipt->elapsed_ns));
		if (s > 0)
			printf(", %s/s",
			       fmt_bytes_long(rate, (uint64_t)((double)receipt->size_bytes / s)));
		if (done->file) {
			char *safe = text_safe_str(done->file);

			printf(", kept as %s", safe);
			free(safe);
		}
		putchar('\n');
	}
	fflush(stdout);
}

/* 0, or STATUS_FAILED after one line: files could not be written there. */
static int check_output_dir(const char *dir)
{
	struct stat st;
	int status = STATUS_DONE;
	char *safe;

	if (!dir)
		return STATUS_DONE;
	safe = text_safe_str(dir);
	if (stat(dir, &st))
		status = cmd_fail("sink: the output directory %s: %m", safe);
	else if (!S_ISDIR(st.st_mode))
		status = cmd_fail("sink: %s is not a directory", safe);
	else if (access(dir, W_OK | X_OK))
		status = cmd_fail("sink: the output directory %s: %m", safe);
	free(safe);
	return status;
}

static int run_sink(int argc, char **argv)
{
	struct sink_options options = {
		.config = {
			.listen = { "127.0.0.1", "9090" },
			.most_bytes = DEFAULT_MOST_BYTES,
			.most_connections = DEFAULT_MOST_CONNECTIONS,
			.quiet_ns = DEFAULT_QUIET_NS,
		},
	};
	int status = parse_options(argc, argv, &options), signal_fd, err;
	struct remote_server *server;
	struct remote_address where;
	char error[400], text[300];

	if (status)
		return status < 0 ? STATUS_DONE : status;
	if (check_output_dir(options.config.output_dir))
		return STATUS_FAILED;
	options.config.done = options.silent ? NULL : report;
	signal_fd = cmd_stop_signals();
	if (remote_server_open(&options.config, &server, error, sizeof(error)))
		return cmd_fail("sink: %s", error);
	remote_server_address(server, &where);
	printf("pagewalk sink: listening on %s\n", remote_address_text(&where, text, sizeof(text)));
	fflush(stdout);
	err = remote_server_run(server, signal_fd);
	remote_server_close(server);
	close(signal_fd);
	return err ? cmd_fail("sink: %s", strerror(-err)) : STATUS_DONE;
}

const struct command cmd_sink = {
	.name = "sink",
	.run = run_sink,
	.usage = "sink [OPTION...]",
	.summary = "Waits for the transfers of `pagewalk bench --connect ADDR:PORT`",
	.options =
		"      --listen ADDR:PORT   where to listen (default 127.0.0.1:9090; port 0: any\n"
		"                           free one, which is printed)\n"
		"      --output-dir DIR     where the disk sink writes, under names of its own;\n"
		"                           without it there is no disk sink\n"
		"      --keep               leave received files there (default: removed)\n"
		"      --once               end after one transfer\n"
		"      --max-size SIZE      refuse larger transfers (default 64GiB)\n"
		"      --max-connections N  at one time (default 4)\n"
		"      --timeout SECONDS    end a connection that brings nothing (default 30)\n"
		"      --buffer SIZE        to receive into, where the bench does not say\n"
		"  -q, --quiet              no line for each transfer\n"
		"  -h, --help               this text\n",
};
