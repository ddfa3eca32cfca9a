/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_TESTS_FUZZ_H
#define PAGEWALK_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The name of the folder below tests/fuzz/corpus that holds this parser's inputs. */
extern const char fuzz_corpus[];

/* Gives one input to the parser; aborts where what comes out cannot be. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

/* Ends the program, naming the place, unless the condition holds; never compiled out. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
