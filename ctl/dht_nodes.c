// SPDX-License-Identifier: GPL-2.0-only
/* The file of nodes: text, so that a person can look at it and add one. */
#include "ctl/dht_nodes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "ctl/file_replace.h"
#include "ctl/format.h"
#include "ctl/parse.h"

static int parse_node(const char *line, size_t length, struct dht_endpoint *node)
{
	struct dht_endpoint value;
	char text[DHT_NODE_TEXT];
	char *host = text, *colon;
	__u64 port;

	if (length >= sizeof(text) || memchr(line, 0, length))
		return -EINVAL;
	memcpy(text, line, length);
	text[length] = 0;
	colon = strrchr(text, ':');
	if (!colon || parse_number(colon + 1, 1, 65535, &port))
		return -EINVAL;
	*colon = 0;
	if (*host == '[') {
		if (colon[-1] != ']')
			return -EINVAL;
		colon[-1] = 0;
		host++;
	} else if (strchr(host, ':')) {
		return -EINVAL;
	}
	if (parse_address(host, value.address))
		return -EINVAL;
	value.port = htons((__u16)port);
	*node = value;
	return 0;
}

int dht_nodes_parse(const char *text, size_t length, struct dht_endpoint *nodes, size_t room,
		    char why[static SAY_BYTES])
{
	const char *end = text + length;
	size_t count = 0;
	unsigned int line = 0;

	while (text < end && count < room) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		line++;
		if (stop != text && *text != '#') {
			if (parse_node(text, (size_t)(stop - text), &nodes[count]))
				return say_why(why, -EINVAL, "line %u: expected ADDRESS:PORT or [ADDRESS]:PORT", line);
			count++;
		}
		text = newline ? newline + 1 : end;
	}
	return (int)count;
}

/* 0, or -errno; -EFBIG: longer than there is room. */
static int read_file(const char *path, char text[static DHT_NODES_FILE_MOST], size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), error = 0;
	size_t used = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + used, DHT_NODES_FILE_MOST - used);
		used += got > 0 ? (size_t)got : 0;
	} while (got > 0 && used < DHT_NODES_FILE_MOST);
	if (got < 0)
		error = -errno;
	else if (used == DHT_NODES_FILE_MOST)
		error = -EFBIG;
	else
		*length = used;
	close(fd);
	return error;
}

static void set_aside(const char *path, const char *why)
{
	char aside[PATH_MAX];

	if (snprintf(aside, sizeof(aside), "%s.broken", path) < (int)sizeof(aside) && !rename(path, aside))
		say_note("%s: %s; it is now %s, and the bootstrap nodes are asked alone", path, why, aside);
}

int dht_nodes_load(const char *path, struct dht_endpoint *nodes, size_t room)
{
	char text[DHT_NODES_FILE_MOST], why[SAY_BYTES];
	size_t length = 0;
	int error = read_file(path, text, &length), count;

	if (error == -EFBIG) {
		set_aside(path, "longer than a file of nodes can be");
		return 0;
	}
	if (error) {
		if (error != -ENOENT)
			say_note("cannot read %s: %s", path, strerror(-error));
		return 0;
	}
	count = dht_nodes_parse(text, length, nodes, room, why);
	if (count < 0)
		set_aside(path, why);
	return count < 0 ? 0 : count;
}

char *dht_node_format(char text[static DHT_NODE_TEXT], const struct dht_endpoint *node)
{
	static const __u8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char address[FORMAT_ADDRESS];

	format_address(address, node->address);
	snprintf(text, DHT_NODE_TEXT, memcmp(node->address, mapped, sizeof(mapped)) ? "[%s]:%u" : "%s:%u", address,
		 ntohs(node->port));
	return text;
}

int dht_nodes_save(const char *path, const struct dht_endpoint *nodes, size_t count, char why[static SAY_BYTES])
{
	char text[DHT_NODES_FILE_MOST] = "# DHT nodes that answered lately, best first. Written by mayflyctl.\n";
	char node[DHT_NODE_TEXT];
	size_t used = strlen(text);

	for (size_t i = 0; i < count && used + DHT_NODE_TEXT + 1 < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", dht_node_format(node, &nodes[i]));
	return file_replace(path, text, used, 0644, why);
}
