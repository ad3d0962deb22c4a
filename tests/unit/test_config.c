// SPDX-License-Identifier: GPL-2.0-only
/* ctl/config*.c: what a file says arrives, and every mistake is told with its line and what was expected. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/config.h"
#include "ctl/format.h"
#include "ctl/identity.h"
#include "ctl/wanted.h"
#include "tests/unit/read_with.h"

#define NODE "[Node]\nInterface = eth0\nPrefix = 2001:db8:1::/64\nAddress = fd00::1\n"
#define PEER "[Peer]\nPrefix = 2001:db8:2::/64\nKeyFile = /k\nLocalSeed = 0000000000000001\n" \
	"RemoteSeed = 0000000000000002\n"

static void test_everything(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf# a comment\r\n"
		"[node]   ; another\r\n"
		"  INTERFACE=eth0\r\n"
		"Prefix = 2001:db8:1::/64,2001:db8:f::/80  # two\r\n"
		"mode = On-Link\nDark = yes\nRouter = fe80::1, fe80::2\nOnLinkPeers = yes\n"
		"Address = fd00::1/64, 10.9.0.1/24\nLookAhead = 5m\nCapacity = 100\nDevice = hop0\n\n"
		"[Peer]\nName = server\nPublicKey = " KEY "\nAddress = fd00::2\nLocalAddress = fd00::1\n"
		"Prefix = 2001:db8:2::/64\nLocalPrefix = 2001:db8:f::/80\nKeyFile = /etc/mayfly/server.key\n"
		"LocalSeed = 0102030405060708\nRemoteSeed = 1112131415161718\nRotation = 200ms\nCarriage = rewrite\n"
		"Firewall = both\nPort = 51820\nPeerPort = 51821";
	char why[SAY_BYTES], prefix[FORMAT_PREFIX];
	struct config config;
	const struct config_peer *peer;

	(void)state;
	assert_int_equal(read_with(&config, text, NULL, why), 0);
	assert_string_equal(config.node.interface, "eth0");
	assert_string_equal(config.node.device, "hop0");
	assert_int_equal(config.node.prefixes.count, 2);
	assert_int_equal(config.node.mode, MF_MODE_ON_LINK);
	assert_true(config.node.dark && config.node.on_link_peers);
	assert_int_equal(config.node.routers.count, 2);
	assert_int_equal(config.node.look_ahead_ms, 300000);
	assert_int_equal(config.node.capacity, 100);
	assert_string_equal(format_prefix(prefix, &config.node.addresses.prefix[1]), "10.9.0.1/24");
	assert_int_equal(config.peer_count, 1);
	peer = &config.peers[0];
	assert_string_equal(peer->name, "server");
	assert_string_equal(format_template(prefix, &peer->local_prefix), "2001:db8:f::/80");
	assert_int_equal(peer->seed_local[7], 8);
	assert_int_equal(peer->rotation_ms, 200);
	assert_int_equal(peer->carriage, MF_CARRIAGE_REWRITE);
	assert_int_equal(peer->firewall, MF_ASSOC_OPENS | MF_ASSOC_FOLLOWS);
	assert_memory_equal(&peer->port, "\xca\x6c", 2);
	config_close(&config);
}

static void test_defaults(void **state)
{
	static const char text[] = "[Node]\nInterface=eth0\nPrefix=2001:db8:1::/64\nPrivateKeyFile=/k\n"
				   "[Peer]\nPublicKey=" KEY "\nPrefix=2001:db8:2::/64\nKeyFile=/k\n";
	char why[SAY_BYTES];
	struct config config;
	const struct config_peer *peer;
	__u8 wanted[16];

	(void)state;
	assert_int_equal(config_parse(&config, "f", text, strlen(text), why), 0);
	assert_int_equal(config_complete(&config, node_public, why), 0);
	assert_true(config.node.dark);
	assert_int_equal(config.node.look_ahead_ms, MF_LOOK_AHEAD_DEFAULT_MS);
	assert_int_equal(config.node.capacity, MF_CAPACITY_DEFAULT);
	assert_string_equal(config.node.device, "mayfly0");
	assert_int_equal(config.node.level, LEVEL_AUTO);
	identity_address(wanted, node_public);
	assert_memory_equal(config.node.addresses.prefix[0].address, wanted, 16);
	peer = &config.peers[0];
	assert_string_equal(peer->name, "peer1");
	assert_memory_equal(peer->local_addresses.prefix[0].address, wanted, 16);
	identity_address(wanted, peer->public_key);
	assert_memory_equal(peer->addresses.prefix[0].address, wanted, 16);
	identity_seed(wanted, node_public);
	assert_memory_equal(peer->seed_local, wanted, 8);
	identity_seed(wanted, peer->public_key);
	assert_memory_equal(peer->seed_remote, wanted, 8);
	assert_int_equal(peer->rotation_ms, 3000);
	assert_int_equal(peer->carriage, MF_CARRIAGE_ENCAP); /* a handshake would be needed to seal */
	config_close(&config);
}

