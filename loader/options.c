// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command line of mayfly-loader, checked before anything is touched.
 */
#include "loader/options.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/log.h"

#ifndef MAYFLY_VERSION
#define MAYFLY_VERSION "unversioned"
#endif

static const char help[] =
	"usage: mayfly-loader --interface NIC [options]\n"
	"Attaches Mayfly's BPF programs to NIC and keeps their maps, as mayflyctl asks for.\n"
	"  --interface NIC     network interface that hopping addresses are routed to\n"
	"  --socket PATH       control socket (default /run/mayfly/NIC.sock)\n"
	"  --bpffs DIR         where maps and links are pinned, under NIC (default /sys/fs/bpf/mayfly)\n"
	"  --user NAME         may use the socket besides root (default mayfly, if there is such an account)\n"
	"  --in MODE           in path: native, generic (XDP), or auto (default)\n"
	"  --out MODE          out path: xdp, tc, or auto (default)\n"
	"  --tc HOOK           tcx, clsact, or auto (default)\n"
	"  --clock-ahead MS    add MS to the system clock, to try what clocks apart do\n"
	"  --detach            take down what an earlier loader left behind, and exit\n"
	"  --replace           take down what an earlier loader left behind if it cannot be taken over\n"
	"  --verbose           say more\n"
	"  --version\n"
	"  --help\n";

enum option_key { INTERFACE = 256, SOCKET, BPFFS, USER, IN, OUT, TC, CLOCK_AHEAD, DETACH, REPLACE, VERBOSE, VERSION, HELP };

static const struct option table[] = {
	{ "interface", required_argument, NULL, INTERFACE },
	{ "socket", required_argument, NULL, SOCKET },
	{ "bpffs", required_argument, NULL, BPFFS },
	{ "user", required_argument, NULL, USER },
	{ "in", required_argument, NULL, IN },
	{ "out", required_argument, NULL, OUT },
	{ "tc", required_argument, NULL, TC },
	{ "clock-ahead", required_argument, NULL, CLOCK_AHEAD },
	{ "detach", no_argument, NULL, DETACH },
	{ "replace", no_argument, NULL, REPLACE },
	{ "verbose", no_argument, NULL, VERBOSE },
	{ "version", no_argument, NULL, VERSION },
	{ "help", no_argument, NULL, HELP },
	{ NULL, 0, NULL, 0 },
};

static int wrong(const char *option, const char *value, const char *expected)
{
	mf_log(MF_LOG_ERROR, "%s %s: expected %s", option, value, expected);
	return -EINVAL;
}

static int see_help(void)
{
	mf_log(MF_LOG_NOTICE, "--help lists the options");
	return -EINVAL;
}

static int text_read(char *to, size_t bytes, const char *option, const char *value)
{
	if (!*value || strlen(value) >= bytes)
		return wrong(option, value, "something shorter, and not empty");
	strcpy(to, value);
	return 0;
}

static int interface_read(struct mf_options *options, const char *value)
{
	if (strchr(value, '/') || !strcmp(value, ".") || !strcmp(value, ".."))
		return wrong("--interface", value, "the name of a network interface");
	return text_read(options->interface, sizeof(options->interface), "--interface", value);
}

static int user_read(struct mf_options *options, const char *value)
{
	const struct passwd *account = getpwnam(value);

	if (!account)
		return wrong("--user", value, "an account of this system");
	options->user = account->pw_uid;
	return 0;
}

/* The index of `value` in a list that ends with NULL. */
static int choice_read(const char *const *names, const char *option, const char *value, const char *expected)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], value))
			return i;
	return wrong(option, value, expected);
}

static int modes_read(struct mf_options *options, int key, const char *value)
{
	static const char *const in[] = { "auto", "native", "generic", NULL };
	static const char *const out[] = { "auto", "xdp", "tc", NULL };
	static const char *const tc[] = { "auto", "tcx", "clsact", NULL };
	int choice;

	if (key == IN)
		choice = choice_read(in, "--in", value, "auto, native or generic");
	else if (key == OUT)
		choice = choice_read(out, "--out", value, "auto, xdp or tc");
	else
		choice = choice_read(tc, "--tc", value, "auto, tcx or clsact");
	if (choice < 0)
		return choice;
	if (key == IN)
		options->in = (enum mf_in_choice)choice;
	else if (key == OUT)
		options->out = (enum mf_out_choice)choice;
	else
		options->tc = (enum mf_tc_choice)choice;
	return 0;
}

static int clock_read(struct mf_options *options, const char *value)
{
	char *end;
	long ahead = strtol(value, &end, 10);

	if (!*value || *end || ahead < -3600000 || ahead > 3600000)
		return wrong("--clock-ahead", value, "milliseconds, at most an hour");
	options->clock_ahead_ms = (int)ahead;
	return 0;
}

static int flag_read(struct mf_options *options, int key)
{
	switch (key) {
	case DETACH:
		options->detach = 1;
		return 0;
	case REPLACE:
		options->replace = 1;
		return 0;
	case VERBOSE:
		options->verbose = 1;
		return 0;
	case VERSION:
		printf("mayfly-loader %s\n", MAYFLY_VERSION);
		return 1;
	case HELP:
		fputs(help, stdout);
		return 1;
	default:
		return see_help();
	}
}

static int option_read(struct mf_options *options, int key)
{
	switch (key) {
	case INTERFACE:
		return interface_read(options, optarg);
	case SOCKET:
		return text_read(options->socket, sizeof(options->socket), "--socket", optarg);
	case BPFFS:
		return text_read(options->bpffs, sizeof(options->bpffs), "--bpffs", optarg);
	case USER:
		return user_read(options, optarg);
	case IN:
	case OUT:
	case TC:
		return modes_read(options, key, optarg);
	case CLOCK_AHEAD:
		return clock_read(options, optarg);
	default:
		return flag_read(options, key);
	}
}

static void defaults(struct mf_options *options)
{
	const struct passwd *account = getpwnam("mayfly");

	*options = (struct mf_options){ .user = account ? account->pw_uid : 0 };
	strcpy(options->bpffs, "/sys/fs/bpf/mayfly");
}

int mf_options_read(struct mf_options *options, int argc, char **argv)
{
	int key, rc;

	defaults(options);
	while ((key = getopt_long(argc, argv, "", table, NULL)) != -1) {
		rc = option_read(options, key);
		if (rc)
			return rc;
	}
	if (optind < argc)
		return wrong("argument", argv[optind], "only options");
	if (!*options->interface) {
		mf_log(MF_LOG_ERROR, "--interface NIC is missing");
		return see_help();
	}
	if (!*options->socket)
		snprintf(options->socket, sizeof(options->socket), "/run/mayfly/%s.sock", options->interface);
	return 0;
}
