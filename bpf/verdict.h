/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of every packet that a program takes, by name, and the events that programs report.
 */
#ifndef MAYFLY_BPF_VERDICT_H
#define MAYFLY_BPF_VERDICT_H

#include <linux/types.h>

/* Every packet that a program takes ends in one of these; mf_verdict counts them per CPU. */
enum mf_verdict {
	MF_PASS_OTHER = 0,       /* not ours: to the stack as it came */
	MF_OUT_SENT,             /* carried out by a fast path */
	MF_OUT_SENT_SLOW,        /* carried out by a slow path (unresolved next hop, VLAN tags) */
	MF_OUT_OPENED,           /* slot opened through a firewall */
	MF_IN_DELIVERED,         /* undone and given to the device */
	MF_IN_OPENED,            /* peer opened a slot */
	MF_IN_LENT,              /* to a socket on a lent address */
	MF_ND_ANSWERED,          /* neighbour solicitation for a live address answered */
	MF_PATH_MTU_LOWERED,     /* believed packet-too-big */
	MF_TOO_BIG_SENT,         /* packet-too-big given to the application */
	MF_DROP_DEAD,            /* hopping address that is not live */
	MF_DROP_EXPIRED,         /* hopping address that was live a moment ago */
	MF_DROP_EARLY,           /* hopping address that will be live in a moment */
	MF_DROP_SOURCE,          /* live address, not from the association's other end */
	MF_DROP_PORT,            /* right ends, wrong ports */
	MF_DROP_NOT_UDP,         /* live address, neither UDP nor what its carriage brings */
	MF_DROP_ICMP,            /* ICMPv6 to a live address that is not believed */
	MF_DROP_ND,              /* solicitation for a live address by one who is no router of ours */
	MF_DROP_INNER,           /* inner prefix as source or destination outside an association */
	MF_DROP_MALFORMED,       /* header cut short or lengths that disagree */
	MF_DROP_SHIM,            /* unknown kind of carried packet */
	MF_DROP_INNER_SOURCE,    /* carried packet whose source is not of the peer's prefixes */
	MF_DROP_INNER_DESTINATION, /* carried packet that is not for this end's prefixes */
	MF_DROP_ECN,             /* RFC 6040 section 4.2: congestion mark on a packet that cannot bear it */
	MF_DROP_NO_ASSOCIATION,  /* no association for this inner destination */
	MF_DROP_NO_SLOT,         /* ring has run dry or association is changing */
	MF_DROP_NO_ROUTE,        /* no route to the peer's hopping prefix on the NIC */
	MF_DROP_TOO_BIG,         /* over the path MTU (counted next to TOO_BIG_SENT) */
	MF_DROP_LARGE_FRAME,     /* unsegmented frame for a carriage that needs single packets */
	MF_DROP_UNCARRIED,       /* this carriage cannot bear this packet (VLAN tag or IPv4 on rewrite) */
	MF_DROP_NOT_IP,          /* neither IPv4 nor IPv6 on the device */
	MF_DROP_ROOM,            /* kernel had no room to grow or shrink the packet */
	MF_DROP_DEVICE,          /* off the wire to the device's own link-layer address, which is nobody's to know */
	MF_DROP_NO_PEER,         /* the peer roams, and has not been heard of late: nobody knows where it is */
	MF_DROP_CONTROL,         /* not a session message, where nothing else is let in */
	MF_DROP_BUDGET,          /* more session messages than an association may have */
	MF_DROP_LATE,            /* the peer's own packet, after its slot's window */
	MF_DROP_TAG,             /* sealed packet that is not authentic */
	MF_DROP_REPLAY,          /* sealed packet that was opened before, or is older than the replay window */
	MF_DROP_COUNTER,         /* sealed packet whose counter the peer cannot have reached: noise */
	MF_DROP_KEY,             /* no key to seal with, or it has sealed all that it may */
	MF_VERDICTS,
	MF_VERDICT_ROOM = 64,    /* entries of mf_verdict */
};

enum mf_event_kind {
	MF_EVENT_PROBE_RANDOM = 1,
	MF_EVENT_PROBE_EXPIRED = 2,
	MF_EVENT_PATH_MTU = 3,
	MF_EVENT_NO_ASSOCIATION = 4, /* packet to an inner prefix that no association covers */
};

/* mf_events: ring buffer. */
struct mf_event {
	__u32 kind;
	__u32 association; /* ~0: none */
	__u64 time_ms;
	__u64 suppressed;  /* events of the same CPU and sort (probes, all others) not sent since the last one */
	__u8 source[16];
	__u8 destination[16];
	__u32 value;       /* PATH_MTU: the new outer MTU */
	__u32 pad;
};

_Static_assert(sizeof(struct mf_event) == 64, "struct mf_event");

#endif
