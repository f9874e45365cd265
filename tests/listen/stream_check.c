/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream_check: judges the RTP streams of a capture. The text below says how. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/listen/check.h"

enum { MAX_GAP_MS = 60, MAX_DRIFT_MS = 60, FOREVER_S = 1000000000 };

static const char help[] =
        "usage: stream_check [OPTION...] CAPTURE\n"
        "\n"
        "Reads the RTP packets of a capture (Ethernet, VLAN, Linux cooked, raw IP; IPv4, IPv6), sorts them "
        "by the\n"
        "address and port that they go to, and judges every such stream: one SSRC, one source address and "
        "port, no\n"
        "sequence number repeated and none missing, timestamps going forward and near the clock, no long "
        "gaps, and\n"
        "hold audio that is, byte for byte, the clip. Prints a JSON report. Exit code 0: all good, 1: "
        "something is\n"
        "not, 2: couldn't judge.\n"
        "\n"
        "  --filter EXPR      judge only these packets, pcap-filter(7): 'dst host 10.90.0.2 and src host "
        "10.90.0.1'\n"
        "  --talker EXPR      packets of the talkers, as they sent them: sequence numbers that they left out "
        "and\n"
        "                     pauses that they made are no fault of the stream\n"
        "  --max-gap-ms N     longest time between two packets; 60 unless told, 0: any\n"
        "  --max-drift-ms N   RTP clock against arrival, both since the first packet; 60 unless told, 0: "
        "any\n"
        "  --clip CLIP        hold audio: music:FILE[@LEVEL], ringback:COUNTRY, silence or\n"
        "                     announcement:DIRECTORY:NUMBER. Runs of 5 frames and more that are in the clip, "
        "at the\n"
        "                     pace of their timestamps, are hold; other voice is talk. Within a run each "
        "packet must\n"
        "                     be the frame that belongs there\n"
        "  --hold-from S      from this second of the capture ...\n"
        "  --hold-to S        ... to this one (the end unless told) all voice must be the clip\n"
        "  --min-hold N       each stream has so many hold frames at least\n"
        "  --min-talk N       each stream has so many other voice packets at least\n"
        "  --max-skipped N    hold frames of a stream that no packet carried; 0 unless told\n"
        "  --streams N        at least so many streams are judged\n"
        "  --packets N        streams with fewer packets are not judged\n"
        "  --checksums        a bad UDP checksum is a failure (captures at a sender that offloads have "
        "many)\n"
        "  --wav FILE         decode the one stream that passes the filter to FILE\n"
        "  --brief            list only streams that failed, five at most\n"
        "  --help             this text\n"
        "\n"
        "Of each stream the report has: to, from, ssrc, packets, first_s, seconds, ssrcs, sources, repeated, "
        "missing,\n"
        "reordered, timestamps_back, drift_ms [least, most], largest_gap_ms, largest_gap_at_s, "
        "bad_checksums, hold\n"
        "{frames, talk, errors, skipped, runs: [{at_s, place_ms, frames}]} and, if there are any, failures. "
        "Times in\n"
        "seconds count from the first packet of the capture.\n";

enum option_key {
	FILTER = 1,
	TALKER,
	GAP,
	DRIFT,
	CLIP,
	HOLD_FROM,
	HOLD_TO,
	MIN_HOLD,
	MIN_TALK,
	SKIPPED,
	STREAMS,
	PACKETS,
	CHECKSUMS,
	WAV,
	BRIEF,
	HELP,
};

static const struct option long_options[] = {
        {"filter", required_argument, NULL, FILTER},
        {"talker", required_argument, NULL, TALKER},
        {"max-gap-ms", required_argument, NULL, GAP},
        {"max-drift-ms", required_argument, NULL, DRIFT},
        {"clip", required_argument, NULL, CLIP},
        {"hold-from", required_argument, NULL, HOLD_FROM},
        {"hold-to", required_argument, NULL, HOLD_TO},
        {"min-hold", required_argument, NULL, MIN_HOLD},
        {"min-talk", required_argument, NULL, MIN_TALK},
        {"max-skipped", required_argument, NULL, SKIPPED},
        {"streams", required_argument, NULL, STREAMS},
        {"packets", required_argument, NULL, PACKETS},
        {"checksums", no_argument, NULL, CHECKSUMS},
        {"wav", required_argument, NULL, WAV},
        {"brief", no_argument, NULL, BRIEF},
        {"help", no_argument, NULL, HELP},
        {0},
};

static double number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0 && value < FOREVER_S))
		errx(CHECK_IMPOSSIBLE, "\"%s\" is no number; see --help", text);
	return value;
}

static void option_take(struct check_options *options, int key, const char *value)
{
	switch (key) {
	case FILTER:
		options->filter = value;
		break;
	case TALKER:
		options->talker = value;
		break;
	case GAP:
		options->max_gap_ms = number(value);
		break;
	case DRIFT:
		options->max_drift_ms = number(value);
		break;
	case CLIP:
		options->clip = value;
		break;
	case HOLD_FROM:
		options->hold_from = number(value);
		if (options->hold_to == 0)
			options->hold_to = FOREVER_S;
		break;
	case HOLD_TO:
		options->hold_to = number(value);
		break;
	case MIN_HOLD:
		options->min_hold = (size_t)number(value);
		break;
	case MIN_TALK:
		options->min_talk = (size_t)number(value);
		break;
	case SKIPPED:
		options->max_skipped = (size_t)number(value);
		break;
	case STREAMS:
		options->streams = (size_t)number(value);
		break;
	case PACKETS:
		options->packets = (size_t)number(value);
		break;
	case CHECKSUMS:
		options->checksums = true;
		break;
	case WAV:
		options->wav = value;
		break;
	case BRIEF:
		options->brief = true;
		break;
	case HELP:
		fputs(help, stdout);
		exit(0);
	default:
		errx(CHECK_IMPOSSIBLE, "see --help");
	}
}

int main(int argc, char **argv)
{
	struct check_options options = {.max_gap_ms = MAX_GAP_MS, .max_drift_ms = MAX_DRIFT_MS};
	char error[CAPTURE_ERROR_BYTES] = "";
	enum check_result result;
	json_t *report = NULL;
	int key;

	while ((key = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		option_take(&options, key, optarg);
	if (optind != argc - 1)
		errx(CHECK_IMPOSSIBLE, "one capture is wanted; see --help");
	options.file = argv[optind];
	result = check_capture(&options, &report, error);
	if (result == CHECK_IMPOSSIBLE)
		errx(CHECK_IMPOSSIBLE, "%s", error);
	json_dumpf(report, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(8));
	putchar('\n');
	json_decref(report);
	return (int)result;
}