/* Longer than what inih takes at once. */
static void test_levels(void **state)
{
	static const struct {
		const char *text;
		enum level level;
	} rows[] = {
		{ "Level = auto\n", LEVEL_AUTO },       { "Level = calm\n", LEVEL_CALM },
		{ "level = Watched\n", LEVEL_WATCHED }, { "Level = ATTACKED\n", LEVEL_ATTACKED },
	};
	char text[128], why[SAY_BYTES];
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "[Node]\n%s", rows[i].text);
		assert_int_equal(config_parse(&config, "f", text, strlen(text), why), 0);
		assert_int_equal(config.node.level, rows[i].level);
		config_close(&config);
	}
}

static void test_long_list(void **state)
{
	static const char text[] = NODE PEER
		"Address = fd00:1111:2222:3333:4444:5555:6666:1/128, fd00:1111:2222:3333:4444:5555:6666:2/128, "
		"fd00:1111:2222:3333:4444:5555:6666:3/128, fd00:1111:2222:3333:4444:5555:6666:4/128, "
		"fd00:1111:2222:3333:4444:5555:6666:5/128, fd00:1111:2222:3333:4444:5555:6666:6/128, "
		"fd00:1111:2222:3333:4444:5555:6666:7/128, fd00:1111:2222:3333:4444:5555:6666:8/128\n";
	char why[SAY_BYTES];
	struct config config;

	(void)state;
	assert_int_equal(read_with(&config, text, NULL, why), 0);
	assert_int_equal(config.peers[0].addresses.count, 8);
	for (int i = 0; i < 8; i++)
		assert_int_equal(config.peers[0].addresses.prefix[i].address[15], i + 1);
	config_close(&config);
}

static void test_rewrite_takes_v6(void **state)
{
	static const char text[] = "[Node]\nInterface=eth0\nPrefix=2001:db8:1::/64\nAddress=10.0.0.1,fd00::1/64,fd00::3\n"
		PEER "Address=fd00::2\nCarriage=rewrite\n" PEER "Address=fd00::4\n";
	char why[SAY_BYTES], prefix[FORMAT_PREFIX];
	struct config config;

	(void)state;
	assert_int_equal(read_with(&config, text, NULL, why), 0);
	assert_int_equal(config.peers[0].local_addresses.count, 1);
	assert_string_equal(format_prefix(prefix, &config.peers[0].local_addresses.prefix[0]), "fd00::1/128");
	assert_int_equal(config.peers[1].local_addresses.count, 3);
	assert_string_equal(format_prefix(prefix, &config.peers[1].local_addresses.prefix[0]), "10.0.0.1/32");
	config_close(&config);
}

static void test_nested_prefixes(void **state)
{
	static const char text[] = NODE PEER "Address=fd00:2::/32\n" PEER "Address=fd00:2::9\nLocalAddress=fd00:9::/64\n"
		PEER "Address=fd00:2:3::/48\nLocalAddress=fd00:9::/64\n";
	char why[SAY_BYTES];
	struct config config;

	(void)state;
	assert_int_equal(read_with(&config, text, NULL, why), 0);
	config_close(&config);
}

static void test_many_peers(void **state)
{
	enum { PEERS = 300 };
	char *text = NULL, why[SAY_BYTES];
	struct config config;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	(void)state;
	fputs(NODE, stream);
	for (int i = 0; i < PEERS; i++)
		fprintf(stream, PEER "Address = fd00:2::%x\n", i + 1);
	fclose(stream);
	assert_int_equal(read_with(&config, text, NULL, why), 0);
	assert_int_equal(config.peer_count, PEERS);
	assert_int_equal(config.node.capacity, 512);
	assert_string_equal(config.peers[PEERS - 1].name, "peer300");
	config_close(&config);
	free(text);
}

