/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proofs of copies. A lane of the mode in question, with its real sender, sends a file of
 * a few pages to a sink that is held back (WIRE_HOLD). When the sender has reported, and
 * with MSG_ZEROCOPY and SEND_ZC its completions have come, the file is overwritten in place
 * (pwrite(2) changes the page cache's own pages), and only then the sink may receive. Its
 * hash is then that of the content before or of the content after.
 *
 * The file is small enough for every socket to take it whole, and for TCP to deliver it at
 * once: what still waited in the sender's queue would prove less.
 */
#include "lab/prove.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "kernel/extents.h"
#include "lab/files.h"
#include "lab/lane.h"
#include "lab/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NR_PAGES  4
#define STEP_NS   (20 * NS_PER_S) /* for a half to report */
#define SLICE_MS  50
#define SEED      (UINT64_C(0x70) << 48)
#define OTHER     (UINT64_C(0x71) << 48)
#define LANE_NAME "%s/lane-proof.bin"
#define NEW_NAME  "%s/lane-proof-after.bin"

/* What all proofs of a run share. */
struct prover {
	const struct host *host;
	const struct prove_config *config;
	struct run_dir *run;
	size_t len_bytes;
	char *after; /* the content that overwrites */
	uint64_t before_hash, after_hash;
	char *path;
};

static void ignore_progress(void *arg, uint64_t len_bytes)
{
	(void)arg;
	(void)len_bytes;
}

static int generate(const struct prover *prover, const char *path, uint64_t seed, uint64_t *hash)
{
	const struct files_watch watch = { prover->config->cancel, ignore_progress, NULL };

	return files_generate(path, prover->len_bytes, seed, &watch, hash);
}

static int read_whole(const char *path, char *out, size_t len_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = pread(fd, out, len_bytes, 0);
	if (got != (ssize_t)len_bytes)
		err = got < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

/* The content that will overwrite, and its hash. */
static int make_after(struct prover *prover)
{
	char *path = xasprintf(NEW_NAME, run_dir_path(prover->run));
	int err = generate(prover, path, OTHER, &prover->after_hash);

	if (!err)
		err = read_whole(path, prover->after, prover->len_bytes);
	unlink(path);
	free(path);
	return err;
}

/* The file's own pages get other bytes. 0 or -errno. */
static int overwrite(const struct prover *prover)
{
	int fd = open(prover->path, O_WRONLY | O_CLOEXEC), err = 0;
	ssize_t took;

	if (fd < 0)
		return -errno;
	took = pwrite(fd, prover->after, prover->len_bytes, 0);
	if (took != (ssize_t)prover->len_bytes)
		err = took < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

/* Hears both halves until this one has reported. 0, -ECANCELED, or -ETIMEDOUT. */
static int await_report(struct prover *prover, struct lane *lane, enum lane_part part)
{
	uint64_t end_ns = clock_mono_ns() + STEP_NS;

	while (!lane_state_is_final(lane->view.state) && !lane->halves[part].reported) {
		struct pollfd wanted[NR_LANE_PART];

		if (atomic_load(prover->config->cancel))
			return -ECANCELED;
		if (clock_mono_ns() > end_ns)
			return -ETIMEDOUT;
		for (int i = 0; i < NR_LANE_PART; i++)
			wanted[i] = (struct pollfd){ .fd = lane->halves[i].actor.control_fd,
						     .events = POLLIN };
		if (poll(wanted, NR_LANE_PART, SLICE_MS) <= 0)
			continue;
		for (int i = 0; i < NR_LANE_PART; i++)
			if (wanted[i].revents && lane_can_hear(lane, (enum lane_part)i))
				lane_hear(lane, (enum lane_part)i);
	}
	return 0;
}

__attribute__((format(printf, 2, 3))) static void say(struct lab_proof *proof, const char *format,
						      ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(proof->evidence, sizeof(proof->evidence), format, args);
	va_end(args);
}

/* What arrived, in a clause. */
static void conclude(const struct prover *prover, const struct lane *lane, struct lab_proof *proof)
{
	static const char *const arrived[NR_PROOF_VERDICT] = {
		[PROOF_UNKNOWN] = "neither the old nor the new bytes arrived whole",
		[PROOF_SHARED] = "overwritten after the send: the new bytes arrived",
		[PROOF_COPIED] = "overwritten after the send: the old bytes arrived",
	};

	proof->verdict = proof_judge(prover->before_hash, prover->after_hash, lane->received_hash);
	proof->nr_completions = lane->view.nr_completions;
	proof->nr_copied_completions = lane->view.nr_copied_completions;
	if (mode_info(proof->mode)->reports)
		say(proof, "%s; %llu of %llu completions say COPIED", arrived[proof->verdict],
		    (unsigned long long)proof->nr_copied_completions,
		    (unsigned long long)proof->nr_completions);
	else
		say(proof, "%s", arrived[proof->verdict]);
}

/*
 * Blocks that two files share stay as they are when one is written to (copy on write), so
 * old bytes in the target say nothing there; the extents do, before anything is overwritten.
 */
static bool shares_blocks(const struct lane *lane)
{
	uint32_t nr_shared, nr_extents;

	return lane->target_path &&
	       extents_count_shared(lane->target_path, &nr_shared, &nr_extents) == WHY_OK &&
	       nr_extents && nr_shared == nr_extents;
}

/* From a lane that is ready to its verdict. 0 or -errno. */
static int run_proof(struct prover *prover, struct lane *lane, struct lab_proof *proof)
{
	bool reflink;
	int err;

	lane_go(lane);
	err = await_report(prover, lane, LANE_SENDER);
	if (err || lane_state_is_final(lane->view.state))
		return err;
	reflink = shares_blocks(lane);
	err = overwrite(prover);
	if (err)
		return err;
	lane_let_receive(lane);
	err = await_report(prover, lane, LANE_SINK);
	if (err || lane->view.state != LANE_DONE || !lane->hashed)
		return err;
	conclude(prover, lane, proof);
	if (reflink) {
		proof->verdict = PROOF_SHARED;
		say(proof, "every extent of the target is shared (reflink, by FIEMAP)");
	}
	return 0;
}

static int raise_and_run(struct prover *prover, struct lane *lane, struct lab_proof *proof)
{
	const atomic_bool *cancel = prover->config->cancel;
	int err = generate(prover, prover->path, SEED, &prover->before_hash);

	if (!err)
		err = lane_set_file(lane, prover->path, prover->len_bytes, prover->before_hash);
	if (err)
		return err;
	lane_raise(lane, prover->config->actor_path, 0, cancel);
	lane_reach(lane, LAB_HOT, cancel);
	if (atomic_load(cancel))
		return -ECANCELED;
	return lane->view.state == LANE_READY ? run_proof(prover, lane, proof) : 0;
}

static int prove_one(struct prover *prover, struct lab_proof *proof)
{
	static const enum sink_kind sinks[NR_PROOF_SOCKET] = {
		[PROOF_TCP] = SINK_MEMORY,
		[PROOF_UNIX] = SINK_UNIX,
		[PROOF_FILE] = SINK_DISK,
	};
	const struct lane_setup setup = { .mode = proof->mode,
					  .sink = sinks[proof->socket],
					  .verify = true };
	struct lane lane;
	int err;

	lane_init(&lane, prover->host, &setup);
	lane.hold = true;
	err = raise_and_run(prover, &lane, proof);
	/* Of one that did not come to its end, the reason is all there is to say. */
	proof->unavailable = lane.view.state == LANE_UNAVAILABLE;
	if (lane.view.error[0])
		say(proof, "%s: %s", lane_state_name(lane.view.state), lane.view.error);
	else if (err)
		say(proof, "%s", strerror(-err));
	lanes_end(&lane, 1);
	lane_clear(&lane);
	unlink(prover->path);
	return err == -ECANCELED ? err : 0;
}

static bool is_wanted(const struct prove_config *config, const struct lab_proof *proof)
{
	return !config->sink || proof_socket_of(proof->mode, *config->sink) == proof->socket;
}

static int prove_all(const struct host *host, const struct prove_config *config,
		     struct lab_proof *proofs, size_t nr, char *error, size_t room)
{
	struct prover prover = { .host = host, .config = config };
	int err;

	err = run_dir_open(config->dir, false, config->actor_path, &prover.run, error, room);
	if (err)
		return err;
	prover.len_bytes = NR_PAGES * (size_t)sysconf(_SC_PAGESIZE);
	prover.after = xmalloc(prover.len_bytes);
	prover.path = xasprintf(LANE_NAME, run_dir_path(prover.run));
	err = make_after(&prover);
	if (err && err != -ECANCELED)
		snprintf(error, room, "the file of the proofs: %s", strerror(-err));
	for (size_t i = 0; i < nr && !err; i++)
		if (is_wanted(config, &proofs[i]))
			err = prove_one(&prover, &proofs[i]);
	if (err == -ECANCELED)
		snprintf(error, room, "interrupted");
	free(prover.path);
	free(prover.after);
	run_dir_close(prover.run);
	return err;
}

int lab_prove(const struct host *host, const struct prove_config *config, struct lab_proof *proofs,
	      size_t *nr, char *error, size_t room)
{
	*nr = proof_list(proofs);
	return prove_all(host, config, proofs, *nr, error, room);
}

int lab_prove_one(const struct host *host, const struct prove_config *config,
		  struct lab_proof *proof, char *error, size_t room)
{
	return prove_all(host, config, proof, 1, error, room);
}
