/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "silent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_NODE 2
#define ROOM      (256 << 10)

static const char file_name[] = "file";

static struct fuse_attr attr_of(uint64_t node)
{
	bool is_file = node == FILE_NODE;

	return (struct fuse_attr){
		.ino = node,
		.size = is_file ? SILENT_FILE_BYTES : 0,
		.mode = is_file ? S_IFREG | 0644 : S_IFDIR | 0755,
		.nlink = is_file ? 1 : 2,
		.blksize = 4096,
	};
}

static void answer(int fd, uint64_t unique, int error, const void *body, size_t len_bytes)
{
	static char message[ROOM + sizeof(struct fuse_out_header)];
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + len_bytes),
		.error = -error,
		.unique = unique,
	};

	memcpy(message, &header, sizeof(header));
	if (len_bytes)
		memcpy(message + sizeof(header), body, len_bytes);
	/* One who asked may have been killed meanwhile. */
	if (write(fd, message, header.len) < 0)
		return;
}

static void answer_init(int fd, const struct fuse_in_header *in)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_readahead = 128 << 10,
		.max_write = 128 << 10,
		.max_background = 12,
		.congestion_threshold = 9,
	};

	answer(fd, in->unique, 0, &out, sizeof(out));
}

/* Attributes are valid for no time, so that who asks for them has to come here. */
static void answer_request(int fd, const struct fuse_in_header *in, const char *body)
{
	static const char zeroes[ROOM];
	const struct fuse_entry_out entry = { .nodeid = FILE_NODE, .attr = attr_of(FILE_NODE) };
	const struct fuse_attr_out attr = { .attr = attr_of(in->nodeid) };
	const struct fuse_open_out opened = { .open_flags = FOPEN_KEEP_CACHE };
	struct fuse_read_in read_in;

	switch (in->opcode) {
	case FUSE_INIT:
		answer_init(fd, in);
		break;
	case FUSE_LOOKUP:
		answer(fd, in->unique, strcmp(body, file_name) ? ENOENT : 0, &entry,
		       strcmp(body, file_name) ? 0 : sizeof(entry));
		break;
	case FUSE_GETATTR:
		answer(fd, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(fd, in->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		memcpy(&read_in, body, sizeof(read_in));
		answer(fd, in->unique, 0, zeroes, read_in.size < ROOM ? read_in.size : ROOM);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break; /* these want no answer */
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(fd, in->unique, 0, NULL, 0);
		break;
	default:
		answer(fd, in->unique, ENOSYS, NULL, 0);
	}
}

static void *serve(void *arg)
{
	static char request[ROOM];
	struct silent *silent = arg;
	struct pollfd polls[] = {
		{ .fd = silent->fuse_fd, .events = POLLIN },
		{ .fd = silent->wake_fd, .events = POLLIN },
	};

	while (!atomic_load(&silent->mute)) {
		struct fuse_in_header in;
		ssize_t len;

		if (poll(polls, 2, -1) < 0 || !(polls[0].revents & POLLIN))
			continue;
		len = read(silent->fuse_fd, request, sizeof(request) - 1);
		if (len < (ssize_t)sizeof(in))
			continue;
		request[len] = '\0';
		memcpy(&in, request, sizeof(in));
		answer_request(silent->fuse_fd, &in, request + sizeof(in));
	}
	return NULL;
}

bool silent_start(struct silent *silent, const char *dir, const char **why)
{
	char options[96];

	*silent = (struct silent){ .holder_fd = -1 };
	snprintf(silent->dir, sizeof(silent->dir), "%s", dir);
	snprintf(silent->path, sizeof(silent->path), "%s/file", silent->dir);
	silent->fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (silent->fuse_fd < 0) {
		*why = "no /dev/fuse for us";
		return false;
	}
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 silent->fuse_fd);
	assert_return_code(mkdir(silent->dir, 0700), errno);
	if (mount("pagewalk-test", silent->dir, "fuse", MS_NOSUID | MS_NODEV, options)) {
		*why = "mounting is not for us";
		close(silent->fuse_fd);
		rmdir(silent->dir);
		return false;
	}
	silent->wake_fd = eventfd(0, EFD_CLOEXEC);
	assert_return_code(silent->wake_fd, errno);
	assert_int_equal(pthread_create(&silent->thread, NULL, serve, silent), 0);
	return true;
}

static void be_holder(const struct silent *silent, int say_fd)
{
	int fd = open(silent->path, O_RDONLY);
	const char *map = mmap(NULL, SILENT_FILE_BYTES, PROT_READ, MAP_SHARED, fd, 0);

	/* Who looks at a mapped page finds it, whatever the server does. */
	if (map == MAP_FAILED || map[0] || write(say_fd, &fd, sizeof(fd)) != sizeof(fd))
		_exit(1);
	for (;;)
		pause();
}

static void fall_silent(struct silent *silent)
{
	const uint64_t one = 1;

	if (atomic_exchange(&silent->mute, true))
		return;
	assert_int_equal(write(silent->wake_fd, &one, sizeof(one)), sizeof(one));
	pthread_join(silent->thread, NULL);
}

void silent_hold(struct silent *silent)
{
	int say[2];

	assert_return_code(pipe2(say, O_CLOEXEC), errno);
	silent->holder = fork();
	assert_return_code(silent->holder, errno);
	if (!silent->holder) {
		/* The connection ends when nobody has it any more. */
		close(silent->fuse_fd);
		be_holder(silent, say[1]);
	}
	close(say[1]);
	assert_int_equal(read(say[0], &silent->holder_fd, sizeof(silent->holder_fd)),
			 sizeof(silent->holder_fd));
	close(say[0]);
	fall_silent(silent);
}

void silent_end(struct silent *silent)
{
	fall_silent(silent);
	umount2(silent->dir, MNT_DETACH);
	/* Ends the connection, and so everything that waits for it. */
	close(silent->fuse_fd);
	close(silent->wake_fd);
	if (silent->holder) {
		kill(silent->holder, SIGKILL);
		waitpid(silent->holder, NULL, 0);
	}
	rmdir(silent->dir);
}
