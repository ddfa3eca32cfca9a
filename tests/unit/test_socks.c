/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of sockets and the lines of stat and status, as Linux 6.18 writes them. */
#include "kernel/socks.h"
#include "kernel/unix_diag.h"
#include "kernel/taskstat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

static const char tcp[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
	"timeout inode\n"
	"   0: 0100007F:07E8 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        "
	"0 1456 1 00000000ed940204 100 0 0 10 0\n"
	"   1: 0100007F:C350 0100007F:07E8 01 00000010:00000020 00:00000000 00000000     0        "
	"0 1457 1 00000000ed940204 100 0 0 10 0\n"
	"   2: nonsense\n";

static void test_tcp(void **state)
{
	const uint64_t inos[] = { 1456, 1457 };
	struct socks socks = { 0 };

	(void)state;
	socks_parse("tcp", tcp, strlen(tcp), inos, 2, &socks);
	assert_int_equal(socks.nr, 2);
	assert_string_equal(socks_find(&socks, 1456), "tcp 127.0.0.1:2024 listening, 2 to accept");
	assert_string_equal(socks_find(&socks, 1457),
			    "tcp 127.0.0.1:50000 -> 127.0.0.1:2024 established, queues: 16 B to "
			    "send, 32 B to read");
	assert_null(socks_find(&socks, 1));
	socks_clear(&socks);
}

/* What nobody asked for is not kept, and an unknown table gives nothing. */
static void test_only_what_is_wanted(void **state)
{
	const uint64_t ino = 1457;
	struct socks socks = { 0 };

	(void)state;
	socks_parse("tcp", tcp, strlen(tcp), &ino, 1, &socks);
	socks_parse("tcp", tcp, strlen(tcp), &ino, 0, &socks);
	socks_parse("nonsense", tcp, strlen(tcp), &ino, 1, &socks);
	assert_int_equal(socks.nr, 1);
	assert_null(socks_find(&socks, 1456));
	socks_clear(&socks);
}

static void test_other_tables(void **state)
{
	static const struct {
		const char *table, *line, *note;
	} cases[] = {
		{ "udp6",
		  " 9: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 "
		  "07 "
		  "00000000:00000000 00:00000000 00000000 0 0 7 2 00000000 0",
		  "udp6 [::1]:53 -> [::]:0 unconnected, queues: 0 B to send, 0 B to read" },
		{ "unix", "000000002fd58f17: 00000002 00000000 00010000 0001 01 7 /run/a b",
		  "unix stream /run/a b listening" },
		{ "unix", "0000000022136bb3: 00000003 00000000 00000000 0002 03 7",
		  "unix datagram connected" },
		{ "netlink",
		  "000000004d0cd8a2 4   77         00000000 5        6        0     2        0     "
		  "   7",
		  "netlink protocol 4 port 77, queues: 6 B to send, 5 B to read" },
		{ "packet", "000000004d0cd8a2 3      3    0003   2     1 9      0      7",
		  "packet protocol 0x0003 interface 2, queue: 9 B to read" },
	};
	const uint64_t ino = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct socks socks = { 0 };

		socks_parse(cases[i].table, cases[i].line, strlen(cases[i].line), &ino, 1, &socks);
		if (!socks_find(&socks, 7))
			fail_msg("nothing from %s", cases[i].line);
		assert_string_equal(socks_find(&socks, 7), cases[i].note);
		socks_clear(&socks);
	}
}

static void test_every_length(void **state)
{
	const uint64_t inos[] = { 1456, 1457 };

	(void)state;
	for (size_t len = 0; len <= strlen(tcp); len++) {
		char *exact = malloc(len ? len : 1);
		struct socks socks = { 0 };

		memcpy(exact, tcp, len);
		socks_parse("tcp", exact, len, inos, 2, &socks);
		assert_true(socks.nr <= 2);
		socks_clear(&socks);
		free(exact);
	}
}

