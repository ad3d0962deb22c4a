// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories and names of pins. What a pin holds is for object.c and attach.c.
 */
#include "loader/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "loader/log.h"
#include "loader/pin_name.h"

#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC 0xcafe4a11
#endif

/*
 * The parent may hold several instances. That we made it is written into its mode: a sticky bit, which
 * nobody else has use for there, so that whichever instance goes last knows that it may be removed.
 */
enum { MODE_MADE_BY_US = 01700, MODE_INSTANCE = 0700 };

void mf_pins_init(struct mf_pins *pins, const char *bpffs, const char *interface)
{
	int length = snprintf(pins->parent, sizeof(pins->parent), "%s", bpffs);

	snprintf(pins->directory, sizeof(pins->directory), "%s/%s", pins->parent, interface);
	mf_pin_name_from_nic(pins->directory + length + 1);
	pins->lock = -1;
}

int mf_pins_exist(const struct mf_pins *pins)
{
	return access(pins->directory, F_OK) == 0;
}

static int is_bpffs(const char *path)
{
	struct statfs status;

	return !statfs(path, &status) && (__u32)status.f_type == BPF_FS_MAGIC;
}

static int say_no_bpffs(struct mf_pins *pins, const char *path)
{
	if (!pins->said)
		mf_log(MF_LOG_ERROR, "%s: not on a BPF file system: mount one there (mount -t bpf bpf %s), or name another by "
		       "--bpffs", pins->parent, path);
	pins->said = 1;
	return -EINVAL;
}

static int parent_make(struct mf_pins *pins)
{
	char above[MF_PATH_BYTES];

	if (access(pins->parent, F_OK)) {
		snprintf(above, sizeof(above), "%s", pins->parent);
		if (!is_bpffs(dirname(above)))
			return say_no_bpffs(pins, above);
		if (mkdir(pins->parent, MODE_INSTANCE) || chmod(pins->parent, MODE_MADE_BY_US))
			return -errno;
	}
	if (!is_bpffs(pins->parent))
		return say_no_bpffs(pins, pins->parent);
	pins->said = 0;
	return 0;
}

static int lock(struct mf_pins *pins)
{
	int fd = open(pins->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -EBUSY;
	}
	pins->lock = fd;
	return 0;
}

int mf_pins_open(struct mf_pins *pins)
{
	int error = parent_make(pins);

	if (error)
		return error;
	if (mkdir(pins->directory, MODE_INSTANCE) && errno != EEXIST)
		return -errno;
	return pins->lock >= 0 ? 0 : lock(pins);
}

int mf_pins_stand(const struct mf_pins *pins)
{
	struct stat locked, named;

	return pins->lock >= 0 && !fstat(pins->lock, &locked) && !stat(pins->directory, &named) &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

void mf_pins_close(struct mf_pins *pins)
{
	if (pins->lock >= 0)
		close(pins->lock);
	pins->lock = -1;
}

void mf_pins_path(const struct mf_pins *pins, char path[static MF_PIN_PATH_BYTES], const char *format, ...)
{
	size_t length = strlen(pins->directory); /* which leaves room: MF_PIN_PATH_BYTES */
	va_list arguments;

	memcpy(path, pins->directory, length);
	path[length++] = '/';
	va_start(arguments, format);
	vsnprintf(path + length, MF_PIN_PATH_BYTES - length, format, arguments);
	va_end(arguments);
}

void mf_pins_each(const struct mf_pins *pins, mf_pins_visitor *visitor, void *context)
{
	DIR *directory = opendir(pins->directory);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			visitor(entry->d_name, context);
	closedir(directory);
}

void mf_pins_remove(const struct mf_pins *pins, const char *name)
{
	char path[MF_PIN_PATH_BYTES];

	mf_pins_path(pins, path, "%s", name);
	unlink(path);
}

static void remove_visited(const char *name, void *context)
{
	mf_pins_remove(context, name);
}

void mf_pins_clear(struct mf_pins *pins)
{
	struct stat status;

	mf_pins_each(pins, remove_visited, pins);
	mf_pins_close(pins);
	if (rmdir(pins->directory) && errno != ENOENT)
		mf_log(MF_LOG_WARNING, "%s: cannot be removed: %s", pins->directory, strerror(errno));
	if (!stat(pins->parent, &status) && (status.st_mode & 07777) == MODE_MADE_BY_US)
		rmdir(pins->parent);
}
