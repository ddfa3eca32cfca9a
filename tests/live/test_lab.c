/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab with real actors, files and sockets: what it reports is true, failures stay in
 * their lane, and however it ends nothing is left. PAGEWALK_ACTOR names pagewalk-actor.
 * Waiting is for a state that is published, never for a time; what must not happen (bytes
 * in a pause) is looked for over several views.
 */
#include "base/clock.h"
#include "base/xalloc.h"
#include "lab/lab.h"
#include "out/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB     (UINT64_C(1) << 20)
#define WAIT_NS (60 * NS_PER_S)
#define SKIPPED 77
/* Of each lab here: the modes that pagewalk lab has by default, in this order. */
#define NR_LANES 4

struct fixture {
	struct host *host;
	char dir[64];
	int nr_fds;
	struct lab *lab;
};

static int count_names(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int nr = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}

static int setup(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	/* A disk: what is in a tmpfs cannot be evicted. */
	strcpy(fixture->dir, "/var/tmp/pagewalk-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture->host = host_new("");
	fixture->nr_fds = count_names("/proc/self/fd");
	*state = fixture;
	return 0;
}

/* Every test ends here: no process, no file, no descriptor may be left. */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	lab_free(fixture->lab);
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(count_names(fixture->dir), 0);
	assert_int_equal(count_names("/proc/self/fd"), fixture->nr_fds);
	assert_int_equal(rmdir(fixture->dir), 0);
	host_free(fixture->host);
	free(fixture);
	return 0;
}

static struct lab_config config_make(const struct fixture *fixture, uint64_t size_bytes)
{
	return (struct lab_config){
		.size_bytes = size_bytes,
		.dir = fixture->dir,
		.start_at_once = true,
		.start = LAB_COLD,
		.actor_path = getenv("PAGEWALK_ACTOR"),
		.setup = { .sink = SINK_MEMORY, .verify = true },
		.nr_modes = NR_LANES,
		.modes = { MODE_TRADITIONAL, MODE_DIRECT, MODE_MMAP_WRITE, MODE_SENDFILE },
	};
}

static void start_lab(struct fixture *fixture, const struct lab_config *config)
{
	char error[200] = "";

	if (lab_new(fixture->host, config, &fixture->lab, error, sizeof(error)))
		fail_msg("lab_new: %s", error);
}

static void end_lab(struct fixture *fixture)
{
	lab_free(fixture->lab);
	fixture->lab = NULL;
}

/* The first view from now on of which `is` is true; the caller unrefs it. */
static struct lab_view *await(struct fixture *fixture, bool (*is)(const struct lab_view *view))
{
	struct pollfd event = { .fd = lab_event_fd(fixture->lab), .events = POLLIN };
	uint64_t end_ns = clock_mono_ns() + WAIT_NS, nr;

	while (clock_mono_ns() < end_ns) {
		struct lab_view *view = lab_view_get(fixture->lab);

		if (is(view))
			return view;
		lab_view_unref(view);
		if (poll(&event, 1, 1000) > 0)
			assert_int_equal(read(event.fd, &nr, sizeof(nr)), sizeof(nr));
	}
	fail_msg("the lab did not get there in time");
	return NULL;
}

static bool is_done(const struct lab_view *view)
{
	assert_int_not_equal(view->phase, LAB_FAILED);
	return view->phase == LAB_DONE;
}

static bool is_ready(const struct lab_view *view)
{
	return view->phase == LAB_READY;
}

/* Every lane is under way and has brought something over. */
static bool is_flowing(const struct lab_view *view)
{
	for (size_t i = 0; i < view->nr_lanes; i++)
		if (view->lanes[i].state != LANE_RUNNING || !view->lanes[i].received_bytes)
			return false;
	return view->phase == LAB_RUNNING;
}

static void assert_lane_right(const struct lane_view *lane)
{
	if (lane->state != LANE_DONE)
		fail_msg("%s: %s", mode_info(lane->setup.mode)->key, lane->error);
	assert_int_equal(lane->hash_state, HASH_EQUAL);
	assert_int_equal(lane->sent_bytes, lane->size_bytes);
	assert_int_equal(lane->received_bytes, lane->size_bytes);
	assert_int_equal(lane->sender.why, WHY_OK);
	assert_int_equal(lane->sink.why, WHY_OK);
	assert_true(lane->sender.pid > 0 && lane->sink.pid > 0);
	assert_true(lane->elapsed_ns > 0);
}