struct mistake {
	const char *text;
	const char *why; /* stands in the message, from its start */
};

static const struct mistake mistakes[] = {
	{ "", "f:1: found no [Node]" },
	{ "\n\nInterface = eth0\n", "f:3: found a key before any section" },
	{ "[Nod]\n", "f:1: found [Nod], expected [Node] or [Peer]" },
	{ "aGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8gaGU=\n", "f:1: found a key of 43 bytes, what may be a secret, expected "
	  "at most 32" },
	{ "000102030405060708090a0b0c0d0e0f\n", "f:1: found what may be a secret, expected [Node], [Peer], KEY = VALUE "
	  "or a comment" },
	{ "[Node\n", "f:1: found [Node, expected" },
	{ NODE "nonsense\n", "f:5: found nonsense, expected" },
	{ NODE "Interfaec = eth1\n", "f:5: found the unknown key Interfaec in [Node], expected perhaps Interface" },
	{ NODE "H8uNvH1bVP2qnYqtenD3Ug==\n", "f:5: found the unknown key what may be a secret in [Node]" },
	{ NODE "Store redis://:s3cret@host/\n", "f:5: found what may be a secret, expected" },
	{ NODE "Store somewhere\n", "f:5: found Store somewhere, expected" },
	{ NODE "Colour = red\n", "f:5: found the unknown key Colour in [Node], expected one of" },
	{ NODE "Rotation = 3s\n", "f:5: found Rotation in [Node], expected it in [Peer]" },
	{ NODE "interface = eth1\n", "f:5: found Interface again (the first is on line 2)" },
	{ NODE "Prefix = 2001:db8:2::/64\n", "f:5: found Prefix again (the first is on line 3), expected it once with" },
	{ NODE "[Node]\n", "f:5: found a second [Node] (the first is on line 1)" },
	{ NODE "[Peer]\n", "f:5: found no PublicKey for peer peer1, expected one (a peer to meet), or Prefix and KeyFile" },
	{ NODE "[Peer]\nKeyFile=/k\n", "f:5: found no Prefix for peer peer1" },
	{ NODE "[Peer]\nPrefix=2001:db8:2::/64\n", "f:5: found no KeyFile for peer peer1" },
	{ NODE "[Peer]\nPrefix=2001:db8:2::/64\nKeyFile=/k\n", "f:5: found neither PublicKey nor Address" },
	{ NODE "[Peer]\nPrefix=2001:db8:2::/64\nKeyFile=/k\nAddress=fd00::2\n", "f:5: found neither LocalSeed" },
	{ "[Node]\nPrefix=2001:db8:1::/64\n", "f:1: found no Interface" },
	{ "[Node]\nInterface=eth0\n", "f:1: found no Prefix" },
	{ "[Node]\nInterface=eth0\nPrefix=2001:db8:1::/64\n", "f:1: found neither PrivateKeyFile nor Address" },
	{ "[Node]\nInterface=an-interface-name-too-long\n", "f:2: found Interface = an-interface" },
	{ "[Node]\nInterface=../etc\n", "f:2: found Interface = ../etc" },
	{ "[Node]\nInterface=mayfly0\nPrefix=2001:db8:1::/64\nAddress=fd00::1\n", "f:1: found Device and Interface both" },
	{ "[Node]\nDevice=thirteenchars\n", "f:2: found Device" },
	{ "[Node]\nDevice=a.b\n", "f:2: found Device" },
	{ "[Node]\nPrefix=2001:db8::1/64\n", "f:2: found Prefix = 2001:db8::1/64 (bits are set behind the length)" },
	{ "[Node]\nPrefix=2001:db8::/32\n", "f:2: found Prefix" },
	{ "[Node]\nPrefix=1::/64,2::/64,3::/64,4::/64,5::/64\n", "f:2: found Prefix = 5::/64 as one more" },
	{ "[Node]\nPrefix=1::/64,\n", "f:2: found Prefix = , expected" },
	{ "[Node]\nLevel=alarmed\n", "f:2: found Level = alarmed, expected auto, calm, watched or attacked" },
	{ "[Node]\nMode=bridged\n", "f:2: found Mode = bridged, expected routed or on-link" },
	{ "[Node]\nDark=1\n", "f:2: found Dark = 1, expected yes or no" },
	{ "[Node]\nLookAhead=2h\n", "f:2: found LookAhead = 2h, expected a duration of 1s to 1h" },
	{ "[Node]\nCapacity=0\n", "f:2: found Capacity = 0" },
	{ "[Node]\nCapacity=1000001\n", "f:2: found Capacity" },
	{ "[Node]\nRouter=10.0.0.1\n", "f:2: found Router" },
	{ "[Node]\nPrivateKeyFile=abc" KEY "\n", "f:2: found PrivateKeyFile = something else, expected the full path" },
	{ "[Node]\nAddress=ff02::1\n", "f:2: found Address" },
	{ "[Node]\nAddress=fe80::1\n", "f:2: found Address" },
	{ "[Node]\nAddress=127.0.0.1\n", "f:2: found Address" },
	{ "[Node]\nAddress=::/0\n", "f:2: found Address" },
	{ NODE "Router=fe80::1\n", "f:5: found Router in routed mode" },
	{ NODE "OnLinkPeers=yes\n", "f:5: found OnLinkPeers in routed mode" },
	{ NODE "[Peer]\nRotation=99ms\n", "f:6: found Rotation = 99ms, expected a duration of 100ms to 1h" },
	{ NODE "[Peer]\nRotation=61m\n", "f:6: found Rotation" },
	{ NODE "[Peer]\nCarriage=none\n", "f:6: found Carriage = none, expected sealed, encap or rewrite" },
	{ NODE "Carriage=rewrite\n", "f:5: found Carriage = rewrite, expected sealed or encap, for sessions" },
	{ NODE "Padding=yes\n", "f:5: found Padding = yes, expected none, classes or full" },
	{ NODE PEER "Address=fd00::2\nPadding=full\n", "f:11: found Padding for peer peer1, who has a KeyFile" },
	{ NODE "[Peer]\nFirewall=yes\n", "f:6: found Firewall = yes, expected none, local, peer or both" },
	{ NODE "[Peer]\nLocalSeed=12\n", "f:6: found LocalSeed = 12, expected 16 hexadecimal digits" },
	{ NODE "[Peer]\nPublicKey=abc\n", "f:6: found PublicKey = something else" },
	{ NODE "[Peer]\nName=two words\n", "f:6: found Name = two words" },
	{ NODE "[Peer]\nName=a-name-that-is-longer-than-31-bytes\n", "f:6: found Name" },
	{ NODE "[Peer]\nPort=0\n", "f:6: found Port = 0, expected a port" },
	{ NODE "[Peer]\nAddress=10.1.2.3/24\n", "f:6: found Address = 10.1.2.3/24 (bits are set behind" },
	{ NODE "[Peer]\nAddress=fd00::\x1b[31m\n", "f:6: found Address = fd00::?[31m" },
	{ NODE PEER "Address=fd00::2\nPort=5\n", "f:11: found Port with Carriage = encap" },
	{ NODE PEER "Address=fd00::2\nCarriage=rewrite\nZeroChecksum=yes\n", "f:12: found ZeroChecksum with" },
	{ NODE PEER "Address=fd00::2,10.0.0.2\nCarriage=rewrite\n", "f:10: found other inner prefixes" },
	{ NODE PEER "Address=10.0.0.2\nCarriage=rewrite\n", "f:10: found other inner prefixes" },
	{ NODE PEER "Address=fd00::2\nLocalAddress=fd00:1::/64\nCarriage=rewrite\n", "f:11: found other inner prefixes" },
	{ NODE PEER "Address=fd00::2\nLocalPrefix=2001:db8:9::/64\n", "f:11: found LocalPrefix = 2001:db8:9::/64" },
	{ NODE PEER "Address=fd00::2\nRemoteSeed=0000000000000001\n", "f:11: found RemoteSeed again" },
	{ NODE PEER "Name=a\nAddress=fd00::2\n" PEER "Address=fd00::3\nName=a\n", "f:12: found a second peer called a" },
	{ NODE PEER "Address=fd00::2\n" PEER "Address=fd00::2\n", "f:16: found the inner prefix fd00::2/128 of peer peer2" },
	{ NODE PEER "Address=fd00::2,fd00::2\n", "f:10: found the inner prefix fd00::2/128" },
	{ NODE PEER "Address=fd00::1\n", "f:10: found the inner prefix fd00::1/128 of peer peer1" },
	{ NODE PEER "Address=2001:db8:2::9\n", "f:10: found the inner prefix 2001:db8:2::9/128" },
	{ NODE PEER "Address=2001::/16\n", "f:10: found the inner prefix 2001::/16" },
	{ NODE PEER "Address=fd00::2\nLocalAddress=2001:db8:1::5\n", "f:11: found the inner address" },
	{ "[Node]\nInterface=eth0\nPrefix=2001:db8:2::/48\nAddress=fd00::1\n" PEER "Address=fd00::2\n",
	  "f:6: found the hopping prefix 2001:db8:2::/64 of peer peer1, which overlaps" },
	{ "[Node]\nInterface=e\nPrefix=2001:db8::/64,2001:db8::/80\nAddress=fd00::1\n", "f:3: found the hopping prefix" },
	{ NODE "Capacity=1\n" PEER "Address=fd00::2\n" PEER "Address=fd00::3\n", "f:5: found Capacity = 1 and 2 peers" },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		char why[SAY_BYTES] = "nothing";
		struct config config;

		assert_int_equal(read_with(&config, mistakes[i].text, NULL, why), -EINVAL);
		if (strncmp(why, mistakes[i].why, strlen(mistakes[i].why)))
			assert_string_equal(why, mistakes[i].why);
		assert_null(config.peers);
	}
}

