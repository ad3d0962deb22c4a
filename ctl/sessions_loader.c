// SPDX-License-Identifier: GPL-2.0-only
/* Sessions' associations in the loader: asked for, led to, deleted, looked at, and found again after a restart. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/identity.h"
#include "ctl/key.h"
#include "ctl/sessions_parts.h"
#include "ctl/snapshot.h"

enum { MARK_BYTES = 3 }; /* "@a" and the end */

void sessions_name(char name[static MF_NAME_BYTES], const struct sessions_peer *peer, char letter)
{
	const char *stem = *peer->stem ? peer->stem : peer->name;
	char mark[9];

	memset(name, 0, MF_NAME_BYTES);
	if (strlen(stem) + MARK_BYTES <= MF_NAME_BYTES) {
		snprintf(name, MF_NAME_BYTES, "%.*s@%c", MF_NAME_BYTES - MARK_BYTES, stem, letter);
		return;
	}
	sodium_bin2hex(mark, sizeof(mark), peer->public_key, 4);
	snprintf(name, MF_NAME_BYTES, "%.18s~%s@%c", stem, mark, letter);
}

/* '\0': not a session's. */
static char letter_of(const char name[static MF_NAME_BYTES])
{
	const char *mark = memchr(name, '@', MF_NAME_BYTES - 2);

	if (!mark || mark[1] < 'a' || mark[1] >= 'a' + SESSION_GENERATIONS || mark[2])
		return 0;
	return mark[1];
}

static void put_host(struct mf_prefix *prefix, const __u8 address[static 16])
{
	memcpy(prefix->address, address, 16);
	prefix->length = 128;
}

static void fill(struct mf_assoc_config *config, const struct sessions *sessions, __u32 number,
		 const struct session_association *association, const struct seal_keys *keys)
{
	const struct sessions_peer *peer = &sessions->peer[number];
	__u8 inner[16];

	memset(config, 0, sizeof(*config));
	sessions_name(config->name, peer, association->letter);
	memcpy(config->key, association->key, sizeof(config->key));
	memcpy(config->seed_local, association->seed_local, sizeof(config->seed_local));
	memcpy(config->seed_remote, association->seed_remote, sizeof(config->seed_remote));
	config->local = association->local;
	config->remote = association->remote;
	config->rotation_ms = association->rotation_ms;
	config->carriage = association->carriage;
	config->flags = association->flags;
	if (association->carriage == MF_CARRIAGE_SEALED) {
		config->padding = association->padding;
		config->seal_out = keys->out;
		config->seal_in = keys->in;
	}
	config->shares = 1;
	config->local_count = config->remote_count = 1;
	sessions_inner_own(sessions, number, inner);
	put_host(&config->local_prefix[0], inner);
	sessions_inner_peer(peer, inner);
	put_host(&config->remote_prefix[0], inner);
}

static void say_refused(struct sessions *sessions, int error, unsigned int type, const struct mf_message *answer)
{
	char why[SAY_BYTES];

	if (sessions->said_loader)
		return;
	sessions->said_loader = true;
	client_why(sessions->settings.loader, error, type, answer, why);
	say_note("a session cannot be set up: %s", why);
}

static int ask(struct sessions *sessions, unsigned int type, struct mf_message *message)
{
	message->type = (__u16)type;
	return client_ask_again(sessions->settings.loader, message);
}

static int name_only(struct sessions *sessions, unsigned int type, __u32 number, char letter)
{
	struct mf_message message = { 0 };

	sessions_name(message.assoc_config.name, &sessions->peer[number], letter);
	return ask(sessions, type, &message);
}

/*
 * A loader that went before it answered may have taken it, and a packet may have gone: keys that have been there do not
 * come a second time, whose counters would begin anew. What could not even be sent is said again.
 */
static int ask_once(struct sessions *sessions, struct mf_message *message)
{
	int error;

	message->type = MF_ASSOC_ADD;
	error = client_ask(sessions->settings.loader, message);
	return error == -EPIPE || error == -EBADF ? ask(sessions, MF_ASSOC_ADD, message) : error;
}

int sessions_loader_ask(struct sessions *sessions, __u32 number, const struct session_association *association,
			const struct seal_keys *keys, struct client_question *question)
{
	struct mf_message *message = question->message;

	memset(message, 0, sizeof(*message));
	fill(&message->assoc_config, sessions, number, association, keys);
	message->type = MF_ASSOC_ADD;
	return client_begin(sessions->settings.loader, question);
}

