/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "faults_drive.h"

#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOUND_S   120
#define MOST_ARGS 24

static const char *need_env(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		fail_msg("%s is not set: run this by make check", name);
	return value;
}

void piped_start(struct piped *piped, uid_t uid, const char *const argv[])
{
	int to[2], from[2], program = open(argv[0], O_PATH | O_CLOEXEC);

	assert_return_code(program, errno);
	assert_return_code(pipe2(to, O_CLOEXEC), errno);
	assert_return_code(pipe2(from, O_CLOEXEC), errno);
	piped->pid = fork();
	assert_return_code(piped->pid, errno);
	if (!piped->pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		if (uid != geteuid() &&
		    (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid)))
			_exit(126);
		alarm(BOUND_S);
		fexecve(program, (char **)argv, environ);
		_exit(127);
	}
	close(program);
	close(to[0]);
	close(from[1]);
	piped->to = fdopen(to[1], "w");
	piped->from = fdopen(from[0], "r");
}

json_t *piped_hear(struct piped *piped)
{
	char *line = NULL;
	size_t room = 0;
	json_t *json = NULL;

	if (getline(&line, &room, piped->from) > 0) {
		json = json_loads(line, 0, NULL);
		if (!json)
			fail_msg("no JSON: %s", line);
	}
	free(line);
	return json;
}

void piped_say(struct piped *piped, const char *line)
{
	fprintf(piped->to, "%s\n", line);
	fflush(piped->to);
}

int piped_end(struct piped *piped)
{
	int status = 0;

	fclose(piped->to);
	fclose(piped->from);
	while (waitpid(piped->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int add_args(const char **argv, int nr, const char *const more[])
{
	for (int i = 0; more && more[i]; i++) {
		assert_true(nr + 1 < MOST_ARGS);
		argv[nr++] = more[i];
	}
	argv[nr] = NULL;
	return nr;
}

json_t *faulter_start(struct piped *faulter, uid_t uid, const char *const args[])
{
	const char *argv[MOST_ARGS] = { need_env("PAGEWALK_FAULTER") };
	json_t *said;

	add_args(argv, 1, args);
	piped_start(faulter, uid, argv);
	said = piped_hear(faulter);
	if (!said)
		fail_msg("mkfaults said nothing");
	return said;
}

void watch_start(struct piped *watch, struct stream *stream, uid_t uid, const char *const options[],
		 pid_t pid)
{
	const char *argv[MOST_ARGS] = { need_env("PAGEWALK"), "faults", "--json" };
	char number[16];
	int nr = add_args(argv, 3, options);

	snprintf(number, sizeof(number), "%d", (int)pid);
	argv[nr] = number;
	*stream = (struct stream){ .faults = json_array() };
	piped_start(watch, uid, argv);
	stream->start = piped_hear(watch);
	if (!stream->start)
		fail_msg("no stream, exit status %d", piped_end(watch));
}

/* Puts a line where it belongs. */
static void take_line(struct stream *stream, json_t *line)
{
	const char *type = json_string_value(json_object_get(line, "type"));

	assert_non_null(type);
	if (!strcmp(type, "summary"))
		stream->summary = line;
	else if (!strcmp(type, "start"))
		stream->start = line;
	else
		json_array_append_new(stream->faults, line);
}

void watch_until(struct piped *watch, struct stream *stream, const json_t *where)
{
	json_t *line;

	while (!stream_count(stream, where, NULL)) {
		line = piped_hear(watch);
		if (!line)
			fail_msg("the stream ended, exit status %d", piped_end(watch));
		take_line(stream, line);
	}
}

void watch_end(struct piped *watch, struct stream *stream, int number)
{
	json_t *line;

	if (number)
		kill(watch->pid, number);
	while ((line = piped_hear(watch)))
		take_line(stream, line);
	stream->status = piped_end(watch);
	if (!stream->summary)
		fail_msg("no summary, exit status %d", stream->status);
}

void watch_command(struct stream *stream, const char *const options[], const char *const args[],
		   json_t **said)
{
	char path[] = "/tmp/pagewalk-faults-XXXXXX";
	const char *argv[MOST_ARGS] = { need_env("PAGEWALK"), "faults", "--json", "-o", path };
	int nr = add_args(argv, 5, options), fd = mkstemp(path);
	struct piped watch;
	json_t *line;
	FILE *in;

	assert_return_code(fd, errno);
	argv[nr++] = "--";
	argv[nr++] = need_env("PAGEWALK_FAULTER");
	add_args(argv, nr, args);
	piped_start(&watch, geteuid(), argv);
	line = piped_hear(&watch);
	*stream = (struct stream){ .faults = json_array() };
	stream->status = piped_end(&watch);
	if (said)
		*said = line;
	else
		json_decref(line);
	in = fdopen(fd, "r");
	watch = (struct piped){ .from = in };
	while ((line = piped_hear(&watch)))
		take_line(stream, line);
	fclose(in);
	unlink(path);
	if (!stream->summary)
		fail_msg("no summary, exit status %d", stream->status);
}

void stream_clear(struct stream *stream)
{
	json_decref(stream->start);
	json_decref(stream->faults);
	json_decref(stream->summary);
	*stream = (struct stream){ 0 };
}

unsigned stream_count(const struct stream *stream, const json_t *where, const char *kind)
{
	uint64_t start = json_get_u64(where, "start"), end = json_get_u64(where, "end");
	unsigned nr = 0;
	json_t *fault;
	size_t i;

	json_array_foreach(stream->faults, i, fault)
	{
		uint64_t addr = json_get_u64(fault, "address");
		const char *is = json_string_value(json_object_get(fault, "kind"));

		nr += addr >= start && addr < end && (!kind || !strcmp(kind, is));
	}
	return nr;
}
