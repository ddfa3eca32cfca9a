/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of settings: read at the start, written only when the user says so. */
#include "app/settings.h"

#include "base/replace.h"
#include "base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No file of settings is larger; one that is was not made by us. */
#define MOST_BYTES 65536

char *settings_path(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	/* A relative one is to be ignored, says the specification. */
	if (base && base[0] == '/')
		return xasprintf("%s/pagewalk/config", base);
	return home && home[0] == '/' ? xasprintf("%s/.config/pagewalk/config", home) : NULL;
}

/* The whole file as text; the caller frees it. 0 or -errno. */
static int read_file(const char *path, char **text, size_t *len_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), ret = 0;
	struct stat stat;
	size_t used = 0;
	ssize_t got;
	char *out;

	if (fd < 0)
		return -errno;
	out = xmalloc(MOST_BYTES);
	if (fstat(fd, &stat))
		ret = -errno;
	else if (S_ISDIR(stat.st_mode))
		ret = -EISDIR;
	else if (!S_ISREG(stat.st_mode) && !S_ISCHR(stat.st_mode))
		ret = -EINVAL;
	while (!ret && (got = read(fd, out + used, MOST_BYTES - used)) != 0) {
		if (got < 0)
			ret = -errno;
		else
			used += (size_t)got;
		if (used == MOST_BYTES)
			ret = -EFBIG;
	}
	close(fd);
	if (ret) {
		free(out);
		return ret;
	}
	*text = out;
	*len_bytes = used;
	return 0;
}

int settings_load(const char *path, struct config *config,
		  void (*bad)(void *arg, unsigned line, const char *what), void *arg)
{
	size_t len_bytes;
	char *text;
	int ret = read_file(path, &text, &len_bytes);

	if (ret)
		return ret;
	config_parse(text, len_bytes, config, bad, arg);
	free(text);
	return 0;
}

/* Makes the directories that the file lies in. 0 or -errno. */
static int make_directories(const char *path)
{
	char *copy = xstrdup(path);
	int ret = 0;

	for (char *slash = strchr(copy + 1, '/'); slash && !ret; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) && errno != EEXIST)
			ret = -errno;
		*slash = '/';
	}
	free(copy);
	return ret;
}

int settings_save(const char *path, const struct config *config)
{
	char *real = realpath(path, NULL), *before = NULL, *text;
	const char *to = real ? real : path;
	size_t len_bytes = 0;
	int ret = make_directories(to);

	if (!ret) {
		ret = read_file(to, &before, &len_bytes);
		if (ret == -ENOENT)
			ret = 0;
	}
	if (!ret) {
		text = config_update(before ? before : "", len_bytes, config);
		ret = replace_file(to, text, strlen(text));
		free(text);
	}
	free(before);
	free(real);
	return ret;
}
