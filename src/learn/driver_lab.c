/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of the lessons on transfer modes. An action is a verb and the modes that it is
 * done with: "send traditional", "prove sendfile splice" (on TCP), "prove-unix sendfile",
 * "compare sendfile" (to traditional). What an action has not found out is unknown, with the
 * lab's own reason; a step forgets what the step before has found.
 */
#include "learn/driver.h"

#include "base/xalloc.h"
#include "lab/drill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Large enough for the CPU times to tell modes apart, small enough not to be waited for. */
#define SIZE_BYTES (UINT64_C(32) << 20)
#define NR_ROUNDS  7

/* What is known of one mode. */
struct finding {
	struct reading sent, proved[NR_PROOF_SOCKET], compared;
	struct drill_figures figures; /* where sent.why is WHY_OK */
};

struct state {
	struct drill *drill;
	atomic_bool never;
	struct finding findings[NR_MODE];
};

struct verb {
	const char *name;
	void (*act)(struct state *state, enum transfer_mode mode);
};

static void note(struct reading *reading, int err, int64_t value, const char *reason)
{
	*reading = (struct reading){ .value = value };
	if (!err)
		return;
	reading->why = why_from_errno(-err);
	if (reading->why == WHY_OK)
		reading->why = WHY_GONE;
	snprintf(reading->reason, sizeof(reading->reason), "%s", reason);
}

static void send_file(struct state *state, enum transfer_mode mode)
{
	struct finding *finding = &state->findings[mode];
	char error[LESSON_REASON] = "";
	int err = drill_send(state->drill, mode, &finding->figures, error, sizeof(error));

	note(&finding->sent, err, 0, error);
}

static void prove_on(struct state *state, enum transfer_mode mode, enum proof_socket socket)
{
	char error[LESSON_REASON] = "";
	struct lab_proof proof;
	int err = drill_prove(state->drill, mode, socket, &proof, error, sizeof(error));

	note(&state->findings[mode].proved[socket], err, proof.verdict == PROOF_SHARED, error);
}

static void prove_tcp(struct state *state, enum transfer_mode mode)
{
	prove_on(state, mode, PROOF_TCP);
}

static void prove_unix(struct state *state, enum transfer_mode mode)
{
	prove_on(state, mode, PROOF_UNIX);
}

static void compare(struct state *state, enum transfer_mode mode)
{
	char error[LESSON_REASON] = "";
	unsigned percent = 0;
	int err = drill_compare(state->drill, mode, MODE_TRADITIONAL, NR_ROUNDS, &percent, error,
				sizeof(error));

	note(&state->findings[mode].compared, err, percent, error);
}

static const struct verb verbs[] = {
	{ "send", send_file },
	{ "prove", prove_tcp },
	{ "prove-unix", prove_unix },
	{ "compare", compare },
};

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* Does what the action says; with state NULL only checks it. False where it says nothing. */
static bool carry_out(struct state *state, const char *action)
{
	char *words = xstrdup(action), *rest = NULL;
	const struct verb *verb = verb_find(strtok_r(words, " ", &rest));
	bool known = false;
	char *key;

	while (verb && (key = strtok_r(NULL, " ", &rest))) {
		enum transfer_mode mode;

		known = mode_by_key(key, &mode);
		if (!known)
			break;
		if (state)
			verb->act(state, mode);
	}
	free(words);
	return known;
}

bool driver_lab_knows(const char *action)
{
	return carry_out(NULL, action);
}

static void forget(struct state *state)
{
	const struct reading unknown = { .why = WHY_NOT_ASKED,
					 .reason = "not measured in this step" };

	for (int mode = 0; mode < NR_MODE; mode++) {
		struct finding *finding = &state->findings[mode];

		finding->sent = finding->compared = unknown;
		for (int socket = 0; socket < NR_PROOF_SOCKET; socket++)
			finding->proved[socket] = unknown;
	}
}

static int begin(const struct driver_setup *setup, void **out, char *error, size_t room)
{
	struct state *state = xcalloc(1, sizeof(*state));
	const struct drill_config config = {
		.actor_path = setup->actor_path,
		.dir = setup->dir,
		.size_bytes = SIZE_BYTES,
		.cancel = setup->cancel ? setup->cancel : &state->never,
	};
	int err;

	atomic_init(&state->never, false);
	forget(state);
	err = drill_open(setup->host, &config, &state->drill, error, room);
	if (err) {
		free(state);
		return err;
	}
	*out = state;
	return 0;
}

static int perform(void *state, const char *action, char *error, size_t room)
{
	forget(state);
	if (carry_out(state, action))
		return 0;
	snprintf(error, room, "no such action: %s", action);
	return -EINVAL;
}

static int64_t figure_of(const struct drill_figures *figures, enum quantity quantity)
{
	switch (quantity) {
	case QUANTITY_COPIES:
		/* Headers that a mode adds are copied too, but are no part of the file. */
		return figures->bytes ? (int64_t)(figures->copied_bytes / figures->bytes) : 0;
	case QUANTITY_CALLS:
		return (int64_t)figures->calls;
	case QUANTITY_TOUCHED:
		return (int64_t)figures->minflt;
	default:
		return figures->intact;
	}
}

static void measure(void *arg, const struct lesson_claim *claim, struct reading *out)
{
	const struct state *state = arg;
	const struct finding *finding = &state->findings[claim->subject];

	switch (claim->quantity) {
	case QUANTITY_SHARED:
		*out = finding->proved[claim->other];
		break;
	case QUANTITY_CPU_PERCENT:
		*out = finding->compared;
		break;
	case QUANTITY_COPIES:
	case QUANTITY_CALLS:
	case QUANTITY_TOUCHED:
	case QUANTITY_INTACT:
		*out = finding->sent;
		if (out->why == WHY_OK)
			out->value = figure_of(&finding->figures, claim->quantity);
		break;
	default:
		*out = (struct reading){ .why = WHY_UNSUPPORTED,
					 .reason = "the lab does not measure it" };
	}
}

static void end(void *arg)
{
	struct state *state = arg;

	drill_close(state->drill);
	free(state);
}

const struct lesson_driver driver_lab = {
	.begin = begin,
	.perform = perform,
	.measure = measure,
	.end = end,
};
