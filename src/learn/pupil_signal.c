/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that no page can be found for: the pupil does them under a handler and gives what
 * siginfo says (sigaction(2)): said[0] the signal (0: none came), said[1] its si_code, said[2]
 * whether si_addr is the address that was touched.
 */
#include "learn/pupil.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NR_PAGES   4
#define FILE_PAGES 2 /* of the file that is mapped for NR_PAGES */

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

static sigjmp_buf back;
static volatile sig_atomic_t caught_signal, caught_code;
static void *volatile caught_addr;

static void catch (int number, siginfo_t *info, void *context)
{
	(void)context;
	caught_signal = number;
	caught_code = info->si_code;
	caught_addr = info->si_addr;
	siglongjmp(back, 1);
}

static void touch(volatile unsigned char *at, enum access access)
{
	if (access == ACCESS_READ)
		(void)*at;
	else if (access == ACCESS_WRITE)
		*at = 1;
	else
		((void (*)(void))(uintptr_t)at)();
}

static int try(struct pupil *pupil, size_t page, enum access access)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO }, was[2];
	volatile unsigned char *at = pupil_page(pupil, 0, page);

	action.sa_sigaction = catch;
	caught_signal = caught_code = 0;
	caught_addr = NULL;
	if (sigaction(SIGSEGV, &action, &was[0]) || sigaction(SIGBUS, &action, &was[1]))
		return pupil_fail(pupil, errno, "sigaction");
	if (!sigsetjmp(back, 1))
		touch(at, access);
	sigaction(SIGSEGV, &was[0], NULL);
	sigaction(SIGBUS, &was[1], NULL);
	pupil->stage.said[0] = caught_signal;
	pupil->stage.said[1] = caught_code;
	pupil->stage.said[2] = caught_signal && caught_addr == (void *)(uintptr_t)at;
	return 0;
}

static int map(struct pupil *pupil, int prot)
{
	pupil_end_tasks(pupil);
	return pupil_map(pupil, 0, "anonymous", NR_PAGES, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* An address where something was, and nothing is any more. */
static int leave_hole(struct pupil *pupil)
{
	int err = map(pupil, PROT_READ | PROT_WRITE);
	uintptr_t at = (uintptr_t)pupil->stage.regions[0].start_addr;

	if (err)
		return err;
	pupil_unmap(pupil, 0);
	pupil_name_region(pupil, 0, "nothing", pupil->stage.tasks[0], at, NR_PAGES);
	return 0;
}

static int map_read_only(struct pupil *pupil)
{
	int err = map(pupil, PROT_READ);

	if (!err)
		pupil_read(pupil, 0, 0, NR_PAGES);
	return err;
}

static int map_no_execute(struct pupil *pupil)
{
	int err = map(pupil, PROT_READ | PROT_WRITE);

	if (err)
		return err;
	/* A return instruction on x86-64: it would do no harm if it were executed. */
	for (size_t i = 0; i < NR_PAGES; i++)
		*pupil_page(pupil, 0, i) = 0xc3;
	return 0;
}

static int map_past_end(struct pupil *pupil)
{
	int err = pupil_make_file(pupil, FILE_PAGES, 0);

	if (!err)
		err = pupil_map(pupil, 0, "shared file", NR_PAGES, PROT_READ, MAP_SHARED,
				pupil->stage.fds[0]);
	return err;
}

static int read_hole(struct pupil *pupil)
{
	return try(pupil, 1, ACCESS_READ);
}

static int write_read_only(struct pupil *pupil)
{
	return try(pupil, 1, ACCESS_WRITE);
}

static int execute_data(struct pupil *pupil)
{
	return try(pupil, 1, ACCESS_EXECUTE);
}

static int read_past_end(struct pupil *pupil)
{
	return try(pupil, FILE_PAGES, ACCESS_READ);
}

const struct pupil_action pupil_signal_actions[] = {
	{ "leave-hole", leave_hole },
	{ "map-read-only", map_read_only },
	{ "map-no-execute", map_no_execute },
	{ "map-past-end", map_past_end },
	{ "access-hole", read_hole },
	{ "write-read-only", write_read_only },
	{ "execute-data", execute_data },
	{ "read-past-end", read_past_end },
	{ NULL, NULL },
};
