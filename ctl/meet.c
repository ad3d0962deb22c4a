// SPDX-License-Identifier: GPL-2.0-only
/* meet: finds where a server is to be met, says so, and brings this end of the introduction up. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/config_file.h"
#include "ctl/ctl.h"
#include "ctl/identity.h"
#include "ctl/introduce.h"
#include "ctl/meet_print.h"
#include "ctl/meet_search.h"
#include "ctl/rendezvous_status.h"
#include "ctl/snapshot.h"
#include "ctl/state.h"
#include "ctl/up.h"

enum { OPTION_STATE = 1, OPTION_PRINT, OPTION_JSON };

struct options {
	const char *state, *file, *peer;
	bool print_only, json;
};

struct meet {
	struct options options;
	struct config config;
	const struct config_peer *peer;
	__u8 public_key[KEY_PUBLIC_BYTES];
	struct rendezvous_pair *pair; /* secret memory */
	struct meeting *meeting;      /* secret memory */
	struct client loader;         /* fd -1: none */
};

static int failed(const char *why)
{
	say_error("%s", why);
	return CTL_FAILED;
}

/* --- whom ---------------------------------------------------------------------------- */

static const struct config_peer *find_peer(const struct config *config, const char *name, char why[static SAY_BYTES])
{
	size_t met = config_count_met(config);

	if (!met) {
		say_why(why, -ENOENT, "%s names nobody to meet: expected a [Peer] with a PublicKey alone", config->file);
		return NULL;
	}
	for (size_t i = 0; i < config->meet_count; i++)
		if (!config->meets[i].is_static && (name ? !strcmp(config->meets[i].name, name) : met == 1))
			return &config->meets[i];
	if (name)
		say_why(why, -ENOENT, "%s has no peer %s with a PublicKey alone", config->file, name);
	else
		say_why(why, -EINVAL, "%s names several to meet, choose one: mayflyctl meet %s PEER", config->file,
			config->file);
	return NULL;
}

static int read_pair(struct meet *meet, char why[static SAY_BYTES])
{
	__u8 *private_key = key_secret_new(KEY_PRIVATE_BYTES);
	int error;

	if (!private_key)
		return say_why(why, -ENOMEM, "no memory for the private key");
	error = key_read_private(meet->config.node.private_key_file, private_key, why);
	if (!error && rendezvous_pair(meet->pair, private_key, meet->peer->public_key, 0))
		error = say_why(why, -EINVAL, "the PublicKey of %s gives no secret with ours: it is no public key",
				meet->peer->name);
	key_secret_free(private_key);
	return error;
}

static int read_all(struct meet *meet)
{
	char why[SAY_BYTES];

	meet->pair = key_secret_new(sizeof(*meet->pair));
	meet->meeting = key_secret_new(sizeof(*meet->meeting));
	if (!meet->pair || !meet->meeting)
		return failed("no memory for secrets");
	if (config_file_read(&meet->config, meet->public_key, meet->options.file, why))
		return failed(why);
	meet->peer = find_peer(&meet->config, meet->options.peer, why);
	if (!meet->peer || read_pair(meet, why))
		return failed(why);
	return 0;
}

/* --- looking it up ------------------------------------------------------------------- */

static int look_up(struct meet *meet)
{
	const struct config_rendezvous *rendezvous = &meet->config.node.rendezvous;
	struct meet_search search = { .rendezvous = rendezvous, .pair = meet->pair, .meeting = meet->meeting };
	char nodes[CONFIG_PATH_BYTES], why[SAY_BYTES];

	if (rendezvous->store.kind != CONFIG_STORE_REDIS)
		search.nodes_path = state_path(nodes, meet->options.state, "nodes");
	if (meet->loader.fd >= 0) {
		search.from.loader = &meet->loader;
		search.from.prefix = rendezvous->publish_prefix.prefix_length ? rendezvous->publish_prefix :
			meet->config.node.prefixes.template[0];
	}
	return meet_search(&search, why) ? failed(why) : 0;
}

/* --- the introduction ---------------------------------------------------------------- */

/* What an earlier meeting with this peer left. */
static void leave_earlier(struct meet *meet)
{
	__u8 inner[16];
	struct snapshot snapshot;
	char why[SAY_BYTES];

	if (snapshot_take(&snapshot, &meet->loader, why))
		return;
	identity_introduction(inner, meet->peer->public_key);
	for (size_t i = 0; i < snapshot.count; i++) {
		const struct mf_assoc_config *config = &snapshot.associations[i].config;
		struct mf_message message = { .type = MF_ASSOC_DELETE };

		/* A server's own associations for the same peer are no visits. */
		if (!introduce_is_name(config->name) || config->flags & (MF_ASSOC_ROAMS | MF_ASSOC_LISTENS) ||
		    memcmp(config->remote_prefix[0].address, inner, 16))
			continue;
		memcpy(message.assoc_config.name, config->name, MF_NAME_BYTES);
		client_ask(&meet->loader, &message);
	}
	snapshot_close(&snapshot);
}

