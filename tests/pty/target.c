/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process to be watched. It maps anonymous memory in which every other stripe of pages is
 * present (and locked, so that reclaim leaves it there), says so in one line, and obeys
 * commands of one character, each answered by a line once it is done:
 *
 *	t	touch the first stripe that is absent	"touched"
 *	u	unmap the stripes			"unmapped"
 *	n	take a name that attacks a terminal	"named"
 *	r	take the name target-of-pty		"renamed"
 *	e	exec this program again, with stripes of half as many pages
 *	q	exit
 *
 * Its line is "ready PID ADDRESS PAGES STRIPE": ADDRESS in hexadecimal, PAGES of the whole,
 * STRIPE of one stripe. Usage: target [MIB [STRIPE [WORD]]]; WORD is
 * only there to be seen in the list of processes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

struct stripes {
	char *start;
	size_t page_bytes, nr_pages, stripe;
	size_t next; /* first page of the first stripe that is absent */
};

static int fail(const char *what)
{
	fprintf(stderr, "target: %s: %s\n", what, strerror(errno));
	return 1;
}

static void touch(struct stripes *stripes, size_t first)
{
	for (size_t i = first; i < first + stripes->stripe && i < stripes->nr_pages; i++)
		stripes->start[i * stripes->page_bytes] = 1;
}

static int map_stripes(struct stripes *stripes, size_t len_bytes)
{
	stripes->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	stripes->nr_pages = len_bytes / stripes->page_bytes;
	stripes->start = mmap(NULL, len_bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stripes->start == MAP_FAILED)
		return fail("mmap");
	/* A huge page would fill the gaps. Kernels without huge pages refuse, rightly. */
	madvise(stripes->start, len_bytes, MADV_NOHUGEPAGE);
	/* Without privilege it may be too much to lock; then reclaim may take some. */
	if (mlock2(stripes->start, len_bytes, MLOCK_ONFAULT) && errno != ENOMEM && errno != EPERM)
		return fail("mlock2");
	for (size_t i = 0; i < stripes->nr_pages; i += 2 * stripes->stripe)
		touch(stripes, i);
	stripes->next = stripes->stripe;
	return 0;
}

static int run_again(const struct stripes *stripes, char *name)
{
	char mib[24], stripe[24], self[4096] = "";
	char *argv[] = { name, mib, stripe, NULL };

	snprintf(mib, sizeof(mib), "%zu", stripes->nr_pages * stripes->page_bytes >> 20);
	snprintf(stripe, sizeof(stripe), "%zu", stripes->stripe > 1 ? stripes->stripe / 2 : 1);
	/* By its own path, because the name of the process comes from it. */
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0)
		execv(self, argv);
	return fail("exec");
}

int main(int argc, char *argv[])
{
	struct stripes stripes = { .stripe = argc > 2 ? strtoul(argv[2], NULL, 10) : 1 };
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 64;
	char command;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mib || !stripes.stripe)
		return 2;
	if (map_stripes(&stripes, mib << 20))
		return 1;
	printf("ready %d %" PRIxPTR " %zu %zu\n", (int)getpid(), (uintptr_t)stripes.start,
	       stripes.nr_pages, stripes.stripe);
	while (read(STDIN_FILENO, &command, 1) == 1) {
		if (command == 't') {
			touch(&stripes, stripes.next);
			stripes.next += 2 * stripes.stripe;
			puts("touched");
		} else if (command == 'u') {
			munmap(stripes.start, stripes.nr_pages * stripes.page_bytes);
			puts("unmapped");
		} else if (command == 'n') {
			prctl(PR_SET_NAME, "a\033[2J\033]0;\303\a\r\n");
			puts("named");
		} else if (command == 'r') {
			prctl(PR_SET_NAME, "target-of-pty");
			puts("renamed");
		} else if (command == 'e') {
			return run_again(&stripes, argv[0]);
		} else if (command == 'q') {
			return 0;
		}
	}
	return 0;
}
