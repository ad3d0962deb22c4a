// SPDX-License-Identifier: GPL-2.0-only
/*
 * docs/vectors.json against this code: keys, slots, handshake and session messages. tests/peer checks the same file,
 * written apart from this code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/identity.h"
#include "ctl/key.h"
#include "ctl/little_endian.h"
#include "ctl/seal_keys.h"
#include "ctl/session_message.h"
#include "ctl/static_peer.h"
#include "loader/slot.h"
#include "tests/unit/vectors.h"

/* --- keys and slots (sections 1, 2, 9.5) --- */

static void check_public_key(struct vector *vector, void *context)
{
	__u8 key[32], address[16], seed[8], id[4];
	__be32 client_id;

	(void)context;
	in_bytes(vector->in, "public_key", key, sizeof(key));
	identity_seed(seed, key);
	out_bytes(vector, "seed", seed, sizeof(seed));
	identity_address(address, key);
	out_address(vector, "inner", address);
	identity_introduction(address, key);
	out_address(vector, "introduction", address);
	identity_visitor(address, key);
	out_address(vector, "visitor", address);
	client_id = htonl(session_client_id(key));
	memcpy(id, &client_id, sizeof(id));
	out_bytes(vector, "client_id", id + 1, 3);
}

static void check_static_keys(struct vector *vector, void *context)
{
	__u8 key[16], seed[8], private_key[32], public_key[32], address[16];

	(void)context;
	in_bytes(vector->in, "K", key, sizeof(key));
	in_bytes(vector->in, "seed", seed, sizeof(seed));
	assert_int_equal(static_peer_derive(private_key, public_key, key, seed), 0);
	identity_introduction(address, public_key);
	out_bytes(vector, "private_key", private_key, sizeof(private_key));
	out_bytes(vector, "public_key", public_key, sizeof(public_key));
	out_address(vector, "introduction", address);
}

static void check_rotation(struct vector *vector, void *context)
{
	struct mf_schedule schedule = { .rotation_ms = in_number(vector->in, "rotation_ms") };
	__u64 index;
	__u8 key[16];

	(void)context;
	in_bytes(vector->in, "K", key, sizeof(key));
	schedule.phase_ms = mf_slot_phase(key, schedule.rotation_ms);
	index = mf_slot_index(&schedule, in_number(vector->in, "at_ms"));
	out_number(vector, "phase_ms", schedule.phase_ms);
	out_number(vector, "index", index);
	out_number(vector, "start_ms", mf_slot_start(&schedule, index));
}

static void out_end(struct vector *vector, const struct mf_slot_end *end)
{
	out_bytes(vector, "identifier", end->identifier, sizeof(end->identifier));
	out_number(vector, "port", ntohs(end->port));
	out_number(vector, "flow_label", end->flow_label);
}

static void check_place(struct vector *vector, void *context)
{
	__u8 key[16], seed[8], address[16];
	struct mf_template template;
	struct mf_slot_end end;

	(void)context;
	in_bytes(vector->in, "K", key, sizeof(key));
	in_bytes(vector->in, "seed", seed, sizeof(seed));
	in_template(vector->in, &template);
	assert_int_equal(mf_template_check(&template), 0);
	mf_slot_end(&end, seed, key, in_number(vector->in, "start_ms"));
	mf_slot_address(address, &template, end.identifier);
	out_end(vector, &end);
	out_address(vector, "address", address);
}

static void check_digest(struct vector *vector, void *context)
{
	struct mf_slot_end end;
	__u8 digest[32];

	(void)context;
	in_bytes(vector->in, "D", digest, sizeof(digest));
	mf_slot_end_read(&end, digest);
	out_end(vector, &end);
}

/* --- sessions (section 9) --- */

struct party {
	__u8 private_key[32], public_key[32], ephemeral[32];
	struct noise_end end;
};

static void read_party(struct party *party, const json_t *in, const char *private_key, const char *ephemeral)
{
	in_bytes(in, private_key, party->private_key, 32);
	in_bytes(in, ephemeral, party->ephemeral, 32);
	assert_int_equal(key_public(party->public_key, party->private_key), 0);
}

