// SPDX-License-Identifier: GPL-2.0-only
/* serve: brings the node up, lets itself be met by the registered clients until it is told to end. */
#include <errno.h>
#include <signal.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/config_file.h"
#include "ctl/down.h"
#include "ctl/format.h"
#include "ctl/handover.h"
#include "ctl/identity.h"
#include "ctl/serving.h"
#include "ctl/state.h"

enum { OPTION_STATE = 1, OPTION_DOWN, OPTION_NO_LOADER };

struct options {
	const char *state;
	bool no_loader, takes_down;
	const char *argument;
};

static int failed(const char *why)
{
	say_error("%s", why);
	return CTL_FAILED;
}

/* --- reading ------------------------------------------------------------------------- */

static int read_private(struct serving *serving, char why[static SAY_BYTES])
{
	const struct config_node *node = &serving->config.node;

	if (!node->line_of[NODE_PRIVATE_KEY_FILE])
		return config_wrong(&serving->config, node->line, why,
				    "found no PrivateKeyFile, expected one: it is what clients know a server by");
	return key_read_private(node->private_key_file, serving->private_key, why);
}

static int read_all(struct serving *serving, struct registry *registry)
{
	char why[SAY_BYTES];

	if (config_file_read(&serving->config, serving->public_key, serving->argument, why) ||
	    read_private(serving, why) ||
	    registry_load(registry, &serving->config, serving->private_key, serving->public_key, NULL, why))
		return failed(why);
	if (!registry->count && !*serving->config.node.rendezvous.clients)
		say_note("%s names no client: give a [Peer] with a PublicKey alone, or a directory of Clients",
			 serving->config.file);
	serving->node.prefix = serving->config.node.prefixes.template[0];
	identity_introduction(serving->node.inner, serving->public_key);
	return 0;
}

/* What is settled at the start stays; clients come and go. */
static void reload(struct serving *serving)
{
	struct registry registry = { 0 };
	__u8 public_key[KEY_PUBLIC_BYTES];
	char why[SAY_BYTES], names[SAY_BYTES], count[FORMAT_AMOUNT];
	struct config config;

	if (config_file_read_in(&config, public_key, serving->argument, &serving->node.prefix, why)) {
		say_error("%s; the clients stay as they were", why);
		return;
	}
	if (memcmp(public_key, serving->public_key, sizeof(public_key)))
		say_note("the key in PrivateKeyFile has changed: it takes effect when serve is started again");
	serving_settled(names, &serving->config, &config);
	if (*names)
		say_note("changed, but as it was until serve is started again: %s", names);
	serving_level_choose(serving, config.node.level);
	if (registry_load(&registry, &config, serving->private_key, serving->public_key, &serving->registry, why)) {
		say_error("%s; the clients stay as they were", why);
	} else if (serving_take_registry(serving, &registry)) {
		say_error("no memory for the clients");
	} else {
		say_note("%s client%s", format_count(count, serving->registry.count),
			 serving->registry.count == 1 ? "" : "s");
		serving_settle_sessions(serving, &config);
		serving_move(serving, &config);
		handover_take(serving->loader.path, &config);
		serving_carry(serving, &config);
		serving_connect(serving, &config);
		serving_work(serving);
	}
	config_close(&config);
}

/* --- beginning and end --------------------------------------------------------------- */

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void end(struct serving *serving)
{
	if (serving->closing)
		return;
	serving->closing = true;
	mf_notify_send(&serving->notify, "STOPPING=1");
	if (serving->clears)
		serving_take_leave(serving);
	if (serving->dht)
		loop_dht_remember(serving->dht);
	serving_level_close(serving);
	store_close(serving->store);
	loop_dht_close(serving->dht);
	serving_close_sessions(serving);
	serving->store = NULL;
	serving->dht = NULL;
	uv_close((uv_handle_t *)&serving->timer, NULL);
	uv_close((uv_handle_t *)&serving->leaving, NULL);
	uv_close((uv_handle_t *)&serving->rotating, NULL);
	prefix_watch_close(&serving->roam);
	service_alive_close(&serving->alive);
	for (int i = 0; i < SERVING_SIGNALS; i++)
		uv_close((uv_handle_t *)&serving->signals[i], NULL);
}

