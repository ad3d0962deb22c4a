// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the board: one for each session, in which it stays, and one for each other association. */
#include "ctl/board_fill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/identity.h"

enum {
	HEARD_MS = 1500, /* two times that are no further apart are one: it is known as an age, by another clock */
	OTHER_GONE_MS = 120000, /* an association that the loader has told nothing of for so long is no more */
};

static const __u32 none = ~(__u32)0;

/* --- counts -------------------------------------------------------------------------- */

static void count(struct board_node *node, const struct board_row *row, __u32 by)
{
	if (row->kind != BOARD_SESSION)
		return;
	if (row->state < BOARD_STATES)
		node->states[row->state] += by;
	if (row->role < BOARD_ROLES)
		node->roles[row->role] += by;
	if (row->carriage < BOARD_CARRIAGES)
		node->carriages[row->carriage] += by;
	if (row->level < LEVELS)
		node->levels[row->level] += by;
}

static void put(struct board_fill *fill, struct board_row *row, const struct board_row *value)
{
	count(&fill->node, row, (__u32)-1);
	count(&fill->node, value, 1);
	board_write_row(row, value);
}

/* --- places -------------------------------------------------------------------------- */

static int make_room(struct board_fill *fill, __u32 peer)
{
	__u32 room = 2 * peer + 16;
	__u32 *more;

	if (peer < fill->row_ofs)
		return 0;
	more = reallocarray(fill->row_of, room, sizeof(*more));
	if (!more)
		return -1;
	memset(more + fill->row_ofs, 0, (room - fill->row_ofs) * sizeof(*more));
	fill->row_of = more;
	fill->row_ofs = room;
	return 0;
}

static __u32 free_row(struct board_fill *fill)
{
	__u32 row = fill->first_free;

	while (row < fill->node.rows && fill->board->row[row].kind)
		row++;
	return row;
}

/* A row for this peer; NULL: there is no room. */
static struct board_row *take_row(struct board_fill *fill, __u32 peer)
{
	__u32 row = free_row(fill);

	if (row >= BOARD_ROWS || make_room(fill, peer))
		return NULL;
	if (row >= fill->places) {
		__u32 room = fill->places ? fill->places + fill->places / 2 : 64;
		struct board_place *more = reallocarray(fill->place, room, sizeof(*more));

		if (!more)
			return NULL;
		fill->place = more;
		fill->places = room;
	}
	fill->place[row] = (struct board_place){ .peer = peer, .id = none };
	fill->row_of[peer] = row + 1;
	fill->first_free = row + 1;
	if (row >= fill->node.rows)
		fill->node.rows = row + 1;
	return &fill->board->row[row];
}

static void give_row(struct board_fill *fill, __u32 peer)
{
	static const struct board_row nothing;
	__u32 row = fill->row_of[peer] - 1;

	put(fill, &fill->board->row[row], &nothing);
	fill->row_of[peer] = 0;
	if (row < fill->first_free)
		fill->first_free = row;
	while (fill->node.rows && !fill->board->row[fill->node.rows - 1].kind)
		fill->node.rows--;
}

static __u32 row_of(const struct board_fill *fill, __u32 peer)
{
	return peer < fill->row_ofs && fill->row_of[peer] ? fill->row_of[peer] - 1 : none;
}

/* --- what the engine says ------------------------------------------------------------ */

static bool is_shown(const struct sessions_peer *peer)
{
	return peer->used && (peer->keep || (peer->session && peer->session->state != SESSION_NONE));
}

static __u64 unix_of(const struct board_fill *fill, __u64 boot_ms)
{
	return boot_ms ? boot_ms + (__u64)fill->offset_ms : 0;
}

/* Clocks are set; small differences are left alone, or every row would change all the time. */
static void take_offset(struct board_fill *fill)
{
	__s64 now_ms = (__s64)(board_fill_unix_ms() - sessions_now_ms());

	if (llabs(now_ms - fill->offset_ms) > 500)
		fill->offset_ms = now_ms;
}

static bool stands(unsigned int state)
{
	return state == SESSION_UP || state == SESSION_RENEWING || state == SESSION_SILENT;
}

static void take_session(const struct board_fill *fill, struct board_row *row, const struct sessions_peer *peer)
{
	const struct session *session = peer->session;
	const struct session_generation *present = &session->present;

	row->state = (__u8)session->state;
	if (session->asked.active || session->state == SESSION_CONFIRMING)
		row->role = BOARD_INITIATOR;
	if (!present->association.letter)
		return;
	row->role = present->initiator ? BOARD_INITIATOR : BOARD_RESPONDER;
	row->carriage = present->association.carriage;
	row->rotation_ms = present->association.rotation_ms;
	row->since_ms = unix_of(fill, session->stands_ms);
	row->handshake_ms = unix_of(fill, session->handshake_ms);
}

