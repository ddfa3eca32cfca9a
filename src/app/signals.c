/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/signals.h"

#include "ui/term.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGPIPE };
static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };

static void make_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaddset(set, handled[i]);
}

static void die_cleanly(int number)
{
	term_restore();
	signal(number, SIG_DFL);
	raise(number);
}

/* A sanitizer's own handler, where there is one, tells more than ours would. */
static void catch_crashes(void)
{
	struct sigaction action = { .sa_handler = die_cleanly, .sa_flags = SA_NODEFER }, before;

	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		if (!sigaction(crashes[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(crashes[i], &action, NULL);
}

int signals_open(void)
{
	sigset_t set;
	int fd;

	make_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		abort();
	catch_crashes();
	return fd;
}

int signals_next(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

void signals_close(int fd)
{
	sigset_t set;

	close(fd);
	make_set(&set);
	/* What still waits has been answered by leaving. */
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		signal(handled[i], SIG_IGN);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		signal(handled[i], SIG_DFL);
}
