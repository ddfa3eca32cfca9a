/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of the remote sink as bytes. Whatever comes from the network is foreign:
 * nothing of it is used before every field has been found within its bounds.
 *
 *	 0  magic, version (16 bits), type (16 bits), length (32 bits)
 *	12  status, sink, flags: 32 bits each
 *	24  eleven numbers of 64 bits
 *	112 text
 */
#include "lab/remote_wire.h"

#include <errno.h>
#include <string.h>

#define OFF_VERSION 4
#define OFF_TYPE    6
#define OFF_LENGTH  8
#define OFF_STATUS  12
#define OFF_SINK    16
#define OFF_FLAGS   20
#define OFF_NUMBERS 24
#define NR_NUMBERS  11
#define OFF_TEXT    (OFF_NUMBERS + 8 * NR_NUMBERS)

_Static_assert(OFF_TEXT + REMOTE_TEXT <= REMOTE_BYTES, "a message holds its text");

enum flag {
	FLAG_FRAMED = 1,
	FLAG_VERIFY = 2,
	FLAG_HAS_HASH = 4,
	FLAGS = 7,
};

/* The numbers in the order in which they stand in a message. */
static const size_t number_fields[NR_NUMBERS] = {
	offsetof(struct remote_message, buffer_bytes), offsetof(struct remote_message, size_bytes),
	offsetof(struct remote_message, hash),         offsetof(struct remote_message, elapsed_ns),
	offsetof(struct remote_message, user_ns),      offsetof(struct remote_message, system_ns),
	offsetof(struct remote_message, minflt),       offsetof(struct remote_message, majflt),
	offsetof(struct remote_message, voluntary),    offsetof(struct remote_message, involuntary),
	offsetof(struct remote_message, calls),
};

static void put(unsigned char *at, uint64_t value, size_t len_bytes)
{
	while (len_bytes--) {
		at[len_bytes] = (unsigned char)value;
		value >>= 8;
	}
}

static uint64_t get(const unsigned char *at, size_t len_bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len_bytes; i++)
		value = value << 8 | at[i];
	return value;
}

struct remote_message remote_message_make(enum remote_type type)
{
	struct remote_message message;

	memset(&message, 0, sizeof(message));
	message.type = type;
	return message;
}

void remote_encode(const struct remote_message *message, unsigned char out[REMOTE_BYTES])
{
	unsigned flags = (message->framed ? FLAG_FRAMED : 0) | (message->verify ? FLAG_VERIFY : 0) |
			 (message->has_hash ? FLAG_HAS_HASH : 0);

	memset(out, 0, REMOTE_BYTES);
	put(out, REMOTE_MAGIC, 4);
	put(out + OFF_VERSION, REMOTE_VERSION, 2);
	put(out + OFF_TYPE, (uint64_t)message->type, 2);
	put(out + OFF_LENGTH, REMOTE_BYTES, 4);
	put(out + OFF_STATUS, (uint64_t)message->status, 4);
	put(out + OFF_SINK, (uint64_t)message->sink, 4);
	put(out + OFF_FLAGS, flags, 4);
	for (size_t i = 0; i < NR_NUMBERS; i++) {
		uint64_t value;

		memcpy(&value, (const char *)message + number_fields[i], sizeof(value));
		put(out + OFF_NUMBERS + 8 * i, value, 8);
	}
	memcpy(out + OFF_TEXT, message->text, REMOTE_TEXT);
	out[OFF_TEXT + REMOTE_TEXT - 1] = '\0';
}

/* 0, or -EPROTO unless the text ends within its room and is printable ASCII. */
static int take_text(const unsigned char *at, char out[REMOTE_TEXT])
{
	if (!memchr(at, '\0', REMOTE_TEXT))
		return -EPROTO;
	for (size_t i = 0; at[i]; i++) {
		if (at[i] < ' ' || at[i] > '~')
			return -EPROTO;
		out[i] = (char)at[i];
	}
	return 0;
}

static int check_bounds(const struct remote_message *got)
{
	if (got->type == REMOTE_REQUEST && got->status != REMOTE_OK)
		return -EPROTO;
	if (got->size_bytes > REMOTE_MOST_BYTES || got->buffer_bytes > REMOTE_MOST_BUFFER_BYTES)
		return -EPROTO;
	return 0;
}

int remote_decode(const unsigned char *bytes, size_t len_bytes, struct remote_message *out)
{
	struct remote_message got;
	uint64_t type, status, sink, flags;

	if (len_bytes != REMOTE_BYTES || get(bytes, 4) != REMOTE_MAGIC)
		return -EPROTO;
	if (get(bytes + OFF_VERSION, 2) != REMOTE_VERSION)
		return -EPROTONOSUPPORT;
	type = get(bytes + OFF_TYPE, 2);
	status = get(bytes + OFF_STATUS, 4);
	sink = get(bytes + OFF_SINK, 4);
	flags = get(bytes + OFF_FLAGS, 4);
	if (get(bytes + OFF_LENGTH, 4) != REMOTE_BYTES || type >= NR_REMOTE_TYPE ||
	    status >= NR_REMOTE_STATUS || sink >= NR_REMOTE_SINK || flags > FLAGS)
		return -EPROTO;
	got = remote_message_make((enum remote_type)type);
	got.status = (enum remote_status)status;
	got.sink = (enum remote_sink)sink;
	got.framed = flags & FLAG_FRAMED;
	got.verify = flags & FLAG_VERIFY;
	got.has_hash = flags & FLAG_HAS_HASH;
	for (size_t i = 0; i < NR_NUMBERS; i++) {
		uint64_t value = get(bytes + OFF_NUMBERS + 8 * i, 8);

		memcpy((char *)&got + number_fields[i], &value, sizeof(value));
	}
	if (take_text(bytes + OFF_TEXT, got.text) || check_bounds(&got))
		return -EPROTO;
	*out = got;
	return 0;
}

const char *remote_sink_name(enum remote_sink sink)
{
	static const char *const names[NR_REMOTE_SINK] = {
		[REMOTE_MEMORY] = "memory",
		[REMOTE_DISCARD] = "discard",
		[REMOTE_DISK] = "disk",
	};

	return names[sink];
}
