// SPDX-License-Identifier: GPL-2.0-only
/* up and reload: bring the loader to what a configuration wants, by the plan of plan.c. */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/config_file.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/introduce.h"
#include "ctl/keeper_lock.h"
#include "ctl/keeping.h"
#include "ctl/parse.h"
#include "ctl/plan.h"
#include "ctl/rendezvous_status.h"
#include "ctl/state.h"
#include "ctl/up.h"
#include "ctl/wanted.h"

enum { LIST_MOST = 40 }; /* associations that the summary names */
enum { OPTION_WAIT = 1, OPTION_NO_WAIT, OPTION_FOREGROUND, OPTION_STATE };

struct options {
	const char *file, *state;
	__u32 wait_ms;
	bool foreground;
};

struct run {
	struct config config;
	struct config_keys keys;
	struct client client;
	struct snapshot present;
	struct plan plan;
	__u32 more; /* associations that there is to be room for besides those of the file */
	bool fresh; /* nothing was up before */
	bool quiet; /* nothing on stdout */
	bool keeps; /* sessions, too: they need room */
};

static void close_run(struct run *run)
{
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

static int read_files(struct run *run, const char *argument)
{
	__u8 node_public[KEY_PUBLIC_BYTES];
	char why[SAY_BYTES];

	if (config_file_read(&run->config, node_public, argument, why) ||
	    config_keys_read(&run->keys, &run->config, why))
		return failed(why);
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
static bool has_keeper(const struct client *loader)
{
	char path[KEEPER_PATH_BYTES], serve[RENDEZVOUS_STATUS_PATH], why[SAY_BYTES];
	struct rendezvous_status status;

	keeper_path(path, loader->path);
	rendezvous_status_path(serve, loader->path, RENDEZVOUS_SERVE);
	return keeper_pid(path) || (!rendezvous_status_read(serve, &status, why) && rendezvous_status_is_live(&status));
}

static void keep_prefixes(struct run *run)
{
	const struct mf_node_config *present = &run->present.node.config;
	struct config_templates *wanted = &run->config.node.prefixes;
	bool kept = has_keeper(&run->client);

	for (unsigned int i = 0; kept && i < present->templates; i++) {
		unsigned int j = 0;

		while (j < wanted->count && memcmp(&wanted->template[j], &present->template[i], sizeof(wanted->template[j])))
			j++;
		if (j == wanted->count && j < MF_HOPPING_PREFIXES)
			wanted->template[wanted->count++] = present->template[i];
	}
}

static int look_at_loader(struct run *run, const struct ctl *ctl)
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
	leave_introductions(&run->present);
	run->fresh = !run->present.node.attached;
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

static unsigned int fill_message(struct mf_message *message, const struct run *run, const struct plan_step *step)
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
static int take_step(struct run *run, const struct plan_step *step, struct mf_message *message)
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

static void print_step(const struct plan_step *step)
{
	static const char marks[] = { [PLAN_DELETE] = '-', [PLAN_NODE] = '~', [PLAN_CHANGE] = '~', [PLAN_ADD] = '+' };
	char words[PLAN_WORDS_BYTES];

	printf("  %c %s", marks[step->kind], step->name ? step->name : "node");
	if (step->differences)
		printf(": %s", plan_difference_words(words, step->differences));
	if (step->replaces)
		printf(" (replaced)");
	putchar('\n');
}

/*
 * A fresh node either comes up whole or not at all; a reload does what it can, since what
 * runs already is in use. Without a loader or a node there is nothing to go on with.
 */
static int take_steps(struct run *run, struct mf_message *message)
{
	int first = 0;

	for (size_t i = 0; i < run->plan.count; i++) {
		const struct plan_step *step = &run->plan.step[i];
		int error = take_step(run, step, message);

		if (!error && !run->fresh && !run->quiet)
			print_step(step);
		if (error && !first)
			first = error;
		if (error && (run->fresh || error != -EREMOTEIO || step->kind == PLAN_NODE))
			break;
	}
	return first;
}

static void undo(struct run *run, struct mf_message *message)
{
	memset(message, 0, sizeof(*message));
	message->type = MF_NODE_CLEAR;
	if (!client_ask(&run->client, message))
		say_note("nothing is left up");
}

/* What the loader settles when a node comes up. Seen before anything is asked, so that nothing is done by halves. */
static int check_fixed(const struct run *run)
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

static int carry_out(struct run *run)
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

static void print_peers(const struct config *config)
{
	char prefixes[FORMAT_PREFIXES], period[FORMAT_AMOUNT];

	for (size_t i = 0; i < config->peer_count && i < LIST_MOST; i++) {
		const struct config_peer *peer = &config->peers[i];

		printf("  %-12s %s  (%s, hops every %s)\n", peer->name,
		       format_prefixes(prefixes, peer->addresses.prefix, peer->addresses.count),
		       format_carriage(peer->carriage), format_period(period, peer->rotation_ms));
	}
	if (config->peer_count > LIST_MOST)
		printf("  ... and %zu more\n", config->peer_count - LIST_MOST);
}

static void print_summary(const struct run *run)
{
	const struct config *config = &run->config;
	char count[FORMAT_AMOUNT], prefixes[FORMAT_PREFIXES], hop[FORMAT_PREFIX];
	struct config_prefixes hosts = config->node.addresses;

	for (unsigned int i = 0; i < hosts.count; i++)
		hosts.prefix[i].length = 128;
	printf("%s is up on %s: %s association%s, hopping in %s%s\n", config->node.device, config->node.interface,
	       format_count(count, config->peer_count), config->peer_count == 1 ? "" : "s",
	       format_template(hop, &config->node.prefixes.template[0]),
	       config->node.prefixes.count > 1 ? " and others" : "");
	printf("  %-12s %s\n", "this node", format_prefixes(prefixes, hosts.prefix, hosts.count));
	print_peers(config);
}

static void print_outcome(const struct run *run)
{
	char count[FORMAT_AMOUNT];

	if (run->fresh)
		print_summary(run);
	else if (!run->plan.count)
		printf("nothing to change: %s association%s as before\n", format_count(count, run->plan.untouched),
		       run->plan.untouched == 1 ? "" : "s");
	else
		printf("%s reloaded, %s association%s left untouched\n", run->config.node.device,
		       format_count(count, run->plan.untouched), run->plan.untouched == 1 ? "" : "s");
}

/* Whoever serves is told to look again. */
static void mind_rendezvous(const struct run *run, bool reload)
{
	char path[RENDEZVOUS_STATUS_PATH], why[SAY_BYTES];
	struct rendezvous_status status;

	rendezvous_status_path(path, run->client.path, RENDEZVOUS_SERVE);
	if (!reload || rendezvous_status_read(path, &status, why) || !rendezvous_status_is_live(&status))
		return;
	if (!kill((pid_t)status.pid, SIGHUP))
		say_note("mayflyctl serve (process %u) reads its clients again", status.pid);
}

static int run_file(struct run *run, const struct ctl *ctl, const char *argument, bool reload)
{
	int result = read_files(run, argument);

	if (!result)
		result = look_at_loader(run, ctl);
	if (result)
		return result;
	if (run->fresh && reload) {
		say_error("%s is not up: mayflyctl up %s", run->config.node.interface, argument);
		return CTL_FAILED;
	}
	if (!run->fresh && !reload && !run->quiet)
		say_note("%s is up already: changing what differs", run->config.node.interface);
	result = carry_out(run);
	if (result)
		return result;
	if (!run->quiet)
		print_outcome(run);
	mind_rendezvous(run, reload);
	if (run->config.peer_count && !run->quiet)
		say_note("%s", CTL_NOT_ENCRYPTED);
	return ctl_finish_output();
}

int up_bring(const struct ctl *ctl, const char *argument, __u32 more, bool quiet, struct client *client)
{
	struct run run = { .more = more, .quiet = quiet };
	int result = run_file(&run, ctl, argument, false);

	if (!result) {
		*client = run.client;
		run.client.fd = -1;
	}
	close_run(&run);
	return result;
}

/* --- sessions ------------------------------------------------------------------------ */

static size_t count_connected(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->meet_count; i++)
		count += connecting_wants(&config->meets[i], true);
	return count;
}

/* true: serve is on this node, and keeps what there is to keep. */
static bool leave_to_serve(const struct run *run)
{
	char path[RENDEZVOUS_STATUS_PATH], why[SAY_BYTES];
	struct rendezvous_status status;

	rendezvous_status_path(path, run->client.path, RENDEZVOUS_SERVE);
	if (rendezvous_status_read(path, &status, why) || !rendezvous_status_is_live(&status))
		return false;
	say_note("mayflyctl serve (process %u) keeps the sessions of this node: those of peers that say Connect = yes or "
		 "on-demand", status.pid);
	return true;
}

/* true: somebody keeps sessions already, and has been told to look again. */
static bool tell_keeper(const char *path)
{
	pid_t pid = keeper_pid(path);

	if (!pid || kill(pid, SIGHUP))
		return false;
	say_note("the keeper of sessions (process %d) reads its configuration again", (int)pid);
	return true;
}

static int begin_keeping(const struct run *run, const struct ctl *ctl, const struct options *options)
{
	struct keeping_settings settings = {
		.ctl = ctl, .state = options->state, .verdict = -1,
		.wait_ms = options->foreground ? ~(__u32)0 : options->wait_ms,
	};
	char lock[KEEPER_PATH_BYTES], why[SAY_BYTES], *file;
	int result;

	keeper_path(lock, run->client.path);
	settings.lock = keeper_lock(lock, why);
	if (settings.lock < 0)
		return failed(why);
	file = realpath(run->config.file, NULL); /* the keeper is at home elsewhere */
	settings.file = file ? file : run->config.file;
	result = options->foreground ? keeping_run(&settings) : keeping_launch(&settings);
	free(file);
	close(settings.lock);
	return result;
}

static int keep_sessions(struct run *run, const struct ctl *ctl, const struct options *options)
{
	char path[KEEPER_PATH_BYTES];
	bool wanted = options->foreground || (count_connected(&run->config) && !leave_to_serve(run));

	keeper_path(path, run->client.path);
	if (!options->foreground && tell_keeper(path))
		return CTL_FINE;
	return wanted ? begin_keeping(run, ctl, options) : CTL_FINE;
}

static int take_wait(const struct ctl *ctl, struct options *options, const char *text)
{
	if (parse_duration_ms(text, &options->wait_ms))
		return ctl_usage(ctl, "--wait %s: expected a duration such as 30s", text);
	return 0;
}

static int parse_options(const struct ctl *ctl, int argc, char **argv, struct options *options)
{
	const struct option known[] = {
		{ "wait", required_argument, NULL, OPTION_WAIT },
		{ "no-wait", no_argument, NULL, OPTION_NO_WAIT },
		{ "foreground", no_argument, NULL, OPTION_FOREGROUND },
		{ "state", required_argument, NULL, OPTION_STATE },
		{ 0 },
	};
	bool first = true;
	int option, result = 0;

	while (!result && (option = ctl_next_option(ctl, argc, argv, known, &first)) != -1) {
		switch (option) {
		case OPTION_WAIT: result = take_wait(ctl, options, optarg); break;
		case OPTION_NO_WAIT: options->wait_ms = 0; break;
		case OPTION_FOREGROUND: options->foreground = true; break;
		case OPTION_STATE: options->state = optarg; break;
		default: return CTL_USAGE;
		}
	}
	if (result || ctl_check_arguments(ctl, argc, 1, 1))
		return CTL_USAGE;
	options->file = argv[optind];
	return 0;
}

int command_up(const struct ctl *ctl, int argc, char **argv)
{
	struct options options = { .state = STATE_DIRECTORY, .wait_ms = KEEPING_WAIT_MS };
	struct run run = { .keeps = true };
	int result = parse_options(ctl, argc, argv, &options);

	if (result)
		return result;
	result = run_file(&run, ctl, options.file, false);
	if (!result)
		result = keep_sessions(&run, ctl, &options);
	close_run(&run);
	return result ? result : ctl_finish_output();
}

int command_reload(const struct ctl *ctl, int argc, char **argv)
{
	const struct option none[] = { { 0 } };
	char path[KEEPER_PATH_BYTES];
	struct run run = { .keeps = true };
	bool first = true;
	int result;

	if (ctl_next_option(ctl, argc, argv, none, &first) != -1 || ctl_check_arguments(ctl, argc, 1, 1))
		return CTL_USAGE;
	result = run_file(&run, ctl, argv[optind], true);
	keeper_path(path, run.client.path);
	if (!result)
		tell_keeper(path);
	close_run(&run);
	return result;
}
