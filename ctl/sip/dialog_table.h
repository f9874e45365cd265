/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table behind `struct dialogs`, for dialog.c alone; what others may ask of it is in dialog.h. */
#ifndef XDPARK_SIP_DIALOG_TABLE_H
#define XDPARK_SIP_DIALOG_TABLE_H

#include "ctl/sip/dialog.h"

/* Puts a dialog in, by its local tag. Never fails. */
void dialogs_put(struct dialogs *dialogs, struct dialog *dialog);

/* Takes it out of its table. */
void dialogs_remove(struct dialog *dialog);

/* The value of a From or To header's tag; NULL: none (far ends of RFC 2543). */
const char *tag_of(const osip_from_t *header);

#endif
