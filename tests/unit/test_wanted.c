// SPDX-License-Identifier: GPL-2.0-only
/* ctl/wanted.c: every value that the loader may refuse has a name that stands in the file, and every request has words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/wanted.h"
#include "loader/check.h"

struct row {
	unsigned int type, offset;
	const char *name;
};

#define NODE(member) MF_NODE_SET, MF_FIELD(node_config.member)
#define ASSOC(member) MF_ASSOC_ADD, MF_FIELD(assoc_config.member)

static void test_fields(void **state)
{
	static const struct row rows[] = {
		{ NODE(device), "Device" }, { NODE(template), "Prefix" }, { NODE(template[1]), "Prefix" },
		{ NODE(mode), "Mode" }, { NODE(dark), "Dark" }, { NODE(on_link_peers), "OnLinkPeers" },
		{ NODE(threaded), "ThreadedNapi" }, { NODE(router[MF_ROUTERS - 1]), "Router" },
		{ NODE(address[MF_ASSOC_PREFIXES - 1]), "Address" }, { NODE(look_ahead_ms), "LookAhead" },
		{ NODE(capacity), "Capacity" }, { NODE(pad), "an unnamed value" },
		{ ASSOC(name), "Name" }, { ASSOC(key), "KeyFile" }, { ASSOC(seed_local), "LocalSeed" },
		{ ASSOC(seed_remote), "RemoteSeed" }, { ASSOC(local), "LocalPrefix" }, { ASSOC(remote), "Prefix" },
		{ ASSOC(rotation_ms), "Rotation" }, { ASSOC(carriage), "Carriage" }, { ASSOC(local_port), "Port" },
		{ ASSOC(remote_port), "PeerPort" }, { ASSOC(padding), "Padding" },
		{ ASSOC(local_prefix[MF_ASSOC_PREFIXES - 1]), "LocalAddress" },
		{ ASSOC(remote_prefix[1]), "Address" }, { MF_ASSOC_CHANGE, sizeof(struct mf_message), "an unnamed value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(wanted_field_name(rows[i].type, rows[i].offset), rows[i].name);
}

static void test_types(void **state)
{
	static const unsigned int types[] = {
		MF_NODE_SET, MF_NODE_GET, MF_NODE_CLEAR, MF_ASSOC_ADD, MF_ASSOC_CHANGE, MF_ASSOC_DELETE, MF_ASSOC_NEXT,
		MF_COUNTERS_GET, MF_SUBSCRIBE, MF_LEND_ADDRESS, MF_ASSOC_LEAD, MF_ASSOC_FIND, MF_SOCKET_GET,
	};
	const char *unknown = wanted_type_name(0xffff);

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		assert_string_not_equal(wanted_type_name(types[i]), unknown);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(wanted_type_name(types[i]), wanted_type_name(types[j]));
	}
}

/* Without a key what is compared has none. */
static void test_association(void **state)
{
	struct config_peer peer = { .name = "peer", .carriage = MF_CARRIAGE_ENCAP, .zero_checksum = true, .rotation_ms = 3000 };
	const __u8 key[16] = "0123456789abcde";
	struct mf_assoc_config request;

	(void)state;
	wanted_association(&request, &peer, key);
	assert_string_equal(request.name, "peer");
	assert_memory_equal(request.key, key, sizeof(request.key));
	assert_int_equal(request.flags, MF_ASSOC_ZERO_CHECKSUM);
	wanted_association(&request, &peer, NULL);
	assert_int_equal(request.key[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields), cmocka_unit_test(test_types), cmocka_unit_test(test_association),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
