/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/rig/command.h"
#include "tools/rig/offer.h"
#include "tools/rig/option_value.h"
#include "tools/rig/rtpengine.h"

/* Defaults are those of the lab (tools/lab). */
#define DEFAULT_INTERFACE "phones0"
#define DEFAULT_LOCAL     "10.90.0.11-10.90.0.20"
#define DEFAULT_SERVER    "10.90.0.1:5060"
#define DEFAULT_DOMAIN    "load.example"

/* Subcommands that measure media, and those that measure signalling. */
#define MEDIA " hold forward compare "
#define LOAD  " park take churn flood "

/* Those with callers that hear; and users of the lab who have a password, with it. */
#define CALLS    " hold forward park take churn flood compare "
#define USERS    "101-103,110"
#define PASSWORD "secret-%u"

/* All but the one that only writes. */
#define MEASURES CALLS "register "

enum { SIP_PORT = 5060 };

static const struct {
	struct option option;
	const char *argument, *help;
	const char *of; /* subcommands that take it, each between spaces; NULL: all */
} table[] = {
        {{"calls", 1, 0, 'n'}, " N",
                "parked callers, bridges, parks, takes or registrations (1000; compare: 400)",
                " hold forward park take register compare "},
        {{"rate", 1, 0, 'r'}, " R", "calls a second, whether they are answered or not (100)",
                " park take churn flood register "},
        {{"by", 1, 0, 'b'}, " METHOD", "invite or refer (invite)", " park "},
        {{"users", 1, 0, 'u'}, " LIST", "that register: names, ranges (" USERS ")", " register "},
        {{"password", 1, 0, 'a'}, " P", "of each; %u is the user's name, %% a % (" PASSWORD ")",
                " register "},
        {{"reuse-nonce", 0, 0, 'U'}, "", "answer the last challenge again rather than wait for one",
                " register "},
        {{"parked", 1, 0, 'B'}, " N", "calls that are parked before and stay (0)", " park flood "},
        {{"wait", 1, 0, 'W'}, " S", "calls stay parked for so long (2)", " churn "},
        {{"packets", 1, 0, 'g'}, " N", "of garbage a second (10000)", " flood "},
        {{"seconds", 1, 0, 's'}, " S", "how long it is measured (10; compare: 2)",
                " hold forward churn flood compare "},
        {{"warmup", 1, 0, 'w'}, " S", "how long it runs before (2; compare: 0.5)",
                " hold forward park take flood compare "},
        {{"silent", 0, 0, 'q'}, "", "nobody talks: the same as --talking 0", " hold "},
        {{"talking", 1, 0, 'T'}, " PERCENT", "of the callers talk (100)", " hold "},
        {{"ptime", 1, 0, 'p'}, " MS", "10, 20, 30, 40 or 60 (20)", CALLS},
        {{"codec", 1, 0, 'x'}, " CODEC", "PCMU, PCMA or G722 (PCMU)", " hold forward" LOAD},
        {{"jitter", 1, 0, 'J'}, " MS", "packets of talkers are up to so much late", MEDIA},
        {{"loss", 1, 0, 'L'}, " PERCENT", "of the talkers' packets are left out", MEDIA},
        {{"reorder", 1, 0, 'R'}, " PERCENT", "of them change places with the next", MEDIA},
        {{"vad", 0, 0, 'V'}, "", "talkers suppress silence: they pause", MEDIA},
        {{"threads", 1, 0, 't'}, " N", "that talk (one for each CPU)", MEDIA},
        {{"direct", 0, 0, 'D'}, "", "set calls up in the maps of a dataplane without controller", MEDIA},
        {{"dataplane", 1, 0, 'P'}, " PATH", "its socket (/run/xdpark/dataplane.sock)", MEDIA},
        {{"server", 1, 0, 'S'}, " IP:PORT", "where SIP goes to (" DEFAULT_SERVER ")", MEASURES},
        {{"domain", 1, 0, 'd'}, " NAME", "of the tenant (" DEFAULT_DOMAIN "; register: acme.example)",
                MEASURES},
        {{"number", 1, 0, 'N'}, " N", "to park at (700)", " hold park flood compare "},
        {{"orbit", 1, 0, 'o'}, " N", "the first of as many as there are calls (100000)",
                " forward take churn compare "},
        {{"pending", 1, 0, 'O'}, " N", "SIP requests under way at most (64)", MEDIA},
        {{"many", 1, 0, 'm'}, " N", "xdpark also has so many calls, and half the bridges (10000; 0: not)",
                " compare "},
        {{"most", 0, 0, 'M'}, "", "double rtpengine's calls until it doesn't keep up", " compare "},
        {{"rounds", 1, 0, 'k'}, " N", "runs of each relay (3)", " compare "},
        {{"ng", 1, 0, 'G'}, " IP[:PORT]", "ng of an rtpengine that runs, rather than start one", " compare "},
        {{"namespace", 1, 0, 'X'}, " NAME", "network namespace in which it is started (xdpark-relay)",
                " compare "},
        {{"interface", 1, 0, 'i'}, " NAME", "towards the relay (" DEFAULT_INTERFACE ")", CALLS},
        {{"local", 1, 0, 'l'}, " IP[-IP]", "addresses of callers or phones (" DEFAULT_LOCAL ")", MEASURES},
        {{"clip", 1, 0, 'c'}, " CLIP", "what is to be heard: music:FILE[@LEVEL], ringback:COUNTRY, silence",
                CALLS},
        {{"no-cpu", 0, 0, 'C'}, "", "don't measure CPU time: no idle time is needed", MEDIA},
        {{"json", 0, 0, 'j'}, "", "print the report as JSON", MEASURES},
        {{"version", 0, 0, 'v'}, "", "print the version and exit", NULL},
        {{"help", 0, 0, 'h'}, "", "print this and exit", NULL},
};

