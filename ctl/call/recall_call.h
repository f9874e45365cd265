/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recall of a parked call: its parker is rung, and gets the caller when he answers. */
#ifndef XDPARK_RECALL_CALL_H
#define XDPARK_RECALL_CALL_H

#include "ctl/call/park.h"

/* parking_ops.recall. The caller stays parked, hears on, and can be taken while the parker's phones ring. */
void recall_start_call(const struct config_tenant *tenant, struct parked_call *record);

#endif
