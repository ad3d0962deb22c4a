// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions_loader.c against a loader that has answered already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/key.h"
#include "ctl/sessions_parts.h"

/* Levels go by the association that carries a session: its number in the loader is known from the answer. */
static void knows_the_association(void **state)
{
	struct session_association association = { .letter = 'a', .rotation_ms = 3000 };
	struct mf_message answer = { .version = MF_CONTROL_VERSION, .type = MF_ASSOC_ADD, .sequence = 1 };
	struct sessions_peer peer = { .used = true, .name = "laptop" };
	struct client client = { 0 };
	struct sessions sessions = { .settings.loader = &client, .peer = &peer, .peers = 1 };
	int ends[2];

	(void)state;
	assert_true(sodium_init() >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	client.fd = ends[0];
	sessions.secret = key_secret_new(sizeof(*sessions.secret));
	assert_non_null(sessions.secret);
	answer.assoc_status.id = 7;
	assert_int_equal(send(ends[1], &answer, sizeof(answer), 0), sizeof(answer));
	assert_int_equal(sessions_loader_add(&sessions, 0, &association), 0);
	assert_int_equal(peer.association, 7);
	key_secret_free(sessions.secret);
	client_close(&client);
	close(ends[1]);
}

static void answer(int end, __u32 sequence, __u16 type, __u16 refusal, const struct mf_message *from)
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
	answer(ends[1], ++sequence, MF_NODE_GET, MF_ACCEPTED, &node);
	answer(ends[1], ++sequence, MF_ASSOC_NEXT, MF_ACCEPTED, &other);
	answer(ends[1], ++sequence, MF_ASSOC_NEXT, MF_REFUSED_NOT_FOUND, NULL);
	answer(ends[1], ++sequence, MF_COUNTERS_GET, MF_ACCEPTED, NULL);
	answer(ends[1], ++sequence, MF_ASSOC_FIND, MF_REFUSED_NOT_FOUND, NULL);
	if (!leaves_others)
		answer(ends[1], ++sequence, MF_ASSOC_DELETE, MF_ACCEPTED, NULL);
	answer(ends[1], ++sequence, MF_ASSOC_FIND, MF_REFUSED_NOT_FOUND, NULL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_association), cmocka_unit_test(leaves_others_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
