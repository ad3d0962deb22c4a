// SPDX-License-Identifier: GPL-2.0-only
/* doctor: runs every check, says what is wrong and the remedy. */
#include "ctl/doctor.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/config_file.h"
#include "ctl/ctl.h"
#include "ctl/wrap.h"

enum { SCHEMA_VERSION = 1 };

static const char *const level_names[DOCTOR_LEVELS] = { "ok", "warn", "fail" };

static void print_finding(const struct doctor *doctor, enum doctor_level level, const char *text, const char *remedy)
{
	static const char *const words[] = { "ok  ", "warn", "FAIL" };
	static const char *const colours[] = { "\033[32m", "\033[33m", "\033[1;31m" };
	struct wrap wrap;

	wrap_open(&wrap);
	printf("%s%s%s  %s\n", doctor->colour ? colours[level] : "", words[level], doctor->colour ? "\033[0m" : "", text);
	if (remedy)
		printf("      -> %s\n", remedy);
	wrap_close(&wrap);
}

/* Names of files may be no UTF-8, which JSON is. */
static json_t *text_of(const char *text)
{
	json_t *string = json_string(text);
	char plain[SAY_BYTES];

	if (string)
		return string;
	snprintf(plain, sizeof(plain), "%s", text);
	for (char *at = plain; *at; at++)
		if ((unsigned char)*at > 127)
			*at = '?';
	return json_string(plain);
}

static void keep_finding(struct doctor *doctor, enum doctor_level level, const char *text, const char *remedy)
{
	json_t *finding = json_object();

	json_object_set_new(finding, "check", json_string(doctor->check));
	json_object_set_new(finding, "level", json_string(level_names[level]));
	json_object_set_new(finding, "text", text_of(text));
	json_object_set_new(finding, "remedy", remedy ? text_of(remedy) : json_null());
	json_array_append_new(doctor->findings, finding);
}

void doctor_say(struct doctor *doctor, enum doctor_level level, const char *remedy, const char *format, ...)
{
	char text[SAY_BYTES];
	va_list arguments;

	doctor->count[level]++;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (doctor->findings)
		keep_finding(doctor, level, text, remedy);
	else
		print_finding(doctor, level, text, remedy);
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
		doctor_say_no_loader(doctor, why);
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
	static const struct {
		const char *name;
		void (*check)(struct doctor *doctor);
	} checks[] = {
		{ "kernel", doctor_check_kernel },	   { "clock", doctor_check_clock },
		{ "keys", doctor_check_keys },		   { "interface", doctor_check_nic },
		{ "prefixes", doctor_check_prefixes },	   { "routes", doctor_check_routes },
		{ "settings", doctor_check_settings },	   { "state", doctor_check_state },
		{ "file", doctor_check_file },		   { "rendezvous", doctor_check_rendezvous },
		{ "sessions", doctor_check_sessions },	   { "page", doctor_check_page },
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		doctor->check = checks[i].name;
		checks[i].check(doctor);
	}
}

static void look(struct doctor *doctor, const struct ctl *ctl, const char *argument)
{
	struct snapshot state = { 0 };
	struct config config = { 0 };

	doctor->check = "configuration";
	if (argument)
		look_at_config(doctor, argument, &config);
	doctor->check = "loader";
	look_at_loader(doctor, ctl, &state);
	check_all(doctor);
	snapshot_close(&state);
	config_close(&config);
}

static void print_sum(const struct doctor *doctor)
{
	json_t *root;

	if (!doctor->findings) {
		printf("\n%u ok, %u to look at, %u wrong\n", doctor->count[DOCTOR_OK], doctor->count[DOCTOR_WARN],
		       doctor->count[DOCTOR_FAIL]);
		return;
	}
	root = json_object();
	json_object_set_new(root, "version", json_integer(SCHEMA_VERSION));
	json_object_set(root, "findings", doctor->findings);
	for (int level = 0; level < DOCTOR_LEVELS; level++)
		json_object_set_new(root, level_names[level], json_integer(doctor->count[level]));
	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(root);
}

int command_doctor(const struct ctl *ctl, int argc, char **argv)
{
	struct doctor doctor = { .colour = say_in_colour(STDOUT_FILENO) };
	bool json;

	if (ctl_read_json(ctl, argc, argv, 1, &json))
		return CTL_USAGE;
	if (json)
		doctor.findings = json_array();
	look(&doctor, ctl, argv[optind]);
	print_sum(&doctor);
	json_decref(doctor.findings);
	return ctl_finish_output() || doctor.count[DOCTOR_FAIL] ? CTL_FAILED : CTL_FINE;
}
