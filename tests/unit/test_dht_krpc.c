// SPDX-License-Identifier: GPL-2.0-only
/* ctl/dht/krpc_*.c: our queries to the byte, and what is taken of others' replies. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/dht/krpc.h"

#define ID "abcdefghij0123456789"
#define OTHER "mnopqrstuvwxyz123456"
#define T "1:t8:ABCDEFGH"
#define KEY "1:k32:kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define SIG "3:sig64:ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"

static int parse(struct krpc_reply *reply, const void *bytes, size_t length)
{
	__u8 *copy = malloc(length ? length : 1);
	int error;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	error = krpc_parse(reply, copy, length);
	free(copy);
	return error;
}

#define PARSE(reply, text) parse(reply, text, sizeof(text) - 1)

static void assert_written(const struct krpc_query *query, const char *wanted)
{
	__u8 bytes[DHT_DATAGRAM_MOST];
	size_t length = krpc_write(bytes, query);

	assert_int_equal(length, strlen(wanted));
	assert_memory_equal(bytes, wanted, length);
}

/* The queries of BEP 5 and 44, with "ro" (BEP 43) and "want" (BEP 32) in them. */
static void test_queries(void **state)
{
	static const struct krpc_token token = { 8, "aoeusnth" };
	static struct dht_item item = { .sequence = 4, .length = 12, .value = "Hello World!" };
	static const __s64 old = 3;
	struct krpc_query query = { .kind = KRPC_FIND_NODE, .family = DHT_IPV4, .transaction = (const __u8 *)"ABCDEFGH",
				    .id = (const __u8 *)ID, .target = (const __u8 *)OTHER, .token = &token,
				    .item = &item, .port = htons(6881) };

	(void)state;
	memset(item.public_key, 'k', 32);
	memset(item.signature, 's', 64);
	assert_written(&query, "d1:ad2:id20:" ID "6:target20:" OTHER "4:wantl2:n4ee1:q9:find_node2:roi1e" T "1:y1:qe");
	query.kind = KRPC_GET;
	query.family = DHT_IPV6;
	assert_written(&query, "d1:ad2:id20:" ID "6:target20:" OTHER "4:wantl2:n6ee1:q3:get2:roi1e" T "1:y1:qe");
	query.kind = KRPC_GET_PEERS;
	assert_written(&query, "d1:ad2:id20:" ID "9:info_hash20:" OTHER "4:wantl2:n6ee1:q9:get_peers2:roi1e" T "1:y1:qe");
	query.kind = KRPC_ANNOUNCE;
	assert_written(&query, "d1:ad2:id20:" ID "9:info_hash20:" OTHER
			       "4:porti6881e5:token8:aoeusnthe1:q13:announce_peer2:roi1e" T "1:y1:qe");
	query.kind = KRPC_PUT;
	assert_written(&query, "d1:ad2:id20:" ID KEY "3:seqi4e" SIG
			       "5:token8:aoeusnth1:v12:Hello World!e1:q3:put2:roi1e" T "1:y1:qe");
	query.replaces = &old;
	assert_written(&query, "d1:ad3:casi3e2:id20:" ID KEY "3:seqi4e" SIG
			       "5:token8:aoeusnth1:v12:Hello World!e1:q3:put2:roi1e" T "1:y1:qe");
}

/* The longest value that dht_begin() takes fits with the longest token and numbers. */
static void test_longest_put(void **state)
{
	static const struct krpc_token token = { .length = KRPC_TOKEN_MOST };
	static const __s64 old = INT64_MAX;
	static struct dht_item item = { .sequence = INT64_MAX, .length = DHT_PUT_VALUE_MOST };
	const struct krpc_query query = { .kind = KRPC_PUT, .transaction = (const __u8 *)"ABCDEFGH",
					  .id = (const __u8 *)ID, .token = &token, .item = &item, .replaces = &old };
	__u8 bytes[DHT_DATAGRAM_MOST];

	(void)state;
	assert_int_not_equal(krpc_write(bytes, &query), 0);
	item.length = DHT_VALUE_MOST;
	assert_int_equal(krpc_write(bytes, &query), 0);
}

