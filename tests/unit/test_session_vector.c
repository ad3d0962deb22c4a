// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vectors of docs/PROTOCOL.md 9.4: a handshake and what is said after it, against values computed apart from this
 * code (Python's hmac and cryptography). Prints the lines of the page, and demands that it has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/format.h"
#include "ctl/identity.h"
#include "ctl/little_endian.h"
#include "ctl/parse.h"
#include "ctl/seal_keys.h"
#include "ctl/session_message.h"
#include "tests/unit/tree.h"

enum { PERIOD = 1700000400, DIGITS_PER_LINE = 96, INITIATOR = 0, RESPONDER = 1 };

#define STATIC_INITIATOR "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254"
#define STATIC_RESPONDER "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a"
#define EPHEMERAL_INITIATOR "675dd574ed7789310b3d2e7681f3790b466c773b1521fecf36577958371ea52f"
#define EPHEMERAL_RESPONDER "493e82fc74464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d"
#define KEY_INTRODUCTION "000102030405060708090a0b0c0d0e0f"
#define ZERO_8 "0000000000000000"

static const char request_plain[] =
	"00a02898" "20010db8000100001011121314151617" "fd6d4f86a77dfbd7d8012751b98ada92" "01404001" ZERO_8;
static const char request_message[] =
	"00010000" "6553f290" EPHEMERAL_INITIATOR
	"8dd7851561f00227a6e55225f09fa01ac189eb924cd2bfc73c592856ff67a5d4"
	"c4e8722657b1b27eca96d7defeb6b336e76160bb195662a600f7c002554ab1ac";
static const char response_plain[] =
	"01000bb8" "20010db8000200032021222324252627" "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf" "01503000" "0004000000000000"
	"00000e10" "00000258";
static const char response_message[] =
	"01010000" "6553f290" EPHEMERAL_RESPONDER
	"d8ae491291ce7aa2c398dfc77eca19da66db9ed0d8c1142acf390e771153332e"
	"a74439f048dd0f4474238144695e4a5bee176e55a4f37ca757c38a26eba72400d63b44df40f38b21";
static const char hash[] = "f9d0b00a5d65a90c4ca876b22591339c3e85c5fd14e3964ffdcac40a9e7772a1";
static const char to_responder[] = "c1fa97abe03a05a9d93e6c16780415cb835d5e2880ef9969e3f7652aae8334a7";
static const char to_initiator[] = "5614784c1356b24ea6bc436bfb832681607234adbb152bec1c20c7a45fb58c21";
static const char seal_to_responder[] = "b50eb60982cee8c58a979c9bd9988bcee74f0453db1ab1da769268b125647b36";
static const char mask_to_responder[] = "7fda3d3d6c6174ce97045e6d41fb765e";
static const char seal_to_initiator[] = "db2771b386a881f79a7eea128fe0ab076bf51d86f428cf96df4a059e07a63f02";
static const char mask_to_initiator[] = "701a369f5aa15e0b23453fc5a81e94d7";
static const char confirm_plain[] = "0300" ZERO_8 ZERO_8 ZERO_8 ZERO_8 "000000000000";
static const char confirm_message[] =
	"02010000" "f9d0b00a" ZERO_8
	"743b83609adfae57ece1c15f881c9c3201dd80c6522aaa2330ed2ef8a0fdf3edff860147ddee42cd8e0657042c758c70736bd3cc82a28cae";
static const char renew_plain[] = "0505" "0000012c" ZERO_8 ZERO_8 ZERO_8 ZERO_8 "0000";
static const char renew_message[] =
	"02010000" "f9d0b00a" "0000000000000001"
	"8abfea29246ed8538393332955dbdb7688cbf1b8d81239ef1528a480dd1e7010440515c25d770a53fc2a08f3dbaabb2d07c65c7e43b090c4";

struct end {
	__u8 private_key[32], public_key[32], ephemeral[32];
	struct noise_end noise;
};

static struct end ends[2];
static __u8 shared[32], prologue[SESSION_PROLOGUE_BYTES];
static char *page;

static void count_up(__u8 *bytes, size_t count, __u8 first)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (__u8)(first + i);
}

