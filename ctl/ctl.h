/* SPDX-License-Identifier: GPL-2.0-only */
/* What every command gets and gives, and the table that names them. */
#ifndef MAYFLY_CTL_CTL_H
#define MAYFLY_CTL_CTL_H

#include <getopt.h>

#include "ctl/client.h"

enum ctl_exit { CTL_FINE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

/* Said by up and reload, and by show in short. */
#define CTL_NOT_ENCRYPTED "encap and rewrite hide where packets go, not what is in them: they do not encrypt; " \
	"run ssh, TLS or WireGuard over them"

struct ctl_command;

struct ctl {
	const char *socket; /* --socket, or NULL */
	const struct ctl_command *command;
};

struct ctl_command {
	const char *name;
	int (*run)(const struct ctl *ctl, int argc, char **argv); /* argv[0] is the command; an enum ctl_exit */
	const char *arguments; /* "FILE [--json]" */
	const char *line;      /* what it does, in one line */
	const char *help;      /* more lines for --help; NULL: none */
};

int command_genkey(const struct ctl *ctl, int argc, char **argv);
int command_pubkey(const struct ctl *ctl, int argc, char **argv);
int command_genpsk(const struct ctl *ctl, int argc, char **argv);
int command_derive(const struct ctl *ctl, int argc, char **argv);
int command_rendezvous(const struct ctl *ctl, int argc, char **argv);
int command_up(const struct ctl *ctl, int argc, char **argv);
int command_down(const struct ctl *ctl, int argc, char **argv);
int command_reload(const struct ctl *ctl, int argc, char **argv);
int command_serve(const struct ctl *ctl, int argc, char **argv);
int command_meet(const struct ctl *ctl, int argc, char **argv);
int command_show(const struct ctl *ctl, int argc, char **argv);
int command_dump(const struct ctl *ctl, int argc, char **argv);
int command_sessions(const struct ctl *ctl, int argc, char **argv);
int command_watch(const struct ctl *ctl, int argc, char **argv);
int command_doctor(const struct ctl *ctl, int argc, char **argv);
int command_hosts(const struct ctl *ctl, int argc, char **argv);
int command_events(const struct ctl *ctl, int argc, char **argv);

/* Says what is wrong with the arguments and how they go; returns CTL_USAGE. */
int ctl_usage(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The next option of a command: its `val`, -1 at the end of the options, or '?' after having
 * said what is wrong. Call with *first true, then leave it alone.
 */
int ctl_next_option(const struct ctl *ctl, int argc, char **argv, const struct option *options, bool *first);

/* Arguments behind the options: from `least` to `most`. 0, or CTL_USAGE after having said so. */
int ctl_check_arguments(const struct ctl *ctl, int argc, int least, int most);

/* All of a command whose one option is --json: that, and from 0 to `most` arguments. 0, or CTL_USAGE after having said so. */
int ctl_read_json(const struct ctl *ctl, int argc, char **argv, int most, bool *json);

/* Connects to the loader of `nic` (NULL: the only one). 0, or -errno after having said why. */
int ctl_connect(const struct ctl *ctl, const char *nic, struct client *client);

/* Flushes stdout. CTL_FINE, or CTL_FAILED after having said why. */
int ctl_finish_output(void);

#endif
