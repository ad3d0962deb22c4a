// SPDX-License-Identifier: GPL-2.0-only
/* Our own queries. Keys in order, as bencode wants; "ro" in each, so that nobody counts on us (BEP 43). */
#include <arpa/inet.h>

#include "ctl/dht/bencode.h"
#include "ctl/dht/krpc.h"

static void put_want(struct bencode_writer *writer, enum dht_family family)
{
	bencode_put_text(writer, family == DHT_IPV4 ? "4:wantl2:n4e" : "4:wantl2:n6e");
}

static void put_bytes(struct bencode_writer *writer, const char *key, const void *bytes, size_t length)
{
	bencode_put_text(writer, key);
	bencode_put_string(writer, bytes, length);
}

static void put_lookup(struct bencode_writer *writer, const struct krpc_query *query)
{
	put_bytes(writer, "2:id", query->id, DHT_ID_BYTES);
	put_bytes(writer, query->kind == KRPC_GET_PEERS ? "9:info_hash" : "6:target", query->target, DHT_ID_BYTES);
	put_want(writer, query->family);
}

static void put_item(struct bencode_writer *writer, const struct krpc_query *query)
{
	const struct dht_item *item = query->item;

	if (query->replaces) {
		bencode_put_text(writer, "3:cas");
		bencode_put_integer(writer, *query->replaces);
	}
	put_bytes(writer, "2:id", query->id, DHT_ID_BYTES);
	put_bytes(writer, "1:k", item->public_key, DHT_PUBLIC_BYTES);
	bencode_put_text(writer, "3:seq");
	bencode_put_integer(writer, item->sequence);
	put_bytes(writer, "3:sig", item->signature, DHT_SIGNATURE_BYTES);
	put_bytes(writer, "5:token", query->token->bytes, query->token->length);
	put_bytes(writer, "1:v", item->value, item->length);
}

static void put_announce(struct bencode_writer *writer, const struct krpc_query *query)
{
	put_bytes(writer, "2:id", query->id, DHT_ID_BYTES);
	put_bytes(writer, "9:info_hash", query->target, DHT_ID_BYTES);
	bencode_put_text(writer, "4:port");
	bencode_put_integer(writer, ntohs(query->port));
	put_bytes(writer, "5:token", query->token->bytes, query->token->length);
}

size_t krpc_write(__u8 bytes[static DHT_DATAGRAM_MOST], const struct krpc_query *query)
{
	static const struct {
		const char *name;
		void (*put)(struct bencode_writer *, const struct krpc_query *);
	} kinds[] = {
		[KRPC_FIND_NODE] = { "9:find_node", put_lookup }, [KRPC_GET] = { "3:get", put_lookup },
		[KRPC_GET_PEERS] = { "9:get_peers", put_lookup }, [KRPC_PUT] = { "3:put", put_item },
		[KRPC_ANNOUNCE] = { "13:announce_peer", put_announce },
	};
	struct bencode_writer writer = { .bytes = bytes, .room = DHT_DATAGRAM_MOST };

	bencode_put_text(&writer, "d1:ad");
	kinds[query->kind].put(&writer, query);
	bencode_put_text(&writer, "e1:q");
	bencode_put_text(&writer, kinds[query->kind].name);
	bencode_put_text(&writer, "2:roi1e");
	put_bytes(&writer, "1:t", query->transaction, KRPC_ID_BYTES);
	bencode_put_text(&writer, "1:y1:qe");
	return writer.full ? 0 : writer.used;
}
