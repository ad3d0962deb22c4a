// SPDX-License-Identifier: GPL-2.0-only
/* rendezvous locate: where two parties meet in a period, by every name that a store may use. */
#include <sodium.h>

#include "ctl/dht/sha1.h"
#include "ctl/rendezvous_command.h"
#include "ctl/two_stage.h"

enum { HEX_BYTES = 2 * 32 + 1 };

/* Prints members or lines, whichever was asked for. */
struct printer {
	bool json;
	unsigned int printed;
};

static void print_name(struct printer *printer, const char *name)
{
	if (printer->json)
		printf("%s\"%s\": ", printer->printed++ ? ", " : "{", name);
	else
		printf("%-14s ", name);
}

static void print_number(struct printer *printer, const char *name, __u32 number)
{
	print_name(printer, name);
	printf("%u%s", number, printer->json ? "" : "\n");
}

static void print_bytes(struct printer *printer, const char *name, const __u8 *bytes, size_t size)
{
	const char *quote = printer->json ? "\"" : "";
	char hex[HEX_BYTES];

	print_name(printer, name);
	printf("%s%s%s%s", quote, sodium_bin2hex(hex, sizeof(hex), bytes, size), quote, printer->json ? "" : "\n");
}

static void print_item(struct printer *printer, const struct rendezvous_task *task, __u32 period_s, __u32 period,
		       const char *item, const char *target)
{
	__u8 seed[32], public_key[32], digest[20];

	rendezvous_item_seed(&task->pair, period_s, period, seed, public_key);
	sodium_memzero(seed, sizeof(seed));
	sha1(digest, public_key, sizeof(public_key));
	print_bytes(printer, item, public_key, sizeof(public_key));
	print_bytes(printer, target, digest, sizeof(digest));
}

int rendezvous_locate(const struct ctl *ctl, struct rendezvous_task *task)
{
	bool native = task->offer.form == RENDEZVOUS_NATIVE;
	struct printer printer = { .json = task->json };
	struct two_stage_window window;
	__u8 descriptor[RENDEZVOUS_DESCRIPTOR_BYTES], seed[8];

	if (native && !task->publishes && !task->reads)
		return ctl_usage(ctl, "which end is this, --publish or --read? Only the forms of paper and patent are the "
				 "same from both");
	if (task->window_periods && (!native || two_stage_window(&window, task->offer.period_s, task->window_periods,
								  task->at_s)))
		return ctl_usage(ctl, "--two-stage: the native form only, and a long window of at most 24h");
	rendezvous_descriptor(&task->pair, task->offer.period, descriptor);
	print_number(&printer, "period_s", task->offer.period_s);
	print_number(&printer, "period", task->offer.period);
	print_bytes(&printer, "descriptor", descriptor, sizeof(descriptor));
	if (native)
		print_item(&printer, task, task->offer.period_s, task->offer.period, "item", "target");
	if (task->window_periods) {
		print_number(&printer, "window_s", window.long_s);
		print_number(&printer, "window", window.start);
		print_item(&printer, task, window.long_s, window.start, "window_item", "window_target");
	}
	if (task->has_key) {
		rendezvous_reader_seed(&task->pair, task->offer.key, seed);
		print_bytes(&printer, "reader_seed", seed, sizeof(seed));
	}
	if (printer.json)
		puts("}");
	return ctl_finish_output();
}
