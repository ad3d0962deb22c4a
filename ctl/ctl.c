// SPDX-License-Identifier: GPL-2.0-only
/* What the commands have in common: options, usage, the way to the loader. */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int ctl_usage(const struct ctl *ctl, const char *format, ...)
{
	char sentence[SAY_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	say_error("%s: %s", ctl->command->name, sentence);
	fprintf(stderr, "usage: mayflyctl [--socket PATH] %s %s\n", ctl->command->name, ctl->command->arguments);
	return CTL_USAGE;
}

int ctl_next_option(const struct ctl *ctl, int argc, char **argv, const struct option *options, bool *first)
{
	int option;

	if (*first)
		optind = 0; /* glibc: begin anew */
	*first = false;
	opterr = 0;
	option = getopt_long(argc, argv, ":", options, NULL);
	if (option == ':')
		ctl_usage(ctl, "%s needs a value", argv[optind - 1]);
	else if (option == '?')
		ctl_usage(ctl, "there is no option %s", argv[optind - 1]);
	return option == ':' ? '?' : option;
}

int ctl_check_arguments(const struct ctl *ctl, int argc, int least, int most)
{
	int count = argc - optind;

	if (count < least)
		return ctl_usage(ctl, "an argument is missing");
	if (count > most)
		return ctl_usage(ctl, "too many arguments");
	return 0;
}

int ctl_read_json(const struct ctl *ctl, int argc, char **argv, int most, bool *json)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	bool first = true;
	int option;

	*json = false;
	while ((option = ctl_next_option(ctl, argc, argv, options, &first)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		*json = true;
	}
	return ctl_check_arguments(ctl, argc, 0, most);
}

int ctl_connect(const struct ctl *ctl, const char *nic, struct client *client)
{
	char path[CLIENT_PATH_BYTES], why[SAY_BYTES];
	int error;

	error = client_find(path, ctl->socket, nic, why);
	if (!error)
		error = client_open(client, path, why);
	if (error)
		say_error("%s", why);
	return error;
}

int ctl_finish_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return CTL_FINE;
	if (errno != EPIPE)
		say_error("cannot write the output: %s", strerror(errno));
	return CTL_FAILED;
}