static int set_up(void **state)
{
	__u8 key[16];

	(void)state;
	if (sodium_init() < 0)
		return -1;
	page = read_file("docs/PROTOCOL.md");
	for (int i = 0; i < 2; i++) {
		count_up(ends[i].private_key, 32, 0x20 + 0x20 * i);
		count_up(ends[i].ephemeral, 32, 0x60 + 0x20 * i);
		crypto_scalarmult_base(ends[i].public_key, ends[i].private_key);
	}
	for (int i = 0; i < 2; i++)
		ends[i].noise = (struct noise_end){ ends[i].private_key, ends[i].public_key, ends[!i].public_key, shared };
	count_up(key, sizeof(key), 0);
	session_prologue(prologue, key, ends[INITIATOR].public_key, ends[RESPONDER].public_key);
	return crypto_scalarmult(shared, ends[INITIATOR].private_key, ends[RESPONDER].public_key);
}

static int tear_down(void **state)
{
	(void)state;
	free(page);
	return 0;
}

/* As the page has it: a name, the value at column 34, long ones in lines of 96 digits. */
static void demand_text(const char *name, const char *value)
{
	char lines[512];
	size_t length = snprintf(lines, sizeof(lines), "    %-30s%.*s\n", name, DIGITS_PER_LINE, value);

	for (size_t at = DIGITS_PER_LINE; at < strlen(value); at += DIGITS_PER_LINE)
		length += snprintf(lines + length, sizeof(lines) - length, "%34s%.*s\n", "", DIGITS_PER_LINE, value + at);
	print_message("%s", lines);
	if (!strstr(page, lines))
		fail_msg("docs/PROTOCOL.md does not have it so");
}

static void demand(const char *name, const __u8 *bytes, size_t count, const char *wanted)
{
	char text[2 * SESSION_MESSAGE_MOST + 1];

	sodium_bin2hex(text, sizeof(text), bytes, count);
	if (wanted)
		assert_string_equal(text, wanted);
	demand_text(name, text);
}

static void demand_address(const char *name, const __u8 address[static 16], const char *wanted)
{
	char text[FORMAT_ADDRESS];

	assert_string_equal(format_address(text, address), wanted);
	demand_text(name, text);
}

static void put_seed(__u8 seed[static 8], __u8 first)
{
	count_up(seed, 8, first);
}

static void say_request(__u8 plain[static SESSION_REQUEST_PLAIN])
{
	struct session_request request = { .flags = SESSION_BEHIND_FIREWALL };

	assert_int_equal(parse_template("2001:db8:1::/64", &request.prefix), 0);
	request.client_id = session_client_id(ends[INITIATOR].public_key);
	put_seed(request.seed, 0x10);
	identity_address(request.inner, ends[INITIATOR].public_key);
	session_request_write(plain, &request);
}

static void say_response(__u8 plain[static SESSION_RESPONSE_PLAIN])
{
	struct session_response response = { .rotation_ms = 3000, .lifetime_s = 3600, .period_s = 600 };

	assert_int_equal(parse_template("2001:db8:2:3:4::/80", &response.prefix), 0);
	put_seed(response.seed, 0x20);
	count_up(response.key, 16, 0xa0);
	session_response_write(plain, &response);
}

