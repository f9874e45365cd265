/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every mistake that a configuration can hold: its line, its key, and what is said about it. */
#include <errno.h>

#include "config_rows.h"

static void of_the_server(void **state)
{
	static const struct row rows[] = {
	        {"", "1: file: is empty"},
	        {"# nothing\n", "1: file: is empty"},
	        {"just a text\n", "1: file: expected a block of keys, this is a single value"},
	        {"[a, b]\n", "1: file: expected a block of keys, this is a list"},
	        {SERVER, "1: tenants: is missing"},
	        {"media: [10.0.0.1]\ntenants: [{domain: a}]\n", "1: sip: is missing"},
	        {"sip: {listen: [10.0.0.1]}\ntenants: [{domain: a}]\n", "1: media: is missing"},
	        {SERVER "tenants: [{domain: a}]\nextra: 1\n", "4: extra: unknown key...sip, dataplane"},
	        {SERVER "tenants: [{domain: a}]\n? [x]\n: 1\n", "4: file: a key must be a word"},
	        {SERVER "tenants: [{domain: a}]\nmedia: [10.0.0.2]\n",
	                "4: media: given twice, first on line 2"},
	        {SERVER "tenants: [{domain: a}]\nsounds:\n", "4: sounds: has no value"},
	        {SERVER "tenants: [{domain: a}]\nsounds: [x]\n", "4: sounds: expected a single value...list"},
	        {SERVER "tenants: [{domain: a}]\ndataplane: run/x\n", "4: dataplane: \"run/x\"...absolute"},
	        {SERVER "tenants: [{domain: a}]\ncontrol: {socket: "
	                "/run/12345678901234567890123456789012345678901"
	                "23456789012345678901234567890123456789012345678901234567890123456789}\n",
	                "4: control.socket: is too long"},
	        {SERVER "tenants: [{domain: a}]\ncontrol:\n  group: nosuchgroup\n",
	                "5: control.group: there is no group \"nosuchgroup\""},
	        {SERVER "tenants: [{domain: a}]\nregistration: {min: 12x}\n", "4: registration.min: \"12x\""},
	        {SERVER "tenants: [{domain: a}]\nregistration: {min: 60}\n",
	                "4: registration.min: \"60\"...60s"},
	        {SERVER "tenants: [{domain: a}]\nregistration: {min: 1s}\n",
	                "4: registration.min: 1s is not be"},
	        {SERVER "tenants: [{domain: a}]\nregistration: {max: 99999999999h}\n",
	                "4: registration.max: "},
	        {SERVER "tenants: [{domain: a}]\nregistration: {max: 4294967295h}\n",
	                "4: registration.max: "},
	        {SERVER "tenants: [{domain: a}]\nregistration: {min: 2m, max: 1m}\n",
	                "4: registration.min: is l"},
	};
	static const struct row addresses[] = {
	        {"sip: {agent: x}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n", "1: sip.listen: is missing"},
	        {"sip: {listen: []}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n",
	                "1: sip.listen: must have 1"},
	        {"sip: {listen: x}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n",
	                "1: sip.listen: expected a list"},
	        {"sip: {listen: [host]}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n",
	                "1: sip.listen[1]: \"host\""},
	        {"sip: {listen: ['10.0.0.1:0']}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n",
	                "1: sip.listen[1]: "},
	        {"sip: {listen: ['10.0.0.1:65536']}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n",
	                "1: sip.listen[1]"},
	        {"sip: {listen: ['[::]:5060']}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n",
	                "1: sip.listen[1]: name the address that phones reach"},
	        {"sip: {listen: [10.0.0.1, '10.0.0.1:5060']}\nmedia: [10.0.0.1]\ntenants: [{domain: a}]\n",
	                "1: sip.listen[2]: 10.0.0.1:5060 is there twice"},
	        {"sip: {listen: [10.0.0.1]}\nmedia: []\ntenants: [{domain: a}]\n", "2: media: has no entry"},
	        {"sip: {listen: [10.0.0.1]}\nmedia: [x]\ntenants: [{domain: a}]\n",
	                "2: media[1]: \"x\" is no address"},
	        {"sip: {listen: [10.0.0.1]}\nmedia: [0.0.0.0]\ntenants: [{domain: a}]\n",
	                "2: media[1]: is not an ad"},
	        {"sip: {listen: [10.0.0.1]}\nmedia: [10.0.0.0/26, 10.1.0.0]\ntenants: [{domain: a}]\n",
	                "2: media[2]: more than 64"},
	        {"sip: {listen: [10.0.0.1]}\nmedia:\n- 10.0.0.1-10.0.0.9\n- 10.0.0.5\ntenants: [{domain: "
	         "a}]\n",
	                "4: media[2]: media address 10.0.0.5 collides with media addresses 10.0.0.1-10.0.0.9 "
	                "on line 3"},
	        {"sip: {listen: [10.0.0.1]}\nmedia: [{address: 10.0.0.1, advertise: x}]\ntenants: [{domain: "
	         "a}]\n",
	                "2: media[1].advertise: \"x\" is not an address"},
	        {"sip: {listen: [10.0.0.1]}\nmedia: [{address: 10.0.0.1, advertise: 'fd00::1'}]\ntenants: "
	         "[{domain: a}]\n",
	                "2: media[1].advertise: must be of the same family"},
	        {"sip: {listen: [10.0.0.1]}\nmedia: [{address: 10.0.0.1-10.0.0.2, advertise: "
	         "10.9.9.9}]\ntenants: "
	         "[{domain: a}]\n",
	                "2: media[1].advertise: goes with a single address"},
	        {"sip: {listen: [10.0.0.1]}\nmedia: [{advertise: 10.0.0.1}]\ntenants: [{domain: a}]\n",
	                "2: media[1].address: is missing"},
	};

	(void)state;
	check(rows);
	check(addresses);
}

