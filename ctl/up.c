// SPDX-License-Identifier: GPL-2.0-only
/* up and reload: bring the loader to what a configuration wants, by the plan of plan.c. */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/identity.h"
#include "ctl/introduce.h"
#include "ctl/keeper_lock.h"
#include "ctl/keeping.h"
#include "ctl/up.h"
#include "ctl/up_parts.h"
#include "ctl/wanted.h"

void up_close(struct up_run *run)
{
	char path[KEEPER_PATH_BYTES];

	if (run->lock >= 0) {
		keeper_path(path, run->client.path, SESSIONS_UP);
		close(run->lock);
		keeper_clear(path);
	}
	plan_close(&run->plan);
	snapshot_close(&run->present);
	client_close(&run->client);
	config_keys_close(&run->keys);
	config_close(&run->config);
}

static int failed(const char *why)
{
	say_error("%s", why);
	return CTL_FAILED;
}

static int read_files(struct up_run *run, const char *argument)
{
	char why[SAY_BYTES];

	if (config_file_read(&run->config, run->public_key, argument, why) ||
	    config_keys_read(&run->keys, &run->config, why))
		return failed(why);
	return 0;
}

static bool has_any(const struct mf_assoc_config *config, const struct config_prefixes *addresses)
{
	for (unsigned int i = 0; i < config->remote_count && i < MF_ASSOC_PREFIXES; i++)
		for (unsigned int j = 0; j < addresses->count; j++)
			if (!memcmp(&config->remote_prefix[i], &addresses->prefix[j], sizeof(addresses->prefix[j])))
				return true;
	return false;
}

/* The inner address of a session stays its own until its keeper lets go of it, which he does not before he has read the file. */
static int check_sessions(const struct up_run *run, char why[static SAY_BYTES])
{
	const struct config *config = &run->config;

	for (size_t i = 0; i < run->present.count; i++) {
		const struct mf_assoc_config *held = &run->present.associations[i].config;

		for (size_t j = 0; introduce_is_name(held->name) && j < config->peer_count; j++)
			if (has_any(held, &config->peers[j].addresses))
				return say_why(why, -EBUSY, "%s has a session (%.*s), and in %s a KeyFile: nothing was touched; "
					       "mayflyctl down %s, then up %s", config->peers[j].name,
					       MF_NAME_BYTES, held->name, config->file, config->node.interface, config->file);
	}
	return 0;
}

/* Introductions come and go with serve and meet: no file has them, so no file takes them away. */
static void leave_introductions(struct snapshot *present)
{
	size_t kept = 0;

	for (size_t i = 0; i < present->count; i++)
		if (!introduce_is_name(present->associations[i].config.name))
			present->associations[kept++] = present->associations[i];
	present->count = kept;
}

static void make_room(struct config *config, __u32 more)
{
	struct config_node *node = &config->node;

	if (node->line_of[NODE_CAPACITY])
		return;
	while (node->capacity < config->peer_count + more && node->capacity < MF_CAPACITY_MAX)
		node->capacity *= 2;
	if (node->capacity > MF_CAPACITY_MAX)
		node->capacity = MF_CAPACITY_MAX;
}

/* Sessions hop in what the loader has until their keeper has moved them: it is he who takes prefixes away. */
static bool has_keeper(const struct up_run *run)
{
	const char *socket = run->client.path;

	return run->keeper || keeper_of(socket, SESSIONS_UP) || keeper_of(socket, SESSIONS_SERVE);
}

static void keep_prefixes(struct up_run *run)
{
	const struct mf_node_config *present = &run->present.node.config;
	struct config_templates *wanted = &run->config.node.prefixes;
	bool kept = has_keeper(run);

	for (unsigned int i = 0; kept && i < present->templates; i++) {
		unsigned int j = 0;

		while (j < wanted->count && memcmp(&wanted->template[j], &present->template[i], sizeof(wanted->template[j])))
			j++;
		if (j == wanted->count && j < MF_HOPPING_PREFIXES)
			wanted->template[wanted->count++] = present->template[i];
	}
}

/* Prefix = auto: a node that is up stays where it is while it can. */
static int stay_in_prefix(struct up_run *run, const char *argument, char why[static SAY_BYTES])
{
	const struct mf_template *present = &run->present.node.config.template[0];

	if (!run->config.node.prefixes.automatic || !memcmp(&run->config.node.prefixes.template[0], present, sizeof(*present)))
		return 0;
	config_close(&run->config);
	return config_file_read_in(&run->config, run->public_key, argument, present, why);
}

