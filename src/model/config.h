/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_CONFIG_H
#define PAGEWALK_MODEL_CONFIG_H

#include "model/palette.h"
#include "model/plist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The settings that a file keeps: lines "key = value", blank lines, and comments from "#" to
 * the end of a line. Pure text here; app/settings.h reads and writes the file.
 */
struct config {
	int palette; /* enum palette */
	bool colour, ascii, dense, mouse;
	uint64_t period_ns; /* between pictures */
	int sort;           /* enum plist_key, of the list of processes */
	bool sort_reversed, tree, kernel_threads;
};

#define CONFIG_LEAST_PERIOD_NS UINT64_C(10000000)
#define CONFIG_MOST_PERIOD_NS  UINT64_C(3600000000000)

/* What holds without a file. */
struct config config_default(void);
/*
 * Takes the settings that the text has over into *config; the rest stays. Each line that
 * means nothing is told to `bad` with its number, from 1, and what is wrong, safe to print.
 */
void config_parse(const char *text, size_t len_bytes, struct config *config,
		  void (*bad)(void *arg, unsigned line, const char *what), void *arg);
/*
 * The text of a file with these settings, made of the text it had: comments, order and lines that
 * mean nothing stay, and what was not in it is added. The caller frees it.
 */
char *config_update(const char *text, size_t len_bytes, const struct config *config);

#endif
