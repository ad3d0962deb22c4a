// SPDX-License-Identifier: GPL-2.0-only
/* Peers of a file whose Carriage is sealed: what they need, and what does not go with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/config.h"
#include "ctl/identity.h"
#include "tests/unit/read_with.h"

#define NODE "[Node]\nInterface = eth0\nPrefix = 2001:db8:1::/64\nAddress = fd00::1/64\n"
#define KEYED "[Node]\nInterface = eth0\nPrefix = 2001:db8:1::/64\nPrivateKeyFile = /k\n"
#define SEALED "[Peer]\nName = them\nPrefix = 2001:db8:2::/64\nKeyFile = /k\nCarriage = sealed\n"
#define SEEDS "LocalSeed = 0000000000000001\nRemoteSeed = 0000000000000002\n"
#define MORE SEEDS "Address = fd00::2\n"

static void read_right(struct config *config, const char *text, const __u8 *key)
{
	char why[SAY_BYTES] = "";

	if (read_with(config, text, key, why))
		fail_msg("%s", why);
}

/* Of a node without a key, too: the host that introductions lead to is on the device. */
static void test_by_key_file(void **state)
{
	static const __u8 nobody[32];
	struct config config;
	__u8 introduction[16];

	(void)state;
	read_right(&config, NODE "Padding = full\n" SEALED MORE "Firewall = both\n", NULL);
	assert_int_equal(config.peer_count, 0);
	assert_int_equal(config.meet_count, 1);
	assert_int_equal(config_count_met(&config), 0);
	assert_true(config.meets[0].is_static);
	assert_int_equal(config.meets[0].carriage, MF_CARRIAGE_SEALED);
	assert_int_equal(config.meets[0].padding, MF_PADDING_FULL);
	assert_int_equal(config.meets[0].firewall, MF_ASSOC_OPENS | MF_ASSOC_FOLLOWS);
	identity_introduction(introduction, nobody);
	assert_int_equal(config.node.addresses.count, 2);
	assert_memory_equal(config.node.addresses.prefix[1].address, introduction, 16);
	assert_int_equal(config.node.addresses.prefix[0].length, 64);
	assert_int_equal(config.meets[0].local_addresses.prefix[0].length, 128);
	config_close(&config);
}

static void test_by_public_key(void **state)
{
	struct config config;
	__u8 own[16];

	(void)state;
	read_right(&config, KEYED SEALED "PublicKey = " KEY "\n[Peer]\nPublicKey = "
		   "AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", node_public);
	assert_int_equal(config.meet_count, 2);
	assert_int_equal(config_count_met(&config), 1);
	assert_true(config.meets[0].is_static && !config.meets[1].is_static);
	identity_address(own, node_public);
	assert_memory_equal(config.meets[0].local_addresses.prefix[0].address, own, 16);
	config_close(&config);
}

/* What is sent while there is no session ends at the device, never on the NIC. */
static void test_behind_the_device(void **state)
{
	struct config config;
	__u8 own[16];

	(void)state;
	read_right(&config, KEYED SEALED "PublicKey = " KEY "\n", node_public);
	identity_address(own, node_public);
	assert_int_equal(config.node.addresses.count, 2);
	assert_memory_equal(config.node.addresses.prefix[0].address, own, 16);
	assert_int_equal(config.node.addresses.prefix[0].length, CONFIG_OWN_LENGTH);
	assert_int_equal(config.node.addresses.prefix[1].length, 128);
	assert_int_equal(config.meets[0].local_addresses.prefix[0].length, 128);
	config_close(&config);
}

/* Others stay what they were. */
static void test_not_sealed(void **state)
{
	struct config config;

	(void)state;
	read_right(&config, NODE "[Peer]\nPrefix = 2001:db8:2::/64\nKeyFile = /k\n" MORE, NULL);
	assert_int_equal(config.peer_count, 1);
	assert_int_equal(config.peers[0].carriage, MF_CARRIAGE_ENCAP);
	assert_int_equal(config.meet_count, 0);
	assert_int_equal(config.node.addresses.count, 1);
	config_close(&config);
}

static const struct {
	const char *text, *why;
} wrong[] = {
	{ NODE SEALED MORE "Port = 5\n", "f:13: found Port for peer them, who has a KeyFile and Carriage = sealed" },
	{ NODE SEALED MORE "PeerPort = 5\n", "f:13: found PeerPort for peer them" },
	{ NODE SEALED MORE "ZeroChecksum = yes\n", "f:13: found ZeroChecksum for peer them" },
	{ NODE SEALED MORE "Connect = yes\n", "f:13: found Connect for peer them" },
	{ NODE SEALED MORE "IdleTimeout = 20s\n", "f:13: found IdleTimeout for peer them" },
	{ NODE SEALED MORE "PublicKey = " KEY "\n", "f:13: found PublicKey for peer them" },
	{ NODE SEALED SEEDS "Address = fd00:2::/64\n", "f:12: found Address for peer them" },
	{ NODE SEALED SEEDS "Address = 10.0.0.2\n", "f:12: found Address for peer them" },
	{ NODE SEALED SEEDS "Address = fd00::2, fd00::3\n", "f:12: found Address for peer them" },
	{ NODE SEALED MORE "LocalAddress = fd00:1::/64\n", "f:13: found LocalAddress for peer them" },
	{ NODE SEALED MORE "[Peer]\nPublicKey = " KEY "\n", "f:13: found neither Prefix and KeyFile" },
	{ NODE SEALED MORE "[Peer]\nName = two\nPrefix = 2001:db8:3::/64\nKeyFile = /l\nCarriage = sealed\n" MORE,
	  "f:20: found the inner prefix fd00::2/128 of peer two, which overlaps" },
	{ NODE "[Peer]\nName = them\nCarriage = sealed\nPrefix = 2001:db8:1::/64\nKeyFile = /k\n" MORE, "f:8: found the hopping prefix" },
	{ NODE "[Peer]\nName = them\nCarriage = sealed\nPrefix = 2001:db8:2::/64\n" MORE, "f:5: found no KeyFile for peer them" },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char why[SAY_BYTES] = "";
		struct config config;

		if (!read_with(&config, wrong[i].text, NULL, why))
			fail_msg("row %zu was taken: %s", i, wrong[i].text);
		if (strncmp(why, wrong[i].why, strlen(wrong[i].why)))
			fail_msg("row %zu: %s, expected %s", i, why, wrong[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_key_file), cmocka_unit_test(test_by_public_key),
		cmocka_unit_test(test_behind_the_device), cmocka_unit_test(test_not_sealed), cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
