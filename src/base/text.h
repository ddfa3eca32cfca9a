/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_BASE_TEXT_H
#define PAGEWALK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text from outside (command names, paths, environment) made safe to print and
 * to draw. Control characters, bytes that are not UTF-8, and characters that
 * have no width or turn the writing direction are written as \xNN or \u{NNNN}.
 */

/*
 * Reads one UTF-8 character at `text` of `len_bytes` > 0 bytes into *ch. Returns
 * its length in bytes, or 0 where the bytes are not valid UTF-8 (*ch is then
 * the first byte).
 */
size_t utf8_decode(const char *text, size_t len_bytes, uint32_t *ch);
/* Writes ch as UTF-8, at most 4 bytes and no NUL; returns how many. */
size_t utf8_encode(uint32_t ch, char out[4]);

/* True for characters that may be drawn as they are. */
bool text_drawable(uint32_t ch);
/* Columns that a drawable character takes on a terminal: 1 or 2. */
int text_char_width(uint32_t ch);
/* Columns of valid, safe UTF-8 text. */
int text_width(const char *text);

/* A safe, valid UTF-8 copy of `len_bytes` bytes; the caller frees it. */
char *text_safe(const char *text, size_t len_bytes);
/* The same for a NUL-terminated string. */
char *text_safe_str(const char *text);

/*
 * A valid UTF-8 copy for JSON, whose own escapes deal with control characters:
 * only bytes that are not UTF-8 are written as \xNN. The caller frees it.
 */
char *text_utf8(const char *text, size_t len_bytes);

/*
 * Copies safe text into `out` of `room` bytes so that it takes at most `columns`
 * columns; where it must be cut, the cut is marked by "~" at the end, or, with
 * `keep_end` (paths), at the beginning. Returns the columns used.
 */
int text_fit(char *out, size_t room, const char *text, int columns, bool keep_end);

#endif
