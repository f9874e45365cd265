/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdparkd: the controller. Start, the one context, and the end. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/api/api.h"
#include "ctl/api/describe.h"
#include "ctl/call/calls.h"
#include "ctl/dataplane_welcome.h"
#include "ctl/loop.h"
#include "ctl/privileges.h"
#include "kmod-free/log.h"
#include "kmod-free/version.h"

#define DEFAULT_CONFIG "/etc/xdpark/xdparkd.yaml"

enum { EXIT_OK = 0, EXIT_CONFIG = 1, EXIT_USAGE = 2, EXIT_START = 3 };

struct daemon {
	struct config *config;
	struct loop *loop;
	struct dataplane *dataplane;
	struct audio *audio;
	struct calls *calls;
	struct transport **transports;
	size_t transport_count;
	struct api *api;
};

struct options {
	const char *config;
	enum log_level level;
	bool check;
};

static const struct {
	struct option option;
	const char *argument, *help;
} option_table[] = {
        {{"config", required_argument, NULL, 'c'}, "FILE", "configuration (default " DEFAULT_CONFIG ")"},
        {{"check", no_argument, NULL, 'k'}, NULL, "check the configuration, print every error, and exit"},
        {{"log-level", required_argument, NULL, 'l'}, "LEVEL", "error, warn, info or debug (default info)"},
        {{"version", no_argument, NULL, 'v'}, NULL, "print the version and exit"},
        {{"help", no_argument, NULL, 'h'}, NULL, "print this and exit"},
};

enum { OPTIONS = sizeof(option_table) / sizeof(option_table[0]) };

static void print_help(void)
{
	puts("Usage: xdparkd [OPTION]...\n"
	     "The xdpark controller: answers, bridges, parks and gives back calls. It needs a running\n"
	     "xdpark-dp, no capability, and a user of its own.\n");
	for (unsigned i = 0; i < OPTIONS; i++) {
		char name[40];

		snprintf(name, sizeof(name), "--%s%s%s", option_table[i].option.name,
		        option_table[i].argument ? " " : "",
		        option_table[i].argument ? option_table[i].argument : "");
		printf("  %-20s %s\n", name, option_table[i].help);
	}
	puts("\nExit status: 0 stopped by a signal, or --check found nothing; 1 the configuration is wrong;\n"
	     "2 wrong usage; 3 could not start (no dataplane, address in use, ...).\n"
	     "See xdparkd(8) and xdparkd.conf(5).");
}

