/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One leg as JSON. */
#ifndef XDPARK_DESCRIBE_LEG_H
#define XDPARK_DESCRIBE_LEG_H

#include <jansson.h>

#include "ctl/call/leg.h"

/* LEG of ctl/api/api.h. A new reference, NULL: no memory. */
json_t *describe_leg(const struct leg *leg);

#endif
