/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "app/settings.h"
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first thing that was wrong with the file, and in how many lines. */
struct complaint {
	const char *path; /* safe */
	unsigned nr;
	char first[256];
	char brief[160]; /* for a line of the screen: what is wrong comes before any path */
};

static void complain(void *arg, unsigned line, const char *what)
{
	struct complaint *complaint = arg;

	if (complaint->nr++)
		return;
	snprintf(complaint->first, sizeof(complaint->first), "%s:%u: %s", complaint->path, line,
		 what);
	snprintf(complaint->brief, sizeof(complaint->brief), "config:%u: %s", line, what);
}

/* The terminal's options follow from the settings. */
static void apply(struct app_options *options)
{
	const struct config *config = &options->config;
	const char *no_color = getenv("NO_COLOR");

	options->period_ns = config->period_ns;
	options->term = (struct term_options){
		.ascii = config->ascii,
		.no_colour = !config->colour || (no_color && no_color[0]),
		.mouse = config->mouse,
		.sparse = !config->dense,
		.palette = (enum palette)config->palette,
	};
}

/* --config and --no-config, before anything else is taken; the messages come with the rest. */
static const char *find_config(int argc, char **argv, const char *short_options,
			       const struct option *long_options, bool *none)
{
	const char *path = NULL;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (opt == OPTION_CONFIG)
			path = optarg;
		*none |= opt == OPTION_NO_CONFIG;
	}
	opterr = 1;
	optind = 0; /* getopt starts afresh */
	return path;
}

static void warn(struct app_options *options, const struct complaint *complaint)
{
	char more[32] = "";

	if (!complaint->nr)
		return;
	if (complaint->nr > 1)
		snprintf(more, sizeof(more), " (and %u more)", complaint->nr - 1);
	fprintf(stderr, "pagewalk: %s%s\n", complaint->first, more);
	snprintf(options->warning, sizeof(options->warning), "%s%s", complaint->brief, more);
}

/* One that is too long to be opened is none. */
static void choose_path(struct app_options *options, const char *named)
{
	char *path = named ? xstrdup(named) : settings_path();

	if (path && strlen(path) < sizeof(options->config_path))
		strcpy(options->config_path, path);
	free(path);
}

int screen_options_begin(int argc, char **argv, const char *short_options,
			 const struct option *long_options, struct app_options *options)
{
	bool none = false;
	const char *named = find_config(argc, argv, short_options, long_options, &none);
	struct complaint complaint = { 0 };
	int ret = 0;
	char *safe;

	*options = (struct app_options){ .config = config_default() };
	/* A report has no settings. */
	if (!none && (named || screen_is_possible()))
		choose_path(options, named);
	if (options->config_path[0]) {
		safe = text_safe_str(options->config_path);
		complaint.path = safe;
		ret = settings_load(options->config_path, &options->config, complain, &complaint);
		if (ret == -ENOENT)
			ret = 0; /* it is made when settings are saved */
		if (ret && !named) {
			/* Nobody asked for it: go on without. */
			complaint.nr = 1;
			snprintf(complaint.first, sizeof(complaint.first), "%s: %s", safe,
				 strerror(-ret));
			snprintf(complaint.brief, sizeof(complaint.brief),
				 "settings not read: %s (%s)", strerror(-ret), safe);
			ret = 0;
		}
		if (ret)
			cmd_fail("%s: %s", safe, strerror(-ret));
		free(safe);
	}
	if (ret)
		return STATUS_FAILED;
	warn(options, &complaint);
	apply(options);
	return STATUS_DONE;
}

static int take_delay(const struct command *command, const char *value, uint64_t *period_ns)
{
	uint64_t ns;
	char *safe;

	if (!parse_seconds(value, &ns) && ns >= CONFIG_LEAST_PERIOD_NS &&
	    ns <= CONFIG_MOST_PERIOD_NS) {
		*period_ns = ns;
		return STATUS_DONE;
	}
	safe = text_safe_str(value);
	cmd_bad_usage(command, "--delay takes seconds from 0.01 to 3600, not %s", safe);
	free(safe);
	return STATUS_USAGE;
}

static int take_palette(const struct command *command, const char *value, int *palette)
{
	char *safe;

	for (int i = 0; i < NR_PALETTE; i++)
		if (!strcmp(value, palette_names[i])) {
			*palette = i;
			return STATUS_DONE;
		}
	safe = text_safe_str(value);
	cmd_bad_usage(command, "--palette takes dark, contrast or light, not %s", safe);
	free(safe);
	return STATUS_USAGE;
}

int screen_option_take(const struct command *command, int opt, const char *value,
		       struct app_options *options, bool *known)
{
	struct config *config = &options->config;
	int status = STATUS_DONE;

	*known = true;
	switch (opt) {
	case 'd':
		status = take_delay(command, value, &config->period_ns);
		break;
	case OPTION_ASCII:
		config->ascii = true;
		break;
	case OPTION_NO_COLOUR:
		config->colour = false;
		break;
	case OPTION_NO_MOUSE:
		config->mouse = false;
		break;
	case OPTION_CONTRAST:
		config->palette = PALETTE_CONTRAST;
		break;
	case OPTION_PALETTE:
		status = take_palette(command, value, &config->palette);
		break;
	case OPTION_CONFIG:
	case OPTION_NO_CONFIG:
		break; /* screen_options_begin() took them */
	default:
		*known = false;
	}
	apply(options);
	return status;
}

bool screen_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}
