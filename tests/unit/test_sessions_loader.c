// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions_loader.c against a loader that has answered already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/identity.h"
#include "ctl/key.h"
#include "ctl/sessions_parts.h"

/* A line to a loader that a test plays. */
struct line {
	struct client client;
	struct sessions_peer peer;
	struct sessions sessions;
	int loader;
};

static void line_open(struct line *line)
{
	int ends[2];

	memset(line, 0, sizeof(*line));
	assert_true(sodium_init() >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	line->client.fd = ends[0];
	line->loader = ends[1];
	line->peer = (struct sessions_peer){ .used = true, .name = "laptop" };
	line->sessions.settings.loader = &line->client;
	line->sessions.peer = &line->peer;
	line->sessions.peers = 1;
	line->sessions.secret = key_secret_new(sizeof(*line->sessions.secret));
	assert_non_null(line->sessions.secret);
}

static void line_close(struct line *line)
{
	key_secret_free(line->sessions.secret);
	free(line->sessions.by_association);
	client_close(&line->client);
	close(line->loader);
}

static void answer(struct line *line, const struct mf_message *message)
{
	assert_int_equal(send(line->loader, message, sizeof(*message), 0), sizeof(*message));
}

/* `got`: what the loader is asked when the session with the peer is to have this association, sealed by keys of chance. */
static void add(struct line *line, const struct session_association *association, struct seal_keys *keys,
		struct mf_message *got)
{
	const struct mf_message accepted = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_ADD, .sequence = 1 };

	randombytes_buf(keys, sizeof(*keys));
	answer(line, &accepted);
	assert_int_equal(sessions_loader_add(&line->sessions, 0, association, keys), 0);
	assert_int_equal(recv(line->loader, got, sizeof(*got), 0), sizeof(*got));
}

/* The keys reach the loader as they are, and stay nowhere. */
static void brings_keys(void **state)
{
	const struct session_association association = {
		.letter = 'b', .rotation_ms = 3000, .carriage = MF_CARRIAGE_SEALED, .padding = MF_PADDING_CLASSES,
	};
	struct mf_message got;
	struct seal_keys keys;
	struct line line;

	(void)state;
	line_open(&line);
	add(&line, &association, &keys, &got);
	assert_int_equal(got.type, MF_ASSOC_ADD);
	assert_int_equal(got.assoc_config.carriage, MF_CARRIAGE_SEALED);
	assert_int_equal(got.assoc_config.padding, MF_PADDING_CLASSES);
	assert_memory_equal(&got.assoc_config.seal_out, &keys.out, sizeof(keys.out));
	assert_memory_equal(&got.assoc_config.seal_in, &keys.in, sizeof(keys.in));
	assert_true(sodium_is_zero((const __u8 *)line.sessions.secret, sizeof(*line.sessions.secret)));
	line_close(&line);
}

/* Another prefix: all of it again but the keys, which the loader has, and which count on there. */
static void changes_without_keys(void **state)
{
	const struct session_association association = {
		.letter = 'c', .rotation_ms = 3000, .carriage = MF_CARRIAGE_SEALED, .padding = MF_PADDING_FULL,
		.key = { 5 }, .local = { .base = { 0x20, 1 }, .prefix_length = 64, .hop_bits = 64 },
	};
	struct mf_message got, accepted = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_CHANGE, .sequence = 1 };
	struct line line;

	(void)state;
	line_open(&line);
	answer(&line, &accepted);
	assert_int_equal(sessions_loader_change(&line.sessions, 0, &association), 0);
	assert_int_equal(recv(line.loader, &got, sizeof(got), 0), sizeof(got));
	assert_int_equal(got.type, MF_ASSOC_CHANGE);
	assert_string_equal(got.assoc_config.name, "laptop@c");
	assert_int_equal(got.assoc_config.shares, 1);
	assert_int_equal(got.assoc_config.padding, MF_PADDING_FULL);
	assert_memory_equal(got.assoc_config.key, association.key, sizeof(association.key));
	assert_memory_equal(&got.assoc_config.local, &association.local, sizeof(association.local));
	assert_true(sodium_is_zero((const __u8 *)&got.assoc_config.seal_out, sizeof(got.assoc_config.seal_out)));
	assert_true(sodium_is_zero((const __u8 *)&got.assoc_config.seal_in, sizeof(got.assoc_config.seal_in)));
	assert_true(sodium_is_zero((const __u8 *)line.sessions.secret, sizeof(*line.sessions.secret)));
	line_close(&line);
}

