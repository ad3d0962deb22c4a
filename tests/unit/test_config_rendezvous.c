// SPDX-License-Identifier: GPL-2.0-only
/* The keys about the rendezvous, and peers of whom only the public key is known. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/config.h"
#include "ctl/identity.h"
#include "tests/unit/read_with.h"

#define NODE "[Node]\nInterface = eth0\nPrefix = 2001:db8:1::/64\nPrivateKeyFile = /k\n"
#define OTHER "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define MEET "[Peer]\nName = them\nPublicKey = " KEY "\n"
#define STATIC "[Peer]\nName = fixed\nPublicKey = " OTHER "\nPrefix = 2001:db8:2::/64\nKeyFile = /k\n"

static void test_everything(void **state)
{
	static const char text[] = NODE
		"Store = dht\nBootstrap = router.example.org:6881, [2001:db8::1]:1, 10.0.0.1:65535\n"
		"PublishPrefix = 2001:db8:9::/64\nPeriod = 20s\nClients = /etc/mayfly/clients\nForm = compact\n"
		"DhtFamily = ipv6\nTwoStage = 0\nPrivateNetwork = yes\n";
	const struct config_rendezvous *rendezvous;
	char why[SAY_BYTES] = "";
	struct config config;

	(void)state;
	if (read_with(&config, text, node_public, why))
		fail_msg("%s", why);
	rendezvous = &config.node.rendezvous;
	assert_int_equal(rendezvous->store.kind, CONFIG_STORE_DHT);
	assert_int_equal(rendezvous->bootstrap.count, 3);
	assert_string_equal(rendezvous->bootstrap.node[0].host, "router.example.org");
	assert_int_equal(rendezvous->bootstrap.node[0].port, 6881);
	assert_string_equal(rendezvous->bootstrap.node[1].host, "2001:db8::1");
	assert_string_equal(rendezvous->bootstrap.node[2].host, "10.0.0.1");
	assert_int_equal(rendezvous->period_ms, 20000);
	assert_string_equal(rendezvous->clients, "/etc/mayfly/clients");
	assert_int_equal(rendezvous->form, RENDEZVOUS_COMPACT);
	assert_int_equal(rendezvous->family, CONFIG_DHT_IPV6);
	assert_int_equal(rendezvous->two_stage, 0);
	assert_true(rendezvous->private_network);
	assert_int_equal(config.node.prefixes.count, 2); /* the loader lends from it */
	config_close(&config);
}

static void test_defaults(void **state)
{
	char why[SAY_BYTES];
	struct config config;

	(void)state;
	assert_int_equal(read_with(&config, NODE, node_public, why), 0);
	assert_int_equal(config.node.rendezvous.bootstrap.count, 4);
	assert_int_equal(config.node.rendezvous.period_ms, 600000);
	assert_int_equal(config.node.rendezvous.form, RENDEZVOUS_NATIVE);
	assert_int_equal(config.node.rendezvous.two_stage, CONFIG_TWO_STAGE_DEFAULT);
	assert_false(config.node.rendezvous.private_network);
	assert_int_equal(config.meet_count, 0);
	config_close(&config);
}

static void test_redis(void **state)
{
	char why[SAY_BYTES];
	struct config config;

	(void)state;
	assert_int_equal(read_with(&config, NODE "Store = redis://u:secret@host:1/2\n", node_public, why), 0);
	assert_int_equal(config.node.rendezvous.store.kind, CONFIG_STORE_REDIS);
	assert_string_equal(config.node.rendezvous.store.redis, "redis://u:secret@host:1/2");
	config_close(&config);
}

/* Those to meet stand behind the others, both in the order of the file. */
static void test_parted(void **state)
{
	static const char text[] = NODE MEET STATIC "[Peer]\nPublicKey = "
		"AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nFirewall = local\n";
	__u8 own[16], theirs[16];
	char why[SAY_BYTES] = "";
	struct config config;

	(void)state;
	if (read_with(&config, text, node_public, why))
		fail_msg("%s", why);
	assert_int_equal(config.peer_count, 1);
	assert_string_equal(config.peers[0].name, "fixed");
	assert_int_equal(config.meet_count, 2);
	assert_string_equal(config.meets[0].name, "them");
	assert_string_equal(config.meets[1].name, "peer3");
	assert_int_equal(config.meets[1].firewall, MF_ASSOC_OPENS);
	identity_address(theirs, config.meets[0].public_key);
	assert_memory_equal(config.meets[0].addresses.prefix[0].address, theirs, 16);
	identity_address(own, node_public);
	assert_int_equal(config.node.addresses.count, 3);
	assert_memory_equal(config.node.addresses.prefix[2].address, own, 16);
	config_close(&config);
}

/* A node with an Address of its own has that of its key as well: that is what it is met at. */
static void test_address_of_key(void **state)
{
	__u8 own[16];
	char why[SAY_BYTES] = "";
	struct config config;

	(void)state;
	if (read_with(&config, NODE "Address = fd00::1\n" MEET, node_public, why))
		fail_msg("%s", why);
	identity_address(own, node_public);
	assert_int_equal(config.node.addresses.count, 4);
	assert_int_equal(config.node.addresses.prefix[0].length, 128);
	assert_memory_equal(config.node.addresses.prefix[3].address, own, 16);
	config_close(&config);
}

