// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attacks on a server's introduction, as fast as packets can be sent, or as --pace says. Who does it has the first client's key, or has
 * watched the wire: junk, to the right address and port from anywhere; replays, from the client's own address and
 * port of the slot, of something that looks like a request; requests, which the client's key has made.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/load.h"

enum { POOL = 256 };

struct attack {
	enum load_attack kind;
	struct load_client *client;
	__u8 message[POOL][SESSION_REQUEST_BYTES];
};

static void fill_requests(struct attack *attack)
{
	struct session_actions first;

	for (int i = 0; i < POOL; i++) {
		load_client_prepare(attack->client, &first);
		memcpy(attack->message[i], first.action[0].message, SESSION_REQUEST_BYTES);
	}
}

static void fill_lookalikes(struct attack *attack)
{
	struct session_header header = { SESSION_REQUEST, attack->client->server->offer.period };

	for (int i = 0; i < POOL; i++) {
		randombytes_buf(attack->message[i], SESSION_REQUEST_BYTES);
		session_header_write(attack->message[i], &header);
	}
}

/* From another identifier and port each, of the client's prefix. */
static void forge(struct mf_slot *slot, __u64 number)
{
	number = (number + 1) * 0x9e3779b97f4a7c15ULL;
	memcpy(slot->local + 8, &number, 8);
	slot->local_port = (__be16)(number >> 48 | 1);
	slot->address_sum = load_sum(slot->local, 16) + load_sum(slot->remote, 16);
}

static void send_one(struct load *load, const struct attack *attack, __u64 number)
{
	struct mf_slot slot = *load_association_slot(&attack->client->introduction, load_now_ms(), 0);

	if (attack->kind == LOAD_JUNK)
		forge(&slot, number);
	load_wire_put(&load->wire, &slot, NULL, MF_NEXT_CONTROL, attack->message[number % POOL], SESSION_REQUEST_BYTES);
}

/* How many packets there should have been: a batch more than so far, or as many as the pace wants. */
static __u64 due_by_now(const struct load *load, __u64 began_ns, __u64 number)
{
	if (!load->options.pace)
		return number + LOAD_BATCH;
	return (load_now_ns() - began_ns) / 1000 * load->options.pace / 1000000;
}

/* What comes back is nobody's. */
static void rest(struct load *load)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	load_wire_flush(&load->wire);
	nanosleep(&pause, NULL);
}

int load_attack(struct load *load, enum load_attack kind)
{
	struct attack *attack = calloc(1, sizeof(*attack));
	__u64 began_ns, until_ns, number = 0;

	if (!attack)
		load_give_up("no memory");
	attack->kind = kind;
	attack->client = &load->client[0];
	if (kind == LOAD_REQUESTS)
		fill_requests(attack);
	else
		fill_lookalikes(attack);
	printf("begun\n");
	fflush(stdout);
	began_ns = load_now_ns();
	until_ns = began_ns + load->options.seconds * 1000000000ULL;
	while (load_now_ns() < until_ns) {
		__u64 due = due_by_now(load, began_ns, number);

		for (; number < due; number++)
			send_one(load, attack, number);
		if (load->options.pace)
			rest(load);
	}
	load_wire_flush(&load->wire);
	printf("sent=%llu attack_per_second=%.0f\n", (unsigned long long)load->wire.sent,
	       load->wire.sent / ((load_now_ns() - began_ns) / 1e9));
	free(attack);
	return 0;
}
