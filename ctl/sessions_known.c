// SPDX-License-Identifier: GPL-2.0-only
/* Peers by their addresses: the stable one, and those by which introductions come and go. */
#include <errno.h>

#include "ctl/identity.h"
#include "ctl/sessions_parts.h"

int sessions_find_inner(const struct sessions *sessions, const __u8 inner[static 16])
{
	const __u32 *number = mf_table_find(&sessions->by_inner, inner);

	return number ? (int)*number : SESSIONS_NONE;
}

int sessions_find(const struct sessions *sessions, const __u8 public_key[static 32])
{
	__u8 introduction[16];
	const __u32 *number;

	identity_introduction(introduction, public_key);
	number = mf_table_find(&sessions->by_introduction, introduction);
	return number ? (int)*number : SESSIONS_NONE;
}

int sessions_know(struct sessions *sessions, const struct sessions_peer *peer, __u32 number)
{
	__u8 address[16];

	sessions_inner_peer(peer, address);
	if (mf_table_put(&sessions->by_inner, address, number))
		return -ENOMEM;
	identity_introduction(address, peer->public_key);
	if (mf_table_put(&sessions->by_introduction, address, number))
		return -ENOMEM;
	identity_visitor(address, peer->public_key);
	return mf_table_put(&sessions->by_visitor, address, number);
}

void sessions_unknow(struct sessions *sessions, const struct sessions_peer *peer)
{
	__u8 address[16];

	sessions_inner_peer(peer, address);
	mf_table_drop(&sessions->by_inner, address);
	identity_introduction(address, peer->public_key);
	mf_table_drop(&sessions->by_introduction, address);
	identity_visitor(address, peer->public_key);
	mf_table_drop(&sessions->by_visitor, address);
}
