/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a leg share among themselves, and with nobody else. */
#ifndef XDPARK_LEG_PRIVATE_H
#define XDPARK_LEG_PRIVATE_H

#include "ctl/call/leg.h"

enum { LEG_UNHEARD_MS = 2000 };

/* A leg in the list of all, without dialog or media. NULL: no memory. */
struct leg *leg_new(struct calls *calls, const struct config_tenant *tenant);

/* Sets leg->instead, which is counted. */
void leg_hears_instead(struct leg *leg, bool instead);

/* Gives up next hop and endpoint. */
void leg_close_media(struct leg *leg);

/* Nobody's any more, media given up; transactions go on. */
void leg_closing(struct leg *leg);

/* The end: out of every table, freed in the loop's next turn. */
void leg_gone(struct leg *leg);

/* Tells the owner that the far end has gone; the caller closes the leg after it. */
void leg_ended(struct leg *leg, int status, const char *cause);

/* The dialog stands but can't go on: the owner is told, then it is ended. */
void leg_fail(struct leg *leg, const char *cause);

/* BYE, and gone when it is answered. */
void leg_bye(struct leg *leg, const char *cause);

/*
 * Takes over what a far end's SDP agreed to: agreement, direction, source rule, next hop. 0, or a negative
 * errno, then the session is as it was.
 */
int leg_media_agreed(struct leg *leg, const struct sdp *remote, const struct sdp_agreement *agreement);

/* Whether the leg's trunk has a media network that this address lies in. */
bool leg_in_media_networks(const struct leg *leg, const uint8_t ip[16]);

/* Whether media is believed only from where signalling comes from, instead of from the SDP's address. */
bool leg_latches(const struct leg *leg, const uint8_t ip[16]);

/* Makes the next hop towards media that SDP says is at `media` the one in use. After leg_reach() it is known.
 * 0, or why it can't be served. */
int leg_nexthop(struct leg *leg, const uint8_t media[16]);

/* Nobody waits for a next hop any more. */
void leg_reach_stop(struct leg *leg);

/* Chooses an endpoint for the leg and makes up its side of the session. -ENOSPC: none free. */
int leg_media_open(struct leg *leg, const uint8_t family_of[16]);

/* SDP texts (SDP_BYTES) with the right o= version: our answer to `offer`, or our offer. Return their length.
 */
size_t leg_sdp_answer(struct leg *leg, const struct sdp *offer, char *text);
size_t leg_sdp_offer(struct leg *leg, char *text);

/* Reads the SDP of a message: 0 with *sdp (owned by the caller; NULL when there is no body), or a status:
 * 400, 415, 488. */
int leg_sdp_read(const struct leg *leg, const struct sip_message *message, struct sdp **sdp);

/* Answers 488 with this Warning (NULL: about codecs; RFC 3261 20.43), 415 with Accept, and others plainly. */
void leg_reject(struct leg *leg, struct transaction *server, int status, const char *warning);

/* A re-INVITE of the far end, and what ACK and failure mean to one. */
void leg_reinvited(struct leg *leg, struct transaction *server, const struct sip_message *request);

/* The far end takes its re-INVITE back: the call goes on as before. */
void leg_reinvite_cancelled(struct leg *leg);

/* The far end of our INVITE says BYE before its final response has come: that won't be waited for. */
void leg_left_early(struct leg *leg);

/* Who is told about INVITEs of the far end, first or later. */
extern const struct transaction_user leg_server_user;

/* Whether the far end has answered our INVITE, but nobody knows yet whether its media can be met. */
bool leg_answer_waits(const struct leg *leg);

/* The answer could be met, and the leg has its new owner: he is asked what waited for him. */
void leg_refer_resume(struct leg *leg);

/* Nobody will be asked any more: a REFER that waits is refused. */
void leg_refer_over(struct leg *leg);

/*
 * A request within the dialog shows that the far end has our 2xx: where offer and answer are complete with
 * that, its ACK is as good as here (RFC 5407 3.1.4).
 */
void leg_ack_implied(struct leg *leg);

/* The INVITE in progress was answered by us without success, or is over: nothing is pending any more. */
void leg_invite_over(struct leg *leg);

/* Lets go of the SDP in hand. */
void leg_sdp_drop(struct leg *leg);

/* An INVITE or re-INVITE with our offer. NULL: no memory. */
osip_message_t *leg_invite_new(struct leg *leg);

/* Acknowledges and ends another fork's 2xx (RFC 3261 13.2.2.4); `dialog`: the one that has the call. */
void fork_dismiss(struct calls *calls, const struct dialog *dialog, struct transaction *client,
        const struct sip_message *response);

/* The leg goes: from now on other forks of leg->accepted are dismissed without it. */
void forks_await(struct leg *leg);

/* The daemon stops: nobody is waited for. */
void forks_free(struct calls *calls);

/* Sends the ACK of a 2xx. */
void leg_ack(struct leg *leg, struct transaction *client, const struct sip_message *response);

/* Takes the SDP that answers our offer in hand. -ENODATA: there is none; -EINVAL. */
int leg_answer_read(struct leg *leg, const struct sip_message *message);

/*
 * As leg_answer_read() of the first answer of a session: also -ECONNREFUSED, for one that refuses the stream
 * (port 0). Of a later one that is hold.
 */
int leg_first_answer_read(struct leg *leg, const struct sip_message *message);

/* Agrees with the answer in hand, if any, and lets go of it. -ENOENT: no codec of ours; others of
 * leg_media_agreed. */
int leg_answer_agree(struct leg *leg);

/* An identity header value from parts, with everything foreign left out. `name` and `number` may be NULL. */
void leg_identity(struct leg *leg, const char *name, const char *number, const char *host);

/*
 * Who calls: a user is who has authenticated, whatever From says; a trunk is believed, P-Asserted-Identity
 * before From (RFC 3325), and who wants privacy is nobody.
 */
void leg_identify(struct leg *leg, const osip_message_t *request);

#endif
