/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What screen 2 says about a fault, in words for somebody who sees one for the first time. */
#include "base/fmt.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/faults_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kind_words {
	const char *found; /* by the CPU */
	const char *did;   /* the kernel */
};

static const struct kind_words words[NR_FAULT_KIND] = {
	[FAULT_ANON_READ] = { "A load from memory that was never touched: no page table entry.",
			      "The kernel mapped the one page of zeros that all share, read-only; "
			      "a frame of its "
			      "own comes with the first store." },
	[FAULT_ANON_WRITE] = { "A store to memory that was never touched: no page table entry.",
			       "The kernel took a free frame, filled it with zeros and mapped it. "
			       "Nothing was "
			       "read from storage." },
	[FAULT_STACK] = { "The stack pointer went below the mapping of the stack: no entry there.",
			  "The kernel let the mapping grow down to the address and gave it a frame "
			  "of zeros." },
	[FAULT_FILE_MINOR] = { "A page of a file or of shared memory that the page table had no "
			       "entry for.",
			       "It was in the page cache already: the kernel mapped that very "
			       "frame. Nothing was "
			       "copied or read from storage." },
	[FAULT_FILE_MAJOR] = { "A page of a file that was neither in the page table nor in the "
			       "page cache.",
			       "The kernel read it from storage while the thread slept, and then "
			       "mapped the "
			       "frame: this is the slow kind." },
	[FAULT_SHARED_WRITE] = { "A store to a clean page of a shared file mapping, whose entry "
				 "was read-only.",
				 "The kernel told the file system (page_mkwrite), marked the page "
				 "dirty and made "
				 "the entry writable: no copy." },
	[FAULT_COW] = { "A store to a private page that others may see (a file's, or shared since "
			"fork).",
			"The kernel copied the page to a new frame and mapped that one; a page "
			"that "
			"nobody else has any more is only made writable." },
	[FAULT_SWAP_IN] = { "The page table entry told of a place in swap, not of a frame.",
			    "The kernel read the page back from there into a frame and mapped "
			    "it." },
	[FAULT_HUGE] = { "No entry in a part of the address space that may have huge pages.",
			 "The kernel mapped a huge page with one entry, so that its other pages "
			 "will "
			 "not fault." },
	[FAULT_UFFD] = { "The mapping is registered with a userfaultfd.",
			 "The kernel put the thread to sleep and told the program that handles it, "
			 "which "
			 "supplied the page." },
	[FAULT_SEGV] = { "An access that the mappings do not allow:", "" },
	[FAULT_BUS] = { "An access to a page that cannot be had:", "" },
	[FAULT_UNKNOWN] = { "Its kind is not known:", "" },
};

/* The same of a page that left the page cache during the watch (fault.evicted_before). */
static const struct kind_words evicted_words[NR_FAULT_KIND] = {
	[FAULT_FILE_MINOR] = { "A page of a file that was evicted from the page cache before, and "
			       "read again since.",
			       "It was there again: the kernel mapped that very frame. Nothing was "
			       "copied or "
			       "read from storage now." },
	[FAULT_FILE_MAJOR] = { "A page of a file that was in the page cache before, and was "
			       "evicted.",
			       "The kernel read it from storage once more while the thread slept, "
			       "and then "
			       "mapped the frame." },
};

/* The last part of a path. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* Copies `text` made safe. */
static char *put_safe(char *out, size_t room, const char *text)
{
	char *safe = text_safe_str(text);

	snprintf(out, room, "%s", safe);
	free(safe);
	return out;
}

char *faults_vma_text(const struct fault_view *view, uint32_t row, char *out, size_t room)
{
	const struct fault_vma_label *label;

	if (!view->names || row >= view->nr_vmas)
		return put_safe(out, room, "?");
	label = &view->names->vmas[row];
	if (label->others)
		return put_safe(out, room, "(all others)");
	if (!label->path)
		return put_safe(out, room, "(not mapped)");
	return put_safe(out, room, label->path[0] ? base_name(label->path) : "anon");
}

/* "libc.so.6+0x8a1f0" */
static char *module_text(const struct fault_site_label *label, char *out, size_t room)
{
	char name[256];

	if (!label->module[0] || label->in_kernel)
		snprintf(out, room, "%s0x%" PRIx64, label->in_kernel ? "kernel " : "", label->ip);
	else
		snprintf(out, room, "%s+0x%" PRIx64,
			 put_safe(name, sizeof(name), base_name(label->module)), label->off_bytes);
	return out;
}

char *faults_site_text(const struct fault_view *view, uint32_t row, bool full, char *out,
		       size_t room)
{
	const struct fault_site_label *label;
	const struct fault_symbol *symbol;
	char module[300], name[256], source[128] = "", off[FMT_LEN] = "";

	if (!view->names || row >= view->nr_sites)
		return put_safe(out, room, "?");
	label = &view->names->sites[row];
	if (label->others)
		return put_safe(out, room, "(all others)");
	symbol = atomic_load(&label->symbol);
	module_text(label, module, sizeof(module));
	if (!symbol) {
		snprintf(out, room, full ? "%s ..." : "...", module);
		return out;
	}
	if (!symbol->name[0]) {
		snprintf(out, room, "%s%s", module,
			 full && !label->in_kernel ? " (no symbol)" : "");
		return out;
	}
	if (symbol->off_bytes)
		snprintf(off, sizeof(off), "+0x%" PRIx64, symbol->off_bytes);
	put_safe(name, sizeof(name), symbol->name);
	if (symbol->source[0]) {
		source[0] = ' ';
		put_safe(source + 1, sizeof(source) - 1, symbol->source);
	}
	if (full)
		snprintf(out, room, "%s%s%s (%s)", name, off, source, module);
	else
		snprintf(out, room, "%s%s%s", label->in_kernel ? "[k] " : "", name, off);
	return out;
}

