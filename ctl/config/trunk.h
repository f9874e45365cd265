/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trunks. */
#ifndef XDPARK_CONFIG_TRUNK_H
#define XDPARK_CONFIG_TRUNK_H

#include "ctl/config/reading.h"

/* Reads the list of trunks into the config, with the table of their addresses. The tenants are there. */
void trunks_read(struct reading *reading, const struct where *where, const yaml_node_t *node);

#endif