static void say_change(struct board_fill *fill, const struct sessions_peer *peer, unsigned int before, unsigned int now)
{
	if (stands(now) && !stands(before))
		board_fill_say(fill, "%s: session begins", peer->name);
	else if (stands(before) && now == SESSION_NONE)
		board_fill_say(fill, "%s: session ended: %s", peer->name, session_reason_name(peer->ended));
	else if (now == SESSION_SILENT && before != SESSION_SILENT)
		board_fill_say(fill, "%s: does not answer", peer->name);
}

/* It is a hash of the key, which costs more than all the rest. */
static void take_inner(struct board_row *row, struct board_place *place, const struct sessions_peer *peer)
{
	if (!memcmp(place->key, peer->public_key, sizeof(place->key)))
		return;
	sessions_inner_peer(peer, row->inner);
	memcpy(place->key, peer->public_key, sizeof(place->key));
}

void board_fill_peer(struct board_fill *fill, __u32 number)
{
	const struct sessions_peer *peer;
	__u32 at;
	struct board_row value, *row;

	if (!fill->board || number >= fill->settings.sessions->peers)
		return;
	peer = &fill->settings.sessions->peer[number];
	at = row_of(fill, number);
	if (!is_shown(peer)) {
		if (at == none)
			return;
		say_change(fill, peer, fill->board->row[at].state, SESSION_NONE);
		give_row(fill, number);
		return;
	}
	row = at == none ? take_row(fill, number) : &fill->board->row[at];
	if (!row)
		return;
	value = *row;
	value.kind = BOARD_SESSION;
	value.state = SESSION_NONE;
	value.role = peer->keep ? BOARD_INITIATOR : BOARD_NO_ROLE;
	value.level = peer->level;
	memset(value.name, 0, sizeof(value.name));
	memcpy(value.name, peer->name, strnlen(peer->name, sizeof(value.name) - 1));
	take_inner(&value, &fill->place[row - fill->board->row], peer);
	if (peer->session)
		take_session(fill, &value, peer);
	if (!stands(value.state))
		value.located = 0;
	say_change(fill, peer, row->state, value.state);
	put(fill, row, &value);
}

/* --- what the loader says ------------------------------------------------------------ */

/* What has come to pass since the last look. Of one that was there before the board nobody has looked at anything. */
static void add_traffic(struct board_fill *fill, const struct board_row *row, const struct board_place *place,
			const struct mf_assoc_status *status, const __u64 now[static BOARD_TRAFFIC])
{
	bool same = place->id == status->id && place->generation == status->generation;

	if (!same && status->added_ms < fill->node.begun_ms)
		return;
	for (int i = 0; i < BOARD_TRAFFIC; i++) {
		__u64 then = same ? row->traffic[i] : 0;

		fill->node.traffic[i] += now[i] > then ? now[i] - then : 0;
	}
}

static bool is_unknown(const struct mf_assoc_status *status)
{
	static const __u8 nowhere[sizeof(status->peer_prefix)];

	return status->config.flags & MF_ASSOC_LISTENS ||
	       (status->config.flags & MF_ASSOC_ROAMS && !memcmp(status->peer_prefix, nowhere, sizeof(nowhere)));
}

static void take_status(struct board_row *row, const struct mf_assoc_status *status, __u64 now_ms)
{
	__u64 heard_ms = status->heard_age_ms < now_ms ? now_ms - status->heard_age_ms : 0;

	row->located = 1;
	row->unknown = is_unknown(status);
	memcpy(row->local, status->local, sizeof(row->local));
	memcpy(row->remote, status->remote, sizeof(row->remote));
	row->local_port = status->local_port;
	row->remote_port = status->remote_port;
	row->rotation_ms = status->config.rotation_ms;
	row->slot_start_ms = status->start_ms;
	row->clients = status->clients;
	if (llabs((__s64)(heard_ms - row->heard_ms)) > HEARD_MS)
		row->heard_ms = heard_ms;
}

