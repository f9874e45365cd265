/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registration of contacts on a clock that the test moves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/sip/parse.h"
#include "ctl/sip/registrar.h"
#include "kmod-free/log.h"
#include "tests/unit/sip_text.h"

static uint64_t now;
static struct timers *timers;
static struct registrar *registrar;
static struct config_contact desk = {.uri = "sip:1@10.90.0.11:5060"};
static struct config_user acme_users[] = {
        {.name = "101", .max_contacts = 3},
        {.name = "102", .max_contacts = 10, .contacts = &desk, .contact_count = 1},
};
static struct config_user globex_users[] = {{.name = "201", .max_contacts = 10}};
static struct config_tenant tenants[] = {
        {.domain = "acme.example", .users = acme_users, .user_count = 2},
        {.domain = "globex.example", .users = globex_users, .user_count = 1},
};
static const struct config config = {
        .tenants = tenants, .tenant_count = 2, .register_min_s = 60, .register_max_s = 7200};
static struct config_user *const alice = &acme_users[0], *const bob = &acme_users[1],
                                 *const carol = &globex_users[0];

static uint64_t clock_of_test(void *context)
{
	return *(uint64_t *)context;
}

static int setup(void **state)
{
	(void)state;
	sip_parser_start();
	log_open("test", LOG_LEVEL_ERROR);
	now = 1000;
	address_parse("10.90.0.11:5060", 0, &desk.address);
	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < tenants[i].user_count; j++)
			tenants[i].users[j].tenant = &tenants[i];
	}
	timers = timers_new(clock_of_test, &now);
	return timers ? registrar_new(&registrar, timers, &config, &text_transport) : -1;
}

static int teardown(void **state)
{
	(void)state;
	registrar_free(registrar);
	assert_int_equal(timers_next(timers), -1);
	timers_free(timers);
	return 0;
}

static void pass(uint64_t ms)
{
	now += ms;
	timers_run(timers);
}

/* `via` names the device, `from` is where the message comes from. */
static osip_message_t *register_by(struct config_user *user, const char *via, const char *from,
        const char *call_id, unsigned cseq, const char *headers)
{
	struct sip_message *request;
	osip_message_t *response;
	char text[8192];

	snprintf(text, sizeof(text),
	        "REGISTER sip:acme.example SIP/2.0\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%u;rport\n"
	        "Max-Forwards: 70\nFrom: <sip:101@acme.example>;tag=f1\nTo: <sip:101@acme.example>\n"
	        "Call-ID: %s\nCSeq: %u REGISTER\n%sContent-Length: 0\n",
	        via, call_id, cseq, call_id, cseq, headers);
	request = text_message(from, text);
	response = registrar_register(registrar, user, request);
	sip_message_free(request);
	assert_non_null(response);
	return response;
}

static unsigned cseq_of_test;

/* The status of a REGISTER of alice's phone at 10.90.0.2, always the next in its Call-ID. */
static int status_of(const char *headers)
{
	osip_message_t *response =
	        register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", ++cseq_of_test, headers);
	int status = response->status_code;

	osip_message_free(response);
	return status;
}

static void expect(const char *headers, int status)
{
	int got = status_of(headers);

	if (got != status)
		fail_msg("%d instead of %d for: %s", got, status, headers);
}

static const struct contact *contacts_of(const struct config_user *user)
{
	return registrar_contacts(registrar, user);
}

static unsigned count_of(const struct config_user *user)
{
	unsigned count = 0;

	for (const struct contact *contact = contacts_of(user); contact; contact = contact->next)
		count++;
	assert_int_equal(count, ((struct user_state *)user->state)->contact_count);
	return count;
}

