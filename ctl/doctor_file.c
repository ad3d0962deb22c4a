// SPDX-License-Identifier: GPL-2.0-only
/* doctor on a node that is up and a file: whether what runs is what the file says, by the plan that a reload would follow. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor.h"
#include "ctl/format.h"
#include "ctl/introduce.h"
#include "ctl/plan.h"

enum { NAMED = 8 };

struct comparison {
	struct config config;
	struct config_keys keys;
	struct snapshot present; /* what files have: neither introductions nor sessions */
	struct plan plan;
	unsigned int named; /* prefixes of the file; behind them, those that sessions have yet to leave */
	char remedy[CONFIG_PATH_BYTES + 64];
};

static int take_present(struct snapshot *present, const struct snapshot *state)
{
	*present = *state;
	present->count = 0;
	present->associations = reallocarray(NULL, state->count + 1, sizeof(*present->associations));
	for (size_t i = 0; present->associations && i < state->count; i++)
		if (!introduce_is_name(state->associations[i].config.name))
			present->associations[present->count++] = state->associations[i];
	return present->associations ? 0 : -ENOMEM;
}

static bool hops_in(const struct snapshot *state, const struct mf_template *template)
{
	for (size_t i = 0; i < state->count; i++)
		if (!memcmp(&state->associations[i].config.local, template, sizeof(*template)))
			return true;
	return false;
}

static bool has_template(const struct config_templates *list, const struct mf_template *template)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (!memcmp(&list->template[i], template, sizeof(*template)))
			return true;
	return false;
}

/* After a reload sessions stay in the prefix that was until they have moved. */
static void allow_moving(const struct doctor *doctor, struct comparison *comparison)
{
	const struct mf_node_config *present = &doctor->state->node.config;
	struct config_templates *wanted = &comparison->config.node.prefixes;

	comparison->named = wanted->count;
	for (unsigned int i = 0; i < present->templates && i < MF_HOPPING_PREFIXES; i++)
		if (wanted->count < MF_HOPPING_PREFIXES && !has_template(wanted, &present->template[i]) &&
		    hops_in(doctor->state, &present->template[i]))
			wanted->template[wanted->count++] = present->template[i];
}

/* Nothing that has a default is asked of a node that fits. */
static void allow_defaults(const struct doctor *doctor, struct config *config)
{
	__u32 capacity = doctor->state->node.config.capacity;

	if (!config->node.line_of[NODE_CAPACITY] && capacity >= config->peer_count)
		config->node.capacity = capacity;
}

static int compare(struct comparison *comparison, struct doctor *doctor, char why[static SAY_BYTES])
{
	struct config *config = &comparison->config;
	__u8 node_public[KEY_PUBLIC_BYTES];
	int error;

	error = config_file_read_in(config, node_public, doctor->config->file, &doctor->state->node.config.template[0], why);
	if (!error)
		error = config_keys_read(&comparison->keys, config, why);
	if (error)
		return error;
	allow_defaults(doctor, config);
	allow_moving(doctor, comparison);
	error = take_present(&comparison->present, doctor->state);
	if (!error)
		error = plan_make(&comparison->plan, config, &comparison->keys, &comparison->present);
	return error ? say_why(why, error, "no memory") : 0;
}

static void close_comparison(struct comparison *comparison)
{
	plan_close(&comparison->plan);
	snapshot_close(&comparison->present);
	config_keys_close(&comparison->keys);
	config_close(&comparison->config);
}

static char *list_prefixes(char text[static MF_HOPPING_PREFIXES * (FORMAT_PREFIX + 2)], const struct mf_template *list,
			   unsigned int count)
{
	char prefix[FORMAT_PREFIX];
	size_t used = 0;

	*text = 0;
	for (unsigned int i = 0; i < count && i < MF_HOPPING_PREFIXES; i++)
		used += (size_t)sprintf(text + used, "%s%s", used ? ", " : "", format_template(prefix, &list[i]));
	return text;
}

static void say_prefixes(struct doctor *doctor, const struct comparison *comparison)
{
	char here[MF_HOPPING_PREFIXES * (FORMAT_PREFIX + 2)], there[MF_HOPPING_PREFIXES * (FORMAT_PREFIX + 2)];
	const struct mf_node_config *present = &doctor->state->node.config;
	const struct config *config = &comparison->config;

	doctor_say(doctor, DOCTOR_FAIL, comparison->remedy, "the node hops in %s, %s says %s",
		   list_prefixes(here, present->template, present->templates), config->file,
		   list_prefixes(there, config->node.prefixes.template, comparison->named));
}