/* What is said of the start is true as far as it can be: verified means all or nothing. */
static void assert_start_honest(const struct lab_view *view, const struct lane_view *lane)
{
	uint64_t wanted = view->start == LAB_COLD ? 0 : lane->start_pages;

	assert_int_equal(lane->start_pages, (lane->size_bytes + (uint64_t)getpagesize() - 1) /
						    (uint64_t)getpagesize());
	assert_int_equal(lane->start_verified, lane->start_cached_pages == wanted);
}

/* A tmpfs is its own backing store: what it holds cannot be evicted. */
static bool can_be_evicted(const char *path)
{
	struct statfs fs;

	assert_int_equal(statfs(path, &fs), 0);
	return fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC;
}

static void test_four_lanes_cold(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 8 * MIB);
	struct lab_view *view;
	pid_t pids[2 * NR_LANES];

	start_lab(fixture, &config);
	view = await(fixture, is_done);
	assert_int_equal(view->nr_lanes, NR_LANES);
	assert_int_equal(view->prepared_bytes, view->prepare_total_bytes);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		assert_lane_right(&view->lanes[i]);
		assert_start_honest(view, &view->lanes[i]);
		if (can_be_evicted(fixture->dir))
			assert_true(view->lanes[i].start_verified);
		pids[2 * i] = view->lanes[i].sender.pid;
		pids[2 * i + 1] = view->lanes[i].sink.pid;
		/* They stay, so that their memory can be looked at. */
		assert_int_equal(kill(pids[2 * i], 0), 0);
		assert_int_equal(access(view->lanes[i].path, F_OK), 0);
	}
	end_lab(fixture);
	for (size_t i = 0; i < 2 * NR_LANES; i++)
		assert_true(kill(pids[i], 0) == -1 && errno == ESRCH);
	for (size_t i = 0; i < view->nr_lanes; i++)
		assert_int_equal(access(view->lanes[i].path, F_OK), -1);
	lab_view_unref(view);
}

/* 20 MiB hot, nothing in the way: each call does what it can do at most. */
static void test_calls_are_exact(void **state)
{
	static const uint64_t calls[NR_MODE] = {
		[MODE_TRADITIONAL] = 2 * 320,   /* read and write of 64 KiB */
		[MODE_DIRECT] = 2 * 80,         /* read and writev of 256 KiB */
		[MODE_MMAP_WRITE] = 3 + 2 + 20, /* windows of 8 MiB, the last stays; 1 MiB each */
		[MODE_SENDFILE] = 2,            /* 16 MiB, 4 MiB */
	};
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 20 * MIB);
	struct lab_view *view;

	config.start = LAB_HOT;
	config.one_at_a_time = true;
	start_lab(fixture, &config);
	view = await(fixture, is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		assert_lane_right(&view->lanes[i]);
		assert_start_honest(view, &view->lanes[i]);
		assert_int_equal(view->lanes[i].sender.calls, calls[view->lanes[i].setup.mode]);
	}
	/* The direct pool is 256 KiB that are touched once; sendfile touches no user page. */
	assert_true(view->lanes[3].sender.minflt < 16);
	lab_view_unref(view);
}

/* The file part that the last window maps is still in the address space afterwards. */
static void test_last_window_stays_mapped(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 9 * MIB);
	struct lab_view *view;
	char path[64], line[512];
	bool found = false;
	FILE *maps;

	start_lab(fixture, &config);
	view = await(fixture, is_done);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)view->lanes[2].sender.pid);
	maps = fopen(path, "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, "lane-3-mmap-write.bin") && strstr(line, " r--s 00800000 ");
	fclose(maps);
	assert_true(found);
	lab_view_unref(view);
}

static bool only_one_runs(const struct lab_view *view)
{
	int running = 0;

	for (size_t i = 0; i < view->nr_lanes; i++)
		running += view->lanes[i].state == LANE_RUNNING;
	assert_in_range(running, 0, 1);
	return is_done(view);
}

static void test_one_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 8 * MIB);
	struct lab_view *view;

	config.one_at_a_time = true;
	config.pace_bytes_per_s = 64 * MIB;
	start_lab(fixture, &config);
	view = await(fixture, only_one_runs);
	for (size_t i = 0; i < view->nr_lanes; i++)
		assert_lane_right(&view->lanes[i]);
	lab_view_unref(view);
}

