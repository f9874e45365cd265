/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/causes.h"

#include <stdio.h>

static const char *const names[] = {
        [CAUSE_NO_ANSWER] = "no_answer",
        [CAUSE_HUNG_UP] = "hung_up",
        [CAUSE_NO_MEDIA] = "no_media",
        [CAUSE_NOT_TOLD] = "not_told",
        [CAUSE_NOT_HEARD] = "not_heard",
        [CAUSE_NO_LINE] = "no_line",
        [CAUSE_UNFINISHED] = "unfinished",
        [CAUSE_NO_CHALLENGE] = "no_challenge",
        [CAUSE_NOT_BOUND] = "not_bound",
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

void causes_add(struct causes *causes, int cause)
{
	if (cause > CAUSE_NONE && cause < CAUSES)
		causes->count[cause]++;
}

uint64_t causes_sum(const struct causes *causes)
{
	uint64_t sum = 0;

	for (int i = 0; i < CAUSES; i++)
		sum += causes->count[i];
	return sum;
}

json_t *causes_report(const struct causes *causes)
{
	json_t *report = json_object();
	char status[16];

	for (int i = 0; i < CAUSES; i++) {
		if (!causes->count[i])
			continue;
		snprintf(status, sizeof(status), "%d", i);
		json_object_set_new(report, i < NAMES ? names[i] : status, json_integer(causes->count[i]));
	}
	return report;
}
