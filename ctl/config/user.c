/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/config/user.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/config/claim.h"
#include "ctl/config/value.h"

enum { RANGE_USERS = 100000, CONTACTS = 16, DEFAULT_CONTACTS = 10, SIP_PORT = 5060 };

/* What stands in a range's texts for the name of each user. */
#define NAME_MARK "{name}"

/* One entry of the list: a user, or with `names` a range of them. */
struct entry {
	struct config_user user; /* as all of the entry; texts still with their marks */
	const char *name;
	const yaml_node_t *names, *contacts;
	struct config_orbits range; /* of names; digits 0: a single user */
	size_t count;               /* users; 0: the entry is wrong */
};

/* Where an entry's users go. */
struct list {
	struct config_tenant *tenant;
	struct entry *entries;
	struct claims *plan;
	size_t total;
};

static void read_name(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value);

	(void)field;
	if (text && value_is(reading, where, value, text, VALUE_USER))
		*(const char **)to = text;
}

/* The value itself is a secret: it stands in no error. */
static void read_hash(struct reading *reading, const struct where *where, const yaml_node_t *value,
        const struct field *field, void *to)
{
	const char *text = value_text(reading, where, value);
	size_t digits = field->max;
	char *copy;

	if (!text)
		return;
	if (strlen(text) != digits || strspn(text, "0123456789abcdefABCDEF") != digits) {
		problem_at(reading, where, value, "must be %zu hexadecimal digits", digits);
		return;
	}
	copy = reading_text(reading, text);
	for (char *at = copy; at && *at; at++)
		*at = (char)tolower(*at);
	*(const char **)to = copy;
}

