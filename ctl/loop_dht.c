// SPDX-License-Identifier: GPL-2.0-only
/*
 * After everything that happens the engine is asked what to do until it has no more to say. Operations that are asked
 * for while names are still being resolved wait for that; a name that is slow holds up nobody for long.
 */
#include "ctl/loop_dht.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/dht_nodes.h"

enum { RESOLVE_PATIENCE_MS = 5000, BATCH = 256 /* actions before other work has its turn */ };

struct source {
	struct source *next;
	struct loop_dht *dht;
	struct dht_socket socket;
	__u32 number;
	uv_poll_t poll;
};

struct operation {
	struct operation *next, **link; /* of the list it stands in */
	struct dht_request request;
	__be16 ports[DHT_PORTS_MOST]; /* of the request */
	loop_dht_done *done;
	void *owner;
};

struct loop_dht {
	struct loop_dht_settings settings;
	uv_loop_t *loop;
	uv_timer_t timer, resolving;
	struct dht *engine;
	struct source *sources;
	unsigned int source_count;
	struct operation *waiting, *running; /* for names; in the engine */
	unsigned int lookups;      /* names under way */
	unsigned int resolved;
	__u64 resolved_ms;         /* when they were last asked for; 0: never */
	unsigned int handles;      /* open ones of libuv, and name lookups */
	bool closing, patient, said_socket;
	bool stale; /* nobody answered lately: names may mean other addresses now */
};

static __u64 now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static void work(struct loop_dht *dht);

static void release(struct loop_dht *dht)
{
	if (--dht->handles || !dht->closing)
		return;
	dht_free(dht->engine);
	free(dht);
}

/* --- sockets ------------------------------------------------------------------------- */

static void on_poll_closed(uv_handle_t *handle)
{
	struct source *source = handle->data;
	struct loop_dht *dht = source->dht;

	dht_socket_close(&source->socket, &dht->settings.from);
	free(source);
	release(dht);
}

static void close_source(struct loop_dht *dht, __u32 number)
{
	struct source **at = &dht->sources, *source;

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	source = *at;
	if (!source)
		return;
	*at = source->next;
	dht->source_count--;
	uv_close((uv_handle_t *)&source->poll, on_poll_closed);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct source *source = poll->data;
	struct loop_dht *dht = source->dht;
	__u8 bytes[DHT_RECEIVE_MOST];
	struct dht_endpoint from;

	(void)status, (void)events;
	for (int i = 0; i < 16; i++) {
		ssize_t got = dht_socket_receive(&source->socket, &from, bytes, sizeof(bytes));

		if (got == -EAGAIN)
			break;
		if (got >= 0)
			dht_receive(dht->engine, now_ms(), source->number, &from, bytes, (size_t)got);
	}
	work(dht);
}

static void say_socket(struct loop_dht *dht, const char *why)
{
	if (!dht->said_socket)
		say_note("the DHT cannot be asked from here: %s", why);
	dht->said_socket = true;
}

static struct source *open_source(struct loop_dht *dht, __u32 number, enum dht_family family)
{
	unsigned int most = dht->settings.from.loader ? LOOP_DHT_LENT : LOOP_DHT_SOCKETS;
	struct source *source = dht->source_count < most ? calloc(1, sizeof(*source)) : NULL;
	char why[SAY_BYTES];

	if (!source)
		return NULL;
	if (dht_socket_open(&source->socket, &dht->settings.from, family, why)) {
		say_socket(dht, why);
		free(source);
		return NULL;
	}
	if (uv_poll_init(dht->loop, &source->poll, source->socket.fd)) {
		dht_socket_close(&source->socket, &dht->settings.from);
		free(source);
		return NULL;
	}
	source->dht = dht;
	source->number = number;
	source->poll.data = source;
	source->next = dht->sources;
	dht->sources = source;
	dht->source_count++;
	dht->handles++;
	uv_poll_start(&source->poll, UV_READABLE, on_readable);
	return source;
}

/* NULL: it could not be opened, or there are too many; what it would have sent is lost, as datagrams are. */
static struct source *find_source(const struct loop_dht *dht, __u32 number)
{
	for (struct source *source = dht->sources; source; source = source->next)
		if (source->number == number)
			return source;
	return NULL;
}

/* --- the engine ---------------------------------------------------------------------- */

static void put_into(struct operation **list, struct operation *operation)
{
	operation->next = *list;
	operation->link = list;
	if (*list)
		(*list)->link = &operation->next;
	*list = operation;
}

static void take_out(struct operation *operation)
{
	*operation->link = operation->next;
	if (operation->next)
		operation->next->link = operation->link;
}

