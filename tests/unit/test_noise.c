// SPDX-License-Identifier: GPL-2.0-only
/* ctl/noise.c against the public vector of its protocol, and against whoever changes, swaps or makes up messages. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/noise.h"
#include "ctl/parse.h"

/* Cacophony's vector of Noise_KK_25519_ChaChaPoly_SHA256. */
static const char prologue_text[] = "John Galt";
static const char *const private_hex[2] = {
	"e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
	"4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
};
static const char *const public_hex[2] = {
	"6bc3822a2aa7f4e6981d6538692b3cdf3e6df9eea6ed269eb41d93c22757b75a",
	"31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62",
};
static const char *const ephemeral_hex[2] = {
	"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
	"bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
};
static const char hash_hex[] = "24c6b51ecb76277140ca018b5985bc9f03de321dae2d34dcae433dafef0131d9";

/* The handshake's two, then transport messages of either end in turn, each end's counter beginning at 0. */
static const struct {
	const char *payload, *message;
} said[] = {
	{ "4c756477696720766f6e204d69736573",
	  "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
	  "0177015efc1fe7a37c629af7120a96274e6ab7afcc9261901d0e09ae32a5bb96" },
	{ "4d757272617920526f746862617264",
	  "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
	  "b274d3429adc47ca093ba63ef90f8da89fda108db471dccfa4894aa7b00003" },
	{ "462e20412e20486179656b", "966b05bc69ec01b8454d3160a214e6f24a3d884eb31ec2408af63f" },
	{ "4361726c204d656e676572", "0ad887fba4f611bbb4afe44ba3556b8164332ca7d5934634d63d80" },
	{ "4a65616e2d426170746973746520536179", "012b28ae646ae7830e2c5472cb023eab071c1db3d8413ec69b513b83832f974c2d" },
	{ "457567656e2042f6686d20766f6e2042617765726b",
	  "bb3e6a48160d9c5971d37f975727294e0d868342db31832e54d07191ab0ca3c3703b5ed3d9" },
};

enum { INITIATOR, RESPONDER, BYTES_MOST = 96, SAID = sizeof(said) / sizeof(*said) };

/* Points of low order: 0, 1, one of order 8, and p + 1, which is 1 again. */
static const char *const low_order_hex[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

struct bytes {
	size_t count;
	__u8 at[BYTES_MOST];
};

static __u8 private_keys[2][32], public_keys[2][32], ephemerals[2][32], shared[32];
static struct noise_end ends[2];
static const __u8 *const prologue = (const __u8 *)prologue_text;
static const size_t prologue_bytes = sizeof(prologue_text) - 1;

static struct bytes hex(const char *text)
{
	struct bytes bytes = { .count = strlen(text) / 2 };

	assert_in_range(bytes.count, 1, BYTES_MOST);
	assert_int_equal(parse_hex(text, bytes.at, bytes.count), 0);
	return bytes;
}

static int set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		memcpy(private_keys[i], hex(private_hex[i]).at, 32);
		memcpy(public_keys[i], hex(public_hex[i]).at, 32);
		memcpy(ephemerals[i], hex(ephemeral_hex[i]).at, 32);
	}
	if (crypto_scalarmult(shared, private_keys[0], public_keys[1]))
		return -1;
	for (int i = 0; i < 2; i++)
		ends[i] = (struct noise_end){ private_keys[i], public_keys[i], public_keys[!i], shared };
	return 0;
}

static int write_request(struct noise_handshake *handshake, struct bytes *message)
{
	struct bytes payload = hex(said[0].payload);

	message->count = payload.count + NOISE_HANDSHAKE_OVERHEAD;
	return noise_write_request(handshake, &ends[INITIATOR], prologue, prologue_bytes, ephemerals[INITIATOR],
				   payload.at, payload.count, message->at);
}

/* The vector's request, read by its responder; then that one's response. */
static struct bytes respond(struct noise_handshake *handshake, struct noise_result *result)
{
	struct bytes request = hex(said[0].message), payload = hex(said[1].payload), response = { 0 };
	__u8 read[BYTES_MOST];

