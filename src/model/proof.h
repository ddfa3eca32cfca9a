/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_PROOF_H
#define PAGEWALK_MODEL_PROOF_H

#include "model/lane_setup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether a mode copies, as far as a receiver can tell: the file is overwritten when the
 * send has returned and nothing has been received yet. Bytes that arrive new were taken
 * from the file's own pages; bytes that arrive old had been copied before.
 */
enum proof_socket {
	PROOF_TCP,
	PROOF_UNIX,
	PROOF_FILE, /* of modes that go from file to file */
	NR_PROOF_SOCKET,
};

enum proof_verdict {
	PROOF_UNKNOWN, /* `evidence` says why */
	PROOF_SHARED,
	PROOF_COPIED,
	NR_PROOF_VERDICT,
};

struct lab_proof {
	enum transfer_mode mode;
	enum proof_socket socket;
	enum proof_verdict verdict;
	/* Of MSG_ZEROCOPY or SEND_ZC, and those that say that the kernel copied after all. */
	uint64_t nr_completions, nr_copied_completions;
	bool unavailable;   /* the mode cannot run here; `evidence` says why */
	char evidence[200]; /* one clause, safe to print */
};

/* Each mode on each kind of socket, or from file to file. */
#define LAB_MAX_PROOFS (2 * NR_MODE)

/* "tcp", "unix", "file" */
const char *proof_socket_name(enum proof_socket socket);
/* "unknown", "shared", "copied" */
const char *proof_verdict_name(enum proof_verdict verdict);
/* What it means that of these two contents, known by their hashes, `received` came. */
enum proof_verdict proof_judge(uint64_t before, uint64_t after, uint64_t received);
/*
 * Fills proofs[LAB_MAX_PROOFS] with what there is to prove, all of it unknown yet; returns
 * how many.
 */
size_t proof_list(struct lab_proof *proofs);
/* The socket on which this mode's proof stands for a lane with such a sink. */
enum proof_socket proof_socket_of(enum transfer_mode mode, enum sink_kind sink);

#endif
