/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Good configurations: every key, every default, and all look-ups. */
#include "config_stage.h"

#include <errno.h>

#include "ctl/park/parking.h"

#define SERVER "sip: {listen: [10.0.0.1]}\nmedia: [10.0.0.1]\nsounds: .\n"

/* The limits of the two layers are one. */
_Static_assert((int)CONFIG_ORBITS == (int)PARKING_ORBITS, "orbits a tenant");
_Static_assert((int)CONFIG_ORBIT_DIGITS == (int)ORBIT_DIGITS, "digits of an orbit");

static bool ip_is(const uint8_t ip[16], const char *text)
{
	uint8_t wanted[16];

	assert_int_equal(address_parse_ip(text, wanted), 0);
	return memcmp(ip, wanted, 16) == 0;
}

static const struct config_trunk *trunk_at(const struct config *config, const char *text)
{
	uint8_t ip[16];

	assert_int_equal(address_parse_ip(text, ip), 0);
	return config_trunk_find(config, ip);
}

static void defaults(void **state)
{
	const struct config *config = stage_good(SERVER "tenants:\n- domain: A.Example\n"
	                                                "  users: [{name: 101, password: x}]\n"
	                                                "  park: {orbits: [701]}\n"
	                                                "- domain: b.example\n");
	const struct config_tenant *tenant = config_tenant_find(config, "a.EXAMPLE");
	const struct config_user *user;

	(void)state;
	assert_string_equal(config->file, stage.file);
	assert_int_equal(config->listen_count, 1);
	assert_true(ip_is(config->listen[0].ip, "10.0.0.1"));
	assert_int_equal(config->listen[0].port, 5060);
	assert_string_equal(config->agent, "xdpark");
	assert_string_equal(config->dataplane, "/run/xdpark/dataplane.sock");
	assert_string_equal(config->control, "/run/xdpark/control.sock");
	assert_null(config->control_group);
	assert_int_equal(config->register_min_s, 60);
	assert_int_equal(config->register_max_s, 3600);
	assert_int_equal(config->media_count, 1);
	assert_true(ip_is(config->media[0].advertise, "10.0.0.1"));
	assert_int_equal(config->trunk_count, 0);
	assert_null(trunk_at(config, "10.0.0.1"));

	assert_non_null(tenant);
	assert_string_equal(tenant->domain, "a.example");
	assert_int_equal(tenant->codec_count, 3);
	assert_int_equal(tenant->digest, CONFIG_DIGEST_MD5);
	assert_null(tenant->park.number);
	assert_int_equal(tenant->park.recall_after_s, 60);
	assert_int_equal(tenant->park.recall_ring_s, 30);
	assert_int_equal(tenant->park.quota, 0);
	assert_true(tenant->park.announce);
	assert_string_equal(tenant->park.language, "en");
	assert_int_equal(tenant->park.hold.kind, HOLD_RINGBACK);
	assert_string_equal(tenant->park.hold.country, "us");

	user = config_user_find(tenant, "101");
	assert_non_null(user);
	assert_ptr_equal(user->tenant, tenant);
	assert_string_equal(user->display, "");
	assert_true(user->take && user->park);
	assert_int_equal(user->max_contacts, 10);
	assert_int_equal(user->contact_count, 0);
	assert_null(config_user_find(tenant, "10"));
	assert_null(config_user_find(tenant, "1010"));

	tenant = config_tenant_find(config, "b.example");
	assert_non_null(tenant);
	assert_int_equal(tenant->park.orbit_ranges, 0);
	assert_false(config_is_orbit(tenant, "701"));
	assert_null(config_user_find(tenant, "101"));
	assert_null(config_tenant_find(config, "c.example"));
	assert_null(config_tenant_find(config, ""));
}

static const char every_key[] =
        "tenants:\n"
        "- park:\n"
        "    hold: {level: -20.5, music: music.flac}\n"
        "    orbits: ['001-020', 701, 7000-7099]\n"
        "    number: '*68'\n"
        "    recall_after: 2m\n"
        "    recall_ring: 10s\n"
        "    quota: 5\n"
        "    announce: no\n"
        "    language: de\n"
        "  numbers: {+4930123: 101, '4930124': 701, '555': '*68'}\n"
        "  domain: a.example\n"
        "  codecs: [G722, pcma]\n"
        "  digest: Both\n"
        "  users:\n"
        "  - {name: 102, take: no, park: false, max_contacts: 2, ha1_md5: 0123456789ABCDEF0123456789abcdef}\n"
        "  - {name: 101, display: 'A \"B\" ü', password: 'x y'}\n"
        "  - {names: 20-22, display: 'U{name}{name}', password: 'p{name}', contacts: "
        "['sip:{name}@10.0.1.{name}',\n"
        "     'sip:[fd00::1]:5070']}\n"
        "- {domain: b.example, digest: sha-256, numbers: {'600': bob}, users: [{name: bob, password: x}]}\n"
        "trunks:\n"
        "- {name: one, addresses: [10.1.0.0/16, 10.2.0.11-10.2.0.20, 'fd01::/32'], media_networks:\n"
        "   [10.1.0.0/16, 10.3.0.1], tenants: [B.example], take: yes, transfer: true}\n"
        "- {name: two, addresses: [10.2.0.10]}\n"
        "media:\n"
        "- {address: 10.0.0.1, advertise: 203.0.113.7}\n"
        "- 10.0.1.1-10.0.1.3\n"
        "- fd00::1\n"
        "registration: {min: 2m, max: 1h}\n"
        "sounds: /nowhere\n"
        "control: {socket: /tmp/c, group: root}\n"
        "dataplane: /tmp/d\n"
        "sip: {listen: [10.0.0.1:5070, '[fd00::1]:5060'], agent: me/1}\n";

