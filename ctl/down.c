// SPDX-License-Identifier: GPL-2.0-only
/* down: the loader detaches and leaves nothing behind. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "ctl/down.h"
#include "ctl/keeper_lock.h"
#include "ctl/nic_argument.h"
#include "ctl/sessions_ask.h"

enum {
	KEEPER_MS = 5000, /* that whoever keeps sessions may take to say goodbye */
	LOOK_MS = 50,     /* between two looks whether it has */
};

static int find_nic(const char *argument, char nic[static MF_DEVICE_BYTES])
{
	char why[SAY_BYTES];
	int error = nic_argument(nic, argument, why);

	if (!error)
		return 0;
	say_error("%s", why);
	say_note("to take a node down without its file: mayflyctl down NIC");
	return error;
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

/* Whoever keeps sessions says goodbye as long as there is a way to say it. One that is left could bring the node up again. */
static int end_keeper(const struct client *client)
{
	int error = keeper_end(client->path, SESSIONS_UP, KEEPER_MS);
	char path[KEEPER_PATH_BYTES];

	if (error == -ESRCH)
		return CTL_FINE;
	if (error == -EPERM) {
		say_error("the keeper of sessions cannot be told to end, and may bring the node up again: it is another user's, or "
			  "in another process namespace; end it there");
		return CTL_FAILED;
	}
	if (error) {
		say_error("the keeper of sessions (process %d) was told to end and has not within %d s: is it stopped? The node "
			  "goes without it", (int)keeper_of(client->path, SESSIONS_UP), KEEPER_MS / 1000);
		return CTL_FAILED;
	}
	keeper_path(path, client->path, SESSIONS_UP);
	keeper_clear(path);
	return CTL_FINE;
}

/* 0: no session stands any more; -EAGAIN: some do; -ETIMEDOUT: nobody says. */
static int ask_whether_ended(const struct client *client)
{
	struct sessions_told told;
	int error;

	sessions_told_take(&told, client->path, ~(size_t)0, KEEPER_MS);
	error = told.error[SESSIONS_SERVE] ? -ETIMEDOUT : 0;
	for (size_t i = 0; i < told.count; i++)
		if (sessions_line_stands(&told.line[i]))
			error = -EAGAIN;
	sessions_told_close(&told);
	return error;
}

/* serve takes leave of its clients and stays, since the node may come up again. */
static void end_served(const struct client *client)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	pid_t pid = keeper_tell(client->path, SESSIONS_SERVE, SIGUSR1);
	int error = -EAGAIN;

	if (pid <= 0)
		return;
	for (int waited = 0; error == -EAGAIN && waited < KEEPER_MS; waited += LOOK_MS) {
		nanosleep(&pause, NULL);
		error = ask_whether_ended(client);
	}
	if (error)
		say_note("mayflyctl serve (process %d) has not taken leave of all its clients", (int)pid);
}

int down_clear(struct client *client)
{
	struct mf_message message = { .type = MF_NODE_CLEAR };
	char why[SAY_BYTES];
	int error = client_ask_again(client, &message);

	if (client_is_lost(error)) {
		say_note("the loader has ended");
		return CTL_FINE;
	}
	if (!error)
		return CTL_FINE;
	client_why(client, error, MF_NODE_CLEAR, &message, why);
	say_error("%s", why);
	return CTL_FAILED;
}

static int take_down(struct client *client)
{
	int left = end_keeper(client), result;

	end_served(client);
	result = down_clear(client);
	return result ? result : left;
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