static void test_foreign_bytes(void **state)
{
	static const char zero[] = "[Node]\nInterface = e\0th0\n";
	char why[SAY_BYTES], *long_line = malloc(100000);
	struct config config;

	(void)state;
	assert_int_equal(config_parse(&config, "f", zero, sizeof(zero) - 1, why), -EINVAL);
	assert_non_null(strstr(why, "f:2: found a zero byte"));
	memset(long_line, 'a', 100000);
	memcpy(long_line, "[Node]\nx=", 9);
	assert_int_equal(config_parse(&config, "f", long_line, 100000, why), -EINVAL);
	assert_non_null(strstr(why, "f:2: found a line of 99993 bytes, expected at most 199"));
	free(long_line);
}

/* "[Node]", then a line of `length` bytes that begins with `text` and goes on with one letter. */
static int read_long(const char *text, size_t length, char why[static SAY_BYTES])
{
	char *whole = malloc(length + 16);
	struct config config;
	size_t used;
	int error;

	used = (size_t)sprintf(whole, "[Node]\n%s", text);
	memset(whole + used, 'a', length + 7 - used);
	strcpy(whole + length + 7, "\n");
	error = config_parse(&config, "f", whole, length + 8, why);
	config_close(&config);
	free(whole);
	return error;
}

/* Said of the line, not of what was made of a piece of it; and of a key, not of its value. */
static void test_long_lines(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *why;
	} rows[] = {
		{ "PrivateKeyFile = /", 199, NULL },
		{ "PrivateKeyFile = /", 200, "f:2: found a line of 200 bytes, expected at most 199 (a list" },
		{ "PrivateKeyFile = /with,comma/", 250, "f:2: found a line of 250 bytes, expected at most 199 (a list" },
		{ "Clients = /d # ", 5000, NULL },
		{ "Prefix = 2001:db8::/64, ", 400, "f:2: found a line of 400 bytes, expected at most 199 (a list" },
		{ "a", 33, "f:2: found what may be a secret, expected [Node]" },
		{ "a.", 15, "f:2: found what may be a secret" },
		{ "[", 300, "f:2: found [aaa" },
	};
	static const char long_key[] = "[Node]\n"
		"A-key-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on = 1\n";
	char why[SAY_BYTES];
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		strcpy(why, "nothing");
		assert_int_equal(read_long(rows[i].text, rows[i].length, why), rows[i].why ? -EINVAL : 0);
		if (rows[i].why && strncmp(why, rows[i].why, strlen(rows[i].why)))
			assert_string_equal(why, rows[i].why);
	}
	assert_int_equal(config_parse(&config, "f", long_key, strlen(long_key), why), -EINVAL);
	assert_string_equal(why, "f:2: found a key of 74 bytes, what may be a secret, expected at most 32");
}

