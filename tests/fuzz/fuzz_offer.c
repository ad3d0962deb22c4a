// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over rendezvous_open(). First byte even: the rest is a value as a stranger stores it, which nobody can
 * make open. Odd: the rest is put into a box first, as a hostile other end can, so that the layouts are reached.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/rendezvous_plain.h"
#include "loader/control.h"
#include "loader/slot.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

enum { PERIOD_S = 240, PERIOD = 1431376080 };

static struct rendezvous_pair pair;

static void demand(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const __u8 own[32] = { 8, [31] = 64 }, other[32] = { 9 };

	(void)argc, (void)argv;
	demand(sodium_init() >= 0);
	demand(!rendezvous_pair(&pair, own, other, 1));
	return 0;
}

/* What is accepted holds every bound that the loader demands, and says the same again. */
static void check_accepted(const struct rendezvous_offer *offer, const __u8 *value, size_t length)
{
	__u8 again[RENDEZVOUS_VALUE_BYTES];
	char why[SAY_BYTES] = "";

	demand(!mf_template_check(&offer->prefix) && offer->prefix.prefix_length >= RENDEZVOUS_PREFIX_LEAST);
	demand(offer->prefix.base[0] != 0xff);
	demand(offer->rotation_ms >= MF_ROTATION_MIN_MS && offer->rotation_ms <= MF_ROTATION_MAX_MS);
	demand(!sodium_is_zero(offer->key, sizeof(offer->key)));
	demand(offer->period_s == PERIOD_S && offer->period == PERIOD);
	demand(rendezvous_seal_with(&pair, offer, value, again, why) == (int)length);
	demand(!memcmp(again, value, length));
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static const __u8 nonce[RENDEZVOUS_NONCE_BYTES];
	struct rendezvous_offer offer, before;
	__u8 value[2 * RENDEZVOUS_VALUE_BYTES];
	char why[SAY_BYTES] = "";
	size_t length;
	int error;

	if (!size || size > RENDEZVOUS_VALUE_BYTES)
		return 0;
	length = size - 1;
	if (*data & 1) {
		memcpy(value, nonce, sizeof(nonce));
		crypto_box_easy_afternm(value + sizeof(nonce), data + 1, length, nonce, pair.box_key);
		length += PLAIN_BOX_BYTES;
	} else {
		memcpy(value, data + 1, length);
	}
	memset(&before, 0x5a, sizeof(before));
	offer = before;
	error = rendezvous_open(&pair, PERIOD_S, PERIOD, value, length, &offer, why);
	demand(!error || error == -EBADMSG || error == -EINVAL);
	demand(error ? *why && !memcmp(&offer, &before, sizeof(offer)) : *data & 1);
	if (!error)
		check_accepted(&offer, value, length);
	return 0;
}