static void look(struct board_fill *fill, struct board_row *row, struct board_row *value, struct board_place *place,
		 const struct mf_assoc_status *status)
{
	const __u64 traffic[BOARD_TRAFFIC] = { status->out_packets, status->out_bytes, status->in_packets,
					       status->in_bytes };

	add_traffic(fill, row, place, status, traffic);
	take_status(value, status, board_fill_unix_ms());
	memcpy(value->traffic, traffic, sizeof(traffic));
	place->id = status->id;
	place->generation = status->generation;
	put(fill, row, value);
}

static struct board_row *other_of(struct board_fill *fill, const struct mf_assoc_status *status, unsigned int *number)
{
	unsigned int found = BOARD_OTHERS;

	for (unsigned int i = 0; i < BOARD_OTHERS; i++) {
		bool used = fill->board->other[i].kind;

		if (used && fill->other[i].id == status->id) {
			*number = i;
			return &fill->board->other[i];
		}
		if (!used && found == BOARD_OTHERS)
			found = i;
	}
	*number = found;
	return found < BOARD_OTHERS ? &fill->board->other[found] : NULL;
}

/* Clients of introductions are too many, and have nothing to show but those. */
static void look_at_other(struct board_fill *fill, const struct mf_assoc_status *status)
{
	const struct mf_assoc_config *config = &status->config;
	bool introduction = config->flags & (MF_ASSOC_LISTENS | MF_ASSOC_CONTROL);
	struct board_row value, *row;
	unsigned int number;

	if (config->shares || config->flags & MF_ASSOC_ROAMS)
		return;
	row = other_of(fill, status, &number);
	if (!row)
		return;
	if (!row->kind)
		fill->other[number] = (struct board_place){ .id = none };
	value = *row;
	value.kind = introduction ? BOARD_INTRODUCTION : BOARD_PEER;
	value.carriage = config->carriage;
	value.since_ms = status->added_ms;
	memset(value.name, 0, sizeof(value.name));
	memcpy(value.name, config->name, strnlen(config->name, sizeof(value.name) - 1));
	if (config->remote_count)
		memcpy(value.inner, config->remote_prefix[0].address, sizeof(value.inner));
	fill->other_ms[number] = board_fill_unix_ms();
	look(fill, row, &value, &fill->other[number], status);
}

void board_fill_looked(struct board_fill *fill, const struct mf_assoc_status *status, __u32 peer)
{
	struct board_row value, *row;
	__u32 at;

	if (!fill->board)
		return;
	if (peer == (__u32)SESSIONS_NONE) {
		look_at_other(fill, status);
		return;
	}
	at = row_of(fill, peer);
	if (at == none)
		return;
	row = &fill->board->row[at];
	value = *row;
	look(fill, row, &value, &fill->place[at], status);
}

static void drop_others(struct board_fill *fill, __u64 now_ms)
{
	static const struct board_row nothing;

	for (int i = 0; i < BOARD_OTHERS; i++)
		if (fill->board->other[i].kind && now_ms - fill->other_ms[i] > OTHER_GONE_MS)
			put(fill, &fill->board->other[i], &nothing);
}

/* --- whom somebody watches ----------------------------------------------------------- */

void board_fill_watch(struct board_fill *fill, __u32 page)
{
	__u64 now_ms = board_fill_unix_ms();
	unsigned int oldest = 0;

	for (unsigned int i = 0; i < BOARD_WATCHED; i++) {
		if (fill->watched[i].page == page && fill->watched[i].until_ms) {
			oldest = i;
			break;
		}
		if (fill->watched[i].until_ms < fill->watched[oldest].until_ms)
			oldest = i;
	}
	fill->watched[oldest].page = page;
	fill->watched[oldest].until_ms = now_ms + BOARD_WATCHED_MS;
}

/* Its slot is over, and it has not been asked for just now. */
static bool is_due(const struct board_fill *fill, const struct board_row *row, const struct board_place *place,
		   __u64 now_ms)
{
	if (now_ms - place->asked_ms < BOARD_ASK_AGAIN_MS)
		return false;
	return !row->located || row->slot_start_ms + row->rotation_ms <= board_fill_programs_ms(fill);
}

/* A row's association as it is now. false: the loader does not answer. */
static bool ask_for_row(struct board_fill *fill, __u32 row, __u64 now_ms)
{
	fill->place[row].asked_ms = now_ms;
	return sessions_look(fill->settings.sessions, fill->place[row].peer) != -ETIMEDOUT;
}

