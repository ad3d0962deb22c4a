/* SPDX-License-Identifier: GPL-2.0-only */
/* Endpoints of DHT nodes: which may be asked at all, which share a host or a network. Pure. */
#ifndef MAYFLY_CTL_DHT_ADDRESS_H
#define MAYFLY_CTL_DHT_ADDRESS_H

#include "ctl/dht/dht.h"

bool address_is_ipv4(const __u8 address[static 16]); /* mapped */

/* Loopback, private, link-local, documentation, benchmarking, carrier-grade NAT: nobody's on the open Internet. */
bool address_is_private(const __u8 address[static 16]);
bool address_is_loopback(const __u8 address[static 16]);

/* A node of `family` may live there: unicast, not port 0, and public unless `allow_private`. */
bool address_is_usable(const struct dht_endpoint *endpoint, enum dht_family family, bool allow_private);

bool address_same_host(const __u8 one[static 16], const __u8 other[static 16]);
bool address_same_link(const __u8 one[static 16], const __u8 other[static 16]);    /* IPv4 address, IPv6 /64 */
bool address_same_network(const __u8 one[static 16], const __u8 other[static 16]); /* IPv4 /24, IPv6 /48 */
bool address_same_endpoint(const struct dht_endpoint *one, const struct dht_endpoint *other);

#endif
