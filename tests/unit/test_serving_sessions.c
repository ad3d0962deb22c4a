// SPDX-License-Identifier: GPL-2.0-only
/* Sessions of a server: what its configuration says of them, to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/identity.h"
#include "ctl/serving.h"

/* Who has a section of its own is carried as that says, all others as the node says; and so again after a reload. */
static void test_carriage(void **state)
{
	struct sessions_peer peers[3] = { { .used = true }, { .used = true }, { .used = false } };
	struct config_peer section = { .carriage = MF_CARRIAGE_ENCAP, .padding = MF_PADDING_FULL };
	struct config config = {
		.node = { .carriage = MF_CARRIAGE_SEALED, .padding = MF_PADDING_CLASSES },
		.meets = &section,
		.meet_count = 1,
	};
	struct serving_client clients[3] = { 0 };
	struct serving serving = { .of_session = clients, .of_sessions = 3 };
	__u8 introduction[16];

	(void)state;
	serving.sessions = (struct sessions){ .peer = peers, .peers = 3, .open = true };
	assert_int_equal(mf_table_open(&serving.sessions.by_introduction, 4), 0);
	for (__u8 i = 0; i < 2; i++) {
		memset(peers[i].public_key, i + 1, sizeof(peers[i].public_key));
		identity_introduction(introduction, peers[i].public_key);
		assert_int_equal(mf_table_put(&serving.sessions.by_introduction, introduction, i), 0);
	}
	memcpy(section.public_key, peers[1].public_key, 32);
	serving_carry(&serving, &config);
	assert_false(serving.sessions.settings.encap);
	assert_false(peers[0].encap);
	assert_int_equal(peers[0].padding, MF_PADDING_CLASSES);
	assert_true(peers[1].encap);
	assert_int_equal(peers[1].padding, MF_PADDING_FULL);
	assert_false(peers[2].encap);
	config.node.carriage = MF_CARRIAGE_ENCAP;
	config.meet_count = 0;
	serving_carry(&serving, &config);
	assert_true(serving.sessions.settings.encap && peers[0].encap && peers[1].encap);
	assert_int_equal(peers[1].padding, MF_PADDING_CLASSES);
	mf_table_close(&serving.sessions.by_introduction);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_carriage) };

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