/* One that has gone is dropped, and comes again if it has merely got another number. */
static bool ask_for_other(struct board_fill *fill, unsigned int number, __u64 now_ms)
{
	static const struct board_row nothing;
	struct mf_message message = { .type = MF_ASSOC_NEXT, .assoc_status.id = fill->other[number].id };
	__u32 id = fill->other[number].id;
	int error = client_ask_again(fill->settings.loader, &message);

	fill->other[number].asked_ms = now_ms;
	if (error == -ETIMEDOUT)
		return false;
	if (error == -EREMOTEIO || (!error && message.assoc_status.id != id))
		put(fill, &fill->board->other[number], &nothing);
	else if (!error)
		look_at_other(fill, &message.assoc_status);
	return true;
}

static bool ask_for_others(struct board_fill *fill, __u64 now_ms, unsigned int *asks)
{
	for (unsigned int i = 0; i < BOARD_OTHERS && *asks; i++) {
		if (!fill->board->other[i].kind || !is_due(fill, &fill->board->other[i], &fill->other[i], now_ms))
			continue;
		if (!ask_for_other(fill, i, now_ms))
			return false;
		--*asks;
	}
	return true;
}

static bool ask_for_page(struct board_fill *fill, __u32 page, __u64 now_ms, unsigned int *asks)
{
	__u64 first = (__u64)page * BOARD_PAGE;

	for (__u64 row = first; row < first + BOARD_PAGE && row < fill->node.rows && *asks; row++) {
		const struct board_row *shown = &fill->board->row[row];

		if (!shown->kind || !stands(shown->state) || !is_due(fill, shown, &fill->place[row], now_ms))
			continue;
		if (!ask_for_row(fill, (__u32)row, now_ms))
			return false;
		--*asks;
	}
	return true;
}

static void ask_for_watched(struct board_fill *fill)
{
	__u64 now_ms = board_fill_unix_ms();
	unsigned int asks = BOARD_TURN_ASKS;
	bool answered = true, others = false;

	fill->turns++;
	for (unsigned int i = 0; i < BOARD_WATCHED && answered; i++) {
		unsigned int at = (fill->turns + i) % BOARD_WATCHED;

		if (fill->watched[at].until_ms <= now_ms)
			continue;
		if (!others)
			answered = ask_for_others(fill, now_ms, &asks);
		others = true;
		answered = answered && ask_for_page(fill, fill->watched[at].page, now_ms, &asks);
	}
	if (!answered)
		fill->pause_ms = now_ms + BOARD_PAUSE_MS;
}

/* --- turns --------------------------------------------------------------------------- */

static void look_at_peers(struct board_fill *fill)
{
	__u32 peers = fill->settings.sessions->peers, looks = BOARD_TURN_PEERS + peers / BOARD_TURN_PART;

	if (looks > BOARD_TURN_MOST)
		looks = BOARD_TURN_MOST;
	if (fill->at >= peers)
		fill->at = 0;
	for (; looks && fill->at < peers; looks--)
		board_fill_peer(fill, fill->at++);
}

void board_fill_turn(struct board_fill *fill)
{
	__u64 now_ms = board_fill_unix_ms();

	if (!fill->board)
		return;
	take_offset(fill);
	look_at_peers(fill);
	if (now_ms < fill->node_ms || now_ms - fill->node_ms >= BOARD_NODE_MS) {
		fill->node_ms = now_ms;
		board_fill_node(fill);
		drop_others(fill, now_ms);
	}
	if (now_ms >= fill->pause_ms)
		ask_for_watched(fill);
	if (!fill->news)
		return;
	fill->news = false;
	fill->node.written_ms = now_ms;
	board_write_node(fill->board, &fill->node);
}

void board_fill_open(struct board_fill *fill, struct board *board, const struct board_settings *settings)
{
	__u8 inner[16];

	*fill = (struct board_fill){ .settings = *settings, .board = board };
	fill->node.begun_ms = board_fill_unix_ms();
	fill->node.serves = settings->serves;
	snprintf(fill->node.version, sizeof(fill->node.version), "%s", MAYFLY_VERSION);
	for (unsigned int i = 0; i < BOARD_STATES; i++)
		snprintf(fill->node.state_name[i], BOARD_WORD, "%s", session_state_name(i));
	for (unsigned int i = 0; i < LEVELS; i++)
		snprintf(fill->node.level_name[i], BOARD_WORD, "%s", level_name(i));
	if (settings->public_key) {
		identity_address(inner, settings->public_key);
		format_address(fill->node.inner, inner);
	}
	take_offset(fill);
}

void board_fill_close(struct board_fill *fill)
{
	free(fill->row_of);
	free(fill->place);
	*fill = (struct board_fill){ 0 };
}
