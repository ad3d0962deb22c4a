// SPDX-License-Identifier: GPL-2.0-only
/* ctl/static_peer.c: keys that follow from K (the vector of docs/PROTOCOL.md 9.5), and the introduction of a file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/format.h"
#include "ctl/identity.h"
#include "ctl/key.h"
#include "ctl/static_peer.h"

static const __u8 hop_key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static const struct {
	__u8 seed[8];
	const char *private_key, *public_key;
} end[] = {
	{ { 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17 },
	  "d02d83f0110e5c020901978b2fde3db70acb252ceafeb9abe85dffe3cdd55246",
	  "daa7f971b19904e71b67b3a6bd27a12e393dde6ea30c053da4e14052b048d834" },
	{ { 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27 },
	  "adefcbaca5e261cbd49565180af477ad8529fdc192ec8a12fb81fb99b3206805",
	  "7e151fa383d60844389deaad288910658611b7166261cb27e59e529bed2b4301" },
};

static char path[] = "/tmp/mf-static-XXXXXX";

static void demand(const __u8 *bytes, const char *hex)
{
	char text[65];

	assert_string_equal(sodium_bin2hex(text, sizeof(text), bytes, 32), hex);
}

static void test_vector(void **state)
{
	__u8 private_key[32], public_key[32];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(static_peer_derive(private_key, public_key, hop_key, end[i].seed), 0);
		demand(private_key, end[i].private_key);
		demand(public_key, end[i].public_key);
	}
}

/* What the file says at end 0 or 1. */
static struct config_peer file_of(int i)
{
	struct config_peer peer = {
		.name = "other",
		.local_addresses = { .count = 1, .prefix = { { .length = 128 } } },
		.addresses = { .count = 1, .prefix = { { .length = 128 } } },
		.local_prefix = { .prefix_length = 64, .hop_bits = 64, .base = { 0x20, 1, i ? 2 : 1 } },
		.prefix = { .prefix_length = 64, .hop_bits = 64, .base = { 0x20, 1, i ? 1 : 2 } },
		.rotation_ms = 3000,
		.is_static = true,
	};

	peer.local_addresses.prefix[0].address[15] = i ? 2 : 1;
	peer.addresses.prefix[0].address[15] = i ? 1 : 2;
	memcpy(peer.seed_local, end[i].seed, 8);
	memcpy(peer.seed_remote, end[1 - i].seed, 8);
	snprintf(peer.key_file, sizeof(peer.key_file), "%s", path);
	return peer;
}

static void read_end(struct static_peer *peer, const struct config_peer *from, const __u8 *private_key,
		     const __u8 *public_key)
{
	char why[SAY_BYTES] = "";

	if (static_peer_read(peer, from, private_key, public_key, why))
		fail_msg("%s", why);
}

static void test_both_ends(void **state)
{
	struct config_peer file[2] = { file_of(0), file_of(1) };
	struct static_peer one = { 0 }, other = { 0 };

	(void)state;
	read_end(&one, &file[0], NULL, NULL);
	read_end(&other, &file[1], NULL, NULL);
	assert_memory_equal(one.own_public, other.peer_public, 32);
	assert_memory_equal(one.peer_public, other.own_public, 32);
	assert_memory_not_equal(one.own_public, one.peer_public, 32);
	assert_memory_equal(one.inner_own, other.inner_peer, 16);
	assert_memory_equal(&one.local, &other.remote, sizeof(one.local));
	assert_memory_equal(one.key, hop_key, 16);
}

/* With a PublicKey they are those of the file, K or no K. */
static void test_keys_of_file(void **state)
{
	const __u8 own_private[32] = { 1 }, own_public[32] = { 2 };
	struct config_peer file = file_of(0);
	struct static_peer peer = { 0 };

	(void)state;
	file.line_of[PEER_PUBLIC_KEY] = 5;
	file.public_key[0] = 3;
	read_end(&peer, &file, own_private, own_public);
	assert_memory_equal(peer.own_private, own_private, 32);
	assert_memory_equal(peer.own_public, own_public, 32);
	assert_memory_equal(peer.peer_public, file.public_key, 32);
}

static void test_no_file(void **state)
{
	struct static_peer peer = { .rotation_ms = 77 };
	struct config_peer file = file_of(0);
	char why[SAY_BYTES] = "";

	(void)state;
	strcpy(file.key_file, "/nowhere/at/all");
	assert_int_equal(static_peer_read(&peer, &file, NULL, NULL, why), -ENOENT);
	assert_int_equal(peer.rotation_ms, 77);
	assert_non_null(strstr(why, "/nowhere/at/all"));
}

static void test_introduction(void **state)
{
	struct config_peer file = file_of(0);
	const __u8 host[16] = { 0xfd, 1 };
	struct mf_assoc_config request;
	struct static_peer peer = { 0 };
	__u8 theirs[16];

	(void)state;
	read_end(&peer, &file, NULL, NULL);
	static_peer_introduction(&request, &peer, file.name, host, MF_ASSOC_OPENS);
	assert_string_equal(request.name, "other@1");
	assert_true(static_peer_is_introduction(request.name));
	assert_int_equal(request.flags, MF_ASSOC_OPENS | MF_ASSOC_CONTROL);
	assert_int_equal(request.carriage, MF_CARRIAGE_ENCAP);
	assert_memory_equal(request.key, hop_key, 16);
	assert_memory_equal(request.seed_local, end[0].seed, 8);
	assert_memory_equal(request.seed_remote, end[1].seed, 8);
	assert_memory_equal(&request.local, &file.local_prefix, sizeof(request.local));
	assert_memory_equal(&request.remote, &file.prefix, sizeof(request.remote));
	assert_memory_equal(request.local_prefix[0].address, host, 16);
	identity_introduction(theirs, peer.peer_public);
	assert_memory_equal(request.remote_prefix[0].address, theirs, 16);
	assert_string_equal(format_role(request.flags), "introduction");
}

static void test_names(void **state)
{
	char name[][MF_NAME_BYTES] = { "other@1", "@1", "other@11", "other@a", "other@v1", "other", "other1" };

	(void)state;
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		assert_int_equal(static_peer_is_introduction(name[i]), !i);
}

static int write_key(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return sodium_init() < 0 || fd < 0 || dprintf(fd, "000102030405060708090a0b0c0d0e0f\n") < 0 || close(fd);
}

static int remove_key(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector), cmocka_unit_test(test_both_ends), cmocka_unit_test(test_keys_of_file),
		cmocka_unit_test(test_no_file), cmocka_unit_test(test_introduction), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, write_key, remove_key);
}
