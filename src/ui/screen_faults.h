/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_UI_SCREEN_FAULTS_H
#define PAGEWALK_UI_SCREEN_FAULTS_H

#include "model/fault_view.h"
#include "ui/screen.h"

/* Screen 2: page faults as they strike. */

struct screen *screen_faults_new(void);
/* Hands over the newest view; the screen takes a reference of its own. */
void screen_faults_set(struct screen *screen, struct fault_view *view);

#endif
