// SPDX-License-Identifier: GPL-2.0-only
/* Associations that the loader has been asked for and has yet to answer for, in the order in which they were asked for. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/key.h"
#include "ctl/sessions_parts.h"

/* One peer's actions, as far as they wait. */
struct sessions_waiting {
	__u32 peer;
	unsigned int number; /* of the ADD */
	struct session_actions actions;
	struct client_question question;
};

/* A ring: `first` is the oldest. */
struct sessions_adding {
	unsigned int first, count;
	struct sessions_waiting waiting[SESSIONS_AT_ONCE];
	struct mf_message *message; /* of each; secret memory */
};

int sessions_adding_open(struct sessions *sessions)
{
	struct sessions_adding *adding = calloc(1, sizeof(*adding));

	if (!adding)
		return -ENOMEM;
	adding->message = key_secret_new(SESSIONS_AT_ONCE * sizeof(*adding->message));
	if (!adding->message) {
		free(adding);
		return -ENOMEM;
	}
	sessions->adding = adding;
	return 0;
}

void sessions_adding_close(struct sessions *sessions)
{
	if (!sessions->adding)
		return;
	key_secret_free(sessions->adding->message);
	free(sessions->adding);
	sessions->adding = NULL;
}

/* Goes on with the oldest, when it is answered. */
static void finish_oldest(struct sessions *sessions)
{
	struct sessions_adding *adding = sessions->adding;
	struct sessions_waiting *oldest = &adding->waiting[adding->first];
	struct session_actions actions = oldest->actions;
	__u32 peer = oldest->peer;
	unsigned int number = oldest->number;
	int error = sessions_loader_answer(sessions, peer, actions.action[number].association, &actions.keys,
					   &oldest->question);

	sodium_memzero(&oldest->actions, sizeof(oldest->actions));
	adding->first = (adding->first + 1) % SESSIONS_AT_ONCE;
	adding->count--;
	if (error)
		sessions_not_added(sessions, peer);
	sessions_carry_out(sessions, peer, &actions, error ? actions.count : number + 1);
}

bool sessions_add_later(struct sessions *sessions, __u32 peer, struct session_actions *actions, unsigned int number)
{
	struct sessions_adding *adding = sessions->adding;
	struct sessions_waiting *waiting;
	unsigned int place;

	if (!sessions->gathers || !adding)
		return false;
	if (adding->count == SESSIONS_AT_ONCE)
		finish_oldest(sessions);
	place = (adding->first + adding->count) % SESSIONS_AT_ONCE;
	waiting = &adding->waiting[place];
	waiting->question.message = &adding->message[place];
	if (sessions_loader_ask(sessions, peer, actions->action[number].association, &actions->keys, &waiting->question))
		return false;
	waiting->peer = peer;
	waiting->number = number;
	waiting->actions = *actions;
	sodium_memzero(actions, sizeof(*actions));
	adding->count++;
	return true;
}

void sessions_added(struct sessions *sessions)
{
	struct sessions_adding *adding = sessions->adding;

	if (!adding || !adding->count)
		return;
	client_look(sessions->settings.loader);
	while (adding->count && adding->waiting[adding->first].question.error != -EINPROGRESS)
		finish_oldest(sessions);
}

void sessions_add_for(struct sessions *sessions, __u32 peer)
{
	const struct sessions_adding *adding = sessions->adding;

	for (unsigned int i = 0; adding && i < adding->count; i++)
		if (adding->waiting[(adding->first + i) % SESSIONS_AT_ONCE].peer == peer)
			sessions_add_all(sessions);
}

void sessions_add_all(struct sessions *sessions)
{
	while (sessions->adding && sessions->adding->count)
		finish_oldest(sessions);
}