enum { OPTIONS = sizeof(table) / sizeof(table[0]) };

/* Whether a subcommand takes it. */
static bool is_taken(int option, const char *command)
{
	char word[RIG_NAME];

	snprintf(word, sizeof(word), " %s ", command);
	return !table[option].of || strstr(table[option].of, word);
}

void rig_options_help(const char *command)
{
	char text[64];

	for (int i = 0; i < OPTIONS; i++) {
		if (command && !is_taken(i, command))
			continue;
		snprintf(text, sizeof(text), "--%s%s", table[i].option.name, table[i].argument);
		printf("  %-22s %s", text, table[i].help);
		if (table[i].of && !command)
			printf("; of%.*s", (int)strlen(table[i].of) - 1, table[i].of);
		putchar('\n');
	}
}

static bool option_read(struct rig_options *options, int letter, const char *value)
{
	switch (letter) {
	case 'n':
		return option_count("calls", value, 1, 200000, &options->calls);
	case 'r':
		return option_number("rate", value, 0.001, 100000, &options->rate);
	case 'b':
		return option_method(value, &options->by_refer);
	case 'u':
		options->users = value;
		return true;
	case 'a':
		options->password = value;
		return true;
	case 'U':
		options->reuse_nonce = true;
		return true;
	case 'B':
		return option_count("parked", value, 0, 200000, &options->parked);
	case 'W':
		return option_number("wait", value, 0.1, 3600, &options->wait);
	case 'g':
		return option_number("packets", value, 1, 5e6, &options->packets);
	case 's':
		return option_number("seconds", value, 1, 86400, &options->seconds);
	case 'w':
		return option_number("warmup", value, 0, 600, &options->warmup);
	case 'q':
		options->talking = 0;
		return true;
	case 'T':
		return option_count("talking", value, 0, 100, &options->talking);
	case 'p':
		return option_ptime(value, &options->ptime_ms);
	case 'x':
		return offer_codec(value, &options->codec) ||
		       option_refuse("codec", value, "wants PCMU, PCMA or G722");
	case 'J':
		return option_number("jitter", value, 0, 500, &options->manner.jitter_ms);
	case 'L':
		return option_share("loss", value, &options->manner.loss);
	case 'R':
		return option_share("reorder", value, &options->manner.reorder);
	case 'V':
		options->manner.vad = true;
		return true;
	case 't':
		return option_count("threads", value, 1, CL_CPUS, &options->threads);
	case 'D':
		options->direct = true;
		return true;
	case 'P':
		return option_text("dataplane", value, options->dataplane, RIG_PATH);
	case 'S':
		return option_server("server", value, SIP_PORT, &options->server);
	case 'd':
		return option_name("domain", value, ".-:[]", &options->domain);
	case 'N':
		return option_name("number", value, "-_.!~*'()&=+$,/", &options->number);
	case 'o':
		return option_count("orbit", value, 0, 999999999, &options->orbit);
	case 'O':
		return option_count("pending", value, 1, 4096, &options->pending);
	case 'm':
		return option_count("many", value, 0, 200000, &options->many);
	case 'M':
		options->most = true;
		return true;
	case 'k':
		return option_count("rounds", value, 1, 15, &options->rounds);
	case 'G':
		return option_server("ng", value, RTPENGINE_NG_PORT, &options->ng);
	case 'X':
		return option_text("namespace", value, options->relay_namespace, RIG_NAME);
	case 'i':
		options->interface = value;
		return true;
	case 'l':
		return option_addresses(value, options->addresses, &options->address_count);
	case 'c':
		return option_text("clip", value, options->clip, RIG_PATH);
	case 'C':
		options->no_cpu = true;
		return true;
	default:
		options->json = true;
		return true;
	}
}

