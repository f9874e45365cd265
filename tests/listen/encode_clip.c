/* SPDX-License-Identifier: GPL-2.0-or-later */
/* encode_clip: what a phone must hear, as payload bytes. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/audio/encode.h"
#include "tests/listen/heard.h"

enum { FAILED = 2, CHUNKS_A_S = 100 };

static const char help[] =
        "usage: encode_clip CLIP CODEC SECONDS\n"
        "\n"
        "Writes what a phone hears of CLIP in its first SECONDS, as payload bytes without RTP headers (80 "
        "bytes are\n"
        "10 ms), to standard output. CLIP: music:FILE[@LEVEL], ringback:COUNTRY, silence or\n"
        "announcement:DIRECTORY:NUMBER. CODEC: PCMU, PCMA or G722.\n";

static enum xd_codec codec_of(const char *name)
{
	for (int codec = 0; codec < XD_CODECS; codec++) {
		if (strcmp(codec_name((enum xd_codec)codec), name) == 0)
			return (enum xd_codec)codec;
	}
	errx(FAILED, "%s: a codec is PCMU, PCMA or G722", name);
}

int main(int argc, char **argv)
{
	char error[AUDIO_ERROR_BYTES], *end;
	struct heard heard;
	double seconds;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return 0;
	}
	if (argc != 4)
		errx(FAILED, "see --help");
	seconds = strtod(argv[3], &end);
	if (end == argv[3] || *end || !(seconds > 0))
		errx(FAILED, "%s is no number of seconds", argv[3]);
	if (heard_open(&heard, argv[1], codec_of(argv[2]), error) < 0)
		errx(FAILED, "%s", error);
	for (uint64_t i = 0; i < (uint64_t)(seconds * CHUNKS_A_S); i++)
		fwrite(heard_chunk(&heard, i)->payload, 1, XD_CHUNK_BYTES, stdout);
	heard_close(&heard);
	if (fflush(stdout) != 0)
		err(FAILED, "write");
	return 0;
}
