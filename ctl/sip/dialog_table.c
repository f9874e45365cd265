/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/dialog_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BUCKETS = 64 };

/* Somebody who walks over all dialogs, while any of them may be closed. */
struct walk {
	struct dialog *next;
	struct walk *outer;
};

struct dialogs {
	struct dialog **buckets; /* by local tag: ours, at random, so that nobody can fill one bucket */
	uint32_t size;           /* a power of two */
	uint32_t count;
	struct walk *walks;
};

int dialogs_new(struct dialogs **dialogs)
{
	struct dialogs *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->size = FIRST_BUCKETS;
	made->buckets = calloc(made->size, sizeof(struct dialog *));
	if (!made->buckets) {
		free(made);
		return -ENOMEM;
	}
	*dialogs = made;
	return 0;
}

void dialogs_free(struct dialogs *dialogs)
{
	if (!dialogs)
		return;
	for (uint32_t i = 0; i < dialogs->size; i++) {
		for (struct dialog *dialog = dialogs->buckets[i]; dialog; dialog = dialog->next)
			dialog->dialogs = NULL;
	}
	free(dialogs->buckets);
	free(dialogs);
}

static struct dialog **bucket_of(struct dialog **buckets, uint32_t size, const char *local_tag)
{
	uint32_t hash = 2166136261U;

	for (; *local_tag; local_tag++)
		hash = (hash ^ (uint8_t)*local_tag) * 16777619U;
	return &buckets[hash & (size - 1)];
}

/* Twice the buckets. Without memory the chains grow instead. */
static void table_grow(struct dialogs *dialogs)
{
	uint32_t size = dialogs->size * 2;
	struct dialog **buckets = calloc(size, sizeof(struct dialog *));

	if (!buckets)
		return;
	for (uint32_t i = 0; i < dialogs->size; i++) {
		struct dialog *dialog = dialogs->buckets[i];

		while (dialog) {
			struct dialog *next = dialog->next;
			struct dialog **bucket = bucket_of(buckets, size, dialog->local_tag);

			dialog->next = *bucket;
			*bucket = dialog;
			dialog = next;
		}
	}
	free(dialogs->buckets);
	dialogs->buckets = buckets;
	dialogs->size = size;
}

void dialogs_put(struct dialogs *dialogs, struct dialog *dialog)
{
	struct dialog **bucket;

	/* A walk stands in a chain that mustn't change under it. */
	if (dialogs->count >= dialogs->size && !dialogs->walks && dialogs->size < 1U << 30)
		table_grow(dialogs);
	bucket = bucket_of(dialogs->buckets, dialogs->size, dialog->local_tag);
	dialog->next = *bucket;
	*bucket = dialog;
	dialog->dialogs = dialogs;
	dialogs->count++;
}

void dialogs_remove(struct dialog *dialog)
{
	struct dialogs *dialogs = dialog->dialogs;
	struct dialog **link = bucket_of(dialogs->buckets, dialogs->size, dialog->local_tag);

	while (*link != dialog)
		link = &(*link)->next;
	*link = dialog->next;
	for (struct walk *walk = dialogs->walks; walk; walk = walk->outer) {
		if (walk->next == dialog)
			walk->next = dialog->next;
	}
	dialogs->count--;
	dialog->dialogs = NULL;
}

void dialogs_each(
        const struct dialogs *dialogs, void (*each)(void *context, struct dialog *dialog), void *context)
{
	struct dialogs *table = (struct dialogs *)dialogs; /* the walk is noted, nothing else changes */
	struct walk walk = {.outer = table->walks};

	table->walks = &walk;
	for (uint32_t i = 0; i < table->size; i++) {
		for (struct dialog *dialog = table->buckets[i]; dialog; dialog = walk.next) {
			walk.next = dialog->next;
			each(context, dialog);
		}
	}
	table->walks = walk.outer;
}

/* The value of the tag parameter; NULL: none (RFC 2543 far ends). */
const char *tag_of(const osip_from_t *header)
{
	osip_generic_param_t *tag = NULL;

	osip_generic_param_get_byname((osip_list_t *)&header->gen_params, (char *)"tag", &tag);
	return tag && tag->gvalue ? tag->gvalue : NULL;
}

struct dialog *dialog_find_tags(
        const struct dialogs *dialogs, const char *call_id, const char *local_tag, const char *remote_tag)
{
	struct dialog *dialog = *bucket_of(dialogs->buckets, dialogs->size, local_tag);

	for (; dialog; dialog = dialog->next) {
		if (dialog->remote_tag && strcmp(dialog->local_tag, local_tag) == 0 &&
		        strcmp(dialog->remote_tag, remote_tag) == 0 && strcmp(dialog->call_id, call_id) == 0)
			return dialog;
	}
	return NULL;
}

/* Whether a Call-ID, which osip splits at its `@`, is this text. */
static bool call_id_is(const osip_call_id_t *call_id, const char *text)
{
	size_t length = strlen(call_id->number);

	if (strncmp(call_id->number, text, length) != 0)
		return false;
	text += length;
	return call_id->host ? *text == '@' && strcmp(call_id->host, text + 1) == 0 : !*text;
}

/* Where no response has named the far end's tag yet, its request may have overtaken it. */
static bool tag_fits(const struct dialog *dialog, const char *tag)
{
	return !dialog->remote_tag || strcmp(dialog->remote_tag, tag ? tag : "") == 0;
}

struct dialog *dialog_find(const struct dialogs *dialogs, const osip_message_t *request)
{
	const char *ours = tag_of(request->to), *theirs = tag_of(request->from);
	struct dialog *dialog;

	if (!ours || !request->call_id || !request->call_id->number)
		return NULL;
	for (dialog = *bucket_of(dialogs->buckets, dialogs->size, ours); dialog; dialog = dialog->next) {
		if (strcmp(dialog->local_tag, ours) == 0 && tag_fits(dialog, theirs) &&
		        call_id_is(request->call_id, dialog->call_id))
			return dialog;
	}
	return NULL;
}
