/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink requests, built in a fixed buffer and answered before the next one begins.
 * A request: begin, put attributes, talk. Attributes that do not fit make talk say -EMSGSIZE.
 */
#ifndef MAYFLY_LOADER_NETLINK_H
#define MAYFLY_LOADER_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>

enum { MF_NETLINK_REQUEST_BYTES = 2048 };

struct mf_netlink {
	int fd; /* -1: closed */
	__u32 sequence;
	int overflow;
	union {
		struct nlmsghdr header;
		__u8 bytes[MF_NETLINK_REQUEST_BYTES];
	} request;
};

/* Called for every message of an answer or event; nonzero ends the answer with that value. */
typedef int mf_netlink_handler(const struct nlmsghdr *message, void *context);

/* `groups`: mask of legacy multicast groups (RTMGRP_*). Sockets for events do not block. */
int mf_netlink_open(struct mf_netlink *netlink, int protocol, __u32 groups);
int mf_netlink_join(struct mf_netlink *netlink, __u32 group);
void mf_netlink_close(struct mf_netlink *netlink);

/* Starts a request; gives its family header (`bytes`), zeroed. */
void *mf_netlink_begin(struct mf_netlink *netlink, __u16 type, __u16 flags, size_t bytes);
void mf_netlink_put(struct mf_netlink *netlink, __u16 type, const void *data, size_t bytes);
void mf_netlink_put_u32(struct mf_netlink *netlink, __u16 type, __u32 value);
void mf_netlink_put_string(struct mf_netlink *netlink, __u16 type, const char *text);
struct rtattr *mf_netlink_nest(struct mf_netlink *netlink, __u16 type);
void mf_netlink_nest_end(struct mf_netlink *netlink, struct rtattr *nest);
/* Raw bytes behind what stands so far: the header inside VETH_INFO_PEER. */
void mf_netlink_put_raw(struct mf_netlink *netlink, const void *data, size_t bytes);

/* Sends, reads until the kernel acknowledges or is done. 0 or -errno; `handler` may be NULL. */
int mf_netlink_talk(struct mf_netlink *netlink, mf_netlink_handler *handler, void *context);

/* Reads what is there without waiting. 0, or -ENOBUFS: events were lost. */
int mf_netlink_events(struct mf_netlink *netlink, mf_netlink_handler *handler, void *context);

/* Takes the next attribute off the front of `bytes` at `at`; NULL: no whole one is left. */
const struct rtattr *mf_netlink_take(const void **at, size_t *bytes);

/* table[type] = attribute, for types <= max; the others NULL. */
void mf_netlink_parse(const struct rtattr *table[], unsigned int max, const void *first, size_t bytes);

/* The attributes of a message whose family header is `bytes` long. */
void mf_netlink_attributes(const struct rtattr *table[], unsigned int max, const struct nlmsghdr *message, size_t bytes);

__u32 mf_netlink_u32(const struct rtattr *attribute, __u32 otherwise);

/* "" where there is none, or none that ends within the attribute. */
const char *mf_netlink_string(const struct rtattr *attribute);

#endif
