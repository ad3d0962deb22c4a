/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control contract: what mayflyctl may ask of mayfly-loader, over a SOCK_SEQPACKET Unix
 * socket. Every message, either way, is one struct mf_message, of exactly MF_MESSAGE_BYTES.
 * A request that is wrong in size, version, type or value is refused by name and changes
 * nothing. Addresses and ports are in network byte order, the rest in host order.
 */
#ifndef MAYFLY_LOADER_CONTROL_H
#define MAYFLY_LOADER_CONTROL_H

#include "bpf/abi.h"
#include "bpf/verdict.h"

enum mf_control_limit {
	MF_CONTROL_VERSION = 2,
	MF_MESSAGE_BYTES = 1024,
	MF_NAME_BYTES = 32,      /* with the terminating zero */
	MF_DEVICE_BYTES = 16,
	MF_ASSOC_PREFIXES = 8,   /* inner prefixes per side */
	MF_ROUTERS = 8,
	MF_ROTATION_MIN_MS = 100,
	MF_ROTATION_MAX_MS = 3600000,
	MF_LOOK_AHEAD_MIN_MS = 1000,
	MF_LOOK_AHEAD_MAX_MS = 3600000,
	MF_LOOK_AHEAD_DEFAULT_MS = 120000,
	MF_CAPACITY_DEFAULT = 64,
	MF_CAPACITY_MAX = 1000000,
	MF_LISTENERS = 64,       /* associations that LISTEN at a time */
};

enum mf_message_type {
	MF_NODE_SET = 1,      /* node_config -> node_status; attaches, or changes what differs */
	MF_NODE_GET = 2,      /* -> node_status */
	MF_NODE_CLEAR = 3,    /* detaches, leaves nothing behind; the loader goes on, idle */
	MF_ASSOC_ADD = 4,     /* assoc_config -> assoc_status; EXISTS if the name is taken */
	MF_ASSOC_CHANGE = 5,  /* assoc_config by name; a changed key, seed, template or rotation is a new generation */
	MF_ASSOC_DELETE = 6,  /* assoc_config.name only */
	MF_ASSOC_NEXT = 7,    /* assoc_status.id: from this id on -> assoc_status, or NOT_FOUND at the end */
	MF_COUNTERS_GET = 8,  /* -> counters */
	MF_SUBSCRIBE = 9,     /* from now on MF_EVENT messages come on this connection */
	MF_EVENT = 10,        /* loader to ctl: struct mf_event */
	MF_LEND_ADDRESS = 11, /* lend -> lend */
	MF_ASSOC_LEAD = 12,   /* assoc_config.name, one that shares: packets to its remote host go out in it from now on */
	MF_ASSOC_FIND = 13,   /* assoc_config.remote_prefix[0], a host -> assoc_status of the one that leads there */
	MF_SOCKET_GET = 14,   /* -> nothing, and with it (SCM_RIGHTS) a raw IPv6 socket of next header MF_NEXT_CONTROL */
};

/* Why a request was refused. mf_refusal_name() gives the words. */
enum mf_refusal {
	MF_ACCEPTED = 0,
	MF_REFUSED_SIZE,        /* not MF_MESSAGE_BYTES */
	MF_REFUSED_VERSION,
	MF_REFUSED_TYPE,
	MF_REFUSED_PEER,        /* credentials: neither root nor the configured user */
	MF_REFUSED_VALUE,       /* `field` names the offset in the message of the offending value */
	MF_REFUSED_EXISTS,
	MF_REFUSED_NOT_FOUND,
	MF_REFUSED_FULL,        /* no free association or no ring slots left */
	MF_REFUSED_NO_NODE,     /* NODE_SET first */
	MF_REFUSED_SYSTEM,      /* the kernel said no: `error` is its errno, negative */
	MF_REFUSED_UNSUPPORTED, /* laid out, but not in this loader */
	MF_REFUSED_INTERFACE,   /* no device can stand on the NIC: `field` says why, enum mf_unfit */
	MF_REFUSED_NO_LISTENER, /* ROAMS: no association LISTENS with this key, local seed, local template and rotation */
	MF_REFUSED_HAS_CLIENTS, /* of an association that LISTENS: delete those that ROAM with it first */
	MF_REFUSALS,
};

