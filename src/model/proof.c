/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proofs as facts: what there is to prove, and what an answer means. */
#include "model/proof.h"

#include <stdio.h>

const char *proof_socket_name(enum proof_socket socket)
{
	static const char *const names[NR_PROOF_SOCKET] = {
		[PROOF_TCP] = "tcp",
		[PROOF_UNIX] = "unix",
		[PROOF_FILE] = "file",
	};

	return names[socket];
}

const char *proof_verdict_name(enum proof_verdict verdict)
{
	static const char *const names[NR_PROOF_VERDICT] = {
		[PROOF_UNKNOWN] = "unknown",
		[PROOF_SHARED] = "shared",
		[PROOF_COPIED] = "copied",
	};

	return names[verdict];
}

enum proof_verdict proof_judge(uint64_t before, uint64_t after, uint64_t received)
{
	if (before == after)
		return PROOF_UNKNOWN;
	if (received == after)
		return PROOF_SHARED;
	return received == before ? PROOF_COPIED : PROOF_UNKNOWN;
}

size_t proof_list(struct lab_proof *proofs)
{
	size_t nr = 0;

	for (int mode = 0; mode < NR_MODE; mode++) {
		bool file = mode_info((enum transfer_mode)mode)->file_to_file;
		enum proof_socket last = file ? PROOF_FILE : PROOF_UNIX;

		for (int socket = file ? PROOF_FILE : PROOF_TCP; socket <= (int)last; socket++) {
			struct lab_proof *proof = &proofs[nr++];

			*proof = (struct lab_proof){ .mode = (enum transfer_mode)mode,
						     .socket = (enum proof_socket)socket };
			snprintf(proof->evidence, sizeof(proof->evidence), "not tried");
		}
	}
	return nr;
}

enum proof_socket proof_socket_of(enum transfer_mode mode, enum sink_kind sink)
{
	if (mode_info(mode)->file_to_file)
		return PROOF_FILE;
	return sink_info(sink)->transport == TRANSPORT_UNIX ? PROOF_UNIX : PROOF_TCP;
}
