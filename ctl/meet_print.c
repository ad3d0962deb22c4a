// SPDX-License-Identifier: GPL-2.0-only
/* The outcome of a meeting on stdout. */
#include "ctl/meet_print.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "ctl/format.h"

const char *meet_store_name(const struct config_rendezvous *rendezvous)
{
	switch (rendezvous->store.kind) {
	case CONFIG_STORE_ANNOUNCE: return "announce";
	case CONFIG_STORE_REDIS: return "redis";
	default: return "dht";
	}
}

static const char *form_name(enum rendezvous_form form)
{
	switch (form) {
	case RENDEZVOUS_FULL: return "full";
	case RENDEZVOUS_COMPACT: return "compact";
	default: return "native";
	}
}

static const char *format_time(char text[static 32], __u32 unix_s)
{
	const time_t when = unix_s;
	struct tm parts;

	strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&when, &parts));
	return text;
}

/* Negative: the period is still to come. */
static long long age_s(const struct meeting_lookup *lookup)
{
	return (long long)time(NULL) - lookup->period;
}

static void print_age(const struct meeting *meeting, const struct meeting_lookup *lookup)
{
	char text[32], span[FORMAT_AMOUNT], period[FORMAT_AMOUNT];
	long long age = age_s(lookup);

	format_span(span, (__u64)(age < 0 ? -age : age) * 1000);
	printf("  %-12s %s from %s, %s%s%s%s\n", "period", format_period(period, meeting->period_s * 1000ULL),
	       format_time(text, lookup->period), age < 0 ? "in " : "", span, age < 0 ? "" : " old",
	       meeting->step ? "; the server is not calm" : "");
}

void meet_print(const struct config_peer *peer, const struct meeting *meeting,
		const struct config_rendezvous *rendezvous)
{
	const struct meeting_lookup *best = meeting_best(meeting);
	char prefix[FORMAT_PREFIX], address[FORMAT_ADDRESS], period[FORMAT_AMOUNT], span[FORMAT_AMOUNT];
	struct store_result sum;

	meeting_sum(meeting, &sum);
	printf("%s is to be met\n", peer->name);
	printf("  %-12s %s\n", "inner", format_address(address, peer->addresses.prefix[0].address));
	printf("  %-12s %s, hops every %s\n", "prefix", format_template(prefix, &best->offer.prefix),
	       format_period(period, best->offer.rotation_ms));
	print_age(meeting, best);
	printf("  %-12s %s (%s), held by %u, found in %s\n", "store", meet_store_name(rendezvous),
	       meeting->two_stage ? "two stages" : form_name(best->offer.form), best->result.holders,
	       format_span(span, best->result.took_ms));
	if (sum.nodes || sum.silent)
		printf("  %-12s %u of nodes, %u times none; %u datagrams sent\n", "answers", sum.nodes, sum.silent, sum.sent);
}

static void put_offer(json_t *object, const struct meeting_lookup *best, bool two_stage)
{
	char prefix[FORMAT_PREFIX];

	json_object_set_new(object, "prefix", json_string(format_template(prefix, &best->offer.prefix)));
	json_object_set_new(object, "rotation_ms", json_integer(best->offer.rotation_ms));
	json_object_set_new(object, "period", json_integer(best->period));
	json_object_set_new(object, "age_s", json_integer(age_s(best)));
	json_object_set_new(object, "form", json_string(form_name(best->offer.form)));
	json_object_set_new(object, "two_stage", json_boolean(two_stage));
	json_object_set_new(object, "holders", json_integer(best->result.holders));
}

void meet_print_json(const struct config_peer *peer, const struct meeting *meeting,
		     const struct config_rendezvous *rendezvous)
{
	const struct meeting_lookup *best = meeting_best(meeting);
	char address[FORMAT_ADDRESS], words[MEETING_WORDS];
	json_t *object = json_object();
	struct store_result sum;

	meeting_sum(meeting, &sum);
	json_object_set_new(object, "name", json_string(peer->name));
	json_object_set_new(object, "found", json_boolean(best != NULL));
	json_object_set_new(object, "outcome", json_string(store_outcome_name(sum.outcome)));
	json_object_set_new(object, "inner", json_string(format_address(address, peer->addresses.prefix[0].address)));
	json_object_set_new(object, "store", json_string(meet_store_name(rendezvous)));
	json_object_set_new(object, "period_s", json_integer(meeting->period_s));
	json_object_set_new(object, "configured_period_s", json_integer(meeting->configured_s));
	if (best)
		put_offer(object, best, meeting->two_stage);
	else
		json_object_set_new(object, "why", json_string(meeting_why(words, meeting)));
	json_object_set_new(object, "nodes", json_integer(sum.nodes));
	json_object_set_new(object, "silent", json_integer(sum.silent));
	json_object_set_new(object, "sent", json_integer(sum.sent));
	json_object_set_new(object, "received", json_integer(sum.received));
	json_object_set_new(object, "took_ms", json_integer(sum.took_ms));
	json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(object);
}
