/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fault stream as text: a line a fault, columns that do not move, and the summary. */
#include "out/faults.h"

#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* The last part of a path, made safe; "anon" for none. The caller frees it. */
static char *short_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!path[0])
		return xstrdup("anon");
	return text_safe_str(slash && slash[1] ? slash + 1 : path);
}

static void say_missing(FILE *out, const char *what, enum why why)
{
	if (why != WHY_OK && why != WHY_NOT_ASKED)
		fprintf(out, "# %s: %s\n", what, why_name(why));
}

bool fault_summary_lacks_signal(const struct fault_summary *summary)
{
	return summary->has_exit && !summary->no_events && summary->signals != WHY_OK &&
	       (summary->exit_status == 128 + SIGSEGV || summary->exit_status == 128 + SIGBUS);
}

static void print_counters_head(FILE *out, const struct fault_head *head)
{
	fprintf(out, "# faults of process %d%s, as the kernel counts them\n", (int)head->pid,
		head->follow ? ", and its children" : "");
	fprintf(out, "# no single fault can be seen: %s\n", head->no_events);
	fprintf(out, "# %13s %12s %12s %12s %12s\n", "TIME", "MINFLT/s", "MAJFLT/s", "MINFLT",
		"MAJFLT");
}

void out_fault_rate_text(FILE *out, const struct fault_rate *rate)
{
	fprintf(out,
		"%5" PRIu64 ".%09" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64
		"\n",
		rate->t_ns / 1000000000, rate->t_ns % 1000000000, rate->minflt_per_s,
		rate->majflt_per_s, rate->minflt, rate->majflt);
}

void out_faults_head_text(FILE *out, const struct fault_head *head)
{
	if (head->no_events) {
		print_counters_head(out, head);
		return;
	}
	fprintf(out, "# faults of process %d, %u thread%s%s\n", (int)head->pid, head->nr_threads,
		head->nr_threads == 1 ? "" : "s", head->follow ? ", and its children" : "");
	if (head->nr_unattached)
		fprintf(out, "# %u threads are not watched: no more descriptors (ulimit -n)\n",
			head->nr_unattached);
	if (!head->sees_kernel)
		fputs("# faults inside system calls are hidden: they need CAP_PERFMON (sudo)\n",
		      out);
	say_missing(out, "error codes (load or store) need the tracepoints of tracefs, as root",
		    head->error_code);
	if (head->evictions != EVICTIONS_KNOWN && head->evictions != EVICTIONS_NOT_ASKED)
		fprintf(out, "# what leaves the page cache is not seen: %s\n",
			eviction_doubt_text(head->evictions));
	say_missing(out, "signals need the tracepoints of tracefs, as root", head->signals);
	if (!head->summary_only)
		fprintf(out, "# %13s %7s %-6s %-12s %-16s %-32s %s\n", "TIME", "TID", "", "KIND",
			"ADDRESS", "MAPPING", "INSTRUCTION");
}

/* "libc.so.6+0x1f000 (copied)" */
static void print_mapping(char *out, size_t room, const struct fault_line *in)
{
	char *name;

	if (!in->vma) {
		snprintf(out, room, "-");
		return;
	}
	name = short_name(in->vma->path);
	snprintf(out, room, "%s+0x%" PRIx64, name, in->fault->addr - in->vma->start_addr);
	free(name);
}

static void print_site(FILE *out, const struct fault_line *in)
{
	const struct fault *fault = in->fault;
	char *name;

	if (fault->in_kernel) {
		fputs("[kernel]", out);
	} else if (in->code) {
		name = short_name(in->code->path);
		fprintf(out, "%s+0x%" PRIx64, name,
			fault->ip - in->code->start_addr +
				(in->code->inode ? in->code->off_bytes : 0));
		free(name);
	} else {
		fprintf(out, "0x%" PRIx64, fault->ip);
	}
	if (in->symbol && in->symbol[0]) {
		name = text_safe_str(in->symbol);
		fprintf(out, " %s", name);
		if (in->symbol_off_bytes)
			fprintf(out, "+0x%" PRIx64, in->symbol_off_bytes);
		free(name);
	}
	if (in->source && in->source[0]) {
		name = text_safe_str(in->source);
		fprintf(out, " %s", name);
		free(name);
	}
}

void out_fault_text(FILE *out, const struct fault_line *in)
{
	const struct fault *fault = in->fault;
	uint64_t t_ns = fault->t_ns > in->began_ns ? fault->t_ns - in->began_ns : 0;
	char mapping[512], fitted[600];

	print_mapping(mapping, sizeof(mapping), in);
	text_fit(fitted, sizeof(fitted), mapping, 32, true);
	fprintf(out, "%5" PRIu64 ".%09" PRIu64 " %7d %-6s %-12s %-16" PRIx64 " %s%*s ",
		t_ns / 1000000000, t_ns % 1000000000, (int)fault->tid,
		fault_severity_name((enum fault_severity)fault->severity),
		fault_kind_name((enum fault_kind)fault->kind), fault->addr, fitted,
		32 - text_width(fitted), "");
	print_site(out, in);
	if (fault->severity == FAULT_FAILED)
		fprintf(out, "  %s", fault_broken_rule(fault));
	if (fault->doubt != FAULT_SURE)
		fprintf(out, "  (%s)", fault_doubt_text((enum fault_doubt)fault->doubt));
	if (fault->pages_inserted)
		fprintf(out, "  +%u cached", fault->pages_inserted);
	if (fault->pages_mapped > 1)
		fprintf(out, "  %u pages", fault->pages_mapped);
	if (fault->evicted_before)
		fputs("  evicted before", out);
	fputc('\n', out);
}