static void of_tenants(void **state)
{
	static const struct row rows[] = {
	        {SERVER "tenants: []\n", "3: tenants: has no entry"},
	        {SERVER "tenants: {a: b}\n", "3: tenants: expected a list"},
	        {SERVER "tenants: [a.example]\n", "3: tenants[1]: expected a block"},
	        {SERVER "tenants:\n- users: []\n", "4: tenants[1].domain: is missing"},
	        {SERVER "tenants: [{domain: 'a b'}]\n", "3: tenants[a b].domain: \"a b\" is not a domain"},
	        {SERVER "tenants:\n- domain: a\n- domain: b\n- domain: A\n",
	                "6: tenants[A].domain: tenant a is there already, on line 4"},
	        {TENANT "user: []\n", "5: tenants[a].user: unknown key"},
	        {TENANT "codecs: [PCMU, opus]\n", "5: tenants[a].codecs[2]: no codec \"opus\""},
	        {TENANT "codecs: [PCMU, pcmu]\n", "5: tenants[a].codecs[2]: PCMU is there twice"},
	        {TENANT "codecs: []\n", "5: tenants[a].codecs: has no entry"},
	        {TENANT "digest: sha256\n",
	                "5: tenants[a].digest: no digest \"sha256\"; there are md5, both, sha-256"},
	        {TENANT "digest: [md5]\n", "5: tenants[a].digest: expected a single value"},
	        {TENANT "digest:\n", "5: tenants[a].digest: has no value"},
	        {TENANT "numbers: [1]\n", "5: tenants[a].numbers: expected a block"},
	        {TENANT "numbers: {12: 101}\n",
	                "5: tenants[a].numbers.12: \"101\" is no user, park number or orbit"},
	        {TENANT "users: [{name: 1, password: x}]\n  numbers: {1x: 1}\n",
	                "6: tenants[a].numbers.1x: \"1x\""},
	        {TENANT "users: [{name: 1, password: x}]\n  numbers: {? [y] : 1}\n",
	                "6: tenants[a].numbers: a key"},
	        {TENANT "users: [{name: 1, password: x}]\n  numbers: {12: 1}\n- domain: b\n  numbers: {12: "
	                "1}\n"
	                "  users: [{name: 1, password: x}]\n",
	                "8: tenants[b].numbers.12: called number 12 is there already, on line 6"},
	};

	(void)state;
	check(rows);
}

