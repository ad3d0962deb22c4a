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
#include "ctl/rendezvous_status.h"
#include "ctl/snapshot.h"
#include "ctl/state.h"
#include "ctl/up.h"

enum { OPTION_STATE = 1, OPTION_PRINT, OPTION_JSON };
enum { OTHERS_MS = 1000 /* that the other periods are waited for when the current one is found */ };

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

	uv_loop_t loop;
	uv_timer_t patience;
	struct loop_dht *dht;
	struct store *store;
	bool over;
};

static int failed(const char *why)
{
	say_error("%s", why);
	return CTL_FAILED;
}

/* --- whom ---------------------------------------------------------------------------- */

static const struct config_peer *find_peer(const struct config *config, const char *name, char why[static SAY_BYTES])
{
	if (!config->meet_count) {
		say_why(why, -ENOENT, "%s names nobody to meet: expected a [Peer] with a PublicKey alone", config->file);
		return NULL;
	}
	if (!name && config->meet_count == 1)
		return &config->meets[0];
	for (size_t i = 0; name && i < config->meet_count; i++)
		if (!strcmp(config->meets[i].name, name))
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

static void end_loop(struct meet *meet)
{
	if (meet->over)
		return;
	meet->over = true;
	if (meet->dht)
		loop_dht_remember(meet->dht);
	store_close(meet->store);
	loop_dht_close(meet->dht);
	uv_close((uv_handle_t *)&meet->patience, NULL);
}

static void on_patience(uv_timer_t *timer)
{
	end_loop(timer->data);
}

struct asked {
	struct meet *meet;
	int which;
};

static bool accept_value(void *owner, const __u8 *value, size_t length)
{
	const struct asked *asked = owner;
	struct meeting_lookup *lookup = &asked->meet->meeting->lookup[asked->which];
	char why[SAY_BYTES];

	if (!lookup->opened)
		lookup->opened = !rendezvous_open(asked->meet->pair, asked->meet->meeting->period_s, lookup->period, value,
						  length, &lookup->offer, why);
	return lookup->opened;
}

static void on_found(void *owner, const struct store_result *result)
{
	const struct asked *asked = owner;
	struct meet *meet = asked->meet;

	meet->meeting->lookup[asked->which].ended = true;
	meet->meeting->lookup[asked->which].result = *result;
	if (meeting_is_over(meet->meeting))
		uv_timer_start(&meet->patience, on_patience, 0, 0);
	else if (meet->meeting->lookup[0].opened && !uv_is_active((uv_handle_t *)&meet->patience))
		uv_timer_start(&meet->patience, on_patience, OTHERS_MS, 0);
}

static void begin_lookups(struct meet *meet, struct asked asked[static MEETING_PERIODS])
{
	struct store_result failure = { .outcome = STORE_FAILED };
	struct store_place *place = key_secret_new(sizeof(*place));
	__u32 period_s = meet->config.node.rendezvous.period_ms / 1000;

	meeting_begin(meet->meeting, (__u64)time(NULL), period_s);
	for (int i = 0; i < MEETING_PERIODS; i++) {
		int error = -ENOMEM;

		asked[i] = (struct asked){ meet, i };
		if (place) {
			store_place_of(place, meet->pair, period_s, meet->meeting->lookup[i].period);
			error = meet->store->operations->get(meet->store, place, accept_value, on_found, &asked[i]);
		}
		if (error) {
			say_why(failure.why, error, "cannot begin: %s", strerror(-error));
			on_found(&asked[i], &failure);
		}
	}
	key_secret_free(place);
}

static int open_store(struct meet *meet, char why[static SAY_BYTES])
{
	const struct config_rendezvous *rendezvous = &meet->config.node.rendezvous;
	struct store_settings settings = { .loop = &meet->loop, .rendezvous = rendezvous };
	struct loop_dht_settings dht = { .rendezvous = rendezvous };
	char nodes[CONFIG_PATH_BYTES];

	if (rendezvous->store.kind != CONFIG_STORE_REDIS) {
		dht.nodes_path = state_path(nodes, meet->options.state, "nodes");
		if (meet->loader.fd >= 0) {
			dht.from.loader = &meet->loader;
			dht.from.prefix = rendezvous->publish_prefix.prefix_length ? rendezvous->publish_prefix :
				meet->config.node.prefixes.template[0];
		}
		meet->dht = loop_dht_new(&meet->loop, &dht);
		if (!meet->dht)
			return say_why(why, -ENOMEM, "no memory for the DHT");
	}
	settings.dht = meet->dht;
	return store_open(&meet->store, &settings, why);
}

static int look_up(struct meet *meet)
{
	struct asked asked[MEETING_PERIODS];
	char why[SAY_BYTES];
	int result = 0;

	if (uv_loop_init(&meet->loop))
		return failed("no memory for the event loop");
	uv_timer_init(&meet->loop, &meet->patience);
	meet->patience.data = meet;
	if (open_store(meet, why)) {
		result = failed(why);
		end_loop(meet);
	} else {
		begin_lookups(meet, asked);
	}
	uv_run(&meet->loop, UV_RUN_DEFAULT);
	uv_loop_close(&meet->loop);
	return result;
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
	identity_address(inner, meet->peer->public_key);
	for (size_t i = 0; i < snapshot.count; i++) {
		const struct mf_assoc_config *config = &snapshot.associations[i].config;
		struct mf_message message = { .type = MF_ASSOC_DELETE };

		if (!introduce_is_name(config->name) || memcmp(config->remote_prefix[0].address, inner, 16))
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
	identity_address(node.inner, meet->public_key);
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
	return up_bring(ctl, meet->options.file, (__u32)meet->config.meet_count + 1, &meet->loader);
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
