// SPDX-License-Identifier: GPL-2.0-only
/* What show says of serve and meet: from the status files beside the loader's socket. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/format.h"
#include "ctl/keeper_lock.h"
#include "ctl/rendezvous_status.h"
#include "ctl/show.h"

static int read_role(const struct snapshot *snapshot, enum rendezvous_role role, struct rendezvous_status *status)
{
	char path[RENDEZVOUS_STATUS_PATH], why[SAY_BYTES];

	if (!*snapshot->socket)
		return -ENOENT;
	rendezvous_status_path(path, snapshot->socket, role);
	return rendezvous_status_read(path, status, why);
}

static bool is_live(const struct snapshot *snapshot)
{
	return keeper_of(snapshot->socket, SESSIONS_SERVE) != KEEPER_NOBODY;
}

static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

static void print_event(const struct show_style *style, const char *label, const struct rendezvous_event *event)
{
	char ago[FORMAT_AMOUNT], took[FORMAT_AMOUNT];
	__u64 now = now_ms();

	show_label(style, label);
	if (!event->at_ms) {
		puts("never");
		return;
	}
	printf("%s, %s ago: %s, %u node%s, took %s\n", event->peer,
	       format_span(ago, now > event->at_ms ? now - event->at_ms : 0), event->outcome, event->holders,
	       format_plural(event->holders), format_span(took, event->took_ms));
}

static void print_period(const struct show_style *style, const struct rendezvous_status *status)
{
	char period[FORMAT_AMOUNT], left[FORMAT_AMOUNT];
	__u64 end_ms = ((__u64)status->period + status->period_s) * 1000, now = now_ms();

	show_label(style, "period");
	printf("%s, the next in %s\n", format_period(period, status->period_s * 1000ULL),
	       format_span(left, end_ms > now ? end_ms - now : 0));
}

static void print_serving(const struct show_style *style, const struct rendezvous_status *status, bool live)
{
	printf("\n%srendezvous%s: %s%s%s by %s\n", style->heading, style->plain, live ? "" : style->alarm,
	       live ? "serving" : "serve has died; it served", live ? "" : style->plain, status->store);
	show_label(style, "clients");
	printf("%u, published for %u now and for %u next", status->clients, status->current, status->next);
	if (status->failing)
		printf("; %u failing", status->failing);
	putchar('\n');
	if (status->failing && *status->failure_why) {
		show_label(style, "why");
		puts(status->failure_why);
	}
	print_period(style, status);
	if (*status->level_why) {
		show_label(style, "level");
		puts(status->level_why);
	}
	print_event(style, "last publication", &status->publication);
	if (strcmp(status->store, "redis")) {
		show_label(style, "nodes");
		printf("%u known over IPv6, %u over IPv4; %u addresses of %u bootstrap names\n", status->ipv6_nodes,
		       status->ipv4_nodes, status->bootstrap_resolved, status->bootstrap_named);
	}
}

void show_rendezvous_text(const struct show_style *style, const struct snapshot *snapshot)
{
	struct rendezvous_status status;

	if (!read_role(snapshot, RENDEZVOUS_SERVE, &status))
		print_serving(style, &status, is_live(snapshot));
	if (!read_role(snapshot, RENDEZVOUS_MEET, &status)) {
		printf("\n%srendezvous%s: meeting by %s\n", style->heading, style->plain, status.store);
		print_event(style, "last lookup", &status.lookup);
		if (*status.clock) {
			show_label(style, "clock");
			puts(status.clock);
		}
	}
}

json_t *show_rendezvous_object(const struct snapshot *snapshot)
{
	struct rendezvous_status status;
	json_t *object = json_object(), *serve;

	if (!read_role(snapshot, RENDEZVOUS_SERVE, &status)) {
		serve = rendezvous_status_object(&status);
		json_object_set_new(serve, "live", json_boolean(is_live(snapshot)));
		json_object_set_new(object, "serve", serve);
	}
	if (!read_role(snapshot, RENDEZVOUS_MEET, &status))
		json_object_set_new(object, "meet", rendezvous_status_object(&status));
	if (json_object_size(object))
		return object;
	json_decref(object);
	return NULL;
}
