// SPDX-License-Identifier: GPL-2.0-only
/* mayflyctl: the table of commands, global options, help. */
#include <signal.h>
#include <sodium.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/key.h"
#include "ctl/wrap.h"
#include "loader/standard.h"

#ifndef MAYFLY_VERSION
#define MAYFLY_VERSION "unknown"
#endif

static const struct ctl_command commands[] = {
	{ "up", command_up, "FILE [--wait DURATION|--no-wait] [--foreground [--down]] [--state DIR]",
	  "bring a node up and begin its sessions, or reload it if it is up already",
	  "FILE is a configuration (mayfly.conf(5)); a bare name means /etc/mayfly/NAME.conf. With peers of whom only the\n"
	  "PublicKey is known, a process is left that keeps sessions with them until down.\n"
	  "  --wait DURATION   for sessions to stand (default 30s); exit status 1 if they do not by then\n"
	  "  --no-wait         do not wait for them\n"
	  "  --foreground      keep sessions here, until told to end\n"
	  "  --down            take the node down then\n"
	  "  --state DIR       where good nodes of the DHT are remembered (default /var/lib/mayfly)" },
	{ "down", command_down, "[FILE|NIC]", "take the node down and leave nothing behind",
	  "Sessions end, also those of serve, which stays; routes, device, programs and addresses go; the loader stays and waits for the next up." },
	{ "reload", command_reload, "FILE", "change what differs from FILE and touch nothing else",
	  "Connections of associations that stay as they are go on undisturbed. Whoever keeps sessions reads FILE again." },
	{ "serve", command_serve, "FILE [--down] [--state DIR] [--no-loader]", "let registered clients meet this node, until told to end",
	  "Brings the node up as up does, makes a new introduction every Period and leaves it for every registered client\n"
	  "where Store says. SIGHUP, or mayflyctl reload FILE, reads the clients again.\n"
	  "  --down         end sessions and take the node down when told to end\n"
	  "  --state DIR    where good nodes of the DHT are remembered (default /var/lib/mayfly)\n"
	  "  --no-loader    publish only; queries leave from addresses of this host" },
	{ "meet", command_meet, "FILE [PEER] [--print] [--json] [--state DIR]", "look where a server is to be met",
	  "Looks for the introduction that PEER has left for this node and brings this end of it up, which carries the\n"
	  "beginning of a session and nothing else. To reach PEER: mayflyctl up.\n"
	  "  --print        only say what was found; queries leave from addresses of this host\n"
	  "  --json         for programs; mayflyctl(8) describes the fields\n"
	  "  --state DIR    where good nodes of the DHT are remembered (default /var/lib/mayfly)" },
	{ "show", command_show, "[NAME] [--json]", "node and associations as they are at this moment",
	  "  NAME     only the association of this name, or the session with this peer\n"
	  "  --json   for programs; mayflyctl(8) describes the fields" },
	{ "sessions", command_sessions, "[--json] [--follow] [FILE|NIC]", "sessions with peers, as those who keep them tell",
	  "serve keeps those of a server, up those that this node begins.\n"
	  "  --json     an object a line, for programs; mayflyctl(8) describes the fields\n"
	  "  --follow   then every change as it happens" },
	{ "dump", command_dump, "", "the same as tab-separated values", NULL },
	{ "watch", command_watch, "[--interval DURATION]", "live view in the terminal; q ends it",
	  "  --interval DURATION   time between two views, 100ms to 1h (default 1s)" },
	{ "events", command_events, "[--json]", "report probes and other events as they happen", NULL },
	{ "doctor", command_doctor, "[FILE] [--json]", "find what is wrong and say what to do about it",
	  "Without FILE only what can be known without a configuration. Exit status 1 if anything fails.\n"
	  "  --json   for programs; mayflyctl(8) describes the fields" },
	{ "hosts", command_hosts, "FILE", "lines for /etc/hosts: inner address and name of every peer", NULL },
	{ "derive", command_derive,
	  "--iid HEX (--key-file FILE | --key HEX) [--rotation DURATION] [--at UNIX_MS] [--prefix PREFIX] "
	  "[--slots N] [--json]",
	  "addresses and ports of one end, slot by slot",
	  "  --iid HEX             seed identifier, 16 hexadecimal digits\n"
	  "  --key-file FILE       K: 16 bytes in base64 or 32 hexadecimal digits\n"
	  "  --key HEX             the same on the command line, where other users see it: for tests only\n"
	  "  --rotation DURATION   100ms to 1h (default 3s)\n"
	  "  --at UNIX_MS          a moment within the first slot (default: now)\n"
	  "  --prefix PREFIX       print addresses in it instead of identifiers\n"
	  "  --slots N             how many (default 1)\n"
	  "  --json                as an array\n"
	  "\n"
	  "A line is: index of the slot, its start in Unix milliseconds, address or identifier, port." },
	{ "rendezvous", command_rendezvous,
	  "(locate|seal|open) --private-key-file FILE --peer KEY [--at UNIX_S] [--period DURATION] [--publish|--read] "
	  "[--form native|full|compact] [--json] ...",
	  "where two key pairs meet, and what one leaves there for the other",
	  "  locate                   print where: descriptor, item key, DHT target\n"
	  "    --key-file FILE        K, to print the reader's seed identifier too\n"
	  "    --two-stage N          the long window of N periods too\n"
	  "  seal                     print the value of an offer, in hexadecimal\n"
	  "    --key-file FILE        K: 16 bytes in base64 or 32 hexadecimal digits\n"
	  "    --prefix PREFIX        hopping prefix\n"
	  "    --seed HEX             seed identifier, 16 hexadecimal digits (default zero)\n"
	  "    --rotation DURATION    100ms to 1h (default 3s)\n"
	  "    --raw                  print the bytes themselves\n"
	  "    --nonce HEX            for test vectors only: a nonce used twice gives the box away\n"
	  "  open                     open the value on standard input, print K and the rest of the offer\n"
	  "\n"
	  "  --private-key-file FILE  own private key, base64 or hexadecimal\n"
	  "  --peer KEY               public key of the other end, likewise\n"
	  "  --at UNIX_S              a moment within the period (default: now)\n"
	  "  --period DURATION        1s to 24h (default 600s)\n"
	  "  --publish, --read        which end this is (seal publishes, open reads)\n"
	  "  --form FORM              native; full as in the patent, compact as in the paper\n"
	  "  --json                   for programs" },
	{ "genkey", command_genkey, "", "make a private key:  umask 077; mayflyctl genkey > /etc/mayfly/key", NULL },
	{ "pubkey", command_pubkey, "", "its public key:      mayflyctl pubkey < /etc/mayfly/key", NULL },
	{ "genpsk", command_genpsk, "", "make a key K that both ends share", NULL },
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static int print_help(void)
{
	struct wrap wrap;

	wrap_open(&wrap);
	printf("usage: mayflyctl [--socket PATH] COMMAND ...\n\n");
	for (int i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].line);
	printf("\n  --socket PATH   socket of the loader, or the directory it is in (default /run/mayfly)\n"
	       "  --version, --help; help COMMAND, COMMAND --help\n");
	wrap_close(&wrap);
	return ctl_finish_output();
}