/* Where nobody can hop, and by which nobody can be met: as the loader and the handshake would say, but with the line. */
static void test_senseless(void **state)
{
	static const char *const prefixes[] = {
		"fe80::/64", "fe80:1::/64", "febf::/48", "ff02::/64", "ff0e::1:0:0/96", "::/64", "::/48", "::1:0/112",
		"::ffff:0:0/96", "::ffff:1.2.0.0/112", "0:1::/64",
	};
	static const char *const keys[] = {
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA=", "X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc=",
		"7P///////////////////////////////////////38=", "7f///////////////////////////////////////38=",
		"7v///////////////////////////////////////38=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
		"7P////////////////////////////////////////8=",
	};
	char text[256], why[SAY_BYTES];
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		static const char *const lines[] = {
			"[Node]\nPrefix = %s\n", "[Node]\nPublishPrefix = %s\n", "[Node]\nPrefix = 2001:db8::/64, %s\n",
			"[Peer]\nPrefix = %s\n", "[Peer]\nLocalPrefix = %s\n",
		};

		for (size_t line = 0; line < sizeof(lines) / sizeof(*lines); line++) {
			char wanted[128];

			snprintf(text, sizeof(text), lines[line], prefixes[i]);
			snprintf(wanted, sizeof(wanted), "Prefix = %s", prefixes[i]);
			if (config_parse(&config, "f", text, strlen(text), why) != -EINVAL)
				fail_msg("taken: %s", text);
			assert_memory_equal(why, "f:2: found ", 11);
			if (!strstr(why, wanted) || !strstr(why, ", expected "))
				assert_string_equal(why, wanted);
		}
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(text, sizeof(text), "[Peer]\n\nPublicKey = %s\n", keys[i]);
		assert_int_equal(config_parse(&config, "f", text, strlen(text), why), -EINVAL);
		assert_string_equal(why, "f:3: found PublicKey = something else (a point of low order, by which nothing is secret), "
					 "expected 32 bytes in base64, as mayflyctl pubkey prints them");
	}
}

