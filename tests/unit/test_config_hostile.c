/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that mean harm, or are only large: refused or read in bounded time, and never believed. */
#include "config_stage.h"

#include <errno.h>

#include "ctl/timer.h"

enum { MEGABYTE = 1 << 20 };

#define SERVER "sip: {listen: [10.0.0.1]}\nmedia: [10.0.0.1]\n"

/* The file must be refused with one report that begins like this, within two seconds. */
static void refused(const void *bytes, size_t length, const char *wanted)
{
	uint64_t since = clock_monotonic_ms(NULL);

	assert_int_equal(stage_read_bytes(bytes, length), -EINVAL);
	if (stage.count != 1 || strncmp(stage.reports[0], wanted, strlen(wanted)) != 0) {
		stage_print();
		fail_msg("wanted %s", wanted);
	}
	assert_true(clock_monotonic_ms(NULL) - since < 2000);
}

static void text_refused(const char *text, const char *wanted)
{
	refused(text, strlen(text), wanted);
}

/* `count` times `part`; to be freed. */
static char *repeated(const char *part, size_t count)
{
	size_t length = strlen(part);
	char *text = malloc(length * count + 1);

	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, part, length);
	text[length * count] = '\0';
	return text;
}

static void aliases(void **state)
{
	(void)state;
	text_refused("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "2: yaml: aliases");
	text_refused("a: &a\n  b: *a\n", "2: yaml: aliases");
	text_refused("a: {<<: *nowhere}\n", "1: yaml: aliases");
}

static void depth(void **state)
{
	char *brackets = repeated("[", MEGABYTE), *braces = repeated("{a: ", MEGABYTE / 4);
	char *dashes = repeated("- ", MEGABYTE / 2);

	(void)state;
	text_refused(brackets, "1: yaml: nested too deeply");
	text_refused(braces, "1: yaml: nested too deeply");
	text_refused(dashes, "1: yaml: nested too deeply");
	free(brackets);
	free(braces);
	free(dashes);
}

static void bytes(void **state)
{
	static const char latin1[] = "sip: x\nmedia: \xfc\n";
	static const char nul[] = "sip: x\nmedia: a\0b\n";
	uint8_t noise[4096] = {0};

	(void)state;
	refused(latin1, sizeof(latin1) - 1, "2: yaml: ");
	refused(nul, sizeof(nul) - 1, "2: yaml: ");
	text_refused("sip: \"a\\0b\"\n", "1: yaml: a value must be one line");
	text_refused("sip: \"a\\r\\nVia: x\"\n", "1: yaml: a value must be one line");
	text_refused("sip: |\n  a\n  b\n", "1: yaml: a value must be one line");
	text_refused("sip: !!binary x\n", "1: yaml: tags");
	text_refused("sip: !x y\n", "1: yaml: tags");
	text_refused("sip: x\n--- \nsip: y\n", "2: yaml: a second document");
	text_refused("sip: {\n", "2: yaml: ");
	text_refused("sip: x\n\tmedia: y\n", "2: yaml: ");
	srandom(5);
	for (int round = 0; round < 2000; round++) {
		size_t length = (size_t)random() % sizeof(noise);

		for (size_t i = 0; i < length; i++)
			noise[i] = (uint8_t)random();
		assert_int_equal(stage_read_bytes(noise, length), -EINVAL);
	}
}

/* A good file, cut and with single bytes changed at random: never a crash, and errors name lines in it. */
static void mutations(void **state)
{
	static const char good[] =
	        SERVER "sounds: .\ntenants:\n- domain: a.example\n  users:\n"
	               "  - {name: 101, password: x, display: A}\n"
	               "  - {names: 20-29, contacts: ['sip:{name}@10.0.0.{name}']}\n"
	               "  numbers: {12: 101}\n"
	               "  park: {number: 700, orbits: [701-720], hold: {ringback: de}}\n"
	               "trunks: [{name: t, addresses: [10.1.0.1-10.1.0.9], tenants: [a.example]}]\n";
	char text[sizeof(good)];

	(void)state;
	stage_good(good);
	srandom(6);
	for (int round = 0; round < 5000; round++) {
		size_t length = random() % 4 ? sizeof(good) - 1 : (size_t)random() % sizeof(good);

		memcpy(text, good, sizeof(good));
		for (long changes = random() % 4; changes >= 0; changes--)
			text[(size_t)random() % (sizeof(good) - 1)] =
			        "0129az{}[]:,-&*!|>'\"%@`# \n\t"[random() % 27];
		stage_read_bytes(text, length);
		for (unsigned i = 0; i < stage.count; i++)
			assert_true(strtoul(stage.reports[i], NULL, 10) <= 14);
	}
}

static void many_mistakes(void **state)
{
	char *pairs = repeated("x: 1\n", MEGABYTE / 4);
	uint64_t since = clock_monotonic_ms(NULL);

	(void)state;
	assert_int_equal(stage_read(pairs), -EINVAL);
	assert_int_equal(stage.count, 1001);
	assert_non_null(strstr(stage.reports[1000], "more errors"));
	assert_true(clock_monotonic_ms(NULL) - since < 5000);
	free(pairs);
}

static void size(void **state)
{
	char *scalar = repeated("x", 8UL * MEGABYTE);
	FILE *file;

	(void)state;
	text_refused(scalar, "1: file: expected a block of keys");
	free(scalar);
	file = fopen(stage.file, "w");
	assert_non_null(file);
	assert_int_equal(fseek(file, 65L * MEGABYTE, SEEK_SET), 0);
	assert_int_equal(fputc('x', file), 'x');
	assert_int_equal(fclose(file), 0);
	stage.count = 0;
	assert_int_equal(config_read(&stage.config, stage.file, stage_report, &stage), -EFBIG);
	assert_string_equal(stage.reports[0], "0: file: is larger than 64 MB");
}

/* 5,000 tenants of 20 users: later to load in under two seconds. */
static void thousands_of_tenants(void **state)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	uint64_t since, took;

	(void)state;
	assert_non_null(stream);
	fputs(SERVER "tenants:\n", stream);
	for (int tenant = 0; tenant < 5000; tenant++) {
		fprintf(stream,
		        "- domain: t%d.example\n  park: {number: 700, orbits: [701-720], announce: no}\n",
		        tenant);
		fprintf(stream, "  numbers: {'+49%d': 101}\n  users:\n", tenant);
		for (int user = 101; user <= 120; user++)
			fprintf(stream, "  - {name: %d, display: User %d, password: secret-%d}\n", user, user,
			        user);
	}
	assert_int_equal(fclose(stream), 0);
	since = clock_monotonic_ms(NULL);
	assert_int_equal(stage_read_bytes(text, length), 0);
	took = clock_monotonic_ms(NULL) - since;
	print_message("5,000 tenants of 20 users, %zu kB of YAML: %llu ms\n", length / 1000,
	        (unsigned long long)took);
	assert_int_equal(stage.config->tenant_count, 5000);
	assert_non_null(config_user_find(config_tenant_find(stage.config, "t4711.example"), "120"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(aliases),
	        cmocka_unit_test(depth),
	        cmocka_unit_test(bytes),
	        cmocka_unit_test(mutations),
	        cmocka_unit_test(many_mistakes),
	        cmocka_unit_test(size),
	        cmocka_unit_test(thousands_of_tenants),
	};
	int failed = cmocka_run_group_tests(tests, stage_open, stage_close);

	config_free(stage.config);
	return failed;
}
