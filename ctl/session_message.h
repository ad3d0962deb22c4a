/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Session messages (docs/PROTOCOL.md section 9; US 10,243,733 columns 13 and 14), payload of IPv6 next header 254.
 * Bytes to structs and back; nothing is believed here, nothing decided.
 *
 *	 0                   1                   2                   3
 *	+---------------+---------------+-------------------------------+
 *	| kind          | version = 1   |  zero                         |
 *	+---------------+---------------+-------------------------------+
 *	| REQUEST, RESPONSE: be32 T of the introduction that carries it; 0: the session itself does
 *	| SEALED: be32 index of the session: the first 4 bytes of its handshake hash
 *	+---------------------------------------------------------------+
 *	| REQUEST, RESPONSE: Noise message    SEALED: be64 counter, sealed 40 bytes, tag
 *	+---------------------------------------------------------------+
 */
#ifndef MAYFLY_CTL_SESSION_MESSAGE_H
#define MAYFLY_CTL_SESSION_MESSAGE_H

#include "bpf/abi.h"
#include "ctl/noise.h"

enum session_wire {
	SESSION_VERSION = 1,
	SESSION_HEADER_BYTES = 8,
	SESSION_REQUEST_PLAIN = 48,  /* the patent's 36 and 12 of ours */
	SESSION_RESPONSE_PLAIN = 56, /* the patent's 36 and 20 of ours */
	SESSION_NOTICE_PLAIN = 40,
	SESSION_REQUEST_BYTES = SESSION_HEADER_BYTES + NOISE_HANDSHAKE_OVERHEAD + SESSION_REQUEST_PLAIN,
	SESSION_RESPONSE_BYTES = SESSION_HEADER_BYTES + NOISE_HANDSHAKE_OVERHEAD + SESSION_RESPONSE_PLAIN,
	SESSION_SEALED_BYTES = SESSION_HEADER_BYTES + 8 + SESSION_NOTICE_PLAIN + NOISE_TAG_BYTES,
	SESSION_MESSAGE_MOST = SESSION_RESPONSE_BYTES,
	SESSION_PROLOGUE_BYTES = 1 + 16 + 32 + 32,
};

enum session_kind { SESSION_REQUEST = 0, SESSION_RESPONSE = 1, SESSION_SEALED = 2 };

/* The 8 bytes in front. */
struct session_header {
	enum session_kind kind;
	__u32 number; /* T, or the index */
};

/* 0; -EBADMSG: wrong length for its kind, another version, anything but zero where zero belongs. */
int session_header_read(const __u8 *message, size_t bytes, struct session_header *header);
void session_header_write(__u8 message[static SESSION_HEADER_BYTES], const struct session_header *header);

/* prologue = version || K of the association that carries the handshake || initiator public || responder public */
void session_prologue(__u8 prologue[static SESSION_PROLOGUE_BYTES], const __u8 key[static 16],
		      const __u8 initiator[static 32], const __u8 responder[static 32]);

/* client id: SHA-256(public)[0..3), big-endian. Checked, never trusted. */
__u32 session_client_id(const __u8 public_key[static 32]);

enum session_request_flag {
	SESSION_BEHIND_FIREWALL = 1 << 0, /* the sender opens its slots from inside: the other end follows */
	SESSION_ENCAP_WILL_DO = 1 << 1,   /* if the other end says so too the session is not sealed */
	SESSION_FLAGS = SESSION_BEHIND_FIREWALL | SESSION_ENCAP_WILL_DO,
};

/*
 * Message 0, configuration request: id(1) = 0, client id(3), seed address(16) = wire prefix(8) || seed identifier(8),
 * tunnel address(16) = stable inner address; then version(1) = 1, prefix length(1), hop bits(1), flags(1), base(8).
 * The wire prefix is the first half of the template's base, base(8) the second: zero where all of it hops, as in a /64.
 */
struct session_request {
	__u32 client_id;
	struct mf_template prefix; /* of the client; base has zero bits where it hops */
	__u8 seed[8];
	__u8 inner[16];
	__u8 flags;
};

/*
 * Message 1, configuration response: id(1) = 1, rotation period(3, be, ms), tunnel address(16) = wire prefix(8) || seed
 * identifier(8), K(16); then version(1) = 1, prefix length(1), hop bits(1), flags(1), base(8), lifetime(4, be, s),
 * introduction period(4, be, s).
 */
struct session_response {
	__u32 rotation_ms;
	struct mf_template prefix; /* of the server */
	__u8 seed[8];
	__u8 key[16]; /* K of the session, not zero: secret */
	__u8 flags;   /* enum session_request_flag, of the server */
	__u32 lifetime_s;
	__u32 period_s; /* of its introductions, now; 0: not said */
};

/* Identifiers of notices: 2 is the patent's; all are inside SEALED, 40 bytes, zero where nothing is said. */
enum session_notice_id {
	SESSION_TEARDOWN = 2,
	SESSION_CONFIRM = 3,   /* client: heard the response, the first message in the new association */
	SESSION_CONFIRMED = 4, /* server: sends in it from now on */
	SESSION_RENEW = 5,     /* server: ask for another one, for this reason */
	SESSION_PING = 6,      /* echo: 8 bytes to be sent back */
	SESSION_PONG = 7,
};

enum session_reason {
	SESSION_NO_REASON = 0,
	SESSION_CLOSED,   /* somebody wanted it so */
	SESSION_IDLE,     /* nothing was heard for the idle timeout */
	SESSION_REMOVED,  /* the client is registered no more */
	SESSION_EXPIRED,  /* its lifetime is over */
	SESSION_LEVEL,    /* another rotation period */
	SESSION_MOVED,    /* the server moves to another prefix, the response will name it */
	SESSION_REASONS,
};

/* id(1), reason(1), period(4, be, s; RENEW: of introductions from now on, 0: as it was), echo(8), zero(26) */
struct session_notice {
	enum session_notice_id id;
	enum session_reason reason;
	__u32 period_s;
	__u8 echo[8];
};

/* Readers: 0, or -EBADMSG: a value out of bounds (those of docs/PROTOCOL.md 1 and 7.2), zero bytes that are not. */
void session_request_write(__u8 plain[static SESSION_REQUEST_PLAIN], const struct session_request *request);
int session_request_read(const __u8 plain[static SESSION_REQUEST_PLAIN], struct session_request *request);
void session_response_write(__u8 plain[static SESSION_RESPONSE_PLAIN], const struct session_response *response);
int session_response_read(const __u8 plain[static SESSION_RESPONSE_PLAIN], struct session_response *response);
void session_notice_write(__u8 plain[static SESSION_NOTICE_PLAIN], const struct session_notice *notice);
int session_notice_read(const __u8 plain[static SESSION_NOTICE_PLAIN], struct session_notice *notice);

const char *session_reason_name(enum session_reason reason); /* never NULL */

#endif
