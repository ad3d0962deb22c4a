// SPDX-License-Identifier: GPL-2.0-only
/*
 * Through the kernel: VLAN tags out, large frames, packets larger than a page, and the guard on a tunnel.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/packet/live.h"
#include "tests/packet/table.h"

/* One of them, too large for a stack; rows leave nothing in it for the next. */
struct room {
	struct live live;
	struct live_frame sent, got;
};

static struct room *room_open(struct lab *lab)
{
	struct room *room = calloc(1, sizeof(*room));

	assert_non_null(room);
	live_open(&room->live, &lab->here);
	while (!live_is_silent(&room->live, &room->got))
		;
	lab->here.now_ms = lab->there.now_ms = rig_slot(&lab->here, HOST, 0)->start_ms + 200;
	rig_clock_set(&lab->here);
	return room;
}

static void room_close(struct room *room)
{
	live_close(&room->live);
	free(room);
}

enum { TCP_CHECK_AT = 16 };

static void send_frame(struct room *room, const struct frame *frame)
{
	memcpy(room->sent.byte, frame->byte, frame->length);
	room->sent.length = frame->length;
	live_send(&room->live, &room->sent);
}

static void got_frame(const struct room *room, struct frame *frame)
{
	if (room->got.length > FRAME_MOST)
		fail_msg("%u bytes came", room->got.length);
	memcpy(frame->byte, room->got.byte, room->got.length);
	frame->length = room->got.length;
}

static void tags_put(struct frame *frame, int tags)
{
	static const __u16 type[] = { TYPE_QINQ, TYPE_VLAN, TYPE_VLAN }, tci[] = { 0x2064, 0x0fff, 0x0007 };

	for (int i = tags - 1; i >= 0; i--)
		frame_tag(frame, type[tags > 1 ? i : 1], tci[i]);
}

/* a: tags, b: protocol; c: deal, IPv4 where it says BIG. The wire as the oracle has it, and back to the byte. */
static void tagged(struct lab *lab, const struct row *row)
{
	enum deal deal = row->c == BIG ? NET : row->c;
	struct packet packet = table_packet(deal, HERE, row->b, 0);
	enum form form = deal == HOST ? WITHOUT_ADDRESSES : WHOLE;
	struct room *room = room_open(lab);
	struct frame inner, wire, got;

	if (row->c == BIG) {
		packet.source = rig_address("::ffff:10.1.2.3");
		packet.destination = rig_address("::ffff:10.2.3.4");
	}
	for (packet.payload = 0; packet.payload < 1300; packet.payload += 101) {
		frame_packet(&inner, &packet);
		tags_put(&inner, row->a);
		carried_encap(&wire, rig_slot(&lab->here, deal, 0), &inner, form);
		if (deal == ZERO)
			frame_set16(&wire, AT_CHECK, 0);
		send_frame(room, &inner);
		assert_int_equal(live_receive(&room->live, &room->got), 0);
		assert_int_equal(live_verdict(&room->live), MF_OUT_SENT_SLOW);
		got_frame(room, &got);
		expect_frame(&got, &wire, row->name);
		memcpy(inner.byte, mac_device, 6);
		memcpy(inner.byte + 6, mac_inside, 6);
		rig_receive(&lab->there, &got, &lab->result);
		expect_verdict(&lab->result, MF_IN_DELIVERED, OK_TC, row->name);
		expect_frame(&lab->result.out, &inner, row->name);
	}
	room_close(room);
}

/* a: tags; c: deal. */
static void uncarried(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, HERE, UDP, 100);
	struct room *room = room_open(lab);
	struct frame inner;

	frame_packet(&inner, &packet);
	tags_put(&inner, row->a);
	send_frame(room, &inner);
	assert_true(live_is_silent(&room->live, &room->got));
	assert_int_equal(live_verdict(&room->live), MF_DROP_UNCARRIED);
	room_close(room);
}

