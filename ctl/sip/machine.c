/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/sip/parse.h"
#include "ctl/sip/stack.h"

int machine_serialise(osip_message_t *message, char **bytes, size_t *length)
{
	char *text = NULL, *shrunk;
	size_t written = 0;

	/* What osip remembers may be older than the lists that were changed behind its back. */
	osip_message_force_update(message);
	if (osip_message_to_str(message, &text, &written) || !text)
		return -ENOMEM;
	if (written > SIP_MESSAGE_BYTES) {
		osip_free(text);
		return -EMSGSIZE;
	}
	/* osip writes into 8 kB; what is kept is as long as it is. */
	shrunk = osip_realloc(text, written);
	*bytes = shrunk ? shrunk : text;
	*length = written;
	return 0;
}

/*
 * osip wants a message sent. Bytes may leave from here, but nothing else may happen: osip changes its state
 * only after this returns, and drops what it is given before.
 */
/* NOLINTNEXTLINE(readability-non-const-parameter): osip's type */
static int on_send(osip_transaction_t *osip, osip_message_t *message, char *host, int port, int fd)
{
	struct transaction *transaction = osip_transaction_get_your_instance(osip);
	char *bytes = NULL;
	size_t length = 0;
	int error;

	(void)host;
	(void)port;
	(void)fd;
	/* The ACK of a non-2xx that osip makes lacks what RFC 3261 8.1.1.6 demands. */
	if (MSG_IS_ACK(message) && !sip_header(message, "Max-Forwards", 0) &&
	        sip_header_set(message, "Max-Forwards", "70"))
		return -1;
	if (machine_serialise(message, &bytes, &length))
		return -1;
	osip_free(transaction->bytes);
	transaction->bytes = bytes;
	transaction->length = length;
	error = transaction_transmit(transaction);
	/*
	 * Only a request that can't be sent fails its transaction. A response that is lost here is asked for
	 * again, and osip would drop the final response that it was about to acknowledge.
	 */
	return error && !transaction->server && !MSG_IS_ACK(message) ? -1 : 0;
}

static void on_message(int type, osip_transaction_t *osip, osip_message_t *message)
{
	struct transaction *transaction = osip_transaction_get_your_instance(osip);

	if (type == OSIP_ICT_STATUS_TIMEOUT || type == OSIP_NICT_STATUS_TIMEOUT)
		transaction->failed = 408;
	else if (!transaction->server && message && MSG_IS_RESPONSE(message))
		transaction->heard = message;
}

static void on_error(int type, osip_transaction_t *osip, int error)
{
	struct transaction *transaction = osip_transaction_get_your_instance(osip);

	(void)type;
	(void)error;
	transaction->failed = 503;
}

static void on_kill(int type, osip_transaction_t *osip)
{
	struct transaction *transaction = osip_transaction_get_your_instance(osip);

	(void)type;
	transaction->dead = true;
}

int machine_new(osip_t **osip)
{
	sip_parser_start();
	if (osip_init(osip))
		return -ENOMEM;
	osip_set_cb_send_message(*osip, on_send);
	for (int type = 0; type < OSIP_MESSAGE_CALLBACK_COUNT; type++)
		osip_set_message_callback(*osip, type, on_message);
	for (int type = 0; type < OSIP_TRANSPORT_ERROR_CALLBACK_COUNT; type++)
		osip_set_transport_error_callback(*osip, type, on_error);
	for (int type = 0; type < OSIP_KILL_CALLBACK_COUNT; type++)
		osip_set_kill_transaction_callback(*osip, type, on_kill);
	return 0;
}

void machine_free(osip_t *osip)
{
	if (osip)
		osip_release(osip);
}

int machine_start(struct transaction *transaction, osip_fsm_type_t type)
{
	osip_t *osip = transaction->stack->osip;
	int error = osip_transaction_init(&transaction->osip, type, osip, transaction->request->osip);

	if (error)
		return error == OSIP_NOMEM ? -ENOMEM : -EINVAL;
	/* osip's lists are searched from end to end; ours is a table. */
	osip_remove_transaction(osip, transaction->osip);
	osip_transaction_set_your_instance(transaction->osip, transaction);
	return 0;
}

void machine_stop(struct transaction *transaction)
{
	if (!transaction->osip)
		return;
	transaction->osip->orig_request = NULL;
	osip_transaction_free2(transaction->osip);
	transaction->osip = NULL;
}

int machine_run(struct transaction *transaction, type_t type, osip_message_t *message)
{
	osip_event_t *event = osip_malloc(sizeof(*event));

	if (!event)
		return -ENOMEM;
	memset(event, 0, sizeof(*event));
	event->type = type;
	event->sip = message;
	event->transactionid = transaction->osip->transactionid;
	transaction->heard = NULL;
	osip_transaction_execute(transaction->osip, event); /* frees it */
	return 0;                                           /* NOLINT(clang-analyzer-unix.Malloc) */
}

int machine_hear(struct transaction *transaction, osip_message_t *response)
{
	type_t type = RCV_STATUS_3456XX;

	if (MSG_IS_STATUS_1XX(response))
		type = RCV_STATUS_1XX;
	else if (MSG_IS_STATUS_2XX(response))
		type = RCV_STATUS_2XX;
	if (machine_run(transaction, type, response))
		return -ENOMEM;
	/* What isn't heard was useless to the machine, and it has freed it or will. */
	if (transaction->heard)
		transaction->osip->last_response = NULL;
	return 0;
}