/* What is not sealed brings none, whatever stands there. */
static void brings_none(void **state)
{
	const struct session_association association = {
		.letter = 'a', .rotation_ms = 3000, .carriage = MF_CARRIAGE_ENCAP, .padding = MF_PADDING_FULL,
	};
	struct mf_message got;
	struct seal_keys keys;
	struct line line;

	(void)state;
	line_open(&line);
	add(&line, &association, &keys, &got);
	assert_int_equal(got.assoc_config.padding, 0);
	assert_true(sodium_is_zero((const __u8 *)&got.assoc_config.seal_out, sizeof(got.assoc_config.seal_out)));
	assert_true(sodium_is_zero((const __u8 *)&got.assoc_config.seal_in, sizeof(got.assoc_config.seal_in)));
	line_close(&line);
}

/*
 * A loader that goes before it answers: it may have taken the keys, and counted with them. They are not brought to the one
 * that comes after it, which would count from the beginning.
 */
static void brings_keys_once(void **state)
{
	const struct session_association association = {
		.letter = 'a', .rotation_ms = 3000, .carriage = MF_CARRIAGE_SEALED,
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct seal_keys keys = { .out.key = { 1 }, .in.key = { 2 } };
	struct line line;
	int next = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)state;
	line_open(&line);
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/mayfly-test-%d.sock", (int)getpid());
	strcpy(line.client.path, address.sun_path);
	assert_int_equal(bind(next, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(next, 1), 0);
	line.sessions.said_loader = true;
	shutdown(line.loader, SHUT_WR); /* heard, but never answered */
	assert_int_equal(sessions_loader_add(&line.sessions, 0, &association, &keys), -ECONNRESET);
	assert_int_equal(accept(next, NULL, NULL), -1);
	close(next);
	unlink(address.sun_path);
	line_close(&line);
}

/* Levels go by the association that carries a session: its number in the loader is known from the answer. */
static void knows_the_association(void **state)
{
	const struct session_association association = { .letter = 'a', .rotation_ms = 3000 };
	struct mf_message accepted = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_ADD, .sequence = 1 };
	struct mf_message deleted = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_DELETE, .sequence = 2 };
	const struct seal_keys keys = { 0 };
	struct line line;

	(void)state;
	line_open(&line);
	accepted.assoc_status.id = 7;
	answer(&line, &accepted);
	assert_int_equal(sessions_loader_add(&line.sessions, 0, &association, &keys), 0);
	assert_int_equal(line.peer.association, 7);
	assert_int_equal(sessions_find_association(&line.sessions, 7), 0);
	assert_int_equal(sessions_find_association(&line.sessions, 6), SESSIONS_NONE);
	answer(&line, &deleted);
	sessions_loader_delete(&line.sessions, 0, 'b');
	assert_int_equal(sessions_find_association(&line.sessions, 7), 0);
	deleted.sequence = 3;
	answer(&line, &deleted);
	sessions_loader_delete(&line.sessions, 0, 'a');
	assert_int_equal(sessions_find_association(&line.sessions, 7), SESSIONS_NONE);
	line_close(&line);
}

static void answer_at(int end, __u32 sequence, __u16 type, __u16 refusal, const struct mf_message *from)
{
	struct mf_message message = from ? *from : (struct mf_message){ 0 };

	message.version = MF_CONTROL_VERSION;
	message.type = type;
	message.sequence = sequence;
	message.refusal = refusal;
	assert_int_equal(send(end, &message, sizeof(message), 0), sizeof(message));
}

