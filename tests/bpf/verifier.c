/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: verifier OBJECT. Has the kernel verify each program of a BPF object, and prints what that took. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LOG_STATISTICS = 4, LOG_BYTES = 65536, PROGRAMS = 16, RESULT_BYTES = 1024 };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The verifier's last line: "processed N insns (limit L) max_states_per_insn M total_states S ..." */
static void result_add(char *result, const char *program, const char *log)
{
	unsigned long long instructions, limit, most, states;
	const char *line = strstr(log, "processed ");
	size_t used = strlen(result);

	if (!line ||
	        sscanf(line, "processed %llu insns (limit %llu) max_states_per_insn %llu total_states %llu",
	                &instructions, &limit, &most, &states) != 4) {
		snprintf(result + used, RESULT_BYTES - used, "%s: no statistics; ", program);
		return;
	}
	snprintf(result + used, RESULT_BYTES - used, "%s: %llu instructions of %llu verified, %llu states; ",
	        program, instructions, limit, states);
}

int main(int argc, char **argv)
{
	static char logs[PROGRAMS][LOG_BYTES], result[RESULT_BYTES];
	struct bpf_program *program;
	struct bpf_object *object;
	double start = seconds();
	unsigned count = 0, i = 0;
	int error;

	if (argc != 2) {
		fputs("usage: verifier OBJECT\n", stderr);
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (!object) {
		fprintf(stderr, "verifier: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	bpf_object__for_each_program(program, object)
	{
		if (count == PROGRAMS)
			break;
		bpf_program__set_log_level(program, LOG_STATISTICS);
		bpf_program__set_log_buf(program, logs[count++], LOG_BYTES);
	}
	error = bpf_object__load(object);
	bpf_object__for_each_program(program, object)
	{
		if (i == count)
			break;
		if (error)
			fprintf(stderr, "verifier: %s: %s\n%s", bpf_program__name(program), strerror(-error),
			        logs[i]);
		result_add(result, bpf_program__name(program), logs[i++]);
	}
	printf("RESULT: %sloaded in %.1f s\n", result, seconds() - start);
	bpf_object__close(object);
	return error ? 1 : 0;
}
