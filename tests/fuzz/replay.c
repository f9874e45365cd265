/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target on every file of the corpora that are named: what `make check` needs of libFuzzer,
 * without it. Takes and ignores its options (-runs=0).
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 20 };

static int run_file(const char *path)
{
	uint8_t *buffer = malloc(MOST_BYTES), *exact;
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file || !buffer) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		free(buffer);
		return -1;
	}
	size = fread(buffer, 1, MOST_BYTES, file);
	fclose(file);
	/* Of its very size, so that a sanitizer sees who reads beyond it. */
	exact = malloc(size ? size : 1);
	if (exact) {
		memcpy(exact, buffer, size);
		LLVMFuzzerTestOneInput(exact, size);
	}
	free(buffer);
	free(exact);
	return exact ? 0 : -1;
}

/* Returns how many files were run, or -1. */
static int run_folder(const char *folder)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	int count = 0;

	if (!directory) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		return -1;
	}
	while (count >= 0 && (entry = readdir(directory))) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		count = run_file(path) ? -1 : count + 1;
	}
	closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = argv[i][0] == '-' ? 0 : run_folder(argv[i]);

		if (count < 0)
			return 1;
		total += count;
	}
	printf("RESULT: %d inputs\n", total);
	return total ? 0 : 1;
}