static void end_by(struct serving *serving, int number)
{
	if (serving->closing)
		return;
	serving->leaves = number == SIGUSR2;
	serving->clears = serving->takes_down && !serving->leaves;
	end(serving);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct serving *serving = handle->data;

	if (number == SIGHUP)
		reload(serving);
	else if (number == SIGUSR1)
		serving_take_leave(serving);
	else
		end_by(serving, number);
}

static int open_loop(struct serving *serving)
{
	static const int numbers[SERVING_SIGNALS] = { SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGTERM };

	if (uv_loop_init(&serving->loop))
		return -ENOMEM;
	uv_timer_init(&serving->loop, &serving->timer);
	serving->timer.data = serving;
	uv_timer_init(&serving->loop, &serving->leaving);
	serving->leaving.data = serving;
	uv_timer_init(&serving->loop, &serving->rotating);
	serving->rotating.data = serving;
	service_alive_open(&serving->alive, &serving->loop, &serving->notify);
	for (int i = 0; i < SERVING_SIGNALS; i++) {
		uv_signal_init(&serving->loop, &serving->signals[i]);
		serving->signals[i].data = serving;
		uv_signal_start(&serving->signals[i], on_signal, numbers[i]);
	}
	service_release_signals();
	return 0;
}

static void from_of(struct dht_socket_from *from, struct serving *serving)
{
	const struct mf_template *own = &serving->config.node.rendezvous.publish_prefix;

	if (!*serving->loader.path)
		return;
	from->loader = &serving->loader;
	from->prefix = own->prefix_length ? *own : serving->node.prefix;
}

static int open_store(struct serving *serving, char why[static SAY_BYTES])
{
	const struct config_rendezvous *rendezvous = &serving->config.node.rendezvous;
	struct store_settings settings = { .loop = &serving->loop, .rendezvous = rendezvous };
	struct loop_dht_settings dht = { .rendezvous = rendezvous };

	if (rendezvous->store.kind != CONFIG_STORE_REDIS) {
		dht.nodes_path = *serving->nodes ? serving->nodes : NULL;
		from_of(&dht.from, serving);
		serving->dht = loop_dht_new(&serving->loop, &dht);
		if (!serving->dht)
			return say_why(why, -ENOMEM, "no memory for the DHT");
	}
	settings.dht = serving->dht;
	return store_open(&serving->store, &settings, why);
}

static int open_parts(struct serving *serving, const char *state, char why[static SAY_BYTES])
{
	serving->introductions = key_secret_new(SERVING_INTRODUCTIONS * sizeof(*serving->introductions));
	serving->stage = key_secret_new(sizeof(*serving->stage));
	if (!serving->introductions || !serving->stage || serving_level_open(serving))
		return say_why(why, -ENOMEM, "no memory for introductions");
	if (serving->config.node.rendezvous.store.kind != CONFIG_STORE_REDIS && !state_path(serving->nodes, state, "nodes"))
		*serving->nodes = 0;
	if (serving_open_sessions(serving, why))
		return -EIO;
	serving_open_page(serving);
	return open_store(serving, why);
}

/* A second serve, which was refused, leaves that of the first. */
static void remove_status(const struct serving *serving)
{
	struct rendezvous_status status;
	char why[SAY_BYTES];

	if (*serving->status_path && !rendezvous_status_read(serving->status_path, &status, why) &&
	    status.pid == (__u32)getpid())
		unlink(serving->status_path);
}

/* A node that goes takes its introductions with it. */
static int leave_node(struct serving *serving)
{
	if (serving->clears && *serving->loader.path)
		return down_clear(&serving->loader);
	if (!serving->leaves)
		serving_leave(serving);
	return CTL_FINE;
}

static void remove_lock(struct serving *serving)
{
	free((char *)serving->place.file);
	if (serving->place.lock < 0)
		return;
	close(serving->place.lock);
	keeper_clear(serving->place.path);
}

static void close_all(struct serving *serving)
{
	serving_level_free(serving);
	remove_status(serving);
	remove_lock(serving);
	publish_free(serving->publish);
	publish_free(serving->common);
	publish_free(serving->pairs);
	key_secret_free(serving->stage);
	registry_close(&serving->registry);
	free(serving->by_number);
	key_secret_free(serving->introductions);
	key_secret_free(serving->private_key);
	client_close(&serving->loader);
	mf_notify_close(&serving->notify);
	config_close(&serving->config);
}