static void note_added(struct sessions *sessions, __u32 number, char letter, const struct mf_message *answer)
{
	sessions->said_loader = false;
	sessions->peer[number].association = answer->assoc_status.id;
	sessions->peer[number].alone = answer->assoc_status.alone;
	sessions_know_generation(sessions, number, letter, answer->assoc_status.id);
}

int sessions_loader_answer(struct sessions *sessions, __u32 number, const struct session_association *association,
			   const struct seal_keys *keys, struct client_question *question)
{
	int error = client_wait(sessions->settings.loader, question);
	bool is_left = error == -EREMOTEIO && question->message->refusal == MF_REFUSED_EXISTS;

	if (!error)
		note_added(sessions, number, association->letter, question->message);
	else if (!is_left)
		say_refused(sessions, error, MF_ASSOC_ADD, question->message);
	sodium_memzero(question->message, sizeof(*question->message));
	return is_left ? sessions_loader_add(sessions, number, association, keys) : error;
}

/* One of that name which nobody has told of is left over from a process that died in between: it had other keys. */
int sessions_loader_add(struct sessions *sessions, __u32 number, const struct session_association *association,
			const struct seal_keys *keys)
{
	struct mf_message *message = sessions->secret;
	int error = -EREMOTEIO;

	for (int i = 0; error && i < 2; i++) {
		memset(message, 0, sizeof(*message));
		fill(&message->assoc_config, sessions, number, association, keys);
		error = ask_once(sessions, message);
		if (error != -EREMOTEIO || message->refusal != MF_REFUSED_EXISTS)
			break;
		name_only(sessions, MF_ASSOC_DELETE, number, association->letter);
	}
	if (error)
		say_refused(sessions, error, MF_ASSOC_ADD, message);
	else
		note_added(sessions, number, association->letter, message);
	sodium_memzero(message, sizeof(*message));
	return error;
}

/* Its keys are there, and count on. */
int sessions_loader_change(struct sessions *sessions, __u32 number, const struct session_association *association)
{
	static const struct seal_keys none;
	struct mf_message *message = sessions->secret;
	int error;

	memset(message, 0, sizeof(*message));
	fill(&message->assoc_config, sessions, number, association, &none);
	error = ask(sessions, MF_ASSOC_CHANGE, message);
	if (error)
		say_refused(sessions, error, MF_ASSOC_CHANGE, message);
	sodium_memzero(message, sizeof(*message));
	return error;
}

/* Nothing that this process knows of is there to choose from. */
static bool is_alone(const struct session *session, char letter)
{
	const struct session_generation *all[] = { &session->present, &session->coming, &session->going };

	for (int i = 0; i < SESSION_GENERATIONS; i++)
		if (all[i]->association.letter && all[i]->association.letter != letter)
			return false;
	return true;
}

void sessions_loader_lead(struct sessions *sessions, __u32 number, char letter)
{
	struct mf_message message = { .type = MF_ASSOC_LEAD };

	if (sessions->peer[number].alone)
		return;
	if (!is_alone(sessions->peer[number].session, letter)) {
		name_only(sessions, MF_ASSOC_LEAD, number, letter);
		return;
	}
	sessions_name(message.assoc_config.name, &sessions->peer[number], letter);
	client_tell(sessions->settings.loader, &message);
}

/* One that was replaced is not waited for; the last one is, as this process may end with it. */
void sessions_loader_delete(struct sessions *sessions, __u32 number, char letter)
{
	const struct session *session = sessions->peer[number].session;
	struct mf_message message = { .type = MF_ASSOC_DELETE };

	sessions_unknow_generation(sessions, number, letter);
	if (!session || is_alone(session, letter)) {
		name_only(sessions, MF_ASSOC_DELETE, number, letter);
		return;
	}
	sessions_name(message.assoc_config.name, &sessions->peer[number], letter);
	client_tell(sessions->settings.loader, &message);
}

/* "NAME@1431376080" */
static int period_of(const char name[static MF_NAME_BYTES], __u32 *period)
{
	char digits[MF_NAME_BYTES + 1] = "", *end;
	const char *mark = memchr(name, '@', MF_NAME_BYTES);
	unsigned long value;

	if (!mark)
		return -ENOENT;
	memcpy(digits, mark + 1, (size_t)(name + MF_NAME_BYTES - mark - 1));
	errno = 0;
	value = strtoul(digits, &end, 10);
	if (errno || end == digits || *end || !value || value > ~(__u32)0)
		return -ENOENT;
	*period = (__u32)value;
	return 0;
}

