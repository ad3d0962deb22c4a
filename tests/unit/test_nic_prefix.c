// SPDX-License-Identifier: GPL-2.0-only
/* ctl/nic_prefix.c: which of an interface's addresses Prefix = auto goes by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "ctl/nic_prefix.h"
#include "ctl/parse.h"

enum { STABLE = 2, TEMPORARY = 1, USELESS = 0, MOST = 4 };

struct row {
	const char *what, *present, *chosen; /* NULL: none */
	struct {
		const char *address;
		unsigned int rank;
	} has[MOST];
};

static const struct row rows[] = {
	{ "the first of equals", NULL, "2001:db8:1::1", { { "2001:db8:1::1", STABLE }, { "2001:db8:2::1", STABLE } } },
	{ "the better one", NULL, "2001:db8:2::1", { { "2001:db8:1::1", TEMPORARY }, { "2001:db8:2::1", STABLE } } },
	{ "that in use, though it is not the first", "2001:db8:2::", "2001:db8:2::1",
	  { { "2001:db8:1::1", STABLE }, { "2001:db8:2::1", STABLE } } },
	{ "that in use, though it is temporary", "2001:db8:2::", "2001:db8:2::1",
	  { { "2001:db8:1::1", STABLE }, { "2001:db8:2::1", TEMPORARY } } },
	{ "that in use and nothing behind it", "2001:db8:1::", "2001:db8:1::1",
	  { { "2001:db8:1::1", TEMPORARY }, { "2001:db8:2::1", STABLE } } },
	{ "another one, since that in use is no good any more", "2001:db8:1::", "2001:db8:2::1",
	  { { "2001:db8:1::1", USELESS }, { "2001:db8:2::1", STABLE } } },
	{ "another one, since that in use has gone", "2001:db8:1::", "2001:db8:2::1", { { "2001:db8:2::1", STABLE } } },
	{ "none", "2001:db8:1::", NULL, { { "2001:db8:1::1", USELESS } } },
};

static void chooses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mf_template present = { .prefix_length = 64 };
		struct nic_prefix_choice choice = { .present = rows[i].present ? &present : NULL };
		__u8 address[16], chosen[16] = { 0 };

		if (rows[i].present)
			assert_int_equal(parse_address(rows[i].present, present.base), 0);
		for (int j = 0; j < MOST && rows[i].has[j].address; j++) {
			assert_int_equal(parse_address(rows[i].has[j].address, address), 0);
			nic_prefix_choose(&choice, address, rows[i].has[j].rank);
		}
		if (rows[i].chosen)
			assert_int_equal(parse_address(rows[i].chosen, chosen), 0);
		if (memcmp(choice.address, chosen, 16) || !choice.rank != !rows[i].chosen)
			fail_msg("not chosen: %s", rows[i].what);
	}
}

static void ranks(void **state)
{
	const __u8 global[16] = { 0x20, 0x01, 0x0d, 0xb8 }, local[16] = { 0xfd };

	(void)state;
	assert_int_equal(nic_prefix_rank(global, RT_SCOPE_UNIVERSE, 0, 100), STABLE);
	assert_int_equal(nic_prefix_rank(global, RT_SCOPE_UNIVERSE, IFA_F_TEMPORARY, 100), TEMPORARY);
	assert_int_equal(nic_prefix_rank(global, RT_SCOPE_UNIVERSE, IFA_F_DEPRECATED, 100), USELESS);
	assert_int_equal(nic_prefix_rank(global, RT_SCOPE_UNIVERSE, IFA_F_TENTATIVE, 100), USELESS);
	assert_int_equal(nic_prefix_rank(global, RT_SCOPE_UNIVERSE, 0, 0), USELESS);
	assert_int_equal(nic_prefix_rank(global, RT_SCOPE_LINK, 0, 100), USELESS);
	assert_int_equal(nic_prefix_rank(local, RT_SCOPE_UNIVERSE, 0, 100), USELESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(chooses), cmocka_unit_test(ranks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
