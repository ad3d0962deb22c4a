// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of a configuration file into struct config. inih takes the lines apart; the reader
 * that feeds it counts them, strips comments and tells one [Peer] from the next, which inih's
 * callback cannot. The first error ends the reading.
 */
#include "ctl/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctl/config_key.h"

enum {
	SHOWN_BYTES = 64, /* of a wrong value in a message */
	NAME_MOST = 32,   /* of a key; none is as long */
	KEY_LETTERS = 20, /* from here on a word may be a key itself, of 16 bytes in base64 and more */
};

enum section { SECTION_NONE, SECTION_NODE, SECTION_PEER };

struct reader {
	struct config *config;
	const char *at, *end;
	const char *rest, *rest_end; /* of a line longer than inih takes */
	size_t length, most;         /* of the line without its comment; of one that is no list */
	unsigned int line;
	enum section section;
	bool continued; /* this piece goes on with the value of the one before */
	char *why;
	int error;
};

int config_wrong(const struct config *config, unsigned int line, char why[static SAY_BYTES], const char *format, ...)
{
	int used = snprintf(why, SAY_BYTES, "%s:%u: ", config->file, line);
	va_list arguments;

	va_start(arguments, format);
	if (used >= 0 && used < SAY_BYTES)
		vsnprintf(why + used, (size_t)(SAY_BYTES - used), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* What stands in the file, as it may go to a terminal: short, and nothing unprintable. */
static const char *shown(char text[static SHOWN_BYTES], const char *value, size_t length)
{
	size_t i;

	for (i = 0; i < length && i < SHOWN_BYTES - 1; i++)
		text[i] = isprint((unsigned char)value[i]) ? value[i] : '?';
	text[i] = 0;
	if (length >= SHOWN_BYTES)
		memcpy(text + SHOWN_BYTES - 4, "...", 4);
	return text;
}

/* A word of a configuration? All else may be a key or a password, of a file that stands in the place of one. */
static bool is_word(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalpha((unsigned char)text[i]) && !strchr("-_ []", text[i]))
			return false;
	return length < KEY_LETTERS;
}

static const char *shown_word(char text[static SHOWN_BYTES], const char *line, size_t length)
{
	return is_word(line, length) ? shown(text, line, length) : "what may be a secret";
}

static struct config_peer *add_peer(struct config *config)
{
	struct config_peer *peers = config->peers;
	size_t room = config->peer_room;

	if (config->peer_count == room) {
		room = room ? room * 2 : 8;
		peers = reallocarray(peers, room, sizeof(*peers));
		if (!peers)
			return NULL;
		config->peers = peers;
		config->peer_room = room;
	}
	memset(&peers[config->peer_count], 0, sizeof(*peers));
	return &peers[config->peer_count++];
}

static int begin_node(struct reader *reader)
{
	struct config_node *node = &reader->config->node;

	if (node->line)
		return config_wrong(reader->config, reader->line, reader->why,
				    "found a second [Node] (the first is on line %u), expected one", node->line);
	node->line = reader->line;
	reader->section = SECTION_NODE;
	return 0;
}

static int begin_peer(struct reader *reader)
{
	struct config_peer *peer;

	if (reader->config->peer_count == MF_CAPACITY_MAX)
		return config_wrong(reader->config, reader->line, reader->why, "found more than %d peers",
				    MF_CAPACITY_MAX);
	peer = add_peer(reader->config);
	if (!peer)
		return say_why(reader->why, -ENOMEM, "no memory for %zu peers", reader->config->peer_count + 1);
	peer->line = reader->line;
	peer->rotation_ms = CONFIG_ROTATION_DEFAULT_MS;
	peer->carriage = MF_CARRIAGE_ENCAP;
	reader->section = SECTION_PEER;
	return 0;
}

static int begin_section(struct reader *reader, const char *start, const char *end)
{
	size_t length = (size_t)(end - start);
	char text[SHOWN_BYTES];

	if (length == 6 && !strncasecmp(start, "[Node]", 6))
		return begin_node(reader);
	if (length == 6 && !strncasecmp(start, "[Peer]", 6))
		return begin_peer(reader);
	return config_wrong(reader->config, reader->line, reader->why, "found %s, expected [Node] or [Peer]",
			    shown(text, start, length));
}

/* Where the comment begins that "#" or ";" opens: at the start, or behind white space. */
static const char *find_comment(const char *start, const char *end)
{
	for (const char *at = start; at < end; at++)
		if ((*at == '#' || *at == ';') && (at == start || isspace((unsigned char)at[-1])))
			return at;
	return end;
}

/* The next line of the text, its white space and comment cut off. False at the end. */
static bool next_line(struct reader *reader, const char **start, const char **end)
{
	const char *newline;

	if (reader->at == reader->end)
		return false;
	reader->line++;
	newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
	*start = reader->at;
	*end = newline ? newline : reader->end;
	reader->at = newline ? newline + 1 : reader->end;

	if (reader->line == 1 && *end - *start >= 3 && !memcmp(*start, "\xef\xbb\xbf", 3))
		*start += 3;
	while (*start < *end && isspace((unsigned char)**start))
		++*start;
	*end = find_comment(*start, *end);
	while (*end > *start && isspace((unsigned char)(*end)[-1]))
		--*end;
	return true;
}

static int check_name(const struct reader *reader, const char *start, const char *equals)
{
	char text[SHOWN_BYTES];

	while (equals > start && isspace((unsigned char)equals[-1]))
		equals--;
	if (equals - start <= NAME_MOST)
		return 0;
	return config_wrong(reader->config, reader->line, reader->why, "found a key of %zu bytes, %s, expected at most %d",
			    (size_t)(equals - start), shown_word(text, start, (size_t)(equals - start)), NAME_MOST);
}

static int check_line(struct reader *reader, const char *start, const char *end)
{
	size_t length = (size_t)(end - start);
	char text[SHOWN_BYTES];
	const char *equals;

	if (!length)
		return 0;
	if (memchr(start, 0, length))
		return config_wrong(reader->config, reader->line, reader->why, "found a zero byte, expected text");
	if (*start == '[')
		return begin_section(reader, start, end);
	equals = memchr(start, '=', length);
	if (!equals)
		return config_wrong(reader->config, reader->line, reader->why,
				    "found %s, expected [Node], [Peer], KEY = VALUE or a comment",
				    shown_word(text, start, length));
	return check_name(reader, start, equals);
}

static int too_long(const struct reader *reader)
{
	return config_wrong(reader->config, reader->line, reader->why,
			    "found a line of %zu bytes, expected at most %zu (a list, its items apart by commas, may be longer)",
			    reader->length, reader->most);
}

/* Gives inih as much as fits; a longer list is cut behind a comma and goes on as a continuation line. */
static char *put_piece(struct reader *reader, char *line, size_t room, const char *start, const char *end)
{
	size_t length = (size_t)(end - start);
	const char *comma;

	reader->rest = NULL;
	if (length >= room) {
		comma = memrchr(start, ',', room - 1);
		if (!comma || comma == start) {
			reader->error = too_long(reader);
			return NULL;
		}
		length = (size_t)(comma - start);
		reader->rest = comma + 1;
		reader->rest_end = end;
	}
	memcpy(line, start, length);
	line[length] = 0;
	return line;
}

/* inih's reader: like fgets. White space at the front of a line means a continuation, so there is none else. */
static char *read_piece(char *line, int size, void *stream)
{
	struct reader *reader = stream;
	const char *start, *end;

	if (reader->error || size < 3)
		return NULL;
	reader->continued = reader->rest != NULL;
	if (reader->continued) {
		start = reader->rest;
		while (start < reader->rest_end && isspace((unsigned char)*start))
			start++;
		line[0] = ' ';
		return put_piece(reader, line + 1, (size_t)size - 1, start, reader->rest_end) ? line : NULL;
	}
	if (!next_line(reader, &start, &end))
		return NULL;
	reader->length = (size_t)(end - start);
	reader->most = (size_t)size - 1;
	reader->error = check_line(reader, start, end);
	if (reader->error)
		return NULL;
	return put_piece(reader, line, (size_t)size, start, end);
}

/* What is wrong with a value, where more can be said than what was expected. */
static const char *hint_of(int error)
{
	switch (error) {
	case -EADDRNOTAVAIL: return " (bits are set behind the length)";
	case -ENETUNREACH: return " (nothing is routed there: loopback, link-local, multicast and the like)";
	case -EKEYREJECTED: return " (a point of low order, by which nothing is secret)";
	case -E2BIG: return " as one more";
	default: return "";
	}
}

static int wrong_value(const struct reader *reader, const struct config_key *key, const char *value, int error)
{
	char text[SHOWN_BYTES];

	return config_wrong(reader->config, reader->line, reader->why, "found %s = %s%s, expected %s", key->name,
			    key->quiet ? "something else" : shown(text, value, strlen(value)), hint_of(error), key->expected);
}

/* Items apart by commas; empty ones are wrong. Works in inih's own line buffer. */
static int parse_list(const struct reader *reader, const struct config_key *key, void *field, const char *value)
{
	char item[256];
	size_t length;
	int error;

	do {
		value += strspn(value, " \t");
		length = strcspn(value, ",");
		if (length >= sizeof(item))
			return wrong_value(reader, key, value, -EINVAL);
		memcpy(item, value, length);
		while (length && strchr(" \t", item[length - 1]))
			length--;
		item[length] = 0;
		error = length ? key->parse(field, item) : -EINVAL;
		if (error)
			return wrong_value(reader, key, item, error);
		value += strcspn(value, ",");
	} while (*value++);
	return 0;
}

static int unknown_key(const struct reader *reader, const struct config_key_table *table, const char *name)
{
	bool node = reader->section == SECTION_NODE;
	const char *section = node ? "[Node]" : "[Peer]";
	const char *meant = config_key_suggest(table, name);
	char room[SHOWN_BYTES];
	const char *text = shown_word(room, name, strlen(name));

	if (config_key_find(node ? &config_peer_keys : &config_node_keys, name) >= 0)
		return config_wrong(reader->config, reader->line, reader->why, "found %s in %s, expected it in %s",
				    text, section, node ? "[Peer]" : "[Node]");
	if (meant)
		return config_wrong(reader->config, reader->line, reader->why,
				    "found the unknown key %s in %s, expected perhaps %s", text, section, meant);
	return config_wrong(reader->config, reader->line, reader->why,
			    "found the unknown key %s in %s, expected one of mayfly.conf(5)", text, section);
}

static int set_key(const struct reader *reader, const struct config_key_table *table, void *base,
		   unsigned int *line_of, const char *name, const char *value)
{
	int number = config_key_find(table, name);
	const struct config_key *key;
	void *field;
	int error;

	if (number < 0)
		return unknown_key(reader, table, name);
	key = &table->keys[number];
	field = (char *)base + key->offset;
	if (line_of[number] && !reader->continued)
		return config_wrong(reader->config, reader->line, reader->why,
				    "found %s again (the first is on line %u), expected it once%s", key->name,
				    line_of[number], key->list ? " with its values apart by commas" : "");
	line_of[number] = reader->line;
	if (key->list)
		return parse_list(reader, key, field, value);
	if (reader->rest)
		return too_long(reader);
	error = key->parse(field, value);
	return error ? wrong_value(reader, key, value, error) : 0;
}

/* inih's handler: 1 to go on. The section is the reader's, who saw it begin. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;
	struct config *config = reader->config;
	struct config_peer *peer;

	(void)section;
	switch (reader->section) {
	case SECTION_NODE:
		reader->error = set_key(reader, &config_node_keys, &config->node, config->node.line_of, name, value);
		break;
	case SECTION_PEER:
		peer = &config->peers[config->peer_count - 1];
		reader->error = set_key(reader, &config_peer_keys, peer, peer->line_of, name, value);
		break;
	default:
		reader->error = config_wrong(config, reader->line, reader->why,
					     "found a key before any section, expected [Node] or [Peer]");
	}
	return !reader->error;
}

int config_parse(struct config *config, const char *file, const char *text, size_t length,
		 char why[static SAY_BYTES])
{
	struct reader reader = { .config = config, .at = text, .end = text + length, .why = why };
	int line;

	memset(config, 0, sizeof(*config));
	snprintf(config->file, sizeof(config->file), "%s", file);
	config->node.mode = MF_MODE_ROUTED;
	config->node.look_ahead_ms = MF_LOOK_AHEAD_DEFAULT_MS;
	config->node.carriage = MF_CARRIAGE_SEALED;
	strcpy(config->node.device, "mayfly0");
	config_rendezvous_init(&config->node.rendezvous);

	line = ini_parse_stream(read_piece, &reader, handle, &reader);
	if (line && !reader.error) /* inih's own opinion of a line that looked right to us */
		reader.error = config_wrong(config, (unsigned int)(line > 0 ? line : 0), why,
					    "found a line that is not understood, expected KEY = VALUE");
	if (reader.error)
		config_close(config);
	return reader.error;
}

void config_close(struct config *config)
{
	sodium_memzero(&config->node.rendezvous.store, sizeof(config->node.rendezvous.store));
	free(config->peers);
	config->peers = config->meets = NULL;
	config->peer_count = config->meet_count = config->peer_room = 0;
}