static int parse_level(const char *text, enum log_level *level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i])) {
			*level = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

/* 0 to go on, otherwise the exit status + 1. */
static int parse_options(int argc, char **argv, struct options *options)
{
	struct option table[OPTIONS + 1] = {0};
	int chosen;

	for (unsigned i = 0; i < OPTIONS; i++)
		table[i] = option_table[i].option;
	while ((chosen = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (chosen) {
		case 'c':
			options->config = optarg;
			break;
		case 'k':
			options->check = true;
			break;
		case 'l':
			if (!parse_level(optarg, &options->level))
				break;
			fprintf(stderr, "xdparkd: --log-level %s: use error, warn, info or debug\n", optarg);
			return EXIT_USAGE + 1;
		case 'v':
			puts("xdparkd " XDPARK_VERSION);
			return EXIT_OK + 1;
		case 'h':
			print_help();
			return EXIT_OK + 1;
		default:
			fputs("Try 'xdparkd --help'.\n", stderr);
			return EXIT_USAGE + 1;
		}
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "xdparkd: %s: no arguments are taken, only options; try 'xdparkd --help'\n",
	        argv[optind]);
	return EXIT_USAGE + 1;
}

static void print_error(void *context, const char *file, unsigned line, const char *key, const char *text)
{
	(void)context;
	fprintf(stderr, "%s:%u: %s: %s\n", file, line, key, text);
}

static void dataplane_event(void *context, const struct xd_event *event)
{
	const struct daemon *daemon = context;

	log_debug(NULL, "media_started", "endpoint=%u ssrc=%08x", event->endpoint, event->argument);
	if (event->kind == XD_EVENT_MEDIA_STARTED && daemon->calls)
		endpoints_media_started(daemon->calls->endpoints, event);
}

static void dataplane_connected(void *context, bool connected)
{
	(void)context;
	if (connected)
		log_info(NULL, "dataplane_connected", "%s", "");
	else
		log_warn(NULL, "dataplane_lost",
		        "hint=\"calls go on; new ones wait until xdpark-dp is back\"");
}

static const struct dataplane_ops dataplane_ops = {
        .event = dataplane_event,
        .connected = dataplane_connected,
};

static unsigned codecs_in_use(const struct config *config)
{
	unsigned codecs = 0;

	for (size_t i = 0; i < config->tenant_count; i++)
		for (size_t k = 0; k < config->tenants[i].codec_count; k++)
			codecs |= 1u << config->tenants[i].codecs[k];
	return codecs;
}

static int start_audio(struct daemon *daemon, char *reason)
{
	const struct handover_welcome *terms = dataplane_terms(daemon->dataplane);
	const struct audio_options options = {
	        .base = loop_base(daemon->loop),
	        .chunks = dataplane_chunks(daemon->dataplane),
	        .chunk_count = terms->chunks,
	        .endpoints = dataplane_endpoint(daemon->dataplane, 0),
	        .rests = dataplane_rest(daemon->dataplane, 0),
	        .endpoint_count = terms->endpoints,
	        .sounds = daemon->config->sounds,
	        .codecs = codecs_in_use(daemon->config),
	};
	int result = audio_new(&daemon->audio, &options);

	if (result < 0)
		snprintf(reason, 256, "hold audio: %s", strerror(-result));
	return result;
}

static int start_transport(struct daemon *daemon, const struct address *local, char *reason)
{
	const struct handover_welcome *terms = dataplane_terms(daemon->dataplane);
	struct transport **transport = &daemon->transports[daemon->transport_count];
	char text[ADDRESS_TEXT];
	int result;

	address_format(local, text);
	if (dataplane_welcome_takes(terms, local)) {
		snprintf(reason, 256,
		        "SIP over UDP on %s: xdpark-dp takes ports %u to %u there for media; choose another",
		        text, terms->port_first, terms->port_first + 2U * terms->endpoints_each - 1);
		return -EADDRINUSE;
	}
	result = udp_transport_new(
	        transport, loop_base(daemon->loop), local, sip_stack_receive, daemon->calls->stack);
	if (!result) {
		daemon->transport_count++;
		result = calls_transport(daemon->calls, *transport);
	}
	if (result < 0)
		snprintf(reason, 256, "SIP over UDP on %s: %s", text, strerror(-result));
	else
		log_info(NULL, "listening", "transport=udp address=%s", text);
	return result;
}

static int start_transports(struct daemon *daemon, char *reason)
{
	const struct config *config = daemon->config;
	int result = 0;

	daemon->transports = calloc(config->listen_count, sizeof(struct transport *));
	if (!daemon->transports)
		return -ENOMEM;
	for (size_t i = 0; i < config->listen_count && !result; i++)
		result = start_transport(daemon, &config->listen[i], reason);
	return result;
}

static int start_api(struct daemon *daemon, char *reason)
{
	const struct api_options options = {
	        .base = loop_base(daemon->loop),
	        .path = daemon->config->control,
	        .group = daemon->config->control_group,
	        .ops = &describe_ops,
	        .context = daemon->calls,
	};

	return api_new(&daemon->api, &options, reason);
}

static int start(struct daemon *daemon, char *reason)
{
	struct calls_options options = {.config = daemon->config};
	struct timers *timers;
	int result = loop_new(&daemon->loop);

	if (result < 0)
		return result;
	timers = loop_timers(daemon->loop);
	result = dataplane_connect(&daemon->dataplane, daemon->config->dataplane, loop_base(daemon->loop),
	        timers, &dataplane_ops, daemon, reason);
	if (!result)
		result = start_audio(daemon, reason);
	if (result < 0)
		return result;
	options.timers = timers;
	options.dataplane = daemon->dataplane;
	options.audio = daemon->audio;
	result = calls_new(&daemon->calls, &options, reason);
	if (!result)
		result = start_transports(daemon, reason);
	if (!result)
		result = start_api(daemon, reason);
	return result;
}

static void stop(struct daemon *daemon)
{
	api_free(daemon->api);
	for (size_t i = 0; i < daemon->transport_count; i++)
		transport_free(daemon->transports[i]);
	free(daemon->transports);
	calls_free(daemon->calls);
	audio_free(daemon->audio);
	dataplane_free(daemon->dataplane);
	loop_free(daemon->loop);
	config_free(daemon->config);
}

static int run(struct daemon *daemon)
{
	char reason[256] = "";
	int result = start(daemon, reason);

	if (result < 0) {
		log_error(NULL, "not_started", "reason=\"%s\"", reason[0] ? reason : strerror(-result));
		return EXIT_START;
	}
	log_info(NULL, "started", "tenants=%zu trunks=%zu config=%s", daemon->config->tenant_count,
	        daemon->config->trunk_count, daemon->config->file);
	result = loop_run(daemon->loop);
	log_info(NULL, "stopped", "signal=%d", result);
	return result < 0 ? EXIT_START : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options options = {.config = DEFAULT_CONFIG, .level = LOG_LEVEL_INFO};
	struct daemon daemon = {0};
	int status = parse_options(argc, argv, &options);

	if (status)
		return status - 1;
	log_open("xdparkd", options.level);
	if (config_read(&daemon.config, options.config, print_error, NULL) < 0)
		return EXIT_CONFIG;
	if (options.check) {
		printf("%s: no errors\n", options.config);
		config_free(daemon.config);
		return EXIT_OK;
	}
	if (privileges_drop() < 0) {
		fputs("xdparkd: it must not run as root: start it as its own user, without any capability\n",
		        stderr);
		status = EXIT_START;
	} else {
		status = run(&daemon);
	}
	stop(&daemon);
	return status;
}
