/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What osip's parser accepts though RFC 3261 doesn't. */
#ifndef XDPARK_SIP_CHECK_H
#define XDPARK_SIP_CHECK_H

#include <osipparser2/osip_parser.h>

/*
 * Mandatory headers, numbers in range, CSeq's method, Max-Forwards, Request-URI, Via. Returns 0, or -EBADMSG
 * with the status for a request and a reason (static string).
 */
int sip_check(const osip_message_t *message, int *status, const char **reason);

#endif
