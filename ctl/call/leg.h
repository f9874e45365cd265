/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A leg: one dialog with its endpoint, our side of one call to one phone or trunk. It does offer and answer,
 * sets up its media, and ends cleanly whatever state it is in. What it is for is its owner's matter: a
 * bridge, a hunt, a parked call, an announcement.
 */
#ifndef XDPARK_LEG_H
#define XDPARK_LEG_H

#include "ctl/call/calls.h"
#include "ctl/call/sdp.h"
#include "kmod-free/log.h"

enum { LEG_CALL_ID = 13, LEG_IDENTITY = 320, LEG_HOPS = 70 };

enum leg_state {
	LEG_INCOMING, /* INVITE received, not answered */
	LEG_CALLING,  /* INVITE sent, no final response */
	LEG_ANSWERED, /* we sent the 200, its ACK is missing */
	LEG_UP,
	LEG_CLOSING, /* nobody's any more; its transactions finish */
};

/* What an owner is told. Members may be NULL. A leg may be hung up from within any of them. */
struct leg_ops {
	/* Calling: 180 or 183; *early_media: agreed by 183's SDP. */
	void (*progress)(struct leg *leg, int status, bool early_media);
	/* Calling: 200 came and was acknowledged, media is agreed. */
	void (*answered)(struct leg *leg);
	/* Calling: a final refusal, or nothing (408). The leg is closing after it. */
	void (*refused)(struct leg *leg, int status);
	/* Answered: the ACK came, and the answer to a late offer with it. */
	void (*confirmed)(struct leg *leg);
	/*
	 * The far end has gone (BYE, CANCEL, no ACK), or its media can't be served (`status` is then what an
	 * unanswered one is refused with). The leg closes after it.
	 */
	void (*ended)(struct leg *leg, int status, const char *cause);
	/*
	 * A re-INVITE with an offer that can't be met with the codecs of leg->codecs. 0: the owner answers
	 * later by leg_reinvite_done(). Else the status that refuses it (NULL: 488), and the call goes on as
	 * before.
	 */
	int (*reoffered)(struct leg *leg, const struct sdp *offer);
	/* A re-INVITE of ours is over: 0, or the status that refused it. */
	void (*reinvited)(struct leg *leg, int status);
	/* A re-INVITE changed direction, address or codec: set the media anew. Comes before the answer is
	 * sent. */
	void (*media_changed)(struct leg *leg);
	/*
	 * An INVITE of the far end is over: acknowledged, refused, or taken back. Comes before whatever else
	 * is told of that.
	 */
	void (*settled)(struct leg *leg);
	/* The daemon stops: free what is the owner's, without a word to anybody. Nobody owns the leg then. */
	void (*forget)(struct leg *leg);
	/* REFER; answer the transaction. */
	void (*referred)(struct leg *leg, struct transaction *server, const struct sip_message *request);
};

struct leg {
	struct calls *calls;
	struct leg *next, *previous; /* of calls->legs */
	struct leg *sibling;         /* of a hunt's legs */
	struct log_subject subject;
	char call[LEG_CALL_ID]; /* call id for operators; legs that belong together share it */
	enum leg_state state;
	const struct leg_ops *ops;
	void *owner;

	const struct config_tenant *tenant;
	const struct config_user *user;   /* whose phone; NULL: a trunk's */
	const struct config_trunk *trunk; /* NULL: a user's phone */
	char identity[LEG_IDENTITY];      /* who is at the other end: `"Name" <sip:101@acme.example>` */
	char number[64];                  /* its user part, for logs and displays */

