/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/why.h"

#include <errno.h>

const char *why_name(enum why why)
{
	static const char *const names[NR_WHY] = {
		[WHY_OK] = "ok",         [WHY_NOT_ASKED] = "not asked",
		[WHY_DENIED] = "denied", [WHY_UNSUPPORTED] = "unsupported",
		[WHY_GONE] = "gone",     [WHY_TRUNCATED] = "truncated",
	};

	return names[why];
}

enum why why_from_errno(int err)
{
	switch (err) {
	case 0:
		return WHY_OK;
	case EPERM:
	case EACCES:
		return WHY_DENIED;
	case ESRCH:
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case ESTALE:
		return WHY_GONE;
	case EIO:
		return WHY_TRUNCATED;
	default:
		return WHY_UNSUPPORTED;
	}
}
