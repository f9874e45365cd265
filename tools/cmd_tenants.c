/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdpark tenants: which there are, and how full their orbits. */
#include <stdio.h>

#include "tools/answer.h"
#include "tools/command.h"
#include "tools/leg.h"

static const struct sheet_column columns[] = {
        {"TENANT", false}, {"USERS", true}, {"PARKED", true}, {"ORBITS", true}, {"PARK NUMBER", false}};

static void print(const json_t *answer)
{
	struct sheet *sheet = sheet_new(columns, sizeof(columns) / sizeof(columns[0]));
	json_t *tenant;
	size_t i;

	json_array_foreach(json_object_get(answer, "tenants"), i, tenant)
	{
		sheet_cell(sheet, answer_text(tenant, "tenant"));
		sheet_count(sheet, answer_count(tenant, "users"));
		sheet_count(sheet, answer_count(tenant, "parked"));
		sheet_count(sheet, answer_count(tenant, "orbits"));
		sheet_cell(sheet, answer_text(tenant, "park_number"));
	}
	sheet_print(sheet);
	if (answer_count(answer, "left_out")) {
		putchar('\n');
		sheet = sheet_notes();
		leg_note_left_out(sheet, answer);
		sheet_print(sheet);
	}
}

const struct command cmd_tenants = {
        .name = "tenants",
        .arguments = "",
        .help = "the tenants, and how many are parked",
        .target = "/v1/tenants",
        .list = true,
        .print = print,
};