/* Adopts from a loader that has one session, with somebody who is not known. How many deletions are asked for. */
static int adopt_unknown(bool leaves_others)
{
	struct mf_message node = { .node_status.attached = 1 }, other = { 0 }, asked;
	struct client client = { 0 };
	struct sessions sessions = { .settings = { .loader = &client, .leaves_others = leaves_others } };
	__u32 sequence = 0;
	char why[SAY_BYTES];
	int ends[2], deletions = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	client.fd = ends[0];
	assert_int_equal(mf_table_open(&sessions.by_inner, 16), 0);
	memcpy(other.assoc_status.config.name, "other@a", 8);
	other.assoc_status.config.shares = other.assoc_status.config.remote_count = 1;
	answer_at(ends[1], ++sequence, MF_NODE_GET, MF_ACCEPTED, &node);
	answer_at(ends[1], ++sequence, MF_ASSOC_NEXT, MF_ACCEPTED, &other);
	answer_at(ends[1], ++sequence, MF_ASSOC_NEXT, MF_REFUSED_NOT_FOUND, NULL);
	answer_at(ends[1], ++sequence, MF_COUNTERS_GET, MF_ACCEPTED, NULL);
	answer_at(ends[1], ++sequence, MF_ASSOC_FIND, MF_REFUSED_NOT_FOUND, NULL);
	if (!leaves_others)
		answer_at(ends[1], ++sequence, MF_ASSOC_DELETE, MF_ACCEPTED, NULL);
	answer_at(ends[1], ++sequence, MF_ASSOC_FIND, MF_REFUSED_NOT_FOUND, NULL);
	assert_int_equal(sessions_adopt(&sessions, why), 0);
	while (recv(ends[1], &asked, sizeof(asked), MSG_DONTWAIT) == sizeof(asked))
		deletions += asked.type == MF_ASSOC_DELETE;
	mf_table_close(&sessions.by_inner);
	client_close(&client);
	close(ends[1]);
	return deletions;
}

/* A serve that is on its way back finds its clients' sessions, whoever has kept this node's own meanwhile. */
static void leaves_others_alone(void **state)
{
	(void)state;
	assert_int_equal(adopt_unknown(false), 1);
	assert_int_equal(adopt_unknown(true), 0);
}

/* --- traffic ------------------------------------------------------------------------- */

static const struct sessions_owner nobody;

/* A session that stands in "laptop@a", and is looked at. */
static void traffic_open(struct line *line, struct session *session, uv_loop_t *loop)
{
	struct sessions *sessions = &line->sessions;
	const struct session_settings settings = { .padding = MF_PADDING_NONE };
	__u8 inner[16];

	line_open(line);
	assert_int_equal(uv_loop_init(loop), 0);
	assert_int_equal(uv_timer_init(loop, &sessions->timer), 0);
	assert_int_equal(mf_due_open(&sessions->due, 4), 0);
	assert_int_equal(mf_table_open(&sessions->by_inner, 4), 0);
	identity_address(inner, line->peer.public_key);
	assert_int_equal(mf_table_put(&sessions->by_inner, inner, 0), 0);
	sessions->settings.owner = &nobody;
	session_init(session, &settings);
	session->state = SESSION_UP;
	session->present.initiator = true;
	session->present.association.letter = 'a';
	session->present.association.carriage = MF_CARRIAGE_SEALED;
	line->peer.session = session;
}

static void traffic_close(struct line *line, uv_loop_t *loop)
{
	uv_close((uv_handle_t *)&line->sessions.timer, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
	mf_due_close(&line->sessions.due);
	mf_table_close(&line->sessions.by_inner);
	line_close(line);
}

/* The loader has this association, and no other. */
static void look(struct line *line, __u32 generation, __u64 out, __u64 in, __u64 sealed)
{
	struct mf_message status = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_NEXT }, end = status;

	status.sequence = line->client.sequence + 1;
	strcpy(status.assoc_status.config.name, "laptop@a");
	status.assoc_status.config.shares = status.assoc_status.config.remote_count = 1;
	identity_address(status.assoc_status.config.remote_prefix[0].address, line->peer.public_key);
	status.assoc_status.generation = generation;
	status.assoc_status.out_packets = out;
	status.assoc_status.in_packets = in;
	status.assoc_status.sealed = sealed;
	answer(line, &status);
	end.sequence = status.sequence + 1;
	end.refusal = MF_REFUSED_NOT_FOUND;
	answer(line, &end);
	sessions_loader_sweep(&line->sessions);
}

