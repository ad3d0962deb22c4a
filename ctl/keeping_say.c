// SPDX-License-Identifier: GPL-2.0-only
/* What a person, systemd and the `up` that waits hear of sessions that are kept. */
#include <string.h>
#include <unistd.h>

#include "ctl/format.h"
#include "ctl/keeping.h"

void keeping_judge(struct keeping *keeping, enum ctl_exit verdict)
{
	char byte = (char)verdict;

	if (keeping->judged)
		return;
	keeping->judged = true;
	fflush(stdout);
	if (keeping->settings.verdict < 0)
		return;
	if (write(keeping->settings.verdict, &byte, 1) != 1)
		say_note("nobody waits for these sessions");
	close(keeping->settings.verdict);
	keeping->settings.verdict = -1;
}

/* Who starts after us waits no longer than a person would: a peer that is away holds nobody up. */
static void tell_systemd(struct keeping *keeping, size_t kept, size_t standing)
{
	char status[80];

	if (!keeping->ready && (kept == standing || keeping->judged)) {
		keeping->ready = true;
		mf_notify_send(&keeping->notify, "READY=1");
	}
	snprintf(status, sizeof(status), "STATUS=%zu of %zu sessions stand", standing, kept);
	mf_notify_send(&keeping->notify, status);
}

void keeping_look_around(struct keeping *keeping)
{
	size_t kept, standing;

	connecting_count(&keeping->connecting, &kept, &standing);
	tell_systemd(keeping, kept, standing);
	if (kept == standing)
		keeping_judge(keeping, CTL_FINE);
}

static void print_found(const struct connecting_news *news, double ms)
{
	printf("%s: found in %.1f ms%s%s\n", news->name, ms, news->text ? ": " : "", news->text ? news->text : "");
}

static void print_news(const struct connecting_news *news)
{
	char address[FORMAT_ADDRESS];
	double ms = (double)news->us / 1000;

	format_address(address, news->address);
	switch (news->word) {
	case CONNECTING_AWAITED: printf("%s: on demand, the first packet to %s begins a session\n", news->name, address); break;
	case CONNECTING_LOOKING: printf("%s: looking up where it is to be met\n", news->name); break;
	case CONNECTING_FOUND: print_found(news, ms); break;
	case CONNECTING_MISSING: printf("%s: not found: %s\n", news->name, news->text); break;
	case CONNECTING_ASKING: printf("%s: asking for a session\n", news->name); break;
	case CONNECTING_STANDING: printf("%s: session stands in %.1f ms, reach it at %s\n", news->name, ms, address); break;
	case CONNECTING_SILENT: printf("%s: %s\n", news->name, news->text); break;
	case CONNECTING_OVER: printf("%s: session ended: %s\n", news->name, news->text); break;
	case CONNECTING_REFUSED: printf("%s: no introduction: %s\n", news->name, news->text); break;
	}
	fflush(stdout);
}

void keeping_told(void *context, const struct connecting_news *news)
{
	struct keeping *keeping = context;

	print_news(news);
	board_fill_lookup(&keeping->page.fill, news);
	if (news->word == CONNECTING_STANDING || news->word == CONNECTING_OVER || news->word == CONNECTING_SILENT)
		keeping_look_around(context);
}

void keeping_give_up(struct keeping *keeping)
{
	for (size_t i = 0; !keeping->judged && i < keeping->connecting.peers; i++) {
		const struct connecting_peer *peer = &keeping->connecting.peer[i];

		if (peer->plan.keep && peer->plan.state != CONNECTING_STANDS)
			say_error("%s has no session yet: %s; it is tried on in the background", peer->name,
				  *peer->why ? peer->why : "no answer so far");
	}
	keeping_judge(keeping, CTL_FAILED);
	keeping_look_around(keeping);
}

/* Whoever waits for sessions is told why there are none: somebody has ended what begins them. */
void keeping_say_ended(struct keeping *keeping)
{
	if (!keeping->judged && keeping->settings.verdict >= 0)
		say_error("%s was taken down before all sessions stood (mayflyctl down, or a signal)",
			  keeping->config.node.interface);
	keeping_judge(keeping, CTL_FAILED);
}
