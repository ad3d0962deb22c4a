// SPDX-License-Identifier: GPL-2.0-only
/* doctor: runs every check, says what is wrong and the remedy. */
#include "ctl/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/config_file.h"
#include "ctl/ctl.h"

void doctor_say(struct doctor *doctor, enum doctor_level level, const char *remedy, const char *format, ...)
{
	static const char *const words[] = { "ok  ", "warn", "FAIL" };
	static const char *const colours[] = { "\033[32m", "\033[33m", "\033[1;31m" };
	va_list arguments;

	doctor->count[level]++;
	printf("%s%s%s  ", doctor->colour ? colours[level] : "", words[level], doctor->colour ? "\033[0m" : "");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	if (remedy)
		printf("      -> %s\n", remedy);
}

long doctor_read_number(const char *path, long otherwise)
{
	FILE *stream = fopen(path, "re");
	long value = otherwise;

	if (!stream)
		return otherwise;
	if (fscanf(stream, "%ld", &value) != 1)
		value = otherwise;
	fclose(stream);
	return value;
}

/* The loader's state if it can be had; says so either way. */
static bool look_at_loader(struct doctor *doctor, const struct ctl *ctl, struct snapshot *state)
{
	const char *nic = *doctor->nic ? doctor->nic : NULL;
	char path[CLIENT_PATH_BYTES], why[SAY_BYTES];
	struct client client = { .fd = -1 };
	int error;

	error = client_find(path, ctl->socket, nic, why);
	if (!error)
		error = client_open(&client, path, why);
	if (!error)
		error = snapshot_take(state, &client, why);
	client_close(&client);
	if (error) {
		doctor_say(doctor, DOCTOR_FAIL, NULL, "%s", why);
		return false;
	}
	doctor_say(doctor, DOCTOR_OK, NULL, "mayfly-loader answers at %s", path);
	doctor->state = state;
	if (!nic)
		snprintf(doctor->nic, sizeof(doctor->nic), "%.*s", MF_DEVICE_BYTES - 1, state->node.nic);
	return true;
}

static bool look_at_config(struct doctor *doctor, const char *argument, struct config *config)
{
	__u8 node_public[KEY_PUBLIC_BYTES];
	char why[SAY_BYTES];

	if (config_file_read(config, node_public, argument, why)) {
		doctor_say(doctor, DOCTOR_FAIL, NULL, "%s", why);
		return false;
	}
	doctor_say(doctor, DOCTOR_OK, NULL, "%s: %zu peer%s", config->file,
		   config->peer_count + config->meet_count, config->peer_count + config->meet_count == 1 ? "" : "s");
	doctor->config = config;
	memcpy(doctor->nic, config->node.interface, sizeof(doctor->nic));
	return true;
}

static void check_all(struct doctor *doctor)
{
	doctor_check_kernel(doctor);
	doctor_check_clock(doctor);
	doctor_check_keys(doctor);
	doctor_check_nic(doctor);
	doctor_check_prefixes(doctor);
	doctor_check_routes(doctor);
	doctor_check_settings(doctor);
	doctor_check_state(doctor);
	doctor_check_rendezvous(doctor);
	doctor_check_sessions(doctor);
}

int command_doctor(const struct ctl *ctl, int argc, char **argv)
{
	const struct option none[] = { { 0 } };
	struct doctor doctor = { .colour = say_in_colour(stdout) };
	struct snapshot state = { 0 };
	struct config config = { 0 };
	bool first = true;

	if (ctl_next_option(ctl, argc, argv, none, &first) != -1 || ctl_check_arguments(ctl, argc, 0, 1))
		return CTL_USAGE;
	if (optind < argc)
		look_at_config(&doctor, argv[optind], &config);
	look_at_loader(&doctor, ctl, &state);
	check_all(&doctor);
	printf("\n%u ok, %u to look at, %u wrong\n", doctor.count[DOCTOR_OK], doctor.count[DOCTOR_WARN],
	       doctor.count[DOCTOR_FAIL]);
	snapshot_close(&state);
	config_close(&config);
	return ctl_finish_output() || doctor.count[DOCTOR_FAIL] ? CTL_FAILED : CTL_FINE;
}
