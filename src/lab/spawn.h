/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_LAB_SPAWN_H
#define PAGEWALK_LAB_SPAWN_H

#include "lab/wire.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A running pagewalk-actor as the coordinator holds it. */
struct actor {
	pid_t pid; /* 0: none */
	int pid_fd;
	int control_fd;
	struct wire_progress *progress; /* shared with it; stays readable when it is gone */
	int wait_status;                /* of waitpid(2), once it is reaped */
};

/* An actor that is not there. */
void actor_init(struct actor *actor);
/*
 * Starts the program at `path` with the given arguments (posix_spawn(3)): its own session,
 * default signals, and no descriptor but /dev/null, the control socket and the
 * progress page. It is killed when the calling *thread* ends (PR_SET_PDEATHSIG), so that
 * thread must live as long as the actor may. 0 or -errno.
 */
int actor_spawn(struct actor *actor, const char *path, char *const argv[]);
/* The same; the actor also has socket_fd, as WIRE_SOCKET_FD. The caller's stays open. */
int actor_spawn_with(struct actor *actor, const char *path, char *const argv[], int socket_fd);
/* Sends an order and rings the doorbell. 0 or -errno. */
int actor_tell(struct actor *actor, const struct wire_message *message);
/*
 * Waits up to timeout_ns for the end of the process and reaps it: 1 when it has ended
 * (pid is then 0), 0 when it runs on.
 */
int actor_reap(struct actor *actor, int64_t timeout_ns);
/*
 * Ends nr actors: asks all, waits for all within one bounded time, kills those that are
 * left and reaps them; then gives their descriptors and pages back. Actors that are not
 * there are passed over.
 */
void actors_end(struct actor *const actors[], size_t nr);

#endif
