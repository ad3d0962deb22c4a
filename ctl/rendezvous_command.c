// SPDX-License-Identifier: GPL-2.0-only
/*
 * mayflyctl rendezvous: every step of the blind rendezvous by hand, for people, tests and other implementations.
 * Takes the options; rendezvous_locate.c and rendezvous_value.c are the steps.
 */
#include "ctl/rendezvous_command.h"

#include <string.h>
#include <time.h>

#include "ctl/key.h"
#include "ctl/parse.h"
#include "ctl/two_stage.h"
#include "loader/control.h"

struct step {
	const char *name;
	int (*run)(const struct ctl *ctl, struct rendezvous_task *task);
	const char *options; /* by their letters, besides those of every step */
	bool publishes;      /* unless --read is given */
};

static const struct step steps[] = {
	{ "locate", rendezvous_locate, "kw", false },
	{ "seal", rendezvous_seal_step, "kxiong", true },
	{ "open", rendezvous_open_step, "", false },
};

static const struct option options[] = {
	{ "private-key-file", required_argument, NULL, 'f' }, { "peer", required_argument, NULL, 'p' },
	{ "at", required_argument, NULL, 'a' },               { "period", required_argument, NULL, 't' },
	{ "publish", no_argument, NULL, 'P' },                { "read", no_argument, NULL, 'R' },
	{ "form", required_argument, NULL, 'm' },             { "json", no_argument, NULL, 'j' },
	{ "key-file", required_argument, NULL, 'k' },         { "two-stage", required_argument, NULL, 'w' },
	{ "prefix", required_argument, NULL, 'x' },           { "seed", required_argument, NULL, 'i' },
	{ "rotation", required_argument, NULL, 'o' },         { "nonce", required_argument, NULL, 'n' },
	{ "raw", no_argument, NULL, 'g' },                    { 0 },
};

static const char every_step[] = "fpatPRmj";

static const struct {
	const char *name;
	enum rendezvous_form form;
} forms[] = { { "native", RENDEZVOUS_NATIVE }, { "full", RENDEZVOUS_FULL }, { "compact", RENDEZVOUS_COMPACT } };

const char *rendezvous_form_name(enum rendezvous_form form)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (forms[i].form == form)
			return forms[i].name;
	return "unknown";
}

static int take_form(const struct ctl *ctl, struct rendezvous_task *task, const char *text)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].name, text)) {
			task->offer.form = forms[i].form;
			return 0;
		}
	return ctl_usage(ctl, "--form %s: expected native, full or compact", text);
}

static int take_file(int (*read)(const char *path, __u8 *key, char why[static SAY_BYTES]), const char *path, __u8 *key,
		     bool *has)
{
	char why[SAY_BYTES];

	if (read(path, key, why)) {
		say_error("%s", why);
		return CTL_FAILED;
	}
	*has = true;
	return 0;
}

static int take_period(const struct ctl *ctl, struct rendezvous_task *task, const char *text)
{
	__u32 ms;

	if (parse_duration_ms(text, &ms) || ms % 1000 || ms < RENDEZVOUS_PERIOD_MIN_S * 1000U ||
	    ms > RENDEZVOUS_PERIOD_MAX_S * 1000U)
		return ctl_usage(ctl, "--period %s: expected whole seconds, 1s to 24h, such as 600s", text);
	task->offer.period_s = ms / 1000;
	return 0;
}

static int take_rotation(const struct ctl *ctl, struct rendezvous_task *task, const char *text)
{
	if (parse_duration_ms(text, &task->offer.rotation_ms) || task->offer.rotation_ms < MF_ROTATION_MIN_MS ||
	    task->offer.rotation_ms > MF_ROTATION_MAX_MS)
		return ctl_usage(ctl, "--rotation %s: expected a duration of 100ms to 1h, such as 3s", text);
	return 0;
}

static int take_windows(const struct ctl *ctl, struct rendezvous_task *task, const char *text)
{
	__u64 number;

	if (parse_number(text, TWO_STAGE_PERIODS_LEAST, TWO_STAGE_PERIODS_MOST, &number))
		return ctl_usage(ctl, "--two-stage %s: expected the periods of a long window, %d to %d", text,
				 TWO_STAGE_PERIODS_LEAST, TWO_STAGE_PERIODS_MOST);
	task->window_periods = (__u32)number;
	return 0;
}

