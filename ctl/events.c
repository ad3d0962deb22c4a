// SPDX-License-Identifier: GPL-2.0-only
/* events: what the programs report, one line each, until the loader goes or the user has seen enough. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/verdict.h"

enum { NO_ASSOCIATION = ~0 };

/* 2026-01-31T12:00:00.123Z */
static void format_time(char text[static 32], __u64 ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(text, 32, "%FT%T", &parts);
	snprintf(text + strlen(text), 32 - strlen(text), ".%03lluZ", ms % 1000);
}

/* The name of an association, asked for on a second connection: on the first, events would be skipped. */
static const char *find_name(struct client *names, __u32 id, struct mf_message *message)
{
	memset(message, 0, sizeof(*message));
	message->type = MF_ASSOC_NEXT;
	message->assoc_status.id = id;
	if (id == (__u32)NO_ASSOCIATION || client_ask(names, message) || message->assoc_status.id != id)
		return NULL;
	message->assoc_status.config.name[MF_NAME_BYTES - 1] = 0;
	return message->assoc_status.config.name;
}

static void print_event(const struct mf_event *event, const char *name)
{
	char moment[32], source[FORMAT_ADDRESS], destination[FORMAT_ADDRESS], more[FORMAT_AMOUNT];

	format_time(moment, event->time_ms);
	printf("%s %-14s %s -> %s", moment, event_name(event->kind), format_address(source, event->source),
	       format_address(destination, event->destination));
	if (event->kind == MF_EVENT_PATH_MTU)
		printf(" mtu %u", event->value);
	if (name)
		printf(" peer %s", name);
	if (event->suppressed)
		printf(" (and %s more)", format_count(more, event->suppressed));
	putchar('\n');
}

static void print_event_json(const struct mf_event *event, const char *name)
{
	char source[FORMAT_ADDRESS], destination[FORMAT_ADDRESS];
	json_t *object;

	object = json_pack("{s:I, s:s, s:s, s:s, s:o, s:I, s:I}", "time_ms", (json_int_t)event->time_ms, "event",
			   event_name(event->kind), "source", format_address(source, event->source), "destination",
			   format_address(destination, event->destination), "association",
			   name ? json_string(name) : json_null(), "suppressed",
			   (json_int_t)event->suppressed, "value", (json_int_t)event->value);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static int follow(struct client *client, struct client *names, bool json)
{
	struct mf_message message = { .type = MF_SUBSCRIBE }, association;
	char why[SAY_BYTES];
	struct mf_event event;
	const char *name;
	int error;

	error = client_ask(client, &message);
	while (!error) {
		error = client_next_event(client, &event);
		if (error)
			break;
		name = find_name(names, event.association, &association);
		json ? print_event_json(&event, name) : print_event(&event, name);
		if (ctl_finish_output())
			return CTL_FAILED;
	}
	client_why(client, error, MF_SUBSCRIBE, &message, why);
	say_error("%s", why);
	return CTL_FAILED;
}

int command_events(const struct ctl *ctl, int argc, char **argv)
{
	struct client client, names;
	int result;
	bool json;

	if (ctl_read_json(ctl, argc, argv, 0, &json))
		return CTL_USAGE;
	if (ctl_connect(ctl, NULL, &client))
		return CTL_FAILED;
	result = CTL_FAILED;
	if (!ctl_connect(ctl, NULL, &names)) {
		result = follow(&client, &names, json);
		client_close(&names);
	}
	client_close(&client);
	return result;
}
