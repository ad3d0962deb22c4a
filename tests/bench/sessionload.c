// SPDX-License-Identifier: GPL-2.0-only
/*
 * As many clients of one server as you like, in one process, none of which has an address of the host's: each has a key
 * pair and a /64 of its own (PREFIX:NUMBER::/64, routed to this host), and speaks docs/PROTOCOL.md for itself.
 *
 *	sessionload keys DIRECTORY [OPTION...]                public keys for the server's Clients
 *	sessionload run [OPTION...]                           a handshake each, then traffic for --seconds
 *	sessionload attack junk|replay|requests [OPTION...]   with the first client's key, for --seconds
 *
 * Prints name=value, a line a kind of work. Every client's key follows from --seed and its number: for tests alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/identity.h"
#include "ctl/key.h"
#include "tests/bench/load.h"

enum { CLIENTS = 1, FIRST, SEED, WINDOW, SECONDS_LONG, RATE, PACE, PERIOD, STORE, DEVICE, SERVER, PREFIX };

static const struct option options[] = {
	{ "clients", required_argument, NULL, CLIENTS }, { "first", required_argument, NULL, FIRST },
	{ "seed", required_argument, NULL, SEED }, { "window", required_argument, NULL, WINDOW },
	{ "seconds", required_argument, NULL, SECONDS_LONG }, { "rate", required_argument, NULL, RATE },
	{ "pace", required_argument, NULL, PACE },
	{ "period", required_argument, NULL, PERIOD }, { "store", required_argument, NULL, STORE },
	{ "device", required_argument, NULL, DEVICE }, { "server", required_argument, NULL, SERVER },
	{ "prefix", required_argument, NULL, PREFIX }, { 0 },
};

void load_give_up(const char *what)
{
	fprintf(stderr, "sessionload: %s\n", what);
	exit(1);
}

static int usage(void)
{
	fputs("usage: sessionload keys DIRECTORY | run | attack junk|replay|requests\n"
	      "  --server KEY --store URL --prefix PREFIX --device NIC --period SECONDS\n"
	      "  --clients N --first N --seed N --window N --seconds N --rate N --pace N\n", stderr);
	return 2;
}

static int take_prefix(struct load *load, const char *text)
{
	__u8 address[16];

	if (inet_pton(AF_INET6, text, address) != 1)
		return -EINVAL;
	memcpy(load->server.prefix, address, sizeof(load->server.prefix));
	return 0;
}

static int take_option(struct load *load, int option, const char *value)
{
	struct load_options *to = &load->options;
	__u32 number = (__u32)strtoul(value, NULL, 10);

	switch (option) {
	case CLIENTS: to->clients = number; return 0;
	case FIRST: to->first = number; return 0;
	case SEED: to->seed = number; return 0;
	case WINDOW: to->window = number; return 0;
	case SECONDS_LONG: to->seconds = number; return 0;
	case RATE: to->rate = number; return 0;
	case PACE: to->pace = number; return 0;
	case PERIOD: to->period_s = number; return 0;
	case STORE: to->store = value; return 0;
	case DEVICE: to->device = value; return 0;
	case SERVER: return key_parse_32(value, load->server.public_key);
	case PREFIX: return take_prefix(load, value);
	default: return -EINVAL;
	}
}

static int take_options(struct load *load, int argc, char **argv)
{
	struct load_options *to = &load->options;
	int option;

	*to = (struct load_options){ .device = "eth0", .store = "", .period_s = RENDEZVOUS_PERIOD_DEFAULT_S, .clients = 1,
				     .window = 1, .rate = 1 };
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (take_option(load, option, optarg))
			return -EINVAL;
	return to->clients && to->first + to->clients <= LOAD_CLIENTS_MOST && to->window && to->rate ? 0 : -EINVAL;
}

/* --- clients and what comes in for them ---------------------------------------------- */

void load_open(struct load *load)
{
	int error = load_wire_open(&load->wire, load->options.device, load->server.prefix);

	if (error)
		load_give_up(strerror(-error));
	identity_address(load->server.inner, load->server.public_key);
	load->server.wire = &load->wire;
	load->client = calloc(load->options.clients, sizeof(*load->client));
	if (!load->client || mf_due_open(&load->due, load->options.clients))
		load_give_up("no memory");
	for (__u32 i = 0; i < load->options.clients; i++)
		if (load_client_open(&load->client[i], &load->server, load->options.seed, load->options.first + i))
			load_give_up("the server's key is none");
	load_find_offer(load);
	for (__u32 i = 0; i < load->options.clients; i++)
		load_client_introduce(&load->client[i]);
}

