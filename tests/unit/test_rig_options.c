/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rig's command line: what it takes, and what it says of what it doesn't. */
#include <arpa/inet.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/rig/command.h"
#include "tools/rig/options.h"

enum { WORDS = 32, LINE = 256, SAID = 4096 };

/* A command line, cut at blanks; '' is an empty word. */
struct line {
	char text[LINE];
	char *word[WORDS + 1];
	int words;
};

static void line_cut(struct line *line, const char *text)
{
	static char empty[] = "";
	char *rest = line->text;

	snprintf(line->text, LINE, "%s", text);
	line->words = 0;
	for (char *word; (word = strsep(&rest, " ")) && line->words < WORDS;)
		line->word[line->words++] = strcmp(word, "''") == 0 ? empty : word;
	line->word[line->words] = NULL;
}

/* Reads a command line; what is said on standard error goes to `said`. */
static int line_read(struct line *line, const char *text, struct rig_options *options, char said[SAID])
{
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO), code;
	size_t length;

	assert_non_null(file);
	line_cut(line, text);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	optind = 0;
	code = rig_options_read(options, line->words, line->word);
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	length = fread(said, 1, SAID - 1, file);
	said[length] = '\0';
	fclose(file);
	return code;
}

static void what_it_takes(void **state)
{
	struct rig_options options;
	struct line line;
	char said[SAID];

	(void)state;
	assert_int_equal(
	        line_read(&line,
	                "hold --clip silence --calls 7 --seconds 1.5 --number *70+1 --domain a.example "
	                "--local 10.0.0.1-10.0.0.3 --server 10.0.0.9 --loss 25 --ptime 30",
	                &options, said),
	        0);
	assert_string_equal(said, "");
	assert_int_equal(options.calls, 7);
	assert_float_equal(options.seconds, 1.5, 1e-9);
	assert_string_equal(options.number, "*70+1");
	assert_string_equal(options.domain, "a.example");
	assert_int_equal(options.address_count, 3);
	assert_int_equal(ntohl(options.addresses[2].s_addr), 0x0a000003);
	assert_int_equal(ntohs(options.server.sin_port), 5060);
	assert_float_equal(options.manner.loss, 0.25, 1e-9);
	assert_int_equal(options.ptime_ms, 30);
}

static void subcommands_have_defaults_of_their_own(void **state)
{
	struct rig_options options;
	struct line line;
	char said[SAID];

	(void)state;
	assert_int_equal(line_read(&line, "register", &options, said), 0);
	assert_string_equal(options.domain, "acme.example");
	assert_int_equal(line_read(&line, "compare --clip silence rtpengine", &options, said), 0);
	assert_int_equal(options.calls, 400);
	assert_string_equal(options.domain, "load.example");
}

static void what_it_refuses(void **state)
{
	static const struct {
		const char *line, *says;
	} refused[] = {
	        {"hold --calls 0", "--calls 0: wants a number from 1 to 200000"},
	        {"hold --calls 1.5", "--calls 1.5: wants a whole number"},
	        {"hold --calls ten", "--calls ten: wants a number"},
	        {"hold --calls nan", "--calls nan: wants a number"},
	        {"hold --calls ''", "--calls : wants a number"},
	        {"hold --seconds 1e9", "--seconds 1e9: wants a number from 1 to 86400"},
	        {"hold --ptime 50", "--ptime 50: wants 10, 20, 30, 40 or 60"},
	        {"hold --codec opus", "--codec opus: wants PCMU, PCMA or G722"},
	        {"hold --number ''", "--number '': wants at least one character"},
	        {"hold --number 7\"0", "--number 7\"0: wants letters, digits and"},
	        {"hold --number 700@there", "--number 700@there: wants letters, digits and"},
	        {"hold --domain a>b", "--domain a>b: wants letters, digits and .-:[]"},
	        {"hold --local 10.0.0.9-10.0.0.1", "--local 10.0.0.9-10.0.0.1: wants an IPv4 address"},
	        {"hold --local 10.0.0.0-10.0.1.0", "at most 64"},
	        {"hold --local 123.123.123.1234-123.123.123.123", "wants an IPv4 address"},
	        {"hold --server 123.123.123.1234:5060", "wants an IPv4 address, alone or with :PORT"},
	        {"hold --server there", "--server there: wants an IPv4 address, alone or with :PORT"},
	        {"hold --server 10.0.0.1:0", "--server 0: wants a number from 1 to 65535"},
	        {"hold --silent --jitter 5", "nobody talks: --jitter, --loss, --reorder and --vad"},
	        {"hold --rate 5", "hold takes no --rate"},
	        {"hold --nonsense", "unrecognized option '--nonsense'"},
	        {"hold --calls", "option '--calls' requires an argument"},
	        {"hold --hel", "--help and --version are to be written out"},
	        {"hold --versio", "--help and --version are to be written out"},
	        {"hold extra", "xdpark-rig hold: extra: what is that?"},
	        {"park --by fax", "--by fax: wants invite or refer"},
	        {"park --rate 0", "--rate 0: wants a number from 0.001 to 100000"},
	        {"compare asterisk", "with whom?"},
	        {"page", "of which reports?"},
	};
	struct rig_options options;
	struct line line;
	char said[SAID];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		assert_int_equal(line_read(&line, refused[i].line, &options, said), RIG_USAGE + 1);
		if (!strstr(said, refused[i].says))
			fail_msg("%s: said \"%s\", not \"%s\"", refused[i].line, said, refused[i].says);
		assert_string_equal(strchr(said, '\n'), "\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_it_takes),
	        cmocka_unit_test(subcommands_have_defaults_of_their_own),
	        cmocka_unit_test(what_it_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
