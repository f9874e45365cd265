/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual against what it describes: every option of every program, every key of the configuration. */
#include "config_stage.h"

#include <ctype.h>
#include <libgen.h>

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

enum { WORD = 64 };

static char build[512]; /* the folder of the programs */

/* The text of a page without its backslashes; to be freed. NULL: no such page. */
static char *page_read(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t length = 0;
	FILE *all;
	int c;

	if (!file)
		return NULL;
	all = open_memstream(&text, &length);
	while ((c = fgetc(file)) != EOF)
		if (c != '\\')
			fputc(c, all);
	fclose(file);
	fclose(all);
	return text;
}

/* Whether `word` stands in the text as a word of its own. */
static bool page_has(const char *page, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = page; (at = strstr(at, word)); at += length)
		if ((at == page || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')) &&
		        !isalnum((unsigned char)at[length]) && at[length] != '_' && at[length] != '-')
			return true;
	return false;
}

/* What `PROGRAM --help` prints; to be freed. */
static char *help_read(const char *program)
{
	char command[640], *text = NULL;
	size_t length = 0;
	FILE *help, *all = open_memstream(&text, &length);
	int c;

	snprintf(command, sizeof(command), "%s/%s --help", build, program);
	help = popen(command, "r");
	assert_non_null(help);
	while ((c = fgetc(help)) != EOF)
		fputc(c, all);
	assert_int_equal(pclose(help), 0);
	fclose(all);
	return text;
}

/* The letters at `at`, as many as belong to a word. Returns how many. */
static size_t word_read(const char *at, const char *letters, char word[WORD])
{
	size_t length = strspn(at, letters);

	assert_true(length > 0 && length < WORD);
	snprintf(word, length + 1, "%s", at);
	return length;
}

/* From the heading of a section to the next; "" if there is no such section. To be freed. */
static char *section_read(const char *page, const char *name)
{
	char heading[64];
	const char *begin, *end;

	snprintf(heading, sizeof(heading), "\n.SH %s\n", name);
	begin = strstr(page, heading);
	if (!begin)
		return strdup("");
	begin += strlen(heading) - 1;
	end = strstr(begin, "\n.SH ");
	return strndup(begin, end ? (size_t)(end + 1 - begin) : strlen(begin));
}

/*
 * The same words in the help and in the entries (.TP, .B) of a section: what stands behind `mark` in the one
 * and behind `entry` in the other. Returns how many.
 */
static unsigned words_compare(
        const char *help, const char *mark, const char *section, const char *entry, const char *letters)
{
	const char *at = help;
	char word[WORD];
	unsigned words = 0;

	while ((at = strstr(at, mark))) {
		at += strlen(mark);
		if (!strspn(at, letters))
			continue;
		at += word_read(at, letters, word);
		if (!page_has(section, word))
			fail_msg("in --help and not in the page: %s", word);
		words++;
	}
	for (at = section; (at = strstr(at, "\n.TP\n.B"));) {
		at += strlen("\n.TP\n.B");
		at += strspn(at, "IR");
		if (strncmp(at, entry, strlen(entry)) != 0)
			continue;
		at += strlen(entry);
		at += word_read(at, letters, word);
		if (!page_has(help, word))
			fail_msg("in the page and not in --help: %s", word);
	}
	return words;
}

static void help_and_page(void **state)
{
	static const struct {
		const char *program, *page;
		unsigned subcommands;
	} rows[] = {
	        {"xdpark", "tools/xdpark.8", 7},
	        {"xdparkd", "ctl/xdparkd.8", 0},
	        {"xdpark-dp", "kmod-free/xdpark-dp.8", 0},
	        {"xdpark-rig", "tools/xdpark-rig.8", 9},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *help = help_read(rows[i].program), *page = page_read(rows[i].page);
		char *options, *statuses, *subcommands, *status = strstr(help, "\nExit");

		print_message("%s and %s\n", rows[i].program, rows[i].page);
		assert_non_null(page);
		assert_non_null(status);
		options = section_read(page, "OPTIONS");
		statuses = section_read(page, "EXIT STATUS");
		subcommands = section_read(page, "SUBCOMMANDS");
		assert_true(words_compare(help, "\n  --", options, " --", LOWER DIGITS "-") >= 5);
		if (rows[i].subcommands)
			assert_int_equal(
			        words_compare(help, "\n  ", subcommands, " ", LOWER), rows[i].subcommands);
		for (char *end = status; (end = strchr(end, '\n'));)
			*end = ' ';
		assert_true(words_compare(status, " ", statuses, " ", DIGITS) >= 2);
		free(options);
		free(statuses);
		free(subcommands);
		free(page);
		free(help);
	}
}

/* An unknown key at each level makes the reader name those that it knows. */
static void keys_of_the_configuration(void **state)
{
	static const char text[] =
	        "x: 1\nsip: {x: 1}\ncontrol: {x: 1}\nregistration: {x: 1}\nmedia: [{x: 1}]\n"
	        "tenants: [{x: 1, users: [{x: 1}], park: {x: 1, hold: {x: 1}}}]\n"
	        "trunks: [{x: 1}]\n";
	char *page = page_read("ctl/xdparkd.conf.5"), *key, *rest;
	unsigned keys = 0, lists = 0;

	(void)state;
	assert_non_null(page);
	assert_true(stage_read(text) < 0);
	for (unsigned i = 0; i < stage.count; i++) {
		char *list = strstr(stage.reports[i], "known here: ");

		if (!list)
			continue;
		lists++;
		for (key = strtok_r(list + strlen("known here: "), ", ", &rest); key;
		        key = strtok_r(NULL, ", ", &rest), keys++)
			if (!page_has(page, key))
				fail_msg("xdparkd.conf.5: no word of %s", key);
	}
	assert_int_equal(lists, 10);
	assert_true(keys > 45);
	free(page);
}

/* The example of the page is a configuration. */
static void example_of_the_configuration(void **state)
{
	char *page = page_read("ctl/xdparkd.conf.5"), *begin, *end, *sounds;

	(void)state;
	assert_non_null(page);
	begin = strstr(page, ".SH EXAMPLE\n.nf\n");
	assert_non_null(begin);
	begin += strlen(".SH EXAMPLE\n.nf\n");
	end = strstr(begin, ".fi\n");
	assert_non_null(end);
	*end = '\0';
	/* Where the recordings lie is the only thing that this machine may not have. */
	sounds = strstr(begin, "sounds: ");
	assert_non_null(sounds);
	sounds += strlen("sounds: ");
	memset(sounds, ' ', strcspn(sounds, "\n"));
	*sounds = '.';
	stage_good(begin);
	assert_int_equal(stage.config->tenant_count, 1);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(help_and_page),
	        cmocka_unit_test(keys_of_the_configuration),
	        cmocka_unit_test(example_of_the_configuration),
	};
	char *self = realpath("/proc/self/exe", NULL);
	int failed;

	snprintf(build, sizeof(build), "%s/../..", self ? dirname(self) : ".");
	free(self);
	failed = cmocka_run_group_tests(tests, stage_open, stage_close);
	config_free(stage.config);
	return failed;
}
