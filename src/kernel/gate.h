/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_KERNEL_GATE_H
#define PAGEWALK_KERNEL_GATE_H

/* What kernel/launch.c and pagewalk-gate (kernel/gate.c) have agreed upon. */

/* Where pagewalk-gate writes a gate_failure when the command cannot be executed. */
#define GATE_REPORT_FD 3
/* Its first argument: the command dies with the thread that started it, or lives on. */
#define GATE_DIE  "die"
#define GATE_LIVE "live"

struct gate_failure {
	int error; /* errno of execve(2) */
};

#endif
