/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_parser.c - any text at all through the compiler, both formats; libFuzzer's entry, or files by name. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "compile.h"

static FILE *nowhere;

static void compile_as(const char *text, size_t length, bool typed)
{
    const struct options options = {
        .input = "fuzz.defs",
        .user = "fuzz_user.c",
        .server = "fuzz_server.c",
        .header = "fuzz.h",
        .sheader = "fuzz_server.h",
        .iheader = "fuzz_i.h",
        .dheader = "fuzz_ids.h",
        .reply = "fuzz_reply.c",
        .list = "fuzz.txt",
        .json = "fuzz.json",
        .typed = typed,
        .log = true,
        .symtab = true,
        .sreplyport = length % 2 == 0,
        .separate = length % 3 == 0,
        .on_stack_limit = 1024,
    };

    compile(&options, text, length, nowhere, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "w");
    compile_as((const char *)data, size, false);
    compile_as((const char *)data, size, true);
    return 0;
}

#ifdef FUZZ_MAIN
/* Without libFuzzer: each file named is tried as it is, cut short at every length, and with bytes changed. */
static void try_variants(uint8_t *data, size_t size)
{
    unsigned seed = 1;

    LLVMFuzzerTestOneInput(data, size);
    for (size_t cut = 0; cut < size; cut += 1 + size / 64)
        LLVMFuzzerTestOneInput(data, cut);
    for (int i = 0; i < 200 && size > 0; i++) {
        size_t at = (size_t)rand_r(&seed) % size;
        uint8_t old = data[at];
        data[at] = (uint8_t)(rand_r(&seed) % 5 == 0 ? rand_r(&seed) : "{}()[];:,*^|=<>\" 0az_"[rand_r(&seed) % 21]);
        LLVMFuzzerTestOneInput(data, size);
        if (i % 4 != 0)
            data[at] = old;
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        static uint8_t data[1 << 20];
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        try_variants(data, size);
    }
    return EXIT_SUCCESS;
}
#endif