enum mf_unfit {
	MF_UNFIT_UNTOLD = 0,
	MF_UNFIT_PORT,        /* of a bridge, bond and the like */
	MF_UNFIT_MACVLAN,     /* itself */
	MF_UNFIT_NO_ETHERNET, /* lo, tun, ppp, WireGuard */
	MF_UNFIT_MTU,         /* less than IPv6 asks of a link (RFC 8200 section 5) */
};

enum mf_node_mode {
	MF_MODE_ROUTED = 1,
	MF_MODE_ON_LINK = 2,
};

enum mf_choice { MF_AUTO = 0, MF_NO = 1, MF_YES = 2 };

struct mf_node_config {
	char device[MF_DEVICE_BYTES];        /* "mayfly0" */
	struct mf_template template[MF_HOPPING_PREFIXES]; /* local hopping prefixes */
	__u8 templates;
	__u8 mode;                           /* enum mf_node_mode */
	__u8 dark;                           /* enum mf_choice; auto: yes when routed, no on-link */
	__u8 on_link_peers;                  /* MF_YES: peers on the link may solicit too */
	__u8 router_count;
	__u8 address_count;                  /* inner addresses below */
	__u8 threaded;                       /* enum mf_choice; YES: NIC and cutter receive in threads; auto: as no */
	__u8 pad[1];
	__u32 look_ahead_ms;
	__u32 capacity;                      /* associations that fit */
	__u32 ring_slots;                    /* slots of all rings together; 0: enough for capacity at 3 s */
	__u8 router[MF_ROUTERS][16];         /* on-link: who may solicit; none: learned from the routing table */
	struct mf_prefix address[MF_ASSOC_PREFIXES]; /* of the device, with on-link length (128, or mapped 96 + n) */
};

/*
 * An introduction is one association that LISTENS and one that ROAMS for each client, added after it and deleted before
 * it, all with the same key, seed_local, local, rotation_ms and carriage ENCAP (docs/PROTOCOL.md section 8).
 * LISTENS: no remote end: seed_remote all zero, remote too (or as for ROAMS), remote_count 0; local_count may be 0;
 * carries nothing itself. ROAMS: seed_remote is the client's, remote all zero but prefix_length 64 and hop_bits 64;
 * remote_prefix is one host, which associations that ROAM in other introductions may have too; local_prefix has a host.
 * Neither OPENS: nobody can be opened to whose prefix is yet to be learned. CHANGE makes none of another kind.
 */
struct mf_assoc_config {
	char name[MF_NAME_BYTES];            /* printable ASCII, zero padded */
	__u8 key[16];                        /* K; secret */
	__u8 seed_local[8];
	__u8 seed_remote[8];
	struct mf_template local;            /* must be one of the node's */
	struct mf_template remote;
	__u32 rotation_ms;
	__u8 carriage;                       /* enum mf_carriage */
	__u8 flags;                          /* enum mf_assoc_flag but HOST_PAIR, which the loader finds out */
	__be16 local_port, remote_port;      /* rewrite: the only inner ports; 0: any */
	__u8 local_count, remote_count;
	__u8 shares;                         /* 1: one of the generations of a session, see below */
	__u8 padding;                        /* SEALED: enum mf_padding */
	struct mf_prefix local_prefix[MF_ASSOC_PREFIXES];
	struct mf_prefix remote_prefix[MF_ASSOC_PREFIXES];
	struct mf_seal_key seal_out, seal_in; /* SEALED: from one handshake, and never in two ADDs; secret. Else all zero */
};

/*
 * shares: the association is between two hosts, ENCAP or SEALED, and others that share may have the same remote host at the same
 * time: all are heard, one leads, which is what packets to that host go out in. The first one leads until MF_ASSOC_LEAD
 * says otherwise; when the one that leads is deleted, one that is left takes over. CHANGE neither gives nor takes it.
 * SEALED is likewise for life: CHANGE makes none, and comes with the keys that are there, or with none.
 */