/* The music that the lab's load tenant plays: beside the built program, or where it is installed. */
static void clip_default(char clip[RIG_PATH])
{
	static const char *const places[] = {
	        "../ctl/audio/sounds/music.flac", "../share/xdpark/audio/sounds/music.flac"};
	char self[PATH_MAX] = "", path[PATH_MAX + 64];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return;
	dirname(self);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", self, places[i]);
		if (!access(path, R_OK) && strlen(path) + 7 < RIG_PATH)
			snprintf(clip, RIG_PATH, "music:%.500s", path);
	}
}

static void defaults_set(struct rig_options *options)
{
	const char *lab = getenv("XDPARK_LAB");

	*options = (struct rig_options){.calls = 1000,
	        .seconds = 10,
	        .warmup = 2,
	        .talking = 100,
	        .ptime_ms = 20,
	        .interface = DEFAULT_INTERFACE,
	        .domain = DEFAULT_DOMAIN,
	        .number = "700",
	        .orbit = 100000,
	        .pending = 64,
	        .rate = 100,
	        .users = USERS,
	        .password = PASSWORD,
	        .wait = 2,
	        .packets = 10000,
	        .many = 10000,
	        .rounds = 3};
	option_addresses(DEFAULT_LOCAL, options->addresses, &options->address_count);
	option_server("server", DEFAULT_SERVER, SIP_PORT, &options->server);
	snprintf(options->dataplane, RIG_PATH, "/run/%.100s/dataplane.sock", lab ? lab : "xdpark");
	snprintf(options->relay_namespace, RIG_NAME, "%.20s-relay", lab ? lab : "xdpark");
	clip_default(options->clip);
}

/* A comparison is of what rtpengine keeps up with, and of many runs. */
static void defaults_compare(struct rig_options *options)
{
	options->calls = 400;
	options->seconds = 2;
	options->warmup = 0.5;
}

/* In the lab the users who have a password are in another tenant. */
static void defaults_register(struct rig_options *options)
{
	options->domain = "acme.example";
}

/* The same, said to who gave it. */
static bool option_goes(const struct rig_options *options, int letter)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (table[i].option.val != letter || is_taken(i, options->command))
			continue;
		fprintf(stderr, "xdpark-rig: %s takes no --%s\n", options->command, table[i].option.name);
		return false;
	}
	return true;
}

/* Whom to compare with. */
static bool other_read(const struct rig_options *options)
{
	if (options->file_count == 1 && strcmp(options->files[0], "rtpengine") == 0)
		return true;
	fputs("xdpark-rig compare: with whom? 'compare rtpengine' is what there is\n", stderr);
	return false;
}

/* Manners are those of who talks. */
static bool manner_goes(const struct rig_options *options)
{
	const struct talk_manner *manner = &options->manner;

	if (options->talking ||
	        (manner->jitter_ms <= 0 && manner->loss <= 0 && manner->reorder <= 0 && !manner->vad))
		return true;
	fputs("xdpark-rig: nobody talks: --jitter, --loss, --reorder and --vad are of those who do\n",
	        stderr);
	return false;
}

/* getopt takes the beginning of a name for the whole; who asked for these is not to get a run. */
static bool is_cut_short(int letter)
{
	if (letter != 'h' && letter != 'v')
		return false;
	fputs("xdpark-rig: --help and --version are to be written out\n", stderr);
	return true;
}

int rig_options_read(struct rig_options *options, int argc, char **argv)
{
	static char program[] = "xdpark-rig"; /* so getopt's own messages begin */
	struct option list[OPTIONS + 1] = {0};
	int letter;

	defaults_set(options);
	options->command = argv[0];
	argv[0] = program;
	if (strcmp(options->command, "compare") == 0)
		defaults_compare(options);
	if (strcmp(options->command, "register") == 0)
		defaults_register(options);
	for (int i = 0; i < OPTIONS; i++)
		list[i] = table[i].option;
	while ((letter = getopt_long(argc, argv, "", list, NULL)) != -1)
		if (letter == '?' || is_cut_short(letter) || !option_goes(options, letter) ||
		        !option_read(options, letter, optarg))
			return RIG_USAGE + 1;
	if (!manner_goes(options))
		return RIG_USAGE + 1;
	options->files = argv + optind;
	options->file_count = argc - optind;
	if (strcmp(options->command, "page") == 0) {
		if (!options->file_count)
			fputs("xdpark-rig page: of which reports? It wants files\n", stderr);
		return options->file_count ? 0 : RIG_USAGE + 1;
	}
	if (strcmp(options->command, "compare") == 0) {
		if (!other_read(options))
			return RIG_USAGE + 1;
	} else if (optind < argc) {
		fprintf(stderr, "xdpark-rig %s: %s: what is that? (see --help)\n", options->command,
		        argv[optind]);
		return RIG_USAGE + 1;
	}
	if (!*options->clip && strcmp(options->command, "register") != 0) {
		fputs("xdpark-rig: no music.flac beside the program: say with --clip what callers are to "
		      "hear\n",
		        stderr);
		return RIG_USAGE + 1;
	}
	return 0;
}
