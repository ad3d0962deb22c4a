// SPDX-License-Identifier: GPL-2.0-only
/* A client: associations and their slots, what its engine wants done, what comes in. */
#include "tests/bench/load_client.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

#include "ctl/identity.h"

enum { CLOCK_FIRST_MS = 1000000 };

static __u64 nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
}

__u64 load_now_ms(void)
{
	return nanoseconds(CLOCK_REALTIME) / 1000000;
}

__u64 load_now_ns(void)
{
	return nanoseconds(CLOCK_MONOTONIC);
}

/* --- associations -------------------------------------------------------------------- */

static void association_begin(struct load_association *association, __u32 rotation_ms)
{
	association->schedule.rotation_ms = rotation_ms;
	association->schedule.phase_ms = mf_slot_phase(association->key, rotation_ms);
	association->used = true;
}

const struct mf_slot *load_association_slot(struct load_association *association, __u64 now_ms, int behind)
{
	__u64 index = mf_slot_index(&association->schedule, now_ms) - (__u64)behind;
	struct mf_slot *slot = &association->slot[index % LOAD_SLOTS];
	struct mf_seed seed = { .local = association->local, .remote = association->remote };

	if (slot->index == index)
		return slot;
	memcpy(seed.key, association->key, sizeof(seed.key));
	memcpy(seed.seed_local, association->seed_local, sizeof(seed.seed_local));
	memcpy(seed.seed_remote, association->seed_remote, sizeof(seed.seed_remote));
	mf_slot_fill(slot, &seed, &association->schedule, index);
	return slot;
}

static bool is_of_slot(const struct mf_slot *slot, const struct load_packet *packet)
{
	return !memcmp(slot->local, packet->destination, 16) && !memcmp(slot->remote, packet->source, 16) &&
	       slot->local_port == packet->destination_port && slot->remote_port == packet->source_port;
}

/* Heard in the previous, the current and the next slot. NULL: in none of them. */
static const struct mf_slot *find_slot(struct load_association *association, const struct load_packet *packet, __u64 now_ms)
{
	for (int behind = -1; association->used && behind <= 1; behind++) {
		const struct mf_slot *slot = load_association_slot(association, now_ms, behind);

		if (is_of_slot(slot, packet))
			return slot;
	}
	return NULL;
}

static struct load_seal *seal_of(struct load_association *association)
{
	return association->sealed ? &association->seal : NULL;
}

/* --- keys ---------------------------------------------------------------------------- */

void load_client_keys(__u8 own[static 32], __u8 public_key[static 32], __u32 seed, __u32 number)
{
	__u8 bytes[randombytes_SEEDBYTES] = { 0 };

	memcpy(bytes, &seed, sizeof(seed));
	memcpy(bytes + sizeof(seed), &number, sizeof(number));
	randombytes_buf_deterministic(own, 32, bytes);
	crypto_scalarmult_base(public_key, own);
}

static void put_settings(struct load_client *client)
{
	struct session_settings settings = {
		.end = { client->own, client->public_key, client->server->public_key, client->pair.shared },
		.prefix = client->prefix,
		.encap = true, /* will do: the server decides */
	};

	memcpy(settings.inner_own, client->inner, sizeof(settings.inner_own));
	memcpy(settings.inner_peer, client->server->inner, sizeof(settings.inner_peer));
	session_init(&client->session, &settings);
}

int load_client_open(struct load_client *client, const struct load_server *server, __u32 seed, __u32 number)
{
	memset(client, 0, sizeof(*client));
	client->server = server;
	client->number = number;
	load_client_keys(client->own, client->public_key, seed, number);
	if (rendezvous_pair_known(&client->pair, client->own, client->public_key, server->public_key, 0))
		return -1;
	identity_address(client->inner, client->public_key);
	client->prefix = (struct mf_template){ .prefix_length = 64, .hop_bits = 64 };
	memcpy(client->prefix.base, server->prefix, sizeof(server->prefix));
	client->prefix.base[6] = (__u8)(number >> 8);
	client->prefix.base[7] = (__u8)number;
	put_settings(client);
	return 0;
}

