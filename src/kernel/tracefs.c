/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracefs by a descriptor. Nothing on the system is changed to read it: where nobody has
 * mounted it, a detached mount serves.
 *
 * Interfaces: Documentation/trace/events.rst; fsopen(2), fsconfig(2), fsmount(2) (Linux 5.2).
 */
#include "kernel/tracefs.h"

#include "kernel/uapi/mount_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int mount_detached(void)
{
	int ret, fs_fd = (int)syscall(SYS_fsopen, "tracefs", UAPI_FSOPEN_CLOEXEC);

	if (fs_fd < 0)
		return -errno;
	ret = syscall(SYS_fsconfig, fs_fd, UAPI_FSCONFIG_CMD_CREATE, NULL, NULL, 0) ? -errno : 0;
	if (!ret) {
		ret = (int)syscall(SYS_fsmount, fs_fd, UAPI_FSMOUNT_CLOEXEC, 0);
		ret = ret < 0 ? -errno : ret;
	}
	close(fs_fd);
	return ret;
}

/* True where the directory holds events: an empty mount point does not. */
static bool has_events(int dir_fd)
{
	return faccessat(dir_fd, "events", X_OK, AT_EACCESS) == 0;
}

int tracefs_open(const struct host *host)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	bool denied = false;
	int ret;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int fd = host_open(host, places[i], O_RDONLY | O_DIRECTORY);

		if (fd >= 0 && has_events(fd))
			return fd;
		denied |= fd == -EACCES || (fd >= 0 && errno == EACCES);
		if (fd >= 0)
			close(fd);
	}
	if (host->root[0])
		return denied ? -EACCES : -ENODEV;
	ret = mount_detached();
	if (ret == -EPERM || (ret < 0 && denied))
		return -EACCES;
	return ret;
}

int tracefs_read_event(const struct host *host, int tracefs_fd, const char *name,
		       struct trace_event *out)
{
	char path[160], *text;
	size_t len_bytes;
	int ret;

	snprintf(path, sizeof(path), "events/%s/format", name);
	ret = host_read_all(host, tracefs_fd, path, &text, &len_bytes);
	if (ret)
		return ret;
	ret = tracefs_parse_format(text, len_bytes, out);
	free(text);
	return ret;
}

/* The last word of a declaration such as "unsigned long pfn" or "char comm[16]". */
static void take_name(const char *text, size_t len, char *out, size_t room)
{
	size_t end = len, start;
	const char *bracket = memchr(text, '[', len);

	if (bracket)
		end = (size_t)(bracket - text);
	while (end && text[end - 1] == ' ')
		end--;
	for (start = end; start && text[start - 1] != ' ' && text[start - 1] != '*'; start--)
		;
	snprintf(out, room, "%.*s", (int)(end - start), text + start);
}

/* "\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;" */
static bool take_field(const char *line, struct trace_field *field)
{
	const char *declaration = line + strlen("\tfield:");
	const char *end = strchr(declaration, ';');
	int is_signed = 0;

	if (!end || sscanf(end, "; offset:%u; size:%u; signed:%d;", &field->off_bytes,
			   &field->len_bytes, &is_signed) != 3)
		return false;
	field->is_signed = is_signed;
	take_name(declaration, (size_t)(end - declaration), field->name, sizeof(field->name));
	return field->name[0];
}

int tracefs_parse_format(const char *text, size_t len_bytes, struct trace_event *out)
{
	const char *end = text + len_bytes;
	char line[256];
	bool has_id = false;

	*out = (struct trace_event){ 0 };
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);
		unsigned long long id;

		snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : 255), text);
		text += len + 1;
		if (sscanf(line, "ID: %llu", &id) == 1) {
			out->id = id;
			has_id = true;
		} else if (!strncmp(line, "\tfield:", 7) && out->nr_fields < TRACE_MAX_FIELDS) {
			if (take_field(line, &out->fields[out->nr_fields]))
				out->nr_fields++;
		}
	}
	return has_id && out->nr_fields ? 0 : -EPROTO;
}

const struct trace_field *trace_event_field(const struct trace_event *event, const char *name)
{
	for (size_t i = 0; i < event->nr_fields; i++)
		if (!strcmp(event->fields[i].name, name))
			return &event->fields[i];
	return NULL;
}

uint64_t trace_field_value(const struct trace_field *field, const void *raw, size_t len_bytes)
{
	const unsigned char *bytes = raw;
	uint64_t value = 0;

	if (!field || field->len_bytes > 8 || field->off_bytes > len_bytes ||
	    field->len_bytes > len_bytes - field->off_bytes)
		return 0;
	switch (field->len_bytes) {
	case 1:
		value = bytes[field->off_bytes];
		return field->is_signed ? (uint64_t)(int64_t)(int8_t)value : value;
	case 2: {
		uint16_t half;

		memcpy(&half, bytes + field->off_bytes, sizeof(half));
		return field->is_signed ? (uint64_t)(int64_t)(int16_t)half : half;
	}
	case 4: {
		uint32_t word;

		memcpy(&word, bytes + field->off_bytes, sizeof(word));
		return field->is_signed ? (uint64_t)(int64_t)(int32_t)word : word;
	}
	case 8:
		memcpy(&value, bytes + field->off_bytes, sizeof(value));
		return value;
	default:
		return 0;
	}
}