static void of_users(void **state)
{
	static const struct row rows[] = {
	        {TENANT "users: 5\n", "5: tenants[a].users: expected a list"},
	        {USER("password: x"), "3: tenants[a].users[1]: has no name"},
	        {USER("name: 1, names: 2-3, password: x"), "3: tenants[a].users[1]: has both name and names"},
	        {USER("name: 'a@b', password: x"),
	                "3: tenants[a].users[a@b].name: \"a@b\" is not a user name"},
	        {USER("name: 12345678901234567890123456789012345678901234567890123456789012345, password: x"),
	                "3: tenants[a].users[...too long"},
	        {USER("name: 1"), "3: tenants[a].users[1]: has neither password nor contacts"},
	        {USER("name: 1, password: x, pasword: y"),
	                "3: tenants[a].users[1]: unknown key at column 54; known here: name, names"},
	        {USER("name: 1, password: x, ha1_md5: 0123456789abcdef0123456789abcdef"),
	                "3: tenants[a].users[1]: has a password and hashes"},
	        {USER("name: 1, ha1_md5: 0123456789abcdef0123456789abcde"),
	                "3: tenants[a].users[1].ha1_md5: must be 32"},
	        {USER("name: 1, ha1_sha256: "
	              "x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
	                "3: tenants[a].users[1].ha1_sha256: must be 64 hex"},
	        {USER("name: 1, password: x, take: maybe"),
	                "3: tenants[a].users[1].take: \"maybe\" is neither"},
	        {USER("name: 1, password: x, max_contacts: 12x"),
	                "3: tenants[a].users[1].max_contacts: \"12x\""},
	        {USER("name: 1, password: x, max_contacts: 0"),
	                "3: tenants[a].users[1].max_contacts: \"0\"...1 to 100"},
	        {USER("name: 1, password: x, max_contacts: -1"),
	                "3: tenants[a].users[1].max_contacts: \"-1\""},
	        {USER("name: 1, password: x, max_contacts: 1e1"),
	                "3: tenants[a].users[1].max_contacts: \"1e1\""},
	        {USER("name: 1, password: x, max_contacts: 99999999999999999999"),
	                "3: tenants[a].users[1].max_c"},
	        {USER("name: 1, password: x, max_contacts: 18446744073709551617"),
	                "3: tenants[a].users[1].max_c"},
	        {USER("name: 1, contacts: ['sip:1@10.0.0.1:0']"), "3: tenants[a].users[1].contacts[1]: "},
	        {USER("name: 1, contacts: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]"),
	                "3: tenants[a].users[1].contacts: must have 1 to 16"},
	        {USER("name: 1, contacts: []"), "3: tenants[a].users[1].contacts: must have 1 to 16"},
	        {USER("name: 1, contacts: x"), "3: tenants[a].users[1].contacts: expected a list"},
	        {USER("name: 1, contacts: ['sip:1@host']"),
	                "3: tenants[a].users[1].contacts[1]: \"sip:1@host\""},
	        {USER("name: 1, contacts: ['sips:1@10.0.0.1']"), "3: tenants[a].users[1].contacts[1]: "},
	        {USER("name: 1, contacts: ['sip:1@0.0.0.0']"), "3: tenants[a].users[1].contacts[1]: "},
	        {USER("name: 1, contacts: ['sip:1@10.0.0.1;transport=tcp']"),
	                "3: tenants[a].users[1].contacts[1]: "},
	        {USER("names: 1-10, password: x"), "3: tenants[a].users[1].names: \"1-10\": both ends"},
	        {USER("names: 9-1, password: x"), "3: tenants[a].users[1].names: \"9-1\" is not a range"},
	        {USER("names: 100000-299999, password: x"), "3: tenants[a].users[1].names: more than 100000"},
	        {USER("names: 1-9, contacts: ['sip:{name}@host']"),
	                "3: tenants[a].users[1].contacts[1]: \"sip:1@host\""},
	        {TENANT "users:\n  - {name: 1, password: x}\n  - {name: 1, password: x}\n",
	                "7: tenants[a].users[1].name: user 1 is there already, on line 6"},
	        {TENANT "users:\n  - {names: 10-19, password: x}\n  - {name: 15, password: x}\n",
	                "7: tenants[a].users[15].name: user 15 collides with users 10-19 on line 6"},
	};

	(void)state;
	check(rows);
}

static void of_parking(void **state)
{
	static const struct row rows[] = {
	        {TENANT "park: {number: 700}\n", "5: tenants[a].park.orbits: is missing"},
	        {TENANT "park: {orbits: []}\n  \n", "5: tenants[a].park.orbits: has no entry"},
	        {TENANT "park: {announce: no, orbits: [7x]}\n",
	                "5: tenants[a].park.orbits[1]: \"7x\" is not a range"},
	        {TENANT "park: {announce: no, orbits: [720-701]}\n",
	                "5: tenants[a].park.orbits[1]: \"720-701\""},
	        {TENANT "park: {announce: no, orbits: [1-20]}\n",
	                "5: tenants[a].park.orbits[1]: \"1-20\": both ends"},
	        {TENANT "park: {announce: no, orbits: [0123456789]}\n", "5: tenants[a].park.orbits[1]: "},
	        {TENANT "park: {announce: no, orbits: [0000000-1000000]}\n",
	                "5: tenants[a].park.orbits: more than 10"},
	        {TENANT "park: {announce: no, orbits: [701-720, 715-725]}\n",
	                "5: tenants[a].park.orbits[2]: orbits 715-725 collides with orbits 701-720 on line "
	                "5"},
	        {PARK("number: 710"),
	                "3: tenants[a].park.number: park number 710 collides with orbits 701-720"},
	        {PARK("number: 'a b'"), "3: tenants[a].park.number: \"a b\""},
	        {TENANT "users: [{name: 705, password: x}]\n  park: {announce: no, orbits: [701-720]}\n",
	                "6: tenants[a].park.orbits[1]: orbits 701-720 collides with user 705 on line 5"},
	        {TENANT "users: [{name: 700, password: x}]\n  park: {announce: no, number: 700, orbits: "
	                "[701]}\n",
	                "6: tenants[a].park.number: park number 700 collides with user 700 on line 5"},
	        {PARK("recall_after: 60"), "3: tenants[a].park.recall_after: \"60\" is not a duration"},
	        {PARK("recall_after: 25h"), "3: tenants[a].park.recall_after: 25h is not between"},
	        {PARK("recall_ring: 0"), "3: tenants[a].park.recall_ring: 0 is not between 5s"},
	        {PARK("quota: many"), "3: tenants[a].park.quota: \"many\""},
	        {PARK("language: DE"), "3: tenants[a].park.language: \"DE\""},
	        {PARK("hold: rinback"), "3: tenants[a].park.hold: \"rinback\" is not ringback, silence"},
	        {PARK("hold: [x]"), "3: tenants[a].park.hold: expected a single value"},
	        {PARK("hold: {}"), "3: tenants[a].park.hold: has neither"},
	        {PARK("hold: {level: -3}"), "3: tenants[a].park.hold: has neither"},
	        {PARK("hold: {ringback: jp}"), "3: tenants[a].park.hold.ringback: no ringback of \"jp\""},
	        {PARK("hold: {ringback: de, music: music.flac}"), "3: tenants[a].park.hold: has both"},
	        {PARK("hold: {ringback: de, level: -3}"), "3: tenants[a].park.hold: level is of music"},
	        {PARK("hold: {music: nofile.wav}"),
	                "3: tenants[a].park.hold.music: ...nofile.wav can't be read: No such"},
	        {PARK("hold: {music: .}"), "3: tenants[a].park.hold.music: ...not a regular file"},
	        {PARK("hold: {music: music.flac, level: 3}"), "3: tenants[a].park.hold.level: \"3\""},
	        {PARK("hold: {music: music.flac, level: -1x}"), "3: tenants[a].park.hold.level: \"-1x\""},
	        {PARK("hold: {music: music.flac, level: nan}"), "3: tenants[a].park.hold.level: \"nan\""},
	        {PARK("hold: {music: music.flac, level: -61}"), "3: tenants[a].park.hold.level: \"-61\""},
	        {TENANT "park: {orbits: [701]}\n",
	                "5: tenants[a].park.language: orbits are to be spoken, but `sounds:`"},
	        {"sounds: .\n" TENANT "park: {orbits: [701], language: de}\n",
	                "6: tenants[a].park.language: the recording ...de/0.wav can't be read"},
	        {"sounds: .\n" TENANT "park: {orbits: [1000001]}\n",
	                "6: tenants[a].park.announce: orbits of more than 6"},
	};

	(void)state;
	check(rows);
}

static void of_trunks(void **state)
{
	static const struct row rows[] = {
	        {SERVER "tenants: [{domain: a}]\ntrunks: 1\n", "4: trunks: expected a list"},
	        {TRUNK("tak: yes"), "5: trunks[t].tak: unknown key"},
	        {TRUNK("transfer: 1"), "5: trunks[t].transfer: \"1\" is neither yes nor no"},
	        {TRUNK("tenants: []"), "5: trunks[t].tenants: has no entry"},
	        {TRUNK("tenants: [a, b]"), "5: trunks[t].tenants[2]: there is no tenant \"b\""},
	        {TRUNK("media_networks: [10.0.0.1/8]"),
	                "5: trunks[t].media_networks[1]: \"10.0.0.1/8\" is not a network"},
	        {TRUNK("media_networks: [10.0.0.0/33]"), "5: trunks[t].media_networks[1]: "},
	        {TRUNK("media_networks: [1.0.0.0, 1.0.0.1, 1.0.0.2, 1.0.0.3, 1.0.0.4, 1.0.0.5, 1.0.0.6, "
	               "1.0.0.7]"),
	                "5: trunks[t].media_networks: more than 7"},
	        {SERVER "tenants: [{domain: a}]\ntrunks: [{name: t}]\n",
	                "4: trunks[t].addresses: is missing"},
	        {SERVER "tenants: [{domain: a}]\ntrunks: [{name: t, addresses: []}]\n",
	                "4: trunks[t].addresses: has no"},
	        {SERVER "tenants: [{domain: a}]\ntrunks: [{addresses: [10.1.0.1]}]\n",
	                "4: trunks[1].name: is missing"},
	        {SERVER "tenants: [{domain: a}]\ntrunks: [{name: t, addresses: [host]}]\n",
	                "4: trunks[t].addresses[1]: "},
	        {SERVER "tenants: [{domain: a}]\ntrunks: [{name: t, addresses: [10.0.0.9-10.0.0.1]}]\n",
	                "4: trunks[t].addresses[1]: \"10.0.0.9-10.0.0.1\" is no address"},
	        {SERVER "tenants: [{domain: a}]\ntrunks: [{name: t, addresses: ['10.0.0.9-fd00::1']}]\n",
	                "4: trunks[t]"},
	        {SERVER "tenants: [{domain: a}]\ntrunks: [{name: t, addresses: [0.0.0.0/0]}]\n",
	                "4: trunks[t].addresses[1]: is everybody"},
	        {SERVER "tenants: [{domain: a}]\ntrunks: [{name: t, addresses: ['::/0']}]\n",
	                "4: trunks[t].addresses[1]: is everybody"},
	        {TRUNK("take: no") "- {name: t, addresses: [10.1.0.2]}\n",
	                "6: trunks[t].name: trunk t is there already, on line 5"},
	        {TRUNK("take: no") "- {name: u, addresses: [10.1.0.0/24]}\n",
	                "6: trunks[u].addresses[1]: addresses 10.1.0.0-10.1.0.255 collides with address "
	                "10.1.0.1"},
	};

	(void)state;
	check(rows);
}

/* All of them are told, in order of lines, however they were found; no secret is. */
static void all_at_once_in_order(void **state)
{
	static const char text[] =
	        "trunks:\n"
	        "- {name: t, addresses: [10.0.0.1], tenants: [nope]}\n"
	        "- {name: t, addresses: [10.0.0.1]}\n"
	        "tenants:\n"
	        "- domain: a\n"
	        "  users: [{name: 1, password: hush, ha1_md5: hush}, {name: 1, password: {x: hush}}]\n"
	        "  park: {orbits: [1], recall_ring: hm, announce: no}\n"
	        "sip: {listen: [hm]}\n"
	        "unknown: 1\n";
	unsigned line = 0;

	(void)state;
	assert_int_equal(stage_read(text), -EINVAL);
	assert_true(stage.count >= 9);
	for (unsigned i = 0; i < stage.count; i++) {
		unsigned here = (unsigned)strtoul(stage.reports[i], NULL, 10);

		assert_true(here >= line && here <= 9);
		line = here;
		assert_null(strstr(stage.reports[i], "hush"));
	}
	assert_int_equal(line, 9);
}

/* A wide range hides none of what lies in it. */
static void every_collision_with_one_range(void **state)
{
	(void)state;
	assert_int_equal(
	        stage_read(TENANT "park: {announce: no, orbits: [701-720, 702-703, 705, 719-725]}\n"),
	        -EINVAL);
	assert_int_equal(stage.count, 3);
	for (unsigned i = 0; i < stage.count; i++)
		assert_non_null(strstr(stage.reports[i], "collides with orbits 701-720 on line 5"));
}

static void of_the_file_itself(void **state)
{
	struct config *config = (void *)&stage;
	char file[sizeof(stage.file)];

	(void)state;
	stage.count = 0;
	unlink(stage.file);
	assert_int_equal(config_read(&config, stage.file, stage_report, &stage), -ENOENT);
	assert_string_equal(stage.reports[0], "0: file: No such file or directory");
	assert_int_equal(mkfifo(stage.file, 0600), 0);
	assert_int_equal(config_read(&config, stage.file, stage_report, &stage), -ENODEV);
	unlink(stage.file);
	memcpy(file, stage.file, sizeof(file));
	snprintf(stage.file, sizeof(stage.file), "%s", stage.folder);
	assert_int_equal(config_read(&config, stage.file, stage_report, &stage), -EISDIR);
	memcpy(stage.file, file, sizeof(file));
	assert_int_equal(stage.count, 3);
	assert_ptr_equal(config, &stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(of_the_server),
	        cmocka_unit_test(of_tenants),
	        cmocka_unit_test(of_users),
	        cmocka_unit_test(of_parking),
	        cmocka_unit_test(of_trunks),
	        cmocka_unit_test(all_at_once_in_order),
	        cmocka_unit_test(every_collision_with_one_range),
	        cmocka_unit_test(of_the_file_itself),
	};
	int failed = cmocka_run_group_tests(tests, stage_open, stage_close);

	config_free(stage.config);
	return failed;
}
