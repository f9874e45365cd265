/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is of the whole server: SIP, sockets, registration, media addresses. */
#ifndef XDPARK_CONFIG_SERVER_H
#define XDPARK_CONFIG_SERVER_H

#include "ctl/config/mapping.h"

/* Readers of the blocks `sip:`, `control:`, `registration:`, of `media:` and `sounds:`; `to` isn't used: they
 * fill reading->config. */
field_read server_read_sip;
field_read server_read_control;
field_read server_read_registration;
field_read server_read_media;
field_read server_read_sounds;

#endif