static void test_ends(void **state)
{
	__u8 address[16];

	(void)state;
	demand("initiator, private key", ends[INITIATOR].private_key, 32, NULL);
	demand("initiator, public key", ends[INITIATOR].public_key, 32, STATIC_INITIATOR);
	identity_introduction(address, ends[INITIATOR].public_key);
	demand_address("initiator, introduction", address, "fd6d:9d83:f08b:2155:8689:91fc:c085:193");
	identity_visitor(address, ends[INITIATOR].public_key);
	demand_address("initiator, visitor", address, "fd6d:fc99:8571:ffbc:d523:1beb:da3b:9e0a");
	identity_address(address, ends[INITIATOR].public_key);
	demand_address("initiator, inner", address, "fd6d:4f86:a77d:fbd7:d801:2751:b98a:da92");
	demand("responder, private key", ends[RESPONDER].private_key, 32, NULL);
	demand("responder, public key", ends[RESPONDER].public_key, 32, STATIC_RESPONDER);
	identity_introduction(address, ends[RESPONDER].public_key);
	demand_address("responder, introduction", address, "fd6d:366d:390d:1a2b:b6cf:5766:372e:1aef");
	identity_visitor(address, ends[RESPONDER].public_key);
	demand_address("responder, visitor", address, "fd6d:96bb:6:d992:bbd1:5045:c4a5:d13c");
	identity_address(address, ends[RESPONDER].public_key);
	demand_address("responder, inner", address, "fd6d:7aa:46ee:38ba:6c5:c0ae:c3b3:d3af");
	demand("s", shared, 32, "04c304fb1ca83cee75e206344231f33797e07d9929db670994b7c6fbeb1dc255");
	demand("prologue", prologue, sizeof(prologue), "01" KEY_INTRODUCTION STATIC_INITIATOR STATIC_RESPONDER);
	demand("ephemeral, initiator's", ends[INITIATOR].ephemeral, 32, NULL);
	demand("ephemeral, responder's", ends[RESPONDER].ephemeral, 32, NULL);
}

/* The initiator's half up to its request. */
static void ask(struct noise_handshake *handshake, __u8 message[static SESSION_REQUEST_BYTES])
{
	const struct session_header header = { SESSION_REQUEST, PERIOD };
	__u8 plain[SESSION_REQUEST_PLAIN];

	say_request(plain);
	session_header_write(message, &header);
	assert_int_equal(noise_write_request(handshake, &ends[INITIATOR].noise, prologue, sizeof(prologue),
					     ends[INITIATOR].ephemeral, plain, sizeof(plain),
					     message + SESSION_HEADER_BYTES), 0);
}

/* The responder's. */
static void answer(const __u8 *request, __u8 message[static SESSION_RESPONSE_BYTES], struct noise_result *result)
{
	const struct session_header header = { SESSION_RESPONSE, PERIOD };
	__u8 asked[SESSION_REQUEST_PLAIN], plain[SESSION_RESPONSE_PLAIN];
	struct noise_handshake handshake;

	assert_int_equal(noise_read_request(&handshake, &ends[RESPONDER].noise, prologue, sizeof(prologue),
					    request + SESSION_HEADER_BYTES, SESSION_REQUEST_BYTES - SESSION_HEADER_BYTES,
					    asked), 0);
	demand("request, plain", asked, sizeof(asked), request_plain);
	say_response(plain);
	session_header_write(message, &header);
	assert_int_equal(noise_write_response(&handshake, &ends[RESPONDER].noise, ends[RESPONDER].ephemeral, plain,
					      sizeof(plain), message + SESSION_HEADER_BYTES, result), 0);
}

static void shake_hands(__u8 request[static SESSION_REQUEST_BYTES], __u8 response[static SESSION_RESPONSE_BYTES],
			struct noise_result *result)
{
	__u8 answered[SESSION_RESPONSE_PLAIN];
	struct noise_handshake handshake;
	struct noise_result other;

	ask(&handshake, request);
	answer(request, response, &other);
	assert_int_equal(noise_read_response(&handshake, &ends[INITIATOR].noise, response + SESSION_HEADER_BYTES,
					     SESSION_RESPONSE_BYTES - SESSION_HEADER_BYTES, answered, result), 0);
	assert_memory_equal(result, &other, sizeof(other));
	demand("response, plain", answered, sizeof(answered), response_plain);
}