static void a_phone_registers_and_leaves(void **state)
{
	osip_message_t *response;
	const struct contact *contact;

	(void)state;
	assert_null(contacts_of(alice));
	response = register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 1,
	        "Contact: <sip:101@10.90.0.2:5060;ob>;+sip.instance=\"x\"\nExpires: 600\n");
	assert_int_equal(response->status_code, 200);
	assert_says(response, "Contact: <sip:101@10.90.0.2:5060;ob>;expires=600\r\n");
	assert_says(response, "Date: ");
	assert_says(response, "To: <sip:101@acme.example>;tag=");
	osip_message_free(response);
	contact = contacts_of(alice);
	assert_non_null(contact);
	assert_string_equal(contact->uri, "sip:101@10.90.0.2:5060;ob");
	assert_false(contact_behind_nat(contact));
	assert_ptr_equal(registrar_by_flow(registrar, &contact->flow), alice);
	assert_int_equal(registrar_count(registrar), 1);

	/* Asks what is there. */
	pass(100500);
	response = register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 2, "");
	assert_says(response, "Contact: <sip:101@10.90.0.2:5060;ob>;expires=500\r\n");
	osip_message_free(response);

	response = register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 3,
	        "Contact: <sip:101@10.90.0.2:5060;ob>;expires=0\n");
	assert_int_equal(response->status_code, 200);
	assert_says_not(response, "Contact");
	osip_message_free(response);
	assert_null(contacts_of(alice));
	assert_int_equal(registrar_count(registrar), 0);
}

static void lifetimes_are_bounded(void **state)
{
	static const struct {
		const char *headers;
		int status;
		uint64_t lifetime_s;
	} ROWS[] = {
	        {"Contact: <sip:101@10.90.0.2>\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 100\n", 200, 100},
	        {"Contact: <sip:101@10.90.0.2>;expires=200\nExpires: 100\n", 200, 200},
	        {"Contact: <sip:101@10.90.0.2>;expires=60\n", 200, 60},
	        {"Contact: <sip:101@10.90.0.2>;expires=59\n", 423, 0},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 1\n", 423, 0},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 7201\n", 200, 7200},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 99999999999999999999999999\n", 200, 7200},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 4294967296\n", 200, 7200},
	        {"Contact: <sip:101@10.90.0.2>;expires=soon\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>;expires=-1\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>;expires\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 60x\n", 200, 3600},
	        {"Contact: <sip:101@10.90.0.2>\nExpires: 0\n", 200, 0},
	        {"Contact: <sip:101@10.90.0.2>;expires=000\n", 200, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		const struct contact *contact;

		expect(ROWS[i].headers, ROWS[i].status);
		contact = contacts_of(alice);
		if ((contact ? contact->expires_at - now : 0) != ROWS[i].lifetime_s * 1000)
			fail_msg("row %zu", i);
		if (contact)
			expect("Contact: *\nExpires: 0\n", 200);
		assert_null(contacts_of(alice));
	}
}

static void too_brief_says_what_would_do(void **state)
{
	osip_message_t *response = register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 1,
	        "Contact: <sip:101@10.90.0.2>;expires=5\n");

	(void)state;
	assert_int_equal(response->status_code, 423);
	assert_says(response, "Min-Expires: 60\r\n");
	osip_message_free(response);
}

static void contacts_end_by_the_clock(void **state)
{
	(void)state;
	expect("Contact: <sip:101@10.90.0.2>;expires=60\n", 200);
	expect("Contact: <sip:101@10.90.0.3>;expires=120\n", 200);
	pass(59999);
	assert_int_equal(count_of(alice), 2);
	pass(1);
	assert_int_equal(count_of(alice), 1);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3");
	/* Also before their timer has had its turn. */
	now += 60000;
	assert_null(contacts_of(alice));
	assert_int_equal(registrar_count(registrar), 0);
	pass(1000000);
}

static void refreshing_prolongs_and_comes_first(void **state)
{
	(void)state;
	expect("Contact: <sip:101@10.90.0.2>;expires=60\n", 200);
	expect("Contact: <sip:101@10.90.0.3>;expires=60\n", 200);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3");
	pass(50000);
	expect("Contact: <sip:101@10.90.0.2>;expires=60\n", 200);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.2");
	assert_int_equal(count_of(alice), 2);
	pass(50000);
	assert_int_equal(count_of(alice), 1);
	pass(10000);
	assert_null(contacts_of(alice));
}