static void check_handshake(struct vector *vector, void *context)
{
	__u8 key[16], shared[32], prologue[SESSION_PROLOGUE_BYTES], asked[SESSION_REQUEST_PLAIN], plain[SESSION_RESPONSE_PLAIN],
		answered[SESSION_RESPONSE_PLAIN], request[SESSION_REQUEST_BYTES], response[SESSION_RESPONSE_BYTES];
	struct session_header header = { SESSION_REQUEST, in_number(vector->in, "number") };
	struct noise_handshake initiator, responder;
	struct noise_result result, other;
	struct party one, two;

	(void)context;
	read_party(&one, vector->in, "initiator_private_key", "initiator_ephemeral");
	read_party(&two, vector->in, "responder_private_key", "responder_ephemeral");
	assert_int_equal(crypto_scalarmult(shared, one.private_key, two.public_key), 0);
	one.end = (struct noise_end){ one.private_key, one.public_key, two.public_key, shared };
	two.end = (struct noise_end){ two.private_key, two.public_key, one.public_key, shared };
	in_bytes(vector->in, "K", key, sizeof(key));
	session_prologue(prologue, key, one.public_key, two.public_key);
	out_bytes(vector, "prologue", prologue, sizeof(prologue));

	in_bytes(vector->in, "request_plain", asked, sizeof(asked));
	session_header_write(request, &header);
	assert_int_equal(noise_write_request(&initiator, &one.end, prologue, sizeof(prologue), one.ephemeral, asked,
					     sizeof(asked), request + SESSION_HEADER_BYTES), 0);
	out_bytes(vector, "request", request, sizeof(request));
	assert_int_equal(noise_read_request(&responder, &two.end, prologue, sizeof(prologue), request + SESSION_HEADER_BYTES,
					    sizeof(request) - SESSION_HEADER_BYTES, asked), 0);

	header.kind = SESSION_RESPONSE;
	in_bytes(vector->in, "response_plain", plain, sizeof(plain));
	session_header_write(response, &header);
	assert_int_equal(noise_write_response(&responder, &two.end, two.ephemeral, plain, sizeof(plain),
					      response + SESSION_HEADER_BYTES, &other), 0);
	out_bytes(vector, "response", response, sizeof(response));
	assert_int_equal(noise_read_response(&initiator, &one.end, response + SESSION_HEADER_BYTES,
					     sizeof(response) - SESSION_HEADER_BYTES, answered, &result), 0);
	assert_memory_equal(answered, plain, sizeof(plain));
	assert_memory_equal(&result, &other, sizeof(result));
	out_bytes(vector, "handshake_hash", result.hash, sizeof(result.hash));
	out_bytes(vector, "key_to_responder", result.to_responder, sizeof(result.to_responder));
	out_bytes(vector, "key_to_initiator", result.to_initiator, sizeof(result.to_initiator));
}

static void check_sealed_keys(struct vector *vector, void *context)
{
	struct noise_result result = {};
	__u8 key[32], mask[16];
	struct seal_keys keys;

	(void)context;
	in_bytes(vector->in, "k", result.to_responder, sizeof(result.to_responder));
	in_bytes(vector->in, "handshake_hash", result.hash, sizeof(result.hash));
	seal_keys_derive(&keys, &result, true);
	for (int i = 0; i < 8; i++)
		le32_put(key + 4 * i, keys.out.key[i]);
	for (int i = 0; i < 2; i++)
		le64_put(mask + 8 * i, keys.out.mask[i]);
	out_bytes(vector, "key", key, sizeof(key));
	out_bytes(vector, "mask_key", mask, sizeof(mask));
}

static void check_request(struct vector *vector, void *context)
{
	struct session_request request = { .flags = in_number(vector->in, "flags") }, found;
	__u8 initiator[32], plain[SESSION_REQUEST_PLAIN], again[SESSION_REQUEST_PLAIN];

	(void)context;
	in_bytes(vector->in, "initiator", initiator, sizeof(initiator));
	in_bytes(vector->in, "seed", request.seed, sizeof(request.seed));
	in_template(vector->in, &request.prefix);
	request.client_id = session_client_id(initiator);
	identity_address(request.inner, initiator);
	session_request_write(plain, &request);
	out_bytes(vector, "plain", plain, sizeof(plain));
	assert_int_equal(session_request_read(plain, &found), 0);
	session_request_write(again, &found);
	assert_memory_equal(again, plain, sizeof(plain));
}

