/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The remote sink against good peers and bad ones, over loopback: what it acknowledges is
 * what came, it takes no more than it said, and nothing that a peer does or leaves undone
 * ends it or keeps others waiting.
 */
#include "base/clock.h"
#include "base/xalloc.h"
#include "lab/remote.h"
#include "lab/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define WAIT_NS  (60 * NS_PER_S)
#define MIB      (UINT64_C(1) << 20)
#define MOST     (8 * MIB)
#define NR_SLOTS 2
#define NR_DONE  16

struct fixture {
	char dir[64];
	struct remote_server_config config;
	struct remote_server *server;
	struct remote_address address;
	pthread_t thread;
	bool running;
	int stop_fd;
	int done_fd;                      /* eventfd(2): connections that have ended */
	struct remote_done done[NR_DONE]; /* in the order of their end */
	char files[NR_DONE][128];
	size_t nr_done;
};

static const atomic_bool never;

static void note_done(void *arg, const struct remote_done *done)
{
	struct fixture *fixture = arg;
	const uint64_t one = 1;

	assert_true(fixture->nr_done < NR_DONE);
	if (done->file)
		snprintf(fixture->files[fixture->nr_done], sizeof(fixture->files[0]), "%s",
			 done->file);
	fixture->done[fixture->nr_done++] = *done;
	assert_int_equal(write(fixture->done_fd, &one, sizeof(one)), sizeof(one));
}

static void *run_server(void *arg)
{
	struct fixture *fixture = arg;

	assert_int_equal(remote_server_run(fixture->server, fixture->stop_fd), 0);
	return NULL;
}

static int setup(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	strcpy(fixture->dir, "/var/tmp/pagewalk-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture->stop_fd = eventfd(0, EFD_CLOEXEC);
	fixture->done_fd = eventfd(0, EFD_CLOEXEC);
	fixture->config = (struct remote_server_config){
		.listen = { "127.0.0.1", "0" },
		.most_bytes = MOST,
		.most_connections = NR_SLOTS,
		.quiet_ns = 30 * NS_PER_S,
		.done = note_done,
		.arg = fixture,
	};
	*state = fixture;
	return 0;
}

static void start(struct fixture *fixture)
{
	char error[400] = "";

	if (remote_server_open(&fixture->config, &fixture->server, error, sizeof(error)))
		fail_msg("%s", error);
	remote_server_address(fixture->server, &fixture->address);
	assert_string_not_equal(fixture->address.port, "0");
	assert_int_equal(pthread_create(&fixture->thread, NULL, run_server, fixture), 0);
	fixture->running = true;
}

static void stop(struct fixture *fixture)
{
	const uint64_t one = 1;

	if (!fixture->running)
		return;
	assert_int_equal(write(fixture->stop_fd, &one, sizeof(one)), sizeof(one));
	pthread_join(fixture->thread, NULL);
	fixture->running = false;
}

/* Whatever a test did, the server ends, and below its directory nothing is left. */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	stop(fixture);
	remote_server_close(fixture->server);
	for (size_t i = 0; i < fixture->nr_done; i++)
		if (fixture->files[i][0])
			assert_int_equal(unlink(fixture->files[i]), 0);
	assert_int_equal(rmdir(fixture->dir), 0);
	close(fixture->stop_fd);
	close(fixture->done_fd);
	free(fixture);
	return 0;
}

/* Waits until one more connection has ended, and returns what came of it. */
static const struct remote_done *await_done(struct fixture *fixture)
{
	struct pollfd event = { .fd = fixture->done_fd, .events = POLLIN };
	uint64_t nr;

	assert_int_equal(poll(&event, 1, (int)(WAIT_NS / NS_PER_MS)), 1);
	assert_int_equal(read(fixture->done_fd, &nr, sizeof(nr)), sizeof(nr));
	return &fixture->done[fixture->nr_done - 1];
}

static struct remote_message request(enum remote_sink sink, uint64_t size_bytes)
{
	struct remote_message message = remote_message_make(REMOTE_REQUEST);

	message.sink = sink;
	message.size_bytes = size_bytes;
	return message;
}

static int ask(struct fixture *fixture, const struct remote_message *message)
{
	char error[400] = "";
	int fd = remote_link_open(&fixture->address, message, WAIT_NS, &never, error,
				  sizeof(error));

	if (fd < 0)
		fail_msg("%s", error);
	return fd;
}

static void expect_refusal(struct fixture *fixture, const struct remote_message *message,
			   const char *why)
{
	char error[400] = "";

	assert_int_equal(
		remote_link_open(&fixture->address, message, WAIT_NS, &never, error, sizeof(error)),
		-EACCES);
	if (!strstr(error, why))
		fail_msg("'%s' does not say '%s'", error, why);
	await_done(fixture);
}

