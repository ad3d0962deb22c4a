// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a slot tells anything of the next one: mutual information between the hexadecimal digits of places, in bits.
 *
 *	information next|within [--shuffles 199] [--seed 1] < LINES
 *
 * A line is SERIES DIGITS, a dot between fields. Lines of one series that follow each other are slots that do. `next` pairs every
 * digit of a slot with every digit of the one after it, `within` every two digits of one slot that are of different fields (in
 * one field something is known: no port is below 1024). Counting few samples finds information where
 * there is none, so much of it is taken off (Miller and Madow, 1955). What is left is held against a control: the same lines,
 * shuffled, so that the second of each pair is some other line's. Printed is a JSON object: the pair that tells most, the mean of all
 * pairs, and what 99 % of the controls do not exceed of either. The same lines give the same answer every time.
 */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MOST = 128, LINE_BYTES = 256, SERIES_BYTES = 64, SHUFFLES_MOST = 9999 };

/* Digits of each sample one after the other: the first of the pair, and the second. */
struct samples {
	uint8_t *first, *second;
	uint32_t count, room, digits;
	uint8_t field[DIGITS_MOST]; /* of each digit */
	bool within;
};

struct found {
	double most, mean;
	uint32_t at[2], pairs;
};

static double *n_log_n; /* n * log2(n), 0 to the number of samples */

static void give_up(const char *why)
{
	fprintf(stderr, "information: %s\n", why);
	exit(1);
}

static uint64_t chance_next(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15; /* splitmix64 */

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	return mixed ^ mixed >> 31;
}

/* --- reading ------------------------------------------------------------------------- */

static int digit_of(char letter)
{
	const char *known = "0123456789abcdef", *at = letter ? strchr(known, letter) : NULL;

	return at ? (int)(at - known) : -1;
}

static uint32_t read_digits(struct samples *all, uint8_t to[static DIGITS_MOST], const char *text)
{
	uint32_t count = 0;
	uint8_t field = 0;

	for (; *text; text++) {
		int digit = digit_of(*text);

		field += *text == '.';
		if (*text == '.')
			continue;
		if (digit < 0 || count == DIGITS_MOST)
			give_up("a line is not SERIES DIGITS");
		all->field[count] = field;
		to[count++] = (uint8_t)digit;
	}
	return count;
}

static void samples_add(struct samples *all, const uint8_t *first, const uint8_t *second)
{
	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 4096;
		all->first = realloc(all->first, (size_t)all->room * DIGITS_MOST);
		all->second = realloc(all->second, (size_t)all->room * DIGITS_MOST);
		if (!all->first || !all->second)
			give_up("no memory");
	}
	memcpy(all->first + (size_t)all->count * DIGITS_MOST, first, DIGITS_MOST);
	memcpy(all->second + (size_t)all->count * DIGITS_MOST, second, DIGITS_MOST);
	all->count++;
}

static void samples_read(struct samples *all)
{
	char line[LINE_BYTES], series[SERIES_BYTES], before[SERIES_BYTES] = "", text[LINE_BYTES];
	uint8_t last[DIGITS_MOST] = { 0 }, digits[DIGITS_MOST] = { 0 };

	while (fgets(line, sizeof(line), stdin)) {
		uint32_t count;

		if (sscanf(line, "%63s %255s", series, text) != 2)
			give_up("a line is not SERIES DIGITS");
		count = read_digits(all, digits, text);
		if (all->digits && all->digits != count)
			give_up("lines differ in length");
		all->digits = count;
		if (all->within)
			samples_add(all, digits, digits);
		else if (!strcmp(series, before))
			samples_add(all, last, digits);
		memcpy(last, digits, sizeof(last));
		strcpy(before, series);
	}
}

/* One column after the other, which is how they are counted. */
static uint8_t *columns_of(const struct samples *all, const uint8_t *rows)
{
	uint8_t *columns = malloc((size_t)all->count * all->digits + 1);

	if (!columns)
		give_up("no memory");
	for (uint32_t row = 0; row < all->count; row++)
		for (uint32_t digit = 0; digit < all->digits; digit++)
			columns[(size_t)digit * all->count + row] = rows[(size_t)row * DIGITS_MOST + digit];
	return columns;
}

/* --- counting ------------------------------------------------------------------------ */

static double entropy_part(const uint32_t *counts, uint32_t cells, int *used)
{
	double sum = 0;

	for (uint32_t i = 0; i < cells; i++) {
		sum += n_log_n[counts[i]];
		*used += counts[i] != 0;
	}
	return sum;
}

