/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before a run of load: is the clip there that parked callers are to hear? Private to the load. */
#ifndef XDPARK_RIG_LOAD_CLIP_H
#define XDPARK_RIG_LOAD_CLIP_H

#include "tools/rig/load.h"

/*
 * Parks a call, at the first orbit or at the park number, until it hears the clip, 10 s at most: a server
 * that has just been started may play something else until the clip is encoded, and leave a frame out where
 * it changes over. If that never comes, or there is no such call, the run will tell. The load has callers,
 * and no lines yet. Returns 0, -EINTR if it was asked to end, or another negative errno with a sentence in
 * `error`.
 */
int load_hear_clip(struct load *load, bool orbit, char error[LINES_ERROR]);

#endif
