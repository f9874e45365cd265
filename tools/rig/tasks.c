/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/rig/tasks.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

struct task {
	unsigned long id;
	uint64_t ran_ns;
};

/* Sorted by id. */
struct tasks {
	size_t count, room;
	struct task *task;
};

static int task_compare(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Whether it failed because the process or task has ended, which is no error. */
static bool has_ended(void)
{
	return errno == ENOENT || errno == ESRCH;
}

/* 0, 1: it has just ended; or -1. The first number of the file is what it has run. */
static int task_read(const char *process, const char *id, struct task *task)
{
	char text[64], *end = text;
	FILE *file;
	bool read;

	snprintf(text, sizeof(text), "/proc/%.10s/task/%.10s/schedstat", process, id);
	file = fopen(text, "re");
	if (!file)
		return has_ended() ? 1 : -1;
	read = fgets(text, sizeof(text), file) != NULL;
	fclose(file);
	task->id = strtoul(id, NULL, 10);
	task->ran_ns = read ? strtoull(text, &end, 10) : 0;
	return end == text;
}

/* False: no memory. */
static bool task_add(struct tasks *tasks, const struct task *task)
{
	if (tasks->count == tasks->room) {
		size_t room = tasks->room ? 2 * tasks->room : 256;
		struct task *more = reallocarray(tasks->task, room, sizeof(*more));

		if (!more)
			return false;
		tasks->task = more;
		tasks->room = room;
	}
	tasks->task[tasks->count++] = *task;
	return true;
}

/* The numbered entries of a directory, one call of `each` for each; false: it can't be read, or each said so.
 */
static bool numbers_each(const char *path, bool (*each)(struct tasks *, const char *, const char *),
        struct tasks *tasks, const char *process)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool good = directory || has_ended();

	while (good && directory && (entry = readdir(directory)))
		if (isdigit((unsigned char)entry->d_name[0]))
			good = each(tasks, process, entry->d_name);
	if (directory)
		closedir(directory);
	return good;
}

static bool task_note(struct tasks *tasks, const char *process, const char *id)
{
	struct task task;
	int ended = task_read(process, id, &task);

	return ended ? ended > 0 : task_add(tasks, &task);
}

static bool process_note(struct tasks *tasks, const char *none, const char *process)
{
	char path[64];

	(void)none;
	snprintf(path, sizeof(path), "/proc/%.10s/task", process);
	return numbers_each(path, task_note, tasks, process);
}

struct tasks *tasks_now(void)
{
	struct tasks *tasks = calloc(1, sizeof(*tasks));

	if (!tasks || !numbers_each("/proc", process_note, tasks, NULL) || !tasks->count) {
		tasks_free(tasks);
		return NULL;
	}
	qsort(tasks->task, tasks->count, sizeof(*tasks->task), task_compare);
	return tasks;
}

void tasks_free(struct tasks *tasks)
{
	if (!tasks)
		return;
	free(tasks->task);
	free(tasks);
}

uint64_t tasks_ran(const struct tasks *from, const struct tasks *to)
{
	uint64_t ran = 0;

	for (size_t i = 0; i < to->count; i++) {
		const struct task *now = &to->task[i];
		const struct task *before =
		        bsearch(now, from->task, from->count, sizeof(*from->task), task_compare);

		/* A number that was given anew is another task. */
		ran += before && before->ran_ns <= now->ran_ns ? now->ran_ns - before->ran_ns : now->ran_ns;
	}
	return ran;
}