/* Rows in the order of their faults, most first. */
struct order {
	size_t index;
	uint64_t nr;
};

static int more_first(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	return x->nr != y->nr ? (x->nr < y->nr) - (x->nr > y->nr)
			      : (x->index > y->index) - (x->index < y->index);
}

/* "12", "-" where the mapping is of no file, "?" where it is not known. */
static const char *evicted_text(char out[24], const struct fault_tally_vma *vma,
				const struct fault_evictions *evictions)
{
	if (!vma->inode)
		return "-";
	if (fault_evictions_doubt_of(evictions, vma->dev_major, vma->dev_minor, vma->inode))
		return "?";
	snprintf(out, 24, "%" PRIu64, vma->nr_evicted);
	return out;
}

static void print_vmas(FILE *out, const struct fault_summary *summary, size_t rows)
{
	const struct fault_tally *tally = summary->tally;
	size_t nr = fault_tally_nr_vmas(tally);
	struct order *order = xcalloc(nr + 1, sizeof(*order));

	for (size_t i = 0; i < nr; i++)
		order[i] = (struct order){ i,
					   fault_numbers_sum(&fault_tally_vma(tally, i)->numbers) };
	qsort(order, nr, sizeof(*order), more_first);
	fprintf(out, "\n%12s %12s %8s %8s  %s\n", "MINOR", "MAJOR", "FAILED", "EVICTED", "MAPPING");
	for (size_t i = 0; i < nr && (!rows || i < rows); i++) {
		const struct fault_tally_vma *vma = fault_tally_vma(tally, order[i].index);
		const uint64_t *by = vma->numbers.by_severity;
		char *name = text_safe_str(vma->name[0] ? vma->name : "anon"), evicted[24];

		fprintf(out, "%12" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8s  ", by[FAULT_MINOR],
			by[FAULT_MAJOR], by[FAULT_FAILED],
			evicted_text(evicted, vma, summary->evictions));
		if (vma->end_addr)
			fprintf(out, "%012" PRIx64 "-%012" PRIx64 " %s\n", vma->start_addr,
				vma->end_addr, name);
		else
			fputs(vma->pid ? "(mapping not seen)\n" : "(all others)\n", out);
		free(name);
	}
	if (rows && nr > rows)
		fprintf(out, "%12s %12s %8s %8s  and %zu more\n", "", "", "", "", nr - rows);
	free(order);
}

static void print_sites(FILE *out, const struct fault_summary *summary, size_t rows)
{
	const struct fault_tally *tally = summary->tally;
	size_t nr = fault_tally_nr_sites(tally);
	struct order *order = xcalloc(nr + 1, sizeof(*order));

	for (size_t i = 0; i < nr; i++)
		order[i] = (struct order){ i, fault_numbers_sum(
						      &fault_tally_site(tally, i)->numbers) };
	qsort(order, nr, sizeof(*order), more_first);
	fprintf(out, "\n%12s %12s %8s  %s\n", "MINOR", "MAJOR", "FAILED", "INSTRUCTION");
	for (size_t i = 0; i < nr && (!rows || i < rows); i++) {
		const struct fault_tally_site *site = fault_tally_site(tally, order[i].index);
		const struct fault_site_name *found = summary->names
							      ? &summary->names[order[i].index]
							      : NULL;
		const uint64_t *by = site->numbers.by_severity;
		char *name = short_name(site->module);

		fprintf(out, "%12" PRIu64 " %12" PRIu64 " %8" PRIu64 "  %s+0x%" PRIx64,
			by[FAULT_MINOR], by[FAULT_MAJOR], by[FAULT_FAILED], name, site->off_bytes);
		free(name);
		if (found && found->symbol[0]) {
			name = text_safe_str(found->symbol);
			fprintf(out, " %s+0x%" PRIx64, name, found->off_bytes);
			free(name);
		}
		if (found && found->source[0]) {
			name = text_safe_str(found->source);
			fprintf(out, " %s", name);
			free(name);
		}
		fputc('\n', out);
	}
	if (rows && nr > rows)
		fprintf(out, "%12s %12s %8s  and %zu more\n", "", "", "", nr - rows);
	free(order);
}