enum mf_clock_state { MF_CLOCK_FOLLOWS = 1, MF_CLOCK_SLEWS = 2, MF_CLOCK_HOLDS = 3 };
enum mf_hook_mode { MF_HOOK_NONE = 0, MF_XDP_NATIVE = 1, MF_XDP_GENERIC = 2, MF_TC_TCX = 3, MF_TC_CLSACT = 4 };

struct mf_node_status {
	struct mf_node_config config;
	char nic[MF_DEVICE_BYTES];
	__u32 nic_ifindex;
	__u32 nic_mtu;
	__u8 attached;      /* 0: idle */
	__u8 in_xdp;        /* enum mf_hook_mode of the in path at the NIC */
	__u8 out_xdp;       /* of the out path behind the cutter; NONE: tc alone */
	__u8 tc;            /* of the tc programs */
	__u8 clock;         /* enum mf_clock_state */
	__u8 adopted;       /* 1: taken over from an earlier loader */
	__u8 gro;           /* enum mf_choice: receive offload of the NIC, now; AUTO: not known */
	__u8 threaded;      /* the same of threaded NAPI */
	__s64 clock_error_ns; /* system clock minus the programs' clock */
	__u32 associations;
	__u32 ring_used, ring_capacity;
	__u32 pad2;
	__u64 hops;         /* slots passed, all associations, since this loader started */
};

/* Answer to ADD, CHANGE, NEXT. Keys never come back: config.key, seal_out and seal_in are zero. */
struct mf_assoc_status {
	__u32 id;
	__u32 generation;
	struct mf_assoc_config config;
	__u64 index;        /* current slot */
	__u64 start_ms;
	__u64 hops;         /* slots passed since added */
	__u64 added_ms;
	__u8 local[16], remote[16];
	__be16 local_port, remote_port;
	__u32 inner_mtu;
	__u32 path_mtu;     /* outer, now */
	__u8 alone;         /* 1: it shares, but no other has its remote host: packets there go out in it */
	__u8 pad[3];
	__u64 heard_age_ms; /* ~0: never */
	__u64 heard_index;
	__u64 out_packets, out_bytes, in_packets, in_bytes;
	__u8 peer_prefix[8]; /* ROAMS: the /64 that its packets go to; zero: not heard of late */
	__u32 clients;       /* LISTENS: associations that ROAM with it */
	__u32 pad2;
	__u64 sealed;        /* SEALED: packets that its key has sealed */
};

struct mf_counters {
	__u64 verdict[MF_VERDICT_ROOM]; /* enum mf_verdict, summed over CPUs */
};

/* An outer address that ctl may use itself, for example for the DHT: passed to the stack, neighbour discovery answered. */
struct mf_lend {
	__u8 address[16];
	__be16 port;        /* 0: any */
	__u16 pad;
	__u32 lifetime_ms;  /* 0: release */
};

struct mf_message {
	__u16 version;
	__u16 type;
	__u32 sequence;     /* copied into the answer */
	__u16 refusal;      /* answer: enum mf_refusal */
	__u16 field;        /* REFUSED_VALUE: offset of the value; REFUSED_INTERFACE: enum mf_unfit */
	__s32 error;        /* REFUSED_SYSTEM: -errno */
	union {
		struct mf_node_config node_config;
		struct mf_node_status node_status;
		struct mf_assoc_config assoc_config;
		struct mf_assoc_status assoc_status;
		struct mf_counters counters;
		struct mf_event event;
		struct mf_lend lend;
		__u8 room[MF_MESSAGE_BYTES - 16];
	};
};

_Static_assert(sizeof(struct mf_message) == MF_MESSAGE_BYTES, "one size for every message");
_Static_assert(sizeof(struct mf_assoc_config) == 576, "struct mf_assoc_config");
_Static_assert(sizeof(struct mf_node_config) == 420, "struct mf_node_config");

/* Words for a refusal; never NULL. */
const char *mf_refusal_name(unsigned int refusal);

#endif