void load_client_introduce(struct load_client *client)
{
	const struct rendezvous_offer *offer = &client->server->offer;
	struct load_association *association = &client->introduction;

	memset(association, 0, sizeof(*association));
	memcpy(association->key, offer->key, sizeof(association->key));
	rendezvous_reader_seed(&client->pair, offer->key, association->seed_local);
	memcpy(association->seed_remote, offer->seed, sizeof(association->seed_remote));
	association->local = client->prefix;
	association->remote = offer->prefix;
	association_begin(association, offer->rotation_ms);
}

/* --- what the engine wants ----------------------------------------------------------- */

static __u64 own_ms(const struct load_client *client)
{
	return CLOCK_FIRST_MS + (client->origin_ms ? load_now_ms() - client->origin_ms : 0);
}

static void add(struct load_client *client, const struct session_association *from, const struct seal_keys *keys)
{
	struct load_association *association = &client->generation[from->letter - 'a'];

	memset(association, 0, sizeof(*association));
	memcpy(association->key, from->key, sizeof(association->key));
	memcpy(association->seed_local, from->seed_local, sizeof(association->seed_local));
	memcpy(association->seed_remote, from->seed_remote, sizeof(association->seed_remote));
	association->local = from->local;
	association->remote = from->remote;
	association->sealed = from->carriage == MF_CARRIAGE_SEALED;
	association->seal.keys = *keys;
	association_begin(association, from->rotation_ms);
}

static struct load_association *leading(struct load_client *client)
{
	struct load_association *association = client->leads ? &client->generation[client->leads - 'a'] : NULL;

	return association && association->used ? association : NULL;
}

bool load_client_seals(const struct load_client *client)
{
	return client->leads && client->generation[client->leads - 'a'].sealed;
}

static void send_message(struct load_client *client, const struct session_action *action)
{
	struct load_association *association = action->by_introduction ? &client->introduction : leading(client);

	if (!association || !association->used)
		return;
	client->messages += !client->stood_ns;
	load_wire_put(client->server->wire, load_association_slot(association, load_now_ms(), 0), seal_of(association),
		      MF_NEXT_CONTROL, action->message, action->bytes);
}

static void carry_out_one(struct load_client *client, const struct session_action *action, const struct seal_keys *keys)
{
	switch (action->kind) {
	case SESSION_SEND:
		send_message(client, action);
		break;
	case SESSION_ADD:
		add(client, action->association, keys);
		break;
	case SESSION_LEAD:
		client->leads = action->letter;
		client->stood_ns = client->stood_ns ? client->stood_ns : load_now_ns();
		break;
	case SESSION_DELETE:
		memset(&client->generation[action->letter - 'a'], 0, sizeof(client->generation[0]));
		break;
	case SESSION_STANDS:
		client->stands++;
		client->confirmed_ns = client->confirmed_ns ? client->confirmed_ns : load_now_ns();
		break;
	case SESSION_ENDED:
		client->ended++;
		client->again = true;
		break;
	case SESSION_LOST:
		client->lost++;
		client->again = true;
		break;
	case SESSION_CHANGE: /* it stays where it is */
	case SESSION_INTRODUCED:
		break;
	}
}

static void carry_out(struct load_client *client, const struct session_actions *actions)
{
	for (unsigned int i = 0; i < actions->count; i++)
		carry_out_one(client, &actions->action[i], &actions->keys);
}

void load_client_prepare(struct load_client *client, struct session_actions *first)
{
	struct session_way way = { .period = client->server->offer.period };
	struct session_chance chance;

	memcpy(way.key, client->server->offer.key, sizeof(way.key));
	client->origin_ms = 0;
	randombytes_buf(&chance, sizeof(chance));
	session_connect(&client->session, &way, own_ms(client), &chance, first);
}