static void fill(char *bytes, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++)
		bytes[i] = (char)(i * 31 + (i >> 8));
}

static void send_all(int fd, const void *bytes, size_t len_bytes)
{
	const char *at = bytes;

	while (len_bytes) {
		ssize_t took = send(fd, at, len_bytes, MSG_NOSIGNAL);

		assert_true(took > 0);
		at += took;
		len_bytes -= (size_t)took;
	}
}

static struct remote_message receipt(int fd)
{
	struct remote_message got;
	char error[400] = "";

	if (remote_link_receipt(fd, WAIT_NS, &never, &got, error, sizeof(error)))
		fail_msg("%s", error);
	close(fd);
	return got;
}

/* Sends so many bytes to this sink and checks what it says of them. */
static struct remote_message transfer(struct fixture *fixture, enum remote_sink sink,
				      uint64_t size_bytes, bool verify)
{
	struct remote_message message = request(sink, size_bytes), got;
	char *bytes = xmalloc(size_bytes ? size_bytes : 1);
	int fd;

	fill(bytes, size_bytes);
	message.verify = verify;
	fd = ask(fixture, &message);
	send_all(fd, bytes, size_bytes);
	got = receipt(fd);
	assert_int_equal(got.size_bytes, size_bytes);
	assert_int_equal(got.has_hash, verify);
	if (verify)
		assert_true(got.hash == XXH3_64bits(bytes, size_bytes));
	if (size_bytes)
		assert_true(got.elapsed_ns > 0 && got.calls > 0);
	free(bytes);
	await_done(fixture);
	return got;
}

static int count_files(const struct fixture *fixture)
{
	DIR *dir = opendir(fixture->dir);
	const struct dirent *entry;
	int nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

static void test_memory_and_discard_take_what_is_sent(void **state)
{
	struct fixture *fixture = *state;

	start(fixture);
	transfer(fixture, REMOTE_MEMORY, 3 * MIB + 17, true);
	transfer(fixture, REMOTE_MEMORY, 3 * MIB + 17, false);
	transfer(fixture, REMOTE_DISCARD, 3 * MIB + 17, false);
	transfer(fixture, REMOTE_MEMORY, 1, true);
	transfer(fixture, REMOTE_MEMORY, 0, true);
}

static void test_disk_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.output_dir = fixture->dir;
	start(fixture);
	transfer(fixture, REMOTE_DISK, 2 * MIB + 3, true);
	assert_int_equal(count_files(fixture), 0);
}

static void test_disk_keeps_under_a_name_of_its_own(void **state)
{
	struct fixture *fixture = *state;
	char *sent = xmalloc(MIB), *kept = xmalloc(MIB + 1);
	int fd;

	fixture->config.output_dir = fixture->dir;
	fixture->config.keep = true;
	start(fixture);
	transfer(fixture, REMOTE_DISK, MIB, false);
	assert_int_equal(count_files(fixture), 1);
	assert_int_equal(strncmp(fixture->files[0], fixture->dir, strlen(fixture->dir)), 0);
	fd = open(fixture->files[0], O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, kept, MIB + 1), MIB);
	close(fd);
	fill(sent, MIB);
	assert_memory_equal(sent, kept, MIB);
	free(sent);
	free(kept);
}

static void test_what_it_will_not_do_is_said(void **state)
{
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_DISK, MIB);

	start(fixture);
	expect_refusal(fixture, &message, "--output-dir");
	message = request(REMOTE_MEMORY, MOST + 1);
	expect_refusal(fixture, &message, "at most 8388608 bytes");
	message = request(REMOTE_DISCARD, MIB);
	message.verify = true;
	expect_refusal(fixture, &message, "hashed");
	transfer(fixture, REMOTE_MEMORY, MIB, true);
}

static void send_frame(int fd, uint32_t magic, uint32_t len_bytes, uint64_t off_bytes,
		       const char *bytes)
{
	struct wire_frame frame = { magic, len_bytes, off_bytes };

	send_all(fd, &frame, sizeof(frame));
	send_all(fd, bytes, len_bytes);
}

static void test_frames_are_left_out_of_the_hash(void **state)
{
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_MEMORY, 1000), got;
	char bytes[1000];
	int fd;

	start(fixture);
	fill(bytes, sizeof(bytes));
	message.framed = message.verify = true;
	fd = ask(fixture, &message);
	send_frame(fd, WIRE_MAGIC, 400, 0, bytes);
	send_frame(fd, WIRE_MAGIC, 600, 400, bytes + 400);
	got = receipt(fd);
	assert_int_equal(got.size_bytes, 1000);
	assert_true(got.hash == XXH3_64bits(bytes, sizeof(bytes)));
}

