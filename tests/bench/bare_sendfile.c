/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare_sendfile FILE: what the sendfile lane does, and nothing else: one process sends the
 * file over loopback TCP, another receives it into 256 KiB. Prints the nanoseconds from the
 * first call to the receiver's end of file.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECEIVE_BYTES (256 * 1024)
#define SEND_BYTES    (16 * 1024 * 1024)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int die(const char *what)
{
	perror(what);
	return 1;
}

/* Receives all, and says when through the pipe. */
static int receive(int listen_fd, int when_fd)
{
	char *buffer = malloc(RECEIVE_BYTES);
	int fd = accept(listen_fd, NULL, NULL);
	uint64_t end_ns;

	if (fd < 0 || !buffer)
		return 1;
	while (recv(fd, buffer, RECEIVE_BYTES, 0) > 0)
		;
	end_ns = now_ns();
	return write(when_fd, &end_ns, sizeof(end_ns)) != sizeof(end_ns);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len_bytes = sizeof(address);
	int listen_fd = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	int file_fd = argc == 2 ? open(argv[1], O_RDONLY) : -1, when[2];
	uint64_t start_ns, end_ns;
	struct stat st;
	off_t off = 0;
	pid_t pid;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (file_fd < 0 || fstat(file_fd, &st) || pipe(when))
		return die("bare_sendfile FILE");
	if (bind(listen_fd, (struct sockaddr *)&address, sizeof(address)) || listen(listen_fd, 1) ||
	    getsockname(listen_fd, (struct sockaddr *)&address, &len_bytes))
		return die("listen");
	/* As the lane's connection: a congestion control that paces would be what is measured. */
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
	pid = fork();
	if (!pid)
		return receive(listen_fd, when[1]);
	if (pid < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return die("connect");
	start_ns = now_ns();
	while (off < st.st_size)
		if (sendfile(fd, file_fd, &off, SEND_BYTES) <= 0)
			return die("sendfile");
	shutdown(fd, SHUT_WR);
	if (read(when[0], &end_ns, sizeof(end_ns)) != sizeof(end_ns))
		return die("receive");
	waitpid(pid, NULL, 0);
	printf("%" PRIu64 "\n", end_ns - start_ns);
	return 0;
}
