/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is called zero copy, told apart: where the data comes from, which cost each way
 * reduces, whether the bytes pass through user space, what it is used for, its name in
 * Java; and what this machine measured of it.
 */
#include "out/bench.h"

#include "base/fmt.h"
#include "out/wrap.h"

#include <errno.h>

#define GIB  1073741824.0
#define LINE 300

struct boundary {
	enum transfer_mode mode;
	const char *title;
	const char *source, *reduces, *user_space, *scenario, *java;
};

static const struct boundary boundaries[] = {
	{
		.mode = MODE_TRADITIONAL,
		.title = "read + write, the baseline",
		.source = "a file",
		.reduces = "nothing",
		.user_space = "yes, each byte is copied into a buffer and out of it",
		.scenario = "bytes that the program must look at or change: encryption, "
			    "compression, protocols",
		.java = "InputStream.read(byte[]) and OutputStream.write(byte[]), which copy "
			"between the heap and native memory besides",
	},
	{
		.mode = MODE_DIRECT,
		.title = "direct memory",
		.source = "what the program makes or receives; a file only by read",
		.reduces = "copies between a managed heap and native memory, allocation, work for "
			   "the garbage collector; none of the kernel's copies",
		.user_space = "yes, in memory outside of the heap",
		.scenario = "network programs with buffers of their own, pooled and reused",
		.java = "ByteBuffer.allocateDirect; Netty's direct ByteBuf",
	},
	{
		.mode = MODE_MMAP_WRITE,
		.title = "mmap + write",
		.source = "a file, mapped",
		.reduces = "the copy into a user buffer; reading is by page fault, on demand",
		.user_space = "yes, but as the page cache's own pages, which write(2) still copies",
		.scenario = "files read here and there, or sent after a look at them",
		.java = "FileChannel.map: MappedByteBuffer",
	},
	{
		.mode = MODE_SENDFILE,
		.title = "sendfile",
		.source = "a file, in the page cache",
		.reduces = "both copies by the sender, and nearly all system calls",
		.user_space = "no: the socket refers to the page cache's frames",
		.scenario = "files sent as they are: static content, large downloads, logs",
		.java = "FileChannel.transferTo; Netty's DefaultFileRegion",
	},
};

static const struct bench_summary *find_summary(const struct bench *bench, enum transfer_mode mode)
{
	for (size_t i = 0; i < bench->nr_lanes; i++)
		if (bench->lanes[i].mode == mode && !bench->lanes[i].control)
			return &bench->summaries[i];
	return NULL;
}

static void write_cpu(FILE *out, const struct bench_summary *summary)
{
	char line[LINE];

	if (!summary->nr_cpu_pairs)
		return;
	if (summary->cpu_verdict == STATS_BASELINE)
		snprintf(line, sizeof(line), "%.3f CPU seconds per GiB, both sides",
			 summary->cpu_s_per_gib.median);
	else if (summary->nr_cpu_pairs < STATS_LEAST_PAIRS)
		snprintf(line, sizeof(line), "CPU %.2f x traditional (too few rounds to judge)",
			 summary->cpu_ratio.median);
	else
		snprintf(line, sizeof(line), "CPU %.2f x traditional (%.2f to %.2f): %s",
			 summary->cpu_ratio.median, summary->cpu_ratio.low, summary->cpu_ratio.high,
			 summary->cpu_verdict == STATS_ALIKE
				 ? "not distinguishable from the control"
				 : stats_verdict_name(summary->cpu_verdict));
	out_wrapped(out, "                    ", line);
}

static void write_measured(FILE *out, const struct bench_summary *summary)
{
	char line[LINE], calls[FMT_LEN], faults[FMT_LEN];

	if (!summary || !summary->nr_done) {
		out_wrapped(out, "    measured here   ",
			    !summary            ? "not run"
			    : summary->error[0] ? summary->error
						: "no transfer was done");
		return;
	}
	snprintf(line, sizeof(line),
		 "%.2f GiB/s; %.1f copies per byte through the sender's user memory, %s system "
		 "calls, %s page faults",
		 summary->bytes_per_s.median / GIB, summary->copied_per_byte,
		 fmt_count(calls, (uint64_t)summary->sender_calls),
		 fmt_count(faults, (uint64_t)(summary->sender_minflt + summary->sender_majflt)));
	out_wrapped(out, "    measured here   ", line);
	write_cpu(out, summary);
}

int out_bench_explain(FILE *out, const struct bench *bench)
{
	char size[FMT_LEN];

	fprintf(out, "What \"zero copy\" means, by the copy that each way avoids\n");
	fprintf(out, "(measured: %s, %s, %u rounds, seed %llu; Linux %s)\n",
		fmt_bytes_long(size, bench->config.size_bytes),
		bench->config.start == LAB_COLD ? "cold" : "hot", bench->config.rounds,
		(unsigned long long)bench->config.seed, bench->environment.kernel);
	for (size_t i = 0; i < sizeof(boundaries) / sizeof(boundaries[0]); i++) {
		const struct boundary *row = &boundaries[i];

		fprintf(out, "\n%s\n", row->title);
		out_wrapped(out, "    data source     ", row->source);
		out_wrapped(out, "    reduces         ", row->reduces);
		out_wrapped(out, "    user space      ", row->user_space);
		out_wrapped(out, "    typical use     ", row->scenario);
		out_wrapped(out, "    in Java         ", row->java);
		write_measured(out, find_summary(bench, row->mode));
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}
