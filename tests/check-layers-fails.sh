#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves that check-layers.sh can fail: makes small trees with one violation each, and one that
# breaks no rule, and looks at what it says of them.
set -eu

check=${TEST_SRCDIR:-$(dirname "$0")/..}/tests/check-layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0
nr=0

# try EXPECTED FILE LINE...: a file of these lines must make the check end so (0 or 1).
try() {
	expected=$1 file=$2
	shift 2
	rm -rf "$tree/src"
	mkdir -p "$tree/src/$(dirname "$file")"
	printf '%s\n' '/* a line before */' "$@" >"$tree/src/$file"
	got=0
	said=$("$check" "$tree/src") || got=$?
	nr=$((nr + 1))
	if [ "$got" -ne "$expected" ]; then
		echo "exit status $got instead of $expected for $file: $*" >&2
		failed=1
	elif [ "$expected" -eq 1 ] && [ "${said#"$file:2: "}" = "$said" ]; then
		echo "$file, line 2, is not named: $said" >&2
		failed=1
	fi
}

for pair in base:model base:ui model:kernel model:ui model:out model:lab kernel:lab kernel:ui \
	kernel:out out:kernel out:ui out:lab ui:out ui:kernel ui:lab ui:app lab:ui lab:out \
	lab:app lab:learn kernel:learn model:learn ui:learn out:learn learn:ui learn:out learn:app \
	app:cmd app:out; do
	try 1 "${pair%:*}/x.c" "#include \"${pair#*:}/y.h\""
done
for pair in base:base model:base model:model kernel:base kernel:model kernel:kernel out:base \
	out:model out:out ui:base ui:model ui:ui lab:kernel lab:model lab:lab app:ui app:lab \
	app:kernel app:learn learn:base learn:model learn:kernel learn:lab learn:learn cmd:learn cmd:app cmd:out cmd:lab; do
	try 0 "${pair%:*}/x.c" "#include \"${pair#*:}/y.h\""
done
try 1 model/x.c '#include "y.h"'
try 1 ui/screen.c '#include <curses.h>'
try 1 ui/screen.c '#  include <ncursesw/curses.h>'
try 1 app/x.c '#include <ncurses.h>'
try 0 ui/term_curses.c '#include <curses.h>'
try 1 cmd/x.c '#include <jansson.h>'
try 1 model/x.c '#include <jansson.h>'
try 0 out/x.c '#include <jansson.h>'
try 1 model/x.c '#ifdef __x86_64__'
try 1 kernel/x.c '#if LINUX_VERSION_CODE > 1'
try 1 ui/x.h '#if 0'
try 0 ui/x.h '#ifndef PAGEWALK_UI_X_H'
try 0 kernel/uapi/x.h '#ifndef PAGEMAP_SCAN'
try 1 ui/x.c 'int fd = open("/proc/self/maps", 0);'
try 1 lab/x.c 'const char *path = "/sys/kernel/mm";'
try 1 app/x.c 'opendir("/proc");'
try 1 cmd/map.c 'readlink("/proc/self/exe", out, room);'
try 0 model/x.c 'const char *why = "/proc/kpageflags is for root";'
try 1 lab/x.c 'ret = mincore(map, len, answers);'
try 1 app/x.c 'ioctl(fd, PAGEMAP_SCAN, &arg);'
try 0 kernel/x.c 'ret = mincore(map, len, answers);'

# A layer that nobody made a rule for is named at its first line.
rm -rf "$tree/src"
mkdir -p "$tree/src/new" "$tree/empty"
echo 'int x;' >"$tree/src/new/x.c"
if "$check" "$tree/src" >/dev/null; then
	echo "a layer without a rule passed" >&2
	failed=1
fi
if "$check" "$tree/empty" 2>/dev/null; then
	echo "a tree without sources passed" >&2
	failed=1
fi
echo "check-layers.sh: $nr small trees tried"
exit $failed
