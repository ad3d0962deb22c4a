// SPDX-License-Identifier: GPL-2.0-only
/* Shares of a whole, turn by turn. */
#include "ctl/spread.h"

void spread_begin(struct spread *spread, __u32 count)
{
	spread->left = count;
}

__u32 spread_share(const struct spread *spread, __u32 count)
{
	__u32 share = (count + SPREAD_TURNS - 1) / SPREAD_TURNS;

	return share < spread->left ? share : spread->left;
}

bool spread_next(struct spread *spread, __u32 count, __u32 *number)
{
	if (!spread->left || !count)
		return false;
	if (spread->at >= count)
		spread->at = 0;
	*number = spread->at++;
	spread->left--;
	return true;
}