static void fill_find(struct mf_message *message, const struct sessions_peer *peer)
{
	__u8 address[16];

	memset(message, 0, sizeof(*message));
	identity_visitor(address, peer->public_key);
	put_host(&message->assoc_config.remote_prefix[0], address);
	message->type = MF_ASSOC_FIND;
}

static int take_found(const struct mf_message *answer, __u32 *period, __u8 prefix[static 8])
{
	memcpy(prefix, answer->assoc_status.peer_prefix, 8);
	return period_of(answer->assoc_status.config.name, period);
}

int sessions_loader_find(struct sessions *sessions, __u32 number, __u32 *period, __u8 prefix[static 8])
{
	struct mf_message message;
	int error;

	fill_find(&message, &sessions->peer[number]);
	error = ask(sessions, MF_ASSOC_FIND, &message);
	return error ? error : take_found(&message, period, prefix);
}

int sessions_loader_look(struct sessions *sessions, __u32 number, struct client_question *question)
{
	fill_find(question->message, &sessions->peer[number]);
	return client_begin(sessions->settings.loader, question);
}

int sessions_loader_found(struct sessions *sessions, struct client_question *question, __u32 *period, __u8 prefix[static 8])
{
	int error = client_wait(sessions->settings.loader, question);

	return error ? error : take_found(question->message, period, prefix);
}

/* --- traffic ------------------------------------------------------------------------- */

static struct sessions_peer *peer_of(const struct sessions *sessions, const struct mf_assoc_status *status, __u32 *number)
{
	const __u32 *found;

	if (!status->config.shares || !status->config.remote_count)
		return NULL;
	found = mf_table_find(&sessions->by_inner, status->config.remote_prefix[0].address);
	if (!found)
		return NULL;
	*number = *found;
	return &sessions->peer[*found];
}

/* Packets since the last look, but for what the session itself has said and heard. */
static bool is_more(const struct sessions_peer *peer, const struct mf_assoc_status *status, __u64 now, __u64 then,
		    __u32 messages)
{
	return now > (peer->looked_at == status->generation ? then : 0) + messages;
}

static void note_traffic(struct sessions *sessions, const struct mf_assoc_status *status)
{
	__u64 now_ms = sessions_now_ms(), sent_ms = 0, heard_ms = 0;
	struct session_actions none = { 0 };
	struct sessions_peer *peer;
	__u32 number;

	peer = peer_of(sessions, status, &number);
	if (!peer || !peer->session || peer->session->present.association.letter != letter_of(status->config.name))
		return;
	if (is_more(peer, status, status->out_packets, peer->traffic[0], peer->said)) /* some time since then */
		sent_ms = peer->looked_ms ? peer->looked_ms : now_ms;
	if (status->heard_age_ms < now_ms && is_more(peer, status, status->in_packets, peer->traffic[2], peer->heard))
		heard_ms = now_ms - status->heard_age_ms;
	peer->looked_ms = now_ms;
	peer->looked_at = status->generation;
	peer->said = peer->heard = 0;
	peer->traffic[0] = status->out_packets;
	peer->traffic[1] = status->out_bytes;
	peer->traffic[2] = status->in_packets;
	peer->traffic[3] = status->in_bytes;
	session_traffic(peer->session, heard_ms, sent_ms);
	peer->sealed = status->sealed;
	session_sealed(peer->session, status->sealed);
	sessions_carry_out(sessions, number, &none, 0);
}

/* Generations that come or go are nobody's matter. */
static void tell_looked(const struct sessions *sessions, const struct mf_assoc_status *status)
{
	const struct sessions_peer *peer;
	__u32 number = (__u32)SESSIONS_NONE;

	if (!sessions->looks || !sessions->settings.owner->looked)
		return;
	peer = peer_of(sessions, status, &number);
	if (status->config.shares &&
	    (!peer || !peer->session || peer->session->present.association.letter != letter_of(status->config.name)))
		return;
	sessions->settings.owner->looked(sessions->settings.context, status, number);
}

/* The status of the next association from *id on. 0 or -errno: -EREMOTEIO at the end. */
static int next_status(struct sessions *sessions, __u32 *id, struct mf_message *message)
{
	int error;

	memset(message, 0, sizeof(*message));
	message->assoc_status.id = *id;
	error = ask(sessions, MF_ASSOC_NEXT, message);
	if (!error)
		*id = message->assoc_status.id + 1;
	return error;
}

/*
 * All in a small part of the time after which a session is idle, however many there are, and introductions among them; but
 * the loop, which stands still meanwhile, has its turn soon even where the loader is slow.
 */