/* What is one device (RFC 3261 19.1.4, reduced), and what is another. */
static void devices_are_told_apart(void **state)
{
	static const struct {
		const char *contact;
		bool same;
	} ROWS[] = {
	        {"<sip:101@PHONE.example>", true},
	        {"<sip:101@phone.example:5060>", true},
	        {"<sip:101@phone.example;transport=udp>", true},
	        {"<sip:101@phone.example;transport=UDP;ob>", true},
	        {"<SIP:101@phone.example;x=y>", true},
	        {"<sip:%3101@phone.example>", true},
	        {"\"A\" <sip:101@phone.example?Subject=x>", true},
	        {"sip:101@phone.example", true},
	        {"<sip:102@phone.example>", false},
	        {"<sip:phone.example>", false},
	        {"<sip:101@phone.example:5061>", false},
	        {"<sip:101@phone.example;transport=tcp>", false},
	        {"<sip:101@other.example>", false},
	        {"<sip:101@10.90.0.2>", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		char headers[256];

		expect("Contact: <sip:101@phone.example>\n", 200);
		snprintf(headers, sizeof(headers), "Contact: %s\n", ROWS[i].contact);
		expect(headers, 200);
		if (count_of(alice) != (ROWS[i].same ? 1 : 2))
			fail_msg("row %zu", i);
		expect("Contact: *\nExpires: 0\n", 200);
		assert_int_equal(count_of(alice), 0);
	}
	expect("Contact: <sip:a@[fd90::1]>\n", 200);
	expect("Contact: <sip:a@[FD90:0::0:1]:5060>\n", 200);
	assert_int_equal(count_of(alice), 1);
	expect("Contact: <sip:A@[fd90::1]>\n", 200);
	assert_int_equal(count_of(alice), 2);
}

static void bad_contacts_change_nothing(void **state)
{
	static const char *const ROWS[] = {
	        "Contact: *\n",
	        "Contact: *\nExpires: 60\n",
	        "Contact: *\nExpires: x\n",
	        "Contact: *;expires=0\n",
	        "Contact: *, <sip:101@10.90.0.3>\nExpires: 0\n",
	        "Contact: <sip:101@10.90.0.3>, *\nExpires: 0\n",
	        "Contact: <tel:+49123>\n",
	        "Contact: <sips:101@10.90.0.3>\n",
	        "Contact: <mailto:a@b.example>\n",
	        "Contact: <sip:101@10.90.0.3:99999>\n",
	        "Contact: <sip:101@10.90.0.3:0>\n",
	        "Contact: <sip:101@10.90.0.3>\nContact: <sip:101@10.90.0.4:x>\n",
	        "Contact: <sip:101@ho/st.example>\n",
	};
	char headers[1024], user[700];

	(void)state;
	expect("Contact: <sip:101@10.90.0.2>\n", 200);
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++)
		expect(ROWS[i], 400);
	memset(user, 'x', sizeof(user));
	user[sizeof(user) - 1] = '\0';
	snprintf(headers, sizeof(headers), "Contact: <sip:%s@10.90.0.2>\n", user);
	expect(headers, 400);
	assert_int_equal(count_of(alice), 1);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.2");
}

static void all_or_nothing(void **state)
{
	(void)state;
	expect("Contact: <sip:101@10.90.0.2>\n", 200);
	/* One that goes, one that comes, one that is too brief. */
	expect("Contact: <sip:101@10.90.0.2>;expires=0, <sip:101@10.90.0.3>, <sip:101@10.90.0.4>;expires=1\n",
	        423);
	assert_int_equal(count_of(alice), 1);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.2");
	expect("Contact: <sip:101@10.90.0.2>;expires=0, <sip:101@10.90.0.3>, <sip:101@10.90.0.4>\n", 200);
	assert_int_equal(count_of(alice), 2);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3");
	/* The last word of a request about one device counts. */
	expect("Contact: <sip:101@10.90.0.3>, <sip:101@10.90.0.3;ob>;expires=0\n", 200);
	assert_int_equal(count_of(alice), 1);
	expect("Contact: <sip:101@10.90.0.3>;expires=0, <sip:101@10.90.0.3;ob>\n", 200);
	assert_string_equal(contacts_of(alice)->uri, "sip:101@10.90.0.3;ob");
}

static void devices_are_limited(void **state)
{
	(void)state;
	expect("Contact: <sip:1@10.90.0.2>, <sip:2@10.90.0.2>, <sip:3@10.90.0.2>, <sip:4@10.90.0.2>\n", 403);
	assert_int_equal(count_of(alice), 0);
	expect("Contact: <sip:1@10.90.0.2>, <sip:2@10.90.0.2>, <sip:3@10.90.0.2>\n", 200);
	expect("Contact: <sip:4@10.90.0.2>\n", 403);
	expect("Contact: <sip:3@10.90.0.2>\n", 200);
	/* In exchange for another one. */
	expect("Contact: <sip:4@10.90.0.2>, <sip:1@10.90.0.2>;expires=0\n", 200);
	assert_int_equal(count_of(alice), 3);
	pass(3600000);
	expect("Contact: <sip:5@10.90.0.2>\n", 200);
	assert_int_equal(count_of(alice), 1);
}

