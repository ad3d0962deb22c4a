// SPDX-License-Identifier: GPL-2.0-only
/* The DHT engine's small parts, against the vectors of their standards: SHA-1, BEP 42, BEP 44; addresses, pace, tables. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/dht/address.h"
#include "ctl/dht/candidates.h"
#include "ctl/dht/item.h"
#include "ctl/dht/node_id.h"
#include "ctl/dht/nodes.h"
#include "ctl/dht/pace.h"
#include "ctl/dht/sha1.h"
#include "ctl/parse.h"

static struct dht_endpoint endpoint(const char *text, __u16 port)
{
	struct dht_endpoint made = { .port = htons(port) };

	if (inet_pton(AF_INET6, text, made.address) == 1)
		return made;
	memset(made.address, 0, 16);
	memset(made.address + 10, 0xff, 2);
	assert_int_equal(inet_pton(AF_INET, text, made.address + 12), 1);
	return made;
}

static void assert_sha1(const void *bytes, size_t length, const char *wanted)
{
	char text[41];
	__u8 digest[20];

	sha1(digest, bytes, length);
	sodium_bin2hex(text, sizeof(text), digest, sizeof(digest));
	assert_string_equal(text, wanted);
}

/* FIPS 180-4's examples (and all lengths around a block against each other by way of the million). */
static void test_sha1(void **state)
{
	static char million[1000000];

	(void)state;
	memset(million, 'a', sizeof(million));
	assert_sha1("", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_sha1("abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		    "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	assert_sha1(million, 55, "c1c8bbdc22796e28c0e15163d20899b65621d65a");
	assert_sha1(million, 64, "0098ba824b5c16427bd7a1122a5a442a25ec644d");
	assert_sha1(million, sizeof(million), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

/* BEP 42's table; the middle of an id is random. */
static void test_node_id(void **state)
{
	static const struct {
		const char *address;
		__u8 r;
		__u8 id[3];
	} rows[] = {
		{ "124.31.75.21", 1, { 0x5f, 0xbf, 0xbf } }, { "21.75.31.124", 86, { 0x5a, 0x3c, 0xe9 } },
		{ "65.23.51.170", 22, { 0xa5, 0xd4, 0x32 } }, { "84.124.73.14", 65, { 0x1b, 0x03, 0x21 } },
		{ "43.213.53.83", 90, { 0xe5, 0x6f, 0x6c } },
	};
	__u8 id[20], other[20];

	(void)state;
	assert_int_equal(node_id_crc32c((const __u8 *)"123456789", 9), 0xe3069283);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dht_endpoint at = endpoint(rows[i].address, 1);

		memset(id, 0xff, sizeof(id));
		id[19] = rows[i].r;
		assert_false(node_id_conforms(id, at.address));
		node_id_conform(id, at.address);
		assert_int_equal(id[0], rows[i].id[0]);
		assert_int_equal(id[1], rows[i].id[1]);
		assert_int_equal(id[2] & 0xf8, rows[i].id[2] & 0xf8);
		assert_int_equal(id[2] & 7, 7);
		assert_true(node_id_conforms(id, at.address));
	}
	node_id_conform(id, endpoint("2001:4860:4860::8888", 1).address);
	memcpy(other, id, sizeof(id));
	node_id_conform(other, endpoint("2001:4860:4860::1:2:3", 1).address); /* the /64 counts */
	assert_memory_equal(id, other, sizeof(id));
	assert_false(node_id_conforms(id, endpoint("2001:4860:4860:1::8888", 1).address));
}

static const char key_hex[] = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548";
static const char signature_hex[] = "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
				    "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01";

/* BEP 44's first mutable item. (Its private key is an expanded one, from which no seed follows.) */
static void test_item_vector(void **state)
{
	struct dht_item item = { .sequence = 1, .length = 12, .value = "Hello World!" };
	static const __u8 wanted[] = "3:seqi1e1:v12:Hello World!";
	__u8 bytes[ITEM_SIGNED_MOST], target[20];
	char text[41];

	(void)state;
	assert_int_equal(parse_hex(key_hex, item.public_key, 32), 0);
	assert_int_equal(parse_hex(signature_hex, item.signature, 64), 0);
	assert_int_equal(item_signed_bytes(bytes, &item), sizeof(wanted) - 1);
	assert_memory_equal(bytes, wanted, sizeof(wanted) - 1);
	assert_true(dht_item_verify(&item));
	item_target(target, item.public_key);
	sodium_bin2hex(text, sizeof(text), target, sizeof(target));
	assert_string_equal(text, "4a533d47ec9c7d95b1ad75f576cffc641853b750");
	assert_sha1("12:Hello World!", 15, "e5f96f6f38320f0f33959cb4d3d656452117aadb"); /* its immutable item */
	item.sequence = 2;
	assert_false(dht_item_verify(&item));
	item.sequence = 1;
	item.length = 11;
	assert_false(dht_item_verify(&item));
}

static void test_item_sign(void **state)
{
	struct dht_item item = { .sequence = 1700000000, .length = DHT_VALUE_MOST };
	const __u8 seed[32] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(dht_item_sign(&item, seed), 0);
	assert_true(dht_item_verify(&item));
	item.value[DHT_VALUE_MOST - 1] ^= 1;
	assert_false(dht_item_verify(&item));
	item.length = DHT_VALUE_MOST + 1;
	assert_int_equal(dht_item_sign(&item, seed), -22);
	assert_false(dht_item_verify(&item));
	item = (struct dht_item){ .sequence = -1 };
	assert_int_equal(dht_item_sign(&item, seed), -22);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *address;
		bool usable, with_private;
	} rows[] = {
		{ "8.8.8.8", true, true }, { "10.1.2.3", false, true }, { "127.0.0.1", false, true },
		{ "192.168.1.1", false, true }, { "172.31.0.1", false, true }, { "172.32.0.1", true, true },
		{ "100.64.0.1", false, true }, { "100.128.0.1", true, true }, { "169.254.1.1", false, true },
		{ "203.0.113.9", false, true }, { "0.1.2.3", false, false }, { "224.0.0.1", false, false },
		{ "255.255.255.255", false, false }, { "240.0.0.1", false, false },
		{ "2a00::1", true, true }, { "2001:db8::1", false, true }, { "fd00::1", false, true },
		{ "::1", false, true }, { "fe80::1", false, false }, { "ff02::1", false, false }, { "::", false, false },
		{ "::2", false, true }, { "4000::1", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dht_endpoint at = endpoint(rows[i].address, 6881);
		enum dht_family family = strchr(rows[i].address, ':') ? DHT_IPV6 : DHT_IPV4;

		if (address_is_usable(&at, family, false) != rows[i].usable ||
		    address_is_usable(&at, family, true) != rows[i].with_private)
			fail_msg("%s", rows[i].address);
		assert_false(address_is_usable(&at, !family, true));
		at.port = 0;
		assert_false(address_is_usable(&at, family, true));
	}
}

/* Whoever asks as fast as he is let sends at most four a second and 48 in ten. */
static void test_pace(void **state)
{
	static struct pace pace;
	struct dht_endpoint one = endpoint("2a00::1", 1), other;
	__u64 sent[1000], now = 5000;
	unsigned int count = 0, within, all = 0;

	(void)state;
	pace_init(&pace, 0);
	while (now < 65000 && count < 1000) {
		__u64 when = pace_when(&pace, &one, now);

		assert_true(when >= now && when <= now + 1000);
		if (when == now) {
			pace_note(&pace, &one, now);
			sent[count++] = now;
		} else {
			now = when;
		}
	}
	assert_in_range(count, 230, 244);
	for (unsigned int i = 0; i < count; i++) {
		within = 0;
		for (unsigned int j = 0; j < count; j++)
			within += sent[j] >= sent[i] && sent[j] <= sent[i] + 10000;
		assert_in_range(within, 1, 48);
		assert_true(i < 4 || sent[i] - sent[i - 4] >= 1000);
	}
	pace_init(&pace, 0);
	for (unsigned int i = 0; i < 5000; i++) {
		other = endpoint("2a00::1", (__u16)(i + 1));
		if (pace_when(&pace, &other, 10000 + i / 5) != 10000 + i / 5)
			continue;
		pace_note(&pace, &other, 10000 + i / 5);
		all++;
	}
	assert_in_range(all, 150, 220); /* to all nodes in one second */
}

static void name(__u8 id[20], unsigned int number)
{
	memset(id, 0, 20);
	id[0] = (__u8)(number >> 8);
	id[1] = (__u8)number;
}

static void test_candidates(void **state)
{
	static struct candidates candidates;
	static const __u8 target[20];
	struct dht_endpoint at = endpoint("2a00::1", 1);
	__u8 id[20];
	int place, far = -1;

	(void)state;
	candidates_init(&candidates, target, DHT_IPV6, false);
	for (unsigned int i = 1000; i > 0; i--) { /* nearer with every one */
		name(id, i);
		at.address[2] = (__u8)(i >> 8);
		at.address[3] = (__u8)i;
		place = candidates_add(&candidates, id, &at);
		assert_in_range(place, 0, CANDIDATES_MOST - 1);
		if (i == 1000)
			far = place;
		candidates.at[far].find = CANDIDATE_ASKED;
	}
	assert_int_equal(candidates.count, CANDIDATES_MOST);
	name(id, 1000);
	assert_memory_equal(candidates.at[far].id, id, 20); /* who was asked keeps his place */
	for (unsigned int rank = 0; rank < CANDIDATES_MOST - 1u; rank++) {
		name(id, rank + 1);
		assert_memory_equal(candidates_nearest(&candidates, rank)->id, id, 20);
	}
	name(id, 999);
	at.address[4] = 1;
	assert_int_equal(candidates_add(&candidates, id, &at), -1); /* farther than all */
}

static void test_crowds(void **state)
{
	static struct candidates candidates;
	static const __u8 target[20];
	unsigned int taken = 0;
	__u8 id[20];

	(void)state;
	candidates_init(&candidates, target, DHT_IPV6, false);
	for (unsigned int i = 1; i < 300; i++) { /* one host, many ports */
		struct dht_endpoint at = endpoint("2a00::1", (__u16)i);

		name(id, i);
		taken += candidates_add(&candidates, id, &at) >= 0;
	}
	assert_int_equal(taken, CANDIDATES_PER_ADDRESS);
	for (unsigned int i = 1; i < 300; i++) { /* one network, many hosts */
		struct dht_endpoint at = endpoint("2a00:0:1::", 1);

		at.address[6] = (__u8)(i >> 8);
		at.address[7] = (__u8)i;
		name(id, 1000 + i);
		taken += candidates_add(&candidates, id, &at) >= 0;
	}
	assert_int_equal(taken, CANDIDATES_PER_ADDRESS + CANDIDATES_PER_NETWORK);
	candidates_drop(&candidates, 0);
	name(id, 5000);
	assert_int_not_equal(candidates_add(&candidates, id, &(struct dht_endpoint){
		.address = { 0x2a, [15] = 1 }, .port = 9 }), -1); /* a liar's place is free again */
}

static void test_good_nodes(void **state)
{
	static struct nodes nodes;
	struct dht_endpoint list[DHT_GOOD_NODES], at;
	__u8 id[20];

	(void)state;
	for (unsigned int i = 1; i <= 100; i++) {
		name(id, i);
		at = endpoint("2a00::1", (__u16)i);
		nodes_heard(&nodes, &at, id, 1000 + i);
		nodes_add_bootstrap(&nodes, &at);
		nodes_add_bootstrap(&nodes, &at);
	}
	assert_int_equal(nodes_bootstrap_count(&nodes), NODES_BOOTSTRAP);
	assert_int_equal(nodes_list(&nodes, list, DHT_GOOD_NODES), DHT_GOOD_NODES);
	for (unsigned int i = 0; i < DHT_GOOD_NODES; i++)
		assert_int_equal(ntohs(list[i].port), 100 - i);
	nodes_silent(&nodes, &list[0]);
	assert_int_equal(nodes_list(&nodes, list, 3), 3);
	assert_int_equal(ntohs(list[0].port), 99);
	assert_int_equal(nodes_list(&nodes, list, DHT_GOOD_NODES), DHT_GOOD_NODES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha1), cmocka_unit_test(test_node_id), cmocka_unit_test(test_item_vector),
		cmocka_unit_test(test_item_sign), cmocka_unit_test(test_addresses), cmocka_unit_test(test_pace),
		cmocka_unit_test(test_candidates), cmocka_unit_test(test_crowds), cmocka_unit_test(test_good_nodes),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
