/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parked callers of a tenant hear. */
#ifndef XDPARK_CONFIG_HOLD_H
#define XDPARK_CONFIG_HOLD_H

#include "ctl/config/mapping.h"

/* struct config_hold: `ringback`, `silence`, {ringback: de} or {music: FILE, level: -18}. */
field_read hold_read;

/* The default: the line keeps ringing. */
extern const struct config_hold hold_default;

/* Whether the digits of a language can be spoken; otherwise reports what is missing. */
bool spoken_check(
        struct reading *reading, const struct where *where, const yaml_node_t *node, const char *language);

#endif