static void check_response(struct vector *vector, void *context)
{
	struct session_response response = {
		.rotation_ms = in_number(vector->in, "rotation_ms"), .lifetime_s = in_number(vector->in, "lifetime_s"),
		.period_s = in_number(vector->in, "n"), .flags = in_number(vector->in, "flags"),
	}, found = response;
	__u8 plain[SESSION_RESPONSE_PLAIN];

	(void)context;
	in_bytes(vector->in, "seed", response.seed, sizeof(response.seed));
	in_bytes(vector->in, "K", response.key, sizeof(response.key));
	in_template(vector->in, &response.prefix);
	session_response_write(plain, &response);
	out_bytes(vector, "plain", plain, sizeof(plain));
	assert_int_equal(session_response_read(plain, &found), 0);
	assert_memory_equal(&found, &response, sizeof(found));
}

static void check_notice(struct vector *vector, void *context)
{
	struct session_notice notice = { .id = in_number(vector->in, "id"), .reason = in_number(vector->in, "reason"),
					 .period_s = in_number(vector->in, "n") }, found = notice;
	__u8 key[32], index[4], plain[SESSION_NOTICE_PLAIN], opened[SESSION_NOTICE_PLAIN], message[SESSION_SEALED_BYTES];
	__u64 counter = in_number(vector->in, "counter"), on_wire = htobe64(counter);
	struct session_header header = { .kind = SESSION_SEALED };

	(void)context;
	in_bytes(vector->in, "key", key, sizeof(key));
	in_bytes(vector->in, "index", index, sizeof(index));
	in_bytes(vector->in, "echo", notice.echo, sizeof(notice.echo));
	header.number = (__u32)index[0] << 24 | index[1] << 16 | index[2] << 8 | index[3];
	session_notice_write(plain, &notice);
	out_bytes(vector, "plain", plain, sizeof(plain));
	session_header_write(message, &header);
	memcpy(message + SESSION_HEADER_BYTES, &on_wire, sizeof(on_wire));
	noise_seal(key, counter, plain, sizeof(plain), message + SESSION_HEADER_BYTES + 8);
	out_bytes(vector, "message", message, sizeof(message));
	assert_int_equal(noise_open(key, counter, message + SESSION_HEADER_BYTES + 8,
				    sizeof(message) - SESSION_HEADER_BYTES - 8, opened), 0);
	assert_int_equal(session_notice_read(opened, &found), 0);
	assert_memory_equal(&found, &notice, sizeof(found));
}

/* Whether what has come is taken. */
static bool is_taken(const char *of, const __u8 *bytes, size_t length)
{
	struct session_header header;
	struct session_request request;
	struct session_response response;
	struct session_notice notice;

	if (!strcmp(of, "header"))
		return !session_header_read(bytes, length, &header);
	if (!strcmp(of, "request"))
		return length == SESSION_REQUEST_PLAIN && !session_request_read(bytes, &request);
	if (!strcmp(of, "response"))
		return length == SESSION_RESPONSE_PLAIN && !session_response_read(bytes, &response);
	assert_string_equal(of, "notice");
	return length == SESSION_NOTICE_PLAIN && !session_notice_read(bytes, &notice);
}

static void check_message(struct vector *vector, void *context)
{
	__u8 bytes[VECTOR_BYTES_MOST];
	size_t length = in_any(vector->in, "bytes", bytes, sizeof(bytes));

	(void)context;
	out_yes_no(vector, "taken", is_taken(in_text(vector->in, "of"), bytes, length));
}

int main(void)
{
	static struct vector_kind kinds[] = {
		{ "public_key", check_public_key },
		{ "static_keys", check_static_keys },
		{ "rotation", check_rotation },
		{ "place", check_place },
		{ "digest", check_digest },
		{ "handshake", check_handshake },
		{ "sealed_keys", check_sealed_keys },
		{ "request", check_request },
		{ "response", check_response },
		{ "notice", check_notice },
		{ "message", check_message },
	};

	return vectors_run(VECTORS_SESSION, kinds, sizeof(kinds) / sizeof(kinds[0]));
}
