/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Carries out on an instance what checked requests ask for.
 */
#ifndef MAYFLY_LOADER_TARGET_H
#define MAYFLY_LOADER_TARGET_H

#include "loader/request.h"

/* Its context is a struct mf_instance. */
extern const struct mf_request_target mf_target;

#endif