static void test_sizes_at_the_edges(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 4095, 65537, 3 * 4096 + 17, 8 * MIB + 1 };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct lab_config config = config_make(fixture, sizes[i / 2]);
		struct lab_view *view;

		config.start = i % 2 ? LAB_HOT : LAB_COLD;
		start_lab(fixture, &config);
		view = await(fixture, is_done);
		for (size_t lane = 0; lane < view->nr_lanes; lane++) {
			assert_lane_right(&view->lanes[lane]);
			assert_start_honest(view, &view->lanes[lane]);
		}
		lab_view_unref(view);
		end_lab(fixture);
	}
}

static bool is_paused_and_drained(const struct lab_view *view)
{
	for (size_t i = 0; i < view->nr_lanes; i++)
		if (view->lanes[i].sent_bytes != view->lanes[i].received_bytes)
			return false;
	return view->phase == LAB_PAUSED;
}

static void test_pause_stops_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 16 * MIB);
	struct lab_view *before, *view;
	uint64_t paused_ns;

	config.pace_bytes_per_s = 8 * MIB;
	start_lab(fixture, &config);
	lab_view_unref(await(fixture, is_flowing));
	lab_command(fixture->lab, LAB_CMD_PAUSE, 0);
	lab_view_unref(await(fixture, is_paused_and_drained));
	/* A step that was under way at the order has ended by the second look. */
	lab_command(fixture->lab, LAB_CMD_CELLS, 16);
	poll(NULL, 0, 300);
	lab_command(fixture->lab, LAB_CMD_CELLS, 17);
	before = await(fixture, is_paused_and_drained);
	paused_ns = clock_mono_ns();
	while (clock_mono_ns() < paused_ns + 1500 * NS_PER_MS) {
		view = await(fixture, is_paused_and_drained);
		for (size_t i = 0; i < view->nr_lanes; i++) {
			assert_int_equal(view->lanes[i].state, LANE_PAUSED);
			assert_true(view->lanes[i].received_bytes < view->size_bytes);
			assert_int_equal(view->lanes[i].received_bytes,
					 before->lanes[i].received_bytes);
			assert_int_equal(view->lanes[i].elapsed_ns, before->lanes[i].elapsed_ns);
		}
		lab_view_unref(view);
		poll(NULL, 0, 100);
	}
	lab_command(fixture->lab, LAB_CMD_START, 0);
	view = await(fixture, is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		assert_lane_right(&view->lanes[i]);
		/* 2 s of sending at that pace; the pause of 1.8 s is not among them. */
		assert_in_range(view->lanes[i].elapsed_ns, 1500 * NS_PER_MS, 3300 * NS_PER_MS);
	}
	lab_view_unref(view);
	lab_view_unref(before);
}

static void test_pace_changes_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 64 * MIB);
	struct lab_view *view;
	uint64_t began_ns;

	config.pace_bytes_per_s = 2 * MIB;
	start_lab(fixture, &config);
	lab_view_unref(await(fixture, is_flowing));
	began_ns = clock_mono_ns();
	lab_command(fixture->lab, LAB_CMD_PACE, 0);
	view = await(fixture, is_done);
	/* At the first pace it would have taken half a minute. */
	assert_true(clock_mono_ns() - began_ns < 15 * NS_PER_S);
	assert_int_equal(view->pace_bytes_per_s, 0);
	for (size_t i = 0; i < view->nr_lanes; i++)
		assert_lane_right(&view->lanes[i]);
	lab_view_unref(view);
}

static bool is_done_hot(const struct lab_view *view)
{
	return view->start == LAB_HOT && is_done(view);
}

static void test_restart_hot_replaces_the_processes(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 8 * MIB);
	struct lab_view *cold, *hot;

	start_lab(fixture, &config);
	cold = await(fixture, is_done);
	lab_command(fixture->lab, LAB_CMD_RESTART, LAB_HOT);
	hot = await(fixture, is_done_hot);
	for (size_t i = 0; i < hot->nr_lanes; i++) {
		assert_lane_right(&hot->lanes[i]);
		assert_start_honest(hot, &hot->lanes[i]);
		assert_int_not_equal(hot->lanes[i].sender.pid, cold->lanes[i].sender.pid);
		assert_int_equal(kill(cold->lanes[i].sender.pid, 0), -1);
		assert_string_equal(hot->lanes[i].path, cold->lanes[i].path);
	}
	lab_view_unref(cold);
	lab_view_unref(hot);
}