	assert_int_equal(noise_read_request(handshake, &ends[RESPONDER], prologue, prologue_bytes, request.at,
					    request.count, read), 0);
	assert_memory_equal(read, hex(said[0].payload).at, request.count - NOISE_HANDSHAKE_OVERHEAD);
	assert_int_equal(noise_write_response(handshake, &ends[RESPONDER], ephemerals[RESPONDER], payload.at,
					      payload.count, response.at, result), 0);
	response.count = payload.count + NOISE_HANDSHAKE_OVERHEAD;
	return response;
}

static void assert_message(const struct bytes *message, int number)
{
	struct bytes wanted = hex(said[number].message);

	assert_int_equal(message->count, wanted.count);
	assert_memory_equal(message->at, wanted.at, wanted.count);
}

static void test_initiator(void **state)
{
	struct noise_handshake handshake;
	struct noise_result result;
	struct bytes request = { 0 }, response = hex(said[1].message);
	__u8 read[BYTES_MOST];

	(void)state;
	assert_int_equal(write_request(&handshake, &request), 0);
	assert_message(&request, 0);
	assert_int_equal(noise_read_response(&handshake, &ends[INITIATOR], response.at, response.count, read, &result), 0);
	assert_memory_equal(read, hex(said[1].payload).at, response.count - NOISE_HANDSHAKE_OVERHEAD);
	assert_memory_equal(result.hash, hex(hash_hex).at, 32);
}

static void test_responder(void **state)
{
	struct noise_handshake handshake;
	struct noise_result result;
	struct bytes response;

	(void)state;
	response = respond(&handshake, &result);
	assert_message(&response, 1);
	assert_memory_equal(result.hash, hex(hash_hex).at, 32);
	assert_true(sodium_is_zero((const __u8 *)&handshake, sizeof(handshake)));
}

static void test_transport(void **state)
{
	struct noise_handshake handshake;
	struct noise_result result;

	(void)state;
	respond(&handshake, &result);
	for (int i = 2; i < SAID; i++) {
		const __u8 *key = i % 2 ? result.to_initiator : result.to_responder;
		struct bytes payload = hex(said[i].payload), sealed = { payload.count + NOISE_TAG_BYTES };
		__u8 read[BYTES_MOST];

		/* Two handshake messages came first; the initiator speaks at even numbers. */
		noise_seal(key, (i - 2) / 2, payload.at, payload.count, sealed.at);
		assert_message(&sealed, i);
		assert_int_equal(noise_open(key, (i - 2) / 2, sealed.at, sealed.count, read), 0);
		assert_memory_equal(read, payload.at, payload.count);
	}
}

static void assert_untouched(const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(((const __u8 *)bytes)[i], 0x5a);
}

/* Nobody but the initiator could have said this. */
static void assert_request_refused(const struct noise_end *end, const __u8 *before, size_t before_bytes,
				   const struct bytes *message)
{
	struct noise_handshake handshake = { .ephemeral = { 0 } };
	__u8 payload[BYTES_MOST];

	memset(payload, 0x5a, sizeof(payload));
	assert_int_equal(noise_read_request(&handshake, end, before, before_bytes, message->at, message->count, payload),
			 -EBADMSG);
	assert_untouched(payload, sizeof(payload));
	assert_true(sodium_is_zero((const __u8 *)&handshake, sizeof(handshake)));
}

static void assert_response_refused(const struct noise_handshake *handshake, const struct noise_end *end,
				    const struct bytes *message)
{
	struct noise_handshake before = *handshake;
	struct noise_result result;
	__u8 payload[BYTES_MOST];

	memset(payload, 0x5a, sizeof(payload));
	memset(&result, 0x5a, sizeof(result));
	assert_int_equal(noise_read_response(handshake, end, message->at, message->count, payload, &result), -EBADMSG);
	assert_untouched(payload, sizeof(payload));
	assert_untouched(&result, sizeof(result));
	assert_memory_equal(handshake, &before, sizeof(before));
}

