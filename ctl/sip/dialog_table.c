/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/dialog_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/timer.h"

struct dialogs {
	struct table *by_tag; /* ours, at random; forks of an INVITE of ours share one */
};

int dialogs_new(struct dialogs **dialogs)
{
	struct dialogs *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->by_tag = table_new();
	if (!made->by_tag) {
		free(made);
		return -ENOMEM;
	}
	*dialogs = made;
	return 0;
}

void dialogs_free(struct dialogs *dialogs)
{
	struct table_entry *entry;

	if (!dialogs)
		return;
	while ((entry = table_any(dialogs->by_tag)))
		dialogs_remove(owner_of(entry, struct dialog, entry));
	table_free(dialogs->by_tag);
	free(dialogs);
}

void dialogs_put(struct dialogs *dialogs, struct dialog *dialog)
{
	dialog->entry.key = (struct table_key){dialog->local_tag, strlen(dialog->local_tag)};
	table_add(dialogs->by_tag, &dialog->entry);
	dialog->dialogs = dialogs;
}

void dialogs_remove(struct dialog *dialog)
{
	table_remove(dialog->dialogs->by_tag, &dialog->entry);
	dialog->dialogs = NULL;
}

static struct dialog *dialog_of(struct table_entry *entry)
{
	return entry ? owner_of(entry, struct dialog, entry) : NULL;
}

static struct dialog *tag_first(const struct dialogs *dialogs, const char *local_tag)
{
	const struct table_key key = {local_tag, strlen(local_tag)};

	return dialog_of(table_find(dialogs->by_tag, &key));
}

static struct dialog *tag_next(const struct dialog *dialog)
{
	return dialog_of(table_find_next(&dialog->entry));
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
	struct dialog *dialog = tag_first(dialogs, local_tag);

	for (; dialog; dialog = tag_next(dialog)) {
		if (dialog->remote_tag && strcmp(dialog->remote_tag, remote_tag) == 0 &&
		        strcmp(dialog->call_id, call_id) == 0)
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
	for (dialog = tag_first(dialogs, ours); dialog; dialog = tag_next(dialog)) {
		if (tag_fits(dialog, theirs) && call_id_is(request->call_id, dialog->call_id))
			return dialog;
	}
	return NULL;
}