/* What came with it: neighbours that were mapped too, pages that were read ahead. */
static void add_company(const struct fault *fault, char *out, size_t room)
{
	size_t len = strlen(out);
	char mapped[FMT_LEN], inserted[FMT_LEN];

	if (fault->pages_mapped > 1)
		len += (size_t)snprintf(out + len, room - len, " It filled %s entries%s.",
					fmt_count(mapped, fault->pages_mapped),
					fault->kind == FAULT_HUGE ? "' worth of pages"
								  : " (fault-around)");
	if (fault->pages_inserted && len < room)
		snprintf(out + len, room - len, " %s page%s came into the page cache%s.",
			 fmt_count(inserted, fault->pages_inserted),
			 fault->pages_inserted == 1 ? "" : "s",
			 fault->pages_inserted > 1 ? ", by readahead" : "");
}

char *faults_evicted_text(const struct fault_count *count, char *out, size_t room)
{
	char nr[FMT_LEN];

	out[0] = '\0';
	if (count->is_file && count->evicted_doubt)
		snprintf(out, room, " Evicted pages are not known: %s.",
			 eviction_doubt_text(count->evicted_doubt));
	else if (count->is_file)
		snprintf(out, room, " %s page%s of it left the page cache.",
			 fmt_count(nr, count->nr_evicted), count->nr_evicted == 1 ? "" : "s");
	return out;
}

char *faults_explain(const struct fault_row *row, char *out, size_t room)
{
	const struct fault *fault = &row->fault;
	const struct kind_words *found = fault->evicted_before ? &evicted_words[fault->kind]
							       : &words[fault->kind];
	const char *who = fault->in_kernel ? " (The kernel touched it for the program, inside a "
					     "system call.)"
					   : "";

	if (fault->kind == FAULT_SEGV || fault->kind == FAULT_BUS)
		snprintf(out, room, "%s %s. The kernel mapped nothing and sent %s.%s", found->found,
			 fault_broken_rule(fault), fault->kind == FAULT_SEGV ? "SIGSEGV" : "SIGBUS",
			 who);
	else if (fault->kind == FAULT_UNKNOWN)
		snprintf(out, room, "%s %s.%s", found->found,
			 fault_doubt_text((enum fault_doubt)fault->doubt), who);
	else
		snprintf(out, room, "%s %s%s", found->found, found->did, who);
	add_company(fault, out, room);
	if (fault->doubt != FAULT_SURE && fault->kind != FAULT_UNKNOWN && strlen(out) + 8 < room)
		snprintf(out + strlen(out), room - strlen(out), " (Not certain: %s.)",
			 fault_doubt_text((enum fault_doubt)fault->doubt));
	return out;
}

static const char *const special_sentences[NR_FAULT_KIND] = {
	[FAULT_SEGV] = "The access broke a rule of the mappings: nothing mapped there, or a "
		       "permission that is missing. The kernel sent SIGSEGV.",
	[FAULT_BUS] = "The mapping was there, but its page could not be had: past the end of its "
		      "file, or a read error. The kernel sent SIGBUS.",
	[FAULT_UNKNOWN] = "What is known of these does not suffice to decide. Enter lists them; "
			  "each says why.",
};

const char *faults_kind_sentence(enum fault_kind kind)
{
	return special_sentences[kind] ? special_sentences[kind] : words[kind].did;
}

char *faults_balance_text(const struct fault_view *view, bool brief, char *out, size_t room)
{
	char minor[FMT_LEN], major[FMT_LEN], hidden[FMT_LEN], lost[FMT_LEN];
	const char *reason;

	if (!view->balance_known) {
		snprintf(out, room, "the kernel's own counters are not read yet");
		return out;
	}
	fmt_count(minor, view->minflt);
	fmt_count(major, view->majflt);
	if (view->watching == WATCH_REFUSED) {
		snprintf(out, room, "the kernel counted %s minor, %s major; no events", minor,
			 major);
		return out;
	}
	if (view->nr_lost) {
		snprintf(out, room,
			 "kernel counted %s minor %s major; %s records LOST: no room in the rings",
			 minor, major, fmt_count(lost, view->nr_lost));
		return out;
	}
	if (brief)
		reason = view->sees_kernel ? "get_user_pages" : "system calls: see as root";
	else if (view->sees_kernel)
		reason = "get_user_pages (execve, mlock, MAP_POPULATE) gives no event";
	else
		reason = "inside system calls; to see them needs CAP_PERFMON (sudo)";
	snprintf(out, room, "kernel counted %s minor %s major; hidden %s: %s; lost 0", minor, major,
		 fmt_count(hidden, view->nr_hidden), reason);
	return out;
}

char *faults_refusal_text(const struct fault_view *view, char *out, size_t room)
{
	out[0] = '\0';
	if (view->watching == WATCH_REFUSED)
		snprintf(out, room, "no events: %s", view->error);
	else if (view->nr_unattached)
		snprintf(out, room, "%u threads not watched: too few descriptors (ulimit -n)",
			 view->nr_unattached);
	else if (view->watching != WATCH_STARTING && view->error_code != WHY_OK && !view->error[0])
		snprintf(out, room, "load or store not told apart: tracepoints %s (root, tracefs)",
			 why_name(view->error_code));
	return out;
}
