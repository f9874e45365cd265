/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An rtpengine of our own: the daemon, userspace alone, in the relay's network namespace, until we end it.
 * What it is told by ng is setup_rtpengine's matter (tools/rig/setup.h).
 */
#ifndef XDPARK_RIG_RTPENGINE_H
#define XDPARK_RIG_RTPENGINE_H

#include <netinet/in.h>
#include <sys/types.h>

enum { RTPENGINE_ERROR = 256, RTPENGINE_VERSION = 64, RTPENGINE_SETTINGS = 8, RTPENGINE_NG_PORT = 2223 };

struct rtpengine {
	pid_t process; /* 0: none */
	int log;       /* memory file of what it says */
};

/* "10.5.3.5-1+deb12u1", by the binary itself. -ENOENT: there is none; or another negative errno. */
int rtpengine_version(char version[RTPENGINE_VERSION]);

/*
 * Starts it in a network namespace (a name of ip-netns), with ng and media at `address`, and waits until it
 * answers. `settings`: options more, up to a NULL, at most RTPENGINE_SETTINGS. 0 or a negative errno and a
 * sentence in `error` (RTPENGINE_ERROR).
 */
int rtpengine_start(struct rtpengine *rtpengine, const char *namespace, struct in_addr address,
        const char *const *settings, char *error);

/* Ends it. Legal on a zeroed struct. */
void rtpengine_stop(struct rtpengine *rtpengine);

#endif
