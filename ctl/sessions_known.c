// SPDX-License-Identifier: GPL-2.0-only
/* Peers by their addresses: the stable one, and those by which introductions come and go; and by their associations. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* --- associations -------------------------------------------------------------------- */

enum { ROOM_LEAST = 64 };

int sessions_find_association(const struct sessions *sessions, __u32 id)
{
	return id < sessions->associations ? (int)sessions->by_association[id] - 1 : SESSIONS_NONE;
}

static int make_room(struct sessions *sessions, __u32 id)
{
	__u32 room = id < ROOM_LEAST ? ROOM_LEAST : 2 * id, *more;

	if (id < sessions->associations)
		return 0;
	if (id >= MF_CAPACITY_MAX)
		return -ERANGE;
	more = reallocarray(sessions->by_association, room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	memset(more + sessions->associations, 0, (room - sessions->associations) * sizeof(*more));
	sessions->by_association = more;
	sessions->associations = room;
	return 0;
}

/* Without memory it is nobody's: what strangers try there counts by itself. */
void sessions_know_generation(struct sessions *sessions, __u32 number, char letter, __u32 id)
{
	if (make_room(sessions, id))
		return;
	sessions->by_association[id] = number + 1;
	sessions->peer[number].generation[letter - 'a'] = id;
}

/* Its id may be another one's by now, if the loader was another one. */
void sessions_unknow_generation(struct sessions *sessions, __u32 number, char letter)
{
	__u32 *id = &sessions->peer[number].generation[letter - 'a'];

	if (sessions_find_association(sessions, *id) == (int)number)
		sessions->by_association[*id] = 0;
	*id = SESSIONS_NO_ASSOCIATION;
}
