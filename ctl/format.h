/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values to text as a person reads them. All fill the caller's buffer of the named size and
 * return it, so that they can stand in an argument list.
 */
#ifndef MAYFLY_CTL_FORMAT_H
#define MAYFLY_CTL_FORMAT_H

#include <stddef.h>

#include "loader/control.h"

enum {
	FORMAT_ADDRESS = 46,
	FORMAT_PREFIX = 52,
	FORMAT_ENDPOINT = 56,  /* [address]:port */
	FORMAT_AMOUNT = 32,    /* durations, bytes, counts */
	FORMAT_PREFIXES = MF_ASSOC_PREFIXES * (FORMAT_PREFIX + 2),
};

char *format_address(char text[static FORMAT_ADDRESS], const __u8 address[static 16]);
char *format_prefix(char text[static FORMAT_PREFIX], const struct mf_prefix *prefix);
char *format_template(char text[static FORMAT_PREFIX], const struct mf_template *template);
char *format_endpoint(char text[static FORMAT_ENDPOINT], const __u8 address[static 16], __be16 port);

/* "fd00::1, 10.9.0.1": prefixes that are hosts without their length; at most MF_ASSOC_PREFIXES of them. */
char *format_prefixes(char text[static FORMAT_PREFIXES], const struct mf_prefix *prefixes, unsigned int count);

/* As the configuration writes it: 3s, 200ms, 2m. */
char *format_period(char text[static FORMAT_AMOUNT], __u64 ms);

/* How long something took or is ago: 40 ms, 1.4 s, 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
char *format_span(char text[static FORMAT_AMOUNT], __u64 ms);

/* 512 B, 1.46 KiB, 3.20 GiB. */
char *format_bytes(char text[static FORMAT_AMOUNT], __u64 bytes);

/* Bits a second from bytes a second: 840 bit/s, 9.41 Gbit/s. */
char *format_rate(char text[static FORMAT_AMOUNT], double bytes_a_second);

/* 1,234,567 */
char *format_count(char text[static FORMAT_AMOUNT], __u64 count);

/* The "s" behind so many of a thing. */
const char *format_plural(__u64 count);

const char *format_carriage(unsigned int carriage);
const char *format_padding(unsigned int padding); /* "none", "classes", "full" */
const char *format_mode(unsigned int mode);

/* What an association with these flags is: peer, introduction (it listens), client (it roams). */
const char *format_role(unsigned int flags);
const char *format_clock(unsigned int clock);
const char *format_hook(unsigned int hook);

#endif
