/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/hunt_status.h"

#include <stddef.h>

/*
 * What passes, the best first: what the caller can wait for or change, then who can't be reached at all.
 * 408 is also a device that says nothing.
 */
static const int passing[] = {486, 488, 484, 480, 403, 433, 410, 404, 483, 482, 408, 504, 502, 500};

enum { PASSING = sizeof(passing) / sizeof(passing[0]) };

/* Place in the order of preference. -1: before all; PASSING: it doesn't pass. */
static int place_of(int status)
{
	int place = 0;

	if (status >= 600)
		return -1;
	while (place < PASSING && passing[place] != status)
		place++;
	return place;
}

int hunt_status_told(int status)
{
	if (place_of(status) < PASSING)
		return status;
	return status < 400 || status == 487 ? 480 : 500;
}

bool hunt_status_outranks(int status, int other)
{
	return place_of(status) < place_of(other);
}
