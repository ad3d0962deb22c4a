/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Twins: associations with one and the same inner remote host. A client has one in each introduction that knows it, a
 * session one for each of its generations. They stand in a ring of mf_entry.twin, and have one route and one entry of
 * mf_remote between them, which leads to one: where the client was last heard (bpf/decap.h), or as control.h says.
 */
#ifndef MAYFLY_LOADER_TWIN_H
#define MAYFLY_LOADER_TWIN_H

#include "loader/association.h"

/* Only those of one kind stand in one ring. */
enum mf_twin_kind { MF_TWIN_NONE = 0, MF_TWIN_CLIENT, MF_TWIN_GENERATION };

static inline enum mf_twin_kind mf_twin_kind(__u8 flags, __u8 shares)
{
	if (flags & MF_ASSOC_ROAMS)
		return MF_TWIN_CLIENT;
	return shares ? MF_TWIN_GENERATION : MF_TWIN_NONE;
}

/* Is association `id` of this kind, and this its remote host? */
int mf_twin_is(const struct mf_associations *all, __u32 id, enum mf_twin_kind kind, const __u8 host[static 16]);

/* The one that `id` is to be a twin of; -1: it is the first with this host, or of no kind that has any. */
int mf_twin_other(const struct mf_associations *all, __u32 id, const __u8 host[static 16]);

/* Who is in a ring already, or would be his own twin, joins none. */
void mf_twin_join(struct mf_associations *all, __u32 id, __u32 other);

/* Out of its ring. One that remains; -1: it was alone. */
int mf_twin_leave(struct mf_associations *all, __u32 id);

/* Its host's first: mf_remote leads to it, unless (while an earlier loader's state is taken over) to a twin already. */
int mf_twin_first(struct mf_instance *instance, __u32 id, const __u8 host[static 16]);

/* It goes, and leaves the host to its twins. 0: it had none, and the host is nobody's. */
int mf_twin_part(struct mf_instance *instance, __u32 id, const __u8 host[static 16]);

/* Which association mf_remote leads to for an inner address; -1: none in use. */
int mf_twin_leader(const struct mf_instance *instance, const __u8 address[static 16]);

/* A generation leads from now on. */
int mf_twin_lead(struct mf_instance *instance, __u32 id);

/* Programs forget the routes that they keep: mf_remote is another one. */
void mf_twin_forget(struct mf_instance *instance);

#endif
