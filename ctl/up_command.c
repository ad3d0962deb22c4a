// SPDX-License-Identifier: GPL-2.0-only
/* The commands up and reload: the node by up.c, then whoever keeps its sessions is begun, told or waited for. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/keeper_lock.h"
#include "ctl/keeping.h"
#include "ctl/parse.h"
#include "ctl/state.h"
#include "ctl/up_parts.h"

enum { OPTION_WAIT = 1, OPTION_NO_WAIT, OPTION_FOREGROUND, OPTION_DOWN, OPTION_STATE };

struct options {
	const char *file, *state;
	__u32 wait_ms;
	bool foreground, takes_down;
};

/* --- who keeps sessions -------------------------------------------------------------- */

static size_t count_connected(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->meet_count; i++)
		count += connecting_wants(&config->meets[i], true);
	return count;
}

static pid_t serving_pid(const struct up_run *run)
{
	return keeper_of(run->client.path, SESSIONS_SERVE);
}

/* true: serve is on this node, and keeps what there is to keep. */
static bool leave_to_serve(const struct up_run *run)
{
	pid_t pid = serving_pid(run);

	if (pid)
		say_note("mayflyctl serve (process %d) keeps the sessions of this node: those of peers that say Connect = yes or "
			 "on-demand, and of static ones", (int)pid);
	return pid != 0;
}

/* true: somebody keeps sessions already, and has been told to look again. */
static bool tell_keeper(const struct up_run *run)
{
	pid_t pid = keeper_tell(run->client.path, SESSIONS_UP, SIGHUP);

	if (pid <= 0)
		return false;
	say_note("the keeper of sessions (process %d) reads its configuration again", (int)pid);
	return true;
}

static int take_lock(struct up_run *run, char why[static SAY_BYTES])
{
	char path[KEEPER_PATH_BYTES];
	int lock = run->lock;

	run->lock = -1;
	if (lock >= 0)
		return lock;
	keeper_path(path, run->client.path, SESSIONS_UP);
	return keeper_lock(path, why);
}

static int begin_keeping(struct up_run *run, const struct ctl *ctl, const struct options *options)
{
	struct keeping_settings settings = {
		.ctl = ctl, .state = options->state, .verdict = -1,
		.prefix = run->config.node.prefixes.template[0],
		.wait_ms = options->wait_ms,
		.takes_down = options->takes_down,
	};
	char why[SAY_BYTES], *file;
	int result;

	settings.lock = take_lock(run, why);
	if (settings.lock < 0) {
		say_error("%s", why);
		return CTL_FAILED;
	}
	file = realpath(run->config.file, NULL); /* the keeper is at home elsewhere */
	settings.file = file ? file : run->config.file;
	result = options->foreground ? keeping_run(&settings) : keeping_launch(&settings);
	free(file);
	close(settings.lock);
	return result;
}

/* Whoever keeps sessions serves the page: for Clients that is serve; in the foreground, whoever has a key. */
static void mind_listen(const struct config *config, bool foreground)
{
	const struct config_node *node = &config->node;

	if (node->listen.kind == CONFIG_LISTEN_NOWHERE || config->meet_count || *node->rendezvous.clients)
		return;
	if (!foreground || !*node->private_key_file)
		say_note("Listen is for who keeps sessions, and no peer in %s has one: no page", config->file);
}

/* A keeper that has given way to a serve keeps nothing. */
static int keep_sessions(struct up_run *run, const struct ctl *ctl, const struct options *options)
{
	if (options->foreground) {
		mind_listen(&run->config, true);
		return begin_keeping(run, ctl, options);
	}
	if (tell_keeper(run))
		return up_wait(run, serving_pid(run) ? SESSIONS_SERVE : SESSIONS_UP, options->wait_ms);
	if (!count_connected(&run->config)) {
		if (!serving_pid(run))
			mind_listen(&run->config, false);
		return CTL_FINE;
	}
	if (leave_to_serve(run))
		return up_wait(run, SESSIONS_SERVE, options->wait_ms);
	return begin_keeping(run, ctl, options);
}

/* --- up ------------------------------------------------------------------------------ */

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
		{ "down", no_argument, NULL, OPTION_DOWN },
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
		case OPTION_DOWN: options->takes_down = true; break;
		case OPTION_STATE: options->state = optarg; break;
		default: return CTL_USAGE;
		}
	}
	if (result || ctl_check_arguments(ctl, argc, 1, 1))
		return CTL_USAGE;
	if (options->takes_down && !options->foreground)
		return ctl_usage(ctl, "--down: goes with --foreground");
	options->file = argv[optind];
	return 0;
}

int command_up(const struct ctl *ctl, int argc, char **argv)
{
	struct options options = { .state = STATE_DIRECTORY, .wait_ms = KEEPING_WAIT_MS };
	struct up_run run = { .keeps = true, .lock = -1 };
	int result = parse_options(ctl, argc, argv, &options);

	if (result)
		return result;
	run.stays = options.foreground;
	if (options.takes_down)
		service_hold_signals();
	result = up_run(&run, ctl, options.file, false);
	if (!result)
		result = keep_sessions(&run, ctl, &options);
	up_close(&run);
	return result ? result : ctl_finish_output();
}

/* --- reload -------------------------------------------------------------------------- */

static void mind_keeper(const struct up_run *run)
{
	if (!tell_keeper(run) && !serving_pid(run) && count_connected(&run->config))
		say_note("nobody keeps sessions on this node: mayflyctl up %s begins them", run->config.file);
}

int command_reload(const struct ctl *ctl, int argc, char **argv)
{
	const struct option none[] = { { 0 } };
	struct up_run run = { .keeps = true, .lock = -1 };
	bool first = true;
	int result;

	if (ctl_next_option(ctl, argc, argv, none, &first) != -1 || ctl_check_arguments(ctl, argc, 1, 1))
		return CTL_USAGE;
	result = up_run(&run, ctl, argv[optind], true);
	if (!result)
		mind_keeper(&run);
	up_close(&run);
	return result;
}
