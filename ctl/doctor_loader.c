// SPDX-License-Identifier: GPL-2.0-only
/* doctor on a loader that does not answer: does one run all the same, or has one left something to take over? */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "loader/pin_name.h"

#define PINS "/sys/fs/bpf/mayfly"

enum left { LEFT_NOTHING, LEFT_PINS, LEFT_LOADER };

/* A loader has locked its directory of pins as long as it has a node. */
static enum left look_at(const char *nic)
{
	char path[sizeof(PINS) + NAME_MAX + 2];
	enum left left = LEFT_PINS;
	int fd;

	snprintf(path, sizeof(path), PINS "/%s", nic);
	mf_pin_name_from_nic(path + sizeof(PINS));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return LEFT_NOTHING;
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		left = LEFT_LOADER;
	close(fd);
	return left;
}

/* The first of any interface, a loader that runs before others. `nic` is its interface then. */
static enum left look_at_all(char nic[static MF_DEVICE_BYTES])
{
	DIR *directory = opendir(PINS);
	enum left left = LEFT_NOTHING;
	struct dirent *entry;

	while (directory && left != LEFT_LOADER && (entry = readdir(directory))) {
		enum left found = *entry->d_name == '.' || strlen(entry->d_name) >= MF_DEVICE_BYTES ? LEFT_NOTHING :
				  look_at(entry->d_name);

		if (found <= left)
			continue;
		left = found;
		strcpy(nic, entry->d_name);
		mf_pin_name_to_nic(nic);
	}
	if (directory)
		closedir(directory);
	return left;
}

void doctor_say_no_loader(struct doctor *doctor, const char *why)
{
	char nic[MF_DEVICE_BYTES] = "", remedy[SAY_BYTES];
	enum left left;

	if (*doctor->nic)
		strcpy(nic, doctor->nic);
	left = *nic ? look_at(nic) : look_at_all(nic);
	if (left == LEFT_LOADER) {
		snprintf(remedy, sizeof(remedy), "it makes it again within seconds, or ends and is started anew by systemd; if neither "
			 "happens: systemctl restart mayfly-loader@%s, or by hand kill -USR2 its process and start another: it takes "
			 "everything over", nic);
		doctor_say(doctor, DOCTOR_FAIL, remedy, "a mayfly-loader runs on %s, but its socket cannot be reached: was "
			   "/run/mayfly removed? (%s)", nic, why);
	} else if (left == LEFT_PINS) {
		doctor_say(doctor, DOCTOR_FAIL, "start it: it takes over what the last one left on the interface, which goes on for "
			   "its LookAhead", "%s", why);
	} else {
		doctor_say(doctor, DOCTOR_FAIL, NULL, "%s", why);
	}
}
