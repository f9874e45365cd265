/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences for the operator: what is wrong with a sound. */
#ifndef XDPARK_AUDIO_REFUSAL_H
#define XDPARK_AUDIO_REFUSAL_H

enum { AUDIO_ERROR_BYTES = 256 };

/* Writes a sentence into `error` (AUDIO_ERROR_BYTES; cut to fit). */
void audio_say(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, and yields `failed`, a negative errno: return audio_refuse(-EIO, error, "%s is broken", file); */
#define audio_refuse(failed, error, ...) (audio_say(error, __VA_ARGS__), (failed))

#endif
