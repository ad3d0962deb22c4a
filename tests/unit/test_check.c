// SPDX-License-Identifier: GPL-2.0-only
/* Bounds of control messages: one right message, and every way to spoil it refused by the name of the field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "loader/check.h"
#include "loader/ring.h"

static struct mf_prefix prefix(const char *text, unsigned int length)
{
	struct mf_prefix prefix = { .length = length };

	assert_int_equal(inet_pton(AF_INET6, text, prefix.address), 1);
	return prefix;
}

static struct mf_template template(const char *text, unsigned int length, unsigned int hop_bits)
{
	struct mf_template template = { .prefix_length = length, .hop_bits = hop_bits };

	assert_int_equal(inet_pton(AF_INET6, text, template.base), 1);
	return template;
}

static struct mf_message node(void)
{
	struct mf_message message = { .version = MF_CONTROL_VERSION, .type = MF_NODE_SET };
	struct mf_node_config *config = &message.node_config;

	strcpy(config->device, "mayfly0");
	config->templates = 1;
	config->template[0] = template("2001:db8:1::", 64, 64);
	config->mode = MF_MODE_ROUTED;
	config->address_count = 2;
	config->address[0] = prefix("fd00::1", 128);
	config->address[1] = prefix("::ffff:10.9.0.1", 120);
	config->look_ahead_ms = 120000;
	config->capacity = 64;
	return message;
}

static struct mf_message association(void)
{
	struct mf_message message = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_ADD };
	struct mf_assoc_config *config = &message.assoc_config;

	strcpy(config->name, "server");
	config->key[3] = 1;
	config->local = template("2001:db8:1::", 64, 64);
	config->remote = template("2001:db8:2::", 64, 64);
	config->rotation_ms = 3000;
	config->carriage = MF_CARRIAGE_ENCAP;
	config->local_count = config->remote_count = 2;
	config->local_prefix[0] = prefix("fd00::1", 128);
	config->local_prefix[1] = prefix("::ffff:10.9.0.1", 128);
	config->remote_prefix[0] = prefix("fd00::2", 128);
	config->remote_prefix[1] = prefix("fd10::", 48);
	return message;
}

/* Checks the message after STATEMENT, and that the refusal names FIELD. */
#define NODE_REFUSED(field, statement) do { \
	struct mf_message m = node(); \
	struct mf_node_config *c = &m.node_config; \
	statement; \
	assert_int_equal(mf_check_node(&m), MF_FIELD(node_config.field)); \
} while (0)

/* From the association that is right to one that listens, or roams. */
static void listen_on(struct mf_assoc_config *config)
{
	config->flags = MF_ASSOC_LISTENS;
	memset(&config->remote, 0, sizeof(config->remote));
	config->local_count = config->remote_count = 0;
}

static void roam(struct mf_assoc_config *config)
{
	config->flags = MF_ASSOC_ROAMS;
	config->remote = template("::", 64, 64);
	config->seed_remote[0] = 1;
	config->remote_count = 1;
}

#define ASSOC_REFUSED(field, statement) do { \
	struct mf_message m = association(); \
	struct mf_assoc_config *c = &m.assoc_config; \
	statement; \
	assert_int_equal(mf_check_assoc(&m), MF_FIELD(assoc_config.field)); \
} while (0)

static void right_ones(void **state)
{
	struct mf_message n = node(), a = association();

	(void)state;
	assert_int_equal(mf_check_node(&n), 0);
	assert_int_equal(mf_check_assoc(&a), 0);
	a.assoc_config.carriage = MF_CARRIAGE_REWRITE;
	a.assoc_config.local_port = htons(51820);
	assert_int_equal(mf_check_assoc(&a), 0);
}

static void node_names(void **state)
{
	(void)state;
	NODE_REFUSED(device, c->device[0] = 0);
	NODE_REFUSED(device, memset(c->device, 'a', sizeof(c->device)));
	NODE_REFUSED(device, strcpy(c->device, "thirteenchars"));
	NODE_REFUSED(device, strcpy(c->device, "../all"));
	NODE_REFUSED(device, strcpy(c->device, "may fly"));
	NODE_REFUSED(device, c->device[10] = 'x');
}

