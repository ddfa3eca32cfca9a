/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main() of a fuzz driver where there is no fuzzer: replays the files that it is given,
 * or else the whole corpus. To fuzz for real, leave this file out and let clang bring its own
 * (from the build directory, for each X of maps, parse, text, zones):
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -std=gnu11 -D_GNU_SOURCE -I../src \
 *     ../tests/fuzz/fuzz_X.c ../src/base/[ftwx]*.c ../src/model/vma.c \
 *     ../src/kernel/zones.c ../src/kernel/host.c ../src/model/geometry.c -o fuzz_X
 *   mkdir -p found && ./fuzz_X -max_total_time=60 -max_len=4096 found ../tests/fuzz/corpus/X
 *
 * and put what is worth keeping into tests/fuzz/corpus/X.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES (1 << 20)

static int replay(const char *path)
{
	uint8_t *room = malloc(MOST_BYTES), *data;
	FILE *in = fopen(path, "r");
	size_t len_bytes;

	if (!in || !room) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		free(room);
		return 1;
	}
	len_bytes = fread(room, 1, MOST_BYTES, in);
	fclose(in);
	/* Exactly as large as the input, so that the sanitizer sees a read past its end. */
	data = malloc(len_bytes ? len_bytes : 1);
	memcpy(data, room, len_bytes);
	LLVMFuzzerTestOneInput(data, len_bytes);
	free(data);
	free(room);
	return 0;
}

static int replay_corpus(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int nr = 0, failed = 0;

	while (dir && (entry = readdir(dir))) {
		char path[8192];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		failed |= replay(path);
		nr++;
	}
	if (dir)
		closedir(dir);
	printf("%d inputs of %s\n", nr, folder);
	/* A corpus that was not found would prove nothing. */
	return failed || !nr;
}

int main(int argc, char **argv)
{
	const char *top = getenv("TEST_SRCDIR");
	char folder[4096];
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	if (argc > 1)
		return failed;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".", fuzz_corpus);
	return replay_corpus(folder);
}
