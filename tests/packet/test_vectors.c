// SPDX-License-Identifier: GPL-2.0-only
/*
 * docs/vectors.json against the programs: what leaves one end is to the byte what the vector says, and what arrives at the
 * other is what it says, too. tests/peer checks the same file, written apart from this code.
 */
#include "tests/packet/table.h"

#include <bpf/bpf.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/little_endian.h"
#include "ctl/verdict.h"
#include "loader/slot.h"
#include "mayfly.skel.h"
#include "tests/unit/vectors.h"

enum { TAG_BYTES = 16, COUNTER_BYTES = 8 };

/* --- an association of a vector in the place of a deal --- */

struct added {
	struct rig *rig;
	__u8 local[16], remote[16];
};

static struct added added[8];
static size_t added_count;

static void inner_add(struct rig *rig, enum deal deal, const __u8 *local, const __u8 *remote)
{
	struct mf_lpm_key key = { .length = 128 };
	__u32 one = 1;

	memcpy(key.address, local, 16);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(rig->skel->maps.mf_local), &key, &one, BPF_ANY), 0);
	rig_remote_add(rig, address_of(remote), 128, deal);
	assert_true(added_count < sizeof(added) / sizeof(added[0]));
	added[added_count].rig = rig;
	memcpy(added[added_count].local, local, 16);
	memcpy(added[added_count++].remote, remote, 16);
	rig->node.inner_first[local[0] >> 6] |= 1ULL << (local[0] & 63);
	rig->node.inner_first[remote[0] >> 6] |= 1ULL << (remote[0] & 63);
}

/* All of the vector before. */
static void inner_forget(void)
{
	struct mf_lpm_key key = { .length = 128 };

	for (; added_count; added_count--) {
		const struct added *one = &added[added_count - 1];

		/* Some have been added twice, and are gone. */
		memcpy(key.address, one->local, 16);
		bpf_map_delete_elem(bpf_map__fd(one->rig->skel->maps.mf_local), &key);
		memcpy(key.address, one->remote, 16);
		bpf_map_delete_elem(bpf_map__fd(one->rig->skel->maps.mf_remote), &key);
		one->rig->clock->epoch++;
	}
}

static void slots_fill(struct rig *rig, enum deal deal, __u64 index)
{
	struct mf_association *association = &rig->association[deal];
	struct mf_schedule schedule = { association->rotation_ms, association->phase_ms };

	rig_live_drop(rig, deal);
	rig->now_ms = mf_slot_start(&schedule, index) + schedule.rotation_ms / 2;
	for (int ahead = -START_INDEX_BACK; ahead < RING_SLOTS - START_INDEX_BACK; ahead++) {
		struct mf_slot *slot = rig_slot(rig, deal, ahead);

		mf_slot_fill(slot, &rig->seed[deal], &schedule, index + ahead);
		slot->association = deal;
	}
	rig->state[deal].kept_index = 0;
	rig_keep(rig, deal);
}

static void read_end(const json_t *in, __u8 *seed, struct mf_template *template, __u8 *host)
{
	in_bytes(in, "seed", seed, 8);
	in_template(in, template);
	in_address(in, "host", host);
}

/* `own`, `other`: "from" and "to", or the other way round. */
static void take_place(struct rig *rig, enum deal deal, const json_t *in, const char *own, const char *other)
{
	struct mf_association *association = &rig->association[deal];
	struct mf_seed *seed = &rig->seed[deal], before = *seed;

	in_bytes(in, "K", seed->key, sizeof(seed->key));
	read_end(vector_word(in, own), seed->seed_local, &seed->local, association->inner_local);
	read_end(vector_word(in, other), seed->seed_remote, &seed->remote, association->inner_remote);
	association->rotation_ms = in_number(in, "rotation_ms");
	association->phase_ms = mf_slot_phase(seed->key, association->rotation_ms);
	association->inner_sum = mf_address_sum(association->inner_local) + mf_address_sum(association->inner_remote);
	memcpy(rig->node.prefix[0].address, seed->local.base, 16);
	rig->node.prefix[0].length = seed->local.prefix_length;
	inner_add(rig, deal, association->inner_local, association->inner_remote);
	slots_fill(rig, deal, in_number(in, "index"));
	rig_association_write(rig, deal);
	rig_node_write(rig);
	*seed = before;
}

