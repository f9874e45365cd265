/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports as an HTML page: whole whatever the reports hold, in order, and dependent on nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tools/rig/page.h"
#include "tools/rig/plot.h"

/* To be freed. */
static char *page_of(const char *reports)
{
	json_t *list = json_loads(reports, 0, NULL);
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);

	assert_non_null(list);
	page_write(file, list);
	fclose(file);
	json_decref(list);
	return text;
}

static unsigned count_of(const char *text, const char *what)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		count++;
	return count;
}

/* Each of the texts, in this order; frees the page. */
static void has(char *page, const char *const *texts)
{
	const char *at = page;

	for (; *texts; texts++) {
		at = strstr(at, *texts);
		if (!at)
			fail_msg("\"%s\" is not there, or not in its place:\n%s", *texts, page);
		else
			at += strlen(*texts);
	}
	free(page);
}

#define page_has(page, ...) has(page, (const char *const[]){__VA_ARGS__, NULL})

#define REPORT(work, calls, sent, more)                                                                      \
	"{\"work\":\"" work "\",\"calls\":" calls ",\"seconds\":2,\"sent\":" sent                            \
	",\"received\":20000,\"lost\":0,"                                                                    \
	"\"faulty_callers\":0,\"busy_cores\":0.5,\"relay_cpu_ns_per_packet\":150,"                           \
	"\"deviation_us\":{\"p50\":86,\"p99\":311.3,\"p999\":12583,\"max\":15187},"                          \
	"\"deviation_histogram\":[[5,60],[80,30],[20000,10]],\"received_each_second\":[10000,9000],"         \
	"\"cpu\":{\"relay_cores\":0.1}" more "}"

static void figures_are_in_order(void **state)
{
	(void)state;
	page_has(page_of("[" REPORT("forward", "100", "1", "") "," REPORT("hold", "10000", "0",
	                 "") "," REPORT("hold", "1000", "0", "") "," REPORT("hold", "200", "5", "") "]"),
	        "<tr><td>silent<td>1,000<td>10,000<td>0<td>0<td>150 ns<td>0.50<td>86 \302\265s<td>311 ",
	        "<td>12.6 ms<td>15.2 ms</tr>", "<tr><td>silent<td>10,000", "<tr><td>talking<td>200",
	        "<tr><td>bridges<td>100", ">Cores<", ">Nanoseconds a packet<", ">1,000 silent<",
	        ">10,000 silent<", ">200 talking<", ">100 bridges<", ">1,000 silent<",
	        ">p99 311 \302\265s, p99.9 12.6 ms<");
}

static void what_was_lost_stands_out(void **state)
{
	(void)state;
	page_has(page_of("[{\"work\":\"hold\",\"calls\":5,\"lost\":1234}]"), "<td class='bad'>1,234<td>0");
}

/* Three of the bars are not empty: all that is below 10 us, and two others. */
static void histograms_have_shares(void **state)
{
	char *page = page_of("[" REPORT("hold", "1000", "0", "") "]");
	const char *histogram = strstr(page, "Off the grid");

	(void)state;
	assert_non_null(histogram);
	assert_int_equal(count_of(histogram, "fill='var(--line)'"), 3);
	page_has(page, ">60%<", ">10 \302\265s<", ">100 \302\265s<", ">1 ms<", ">10 ms<");
}

static void busy_machines_have_no_curve(void **state)
{
	char *page = page_of("[" REPORT("hold", "1000", "0", ",\"note\":\"busy\"") "]");

	(void)state;
	assert_null(strstr(page, ">Cores<"));
	page_has(page, "<td>?<td>", "nothing can be said of the relay's CPU time",
	        "Nothing can be said of it");
}

/* Also of reports that lack everything, or hold nonsense. */
static void pages_are_whole(void **state)
{
	static const char *const reports[] = {"[]", "[{}]", "[5, null, \"x\"]",
	        "[{\"work\":\"<b>\",\"calls\":-5,\"seconds\":0,\"received\":1e300,\"deviation_us\":{\"p50\":"
	        "1e300},"
	        "\"received_each_second\":[1.7e308,-1,\"x\",0],\"deviation_histogram\":[[-1,5],[0,0],[1e300,"
	        "1],[20,1e308],[20,1e308],"
	        "5],"
	        "\"cpu\":{\"relay_cores\":-0.5}}]",
	        "[" REPORT("hold", "1000", "0", "") "]"};

	(void)state;
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		char *page = page_of(reports[i]);

		assert_int_equal(count_of(page, "<svg "), count_of(page, "</svg>"));
		assert_int_equal(count_of(page, "<g "), count_of(page, "</g>"));
		assert_int_equal(count_of(page, "<text "), count_of(page, "</text>"));
		/* Nothing is loaded, and no figure is none. */
		assert_null(strstr(page, "http"));
		assert_null(strstr(page, "src="));
		assert_null(strstr(page, "'nan"));
		assert_null(strstr(page, "'-nan"));
		assert_null(strstr(page, "'inf"));
		page_has(page, "<!DOCTYPE html>", "prefers-color-scheme:dark", "</body></html>\n");
	}
}

static void figures_of_plots(void **state)
{
	static const struct {
		double value;
		enum plot_unit unit;
		const char *text;
	} rows[] = {{0, PLOT_NUMBER, "0"}, {0.25, PLOT_NUMBER, "0.25"}, {500, PLOT_NUMBER, "500"},
	        {1000, PLOT_NUMBER, "1 k"}, {2500000, PLOT_NUMBER, "2.5 M"}, {40, PLOT_PERCENT, "40%"},
	        {20, PLOT_US, "20 \302\265s"}, {1500, PLOT_US, "1.5 ms"}, {3e6, PLOT_US, "3 s"}};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(plot_figure(rows[i].value, rows[i].unit, text), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(figures_are_in_order),
	        cmocka_unit_test(what_was_lost_stands_out),
	        cmocka_unit_test(histograms_have_shares),
	        cmocka_unit_test(busy_machines_have_no_curve),
	        cmocka_unit_test(pages_are_whole),
	        cmocka_unit_test(figures_of_plots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