static void print_hidden(FILE *out, const struct fault_summary *summary)
{
	if (!summary->balance_known) {
		fputs("hidden       ? (the process was gone before its counters were read)\n", out);
		return;
	}
	fprintf(out, "counted      %" PRIu64 " minor, %" PRIu64 " major by the kernel\n",
		summary->minflt, summary->majflt);
	if (summary->nr_lost)
		fprintf(out, "lost         %" PRIu64 " records found no room\n", summary->nr_lost);
	if (summary->nr_lost)
		fputs("hidden       ? (records were lost)\n", out);
	else
		fprintf(out, "hidden       %" PRIu64 " without an event: %s%s\n",
			summary->nr_hidden,
			summary->nr_unattached ? "in threads that are not watched, " : "",
			summary->sees_kernel
				? "before its start, or get_user_pages (execve, mlock, "
				  "MAP_POPULATE)"
				: "inside system calls, or get_user_pages");
}

static void print_evicted_file(FILE *out, const struct evicted_file *file, uint64_t began_ns)
{
	uint64_t t_ns = file->last_ns > began_ns ? file->last_ns - began_ns : 0;
	char *name = text_safe_str(file->path);

	if (file->doubt)
		fprintf(out, "%12s  %s: %s\n", "?", name, eviction_doubt_text(file->doubt));
	else
		fprintf(out, "%12" PRIu64 "  %s, the last at %" PRIu64 ".%09" PRIu64 "\n",
			file->nr_pages, name, t_ns / 1000000000, t_ns % 1000000000);
	free(name);
}

/* Most pages first, those that are not known last. */
static void print_evicted_files(FILE *out, const struct fault_summary *summary, size_t rows)
{
	const struct fault_evictions *evictions = summary->evictions;
	struct order *order = xcalloc(evictions->nr + 1, sizeof(*order));
	size_t nr = 0;

	for (size_t i = 0; i < evictions->nr; i++)
		if (evictions->files[i].nr_pages || evictions->files[i].doubt)
			order[nr++] = (struct order){ i, evictions->files[i].nr_pages };
	qsort(order, nr, sizeof(*order), more_first);
	for (size_t i = 0; i < nr && (!rows || i < rows); i++)
		print_evicted_file(out, &evictions->files[order[i].index], summary->began_ns);
	if (rows && nr > rows)
		fprintf(out, "%12s  and %zu more\n", "", nr - rows);
	free(order);
}

static void print_evicted(FILE *out, const struct fault_summary *summary, size_t rows)
{
	const struct fault_evictions *evictions = summary->evictions;
	enum eviction_doubt doubt = fault_evictions_doubt(evictions);

	if (evictions->doubt) {
		fprintf(out, "evicted      ? (%s)\n", eviction_doubt_text(doubt));
		return;
	}
	fprintf(out, "evicted      %s%" PRIu64 " pages of mapped files left the page cache",
		doubt ? "at least " : "", evictions->nr_pages);
	if (evictions->nr_lost)
		fprintf(out, "; %" PRIu64 " records lost", evictions->nr_lost);
	else if (doubt)
		fprintf(out, "; %s", eviction_doubt_text(doubt));
	fputc('\n', out);
	print_evicted_files(out, summary, rows);
}

/* "left out     12 of other kinds: 10 anon-write, 2 cow" */
static void print_left_out(FILE *out, const struct fault_numbers *left_out)
{
	const char *between = ": ";

	if (!left_out)
		return;
	fprintf(out, "left out     %" PRIu64 " of other kinds", fault_numbers_sum(left_out));
	for (int kind = 0; kind < NR_FAULT_KIND; kind++) {
		if (!left_out->by_kind[kind])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", between, left_out->by_kind[kind],
			fault_kind_name((enum fault_kind)kind));
		between = ", ";
	}
	fputc('\n', out);
}

void out_faults_summary_text(FILE *out, const struct fault_summary *summary, size_t rows)
{
	const struct fault_numbers *all;
	char elapsed[FMT_LEN];

	if (summary->no_events) {
		if (summary->balance_known)
			fprintf(out, "\n%" PRIu64 " minor, %" PRIu64 " major faults in %s\n",
				summary->minflt, summary->majflt,
				fmt_duration(elapsed, summary->elapsed_ns));
		else
			fputs("\nthe process was gone before its last counters were read\n", out);
		return;
	}
	all = fault_tally_numbers(summary->tally);
	fprintf(out, "\n%" PRIu64 " faults in %s\n", summary->nr_events + summary->nr_failed,
		fmt_duration(elapsed, summary->elapsed_ns));
	for (int kind = 0; kind < NR_FAULT_KIND; kind++)
		if (all->by_kind[kind])
			fprintf(out, "%12" PRIu64 "  %-12s %s\n", all->by_kind[kind],
				fault_kind_name((enum fault_kind)kind),
				fault_kind_title((enum fault_kind)kind));
	print_left_out(out, summary->left_out);
	print_hidden(out, summary);
	print_evicted(out, summary, rows);
	if (fault_summary_lacks_signal(summary))
		fprintf(out, "killed       by %s; at which address is not known: %s\n",
			summary->exit_status == 128 + SIGBUS ? "SIGBUS" : "SIGSEGV",
			FAULTS_NO_SIGNALS);
	if (summary->nr_unprinted)
		fprintf(out, "unprinted    %" PRIu64 " beyond --limit\n", summary->nr_unprinted);
	print_vmas(out, summary, rows);
	print_sites(out, summary, rows);
}