static void print_start(const struct serving *serving)
{
	const struct config_rendezvous *rendezvous = &serving->config.node.rendezvous;
	char count[FORMAT_AMOUNT], period[FORMAT_AMOUNT];

	printf("serving %s client%s by %s%s, an introduction every %s\n", format_count(count, serving->registry.count),
	       serving->registry.count == 1 ? "" : "s", serving->store->operations->name,
	       serving->common ? " in two stages" : "", format_period(period, serving_period_s(serving) * 1000ULL));
	if (rendezvous->store.kind != CONFIG_STORE_REDIS && !rendezvous->publish_prefix.prefix_length)
		say_note("nodes of the DHT see the /64 that publishes; a PublishPrefix keeps it apart from the one that "
			 "is served in");
	fflush(stdout);
}

static int begin_serving(struct serving *serving, struct registry *registry)
{
	if (serving_take_registry(serving, registry)) {
		end(serving);
		return failed("no memory for all clients");
	}
	serving_carry(serving, &serving->config);
	serving_adopt_sessions(serving);
	serving_roam(serving, reload);
	print_start(serving);
	if (!serving->registry.count)
		mf_notify_send(&serving->notify, "READY=1");
	serving_work(serving);
	return CTL_FINE;
}

static int run(struct serving *serving, struct registry *registry, const char *state)
{
	char why[SAY_BYTES] = "";
	int result = CTL_FINE;

	if (open_loop(serving))
		return failed("no memory for the event loop");
	if (open_parts(serving, state, why)) {
		result = failed(why);
		end(serving);
	} else {
		snprintf(serving->status.store, sizeof(serving->status.store), "%s", serving->store->operations->name);
		serving->status.pid = (__u32)getpid();
		serving_turn(serving, serving_now_ms());
		result = begin_serving(serving, registry);
	}
	uv_run(&serving->loop, UV_RUN_DEFAULT);
	uv_walk(&serving->loop, close_handle, NULL);
	uv_run(&serving->loop, UV_RUN_DEFAULT);
	uv_loop_close(&serving->loop);
	return result;
}

static int bring_up(struct serving *serving, const struct registry *registry, bool no_loader)
{
	int result;

	if (no_loader)
		return 0;
	result = serving_node_open(serving, registry->count);
	if (result)
		return result;
	serving_leave_earlier(serving);
	client_be_patient(&serving->loader, SERVING_PATIENCE_S);
	return 0;
}

static int parse_options(const struct ctl *ctl, int argc, char **argv, struct options *options)
{
	const struct option known[] = {
		{ "state", required_argument, NULL, OPTION_STATE },
		{ "down", no_argument, NULL, OPTION_DOWN },
		{ "no-loader", no_argument, NULL, OPTION_NO_LOADER },
		{ 0 },
	};
	bool first = true;
	int option;

	while ((option = ctl_next_option(ctl, argc, argv, known, &first)) != -1) {
		if (option == OPTION_STATE)
			options->state = optarg;
		else if (option == OPTION_DOWN)
			options->takes_down = true;
		else if (option == OPTION_NO_LOADER)
			options->no_loader = true;
		else
			return CTL_USAGE;
	}
	if (ctl_check_arguments(ctl, argc, 1, 1))
		return CTL_USAGE;
	options->argument = argv[optind];
	return 0;
}

int command_serve(const struct ctl *ctl, int argc, char **argv)
{
	struct options options = { .state = STATE_DIRECTORY };
	struct serving serving = { .ctl = ctl, .loader.fd = -1, .notify.fd = -1, .place.lock = -1 };
	struct registry registry = { 0 };
	int result = parse_options(ctl, argc, argv, &options), left;

	if (result)
		return result;
	signal(SIGUSR1, SIG_IGN); /* from mayflyctl down and reload, before there is a loop to hear them */
	signal(SIGHUP, SIG_IGN);
	serving.argument = options.argument;
	serving.private_key = key_secret_new(KEY_PRIVATE_BYTES);
	if (!serving.private_key)
		return failed("no memory for the private key");
	mf_notify_open(&serving.notify);
	serving.takes_down = options.takes_down;
	if (options.takes_down)
		service_hold_signals();
	result = read_all(&serving, &registry);
	if (!result)
		result = bring_up(&serving, &registry, options.no_loader);
	if (!result)
		result = run(&serving, &registry, options.state);
	registry_close(&registry);
	left = leave_node(&serving);
	close_all(&serving);
	if (!result)
		result = serving.shut_out ? CTL_FAILED : left;
	return result ? result : ctl_finish_output();
}
