/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_APP_LISTER_H
#define PAGEWALK_APP_LISTER_H

#include "model/plist.h"

#include <stdbool.h>
#include <stdint.h>

/* The thread that reads the list of processes while it is on the screen. */
struct lister;

struct lister *lister_new(uint64_t period_ns);
void lister_free(struct lister *lister);
/* Nothing is read while paused; after that, at once. */
void lister_pause(struct lister *lister, bool paused);
/* The newest list, which is the caller's from then on; NULL where there is no newer one. */
struct plist *lister_take(struct lister *lister);
/* An eventfd(2) that becomes readable with each new list; the reader clears it. */
int lister_event_fd(const struct lister *lister);

#endif
