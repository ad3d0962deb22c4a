// SPDX-License-Identifier: GPL-2.0-only
/* down: the loader detaches and leaves nothing behind. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ctl/config_file.h"
#include "ctl/ctl.h"
#include "ctl/keeper_lock.h"
#include "ctl/key.h"

enum { KEEPER_MS = 5000 /* that whoever keeps sessions may take to say goodbye */ };

/* An argument is a file if there is one of that name or it looks like a path; else an interface. */
static int find_nic(const char *argument, char nic[static MF_DEVICE_BYTES])
{
	char why[SAY_BYTES];
	struct config config;

	if (!strchr(argument, '/') && access(argument, F_OK)) {
		if (strlen(argument) >= MF_DEVICE_BYTES) {
			say_error("%s is neither a file nor an interface", argument);
			return -EINVAL;
		}
		strcpy(nic, argument);
		return 0;
	}
	if (config_file_parse(&config, argument, why)) {
		say_error("%s", why);
		say_note("to take a node down without its file: mayflyctl down NIC");
		return -EINVAL;
	}
	memcpy(nic, config.node.interface, MF_DEVICE_BYTES);
	config_close(&config);
	return 0;
}

/* With --socket the loader may be another interface's. */
static bool is_of(struct client *client, const char *nic)
{
	struct mf_message message = { .type = MF_NODE_GET };

	if (client_ask(client, &message) || !strncmp(message.node_status.nic, nic, MF_DEVICE_BYTES))
		return true;
	say_error("the loader at %s serves %.*s, not %s", client->path, MF_DEVICE_BYTES, message.node_status.nic, nic);
	return false;
}

/* Whoever keeps sessions says goodbye as long as there is a way to say it. */
static void end_keeper(const struct client *client)
{
	char path[KEEPER_PATH_BYTES];
	int error;

	keeper_path(path, client->path);
	error = keeper_end(path, KEEPER_MS);
	if (error && error != -ESRCH)
		say_note("the keeper of sessions (process %d) has not ended: %s", (int)keeper_pid(path), strerror(-error));
	if (!error)
		keeper_clear(path);
}

static int take_down(struct client *client)
{
	struct mf_message message = { .type = MF_NODE_CLEAR };
	char why[SAY_BYTES];
	int error;

	end_keeper(client);
	error = client_ask(client, &message);
	if (error == -EREMOTEIO && message.refusal == MF_REFUSED_NO_NODE) {
		say_note("it was down already");
		return CTL_FINE;
	}
	if (!error)
		return CTL_FINE;
	client_why(client, error, MF_NODE_CLEAR, &message, why);
	say_error("%s", why);
	return CTL_FAILED;
}

int command_down(const struct ctl *ctl, int argc, char **argv)
{
	const struct option none[] = { { 0 } };
	char nic[MF_DEVICE_BYTES];
	struct client client;
	bool first = true;
	int result;

	if (ctl_next_option(ctl, argc, argv, none, &first) != -1 || ctl_check_arguments(ctl, argc, 0, 1))
		return CTL_USAGE;
	if (optind < argc && find_nic(argv[optind], nic))
		return CTL_FAILED;
	if (ctl_connect(ctl, optind < argc ? nic : NULL, &client))
		return CTL_FAILED;
	result = optind < argc && !is_of(&client, nic) ? CTL_FAILED : take_down(&client);
	client_close(&client);
	return result;
}
