// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slot derivation: SHA-256 over seed, key and slot start, cut into identifier, port and
 * flow label. No clock, no map, no state; docs/PROTOCOL.md gives the vectors.
 */
#include "loader/slot.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { PORT_FIRST = 1024, PORT_COUNT = 64512 };

static void put_le64(__u8 out[static 8], __u64 value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (__u8)(value >> 8 * i);
}

static __u64 get_be64(const __u8 in[static 8])
{
	__u64 value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | in[i];
	return value;
}

/* RFC 5453: identifiers that stand for anycast groups, and the all-zero router anycast. */
static int identifier_is_reserved(const __u8 identifier[static 8])
{
	__u64 value = get_be64(identifier);

	return value == 0 ||
	       (value >= 0xfdffffffffffff80 && value <= 0xfdffffffffffffff) ||
	       (value >= 0x02005efffe000000 && value <= 0x02005efffe005213);
}

__u32 mf_slot_phase(const __u8 key[static 16], __u32 rotation_ms)
{
	static const char label[] = "mayfly phase";
	__u8 in[sizeof(label) - 1 + 16], digest[crypto_hash_sha256_BYTES];
	__u32 word;

	memcpy(in, label, sizeof(label) - 1);
	memcpy(in + sizeof(label) - 1, key, 16);
	crypto_hash_sha256(digest, in, sizeof(in));
	word = digest[0] | (__u32)digest[1] << 8 | (__u32)digest[2] << 16 | (__u32)digest[3] << 24;
	sodium_memzero(in, sizeof(in));
	return word % rotation_ms;
}

__u64 mf_slot_index(const struct mf_schedule *schedule, __u64 now_ms)
{
	return (now_ms + schedule->phase_ms) / schedule->rotation_ms;
}

__u64 mf_slot_start(const struct mf_schedule *schedule, __u64 index)
{
	return index * schedule->rotation_ms - schedule->phase_ms;
}

void mf_slot_end_read(struct mf_slot_end *end, const __u8 digest[static 32])
{
	memcpy(end->identifier, identifier_is_reserved(digest) ? digest + 16 : digest, 8);
	end->port = htons((__u16)(PORT_FIRST + (digest[8] << 8 | digest[9]) % PORT_COUNT));
	end->flow_label = (digest[10] << 16 | digest[11] << 8 | digest[12]) & 0xfffff;
}

void mf_slot_end(struct mf_slot_end *end, const __u8 seed[static 8], const __u8 key[static 16], __u64 start_ms)
{
	__u8 in[8 + 16 + 8], digest[crypto_hash_sha256_BYTES];

	memcpy(in, seed, 8);
	memcpy(in + 8, key, 16);
	put_le64(in + 24, start_ms);
	crypto_hash_sha256(digest, in, sizeof(in));
	sodium_memzero(in, sizeof(in));
	mf_slot_end_read(end, digest);
}

void mf_slot_address(__u8 address[static 16], const struct mf_template *template, const __u8 identifier[static 8])
{
	__u64 low, hop;

	memcpy(address, template->base, 16);
	memcpy(&low, address + 8, 8);
	memcpy(&hop, identifier, 8);
	low |= htobe64(be64toh(hop) >> (64 - template->hop_bits));
	memcpy(address + 8, &low, 8);
}

__u32 mf_address_sum(const __u8 address[static 16])
{
	__u32 sum = 0;
	__u16 word;

	for (int i = 0; i < 16; i += 2) {
		memcpy(&word, address + i, 2);
		sum += word;
	}
	return sum;
}

void mf_slot_fill(struct mf_slot *slot, const struct mf_seed *seed, const struct mf_schedule *schedule, __u64 index)
{
	struct mf_slot_end local, remote;

	memset(slot, 0, sizeof(*slot));
	slot->start_ms = mf_slot_start(schedule, index);
	mf_slot_end(&local, seed->seed_local, seed->key, slot->start_ms);
	mf_slot_address(slot->local, &seed->local, local.identifier);
	slot->local_port = local.port;
	if (seed->remote.hop_bits) {
		mf_slot_end(&remote, seed->seed_remote, seed->key, slot->start_ms);
		mf_slot_address(slot->remote, &seed->remote, remote.identifier);
		slot->remote_port = remote.port;
	}
	slot->label_out = htonl(6U << 28 | local.flow_label);
	slot->address_sum = mf_address_sum(slot->local) + mf_address_sum(slot->remote);
	slot->index = index;
}

int mf_template_check(const struct mf_template *template)
{
	unsigned int first = 128 - template->hop_bits;

	if (template->hop_bits < 16 || template->hop_bits > 64 || template->prefix_length > first)
		return -EINVAL;
	for (unsigned int at = first; at < 128; at++)
		if (template->base[at / 8] & 0x80 >> at % 8)
			return -EINVAL;
	return 0;
}