	struct dialog dialog;
	struct transaction *invite;   /* INVITE or re-INVITE in progress */
	bool invite_ours;             /* that we sent */
	uint32_t invite_cseq;         /* of one that we received: its ACK has the same number */
	struct transaction *refer;    /* REFER that waits for an owner who can be asked */
	struct transaction *accepted; /* our first INVITE after its 2xx (RFC 6026): other forks may answer */
	bool late_offer;              /* our offer is in the 2xx, the answer comes with the ACK */
	bool bye_when_acked;          /* hung up before the ACK of our 200 came (RFC 3261 15) */
	bool reinvite_waits;          /* the owner answers the re-INVITE in progress */
	struct sdp *sdp;              /* in hand: the offer of an INVITE in progress, or the answer to ours
	                               * that waits for its next hop; owned */
	unsigned hops;                /* Max-Forwards of its first INVITE */
	bool nat;                     /* the phone is behind NAT: signalled address differs from its source */
	struct address source;        /* of its signalling */

	enum xd_codec codecs[XD_CODECS]; /* that this leg may use now, in order */
	unsigned codec_count;
	struct sdp_local local;
	struct sdp_types other_types; /* that the far end gave to anything but telephone-event */
	uint32_t local_hash;          /* of the SDP text last sent, without o= */
	bool agreed;
	struct sdp_agreement agreement;
	enum sdp_direction remote_direction; /* the far end's view; SENDONLY also for hold by 0.0.0.0 */
	struct endpoint endpoint;
	struct nexthop_use nexthop; /* towards the media agreed on */
	uint8_t nexthop_ip[16];
	int media_error;                             /* why there is none, 0: there is, or it is asked for */
	bool starting;                               /* it is being asked for just now */
	struct nexthop_use coming;                   /* looked up for the SDP in hand */
	int reach_error;                             /* what became of that */
	void (*reached)(struct leg *leg, int error); /* who waits for it */
	struct route *route;                         /* where a new call leads, while one waits; owned */
	bool media_new;                              /* the SDP changed since the last plan */
	struct timer unheard;                        /* see leg_await_word() */
	struct timer expires;                        /* incoming: the time that its Expires gives */
	bool instead;                                /* hears the ringback until its hold audio is encoded */
	uint64_t started_ms, up_ms;
};

/*
 * A leg of a new INVITE. Result in *leg; or a status to answer with (the transaction is untouched): 400 SDP,
 * 415, 488 (its Warning, if it isn't for lack of a stream, in *warning), 500, 503 no endpoint.
 */
int leg_incoming(struct calls *calls, struct transaction *server, const struct sip_message *request,
        const struct config_tenant *tenant, const struct config_user *user, const struct config_trunk *trunk,
        struct leg **leg, const char **warning);

/* Whom to call and as whom. */
struct leg_invitation {
	const struct config_tenant *tenant;
	const struct config_user *user;
	const char *from;            /* From and P-Asserted-Identity: header value */
	const char *alert;           /* Alert-Info, or NULL */
	const enum xd_codec *codecs; /* to offer, in order */
	unsigned codec_count;
	const char *call; /* call id for operators */
	unsigned hops;    /* Max-Forwards */
	const struct leg_ops *ops;
	void *owner;
};

/* Sends an INVITE to a contact. 0 or negative errno, then no callback. */
int leg_call(struct calls *calls, const struct leg_invitation *invitation, const struct contact *contact,
        struct leg **leg);

/*
 * Finds the next hop to the media that the SDP in hand names. 0: known, or none is needed; -EINPROGRESS:
 * `reached` comes, unless the leg ends before; another negative errno: it can't be served.
 */
int leg_reach(struct leg *leg, void (*reached)(struct leg *leg, int error));

/* Incoming, unanswered: 180 and the like, without SDP. */
void leg_ring(struct leg *leg, int status);

/*
 * Agrees on media with the offer of an unanswered incoming leg, within leg->codecs, `prefer` first
 * (XD_CODECS: none). With a late offer there is nothing to agree yet: 0. -ENOENT: no codec; -EHOSTUNREACH and
 * others: its media can't be served.
 */
int leg_agree(struct leg *leg, enum xd_codec prefer);

