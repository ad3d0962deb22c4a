/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets between two hosts as a stranger would write them from docs/PROTOCOL.md 3: IPv6, UDP, shim, payload; `sealed`
 * (load_seal.h) or not.
 */
#ifndef MAYFLY_TESTS_BENCH_LOAD_PACKET_H
#define MAYFLY_TESTS_BENCH_LOAD_PACKET_H

#include <stddef.h>

#include "bpf/abi.h"
#include "tests/bench/load_seal.h"

enum {
	LOAD_OUTER_BYTES = 40 + 8,
	LOAD_SHIM_BYTES = 4,
	LOAD_PACKET_MOST = 512,
	LOAD_INSIDE_MOST = LOAD_PACKET_MOST - LOAD_OUTER_BYTES, /* shim and payload */
};

/* What a packet says, its bytes not copied. */
struct load_packet {
	const __u8 *source, *destination; /* outer, 16 bytes */
	__be16 source_port, destination_port;
	const __u8 *udp; /* what the datagram carries */
	size_t udp_bytes;
	__u8 next_header; /* load_packet_open(): of what is in it */
	const __u8 *payload;
	size_t bytes;
};

/* From this end in this slot; `seal` NULL: `encap`. How many bytes. */
size_t load_packet_write(__u8 packet[static LOAD_PACKET_MOST], const struct mf_slot *slot, struct load_seal *seal,
			 __u8 next_header, const __u8 *payload, size_t bytes);

/* The outer headers. 0, or -EBADMSG: not IPv6 with UDP. */
int load_packet_read(struct load_packet *packet, const __u8 *bytes, size_t length);

/*
 * What is in it, which came in slot `index`: 0, or -EBADMSG: not a host pair's packet, or not what `seal` opens. What was
 * sealed stands in `plain` afterwards.
 */
int load_packet_open(struct load_packet *packet, __u64 index, struct load_seal *seal, __u8 plain[static LOAD_INSIDE_MOST]);

/* Ones' complement sum of `bytes` in the order of the host, not folded. */
__u32 load_sum(const __u8 *bytes, size_t length);
__u16 load_fold(__u64 sum); /* its complement, never 0 */

/* An echo request of 16 bytes between two inner addresses, and what the answer to one says. */
enum { LOAD_ECHO_BYTES = 16, LOAD_ICMP6 = 58 };
void load_echo_write(__u8 echo[static LOAD_ECHO_BYTES], const __u8 from[static 16], const __u8 to[static 16],
		     __u32 number);
int load_echo_read(const __u8 *echo, size_t bytes, __u32 *number); /* 0, or -EBADMSG */

#endif
