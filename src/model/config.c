/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings as text, by one table: a key, how its value is read, and where it goes. */
#include "model/config.h"

#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const palette_names[NR_PALETTE] = {
	[PALETTE_DARK] = "dark",
	[PALETTE_CONTRAST] = "contrast",
	[PALETTE_LIGHT] = "light",
};

enum kind {
	KIND_BOOL,   /* yes, no */
	KIND_CHOICE, /* one of the names; an int */
	KIND_PERIOD, /* seconds; uint64_t of ns */
};

struct setting {
	const char *key;
	enum kind kind;
	size_t offset;
	const char *const *names;
	int nr_names;
	const char *comment; /* above the line, where it is added */
};

#define AT(field) offsetof(struct config, field)

static const struct setting settings[] = {
	{ "palette", KIND_CHOICE, AT(palette), palette_names, NR_PALETTE,
	  "dark, contrast (projector) or light" },
	{ "colour", KIND_BOOL, AT(colour), NULL, 0, "no: as with NO_COLOR" },
	{ "ascii", KIND_BOOL, AT(ascii), NULL, 0, "yes: no character outside ASCII" },
	{ "dense", KIND_BOOL, AT(dense), NULL, 0, "two cells in a character, where it can be" },
	{ "mouse", KIND_BOOL, AT(mouse), NULL, 0, "no: the mouse is the terminal's" },
	{ "delay", KIND_PERIOD, AT(period_ns), NULL, 0, "seconds between two pictures" },
	{ "sort", KIND_CHOICE, AT(sort), plist_key_names, NR_PLIST_KEY,
	  "the list of processes by: pid, user, state, threads, rss, faults or command" },
	{ "sort_reversed", KIND_BOOL, AT(sort_reversed), NULL, 0, NULL },
	{ "tree", KIND_BOOL, AT(tree), NULL, 0, "children below their parents" },
	{ "kernel_threads", KIND_BOOL, AT(kernel_threads), NULL, 0, "no: they are left out" },
};

#define NR_SETTINGS (sizeof(settings) / sizeof(settings[0]))

struct config config_default(void)
{
	return (struct config){
		.palette = PALETTE_DARK,
		.colour = true,
		.dense = true,
		.mouse = true,
		.period_ns = UINT64_C(100000000),
		.sort = PLIST_RSS,
		.kernel_threads = true,
	};
}

/* A line cut into its parts; each is a range of the text. */
struct line {
	const char *start, *end; /* without the newline */
	const char *key, *key_end;
	const char *value, *value_end; /* NULL where there is no "=" */
};

static const char *trim_end(const char *start, const char *end)
{
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	return end;
}

static const char *trim_start(const char *start, const char *end)
{
	while (start < end && isspace((unsigned char)*start))
		start++;
	return start;
}

/* The next line of text[*at..len), or false at its end. An empty key: a blank or a comment. */
static bool next_line(const char *text, size_t len, size_t *at, struct line *line)
{
	const char *end, *equals;

	if (*at >= len)
		return false;
	line->start = text + *at;
	line->end = memchr(line->start, '\n', len - *at);
	*at = line->end ? (size_t)(line->end - text) + 1 : len;
	if (!line->end)
		line->end = text + len;
	end = memchr(line->start, '#', (size_t)(line->end - line->start));
	if (!end)
		end = line->end;
	line->key = trim_start(line->start, end);
	equals = line->key < end ? memchr(line->key, '=', (size_t)(end - line->key)) : NULL;
	line->key_end = trim_end(line->key, equals ? equals : end);
	line->value = equals ? trim_start(equals + 1, end) : NULL;
	line->value_end = equals ? trim_end(line->value, end) : NULL;
	return true;
}

static bool is_word(const char *start, const char *end, const char *word)
{
	size_t len = (size_t)(end - start);

	return strlen(word) == len && !memcmp(start, word, len);
}

static const struct setting *find_setting(const struct line *line)
{
	for (size_t i = 0; i < NR_SETTINGS; i++)
		if (is_word(line->key, line->key_end, settings[i].key))
			return &settings[i];
	/* As the option has both spellings. */
	return is_word(line->key, line->key_end, "color") ? &settings[1] : NULL;
}

