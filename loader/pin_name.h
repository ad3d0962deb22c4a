/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an interface is called in the BPF file system, which keeps names with dots for itself (EPERM; kernel/bpf/inode.c,
 * bpf_lookup()), as those of VLANs have: eth0.100 is eth0:100 there. No interface has a colon in its name (dev_valid_name()).
 */
#ifndef MAYFLY_LOADER_PIN_NAME_H
#define MAYFLY_LOADER_PIN_NAME_H

static inline void mf_pin_name_replace(char *name, char from, char to)
{
	for (; *name; name++)
		if (*name == from)
			*name = to;
}

/* The name of an interface becomes that of its directory, and back. */
static inline void mf_pin_name_from_nic(char *name)
{
	mf_pin_name_replace(name, '.', ':');
}

static inline void mf_pin_name_to_nic(char *name)
{
	mf_pin_name_replace(name, ':', '.');
}

#endif
