// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands behind the UDP header of sealed packets, by the tests of NIST SP 800-22 that need no more than counting, and by
 * position: the same inner packet again and again, as the worst that an application can do. Keys and counters are always the same
 * ones, so what passes once passes always. MF_PACKETS: how many (20,000; a million in `make check-long`), MF_NTH: one of how many.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/packet/sparing.h"
#include "tests/packet/table.h"

enum {
	PAYLOAD = 22,
	BYTES = 8 + 16 + 4 + 8 + PAYLOAD, /* behind UDP: counter, tag, shim, inner UDP */
	PACKETS = 20000,
	PACKETS_LEAST = 10 * 256,         /* of each value of a byte so many, or chi-square says nothing */
};

#define LEAST_P 1e-4

static __u32 packets(void)
{
	const char *wanted = getenv("MF_PACKETS");

	if (wanted)
		return strtoul(wanted, NULL, 10);
	return sparing_count(PACKETS) < PACKETS_LEAST ? PACKETS_LEAST : sparing_count(PACKETS);
}

struct counted {
	__u64 value[BYTES][256];  /* by position */
	__u64 bit[BYTES * 8];     /* ones, by position */
	__u64 same[BYTES];        /* bytes that are the same as in the packet before */
	__u64 ones, runs, bits;   /* of all bytes in a row */
	__u64 pattern[1 << 8];    /* overlapping groups of 8 bits */
	__u32 last_bits;
	__u8 before[BYTES];
	__u32 packets;
};

static void count_bits(struct counted *counted, __u8 byte)
{
	for (int i = 7; i >= 0; i--) {
		__u32 bit = byte >> i & 1;

		counted->ones += bit;
		counted->runs += counted->bits && (counted->last_bits & 1) != bit;
		counted->last_bits = counted->last_bits << 1 | bit;
		counted->bits += 1;
		if (counted->bits >= 8)
			counted->pattern[counted->last_bits & 0xff] += 1;
	}
}

static void count_packet(struct counted *counted, const __u8 *bytes)
{
	for (int at = 0; at < BYTES; at++) {
		counted->value[at][bytes[at]] += 1;
		counted->same[at] += counted->packets && bytes[at] == counted->before[at];
		for (int i = 0; i < 8; i++)
			counted->bit[8 * at + i] += bytes[at] >> i & 1;
		count_bits(counted, bytes[at]);
	}
	memcpy(counted->before, bytes, BYTES);
	counted->packets += 1;
}

/* Upper tail of chi-square with many degrees of freedom (Wilson and Hilferty, 1931). */
static double p_of_chi2(double chi2, double degrees)
{
	double z = (cbrt(chi2 / degrees) - (1 - 2 / (9 * degrees))) / sqrt(2 / (9 * degrees));

	return erfc(z / M_SQRT2) / 2;
}

static double chi2_even(const __u64 *count, int values)
{
	double all = 0, chi2 = 0;

	for (int i = 0; i < values; i++)
		all += count[i];
	for (int i = 0; i < values; i++)
		chi2 += (count[i] - all / values) * (count[i] - all / values) / (all / values);
	return chi2;
}

/* Of `times`, as many as chance gives? Two-sided. */
static double p_of_share(double found, double times, double chance)
{
	return erfc(fabs(found - times * chance) / sqrt(times * chance * (1 - chance)) / M_SQRT2);
}

static void expect_p(double p, double tests, const char *what)
{
	if (p < LEAST_P / tests)
		fail_msg("%s: p = %g, of %g tests", what, p, tests);
}

/* Neither value, bit nor repetition says where in the packet it stands. */
static void expect_even_by_position(const struct counted *counted)
{
	char what[64];

	for (int at = 0; at < BYTES; at++) {
		snprintf(what, sizeof(what), "values of byte %d", at);
		expect_p(p_of_chi2(chi2_even(counted->value[at], 256), 255), BYTES, what);
		snprintf(what, sizeof(what), "byte %d against that of the packet before", at);
		expect_p(p_of_share(counted->same[at], counted->packets - 1, 1 / 256.), BYTES, what);
		for (int i = 0; i < 8; i++) {
			snprintf(what, sizeof(what), "bit %d of byte %d", i, at);
			expect_p(p_of_share(counted->bit[8 * at + i], counted->packets, 0.5), 8 * BYTES, what);
		}
	}
}

/* SP 800-22 sections 2.1 (frequency), 2.3 (runs) and 2.11 (serial, here of 8 bits that overlap). */
static void expect_even_in_a_row(const struct counted *counted)
{
	double n = counted->bits, share = counted->ones / n;
	double runs = fabs(counted->runs + 1 - 2 * n * share * (1 - share)) / (2 * sqrt(2 * n) * share * (1 - share));
	__u64 shorter[1 << 7] = { 0 };
	double psi8, psi7;

	expect_p(p_of_share(counted->ones, n, 0.5), 3, "frequency");
	expect_p(erfc(runs), 3, "runs");
	for (int i = 0; i < 1 << 8; i++)
		shorter[i >> 1] += counted->pattern[i];
	psi8 = chi2_even(counted->pattern, 1 << 8);
	psi7 = chi2_even(shorter, 1 << 7);
	expect_p(p_of_chi2(psi8 - psi7, 1 << 7), 3, "serial");
}

/* a: packets of the same counter's next; c: deal. */
static void noise(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, HERE, UDP, PAYLOAD);
	struct counted *counted = calloc(1, sizeof(*counted));
	struct frame inner;

	packet.fill = 0;
	frame_packet(&inner, &packet);
	for (__u32 i = packets(); i > 0; i--) {
		rig_run(&lab->here, MF_OUT, &inner, &lab->result);
		assert_int_equal(lab->result.verdict, MF_OUT_SENT);
		assert_true(lab->result.out.length >= AT_SHIM + BYTES);
		count_packet(counted, lab->result.out.byte + AT_SHIM);
	}
	expect_even_by_position(counted);
	expect_even_in_a_row(counted);
	free(counted);
}

/* The tests themselves: `encap` passes none of them. */
static void not_noise(struct lab *lab, const struct row *row)
{
	struct packet packet = table_packet(row->c, HERE, UDP, PAYLOAD + 24);
	struct counted *counted = calloc(1, sizeof(*counted));
	struct frame inner;

	frame_packet(&inner, &packet);
	for (int i = 0; i < 2000; i++) {
		rig_run(&lab->here, MF_OUT, &inner, &lab->result);
		count_packet(counted, lab->result.out.byte + AT_SHIM);
	}
	assert_true(p_of_chi2(chi2_even(counted->value[0], 256), 255) < 1e-100);
	assert_true(p_of_share(counted->same[40], counted->packets - 1, 1 / 256.) < 1e-100);
	assert_true(p_of_share(counted->ones, counted->bits, 0.5) < 1e-100);
	free(counted);
}

int main(void)
{
	static const struct row rows[] = {
		{ "behind the UDP header: noise", noise, 0, 0, SEALED },
		{ "padded: noise", noise, 0, 0, CLASSES },
		{ "encap is none, and these tests see it", not_noise, 0, 0, HOST },
	};

	return TABLE_RUN(rows);
}
