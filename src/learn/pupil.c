/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pagewalk-pupil: the process that lessons are about. It does what it is told by name and
 * answers with what there is to look at; pagewalk looks from outside. It is linked statically
 * and is small on purpose, for its address space is what a class looks at.
 *
 *	pagewalk-pupil act DIR		carries out actions; files go below DIR
 *	pagewalk-pupil keep-swap	makes swap (kernel/zram.h) and removes it at the end
 *
 * It ends with pagewalk however that ends (PR_SET_PDEATHSIG(2const)), and its children with it.
 * Only the keeper of swap lives on for the moment that removing takes; the end of file of its
 * control socket tells it to.
 */
#include "learn/pupil.h"

#include "kernel/zram.h"
#include "lab/wire.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where regions lie if nothing else is there: round addresses, and each begins a PMD. */
#define ARENA_ADDR   UINT64_C(0x200000000000)
#define ARENA_STRIDE (UINT64_C(1) << 30)

static const struct pupil_action *const action_tables[] = {
	pupil_anon_actions,
	pupil_file_actions,
	pupil_task_actions,
	pupil_signal_actions,
};

int pupil_fail(struct pupil *pupil, int err, const char *what)
{
	snprintf(pupil->stage.text, sizeof(pupil->stage.text), "%s: %s", what, strerror(err));
	return -err;
}

void pupil_unmap(struct pupil *pupil, unsigned index)
{
	struct pupil_region *region = &pupil->stage.regions[index];

	if (pupil->mapped[index])
		munmap((void *)(uintptr_t)region->start_addr, region->nr_pages * pupil->page_bytes);
	pupil->mapped[index] = false;
	memset(region, 0, sizeof(*region));
}

void pupil_name_region(struct pupil *pupil, unsigned index, const char *name, pid_t pid,
		       uintptr_t start_addr, size_t nr_pages)
{
	struct pupil_region *region = &pupil->stage.regions[index];

	memset(region, 0, sizeof(*region));
	snprintf(region->name, sizeof(region->name), "%s", name);
	region->pid = pid;
	region->start_addr = start_addr;
	region->nr_pages = (uint32_t)nr_pages;
}

int pupil_map(struct pupil *pupil, unsigned index, const char *name, size_t nr_pages, int prot,
	      int flags, int fd)
{
	void *hint = (void *)(uintptr_t)(ARENA_ADDR + index * ARENA_STRIDE);
	void *at;

	pupil_unmap(pupil, index);
	at = mmap(hint, nr_pages * pupil->page_bytes, prot, flags, fd, 0);
	if (at == MAP_FAILED)
		return pupil_fail(pupil, errno, "mmap");
	if (flags & MAP_ANONYMOUS)
		madvise(at, nr_pages * pupil->page_bytes, MADV_NOHUGEPAGE);
	pupil_name_region(pupil, index, name, pupil->stage.tasks[0], (uintptr_t)at, nr_pages);
	pupil->mapped[index] = true;
	return 0;
}

volatile unsigned char *pupil_page(const struct pupil *pupil, unsigned index, size_t page)
{
	return (volatile unsigned char *)(uintptr_t)pupil->stage.regions[index].start_addr +
	       page * pupil->page_bytes;
}

void pupil_write(struct pupil *pupil, unsigned index, size_t first, size_t nr)
{
	for (size_t i = first; i < first + nr; i++)
		*pupil_page(pupil, index, i) = (unsigned char)(i + 1);
}

void pupil_read(const struct pupil *pupil, unsigned index, size_t first, size_t nr)
{
	for (size_t i = first; i < first + nr; i++)
		(void)*pupil_page(pupil, index, i);
}

void pupil_set_fd(struct pupil *pupil, unsigned index, int fd)
{
	if (pupil->stage.fds[index] >= 0)
		close(pupil->stage.fds[index]);
	pupil->stage.fds[index] = fd;
}