/* All lanes but `odd` are right. */
static void assert_others_right(const struct lab_view *view, size_t odd)
{
	for (size_t i = 0; i < view->nr_lanes; i++)
		if (i != odd)
			assert_lane_right(&view->lanes[i]);
}

static void test_shrunk_file_fails_its_lane_alone(void **state)
{
	struct fixture *fixture = *state;

	for (size_t odd = 0; odd < NR_LANES; odd++) {
		struct lab_config config = config_make(fixture, 12 * MIB);
		struct lab_view *view;

		config.start_at_once = false;
		start_lab(fixture, &config);
		view = await(fixture, is_ready);
		assert_int_equal(truncate(view->lanes[odd].path, 9 * MIB + 100), 0);
		lab_view_unref(view);
		lab_command(fixture->lab, LAB_CMD_START, 0);
		view = await(fixture, is_done);
		assert_int_equal(view->lanes[odd].state, LANE_FAILED);
		assert_non_null(strstr(view->lanes[odd].error, "shrank"));
		assert_int_not_equal(view->lanes[odd].hash_state, HASH_EQUAL);
		assert_others_right(view, odd);
		lab_view_unref(view);
		end_lab(fixture);
	}
}

static void test_file_that_shrinks_while_it_is_mapped(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 8 * MIB);
	struct lab_view *view;

	config.pace_bytes_per_s = 4 * MIB;
	start_lab(fixture, &config);
	view = await(fixture, is_flowing);
	for (size_t i = 0; i < view->nr_lanes; i++)
		assert_int_equal(truncate(view->lanes[i].path, 0), 0);
	lab_view_unref(view);
	view = await(fixture, is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		assert_int_equal(view->lanes[i].state, LANE_FAILED);
		assert_non_null(strstr(view->lanes[i].error, "shrank"));
		assert_true(view->lanes[i].received_bytes < view->size_bytes);
	}
	lab_view_unref(view);
}

static void test_corrupted_file_is_seen_by_its_hash(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 8 * MIB);

	for (size_t odd = 0; odd < NR_LANES; odd++) {
		struct lab_view *view;
		char byte;
		int fd;

		config.start_at_once = false;
		start_lab(fixture, &config);
		view = await(fixture, is_ready);
		fd = open(view->lanes[odd].path, O_RDWR | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(pread(fd, &byte, 1, 5 * (off_t)MIB + 3), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, 5 * (off_t)MIB + 3), 1);
		close(fd);
		lab_view_unref(view);
		lab_command(fixture->lab, LAB_CMD_START, 0);
		view = await(fixture, is_done);
		assert_int_equal(view->lanes[odd].hash_state, HASH_DIFFERS);
		assert_int_equal(view->lanes[odd].received_bytes, view->size_bytes);
		assert_others_right(view, odd);
		lab_view_unref(view);
		end_lab(fixture);
	}
}

static void kill_one_of(struct fixture *fixture, size_t odd, bool sender)
{
	struct lab_config config = config_make(fixture, 16 * MIB);
	struct lab_view *view;

	config.pace_bytes_per_s = 16 * MIB;
	start_lab(fixture, &config);
	view = await(fixture, is_flowing);
	assert_int_equal(
		kill(sender ? view->lanes[odd].sender.pid : view->lanes[odd].sink.pid, SIGKILL), 0);
	lab_view_unref(view);
	view = await(fixture, is_done);
	assert_int_equal(view->lanes[odd].state, LANE_FAILED);
	assert_non_null(strstr(view->lanes[odd].error, sender ? "the sender was killed by signal 9"
							      : "the sink was killed by signal 9"));
	assert_others_right(view, odd);
	lab_view_unref(view);
	end_lab(fixture);
}

static void test_killed_actor_fails_its_lane_alone(void **state)
{
	for (size_t odd = 0; odd < NR_LANES; odd++) {
		kill_one_of(*state, odd, true);
		kill_one_of(*state, odd, false);
	}
}

static bool is_without_sender_1(const struct lab_view *view)
{
	return !view->lanes[0].sender.pid;
}

