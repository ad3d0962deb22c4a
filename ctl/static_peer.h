/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A peer of a file whose packets are sealed: its session is begun by an introduction that no store holds, the association
 * that the file gives, "NAME@1" in the loader, for as long as somebody keeps its session (docs/PROTOCOL.md 9.5).
 */
#ifndef MAYFLY_CTL_STATIC_PEER_H
#define MAYFLY_CTL_STATIC_PEER_H

#include "ctl/config.h"

enum { STATIC_PERIOD = 1 }; /* number of its introduction: no time's */

/* Secret: lives in memory of key_secret_new(), and is compared as a whole. */
struct static_peer {
	__u8 own_private[32], own_public[32], peer_public[32]; /* X25519: of the file, or of K */
	__u8 key[16];                       /* K of the introduction */
	__u8 seed_local[8], seed_remote[8]; /* likewise */
	__u8 inner_own[16], inner_peer[16]; /* the one host of either side, as configured */
	struct mf_template local, remote;
	__u32 rotation_ms;
};

/*
 * The key pair that K gives the end with this seed: private = HKDF-SHA256(K, "mayfly static v1" || seed). Who knows K
 * knows both. 0, or -EINVAL: it gives no public key.
 */
int static_peer_derive(__u8 private_key[static 32], __u8 public_key[static 32], const __u8 key[static 16],
		       const __u8 seed[static 8]);

/*
 * All of it, with K from its file. The node's keys are used where the peer has a PublicKey. 0, or -errno and `why`; then
 * `peer` is untouched.
 */
int static_peer_read(struct static_peer *peer, const struct config_peer *from, const __u8 *node_private,
		     const __u8 *node_public, char why[static SAY_BYTES]);

/*
 * Its introduction as a request to the loader. `host`: of this end, identity_introduction() of the node's key, all zero if
 * it has none; it does not go on the wire. `flags`: MF_ASSOC_OPENS, MF_ASSOC_FOLLOWS.
 */
void static_peer_introduction(struct mf_assoc_config *request, const struct static_peer *peer, const char *name,
			      const __u8 host[static 16], __u8 flags);

/* An association of this name is a static introduction. */
bool static_peer_is_introduction(const char name[static MF_NAME_BYTES]);

#endif