static const struct pupil_action *find_action(const char *name)
{
	for (size_t i = 0; i < sizeof(action_tables) / sizeof(action_tables[0]); i++)
		for (const struct pupil_action *action = action_tables[i]; action->name; action++)
			if (!strcmp(action->name, name))
				return action;
	return NULL;
}

static void obey(struct pupil *pupil, const char *name)
{
	const struct pupil_action *action = find_action(name);
	int ret;

	pupil->stage.text[0] = '\0';
	ret = action ? action->act(pupil) : pupil_fail(pupil, ENOSYS, name);
	pupil->stage.error = -ret;
}

static int act_until_end(struct pupil *pupil)
{
	for (;;) {
		struct pupil_order order;
		ssize_t got = recv(WIRE_CONTROL_FD, &order, sizeof(order), 0);

		if (got < 0 && errno == EINTR)
			continue;
		/* The socket of one that was killed is closed before its children are told. */
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return 0;
		if (got < 0)
			return 1;
		if (got != sizeof(order) || order.magic != PUPIL_MAGIC ||
		    !memchr(order.action, '\0', sizeof(order.action)))
			return 1;
		obey(pupil, order.action);
		if (send(WIRE_CONTROL_FD, &pupil->stage, sizeof(pupil->stage), MSG_NOSIGNAL) < 0)
			return errno == EPIPE || errno == ECONNRESET ? 0 : 1;
	}
}

/*
 * The parent may have died before prctl() took effect. SO_PEERCRED names the process that made
 * the control socket: if that is not the parent any more, nobody is.
 */
static int tie_to_parent(int death_signal)
{
	struct ucred maker;
	socklen_t len_bytes = sizeof(maker);

	if (prctl(PR_SET_PDEATHSIG, death_signal))
		return -1;
	if (getsockopt(WIRE_CONTROL_FD, SOL_SOCKET, SO_PEERCRED, &maker, &len_bytes))
		return -1;
	return maker.pid == getppid() ? 0 : -1;
}

/* What the handler below has to end. */
static struct pupil self;

/*
 * pagewalk is gone, or wants the pupil gone, maybe in the middle of an action. Children are ended
 * and reaped here, so that no zombie waits for an init that does not reap.
 */
static void end(int number)
{
	(void)number;
	if (getpid() == self.stage.tasks[0])
		pupil_end_tasks(&self);
	_exit(0);
}

static int act(const char *dir)
{
	int status;

	self.dir = dir;
	self.page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	self.stage.magic = PUPIL_MAGIC;
	for (unsigned i = 0; i < LESSON_SUBJECTS; i++)
		self.stage.fds[i] = -1;
	self.stage.tasks[0] = getpid();
	status = act_until_end(&self);
	pupil_end_tasks(&self);
	return status;
}

/* Answers once with how making it went, and then waits for the end of pagewalk. */
static int keep_swap(void)
{
	struct pupil_answer answer = { .magic = PUPIL_MAGIC };
	struct zram zram;
	char byte;
	int err;

	/* Nothing but the end of file ends it, so that the device never stays. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	err = zram_make_swap(&zram, answer.text, sizeof(answer.text));
	answer.error = -err;
	send(WIRE_CONTROL_FD, &answer, sizeof(answer), MSG_NOSIGNAL);
	if (err)
		return 1;
	while (recv(WIRE_CONTROL_FD, &byte, 1, 0) < 0 && errno == EINTR)
		;
	return zram_remove_swap(&zram) ? 1 : 0;
}

int main(int argc, char **argv)
{
	int keeps = argc == 2 && !strcmp(argv[1], "keep-swap");

	if (!keeps)
		signal(SIGTERM, end);
	if (tie_to_parent(keeps ? 0 : SIGTERM)) {
		fputs("pagewalk-pupil is a part of pagewalk and is started by it\n", stderr);
		return 2;
	}
	close(WIRE_PROGRESS_FD);
	if (keeps)
		return keep_swap();
	return argc == 3 && !strcmp(argv[1], "act") ? act(argv[2]) : 2;
}
