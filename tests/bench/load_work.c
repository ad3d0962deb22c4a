// SPDX-License-Identifier: GPL-2.0-only
/* What clients do: handshakes, so many under way at once, then echo requests, each so often a second. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/load.h"

enum { PATIENCE_S = 120, LINGER_MS = 1500 };

static int by_value(const void *one, const void *other)
{
	__u64 a = *(const __u64 *)one, b = *(const __u64 *)other;

	return (a > b) - (a < b);
}

/* Smallest value that `percent` of all do not exceed, in ms. */
static double share_ms(const __u64 *sorted, __u32 count, __u32 percent)
{
	return count ? sorted[(__u64)(count - 1) * percent / 100] / 1e6 : 0;
}

static void print_times(const char *name, const struct load *load, size_t ended)
{
	__u64 *took = calloc(load->options.clients, sizeof(*took));
	__u32 count = 0;

	if (!took)
		load_give_up("no memory");
	for (__u32 i = 0; i < load->options.clients; i++) {
		__u64 end_ns = *(const __u64 *)((const char *)&load->client[i] + ended);

		if (end_ns)
			took[count++] = end_ns - load->client[i].began_ns;
	}
	qsort(took, count, sizeof(*took), by_value);
	printf("%s_p50_ms=%.3f %s_p99_ms=%.3f %s_most_ms=%.3f ", name, share_ms(took, count, 50), name,
	       share_ms(took, count, 99), name, share_ms(took, count, 100));
	free(took);
}

static void print_handshakes(const struct load *load, __u32 standing, double seconds)
{
	__u64 messages = 0;

	for (__u32 i = 0; i < load->options.clients; i++)
		messages += load->client[i].messages;
	printf("handshakes=%u failed=%u seconds=%.3f per_second=%.0f requests=%.3f ", standing,
	       load->options.clients - standing, seconds, standing / seconds,
	       (double)messages / load->options.clients);
	print_times("usable", load, offsetof(struct load_client, stood_ns));
	print_times("confirmed", load, offsetof(struct load_client, confirmed_ns));
	printf("\n");
	fflush(stdout);
}

/* The first messages, made before the time runs: it is the server that is measured. */
static struct session_actions *prepare(struct load *load)
{
	struct session_actions *first = calloc(load->options.clients, sizeof(*first));

	if (!first)
		load_give_up("no memory");
	for (__u32 i = 0; i < load->options.clients; i++)
		load_client_prepare(&load->client[i], &first[i]);
	return first;
}

static __u32 count_standing(const struct load *load)
{
	__u32 standing = 0;

	for (__u32 i = 0; i < load->options.clients; i++)
		standing += load->client[i].confirmed_ns != 0;
	return standing;
}

static void begin(struct load *load, __u32 index, struct session_actions *first)
{
	load_client_begin(&load->client[index], first);
	mf_due_set(&load->due, index, load_client_wake_ms(&load->client[index]));
}

int load_handshakes(struct load *load)
{
	struct session_actions *first = prepare(load);
	__u64 began_ns = load_now_ns(), ended_ns = began_ns, until_ns = began_ns + PATIENCE_S * 1000000000ULL;
	__u32 begun = 0, standing;

	while (load->settled < load->options.clients && ended_ns < until_ns) {
		while (begun < load->options.clients && begun - load->settled < load->options.window) {
			begin(load, begun, &first[begun]);
			begun++;
		}
		load_turn(load, 1);
		ended_ns = load_now_ns();
	}
	free(first);
	standing = count_standing(load);
	print_handshakes(load, standing, (ended_ns - began_ns) / 1e9);
	return standing == load->options.clients ? 0 : 1;
}

/* --- traffic ------------------------------------------------------------------------- */

static int print_traffic(struct load *load)
{
	__u64 asked = 0, answered = 0, wrong = 0;
	__u32 ended = 0, lost = 0, silent = 0, renewed = 0, sealed = 0;

	for (__u32 i = 0; i < load->options.clients; i++) {
		const struct load_client *client = &load->client[i];

		asked += client->asked;
		answered += client->answered;
		wrong += client->wrong;
		ended += client->ended;
		lost += client->lost;
		silent += !client->answered;
		renewed += client->stands - !!client->stands;
		sealed += load_client_seals(client);
	}
	printf("asked=%llu answered=%llu unanswered=%llu wrong=%llu silent=%u ended=%u lost_sessions=%u renewed=%u sealed=%u "
	       "unsent=%llu overflows=%u\n", (unsigned long long)asked, (unsigned long long)answered,
	       (unsigned long long)(asked - answered), (unsigned long long)wrong, silent, ended, lost, renewed, sealed,
	       (unsigned long long)load->wire.unsent, load_wire_overflows(&load->wire));
	fflush(stdout);
	return asked == answered && !ended && !lost ? 0 : 1;
}

static void linger(struct load *load)
{
	__u64 until_ms = load_now_ms() + LINGER_MS;

	while (load_now_ms() < until_ms)
		load_turn(load, 1);
}

/* Spread over the second: the n-th request of all is due n / (clients * rate) seconds after the first. */
int load_traffic(struct load *load)
{
	__u64 per_second = (__u64)load->options.clients * load->options.rate, began_ns = load_now_ns();
	__u64 all = per_second * load->options.seconds, asked = 0, due;

	load->reconnects = true;
	while (asked < all) {
		due = (load_now_ns() - began_ns) / 1000 * per_second / 1000000;
		for (; asked < due && asked < all; asked++)
			load_client_ask(&load->client[asked % load->options.clients]);
		load_turn(load, 1);
	}
	linger(load);
	return print_traffic(load);
}
