// SPDX-License-Identifier: GPL-2.0-only
/* Words and numbers of the page, each by the name that it has there. */
#include "page/render.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

struct writer {
	struct render_field *field;
	unsigned int count;
};

static void put(struct writer *writer, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put(struct writer *writer, const char *name, const char *format, ...)
{
	struct render_field *field = &writer->field[writer->count];
	va_list arguments;

	if (writer->count == RENDER_FIELDS)
		return;
	field->name = name;
	va_start(arguments, format);
	vsnprintf(field->text, sizeof(field->text), format, arguments);
	va_end(arguments);
	writer->count++;
}

static void put_count(struct writer *writer, const char *name, __u64 count)
{
	char text[FORMAT_AMOUNT];

	put(writer, name, "%s", format_count(text, count));
}

static const char *format_took(char text[static FORMAT_AMOUNT], __u32 ms)
{
	if (ms >= 1000)
		return format_span(text, ms);
	snprintf(text, FORMAT_AMOUNT, "%u ms", ms);
	return text;
}

static const char *span_since(char text[static FORMAT_AMOUNT], const struct view *view, __u64 then_ms)
{
	return format_span(text, view->now_ms > then_ms ? view->now_ms - then_ms : 0);
}

/* --- the node ------------------------------------------------------------------------ */

static void put_node(struct writer *writer, const struct view *view)
{
	const struct board_node *node = &view->node;
	char span[FORMAT_AMOUNT], prefixes[RENDER_WORDS] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < MF_HOPPING_PREFIXES && *node->prefixes[i] && used < sizeof(prefixes); i++)
		used += (size_t)snprintf(prefixes + used, sizeof(prefixes) - used, "%s%s", i ? ", " : "",
					 node->prefixes[i]);
	put(writer, "nic", "%s", *node->nic ? node->nic : "?");
	put(writer, "device", "%s", *node->device ? node->device : "?");
	put(writer, "what", "%s", node->serves ? "serve" : "up");
	put(writer, "version", "%s", node->version);
	put(writer, "prefixes", "%s", *prefixes ? prefixes : "no prefix");
	put(writer, "inner", "%s", *node->inner ? node->inner : "as configured");
	put(writer, "for", "%s", span_since(span, view, node->begun_ms));
	put_count(writer, "hops", node->hops);
	put_count(writer, "associations", node->associations);
	put_count(writer, "capacity", node->capacity);
	put(writer, "hooks", "in %s, out %s", format_hook(node->in_xdp), format_hook(node->out_xdp ? node->out_xdp : node->tc));
	put(writer, "clock", "%s, %.1f ms", format_clock(node->clock), (double)node->clock_error_ns / 1e6);
}

/* What an operator sees first: is it well? */
static void put_health(struct writer *writer, const struct view *view)
{
	char span[FORMAT_AMOUNT];

	if (view_is_stale(view))
		put(writer, "health", "nothing heard from mayflyctl for %s",
		    view->node.written_ms ? span_since(span, view, view->node.written_ms) : "the whole time");
	else if (!view->node.attached)
		put(writer, "health", "the loader does not answer, or the node is not up");
	else
		put(writer, "health", "%s", "");
}

static void put_level(struct writer *writer, const struct view *view)
{
	const struct board_node *node = &view->node;

	put(writer, "level", "%s", *node->status.level ? node->status.level : "unknown");
	put(writer, "why", "%s", node->status.level_why);
	put_count(writer, "probes_random", node->events[MF_EVENT_PROBE_RANDOM]);
	put_count(writer, "probes_expired", node->events[MF_EVENT_PROBE_EXPIRED]);
	put_count(writer, "probes_unsent", node->suppressed);
}

static void put_sessions(struct writer *writer, const struct view *view)
{
	const struct board_node *node = &view->node;

	put_count(writer, "sessions", view_sessions(view));
	put(writer, "sessions_word", "%s", view_sessions(view) == 1 ? "session stands" : "sessions stand");
	put_count(writer, "handshakes", node->handshakes);
	put_count(writer, "dropped", node->dropped);
	put_count(writer, "pages", view_pages(view));
}