void sessions_loader_sweep(struct sessions *sessions)
{
	__u32 looks = SESSIONS_SWEEP + sessions->begun / SESSIONS_SWEEP_PART;
	__u64 until_ms = sessions_now_ms() + SESSIONS_SWEEP_MOST_MS;
	struct mf_message message;

	for (__u32 i = 0; i < looks && sessions_now_ms() <= until_ms; i++) {
		if (next_status(sessions, &sessions->sweep_at, &message)) {
			sessions->sweep_at = 0;
			return;
		}
		note_traffic(sessions, &message.assoc_status);
		tell_looked(sessions, &message.assoc_status);
	}
}

/* 0 or -errno: what leads to this inner address. */
static int find_leading(struct sessions *sessions, const __u8 inner[static 16], struct mf_message *message)
{
	put_host(&message->assoc_config.remote_prefix[0], inner);
	return ask(sessions, MF_ASSOC_FIND, message);
}

void sessions_loader_traffic(struct sessions *sessions, __u32 number)
{
	struct mf_message message = { 0 };
	__u8 inner[16];

	sessions_inner_peer(&sessions->peer[number], inner);
	if (!find_leading(sessions, inner, &message))
		note_traffic(sessions, &message.assoc_status);
}

int sessions_look(struct sessions *sessions, __u32 number)
{
	__u32 id = sessions->peer[number].association;
	struct mf_message message;
	int error;

	if (id == (__u32)SESSIONS_NO_ASSOCIATION)
		return -ENOENT;
	error = next_status(sessions, &id, &message);
	if (!error && message.assoc_status.id != sessions->peer[number].association)
		return -ENOENT;
	if (!error)
		tell_looked(sessions, &message.assoc_status);
	return error;
}

/* --- after a restart ----------------------------------------------------------------- */

static void adopt_one(struct sessions *sessions, __u32 number, const struct mf_assoc_status *status)
{
	const struct mf_assoc_config *config = &status->config;
	struct session_association association = {
		.letter = letter_of(config->name),
		.local = config->local,
		.remote = config->remote,
		.rotation_ms = config->rotation_ms,
		.flags = config->flags,
		.carriage = config->carriage,
		.padding = config->padding,
	};
	struct session *session = sessions_of(sessions, number);
	struct session_actions none = { 0 };

	if (!session)
		return;
	sessions->peer[number].association = status->id;
	sessions_know_generation(sessions, number, association.letter, status->id);
	memcpy(association.seed_local, config->seed_local, sizeof(association.seed_local));
	memcpy(association.seed_remote, config->seed_remote, sizeof(association.seed_remote));
	session_adopt(session, &association, sessions_now_ms());
	sessions_carry_out(sessions, number, &none, 0);
}

static bool leads(struct sessions *sessions, const struct mf_assoc_status *status)
{
	struct mf_message message = { 0 };

	return !find_leading(sessions, status->config.remote_prefix[0].address, &message) &&
	       !memcmp(message.assoc_status.config.name, status->config.name, MF_NAME_BYTES);
}

/* Under the name of before nobody would find it again. */
static bool is_named(const struct sessions_peer *peer, const char found[static MF_NAME_BYTES])
{
	char name[MF_NAME_BYTES];

	sessions_name(name, peer, letter_of(found));
	return !memcmp(name, found, MF_NAME_BYTES);
}

/* What leads is the present one, and comes last; the others are heard for a while, since the peer may be sending in them. */
static void take_over(struct sessions *sessions, const struct mf_assoc_status *status, bool leading)
{
	struct mf_message message = { 0 };
	const struct sessions_peer *peer;
	__u32 number;

	if (!status->config.shares || !letter_of(status->config.name) || leads(sessions, status) != leading)
		return;
	peer = peer_of(sessions, status, &number);
	if (peer && is_named(peer, status->config.name)) {
		adopt_one(sessions, number, status);
		return;
	}
	if (!peer && sessions->settings.leaves_others)
		return;
	memcpy(message.assoc_config.name, status->config.name, MF_NAME_BYTES);
	ask(sessions, MF_ASSOC_DELETE, &message);
}

int sessions_adopt(struct sessions *sessions, char why[static SAY_BYTES])
{
	struct snapshot snapshot;
	int error = snapshot_take(&snapshot, sessions->settings.loader, why);

	if (error)
		return error;
	for (size_t i = 0; i < snapshot.count; i++)
		take_over(sessions, &snapshot.associations[i], false);
	for (size_t i = 0; i < snapshot.count; i++)
		take_over(sessions, &snapshot.associations[i], true);
	snapshot_close(&snapshot);
	return 0;
}
