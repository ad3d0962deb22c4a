// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replies and errors of nodes. The whole datagram is checked for well-formedness first; then each known key has a
 * function that takes its value, in two tables: the message, and what its "r" holds.
 */
#include <errno.h>
#include <string.h>

#include "ctl/dht/bencode.h"
#include "ctl/dht/krpc.h"

struct field {
	const char *key;
	int (*take)(struct bencode_cursor *cursor, struct krpc_reply *reply);
};

/* Takes a dictionary: every known key at most once, unknown ones skipped. */
static int take_dictionary(struct bencode_cursor *cursor, struct krpc_reply *reply, const struct field *fields,
			   unsigned int count)
{
	struct bencode_bytes key;
	__u32 seen = 0;

	if (!bencode_step(cursor, 'd'))
		return -EBADMSG;
	while (!bencode_step(cursor, 'e')) {
		unsigned int i = 0;

		if (bencode_string(cursor, &key))
			return -EBADMSG;
		while (i < count && !bencode_equal(&key, fields[i].key))
			i++;
		if (i < count && seen & 1U << i)
			return -EBADMSG;
		if (i < count ? fields[i].take(cursor, reply) : bencode_skip(cursor))
			return -EBADMSG;
		seen |= i < count ? 1U << i : 0;
	}
	return 0;
}

/* A string of exactly `length` bytes. */
static int take_exact(struct bencode_cursor *cursor, void *to, size_t length)
{
	struct bencode_bytes string;

	if (bencode_string(cursor, &string) || string.length != length)
		return -EBADMSG;
	memcpy(to, string.at, length);
	return 0;
}

static int take_id(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	reply->has_id = true;
	return take_exact(cursor, reply->id, DHT_ID_BYTES);
}

static int take_key(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	reply->has_key = true;
	return take_exact(cursor, reply->item.public_key, DHT_PUBLIC_BYTES);
}

static int take_signature(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	reply->has_signature = true;
	return take_exact(cursor, reply->item.signature, DHT_SIGNATURE_BYTES);
}

static int take_sequence(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	reply->has_sequence = true;
	return bencode_integer(cursor, &reply->item.sequence);
}

static int take_token(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	struct bencode_bytes string;

	if (bencode_string(cursor, &string) || string.length > KRPC_TOKEN_MOST)
		return -EBADMSG;
	memcpy(reply->token.bytes, string.at, string.length);
	reply->token.length = (__u8)string.length;
	reply->has_token = true;
	return 0;
}

/* The address as it travels: 4 or 16 bytes and a port. */
static void take_endpoint(struct dht_endpoint *endpoint, const __u8 *bytes, enum dht_family family)
{
	size_t length = family == DHT_IPV4 ? 4 : 16;

	*endpoint = (struct dht_endpoint){ 0 };
	if (family == DHT_IPV4)
		endpoint->address[10] = endpoint->address[11] = 0xff;
	memcpy(endpoint->address + 16 - length, bytes, length);
	memcpy(&endpoint->port, bytes + length, 2);
}

/* "nodes": 26 bytes each, "nodes6": 38. */
static int take_nodes(struct bencode_cursor *cursor, struct krpc_reply *reply, enum dht_family family)
{
	size_t each = DHT_ID_BYTES + (family == DHT_IPV4 ? 4 : 16) + 2;
	struct bencode_bytes string;

	if (bencode_string(cursor, &string) || string.length % each)
		return -EBADMSG;
	for (size_t at = 0; at < string.length && reply->nodes[family] < KRPC_NODES_MOST; at += each) {
		struct krpc_node *node = &reply->node[family][reply->nodes[family]++];

		memcpy(node->id, string.at + at, DHT_ID_BYTES);
		take_endpoint(&node->endpoint, string.at + at + DHT_ID_BYTES, family);
	}
	return 0;
}

static int take_nodes_ipv4(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	return take_nodes(cursor, reply, DHT_IPV4);
}

static int take_nodes_ipv6(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	return take_nodes(cursor, reply, DHT_IPV6);
}

