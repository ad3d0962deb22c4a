// SPDX-License-Identifier: GPL-2.0-only
/* What somebody removes while a keeper runs is missed within seconds, before others take its place. */
#include "ctl/keeper_place.h"

#include <errno.h>

/* A service sees its directory go, and another one of that name closed to it, by systemd's namespaces. */
static bool is_shut_out(int error)
{
	return error == -EROFS || error == -EACCES || error == -EPERM;
}

static int return_to(struct keeper_place *place, struct sessions_tell *tell, char why[static SAY_BYTES])
{
	int error = keeper_mind(place->path, place->file, &place->lock, why);

	if (error == 1)
		say_note("%s: somebody removed it; made again", place->path);
	return error < 0 ? error : sessions_tell_mind(tell, why);
}

bool keeper_place_is_lost(struct keeper_place *place, struct sessions_tell *tell)
{
	char why[SAY_BYTES];
	int error = return_to(place, tell, why), before = place->said;
	bool lost = error == -EWOULDBLOCK || is_shut_out(error);

	place->said = error;
	if (error == -EWOULDBLOCK)
		say_error("%s: another process keeps sessions there: this one ends, and leaves them to it", place->path);
	else if (lost)
		say_error("the runtime directory is gone for this process (%s): it ends, and leaves sessions to the next one", why);
	else if (error && error != before)
		say_error("%s: somebody removed it? It is tried every few seconds, sessions go on", why);
	return lost;
}