static void every_key_of_the_server(void **state)
{
	const struct config *config = stage_good(every_key);

	(void)state;
	assert_int_equal(config->listen_count, 2);
	assert_int_equal(config->listen[0].port, 5070);
	assert_true(ip_is(config->listen[1].ip, "fd00::1"));
	assert_string_equal(config->agent, "me/1");
	assert_string_equal(config->dataplane, "/tmp/d");
	assert_string_equal(config->control, "/tmp/c");
	assert_string_equal(config->control_group, "root");
	assert_string_equal(config->sounds, "/nowhere");
	assert_int_equal(config->register_min_s, 120);
	assert_int_equal(config->register_max_s, 3600);
	assert_int_equal(config->media_count, 5);
	assert_true(ip_is(config->media[0].address.ip, "10.0.0.1"));
	assert_true(ip_is(config->media[0].advertise, "203.0.113.7"));
	assert_true(ip_is(config->media[3].address.ip, "10.0.1.3"));
	assert_true(ip_is(config->media[3].advertise, "10.0.1.3"));
	assert_true(ip_is(config->media[4].address.ip, "fd00::1"));
}

static void every_key_of_a_tenant(void **state)
{
	const struct config *config = stage_good(every_key);
	const struct config_tenant *tenant = config_tenant_find(config, "a.example");
	char music[128];

	(void)state;
	assert_non_null(tenant);
	assert_int_equal(tenant->codec_count, 2);
	assert_int_equal(tenant->codecs[0], XD_G722);
	assert_int_equal(tenant->codecs[1], XD_PCMA);
	assert_int_equal(tenant->digest, CONFIG_DIGEST_BOTH);
	assert_int_equal(config_tenant_find(config, "b.example")->digest, CONFIG_DIGEST_SHA256);
	assert_string_equal(tenant->park.number, "*68");
	assert_int_equal(tenant->park.recall_after_s, 120);
	assert_int_equal(tenant->park.recall_ring_s, 10);
	assert_int_equal(tenant->park.quota, 5);
	assert_false(tenant->park.announce);
	assert_string_equal(tenant->park.language, "de");
	assert_int_equal(tenant->park.hold.kind, HOLD_MUSIC);
	snprintf(music, sizeof(music), "%s/music.flac", stage.folder);
	assert_string_equal(tenant->park.hold.file, music);
	assert_true(tenant->park.hold.level_dbm0 == -20.5);
	assert_int_equal(tenant->number_count, 3);

	assert_true(config_is_orbit(tenant, "001"));
	assert_true(config_is_orbit(tenant, "020"));
	assert_true(config_is_orbit(tenant, "701"));
	assert_true(config_is_orbit(tenant, "7099"));
	assert_false(config_is_orbit(tenant, "1"));
	assert_false(config_is_orbit(tenant, "021"));
	assert_false(config_is_orbit(tenant, "000"));
	assert_false(config_is_orbit(tenant, "702"));
	assert_false(config_is_orbit(tenant, "7100"));
	assert_false(config_is_orbit(tenant, ""));
	assert_false(config_is_orbit(tenant, "+701"));
	assert_false(config_is_orbit(tenant, "00000000000000000701"));
}

static void every_key_of_users(void **state)
{
	const struct config *config = stage_good(every_key);
	const struct config_tenant *tenant = config_tenant_find(config, "a.example");
	const struct config_user *user = config_user_find(tenant, "102");

	(void)state;
	assert_int_equal(tenant->user_count, 5);
	assert_non_null(user);
	assert_false(user->take || user->park);
	assert_int_equal(user->max_contacts, 2);
	assert_null(user->password);
	assert_string_equal(user->ha1_md5, "0123456789abcdef0123456789abcdef");
	assert_null(user->ha1_sha256);
	user = config_user_find(tenant, "101");
	assert_string_equal(user->display, "A \"B\" ü");
	assert_string_equal(user->password, "x y");
	user = config_user_find(tenant, "21");
	assert_non_null(user);
	assert_string_equal(user->display, "U2121");
	assert_string_equal(user->password, "p21");
	assert_int_equal(user->contact_count, 2);
	assert_string_equal(user->contacts[0].uri, "sip:21@10.0.1.21");
	assert_true(ip_is(user->contacts[0].address.ip, "10.0.1.21"));
	assert_int_equal(user->contacts[0].address.port, 5060);
	assert_string_equal(user->contacts[1].uri, "sip:[fd00::1]:5070");
	assert_int_equal(user->contacts[1].address.port, 5070);
	assert_non_null(config_user_find(tenant, "20"));
	assert_non_null(config_user_find(tenant, "22"));
	assert_null(config_user_find(tenant, "23"));
}

