/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What really left the interfaces, and alarms on what didn't: redirects that were refused, rings that were
 * full. From XDP's tracepoints, or, where they can't be had, from the interfaces' own counters.
 */
#ifndef XDPARK_LOSSES_H
#define XDPARK_LOSSES_H

#include <jansson.h>

#include "kmod-free/links.h"

struct losses;

/* *losses: to be freed with losses_close(). Says so when the tracepoints can't be had. 0 or a negative errno.
 */
int losses_open(struct losses **losses);
void losses_close(struct losses *losses);

/* Once a second: alarms on what was lost since the last time. */
void losses_watch(struct losses *losses, const struct links *links);

/*
 * At start: warns of interfaces that carry the relay and have fewer transmit queues than there are pump
 * threads. What overflows when two threads share a queue isn't counted by every driver.
 */
void losses_foresee(const struct links *links, unsigned threads);

/* By interface that carries the relay: new reference, NULL: no memory. `links` freshly read. */
json_t *losses_json(const struct losses *losses, const struct links *links);

#endif
