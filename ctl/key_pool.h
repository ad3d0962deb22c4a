/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many secrets of one size. Each allocation of key_secret_new() has guard pages, a mapping and four system calls of its
 * own: thousands of them would run into the kernel's limit of mappings, and cost more than what they are for.
 */
#ifndef MAYFLY_CTL_KEY_POOL_H
#define MAYFLY_CTL_KEY_POOL_H

#include <stddef.h>

enum { KEY_POOL_SLAB = 64 }; /* secrets an allocation */

struct key_pool {
	size_t size;  /* of a secret, at least a pointer's */
	void **slab;
	size_t slabs;
	void *free;   /* each begins with the address of the next */
};

/* Zeroed; NULL if there is no memory. `pool` needs its size, the rest zero. */
void *key_pool_take(struct key_pool *pool);
void key_pool_give(struct key_pool *pool, void *secret); /* wiped; NULL is fine */
void key_pool_close(struct key_pool *pool);              /* and with it all that were taken */

#endif
