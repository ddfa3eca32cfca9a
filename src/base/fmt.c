/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers to text and back. All arithmetic is in integers: what is printed does
 * not depend on the locale, and three significant digits keep a column's width
 * however large the figure grows, so that no line on the screen jumps.
 */
#include "base/fmt.h"

#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Three significant digits of value / base^unit: "812", "12.3", "4.10". */
static void scaled(char *out, uint64_t value, uint64_t base, int unit)
{
	uint64_t divisor = 1, whole, hundredths;

	for (int i = 0; i < unit; i++)
		divisor *= base;
	whole = value / divisor;
	hundredths = (uint64_t)((__uint128_t)(value % divisor) * 100 / divisor);
	if (whole >= 100 || unit == 0)
		snprintf(out, FMT_LEN, "%" PRIu64, whole);
	else if (whole >= 10)
		snprintf(out, FMT_LEN, "%" PRIu64 ".%" PRIu64, whole, hundredths / 10);
	else
		snprintf(out, FMT_LEN, "%" PRIu64 ".%02" PRIu64, whole, hundredths);
}

static int unit_of(uint64_t value, uint64_t base, int most)
{
	int unit = 0;

	while (unit < most && value >= base) {
		value /= base;
		unit++;
	}
	return unit;
}

char *fmt_count(char out[FMT_LEN], uint64_t count)
{
	static const char *const suffix[] = { "", "k", "M", "G", "T", "P", "E" };
	int unit = unit_of(count, 1000, 6);

	scaled(out, count, 1000, unit);
	strcat(out, suffix[unit]);
	return out;
}

char *fmt_bytes(char out[FMT_LEN], uint64_t bytes)
{
	static const char *const suffix[] = { "B", "K", "M", "G", "T", "P", "E" };
	int unit = unit_of(bytes, 1024, 6);

	scaled(out, bytes, 1024, unit);
	if (bytes)
		strcat(out, suffix[unit]);
	return out;
}

char *fmt_bytes_long(char out[FMT_LEN], uint64_t bytes)
{
	static const char *const suffix[] = {
		" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"
	};
	int unit = unit_of(bytes, 1024, 6);
	uint64_t one = UINT64_C(1) << (10 * unit);

	if (bytes % one == 0)
		snprintf(out, FMT_LEN, "%" PRIu64, bytes / one);
	else
		scaled(out, bytes, 1024, unit);
	strcat(out, suffix[unit]);
	return out;
}

char *fmt_addr(char out[FMT_LEN], uint64_t addr)
{
	snprintf(out, FMT_LEN, "%012" PRIx64, addr);
	return out;
}

char *fmt_hex(char out[FMT_LEN], uint64_t value)
{
	snprintf(out, FMT_LEN, "0x%" PRIx64, value);
	return out;
}

char *fmt_percent(char out[FMT_LEN], uint64_t part, uint64_t whole)
{
	uint64_t percent;

	if (!whole) {
		strcpy(out, "-");
		return out;
	}
	percent = (uint64_t)(((__uint128_t)part * 100 + whole / 2) / whole);
	if (part && !percent)
		strcpy(out, "<1 %");
	else if (part < whole && percent >= 100)
		strcpy(out, ">99 %");
	else
		snprintf(out, FMT_LEN, "%" PRIu64 " %%", percent);
	return out;
}

char *fmt_duration(char out[FMT_LEN], uint64_t t_ns)
{
	static const char *const suffix[] = { "ns", "us", "ms", "s" };
	int unit = unit_of(t_ns, 1000, 3);
	uint64_t seconds = t_ns / NS_PER_S;

	if (seconds >= 60) {
		snprintf(out, FMT_LEN, "%" PRIu64 "m%02us", seconds / 60, (unsigned)(seconds % 60));
		return out;
	}
	scaled(out, t_ns, 1000, unit);
	strcat(out, suffix[unit]);
	return out;
}

int parse_u64(const char *text, uint64_t most, uint64_t *value)
{
	char *end;
	unsigned long long got;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	got = strtoull(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno == ERANGE || got > most)
		return -ERANGE;
	*value = got;
	return 0;
}

int parse_addr(const char *text, uint64_t *addr)
{
	char *end;
	unsigned long long got;

	/* strtoull(3) takes one 0x by itself; it would also take blanks and signs. */
	if (!isxdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	got = strtoull(text, &end, 16);
	if (*end)
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*addr = got;
	return 0;
}

/*
 * "12.5": the whole part and the fraction in billionths. Sets *end behind it.
 * The fraction's digits past the ninth are read and dropped.
 */
static int parse_fixed(const char *text, uint64_t *whole, uint64_t *billionths, const char **end)
{
	uint64_t scale = NS_PER_S / 10;
	char *stop;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	*whole = strtoull(text, &stop, 10);
	if (errno == ERANGE)
		return -ERANGE;
	*billionths = 0;
	if (*stop == '.') {
		if (!isdigit((unsigned char)stop[1]))
			return -EINVAL;
		for (stop++; isdigit((unsigned char)*stop); stop++, scale /= 10)
			*billionths += scale * (uint64_t)(*stop - '0');
	}
	*end = stop;
	return 0;
}

int parse_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "kmgtp";
	uint64_t whole, billionths, one = 1;
	__uint128_t total;
	const char *rest, *unit;
	int ret = parse_fixed(text, &whole, &billionths, &rest);

	if (ret)
		return ret;
	unit = *rest ? strchr(units, tolower((unsigned char)*rest)) : NULL;
	if (unit) {
		one <<= 10 * (unit - units + 1);
		rest++;
		if (*rest == 'i' && (rest[1] == 'B' || rest[1] == 'b'))
			rest++;
	}
	if (*rest == 'B' || *rest == 'b')
		rest++;
	if (*rest)
		return -EINVAL;
	total = (__uint128_t)whole * one + (__uint128_t)billionths * one / NS_PER_S;
	if (total > UINT64_MAX)
		return -ERANGE;
	*bytes = (uint64_t)total;
	return 0;
}

int parse_seconds(const char *text, uint64_t *t_ns)
{
	uint64_t whole, billionths;
	const char *rest;
	int ret = parse_fixed(text, &whole, &billionths, &rest);

	if (ret)
		return ret;
	if (*rest == 's')
		rest++;
	if (*rest)
		return -EINVAL;
	if (whole > UINT64_MAX / NS_PER_S - 1)
		return -ERANGE;
	*t_ns = whole * NS_PER_S + billionths;
	return 0;
}
