/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text made safe. A process may call itself anything, a file name may hold any
 * byte but '/' and NUL; a terminal would obey escape sequences in them, and
 * JSON must be UTF-8. Widths come from wcwidth(3), so setlocale() decides what
 * the terminal can show.
 */
#include "base/text.h"

#include "base/xalloc.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

size_t utf8_decode(const char *text, size_t len_bytes, uint32_t *ch)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *in = (const unsigned char *)text;
	size_t need;

	*ch = in[0];
	if (in[0] < 0x80)
		return 1;
	if ((in[0] & 0xe0) == 0xc0)
		need = 2;
	else if ((in[0] & 0xf0) == 0xe0)
		need = 3;
	else if ((in[0] & 0xf8) == 0xf0)
		need = 4;
	else
		return 0;
	if (need > len_bytes)
		return 0;
	uint32_t got = in[0] & (0xffu >> (need + 1));

	for (size_t i = 1; i < need; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		got = got << 6 | (in[i] & 0x3f);
	}
	if (got < least[need] || got > 0x10ffff || (got >= 0xd800 && got <= 0xdfff))
		return 0;
	*ch = got;
	return need;
}

size_t utf8_encode(uint32_t ch, char out[4])
{
	if (ch < 0x80) {
		out[0] = (char)ch;
		return 1;
	}
	if (ch < 0x800) {
		out[0] = (char)(0xc0 | ch >> 6);
		out[1] = (char)(0x80 | (ch & 0x3f));
		return 2;
	}
	if (ch < 0x10000) {
		out[0] = (char)(0xe0 | ch >> 12);
		out[1] = (char)(0x80 | (ch >> 6 & 0x3f));
		out[2] = (char)(0x80 | (ch & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | ch >> 18);
	out[1] = (char)(0x80 | (ch >> 12 & 0x3f));
	out[2] = (char)(0x80 | (ch >> 6 & 0x3f));
	out[3] = (char)(0x80 | (ch & 0x3f));
	return 4;
}

/* Characters that reorder, hide or join what stands around them. */
static bool is_format_control(uint32_t ch)
{
	return ch == 0xad || ch == 0x61c || (ch >= 0x200b && ch <= 0x200f) ||
	       (ch >= 0x2028 && ch <= 0x202e) || (ch >= 0x2060 && ch <= 0x206f) || ch == 0xfeff ||
	       (ch >= 0xfff9 && ch <= 0xfffb) || (ch >= 0xe0000 && ch <= 0xe0fff);
}

bool text_drawable(uint32_t ch)
{
	if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || is_format_control(ch))
		return false;
	return ch < 0x7f || wcwidth((wchar_t)ch) > 0;
}

int text_char_width(uint32_t ch)
{
	int width = ch < 0x7f ? 1 : wcwidth((wchar_t)ch);

	return width == 2 ? 2 : 1;
}

int text_width(const char *text)
{
	size_t left = strlen(text);
	int columns = 0;
	uint32_t ch;

	while (left) {
		size_t used = utf8_decode(text, left, &ch);

		if (!used)
			used = 1;
		columns += text_char_width(ch);
		text += used;
		left -= used;
	}
	return columns;
}

/* A copy in which what is not valid, or with `drawable` not to be drawn, is escaped. */
static char *escape(const char *text, size_t len_bytes, bool drawable)
{
	/* The longest escape, \u{10ffff}, has 10 characters for 4 bytes; \xNN 4 for 1. */
	char *copy = xmalloc(len_bytes * 4 + 1);
	size_t at = 0;
	uint32_t ch;

	for (size_t i = 0; i < len_bytes;) {
		size_t used = utf8_decode(text + i, len_bytes - i, &ch);

		if (used && (!drawable || text_drawable(ch))) {
			memcpy(copy + at, text + i, used);
			at += used;
		} else if (used > 1) {
			at += (size_t)sprintf(copy + at, "\\u{%x}", (unsigned)ch);
		} else {
			at += (size_t)sprintf(copy + at, "\\x%02x", (unsigned)ch);
		}
		i += used ? used : 1;
	}
	copy[at] = '\0';
	return copy;
}

char *text_safe(const char *text, size_t len_bytes)
{
	return escape(text, len_bytes, true);
}

char *text_safe_str(const char *text)
{
	return text_safe(text, strlen(text));
}

char *text_utf8(const char *text, size_t len_bytes)
{
	return escape(text, len_bytes, false);
}

/* Bytes of the longest prefix of `text` that takes at most `columns`. */
static size_t prefix_bytes(const char *text, int columns, int *used_columns)
{
	size_t left = strlen(text), at = 0;
	uint32_t ch;

	*used_columns = 0;
	while (at < left) {
		size_t used = utf8_decode(text + at, left - at, &ch);
		int width = text_char_width(ch);

		if (*used_columns + width > columns)
			break;
		*used_columns += width;
		at += used ? used : 1;
	}
	return at;
}

int text_fit(char *out, size_t room, const char *text, int columns, bool keep_end)
{
	int total = text_width(text), used;
	size_t bytes;

	out[0] = '\0';
	if (columns <= 0 || room < 8)
		return 0;
	if (total <= columns && strlen(text) < room) {
		strcpy(out, text);
		return total;
	}
	if (keep_end) {
		bytes = prefix_bytes(text, total - columns + 1, &used);
		if (total - used > columns - 1) {
			uint32_t ch;
			size_t step = utf8_decode(text + bytes, strlen(text + bytes), &ch);

			bytes += step ? step : 1;
			used += text_char_width(ch);
		}
		while (strlen(text + bytes) + 2 > room) {
			uint32_t ch;
			size_t step = utf8_decode(text + bytes, strlen(text + bytes), &ch);

			bytes += step ? step : 1;
			used += text_char_width(ch);
		}
		snprintf(out, room, "~%s", text + bytes);
		return total - used + 1;
	}
	bytes = prefix_bytes(text, columns - 1, &used);
	while (bytes + 2 > room) {
		columns--;
		bytes = prefix_bytes(text, columns - 1, &used);
	}
	memcpy(out, text, bytes);
	strcpy(out + bytes, "~");
	return used + 1;
}
