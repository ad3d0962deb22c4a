/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of doctor share: what is known about the instance, and how a finding is said. */
#ifndef MAYFLY_CTL_DOCTOR_H
#define MAYFLY_CTL_DOCTOR_H

#include "ctl/config.h"
#include "ctl/snapshot.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_LEVELS };

struct doctor {
	const struct config *config;  /* NULL: none given */
	const struct snapshot *state; /* NULL: no loader answers */
	char nic[MF_DEVICE_BYTES];    /* "": not known */
	bool colour;
	const char *check;        /* what is looked at, a word for programs */
	struct json_t *findings;  /* NULL: for people, printed as they are found */
	unsigned int count[DOCTOR_LEVELS];
};

/* One finding; `remedy` is NULL or what to do, for people on a line of its own. */
void doctor_say(struct doctor *doctor, enum doctor_level level, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The number in a file of one, such as a sysctl; `otherwise` if it cannot be read. */
long doctor_read_number(const char *path, long otherwise);

/* doctor_loader.c: no loader answers, for this reason */
void doctor_say_no_loader(struct doctor *doctor, const char *why);

/* doctor_host.c: kernel, clock, settings */
void doctor_check_kernel(struct doctor *doctor);
void doctor_check_clock(struct doctor *doctor);
void doctor_check_settings(struct doctor *doctor);

/* doctor_keys.c: files of keys, of clients, with passwords */
void doctor_check_keys(struct doctor *doctor);

/* doctor_net.c: interface, prefixes, ways */
void doctor_check_nic(struct doctor *doctor);
void doctor_check_prefixes(struct doctor *doctor);
void doctor_check_routes(struct doctor *doctor);

/* doctor_state.c: what the loader and its counters tell */
void doctor_check_state(struct doctor *doctor);

/*
 * doctor_carriage.c: peers of the file that were never heard, while packets of another shape came from where they should be.
 * True: it has been said. Whether a counter tells of such: nobody else can make it count.
 */
bool doctor_check_carriages(struct doctor *doctor);
bool doctor_tells_of_carriage(const struct snapshot *state, enum mf_verdict verdict);

/* doctor_file.c: whether the node that is up is what the file says */
void doctor_check_file(struct doctor *doctor);

/* doctor_rendezvous.c: serve and meet */
void doctor_check_rendezvous(struct doctor *doctor);

/* doctor_page.c: where Listen says */
void doctor_check_page(struct doctor *doctor);

/* doctor_sessions.c: sessions that do not stand as they should */
void doctor_check_sessions(struct doctor *doctor);

/* doctor_link.c: the id of the XDP program at the interface, 0 for none; -errno */
int doctor_xdp_program(unsigned int ifindex);

/* Can the device (a macvlan) stand on it? MF_UNFIT_UNTOLD: nothing is against it; its MTU is not looked at. -errno */
int doctor_link_unfit(unsigned int ifindex);

#endif
