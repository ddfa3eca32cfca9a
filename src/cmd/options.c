/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "base/clock.h"
#include "base/fmt.h"
#include "base/text.h"

#include <stdlib.h>
#include <unistd.h>

#define LEAST_PERIOD_NS (10 * NS_PER_MS)
#define MOST_PERIOD_NS  (3600 * NS_PER_S)

struct app_options screen_options_default(void)
{
	const char *no_color = getenv("NO_COLOR");

	return (struct app_options){
		.period_ns = NS_PER_S / 10,
		.term = { .mouse = true, .no_colour = no_color && no_color[0] },
	};
}

static int take_delay(const struct command *command, const char *value, uint64_t *period_ns)
{
	char *safe;

	if (!parse_seconds(value, period_ns) && *period_ns >= LEAST_PERIOD_NS &&
	    *period_ns <= MOST_PERIOD_NS)
		return STATUS_DONE;
	safe = text_safe_str(value);
	cmd_bad_usage(command, "--delay takes seconds from 0.01 to 3600, not %s", safe);
	free(safe);
	return STATUS_USAGE;
}

int screen_option_take(const struct command *command, int opt, const char *value,
		       struct app_options *options, bool *known)
{
	*known = true;
	switch (opt) {
	case 'd':
		return take_delay(command, value, &options->period_ns);
	case OPTION_ASCII:
		options->term.ascii = true;
		return STATUS_DONE;
	case OPTION_NO_COLOUR:
		options->term.no_colour = true;
		return STATUS_DONE;
	case OPTION_NO_MOUSE:
		options->term.mouse = false;
		return STATUS_DONE;
	case OPTION_CONTRAST:
		options->term.palette = PALETTE_CONTRAST;
		return STATUS_DONE;
	default:
		*known = false;
		return STATUS_DONE;
	}
}

bool screen_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}