/* a: tags, b: largest inner packet that goes with them. */
static void tagged_too_big(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(HOST, HERE, UDP, row->b - 48);
	struct room *room = room_open(lab);
	struct frame inner, wanted, got;

	frame_packet(&inner, &packet);
	tags_put(&inner, row->a);
	send_frame(room, &inner);
	assert_int_equal(live_receive(&room->live, &room->got), 0);
	assert_int_equal(live_verdict(&room->live), MF_OUT_SENT_SLOW);
	packet.payload += 1;
	frame_packet(&inner, &packet);
	frame_too_big(&wanted, frame_destination(&inner), frame_source(&inner), row->b, &inner, 1232);
	memcpy(wanted.byte, mac_device, 6);
	memcpy(wanted.byte + 6, mac_inside, 6);
	tags_put(&inner, row->a);
	send_frame(room, &inner);
	assert_int_equal(live_receive_back(&room->live, &room->got), 0);
	assert_int_equal(live_verdict(&room->live), MF_TOO_BIG_SENT);
	got_frame(room, &got);
	expect_frame(&got, &wanted, row->name);
	room_close(room);
}

/* An IPv6 packet with `payload` bytes behind its header, MAC addresses of the device. */
static void large_packet(struct live_frame *frame, enum deal deal, __u8 next, __u32 payload)
{
	struct address source = rig_inner(deal, HERE), destination = rig_inner(deal, THERE);
	__u8 head[8] = { 0x60, 0, 0, 0, payload >> 8, payload, next, 64 };

	memcpy(frame->byte, mac_inside, 6);
	memcpy(frame->byte + 6, mac_device, 6);
	frame->byte[12] = TYPE_IPV6 >> 8;
	frame->byte[13] = TYPE_IPV6 & 0xff;
	memcpy(frame->byte + ETH_BYTES, head, 8);
	memcpy(frame->byte + ETH_BYTES + 8, source.byte, 16);
	memcpy(frame->byte + ETH_BYTES + 24, destination.byte, 16);
	for (__u32 i = 0; i < payload; i++)
		frame->byte[ETH_BYTES + IP6_BYTES + i] = i * 7 + i / 251;
	frame->length = ETH_BYTES + IP6_BYTES + payload;
	frame->segment = 0;
}

/* a: bytes behind the inner header; c: verdict. A link of jumbo frames; what cannot be summed is not sent wrong. */
static void jumbo(struct lab *lab, const struct row *row)
{
	struct room *room = room_open(lab);
	__u64 sum;

	lab->here.association[HOST].link_mtu = 65535;
	rig_association_write(&lab->here, HOST);
	large_packet(&room->sent, HOST, EXPERIMENT, row->a);
	live_send(&room->live, &room->sent);
	if (row->c == MF_OUT_SENT_SLOW)
		assert_int_equal(live_receive(&room->live, &room->got), 0);
	else
		assert_true(live_is_silent(&room->live, &room->got));
	assert_int_equal(live_verdict(&room->live), row->c);
	if (row->c == MF_OUT_SENT_SLOW) {
		assert_int_equal(room->got.length, AT_CARRIED + row->a);
		sum = checksum_add(UDP + room->got.length - AT_PORTS, room->got.byte + AT_SOURCE, 32);
		sum = checksum_add(sum, room->got.byte + AT_PORTS, room->got.length - AT_PORTS);
		assert_int_equal(checksum_fold(sum), 0xffff);
		assert_memory_equal(room->got.byte + AT_CARRIED, room->sent.byte + AT_PORTS, row->a);
	}
	room_close(room);
}

/* TCP as the stack gives it: checksum begun, not finished. */
static void large_tcp(struct live_frame *frame, enum deal deal, __u32 segments)
{
	__u32 tcp = ETH_BYTES + IP6_BYTES, length = 20 + segments * 1000;
	__u16 pseudo;

	large_packet(frame, deal, TCP, length);
	frame->byte[tcp + 12] = 0x50;
	pseudo = checksum_fold(checksum_add(TCP + length, frame->byte + ETH_BYTES + 8, 32));
	frame->byte[tcp + TCP_CHECK_AT] = pseudo >> 8;
	frame->byte[tcp + TCP_CHECK_AT + 1] = pseudo;
	frame->segment = 1000;
	frame->headers = tcp + 20;
}

