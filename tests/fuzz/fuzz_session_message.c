// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over session messages. The first byte's low three bits: 0 a message as it comes from the wire; 1 to 3 a
 * request, response or notice as an authentic but hostile end puts it inside; 4 to 6 a Noise request, response or sealed
 * notice, which must be refused unless it is, bit for bit, what the other end has said.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/rendezvous.h"
#include "ctl/session_message.h"
#include "loader/control.h"
#include "loader/slot.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

enum {
	NOISE_REQUEST = SESSION_REQUEST_BYTES - SESSION_HEADER_BYTES,
	NOISE_RESPONSE = SESSION_RESPONSE_BYTES - SESSION_HEADER_BYTES,
	SEALED = SESSION_NOTICE_PLAIN + NOISE_TAG_BYTES,
	MOST = 2 * SESSION_MESSAGE_MOST,
};

/* Both ends' secrets, and what has truly been said between them. */
static __u8 private_keys[2][32], public_keys[2][32], shared[32], prologue[SESSION_PROLOGUE_BYTES];
static struct noise_end ends[2];
static struct noise_handshake asked;
static struct noise_result keys;
static __u8 said_request[NOISE_REQUEST], said_response[NOISE_RESPONSE], said_notice[SEALED];

static void demand(int holds)
{
	if (!holds)
		abort();
}

static void shake_hands(void)
{
	static const __u8 ephemerals[2][32] = { { 3 }, { 4 } };
	__u8 payload[SESSION_RESPONSE_PLAIN] = { 0 }, heard[SESSION_REQUEST_PLAIN];
	struct noise_handshake answered;

	demand(!noise_write_request(&asked, &ends[0], prologue, sizeof(prologue), ephemerals[0], payload,
				    SESSION_REQUEST_PLAIN, said_request));
	demand(!noise_read_request(&answered, &ends[1], prologue, sizeof(prologue), said_request, sizeof(said_request),
				   heard));
	demand(!noise_write_response(&answered, &ends[1], ephemerals[1], payload, SESSION_RESPONSE_PLAIN, said_response,
				     &keys));
	noise_seal(keys.to_responder, 0, payload, SESSION_NOTICE_PLAIN, said_notice);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	demand(sodium_init() >= 0);
	for (int i = 0; i < 2; i++) {
		private_keys[i][0] = (__u8)(1 + i);
		crypto_scalarmult_base(public_keys[i], private_keys[i]);
	}
	demand(!crypto_scalarmult(shared, private_keys[0], public_keys[1]));
	for (int i = 0; i < 2; i++)
		ends[i] = (struct noise_end){ private_keys[i], public_keys[i], public_keys[!i], shared };
	session_prologue(prologue, shared, public_keys[0], public_keys[1]);
	shake_hands();
	return 0;
}

static void read_header(const __u8 *message, size_t size)
{
	struct session_header header = { 0 };
	__u8 again[SESSION_HEADER_BYTES];
	int error = session_header_read(message, size, &header);

	demand(!error || error == -EBADMSG);
	if (error)
		return;
	demand(size <= SESSION_MESSAGE_MOST);
	session_header_write(again, &header);
	demand(!memcmp(again, message, sizeof(again)));
}

static void demand_prefix(const struct mf_template *prefix)
{
	demand(!mf_template_check(prefix) && prefix->prefix_length >= RENDEZVOUS_PREFIX_LEAST);
	demand(prefix->base[0] != 0xff && !sodium_is_zero(prefix->base, 2));
	demand(sodium_is_zero(prefix->pad, sizeof(prefix->pad)));
}

static void read_request(const __u8 *plain)
{
	__u8 again[SESSION_REQUEST_PLAIN];
	struct session_request request;
	int error = session_request_read(plain, &request);

	demand(!error || error == -EBADMSG);
	if (error)
		return;
	demand_prefix(&request.prefix);
	session_request_write(again, &request);
	demand(!memcmp(again, plain, sizeof(again)));
}

static void read_response(const __u8 *plain)
{
	__u8 again[SESSION_RESPONSE_PLAIN];
	struct session_response response;
	int error = session_response_read(plain, &response);

	demand(!error || error == -EBADMSG);
	if (error)
		return;
	demand_prefix(&response.prefix);
	demand(response.rotation_ms >= MF_ROTATION_MIN_MS && response.rotation_ms <= MF_ROTATION_MAX_MS);
	demand(!sodium_is_zero(response.key, sizeof(response.key)));
	session_response_write(again, &response);
	demand(!memcmp(again, plain, sizeof(again)));
}

static void read_notice(const __u8 *plain)
{
	__u8 again[SESSION_NOTICE_PLAIN];
	struct session_notice notice;
	int error = session_notice_read(plain, &notice);

	demand(!error || error == -EBADMSG);
	if (error)
		return;
	demand(*session_reason_name(notice.reason) && notice.id >= SESSION_TEARDOWN && notice.id <= SESSION_PONG);
	session_notice_write(again, &notice);
	demand(!memcmp(again, plain, sizeof(again)));
}

/* Nobody but the other end can say something else. */
static void demand_said(int error, const __u8 *message, size_t size, const __u8 *said, size_t said_bytes)
{
	demand(error == (size == said_bytes && !memcmp(message, said, size) ? 0 : -EBADMSG));
}

static void open_request(const __u8 *message, size_t size)
{
	struct noise_handshake handshake;
	__u8 plain[MOST];

	demand_said(noise_read_request(&handshake, &ends[1], prologue, sizeof(prologue), message, size, plain),
		    message, size, said_request, sizeof(said_request));
}

static void open_response(const __u8 *message, size_t size)
{
	struct noise_handshake before = asked;
	struct noise_result result;
	__u8 plain[MOST];

	demand_said(noise_read_response(&asked, &ends[0], message, size, plain, &result), message, size, said_response,
		    sizeof(said_response));
	demand(!memcmp(&asked, &before, sizeof(asked)));
}

static void open_notice(const __u8 *message, size_t size)
{
	__u8 plain[MOST];

	demand_said(noise_open(keys.to_responder, 0, message, size, plain), message, size, said_notice, sizeof(said_notice));
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static void (*const read_plain[])(const __u8 *) = { read_request, read_response, read_notice };
	static void (*const open_message[])(const __u8 *, size_t) = { open_request, open_response, open_notice };
	__u8 plain[SESSION_RESPONSE_PLAIN] = { 0 };
	unsigned int what;

	if (!size || size > MOST)
		return 0;
	what = *data++ & 7;
	size--;
	if (!what) {
		read_header(data, size);
	} else if (what <= 3) {
		memcpy(plain, data, size < sizeof(plain) ? size : sizeof(plain));
		read_plain[what - 1](plain);
	} else if (what <= 6) {
		open_message[what - 4](data, size);
	}
	return 0;
}