static void test_actor_killed_after_its_work_changes_no_figure(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 1 * MIB);
	struct lab_view *before, *after;

	start_lab(fixture, &config);
	before = await(fixture, is_done);
	assert_int_equal(kill(before->lanes[0].sender.pid, SIGKILL), 0);
	after = await(fixture, is_without_sender_1);
	assert_int_equal(after->phase, LAB_DONE);
	assert_int_equal(after->lanes[0].state, LANE_DONE);
	assert_int_equal(after->lanes[0].sender.calls, before->lanes[0].sender.calls);
	assert_int_equal(after->lanes[0].sender.minflt, before->lanes[0].sender.minflt);
	assert_int_equal(after->lanes[0].elapsed_ns, before->lanes[0].elapsed_ns);
	lab_view_unref(before);
	lab_view_unref(after);
}

/* In the child: a lab that runs until the process is killed; its actors' PIDs go to fd. */
static void own_a_lab(struct fixture *fixture, int fd)
{
	struct lab_config config = config_make(fixture, 32 * MIB);
	struct lab_view *view;
	pid_t pids[2 * NR_LANES];

	config.pace_bytes_per_s = 1 * MIB;
	start_lab(fixture, &config);
	view = await(fixture, is_flowing);
	for (size_t i = 0; i < NR_LANES; i++) {
		pids[2 * i] = view->lanes[i].sender.pid;
		pids[2 * i + 1] = view->lanes[i].sink.pid;
	}
	if (write(fd, pids, sizeof(pids)) != sizeof(pids))
		_exit(1);
	for (;;)
		pause();
}

static pid_t start_owner(struct fixture *fixture, pid_t pids[2 * NR_LANES])
{
	int pipe_fds[2];
	pid_t owner;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	owner = fork();
	if (!owner) {
		close(pipe_fds[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		own_a_lab(fixture, pipe_fds[1]);
	}
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], pids, 2 * NR_LANES * sizeof(pids[0])),
			 2 * NR_LANES * sizeof(pids[0]));
	close(pipe_fds[0]);
	return owner;
}

/* Its orphans become ours, so that their end can be waited for; those of other tests do not. */
static void kill_and_reap_all(pid_t owner)
{
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(kill(owner, SIGKILL), 0);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	assert_int_equal(errno, ECHILD);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void test_killed_owner_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 1 * MIB);
	pid_t pids[2 * NR_LANES], owner;

	owner = start_owner(fixture, pids);
	/* Another lab in the same directory leaves a run that lives alone. */
	start_lab(fixture, &config);
	lab_view_unref(await(fixture, is_done));
	assert_int_equal(count_names(fixture->dir), 2);
	end_lab(fixture);
	assert_int_equal(count_names(fixture->dir), 1);
	/* One that is stopped cannot notice a closed socket: only the kernel can end it. */
	for (size_t i = 0; i < 2 * NR_LANES; i += 3)
		assert_int_equal(kill(pids[i], SIGSTOP), 0);
	kill_and_reap_all(owner);
	assert_int_equal(count_names(fixture->dir), 0);
}

/* Of the thread that made the lab: the lanes' processes are children of the lab's own thread. */
static pid_t only_child(pid_t parent)
{
	char path[64];
	FILE *children;
	int pid, other;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	children = fopen(path, "re");
	assert_non_null(children);
	assert_int_equal(fscanf(children, "%d %d", &pid, &other), 1);
	fclose(children);
	return pid;
}

static void test_where_nobody_tidies_the_next_lab_cleans(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 1 * MIB);
	pid_t pids[2 * NR_LANES], owner;

	owner = start_owner(fixture, pids);
	assert_int_equal(kill(only_child(owner), SIGKILL), 0);
	kill_and_reap_all(owner);
	assert_int_equal(count_names(fixture->dir), 1);
	start_lab(fixture, &config);
	assert_int_equal(count_names(fixture->dir), 1);
	lab_view_unref(await(fixture, is_done));
	end_lab(fixture);
	assert_int_equal(count_names(fixture->dir), 0);
}

static void test_foreign_directories_are_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 1 * MIB);
	char dir[128], file[160];
	int fd;

	snprintf(dir, sizeof(dir), "%s/run-abcdef", fixture->dir);
	snprintf(file, sizeof(file), "%s/lane-1-mine.bin", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	start_lab(fixture, &config);
	lab_view_unref(await(fixture, is_done));
	end_lab(fixture);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
}

static bool is_writing(const struct lab_view *view)
{
	return view->prepared_bytes > 0;
}