static void test_request_changed(void **state)
{
	struct bytes right = hex(said[0].message), wrong;

	(void)state;
	for (size_t bit = 0; bit < 8 * right.count; bit++) {
		wrong = right;
		wrong.at[bit / 8] ^= 1 << bit % 8;
		assert_request_refused(&ends[RESPONDER], prologue, prologue_bytes, &wrong);
	}
	for (wrong = right; wrong.count--;)
		assert_request_refused(&ends[RESPONDER], prologue, prologue_bytes, &wrong);
	wrong = right;
	wrong.count++;
	assert_request_refused(&ends[RESPONDER], prologue, prologue_bytes, &wrong);
}

/* And however many forged ones came first, the true one is taken. */
static void test_response_changed(void **state)
{
	struct noise_handshake handshake;
	struct noise_result result;
	struct bytes request, right = hex(said[1].message), wrong;
	__u8 payload[BYTES_MOST];

	(void)state;
	assert_int_equal(write_request(&handshake, &request), 0);
	for (size_t bit = 0; bit < 8 * right.count; bit++) {
		wrong = right;
		wrong.at[bit / 8] ^= 1 << bit % 8;
		assert_response_refused(&handshake, &ends[INITIATOR], &wrong);
	}
	for (wrong = right; wrong.count--;)
		assert_response_refused(&handshake, &ends[INITIATOR], &wrong);
	wrong = right;
	wrong.count++;
	assert_response_refused(&handshake, &ends[INITIATOR], &wrong);
	assert_int_equal(noise_read_response(&handshake, &ends[INITIATOR], right.at, right.count, payload, &result), 0);
	assert_memory_equal(result.hash, hex(hash_hex).at, 32);
}

static void test_other_prologue(void **state)
{
	struct bytes request = hex(said[0].message);

	(void)state;
	assert_request_refused(&ends[RESPONDER], (const __u8 *)"John Gald", prologue_bytes, &request);
	assert_request_refused(&ends[RESPONDER], prologue, prologue_bytes - 1, &request);
	assert_request_refused(&ends[RESPONDER], NULL, 0, &request);
}

/* A third end: as the initiator that somebody else expects, as the responder that somebody else gets. */
static void test_other_static(void **state)
{
	struct noise_handshake handshake;
	struct bytes request = hex(said[0].message), response = hex(said[1].message);
	__u8 private_key[32] = { 7 }, public_key[32], with[2][32];
	struct noise_end other[2];

	(void)state;
	assert_int_equal(crypto_scalarmult_base(public_key, private_key), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(crypto_scalarmult(with[i], private_key, public_keys[i]), 0);
		other[i] = (struct noise_end){ private_key, public_key, public_keys[i], with[i] };
	}
	assert_request_refused(&other[INITIATOR], prologue, prologue_bytes, &request);
	assert_request_refused(&(struct noise_end){ private_keys[1], public_keys[1], public_key, with[1] }, prologue,
			       prologue_bytes, &request);
	assert_int_equal(write_request(&handshake, &request), 0);
	assert_response_refused(&handshake, &other[RESPONDER], &response);
}

/* Who reads his own request: the roles are part of what is hashed. */
static void test_reflected(void **state)
{
	struct noise_handshake handshake;
	struct bytes request;

	(void)state;
	assert_int_equal(write_request(&handshake, &request), 0);
	assert_request_refused(&ends[INITIATOR], prologue, prologue_bytes, &request);
	assert_response_refused(&handshake, &ends[INITIATOR], &request);
}

/* Their secrets are zero whatever the private key: nothing may be sealed under them, nor taken. */
static void test_low_order(void **state)
{
	static const __u8 zero[32];
	struct noise_handshake handshake, asked;
	struct noise_result result;
	struct bytes request, message;

	(void)state;
	assert_int_equal(write_request(&asked, &request), 0);
	for (size_t i = 0; i < sizeof(low_order_hex) / sizeof(*low_order_hex); i++) {
		struct bytes point = hex(low_order_hex[i]);
		struct noise_end end = { private_keys[0], public_keys[0], point.at, shared };

		message = hex(said[0].message);
		memcpy(message.at, point.at, 32);
		assert_request_refused(&ends[RESPONDER], prologue, prologue_bytes, &message);
		message = hex(said[1].message);
		memcpy(message.at, point.at, 32);
		assert_response_refused(&asked, &ends[INITIATOR], &message);

		memset(&message, 0x5a, sizeof(message));
		memset(&result, 0x5a, sizeof(result));
		assert_int_equal(noise_write_request(&handshake, &end, NULL, 0, ephemerals[0], zero, 8, message.at), -EBADMSG);
		assert_true(sodium_is_zero((const __u8 *)&handshake, sizeof(handshake)));
		handshake = asked;
		memcpy(handshake.peer_ephemeral, point.at, 32);
		assert_int_equal(noise_write_response(&handshake, &ends[RESPONDER], ephemerals[1], zero, 8, message.at,
						      &result), -EBADMSG);
		assert_true(sodium_is_zero((const __u8 *)&handshake, sizeof(handshake)));
		assert_untouched(&message, sizeof(message));
		assert_untouched(&result, sizeof(result));
	}
}

