/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the remote sink: what is sent is what is read, and nothing else is taken. */
#include "lab/remote_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static struct remote_message receipt(void)
{
	struct remote_message message = remote_message_make(REMOTE_RECEIPT);

	message.status = REMOTE_BROKEN;
	message.sink = REMOTE_DISK;
	message.framed = true;
	message.has_hash = true;
	message.size_bytes = UINT64_C(0x0102030405);
	message.hash = UINT64_C(0xfedcba9876543210);
	message.elapsed_ns = 3;
	message.user_ns = 4;
	message.system_ns = 5;
	message.minflt = 6;
	message.majflt = 7;
	message.voluntary = 8;
	message.involuntary = 9;
	message.calls = 10;
	strcpy(message.text, "no space left");
	return message;
}

static void test_what_is_sent_is_read(void **state)
{
	struct remote_message sent = receipt(), got;
	unsigned char bytes[REMOTE_BYTES];

	(void)state;
	remote_encode(&sent, bytes);
	assert_int_equal(remote_decode(bytes, sizeof(bytes), &got), 0);
	assert_memory_equal(&sent, &got, sizeof(sent));
}

/* Two machines agree only where the bytes stay as they are. */
static void test_layout_is_fixed(void **state)
{
	static const unsigned char head[] = { 'P', 'W', 'R', 'B', 0, 1, 0, 2, 0, 0, 1, 0,
					      0,   0,   0,   4,   0, 0, 0, 2, 0, 0, 0, 5 };
	static const unsigned char size[] = { 0, 0, 0, 1, 2, 3, 4, 5 };
	struct remote_message sent = receipt();
	unsigned char bytes[REMOTE_BYTES];

	(void)state;
	remote_encode(&sent, bytes);
	assert_memory_equal(bytes, head, sizeof(head));
	assert_memory_equal(bytes + 32, size, sizeof(size));
	assert_memory_equal(bytes + 112, "no space left", 14);
}

static void test_wrong_length_is_refused(void **state)
{
	struct remote_message sent = receipt(), got;
	unsigned char bytes[REMOTE_BYTES + 1] = { 0 };

	(void)state;
	remote_encode(&sent, bytes);
	for (size_t len = 0; len < REMOTE_BYTES; len++)
		assert_int_equal(remote_decode(bytes, len, &got), -EPROTO);
	assert_int_equal(remote_decode(bytes, REMOTE_BYTES + 1, &got), -EPROTO);
}

/* One field at a time out of its bounds. */
static void test_each_bound_is_kept(void **state)
{
	static const struct {
		size_t off;
		unsigned char value;
		int err;
	} wrong[] = {
		{ 0, 'Q', -EPROTO },
		{ 5, 2, -EPROTONOSUPPORT },
		{ 7, NR_REMOTE_TYPE, -EPROTO },
		{ 11, 1, -EPROTO },
		{ 15, NR_REMOTE_STATUS, -EPROTO },
		{ 19, NR_REMOTE_SINK, -EPROTO },
		{ 23, 8, -EPROTO },
		{ 24, 1, -EPROTO },
		{ 32, 1, -EPROTO },
		{ 112, 0x1b, -EPROTO },
		{ 113, 0x80, -EPROTO },
	};
	struct remote_message sent = receipt(), got;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		unsigned char bytes[REMOTE_BYTES];

		remote_encode(&sent, bytes);
		bytes[wrong[i].off] = wrong[i].value;
		assert_int_equal(remote_decode(bytes, sizeof(bytes), &got), wrong[i].err);
	}
}

static void test_text_without_end_is_refused(void **state)
{
	struct remote_message sent = receipt(), got;
	unsigned char bytes[REMOTE_BYTES];

	(void)state;
	memset(sent.text, 'x', sizeof(sent.text));
	remote_encode(&sent, bytes);
	assert_int_equal(remote_decode(bytes, sizeof(bytes), &got), 0);
	assert_int_equal(strlen(got.text), REMOTE_TEXT - 1);
	bytes[112 + REMOTE_TEXT - 1] = 'x';
	assert_int_equal(remote_decode(bytes, sizeof(bytes), &got), -EPROTO);
}

static void test_a_request_has_no_status(void **state)
{
	struct remote_message sent = remote_message_make(REMOTE_REQUEST), got;
	unsigned char bytes[REMOTE_BYTES];

	(void)state;
	sent.status = REMOTE_BUSY;
	remote_encode(&sent, bytes);
	assert_int_equal(remote_decode(bytes, sizeof(bytes), &got), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sent_is_read),
		cmocka_unit_test(test_layout_is_fixed),
		cmocka_unit_test(test_wrong_length_is_refused),
		cmocka_unit_test(test_each_bound_is_kept),
		cmocka_unit_test(test_text_without_end_is_refused),
		cmocka_unit_test(test_a_request_has_no_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
