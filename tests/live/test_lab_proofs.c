/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proofs of copies on this kernel, twenty times over: the same verdicts each time, and
 * nothing left behind. Modes that this machine does not have are named and passed over.
 */
#include "base/xalloc.h"
#include "lab/prove.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_RUNS 20
#define SKIPPED 77

static const enum proof_verdict right[NR_MODE][NR_PROOF_SOCKET] = {
	[MODE_TRADITIONAL] = { PROOF_COPIED, PROOF_COPIED },
	[MODE_HEAP] = { PROOF_COPIED, PROOF_COPIED },
	[MODE_DIRECT] = { PROOF_COPIED, PROOF_COPIED },
	[MODE_MMAP_WRITE] = { PROOF_COPIED, PROOF_COPIED },
	[MODE_SENDFILE] = { PROOF_SHARED, PROOF_SHARED },
	[MODE_SPLICE] = { PROOF_SHARED, PROOF_SHARED },
	[MODE_ZEROCOPY] = { PROOF_COPIED, PROOF_UNKNOWN },
	[MODE_URING] = { PROOF_COPIED, PROOF_COPIED },
	[MODE_URING_ZC] = { PROOF_COPIED, PROOF_UNKNOWN },
	[MODE_ODIRECT] = { PROOF_COPIED, PROOF_COPIED },
};

static void assert_proof_right(const struct lab_proof *proof)
{
	const char *key = mode_info(proof->mode)->key;
	bool here = proof->mode != MODE_URING && proof->mode != MODE_URING_ZC &&
		    proof->mode != MODE_ODIRECT;

	if (proof->verdict == PROOF_UNKNOWN && !here &&
	    !strncmp(proof->evidence, "unavailable: ", 13))
		return;
	if (proof->socket == PROOF_FILE) {
		/* A copy or shared blocks: that is the file system's choice. */
		assert_int_not_equal(proof->verdict, PROOF_UNKNOWN);
		return;
	}
	if (proof->verdict != right[proof->mode][proof->socket])
		fail_msg("%s on %s: %s (%s)", key, proof_socket_name(proof->socket),
			 proof_verdict_name(proof->verdict), proof->evidence);
	if (proof->verdict == PROOF_UNKNOWN)
		assert_non_null(strstr(proof->evidence, "unavailable: this kind of socket has no"));
	if (mode_info(proof->mode)->reports && proof->verdict == PROOF_COPIED) {
		assert_true(proof->nr_completions > 0);
		assert_int_equal(proof->nr_copied_completions, proof->nr_completions);
	}
}

static int count_names(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

static void assert_nothing_left(const char *dir, int nr_fds)
{
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(count_names(dir), 0);
	assert_int_equal(count_names("/proc/self/fd"), nr_fds);
}

static void test_twenty_runs_of_twenty(void **state)
{
	char dir[] = "/var/tmp/pagewalk-test-XXXXXX", error[200];
	struct host *host = host_new("");
	atomic_bool cancel = false;
	struct prove_config config = { .dir = mkdtemp(dir),
				       .actor_path = getenv("PAGEWALK_ACTOR"),
				       .cancel = &cancel };
	struct lab_proof proofs[LAB_MAX_PROOFS];
	int nr_fds = count_names("/proc/self/fd");
	size_t nr;

	(void)state;
	for (int run = 0; run < NR_RUNS; run++) {
		if (lab_prove(host, &config, proofs, &nr, error, sizeof(error)))
			fail_msg("%s", error);
		for (size_t i = 0; i < nr; i++) {
			assert_proof_right(&proofs[i]);
			if (!run)
				printf("%-16s %-5s %-8s %s\n", mode_info(proofs[i].mode)->key,
				       proof_socket_name(proofs[i].socket),
				       proof_verdict_name(proofs[i].verdict), proofs[i].evidence);
		}
		assert_nothing_left(dir, nr_fds);
	}
	assert_int_equal(rmdir(dir), 0);
	host_free(host);
}

static void test_cancelled_and_refused(void **state)
{
	char dir[] = "/var/tmp/pagewalk-test-XXXXXX", error[200] = "";
	struct host *host = host_new("");
	atomic_bool cancel = true;
	struct prove_config config = { .dir = mkdtemp(dir),
				       .actor_path = getenv("PAGEWALK_ACTOR"),
				       .cancel = &cancel };
	struct lab_proof proofs[LAB_MAX_PROOFS];
	int nr_fds = count_names("/proc/self/fd");
	size_t nr;

	(void)state;
	assert_int_equal(lab_prove(host, &config, proofs, &nr, error, sizeof(error)), -ECANCELED);
	assert_string_equal(error, "interrupted");
	assert_nothing_left(dir, nr_fds);
	atomic_store(&cancel, false);
	/* A program that is no actor proves nothing. */
	config.actor_path = "/bin/true";
	assert_int_equal(lab_prove(host, &config, proofs, &nr, error, sizeof(error)), 0);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(proofs[i].verdict, PROOF_UNKNOWN);
		assert_non_null(strstr(proofs[i].evidence, "failed: "));
	}
	assert_nothing_left(dir, nr_fds);
	assert_int_equal(rmdir(dir), 0);
	host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twenty_runs_of_twenty),
		cmocka_unit_test(test_cancelled_and_refused),
	};
	const char *actor = getenv("PAGEWALK_ACTOR");

	if (!actor || access(actor, X_OK)) {
		fputs("skipped: PAGEWALK_ACTOR does not name pagewalk-actor\n", stderr);
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