static double information(const uint8_t *one, const uint8_t *other, uint32_t count)
{
	uint32_t both[256] = { 0 }, ones[16] = { 0 }, others[16] = { 0 };
	int used_both = 0, used_ones = 0, used_others = 0;
	double bits;

	for (uint32_t i = 0; i < count; i++)
		both[one[i] << 4 | other[i]]++;
	for (uint32_t i = 0; i < 256; i++) {
		ones[i >> 4] += both[i];
		others[i & 15] += both[i];
	}
	bits = entropy_part(both, 256, &used_both) - entropy_part(ones, 16, &used_ones) -
	       entropy_part(others, 16, &used_others);
	bits = bits / count + log2(count);
	return bits - (used_both - used_ones - used_others + 1) / (2 * count * M_LN2);
}

static struct found look(const struct samples *all, const uint8_t *first, const uint8_t *second)
{
	struct found found = { .most = -INFINITY };

	for (uint32_t i = 0; i < all->digits; i++) {
		for (uint32_t j = all->within ? i + 1 : 0; j < all->digits; j++) {
			double bits;

			if (all->within && all->field[i] == all->field[j])
				continue;
			bits = information(first + (size_t)i * all->count, second + (size_t)j * all->count, all->count);
			found.mean += bits;
			found.pairs++;
			if (bits <= found.most)
				continue;
			found.most = bits;
			found.at[0] = i;
			found.at[1] = j;
		}
	}
	found.mean /= found.pairs;
	return found;
}

/* Whole lines change places, so that what digits of one line have to do with each other stays as it is. */
static void shuffle(struct samples *all, uint64_t *chance)
{
	uint8_t kept[DIGITS_MOST];

	for (uint32_t i = all->count - 1; i > 0; i--) {
		uint32_t other = (uint32_t)(chance_next(chance) % (i + 1));
		uint8_t *one = all->second + (size_t)i * DIGITS_MOST, *two = all->second + (size_t)other * DIGITS_MOST;

		memcpy(kept, one, DIGITS_MOST);
		memcpy(one, two, DIGITS_MOST);
		memcpy(two, kept, DIGITS_MOST);
	}
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

/* What 99 % of them do not exceed. */
static double share_99(double *values, uint32_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[(count * 99 + 99) / 100 - 1];
}

static void print(const struct samples *all, const struct found *found, double *most, double *mean, uint32_t shuffles)
{
	uint32_t above = 0;

	for (uint32_t i = 0; i < shuffles; i++)
		above += most[i] >= found->most;
	printf("{\"samples\": %u, \"pairs\": %u, \"shuffles\": %u, \"most\": %.6f, \"first\": %u, \"second\": %u, \"mean\": %.7f, "
	       "\"controls_above\": %u, \"control_most\": %.6f, \"control_mean\": %.7f}\n", all->count, found->pairs, shuffles,
	       found->most, found->at[0], found->at[1], found->mean, above, share_99(most, shuffles),
	       share_99(mean, shuffles));
}

static void tables_make(const struct samples *all)
{
	n_log_n = calloc((size_t)all->count + 1, sizeof(*n_log_n));
	if (!n_log_n)
		give_up("no memory");
	for (uint32_t n = 2; n <= all->count; n++)
		n_log_n[n] = n * log2(n);
}

static void judge(struct samples *all, uint32_t shuffles, uint64_t chance)
{
	uint8_t *first = columns_of(all, all->first), *second = columns_of(all, all->second);
	double most[SHUFFLES_MOST], mean[SHUFFLES_MOST];
	struct found found = look(all, first, second);

	for (uint32_t i = 0; i < shuffles; i++) {
		struct found control;

		shuffle(all, &chance);
		free(second);
		second = columns_of(all, all->second);
		control = look(all, first, second);
		most[i] = control.most;
		mean[i] = control.mean;
	}
	print(all, &found, most, mean, shuffles);
	free(first);
	free(second);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "shuffles", required_argument, NULL, 'n' },
						 { "seed", required_argument, NULL, 's' }, { 0 } };
	struct samples all = { 0 };
	unsigned long shuffles = 199, seed = 1;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			shuffles = strtoul(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (optind + 1 != argc || shuffles < 1 || shuffles > SHUFFLES_MOST)
		give_up("usage: information next|within [--shuffles N] [--seed N]");
	all.within = !strcmp(argv[optind], "within");
	samples_read(&all);
	if (all.count < 1000 || all.digits < 2)
		give_up("too few samples to say anything");
	tables_make(&all);
	judge(&all, (uint32_t)shuffles, seed);
	return 0;
}
