/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the SIP stack hands up, sorted: to a dialog's leg, to the registrar, to a new call, or refused. */
#ifndef XDPARK_DISPATCH_H
#define XDPARK_DISPATCH_H

#include "ctl/sip/transaction.h"

/* Methods that we take, as in Allow. */
#define SIP_ALLOW "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, REGISTER"

/* Extensions that we have, as in Supported (RFC 4488). */
#define SIP_SUPPORTED "norefersub"

/* For sip_stack_options; the context is struct calls. */
extern const struct sip_user dispatch_user;

#endif
