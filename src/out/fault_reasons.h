/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_OUT_FAULT_REASONS_H
#define PAGEWALK_OUT_FAULT_REASONS_H

#include "out/faults.h"

/* Why the place of an instruction has no name, one clause each; NULL: it has one. */
const char *fault_module_reason(const struct fault_line *line);
const char *fault_symbol_reason(const struct fault_line *line);
const char *fault_source_reason(const struct fault_line *line);
const char *fault_site_module_reason(const struct fault_tally_site *site);
/* The same of a row of the summary; `name` is NULL where names are not looked up. */
const char *fault_site_symbol_reason(const struct fault_tally_site *site,
				     const struct fault_site_name *name);
const char *fault_site_source_reason(const struct fault_tally_site *site,
				     const struct fault_site_name *name);

#endif
