/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_PROVE_H
#define PAGEWALK_LAB_PROVE_H

#include "kernel/host.h"
#include "model/proof.h"

#include <stdatomic.h>
#include <stddef.h>

struct prove_config {
	const char *dir;        /* where files go; NULL: as for struct lab_config */
	const char *actor_path; /* of pagewalk-actor */
	const atomic_bool *cancel;
	const enum sink_kind *sink; /* only what stands for lanes with it; NULL: everything */
};

/*
 * Proves every mode on every kind of socket, with real actors, in the calling thread
 * (PR_SET_PDEATHSIG ties them to it): fills proofs[LAB_MAX_PROOFS] and *nr. What could not
 * be found out is PROOF_UNKNOWN, with its reason. 0, -ECANCELED, or -errno with one line in
 * error[room]; nothing is left behind in any case.
 */
int lab_prove(const struct host *host, const struct prove_config *config, struct lab_proof *proofs,
	      size_t *nr, char *error, size_t room);

/*
 * The same for one mode on one kind of socket, as proof->mode and proof->socket say; the rest
 * of *proof is filled.
 */
int lab_prove_one(const struct host *host, const struct prove_config *config,
		  struct lab_proof *proof, char *error, size_t room);

#endif
