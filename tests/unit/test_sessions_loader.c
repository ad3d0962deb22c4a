// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions_loader.c against a loader that has answered already. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/key.h"
#include "ctl/sessions.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(knows_the_association) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
