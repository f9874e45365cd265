/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The users of a tenant. */
#ifndef XDPARK_CONFIG_USER_H
#define XDPARK_CONFIG_USER_H

#include "ctl/config/reading.h"

/* Reads the list of users into `tenant`, sorted by name; their names are claimed from `plan`. */
void users_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        struct config_tenant *tenant, struct claims *plan);

#endif
