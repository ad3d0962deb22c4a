/* SPDX-License-Identifier: GPL-2.0-only */
/* Clients of a serving end without a loop, by the registry's own code. */
#ifndef MAYFLY_TESTS_SERVING_CLIENTS_H
#define MAYFLY_TESTS_SERVING_CLIENTS_H

#include "ctl/serving.h"

static void public_of(__u8 public_key[static 32], __u8 number)
{
	__u8 secret[32] = { 0, number };

	assert_int_equal(key_public(public_key, secret), 0);
}

/* What reload does: clients numbered 1 to `clients`, by the registry's own code. */
static void serve(struct serving *serving, __u8 clients)
{
	struct config_peer meets[16] = { 0 };
	struct config config = { .file = "f", .meets = meets, .meet_count = clients };
	struct registry registry;
	char why[SAY_BYTES] = "";

	for (__u8 i = 0; i < clients; i++) {
		snprintf(meets[i].name, sizeof(meets[i].name), "client-%u", i);
		public_of(meets[i].public_key, (__u8)(i + 1));
	}
	if (registry_load(&registry, &config, serving->private_key, serving->public_key, &serving->registry, why))
		fail_msg("%s", why);
	assert_int_equal(serving_take_registry(serving, &registry), 0);
	assert_int_equal(serving->registry.count, clients);
}

#endif
