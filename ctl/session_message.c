// SPDX-License-Identifier: GPL-2.0-only
/* Layouts of session messages, and the bounds of what stands in them. Whether the sender may say so, others decide. */
#include "ctl/session_message.h"

#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/rendezvous.h"
#include "loader/control.h"

/* Both handshake payloads: the patent's 36 bytes, and ours from AT_VERSION on. */
enum {
	AT_ID = 0,      /* and a number of 24 bits: client id, rotation period */
	AT_ADDRESS = 4, /* wire prefix || seed identifier */
	AT_SEED = 12,
	AT_INNER = 20,  /* request */
	AT_KEY = 20,    /* response */
	AT_VERSION = 36,
	AT_PREFIX_LENGTH = 37,
	AT_HOP_BITS = 38,
	AT_FLAGS = 39,
	AT_BASE = 40,   /* second half */
	AT_LIFETIME = 48,
	AT_PERIOD = 52,
};

/* id(1), reason(1), be32 period, echo(8), zero(26) */
enum { NOTICE_AT_ID = 0, NOTICE_AT_REASON = 1, NOTICE_AT_PERIOD = 2, NOTICE_AT_ECHO = 6, NOTICE_AT_ZERO = 14 };

enum { ID_REQUEST = 0, ID_RESPONSE = 1 };

static void put_be32(__u8 bytes[static 4], __u32 value)
{
	value = htobe32(value);
	memcpy(bytes, &value, sizeof(value));
}

static __u32 take_be32(const __u8 bytes[static 4])
{
	__u32 value;

	memcpy(&value, bytes, sizeof(value));
	return be32toh(value);
}

static void put_numbered(__u8 *plain, __u8 id, __u32 number)
{
	put_be32(plain + AT_ID, (__u32)id << 24 | (number & 0xffffff));
}

static __u32 take_number(const __u8 *plain)
{
	return take_be32(plain + AT_ID) & 0xffffff;
}

static size_t bytes_of_kind(__u8 kind)
{
	switch (kind) {
	case SESSION_REQUEST:
		return SESSION_REQUEST_BYTES;
	case SESSION_RESPONSE:
		return SESSION_RESPONSE_BYTES;
	case SESSION_SEALED:
		return SESSION_SEALED_BYTES;
	default:
		return 0;
	}
}

int session_header_read(const __u8 *message, size_t bytes, struct session_header *header)
{
	if (bytes < SESSION_HEADER_BYTES || bytes != bytes_of_kind(message[0]))
		return -EBADMSG;
	if (message[1] != SESSION_VERSION || message[2] || message[3])
		return -EBADMSG;
	header->kind = message[0];
	header->number = take_be32(message + 4);
	return 0;
}

void session_header_write(__u8 message[static SESSION_HEADER_BYTES], const struct session_header *header)
{
	message[0] = (__u8)header->kind;
	message[1] = SESSION_VERSION;
	message[2] = message[3] = 0;
	put_be32(message + 4, header->number);
}

void session_prologue(__u8 prologue[static SESSION_PROLOGUE_BYTES], const __u8 key[static 16],
		      const __u8 initiator[static 32], const __u8 responder[static 32])
{
	prologue[0] = SESSION_VERSION;
	memcpy(prologue + 1, key, 16);
	memcpy(prologue + 17, initiator, 32);
	memcpy(prologue + 49, responder, 32);
}

__u32 session_client_id(const __u8 public_key[static 32])
{
	__u8 digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(digest, public_key, 32);
	return take_be32(digest) >> 8;
}

/* What either end says of itself. */
static void put_end(__u8 *plain, const struct mf_template *prefix, const __u8 seed[static 8], __u8 flags)
{
	memcpy(plain + AT_ADDRESS, prefix->base, 8);
	memcpy(plain + AT_SEED, seed, 8);
	plain[AT_VERSION] = SESSION_VERSION;
	plain[AT_PREFIX_LENGTH] = prefix->prefix_length;
	plain[AT_HOP_BITS] = prefix->hop_bits;
	plain[AT_FLAGS] = flags;
	memcpy(plain + AT_BASE, prefix->base + 8, 8);
}

static int take_end(const __u8 *plain, struct mf_template *prefix)
{
	if (plain[AT_VERSION] != SESSION_VERSION || plain[AT_FLAGS] & ~SESSION_FLAGS)
		return -EBADMSG;
	memset(prefix, 0, sizeof(*prefix));
	memcpy(prefix->base, plain + AT_ADDRESS, 8);
	memcpy(prefix->base + 8, plain + AT_BASE, 8);
	prefix->prefix_length = plain[AT_PREFIX_LENGTH];
	prefix->hop_bits = plain[AT_HOP_BITS];
	return rendezvous_check_prefix(prefix) ? -EBADMSG : 0;
}

