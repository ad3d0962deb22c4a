/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet test is a table: one row a promise, its name the promise. Every row finds both ends as new.
 */
#ifndef MAYFLY_TESTS_PACKET_TABLE_H
#define MAYFLY_TESTS_PACKET_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/packet/carried.h"
#include "tests/packet/rig.h"
#include "tests/packet/rig_look.h"

struct lab {
	struct rig here, there;
	struct result result; /* of the last run; too large for many stacks */
};

struct row {
	const char *name;
	void (*check)(struct lab *lab, const struct row *row);
	long a, b, c; /* what the row varies; its check function says */
};

#define TABLE_RUN(rows) table_run(rows, sizeof(rows) / sizeof((rows)[0]))
int table_run(const struct row *rows, size_t count);

/* An inner packet of `deal` from one side to the other; the rest as the row likes. */
struct packet table_packet(enum deal deal, enum side from, __u8 protocol, __u32 payload);

/* The frame that the program of row's lab gave must be this one, to the byte. */
void expect_frame(const struct frame *got, const struct frame *wanted, const char *what);
void expect_verdict(const struct result *result, int verdict, int action, const char *what);

/* Sends from HERE and receives THERE: `inner` must come out, its Ethernet addresses set for the device. */
void expect_round_trip(struct lab *lab, const struct frame *inner, const char *what);

/* What THERE sends to HERE in the slot `ahead` of now: `inner`, carried as `form` says. */
void table_arrival(struct lab *lab, enum deal deal, int ahead, const struct frame *inner, enum form form,
		   struct frame *wire);

/* A small UDP packet from THERE to HERE and how it arrives. */
void table_small(struct lab *lab, enum deal deal, struct frame *inner, struct frame *wire);

/* HERE takes `wire` in XDP and refuses it by this name; nothing may come out. */
void expect_refused(struct lab *lab, const struct frame *wire, int verdict, const char *what);

/* HERE takes `wire` and gives `inner` to the device. */
void expect_delivered(struct lab *lab, const struct frame *wire, const struct frame *inner, const char *what);

/* HERE leaves `wire` to the stack, untouched. */
void expect_passed(struct lab *lab, const struct frame *wire, const char *what);

#endif
