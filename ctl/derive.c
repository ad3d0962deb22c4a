// SPDX-License-Identifier: GPL-2.0-only
/* derive: where one end is in which slot, for people, tests and traffic generators. */
#include <arpa/inet.h>
#include <sodium.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/key.h"
#include "ctl/parse.h"
#include "loader/slot.h"

enum { SLOTS_MOST = 10000000 };

struct derivation {
	__u8 *key; /* secret */
	__u8 seed[8];
	struct mf_template template;
	struct mf_schedule schedule;
	__u64 at_ms, slots;
	bool has_seed, has_key, has_at, json;
};

static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

static int take_key_file(struct derivation *derivation, const char *path)
{
	char why[SAY_BYTES];

	if (key_read_hop(path, derivation->key, why)) {
		say_error("%s", why);
		return CTL_FAILED;
	}
	derivation->has_key = true;
	return 0;
}

static int take_key(const struct ctl *ctl, struct derivation *derivation, const char *text)
{
	if (key_parse_hop(text, derivation->key))
		return ctl_usage(ctl, "--key: expected 32 hexadecimal digits or 16 bytes in base64");
	derivation->has_key = true;
	return 0;
}

static int take_rotation(const struct ctl *ctl, struct derivation *derivation, const char *text)
{
	__u32 ms;

	if (parse_duration_ms(text, &ms) || ms < MF_ROTATION_MIN_MS || ms > MF_ROTATION_MAX_MS)
		return ctl_usage(ctl, "--rotation %s: expected a duration of 100ms to 1h, such as 3s", text);
	derivation->schedule.rotation_ms = ms;
	return 0;
}

static int take_option(const struct ctl *ctl, struct derivation *derivation, int option, const char *value)
{
	switch (option) {
	case 'i':
		if (parse_hex(value, derivation->seed, sizeof(derivation->seed)))
			return ctl_usage(ctl, "--iid %s: expected 16 hexadecimal digits", value);
		derivation->has_seed = true;
		return 0;
	case 'f':
		return take_key_file(derivation, value);
	case 'k':
		return take_key(ctl, derivation, value);
	case 'r':
		return take_rotation(ctl, derivation, value);
	case 'a':
		if (parse_number(value, MF_ROTATION_MAX_MS, 1ULL << 62, &derivation->at_ms))
			return ctl_usage(ctl, "--at %s: expected Unix milliseconds", value);
		derivation->has_at = true;
		return 0;
	case 'p':
		if (parse_template(value, &derivation->template))
			return ctl_usage(ctl, "--prefix %s: expected an IPv6 prefix of /48 to /112", value);
		return 0;
	case 'n':
		if (parse_number(value, 1, SLOTS_MOST, &derivation->slots))
			return ctl_usage(ctl, "--slots %s: expected a number, 1 to %d", value, SLOTS_MOST);
		return 0;
	default:
		derivation->json = true;
		return 0;
	}
}

static int take_options(const struct ctl *ctl, struct derivation *derivation, int argc, char **argv)
{
	static const struct option options[] = {
		{ "iid", required_argument, NULL, 'i' },      { "key", required_argument, NULL, 'k' },
		{ "key-file", required_argument, NULL, 'f' }, { "rotation", required_argument, NULL, 'r' },
		{ "at", required_argument, NULL, 'a' },       { "prefix", required_argument, NULL, 'p' },
		{ "slots", required_argument, NULL, 'n' },    { "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	bool first = true;
	int option, result;

	while ((option = ctl_next_option(ctl, argc, argv, options, &first)) != -1) {
		result = option == '?' ? CTL_USAGE : take_option(ctl, derivation, option, optarg);
		if (result)
			return result;
	}
	if (!derivation->has_seed)
		return ctl_usage(ctl, "--iid is missing");
	if (!derivation->has_key)
		return ctl_usage(ctl, "--key-file (or --key) is missing");
	return ctl_check_arguments(ctl, argc, 0, 0);
}

/* The address, or the identifier alone where no prefix is given. */
static void format_place(char text[static FORMAT_ADDRESS], const struct derivation *derivation,
			 const struct mf_slot_end *end)
{
	__u8 address[16];

	if (!derivation->template.hop_bits) {
		sodium_bin2hex(text, FORMAT_ADDRESS, end->identifier, sizeof(end->identifier));
		return;
	}
	mf_slot_address(address, &derivation->template, end->identifier);
	format_address(text, address);
}

static void print_slot(const struct derivation *derivation, __u64 index, bool last)
{
	__u64 start_ms = mf_slot_start(&derivation->schedule, index);
	char place[FORMAT_ADDRESS];
	struct mf_slot_end end;

	mf_slot_end(&end, derivation->seed, derivation->key, start_ms);
	format_place(place, derivation, &end);
	if (derivation->json)
		printf("  {\"index\": %llu, \"start_ms\": %llu, \"%s\": \"%s\", \"port\": %u}%s\n", index, start_ms,
		       derivation->template.hop_bits ? "address" : "identifier", place, ntohs(end.port),
		       last ? "" : ",");
	else
		printf("%llu %llu %s %u\n", index, start_ms, place, ntohs(end.port));
}

static int print_slots(struct derivation *derivation)
{
	__u64 first;

	derivation->schedule.phase_ms = mf_slot_phase(derivation->key, derivation->schedule.rotation_ms);
	first = mf_slot_index(&derivation->schedule, derivation->has_at ? derivation->at_ms : now_ms());
	if (derivation->json)
		printf("[\n");
	for (__u64 i = 0; i < derivation->slots; i++)
		print_slot(derivation, first + i, i + 1 == derivation->slots);
	if (derivation->json)
		printf("]\n");
	return ctl_finish_output();
}

int command_derive(const struct ctl *ctl, int argc, char **argv)
{
	struct derivation derivation = { .schedule.rotation_ms = 3000, .slots = 1 };
	int result;

	derivation.key = key_secret_new(KEY_HOP_BYTES);
	if (!derivation.key) {
		say_error("no memory for a key");
		return CTL_FAILED;
	}
	result = take_options(ctl, &derivation, argc, argv);
	if (!result)
		result = print_slots(&derivation);
	key_secret_free(derivation.key);
	return result;
}