/* NULL: the list is empty. */
static struct operation *take_first(struct operation **list)
{
	struct operation *first = *list;

	if (!first)
		return NULL;
	*list = first->next;
	if (*list)
		(*list)->link = list;
	return first;
}

static void finish(struct loop_dht *dht, const struct dht_result *result)
{
	struct operation *operation = result->owner;

	dht->stale = result->outcome == DHT_NO_BOOTSTRAP || result->outcome == DHT_NO_ANSWER;
	take_out(operation);
	operation->done(operation->owner, result);
	free(operation);
}

static void act(struct loop_dht *dht, const struct dht_action *action)
{
	struct source *source;

	switch (action->kind) {
	case DHT_OPEN:
		source = open_source(dht, action->source, action->family);
		if (source && source->socket.lent)
			dht_source_address(dht->engine, action->source, source->socket.address);
		break;
	case DHT_SEND:
		source = find_source(dht, action->source);
		if (source)
			dht_socket_send(&source->socket, &action->to, action->bytes, action->length);
		break;
	case DHT_CLOSE:
		close_source(dht, action->source);
		break;
	case DHT_FINISHED:
		finish(dht, action->result);
		break;
	case DHT_NOTHING_TO_DO:
		break;
	}
}

static void on_timer(uv_timer_t *timer)
{
	work(timer->data);
}

static void work(struct loop_dht *dht)
{
	struct dht_action action;
	__u64 wake_ms, now;
	int done = 0;

	while (!dht->closing && done++ < BATCH && dht_next(dht->engine, now_ms(), &action))
		act(dht, &action);
	if (dht->closing)
		return;
	wake_ms = dht_wake_ms(dht->engine);
	now = now_ms();
	if (wake_ms == ~0ULL)
		uv_timer_stop(&dht->timer);
	else
		uv_timer_start(&dht->timer, on_timer, done > BATCH || wake_ms <= now ? 1 : wake_ms - now, 0);
}

static bool start(struct loop_dht *dht, struct operation *operation)
{
	operation->request.owner = operation;
	if (!dht_begin(dht->engine, now_ms(), &operation->request))
		return false;
	put_into(&dht->running, operation);
	return true;
}

/* --- names --------------------------------------------------------------------------- */

static void start_waiting(struct loop_dht *dht)
{
	struct operation *operation;

	dht->patient = false;
	while (!dht->closing && (operation = take_first(&dht->waiting))) {
		struct dht_result result = { .kind = operation->request.kind, .family = operation->request.family,
					     .outcome = DHT_CANCELLED };

		if (start(dht, operation))
			continue;
		operation->done(operation->owner, &result);
		free(operation);
	}
	work(dht);
}

static void on_patience(uv_timer_t *timer)
{
	start_waiting(timer->data);
}

static void take_address(struct loop_dht *dht, const struct sockaddr *address)
{
	struct dht_endpoint node = { { 0 }, 0 };

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

		node.address[10] = node.address[11] = 0xff;
		memcpy(node.address + 12, &v4->sin_addr, 4);
		node.port = v4->sin_port;
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

		memcpy(node.address, &v6->sin6_addr, 16);
		node.port = v6->sin6_port;
	} else {
		return;
	}
	dht->resolved++;
	dht_add_bootstrap(dht->engine, &node);
}

static void on_resolved(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
	struct loop_dht *dht = lookup->data;

	for (const struct addrinfo *at = found; !status && !dht->closing && at; at = at->ai_next)
		take_address(dht, at->ai_addr);
	uv_freeaddrinfo(found);
	free(lookup);
	if (!--dht->lookups && !dht->closing) {
		uv_timer_stop(&dht->resolving);
		start_waiting(dht);
	}
	release(dht);
}

static void look_up(struct loop_dht *dht, const struct config_bootstrap *node)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV };
	uv_getaddrinfo_t *lookup = malloc(sizeof(*lookup));
	char port[8];

	if (!lookup)
		return;
	snprintf(port, sizeof(port), "%u", node->port);
	lookup->data = dht;
	if (uv_getaddrinfo(dht->loop, lookup, on_resolved, node->host, port, &hints)) {
		free(lookup);
		return;
	}
	dht->lookups++;
	dht->handles++;
}

static void resolve(struct loop_dht *dht)
{
	const struct config_rendezvous *rendezvous = dht->settings.rendezvous;

	dht->resolved_ms = now_ms();
	dht->resolved = 0;
	for (unsigned int i = 0; i < rendezvous->bootstrap.count; i++)
		look_up(dht, &rendezvous->bootstrap.node[i]);
	dht->patient = dht->lookups > 0;
	if (dht->patient)
		uv_timer_start(&dht->resolving, on_patience, RESOLVE_PATIENCE_MS, 0);
}