static bool take_bool(const struct line *line, bool *value)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "yes", true },    { "no", false }, { "true", true },
		      { "false", false }, { "on", true },  { "off", false } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_word(line->value, line->value_end, words[i].word)) {
			*value = words[i].value;
			return true;
		}
	return false;
}

static bool take_period(const struct line *line, uint64_t *value)
{
	char *text = xstrndup(line->value, (size_t)(line->value_end - line->value));
	uint64_t ns;
	bool good = !parse_seconds(text, &ns) && ns >= CONFIG_LEAST_PERIOD_NS &&
		    ns <= CONFIG_MOST_PERIOD_NS;

	if (good)
		*value = ns;
	free(text);
	return good;
}

static bool take_value(const struct setting *setting, const struct line *line,
		       struct config *config)
{
	void *at = (char *)config + setting->offset;

	switch (setting->kind) {
	case KIND_BOOL:
		return take_bool(line, at);
	case KIND_PERIOD:
		return take_period(line, at);
	case KIND_CHOICE:
		for (int i = 0; i < setting->nr_names; i++)
			if (is_word(line->value, line->value_end, setting->names[i])) {
				*(int *)at = i;
				return true;
			}
	}
	return false;
}

static char *say_bad(const struct line *line, const struct setting *setting)
{
	char *key = text_safe(line->key, (size_t)(line->key_end - line->key)), *value, *what;

	if (!line->value) {
		what = xasprintf("\"%s\" is no \"key = value\"", key);
	} else if (!setting) {
		what = xasprintf("there is no setting \"%s\"", key);
	} else {
		value = text_safe(line->value, (size_t)(line->value_end - line->value));
		what = xasprintf("%s cannot be \"%s\"", key, value);
		free(value);
	}
	free(key);
	return what;
}

void config_parse(const char *text, size_t len_bytes, struct config *config,
		  void (*bad)(void *arg, unsigned line, const char *what), void *arg)
{
	struct line line;
	unsigned number = 0;
	size_t at = 0;

	while (next_line(text, len_bytes, &at, &line)) {
		const struct setting *setting = find_setting(&line);
		char *what;

		number++;
		if (line.key == line.key_end && !line.value)
			continue;
		if (setting && line.value && take_value(setting, &line, config))
			continue;
		what = say_bad(&line, setting);
		bad(arg, number, what);
		free(what);
	}
}

static char *value_text(const struct setting *setting, const struct config *config,
			char out[FMT_LEN])
{
	const void *at = (const char *)config + setting->offset;

	switch (setting->kind) {
	case KIND_BOOL:
		snprintf(out, FMT_LEN, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case KIND_CHOICE:
		snprintf(out, FMT_LEN, "%s", setting->names[*(const int *)at]);
		break;
	case KIND_PERIOD:
		snprintf(out, FMT_LEN, "%g", (double)*(const uint64_t *)at / 1e9);
		break;
	}
	return out;
}

char *config_update(const char *text, size_t len_bytes, const struct config *config)
{
	bool written[NR_SETTINGS] = { false };
	char value[FMT_LEN], *out = NULL;
	struct line line;
	size_t at = 0, len;
	FILE *to = open_memstream(&out, &len);

	if (!to)
		abort();
	while (next_line(text, len_bytes, &at, &line)) {
		const struct setting *setting = line.value ? find_setting(&line) : NULL;

		if (!setting) {
			fprintf(to, "%.*s\n", (int)(line.end - line.start), line.start);
			continue;
		}
		/* What stands twice is written once, where it stood first. */
		if (!written[setting - settings])
			fprintf(to, "%.*s%s%.*s\n", (int)(line.value - line.start), line.start,
				value_text(setting, config, value),
				(int)(line.end - line.value_end), line.value_end);
		written[setting - settings] = true;
	}
	if (!len_bytes)
		fprintf(to, "# Settings of pagewalk(1).\n");
	for (size_t i = 0; i < NR_SETTINGS; i++) {
		if (written[i])
			continue;
		if (settings[i].comment)
			fprintf(to, "# %s\n", settings[i].comment);
		fprintf(to, "%s = %s\n", settings[i].key, value_text(&settings[i], config, value));
	}
	if (fclose(to))
		abort();
	return out;
}
