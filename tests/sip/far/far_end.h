/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A far end for tests: a small SIP phone or trunk over UDP. It shares no code with the controller, so it
 * can't share its mistakes. Blocking, one thread, several far ends at once; for loops of thousands of calls
 * that must be in step, which sipp can't do. It trusts the lab's network: nothing is retransmitted.
 */
#ifndef XDPARK_FAR_END_H
#define XDPARK_FAR_END_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAR_MESSAGE = 8192, FAR_CALLS = 8, FAR_TEXT = 160 };

/* One dialog, or one that is being made. Reuse after far_call_clear(). */
struct far_call {
	struct far_end *end;
	bool in_use;
	bool incoming; /* the server called us */
	char call_id[FAR_TEXT];
	char local[FAR_TEXT];       /* From or To of ours, with tag */
	char remote[FAR_TEXT];      /* that of the other side, with its tag once known */
	char target[FAR_TEXT];      /* Request-URI within the dialog */
	char branch[64];            /* of the last INVITE */
	unsigned cseq;              /* of our last request */
	unsigned invite_cseq;       /* of our last INVITE */
	uint16_t rtp_port;          /* ours, in SDP */
	struct sockaddr_in media;   /* where the server wants our RTP, from its SDP; port 0: not known */
	int invite_status;          /* final answer to our last INVITE; 0: none yet */
	int refer_status;           /* answer to our last REFER; 0: none yet */
	int bye_status;             /* answer to our BYE; 0: none yet */
	int notify_status;          /* of the last sipfrag; 0: none yet */
	char notify_line[FAR_TEXT]; /* status line of the last sipfrag */
	bool established;           /* 2xx sent or received */
	bool ended;                 /* the other side said BYE, or CANCEL */
};

struct far_end {
	int socket;
	struct sockaddr_in local, server;
	char host[INET_ADDRSTRLEN];
	char domain[64];
	bool answer;       /* incoming INVITEs get 200 at once; otherwise 486 */
	uint16_t rtp_port; /* that answers name */
	struct far_call calls[FAR_CALLS];
	unsigned unmatched; /* messages that belonged to no call */
};

/* Opens UDP `local` ("10.90.0.11:5060"; port 0: any) towards `server`. 0 or a negative errno. */
int far_end_open(struct far_end *end, const char *local, const char *server, const char *domain);
void far_end_close(struct far_end *end);

/*
 * Calls `number` as user `from`, offering RTP at `rtp_port` with `codec` ("0 PCMU/8000" etc.). `headers`:
 * more header lines, each with \r\n, or "". NULL: all calls are in use.
 */
struct far_call *far_call_invite(struct far_end *end, const char *from, const char *number, uint16_t rtp_port,
        const char *codec, const char *headers);

/* Requests within the dialog. A re-INVITE says the direction ("sendonly") of its PCMU. */
void far_call_reinvite(struct far_call *call, const char *direction);
void far_call_refer(struct far_call *call, const char *refer_to);
void far_call_bye(struct far_call *call);

/* The incoming call that came last and hasn't ended; NULL: none. */
struct far_call *far_end_incoming(struct far_end *end);

/* Forgets a call, whatever its state. NULL is legal. */
void far_call_clear(struct far_call *call);

/*
 * Serves all `ends` until `done(context)` or `milliseconds` have passed. Requests are answered: BYE, NOTIFY,
 * OPTIONS, re-INVITE with 200, INVITE as `answer` says; 2xx and other final answers to INVITE get their ACK.
 * Returns whether it was done in time.
 */
bool far_end_serve(
        struct far_end **ends, unsigned count, int milliseconds, bool (*done)(void *context), void *context);

/* Milliseconds of the monotonic clock. */
double far_now_ms(void);

#endif
