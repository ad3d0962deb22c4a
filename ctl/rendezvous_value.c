// SPDX-License-Identifier: GPL-2.0-only
/* rendezvous seal and open: an offer to the bytes that are stored, and back. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/format.h"
#include "ctl/parse.h"
#include "ctl/rendezvous_command.h"

enum { INPUT_BYTES = 1024, HEX_BYTES = 2 * RENDEZVOUS_VALUE_BYTES + 1 };

static int seal(const struct rendezvous_task *task, __u8 value[static RENDEZVOUS_VALUE_BYTES], char why[static SAY_BYTES])
{
	if (task->has_nonce)
		return rendezvous_seal_with(&task->pair, &task->offer, task->nonce, value, why);
	return rendezvous_seal(&task->pair, &task->offer, value, why);
}

int rendezvous_seal_step(const struct ctl *ctl, struct rendezvous_task *task)
{
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	char why[SAY_BYTES], hex[HEX_BYTES];
	int length;

	if (task->reads)
		return ctl_usage(ctl, "who reads does not seal: --read is for locate and open");
	if (!task->has_key)
		return ctl_usage(ctl, "--key-file is missing");
	if (!task->has_prefix)
		return ctl_usage(ctl, "--prefix is missing");
	length = seal(task, value, why);
	if (length < 0) {
		say_error("%s", why);
		return CTL_FAILED;
	}
	sodium_bin2hex(hex, sizeof(hex), value, (size_t)length);
	if (task->raw)
		fwrite(value, 1, (size_t)length, stdout);
	else
		printf(task->json ? "{\"value\": \"%s\"}\n" : "%s\n", hex);
	return ctl_finish_output();
}

/* All of stdin; how much, or -errno. */
static ssize_t read_input(char text[static INPUT_BYTES])
{
	size_t used = 0;

	while (used < INPUT_BYTES) {
		ssize_t got = read(STDIN_FILENO, text + used, INPUT_BYTES - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : (ssize_t)used;
		used += (size_t)got;
	}
	return -EFBIG;
}

/* The value itself, or as hexadecimal digits and a newline: no form is as long as another's digits. */
static ssize_t take_value(char text[static INPUT_BYTES], size_t length, __u8 value[static RENDEZVOUS_VALUE_BYTES])
{
	static const size_t forms[] = { RENDEZVOUS_VALUE_BYTES, RENDEZVOUS_FULL_BYTES, RENDEZVOUS_COMPACT_BYTES };
	size_t digits = length;

	while (digits && strchr(" \t\r\n", text[digits - 1]))
		digits--;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (length == forms[i]) {
			memcpy(value, text, length);
			return (ssize_t)length;
		}
		if (digits == 2 * forms[i]) {
			text[digits] = 0;
			return parse_hex(text, value, forms[i]) ? -EINVAL : (ssize_t)forms[i];
		}
	}
	return -EINVAL;
}

static int read_value(__u8 value[static RENDEZVOUS_VALUE_BYTES])
{
	char text[INPUT_BYTES];
	ssize_t length = read_input(text);

	if (length >= 0)
		length = take_value(text, (size_t)length, value);
	if (length < 0)
		say_error("found no value on stdin: expected %d, %d or %d bytes, or their hexadecimal digits",
			  RENDEZVOUS_VALUE_BYTES, RENDEZVOUS_FULL_BYTES, RENDEZVOUS_COMPACT_BYTES);
	return (int)length;
}

static void print_text(const struct rendezvous_offer *offer, const char *key, const char *seed, const char *reader)
{
	char prefix[FORMAT_PREFIX], rotation[FORMAT_AMOUNT];

	printf("form           %s\nperiod_s       %u\nperiod         %u\nkey            %s\nprefix         %s\n"
	       "hop_bits       %u\nseed           %s\nrotation       %s\nreader_seed    %s\n",
	       rendezvous_form_name(offer->form), offer->period_s, offer->period, key,
	       format_template(prefix, &offer->prefix), offer->prefix.hop_bits, seed,
	       format_period(rotation, offer->rotation_ms), reader);
}

static void print_json(const struct rendezvous_offer *offer, const char *key, const char *seed, const char *reader)
{
	char prefix[FORMAT_PREFIX];

	printf("{\"form\": \"%s\", \"period_s\": %u, \"period\": %u, \"key\": \"%s\", \"prefix\": \"%s\", \"hop_bits\": %u, "
	       "\"seed\": \"%s\", \"rotation_ms\": %u, \"reader_seed\": \"%s\"}\n",
	       rendezvous_form_name(offer->form), offer->period_s, offer->period, key,
	       format_template(prefix, &offer->prefix), offer->prefix.hop_bits, seed, offer->rotation_ms, reader);
}

static int print_offer(const struct rendezvous_task *task)
{
	char key[33], seed[17], reader[17];
	__u8 reader_seed[8];

	rendezvous_reader_seed(&task->pair, task->offer.key, reader_seed);
	sodium_bin2hex(key, sizeof(key), task->offer.key, 16);
	sodium_bin2hex(seed, sizeof(seed), task->offer.seed, 8);
	sodium_bin2hex(reader, sizeof(reader), reader_seed, 8);
	setvbuf(stdout, NULL, _IONBF, 0); /* no copy of K is left in a buffer */
	(task->json ? print_json : print_text)(&task->offer, key, seed, reader);
	sodium_memzero(key, sizeof(key));
	return ctl_finish_output();
}

int rendezvous_open_step(const struct ctl *ctl, struct rendezvous_task *task)
{
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	char why[SAY_BYTES];
	int length = read_value(value);

	(void)ctl;
	if (length < 0)
		return CTL_FAILED;
	if (rendezvous_open(&task->pair, task->offer.period_s, task->offer.period, value, (size_t)length, &task->offer,
			    why)) {
		say_error("%s", why);
		return CTL_FAILED;
	}
	return print_offer(task);
}
