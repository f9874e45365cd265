/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual against what it describes: every option of every program, every key of the configuration. */
#include "config_stage.h"

#include <ctype.h>
#include <libgen.h>

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

/* Every --option and exit status of `PROGRAM --help` is in its page. Returns how many options. */
static unsigned help_check(const char *program, const char *path)
{
	char command[640], line[512], word[64], *page = page_read(path), *at;
	unsigned options = 0;
	FILE *help;

	assert_non_null(page);
	snprintf(command, sizeof(command), "%s/%s --help", build, program);
	help = popen(command, "r");
	assert_non_null(help);
	while (fgets(line, sizeof(line), help))
		for (at = line; (at = strstr(at, "--")); at += 2) {
			size_t length = 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz0123456789-");

			if (length == 2 || length >= sizeof(word))
				continue;
			snprintf(word, length + 1, "%s", at);
			if (!page_has(page, word))
				fail_msg("%s: no word of %s", path, word);
			options++;
		}
	assert_int_equal(pclose(help), 0);
	free(page);
	return options;
}

static void options_of_xdpark(void **state)
{
	(void)state;
	assert_true(help_check("xdpark", "tools/xdpark.8") >= 6);
}

static void options_of_xdparkd(void **state)
{
	(void)state;
	assert_true(help_check("xdparkd", "ctl/xdparkd.8") >= 5);
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
	        cmocka_unit_test(options_of_xdpark),
	        cmocka_unit_test(options_of_xdparkd),
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
