/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration of one instance: what stands in the file, checked and completed with its
 * defaults. Secrets are not in here: files are named, config_file.h reads them.
 */
#ifndef MAYFLY_CTL_CONFIG_H
#define MAYFLY_CTL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/config_listen.h"
#include "ctl/config_rendezvous.h"
#include "ctl/level.h"
#include "ctl/say.h"
#include "loader/control.h"

enum {
	CONFIG_PATH_BYTES = 256,
	CONFIG_DEVICE_MOST = 12, /* "-in" behind it must still fit a device name */
	CONFIG_INNER_LEAST_V6 = 16, /* an inner prefix wider than these would swallow the host's other traffic */
	CONFIG_INNER_LEAST_V4 = 8,
	CONFIG_ROTATION_DEFAULT_MS = 3000,
	CONFIG_IDLE_LEAST_MS = 10000,
	CONFIG_IDLE_MOST_MS = 86400000,
	CONFIG_OWN_LENGTH = 16, /* of all inner addresses that follow from keys: fd6d::/16 */
};

enum config_node_key {
	NODE_INTERFACE, NODE_PRIVATE_KEY_FILE, NODE_PREFIX, NODE_MODE, NODE_DARK, NODE_ROUTER, NODE_ON_LINK_PEERS,
	NODE_ADDRESS, NODE_LOOK_AHEAD, NODE_CAPACITY, NODE_DEVICE, NODE_STORE, NODE_BOOTSTRAP, NODE_PUBLISH_PREFIX,
	NODE_PERIOD, NODE_CLIENTS, NODE_FORM, NODE_DHT_FAMILY, NODE_TWO_STAGE, NODE_PRIVATE_NETWORK, NODE_LEVEL,
	NODE_FIREWALL, NODE_IDLE_TIMEOUT, NODE_CARRIAGE, NODE_PADDING, NODE_THREADED_NAPI, NODE_LISTEN,
	NODE_LISTEN_NAME, NODE_KEYS,
};

enum config_peer_key {
	PEER_NAME, PEER_PUBLIC_KEY, PEER_ADDRESS, PEER_LOCAL_ADDRESS, PEER_PREFIX, PEER_LOCAL_PREFIX, PEER_KEY_FILE,
	PEER_LOCAL_SEED, PEER_REMOTE_SEED, PEER_ROTATION, PEER_CARRIAGE, PEER_ZERO_CHECKSUM, PEER_FIREWALL, PEER_PORT,
	PEER_PEER_PORT, PEER_CONNECT, PEER_IDLE_TIMEOUT, PEER_PADDING, PEER_KEYS,
};

/* Who begins the session with a peer of whom only the public key is known. */
enum config_connect {
	CONNECT_DEFAULT = 0, /* up: this end, serve: the other */
	CONNECT_YES,
	CONNECT_ON_DEMAND,   /* this end, with the first packet */
	CONNECT_NO,
};

struct config_prefixes {
	struct mf_prefix prefix[MF_ASSOC_PREFIXES];
	unsigned int count;
};

struct config_templates {
	struct mf_template template[MF_HOPPING_PREFIXES];
	unsigned int count;
	bool automatic; /* the first one is what the interface has: prefix_of_nic() */
};

struct config_routers {
	__u8 address[MF_ROUTERS][16];
	unsigned int count;
};

struct config_node {
	unsigned int line; /* of [Node]; 0: there is none */
	unsigned int line_of[NODE_KEYS]; /* 0: not in the file */
	char interface[MF_DEVICE_BYTES];
	char device[MF_DEVICE_BYTES];
	char private_key_file[CONFIG_PATH_BYTES];
	struct config_templates prefixes;
	struct config_prefixes addresses;
	struct config_routers routers;
	enum mf_node_mode mode;
	bool dark, on_link_peers;
	bool threaded_napi;
	bool firewall; /* a stateful one stands before this node */
	__u32 idle_ms; /* of sessions; 0: default */
	enum mf_carriage carriage; /* of sessions: SEALED; ENCAP if the other end says so too */
	enum mf_padding padding;   /* of what is sealed here */
	__u32 look_ahead_ms, capacity;
	enum level level; /* AUTO: what strangers do decides */
	struct config_listen listen; /* of the page and its metrics */
	struct config_listen_names listen_names;
	struct config_rendezvous rendezvous;
};

struct config_peer {
	unsigned int line; /* of [Peer] */
	unsigned int line_of[PEER_KEYS]; /* 0: not in the file */
	char name[MF_NAME_BYTES];
	char key_file[CONFIG_PATH_BYTES];
	__u8 public_key[32];
	__u8 seed_local[8], seed_remote[8];
	struct config_prefixes addresses, local_addresses;
	struct mf_template prefix, local_prefix;
	__u32 rotation_ms;
	enum mf_carriage carriage; /* of one to meet: as in the node */
	enum mf_padding padding;
	bool is_static; /* among `meets`: all that there is to know stands in the file, and its session is sealed */
	bool zero_checksum;
	__u8 firewall; /* MF_ASSOC_OPENS, MF_ASSOC_FOLLOWS */
	__be16 port, peer_port;
	enum config_connect connect;
	__u32 idle_ms; /* 0: the node's */
};

struct config {
	char file[CONFIG_PATH_BYTES]; /* for messages */
	struct config_node node;
	struct config_peer *peers;
	size_t peer_count, peer_room;
	/* With whom there are sessions: those of whom only the public key is known, and static ones. Behind the others in `peers`. */
	struct config_peer *meets;
	size_t meet_count;
};

/*
 * Reads the text of a file; every value is checked by itself. `config` need not be initialised.
 * 0; -EINVAL and `why` ("FILE:LINE: found ..., expected ..."), or -ENOMEM; then there is nothing to close.
 */
int config_parse(struct config *config, const char *file, const char *text, size_t length,
		 char why[static SAY_BYTES]);

/*
 * Fills in the defaults, then checks the whole. `node_public` is the public key of the node or
 * NULL where the file names no private key. 0, or -EINVAL and `why`.
 */
int config_complete(struct config *config, const __u8 *node_public, char why[static SAY_BYTES]);

/* How many of `meets` are to be met: known by their public key alone. */
size_t config_count_met(const struct config *config);

/* All zero is fine. */
void config_close(struct config *config);

/* "FILE:LINE: " and a sentence; returns -EINVAL. */
int config_wrong(const struct config *config, unsigned int line, char why[static SAY_BYTES], const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* config_static.c: a peer of a file whose Carriage is sealed. 0, or -EINVAL and `why`. */
int config_check_static(const struct config *config, const struct config_peer *peer, bool has_private_key,
			char why[static SAY_BYTES]);
bool config_is_one_v6_host(const struct config_prefixes *list);

/* Names that no two peers share, prefixes that do not overlap where they must not. 0, or -EINVAL and `why`. */
int config_check_names(const struct config *config, char why[static SAY_BYTES]);
int config_check_overlaps(const struct config *config, char why[static SAY_BYTES]);

#endif
