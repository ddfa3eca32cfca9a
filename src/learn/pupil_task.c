/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Actions on tasks: children that share this or that with the pupil (clone(2)), and what a change
 * in one means for the other. Tasks: 0 is the pupil, 1 its child.
 */
#include "learn/pupil.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_BYTES (64 * 1024)
#define COW_PAGES   16

struct child {
	struct pupil *pupil;
	int (*run)(struct pupil *pupil);
	int done_fd; /* a byte is written here when `run` has returned */
};

/*
 * Lives until it is killed. It uses system calls alone after `run`: with CLONE_VM it runs in the
 * memory of the pupil, which waits meanwhile.
 */
static int live(void *arg)
{
	const struct child *child = arg;
	char how;

	/* The pupil may have died before this took effect. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != child->pupil->stage.tasks[0])
		_exit(2);
	how = (char)-child->run(child->pupil);
	if (write(child->done_fd, &how, 1) != 1)
		_exit(2);
	for (;;)
		pause();
}

int pupil_clone(struct pupil *pupil, unsigned index, unsigned long clone_flags,
		int (*run)(struct pupil *pupil))
{
	static _Alignas(64) char stack[STACK_BYTES];
	struct child child = { .pupil = pupil, .run = run };
	int pair[2];
	pid_t pid;
	char how = 0;

	if (pipe2(pair, O_CLOEXEC))
		return pupil_fail(pupil, errno, "pipe");
	child.done_fd = pair[1];
	pid = clone(live, stack + sizeof(stack), (int)clone_flags | SIGCHLD, &child);
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return pupil_fail(pupil, errno, "clone");
	}
	pupil->stage.tasks[index] = pid;
	/* With a table of its own the child holds the other end; it cannot end but by us. */
	while (read(pair[0], &how, 1) < 0 && errno == EINTR)
		;
	close(pair[0]);
	close(pair[1]);
	return how ? pupil_fail(pupil, how, "in the child") : 0;
}

void pupil_end_tasks(struct pupil *pupil)
{
	for (unsigned i = 1; i < LESSON_SUBJECTS; i++) {
		pid_t pid = pupil->stage.tasks[i];

		if (!pid)
			continue;
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		pupil->stage.tasks[i] = PUPIL_NO_TASK;
		/* Its ranges are gone with it. */
		for (unsigned j = 0; j < LESSON_SUBJECTS; j++)
			if (pupil->stage.regions[j].pid == pid)
				memset(&pupil->stage.regions[j], 0, sizeof(struct pupil_region));
	}
}

/* ---- who shares what ---- */

/*
 * What the pupil has afterwards: said[0] the number that lay in its memory as 1, said[1] whether
 * descriptor 0 is open, said[2] whether its working directory is the root, said[3] and said[4] the
 * contrary of these two.
 */
static void look_at_self(struct pupil *pupil)
{
	char cwd[16] = "";

	pupil->stage.said[0] = *pupil_page(pupil, 0, 0);
	pupil->stage.said[1] = fcntl(pupil->stage.fds[0], F_GETFD) >= 0;
	pupil->stage.said[2] = getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/");
	pupil->stage.said[3] = !pupil->stage.said[1];
	pupil->stage.said[4] = !pupil->stage.said[2];
}

static int stand_alone(struct pupil *pupil)
{
	int err;

	pupil_end_tasks(pupil);
	if (chdir("/dev"))
		return pupil_fail(pupil, errno, "chdir");
	pupil_set_fd(pupil, 0, open("/dev/null", O_RDWR | O_CLOEXEC));
	if (pupil->stage.fds[0] < 0)
		return pupil_fail(pupil, errno, "open");
	err = pupil_map(pupil, 0, "anonymous", 1, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (err)
		return err;
	*pupil_page(pupil, 0, 0) = 1;
	look_at_self(pupil);
	return 0;
}

/* In the child: changes all three. */
static int change_all(struct pupil *pupil)
{
	*pupil_page(pupil, 0, 0) = 2;
	return close(pupil->stage.fds[0]) || chdir("/") ? -errno : 0;
}

static int clone_and_look(struct pupil *pupil, unsigned long clone_flags)
{
	int err = pupil_clone(pupil, 1, clone_flags, change_all);

	look_at_self(pupil);
	/* What the child closed in a shared table is not ours to close again. */
	if (!pupil->stage.said[1])
		pupil->stage.fds[0] = -1;
	return err;
}

static int do_fork(struct pupil *pupil)
{
	return clone_and_look(pupil, 0);
}

static int clone_vm(struct pupil *pupil)
{
	return clone_and_look(pupil, CLONE_VM);
}

static int clone_files(struct pupil *pupil)
{
	return clone_and_look(pupil, CLONE_FILES);
}

static int clone_fs(struct pupil *pupil)
{
	return clone_and_look(pupil, CLONE_FS);
}

/* ---- copy on write ---- */

static int nothing(struct pupil *pupil)
{
	(void)pupil;
	return 0;
}

static int fill_for_cow(struct pupil *pupil)
{
	int err;

	pupil_end_tasks(pupil);
	err = pupil_map(pupil, 0, "parent", COW_PAGES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!err)
		pupil_write(pupil, 0, 0, COW_PAGES);
	return err;
}

static int fork_for_cow(struct pupil *pupil)
{
	int err = pupil_clone(pupil, 1, 0, nothing);

	if (!err)
		pupil_name_region(pupil, 1, "child", pupil->stage.tasks[1],
				  (uintptr_t)pupil->stage.regions[0].start_addr, COW_PAGES);
	return err;
}

static int fill_and_fork(struct pupil *pupil)
{
	int err = fill_for_cow(pupil);

	return err ? err : fork_for_cow(pupil);
}

static int write_four_pages(struct pupil *pupil)
{
	pupil_write(pupil, 0, 0, 4);
	return 0;
}

/* All pages but one are the parent's own already; then the child ends. */
static int fork_and_end(struct pupil *pupil)
{
	int err = fill_and_fork(pupil);

	pupil_end_tasks(pupil);
	return err;
}

const struct pupil_action pupil_task_actions[] = {
	{ "stand-alone", stand_alone },
	{ "fork", do_fork },
	{ "clone-vm", clone_vm },
	{ "clone-files", clone_files },
	{ "clone-fs", clone_fs },
	{ "fill-16", fill_for_cow },
	{ "fork-16", fork_for_cow },
	{ "fill-and-fork", fill_and_fork },
	{ "write-four-pages", write_four_pages },
	{ "fork-and-end", fork_and_end },
	{ NULL, NULL },
};
