/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/call/hunt.h"

#include <errno.h>
#include <stdlib.h>

#include "ctl/call/hunt_status.h"

struct hunt {
	struct calls *calls;
	const struct hunt_ops *ops;
	void *owner;
	struct leg *legs; /* by sibling */
	struct timer ring;
	int best; /* status so far; 0: none */
};

const struct leg *hunt_legs(const struct hunt *hunt)
{
	return hunt ? hunt->legs : NULL;
}

static void hunt_unlink(struct hunt *hunt, const struct leg *leg)
{
	struct leg **link = &hunt->legs;

	while (*link && *link != leg)
		link = &(*link)->sibling;
	if (*link)
		*link = leg->sibling;
}

/* `cause` NULL: somebody has answered. */
static void hunt_free(struct hunt *hunt, const char *cause)
{
	struct leg *leg;

	timer_cancel(hunt->calls->timers, &hunt->ring);
	while ((leg = hunt->legs)) {
		hunt->legs = leg->sibling;
		if (hunt->ops->dropped)
			hunt->ops->dropped(hunt->owner, leg);
		if (cause)
			leg_hangup(leg, cause);
		else
			leg_answered_elsewhere(leg);
	}
	free(hunt);
}

void hunt_stop(struct hunt *hunt, const char *cause)
{
	if (hunt)
		hunt_free(hunt, cause);
}

void hunt_forget(struct hunt *hunt)
{
	if (!hunt)
		return;
	for (struct leg *leg = hunt->legs; leg; leg = leg->sibling)
		leg_set_owner(leg, NULL, NULL);
	timer_cancel(hunt->calls->timers, &hunt->ring);
	free(hunt);
}

static void hunt_failed(struct hunt *hunt)
{
	const struct hunt_ops *ops = hunt->ops;
	void *owner = hunt->owner;
	int status = hunt->best;

	hunt_free(hunt, "nobody answered");
	ops->failed(owner, status);
}

/* Somebody has refused, with a status that the caller may be told. */
static void hunt_note(struct hunt *hunt, int status)
{
	if (!hunt->best || hunt_status_outranks(status, hunt->best))
		hunt->best = status;
}

static void hunt_refused(struct leg *leg, int status)
{
	struct hunt *hunt = leg->owner;

	hunt_unlink(hunt, leg);
	leg_set_owner(leg, NULL, NULL);
	if (hunt->ops->dropped)
		hunt->ops->dropped(hunt->owner, leg);
	status = hunt_status_told(status);
	hunt_note(hunt, status);
	/* 6xx speaks for the user, on every device (RFC 3261 21.6). */
	if (!hunt->legs || status >= 600)
		hunt_failed(hunt);
}

static void hunt_answered(struct leg *leg)
{
	struct hunt *hunt = leg->owner;
	const struct hunt_ops *ops = hunt->ops;
	void *owner = hunt->owner;

	hunt_unlink(hunt, leg);
	hunt_free(hunt, NULL);
	leg_set_owner(leg, NULL, NULL);
	ops->answered(owner, leg);
}

/* It answered and hung up before its answer could be met. */
static void hunt_ended(struct leg *leg, int status, const char *cause)
{
	(void)status;
	(void)cause;
	hunt_refused(leg, 480);
}

static void hunt_progress(struct leg *leg, int status, bool early_media)
{
	struct hunt *hunt = leg->owner;

	if (hunt->ops->progress)
		hunt->ops->progress(hunt->owner, leg, status, early_media);
}

static void hunt_leg_forget(struct leg *leg)
{
	hunt_unlink(leg->owner, leg);
	leg_set_owner(leg, NULL, NULL);
}

static const struct leg_ops hunt_leg_ops = {
        .forget = hunt_leg_forget,
        .progress = hunt_progress,
        .answered = hunt_answered,
        .refused = hunt_refused,
        .ended = hunt_ended,
};

static void hunt_rang_out(struct timer *timer)
{
	struct hunt *hunt = owner_of(timer, struct hunt, ring);

	/* Of those that still ring. */
	hunt_note(hunt, 480);
	hunt_failed(hunt);
}

static int hunt_call(struct hunt *hunt, const struct hunt_options *options, const struct contact *contact)
{
	const struct leg_invitation invitation = {
	        .tenant = options->user->tenant,
	        .user = options->user,
	        .from = options->from,
	        .alert = options->alert,
	        .codecs = options->codecs,
	        .codec_count = options->codec_count,
	        .call = options->call,
	        .hops = options->hops,
	        .ops = &hunt_leg_ops,
	        .owner = hunt,
	};
	struct leg *leg;
	int result = leg_call(options->calls, &invitation, contact, &leg);

	if (result < 0)
		return result;
	leg->sibling = hunt->legs;
	hunt->legs = leg;
	return 0;
}

int hunt_start(struct hunt **result, const struct hunt_options *options)
{
	const struct contact *contact = registrar_contacts(options->calls->registrar, options->user);
	struct hunt *hunt;
	int error = -ENOENT;

	if (!contact)
		return error;
	hunt = calloc(1, sizeof(*hunt));
	if (!hunt)
		return -ENOMEM;
	hunt->calls = options->calls;
	hunt->ops = options->ops;
	hunt->owner = options->owner;
	error = timer_set(options->calls->timers, &hunt->ring, options->ring_ms, hunt_rang_out);
	if (error < 0)
		goto failed;
	for (; contact; contact = contact->next) {
		int one = hunt_call(hunt, options, contact);

		if (one < 0)
			error = one;
	}
	if (!hunt->legs)
		goto failed;
	*result = hunt;
	return 0;
failed:
	hunt_free(hunt, "not called");
	return error;
}
