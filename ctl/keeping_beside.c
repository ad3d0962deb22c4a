// SPDX-License-Identifier: GPL-2.0-only
/* Who else keeps sessions of this node: a serve, for which this process makes way, or another keeper, which must not be. */
#include "ctl/handover.h"
#include "ctl/keeper_lock.h"
#include "ctl/keeping.h"

/* All of them go on in the loader, where the serve finds them; first it is told what it would not begin by itself. */
static void give_way(struct keeping *keeping)
{
	bool leaves = keeping->leaves;

	keeping->serves = true;
	keeper_sign(keeping->place.lock, keeping->place.file);
	if (keeping->sessions.open)
		handover_write(keeping->place.lock, &keeping->config, &keeping->sessions);
	keeping->leaves = true;
	keeping_leave_sessions(keeping);
	keeping->leaves = leaves;
	keeping_look_around(keeping);
}

/* What was closed has gone by now: the loop has turned for long. */
static void take_back(struct keeping *keeping)
{
	char why[SAY_BYTES];

	say_note("mayflyctl serve has ended: this process keeps the sessions of peers that are connected to again");
	keeping->serves = false;
	keeping->served_ms = sessions_now_ms(); /* where it fails, it is tried again after as long */
	keeping->prefix = keeping->config.node.prefixes.template[0];
	node_watch_begin(&keeping->node, &keeping->loader);
	if (keeping_open_sessions(keeping, why)) {
		say_error("%s", why);
		give_way(keeping);
	}
	keeping_look_around(keeping);
}

/* A serve that has begun meanwhile takes over, and minds the node as well; when it has ended for good, all is as before. */
void keeping_mind_serve(struct keeping *keeping)
{
	__u64 now_ms = sessions_now_ms();

	if (keeper_of(keeping->loader.path, SESSIONS_SERVE) != KEEPER_NOBODY) {
		keeping->served_ms = now_ms;
		if (!keeping->serves)
			give_way(keeping);
	} else if (keeping->serves && now_ms - keeping->served_ms >= KEEPING_SERVE_GONE_MS) {
		take_back(keeping);
	}
}

bool keeping_mind_place(struct keeping *keeping)
{
	char why[SAY_BYTES];

	keeping->shut_out = keeper_place_is_lost(&keeping->place, &keeping->tell);
	keeping->leaves = keeping->shut_out;
	if (!keeping->shut_out && keeping->sessions.open && !keeping->tell.open)
		keeping_open_tell(keeping, why); /* who had the socket may have gone */
	page_mind(&keeping->page);
	return keeping->shut_out;
}
