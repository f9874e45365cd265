/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys that strangers choose: what is in it is found while it grows, and what isn't isn't. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sip/table.h"

/* Beyond two doublings of the first 4,096 slots, and in the midst of a third. */
enum { MANY = 21000, TEXT = 16 };

struct item {
	struct table_entry entry;
	char text[TEXT];
};

static struct table *table;
static struct item items[MANY];

static int set_up(void **state)
{
	(void)state;
	table = table_new();
	return table ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	table_free(table);
	return 0;
}

static void add(struct item *item, unsigned number)
{
	snprintf(item->text, TEXT, "key%u", number);
	item->entry.key = (struct table_key){item->text, strlen(item->text)};
	table_add(table, &item->entry);
}

static struct table_entry *find(unsigned number)
{
	char text[TEXT];
	struct table_key key = {text, 0};

	key.length = (size_t)snprintf(text, TEXT, "key%u", number);
	return table_find(table, &key);
}

static void all_are_found_at_every_size(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		add(&items[i], i);
		assert_ptr_equal(find(i), &items[i].entry);
		assert_ptr_equal(find(i / 2), &items[i / 2].entry);
		assert_null(find(i + 1));
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(find(i), &items[i].entry);
	for (unsigned i = 0; i < MANY; i += 2)
		table_remove(table, &items[i].entry);
	for (unsigned i = 0; i < MANY; i++)
		assert_ptr_equal(find(i), i % 2 ? &items[i].entry : NULL);
	for (unsigned left = MANY / 2; left; left--) {
		struct table_entry *entry = table_any(table);

		assert_non_null(entry);
		table_remove(table, entry);
	}
	assert_null(table_any(table));
}

/* However often it was split since they came. */
static void of_one_key_the_newest_comes_first(void **state)
{
	static struct item same[3];
	struct table_entry *found;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		if (i % 7000 == 100)
			add(&same[i / 7000], MANY);
		add(&items[i], i);
	}
	found = find(MANY);
	for (int i = 2; i >= 0; i--) {
		assert_ptr_equal(found, &same[i].entry);
		found = table_find_next(found);
	}
	assert_null(found);
	assert_null(table_find_next(&items[5].entry));
}

#define TABLED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TABLED(all_are_found_at_every_size),
	        TABLED(of_one_key_the_newest_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