static void test_end_at_any_moment(void **state)
{
	static bool (*const moments[])(const struct lab_view *view) = {
		is_writing,
		is_ready,
		is_flowing,
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		struct lab_config config = config_make(fixture, 64 * MIB);

		config.pace_bytes_per_s = 4 * MIB;
		config.start_at_once = moments[i] != is_ready;
		start_lab(fixture, &config);
		lab_view_unref(await(fixture, moments[i]));
		end_lab(fixture);
		assert_int_equal(count_names(fixture->dir), 0);
	}
}

/* A stopped actor cannot be asked; it is ended all the same. */
static void test_end_of_stopped_actors(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 16 * MIB);
	struct lab_view *view;

	config.pace_bytes_per_s = 4 * MIB;
	start_lab(fixture, &config);
	view = await(fixture, is_flowing);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		assert_int_equal(kill(view->lanes[i].sender.pid, SIGSTOP), 0);
		assert_int_equal(kill(view->lanes[i].sink.pid, SIGSTOP), 0);
	}
	lab_view_unref(view);
}

static void test_copy_of_a_file_that_is_kept(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 0);
	struct lab_view *view;
	char command[700], dir[256];

	config.file = config.actor_path;
	config.keep = true;
	start_lab(fixture, &config);
	view = await(fixture, is_done);
	end_lab(fixture);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		assert_lane_right(&view->lanes[i]);
		snprintf(command, sizeof(command), "cmp -s '%s' '%s'", config.file,
			 view->lanes[i].path);
		assert_int_equal(system(command), 0);
		assert_int_equal(unlink(view->lanes[i].path), 0);
	}
	snprintf(dir, sizeof(dir), "%s", view->lanes[0].path);
	*strrchr(dir, '/') = '\0';
	assert_int_equal(rmdir(dir), 0);
	lab_view_unref(view);
}

static void assert_refused(struct fixture *fixture, const struct lab_config *config, int err,
			   const char *part)
{
	char error[200] = "";

	assert_int_equal(lab_new(fixture->host, config, &fixture->lab, error, sizeof(error)), err);
	assert_null(fixture->lab);
	if (!strstr(error, part))
		fail_msg("'%s' does not say '%s'", error, part);
	assert_int_equal(count_names(fixture->dir), 0);
}

static void test_what_cannot_be_is_refused_in_one_line(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 1 * MIB), wrong;

	wrong = config;
	wrong.file = "/nonexistent/\033[31mfile";
	assert_refused(fixture, &wrong, -ENOENT, "/nonexistent/\\x1b[31mfile: No such file");
	wrong.file = fixture->dir;
	assert_refused(fixture, &wrong, -EISDIR, "it is a directory");
	wrong.file = "/dev/null";
	assert_refused(fixture, &wrong, -ENODEV, "not a regular file");
	wrong = config;
	wrong.size_bytes = UINT64_C(1) << 50;
	assert_refused(fixture, &wrong, -ENOSPC, "free");
	wrong.size_bytes = UINT64_MAX;
	assert_refused(fixture, &wrong, -EFBIG, "too large");
	wrong = config;
	wrong.actor_path = "/nonexistent/actor";
	assert_refused(fixture, &wrong, -ENOENT, "cannot run");
	wrong = config;
	wrong.dir = "/proc/self/nowhere";
	assert_refused(fixture, &wrong, -ENOENT, "cannot make directory");
	wrong = config;
	wrong.nr_modes = 0;
	assert_refused(fixture, &wrong, -EINVAL, "lanes");
}

/* Programs that are no actor: one that ends at once, one that cannot be executed. */
static void test_wrong_actor_fails_every_lane(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 1 * MIB);
	struct lab_view *view;

	config.actor_path = "/bin/true";
	start_lab(fixture, &config);
	view = await(fixture, is_done);
	for (size_t i = 0; i < view->nr_lanes; i++) {
		assert_int_equal(view->lanes[i].state, LANE_FAILED);
		assert_non_null(strstr(view->lanes[i].error, "exited with status 0"));
	}
	lab_view_unref(view);
}

static json_t *json_of(const struct lab_view *view)
{
	char *text = NULL;
	size_t len_bytes = 0;
	FILE *out = open_memstream(&text, &len_bytes);
	json_t *document;

	assert_int_equal(out_lab_json(out, view), 0);
	fclose(out);
	document = json_loads(text, 0, NULL);
	assert_non_null(document);
	free(text);
	return document;
}

