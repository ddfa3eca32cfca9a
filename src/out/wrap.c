/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences below tables, in lines. */
#include "out/wrap.h"

#include "base/text.h"
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_COLUMNS 78

void out_wrapped(FILE *out, const char *head, const char *text)
{
	int indent = text_width(head), column = indent;

	fputs(head, out);
	while (*text) {
		size_t len = strcspn(text, " ");
		char *word = xstrndup(text, len);
		int columns = text_width(word);

		if (column > indent && column + 1 + columns > TEXT_COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fputs(word, out);
		column += columns;
		free(word);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}
