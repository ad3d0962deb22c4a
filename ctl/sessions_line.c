// SPDX-License-Identifier: GPL-2.0-only
/* A session's line: its fields in one table for both ways. */
#include "ctl/sessions_line.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

enum field_kind { FIELD_NUMBER, FIELD_TEXT };

struct field {
	const char *group; /* the object that it is in; NULL: the line itself */
	const char *name;
	enum field_kind kind;
	size_t offset, size;
};

#define FIELD(kind, group, name, member) \
	{ group, name, kind, offsetof(struct sessions_line, member), sizeof(((struct sessions_line *)0)->member) }
#define TEXT(member) FIELD(FIELD_TEXT, NULL, #member, member)
#define NUMBER(member) FIELD(FIELD_NUMBER, NULL, #member, member)

static const struct field fields[] = {
	TEXT(event),
	TEXT(keeper),
	TEXT(peer),
	TEXT(public_key),
	TEXT(inner),
	TEXT(state),
	NUMBER(state_age_ms),
	TEXT(role),
	TEXT(association),
	TEXT(coming),
	TEXT(going),
	NUMBER(since_ms),
	NUMBER(handshake_age_ms),
	NUMBER(rotation_ms),
	TEXT(carriage),
	NUMBER(sealed_packets),
	NUMBER(idle_ms),
	NUMBER(lifetime_left_s),
	TEXT(level),
	TEXT(why),
	FIELD(FIELD_NUMBER, NULL, "out_packets", traffic[0]),
	FIELD(FIELD_NUMBER, NULL, "out_bytes", traffic[1]),
	FIELD(FIELD_NUMBER, NULL, "in_packets", traffic[2]),
	FIELD(FIELD_NUMBER, NULL, "in_bytes", traffic[3]),
	FIELD(FIELD_NUMBER, "refused", "budget", refused[0]),
	FIELD(FIELD_NUMBER, "refused", "not_authentic", refused[1]),
	FIELD(FIELD_NUMBER, "refused", "seen_before", refused[2]),
	FIELD(FIELD_NUMBER, "refused", "wrong_place", refused[3]),
	TEXT(ended),
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

void sessions_line_init(struct sessions_line *line, const char *event)
{
	*line = (struct sessions_line){ 0 };
	for (int i = 0; i < FIELDS; i++)
		if (fields[i].kind == FIELD_NUMBER)
			*(__u64 *)((char *)line + fields[i].offset) = SESSIONS_UNKNOWN;
	snprintf(line->event, sizeof(line->event), "%s", event);
}

bool sessions_line_stands(const struct sessions_line *line)
{
	return !strcmp(line->state, "up") || !strcmp(line->state, "renewing") || !strcmp(line->state, "silent");
}

char *sessions_line_level(char words[static SESSIONS_LEVEL], const struct sessions_line *line)
{
	if (!*line->why)
		snprintf(words, SESSIONS_LEVEL, "%s", line->level);
	else if (!strncmp(line->why, line->level, strlen(line->level)))
		snprintf(words, SESSIONS_LEVEL, "%s", line->why);
	else
		snprintf(words, SESSIONS_LEVEL, "%s (%s)", line->level, line->why);
	return words;
}

/* --- out ----------------------------------------------------------------------------- */

static json_t *to_json(const struct sessions_line *line, const struct field *field)
{
	const char *at = (const char *)line + field->offset;
	__u64 number;

	if (field->kind == FIELD_TEXT)
		return *at ? json_stringn(at, strnlen(at, field->size)) : json_null();
	memcpy(&number, at, sizeof(number));
	return number > INT64_MAX ? json_null() : json_integer((json_int_t)number);
}

static json_t *group_of(json_t *object, const char *name)
{
	json_t *group;

	if (!name)
		return object;
	group = json_object_get(object, name);
	if (!group) {
		group = json_object();
		json_object_set_new(object, name, group);
	}
	return group;
}

/* Of "complete" and the like the event is all that there is to say. */
static json_t *to_object(const struct sessions_line *line)
{
	json_t *object = json_object();
	int count = *line->peer ? FIELDS : 1;

	for (int i = 0; i < count; i++)
		json_object_set_new(group_of(object, fields[i].group), fields[i].name, to_json(line, &fields[i]));
	return object;
}

size_t sessions_line_write(char text[static SESSIONS_LINE_MOST], const struct sessions_line *line)
{
	json_t *object = to_object(line);
	size_t length = json_dumpb(object, text, SESSIONS_LINE_MOST, JSON_COMPACT | JSON_PRESERVE_ORDER);

	json_decref(object);
	if (!length || length >= SESSIONS_LINE_MOST)
		return 0;
	text[length] = '\n';
	return length + 1;
}

/* --- in ------------------------------------------------------------------------------ */

/* It will be shown on terminals: no control characters. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	return true;
}

static bool from_json(struct sessions_line *line, const struct field *field, const json_t *value)
{
	char *at = (char *)line + field->offset;
	json_int_t number = json_integer_value(value);

	if (json_is_null(value))
		return true;
	if (field->kind == FIELD_NUMBER) {
		if (!json_is_integer(value) || number < 0)
			return false;
		*(__u64 *)at = (__u64)number;
		return true;
	}
	if (!json_is_string(value) || json_string_length(value) >= field->size || !is_plain(json_string_value(value)))
		return false;
	memcpy(at, json_string_value(value), json_string_length(value) + 1);
	return true;
}

static const json_t *find(const json_t *object, const struct field *field)
{
	const json_t *group = field->group ? json_object_get(object, field->group) : object;

	return json_object_get(group, field->name);
}

static bool is_whole(const struct sessions_line *line)
{
	bool alone = !strcmp(line->event, "complete") || !strcmp(line->event, "full");

	return *line->event && !alone == !!*line->peer;
}

int sessions_line_parse(const char *text, size_t length, struct sessions_line *line, char why[static SAY_BYTES])
{
	json_t *object = json_loadb(text, length, 0, NULL);
	struct sessions_line value;
	int error = 0;

	sessions_line_init(&value, "");
	if (!json_is_object(object))
		error = say_why(why, -EINVAL, "expected a JSON object");
	for (int i = 0; !error && i < FIELDS; i++) {
		const json_t *found = find(object, &fields[i]);

		if (found && !from_json(&value, &fields[i], found))
			error = say_why(why, -EINVAL, "%s has no such value", fields[i].name);
	}
	if (!error && !is_whole(&value))
		error = say_why(why, -EINVAL, "expected an event, and a peer with it");
	json_decref(object);
	if (!error)
		*line = value;
	return error;
}
