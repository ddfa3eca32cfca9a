/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fdinfo as Linux 6.18 writes it, mountinfo, the kind of a descriptor, names of flags. */
#include "kernel/fdinfo.h"
#include "kernel/mounts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct fdinfo parse(const char *text)
{
	struct fdinfo info;

	fdinfo_parse(text, strlen(text), &info);
	return info;
}

static void test_every_descriptor_has_these(void **state)
{
	struct fdinfo info = parse("pos:\t4711\nflags:\t02102002\nmnt_id:\t33\nino:\t99\n");

	(void)state;
	assert_true(info.has_pos && info.has_flags);
	assert_int_equal(info.pos_bytes, 4711);
	assert_true(info.cloexec);
	assert_int_equal(info.flags, 0102002);
	assert_int_equal(info.mnt_id, 33);
	assert_string_equal(info.note, "");
	fdinfo_clear(&info);
}

static void test_notes_of_kinds(void **state)
{
	static const struct {
		const char *text, *note;
	} cases[] = {
		{ "eventfd-count:               2a\neventfd-id: 7\n", "count 42" },
		{ "clockid: 1\nticks: 0\nit_value: (2, 500000000)\nit_interval: (0, 0)\n",
		  "CLOCK_MONOTONIC, next in 2.500 s" },
		{ "sigmask:\t0000000000004002\n", "signals 2 15" },
		{ "sigmask:\t0000000000000000\n", "signals none" },
		{ "Pid:\t4312\nNSpid:\t4312\n", "process 4312" },
		{ "Pid:\t-1\n", "a process that has exited" },
		{ "inotify wd:2 ino:1 sdev:8\ninotify wd:1 ino:2 sdev:8\n", "2 watches" },
		{ "map_type:\t1\nmax_entries:\t8\nmap_id:\t5\n", "8 entries, map 5" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fdinfo info = parse(cases[i].text);

		assert_string_equal(info.note, cases[i].note);
		assert_false(info.has_pos);
		fdinfo_clear(&info);
	}
}

static void test_epoll_watches(void **state)
{
	struct fdinfo info = parse(
		"pos:\t0\nflags:\t02\n"
		"tfd:        5 events:       19 data:        5  pos:0 ino:3d sdev:9\n"
		"tfd:       12 events: 80000001 data:        c  pos:0 ino:3d sdev:9\n");
	char events[64];

	(void)state;
	assert_int_equal(info.nr_watches, 2);
	assert_int_equal(info.watches[0].fd, 5);
	assert_string_equal(epoll_events_text(info.watches[0].events, events, sizeof(events)),
			    "IN|ERR|HUP");
	assert_int_equal(info.watches[1].fd, 12);
	assert_string_equal(epoll_events_text(info.watches[1].events, events, sizeof(events)),
			    "IN|ET");
	assert_string_equal(info.note, "watches 2 descriptors");
	fdinfo_clear(&info);
}

/* Every cut of a text must be safe to read, and needs no byte behind it. */
static void test_every_length(void **state)
{
	static const char text[] = "pos:\t1\nflags:\t02\ntfd:  5 events: 19\nsigmask:\tff\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *exact = malloc(len ? len : 1);
		struct fdinfo info;

		memcpy(exact, text, len);
		fdinfo_parse(exact, len, &info);
		assert_int_equal(info.has_pos, len >= 4);
		fdinfo_clear(&info);
		free(exact);
	}
}

static void test_kinds(void **state)
{
	static const struct {
		const char *link;
		unsigned mode;
		enum fd_kind kind;
	} cases[] = {
		{ "/etc/passwd", S_IFREG | 0644, FD_REGULAR },
		{ "/etc", S_IFDIR | 0755, FD_DIRECTORY },
		{ "/dev/null", S_IFCHR | 0666, FD_CHAR_DEVICE },
		{ "/dev/sda", S_IFBLK | 0600, FD_BLOCK_DEVICE },
		{ "pipe:[123]", S_IFIFO | 0600, FD_PIPE },
		{ "/tmp/fifo", S_IFIFO | 0600, FD_FIFO },
		{ "socket:[9]", S_IFSOCK | 0777, FD_SOCKET },
		{ "/memfd:x (deleted)", S_IFREG | 0777, FD_MEMFD },
		{ "anon_inode:[eventfd]", 0600, FD_EVENTFD },
		{ "anon_inode:[eventpoll]", 0600, FD_EPOLL },
		{ "anon_inode:inotify", 0600, FD_INOTIFY },
		{ "anon_inode:bpf-map", 0600, FD_BPF },
		{ "anon_inode:[landlock-ruleset]", 0600, FD_OTHER },
		{ "pidfd:[77]", S_IFREG, FD_PIDFD },
		{ "net:[4026531840]", S_IFREG | 0444, FD_NAMESPACE },
		{ "/x", 0, FD_UNKNOWN },
		{ "", 0, FD_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(fd_kind_of(cases[i].link, cases[i].mode), cases[i].kind);
}

static void test_flag_names(void **state)
{
	char text[128];

	(void)state;
	assert_string_equal(fd_flags_text(O_RDONLY, text, sizeof(text)), "O_RDONLY");
	assert_string_equal(fd_flags_text(O_WRONLY | O_APPEND | O_SYNC, text, sizeof(text)),
			    "O_WRONLY|O_APPEND|O_SYNC");
	assert_string_equal(fd_flags_text(O_RDWR | O_DSYNC | O_DIRECT, text, sizeof(text)),
			    "O_RDWR|O_DSYNC|O_DIRECT");
	assert_string_equal(fd_flags_text(O_PATH | O_DIRECTORY, text, sizeof(text)),
			    "O_PATH|O_DIRECTORY");
	assert_string_equal(fd_access_name(O_RDWR), "rw");
	assert_string_equal(fd_access_name(O_PATH), "path");
	/* What does not fit is left out, and nothing is written behind the room. */
	assert_string_equal(fd_flags_text(O_WRONLY | O_APPEND, text, 12), "O_WRONLY");
}

static void test_mounts(void **state)
{
	static const char text[] =
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
		"nonsense\n"
		"40 36 0:52 / /home/x\\040y rw - fuse.sshfs host:/ rw\n"
		"41 36 0:53 / /n rw - nfs4 host:/ rw";
	struct mounts mounts;

	(void)state;
	mounts_parse(text, strlen(text), &mounts);
	assert_int_equal(mounts.nr, 3);
	assert_string_equal(mounts_by_id(&mounts, 36)->fstype, "ext3");
	assert_int_equal(mounts_by_dev(&mounts, 0, 52)->id, 40);
	assert_null(mounts_by_dev(&mounts, 1, 52));
	assert_false(mount_may_hang(mounts_by_id(&mounts, 36)));
	assert_true(mount_may_hang(mounts_by_id(&mounts, 40)));
	assert_true(mount_may_hang(mounts_by_id(&mounts, 41)));
	assert_false(mount_may_hang(NULL));
	mounts_clear(&mounts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_descriptor_has_these),
		cmocka_unit_test(test_notes_of_kinds),
		cmocka_unit_test(test_epoll_watches),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_flag_names),
		cmocka_unit_test(test_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
