/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences for the operator: what is wrong with a sound. */
#ifndef XDPARK_AUDIO_REFUSAL_H
#define XDPARK_AUDIO_REFUSAL_H

enum { AUDIO_ERROR_BYTES = 256 };

/* Writes the sentence into `error` (AUDIO_ERROR_BYTES; cut to fit) and returns `failed`. */
int audio_refuse(int failed, char *error, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
