/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/mounts.h"

#include "base/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "36 35 98:0 /root /point options fields - type source super-options" */
static bool parse_line(const char *line, struct mount *out)
{
	const char *dash = strstr(line, " - ");

	memset(out, 0, sizeof(*out));
	return dash &&
	       sscanf(line, "%" SCNu64 " %*u %" SCNu32 ":%" SCNu32, &out->id, &out->dev_major,
		      &out->dev_minor) == 3 &&
	       sscanf(dash + 3, "%23s", out->fstype) == 1;
}

void mounts_parse(const char *text, size_t len_bytes, struct mounts *out)
{
	const char *end = text + len_bytes;

	*out = (struct mounts){ 0 };
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);
		char *line = xstrndup(text, len);
		struct mount mount;

		if (parse_line(line, &mount)) {
			out->items = xgrow(out->items, out->nr, &out->room, sizeof(mount));
			out->items[out->nr++] = mount;
		}
		free(line);
		text += len + 1;
	}
}

int mounts_read(struct proc *proc, struct mounts *out)
{
	size_t len_bytes;
	char *text;
	int ret = host_read_all(proc_host(proc), proc_dir_fd(proc), "mountinfo", &text, &len_bytes);

	*out = (struct mounts){ 0 };
	if (ret)
		return ret;
	mounts_parse(text, len_bytes, out);
	free(text);
	return 0;
}

void mounts_clear(struct mounts *mounts)
{
	free(mounts->items);
	*mounts = (struct mounts){ 0 };
}

const struct mount *mounts_by_id(const struct mounts *mounts, uint64_t id)
{
	for (size_t i = 0; i < mounts->nr; i++)
		if (mounts->items[i].id == id)
			return &mounts->items[i];
	return NULL;
}

const struct mount *mounts_by_dev(const struct mounts *mounts, uint32_t dev_major,
				  uint32_t dev_minor)
{
	for (size_t i = 0; i < mounts->nr; i++)
		if (mounts->items[i].dev_major == dev_major &&
		    mounts->items[i].dev_minor == dev_minor)
			return &mounts->items[i];
	return NULL;
}

bool mount_may_hang(const struct mount *mount)
{
	static const char *const heads[] = { "nfs",  "fuse", "cifs", "smb",   "9p",
					     "ceph", "afs",  "gfs",  "lustre" };

	for (size_t i = 0; mount && i < sizeof(heads) / sizeof(heads[0]); i++)
		/* fusectl and fuseblk too: the first is never a file of interest. */
		if (!strncmp(mount->fstype, heads[i], strlen(heads[i])))
			return true;
	return false;
}
