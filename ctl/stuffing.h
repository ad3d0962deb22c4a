/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes as ports (patent, column 7; docs/PROTOCOL.md 7.3): a value stored by announce_peer alone, a byte an
 * announce. Whoever announces under the same infohash is in the reply too, so that reading is guessing with a
 * bound, and the box decides. Pure but for the choice of the ports.
 */
#ifndef MAYFLY_CTL_STUFFING_H
#define MAYFLY_CTL_STUFFING_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum stuffing_limit {
	STUFFING_BYTES_MOST = 256,
	STUFFING_ANNOUNCES_MOST = 1024, /* of a union; what is behind them is not looked at */
	STUFFING_FOREIGN_MOST = 2,      /* indices of a group that do not belong to the value */
	STUFFING_TRIES_MOST = 4096,     /* of one group and length */
};

/* Where a port was announced from, as get_peers gives it. */
struct stuffing_announce {
	__u8 address[16]; /* IPv4 mapped */
	__be16 port;
};

/*
 * Ports for `length` bytes, ascending: port i is (p_i << 8) | bytes[i], the p_i distinct. p = 0 is left out unless
 * all 256 are needed, because port 0 cannot be announced. `random` NULL: randombytes_buf. A value that is
 * announced again must keep its ports: the union of two choices is not read. 0, or -EINVAL: no bytes, more than
 * STUFFING_BYTES_MOST, or 256 that begin with zero.
 */
int stuffing_ports(__be16 *ports, const __u8 *bytes, size_t length, void (*random)(void *to, size_t bytes));

/* Whether these bytes are a value: tries to open it, and keeps what it finds. */
typedef bool stuffing_judge(void *context, const __u8 *bytes, size_t length);

/*
 * Groups the announces by source (an IPv4 address, an IPv6 /64) and asks the judge about every value of `lengths`
 * that a group may mean: each choice among different bytes of the same index, and each way of leaving out up to
 * STUFFING_FOREIGN_MOST indices, at most STUFFING_TRIES_MOST of them. 0: the judge said yes; -ENOENT: no group has
 * enough indices; -EBADMSG: none was accepted; -ENOMEM.
 */
int stuffing_read(const struct stuffing_announce *announces, size_t count, const size_t *lengths, size_t length_count,
		  stuffing_judge *judge, void *context);

#endif
