/* SPDX-License-Identifier: GPL-2.0-only */
/* Node ids that belong to an address (BEP 42), and the metric between ids (BEP 5: XOR). Pure. */
#ifndef MAYFLY_CTL_DHT_NODE_ID_H
#define MAYFLY_CTL_DHT_NODE_ID_H

#include "ctl/dht/dht.h"

/* CRC32C (Castagnoli; RFC 3720 appendix B.4). */
__u32 node_id_crc32c(const __u8 *bytes, size_t length);

/* `id` holds random bytes; those that the address (IPv4 mapped, or IPv6) determines are set. id[19] is BEP 42's r. */
void node_id_conform(__u8 id[static DHT_ID_BYTES], const __u8 address[static 16]);
bool node_id_conforms(const __u8 id[static DHT_ID_BYTES], const __u8 address[static 16]);

/* < 0: `one` is nearer to `target` than `other`. */
int node_id_compare(const __u8 target[static DHT_ID_BYTES], const __u8 one[static DHT_ID_BYTES],
		    const __u8 other[static DHT_ID_BYTES]);

#endif
