/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_FLAG_ABOUT_H
#define PAGEWALK_MODEL_FLAG_ABOUT_H

/* What a flag of a frame says about it, one clause; NULL for a bit without a name. */
const char *frame_flag_about(unsigned flag);

#endif