static void trunks_and_called_numbers(void **state)
{
	const struct config *config = stage_good(every_key);
	struct config_tenant *a = config_tenant_find(config, "a.example");
	struct config_tenant *b = config_tenant_find(config, "b.example");
	const struct config_trunk *one = trunk_at(config, "10.1.255.255"), *two;
	const char *rings = "untouched";

	(void)state;
	assert_non_null(one);
	assert_string_equal(one->name, "one");
	assert_true(one->take && one->transfer);
	assert_int_equal(one->media_network_count, 2);
	/* /16, .11, .12/30, .16/30, .20, and the IPv6 one */
	assert_int_equal(one->address_count, 6);
	assert_ptr_equal(trunk_at(config, "10.1.0.0"), one);
	assert_ptr_equal(trunk_at(config, "10.2.0.11"), one);
	assert_ptr_equal(trunk_at(config, "10.2.0.20"), one);
	assert_ptr_equal(trunk_at(config, "fd01:0:ffff::1"), one);
	assert_null(trunk_at(config, "10.2.0.21"));
	assert_null(trunk_at(config, "10.2.0.9"));
	assert_null(trunk_at(config, "9.255.255.255"));
	assert_null(trunk_at(config, "fd01:1::"));
	two = trunk_at(config, "10.2.0.10");
	assert_string_equal(two->name, "two");
	assert_false(two->take || two->transfer);

	assert_true(config_trunk_reaches(one, b));
	assert_false(config_trunk_reaches(one, a));
	assert_true(config_trunk_reaches(two, a) && config_trunk_reaches(two, b));

	assert_null(config_number_find(config, one, "+4930123", &rings));
	assert_string_equal(rings, "untouched");
	assert_ptr_equal(config_number_find(config, two, "+4930123", &rings), a);
	assert_string_equal(rings, "101");
	assert_ptr_equal(config_number_find(config, two, "555", &rings), a);
	assert_string_equal(rings, "*68");
	assert_ptr_equal(config_number_find(config, one, "600", &rings), b);
	assert_string_equal(rings, "bob");
	assert_null(config_number_find(config, two, "4930123", &rings));
}

static void every_kind_of_hold(void **state)
{
	static const struct {
		const char *yaml;
		enum hold_kind kind;
		const char *country;
	} rows[] = {
	        {"ringback", HOLD_RINGBACK, "us"},
	        {"{ringback: uk}", HOLD_RINGBACK, "uk"},
	        {"silence", HOLD_SILENCE, NULL},
	        {"{music: music.flac}", HOLD_MUSIC, NULL},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct config_hold *hold;

		snprintf(text, sizeof(text), SERVER "tenants: [{domain: a, park: {orbits: [7], hold: %s}}]\n",
		        rows[i].yaml);
		hold = &stage_good(text)->tenants[0].park.hold;
		assert_int_equal(hold->kind, rows[i].kind);
		if (rows[i].country)
			assert_string_equal(hold->country, rows[i].country);
		if (hold->kind == HOLD_MUSIC)
			assert_true(hold->level_dbm0 == -18.0);
	}
}

static void fail_report(void *context, const char *file, unsigned line, const char *key, const char *text)
{
	(void)context;
	fail_msg("%s:%u: %s: %s", file, line, key, text);
}

/* The file of the demo and the lab, as it lies in the source tree. */
static void the_example(void **state)
{
	struct config *config = NULL;
	const struct config_tenant *load;
	const struct config_trunk *trunk;

	(void)state;
	assert_int_equal(config_read(&config, "ctl/xdparkd.example.yaml", fail_report, NULL), 0);
	assert_int_equal(config->tenant_count, 3);
	assert_int_equal(config->media_count, 11);
	assert_string_equal(
	        config_user_find(config_tenant_find(config, "acme.example"), "110")->password, "secret-110");
	assert_string_equal(config_tenant_find(config, "globex.example")->park.hold.country, "de");
	load = config_tenant_find(config, "load.example");
	assert_int_equal(load->user_count, 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(load->users[i].contacts[0].address.ip[15], 11 + i);
	assert_false(load->park.announce);
	assert_int_equal(load->park.orbits[0].last - load->park.orbits[0].first + 1, 200000);
	trunk = trunk_at(config, "10.90.0.20");
	assert_non_null(trunk);
	assert_true(trunk->take && trunk->transfer && config_trunk_reaches(trunk, load));
	assert_false(config_trunk_reaches(trunk, config_tenant_find(config, "acme.example")));
	config_free(config);
	config_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(defaults),
	        cmocka_unit_test(every_key_of_the_server),
	        cmocka_unit_test(every_key_of_a_tenant),
	        cmocka_unit_test(every_key_of_users),
	        cmocka_unit_test(trunks_and_called_numbers),
	        cmocka_unit_test(every_kind_of_hold),
	        cmocka_unit_test(the_example),
	};
	int failed = cmocka_run_group_tests(tests, stage_open, stage_close);

	config_free(stage.config);
	return failed;
}