static void test_reports_say_what_the_view_says(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 1 * MIB);
	struct lab_view *view;
	json_t *document, *lane;
	char *text = NULL;
	size_t len_bytes = 0, i;
	FILE *out;

	config.one_at_a_time = true;
	start_lab(fixture, &config);
	view = await(fixture, is_done);
	document = json_of(view);
	assert_string_equal(json_string_value(json_object_get(document, "command")), "lab");
	json_array_foreach(json_object_get(document, "lanes"), i, lane)
	{
		const char *key = json_string_value(json_object_get(lane, "mode"));
		json_t *sender = json_object_get(lane, "sender");

		assert_string_equal(key, mode_info(view->lanes[i].setup.mode)->key);
		assert_string_equal(json_string_value(json_object_get(lane, "hash")), "equal");
		assert_string_equal(json_string_value(json_object_get(lane, "congestion_control")),
				    "reno");
		assert_int_equal(json_integer_value(json_object_get(lane, "received_bytes")), MIB);
		assert_int_equal(json_integer_value(json_object_get(sender, "calls")),
				 view->lanes[i].sender.calls);
		assert_null(json_object_get(lane, "unknown"));
	}
	assert_int_equal(i, NR_LANES);
	json_decref(document);
	out = open_memstream(&text, &len_bytes);
	assert_int_equal(out_lab_text(out, view), 0);
	fclose(out);
	assert_non_null(strstr(text, "mmap + write"));
	assert_non_null(strstr(text, "no measurement"));
	free(text);
	lab_view_unref(view);
}

/* Before anything has run, nothing is claimed: null with a reason, never 0. */
static void test_report_of_what_is_not_known_yet(void **state)
{
	struct fixture *fixture = *state;
	struct lab_config config = config_make(fixture, 256 * MIB);
	struct lab_view *view;
	json_t *document, *lane;

	start_lab(fixture, &config);
	/* Its files take longer to be written than this takes. */
	view = lab_view_get(fixture->lab);
	assert_int_equal(view->phase, LAB_PREPARING);
	document = json_of(view);
	lane = json_array_get(json_object_get(document, "lanes"), 0);
	assert_true(json_is_null(json_object_get(lane, "hash")));
	assert_true(json_is_null(json_object_get(json_object_get(lane, "start"), "cached_pages")));
	assert_true(json_is_null(json_object_get(json_object_get(lane, "cache"), "cached")));
	assert_true(json_is_null(json_object_get(json_object_get(lane, "sender"), "minflt")));
	assert_non_null(json_object_get(json_object_get(lane, "unknown"), "hash"));
	json_decref(document);
	lab_view_unref(view);
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(test_four_lanes_cold),
		LAB_TEST(test_calls_are_exact),
		LAB_TEST(test_last_window_stays_mapped),
		LAB_TEST(test_one_at_a_time),
		LAB_TEST(test_sizes_at_the_edges),
		LAB_TEST(test_pause_stops_bytes),
		LAB_TEST(test_pace_changes_at_once),
		LAB_TEST(test_restart_hot_replaces_the_processes),
		LAB_TEST(test_shrunk_file_fails_its_lane_alone),
		LAB_TEST(test_file_that_shrinks_while_it_is_mapped),
		LAB_TEST(test_corrupted_file_is_seen_by_its_hash),
		LAB_TEST(test_killed_actor_fails_its_lane_alone),
		LAB_TEST(test_actor_killed_after_its_work_changes_no_figure),
		LAB_TEST(test_killed_owner_leaves_nothing),
		LAB_TEST(test_where_nobody_tidies_the_next_lab_cleans),
		LAB_TEST(test_foreign_directories_are_left_alone),
		LAB_TEST(test_end_at_any_moment),
		LAB_TEST(test_end_of_stopped_actors),
		LAB_TEST(test_copy_of_a_file_that_is_kept),
		LAB_TEST(test_what_cannot_be_is_refused_in_one_line),
		LAB_TEST(test_wrong_actor_fails_every_lane),
		LAB_TEST(test_reports_say_what_the_view_says),
		LAB_TEST(test_report_of_what_is_not_known_yet),
	};
	const char *actor = getenv("PAGEWALK_ACTOR");

	if (!actor || access(actor, X_OK)) {
		fputs("skipped: PAGEWALK_ACTOR does not name pagewalk-actor\n", stderr);
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
