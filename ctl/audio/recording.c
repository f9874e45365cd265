/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/audio/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <samplerate.h>
#include <sndfile.h>

enum {
	BLOCK_FRAMES = 4096,
	MOST_CHANNELS = 64,
	LOWEST_RATE = 4000,
	HIGHEST_RATE = 768000,
};

#define LOUDEST 8.0F /* of full scale; what float files hold beyond it is noise or an attack */

struct recording {
	SNDFILE *file;
	SRC_STATE *resampler; /* NULL: the file has the rate that is wanted */
	double ratio;
	unsigned rate;
	int channels;
	bool broken;
	float *frames; /* BLOCK_FRAMES of all channels */
	float mono[BLOCK_FRAMES];
};

/* Regular files only: a FIFO or a device would keep the reader waiting. Returns a descriptor. */
static int file_open(const char *name, char *error)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int failed;

	if (fd < 0) {
		failed = -errno;
		return audio_refuse(failed, error, "%s: %s", name, strerror(-failed));
	}
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return audio_refuse(-EINVAL, error, "%s is not a regular file", name);
	}
	return fd;
}

/* Mixes to mono; what is no number becomes silence. */
static void frames_mix(const float *frames, long count, int channels, float *mono)
{
	for (long i = 0; i < count; i++) {
		float sum = 0;

		for (int channel = 0; channel < channels; channel++)
			sum += frames[i * channels + channel];
		sum /= (float)channels;
		if (!isfinite(sum))
			sum = 0;
		mono[i] = fmaxf(-LOUDEST, fminf(LOUDEST, sum));
	}
}

/* Reads at most BLOCK_FRAMES frames into `mono`; 0 at the end and in a broken place. */
static long block_read(struct recording *recording, float *mono, size_t count)
{
	sf_count_t got = sf_readf_float(recording->file, recording->frames,
	        (sf_count_t)(count < BLOCK_FRAMES ? count : BLOCK_FRAMES));

	if (got <= 0) {
		recording->broken = sf_error(recording->file) != SF_ERR_NO_ERROR;
		return 0;
	}
	frames_mix(recording->frames, (long)got, recording->channels, mono);
	return (long)got;
}

/* libsamplerate asks for the next block. */
static long on_block_wanted(void *context, float **samples)
{
	struct recording *recording = context;

	*samples = recording->mono;
	return block_read(recording, recording->mono, BLOCK_FRAMES);
}

static int resampler_open(struct recording *recording, const SF_INFO *info, unsigned rate)
{
	int failed;

	recording->rate = rate ? rate : (unsigned)info->samplerate;
	if (info->samplerate == (int)recording->rate)
		return 0;
	recording->ratio = (double)rate / info->samplerate;
	recording->resampler =
	        src_callback_new(on_block_wanted, SRC_SINC_MEDIUM_QUALITY, 1, &failed, recording);
	return recording->resampler ? 0 : -ENOMEM;
}

/* Takes `fd` over. */
static int file_read_header(struct recording *recording, int fd, const char *name, SF_INFO *info, char *error)
{
	recording->file = sf_open_fd(fd, SFM_READ, info, 1);
	if (!recording->file)
		return audio_refuse(
		        -EINVAL, error, "%s is no audio file that can be read: %s", name, sf_strerror(NULL));
	if (info->channels < 1 || info->channels > MOST_CHANNELS || info->samplerate < LOWEST_RATE ||
	        info->samplerate > HIGHEST_RATE)
		return audio_refuse(-EINVAL, error,
		        "%s has %d channels at %d Hz; 1 to %d at %d to %d Hz can be used", name,
		        info->channels, info->samplerate, MOST_CHANNELS, LOWEST_RATE, HIGHEST_RATE);
	return 0;
}

int recording_open(struct recording **result, const char *file, unsigned rate, char *error)
{
	SF_INFO info = {0};
	struct recording *recording;
	int failed, fd = file_open(file, error);

	if (fd < 0)
		return fd;
	recording = calloc(1, sizeof(*recording));
	if (!recording) {
		close(fd);
		failed = -ENOMEM;
		goto no_memory;
	}
	failed = file_read_header(recording, fd, file, &info, error);
	if (failed < 0)
		goto undo;
	recording->channels = info.channels;
	recording->frames = calloc((size_t)BLOCK_FRAMES * (size_t)info.channels, sizeof(float));
	failed = recording->frames ? resampler_open(recording, &info, rate) : -ENOMEM;
	if (failed < 0)
		goto no_memory;
	*result = recording;
	return 0;
no_memory:
	audio_say(error, "%s: out of memory", file);
undo:
	recording_close(recording);
	return failed;
}

long recording_read(struct recording *recording, float *samples, size_t count)
{
	long got = recording->resampler
	                   ? src_callback_read(recording->resampler, recording->ratio, (long)count, samples)
	                   : block_read(recording, samples, count);

	if (recording->broken || got < 0)
		return -EIO;
	return got;
}

unsigned recording_rate(const struct recording *recording)
{
	return recording->rate;
}

void recording_close(struct recording *recording)
{
	if (!recording)
		return;
	if (recording->resampler)
		src_delete(recording->resampler);
	if (recording->file)
		sf_close(recording->file);
	free(recording->frames);
	free(recording);
}
