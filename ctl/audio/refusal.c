/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/refusal.h"

#include <stdarg.h>
#include <stdio.h>

void audio_say(char *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, AUDIO_ERROR_BYTES, format, arguments);
	va_end(arguments);
}
