/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_BASE_FMT_H
#define PAGEWALK_BASE_FMT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as people read them and as people type them. Every fmt_ function
 * fills the caller's buffer and returns it, so that it can stand in an argument
 * list; FMT_LEN bytes always suffice. The locale never changes the digits.
 */
#define FMT_LEN 32

/* "0", "812", "12.3k", "4.10M": three significant digits, powers of 1000. */
char *fmt_count(char out[FMT_LEN], uint64_t count);
/* "0", "512B", "4.00K", "1.31G": three significant digits, powers of 1024. */
char *fmt_bytes(char out[FMT_LEN], uint64_t bytes);
/* "4 KiB", "1.31 GiB", "512 B": as fmt_bytes, spelled out. */
char *fmt_bytes_long(char out[FMT_LEN], uint64_t bytes);
/* "7f59fea62000": hexadecimal, no prefix, twelve digits or more. */
char *fmt_addr(char out[FMT_LEN], uint64_t addr);
/* "0x7f59fea62000", the form that JSON has. */
char *fmt_hex(char out[FMT_LEN], uint64_t value);
/* "71 %", "<1 %" and ">99 %" where rounding would claim none or all; "-" of 0. */
char *fmt_percent(char out[FMT_LEN], uint64_t part, uint64_t whole);
/* "850ns", "12.3us", "4.10ms", "2.51s", "3m07s". */
char *fmt_duration(char out[FMT_LEN], uint64_t t_ns);

/*
 * Reads a size: digits, an optional fraction, an optional suffix (k, M, G, T
 * with or without "B" or "iB": always powers of 1024, as dd and java-zero-copy
 * take them). 0 or -EINVAL, -ERANGE; *bytes is set only on 0.
 */
int parse_bytes(const char *text, uint64_t *bytes);
/* Reads an unsigned decimal number up to `most`. 0 or -EINVAL, -ERANGE. */
int parse_u64(const char *text, uint64_t most, uint64_t *value);
/* Reads a hexadecimal address, with or without 0x. 0 or -EINVAL, -ERANGE. */
int parse_addr(const char *text, uint64_t *addr);
/* Reads seconds with an optional fraction ("0.1") into ns. 0 or -EINVAL, -ERANGE. */
int parse_seconds(const char *text, uint64_t *t_ns);

#endif