/* ss of an end whose caller did not look at what its peer gave. */
static void test_no_shared_secret(void **state)
{
	static const __u8 zero[32];
	struct noise_end end = { private_keys[0], public_keys[0], public_keys[1], zero };
	struct noise_handshake handshake;
	struct bytes request = hex(said[0].message);
	__u8 message[BYTES_MOST];

	(void)state;
	assert_int_equal(noise_write_request(&handshake, &end, NULL, 0, ephemerals[0], zero, 8, message), -EBADMSG);
	end = (struct noise_end){ private_keys[1], public_keys[1], public_keys[0], zero };
	assert_request_refused(&end, prologue, prologue_bytes, &request);
}

static void test_sealed_changed(void **state)
{
	struct bytes right = hex(said[2].message), wrong;
	struct noise_handshake handshake;
	struct noise_result result;
	__u8 plain[BYTES_MOST];

	(void)state;
	respond(&handshake, &result);
	memset(plain, 0x5a, sizeof(plain));
	for (size_t bit = 0; bit < 8 * right.count; bit++) {
		wrong = right;
		wrong.at[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(noise_open(result.to_responder, 0, wrong.at, wrong.count, plain), -EBADMSG);
	}
	for (size_t count = 0; count < right.count; count++)
		assert_int_equal(noise_open(result.to_responder, 0, right.at, count, plain), -EBADMSG);
	for (int bit = 0; bit < 64; bit++)
		assert_int_equal(noise_open(result.to_responder, 1ULL << bit, right.at, right.count, plain), -EBADMSG);
	assert_int_equal(noise_open(result.to_initiator, 0, right.at, right.count, plain), -EBADMSG);
	assert_untouched(plain, sizeof(plain));
}

/* A payload need not be; the counter counts in all of its 64 bits. */
static void test_bounds(void **state)
{
	struct noise_handshake asked, answered;
	struct noise_result own, other;
	__u8 message[NOISE_HANDSHAKE_OVERHEAD], sealed[2][NOISE_TAG_BYTES];

	(void)state;
	assert_int_equal(noise_write_request(&asked, &ends[0], NULL, 0, ephemerals[0], NULL, 0, message), 0);
	assert_int_equal(noise_read_request(&answered, &ends[1], NULL, 0, message, sizeof(message), NULL), 0);
	assert_int_equal(noise_write_response(&answered, &ends[1], ephemerals[1], NULL, 0, message, &other), 0);
	assert_int_equal(noise_read_response(&asked, &ends[0], message, sizeof(message), NULL, &own), 0);
	assert_memory_equal(&own, &other, sizeof(own));
	noise_seal(own.to_responder, 1, NULL, 0, sealed[0]);
	noise_seal(own.to_responder, 1ULL << 56 | 1, NULL, 0, sealed[1]);
	assert_memory_not_equal(sealed[0], sealed[1], NOISE_TAG_BYTES);
	assert_int_equal(noise_open(own.to_responder, 1ULL << 56 | 1, sealed[1], NOISE_TAG_BYTES, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initiator),
		cmocka_unit_test(test_responder),
		cmocka_unit_test(test_transport),
		cmocka_unit_test(test_request_changed),
		cmocka_unit_test(test_response_changed),
		cmocka_unit_test(test_other_prologue),
		cmocka_unit_test(test_other_static),
		cmocka_unit_test(test_reflected),
		cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_no_shared_secret),
		cmocka_unit_test(test_sealed_changed),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
