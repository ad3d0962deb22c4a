// SPDX-License-Identifier: GPL-2.0-only
/* Slabs of secrets, and those of them that are free. A slab stays until the pool closes. */
#include "ctl/key_pool.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/key.h"

static size_t stride(const struct key_pool *pool)
{
	return (pool->size + 15) & ~(size_t)15;
}

static void put_free(struct key_pool *pool, void *secret)
{
	memcpy(secret, &pool->free, sizeof(pool->free));
	pool->free = secret;
}

static int grow(struct key_pool *pool)
{
	void **more = reallocarray(pool->slab, pool->slabs + 1, sizeof(*more));
	char *slab;

	if (!more)
		return -1;
	pool->slab = more;
	slab = key_secret_new(KEY_POOL_SLAB * stride(pool));
	if (!slab)
		return -1;
	pool->slab[pool->slabs++] = slab;
	for (size_t i = KEY_POOL_SLAB; i; i--)
		put_free(pool, slab + (i - 1) * stride(pool));
	return 0;
}

void *key_pool_take(struct key_pool *pool)
{
	void *secret;

	if (!pool->free && grow(pool))
		return NULL;
	secret = pool->free;
	memcpy(&pool->free, secret, sizeof(pool->free));
	memset(secret, 0, sizeof(pool->free)); /* the rest of it is zero as it is */
	return secret;
}

void key_pool_give(struct key_pool *pool, void *secret)
{
	if (!secret)
		return;
	sodium_memzero(secret, pool->size);
	put_free(pool, secret);
}

void key_pool_close(struct key_pool *pool)
{
	for (size_t i = 0; i < pool->slabs; i++)
		key_secret_free(pool->slab[i]);
	free(pool->slab);
	*pool = (struct key_pool){ .size = pool->size };
}