/* Who and when. */
static int take_common(const struct ctl *ctl, struct rendezvous_task *task, int option, const char *value)
{
	switch (option) {
	case 'f':
		return take_file(key_read_private, value, task->own, &task->has_own);
	case 'p':
		if (key_parse_32(value, task->peer))
			return ctl_usage(ctl, "--peer %s: expected a public key, 32 bytes in base64 or hexadecimal", value);
		task->has_peer = true;
		return 0;
	case 'a':
		if (parse_number(value, 0, 0xffffffff, &task->at_s))
			return ctl_usage(ctl, "--at %s: expected Unix seconds", value);
		task->has_at = true;
		return 0;
	case 't':
		return take_period(ctl, task, value);
	case 'm':
		return take_form(ctl, task, value);
	case 'P':
		task->publishes = true;
		return 0;
	case 'R':
		task->reads = true;
		return 0;
	default:
		task->json = true;
		return 0;
	}
}

/* What is offered. */
static int take_offered(const struct ctl *ctl, struct rendezvous_task *task, int option, const char *value)
{
	switch (option) {
	case 'k':
		return take_file(key_read_hop, value, task->offer.key, &task->has_key);
	case 'w':
		return take_windows(ctl, task, value);
	case 'x':
		if (parse_template(value, &task->offer.prefix))
			return ctl_usage(ctl, "--prefix %s: expected an IPv6 prefix of /48 to /112", value);
		task->has_prefix = true;
		return 0;
	case 'i':
		if (parse_hex(value, task->offer.seed, sizeof(task->offer.seed)))
			return ctl_usage(ctl, "--seed %s: expected 16 hexadecimal digits", value);
		return 0;
	case 'o':
		return take_rotation(ctl, task, value);
	case 'n':
		if (parse_hex(value, task->nonce, sizeof(task->nonce)))
			return ctl_usage(ctl, "--nonce %s: expected 48 hexadecimal digits", value);
		task->has_nonce = true;
		return 0;
	default:
		task->raw = true;
		return 0;
	}
}

static const char *option_name(int option)
{
	const struct option *at = options;

	while (at->name && at->val != option)
		at++;
	return at->name;
}

static int take_options(const struct ctl *ctl, struct rendezvous_task *task, const struct step *step, int argc,
			char **argv)
{
	bool first = true;
	int option, result = 0;

	while (!result && (option = ctl_next_option(ctl, argc, argv, options, &first)) != -1) {
		if (option == '?')
			result = CTL_USAGE;
		else if (strchr(every_step, option))
			result = take_common(ctl, task, option, optarg);
		else if (strchr(step->options, option))
			result = take_offered(ctl, task, option, optarg);
		else
			result = ctl_usage(ctl, "%s has no option --%s", step->name, option_name(option));
	}
	return result ? result : ctl_check_arguments(ctl, argc, 0, 0);
}

/* The pair and the period. */
static int complete(const struct ctl *ctl, struct rendezvous_task *task, const struct step *step)
{
	if (!task->has_own)
		return ctl_usage(ctl, "--private-key-file is missing");
	if (!task->has_peer)
		return ctl_usage(ctl, "--peer is missing");
	if (task->publishes && task->reads)
		return ctl_usage(ctl, "either --publish or --read");
	if (!task->has_at)
		task->at_s = (__u64)time(NULL);
	task->offer.period = rendezvous_period(task->at_s, task->offer.period_s);
	if (rendezvous_pair(&task->pair, task->own, task->peer, task->publishes || (step->publishes && !task->reads))) {
		say_error("--peer: this public key gives no secret with any other");
		return CTL_FAILED;
	}
	return 0;
}

static const struct step *find_step(const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (!strcmp(steps[i].name, name))
			return &steps[i];
	return NULL;
}

int command_rendezvous(const struct ctl *ctl, int argc, char **argv)
{
	const struct step *step = argc > 1 ? find_step(argv[1]) : NULL;
	struct rendezvous_task *task;
	int result;

	if (!step)
		return ctl_usage(ctl, "which step: locate, seal or open?");
	task = key_secret_new(sizeof(*task));
	if (!task) {
		say_error("no memory for keys");
		return CTL_FAILED;
	}
	task->offer.form = RENDEZVOUS_NATIVE;
	task->offer.period_s = RENDEZVOUS_PERIOD_DEFAULT_S;
	task->offer.rotation_ms = 3000;
	result = take_options(ctl, task, step, argc - 1, argv + 1);
	if (!result)
		result = complete(ctl, task, step);
	if (!result)
		result = step->run(ctl, task);
	key_secret_free(task);
	return result;
}