/* What a session says and hears of itself is no use of it; what another generation counts begins anew. */
static void notes_traffic(void **state)
{
	struct session session;
	struct line line;
	uv_loop_t loop;

	(void)state;
	traffic_open(&line, &session, &loop);
	line.peer.said = line.peer.heard = 3;
	look(&line, 5, 3, 3, 3);
	assert_int_equal(session.used_ms, 0);
	look(&line, 5, 3, 3, 3);
	assert_int_equal(session.used_ms, 0);
	look(&line, 5, 3, 4, 3);
	assert_true(session.used_ms > 0 && session.heard_ms == session.used_ms && !session.sent_ms);
	session.used_ms = 0;
	line.peer.said = line.peer.heard = 1;
	look(&line, 6, 1, 1, 1);
	assert_int_equal(session.used_ms, 0);
	line.peer.said = line.peer.heard = 1;
	look(&line, 7, 2, 1, 2); /* fewer than were counted before, but one is not the session's */
	assert_true(session.used_ms > 0 && session.sent_ms == session.used_ms);
	assert_false(session.present.worn);
	assert_int_equal(line.peer.sealed, 2);
	look(&line, 7, 2, 1, SESSION_REKEY_PACKETS);
	assert_true(session.present.worn);
	traffic_close(&line, &loop);
}

/* What leads to the peer, when that is asked for; `accepted`: and one request more, whatever it is. */
static void answer_leading(struct line *line, __u64 in, bool accepted)
{
	struct mf_message status = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_FIND };
	struct mf_message more = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_DELETE };

	status.sequence = line->client.sequence + 1;
	strcpy(status.assoc_status.config.name, "laptop@a");
	status.assoc_status.config.shares = status.assoc_status.config.remote_count = 1;
	identity_address(status.assoc_status.config.remote_prefix[0].address, line->peer.public_key);
	status.assoc_status.in_packets = in;
	answer(line, &status);
	more.sequence = status.sequence + 1;
	if (accepted)
		answer(line, &more);
}

/* Among very many a session may be idle by all that is known, because it was not looked at for so long. */
static void looks_before_the_end(void **state)
{
	const struct session_actions none = { 0 };
	struct session session;
	struct session_actions actions;
	struct line line;
	uv_loop_t loop;

	(void)state;
	traffic_open(&line, &session, &loop);
	line.sessions.timer.data = &line.sessions;
	line.sessions.socket[SESSIONS_INSIDE].fd = -1;
	line.peer.replay_ms = ~0ULL >> 1; /* so that the engine, which is the test's, is not given back */
	session.settings.idle_ms = 10000;
	for (int silent = 0; silent <= 1; silent++) {
		session.used_ms = sessions_now_ms() - 20000;
		answer_leading(&line, 5, silent);
		actions = none;
		sessions_carry_out(&line.sessions, 0, &actions, 0);
		uv_run(&loop, UV_RUN_NOWAIT);
		assert_int_equal(session.state, silent ? SESSION_NONE : SESSION_UP);
	}
	assert_int_equal(line.peer.ended, SESSION_IDLE);
	traffic_close(&line, &loop);
}

/* Levels shorten periods, but not those of introductions that somebody may have read of. */
static void remembers_for_the_longest_period(void **state)
{
	const struct session_association association = { .letter = 'a', .rotation_ms = 3000 };
	struct session_actions actions = { .count = 1, .action = { { .kind = SESSION_ADD, .association = &association } } };
	struct mf_message accepted = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_ADD, .sequence = 1 };
	struct session session;
	struct line line;
	uv_loop_t loop;

	(void)state;
	traffic_open(&line, &session, &loop);
	line.sessions.settings.period_s = 150;
	line.sessions.settings.period_most_s = 600;
	answer(&line, &accepted);
	sessions_carry_out(&line.sessions, 0, &actions, 0);
	assert_in_range(line.peer.replay_ms, sessions_now_ms() + 1800000 - 5000, sessions_now_ms() + 1800000);
	traffic_close(&line, &loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(brings_keys), cmocka_unit_test(changes_without_keys), cmocka_unit_test(brings_none),
		cmocka_unit_test(brings_keys_once), cmocka_unit_test(knows_the_association),
		cmocka_unit_test(leaves_others_alone), cmocka_unit_test(notes_traffic),
		cmocka_unit_test(looks_before_the_end), cmocka_unit_test(remembers_for_the_longest_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
