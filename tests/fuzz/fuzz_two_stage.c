// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over the values of two-stage publication. The first byte's low two bits: 0 a stranger's long value,
 * 1 what a hostile publisher boxes as one; 2 what a reader boxes as a common value, which has no signature and must be
 * refused; 3 the same signed by a hostile publisher.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/rendezvous_plain.h"
#include "ctl/two_stage.h"
#include "loader/slot.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

enum { PERIOD_S = 240, PERIOD = 1431376080, SIGNED = PLAIN_HEAD_BYTES + PLAIN_OFFER_BYTES };

static struct rendezvous_pair pair;
static struct two_stage_keys keys;

static void demand(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const __u8 own[32] = { 8, [31] = 64 }, other[32] = { 9 }, epoch[32];
	struct two_stage_window window;

	(void)argc, (void)argv;
	demand(sodium_init() >= 0);
	demand(!rendezvous_pair(&pair, own, other, 1));
	demand(!two_stage_window(&window, PERIOD_S, TWO_STAGE_PERIODS_DEFAULT, PERIOD));
	demand(!two_stage_keys(&keys, own, &window, epoch));
	return 0;
}

static void open_long(const __u8 *value, size_t length, bool boxed)
{
	struct two_stage_access access;
	char why[SAY_BYTES] = "";
	__u8 item[32];
	int error = two_stage_open_long(&pair, &keys.access.window, value, length, &access, why);

	demand(error == 0 || error == -EBADMSG || error == -EINVAL);
	demand(error ? *why : boxed);
	if (!error) { /* whatever key it gave, an item key follows, or it is refused */
		demand(crypto_core_ed25519_is_valid_point(access.public_key));
		error = two_stage_item_key(&access, PERIOD, item);
		demand(!error || error == -EINVAL);
	}
}

static void open_short(__u8 plain[static PLAIN_NATIVE_BYTES], bool sign)
{
	static const char label[] = "mayfly short v1";
	__u8 message[sizeof(label) - 1 + SIGNED], value[RENDEZVOUS_VALUE_BYTES] = { 0 };
	struct rendezvous_offer offer;
	char why[SAY_BYTES] = "";
	int error;

	if (sign) {
		two_stage_item_key(&keys.access, PERIOD, plain + 34); /* the reader's place; else nothing gets past it */
		memcpy(message, label, sizeof(label) - 1);
		memcpy(message + sizeof(label) - 1, plain, SIGNED);
		demand(!two_stage_sign(&keys, PERIOD, message, sizeof(message), plain + SIGNED));
	}
	crypto_secretbox_easy(value + RENDEZVOUS_NONCE_BYTES, plain, PLAIN_NATIVE_BYTES, value, keys.access.decryption_key);
	error = two_stage_open_short(&keys.access, PERIOD, value, sizeof(value), &offer, why);
	demand(error == 0 || error == -EBADMSG || error == -EINVAL);
	demand(error ? *why : sign);
	if (!error)
		demand(!mf_template_check(&offer.prefix) && offer.period == PERIOD && offer.period_s == PERIOD_S);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	__u8 plain[PLAIN_NATIVE_BYTES] = { 0 }, value[RENDEZVOUS_VALUE_BYTES] = { 0 };

	if (!size || size > RENDEZVOUS_VALUE_BYTES)
		return 0;
	memcpy(plain, data + 1, size - 1 < sizeof(plain) ? size - 1 : sizeof(plain));
	if (*data & 2) {
		open_short(plain, *data & 1);
	} else if (*data & 1) {
		crypto_box_easy_afternm(value + RENDEZVOUS_NONCE_BYTES, plain, sizeof(plain), value, pair.box_key);
		open_long(value, sizeof(value), true);
	} else {
		open_long(data + 1, size - 1, false);
	}
	return 0;
}
