/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of the final statuses that a user's devices refuse a call with (RFC 3261 16.7). */
#ifndef XDPARK_HUNT_STATUS_H
#define XDPARK_HUNT_STATUS_H

#include <stdbool.h>

/*
 * What the caller is told of a device's refusal (300 to 699). It passes where it says something about the
 * user or the call. 480: it leads elsewhere (3xx, which isn't followed), or was given up (487). 500: whatever
 * is between us and the device, which is no business of the caller: challenges, what it didn't understand in
 * our request, 503 (step 6: else his whole way to us would count as down), and what isn't known here.
 */
int hunt_status_told(int status);

/*
 * Whether a status that is told is a better answer than another one: 6xx before all, then the lowest class
 * (step 6), and within it what tells the caller most, busy first. False for equal ones.
 */
bool hunt_status_outranks(int status, int other);

#endif
