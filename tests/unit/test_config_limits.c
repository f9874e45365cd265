/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration may not ask for although it reads well: music that can't be heard, addresses of
 * everybody, texts that fit no message; and what is never told. */
#include <errno.h>

#include "config_rows.h"

#define LISTEN(x) "sip: {listen: [" x "]}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n"
#define MEDIA(x)  "sip: {listen: [10.0.0.1]}\nmedia: [" x "]\ntenants: [{domain: a}]\n"
#define SPANS(x)  SERVER "tenants: [{domain: a}]\ntrunks: [{name: t, addresses: [" x "]}]\n"
#define TEN       "1234567890"
#define HUNDRED   TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* Copies the first `bytes` of a file. */
static void file_cut(const char *from, const char *to, size_t bytes)
{
	static char content[1 << 20];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");

	assert_true(in && out && bytes <= sizeof(content));
	assert_int_equal(fread(content, 1, bytes, in), bytes);
	assert_int_equal(fwrite(content, 1, bytes, out), bytes);
	fclose(in);
	fclose(out);
}

/* What would stop the daemon later, or never be heard. A file that several tenants have is told of for each.
 */
static void of_music(void **state)
{
	static const struct row rows[] = {
	        {PARK("hold: {music: en/0.wav}"),
	                "3: tenants[a].park.hold.music: ...en/0.wav is no audio file"},
	        {PARK("hold: {music: test.yaml}"),
	                "3: tenants[a].park.hold.music: ...test.yaml is no audio file"},
	        {PARK("hold: {music: low.wav}"),
	                "3: tenants[a].park.hold.music: ...low.wav has 1 channels at 2000 Hz"},
	        {PARK("hold: {music: none.wav}"),
	                "3: tenants[a].park.hold.music: ...shorter than half a second"},
	        {PARK("hold: {music: short.wav}"),
	                "3: tenants[a].park.hold.music: ...shorter than half a second"},
	        {PARK("hold: {music: silent.wav}"), "3: tenants[a].park.hold.music: ...nothing but silence"},
	        {PARK("hold: {music: cut.flac}"),
	                "3: tenants[a].park.hold.music: ...can't be read to its end"},
	};
	char path[160];

	(void)state;
	stage_record("low.wav", 2000, 4000, 8000);
	stage_record("none.wav", 8000, 0, 0);
	stage_record("short.wav", 8000, 3999, 8000);
	stage_record("silent.wav", 8000, 8000, 0);
	snprintf(path, sizeof(path), "%s/cut.flac", stage.folder);
	file_cut("ctl/audio/sounds/music.flac", path, 100000);
	check(rows);
	assert_int_equal(
	        stage_read(TENANT "park: {orbits: [701], announce: no, hold: {music: short.wav}}\n"
	                          "- domain: b\n"
	                          "  park: {orbits: [701], announce: no, hold: {music: short.wav}}\n"),
	        -EINVAL);
	assert_int_equal(stage.count, 2);
}