/* Who keeps sessions by another file would go on by that, and take back what this one says. */
static int check_keeper(const struct up_run *run, enum sessions_keeper keeper, char why[static SAY_BYTES])
{
	char *ours = realpath(run->config.file, NULL), theirs[KEEPER_FILE_BYTES];
	int error = 0;

	if (ours && keeper_file(run->client.path, keeper, theirs) && strcmp(ours, theirs))
		error = say_why(why, -EBUSY, "%s keeps the sessions of %s by %s, not by %s: change that file, or mayflyctl down %s first",
				keeper == SESSIONS_SERVE ? "mayflyctl serve" : "mayflyctl up", run->config.node.interface, theirs,
				ours, run->config.node.interface);
	free(ours);
	return error;
}

static bool has_address(const struct mf_node_config *node, const __u8 *address, size_t bytes)
{
	for (unsigned int i = 0; i < node->address_count; i++)
		if (!memcmp(node->address[i].address, address, bytes))
			return true;
	return false;
}

/* Sessions are kept under the key that they began with: the node must keep its addresses. */
static int check_key(const struct up_run *run, char why[static SAY_BYTES])
{
	const struct mf_node_config *node = &run->present.node.config;
	__u8 own[16];

	if (!*run->config.node.private_key_file || (keeper_of(run->client.path, SESSIONS_UP) == KEEPER_NOBODY &&
						   keeper_of(run->client.path, SESSIONS_SERVE) == KEEPER_NOBODY))
		return 0;
	identity_address(own, run->public_key);
	if (has_address(node, own, sizeof(own)) || !has_address(node, own, 2))
		return 0;
	return say_why(why, -EBUSY, "the key in %s has changed, and sessions are kept by the one before: mayflyctl down %s, then begin anew",
		       run->config.node.private_key_file, run->config.node.interface);
}

static int look_at_loader(struct up_run *run, const struct ctl *ctl, const char *argument)
{
	const char *wanted = run->config.node.interface;
	char why[SAY_BYTES];

	if (ctl_connect(ctl, wanted, &run->client))
		return CTL_FAILED;
	if (snapshot_take(&run->present, &run->client, why))
		return failed(why);
	if (strncmp(run->present.node.nic, wanted, MF_DEVICE_BYTES)) {
		say_error("the loader at %s serves %.*s, %s is for %s", run->client.path, MF_DEVICE_BYTES,
			  run->present.node.nic, run->config.file, wanted);
		return CTL_FAILED;
	}
	if (run->keeps && (check_keeper(run, SESSIONS_UP, why) || check_keeper(run, SESSIONS_SERVE, why) || check_key(run, why)))
		return failed(why);
	if (check_sessions(run, why))
		return failed(why);
	leave_introductions(&run->present);
	run->fresh = !run->present.node.attached;
	if (!run->fresh && stay_in_prefix(run, argument, why))
		return failed(why);
	if (!run->fresh)
		keep_prefixes(run);
	if (run->keeps)
		run->more = KEEPING_ROOM * (__u32)run->config.meet_count;
	if (run->fresh)
		make_room(&run->config, run->more);
	if (!run->fresh && !run->config.node.line_of[NODE_CAPACITY] &&
	    run->present.node.config.capacity >= run->config.peer_count)
		run->config.node.capacity = run->present.node.config.capacity; /* room enough: let it be */
	return 0;
}

static unsigned int fill_message(struct mf_message *message, const struct up_run *run, const struct plan_step *step)
{
	memset(message, 0, sizeof(*message));
	switch (step->kind) {
	case PLAN_DELETE:
		message->type = MF_ASSOC_DELETE;
		strncpy(message->assoc_config.name, step->name, MF_NAME_BYTES - 1);
		break;
	case PLAN_NODE:
		message->type = MF_NODE_SET;
		wanted_node(&message->node_config, &run->config.node);
		break;
	case PLAN_CHANGE:
	case PLAN_ADD:
		message->type = step->kind == PLAN_ADD ? MF_ASSOC_ADD : MF_ASSOC_CHANGE;
		wanted_association(&message->assoc_config, &run->config.peers[step->peer],
				   run->keys.key[step->peer]);
		break;
	}
	return message->type;
}

/* The message holds K: it lies in secret memory, and is wiped as soon as it is sent and answered. */
static int take_step(struct up_run *run, const struct plan_step *step, struct mf_message *message)
{
	unsigned int type = fill_message(message, run, step);
	char why[SAY_BYTES];
	int error;

	error = client_ask(&run->client, message);
	if (error) {
		client_why(&run->client, error, type, message, why);
		if (step->name)
			say_error("%s: %s", step->name, why);
		else
			say_error("%s", why);
	}
	sodium_memzero(message, sizeof(*message));
	return error;
}

