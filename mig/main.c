/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - mig, the Mach interface generator. */
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "preprocess.h"

/* What another migcom gets: all that mig itself was given, less what was for the preprocessor. */
static char **other_arguments(int argc, char **argv)
{
    char **others = calloc((size_t)argc + 1, sizeof *others);
    int count = 1;

    if (others == NULL)
        return NULL;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        bool two = strcmp(word, "-migcom") == 0 || strcmp(word, "-cpp") == 0 || strcmp(word, "-cc") == 0 ||
                   strcmp(word, "-arch") == 0 || strcmp(word, "-target") == 0 || strcmp(word, "-D") == 0 ||
                   strcmp(word, "-I") == 0 || strcmp(word, "-U") == 0;
        bool one = strncmp(word, "-D", 2) == 0 || strncmp(word, "-I", 2) == 0 || strncmp(word, "-U", 2) == 0 ||
                   strcmp(word, "-MD") == 0;
        if (two)
            i++;
        else if (!one)
            others[count++] = argv[i];
    }
    return others;
}

/* The input's name is not for it either: it reads standard input. */
static int hand_over(const struct options *options, const char *text, size_t length, int argc, char **argv)
{
    char **others = other_arguments(argc, argv);

    if (others == NULL)
        return EXIT_FAILURE;
    for (int i = 1; others[i] != NULL; i++) {
        if (others[i] == options->input) {
            memmove(&others[i], &others[i + 1], (size_t)(argc - i) * sizeof *others);
            break;
        }
    }
    int status = preprocess_hand_over(options, text, length, others);
    free(others);
    return status;
}

static void free_options(struct options *options)
{
    for (int i = 0; i < options->cpp_args.count; i++)
        free((char *)options->cpp_args.items[i]);
    free(options->cpp_args.items);
}

int main(int argc, char **argv)
{
    struct options options;
    size_t length;
    int status = options_parse(&options, argc, argv);

    if (status == -1) {
        char *text = preprocess(&options, &length);
        if (text == NULL)
            status = EXIT_FAILURE;
        else if (options.migcom != NULL)
            status = hand_over(&options, text, length, argc, argv);
        else
            status = compile(&options, text, length, stderr, true) ? EXIT_SUCCESS : EXIT_FAILURE;
        free(text);
    }
    free_options(&options);
    return status;
}