static int status_in_order(const char *call_id, unsigned cseq, const char *headers)
{
	osip_message_t *response =
	        register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", call_id, cseq, headers);
	int status = response->status_code;

	osip_message_free(response);
	return status;
}

/* RFC 3261 10.3 steps 6 and 7. */
static void late_requests_change_nothing(void **state)
{
	const char *stays = "Contact: <sip:101@10.90.0.2>\n",
	           *goes = "Contact: <sip:101@10.90.0.2>;expires=0\n";

	(void)state;
	assert_int_equal(status_in_order("a", 5, stays), 200);
	assert_int_equal(status_in_order("a", 5, goes), 500);
	assert_int_equal(status_in_order("a", 4, stays), 500);
	assert_int_equal(status_in_order("a", 4, "Contact: *\nExpires: 0\n"), 500);
	assert_int_equal(count_of(alice), 1);
	/* About another device, or only asking: nothing is out of order. */
	assert_int_equal(status_in_order("a", 3, ""), 200);
	assert_int_equal(status_in_order("a", 3, "Contact: <sip:101@10.90.0.3>\n"), 200);
	/* A phone that was switched off and on has a new Call-ID. */
	assert_int_equal(status_in_order("b", 1, goes), 200);
	assert_int_equal(status_in_order("b", 2, "Contact: *\nExpires: 0\n"), 200);
	assert_int_equal(count_of(alice), 0);
}

static void long_call_ids_are_refused(void **state)
{
	char call_id[400];

	(void)state;
	memset(call_id, 'c', sizeof(call_id));
	call_id[256] = '\0';
	assert_int_equal(status_in_order(call_id, 1, "Contact: <sip:101@10.90.0.2>\n"), 400);
	call_id[255] = '\0';
	assert_int_equal(status_in_order(call_id, 1, "Contact: <sip:101@10.90.0.2>\n"), 200);
}

static void phones_behind_nat_are_reached_as_they_came(void **state)
{
	const struct contact *contact;
	struct flow flow = text_flow("203.0.113.7:40000");
	char text[ADDRESS_TEXT];

	(void)state;
	osip_message_free(register_by(alice, "192.168.7.7:5060", "203.0.113.7:40000", "c1", 1,
	        "Contact: <sip:101@192.168.7.7:5060>\n"));
	contact = contacts_of(alice);
	assert_true(contact_behind_nat(contact));
	assert_true(flow_equal(&contact->flow, &flow));
	assert_ptr_equal(registrar_by_flow(registrar, &flow), alice);
	flow.remote.port = 5060;
	assert_null(registrar_by_flow(registrar, &flow));
	/* No NAT, but another port to listen on. */
	osip_message_free(register_by(
	        bob, "10.90.0.2:49152", "10.90.0.2:49152", "c2", 1, "Contact: <sip:102@10.90.0.2:5066>\n"));
	assert_string_equal(address_format(&contacts_of(bob)->flow.remote, text), "10.90.0.2:5066");
	/* Somebody else's address is no reason to send there. */
	osip_message_free(register_by(
	        carol, "10.90.0.3:5060", "10.90.0.3:5060", "c3", 1, "Contact: <sip:201@10.90.0.99:5066>\n"));
	assert_string_equal(address_format(&contacts_of(carol)->flow.remote, text), "10.90.0.3:5060");
	osip_message_free(register_by(
	        carol, "phone.example", "10.90.0.3:5060", "c3", 2, "Contact: <sip:201@10.90.0.3:5070>\n"));
	assert_true(contact_behind_nat(contacts_of(carol)));
}