/* a: segments; c: deal. */
static void large_frame(struct lab *lab, const struct row *row)
{
	struct room *room = room_open(lab);
	const struct mf_slot *slot = rig_slot(&lab->here, row->c, 0);
	__u32 from = ETH_BYTES + (row->c == ZERO ? 52 : 0);

	large_tcp(&room->sent, row->c, row->a);
	live_send(&room->live, &room->sent);
	assert_int_equal(live_receive(&room->live, &room->got), 0);
	assert_int_equal(live_verdict(&room->live), MF_OUT_SENT);
	assert_int_equal(room->got.segment, 1000);
	assert_int_equal(room->got.length, room->sent.length + from - ETH_BYTES);
	assert_memory_equal(room->got.byte + AT_SOURCE, slot->local, 16);
	assert_memory_equal(room->got.byte + AT_DESTINATION, slot->remote, 16);
	assert_int_equal(rig_traffic(&lab->here, row->c).out_packets, row->a);
	if (row->c == ZERO) {
		assert_int_equal(room->got.byte[AT_SHIM], 2);
		assert_int_equal(room->got.byte[AT_CHECK] | room->got.byte[AT_CHECK + 1], 0);
		assert_memory_equal(room->got.byte + from, room->sent.byte + ETH_BYTES, IP6_BYTES);
	}
	assert_memory_equal(room->got.byte + from + 60, room->sent.byte + ETH_BYTES + 60, row->a * 1000);
	room_close(room);
}

static void large_frame_refused(struct lab *lab, const struct row *row)
{
	struct room *room = room_open(lab);

	large_tcp(&room->sent, row->c, 8);
	live_send(&room->live, &room->sent);
	assert_true(live_is_silent(&room->live, &room->got));
	assert_int_equal(live_verdict(&room->live), MF_DROP_LARGE_FRAME);
	room_close(room);
}

/* A VXLAN device over the device, its packets for the peer of `deal`; -1: this kernel has none. */
static int overlay_open(enum deal deal)
{
	static const char *const command[] = {
		[ZERO] = "ip link add vx4 type vxlan id 4 local fd6d:a::4 remote fd6d:b::4 dstport 4789 dev mayfly0",
		[REWRITE] = "ip link add vx2 type vxlan id 2 local fd6d:a::2 remote fd6d:b::2 dstport 4789 dev mayfly0",
	};

	if (system("ip address replace fd6d:a::4/128 dev mayfly0 nodad;"
		   "ip address replace fd6d:a::2/128 dev mayfly0 nodad;"
		   "ip -6 route replace fd6d:b::/64 dev mayfly0;"
		   "ip -6 neighbour replace fd6d:b::4 lladdr 02:00:00:00:00:04 dev mayfly0 nud permanent;"
		   "ip -6 neighbour replace fd6d:b::2 lladdr 02:00:00:00:00:04 dev mayfly0 nud permanent") ||
	    system(command[deal]))
		return -1;
	return system(deal == ZERO ? "ip link set vx4 addrgenmode none up" : "ip link set vx2 addrgenmode none up");
}

/* TCP inside the overlay, its checksum begun; the kernel finishes it behind us, or the NIC does. */
static void overlay_packet(struct live_frame *frame)
{
	large_tcp(frame, HOST, 1);
	frame->segment = 0;
}

/* What the NIC would do: finish the inner checksum, which stands at `tcp`. */
static void overlay_finish(struct frame *frame, __u32 tcp)
{
	__u32 length = frame->length - tcp;
	__u64 sum = checksum_add(TCP + length, frame->byte + tcp - 32, 32);

	frame_set16(frame, tcp + TCP_CHECK_AT, 0);
	frame_set16(frame, tcp + TCP_CHECK_AT, ~checksum_fold(checksum_add(sum, frame->byte + tcp, length)));
}

/* c: deal. The overlay's own UDP checksum is finished, that of the packet in it only begun. */
static void overlay(struct lab *lab, const struct row *row)
{
	__u32 packet = ETH_BYTES + (row->c == ZERO ? 52 : 0);
	__u32 inner = packet + IP6_BYTES + 8 + 8 + ETH_BYTES + IP6_BYTES;
	struct room *room = room_open(lab);
	struct frame got;

	if (overlay_open(row->c)) {
		print_message("no VXLAN in this kernel\n");
		skip();
	}
	overlay_packet(&room->sent);
	live_send_on(&room->live, row->c == ZERO ? "vx4" : "vx2", &room->sent);
	do {
		assert_int_equal(live_receive(&room->live, &room->got), 0);
	} while (room->got.length != inner + 20 + 1000); /* the kernel talks to groups over it, too */
	got_frame(room, &got);
	overlay_finish(&got, inner);
	if (row->c == REWRITE)
		assert_true(frame_checksums_hold(&got, ETH_BYTES));
	memmove(got.byte + ETH_BYTES, got.byte + packet, got.length - packet);
	got.length -= packet - ETH_BYTES;
	assert_true(frame_checksums_hold(&got, ETH_BYTES));
	room_close(room);
}

