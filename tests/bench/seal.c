// SPDX-License-Identifier: GPL-2.0-only
/*
 * What publishing to many clients costs before anything is sent, on one core.
 *
 *	seal COUNT...
 *
 * Prints samples (MEASURE, COUNT, ROUND, ms): seal.all, for every client the pair, the period's item key and target,
 * the boxed value, and its signature as an item; seal.pairs, seal.items, seal.boxes, seal.signatures, the parts;
 * seal.kept, a second period of clients whose pairs are kept; seal.long, long items of two-stage publication.
 * Every value of the first round is opened by its client, or the figure would be of nothing.
 */
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/dht/sha1.h"
#include "ctl/key.h"
#include "ctl/two_stage.h"

enum { ROUNDS = 5, CLIENTS_MOST = 1000000, PERIOD_S = 600, NOW_S = 1700000000 };

struct client {
	__u8 own[32], public_key[32];
	struct rendezvous_pair pair;
	__u8 seed[32], item[32], target[20], signature[64];
	__u8 value[RENDEZVOUS_VALUE_BYTES];
};

struct bench {
	__u8 own[32], public_key[32];
	struct rendezvous_offer offer;
	struct two_stage_keys keys;
	struct client *client;
	unsigned int count;
	int round;
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void give_up(const char *what)
{
	fprintf(stderr, "seal: %s\n", what);
	exit(1);
}

static void make_pair(struct bench *bench, struct client *client)
{
	if (rendezvous_pair_known(&client->pair, bench->own, bench->public_key, client->public_key, 1))
		give_up("a client's key is none");
}

static void make_item(struct bench *bench, struct client *client)
{
	rendezvous_item_seed(&client->pair, PERIOD_S, bench->offer.period, client->seed, client->item);
	sha1(client->target, client->item, sizeof(client->item));
}

static void make_box(struct bench *bench, struct client *client)
{
	char why[SAY_BYTES];

	if (rendezvous_seal(&client->pair, &bench->offer, client->value, why) != RENDEZVOUS_VALUE_BYTES)
		give_up(why);
}

/* As much as BEP 44 has signed. */
static void make_signature(struct bench *bench, struct client *client)
{
	__u8 message[32 + RENDEZVOUS_VALUE_BYTES], secret[crypto_sign_SECRETKEYBYTES], public_key[32];
	int head = snprintf((char *)message, 32, "3:seqi%ue1:v%d:", bench->offer.period, RENDEZVOUS_VALUE_BYTES);

	memcpy(message + head, client->value, RENDEZVOUS_VALUE_BYTES);
	crypto_sign_seed_keypair(public_key, secret, client->seed);
	crypto_sign_detached(client->signature, NULL, message, (size_t)head + RENDEZVOUS_VALUE_BYTES, secret);
}

static void make_long(struct bench *bench, struct client *client)
{
	two_stage_seal_long(&client->pair, &bench->keys.access, client->value);
}

static double run(struct bench *bench, void (*make)(struct bench *, struct client *))
{
	double before = now_ms();

	for (unsigned int i = 0; i < bench->count; i++)
		make(bench, &bench->client[i]);
	return now_ms() - before;
}

static void sample(const struct bench *bench, const char *measure, double ms)
{
	printf("seal.%s\t%u\t%d\t%.3f\n", measure, bench->count, bench->round, ms);
}

static void check(const struct bench *bench)
{
	struct rendezvous_offer offer;
	struct rendezvous_pair pair;
	char why[SAY_BYTES];

	for (unsigned int i = 0; i < bench->count; i++) {
		const struct client *client = &bench->client[i];

		if (rendezvous_pair(&pair, client->own, bench->public_key, 0) ||
		    rendezvous_open(&pair, PERIOD_S, bench->offer.period, client->value, sizeof(client->value), &offer,
				    why) ||
		    memcmp(offer.key, bench->offer.key, sizeof(offer.key)))
			give_up("a client cannot open its value");
	}
}

static void round_run(struct bench *bench)
{
	double pairs, items, boxes, signatures;

	pairs = run(bench, make_pair);
	items = run(bench, make_item);
	boxes = run(bench, make_box);
	signatures = run(bench, make_signature);
	if (!bench->round)
		check(bench);
	sample(bench, "pairs", pairs);
	sample(bench, "items", items);
	sample(bench, "boxes", boxes);
	sample(bench, "signatures", signatures);
	sample(bench, "all", pairs + items + boxes + signatures);
	sample(bench, "kept", items + boxes + signatures);
	sample(bench, "long", run(bench, make_long));
}

static void bench_open(struct bench *bench, unsigned int count)
{
	bench->count = count;
	bench->client = calloc(count, sizeof(*bench->client));
	if (!bench->client)
		give_up("no memory");
	for (unsigned int i = 0; i < count; i++) {
		randombytes_buf(bench->client[i].own, 32);
		key_public(bench->client[i].public_key, bench->client[i].own);
	}
}

static void prepare(struct bench *bench)
{
	static const __u8 epoch[32];
	struct two_stage_window window;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	randombytes_buf(bench->own, 32);
	key_public(bench->public_key, bench->own);
	bench->offer = (struct rendezvous_offer){ .form = RENDEZVOUS_NATIVE, .key = "sixteen bytes K", .rotation_ms = 3000,
						  .prefix = { { 0x20, 0x01, 0x0d, 0xb8 }, 64, 64, { 0 } },
						  .period_s = PERIOD_S, .period = rendezvous_period(NOW_S, PERIOD_S) };
	if (two_stage_window(&window, PERIOD_S, TWO_STAGE_PERIODS_DEFAULT, NOW_S) ||
	    two_stage_keys(&bench->keys, bench->own, &window, epoch))
		give_up("no keys for two-stage publication");
}

int main(int argc, char **argv)
{
	struct bench bench = { 0 };

	if (argc < 2 || sodium_init() < 0)
		return fprintf(stderr, "usage: seal COUNT...\n"), 2;
	prepare(&bench);
	for (int i = 1; i < argc; i++) {
		int count = atoi(argv[i]);

		if (count < 1 || count > CLIENTS_MOST)
			return fprintf(stderr, "usage: seal COUNT...\n"), 2;
		bench_open(&bench, (unsigned int)count);
		for (bench.round = 0; bench.round < ROUNDS; bench.round++)
			round_run(&bench);
		free(bench.client);
	}
	return 0;
}