/*
 * A fresh node either comes up whole or not at all; a reload does what it can, since what
 * runs already is in use. Without a loader or a node there is nothing to go on with.
 */
static int take_steps(struct up_run *run, struct mf_message *message)
{
	int first = 0;

	for (size_t i = 0; i < run->plan.count; i++) {
		const struct plan_step *step = &run->plan.step[i];
		int error = take_step(run, step, message);

		if (!error && !run->fresh && !run->quiet)
			up_print_step(step);
		if (error && !first)
			first = error;
		if (error && (run->fresh || error != -EREMOTEIO || step->kind == PLAN_NODE))
			break;
	}
	return first;
}

static void undo(struct up_run *run, struct mf_message *message)
{
	memset(message, 0, sizeof(*message));
	message->type = MF_NODE_CLEAR;
	if (!client_ask(&run->client, message))
		say_note("nothing is left up");
}

/* What the loader settles when a node comes up. Seen before anything is asked, so that nothing is done by halves. */
static int check_fixed(const struct up_run *run)
{
	const char *interface = run->config.node.interface;

	for (size_t i = 0; i < run->plan.count; i++) {
		unsigned int fixed = run->plan.step[i].differences & (PLAN_DEVICE | PLAN_CAPACITY);
		char words[PLAN_WORDS_BYTES];

		if (run->plan.step[i].kind != PLAN_NODE || !fixed)
			continue;
		say_error("%s cannot change while the node is up, nothing was touched: mayflyctl down %s, then up %s",
			  plan_difference_words(words, fixed), interface, run->config.file);
		return CTL_FAILED;
	}
	return 0;
}

static int carry_out(struct up_run *run)
{
	struct mf_message *message;
	int error;

	if (plan_make(&run->plan, &run->config, &run->keys, &run->present))
		return failed("no memory for the plan");
	if (check_fixed(run))
		return CTL_FAILED;
	message = key_secret_new(sizeof(*message));
	if (!message)
		return failed("no memory for keys");
	error = take_steps(run, message);
	if (error && run->fresh)
		undo(run, message);
	key_secret_free(message);
	config_keys_close(&run->keys);
	return error ? CTL_FAILED : 0;
}

/* Whoever serves is told to look again. */
static void mind_rendezvous(const struct up_run *run, bool reload)
{
	pid_t pid = reload ? keeper_tell(run->client.path, SESSIONS_SERVE, SIGHUP) : KEEPER_NOBODY;

	if (pid > 0)
		say_note("mayflyctl serve (process %d) reads its clients again", (int)pid);
}

/* Before anything is touched: a second keeper would change the node of the first one, and end. */
static int take_lock(struct up_run *run)
{
	char path[KEEPER_PATH_BYTES], why[SAY_BYTES];

	keeper_path(path, run->client.path, SESSIONS_UP);
	run->lock = keeper_lock(path, why);
	if (run->lock == -EWOULDBLOCK)
		say_why(why, run->lock, "another mayflyctl up keeps the sessions of %s: nothing was touched",
			run->config.node.interface);
	return run->lock < 0 ? failed(why) : 0;
}

int up_run(struct up_run *run, const struct ctl *ctl, const char *argument, bool reload)
{
	int result = read_files(run, argument);

	if (!result)
		result = look_at_loader(run, ctl, argument);
	if (result)
		return result;
	if (run->fresh && reload) {
		say_error("%s is not up: mayflyctl up %s", run->config.node.interface, argument);
		return CTL_FAILED;
	}
	if (run->stays && take_lock(run))
		return CTL_FAILED;
	if (!run->fresh && !reload && !run->quiet)
		say_note("%s is up already: changing what differs", run->config.node.interface);
	result = carry_out(run);
	if (result)
		return result;
	if (!run->quiet)
		up_print_outcome(run);
	mind_rendezvous(run, reload);
	if (run->config.peer_count && !run->quiet)
		say_note("%s", CTL_NOT_ENCRYPTED);
	return ctl_finish_output();
}

int up_bring(const struct ctl *ctl, const char *argument, __u32 more, bool quiet, struct client *client)
{
	struct up_run run = { .more = more, .quiet = quiet, .keeper = quiet, .lock = -1 };
	int result = up_run(&run, ctl, argument, false);

	if (!result) {
		*client = run.client;
		run.client.fd = -1;
	}
	up_close(&run);
	return result;
}
