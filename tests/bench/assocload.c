// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills a loader with associations by its control socket: what its node, once set, has to keep hopping.
 *
 *	assocload SOCKET COUNT ROTATION_MS LOCAL_PREFIX
 *
 * Prints added=N seconds=S per_second=R; the N-th has inner address fd99::N and its peer hops in 2001:db8:9:N::/64.
 */
#include <arpa/inet.h>
#include <sodium.h>
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

static void fill(struct mf_message *message, __u32 number, __u32 rotation_ms, const __u8 prefix[static 16])
{
	struct mf_assoc_config *config = &message->assoc_config;

	memset(message, 0, sizeof(*message));
	message->type = MF_ASSOC_ADD;
	snprintf(config->name, sizeof(config->name), "n%u", number);
	randombytes_buf(config->key, sizeof(config->key));
	randombytes_buf(config->seed_local, sizeof(config->seed_local));
	randombytes_buf(config->seed_remote, sizeof(config->seed_remote));
	config->local = config->remote = (struct mf_template){ .prefix_length = 64, .hop_bits = 64 };
	memcpy(config->local.base, prefix, 8);
	memcpy(config->remote.base, (const __u8[]){ 0x20, 1, 0xd, 0xb8 }, 4);
	put_number(config->remote.base + 4, number | 1U << 31);
	config->rotation_ms = rotation_ms;
	config->carriage = MF_CARRIAGE_ENCAP;
	config->remote_count = 1;
	config->remote_prefix[0] = (struct mf_prefix){ .address = { 0xfd, 0x99 }, .length = 128 };
	put_number(config->remote_prefix[0].address + 12, number + 1);
	config->local_count = 1;
	config->local_prefix[0] = (struct mf_prefix){ .address = { 0xfd, 0x98, [15] = 1 }, .length = 128 };
}

int main(int argc, char **argv)
{
	struct client client;
	struct mf_message message;
	__u8 prefix[16];
	char why[SAY_BYTES];
	double began;
	__u32 count;

	if (argc != 5 || sodium_init() < 0 || inet_pton(AF_INET6, argv[4], prefix) != 1)
		return fprintf(stderr, "usage: assocload SOCKET COUNT ROTATION_MS LOCAL_PREFIX\n"), 2;
	if (client_open(&client, argv[1], why))
		return give_up(why);
	count = (__u32)strtoul(argv[2], NULL, 10);
	began = now_s();
	for (__u32 i = 0; i < count; i++) {
		int error;

		fill(&message, i, (__u32)strtoul(argv[3], NULL, 10), prefix);
		error = client_ask(&client, &message);
		if (error) {
			client_why(&client, error, MF_ASSOC_ADD, &message, why);
			printf("added=%u\n", i);
			return give_up(why);
		}
	}
	printf("added=%u seconds=%.1f per_second=%.0f\n", count, now_s() - began, count / (now_s() - began));
	return 0;
}
