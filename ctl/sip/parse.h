/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start of osip's parser, for those who use it without sip_message_parse(). */
#ifndef XDPARK_SIP_PARSE_H
#define XDPARK_SIP_PARSE_H

/* Sets osip up, and silences it: by default it prints to standard output. May be called again. */
void sip_parser_start(void);

#endif
