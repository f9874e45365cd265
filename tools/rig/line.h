/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the lines: one of them, and what it writes. */
#ifndef XDPARK_RIG_LINE_H
#define XDPARK_RIG_LINE_H

#include "ctl/sip/message.h"
#include "tools/rig/lines.h"
#include "tools/rig/offer.h"
#include "tools/rig/resend.h"

enum { LINE_TAG = 48, LINE_TARGET = 80, LINE_CALL_ID = 72, LINE_MESSAGE = 2048 };

enum { LINE_INVITE_CSEQ = 1 /* it is the first request of a call */ };

enum line_state {
	LINE_FREE,
	LINE_CALLING,  /* INVITE is out */
	LINE_ANSWERED, /* we answered one; the ACK is missing */
	LINE_UP,
	LINE_REFERRING, /* up, and REFER is out */
	LINE_ENDING,    /* BYE is out */
};

struct line {
	struct resend_entry resend;
	uint32_t turn;             /* counts its calls; in tags, so that nothing late is taken for this one */
	uint32_t cseq;             /* of our last request */
	uint8_t state;             /* enum line_state */
	uint8_t home;              /* which address */
	bool phone;                /* of a user, who was called; else the trunk's */
	bool referred;             /* what we call with Referred-By */
	bool dropped;              /* `over` has been told: it only says BYE */
	bool leaving;              /* hung up while it was calling: BYE follows its 200 */
	char number[LINES_NUMBER]; /* called, or referred to */
	char tag[LINE_TAG];        /* the other side's */
	char target[LINE_TARGET];  /* where its requests go to */
	char call_id[LINE_CALL_ID]; /* of who called us */
};

/* What all lines of one process share in what they write. */
struct line_hand {
	uint32_t run; /* at random: in tags, branches and Call-IDs */
	const char *domain;
	unsigned ptime_ms;
	enum xd_codec codec;
	char hosts[256][32]; /* "10.90.0.11:5060", by home */
};

/* Message texts into `text` (LINE_MESSAGE); their length, 0: too long. `n` is the line's number. */
size_t line_write_request(const struct line_hand *hand, const struct line *line, unsigned n,
        const char *method, const char *headers, const char *sdp, char *text);

/* The ACK of a 2xx, or of a refusal: the latter goes to whom the INVITE went to, as part of its transaction.
 */
size_t line_write_ack(
        const struct line_hand *hand, const struct line *line, unsigned n, bool refusal, char *text);

/* 200, or whatever, to a request; with SDP where `sdp` isn't empty. */
size_t line_write_answer(const struct line_hand *hand, const struct line *line, unsigned n,
        const struct sip_message *request, int status, const char *sdp, char *text);

/* The tag of this side, into `tag` (LINE_TAG). */
void line_tag(const struct line_hand *hand, const struct line *line, unsigned n, char *tag);

/* The line and the turn that a tag of ours names. False: it isn't one of ours. */
bool line_of_tag(const struct line_hand *hand, const char *tag, unsigned *n, uint32_t *turn);

/* The line whose trunk call has this user part in From. False: none of ours. */
bool line_of_caller(const char *user, unsigned *n);

/* Our SDP, offer or answer. */
void line_write_sdp(const struct line_hand *hand, struct sockaddr_in media, char sdp[OFFER_BYTES]);

#endif