static void put_traffic(struct writer *writer, const struct view *view)
{
	char text[FORMAT_AMOUNT];

	put(writer, "in_rate", "%s", format_rate(text, view_rate(view, BOARD_IN_BYTES)));
	put(writer, "out_rate", "%s", format_rate(text, view_rate(view, BOARD_OUT_BYTES)));
	put_count(writer, "in_packets", (__u64)(view_rate(view, BOARD_IN_PACKETS) + 0.5));
	put_count(writer, "out_packets", (__u64)(view_rate(view, BOARD_OUT_PACKETS) + 0.5));
	put(writer, "in_all", "%s", format_bytes(text, view->node.traffic[BOARD_IN_BYTES]));
	put(writer, "out_all", "%s", format_bytes(text, view->node.traffic[BOARD_OUT_BYTES]));
}

/* --- the rendezvous ------------------------------------------------------------------ */

static void put_event(struct writer *writer, const char *name, const struct view *view,
		      const struct rendezvous_event *event)
{
	char ago[FORMAT_AMOUNT], took[FORMAT_AMOUNT];

	if (!event->at_ms)
		put(writer, name, "%s", view->node.serves ? "never" : "none: this end looks up");
	else
		put(writer, name, "%s, for %s, %s ago: %u node%s in %s", event->outcome, event->peer,
		    span_since(ago, view, event->at_ms), event->holders, event->holders == 1 ? "" : "s",
		    format_took(took, event->took_ms));
}

static void put_lookup(struct writer *writer, const struct view *view)
{
	const struct board_lookup *lookup = &view->node.lookup;
	char ago[FORMAT_AMOUNT], took[FORMAT_AMOUNT], count[FORMAT_AMOUNT];

	if (!lookup->at_ms)
		put(writer, "last_get", "%s", view->node.serves ? "none: this end is looked up" : "none yet");
	else if (lookup->found)
		put(writer, "last_get", "%s found in %s, %s ago; %s in all", lookup->peer,
		    format_took(took, lookup->took_ms), span_since(ago, view, lookup->at_ms),
		    format_count(count, lookup->count));
	else
		put(writer, "last_get", "%s not found, %s ago; %s in all", lookup->peer,
		    span_since(ago, view, lookup->at_ms), format_count(count, lookup->count));
}

static void put_rendezvous(struct writer *writer, const struct view *view)
{
	const struct rendezvous_status *status = &view->node.status;
	__u64 end_ms = ((__u64)status->period + status->period_s) * 1000;
	char left[FORMAT_AMOUNT], period[FORMAT_AMOUNT];

	put(writer, "store", "%s", *status->store ? status->store : "looked up only");
	put_count(writer, "clients", status->clients);
	put_count(writer, "published_current", status->current);
	put_count(writer, "published_next", status->next);
	put_count(writer, "failing", status->failing);
	put_count(writer, "nodes6", status->ipv6_nodes);
	put_count(writer, "nodes4", status->ipv4_nodes);
	put(writer, "period", "%s", format_period(period, status->period_s * 1000ULL));
	put(writer, "period_left", "%s", status->period && end_ms > view->now_ms ?
	    format_span(left, end_ms - view->now_ms) : "-");
	put_event(writer, "last_put", view, &status->publication);
	if (status->failure.at_ms)
		put_event(writer, "last_failure", view, &status->failure);
	else
		put(writer, "last_failure", "%s", "none");
	put_lookup(writer, view);
}

unsigned int render_fields(const struct view *view, struct render_field fields[static RENDER_FIELDS])
{
	struct writer writer = { fields, 0 };
	time_t now_s = (time_t)(view->now_ms / 1000);
	char moment[32];
	struct tm parts;

	gmtime_r(&now_s, &parts);
	strftime(moment, sizeof(moment), "%H:%M:%S", &parts);
	put(&writer, "moment", "%s", moment);
	put_health(&writer, view);
	put_node(&writer, view);
	put_level(&writer, view);
	put_sessions(&writer, view);
	put_traffic(&writer, view);
	put_rendezvous(&writer, view);
	return writer.count;
}
