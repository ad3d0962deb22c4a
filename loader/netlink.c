// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small netlink requester: no state but the socket, one answer at a time.
 */
#include "loader/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

enum { ANSWER_BYTES = 32768, EVENT_BUFFER_BYTES = 1 << 20 };

int mf_netlink_open(struct mf_netlink *netlink, int protocol, __u32 groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int buffer = EVENT_BUFFER_BYTES, one = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		int error = -errno;

		close(fd);
		return error;
	}
	netlink->fd = fd;
	netlink->sequence = 0;
	return 0;
}

int mf_netlink_join(struct mf_netlink *netlink, __u32 group)
{
	return setsockopt(netlink->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ? -errno : 0;
}

void mf_netlink_close(struct mf_netlink *netlink)
{
	if (netlink->fd >= 0)
		close(netlink->fd);
	netlink->fd = -1;
}

void mf_netlink_put_raw(struct mf_netlink *netlink, const void *data, size_t bytes)
{
	struct nlmsghdr *header = &netlink->request.header;
	size_t at = NLMSG_ALIGN((size_t)header->nlmsg_len);

	if (at > sizeof(netlink->request) || bytes > sizeof(netlink->request) - at) {
		netlink->overflow = 1;
		return;
	}
	memset(netlink->request.bytes + header->nlmsg_len, 0, at - header->nlmsg_len);
	if (bytes)
		memcpy(netlink->request.bytes + at, data, bytes);
	header->nlmsg_len = (__u32)(at + bytes);
}

void *mf_netlink_begin(struct mf_netlink *netlink, __u16 type, __u16 flags, size_t bytes)
{
	memset(&netlink->request, 0, NLMSG_HDRLEN + NLMSG_ALIGN(bytes));
	netlink->overflow = 0;
	netlink->request.header = (struct nlmsghdr){
		.nlmsg_len = (__u32)(NLMSG_HDRLEN + NLMSG_ALIGN(bytes)),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = ++netlink->sequence,
	};
	return NLMSG_DATA(&netlink->request.header);
}

void mf_netlink_put(struct mf_netlink *netlink, __u16 type, const void *data, size_t bytes)
{
	struct rtattr attribute = { .rta_type = type };

	if (bytes > sizeof(netlink->request)) {
		netlink->overflow = 1;
		return;
	}
	attribute.rta_len = (__u16)RTA_LENGTH(bytes);
	mf_netlink_put_raw(netlink, &attribute, sizeof(attribute));
	mf_netlink_put_raw(netlink, data, bytes);
}

void mf_netlink_put_u32(struct mf_netlink *netlink, __u16 type, __u32 value)
{
	mf_netlink_put(netlink, type, &value, sizeof(value));
}

void mf_netlink_put_string(struct mf_netlink *netlink, __u16 type, const char *text)
{
	mf_netlink_put(netlink, type, text, strlen(text) + 1);
}

struct rtattr *mf_netlink_nest(struct mf_netlink *netlink, __u16 type)
{
	size_t at = NLMSG_ALIGN((size_t)netlink->request.header.nlmsg_len);

	mf_netlink_put(netlink, type, NULL, 0);
	return netlink->overflow ? NULL : (struct rtattr *)(netlink->request.bytes + at);
}

void mf_netlink_nest_end(struct mf_netlink *netlink, struct rtattr *nest)
{
	if (nest)
		nest->rta_len = (__u16)(netlink->request.bytes + netlink->request.header.nlmsg_len - (__u8 *)nest);
}

static int error_of(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);

	return message->nlmsg_len < NLMSG_LENGTH(sizeof(error->error)) ? -EBADMSG : error->error;
}

/* Takes `length`, filled up to the alignment, off the front of `bytes`; the filling may be missing at the end. */
static void step(const void **at, size_t *bytes, size_t length)
{
	size_t whole = NLMSG_ALIGN(length);

	if (whole > *bytes)
		whole = *bytes;
	*at = (const __u8 *)*at + whole;
	*bytes -= whole;
}

