// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills a loader with associations by its control socket: what its node, once set, has to keep hopping.
 *
 *	assocload SOCKET own|shared COUNT ROTATION_MS LOCAL_PREFIX
 *
 * own: each with a key of its own; shared: the clients of one introduction. Prints added=N seconds=S per_second=R; the
 * N-th peer has the inner address fd99::N, and a /64 of its own in 2001:db8::/32.
 */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/client.h"

static int give_up(const char *why)
{
	fprintf(stderr, "assocload: %s\n", why);
	return 1;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void put_number(__u8 *at, __u32 number)
{
	number = htonl(number);
	memcpy(at, &number, sizeof(number));
}

/* One that is known to all, whose key the clients share. */
static void fill_listener(struct mf_message *message, __u32 rotation_ms, const __u8 prefix[static 16])
{
	struct mf_assoc_config *config = &message->assoc_config;

	memset(message, 0, sizeof(*message));
	message->type = MF_ASSOC_ADD;
	strcpy(config->name, "all");
	randombytes_buf(config->key, sizeof(config->key));
	randombytes_buf(config->seed_local, sizeof(config->seed_local));
	config->local = (struct mf_template){ .prefix_length = 64, .hop_bits = 64 };
	memcpy(config->local.base, prefix, 8);
	config->rotation_ms = rotation_ms;
	config->carriage = MF_CARRIAGE_ENCAP;
	config->flags = MF_ASSOC_LISTENS;
}

/* From what is common to a peer's own. */
static void fill(struct mf_message *message, const struct mf_message *common, __u32 number, bool shared)
{
	struct mf_assoc_config *config = &message->assoc_config;

	*message = *common;
	snprintf(config->name, sizeof(config->name), "n%u", number);
	randombytes_buf(config->seed_remote, sizeof(config->seed_remote));
	config->remote = (struct mf_template){ .prefix_length = 64, .hop_bits = 64 };
	config->flags = shared ? MF_ASSOC_ROAMS : 0;
	if (!shared) {
		randombytes_buf(config->key, sizeof(config->key));
		randombytes_buf(config->seed_local, sizeof(config->seed_local));
		memcpy(config->remote.base, (const __u8[]){ 0x20, 1, 0xd, 0xb8 }, 4);
		put_number(config->remote.base + 4, number | 1U << 31);
	}
	config->remote_count = 1;
	config->remote_prefix[0] = (struct mf_prefix){ .address = { 0xfd, 0x99 }, .length = 128 };
	put_number(config->remote_prefix[0].address + 12, number + 1);
	config->local_count = 1;
	config->local_prefix[0] = (struct mf_prefix){ .address = { 0xfd, 0x98, [15] = 1 }, .length = 128 };
}

/* 0, or 1: refused, and said why. */
static int add(struct client *client, struct mf_message *message)
{
	char why[SAY_BYTES];
	int error = client_ask(client, message);

	if (!error)
		return 0;
	client_why(client, error, MF_ASSOC_ADD, message, why);
	return give_up(why);
}

static int add_all(struct client *client, const struct mf_message *common, __u32 count, bool shared)
{
	struct mf_message message = *common;

	if (shared && add(client, &message))
		return 1;
	for (__u32 i = 0; i < count; i++) {
		fill(&message, common, i, shared);
		if (add(client, &message))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct client client;
	struct mf_message common;
	char why[SAY_BYTES];
	double began, seconds;
	__u8 prefix[16];
	__u32 count;

	if (argc != 6 || sodium_init() < 0 || inet_pton(AF_INET6, argv[5], prefix) != 1)
		return fprintf(stderr, "usage: assocload SOCKET own|shared COUNT ROTATION_MS LOCAL_PREFIX\n"), 2;
	if (client_open(&client, argv[1], why))
		return give_up(why);
	count = (__u32)strtoul(argv[3], NULL, 10);
	fill_listener(&common, (__u32)strtoul(argv[4], NULL, 10), prefix);
	began = now_s();
	if (add_all(&client, &common, count, !strcmp(argv[2], "shared")))
		return 1;
	seconds = now_s() - began;
	printf("added=%u seconds=%.1f per_second=%.0f\n", count, seconds, count / seconds);
	return 0;
}