/* The sender HERE, the receiver THERE. */
static void take_places(struct lab *lab, enum deal deal, const json_t *in)
{
	inner_forget();
	rig_reset(&lab->here);
	rig_reset(&lab->there);
	take_place(&lab->here, deal, in, "from", "to");
	take_place(&lab->there, deal, in, "to", "from");
}

/* --- packets of vectors --- */

/* Inner packets as the device has them. Those between other inner addresses are of the same association. */
static void frame_inner(struct frame *frame, const __u8 *destination, const __u8 *source, const __u8 *packet, size_t length)
{
	frame_ethernet(frame, destination, source, packet[0] >> 4 == 4 ? TYPE_IPV4 : TYPE_IPV6);
	frame_put(frame, packet, length);
}

static void map_address(__u8 address[static 16], const __u8 *packet, int is_source)
{
	if (packet[0] >> 4 == 6) {
		memcpy(address, packet + (is_source ? 8 : 24), 16);
		return;
	}
	memcpy(address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	memcpy(address + 12, packet + (is_source ? 12 : 16), 4);
}

static void admit(struct lab *lab, enum deal deal, const __u8 *packet)
{
	__u8 source[16], destination[16];

	map_address(source, packet, 1);
	map_address(destination, packet, 0);
	inner_add(&lab->here, deal, source, destination);
	inner_add(&lab->there, deal, destination, source);
	rig_node_write(&lab->here);
	rig_node_write(&lab->there);
}

static void send_opener(struct lab *lab, __u32 deal)
{
	struct frame request;

	frame_ethernet(&request, mac_inside, mac_device, MF_ETHERTYPE_OPEN);
	frame_put(&request, &deal, sizeof(deal));
	frame_put(&request, NULL, 42);
	rig_run(&lab->here, MF_OUT_TC, &request, &lab->result);
	expect_verdict(&lab->result, MF_OUT_OPENED, UNSPEC_TC, "opener");
}

/* Sends what goes in; lab->result has the frame on the wire. */
static void send_inner(struct lab *lab, enum deal deal, const struct vector *vector)
{
	__u8 packet[VECTOR_BYTES_MOST];
	size_t length = in_any(vector->in, "inner", packet, sizeof(packet));
	struct frame inner;

	if (!length) {
		send_opener(lab, deal);
		return;
	}
	admit(lab, deal, packet);
	frame_inner(&inner, mac_inside, mac_device, packet, length);
	rig_send(&lab->here, &inner, &lab->result);
	if (lab->result.verdict != MF_OUT_SENT && lab->result.verdict != MF_OUT_SENT_SLOW)
		fail_msg("vector %zu, %s: %s", vector->number, vector->kind, verdict_name(lab->result.verdict));
}

/* Tags of a vector, put into a frame: the outermost last, in front of the others. */
static void put_tags(struct frame *frame, const json_t *tags)
{
	for (size_t i = json_array_size(tags); i > 0; i--) {
		__u8 tag[4];

		assert_int_equal(vector_hex(json_string_value(json_array_get(tags, i - 1)), tag, sizeof(tag)), sizeof(tag));
		frame_tag(frame, tag[0] << 8 | tag[1], tag[2] << 8 | tag[3]);
	}
}

/* `wire` at the other end. */
static void check_arrival(struct lab *lab, struct vector *vector, const struct frame *wire, const json_t *tags)
{
	__u8 packet[VECTOR_BYTES_MOST];
	size_t length = in_any(vector->out, "arrives", packet, sizeof(packet));
	struct frame wanted, sent = *wire;

	rig_receive(&lab->there, &sent, &lab->result);
	vector->compared++;
	if (!length) {
		expect_verdict(&lab->result, MF_IN_OPENED, DROP_XDP, "opener");
		return;
	}
	frame_inner(&wanted, mac_device, mac_inside, packet, length);
	put_tags(&wanted, tags);
	expect_verdict(&lab->result, MF_IN_DELIVERED, OK_TC, vector->kind);
	expect_frame(&lab->result.out, &wanted, vector->kind);
}

static void check_encap(struct vector *vector, void *context)
{
	json_t *tags = vector_word(vector->in, "tags");
	__u8 outer[VECTOR_BYTES_MOST];
	struct lab *lab = context;
	struct frame wire;

	take_places(lab, HOST, vector->in);
	send_inner(lab, HOST, vector);
	wire = lab->result.out;
	/* The kernel takes tags off before it gives a frame to tc, which no test run does: these are only received. */
	if (json_array_size(tags)) {
		size_t length = in_any(vector->out, "outer", outer, sizeof(outer));

		frame_cut(&wire, ETH_BYTES);
		frame_put(&wire, outer, length);
	}
	out_bytes(vector, "outer", wire.byte + ETH_BYTES, wire.length - ETH_BYTES);
	check_arrival(lab, vector, &wire, tags);
}

static void check_rewritten(struct vector *vector, void *context)
{
	struct lab *lab = context;
	struct frame wire;

	take_places(lab, REWRITE, vector->in);
	send_inner(lab, REWRITE, vector);
	wire = lab->result.out;
	out_bytes(vector, "outer", wire.byte + ETH_BYTES, wire.length - ETH_BYTES);
	check_arrival(lab, vector, &wire, NULL);
}

/* --- ECN --- */

static void check_ecn(struct vector *vector, void *context)
{
	json_t *wanted = vector_word(vector->out, "arrives");
	struct packet packet = table_packet(HOST, THERE, UDP, 20);
	struct lab *lab = context;
	struct frame inner, wire;

	rig_reset(&lab->here);
	rig_reset(&lab->there);
	packet.traffic_class = in_number(vector->in, "inner");
	frame_packet(&inner, &packet);
	table_arrival(lab, HOST, 0, &inner, WITHOUT_ADDRESSES, &wire);
	frame_set16(&wire, AT_CLASS, (frame_get16(&wire, AT_CLASS) & ~0x30) | in_number(vector->in, "outer") << 4);
	rig_receive(&lab->here, &wire, &lab->result);
	if (json_is_null(wanted)) {
		if (lab->result.action != DROP_XDP && lab->result.action != SHOT_TC)
			fail_msg("vector %zu, ecn: delivered", vector->number);
		vector->compared++;
		return;
	}
	expect_verdict(&lab->result, MF_IN_DELIVERED, OK_TC, "ecn");
	out_number(vector, "arrives", frame_get16(&lab->result.out, AT_CLASS) >> 4 & 3);
}

/* --- sealed --- */

static void read_key(const json_t *in, struct mf_seal_key *key)
{
	__u8 bytes[32], mask[16];

	in_bytes(in, "key", bytes, sizeof(bytes));
	in_bytes(in, "mask_key", mask, sizeof(mask));
	*key = (struct mf_seal_key){ .sender = in_number(in, "sender") };
	for (int i = 0; i < 8; i++)
		key->key[i] = le32_take(bytes + 4 * i);
	for (int i = 0; i < 2; i++)
		key->mask[i] = le64_take(mask + 8 * i);
}

static enum mf_padding padding_of(const json_t *in)
{
	const char *name = json_string_value(vector_word(in, "padding"));

	if (!name)
		return MF_PADDING_NONE;
	return strcmp(name, "full") ? MF_PADDING_CLASSES : MF_PADDING_FULL;
}

static void pad(struct rig *rig, enum deal deal, const json_t *in)
{
	struct mf_association *association = &rig->association[deal];

	association->padding = padding_of(in);
	association->sealing = COUNTER_BYTES + TAG_BYTES + (association->padding ? 2 : 0);
	association->link_mtu = in_number(in, "link_mtu");
	rig_association_write(rig, deal);
}

/* What the program has sealed opens with nonce and associated data of the vector, and what is masked is the counter. */
static void check_seal(struct vector *vector, const struct frame *wire)
{
	__u8 nonce[12], associated[16], key[32], sealed[VECTOR_BYTES_MOST], plain[VECTOR_BYTES_MOST], mask[COUNTER_BYTES];
	__u64 counter = in_number(vector->in, "counter");
	__u32 length = wire->length - AT_SEALED;
	unsigned long long opened;

	in_bytes(vector->in, "key", key, sizeof(key));
	in_bytes(vector->out, "nonce", nonce, sizeof(nonce));
	in_bytes(vector->out, "associated", associated, sizeof(associated));
	memcpy(sealed, wire->byte + AT_SEALED, length);
	memcpy(sealed + length, wire->byte + AT_TAG, TAG_BYTES);
	assert_int_equal(crypto_aead_chacha20poly1305_ietf_decrypt(plain, &opened, NULL, sealed, length + TAG_BYTES, associated,
								   sizeof(associated), nonce, key), 0);
	vector->compared += 2; /* nonce, associated */
	out_bytes(vector, "plain", plain, opened);
	for (int i = 0; i < COUNTER_BYTES; i++)
		mask[i] = wire->byte[AT_COUNTER + i] ^ (__u8)(counter >> (56 - 8 * i));
	out_bytes(vector, "mask", mask, sizeof(mask));
}

static void check_sealed_packet(struct vector *vector, void *context)
{
	__u64 counter = in_number(vector->in, "counter");
	struct lab *lab = context;
	struct frame wire;

	take_places(lab, SEALED, vector->in);
	pad(&lab->here, SEALED, vector->in);
	pad(&lab->there, SEALED, vector->in);
	read_key(vector->in, &lab->here.seal[SEALED].out);
	read_key(vector->in, &lab->there.seal[SEALED].in);
	lab->here.seal[SEALED].sent = counter;
	lab->there.seal[SEALED].heard = counter ? counter - 1 : 0;
	send_inner(lab, SEALED, vector);
	wire = lab->result.out;
	out_bytes(vector, "outer", wire.byte + ETH_BYTES, wire.length - ETH_BYTES);
	check_seal(vector, &wire);
	check_arrival(lab, vector, &wire, NULL);
}

static void check_padding(struct vector *vector, void *context)
{
	struct packet packet = table_packet(SEALED, HERE, UDP, in_number(vector->in, "carried") - 4 - 8);
	struct lab *lab = context;
	struct frame inner;

	rig_reset(&lab->here);
	pad(&lab->here, SEALED, vector->in);
	frame_packet(&inner, &packet);
	rig_send(&lab->here, &inner, &lab->result);
	expect_verdict(&lab->result, MF_OUT_SENT, REDIRECT_XDP, "padding");
	out_number(vector, "behind_udp", lab->result.out.length - AT_SHIM);
}

/* Any bytes from the shim on, sealed by the sender if there is a key. */
static void check_bytes_arrive(struct vector *vector, void *context)
{
	int sealed = json_object_get(vector->in, "key") != NULL;
	enum deal deal = sealed ? SEALED : HOST;
	__u8 bytes[VECTOR_BYTES_MOST];
	size_t length = in_any(vector->in, "bytes", bytes, sizeof(bytes));
	struct lab *lab = context;
	struct mf_seal_key key;
	struct frame wire;

	take_places(lab, deal, vector->in);
	assert_true(length >= 4);
	carried_raw(&wire, rig_slot(&lab->here, deal, 0), bytes, bytes + 4, length - 4);
	if (sealed) {
		read_key(vector->in, &key);
		lab->there.seal[deal].in = key;
		carried_seal(&wire, &key, 0, rig_index(&lab->here, deal));
	}
	rig_receive(&lab->there, &wire, &lab->result);
	if (lab->result.verdict == MF_IN_DELIVERED)
		out_text(vector, "verdict", "delivered");
	else if (lab->result.verdict == MF_IN_OPENED)
		out_text(vector, "verdict", "opener");
	else
		out_text(vector, "verdict", lab->result.action == DROP_XDP || lab->result.action == SHOT_TC ? "dropped" :
			 verdict_name(lab->result.verdict));
}

static void all_vectors(struct lab *lab, const struct row *row)
{
	static struct vector_kind kinds[] = {
		{ "encap", check_encap },
		{ "rewritten", check_rewritten },
		{ "ecn", check_ecn },
		{ "sealed_packet", check_sealed_packet },
		{ "padding", check_padding },
		{ "arrival", check_bytes_arrive },
	};

	(void)row;
	/* Their hopping prefixes are reached by the gateway, too. */
	assert_int_equal(system("ip -6 route add 2001:db8::/32 via 2001:db8:f::2 dev nic"), 0);
	vectors_check(VECTORS_PACKET, kinds, sizeof(kinds) / sizeof(kinds[0]), lab);
}

int main(void)
{
	static const struct row rows[] = {
		{ "vectors of docs/vectors.json", all_vectors },
	};

	return TABLE_RUN(rows);
}
