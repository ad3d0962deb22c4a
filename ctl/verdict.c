// SPDX-License-Identifier: GPL-2.0-only
/* The words for what becomes of packets. A verdict without words does not compile. */
#include "ctl/verdict.h"

#include <stddef.h>
#include <string.h>

#define VERDICTS(X) \
	X(PASS_OTHER, pass_other, "not ours: left to the stack as it came") \
	X(OUT_SENT, out_sent, "sent, by the fast path") \
	X(OUT_SENT_SLOW, out_sent_slow, "sent, by the slow path: VLAN tag, next hop not resolved yet, or a NIC that takes no frames from XDP") \
	X(OUT_OPENED, out_opened, "slot opened through a firewall on our side") \
	X(IN_DELIVERED, in_delivered, "received and delivered") \
	X(IN_OPENED, in_opened, "peer opened a slot through its firewall") \
	X(IN_LENT, in_lent, "for a socket on a lent address") \
	X(ND_ANSWERED, nd_answered, "router asked for a live address and was answered") \
	X(PATH_MTU_LOWERED, path_mtu_lowered, "packet-too-big from the way, believed") \
	X(TOO_BIG_SENT, too_big_sent, "packet-too-big given to the application") \
	X(DROP_DEAD, drop_dead, "to a hopping address that is not live: somebody guesses") \
	X(DROP_EXPIRED, drop_expired, "to an address that was live a moment ago, not from its peer: somebody watched") \
	X(DROP_EARLY, drop_early, "to an address that will be live in a moment: are the clocks right?") \
	X(DROP_SOURCE, drop_source, "to a live address, but not from its peer") \
	X(DROP_PORT, drop_port, "right addresses, wrong ports") \
	X(DROP_NOT_UDP, drop_not_udp, "to a live address, but not what its carriage brings") \
	X(DROP_ICMP, drop_icmp, "ICMPv6 to a live address that is not believed") \
	X(DROP_ND, drop_nd, "solicitation for a live address by one who is no router of ours") \
	X(DROP_INNER, drop_inner, "inner address outside of an association") \
	X(DROP_MALFORMED, drop_malformed, "header cut short or lengths that disagree") \
	X(DROP_SHIM, drop_shim, "unknown kind of carried packet: is the peer of another version?") \
	X(DROP_INNER_SOURCE, drop_inner_source, "carried packet from outside the peer's inner prefixes") \
	X(DROP_INNER_DESTINATION, drop_inner_destination, "carried packet to outside our inner prefixes") \
	X(DROP_ECN, drop_ecn, "congestion mark on a packet that cannot bear it (RFC 6040)") \
	X(DROP_NO_ASSOCIATION, drop_no_association, "no peer has this inner destination") \
	X(DROP_NO_SLOT, drop_no_slot, "no slot ready: look-ahead used up, is mayfly-loader running?") \
	X(DROP_NO_ROUTE, drop_no_route, "no route to the peer's prefix through the interface") \
	X(DROP_TOO_BIG, drop_too_big, "larger than the way bears; the application was told") \
	X(DROP_LARGE_FRAME, drop_large_frame, "unsegmented frame for a carriage that needs single packets") \
	X(DROP_UNCARRIED, drop_uncarried, "rewrite cannot bear this: IPv4, a VLAN tag or another port") \
	X(DROP_NOT_IP, drop_not_ip, "neither IPv4 nor IPv6") \
	X(DROP_ROOM, drop_room, "the kernel had no room to change the packet") \
	X(DROP_DEVICE, drop_device, "came off the wire to the device's own link-layer address") \
	X(DROP_NO_PEER, drop_no_peer, "the client roams and has not been heard of late: where it is nobody knows") \
	X(DROP_CONTROL, drop_control, "by an introduction, and no session message") \
	X(DROP_BUDGET, drop_budget, "more session messages than one peer may send: somebody floods or replays") \
	X(DROP_LATE, drop_late, "the peer's own packet, too late for its slot") \
	X(DROP_TAG, drop_tag, "sealed, but not by the other end: changed on the way, or forged") \
	X(DROP_REPLAY, drop_replay, "sealed packet that was opened before, or is older than the replay window") \
	X(DROP_COUNTER, drop_counter, "sealed packet with a counter that the other end cannot have reached: noise") \
	X(DROP_KEY, drop_key, "no key to seal with, or it has sealed as much as it may: wait for the next handshake")

#define EVENTS(X) \
	X(PROBE_RANDOM, probe_random, "somebody tries addresses") \
	X(PROBE_EXPIRED, probe_expired, "somebody tries an address that was live a moment ago") \
	X(PATH_MTU, path_mtu, "the way bears smaller packets only") \
	X(NO_ASSOCIATION, no_association, "packet for an inner address that no peer has")

struct words {
	const char *name, *meaning;
};

#define VERDICT_WORDS(suffix, lower, words) [MF_##suffix] = { #lower, words },
#define EVENT_WORDS(suffix, lower, words) [MF_EVENT_##suffix] = { #lower, words },
#define ONE(suffix, lower, words) +1

static const struct words verdicts[] = { VERDICTS(VERDICT_WORDS) };
static const struct words events[] = { EVENTS(EVENT_WORDS) };

_Static_assert(sizeof(verdicts) / sizeof(*verdicts) == MF_VERDICTS, "a verdict is without words");
_Static_assert((0 VERDICTS(ONE)) == MF_VERDICTS, "a verdict is without words");

const char *verdict_name(unsigned int verdict)
{
	return verdict < MF_VERDICTS ? verdicts[verdict].name : "unknown";
}

const char *verdict_meaning(unsigned int verdict)
{
	return verdict < MF_VERDICTS ? verdicts[verdict].meaning : "a verdict that this mayflyctl does not know";
}

bool verdict_is_drop(unsigned int verdict)
{
	return !strncmp(verdict_name(verdict), "drop_", 5);
}

static const struct words *event_words(unsigned int kind)
{
	static const struct words unknown = { "unknown", "an event that this mayflyctl does not know" };

	if (kind >= sizeof(events) / sizeof(*events) || !events[kind].name)
		return &unknown;
	return &events[kind];
}

const char *event_name(unsigned int kind)
{
	return event_words(kind)->name;
}

const char *event_meaning(unsigned int kind)
{
	return event_words(kind)->meaning;
}
