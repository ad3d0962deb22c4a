// SPDX-License-Identifier: GPL-2.0-only
/* Text to values, strictly: what is not wholly understood is refused. */
#include "ctl/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const __u8 v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

enum {
	TEMPLATE_LEAST = 48,
	TEMPLATE_MOST = 112,
	HOP_BITS_MOST = 64,
	DURATION_DIGITS = 9, /* of the whole part: no overflow in 64 bits at any unit */
};

int parse_address(const char *text, __u8 address[static 16])
{
	__u8 bytes[16];

	if (inet_pton(AF_INET6, text, bytes) == 1) {
		memcpy(address, bytes, 16);
		return 0;
	}
	if (inet_pton(AF_INET, text, bytes + 12) != 1)
		return -EINVAL;
	memcpy(bytes, v4_mapped, sizeof(v4_mapped));
	memcpy(address, bytes, 16);
	return 0;
}

int parse_number(const char *text, __u64 least, __u64 most, __u64 *number)
{
	__u64 value = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (value > (~0ULL - 9) / 10)
			return -ERANGE;
		value = value * 10 + (__u64)(*text - '0');
	}
	if (value < least || value > most)
		return -ERANGE;
	*number = value;
	return 0;
}

/* "ADDRESS/LENGTH" apart; `length` is NULL where there is none. */
static int split_prefix(const char *text, char address[static INET6_ADDRSTRLEN], const char **length)
{
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);

	if (size >= INET6_ADDRSTRLEN)
		return -EINVAL;
	memcpy(address, text, size);
	address[size] = 0;
	*length = slash ? slash + 1 : NULL;
	return 0;
}

int parse_prefix(const char *text, struct mf_prefix *prefix)
{
	char address[INET6_ADDRSTRLEN];
	struct mf_prefix value = { 0 };
	const char *length_text;
	__u64 length = 128, first;
	int error;

	error = split_prefix(text, address, &length_text);
	if (!error)
		error = parse_address(address, value.address);
	if (error)
		return error;

	first = strchr(address, ':') ? 0 : 96;
	if (length_text) {
		error = parse_number(length_text, 0, 128 - first, &length);
		length += first;
	}
	if (error)
		return error;
	if (length < 96 && !memcmp(value.address, v4_mapped, sizeof(v4_mapped)))
		return -EINVAL; /* neither IPv4 nor IPv6 */
	value.length = (__u8)length;
	*prefix = value;
	return 0;
}

bool prefix_is_v4(const struct mf_prefix *prefix)
{
	return prefix->length >= 96 && !memcmp(prefix->address, v4_mapped, sizeof(v4_mapped));
}

bool prefix_has_host_bits(const struct mf_prefix *prefix)
{
	for (unsigned int at = prefix->length; at < 128; at++)
		if (prefix->address[at / 8] & 0x80 >> at % 8)
			return true;
	return false;
}

bool prefix_covers(const __u8 prefix[static 16], unsigned int length, const __u8 address[static 16])
{
	unsigned int bytes = length / 8, bits = length % 8;

	if (memcmp(prefix, address, bytes))
		return false;
	return !bits || !((prefix[bytes] ^ address[bytes]) >> (8 - bits));
}

int parse_template(const char *text, struct mf_template *template)
{
	struct mf_prefix prefix;
	unsigned int room;
	int error;

	error = strchr(text, '/') ? parse_prefix(text, &prefix) : -EINVAL;
	if (error)
		return error;
	if (prefix_is_v4(&prefix))
		return -EINVAL;
	if (prefix.length < TEMPLATE_LEAST || prefix.length > TEMPLATE_MOST)
		return -ERANGE;
	if (prefix_has_host_bits(&prefix))
		return -EADDRNOTAVAIL;

	room = 128U - prefix.length;
	memset(template, 0, sizeof(*template));
	memcpy(template->base, prefix.address, 16);
	template->prefix_length = prefix.length;
	template->hop_bits = (__u8)(room < HOP_BITS_MOST ? room : HOP_BITS_MOST);
	return 0;
}

static int parse_unit_ms(const char *text, __u64 *unit_ms)
{
	static const struct {
		const char *name;
		__u64 ms;
	} units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "min", 60000 }, { "h", 3600000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!strcasecmp(text, units[i].name)) {
			*unit_ms = units[i].ms;
			return 0;
		}
	}
	return -EINVAL;
}

/* The fraction behind a point, in thousandths; at most three digits. */
static int parse_thousandths(const char *text, size_t digits, __u64 *thousandths)
{
	char padded[4] = "000";

	if (digits < 1 || digits > 3)
		return -EINVAL;
	memcpy(padded, text, digits);
	return parse_number(padded, 0, 999, thousandths);
}

int parse_duration_ms(const char *text, __u32 *ms)
{
	size_t whole = strspn(text, "0123456789"), fraction = 0;
	__u64 value = 0, thousandths = 0, unit_ms;
	char digits[DURATION_DIGITS + 1] = "";

	if (!whole)
		return -EINVAL;
	if (whole > DURATION_DIGITS)
		return -ERANGE;
	memcpy(digits, text, whole);
	parse_number(digits, 0, ~0ULL, &value);
	text += whole;
	if (*text == '.') {
		fraction = strspn(text + 1, "0123456789");
		if (parse_thousandths(text + 1, fraction, &thousandths))
			return -EINVAL;
		text += 1 + fraction;
	}
	if (parse_unit_ms(text, &unit_ms))
		return -EINVAL;
	if (thousandths * unit_ms % 1000)
		return -EINVAL; /* finer than a millisecond */
	value = value * unit_ms + thousandths * unit_ms / 1000;
	if (value > 1000000000)
		return -ERANGE;
	*ms = (__u32)value;
	return 0;
}

int parse_yes_no(const char *text, bool *yes)
{
	bool value = !strcasecmp(text, "yes");

	if (!value && strcasecmp(text, "no"))
		return -EINVAL;
	*yes = value;
	return 0;
}

int parse_hex(const char *text, __u8 *bytes, size_t size)
{
	__u8 value[PARSE_BYTES_MOST];
	size_t length;
	int error = -EINVAL;

	if (size > sizeof(value))
		return -EINVAL;
	if (!sodium_hex2bin(value, size, text, strlen(text), ":", &length, NULL) && length == size) {
		memcpy(bytes, value, size);
		error = 0;
	}
	sodium_memzero(value, sizeof(value));
	return error;
}

int parse_base64(const char *text, __u8 *bytes, size_t size)
{
	__u8 value[PARSE_BYTES_MOST];
	size_t length;
	int error = -EINVAL;

	if (size > sizeof(value))
		return -EINVAL;
	if (!sodium_base642bin(value, size, text, strlen(text), NULL, &length, NULL,
			       sodium_base64_VARIANT_ORIGINAL) && length == size) {
		memcpy(bytes, value, size);
		error = 0;
	}
	sodium_memzero(value, sizeof(value));
	return error;
}
