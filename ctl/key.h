/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys: made, read from files that nobody else can read, turned into public keys. Secrets live
 * in memory of key_secret_new() (locked, guarded, never dumped) and are wiped when freed.
 */
#ifndef MAYFLY_CTL_KEY_H
#define MAYFLY_CTL_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/abi.h"
#include "ctl/say.h"

enum {
	KEY_PRIVATE_BYTES = 32, /* X25519 */
	KEY_PUBLIC_BYTES = 32,
	KEY_HOP_BYTES = 16,     /* K */
	KEY_TEXT_BYTES = 45,    /* 32 bytes in base64 */
	KEY_LINE_BYTES = 256,   /* more than any key and its newline */
};

/* The process leaves no core, cannot be traced by its own user, and gains nothing by exec. 0 or -errno. */
int key_confine_process(void);

/* Zeroed, locked where the limits allow it; NULL if there is no memory. Free with key_secret_free(). */
void *key_secret_new(size_t size);
void key_secret_free(void *secret); /* NULL is fine */

/* A file may be read by its owner only, who is this user or root. 0, or -errno and `why`. */
int key_check_file(const char *path, char why[static SAY_BYTES]);

/* Reads all of a checked file, without the space at its end, into secret memory. 0, or -errno and `why`. */
int key_read_line(const char *path, char text[static KEY_LINE_BYTES], char why[static SAY_BYTES]);

/* Reads a checked file of one key, in base64 or as 64 hexadecimal digits. 0, or -errno and `why`. */
int key_read_private(const char *path, __u8 key[static KEY_PRIVATE_BYTES], char why[static SAY_BYTES]);

/* Likewise K, in base64 or as 32 hexadecimal digits. */
int key_read_hop(const char *path, __u8 key[static KEY_HOP_BYTES], char why[static SAY_BYTES]);

/* 0, or -EINVAL for a private key that gives no public one. */
int key_public(__u8 public_key[static KEY_PUBLIC_BYTES], const __u8 private_key[static KEY_PRIVATE_BYTES]);

/*
 * Whether a public key is a point of low order (RFC 7748 section 5, any encoding): the secret that it gives is zero, whatever
 * the private key.
 */
bool key_is_low_order(const __u8 public_key[static KEY_PUBLIC_BYTES]);

/* K from text: base64 or hexadecimal. 0 or -EINVAL. */
int key_parse_hop(const char *text, __u8 key[static KEY_HOP_BYTES]);

/* Likewise a private or public key. 0 or -EINVAL. */
int key_parse_32(const char *text, __u8 key[static 32]);

#endif
