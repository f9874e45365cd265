/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A registrar with users of two tenants, on a clock that the test moves. */
#ifndef XDPARK_TESTS_REGISTRAR_STAGE_H
#define XDPARK_TESTS_REGISTRAR_STAGE_H

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

static inline uint64_t clock_of_test(void *context)
{
	return *(uint64_t *)context;
}

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	(void)state;
	registrar_free(registrar);
	assert_int_equal(timers_next(timers), -1);
	timers_free(timers);
	return 0;
}

static inline void pass(uint64_t ms)
{
	now += ms;
	timers_run(timers);
}

/* `via` names the device, `from` is where the message comes from. */
static inline osip_message_t *register_by(struct config_user *user, const char *via, const char *from,
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
static inline int status_of(const char *headers)
{
	osip_message_t *response =
	        register_by(alice, "10.90.0.2:5060", "10.90.0.2:5060", "c1", ++cseq_of_test, headers);
	int status = response->status_code;

	osip_message_free(response);
	return status;
}

static inline void expect(const char *headers, int status)
{
	int got = status_of(headers);

	if (got != status)
		fail_msg("%d instead of %d for: %s", got, status, headers);
}

static inline const struct contact *contacts_of(const struct config_user *user)
{
	return registrar_contacts(registrar, user);
}

static inline unsigned count_of(const struct config_user *user)
{
	unsigned count = 0;

	for (const struct contact *contact = contacts_of(user); contact; contact = contact->next)
		count++;
	assert_int_equal(count, ((struct user_state *)user->state)->contact_count);
	return count;
}

#define registrar_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
