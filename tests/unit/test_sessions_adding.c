// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions_loader.c and ctl/sessions_adding.c against a loader whose answers are put in by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/key.h"
#include "ctl/sessions_parts.h"

static const struct seal_keys no_keys;

/* One peer, and the loader's end of a pair of sockets. */
struct lab {
	struct session_association association;
	struct sessions_peer peer;
	struct client client;
	struct sessions sessions;
	int loader;
};

static int lab_open(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	int ends[2];

	if (!lab || sodium_init() < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -1;
	lab->association = (struct session_association){ .letter = 'a', .rotation_ms = 3000 };
	lab->peer = (struct sessions_peer){ .used = true, .name = "laptop" };
	lab->client.fd = ends[0];
	lab->loader = ends[1];
	lab->sessions = (struct sessions){ .settings.loader = &lab->client, .peer = &lab->peer, .peers = 1 };
	lab->sessions.secret = key_secret_new(sizeof(*lab->sessions.secret));
	*state = lab;
	return lab->sessions.secret ? sessions_adding_open(&lab->sessions) : -1;
}

static int lab_close(void **state)
{
	struct lab *lab = *state;

	sessions_adding_close(&lab->sessions);
	free(lab->sessions.by_association);
	key_secret_free(lab->sessions.secret);
	client_close(&lab->client);
	close(lab->loader);
	free(lab);
	return 0;
}

static void answer(const struct lab *lab, __u32 sequence, unsigned int type, unsigned int refusal, __u32 id)
{
	struct mf_message message = { .version = MF_CONTROL_VERSION, .type = (__u16)type, .sequence = sequence,
				      .refusal = (__u16)refusal };

	message.assoc_status.id = id;
	message.assoc_status.alone = id == 7;
	assert_int_equal(send(lab->loader, &message, sizeof(message), 0), sizeof(message));
}

/* Type of the next message that the loader has been sent; 0: there is none. */
static unsigned int asked(const struct lab *lab)
{
	struct mf_message message;

	return recv(lab->loader, &message, sizeof(message), MSG_DONTWAIT) == sizeof(message) ? message.type : 0;
}

/* Levels go by the association that carries a session: its number in the loader is known from the answer. */
static void knows_the_association(void **state)
{
	struct lab *lab = *state;

	answer(lab, 1, MF_ASSOC_ADD, MF_ACCEPTED, 7);
	assert_int_equal(sessions_loader_add(&lab->sessions, 0, &lab->association, &no_keys), 0);
	assert_int_equal(lab->peer.association, 7);
}

/* What has no other beside it leads; nobody need be told. */
static void leads_alone(void **state)
{
	struct lab *lab = *state;
	struct session session = { .present.association.letter = 'a' };

	lab->peer.session = &session;
	answer(lab, 1, MF_ASSOC_ADD, MF_ACCEPTED, 7);
	assert_int_equal(sessions_loader_add(&lab->sessions, 0, &lab->association, &no_keys), 0);
	assert_int_equal(asked(lab), MF_ASSOC_ADD);
	sessions_loader_lead(&lab->sessions, 0, 'a');
	assert_int_equal(asked(lab), 0);
	answer(lab, 2, MF_ASSOC_ADD, MF_ACCEPTED, 8);
	assert_int_equal(sessions_loader_add(&lab->sessions, 0, &lab->association, &no_keys), 0);
	assert_int_equal(asked(lab), MF_ASSOC_ADD);
	sessions_loader_lead(&lab->sessions, 0, 'a');
	assert_int_equal(asked(lab), MF_ASSOC_LEAD);
}

static struct session_actions add_and_delete(const struct lab *lab)
{
	struct session_actions actions = { .count = 2 };

	actions.action[0] = (struct session_action){ .kind = SESSION_ADD, .association = &lab->association };
	actions.action[1] = (struct session_action){ .kind = SESSION_DELETE, .letter = 'b' };
	return actions;
}

/* What follows an ADD is done when that is answered, and not before; meanwhile nobody waits. */
static void goes_on_when_answered(void **state)
{
	struct lab *lab = *state;
	struct session_actions actions = add_and_delete(lab);

	lab->sessions.gathers = true;
	sessions_carry_out(&lab->sessions, 0, &actions, 0);
	sessions_added(&lab->sessions);
	assert_int_equal(asked(lab), MF_ASSOC_ADD);
	assert_int_equal(asked(lab), 0);
	answer(lab, 1, MF_ASSOC_ADD, MF_ACCEPTED, 7);
	answer(lab, 2, MF_ASSOC_DELETE, MF_ACCEPTED, 0);
	sessions_added(&lab->sessions);
	assert_int_equal(lab->peer.association, 7);
	assert_int_equal(asked(lab), MF_ASSOC_DELETE);
	assert_int_equal(asked(lab), 0);
	sessions_add_all(&lab->sessions); /* nothing is left to wait for */
}

/* Several at once, more than there is room for; before anything else happens to a peer its own are done. */
static void waits_for_a_peer(void **state)
{
	struct lab *lab = *state;
	struct session_actions actions;

	lab->sessions.gathers = true;
	for (__u32 i = 0; i < SESSIONS_AT_ONCE + 1; i++) {
		actions = (struct session_actions){ .count = 1 };
		actions.action[0] = (struct session_action){ .kind = SESSION_ADD, .association = &lab->association };
		answer(lab, i + 1, MF_ASSOC_ADD, MF_ACCEPTED, i + 10);
		sessions_carry_out(&lab->sessions, 0, &actions, 0);
		assert_int_equal(asked(lab), MF_ASSOC_ADD);
	}
	assert_int_equal(lab->peer.association, 10); /* made room */
	sessions_add_for(&lab->sessions, 1);
	assert_int_equal(lab->peer.association, 10);
	sessions_add_for(&lab->sessions, 0);
	assert_int_equal(lab->peer.association, SESSIONS_AT_ONCE + 10);
}

/* One of that name is left over from somebody else: it goes, as if the answer had been waited for. */
static void replaces_what_is_left(void **state)
{
	struct lab *lab = *state;
	struct session_actions actions = add_and_delete(lab);

	lab->sessions.gathers = true;
	sessions_carry_out(&lab->sessions, 0, &actions, 0);
	answer(lab, 1, MF_ASSOC_ADD, MF_REFUSED_EXISTS, 0);
	answer(lab, 2, MF_ASSOC_ADD, MF_REFUSED_EXISTS, 0);
	answer(lab, 3, MF_ASSOC_DELETE, MF_ACCEPTED, 0);
	answer(lab, 4, MF_ASSOC_ADD, MF_ACCEPTED, 9);
	answer(lab, 5, MF_ASSOC_DELETE, MF_ACCEPTED, 0);
	sessions_add_all(&lab->sessions);
	assert_int_equal(lab->peer.association, 9);
	for (int i = 0; i < 2; i++)
		assert_int_equal(asked(lab), MF_ASSOC_ADD);
	assert_int_equal(asked(lab), MF_ASSOC_DELETE);
	assert_int_equal(asked(lab), MF_ASSOC_ADD);
	assert_int_equal(asked(lab), MF_ASSOC_DELETE);
}

/* The loader goes before it has answered: it may have taken the keys, which do not come a second time. */
static void brings_keys_once(void **state)
{
	struct lab *lab = *state;
	struct mf_message message;
	struct client_question question = { .message = &message };
	struct seal_keys keys;

	memset(&keys, 7, sizeof(keys));
	lab->association.carriage = MF_CARRIAGE_SEALED;
	assert_int_equal(sessions_loader_ask(&lab->sessions, 0, &lab->association, &keys, &question), 0);
	assert_int_equal(asked(lab), MF_ASSOC_ADD);
	shutdown(lab->loader, SHUT_WR);
	assert_int_not_equal(sessions_loader_answer(&lab->sessions, 0, &lab->association, &keys, &question), 0);
	assert_int_equal(asked(lab), 0);
	assert_true(sodium_is_zero((const __u8 *)&message, sizeof(message)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_the_association), TEST(leads_alone), TEST(goes_on_when_answered), TEST(waits_for_a_peer),
		TEST(replaces_what_is_left), TEST(brings_keys_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
