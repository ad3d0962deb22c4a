/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DHT engine at work: its sockets and its timer on a libuv loop, its first nodes from names and from the file of
 * those remembered.
 */
#ifndef MAYFLY_CTL_LOOP_DHT_H
#define MAYFLY_CTL_LOOP_DHT_H

#include <uv.h>

#include "ctl/config_rendezvous.h"
#include "ctl/dht_socket.h"

enum {
	LOOP_DHT_SOCKETS = 192,           /* open at once */
	LOOP_DHT_LENT = 60,               /* with a lent address each: the loader has 64 */
	LOOP_DHT_RESOLVE_AGAIN_MS = 60000, /* names are asked for again at most so often */
};

struct loop_dht;

struct loop_dht_settings {
	const struct config_rendezvous *rendezvous; /* outlives it */
	struct dht_socket_from from;
	const char *nodes_path; /* of the remembered nodes; NULL: none are */
};

/* An operation ended. The result is valid during the call only. */
typedef void loop_dht_done(void *owner, const struct dht_result *result);

/* NULL: no memory. */
struct loop_dht *loop_dht_new(uv_loop_t *loop, const struct loop_dht_settings *settings);

/* Cancels everything (no `done` comes), closes; memory goes when the loop has run once more. NULL is fine. */
void loop_dht_close(struct loop_dht *dht);

/* Sources that are opened from now on stand in another prefix. */
void loop_dht_move(struct loop_dht *dht, const struct mf_template *prefix);

/* Writes the nodes that answered to the file, if any did. */
void loop_dht_remember(struct loop_dht *dht);

/* Starts an operation, as soon as the names of bootstrap nodes are resolved. 0 or -errno. */
int loop_dht_begin(struct loop_dht *dht, const struct dht_request *request, loop_dht_done *done, void *owner);

/* Which families the configuration wants, and how many: 1 or 2. */
unsigned int loop_dht_families(const struct loop_dht *dht, enum dht_family families[static 2]);

struct loop_dht_status {
	unsigned int good_nodes[2]; /* by enum dht_family */
	unsigned int named, resolved; /* bootstrap nodes: configured, and addresses found */
};
void loop_dht_status(const struct loop_dht *dht, struct loop_dht_status *status);

#endif