static void node_numbers(void **state)
{
	(void)state;
	NODE_REFUSED(templates, c->templates = 0);
	NODE_REFUSED(templates, c->templates = MF_HOPPING_PREFIXES + 1);
	NODE_REFUSED(mode, c->mode = 0);
	NODE_REFUSED(mode, c->mode = 3);
	NODE_REFUSED(dark, c->dark = 3);
	NODE_REFUSED(on_link_peers, c->on_link_peers = 255);
	NODE_REFUSED(router_count, c->router_count = MF_ROUTERS + 1);
	NODE_REFUSED(address_count, c->address_count = MF_ASSOC_PREFIXES + 1);
	NODE_REFUSED(pad, c->pad[0] = 1);
	NODE_REFUSED(threaded, c->threaded = MF_YES + 1);
	NODE_REFUSED(look_ahead_ms, c->look_ahead_ms = MF_LOOK_AHEAD_MIN_MS - 1);
	NODE_REFUSED(look_ahead_ms, c->look_ahead_ms = MF_LOOK_AHEAD_MAX_MS + 1);
	NODE_REFUSED(capacity, c->capacity = MF_CAPACITY_MAX + 1);
	NODE_REFUSED(ring_slots, c->ring_slots = 1);
	NODE_REFUSED(ring_slots, c->ring_slots = ~0U);
}

static void node_addresses(void **state)
{
	(void)state;
	NODE_REFUSED(template[0], c->template[0].hop_bits = 65);
	NODE_REFUSED(template[0], c->template[0].pad[0] = 1);
	NODE_REFUSED(template[0], c->template[0] = template("ff02::", 64, 64));
	NODE_REFUSED(template[0], c->template[0] = template("fe80::", 64, 64));
	NODE_REFUSED(template[1], c->templates = 2);
	NODE_REFUSED(router[0], c->router_count = 1);
	NODE_REFUSED(address[0], c->address[0].length = 129);
	NODE_REFUSED(address[0], c->address[0].length = 0);
	NODE_REFUSED(address[0], c->address[0] = prefix("::1", 128));
	NODE_REFUSED(address[1], c->address[1] = prefix("::ffff:127.0.0.1", 128));
	NODE_REFUSED(address[1], c->address[1] = prefix("::ffff:10.0.0.1", 64));
	NODE_REFUSED(address[1], c->address[1] = prefix("fe80::1", 64));
}

static void association_numbers(void **state)
{
	(void)state;
	ASSOC_REFUSED(name, c->name[0] = 0);
	ASSOC_REFUSED(name, c->name[2] = 0);
	ASSOC_REFUSED(name, c->name[2] = '\n');
	ASSOC_REFUSED(name, memset(c->name, 'a', sizeof(c->name)));
	ASSOC_REFUSED(key, memset(c->key, 0, sizeof(c->key)));
	ASSOC_REFUSED(local, c->local.hop_bits = 0);
	ASSOC_REFUSED(remote, c->remote.prefix_length = 65);
	ASSOC_REFUSED(remote, c->remote.prefix_length = 255); /* found by tests/fuzz/fuzz_control.c */
	ASSOC_REFUSED(rotation_ms, c->rotation_ms = MF_ROTATION_MIN_MS - 1);
	ASSOC_REFUSED(rotation_ms, c->rotation_ms = MF_ROTATION_MAX_MS + 1);
	ASSOC_REFUSED(carriage, c->carriage = MF_CARRIAGE_NONE);
	ASSOC_REFUSED(carriage, c->carriage = MF_CARRIAGE_SEALED + 1);
	ASSOC_REFUSED(flags, c->flags = MF_ASSOC_HOST_PAIR);
	ASSOC_REFUSED(flags, c->flags = MF_ASSOC_OWN_PREFIXES);
	ASSOC_REFUSED(flags, c->flags = MF_ASSOC_CONTROL; c->carriage = MF_CARRIAGE_REWRITE);
	ASSOC_REFUSED(flags, c->flags = MF_ASSOC_CONTROL | MF_ASSOC_ZERO_CHECKSUM);
	ASSOC_REFUSED(local_port, c->local_port = 1);
	ASSOC_REFUSED(remote_port, c->remote_port = 1);
	ASSOC_REFUSED(local_count, c->local_count = 0);
	ASSOC_REFUSED(remote_count, c->remote_count = MF_ASSOC_PREFIXES + 1);
	ASSOC_REFUSED(padding, c->padding = MF_PADDING_CLASSES);
}