void load_client_begin(struct load_client *client, struct session_actions *first)
{
	client->origin_ms = load_now_ms();
	client->began_ns = load_now_ns();
	client->stood_ns = client->confirmed_ns = 0;
	client->messages = client->lost = 0;
	carry_out(client, first);
}

void load_client_again(struct load_client *client)
{
	struct session_way way = { .period = client->server->offer.period };
	struct session_actions actions;
	struct session_chance chance;

	client->again = false;
	load_client_introduce(client);
	memcpy(way.key, client->server->offer.key, sizeof(way.key));
	randombytes_buf(&chance, sizeof(chance));
	session_connect(&client->session, &way, own_ms(client), &chance, &actions);
	carry_out(client, &actions);
}

/* --- what comes in ------------------------------------------------------------------- */

static void take_message(struct load_client *client, const struct load_packet *packet, bool by_introduction)
{
	struct session_actions actions;
	struct session_chance chance;

	if (session_look(&client->session, packet->payload, packet->bytes, own_ms(client)) == SESSION_LOOK_DROP)
		return;
	randombytes_buf(&chance, sizeof(chance));
	session_receive(&client->session, by_introduction, NULL, packet->payload, packet->bytes, own_ms(client), &chance,
			&actions);
	carry_out(client, &actions);
}

/* Each once, however often it comes. */
static void take_echo(struct load_client *client, const struct load_packet *packet)
{
	__u32 number;
	__u64 bit;

	if (load_echo_read(packet->payload, packet->bytes, &number) || number >= client->asked) {
		client->wrong++;
		return;
	}
	bit = 1ULL << number % 64;
	if (client->asked - number > 64 || client->answered_mask & bit)
		return;
	client->answered_mask |= bit;
	client->answered++;
	session_traffic(&client->session, own_ms(client), 0);
}

/* The association that it came by; NULL: by none, and the slot that it came in. */
static struct load_association *find_association(struct load_client *client, const struct load_packet *packet,
						 const struct mf_slot **slot)
{
	__u64 now_ms = load_now_ms();

	*slot = find_slot(&client->introduction, packet, now_ms);
	if (*slot)
		return &client->introduction;
	for (int i = 0; i < SESSION_GENERATIONS; i++) {
		*slot = find_slot(&client->generation[i], packet, now_ms);
		if (*slot)
			return &client->generation[i];
	}
	return NULL;
}

void load_client_take(struct load_client *client, struct load_packet *packet)
{
	const struct mf_slot *slot;
	struct load_association *association = find_association(client, packet, &slot);
	bool by_introduction = association == &client->introduction;
	__u8 plain[LOAD_INSIDE_MOST];

	if (!association || load_packet_open(packet, slot->index, seal_of(association), plain))
		client->wrong++;
	else if (packet->next_header == MF_NEXT_CONTROL)
		take_message(client, packet, by_introduction);
	else if (packet->next_header == LOAD_ICMP6 && !by_introduction)
		take_echo(client, packet);
	else
		client->wrong++;
}

void load_client_tick(struct load_client *client)
{
	struct session_actions actions;
	struct session_chance chance;

	randombytes_buf(&chance, sizeof(chance));
	session_tick(&client->session, own_ms(client), &chance, &actions);
	carry_out(client, &actions);
}

__u64 load_client_wake_ms(const struct load_client *client)
{
	__u64 wake_ms = session_wake_ms(&client->session);

	return wake_ms == ~0ULL ? wake_ms : wake_ms - CLOCK_FIRST_MS + client->origin_ms;
}

void load_client_ask(struct load_client *client)
{
	struct load_association *association = leading(client);
	__u8 echo[LOAD_ECHO_BYTES];

	if (!association)
		return;
	load_echo_write(echo, client->inner, client->server->inner, (__u32)client->asked);
	client->answered_mask &= ~(1ULL << client->asked % 64);
	client->asked++;
	session_traffic(&client->session, 0, own_ms(client));
	load_wire_put(client->server->wire, load_association_slot(association, load_now_ms(), 0), seal_of(association),
		      LOAD_ICMP6, echo, sizeof(echo));
}
