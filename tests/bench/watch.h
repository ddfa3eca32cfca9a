/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_BENCH_WATCH_H
#define PAGEWALK_TESTS_BENCH_WATCH_H

#include "../pty/pty.h"
#include "bench.h"

/* Programs that watch a target, in a pseudo-terminal of 120x36. */

/* No wait is longer. */
#define WATCH_MS 30000
/* Stands on pagewalk's screen as soon as the process is drawn. */
#define WATCH_FIRST_FRAME "1 cell = "
/* Stands in the line of the page under the cursor, behind its address. */
#define WATCH_CURSOR_LINE " = PGD "

/* pagewalk on a target; NULL where it cannot be started. The caller frees it. */
struct pty *watch_start(const struct bench_target *target);
/* The same come to rest, `ms` after its first picture; NULL, with the reason said. */
struct pty *watch_settled(const struct bench_target *target, int ms, struct bench_row *row);
/* Reads output for so long. */
void watch_for(struct pty *pty, int ms);
/* Percent of one core that the program uses over so many seconds. */
double watch_cpu_percent(struct pty *pty, int seconds);

#endif
