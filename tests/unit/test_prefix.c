// SPDX-License-Identifier: GPL-2.0-only
/* Arithmetic of inner prefixes, mapped IPv4 among them; and the advertisement of RFC 9131 down to its checksum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "loader/announce.h"
#include "loader/inner.h"
#include "loader/prefix.h"

static struct mf_prefix prefix(const char *text, unsigned int length)
{
	struct mf_prefix prefix = { .length = length };

	assert_int_equal(inet_pton(AF_INET6, text, prefix.address), 1);
	return prefix;
}

static void families(void **state)
{
	struct mf_prefix v4 = prefix("::ffff:10.0.0.0", 104), v6 = prefix("fd00::", 104), all = prefix("::", 64);

	(void)state;
	assert_true(mf_prefix_is_ipv4(&v4));
	assert_false(mf_prefix_is_ipv4(&v6));
	assert_false(mf_prefix_is_ipv4(&all));
}

static void containment(void **state)
{
	struct mf_prefix wide = prefix("fd00:1::", 30), host = prefix("fd00:3::5", 128), other = prefix("fd00:5::", 128);

	(void)state;
	assert_true(mf_prefix_has(&wide, host.address));
	assert_false(mf_prefix_has(&wide, other.address));
	assert_true(mf_prefix_covers(&wide, &host));
	assert_false(mf_prefix_covers(&host, &wide));
	assert_true(mf_prefix_overlaps(&host, &wide));
	assert_false(mf_prefix_overlaps(&other, &wide));
	assert_true(mf_prefix_has(&host, host.address));
}

static void of_templates(void **state)
{
	struct mf_template template = { .prefix_length = 60, .hop_bits = 64 };
	struct mf_prefix wanted = prefix("2001:db8:1:20::", 60), made;

	(void)state;
	inet_pton(AF_INET6, "2001:db8:1:2f::", template.base);
	made = mf_prefix_of_template(&template);
	assert_true(mf_prefix_same(&made, &wanted));
}

static void first_hosts(void **state)
{
	struct mf_prefix list[] = { prefix("::ffff:10.0.0.1", 128), prefix("fd00::", 64), prefix("fd00::1", 128) };

	(void)state;
	assert_ptr_equal(mf_prefix_first_host(list, 3), &list[2]);
	assert_null(mf_prefix_first_host(list, 2));
}

static void inner_mtus(void **state)
{
	struct mf_prefix peer = prefix("fd00::2", 128), net = prefix("fd10::", 48);
	struct mf_association pair = { .carriage = MF_CARRIAGE_ENCAP, .flags = MF_ASSOC_HOST_PAIR };
	struct mf_association rewrite = { .carriage = MF_CARRIAGE_REWRITE, .flags = MF_ASSOC_HOST_PAIR };

	(void)state;
	memcpy(pair.inner_remote, peer.address, 16);
	assert_int_equal(mf_inner_mtu(&pair, 1500, &peer), 1488);
	assert_int_equal(mf_inner_mtu(&pair, 1500, &net), 1448);
	assert_int_equal(mf_inner_mtu(&pair, 1500, NULL), 1488);
	assert_int_equal(mf_inner_mtu(&rewrite, 1500, &peer), 1500);
	assert_int_equal(mf_inner_mtu(&pair, 1280, &net), 1280);
}

static void advertisement(void **state)
{
	static const __u8 mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct mf_prefix address = prefix("2001:db8:1::abcd", 128), routers = prefix("ff02::2", 128);
	__u8 frame[MF_ANNOUNCE_BYTES];
	__u32 sum = 32 + 58;

	(void)state;
	mf_announce_build(frame, address.address, mac);
	assert_memory_equal(frame, "\x33\x33\x00\x00\x00\x02", 6);
	assert_memory_equal(frame + 6, mac, 6);
	assert_int_equal(frame[21], 255);
	assert_memory_equal(frame + 22, address.address, 16);
	assert_memory_equal(frame + 38, routers.address, 16);
	assert_int_equal(frame[54], 136);
	assert_int_equal(frame[58], 0x20);
	assert_memory_equal(frame + 62, address.address, 16);
	assert_memory_equal(frame + 80, mac, 6);
	for (int i = 22; i < MF_ANNOUNCE_BYTES; i += 2)
		sum += frame[i] << 8 | frame[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	assert_int_equal(sum, 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families), cmocka_unit_test(containment), cmocka_unit_test(of_templates),
		cmocka_unit_test(first_hosts), cmocka_unit_test(inner_mtus), cmocka_unit_test(advertisement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
