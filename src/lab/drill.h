/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_DRILL_H
#define PAGEWALK_LAB_DRILL_H

#include "kernel/host.h"
#include "model/lane_setup.h"
#include "model/proof.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Single transfers for lessons: one file, sent once by one mode, with the figures of that
 * transfer; the same proof of a copy as the benchmark has; and two modes against each other.
 * Everything runs in the calling thread, which the actors are tied to (lab/spawn.h).
 */
struct drill;

struct drill_config {
	const char *actor_path; /* of pagewalk-actor */
	const char *dir;        /* for the file; NULL: as for struct lab_config */
	uint64_t size_bytes;
	const atomic_bool *cancel;
};

/* What one transfer came to, counted by the sender at each of its calls. */
struct drill_figures {
	uint64_t bytes;        /* that arrived */
	uint64_t copied_bytes; /* by the sender, into, out of or within user memory */
	uint64_t calls;        /* that move or map the file's bytes */
	uint64_t minflt;       /* of the sender while it sent; getrusage(2) */
	uint64_t cpu_ns;       /* of sender and sink */
	bool intact;           /* the sink's hash is that of the file */
};

/* Writes the file. 0, or -errno with one line in error[room]; drill_close() ends it. */
int drill_open(const struct host *host, const struct drill_config *config, struct drill **out,
	       char *error, size_t room);
/* Removes the file. */
void drill_close(struct drill *drill);
uint64_t drill_size_bytes(const struct drill *drill);
/*
 * Sends the whole file, which is in the page cache, over TCP on this machine; the sink hashes
 * what it receives. 0, -EOPNOTSUPP where the mode cannot run here, or -errno, with one line in
 * error[room].
 */
int drill_send(struct drill *drill, enum transfer_mode mode, struct drill_figures *out, char *error,
	       size_t room);
/* Proves whether the mode copies (lab/prove.h). As drill_send(); PROOF_UNKNOWN is an error. */
int drill_prove(struct drill *drill, enum transfer_mode mode, enum proof_socket socket,
		struct lab_proof *out, char *error, size_t room);
/*
 * The CPU time of sender and sink by `mode` in percent of that by `other`: the median of
 * nr_rounds pairs of transfers, in turns first. The sinks do not hash. As drill_send().
 */
int drill_compare(struct drill *drill, enum transfer_mode mode, enum transfer_mode other,
		  unsigned nr_rounds, unsigned *percent, char *error, size_t room);

#endif
