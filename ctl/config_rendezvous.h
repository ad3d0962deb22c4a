/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of [Node] that says where introductions are left and looked for. Pure. */
#ifndef MAYFLY_CTL_CONFIG_RENDEZVOUS_H
#define MAYFLY_CTL_CONFIG_RENDEZVOUS_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/abi.h"
#include "ctl/rendezvous.h"

enum {
	CONFIG_BOOTSTRAP_MOST = 16,
	CONFIG_HOST_BYTES = 128,  /* a name or address of a bootstrap node */
	CONFIG_STORE_BYTES = 512, /* a Redis address, or several */
	CONFIG_DIRECTORY_BYTES = 256,
	CONFIG_WHERE_BYTES = 272, /* "FILE:LINE" */
	CONFIG_TWO_STAGE_DEFAULT = 64,
};

enum config_store { CONFIG_STORE_DHT = 0, CONFIG_STORE_ANNOUNCE, CONFIG_STORE_REDIS };
enum config_dht_family { CONFIG_DHT_ANY = 0, CONFIG_DHT_IPV4, CONFIG_DHT_IPV6 };

struct config_bootstrap {
	char host[CONFIG_HOST_BYTES]; /* a name, or an address without brackets */
	__u16 port;                   /* host order */
};

struct config_rendezvous {
	struct {
		enum config_store kind;
		char redis[CONFIG_STORE_BYTES]; /* as written; may hold a password */
	} store;
	char store_where[CONFIG_WHERE_BYTES]; /* of its line, for messages; "": it is not in the file */
	struct {
		unsigned int count;
		struct config_bootstrap node[CONFIG_BOOTSTRAP_MOST];
	} bootstrap;
	struct mf_template publish_prefix; /* prefix_length 0: none of its own */
	__u32 period_ms;                   /* whole seconds */
	char clients[CONFIG_DIRECTORY_BYTES]; /* "": none */
	enum rendezvous_form form;
	enum config_dht_family family;
	__u32 two_stage; /* above so many clients; 0: never */
	bool private_network;
};

/* What holds where the file says nothing; the bootstrap nodes are not among it. */
void config_rendezvous_init(struct config_rendezvous *rendezvous);

/* The public bootstrap nodes, where the file names none. */
void config_rendezvous_complete(struct config_rendezvous *rendezvous);

/* Parsers of the keys' values, as config_key.h wants them. `field` points to the member in question. */
int config_parse_store(void *field, const char *value);
int config_parse_bootstrap(void *field, const char *value); /* one of the list a call */
int config_parse_period(void *field, const char *value);
int config_parse_form(void *field, const char *value);
int config_parse_dht_family(void *field, const char *value);
int config_parse_two_stage(void *field, const char *value);

#endif