static void recall(struct loop_dht *dht)
{
	struct dht_endpoint nodes[DHT_NODES_MOST];
	int count = dht->settings.nodes_path ? dht_nodes_load(dht->settings.nodes_path, nodes, DHT_NODES_MOST) : 0;

	while (count-- > 0)
		dht_add_bootstrap(dht->engine, &nodes[count]);
}

/* --- outside ------------------------------------------------------------------------- */

struct loop_dht *loop_dht_new(uv_loop_t *loop, const struct loop_dht_settings *settings)
{
	const struct dht_settings engine = { .allow_private = settings->rendezvous->private_network };
	struct loop_dht *dht = calloc(1, sizeof(*dht));

	if (!dht)
		return NULL;
	dht->settings = *settings;
	dht->loop = loop;
	dht->engine = dht_new(&engine);
	if (!dht->engine) {
		free(dht);
		return NULL;
	}
	uv_timer_init(loop, &dht->timer);
	uv_timer_init(loop, &dht->resolving);
	dht->timer.data = dht->resolving.data = dht;
	dht->handles = 2;
	recall(dht);
	return dht;
}

static void on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void free_operations(struct operation **list)
{
	struct operation *operation;

	while ((operation = take_first(list)))
		free(operation);
}

void loop_dht_close(struct loop_dht *dht)
{
	if (!dht || dht->closing)
		return;
	dht->closing = true;
	free_operations(&dht->waiting);
	free_operations(&dht->running);
	while (dht->sources)
		close_source(dht, dht->sources->number);
	uv_close((uv_handle_t *)&dht->timer, on_timer_closed);
	uv_close((uv_handle_t *)&dht->resolving, on_timer_closed);
}

void loop_dht_move(struct loop_dht *dht, const struct mf_template *prefix)
{
	dht->settings.from.prefix = *prefix;
}

void loop_dht_remember(struct loop_dht *dht)
{
	struct dht_endpoint nodes[DHT_NODES_MOST];
	char why[SAY_BYTES];
	size_t count;

	if (!dht->settings.nodes_path)
		return;
	count = dht_good_nodes(dht->engine, DHT_IPV6, nodes, DHT_GOOD_NODES);
	count += dht_good_nodes(dht->engine, DHT_IPV4, nodes + count, DHT_GOOD_NODES);
	if (count && dht_nodes_save(dht->settings.nodes_path, nodes, count, why))
		say_note("%s", why);
}

static bool wants_names(const struct loop_dht *dht)
{
	if (dht->lookups)
		return false;
	if (!dht->resolved_ms)
		return true;
	return (!dht->resolved || dht->stale) && now_ms() - dht->resolved_ms > LOOP_DHT_RESOLVE_AGAIN_MS;
}

int loop_dht_begin(struct loop_dht *dht, const struct dht_request *request, loop_dht_done *done, void *owner)
{
	struct operation *operation = calloc(1, sizeof(*operation));

	if (!operation)
		return -ENOMEM;
	*operation = (struct operation){ .request = *request, .done = done, .owner = owner };
	if (request->port_count && request->port_count <= DHT_PORTS_MOST) {
		memcpy(operation->ports, request->ports, request->port_count * sizeof(*request->ports));
		operation->request.ports = operation->ports;
	}
	if (wants_names(dht))
		resolve(dht);
	if (dht->patient) {
		put_into(&dht->waiting, operation);
		return 0;
	}
	if (!start(dht, operation)) {
		free(operation);
		return -ENOSPC;
	}
	uv_timer_start(&dht->timer, on_timer, 0, 0); /* not from within this call: the owner is not ready yet */
	return 0;
}

unsigned int loop_dht_families(const struct loop_dht *dht, enum dht_family families[static 2])
{
	switch (dht->settings.rendezvous->family) {
	case CONFIG_DHT_IPV4:
		families[0] = DHT_IPV4;
		return 1;
	case CONFIG_DHT_IPV6:
		families[0] = DHT_IPV6;
		return 1;
	default:
		families[0] = DHT_IPV6;
		families[1] = DHT_IPV4;
		return 2;
	}
}

void loop_dht_status(const struct loop_dht *dht, struct loop_dht_status *status)
{
	struct dht_endpoint nodes[DHT_GOOD_NODES];

	for (int family = 0; family < 2; family++)
		status->good_nodes[family] =
			(unsigned int)dht_good_nodes(dht->engine, (enum dht_family)family, nodes, DHT_GOOD_NODES);
	status->named = dht->settings.rendezvous->bootstrap.count;
	status->resolved = dht->resolved;
}
