/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instance's directory in the BPF file system: what keeps programs, links and maps alive without us.
 */
#ifndef MAYFLY_LOADER_PINS_H
#define MAYFLY_LOADER_PINS_H

#include "loader/options.h"

struct mf_pins {
	char parent[MF_PATH_BYTES];             /* --bpffs */
	char directory[MF_PATH_BYTES + IFNAMSIZ]; /* one instance's */
	int lock; /* descriptor of the directory, locked against a second loader; -1: none */
	int said; /* that there is no BPF file system, once */
};

enum { MF_PIN_PATH_BYTES = MF_PATH_BYTES + IFNAMSIZ + 64 };

void mf_pins_init(struct mf_pins *pins, const char *bpffs, const char *interface);

/* Is there a directory of this instance? */
int mf_pins_exist(const struct mf_pins *pins);

/*
 * Makes the directory where it is missing, and locks it. -EBUSY: another loader has it;
 * -EINVAL: not on a BPF file system (said so).
 */
int mf_pins_open(struct mf_pins *pins);

/* Is the directory that is locked still the one of that name? Somebody may have removed it, or the file system. */
int mf_pins_stand(const struct mf_pins *pins);

/* Lets the lock go, leaves the pins. */
void mf_pins_close(struct mf_pins *pins);

/* Removes every pin, the directory, and the parent if we made it and nobody else uses it. */
void mf_pins_clear(struct mf_pins *pins);

/* DIRECTORY/NAME; NAME is a printf format. */
void mf_pins_path(const struct mf_pins *pins, char path[static MF_PIN_PATH_BYTES], const char *format, ...)
	__attribute__((format(printf, 3, 4)));

typedef void mf_pins_visitor(const char *name, void *context);
void mf_pins_each(const struct mf_pins *pins, mf_pins_visitor *visitor, void *context);

void mf_pins_remove(const struct mf_pins *pins, const char *name);

#endif
