/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where and how a tenant parks. */
#ifndef XDPARK_CONFIG_PARK_H
#define XDPARK_CONFIG_PARK_H

#include "ctl/config/reading.h"

/* What a tenant without `park:` has: no orbits. */
extern const struct config_park park_default;

/* Reads the block into `park`; its numbers are claimed from `plan`. */
void park_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        struct config_park *park, struct claims *plan);

#endif
