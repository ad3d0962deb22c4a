/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration from text, with the public key that its node is to have. */
#ifndef MAYFLY_TESTS_UNIT_READ_WITH_H
#define MAYFLY_TESTS_UNIT_READ_WITH_H

#include <string.h>

#include "ctl/config.h"

#define KEY "/cWOjYIn6d3axfCdpsbFRGnoo1vXvSmTFjxv+6XTCEs=" /* somebody's public key */

static const __u8 node_public[32] = { 1, 2, 3 };

/* `key`: node_public, or NULL where the file names no private key. */
static int read_with(struct config *config, const char *text, const __u8 *key, char why[static SAY_BYTES])
{
	int error = config_parse(config, "f", text, strlen(text), why);

	if (error)
		return error;
	error = config_complete(config, key, why);
	if (error)
		config_close(config);
	return error;
}

#endif