static int introduce(struct meet *meet, const struct rendezvous_offer *offer)
{
	struct mf_message *message = key_secret_new(sizeof(*message));
	struct introduce_node node = { .prefix = meet->peer->local_prefix };
	__u8 reader_seed[8];
	char why[SAY_BYTES];
	int error;

	if (!message)
		return failed("no memory for the introduction");
	leave_earlier(meet);
	identity_visitor(node.inner, meet->public_key);
	rendezvous_reader_seed(meet->pair, offer->key, reader_seed);
	introduce_visitor(&message->assoc_config, offer, &node, meet->peer->name, meet->peer->public_key, reader_seed,
			  meet->peer->firewall);
	message->type = MF_ASSOC_ADD;
	error = client_ask(&meet->loader, message);
	if (error)
		client_why(&meet->loader, error, MF_ASSOC_ADD, message, why);
	key_secret_free(message);
	return error ? failed(why) : 0;
}

static void write_status(const struct meet *meet, const struct store_result *sum)
{
	char path[RENDEZVOUS_STATUS_PATH], why[SAY_BYTES];
	struct rendezvous_status status = { 0 }, earlier;
	struct rendezvous_event *last = &status.lookup;
	const char *clock = meeting_clock(meet->meeting);

	rendezvous_status_path(path, meet->loader.path, RENDEZVOUS_MEET);
	if (!rendezvous_status_read(path, &earlier, why))
		status.lookups = earlier.lookups;
	status.lookups++;
	status.written_ms = last->at_ms = (__u64)time(NULL) * 1000;
	status.period_s = meet->meeting->period_s;
	status.period = meet->meeting->lookup[0].period;
	last->took_ms = sum->took_ms;
	last->holders = sum->holders;
	snprintf(status.store, sizeof(status.store), "%s", meet_store_name(&meet->config.node.rendezvous));
	snprintf(last->outcome, sizeof(last->outcome), "%s", store_outcome_name(sum->outcome));
	snprintf(last->peer, sizeof(last->peer), "%s", meet->peer->name);
	snprintf(status.clock, sizeof(status.clock), "%s", clock ? clock : "");
	if (rendezvous_status_write(path, &status, why))
		say_note("%s", why);
}

/* A node that is up stays as it is. */
static int open_loader(struct meet *meet, const struct ctl *ctl)
{
	struct mf_message message = { .type = MF_NODE_GET };

	if (meet->options.print_only)
		return 0;
	if (meet->peer->local_prefix.hop_bits != 64)
		return failed("an introduction needs 64 bits to hop in: expected a Prefix of /64 or shorter");
	if (ctl_connect(ctl, meet->config.node.interface, &meet->loader))
		return CTL_FAILED;
	if (!client_ask(&meet->loader, &message) && message.node_status.attached)
		return 0;
	client_close(&meet->loader);
	return up_bring(ctl, meet->options.file, (__u32)meet->config.meet_count + 1, meet->options.json,
			&meet->loader);
}

static int conclude(struct meet *meet)
{
	const struct meeting_lookup *best = meeting_best(meet->meeting);
	char words[MEETING_WORDS];
	struct store_result sum;

	meeting_sum(meet->meeting, &sum);
	if (meet->loader.fd >= 0)
		write_status(meet, &sum);
	if (meet->options.json)
		meet_print_json(meet->peer, meet->meeting, &meet->config.node.rendezvous);
	else if (best)
		meet_print(meet->peer, meet->meeting, &meet->config.node.rendezvous);
	if (!best) {
		say_error("%s is not found: %s", meet->peer->name, meeting_why(words, meet->meeting));
		return CTL_FAILED;
	}
	if (meeting_clock(meet->meeting))
		say_note("%s", meeting_clock(meet->meeting));
	return meet->loader.fd >= 0 ? introduce(meet, &best->offer) : 0;
}

static void close_all(struct meet *meet)
{
	client_close(&meet->loader);
	key_secret_free(meet->pair);
	key_secret_free(meet->meeting);
	config_close(&meet->config);
}

static int parse_options(const struct ctl *ctl, int argc, char **argv, struct options *options)
{
	const struct option known[] = {
		{ "state", required_argument, NULL, OPTION_STATE },
		{ "print", no_argument, NULL, OPTION_PRINT },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	bool first = true;
	int option;

	while ((option = ctl_next_option(ctl, argc, argv, known, &first)) != -1) {
		switch (option) {
		case OPTION_STATE: options->state = optarg; break;
		case OPTION_PRINT: options->print_only = true; break;
		case OPTION_JSON: options->json = true; break;
		default: return CTL_USAGE;
		}
	}
	if (ctl_check_arguments(ctl, argc, 1, 2))
		return CTL_USAGE;
	options->file = argv[optind];
	options->peer = argv[optind + 1];
	return 0;
}

int command_meet(const struct ctl *ctl, int argc, char **argv)
{
	struct meet meet = { .options.state = STATE_DIRECTORY, .loader.fd = -1 };
	int result = parse_options(ctl, argc, argv, &meet.options);

	if (result)
		return result;
	result = read_all(&meet);
	if (!result)
		result = open_loader(&meet, ctl);
	if (!result)
		result = look_up(&meet);
	if (!result)
		result = conclude(&meet);
	close_all(&meet);
	return result ? result : ctl_finish_output();
}
