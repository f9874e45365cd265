/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tenants. */
#ifndef XDPARK_CONFIG_TENANT_H
#define XDPARK_CONFIG_TENANT_H

#include "ctl/config/reading.h"

/* Reads the list of tenants into the config, sorted by domain, with the table of their called numbers. */
void tenants_read(struct reading *reading, const struct where *where, const yaml_node_t *node);

#endif