static void test_nodes(void **state)
{
	static const char text[] = "d1:rd2:id20:" ID "5:nodes52:" OTHER "\x01\x02\x03\x04\x1a\xe1" ID
				   "\x05\x06\x07\x08\x1a\xe2" "6:nodes638:" ID
				   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe3" "e" T "1:y1:re";
	static const __u8 mapped[16] = { [10] = 0xff, [11] = 0xff, 1, 2, 3, 4 };
	struct krpc_reply reply;

	(void)state;
	assert_int_equal(PARSE(&reply, text), 0);
	assert_memory_equal(reply.transaction, "ABCDEFGH", 8);
	assert_memory_equal(reply.id, ID, 20);
	assert_int_equal(reply.nodes[DHT_IPV4], 2);
	assert_memory_equal(reply.node[DHT_IPV4][0].id, OTHER, 20);
	assert_memory_equal(reply.node[DHT_IPV4][0].endpoint.address, mapped, 16);
	assert_int_equal(ntohs(reply.node[DHT_IPV4][1].endpoint.port), 0x1ae2);
	assert_int_equal(reply.nodes[DHT_IPV6], 1);
	assert_int_equal(reply.node[DHT_IPV6][0].endpoint.address[15], 1);
	assert_false(reply.has_token);
}

/* More nodes and peers than are kept; elements that are no peers. */
static void test_bounds(void **state)
{
	char text[DHT_RECEIVE_MOST + 1];
	struct krpc_reply reply;
	size_t used;

	(void)state;
	used = (size_t)sprintf(text, "d1:rd2:id20:" ID "5:nodes520:");
	memset(text + used, 'n', 520);
	used += 520;
	used += (size_t)sprintf(text + used, "e" T "1:y1:re");
	assert_int_equal(parse(&reply, text, used), 0);
	assert_int_equal(reply.nodes[DHT_IPV4], KRPC_NODES_MOST);

	used = (size_t)sprintf(text, "d1:rd2:id20:" ID "6:valuesli7e3:abcd1:xi1ee");
	for (int i = 0; i < 160; i++)
		used += (size_t)sprintf(text + used, "6:abcd%02d", i % 100);
	used += (size_t)sprintf(text + used, "ee" T "1:y1:re");
	assert_in_range(used, 1300, DHT_RECEIVE_MOST);
	assert_int_equal(parse(&reply, text, used), 0);
	assert_int_equal(reply.peers, KRPC_PEERS_MOST);
}

