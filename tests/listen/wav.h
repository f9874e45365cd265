/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream as one would have heard it, written to a file. */
#ifndef XDPARK_LISTEN_WAV_H
#define XDPARK_LISTEN_WAV_H

#include "tests/listen/stream.h"

/*
 * Decodes the voice of a stream (PCMU, PCMA, G.722) to a 16-bit mono WAV, 16 kHz where there is G.722, else
 * 8 kHz. Each packet lies where its timestamp says; what is missing is silent. Returns 0, or a negative errno
 * and a sentence in `error` (CAPTURE_ERROR_BYTES).
 */
int wav_write(const char *file, const struct stream *stream, char *error);

#endif