/* "values": a list of strings of 6 or 18 bytes; what else is in it is passed over. */
static int take_peers(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	struct bencode_bytes string;

	if (!bencode_step(cursor, 'l'))
		return bencode_skip(cursor);
	while (!bencode_step(cursor, 'e')) {
		if (bencode_string(cursor, &string)) {
			if (bencode_skip(cursor))
				return -EBADMSG;
			continue;
		}
		if ((string.length != 6 && string.length != 18) || reply->peers == KRPC_PEERS_MOST)
			continue;
		take_endpoint(&reply->peer[reply->peers++], string.at, string.length == 6 ? DHT_IPV4 : DHT_IPV6);
	}
	return 0;
}

/* Ours are strings; anything else that is stored there is a value, but not an item. */
static int take_value(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	struct bencode_bytes string;

	reply->has_value = true;
	if (bencode_string(cursor, &string))
		return bencode_skip(cursor);
	if (string.length > DHT_VALUE_MOST)
		return 0;
	memcpy(reply->item.value, string.at, string.length);
	reply->item.length = (__u16)string.length;
	reply->has_item = true;
	return 0;
}

static const struct field result_fields[] = {
	{ "id", take_id }, { "token", take_token }, { "nodes", take_nodes_ipv4 }, { "nodes6", take_nodes_ipv6 },
	{ "values", take_peers }, { "k", take_key }, { "sig", take_signature }, { "seq", take_sequence },
	{ "v", take_value },
};

static int take_result(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	return take_dictionary(cursor, reply, result_fields, sizeof(result_fields) / sizeof(*result_fields));
}

/* [code, text, ...] */
static int take_error(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	struct bencode_cursor inside = *cursor;
	__s64 code;

	if (bencode_skip(cursor))
		return -EBADMSG;
	if (bencode_step(&inside, 'l') && !bencode_integer(&inside, &code) && code > 0 && code < 1000)
		reply->code = (int)code;
	return 0;
}

static int take_transaction(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	return take_exact(cursor, reply->transaction, KRPC_ID_BYTES);
}

/* "r" or "e"; a query is not for us. */
static int take_type(struct bencode_cursor *cursor, struct krpc_reply *reply)
{
	char type;

	if (take_exact(cursor, &type, 1) || (type != 'r' && type != 'e'))
		return -EBADMSG;
	reply->is_error = type == 'e';
	return 0;
}

static const struct field message_fields[] = {
	{ "t", take_transaction }, { "y", take_type }, { "r", take_result }, { "e", take_error },
};

static bool is_whole(const __u8 *bytes, size_t length)
{
	struct bencode_cursor cursor = { bytes, bytes + length };

	return length && *bytes == 'd' && !bencode_skip(&cursor) && cursor.at == cursor.end;
}

/* Does the message itself (not something within it) have this key? */
static bool has_field(const __u8 *bytes, size_t length, const char *wanted)
{
	struct bencode_cursor cursor = { bytes + 1, bytes + length };
	struct bencode_bytes key;

	while (!bencode_string(&cursor, &key)) {
		if (bencode_equal(&key, wanted))
			return true;
		if (bencode_skip(&cursor))
			return false;
	}
	return false;
}

int krpc_parse(struct krpc_reply *reply, const __u8 *bytes, size_t length)
{
	struct bencode_cursor cursor = { bytes, bytes + length };

	if (length > DHT_RECEIVE_MOST || !is_whole(bytes, length))
		return -EBADMSG;
	if (!has_field(bytes, length, "t") || !has_field(bytes, length, "y"))
		return -EBADMSG;
	memset(reply, 0, sizeof(*reply));
	if (take_dictionary(&cursor, reply, message_fields, sizeof(message_fields) / sizeof(*message_fields)))
		return -EBADMSG;
	if (!reply->is_error && !reply->has_id)
		return -EBADMSG;
	reply->has_item &= reply->has_key && reply->has_signature && reply->has_sequence;
	return 0;
}
