/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/json.h"

#include "base/fmt.h"
#include "base/text.h"
#include "model/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

json_t *json_document(const char *command, uint64_t taken_ns)
{
	json_t *document = json_object();

	json_object_set_new(document, "pagewalk", json_string(PACKAGE_VERSION));
	json_object_set_new(document, "command", json_string(command));
	json_object_set_new(document, "taken_ns", json_integer((json_int_t)taken_ns));
	return document;
}

void json_set_unknown(json_t *object, const char *field, const char *reason)
{
	json_t *unknown = json_object_get(object, "unknown");

	if (!unknown) {
		unknown = json_object();
		json_object_set_new(object, "unknown", unknown);
	}
	json_object_set_new(object, field, json_null());
	json_object_set_new(unknown, field, json_string(reason));
}

void json_set_count(json_t *object, const char *field, uint64_t count, enum source source,
		    enum why why)
{
	char reason[128];

	if (why == WHY_OK)
		json_object_set_new(object, field, json_integer((json_int_t)count));
	else
		json_set_unknown(object, field,
				 source_refusal(source, why, reason, sizeof(reason)));
}

json_t *json_sources(const struct json_source *groups, size_t nr, const struct sources *sources)
{
	json_t *object = json_object();

	for (size_t i = 0; i < nr; i++)
		if (sources_has(sources, groups[i].source))
			json_object_set_new(object, groups[i].group,
					    json_string(source_name(groups[i].source)));
	return object;
}

json_t *json_hex(uint64_t value)
{
	char text[FMT_LEN];

	return json_string(fmt_hex(text, value));
}

json_t *json_text(const char *raw)
{
	char *valid = text_utf8(raw, strlen(raw));
	json_t *string = json_string(valid);

	free(valid);
	return string;
}

int json_print(FILE *out, json_t *document)
{
	int ret = json_dumpf(document, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER);

	json_decref(document);
	if (ret || fputc('\n', out) == EOF || fflush(out))
		return errno ? -errno : -EIO;
	return 0;
}

/* The members of an object, `between` between them. */
static void dump_members(FILE *out, json_t *object, const char *between)
{
	const char *key, *separator = "";
	json_t *value;

	json_object_foreach(object, key, value)
	{
		json_t *name = json_string(key);

		fputs(separator, out);
		json_dumpf(name, out, JSON_ENCODE_ANY);
		fputs(": ", out);
		json_dumpf(value, out, JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
		json_decref(name);
		separator = between;
	}
	json_decref(object);
}

void json_stream_begin(FILE *out, json_t *head, const char *name)
{
	fputs("{\n ", out);
	dump_members(out, head, ",\n ");
	fprintf(out, ",\n \"%s\": [", name);
}

void json_stream_item(FILE *out, json_t *item, bool first)
{
	fputs(first ? "\n  " : ",\n  ", out);
	json_dumpf(item, out, JSON_PRESERVE_ORDER);
	json_decref(item);
}

int json_stream_end(FILE *out, json_t *tail)
{
	fputs("\n ],\n ", out);
	dump_members(out, tail, ",\n ");
	fputs("\n}\n", out);
	return fflush(out) || ferror(out) ? -EIO : 0;
}

json_t *json_frame_flags(uint64_t flags)
{
	json_t *array = json_array();

	for (unsigned flag = 0; flag < NR_KPF; flag++)
		if (flags & KPF_BIT(flag) && frame_flag_name(flag))
			json_array_append_new(array, json_string(frame_flag_name(flag)));
	return array;
}