static void say_moving(struct doctor *doctor, const struct comparison *comparison)
{
	const struct config_templates *wanted = &comparison->config.node.prefixes;
	char text[FORMAT_PREFIX];

	for (unsigned int i = comparison->named; i < wanted->count; i++)
		doctor_say(doctor, DOCTOR_WARN, "nothing, if it has just been reloaded: sessions leave that prefix by and by; "
			   "else mayflyctl reload FILE", "the node hops in %s as well, which %s does not name",
			   format_template(text, &wanted->template[i]), comparison->config.file);
}

static void say_node(struct doctor *doctor, const struct comparison *comparison, unsigned int differences)
{
	const struct config *config = &comparison->config;
	char words[PLAN_WORDS_BYTES], remedy[CONFIG_PATH_BYTES + 128];
	const unsigned int fixed = PLAN_DEVICE | PLAN_CAPACITY;

	if (differences & PLAN_NODE_PREFIX)
		say_prefixes(doctor, comparison);
	else
		say_moving(doctor, comparison);
	differences &= ~(unsigned int)PLAN_NODE_PREFIX;
	if (!differences)
		return;
	snprintf(remedy, sizeof(remedy), "mayflyctl down %s, then up %s", config->node.interface, config->file);
	doctor_say(doctor, DOCTOR_FAIL, differences & fixed ? remedy : comparison->remedy,
		   "the node that is up is not what %s says: %s", config->file, plan_difference_words(words, differences));
}

static void say_step(struct doctor *doctor, const struct comparison *comparison, const struct plan_step *step)
{
	const char *file = comparison->config.file;
	char words[PLAN_WORDS_BYTES];

	if (step->kind == PLAN_CHANGE)
		doctor_say(doctor, DOCTOR_FAIL, comparison->remedy, "%s is not what %s says: %s", step->name, file,
			   plan_difference_words(words, step->differences));
	else if (step->kind == PLAN_DELETE)
		doctor_say(doctor, DOCTOR_FAIL, comparison->remedy, "the loader has %.*s, whom %s does not name",
			   MF_NAME_BYTES, step->name, file);
	else if (step->replaces)
		doctor_say(doctor, DOCTOR_FAIL, comparison->remedy, "%s is not what %s says: LocalPrefix or Address", step->name,
			   file);
	else
		doctor_say(doctor, DOCTOR_FAIL, comparison->remedy, "the loader has no %s, whom %s names", step->name, file);
}

static void say_steps(struct doctor *doctor, const struct comparison *comparison)
{
	const struct plan *plan = &comparison->plan;
	unsigned int node = 0;
	size_t said = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->step[i];

		if (step->kind == PLAN_NODE)
			node = step->differences;
		else if (!(step->kind == PLAN_DELETE && step->replaces) && said++ < NAMED)
			say_step(doctor, comparison, step);
	}
	if (said > NAMED)
		doctor_say(doctor, DOCTOR_FAIL, comparison->remedy, "%zu more peers are not what %s says", said - NAMED,
			   comparison->config.file);
	say_node(doctor, comparison, node);
	if (!plan->count)
		doctor_say(doctor, DOCTOR_OK, NULL, "the node that is up is what %s says", comparison->config.file);
}

void doctor_check_file(struct doctor *doctor)
{
	struct comparison comparison = { 0 };
	char why[SAY_BYTES];

	if (!doctor->config || !doctor->state || !doctor->state->node.attached)
		return;
	if (strncmp(doctor->state->node.nic, doctor->config->node.interface, MF_DEVICE_BYTES)) {
		doctor_say(doctor, DOCTOR_FAIL, "name the socket of its own loader, or another file", "the loader at %s serves %.*s, "
			   "%s is for %s", doctor->state->socket, MF_DEVICE_BYTES, doctor->state->node.nic, doctor->config->file,
			   doctor->config->node.interface);
		return;
	}
	snprintf(comparison.remedy, sizeof(comparison.remedy), "mayflyctl reload %s", doctor->config->file);
	if (compare(&comparison, doctor, why))
		doctor_say(doctor, DOCTOR_WARN, NULL, "whether the node that is up is what the file says cannot be seen: %s", why);
	else
		say_steps(doctor, &comparison);
	close_comparison(&comparison);
}