/* A frame that lies: about itself, its place, its length. */
static void test_wrong_frames_are_refused(void **state)
{
	static const struct {
		uint32_t magic, len_bytes;
		uint64_t off_bytes;
	} wrong[] = {
		{ WIRE_MAGIC ^ 1, 100, 0 },
		{ WIRE_MAGIC, 100, 8 },
		{ WIRE_MAGIC, 1001, 0 },
		{ WIRE_MAGIC, 0, 0 },
	};
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_MEMORY, 1000), got;
	char error[400];

	start(fixture);
	message.framed = true;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int fd = ask(fixture, &message);
		struct wire_frame frame = { wrong[i].magic, wrong[i].len_bytes,
					    wrong[i].off_bytes };

		send_all(fd, &frame, sizeof(frame));
		assert_int_equal(
			remote_link_receipt(fd, WAIT_NS, &never, &got, error, sizeof(error)), -EIO);
		assert_non_null(strstr(error, "wrong frame"));
		close(fd);
		await_done(fixture);
	}
}

/* A connection that has said nothing yet. */
static int connect_raw(const struct fixture *fixture)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(fixture->address.port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void test_garbage_ends_only_its_connection(void **state)
{
	struct fixture *fixture = *state;
	char garbage[4 * REMOTE_BYTES], byte;
	int fd;

	start(fixture);
	memset(garbage, 'G', sizeof(garbage));
	fd = connect_raw(fixture);
	send_all(fd, garbage, sizeof(garbage));
	assert_false(await_done(fixture)->asked);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
	fd = connect_raw(fixture);
	send_all(fd, garbage, 3);
	close(fd);
	assert_false(await_done(fixture)->asked);
	transfer(fixture, REMOTE_MEMORY, MIB, true);
}

static void test_a_cut_transfer_is_no_transfer(void **state)
{
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_DISK, 2 * MIB);
	char *bytes = xcalloc(1, MIB);
	const struct remote_done *done;
	int fd;

	fixture->config.output_dir = fixture->dir;
	fixture->config.keep = true;
	start(fixture);
	fd = ask(fixture, &message);
	send_all(fd, bytes, MIB);
	close(fd);
	done = await_done(fixture);
	assert_true(done->asked);
	assert_int_equal(done->receipt.status, REMOTE_BROKEN);
	assert_int_equal(done->receipt.size_bytes, MIB);
	assert_int_equal(count_files(fixture), 0);
	free(bytes);
}

static void test_silence_has_an_end(void **state)
{
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_MEMORY, MIB), got;
	char error[400];
	int fd;

	fixture->config.quiet_ns = NS_PER_S / 4;
	start(fixture);
	fd = ask(fixture, &message);
	send_all(fd, "x", 1);
	assert_int_equal(remote_link_receipt(fd, WAIT_NS, &never, &got, error, sizeof(error)),
			 -EIO);
	assert_non_null(strstr(error, "no more came in time after 1 bytes"));
	close(fd);
}

/* Bytes beyond what was announced are not taken for payload. */
static void test_no_more_is_taken_than_was_announced(void **state)
{
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_MEMORY, 100), got;
	char bytes[300];
	int fd;

	start(fixture);
	fill(bytes, sizeof(bytes));
	message.verify = true;
	fd = ask(fixture, &message);
	send_all(fd, bytes, sizeof(bytes));
	got = receipt(fd);
	assert_int_equal(got.size_bytes, 100);
	assert_true(got.hash == XXH3_64bits(bytes, 100));
}

/* With all slots taken by peers that say nothing, the next is told so at once. */
static void test_connections_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_MEMORY, 10), reply;
	int taken[NR_SLOTS], fd;

	start(fixture);
	for (int i = 0; i < NR_SLOTS; i++)
		taken[i] = ask(fixture, &message);
	fd = connect_raw(fixture);
	assert_int_equal(remote_read(fd, WAIT_NS, &never, &reply), 0);
	assert_int_equal(reply.type, REMOTE_REPLY);
	assert_int_equal(reply.status, REMOTE_BUSY);
	close(fd);
	send_all(taken[0], "0123456789", 10);
	receipt(taken[0]);
	await_done(fixture);
	transfer(fixture, REMOTE_MEMORY, MIB, true);
	close(taken[1]);
	await_done(fixture);
}