static void test_stat(void **state)
{
	static const char line[] = "42 (a) b (c) S 7 42 42 0 -1 4194560 10 0 3 0 1 2 0 0 20 0 5 0 "
				   "999 8192 100 18446744073709551615 1000 2000 3000";
	struct task_stat stat;

	(void)state;
	assert_true(task_stat_parse(line, strlen(line), &stat));
	assert_string_equal(stat.comm, "a) b (c");
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.field[STAT_PPID], 7);
	assert_int_equal(stat.field[STAT_STARTTIME], 999);
	assert_int_equal(stat.field[STAT_STARTSTACK], 3000);
	/* An older kernel's line ends sooner: the rest is 0. */
	assert_int_equal(stat.field[STAT_ENV_END], 0);
	assert_false(task_stat_parse("42 (cut", 7, &stat));
	assert_false(task_stat_parse("", 0, &stat));
	assert_false(task_stat_parse(")(", 2, &stat));
}

static void test_status(void **state)
{
	static const char text[] = "Name:\tUmask:\nUmask:\t0027\nVmRSS:\t  1708 kB\nFDSize:\t256";
	uint64_t value;

	(void)state;
	assert_true(task_status_number(text, strlen(text), "Umask", 8, &value));
	assert_int_equal(value, 027);
	assert_true(task_status_number(text, strlen(text), "VmRSS", 10, &value));
	assert_int_equal(value, 1708);
	assert_true(task_status_number(text, strlen(text), "FDSize", 10, &value));
	assert_int_equal(value, 256);
	assert_false(task_status_number(text, strlen(text), "VmRS", 10, &value));
	assert_false(task_status_number(text, strlen(text), "VmSwap", 10, &value));
}

/* An answer of sock_diag(7) as the kernel lays it out: one socket, and the end. */
struct answer {
	struct nlmsghdr header;
	struct unix_diag_msg message;
	struct nlattr peer_attr;
	uint32_t peer;
	struct nlattr queue_attr;
	struct unix_diag_rqlen queues;
	struct nlmsghdr done;
};

static void test_unix_peers(void **state)
{
	struct answer answer = {
		.header = { .nlmsg_len = offsetof(struct answer, done),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.message = { .udiag_ino = 71 },
		.peer_attr = { 8, UNIX_DIAG_PEER },
		.peer = 72,
		.queue_attr = { 12, UNIX_DIAG_RQLEN },
		.queues = { 5, 9 },
		.done = { .nlmsg_len = sizeof(struct nlmsghdr), .nlmsg_type = NLMSG_DONE },
	};
	struct unix_peers peers = { 0 };
	const struct unix_peer *peer;

	(void)state;
	assert_int_equal(unix_peers_parse(&answer, sizeof(answer), &peers), 0);
	peer = unix_peers_find(&peers, 71);
	assert_non_null(peer);
	assert_int_equal(peer->peer_ino, 72);
	assert_int_equal(peer->to_read, 5);
	assert_int_equal(peer->to_send, 9);
	assert_null(unix_peers_find(&peers, 72));
	unix_peers_clear(&peers);
	/* Without the end more will come; cut inside, it is refused or says the same. */
	assert_int_equal(unix_peers_parse(&answer, offsetof(struct answer, done), &peers), 1);
	for (size_t len = 0; len < sizeof(answer); len++)
		unix_peers_parse(&answer, len, &peers);
	unix_peers_clear(&peers);
	answer.header.nlmsg_len = 3;
	assert_int_equal(unix_peers_parse(&answer, sizeof(answer), &peers), -EPROTO);
	answer.header.nlmsg_len = UINT32_MAX;
	assert_int_equal(unix_peers_parse(&answer, sizeof(answer), &peers), -EPROTO);
	unix_peers_clear(&peers);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),          cmocka_unit_test(test_only_what_is_wanted),
		cmocka_unit_test(test_other_tables), cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_stat),         cmocka_unit_test(test_status),
		cmocka_unit_test(test_unix_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
