#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Reads src/ and fails, naming file and line, where one layer reaches into another that it must
# not know. Usage: check-layers.sh [SRC]. The rules are the table below; that each of them can
# fail is proved by check-layers-fails.sh.
set -eu

src=${1:-${TEST_SRCDIR:-$(dirname "$0")/..}/src}
[ -d "$src" ] || { echo "check-layers: no directory $src" >&2; exit 1; }

cd "$src"
files=$(find . -name '*.[ch]' | sed 's,^\./,,' | LC_ALL=C sort)
[ -n "$files" ] || { echo "check-layers: no sources in $src" >&2; exit 1; }

# shellcheck disable=SC2086
LC_ALL=C awk '
BEGIN {
	# A layer and those that it may include; "*" is all of them.
	may["base"] = "base"
	may["model"] = "base model"
	may["kernel"] = "base model kernel"
	may["out"] = "base model out"
	may["ui"] = "base model ui"
	may["lab"] = "base model kernel lab"
	may["learn"] = "base model kernel lab learn"
	may["app"] = "base model kernel lab learn ui app"
	may["cmd"] = "*"
	may["."] = "*"
	# System headers that one place alone may know.
	only["curses.h"] = "ui/term_curses.c"
	only["ncurses.h"] = "ui/term_curses.c"
	only["term.h"] = "ui/term_curses.c"
	only["jansson.h"] = "out/"
	only["sys/ptrace.h"] = "kernel/"
	only["linux/perf_event.h"] = "kernel/"
}

function bad(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what
	failed = 1
}

function in_list(word, list) {
	return list == "*" || index(" " list " ", " " word " ")
}

FNR == 1 {
	slash = index(FILENAME, "/")
	layer = slash ? substr(FILENAME, 1, slash - 1) : "."
	if (!(layer in may))
		bad("no rule for the layer " layer)
	guard = ""
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	target = part[2]
	slash = index(target, "/")
	if (!slash)
		bad("include \"" target "\" by its whole path below src/")
	else if (!in_list(substr(target, 1, slash - 1), may[layer]))
		bad(layer "/ must not include \"" target "\"")
}

/^[ \t]*#[ \t]*include[ \t]*</ {
	target = $0
	sub(/^[^<]*</, "", target)
	sub(/>.*/, "", target)
	name = target
	sub(/^ncursesw?\//, "", name)
	if (name in only && index(FILENAME, only[name]) != 1)
		bad("<" target "> belongs to " only[name])
}

# What a build decides is decided in kernel/uapi alone; guards of headers are none of that.
/^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else)/ && FILENAME !~ /^kernel\/uapi\// {
	if (guard == "" && FILENAME ~ /\.h$/ && $0 ~ /^#ifndef PAGEWALK_[A-Z0-9_]+_H$/)
		guard = $2
	else
		bad("conditional compilation belongs to kernel/uapi/")
}

# A literal without a blank is a path to open; one with blanks is a sentence about it.
FILENAME !~ /^kernel\// {
	line = $0
	while (match(line, /"(\/proc|\/sys)(\/[^" ]*)?"/)) {
		literal = substr(line, RSTART, RLENGTH)
		bad(literal " is read by kernel/ alone")
		line = substr(line, RSTART + RLENGTH)
	}
}

# Calls that look at another process, or at the page cache; what is said of them is no call.
{ gsub(/"([^"\\]|\\.)*"/, "\"\"") }

FILENAME !~ /^kernel\// &&
/(^|[^a-z_A-Z])(mincore|ptrace|process_vm_readv|perf_event_open)[ \t]*\(|SYS_perf_event_open|__NR_cachestat|(^|[^_])(PAGEMAP_SCAN|PROCMAP_QUERY),/ {
	bad("observing belongs to kernel/")
}

END { exit failed }
' $files
