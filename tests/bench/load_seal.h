/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The carriage `sealed` as a stranger would write it from docs/PROTOCOL.md 3.3, by libsodium: what stands behind the UDP
 * header, out of the shim and what follows it, and back.
 */
#ifndef MAYFLY_TESTS_BENCH_LOAD_SEAL_H
#define MAYFLY_TESTS_BENCH_LOAD_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/seal_keys.h"

enum { LOAD_SEAL_BYTES = 8 + 16 /* counter, tag */, LOAD_SEAL_WINDOW = 64 };

/* Of one association. Secret. */
struct load_seal {
	struct seal_keys keys;
	__u64 sent;              /* counter of the next packet */
	__u64 heard, heard_mask; /* newest counter that was opened + 1, and which of those below it */
};

/* `bytes` of `plain`, sent in slot `index`, become LOAD_SEAL_BYTES more at `sealed`. */
void load_seal_write(struct load_seal *seal, __u64 index, const __u8 *plain, size_t bytes, __u8 *sealed);

/*
 * How many bytes there are at `plain`, without padding, its shim's kind said so; -EBADMSG: not authentic in this slot, or
 * taken before (or too long ago to tell, as far as LOAD_SEAL_WINDOW goes). `plain` has room for `bytes`.
 */
int load_seal_read(struct load_seal *seal, __u64 index, const __u8 *sealed, size_t bytes, __u8 *plain);

#endif
