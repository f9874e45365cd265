/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running system as JSON, for the API. */
#ifndef XDPARK_DESCRIBE_H
#define XDPARK_DESCRIBE_H

#include "ctl/api/api.h"

/* Keys as in ctl/api/api.h; the context is struct calls. */
extern const struct api_ops describe_ops;

#endif
