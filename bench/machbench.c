/* SPDX-License-Identifier: BSD-2-Clause */
/* machbench.c - what Mach calls cost, beside what else there is for the same: subject.h, run.h, report.h. */
#include <argp.h>
#include <errno.h>
#include <mach/mach.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "must.h"
#include "report.h"

enum placement { ONE, TWO, FREE };
enum format { TEXT, TSV, JSON };

static struct options {
    unsigned rounds, milliseconds;
    enum placement placement;
    enum format format;
    const char *only, *plot;
} options = {.rounds = 9, .milliseconds = 10};

unsigned char *source;

/* ---- for subjects ---------------------------------------------------------------------------------- */

static void pin(unsigned processor)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    must(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

void be_server(void)
{
    if (options.placement == TWO)
        pin(1);
}

bool in_child(void)
{
    const pid_t pid = fork();

    must(pid >= 0, "fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        be_server();
    }
    return pid == 0;
}

void touch_pages(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i += 4096)
        (void)*(const volatile unsigned char *)&memory[i];
}

void dirty_pages(unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i += 4096)
        memory[i] = 1;
}

/* Whoever is left alone has nothing more to do. */
void write_all(int file, const void *bytes, size_t size)
{
    for (ssize_t done; size > 0; size -= (size_t)done, bytes = (const char *)bytes + done)
        if ((done = write(file, bytes, size)) <= 0)
            exit(EXIT_FAILURE);
}

void read_all(int file, void *bytes, size_t size)
{
    for (ssize_t done; size > 0; size -= (size_t)done, bytes = (char *)bytes + done)
        if ((done = read(file, bytes, size)) <= 0)
            exit(EXIT_FAILURE);
}

/* ---- options --------------------------------------------------------------------------------------- */

const char *argp_program_version = "machbench, of machsim";

static unsigned number(struct argp_state *state, const char *text, unsigned least, unsigned most)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < least || value > most)
        argp_error(state, "«%s» is no number from %u to %u", text, least, most);
    return (unsigned)value;
}

static enum placement placement_of(struct argp_state *state, const char *text)
{
    if (strcmp(text, "1") == 0)
        return ONE;
    if (strcmp(text, "2") == 0)
        return TWO;
    if (strcmp(text, "free") != 0)
        argp_error(state, "processors are 1, 2 or free, not «%s»", text);
    return FREE;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    switch (key) {
    case 't': options.format = TSV; break;
    case 'j': options.format = JSON; break;
    case 'o': options.plot = text; break;
    case 'p': options.placement = placement_of(state, text); break;
    case '2': options.placement = TWO; break;
    case 'c': options.only = text; break;
    case 'r': options.rounds = number(state, text, 1, MAX_ROUNDS); break;
    case 'm': options.milliseconds = number(state, text, 1, 10000); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option option_list[] = {
    {"case", 'c', "NAME", 0, "Only cases whose names begin so", 0},
    {"processors", 'p', "1|2|free", 0, "All on one processor, servers on another, or wherever the host puts them [1]", 0},
    {"two", '2', NULL, 0, "The same as --processors=2", 0},
    {"rounds", 'r', "N", 0, "Measure each N times, in random order [9]", 0},
    {"time", 'm', "MS", 0, "Milliseconds of each measurement [10]", 0},
    {"tsv", 't', NULL, 0, "Print a table for programs", 0},
    {"json", 'j', NULL, 0, "Print JSON", 0},
    {"plot", 'o', "FILE", 0, "Draw charts too, into an SVG file", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static const char *where(void)
{
    switch (options.placement) {
    case ONE: return "All on one processor";
    case TWO: return "Servers on another processor";
    default: return "Processors as the host likes";
    }
}

static void plot(const struct run *run)
{
    FILE *out = fopen(options.plot, "w");

    if (out == NULL) {
        fprintf(stderr, "machbench: %s: %s\n", options.plot, strerror(errno));
        exit(EXIT_FAILURE);
    }
    report_plot(run, where(), out);
    must(fclose(out) == 0, "fclose");
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        option_list, parse, NULL,
        "Measures Mach calls beside a futex, pipes, sockets, queues and the libraries that it was built with.", NULL, NULL,
        NULL};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    signal(SIGPIPE, SIG_IGN);
    /* On one processor the daemon is there too, if this starts it; else it has all. */
    if (options.placement == ONE)
        pin(0);
    must_mach(mach_init(), "mach_init");
    if (options.placement == TWO)
        pin(0);
    source = mmap(NULL, LARGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(source != MAP_FAILED, "mmap");
    memset(source, 1, LARGEST);
    struct run run = run_cases(options.only, options.rounds, options.milliseconds, !isatty(STDERR_FILENO));

    switch (options.format) {
    case TSV: report_tsv(&run); break;
    case JSON: report_json(&run, where()); break;
    default: report_text(&run, where());
    }
    if (options.plot != NULL)
        plot(&run);
    run_free(&run);
    return EXIT_SUCCESS;
}
