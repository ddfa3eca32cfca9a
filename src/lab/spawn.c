/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting and ending of actors. pagewalk never forks itself: posix_spawn(3) does not run
 * any of our code in the child, and everything the child shall have is named here; each
 * descriptor of ours is close-on-exec, and what another library left open is closed by
 * the file actions. An actor has a session of its own, so that Ctrl-C, Ctrl-Z and what is
 * sent to the process group reach pagewalk alone, which then decides.
 */
#include "lab/spawn.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Our ends of what a child gets lie above its numbers, so that no dup2 hits another's source. */
#define LEAST_SOURCE_FD 16

#define END_ASK_NS  (1 * NS_PER_S) /* to end by itself */
#define END_KILL_NS (5 * NS_PER_S) /* to be gone after SIGKILL */
#define REAP_NAP_NS (2 * (long)NS_PER_MS)

extern char **environ;

void actor_init(struct actor *actor)
{
	*actor = (struct actor){ .pid_fd = -1, .control_fd = -1 };
}

/* Moves a descriptor out of the range that children use. The new one, or -errno. */
static int move_up(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, LEAST_SOURCE_FD);
	int err = -errno;

	close(fd);
	return moved < 0 ? err : moved;
}

/* A page of counters that nobody can shrink under the coordinator's feet. */
static int make_progress(struct wire_progress **out)
{
	int fd = memfd_create("pagewalk-progress", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *at;

	if (fd < 0)
		return -errno;
	fd = move_up(fd);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, sizeof(**out)) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		goto failed;
	at = mmap(NULL, sizeof(**out), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		goto failed;
	*out = at;
	return fd;
failed:;
	int err = -errno;

	close(fd);
	return err;
}

static int make_control(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pair[1] = move_up(pair[1]);
	if (pair[1] < 0) {
		close(pair[0]);
		return pair[1];
	}
	return 0;
}

/* What the child does with its descriptors before it becomes the actor. 0 or errno. */
static int name_descriptors(posix_spawn_file_actions_t *actions, int control_fd, int progress_fd,
			    int socket_fd)
{
	int err = 0, last = socket_fd < 0 ? WIRE_PROGRESS_FD : WIRE_SOCKET_FD;

	for (int fd = 0; fd <= 2 && !err; fd++)
		err = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(actions, control_fd, WIRE_CONTROL_FD);
	if (!err)
		err = posix_spawn_file_actions_adddup2(actions, progress_fd, WIRE_PROGRESS_FD);
	if (!err && socket_fd >= 0)
		err = posix_spawn_file_actions_adddup2(actions, socket_fd, WIRE_SOCKET_FD);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(actions, last + 1);
	return err;
}

static int spawn(const char *path, char *const argv[], int control_fd, int progress_fd,
		 int socket_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	err = name_descriptors(&actions, control_fd, progress_fd, socket_fd);
	if (!err)
		err = posix_spawn(pid, path, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static void give_back(struct actor *actor)
{
	if (actor->control_fd >= 0)
		close(actor->control_fd);
	if (actor->pid_fd >= 0)
		close(actor->pid_fd);
	if (actor->progress)
		munmap(actor->progress, sizeof(*actor->progress));
	actor_init(actor);
}

int actor_spawn_with(struct actor *actor, const char *path, char *const argv[], int socket_fd)
{
	int pair[2], progress_fd, given_fd = -1, err;

	actor_init(actor);
	progress_fd = make_progress(&actor->progress);
	if (progress_fd < 0)
		return progress_fd;
	if (socket_fd >= 0)
		given_fd = fcntl(socket_fd, F_DUPFD_CLOEXEC, LEAST_SOURCE_FD);
	err = socket_fd >= 0 && given_fd < 0 ? -errno : make_control(pair);
	if (err)
		goto out;
	actor->control_fd = pair[0];
	err = spawn(path, argv, pair[1], progress_fd, given_fd, &actor->pid);
	close(pair[1]);
	if (err) {
		actor->pid = 0;
		goto out;
	}
	actor->pid_fd = pidfd_open(actor->pid, 0);
	if (actor->pid_fd < 0) {
		err = -errno;
		kill(actor->pid, SIGKILL);
		waitpid(actor->pid, NULL, 0);
	}
out:
	if (given_fd >= 0)
		close(given_fd);
	close(progress_fd);
	if (err)
		give_back(actor);
	return err;
}

int actor_spawn(struct actor *actor, const char *path, char *const argv[])
{
	return actor_spawn_with(actor, path, argv, -1);
}

int actor_tell(struct actor *actor, const struct wire_message *message)
{
	int err = wire_send(actor->control_fd, message);

	atomic_fetch_add_explicit(&actor->progress->doorbell, 1, memory_order_release);
	return err;
}

int actor_reap(struct actor *actor, int64_t timeout_ns)
{
	struct pollfd ended = { .fd = actor->pid_fd, .events = POLLIN };
	const struct timespec nap = { 0, REAP_NAP_NS };
	uint64_t end_ns = clock_mono_ns() + (uint64_t)timeout_ns;

	while (actor->pid) {
		uint64_t now = clock_mono_ns();
		int left_ms = now < end_ns ? (int)((end_ns - now + NS_PER_MS - 1) / NS_PER_MS) : 0;

		if (poll(&ended, 1, left_ms) > 0) {
			/* An error is ECHILD, where SIGCHLD is ignored: there is nothing to reap. */
			if (waitpid(actor->pid, &actor->wait_status, WNOHANG)) {
				actor->pid = 0;
				break;
			}
			/* It has ended, but while a tracer holds it, it cannot be reaped yet. */
			nanosleep(&nap, NULL);
		}
		if (!left_ms)
			return 0;
	}
	return 1;
}

void actors_end(struct actor *const actors[], size_t nr)
{
	uint64_t end_ns = clock_mono_ns() + END_ASK_NS;

	for (size_t i = 0; i < nr; i++) {
		if (!actors[i]->pid)
			continue;
		shutdown(actors[i]->control_fd, SHUT_RDWR);
		pidfd_send_signal(actors[i]->pid_fd, SIGTERM, NULL, 0);
		pidfd_send_signal(actors[i]->pid_fd, SIGCONT, NULL, 0);
	}
	for (size_t i = 0; i < nr; i++) {
		uint64_t now = clock_mono_ns();

		if (!actor_reap(actors[i], now < end_ns ? (int64_t)(end_ns - now) : 0))
			pidfd_send_signal(actors[i]->pid_fd, SIGKILL, NULL, 0);
	}
	for (size_t i = 0; i < nr; i++) {
		actor_reap(actors[i], END_KILL_NS);
		give_back(actors[i]);
	}
}