static const struct field fields[] = {
        FIELD(struct entry, "name", read_name, name),
        FIELD(struct entry, "names", mapping_keep_node, names),
        FIELD(struct entry, "display", value_read_text, user.display, .max = CONFIG_TEXT),
        FIELD(struct entry, "password", value_read_text, user.password),
        FIELD(struct entry, "ha1_md5", read_hash, user.ha1_md5, .max = 32),
        FIELD(struct entry, "ha1_sha256", read_hash, user.ha1_sha256, .max = 64),
        FIELD(struct entry, "contacts", mapping_keep_node, contacts),
        FIELD(struct entry, "take", value_read_flag, user.take),
        FIELD(struct entry, "park", value_read_flag, user.park),
        FIELD(struct entry, "max_contacts", value_read_count, user.max_contacts, .min = 1, .max = 100),
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* Bits of what was there, in the order of the table. */
enum { SEEN_NAME = 1, SEEN_NAMES = 2, SEEN_PASSWORD = 8, SEEN_HASHES = 16 | 32, SEEN_CONTACTS = 64 };

/* What must hold between the keys of an entry. */
static void entry_check(
        struct reading *reading, const struct where *where, const yaml_node_t *node, mapping_seen seen)
{
	if ((seen & SEEN_NAME) && (seen & SEEN_NAMES))
		problem_at(reading, where, node, "has both name and names; give one of them");
	if (!(seen & (SEEN_NAME | SEEN_NAMES)))
		problem_at(reading, where, node, "has no name; give name, or names for a range of users");
	if ((seen & SEEN_PASSWORD) && (seen & SEEN_HASHES))
		problem_at(reading, where, node, "has a password and hashes of it; give one of them");
	if ((seen & SEEN_NAMES) && (seen & SEEN_HASHES))
		problem_at(reading, where, node,
		        "a range of users can't share a hash, which is of one name; give a password, or each "
		        "user "
		        "alone");
	if (!(seen & (SEEN_PASSWORD | SEEN_HASHES | SEEN_CONTACTS)))
		problem_at(reading, where, node,
		        "has neither password nor contacts: no phone could ever be this user");
}

static void names_read(
        struct reading *reading, const struct where *where, const struct list *list, struct entry *entry)
{
	struct where here = {.up = where, .key = "names"};
	const char *text = value_text(reading, &here, entry->names);

	if (!text || !value_range(reading, &here, entry->names, text, &entry->range))
		return;
	if (entry->range.last - entry->range.first >= RANGE_USERS) {
		problem_at(reading, &here, entry->names, "more than %d users", RANGE_USERS);
		return;
	}
	claim_range(reading, list->plan, &here, entry->names, &entry->range, "user");
	entry->count = entry->range.last - entry->range.first + 1;
}

static void entry_read_user(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct list *list = context;
	struct entry *entry = &list->entries[index];
	mapping_seen seen;

	entry->user = (struct config_user){
	        .display = "", .take = true, .park = true, .max_contacts = DEFAULT_CONTACTS};
	seen = mapping_read(reading, where, node, fields, FIELDS, entry);
	if (node->type != YAML_MAPPING_NODE)
		return;
	entry_check(reading, where, node, seen);
	if (entry->names) {
		names_read(reading, where, list, entry);
	} else if (entry->name) {
		struct where here = {.up = where, .key = "name"};

		claim_text(reading, list->plan, &here, node, entry->name, "user");
		entry->count = 1;
	}
	list->total += entry->count;
}

/* `pattern` with the name in place of its marks; NULL stays NULL. */
static const char *text_for(struct reading *reading, const char *pattern, const char *name)
{
	const char *mark, *rest = pattern;
	char *text, *end;
	size_t marks = 0;

	if (!pattern)
		return NULL;
	for (mark = pattern; (mark = strstr(mark, NAME_MARK)); mark += strlen(NAME_MARK))
		marks++;
	if (!marks)
		return pattern;
	text = reading_take(reading, strlen(pattern) + marks * strlen(name) + 1, 1);
	if (!text)
		return NULL;
	for (end = text; (mark = strstr(rest, NAME_MARK)); rest = mark + strlen(NAME_MARK))
		end += sprintf(end, "%.*s%s", (int)(mark - rest), rest, name);
	memcpy(end, rest, strlen(rest) + 1);
	return text;
}

/* "sip:1@10.90.0.11:5060": a literal address, since names aren't resolved; no parameters. */
static bool contact_parse(const char *uri, struct address *address)
{
	const char *host = uri + strlen("sip:"), *at;

	if (strncmp(uri, "sip:", strlen("sip:")) != 0)
		return false;
	at = strrchr(host, '@');
	return address_parse(at ? at + 1 : host, SIP_PORT, address) == 0 && address->port &&
	       !address_is_any(address->ip);
}

struct contacts {
	struct config_user *user;
	bool ranged;
	bool good;
};

static void entry_read_contact(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct contacts *contacts = context;
	struct config_contact *contact = &contacts->user->contacts[index];
	const char *text = value_text(reading, where, node);

	if (text)
		contact->uri = contacts->ranged ? text_for(reading, text, contacts->user->name) : text;
	if (contact->uri && strlen(contact->uri) > CONFIG_URI) {
		contacts->good = false;
		problem_at(reading, where, node, "is longer than %d bytes", CONFIG_URI);
		return;
	}
	if (!contact->uri || !contact_parse(contact->uri, &contact->address)) {
		contacts->good = false;
		if (contact->uri)
			problem_at(reading, where, node,
			        "\"%.80s\" is not like sip:101@10.0.0.1:5060 (UDP, a literal "
			        "address, no parameters)",
			        contact->uri);
		return;
	}
	if (contact->uri == text)
		contact->uri = reading_text(reading, text);
}

/* False: something is wrong with them, which then is so for all users of the entry. */
static bool contacts_read(struct reading *reading, const struct where *where, const struct entry *entry,
        struct config_user *user)
{
	struct where here = {.up = where, .key = "contacts"};
	struct contacts contacts = {.user = user, .ranged = entry->range.digits != 0, .good = true};
	size_t count = sequence_count(reading, &here, entry->contacts);

	if (count == 0 || count > CONTACTS) {
		if (entry->contacts->type == YAML_SEQUENCE_NODE)
			problem_at(reading, &here, entry->contacts, "must have 1 to %d entries", CONTACTS);
		return false;
	}
	user->contacts = reading_take(reading, count, sizeof(*user->contacts));
	if (!user->contacts)
		return false;
	user->contact_count = count;
	sequence_read(reading, &here, entry->contacts, NULL, entry_read_contact, &contacts);
	return contacts.good;
}

/* Makes the users of an entry. */
static void entry_expand(struct reading *reading, const struct where *where, const yaml_node_t *node,
        size_t index, void *context)
{
	struct list *list = context;
	const struct entry *entry = &list->entries[index];
	bool good = true;

	(void)node;
	for (size_t i = 0; i < entry->count && good && !reading->error; i++) {
		struct config_user *user = &list->tenant->users[list->tenant->user_count++];
		const char *name = entry->name;

		*user = entry->user;
		if (entry->range.digits) {
			name = memory_format(reading->memory, "%0*u", (int)entry->range.digits,
			        entry->range.first + (uint32_t)i);
		} else {
			name = reading_text(reading, name);
		}
		if (!name) {
			reading_fail(reading);
			return;
		}
		user->name = name;
		if (entry->range.digits) {
			user->display = text_for(reading, user->display, name);
			user->password = text_for(reading, user->password, name);
		}
		if (entry->contacts)
			good = contacts_read(reading, where, entry, user);
	}
}

static int user_compare(const void *a, const void *b)
{
	return strcmp(((const struct config_user *)a)->name, ((const struct config_user *)b)->name);
}

void users_read(struct reading *reading, const struct where *where, const yaml_node_t *node,
        struct config_tenant *tenant, struct claims *plan)
{
	size_t count = sequence_count(reading, where, node);
	struct list list = {.tenant = tenant, .plan = plan};

	list.entries = memory_take(reading->scratch, count, sizeof(*list.entries));
	if (!list.entries) {
		reading_fail(reading);
		return;
	}
	sequence_read(reading, where, node, "name", entry_read_user, &list);
	tenant->users = reading_take(reading, list.total, sizeof(*tenant->users));
	if (!tenant->users)
		return;
	sequence_read(reading, where, node, "name", entry_expand, &list);
	if (!reading->error)
		qsort(tenant->users, tenant->user_count, sizeof(*tenant->users), user_compare);
}
