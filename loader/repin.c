// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pins of a running node, looked for every now and then. The record comes last: without it the next loader takes what
 * is there down, so one that dies over this leaves nothing half.
 */
#include "loader/repin.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "loader/instance.h"
#include "loader/log.h"

/* Another directory of that name is locked as the first was. */
static int directory_return(struct mf_pins *pins)
{
	if (mf_pins_stand(pins))
		return 0;
	mf_pins_close(pins);
	return mf_pins_open(pins);
}

static int record_pin(const struct mf_instance *instance)
{
	char path[MF_PIN_PATH_BYTES];
	int error;

	mf_pins_path(&instance->pins, path, "mf_config");
	if (!access(path, F_OK))
		return 0;
	error = bpf_obj_pin(instance->record_fd, path);
	return error ? error : 1;
}

/* How many were made, or -errno. */
static int pins_return(struct mf_instance *instance)
{
	int error = directory_return(&instance->pins), maps, record;

	if (error)
		return error;
	maps = mf_object_pin(&instance->object, &instance->pins);
	if (maps < 0)
		return maps;
	record = record_pin(instance);
	return record < 0 ? record : maps + record;
}

void mf_repin(struct mf_instance *instance)
{
	int made = pins_return(instance), before = instance->pins_error;

	instance->pins_error = made < 0 ? made : 0;
	if (made < 0 && made != before)
		mf_log(MF_LOG_ERROR, "%s: somebody removed what is pinned there, and it cannot be pinned again: %s; tried every "
		       "second. All goes on as long as this process does", instance->pins.directory,
		       made == -EBUSY ? "another mayfly-loader has it" : strerror(-made));
	if (made <= 0)
		return;
	mf_log(MF_LOG_WARNING, "%s: somebody removed what is pinned there; pinned again", instance->pins.directory);
	instance->stale |= MF_STALE_LINKS; /* guards went with their pins */
}
