// SPDX-License-Identifier: GPL-2.0-only
/* The status file: one JSON object, its fields in one table for both ways. */
#include "ctl/rendezvous_status.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/file_replace.h"

enum field_kind { FIELD_U32, FIELD_U64, FIELD_TEXT };

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset, size;
};

#define FIELD(kind, name, member) \
	{ name, kind, offsetof(struct rendezvous_status, member), sizeof(((struct rendezvous_status *)0)->member) }
#define EVENT(event) \
	FIELD(FIELD_U64, "last_" #event "_ms", event.at_ms), \
	FIELD(FIELD_U32, "last_" #event "_took_ms", event.took_ms), \
	FIELD(FIELD_U32, "last_" #event "_holders", event.holders), \
	FIELD(FIELD_TEXT, "last_" #event "_outcome", event.outcome), \
	FIELD(FIELD_TEXT, "last_" #event "_peer", event.peer)

static const struct field fields[] = {
	FIELD(FIELD_U64, "written_ms", written_ms),
	FIELD(FIELD_U32, "pid", pid),
	FIELD(FIELD_TEXT, "store", store),
	FIELD(FIELD_U32, "period_s", period_s),
	FIELD(FIELD_U32, "period", period),
	FIELD(FIELD_U32, "clients", clients),
	FIELD(FIELD_U32, "published_current", current),
	FIELD(FIELD_U32, "published_next", next),
	FIELD(FIELD_U32, "failing", failing),
	FIELD(FIELD_U32, "wrong_keys", wrong),
	FIELD(FIELD_U32, "refused", refused),
	FIELD(FIELD_U32, "ipv4_nodes", ipv4_nodes),
	FIELD(FIELD_U32, "ipv6_nodes", ipv6_nodes),
	FIELD(FIELD_U32, "bootstrap_named", bootstrap_named),
	FIELD(FIELD_U32, "bootstrap_resolved", bootstrap_resolved),
	FIELD(FIELD_U32, "lookups", lookups),
	FIELD(FIELD_TEXT, "level", level),
	FIELD(FIELD_U64, "level_since_ms", level_since_ms),
	FIELD(FIELD_TEXT, "level_why", level_why),
	EVENT(publication),
	EVENT(failure),
	FIELD(FIELD_TEXT, "last_failure_why", failure_why),
	EVENT(lookup),
	FIELD(FIELD_TEXT, "last_lookup_clock", clock),
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

void rendezvous_status_path(char path[static RENDEZVOUS_STATUS_PATH], const char *socket, enum rendezvous_role role)
{
	size_t length = strlen(socket);

	if (length > 5 && !strcmp(socket + length - 5, ".sock"))
		length -= 5;
	snprintf(path, RENDEZVOUS_STATUS_PATH, "%.*s.%s", (int)length, socket,
		 role == RENDEZVOUS_SERVE ? "serve" : "meet");
}

static json_t *to_json(const struct rendezvous_status *status, const struct field *field)
{
	const char *at = (const char *)status + field->offset;

	switch (field->kind) {
	case FIELD_U32: return json_integer(*(const __u32 *)at);
	case FIELD_U64: return json_integer((json_int_t)*(const __u64 *)at);
	default: return json_string(at);
	}
}

json_t *rendezvous_status_object(const struct rendezvous_status *status)
{
	json_t *object = json_object();

	for (int i = 0; i < FIELDS; i++)
		json_object_set_new(object, fields[i].name, to_json(status, &fields[i]));
	return object;
}

int rendezvous_status_write(const char *path, const struct rendezvous_status *status, char why[static SAY_BYTES])
{
	json_t *object = rendezvous_status_object(status);
	char *text;
	int error;

	text = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(object);
	if (!text)
		return say_why(why, -ENOMEM, "no memory for %s", path);
	error = file_replace(path, text, strlen(text), 0644, why);
	free(text);
	return error;
}

static bool from_json(struct rendezvous_status *status, const struct field *field, const json_t *value)
{
	char *at = (char *)status + field->offset;
	json_int_t number = json_integer_value(value);

	if (field->kind == FIELD_TEXT) {
		if (!json_is_string(value) || json_string_length(value) >= field->size)
			return false;
		memcpy(at, json_string_value(value), json_string_length(value) + 1);
		return true;
	}
	if (!json_is_integer(value) || number < 0 || (field->kind == FIELD_U32 && number > 0xffffffffLL))
		return false;
	if (field->kind == FIELD_U32)
		*(__u32 *)at = (__u32)number;
	else
		*(__u64 *)at = (__u64)number;
	return true;
}

int rendezvous_status_parse(const char *text, size_t length, struct rendezvous_status *status,
			    char why[static SAY_BYTES])
{
	struct rendezvous_status value = { 0 };
	json_t *object = json_loadb(text, length, 0, NULL);
	int error = 0;

	if (!json_is_object(object))
		error = say_why(why, -EINVAL, "expected a JSON object");
	for (int i = 0; !error && i < FIELDS; i++) {
		const json_t *found = json_object_get(object, fields[i].name);

		if (found && !from_json(&value, &fields[i], found))
			error = say_why(why, -EINVAL, "%s has no such value", fields[i].name);
	}
	json_decref(object);
	if (!error)
		*status = value;
	return error;
}

int rendezvous_status_read(const char *path, struct rendezvous_status *status, char why[static SAY_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	char text[RENDEZVOUS_STATUS_MOST], reason[SAY_BYTES];
	ssize_t length;

	if (fd < 0)
		return say_why(why, -errno, "cannot read %s: %s", path, strerror(errno));
	length = read(fd, text, sizeof(text));
	close(fd);
	if (length < 0 || length == sizeof(text))
		return say_why(why, -EFBIG, "cannot read %s", path);
	if (rendezvous_status_parse(text, (size_t)length, status, reason))
		return say_why(why, -EINVAL, "%s: %s", path, reason);
	return 0;
}
