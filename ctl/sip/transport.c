/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/sip/transport.h"

void transport_free(struct transport *transport)
{
	if (transport)
		transport->ops->free(transport);
}

bool flow_equal(const struct flow *a, const struct flow *b)
{
	return a->transport == b->transport && a->connection == b->connection &&
	       address_equal(&a->local, &b->local) && address_equal(&a->remote, &b->remote);
}

int flow_send(const struct flow *flow, const char *bytes, size_t length)
{
	return flow->transport->ops->send(flow->transport, flow, bytes, length);
}