void session_request_write(__u8 plain[static SESSION_REQUEST_PLAIN], const struct session_request *request)
{
	put_numbered(plain, ID_REQUEST, request->client_id);
	put_end(plain, &request->prefix, request->seed, request->flags);
	memcpy(plain + AT_INNER, request->inner, 16);
}

int session_request_read(const __u8 plain[static SESSION_REQUEST_PLAIN], struct session_request *request)
{
	struct mf_template prefix;

	if (plain[AT_ID] != ID_REQUEST || take_end(plain, &prefix))
		return -EBADMSG;
	request->client_id = take_number(plain);
	request->prefix = prefix;
	memcpy(request->seed, plain + AT_SEED, 8);
	memcpy(request->inner, plain + AT_INNER, 16);
	request->flags = plain[AT_FLAGS];
	return 0;
}

void session_response_write(__u8 plain[static SESSION_RESPONSE_PLAIN], const struct session_response *response)
{
	put_numbered(plain, ID_RESPONSE, response->rotation_ms);
	put_end(plain, &response->prefix, response->seed, response->flags);
	memcpy(plain + AT_KEY, response->key, 16);
	put_be32(plain + AT_LIFETIME, response->lifetime_s);
	put_be32(plain + AT_PERIOD, response->period_s);
}

int session_response_read(const __u8 plain[static SESSION_RESPONSE_PLAIN], struct session_response *response)
{
	__u32 rotation_ms = take_number(plain), period_s = take_be32(plain + AT_PERIOD);
	struct mf_template prefix;

	if (plain[AT_ID] != ID_RESPONSE || take_end(plain, &prefix))
		return -EBADMSG;
	if (rotation_ms < MF_ROTATION_MIN_MS || rotation_ms > MF_ROTATION_MAX_MS || period_s > RENDEZVOUS_PERIOD_MAX_S)
		return -EBADMSG;
	if (sodium_is_zero(plain + AT_KEY, 16))
		return -EBADMSG;
	response->rotation_ms = rotation_ms;
	response->prefix = prefix;
	memcpy(response->seed, plain + AT_SEED, 8);
	memcpy(response->key, plain + AT_KEY, 16);
	response->flags = plain[AT_FLAGS];
	response->lifetime_s = take_be32(plain + AT_LIFETIME);
	response->period_s = period_s;
	return 0;
}

void session_notice_write(__u8 plain[static SESSION_NOTICE_PLAIN], const struct session_notice *notice)
{
	memset(plain, 0, SESSION_NOTICE_PLAIN);
	plain[NOTICE_AT_ID] = (__u8)notice->id;
	plain[NOTICE_AT_REASON] = (__u8)notice->reason;
	put_be32(plain + NOTICE_AT_PERIOD, notice->period_s);
	memcpy(plain + NOTICE_AT_ECHO, notice->echo, 8);
}

int session_notice_read(const __u8 plain[static SESSION_NOTICE_PLAIN], struct session_notice *notice)
{
	__u32 period_s = take_be32(plain + NOTICE_AT_PERIOD);

	if (plain[NOTICE_AT_ID] < SESSION_TEARDOWN || plain[NOTICE_AT_ID] > SESSION_PONG)
		return -EBADMSG;
	if (plain[NOTICE_AT_REASON] >= SESSION_REASONS || period_s > RENDEZVOUS_PERIOD_MAX_S)
		return -EBADMSG;
	if (!sodium_is_zero(plain + NOTICE_AT_ZERO, SESSION_NOTICE_PLAIN - NOTICE_AT_ZERO))
		return -EBADMSG;
	notice->id = plain[NOTICE_AT_ID];
	notice->reason = plain[NOTICE_AT_REASON];
	notice->period_s = period_s;
	memcpy(notice->echo, plain + NOTICE_AT_ECHO, 8);
	return 0;
}

const char *session_reason_name(enum session_reason reason)
{
	static const char *const names[SESSION_REASONS] = {
		[SESSION_NO_REASON] = "none",
		[SESSION_CLOSED] = "closed",
		[SESSION_IDLE] = "idle",
		[SESSION_REMOVED] = "removed",
		[SESSION_EXPIRED] = "expired",
		[SESSION_LEVEL] = "level",
		[SESSION_MOVED] = "moved",
	};

	return (unsigned int)reason < SESSION_REASONS ? names[reason] : "unknown";
}
