/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is nearest to the target as far as is known, how far the questions to them have come, and whom to ask next.
 * Internal to ctl/dht.
 */
#ifndef MAYFLY_CTL_DHT_SURVEY_H
#define MAYFLY_CTL_DHT_SURVEY_H

#include "ctl/dht/query.h"

/* What the nearest are like: dead, slow and overdue nodes do not count among them. */
struct survey {
	unsigned int fresh, asked, answered, slow;
	unsigned int agreed;
	int next; /* place of the one to ask, a slow one where nobody else is left, or -1 */
};

struct survey survey_nearest(struct operation *operation, enum query_purpose purpose);

/* How many of the nearest are wanted: eight, of a reader of all sixteen. */
unsigned int survey_width(const struct operation *operation, enum query_purpose purpose);

/* A GET that ends with the first good value and a short while. */
bool survey_takes_first(const struct operation *operation);

/* A GET of all that the nearest have. */
bool survey_reads_all(const struct operation *operation);

#endif