static void test_handshake(void **state)
{
	__u8 request[SESSION_REQUEST_BYTES], response[SESSION_RESPONSE_BYTES];
	struct noise_result result;

	(void)state;
	shake_hands(request, response, &result);
	demand("request", request, sizeof(request), request_message);
	demand("response", response, sizeof(response), response_message);
	demand("handshake hash", result.hash, 32, hash);
	demand("key to the responder", result.to_responder, 32, to_responder);
	demand("key to the initiator", result.to_initiator, 32, to_initiator);
}

/* Words of a key, as the bytes that they have come from. */
static void demand_key(const char *name, const char *name_of_mask, const struct mf_seal_key *key, const char *wanted,
		       const char *wanted_mask)
{
	__u8 bytes[32], mask[16];

	for (int i = 0; i < 8; i++)
		le32_put(bytes + 4 * i, key->key[i]);
	for (int i = 0; i < 2; i++)
		le64_put(mask + 8 * i, key->mask[i]);
	demand(name, bytes, sizeof(bytes), wanted);
	demand(name_of_mask, mask, sizeof(mask), wanted_mask);
	assert_true(sodium_is_zero((const __u8 *)key->pad, sizeof(key->pad)));
}

static void test_sealed_keys(void **state)
{
	struct noise_result result;
	struct seal_keys initiator, responder;

	(void)state;
	assert_int_equal(parse_hex(hash, result.hash, 32), 0);
	assert_int_equal(parse_hex(to_responder, result.to_responder, 32), 0);
	assert_int_equal(parse_hex(to_initiator, result.to_initiator, 32), 0);
	seal_keys_derive(&initiator, &result, true);
	seal_keys_derive(&responder, &result, false);
	demand_key("sealed to the responder, key", "sealed to the responder, mask", &initiator.out, seal_to_responder,
		   mask_to_responder);
	demand_key("sealed to the initiator, key", "sealed to the initiator, mask", &initiator.in, seal_to_initiator,
		   mask_to_initiator);
	assert_int_equal(initiator.out.sender, SEAL_BY_INITIATOR);
	assert_int_equal(initiator.in.sender, SEAL_BY_RESPONDER);
	assert_memory_equal(&initiator.out, &responder.in, sizeof(initiator.out));
	assert_memory_equal(&initiator.in, &responder.out, sizeof(initiator.in));
}

static void seal_notice(const struct session_notice *notice, const __u8 key[static 32], __u8 counter,
			__u8 message[static SESSION_SEALED_BYTES], __u8 plain[static SESSION_NOTICE_PLAIN])
{
	const struct session_header header = { SESSION_SEALED, 0xf9d0b00a };

	session_notice_write(plain, notice);
	memset(message, 0, SESSION_SEALED_BYTES);
	session_header_write(message, &header);
	message[SESSION_HEADER_BYTES + 7] = counter;
	noise_seal(key, counter, plain, SESSION_NOTICE_PLAIN, message + SESSION_HEADER_BYTES + 8);
}

static void test_notices(void **state)
{
	const struct session_notice confirm = { .id = SESSION_CONFIRM };
	const struct session_notice renew = { .id = SESSION_RENEW, .reason = SESSION_LEVEL, .period_s = 300 };
	__u8 message[SESSION_SEALED_BYTES], plain[SESSION_NOTICE_PLAIN], key[32];

	(void)state;
	assert_int_equal(parse_hex(to_responder, key, sizeof(key)), 0);
	seal_notice(&confirm, key, 0, message, plain);
	demand("confirm, plain", plain, sizeof(plain), confirm_plain);
	demand("confirm, sealed", message, sizeof(message), confirm_message);
	assert_int_equal(parse_hex(to_initiator, key, sizeof(key)), 0);
	seal_notice(&renew, key, 1, message, plain);
	demand("renew, plain", plain, sizeof(plain), renew_plain);
	demand("renew, sealed", message, sizeof(message), renew_message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_sealed_keys),
		cmocka_unit_test(test_notices),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