static void test_a_port_in_use_is_one_line(void **state)
{
	struct fixture *fixture = *state;
	struct remote_server_config config;
	struct remote_server *second = NULL;
	char error[400] = "";

	start(fixture);
	config = fixture->config;
	config.listen = fixture->address;
	assert_int_equal(remote_server_open(&config, &second, error, sizeof(error)), -EADDRINUSE);
	assert_null(second);
	assert_non_null(strstr(error, fixture->address.port));
	assert_null(strchr(error, '\n'));
}

/* Ctrl-C in the middle: nothing waits for a peer that does not go on. */
static void test_stop_ends_transfers(void **state)
{
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_DISK, MIB);
	int fd, silent;

	fixture->config.output_dir = fixture->dir;
	fixture->config.keep = true;
	start(fixture);
	silent = connect_raw(fixture);
	fd = ask(fixture, &message);
	send_all(fd, "x", 1);
	stop(fixture);
	assert_int_equal(fixture->nr_done, 2);
	assert_int_equal(count_files(fixture), 0);
	close(fd);
	close(silent);
}

static void test_once_is_once(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.once = true;
	start(fixture);
	/* One that asks for nothing does not count. */
	close(connect_raw(fixture));
	await_done(fixture);
	transfer(fixture, REMOTE_MEMORY, MIB, true);
	pthread_join(fixture->thread, NULL);
	fixture->running = false;
}

/* A peer that is no sink, and one that is not there. */
static void test_the_bench_bears_a_bad_sink(void **state)
{
	struct fixture *fixture = *state;
	struct remote_message message = request(REMOTE_MEMORY, 1);
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), got;
	socklen_t len_bytes = sizeof(address);
	char error[400] = "";

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	getsockname(fd, (struct sockaddr *)&address, &len_bytes);
	strcpy(fixture->address.host, "127.0.0.1");
	snprintf(fixture->address.port, sizeof(fixture->address.port), "%u",
		 (unsigned)ntohs(address.sin_port));
	got = remote_link_open(&fixture->address, &message, WAIT_NS, &never, error, sizeof(error));
	assert_int_equal(got, -ECONNREFUSED);
	assert_non_null(strstr(error, fixture->address.port));
	/* It accepts (by the backlog) and never answers. */
	assert_int_equal(listen(fd, 1), 0);
	got = remote_link_open(&fixture->address, &message, NS_PER_S / 4, &never, error,
			       sizeof(error));
	assert_int_equal(got, -ETIMEDOUT);
	close(fd);
}

static void test_addresses_are_read(void **state)
{
	static const struct {
		const char *text, *host, *port;
	} good[] = {
		{ "127.0.0.1:80", "127.0.0.1", "80" },
		{ ":80", "dflt", "80" },
		{ "name", "name", "9" },
		{ "[::1]:80", "::1", "80" },
		{ "[::1]", "::1", "9" },
		{ "::1", "::1", "9" },
		{ "name:0", "name", "0" },
	};
	static const char *const bad[] = { "",     ":",       "name:", "name:65536", "name:x",
					   "[::1", "[::1]80", "h:-1",  "[]",         "h: 1" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct remote_address got = { "dflt", "9" };

		assert_int_equal(remote_address_parse(good[i].text, &got), 0);
		assert_string_equal(got.host, good[i].host);
		assert_string_equal(got.port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct remote_address got = { "dflt", "9" };

		assert_int_equal(remote_address_parse(bad[i], &got), -EINVAL);
		assert_string_equal(got.host, "dflt");
	}
}

#define REMOTE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REMOTE_TEST(test_memory_and_discard_take_what_is_sent),
		REMOTE_TEST(test_disk_leaves_nothing),
		REMOTE_TEST(test_disk_keeps_under_a_name_of_its_own),
		REMOTE_TEST(test_what_it_will_not_do_is_said),
		REMOTE_TEST(test_frames_are_left_out_of_the_hash),
		REMOTE_TEST(test_wrong_frames_are_refused),
		REMOTE_TEST(test_garbage_ends_only_its_connection),
		REMOTE_TEST(test_a_cut_transfer_is_no_transfer),
		REMOTE_TEST(test_silence_has_an_end),
		REMOTE_TEST(test_no_more_is_taken_than_was_announced),
		REMOTE_TEST(test_connections_are_bounded),
		REMOTE_TEST(test_a_port_in_use_is_one_line),
		REMOTE_TEST(test_stop_ends_transfers),
		REMOTE_TEST(test_once_is_once),
		REMOTE_TEST(test_the_bench_bears_a_bad_sink),
		cmocka_unit_test(test_addresses_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