/* The next message; NULL: no whole one is left. */
static const struct nlmsghdr *message_take(const void **at, size_t *bytes)
{
	const struct nlmsghdr *message = *at;

	if (*bytes < sizeof(*message) || message->nlmsg_len < sizeof(*message) || message->nlmsg_len > *bytes)
		return NULL;
	step(at, bytes, message->nlmsg_len);
	return message;
}

/* 1: more to come; else the end of the answer, 0 or -errno. */
static int answer_read(struct mf_netlink *netlink, const void *buffer, size_t bytes, mf_netlink_handler *handler,
		       void *context)
{
	const struct nlmsghdr *message;

	while ((message = message_take(&buffer, &bytes))) {
		int rc = 0;

		if (message->nlmsg_seq != netlink->sequence)
			continue;
		if (message->nlmsg_type == NLMSG_ERROR)
			return error_of(message);
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (handler)
			rc = handler(message, context);
		if (rc < 0)
			return rc;
	}
	return 1;
}

int mf_netlink_talk(struct mf_netlink *netlink, mf_netlink_handler *handler, void *context)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	__u8 buffer[ANSWER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	int rc = 1;

	if (netlink->overflow)
		return -EMSGSIZE;
	/* The bits of NLM_F_DUMP mean REPLACE and EXCL in requests that make something. */
	if ((netlink->request.header.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		netlink->request.header.nlmsg_flags |= NLM_F_ACK;
	if (sendto(netlink->fd, &netlink->request, netlink->request.header.nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	while (rc > 0) {
		ssize_t bytes = recv(netlink->fd, buffer, sizeof(buffer), 0);

		if (bytes < 0 && errno != EINTR)
			return -errno;
		if (bytes > 0)
			rc = answer_read(netlink, buffer, (size_t)bytes, handler, context);
	}
	return rc;
}

int mf_netlink_events(struct mf_netlink *netlink, mf_netlink_handler *handler, void *context)
{
	__u8 buffer[ANSWER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	int lost = 0;

	for (;;) {
		const struct nlmsghdr *message;
		const void *at = buffer;
		ssize_t bytes = recv(netlink->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		size_t left = bytes > 0 ? (size_t)bytes : 0;

		if (bytes < 0 && errno == ENOBUFS)
			lost = -ENOBUFS;
		else if (bytes < 0 && errno != EINTR)
			return lost;
		while ((message = message_take(&at, &left)))
			handler(message, context);
	}
}

const struct rtattr *mf_netlink_take(const void **at, size_t *bytes)
{
	const struct rtattr *attribute = *at;

	if (*bytes < sizeof(*attribute) || attribute->rta_len < sizeof(*attribute) || attribute->rta_len > *bytes)
		return NULL;
	step(at, bytes, attribute->rta_len);
	return attribute;
}

void mf_netlink_parse(const struct rtattr *table[], unsigned int max, const void *first, size_t bytes)
{
	const struct rtattr *attribute;

	memset(table, 0, sizeof(*table) * (max + 1));
	while ((attribute = mf_netlink_take(&first, &bytes))) {
		unsigned int type = attribute->rta_type & (__u16)NLA_TYPE_MASK;

		if (type <= max)
			table[type] = attribute;
	}
}

void mf_netlink_attributes(const struct rtattr *table[], unsigned int max, const struct nlmsghdr *message, size_t bytes)
{
	size_t headers = NLMSG_HDRLEN + NLMSG_ALIGN(bytes);

	if (message->nlmsg_len < headers) {
		memset(table, 0, sizeof(*table) * (max + 1));
		return;
	}
	mf_netlink_parse(table, max, (const __u8 *)message + headers, message->nlmsg_len - headers);
}

__u32 mf_netlink_u32(const struct rtattr *attribute, __u32 otherwise)
{
	__u32 value;

	if (!attribute || RTA_PAYLOAD(attribute) < sizeof(value))
		return otherwise;
	memcpy(&value, RTA_DATA(attribute), sizeof(value));
	return value;
}

const char *mf_netlink_string(const struct rtattr *attribute)
{
	size_t bytes = attribute ? RTA_PAYLOAD(attribute) : 0;

	return bytes && strnlen(RTA_DATA(attribute), bytes) < bytes ? RTA_DATA(attribute) : "";
}
