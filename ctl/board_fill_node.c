// SPDX-License-Identifier: GPL-2.0-only
/* The part of the board that is one for the whole node: its state, counters, strangers, news. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "ctl/board_fill.h"

#define PUT(to, text) snprintf(to, sizeof(to), "%s", text)

enum { PROBE_PREFIX_BYTES = 6 /* /48 */ };

__u64 board_fill_unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

__u64 board_fill_programs_ms(const struct board_fill *fill)
{
	return (__u64)((__s64)board_fill_unix_ms() - fill->node.clock_error_ns / 1000000);
}

void board_fill_say(struct board_fill *fill, const char *format, ...)
{
	struct board_news *news = &fill->node.news[fill->node.news_count % BOARD_NEWS];
	va_list arguments;

	news->at_ms = board_fill_unix_ms();
	va_start(arguments, format);
	vsnprintf(news->words, sizeof(news->words), format, arguments);
	va_end(arguments);
	fill->node.news_count++;
	fill->news = true;
}

/* --- strangers ----------------------------------------------------------------------- */

static struct board_probe *probe_of(struct board_node *node, const __u8 source[static 16])
{
	struct board_probe *oldest = &node->probe[0];

	for (int i = 0; i < BOARD_PROBES; i++) {
		struct board_probe *probe = &node->probe[i];

		if (probe->last_ms && !memcmp(probe->prefix, source, PROBE_PREFIX_BYTES))
			return probe;
		if (probe->last_ms < oldest->last_ms)
			oldest = probe;
	}
	*oldest = (struct board_probe){ 0 };
	memcpy(oldest->prefix, source, PROBE_PREFIX_BYTES);
	return oldest;
}

void board_fill_event(struct board_fill *fill, const struct mf_event *event)
{
	struct board_probe *probe;

	if (!fill->board || event->kind >= BOARD_EVENTS)
		return;
	fill->node.events[event->kind]++;
	fill->node.suppressed += event->suppressed;
	if (event->kind != MF_EVENT_PROBE_RANDOM && event->kind != MF_EVENT_PROBE_EXPIRED)
		return;
	probe = probe_of(&fill->node, event->source);
	probe->count[event->kind]++;
	probe->last_ms = board_fill_unix_ms();
}

void board_fill_lookup(struct board_fill *fill, const struct connecting_news *news)
{
	struct board_lookup *lookup = &fill->node.lookup;

	if (!fill->board || (news->word != CONNECTING_FOUND && news->word != CONNECTING_MISSING))
		return;
	lookup->at_ms = board_fill_unix_ms();
	lookup->count++;
	lookup->took_ms = (__u32)(news->us / 1000);
	lookup->found = news->word == CONNECTING_FOUND;
	PUT(lookup->peer, news->name);
}

/* --- the loader's answers ------------------------------------------------------------ */

static void take_node(struct board_node *node, const struct mf_node_status *status)
{
	const struct mf_node_config *config = &status->config;

	node->attached = status->attached;
	node->clock = status->clock;
	node->in_xdp = status->in_xdp;
	node->out_xdp = status->out_xdp;
	node->tc = status->tc;
	node->mode = config->mode;
	node->clock_error_ns = status->clock_error_ns;
	node->associations = status->associations;
	node->capacity = config->capacity;
	node->ring_used = status->ring_used;
	node->ring_capacity = status->ring_capacity;
	node->hops = status->hops;
	snprintf(node->nic, sizeof(node->nic), "%.*s", MF_DEVICE_BYTES - 1, status->nic);
	snprintf(node->device, sizeof(node->device), "%.*s", MF_DEVICE_BYTES - 1, config->device);
	for (unsigned int i = 0; i < MF_HOPPING_PREFIXES; i++) {
		*node->prefixes[i] = 0;
		if (i < config->templates)
			format_template(node->prefixes[i], &config->template[i]);
	}
}

static void ask_loader(struct board_fill *fill)
{
	struct mf_message message = { .type = MF_NODE_GET };
	int error = client_ask_again(fill->settings.loader, &message);

	if (!error) {
		take_node(&fill->node, &message.node_status);
		memset(&message, 0, sizeof(message));
		message.type = MF_COUNTERS_GET;
		error = client_ask_again(fill->settings.loader, &message);
		if (!error)
			memcpy(fill->node.verdict, message.counters.verdict, sizeof(fill->node.verdict));
	}
	if (error && error != -EREMOTEIO)
		fill->pause_ms = board_fill_unix_ms() + BOARD_PAUSE_MS;
	if (error)
		fill->node.attached = 0;
}

void board_fill_node(struct board_fill *fill)
{
	struct board_node *node = &fill->node;
	char before[RENDEZVOUS_WORD];

	if (board_fill_unix_ms() >= fill->pause_ms)
		ask_loader(fill);
	memcpy(before, node->status.level, sizeof(before));
	fill->settings.status(fill->settings.context, &node->status);
	if (*before && strcmp(before, node->status.level))
		board_fill_say(fill, "level %s", node->status.level_why);
	node->handshakes = fill->settings.sessions->handshakes;
	node->dropped = fill->settings.sessions->dropped;
	fill->news = true;
}
