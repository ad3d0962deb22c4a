// SPDX-License-Identifier: GPL-2.0-only
/* Introductions as the loader is told of them: names, templates, seeds, and that both ends mean the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/identity.h"
#include "ctl/introduce.h"
#include "ctl/key.h"

enum { T = 1800000000, PERIOD_S = 600 };

struct end {
	__u8 private_key[32], public_key[32];
	struct rendezvous_pair pair;
	struct introduce_node node;
};

static void make_end(struct end *end, __u8 number)
{
	memset(end, 0, sizeof(*end));
	memset(end->private_key, number, sizeof(end->private_key));
	assert_int_equal(key_public(end->public_key, end->private_key), 0);
	end->node.prefix = (struct mf_template){ { 0x20, 1, 0xd, 0xb8, 0, 0, 0, number }, 64, 64, { 0 } };
	number == 5 ? identity_introduction(end->node.inner, end->public_key) :
		      identity_visitor(end->node.inner, end->public_key);
}

static void make_both(struct end *server, struct end *client)
{
	make_end(server, 5);
	make_end(client, 9);
	assert_int_equal(rendezvous_pair(&server->pair, server->private_key, client->public_key, 1), 0);
	assert_int_equal(rendezvous_pair(&client->pair, client->private_key, server->public_key, 0), 0);
}

/* What the server's loader and the client's are told is one association, seen from both ends. */
static void test_both_ends(void **state)
{
	struct introduction introduction;
	struct end server, client;
	struct rendezvous_offer offer, found;
	struct mf_assoc_config knock, here, there;
	__u8 value[RENDEZVOUS_VALUE_BYTES], seed_here[8], seed_there[8];
	char why[SAY_BYTES];
	int length;

	(void)state;
	make_both(&server, &client);
	introduce_fresh(&introduction, T, RENDEZVOUS_NATIVE);
	introduce_offer(&offer, &introduction, &server.node.prefix, PERIOD_S, RENDEZVOUS_NATIVE);
	length = rendezvous_seal(&server.pair, &offer, value, why);
	assert_int_equal(length, RENDEZVOUS_VALUE_BYTES);
	assert_int_equal(rendezvous_open(&client.pair, PERIOD_S, T, value, (size_t)length, &found, why), 0);
	rendezvous_reader_seed(&server.pair, introduction.key, seed_here);
	rendezvous_reader_seed(&client.pair, found.key, seed_there);

	introduce_listener(&knock, &introduction, &server.node);
	introduce_client(&here, &introduction, &server.node, "laptop", client.public_key, seed_here);
	introduce_visitor(&there, &found, &client.node, "server", server.public_key, seed_there, MF_ASSOC_OPENS);

	assert_memory_equal(here.key, there.key, 16);
	assert_memory_equal(here.key, knock.key, 16);
	assert_memory_equal(here.seed_local, there.seed_remote, 8);
	assert_memory_equal(here.seed_local, knock.seed_local, 8);
	assert_memory_equal(here.seed_remote, there.seed_local, 8);
	assert_memory_equal(&there.remote, &here.local, sizeof(there.remote));
	assert_memory_equal(&here.local, &server.node.prefix, sizeof(here.local));
	assert_memory_equal(&there.local, &client.node.prefix, sizeof(there.local));
	assert_int_equal(here.rotation_ms, there.rotation_ms);
	assert_int_equal(here.carriage, MF_CARRIAGE_ENCAP);
	assert_int_equal(there.carriage, MF_CARRIAGE_ENCAP);
	assert_memory_equal(here.local_prefix[0].address, there.remote_prefix[0].address, 16);
	assert_memory_equal(here.remote_prefix[0].address, there.local_prefix[0].address, 16);
	assert_int_equal(here.remote_count, 1);
	assert_int_equal(here.remote_prefix[0].length, 128);
	assert_int_equal(there.flags, MF_ASSOC_OPENS);
	assert_string_equal(here.name, "laptop@1800000000");
	assert_string_equal(there.name, "server@v1800000000");
}

static void test_open_remote(void **state)
{
	static const __u8 zero[16];
	struct introduction introduction;
	struct mf_assoc_config knock, one;
	struct end server, client;

	(void)state;
	make_both(&server, &client);
	introduce_fresh(&introduction, T, RENDEZVOUS_NATIVE);
	introduce_listener(&knock, &introduction, &server.node);
	introduce_client(&one, &introduction, &server.node, "a", client.public_key, zero);
	assert_string_equal(knock.name, "introduction@1800000000");
	assert_int_equal(knock.flags, MF_ASSOC_LISTENS);
	assert_int_equal(knock.remote_count, 0);
	assert_int_equal(one.flags, MF_ASSOC_ROAMS | MF_ASSOC_CONTROL);
	assert_memory_equal(one.remote.base, zero, 16);
	assert_int_equal(one.remote.prefix_length, 64);
	assert_int_equal(one.remote.hop_bits, 64);
}

static void test_fresh(void **state)
{
	struct introduction one, other;
	static const __u8 zero[8];

	(void)state;
	introduce_fresh(&one, T, RENDEZVOUS_FULL);
	introduce_fresh(&other, T, RENDEZVOUS_FULL);
	assert_memory_not_equal(one.key, other.key, 16);
	assert_memory_not_equal(one.seed, other.seed, 8);
	introduce_fresh(&one, T, RENDEZVOUS_COMPACT);
	assert_memory_equal(one.seed, zero, 8);
}

static void test_names(void **state)
{
	static const __u8 key[32] = { 0xab, 0xcd, 0xef, 1 }, other[32] = { 1 };
	char one[MF_NAME_BYTES], two[MF_NAME_BYTES];

	(void)state;
	introduce_name(one, "a-name-of-20-letters", key, T);
	assert_string_equal(one, "a-name-of-20-letters@1800000000");
	introduce_name(one, "a-name-of-21-letters1", key, T);
	assert_string_equal(one, "a-name-of-~abcdef01@1800000000");
	introduce_name(two, "a-name-of-21-letters2", other, T);
	assert_string_not_equal(one, two);
	introduce_name(one, "introduction", key, 4294967295U);
	assert_string_equal(one, "introducti~abcdef01@4294967295");
	assert_true(introduce_is_name(one));
	assert_false(introduce_is_name("laptop"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ends), cmocka_unit_test(test_open_remote), cmocka_unit_test(test_fresh),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
