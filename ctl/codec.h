/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Codecs by name, and which of them the program can connect. */
#ifndef XDPARK_CODEC_H
#define XDPARK_CODEC_H

#include <stdbool.h>

#include "bpf/layout.h"

/* As in a=rtpmap, in the config, in logs and in the API: "PCMU", "PCMA", "G722"; "none" for XD_CODECS. */
const char *codec_name(enum xd_codec codec);

/* Whether the program can connect the two: equal, or both G.711. */
bool codecs_connect(enum xd_codec a, enum xd_codec b);

#endif
