/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Internet checksums (RFC 1071) as unfolded ones' complement sums of native-order words.
 */
#ifndef MAYFLY_BPF_CHECKSUM_H
#define MAYFLY_BPF_CHECKSUM_H

#include "bpf/parse.h"

enum { SUM_CHUNK = 512 /* largest that bpf_csum_diff takes on every kernel */, SUM_CHUNKS = 32, SUM_MOST = 0x3fff };

static __always_inline __u16 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Folded and complemented as a UDP header wants it: never 0 (RFC 8200 section 8.1). */
static __always_inline __u16 sum_finish_udp(__u64 sum)
{
	__u16 check = ~sum_fold(sum);

	return check ? check : 0xffff;
}

/* The same for TCP and ICMPv6: 0 is one of their checksums, 0xffff is none (RFC 1624 section 3). */
static __always_inline __u16 sum_finish(__u64 sum)
{
	return ~sum_fold(sum);
}

static __always_inline __u64 sum_address(const void *address)
{
	struct words w = words_of(address);

	return (w.high >> 32) + (w.high & 0xffffffff) + (w.low >> 32) + (w.low & 0xffffffff);
}

/* Keeps the compiler from folding a bounded offset into a pointer that the verifier then knows nothing of. */
#define HIDE(variable) asm volatile("" : "+r"(variable))

/*
 * Sums `bytes` (a power of two) at the offset that the lower bits of `words` give. Going from the back
 * to the front keeps offsets unknown scalars, so that the verifier (6.1 and later) sees one state a piece.
 */
#define SUM_PIECE(bytes)                                                    \
	if (words & (bytes)) {                                              \
		void *at = base + (words & ((bytes) - 1));                  \
                                                                            \
		if (at + (bytes) > end)                                     \
			return -1;                                          \
		sum = (__u32)bpf_csum_diff(NULL, 0, at, (bytes), sum);      \
	}

/* The last one to three bytes, padded with zero; -1 if they do not lie before `end`. */
static __always_inline __s64 sum_last(void *at, void *end, __u32 bytes)
{
	__u8 *byte = at;
	__u32 last;

	if (at + 1 > end)
		return -1;
	last = byte[0];
	if (bytes == 1)
		return last;
	if (at + 2 > end)
		return -1;
	last |= (__u32)byte[1] << 8;
	if (bytes == 2)
		return last;
	if (at + 3 > end)
		return -1;
	return last + byte[2];
}

/* Sum of `length` bytes, or -1 if they do not lie before `end` or are more than SUM_MOST. */
static __noinline __s64 sum_bytes(void *base, void *end, __u32 length)
{
	__u32 words, sum = 0;
	__s64 last = 0;

	if (length > SUM_MOST)
		return -1;
	length &= SUM_MOST; /* the verifier (6.1) forgets the comparison */
	words = length & ~3U;
	if (length & 3)
		last = sum_last(base + words, end, length & 3);
	if (last < 0)
		return -1;
	for (int i = 0; i < SUM_CHUNKS; i++) {
		void *at;

		if (words < SUM_CHUNK)
			break;
		words -= SUM_CHUNK;
		HIDE(words);
		at = base + (words & SUM_MOST);
		if (at + SUM_CHUNK > end)
			return -1;
		sum = (__u32)bpf_csum_diff(NULL, 0, at, SUM_CHUNK, sum);
	}
	SUM_PIECE(256)
	SUM_PIECE(128)
	SUM_PIECE(64)
	SUM_PIECE(32)
	SUM_PIECE(16)
	SUM_PIECE(8)
	SUM_PIECE(4)
	return last + sum;
}

/* Is the ICMPv6 message, all that the IPv6 header says, there and its checksum right (RFC 4443 section 2.3)? */
static __always_inline int icmp6_holds(const struct ipv6hdr *ip6, void *message, void *end)
{
	__s64 sum = sum_bytes(message, end, bpf_ntohs(ip6->payload_len));

	if (sum < 0)
		return 0;
	sum += sum_address(&ip6->saddr) + sum_address(&ip6->daddr) + ip6->payload_len + bpf_htons(IPPROTO_ICMPV6);
	return sum_fold(sum) == 0xffff;
}

/*
 * What a transport segment of `length` bytes with a right checksum sums to: the complement of its
 * pseudo-header. 1 and *sum, or 0 where only reading the bytes will tell: UDP without a checksum, or
 * with bytes behind its end (RFC 9868).
 */
static __always_inline int sum_implied(__u8 protocol, void *segment, void *end, __be16 length, __u64 pseudo,
				       __u64 *sum)
{
	struct udphdr *udp = segment;

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP && protocol != IPPROTO_ICMPV6)
		return 0;
	if (protocol == IPPROTO_UDP && ((void *)(udp + 1) > end || udp->check == 0 || udp->len != length))
		return 0;
	*sum = (__u16)~sum_fold(pseudo);
	return 1;
}

#endif
