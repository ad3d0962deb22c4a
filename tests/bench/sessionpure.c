// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a handshake costs its responder, on one core: the engine alone, and the operations of X25519 that it cannot do
 * without (es, ee, se and a public key of its own; ss is kept).
 *
 *	sessionpure [ROUNDS]
 *
 * Prints samples (MEASURE, PATH, ROUND, handshakes a second): sessions.pure engine, and dh, what libsodium allows.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/identity.h"
#include "ctl/session.h"

enum { CLIENTS = 1000, ROUNDS = 5, NOW_MS = 1000000, PERIOD = 1700000000 };

struct end {
	__u8 own[32], public_key[32], inner[16], shared[32];
	struct session session;
	struct session_actions actions;
	__u8 request[SESSION_REQUEST_BYTES];
};

struct bench {
	struct end server;
	struct end client[CLIENTS], facing[CLIENTS]; /* the clients', and the server's end of each */
	struct session_way way;
};

static void give_up(const char *what)
{
	fprintf(stderr, "sessionpure: %s\n", what);
	exit(1);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void make_keys(struct end *end)
{
	randombytes_buf(end->own, sizeof(end->own));
	crypto_scalarmult_base(end->public_key, end->own);
	identity_address(end->inner, end->public_key);
}

/* `as`: whose keys, where the session's end stands. */
static void open_end(struct end *end, const struct end *as, const struct end *peer)
{
	struct session_settings settings = {
		.end = { as->own, as->public_key, peer->public_key, end->shared },
		.prefix = { .base = { 0x20, 1, 0xd, 0xb8 }, .prefix_length = 64, .hop_bits = 64 },
		.rotation_ms = 3000,
	};

	if (crypto_scalarmult(end->shared, as->own, peer->public_key))
		give_up("a key is none");
	memcpy(settings.inner_own, as->inner, 16);
	memcpy(settings.inner_peer, peer->inner, 16);
	session_init(&end->session, &settings);
}

static struct session_chance chance(void)
{
	struct session_chance fresh;

	randombytes_buf(&fresh, sizeof(fresh));
	return fresh;
}

static void ask(struct bench *bench, int i)
{
	struct end *client = &bench->client[i];
	struct session_chance fresh = chance();

	open_end(client, client, &bench->server);
	open_end(&bench->facing[i], &bench->server, client);
	session_connect(&client->session, &bench->way, NOW_MS, &fresh, &client->actions);
	memcpy(client->request, client->actions.action[0].message, sizeof(client->request));
}

/* As the server's loop does it. */
static void answer(struct bench *bench, int i)
{
	struct end *facing = &bench->facing[i];
	const __u8 *request = bench->client[i].request;
	struct session_chance fresh = chance();

	if (session_look(&facing->session, request, SESSION_REQUEST_BYTES, NOW_MS) != SESSION_LOOK_COSTLY)
		give_up("a request is not looked at");
	session_receive(&facing->session, true, &bench->way, request, SESSION_REQUEST_BYTES, NOW_MS, &fresh,
			&facing->actions);
	if (facing->actions.count < 2)
		give_up("a request is not answered");
}

static int agree(const struct bench *bench, int i)
{
	__u8 out[32];

	crypto_scalarmult_base(out, bench->client[i].own);
	return crypto_scalarmult(out, bench->server.own, bench->client[i].public_key) ||
	       crypto_scalarmult(out, bench->client[i].own, bench->server.public_key) ||
	       crypto_scalarmult(out, bench->server.own, bench->client[i].public_key);
}

static void round_run(struct bench *bench, int round)
{
	double began, engine, dh;
	int wrong = 0;

	for (int i = 0; i < CLIENTS; i++)
		ask(bench, i);
	began = now_s();
	for (int i = 0; i < CLIENTS; i++)
		answer(bench, i);
	engine = now_s() - began;
	began = now_s();
	for (int i = 0; i < CLIENTS; i++)
		wrong += agree(bench, i);
	dh = now_s() - began;
	if (wrong)
		give_up("a key is none");
	printf("sessions.pure\tengine\t%d\t%.1f\nsessions.pure\tdh\t%d\t%.1f\n", round, CLIENTS / engine, round,
	       CLIENTS / dh);
}

int main(int argc, char **argv)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;

	if (!bench || rounds < 1 || sodium_init() < 0)
		return fprintf(stderr, "usage: sessionpure [ROUNDS]\n"), 2;
	bench->way = (struct session_way){ .key = "sixteen bytes K", .period = PERIOD,
					   .prefix = { 0x20, 1, 0xd, 0xb8 } };
	make_keys(&bench->server);
	for (int i = 0; i < CLIENTS; i++)
		make_keys(&bench->client[i]);
	for (int round = 1; round <= rounds; round++)
		round_run(bench, round);
	return 0;
}
