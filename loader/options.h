/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line.
 */
#ifndef MAYFLY_LOADER_OPTIONS_H
#define MAYFLY_LOADER_OPTIONS_H

#include <net/if.h>
#include <sys/types.h>

enum { MF_PATH_BYTES = 256 };

enum mf_in_choice { MF_IN_AUTO, MF_IN_NATIVE, MF_IN_GENERIC };
enum mf_out_choice { MF_OUT_AUTO, MF_OUT_XDP, MF_OUT_TC };
enum mf_tc_choice { MF_TC_AUTO, MF_TC_BY_LINK, MF_TC_BY_FILTER };

struct mf_options {
	char interface[IFNAMSIZ];
	char socket[MF_PATH_BYTES];
	char bpffs[MF_PATH_BYTES];
	uid_t user;          /* besides root, who may use the socket; 0: nobody else */
	enum mf_in_choice in;
	enum mf_out_choice out;
	enum mf_tc_choice tc;
	int clock_ahead_ms;  /* added to the system clock */
	int verbose;
	int detach;          /* only take down what an earlier loader has left */
	int replace;         /* take down what it has left, and what cannot be taken over */
};

/* 0: go on; 1: done (--help, --version); -EINVAL: wrong, and said so. */
int mf_options_read(struct mf_options *options, int argc, char **argv);

#endif