static int print_command_help(const struct ctl_command *command)
{
	struct wrap wrap;

	wrap_open(&wrap);
	printf("usage: mayflyctl [--socket PATH] %s%s%s\n\n%s\n", command->name, *command->arguments ? " " : "",
	       command->arguments, command->line);
	if (command->help)
		printf("\n%s\n", command->help);
	wrap_close(&wrap);
	return ctl_finish_output();
}

static int print_version(void)
{
	printf("mayflyctl %s (control protocol %d)\n", MAYFLY_VERSION, MF_CONTROL_VERSION);
	return ctl_finish_output();
}

static const struct ctl_command *find_command(const char *name)
{
	for (int i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Takes --socket out of the arguments, wherever it stands before "--". The number of those left, or -1. */
static int take_socket(int argc, char **argv, const char **socket)
{
	static const char equals[] = "--socket=";
	int left = 0, i;

	for (i = 0; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strncmp(argv[i], equals, sizeof(equals) - 1)) {
			*socket = argv[i] + sizeof(equals) - 1;
		} else if (!strcmp(argv[i], "--socket")) {
			if (++i == argc)
				return -1;
			*socket = argv[i];
		} else {
			argv[left++] = argv[i];
		}
	}
	for (; i < argc; i++)
		argv[left++] = argv[i];
	argv[left] = NULL;
	return left;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

static int usage(const char *message, const char *what)
{
	say_error("%s%s", message, what);
	fprintf(stderr, "mayflyctl --help lists the commands\n");
	return CTL_USAGE;
}

static int run(int argc, char **argv)
{
	struct ctl ctl = { 0 };
	bool help;

	argc = take_socket(argc, argv, &ctl.socket);
	if (argc < 0)
		return usage("--socket needs a value", "");
	if (argc < 2)
		return usage("which command?", "");
	help = !strcmp(argv[1], "help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || (help && argc == 2))
		return print_help();
	if (!strcmp(argv[1], "--version"))
		return print_version();

	ctl.command = find_command(argv[help ? 2 : 1]);
	if (!ctl.command)
		return usage(*argv[1] == '-' ? "there is no option " : "there is no command ", argv[help ? 2 : 1]);
	if (help || asks_for_help(argc - 1, argv + 1))
		return print_command_help(ctl.command);
	return ctl.command->run(&ctl, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	if (mf_standard_hold() || sodium_init() < 0 || key_confine_process()) {
		say_error("cannot keep keys safe in this process");
		return CTL_FAILED;
	}
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write, said where it is noticed */
	return run(argc, argv);
}