static void test_items(void **state)
{
	static const char head[] = "d1:rd2:id20:" ID KEY "3:seqi4e" SIG "5:token4:tttt1:v";
	static const char tail[] = "e" T "1:y1:re";
	static const struct {
		const char *value;
		bool item;
	} rows[] = {
		{ "12:Hello World!", true }, { "0:", true }, { "i7e", false }, { "l1:ae", false }, { "d1:a1:be", false },
	};
	char text[DHT_RECEIVE_MOST];
	struct krpc_reply reply;
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		used = (size_t)sprintf(text, "%s%s%s", head, rows[i].value, tail);
		assert_int_equal(parse(&reply, text, used), 0);
		assert_true(reply.has_value);
		assert_int_equal(reply.has_item, rows[i].item);
	}
	for (int length = 996; length <= 1000; length++) {
		used = (size_t)sprintf(text, "%s%d:%0*d%s", head, length, length, 0, tail);
		assert_int_equal(parse(&reply, text, used), 0);
		assert_int_equal(reply.has_item, length <= DHT_VALUE_MOST);
	}
	assert_int_equal(PARSE(&reply, "d1:rd2:id20:" ID KEY "3:seqi4e1:v1:ae" T "1:y1:re"), 0);
	assert_false(reply.has_item); /* no signature */
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "d1:eli302e5:oldere", 302 }, { "d1:eli203ee", 203 }, { "d1:ele", 0 }, { "d1:el1:ae", 0 },
		{ "d1:ei1e", 0 }, { "d1:eli-1ee", 0 }, { "d1:eli99999999999ee", 0 },
	};
	char text[128];
	struct krpc_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int length = sprintf(text, "%s" T "1:y1:ee", rows[i].text);

		assert_int_equal(parse(&reply, text, (size_t)length), 0);
		assert_true(reply.is_error);
		assert_int_equal(reply.code, rows[i].code);
	}
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"", "d", "de", "i1e", "le", "d1:rd2:id20:" ID "e" T "1:y1:r", "d1:rd2:id20:" ID "e" T "1:y1:re ",
		"d1:rd2:id20:" ID "e1:y1:re" /* no t */, "d1:rd2:id20:" ID "e" T "e" /* no y */,
		"d1:rde" T "1:y1:re" /* no id */, T "1:y1:re", "d" T "1:y1:re" /* no r */,
		"d1:rd2:id19:abcdefghij012345678e" T "1:y1:re", "d1:rd2:id21:" ID "xe" T "1:y1:re",
		"d1:rd2:idi1ee" T "1:y1:re", "d1:rd2:id20:" ID "e1:t7:ABCDEFG1:y1:re",
		"d1:rd2:id20:" ID "e1:t9:ABCDEFGHI1:y1:re", "d1:rd2:id20:" ID "e" T "1:y1:qe",
		"d1:rd2:id20:" ID "e" T "1:y2:rre", "d1:rd2:id20:" ID "5:nodes25:aaaaaaaaaaaaaaaaaaaaaaaaae" T "1:y1:re",
		"d1:rd2:id20:" ID "6:nodes626:aaaaaaaaaaaaaaaaaaaaaaaaaae" T "1:y1:re",
		"d1:rd2:id20:" ID "2:id20:" OTHER "e" T "1:y1:re" /* twice */,
		"d1:rd2:id20:" ID "e" T T "1:y1:re", "d1:rd2:id20:" ID "e1:r" "d2:id20:" OTHER "e" T "1:y1:re",
		"d1:rl2:id20:" ID "e" T "1:y1:re", "d1:r1:x" T "1:y1:re",
		"d1:rd2:id20:" ID "3:seq1:4e" T "1:y1:re", "d1:rd2:id20:" ID "1:k31:kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkke" T "1:y1:re",
		"d1:rd2:id20:" ID "5:token65:ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttte" T "1:y1:re",
		"d1:rd2:id20:" ID "1:xlllllllleeeeeeeee" T "1:y1:re" /* too deep */,
		"d1:ad2:id20:" ID "e1:q4:ping" T "1:y1:qe" /* somebody's query */,
		"d1:rd2:id18446744073709551615:" ID "e" T "1:y1:re",
	};
	struct krpc_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (parse(&reply, rows[i], strlen(rows[i])) != -74)
			fail_msg("taken: %s", rows[i]);
}

/* Every prefix and every changed byte of a good reply: refused or taken, within its bytes. */
static void test_mutations(void **state)
{
	static const char good[] = "d2:ip6:abcdef1:rd2:id20:" ID KEY "5:nodes26:" OTHER "abcdef3:seqi4e" SIG
				   "5:token4:tttt1:v5:value6:valuesl6:abcdefee" T "1:v4:LT201:y1:re";
	char text[sizeof(good)];
	struct krpc_reply reply;
	unsigned int taken = 0;

	(void)state;
	assert_int_equal(PARSE(&reply, good), 0);
	assert_true(reply.has_item && reply.peers == 1 && reply.nodes[DHT_IPV4] == 1);
	for (size_t length = 0; length < sizeof(good) - 1; length++)
		assert_int_equal(parse(&reply, good, length), -74);
	for (size_t at = 0; at < sizeof(good) - 1; at++)
		for (int byte = 0; byte < 256; byte++) {
			memcpy(text, good, sizeof(good));
			text[at] = (char)byte;
			taken += !parse(&reply, text, sizeof(good) - 1);
		}
	assert_in_range(taken, 1, (sizeof(good) - 1) * 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries), cmocka_unit_test(test_longest_put), cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_bounds), cmocka_unit_test(test_items), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