static void introductions(void **state)
{
	struct mf_message listener = association(), client = association();

	(void)state;
	listen_on(&listener.assoc_config);
	assert_int_equal(mf_check_assoc(&listener), 0);
	listener.assoc_config.local_count = 2;
	assert_int_equal(mf_check_assoc(&listener), 0);
	listener.assoc_config.remote = template("::", 64, 64);
	assert_int_equal(mf_check_assoc(&listener), 0);
	mf_check_assoc_fill(&listener.assoc_config);
	assert_int_equal(listener.assoc_config.remote.hop_bits, 0);
	roam(&client.assoc_config);
	assert_int_equal(mf_check_assoc(&client), 0);
	client.assoc_config.flags |= MF_ASSOC_CONTROL;
	assert_int_equal(mf_check_assoc(&client), 0);
	client.assoc_config.flags ^= MF_ASSOC_CONTROL | MF_ASSOC_ZERO_CHECKSUM | MF_ASSOC_FOLLOWS;
	assert_int_equal(mf_check_assoc(&client), 0);

	ASSOC_REFUSED(flags, listen_on(c); c->flags |= MF_ASSOC_OPENS);
	ASSOC_REFUSED(flags, roam(c); c->flags |= MF_ASSOC_OPENS);
	ASSOC_REFUSED(flags, listen_on(c); c->flags |= MF_ASSOC_ROAMS; c->local_count = c->remote_count = 1);
	ASSOC_REFUSED(carriage, listen_on(c); c->carriage = MF_CARRIAGE_REWRITE);
	ASSOC_REFUSED(carriage, roam(c); c->carriage = MF_CARRIAGE_REWRITE);
	ASSOC_REFUSED(remote, listen_on(c); c->remote = template("2001:db8:2::", 64, 64));
	ASSOC_REFUSED(remote, listen_on(c); c->remote.pad[5] = 1);
	ASSOC_REFUSED(remote, roam(c); c->remote = template("2001:db8:2::", 64, 64));
	ASSOC_REFUSED(remote, roam(c); c->remote = template("::", 80, 48));
	ASSOC_REFUSED(remote, roam(c); c->remote.prefix_length = 255);
	ASSOC_REFUSED(seed_remote, listen_on(c); c->seed_remote[7] = 1);
	ASSOC_REFUSED(seed_remote, roam(c); c->seed_remote[0] = 0);
	ASSOC_REFUSED(remote_count, listen_on(c); c->remote_count = 1);
	ASSOC_REFUSED(remote_count, roam(c); c->remote_count = 0);
	ASSOC_REFUSED(remote_count, roam(c); c->remote_count = 2);
	ASSOC_REFUSED(local_count, roam(c); c->local_count = 0);
	ASSOC_REFUSED(local_count, listen_on(c); c->local_count = MF_ASSOC_PREFIXES + 1);
	ASSOC_REFUSED(remote_prefix[0], roam(c); c->remote_prefix[0] = prefix("fd20::", 64));
	ASSOC_REFUSED(local_prefix[0], roam(c); c->local_count = 1; c->local_prefix[0] = prefix("fd20::", 64));
	ASSOC_REFUSED(local_prefix[0], listen_on(c); c->local_count = 1; c->local_prefix[0] = prefix("2001:db8:1::5", 128));
	/* The first /64 is what an open prefix looks like. */
	ASSOC_REFUSED(remote, c->remote = template("::1:0:0:0", 80, 48));
	ASSOC_REFUSED(remote, c->remote = template("::", 64, 64));
}

