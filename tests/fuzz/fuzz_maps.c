/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /proc/PID/maps: what is kept is a mapping, and each line is kept or counted. */
#include "fuzz.h"
#include "model/vma.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_corpus[] = "maps";

static size_t lines_in(const uint8_t *data, size_t len_bytes)
{
	size_t nr = 0;

	for (size_t i = 0; i < len_bytes; i++)
		nr += data[i] == '\n';
	return nr + (len_bytes && data[len_bytes - 1] != '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	size_t nr_bad = 0;
	struct vma_list *list = vma_parse_maps((const char *)data, len_bytes, &nr_bad);

	FUZZ_CHECK(vma_list_nr(list) + nr_bad == lines_in(data, len_bytes));
	for (size_t i = 0; i < vma_list_nr(list); i++) {
		const struct vma *vma = vma_list_at(list, i);
		char perms[5], *name = vma_short_name(vma);

		FUZZ_CHECK(vma->start_addr < vma->end_addr);
		FUZZ_CHECK(vma->kind < NR_VMA_KIND);
		FUZZ_CHECK(strlen(vma->path) <= len_bytes);
		FUZZ_CHECK(strlen(vma_perms_text(vma, perms)) == 4);
		for (const char *at = name; *at; at++)
			FUZZ_CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
		free(name);
	}
	FUZZ_CHECK(vma_list_equal(list, list));
	vma_list_find(list, len_bytes);
	vma_list_free(list);
	return 0;
}
