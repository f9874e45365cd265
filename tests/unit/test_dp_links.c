/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The links of the host, when the kernel breaks off its answer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "kmod-free/links.h"

/* What the kernel's next answer is: so many links, and how it ends. In place of the real one. */
static unsigned answer_links;
static int answer_error;

int rtnl_links_get(
        struct rtnl *rtnl, void (*each)(void *data, const struct rtnl_link *link, bool first), void *data)
{
	(void)rtnl;
	for (unsigned i = 0; i < answer_links; i++) {
		struct rtnl_link link = {.ifindex = i + 1, .ethernet = true, .up = true};

		snprintf(link.name, sizeof(link.name), "eth%u", i);
		each(data, &link, !i);
	}
	return answer_error;
}

static void a_broken_answer_changes_nothing(void **state)
{
	struct links links = {.attached = {2}, .attached_count = 1};
	struct xd_hop hop;

	(void)state;
	answer_links = 40;
	assert_int_equal(links_read(&links, NULL), 0);
	assert_int_equal(links.count, 40);
	assert_int_equal(links_find_name(&links, "eth39")->ifindex, 40);
	assert_null(links_find_name(&links, "eth40"));
	assert_int_equal(links_hop(&links, 2, &hop), 0);
	/* Otherwise every call would lose its way. */
	answer_links = 1;
	answer_error = -EINTR;
	assert_int_equal(links_read(&links, NULL), -EINTR);
	assert_int_equal(links.count, 40);
	assert_int_equal(links_hop(&links, 2, &hop), 0);
	answer_error = 0;
	assert_int_equal(links_read(&links, NULL), 0);
	assert_int_equal(links.count, 1);
	assert_int_equal(links_hop(&links, 2, &hop), -ENODEV);
	links_clear(&links);
	assert_int_equal(links.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_broken_answer_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