/* From the association that is right to one generation of a session. */
static void share(struct mf_assoc_config *config)
{
	config->shares = 1;
	config->remote_count = 1;
}

static void generations(void **state)
{
	struct mf_message generation = association(), find = { .assoc_config.name = "" };
	struct mf_prefix *host = &find.assoc_config.remote_prefix[0];

	(void)state;
	share(&generation.assoc_config);
	assert_int_equal(mf_check_assoc(&generation), 0);
	ASSOC_REFUSED(shares, share(c); c->shares = 2);
	ASSOC_REFUSED(shares, roam(c); c->shares = 1);
	ASSOC_REFUSED(shares, listen_on(c); c->shares = 1);
	ASSOC_REFUSED(carriage, share(c); c->carriage = MF_CARRIAGE_REWRITE);
	ASSOC_REFUSED(remote_count, share(c); c->remote_count = 2);
	ASSOC_REFUSED(remote_prefix[0], share(c); c->remote_prefix[0] = prefix("fd20::", 64));
	ASSOC_REFUSED(local_prefix[0], share(c); c->local_count = 1; c->local_prefix[0] = prefix("fd20::", 64));

	*host = prefix("fd20::1", 128);
	assert_int_equal(mf_check_host(&find), 0);
	*host = prefix("fd20::", 64);
	assert_int_equal(mf_check_host(&find), MF_FIELD(assoc_config.remote_prefix[0]));
	*host = prefix("ff02::1", 128);
	assert_int_equal(mf_check_host(&find), MF_FIELD(assoc_config.remote_prefix[0]));
}

/* From the association that is right to one that is sealed. */
static void seal(struct mf_assoc_config *config)
{
	config->carriage = MF_CARRIAGE_SEALED;
	config->seal_out = (struct mf_seal_key){ .key = { 1 }, .mask = { 2 } };
	config->seal_in = (struct mf_seal_key){ .key = { 3 }, .mask = { 4 }, .sender = 1 };
}

static void sealed(void **state)
{
	struct mf_message m = association();

	(void)state;
	seal(&m.assoc_config);
	assert_int_equal(mf_check_assoc(&m), 0);
	m.assoc_config.padding = MF_PADDING_FULL;
	assert_int_equal(mf_check_assoc(&m), 0);
	share(&m.assoc_config);
	assert_int_equal(mf_check_assoc(&m), 0);
	ASSOC_REFUSED(seal_out, c->seal_out.key[7] = 1);
	ASSOC_REFUSED(seal_out, c->seal_in.pad[2] = 1);
	ASSOC_REFUSED(seal_out, seal(c); c->seal_out.key[0] = 0);
	ASSOC_REFUSED(seal_out, seal(c); c->seal_out.mask[0] = 0);
	ASSOC_REFUSED(seal_out, seal(c); c->seal_out.pad[0] = 1);
	ASSOC_REFUSED(seal_in, seal(c); c->seal_in.mask[0] = 0);
	ASSOC_REFUSED(seal_in, seal(c); c->seal_in.key[0] = 0);
	ASSOC_REFUSED(seal_in, seal(c); c->seal_in.key[0] = c->seal_out.key[0]);
	ASSOC_REFUSED(seal_out, seal(c); memset(&c->seal_out, 0, 128));
	ASSOC_REFUSED(padding, seal(c); c->padding = MF_PADDING_FULL + 1);
	ASSOC_REFUSED(flags, seal(c); c->flags = MF_ASSOC_ZERO_CHECKSUM);
	ASSOC_REFUSED(flags, seal(c); c->flags = MF_ASSOC_CONTROL);
	ASSOC_REFUSED(carriage, roam(c); c->carriage = MF_CARRIAGE_SEALED);
	ASSOC_REFUSED(carriage, listen_on(c); c->carriage = MF_CARRIAGE_SEALED);

	/* A CHANGE may leave keys out; half of them it may not. */
	m.type = MF_ASSOC_CHANGE;
	assert_int_equal(mf_check_assoc(&m), 0);
	memset(&m.assoc_config.seal_in, 0, sizeof(m.assoc_config.seal_in));
	assert_int_equal(mf_check_assoc(&m), MF_FIELD(assoc_config.seal_in));
	memset(&m.assoc_config.seal_out, 0, sizeof(m.assoc_config.seal_out));
	assert_int_equal(mf_check_assoc(&m), 0);
}