/* What is known of the server's introduction may be of a period that has gone. */
static void look_up(struct load *load)
{
	__u64 until_s = load->server.offer.period + 2ULL * load->options.period_s;

	if (load_now_ms() / 1000 + load->options.period_s / 2 >= until_s)
		load_find_offer(load);
}

/* After its engine has had a word. */
static void settle(struct load *load, __u32 index)
{
	struct load_client *client = &load->client[index];
	__u64 wake_ms = load_client_wake_ms(client);

	if (!client->settled && (client->confirmed_ns || client->lost)) {
		client->settled = true;
		load->settled++;
	}
	if (client->again && load->reconnects) {
		look_up(load);
		load_client_again(client);
		wake_ms = load_client_wake_ms(client);
	}
	if (wake_ms == ~0ULL)
		mf_due_drop(&load->due, index);
	else
		mf_due_set(&load->due, index, wake_ms);
}

static void take(void *context, const __u8 *bytes, size_t length)
{
	struct load *load = context;
	struct load_packet packet;
	__u32 number;

	if (load_packet_read(&packet, bytes, length)) {
		load->strangers++;
		return;
	}
	number = ((__u32)packet.destination[6] << 8 | packet.destination[7]) - load->options.first;
	if (number >= load->options.clients) {
		load->strangers++;
		return;
	}
	load_client_take(&load->client[number], &packet);
	settle(load, number);
}

void load_turn(struct load *load, int wait_ms)
{
	const struct mf_due_entry *first;
	__u64 now_ms;

	load_wire_flush(&load->wire);
	while (load_wire_receive(&load->wire, wait_ms, take, load) == LOAD_BATCH)
		wait_ms = 0;
	now_ms = load_now_ms();
	while ((first = mf_due_first(&load->due)) && first->when_ms <= now_ms) {
		__u32 index = first->id;

		mf_due_drop(&load->due, index);
		load_client_tick(&load->client[index]);
		settle(load, index);
	}
	load_wire_flush(&load->wire);
}

/* --- what is asked for --------------------------------------------------------------- */

static int write_key(const char *directory, __u32 number, const __u8 public_key[static 32])
{
	char path[4096], text[KEY_TEXT_BYTES];
	FILE *file;

	snprintf(path, sizeof(path), "%s/c%u.pub", directory, number);
	file = fopen(path, "w");
	if (!file)
		return -errno;
	sodium_bin2base64(text, sizeof(text), public_key, 32, sodium_base64_VARIANT_ORIGINAL);
	fprintf(file, "%s\n", text);
	return fclose(file) ? -errno : 0;
}

static int write_keys(const struct load *load, const char *directory)
{
	__u8 own[32], public_key[32];

	for (__u32 i = 0; i < load->options.clients; i++) {
		__u32 number = load->options.first + i;
		int error;

		load_client_keys(own, public_key, load->options.seed, number);
		error = write_key(directory, number, public_key);
		if (error)
			load_give_up(strerror(-error));
	}
	return 0;
}

static int attack(struct load *load, const char *kind)
{
	static const char *const names[] = { "junk", "replay", "requests" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(kind, names[i]))
			continue;
		load_open(load);
		return load_attack(load, (enum load_attack)i);
	}
	return usage();
}

static int run(struct load *load)
{
	int failed;

	load_open(load);
	failed = load_handshakes(load);
	if (load->options.seconds)
		failed |= load_traffic(load);
	return failed;
}

int main(int argc, char **argv)
{
	struct load *load = calloc(1, sizeof(*load));

	if (!load || sodium_init() < 0 || argc < 2 || take_options(load, argc - 1, argv + 1))
		return usage();
	if (!strcmp(argv[1], "run"))
		return run(load);
	if (!strcmp(argv[1], "keys") && optind + 1 < argc)
		return write_keys(load, argv[optind + 1]);
	if (!strcmp(argv[1], "attack") && optind + 1 < argc)
		return attack(load, argv[optind + 1]);
	return usage();
}