static void of_addresses(void **state)
{
	static const struct row rows[] = {
	        {LISTEN("224.0.0.1"), "1: sip.listen[1]: 224.0.0.1:5060 is a multicast address"},
	        {LISTEN("'[ff02::1]:5060'"), "1: sip.listen[1]: [ff02::1]:5060 is a multicast address"},
	        {MEDIA("239.1.2.3"), "2: media[1]: is not an address that phones can reach"},
	        {MEDIA("127.0.0.1"), "2: media[1]: is not an address that phones can reach"},
	        {MEDIA("{address: 10.0.0.1, advertise: 224.0.0.1}"),
	                "2: media[1].advertise: \"224.0.0.1\" is not an address"},
	        {SPANS("0.0.0.0/1"), "4: trunks[t].addresses[1]: is more than a /8"},
	        {SPANS("0.0.0.0/1, 128.0.0.0/1"), "4: trunks[t].addresses[1]: is more than a /8"},
	        {SPANS("10.0.0.0-11.0.0.0"), "4: trunks[t].addresses[1]: is more than a /8"},
	        {SPANS("'2000::/3'"), "4: trunks[t].addresses[1]: is more than a /8 (IPv6: a /16)"},
	        {SPANS("'::/80'"), "4: trunks[t].addresses[1]: is everybody"},
	        {TRUNK("tenants: [a, A]"), "5: trunks[t].tenants[2]: a is there twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int error = stage_read(rows[i].yaml);

		if (error == -EINVAL && report_is(stage.reports[0], rows[i].wanted))
			continue;
		stage_print();
		fail_msg("row %zu: %s", i, rows[i].wanted);
	}
	stage_good(SPANS("10.0.0.0/8, '2001::/16', 11.0.0.0-11.255.255.255"));
	stage_good(LISTEN("127.0.0.1"));
}

static void of_texts(void **state)
{
	static const struct row rows[] = {
	        {TENANT "user: []\n", "5: tenants[a].user: unknown key"},
	        {"sip: {listen: [10.0.0.1], agent: " HUNDRED
	         "1}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n",
	                "1: sip.agent: is longer than 100 bytes"},
	        {USER("name: 1, password: x, display: " HUNDRED "1"),
	                "3: tenants[a].users[1].display: is longer than 100 bytes"},
	        {USER("name: 1, contacts: ['sip:" HUNDRED HUNDRED HUNDRED "@10.0.0.1']"),
	                "3: tenants[a].users[1].contacts[1]: is longer than 255 bytes"},
	        {USER("names: 1-9, ha1_md5: 0123456789abcdef0123456789abcdef"),
	                "3: tenants[a].users[1]: a range of users can't share a hash"},
	        {SERVER "tenants: [{domain: ..}]\n", "3: tenants[..].domain: \"..\" is not a domain"},
	        {SERVER "tenants: [{domain: a..b}]\n", "3: tenants[a..b].domain: "},
	        {SERVER "tenants: [{domain: .a}]\n", "3: tenants[.a].domain: "},
	        {SERVER "tenants: [{domain: a.}]\n", "3: tenants[a.].domain: "},
	        {SERVER "tenants: [{domain: -a}]\n", "3: tenants[-a].domain: "},
	        {SERVER "tenants: [{domain: a-.b}]\n", "3: tenants[a-.b].domain: "},
	        {SERVER "tenants: [{domain: " HUNDRED ".b}]\n", "3: tenants["},
	};

	(void)state;
	check(rows);
	stage_good("sip: {listen: [10.0.0.1], agent: " HUNDRED
	           "}\nmedia: [10.0.0.1]\ntenants: [{domain: 10.0.0.1}]\n");
	stage_good(USER("name: 1, password: x, display: " HUNDRED));
	stage_good(USER("names: 1-9, password: x"));
	stage_good(SERVER "tenants: [{domain: a-1.b--c.example}]\n");
}

/* A password may stand where a key belongs, or behind a key that isn't one. */
static void no_secret_is_told(void **state)
{
	static const char *const texts[] = {
	        USER("name: 1, s3cret: password"),
	        USER("name: 1, password: x, s3cret: x"),
	        USER("name: 1, password: x, s3cret"),
	        USER("name: 1, password: x, pasword: s3cret"),
	        USER("name: 1, password: [s3cret]"),
	        USER("name: 1, password: {s3cret: s3cret}"),
	        USER("name: 1, ha1_md5: s3cret"),
	        USER("name: 1, s3cret: {s3cret: s3cret}"),
	        USER("name: 1, ? {s3cret: s3cret} : s3cret"),
	        TENANT "users:\n  - name: 1\n    password:\n  S3cret!: x\n",
	        TENANT "users:\n  - name: 1\n    password:\nS3cret!: x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(stage_read(texts[i]), -EINVAL);
		for (unsigned r = 0; r < stage.count; r++)
			if (strcasestr(stage.reports[r], "s3cret"))
				fail_msg("%s: %s", texts[i], stage.reports[r]);
	}
	assert_int_equal(stage_read(TENANT "users:\n  - name: 1\n    password: x\n    s3cret: y\n"), -EINVAL);
	assert_true(report_is(stage.reports[0], "8: tenants[a].users[1]: unknown key at column 5"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(of_music),
	        cmocka_unit_test(of_addresses),
	        cmocka_unit_test(of_texts),
	        cmocka_unit_test(no_secret_is_told),
	};
	int failed = cmocka_run_group_tests(tests, stage_open, stage_close);

	config_free(stage.config);
	return failed;
}
