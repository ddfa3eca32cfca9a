/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proofs as a table: a row for each mode and kind of socket. What the words mean, and why
 * they are a proof, is said above it.
 */
#include "out/bench.h"

#include "out/wrap.h"

#include <errno.h>

int out_bench_proofs(FILE *out, const struct bench *bench)
{
	out_wrapped(
		out, "proofs  ",
		"the file is overwritten after the send has returned and before anything is "
		"received: new bytes at the receiver came from the file's own pages "
		"(shared), old ones from a copy (copied). Where the sink is a file, blocks that "
		"it shares with the source (reflink) are asked for instead: overwriting parts "
		"them.");
	fputc('\n', out);
	if (!bench->nr_proofs)
		out_wrapped(out, "  unknown: ", bench->proofs_error);
	for (size_t i = 0; i < bench->nr_proofs; i++) {
		const struct lab_proof *proof = &bench->proofs[i];
		char head[64];

		snprintf(head, sizeof(head), "%-15s %-5s %-8s ", mode_info(proof->mode)->key,
			 proof_socket_name(proof->socket), proof_verdict_name(proof->verdict));
		out_wrapped(out, head, proof->evidence);
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}