/* Sends SDP in a 183: early media. After leg_agree(). */
void leg_early(struct leg *leg);

/*
 * Sends the 200 with answer, or with our offer; after leg_agree() and after its plan was written. `identity`:
 * of whom it is connected to, as P-Asserted-Identity; may be NULL. 0 or negative errno.
 */
int leg_answer(struct leg *leg, const char *identity);

/*
 * Refuses an unanswered incoming leg; it closes. `reason`: the reason phrase; with 488 the value of its
 * Warning (RFC 3261 20.43), which speaks of codecs unless told. May be NULL.
 */
void leg_refuse(struct leg *leg, int status, const char *reason);

/* The Warning of a 488 because media can't be served, by the error of leg_reach() and the like. */
const char *media_warning(int error);

/* Ends the leg, whatever its state: refuses, cancels, or says BYE. Its owner is told nothing more. */
void leg_hangup(struct leg *leg, const char *cause);

/*
 * As leg_hangup(), because another device has answered: one that still rings is told so by the Reason of its
 * CANCEL (RFC 3326), so that it lists no missed call.
 */
void leg_answered_elsewhere(struct leg *leg);

/* Changes hands. */
void leg_set_owner(struct leg *leg, const struct leg_ops *ops, void *owner);

/* Sets the call id that operators see. */
void leg_set_call(struct leg *leg, const char *call);

/* Restricts leg->codecs to the tenant's codecs that connect with `codec` (XD_CODECS: all of the tenant's). */
void leg_codecs_for(struct leg *leg, enum xd_codec codec);

/* leg->codecs becomes all of the tenant's, those that connect with `codec` first. */
void leg_codecs_prefer(struct leg *leg, enum xd_codec codec);

/* Those of the tenant's codecs that connect with any that we could answer `offer` with. */
unsigned codecs_for_offer(const struct config_tenant *tenant, const struct sdp *offer, enum xd_codec *codecs);

/* Offers the codecs of leg->codecs in a re-INVITE; `reinvited` comes. -EBUSY: an INVITE is in progress (491).
 */
int leg_reinvite(struct leg *leg);

/* The answer that `reoffered` put off: 0 agrees anew within leg->codecs, else refuses with this status. */
void leg_reinvite_done(struct leg *leg, int status);

/* What the phone hears. `other` is whom it hears and who hears it, NULL: nobody. Plans are written at once.
 */
void leg_hear_nothing(struct leg *leg, struct leg *other);
void leg_hear_hold(struct leg *leg, struct leg *other);
void leg_hear_leg(struct leg *leg, struct leg *other, bool until_heard);

/*
 * From now on the other one can be expected to talk: a leg that hears its hold audio until then hears it for
 * 2 s more, then the other one's silence. Nothing if that is running, or if it doesn't wait for a word.
 */
void leg_await_word(struct leg *leg);

/* Speaks a number once. Returns its length in ms, 0: can't (no recordings, or the leg doesn't listen). */
uint32_t leg_hear_number(struct leg *leg, const char *number);

/* Whether it hears the hold stream just now: nobody talks to it. */
bool leg_on_hold(const struct leg *leg);

/* A sweep: gives a leg that hears the ringback instead its hold audio once that is encoded. */
void leg_refresh_hold(struct leg *leg);

/* Whether the phone holds the other side: sendonly, inactive, 0.0.0.0, port 0. */
bool leg_holds(const struct leg *leg);

/* New random call id for operators. */
void leg_new_call(char call[LEG_CALL_ID]);

/* Frees every leg without a word to anybody: the daemon stops, audio goes on. */
void legs_free(struct calls *calls);

/* Bytes of the stack layer's ACK and in-dialog requests come here; see calls.c. */
void leg_request(struct leg *leg, struct transaction *server, const struct sip_message *request);
void leg_acked(struct leg *leg, const struct sip_message *ack);
void leg_cancelled(struct leg *leg);

#endif