/* All such addresses are behind the device, so that nothing leaves in the clear; the stable one is the last: it is the source. */
static void test_on_demand(void **state)
{
	__u8 own[16];
	char why[SAY_BYTES] = "";
	struct config config;

	(void)state;
	if (read_with(&config, NODE "Firewall = yes\nIdleTimeout = 20s\n" MEET "Connect = on-demand\nIdleTimeout = 10s\n",
		      node_public, why))
		fail_msg("%s", why);
	assert_true(config.node.firewall);
	assert_int_equal(config.node.idle_ms, 20000);
	assert_int_equal(config.meets[0].connect, CONNECT_ON_DEMAND);
	assert_int_equal(config.meets[0].idle_ms, 10000);
	identity_address(own, node_public);
	assert_int_equal(config.node.addresses.count, 3);
	assert_memory_equal(config.node.addresses.prefix[2].address, own, 16);
	for (int i = 0; i < 3; i++)
		assert_int_equal(config.node.addresses.prefix[i].length, CONFIG_OWN_LENGTH);
	config_close(&config);
}

/* Who says nothing is sealed; a peer may say otherwise than the node. */
static void test_carriage(void **state)
{
	static const struct {
		const char *text;
		enum mf_carriage node, peer;
		enum mf_padding node_padding, peer_padding;
	} table[] = {
		{ NODE MEET, MF_CARRIAGE_SEALED, MF_CARRIAGE_SEALED, MF_PADDING_NONE, MF_PADDING_NONE },
		{ NODE "Carriage = encap\nPadding = full\n" MEET, MF_CARRIAGE_ENCAP, MF_CARRIAGE_ENCAP, MF_PADDING_FULL,
		  MF_PADDING_FULL },
		{ NODE "Carriage = encap\nPadding = full\n" MEET "Carriage = sealed\nPadding = classes\n", MF_CARRIAGE_ENCAP,
		  MF_CARRIAGE_SEALED, MF_PADDING_FULL, MF_PADDING_CLASSES },
		{ NODE "Padding = Classes\n" MEET "Carriage = Encap\nPadding = none\n", MF_CARRIAGE_SEALED,
		  MF_CARRIAGE_ENCAP, MF_PADDING_CLASSES, MF_PADDING_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char why[SAY_BYTES] = "";
		struct config config;

		if (read_with(&config, table[i].text, node_public, why))
			fail_msg("%s", why);
		assert_int_equal(config.node.carriage, table[i].node);
		assert_int_equal(config.node.padding, table[i].node_padding);
		assert_int_equal(config.meets[0].carriage, table[i].peer);
		assert_int_equal(config.meets[0].padding, table[i].peer_padding);
		config_close(&config);
	}
}

static const struct {
	const char *text, *why;
	bool keyless;
} wrong[] = {
	{ NODE "IdleTimeout = 9s\n", "f:5: found IdleTimeout = 9s, expected a duration of 10s to 24h" },
	{ NODE "Firewall = local\n", "f:5: found Firewall = local, expected yes or no" },
	{ NODE "[Peer]\nConnect = perhaps\n", "f:6: found Connect = perhaps, expected yes, on-demand or no" },
	{ NODE "Store = disk\n", "f:5: found Store = something else, expected dht" },
	{ NODE "Bootstrap = router.example.org\n", "f:5: found Bootstrap = router.example.org, expected" },
	{ NODE "Bootstrap = host:0\n", "f:5: found Bootstrap = host:0" },
	{ NODE "Bootstrap = 2001:db8::1:6881\n", "f:5: found Bootstrap" },
	{ NODE "Bootstrap = [host]:6881\n", "f:5: found Bootstrap" },
	{ NODE "Bootstrap = -o:6881\n", "f:5: found Bootstrap" },
	{ NODE "Period = 1500ms\n", "f:5: found Period = 1500ms" },
	{ NODE "Period = 25h\n", "f:5: found Period = 25h" },
	{ NODE "Clients = clients\n", "f:5: found Clients = clients" },
	{ NODE "Form = paper\n", "f:5: found Form = paper, expected native" },
	{ NODE "DhtFamily = 4\n", "f:5: found DhtFamily = 4" },
	{ NODE "TwoStage = -1\n", "f:5: found TwoStage = -1" },
	{ NODE "PublishPrefix = 2001:db8::/32\n", "f:5: found PublishPrefix" },
	{ "[Node]\nInterface=e\nPrefix=1::/64,2::/64,3::/64,4::/64\nAddress=fd00::1\nPublishPrefix=5::/64\n",
	  "f:5: found PublishPrefix besides 4 prefixes" },
	{ NODE MEET "Carriage = rewrite\n", "f:8: found Carriage = rewrite for peer them, of whom only the PublicKey is known" },
	{ NODE MEET "Rotation = 1s\n", "f:8: found Rotation for peer them, of whom only the PublicKey is known" },
	{ NODE MEET "Address = fd00::2\n", "f:8: found Address for peer them" },
	{ NODE MEET "[Peer]\nName = them\nPublicKey = " OTHER "\n", "f:8: found a second peer called them" },
	{ NODE MEET "[Peer]\nName = two\nPublicKey = " KEY "\n", "f:8: found the inner prefix" },
	{ "[Node]\nInterface=eth0\nPrefix=2001:db8:1::/64\nAddress=fd00::1\n" MEET,
	  "f:5: found neither Prefix and KeyFile for peer them nor PrivateKeyFile in [Node]", true },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char why[SAY_BYTES] = "";
		struct config config;

		if (!read_with(&config, wrong[i].text, wrong[i].keyless ? NULL : node_public, why))
			fail_msg("row %zu was taken: %s", i, wrong[i].text);
		if (strncmp(why, wrong[i].why, strlen(wrong[i].why)))
			fail_msg("row %zu: %s, expected %s", i, why, wrong[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything), cmocka_unit_test(test_defaults), cmocka_unit_test(test_redis),
		cmocka_unit_test(test_parted),     cmocka_unit_test(test_address_of_key), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_carriage),
		cmocka_unit_test(test_on_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
