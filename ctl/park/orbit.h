/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The orbits of one tenant as slots 0..n-1 in order of their numbers (fewer digits first), and which of them
 * are free. The free ones are a tree of 64-bit words: the lowest is found in one step a level, three levels
 * for 200,000 orbits.
 */
#ifndef XDPARK_ORBIT_H
#define XDPARK_ORBIT_H

#include "ctl/park/parking.h"

struct orbits;

/* All are free. -EINVAL: see parking_new(). -ENOMEM. */
int orbits_new(struct orbits **orbits, const struct orbit_range *ranges, unsigned range_count);
/* NULL is legal. */
void orbits_free(struct orbits *orbits);

uint32_t orbits_count(const struct orbits *orbits);

/* The slot of a number as it is dialled, into *slot. False: no such orbit. */
bool orbit_find(const struct orbits *orbits, const char *number, uint32_t *slot);

/* The number of a slot, with its leading zeros, into `number`; returns its value. */
uint32_t orbit_number(const struct orbits *orbits, uint32_t slot, char number[ORBIT_DIGITS + 1]);

/* The lowest free slot. False: none is free. */
bool orbit_lowest_free(const struct orbits *orbits, uint32_t *slot);

/* The first slot in use from *slot on, into *slot. False: none. */
bool orbit_next_used(const struct orbits *orbits, uint32_t *slot);

void orbit_set_used(struct orbits *orbits, uint32_t slot);
void orbit_set_free(struct orbits *orbits, uint32_t slot);

#endif