/* a: 0 strangers, 1 inner IPv6, 2 inner IPv4: on a device whose packets begin with the IP header. */
static void tunnel(struct lab *lab, const struct row *row)
{
	static const char *const pairs[][2] = {
		{ "2001:db8:77::1", "2001:db8:78::1" }, { "2001:db8:77::1", "fd6d:a::1" },
		{ "::ffff:192.0.2.1", "::ffff:10.1.2.3" },
	};
	struct packet packet = { .source = rig_address(pairs[row->a][0]), .destination = rig_address(pairs[row->a][1]),
				 .protocol = UDP };
	struct room *room = room_open(lab);
	struct frame frame;

	for (packet.payload = 0; packet.payload < 300; packet.payload++) {
		frame_packet(&frame, &packet);
		live_send_tun(&room->live, frame.byte + ETH_BYTES, frame.length - ETH_BYTES);
		assert_int_equal(live_verdict(&room->live), row->a ? MF_DROP_INNER : NO_VERDICT);
	}
	room_close(room);
}

static const struct row rows[] = {
	{ "one tag, host pair: on the wire as the oracle has it, back to the byte", tagged, 1, UDP, HOST },
	{ "two tags, host pair: on the wire as the oracle has it, back to the byte", tagged, 2, UDP, HOST },
	{ "two tags, host pair, unknown protocol: summed right", tagged, 2, EXPERIMENT, HOST },
	{ "one tag, networks: on the wire as the oracle has it, back to the byte", tagged, 1, TCP, NET },
	{ "two tags, networks: on the wire as the oracle has it, back to the byte", tagged, 2, TCP, NET },
	{ "one tag, IPv4: on the wire as the oracle has it, back to the byte", tagged, 1, ICMP, BIG },
	{ "two tags, IPv4: on the wire as the oracle has it, back to the byte", tagged, 2, UDP, BIG },
	{ "two tags, zero checksum: on the wire as the oracle has it, back to the byte", tagged, 2, UDP, ZERO },
	{ "three tags: uncarried", uncarried, 3, 0, HOST },
	{ "one tag on rewrite: uncarried", uncarried, 1, 0, REWRITE },
	{ "two tags on rewrite: uncarried", uncarried, 2, 0, REWRITE },
	{ "one tag: inner MTU is 4 less, and the application is told so", tagged_too_big, 1, 1484 },
	{ "two tags: inner MTU is 8 less, and the application is told so", tagged_too_big, 2, 1480 },
	{ "9000 bytes on a jumbo link: summed right", jumbo, 9000, 0, MF_OUT_SENT_SLOW },
	{ "9001 bytes on a jumbo link: summed right", jumbo, 9001, 0, MF_OUT_SENT_SLOW },
	{ "15871 bytes on a jumbo link: summed right", jumbo, 15871, 0, MF_OUT_SENT_SLOW },
	{ "20000 bytes on a jumbo link: not sent with a wrong sum", jumbo, 20000, 0, MF_DROP_MALFORMED },
	{ "large TCP frame, zero checksum: stays whole behind its outer header", large_frame, 8, 0, ZERO },
	{ "large TCP frame of 60 segments, zero checksum: stays whole", large_frame, 60, 0, ZERO },
	{ "large TCP frame, rewrite: stays whole", large_frame, 8, 0, REWRITE },
	{ "large TCP frame for a carriage with checksum: dropped by its name", large_frame_refused, 0, 0, HOST },
	{ "guard on a tunnel without Ethernet headers: strangers let through", tunnel, 0 },
	{ "guard on a tunnel without Ethernet headers: inner address refused", tunnel, 1 },
	{ "guard on a tunnel without Ethernet headers: inner IPv4 address refused", tunnel, 2 },
	{ "overlay's packet, zero checksum: carried, its checksums right", overlay, 0, 0, ZERO },
	{ "overlay's packet, rewrite: its UDP checksum right on the wire", overlay, 0, 0, REWRITE },
};

int main(void)
{
	return TABLE_RUN(rows);
}