static void association_prefixes(void **state)
{
	(void)state;
	ASSOC_REFUSED(local_prefix[0], c->local_prefix[0] = prefix("fd00::1", 64));
	ASSOC_REFUSED(local_prefix[1], c->local_prefix[1] = c->local_prefix[0]);
	ASSOC_REFUSED(remote_prefix[0], c->remote_prefix[0] = prefix("::", 0));
	ASSOC_REFUSED(remote_prefix[1], c->remote_prefix[1] = prefix("::ffff:224.0.0.0", 100));
	ASSOC_REFUSED(remote_prefix[1], c->remote_prefix[1] = prefix("::ffff:0.0.0.0", 96));
	/* Inner and hopping addresses must not be the same. */
	ASSOC_REFUSED(remote_prefix[1], c->remote_prefix[1] = prefix("2001:db8::", 32));
	ASSOC_REFUSED(local_prefix[1], c->local_prefix[1] = prefix("2001:db8:1::5", 128));
	/* rewrite carries one host's packets to one other. */
	ASSOC_REFUSED(remote_prefix[0], c->carriage = MF_CARRIAGE_REWRITE; c->remote_prefix[0] = prefix("fd20::", 64));
	ASSOC_REFUSED(local_prefix[0], c->carriage = MF_CARRIAGE_REWRITE; c->local_prefix[0] = prefix("fd20::", 64));
}

static void filling(void **state)
{
	struct mf_message n = node(), a = association();
	struct mf_node_config *config = &n.node_config;

	(void)state;
	config->look_ahead_ms = config->capacity = 0;
	memset(&config->template[1], 0xaa, sizeof(config->template[1]));
	memset(&config->address[2], 0xaa, sizeof(config->address[2]));
	mf_check_node_fill(config);
	assert_int_equal(config->look_ahead_ms, MF_LOOK_AHEAD_DEFAULT_MS);
	assert_int_equal(config->capacity, MF_CAPACITY_DEFAULT);
	assert_int_equal(config->template[1].hop_bits, 0);
	assert_int_equal(config->address[2].length, 0);
	assert_int_equal(config->address[1].length, 120);
	memset(&a.assoc_config.remote_prefix[7], 0xaa, sizeof(struct mf_prefix));
	mf_check_assoc_fill(&a.assoc_config);
	assert_int_equal(a.assoc_config.remote_prefix[7].length, 0);
	assert_int_equal(a.assoc_config.remote_prefix[1].length, 48);
}

static void ring_slots(void **state)
{
	struct mf_node_config config = { .capacity = 64, .look_ahead_ms = 120000 };

	(void)state;
	assert_int_equal(mf_check_ring_slots(&config), 65536);
	config.capacity = 15000;
	assert_int_equal(mf_check_ring_slots(&config), 15000 * 48);
	config.capacity = MF_CAPACITY_MAX;
	assert_true(mf_check_ring_slots(&config) >= (__u32)MF_CAPACITY_MAX * MF_RING_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_ones), cmocka_unit_test(node_names), cmocka_unit_test(node_numbers),
		cmocka_unit_test(node_addresses), cmocka_unit_test(association_numbers),
		cmocka_unit_test(association_prefixes), cmocka_unit_test(introductions),
		cmocka_unit_test(generations), cmocka_unit_test(sealed), cmocka_unit_test(filling), cmocka_unit_test(ring_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
