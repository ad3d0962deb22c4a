/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The introduction of a period: its key K and seed, what is offered of it, and the associations that it is to the
 * loader. All clients of a server share its local addresses and are told apart by their own hopping identifiers
 * (C_IID, MTD'15 section 4); where they come from is learned from their first packet. Pure but for the key itself.
 */
#ifndef MAYFLY_CTL_INTRODUCE_H
#define MAYFLY_CTL_INTRODUCE_H

#include <stdbool.h>

#include "ctl/rendezvous.h"
#include "loader/control.h"

enum {
	INTRODUCE_ROTATION_MS = 3000,
};

/* Secret: lives in memory of key_secret_new(). */
struct introduction {
	__u32 period; /* T; 0: none */
	__u32 period_s; /* the longest one that it is of */
	__u8 key[16]; /* K */
	__u8 seed[8]; /* of the server */
	__u32 rotation_ms;
	bool leaving; /* the period after its own is over: the loader forgets it by and by */
	bool listens; /* the loader has its listener */
	bool offered; /* somebody may have read of it */
};

/* What is common to all messages of one end. */
struct introduce_node {
	struct mf_template prefix; /* the local hopping prefix */
	__u8 inner[16];            /* identity_introduction() of the own public key; of a visitor, identity_visitor() */
};

/* A fresh K and seed for this period. The compact form has no room for a seed: all zero then. */
void introduce_fresh(struct introduction *introduction, __u32 period, enum rendezvous_form form);

void introduce_offer(struct rendezvous_offer *offer, const struct introduction *introduction,
		     const struct mf_template *prefix, __u32 period_s, enum rendezvous_form form);

/* "NAME@T"; a name too long for it is cut and told apart by its key. */
void introduce_name(char name[static MF_NAME_BYTES], const char *client, const __u8 public_key[static 32],
		    __u32 period);

/* Whether an association of this name is an introduction's, and no peer's of a file. */
bool introduce_is_name(const char *name);

/* The knock of a server. */
void introduce_listener(struct mf_assoc_config *request, const struct introduction *introduction,
			const struct introduce_node *node);

/* One of its clients, who is let say session messages and nothing else; `reader_seed` is C_IID. */
void introduce_client(struct mf_assoc_config *request, const struct introduction *introduction,
		      const struct introduce_node *node, const char *name, const __u8 public_key[static 32],
		      const __u8 reader_seed[static 8]);

/* The client's own end, "NAME@vT": whom it visits may visit it, too. `flags`: MF_ASSOC_OPENS and so on. */
void introduce_visitor(struct mf_assoc_config *request, const struct rendezvous_offer *offer,
		       const struct introduce_node *node, const char *name, const __u8 public_key[static 32],
		       const __u8 reader_seed[static 8], __u8 flags);

#endif
