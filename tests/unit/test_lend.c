// SPDX-License-Identifier: GPL-2.0-only
/* loader/lend.c: addresses that were given back are known for a while, by what has come since. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loader/instance.h"
#include "loader/lend.h"

static struct mf_lent lent;

static const __u8 *address_of(__u32 number)
{
	static __u8 address[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	memcpy(address + 12, &number, sizeof(number));
	return address;
}

static void remembers(void **state)
{
	static const __u8 none[16];

	(void)state;
	assert_false(mf_lent_was(&lent, none));
	assert_false(mf_lent_was(&lent, address_of(0)));
	for (__u32 i = 0; i < MF_LENT_PAST; i++)
		mf_lent_note(&lent, address_of(i));
	assert_true(mf_lent_was(&lent, address_of(0)));
	assert_true(mf_lent_was(&lent, address_of(MF_LENT_PAST - 1)));
	assert_false(mf_lent_was(&lent, address_of(MF_LENT_PAST)));
	mf_lent_note(&lent, address_of(MF_LENT_PAST));
	assert_false(mf_lent_was(&lent, address_of(0)));
	assert_true(mf_lent_was(&lent, address_of(1)));
	assert_true(mf_lent_was(&lent, address_of(MF_LENT_PAST)));
	assert_false(mf_lent_was(&lent, none));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(remembers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
