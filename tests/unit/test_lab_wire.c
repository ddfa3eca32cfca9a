/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between coordinator and actor: what is well formed passes, all else is refused. */
#include "base/why.h"
#include "lab/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int check(const struct wire_message *message)
{
	struct wire_message out;

	return wire_check(message, sizeof(*message), &out);
}

static void test_good_messages_pass(void **state)
{
	(void)state;
	for (int type = 0; type < NR_WIRE; type++) {
		struct wire_message message = wire_message_make((enum wire_type)type), out;

		message.port = 40000;
		message.framing = WIRE_FRAMED;
		message.size_bytes = UINT64_C(1) << 40;
		assert_int_equal(wire_check(&message, sizeof(message), &out), 0);
		assert_memory_equal(&out, &message, sizeof(out));
	}
}

static void test_wrong_length_is_refused(void **state)
{
	struct wire_message message = wire_message_make(WIRE_START), out;
	char longer[sizeof(message) + 1] = { 0 };

	(void)state;
	memcpy(longer, &message, sizeof(message));
	assert_int_equal(wire_check(longer, sizeof(longer), &out), -EPROTO);
	for (size_t len = 0; len < sizeof(message); len++)
		assert_int_equal(wire_check(&message, len, &out), -EPROTO);
	message.len_bytes--;
	assert_int_equal(check(&message), -EPROTO);
}

static void test_wrong_head_is_refused(void **state)
{
	struct wire_message message = wire_message_make(WIRE_START);

	(void)state;
	message.magic ^= 1;
	assert_int_equal(check(&message), -EPROTO);
	message = wire_message_make(WIRE_START);
	message.version++;
	assert_int_equal(check(&message), -EPROTO);
	message = wire_message_make(NR_WIRE);
	assert_int_equal(check(&message), -EPROTO);
	message = wire_message_make(WIRE_START);
	message.type = UINT16_MAX;
	assert_int_equal(check(&message), -EPROTO);
}

static void test_fields_out_of_bounds_are_refused(void **state)
{
	struct wire_message message = wire_message_make(WIRE_LISTENING);

	(void)state;
	assert_int_equal(check(&message), -EPROTO); /* no port */
	message.port = WIRE_MAX_PORT + 1;
	assert_int_equal(check(&message), -EPROTO);
	message.port = WIRE_MAX_PORT;
	assert_int_equal(check(&message), 0);
	message = wire_message_make(WIRE_READY);
	message.port = 1;
	message.framing = NR_WIRE_FRAMING;
	assert_int_equal(check(&message), -EPROTO);
	message = wire_message_make(WIRE_FAILED);
	memset(message.text, 'x', sizeof(message.text));
	assert_int_equal(check(&message), -EPROTO); /* no end of the text */
	message.text[sizeof(message.text) - 1] = '\0';
	assert_int_equal(check(&message), 0);
}

static void test_sizes_out_of_bounds_are_refused(void **state)
{
	static const enum wire_type types[] = { WIRE_LISTEN, WIRE_PREPARE };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct wire_message good = wire_message_make(types[i]), message;

		good.port = 1;
		good.sink = NR_SINK - 1;
		good.buffer_bytes = SETUP_MAX_BUFFER_BYTES;
		good.window_bytes = SETUP_MAX_WINDOW_BYTES;
		assert_int_equal(check(&good), 0);
		message = good;
		message.sink = NR_SINK;
		assert_int_equal(check(&message), -EPROTO);
		message = good;
		message.buffer_bytes++;
		assert_int_equal(check(&message), -EPROTO);
		message = good;
		message.window_bytes += SETUP_WINDOW_UNIT;
		assert_int_equal(check(&message), -EPROTO);
		message.window_bytes = SETUP_WINDOW_UNIT / 2;
		assert_int_equal(check(&message), -EPROTO);
		message = good;
		message.flags = WIRE_ALL_FLAGS + 1;
		assert_int_equal(check(&message), -EPROTO);
	}
}

/* More copies than completions: whoever says so cannot count. */
static void test_completions_are_plausible(void **state)
{
	struct wire_message message = wire_message_make(WIRE_SENT);

	(void)state;
	message.nr_completions = message.nr_copied_completions = 7;
	assert_int_equal(check(&message), 0);
	message.nr_copied_completions++;
	assert_int_equal(check(&message), -EPROTO);
	message.nr_copied_completions = 0;
	message.usage.perf_why = NR_WHY;
	assert_int_equal(check(&message), -EPROTO);
}

static void test_refused_message_leaves_the_last_one(void **state)
{
	struct wire_message message = wire_message_make(WIRE_PACE), out = message;

	(void)state;
	message.magic = 0;
	message.pace_bytes_per_s = 1;
	assert_int_equal(wire_check(&message, sizeof(message), &out), -EPROTO);
	assert_int_equal(out.magic, WIRE_MAGIC);
	assert_int_equal(out.pace_bytes_per_s, 0);
}

static int make_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static void test_messages_travel_whole_and_in_order(void **state)
{
	struct wire_message message = wire_message_make(WIRE_PACE), out;
	int pair[2];

	(void)state;
	assert_int_equal(make_pair(pair), 0);
	assert_int_equal(wire_receive(pair[1], 0, &out), 0);
	for (uint64_t i = 0; i < 3; i++) {
		message.pace_bytes_per_s = i;
		assert_int_equal(wire_send(pair[0], &message), 0);
	}
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(wire_receive(pair[1], -1, &out), 1);
		assert_int_equal(out.pace_bytes_per_s, i);
	}
	close(pair[0]);
	assert_int_equal(wire_receive(pair[1], -1, &out), -EPIPE);
	assert_int_equal(wire_send(pair[1], &message), -EPIPE);
	close(pair[1]);
}

static void test_garbage_from_a_socket_is_an_error(void **state)
{
	char garbage[4 * sizeof(struct wire_message)];
	struct wire_message out;
	int pair[2];

	(void)state;
	memset(garbage, 0x5a, sizeof(garbage));
	assert_int_equal(make_pair(pair), 0);
	for (size_t len = 1; len <= sizeof(garbage); len += 37) {
		assert_int_equal(send(pair[0], garbage, len, 0), len);
		assert_int_equal(wire_receive(pair[1], -1, &out), -EPROTO);
	}
	assert_int_equal(send(pair[0], garbage, sizeof(out), 0), sizeof(out));
	assert_int_equal(wire_receive(pair[1], -1, &out), -EPROTO);
	close(pair[0]);
	close(pair[1]);
}

static void test_sending_never_blocks(void **state)
{
	struct wire_message message = wire_message_make(WIRE_PACE);
	int pair[2], err = 0;

	(void)state;
	assert_int_equal(make_pair(pair), 0);
	for (int i = 0; i < 100000 && !err; i++)
		err = wire_send(pair[0], &message);
	assert_int_equal(err, -EAGAIN);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_messages_pass),
		cmocka_unit_test(test_wrong_length_is_refused),
		cmocka_unit_test(test_wrong_head_is_refused),
		cmocka_unit_test(test_fields_out_of_bounds_are_refused),
		cmocka_unit_test(test_sizes_out_of_bounds_are_refused),
		cmocka_unit_test(test_completions_are_plausible),
		cmocka_unit_test(test_refused_message_leaves_the_last_one),
		cmocka_unit_test(test_messages_travel_whole_and_in_order),
		cmocka_unit_test(test_garbage_from_a_socket_is_an_error),
		cmocka_unit_test(test_sending_never_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
