/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the devices: one of them, all of them, and what they write. */
#ifndef XDPARK_RIG_DEVICE_H
#define XDPARK_RIG_DEVICE_H

#include "ctl/sip/message.h"
#include "ctl/timer.h"
#include "tools/rig/challenge.h"
#include "tools/rig/devices.h"
#include "tools/rig/resend.h"

enum { DEVICE_MESSAGE = 2560, DEVICE_EXPIRES_S = 3600 };

enum device_state {
	DEVICE_IDLE,
	DEVICE_ASKING,  /* REGISTER without credentials is out: for a challenge */
	DEVICE_PROVING, /* with credentials */
};

struct device {
	struct resend_entry resend;
	TAILQ_ENTRY(device) idle; /* while it is */
	uint32_t user;
	uint32_t cseq;      /* of our last request */
	uint32_t count;     /* requests with the challenge's nonce; 0: there is no challenge */
	uint8_t state;      /* enum device_state */
	uint8_t home;       /* which address */
	bool leaving;       /* it removes its binding */
	bool bound;         /* the server has a binding of it, or may have */
	uint8_t challenges; /* that came since it was last idle */
	struct challenge challenge;
};

TAILQ_HEAD(device_queue, device);

struct devices {
	struct devices_options options;
	struct timers *timers;
	struct timer tick; /* requests are sent again */
	struct resend resend;
	struct digest *digest;
	struct transport *transports[DEVICES_A_USER];
	char hosts[DEVICES_A_USER][32]; /* "10.90.0.11:5070", by home */
	unsigned home_count;
	struct address server;
	uint32_t run; /* at random: in tags, branches and Call-IDs */
	struct devices_counters counters;
	unsigned count;
	struct device *device;
	struct device_queue idle; /* the one that has been so for longest comes first */
};

static inline unsigned device_number(const struct devices *devices, const struct device *device)
{
	return (unsigned)(device - devices->device);
}

static inline const char *device_user(const struct devices *devices, const struct device *device)
{
	return devices->options.users->names[device->user];
}

/* Its REGISTER into `text` (DEVICE_MESSAGE), the same one as often as asked; the length, 0: it can't be. */
size_t device_write(const struct devices *devices, const struct device *device, char *text);

/* The device whose Call-ID this is. NULL: none of ours. */
struct device *device_of_call_id(const struct devices *devices, const osip_call_id_t *call_id);

/* Sends its next request, with credentials or without. */
void device_ask(struct devices *devices, struct device *device, bool proving);

/* It is idle again, and its owner is told. */
void device_done(struct devices *devices, struct device *device, int cause);

/* transport_receive, with the devices as context. */
void device_receive(void *devices, const struct flow *flow, char *bytes, size_t length);

#endif