static void a_flow_of_several_is_nobodys(void **state)
{
	struct flow flow = text_flow("10.90.0.2:5060");
	struct transport other = {.ops = &TEXT_TRANSPORT_OPS};

	(void)state;
	assert_null(registrar_by_flow(registrar, &flow));
	osip_message_free(register_by(alice, "10.90.0.2", "10.90.0.2:5060", "c1", 1,
	        "Contact: <sip:101@10.90.0.2>, <sip:line2@10.90.0.2>\n"));
	assert_ptr_equal(registrar_by_flow(registrar, &flow), alice);
	osip_message_free(
	        register_by(carol, "10.90.0.2", "10.90.0.2:5060", "c2", 1, "Contact: <sip:201@10.90.0.2>\n"));
	assert_null(registrar_by_flow(registrar, &flow));
	osip_message_free(
	        register_by(alice, "10.90.0.2", "10.90.0.2:5060", "c1", 2, "Contact: *\nExpires: 0\n"));
	assert_ptr_equal(registrar_by_flow(registrar, &flow), carol);
	flow.transport = &other;
	assert_null(registrar_by_flow(registrar, &flow));
}

static void static_contacts_are_always_there(void **state)
{
	const struct contact *contact;
	osip_message_t *response;
	struct flow flow = text_flow("10.90.0.11:5060");

	(void)state;
	contact = contacts_of(bob);
	assert_string_equal(contact->uri, "sip:1@10.90.0.11:5060");
	assert_ptr_equal(registrar_by_flow(registrar, &flow), bob);
	assert_false(contact_behind_nat(contact));
	assert_int_equal(registrar_count(registrar), 0);
	response = register_by(
	        bob, "10.90.0.2:5060", "10.90.0.2:5060", "c1", 1, "Contact: <sip:102@10.90.0.2>\n");
	assert_says_not(response, "10.90.0.11");
	osip_message_free(response);
	/* After those that registered, whatever happens to these. */
	assert_int_equal(count_of(bob), 2);
	assert_string_equal(contacts_of(bob)->uri, "sip:102@10.90.0.2");
	assert_string_equal(contacts_of(bob)->next->uri, "sip:1@10.90.0.11:5060");
	osip_message_free(
	        register_by(bob, "10.90.0.2", "10.90.0.2:5060", "c1", 2, "Contact: *\nExpires: 0\n"));
	pass(1000000000);
	assert_int_equal(count_of(bob), 1);
	assert_string_equal(contacts_of(bob)->uri, "sip:1@10.90.0.11:5060");
}

static void many_flows_are_kept_apart(void **state)
{
	enum { MANY = 500 };

	(void)state;
	acme_users[0].max_contacts = MANY;
	for (int i = 0; i < MANY; i++) {
		char headers[128], from[32], call_id[16];

		snprintf(from, sizeof(from), "10.90.0.2:%d", 10000 + i);
		snprintf(headers, sizeof(headers), "Contact: <sip:%d@%s>\n", i, from);
		snprintf(call_id, sizeof(call_id), "m%d", i);
		osip_message_free(register_by(alice, from, from, call_id, 1, headers));
	}
	assert_int_equal(registrar_count(registrar), MANY);
	for (int i = 0; i < MANY; i++) {
		char from[32];
		struct flow flow;

		snprintf(from, sizeof(from), "10.90.0.2:%d", 10000 + i);
		flow = text_flow(from);
		assert_ptr_equal(registrar_by_flow(registrar, &flow), alice);
	}
	acme_users[0].max_contacts = 3;
	/* More than allowed since then: refreshing goes on. */
	osip_message_free(register_by(
	        alice, "10.90.0.2:10000", "10.90.0.2:10000", "m0", 2, "Contact: <sip:0@10.90.0.2:10000>\n"));
	assert_string_equal(contacts_of(alice)->uri, "sip:0@10.90.0.2:10000");
	pass(3600000);
	assert_int_equal(registrar_count(registrar), 0);
	assert_null(contacts_of(alice));
}

#define registrar_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        registrar_test(a_phone_registers_and_leaves),
	        registrar_test(lifetimes_are_bounded),
	        registrar_test(too_brief_says_what_would_do),
	        registrar_test(contacts_end_by_the_clock),
	        registrar_test(refreshing_prolongs_and_comes_first),
	        registrar_test(devices_are_told_apart),
	        registrar_test(bad_contacts_change_nothing),
	        registrar_test(all_or_nothing),
	        registrar_test(devices_are_limited),
	        registrar_test(late_requests_change_nothing),
	        registrar_test(long_call_ids_are_refused),
	        registrar_test(phones_behind_nat_are_reached_as_they_came),
	        registrar_test(a_flow_of_several_is_nobodys),
	        registrar_test(static_contacts_are_always_there),
	        registrar_test(many_flows_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
