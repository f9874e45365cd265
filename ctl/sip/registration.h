/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a REGISTER asks for (RFC 3261 10.2), before anybody looks at what is there. For the registrar alone.
 */
#ifndef XDPARK_SIP_REGISTRATION_H
#define XDPARK_SIP_REGISTRATION_H

#include "ctl/sip/message.h"

enum { REGISTRATION_CONTACTS = 32 };

struct registration {
	bool everything; /* `*`: all contacts go */
	unsigned count;
	struct {
		char *uri, *device;   /* see uri_device() */
		uint32_t expires_s;   /* 0: this one goes */
		struct address named; /* the literal address in the URI; port 0: it holds a name */
	} contacts[REGISTRATION_CONTACTS];
	char *call_id;
	uint32_t cseq;
};

/*
 * Reads the contacts, each device once (the last says what counts), with lifetimes clamped to max_s. Returns
 * 0, -ENOMEM, or a status to answer with: 400 and its *reason (static), 423 where one is shorter than min_s.
 */
int registration_read(struct registration *registration, const struct sip_message *request, uint32_t min_s,
        uint32_t max_s, const char **reason);

/* Frees what it holds. Zeroed is legal. */
void registration_clear(struct registration *registration);

#endif