/* Peers on the same link may hop in the same prefix, but only if this node is on a link at all. */
static void test_shared_link(void **state)
{
	static const char text[] = "[Node]\nInterface=eth0\nMode=on-link\nPrefix=2001:db8:2::/64\nAddress=fd00::1\n" PEER
				   "Address=fd00::2\n" PEER "Address=fd00::3\n";
	char why[SAY_BYTES];
	struct config config;

	(void)state;
	assert_int_equal(read_with(&config, text, NULL, why), 0);
	config_close(&config);
}

static void test_own_public_key(void **state)
{
	static const char text[] = "[Node]\nInterface=eth0\nPrefix=2001:db8:1::/64\nPrivateKeyFile=/k\n[Peer]\nPublicKey="
				   KEY "\nPrefix=2001:db8:2::/64\nKeyFile=/k\n";
	char why[SAY_BYTES];
	struct config config;

	(void)state;
	assert_int_equal(config_parse(&config, "f", text, strlen(text), why), 0);
	assert_int_equal(config_complete(&config, config.peers[0].public_key, why), -EINVAL);
	assert_non_null(strstr(why, "f:6: found this node's own public key"));
	config_close(&config);
}

static void test_field_names(void **state)
{
	(void)state;
	assert_string_equal(wanted_field_name(MF_NODE_SET, offsetof(struct mf_message, node_config.look_ahead_ms)),
			    "LookAhead");
	assert_string_equal(wanted_field_name(MF_NODE_SET, offsetof(struct mf_message, node_config.template[3])),
			    "Prefix");
	assert_string_equal(wanted_field_name(MF_ASSOC_ADD, offsetof(struct mf_message, assoc_config.remote_prefix[7])),
			    "Address");
	assert_string_equal(wanted_field_name(MF_ASSOC_ADD, 3), "an unnamed value");
	assert_string_equal(wanted_field_name(MF_ASSOC_CHANGE, MF_MESSAGE_BYTES - 1), "an unnamed value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),      cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_long_list),       cmocka_unit_test(test_rewrite_takes_v6),
		cmocka_unit_test(test_nested_prefixes), cmocka_unit_test(test_many_peers),
		cmocka_unit_test(test_mistakes),        cmocka_unit_test(test_foreign_bytes),
		cmocka_unit_test(test_shared_link),     cmocka_unit_test(test_own_public_key),
		cmocka_unit_test(test_field_names),     cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_senseless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
