/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the command line: the union of what Apple's and GNU's mig take, and a few more. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

enum {
    OPTION_USER = 256,
    OPTION_SERVER,
    OPTION_HEADER,
    OPTION_SHEADER,
    OPTION_IHEADER,
    OPTION_DHEADER,
    OPTION_REPLY,
    OPTION_SREPLYPORT,
    OPTION_PREFIX,
    OPTION_SUBRPREFIX,
    OPTION_ARCH,
    OPTION_TARGET,
    OPTION_MAXONSTACK,
    OPTION_SPLIT,
    OPTION_NOVOUCHERS,
    OPTION_MD,
    OPTION_CPP,
    OPTION_CC,
    OPTION_MIGCOM,
    OPTION_LIST,
    OPTION_JSON,
    OPTION_TYPED,
    OPTION_UNTYPED,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option long_options[] = {
    {"user", required_argument, NULL, OPTION_USER},
    {"server", required_argument, NULL, OPTION_SERVER},
    {"header", required_argument, NULL, OPTION_HEADER},
    {"sheader", required_argument, NULL, OPTION_SHEADER},
    {"iheader", required_argument, NULL, OPTION_IHEADER},
    {"dheader", required_argument, NULL, OPTION_DHEADER},
    {"reply", required_argument, NULL, OPTION_REPLY},
    {"sreplyport", no_argument, NULL, OPTION_SREPLYPORT},
    {"prefix", required_argument, NULL, OPTION_PREFIX},
    {"subrprefix", required_argument, NULL, OPTION_SUBRPREFIX},
    {"arch", required_argument, NULL, OPTION_ARCH},
    {"target", required_argument, NULL, OPTION_TARGET},
    {"maxonstack", required_argument, NULL, OPTION_MAXONSTACK},
    {"split", no_argument, NULL, OPTION_SPLIT},
    {"novouchers", no_argument, NULL, OPTION_NOVOUCHERS},
    {"MD", no_argument, NULL, OPTION_MD},
    {"cpp", required_argument, NULL, OPTION_CPP},
    {"cc", required_argument, NULL, OPTION_CC},
    {"migcom", required_argument, NULL, OPTION_MIGCOM},
    {"list", required_argument, NULL, OPTION_LIST},
    {"json", required_argument, NULL, OPTION_JSON},
    {"typed", no_argument, NULL, OPTION_TYPED},
    {"untyped", no_argument, NULL, OPTION_UNTYPED},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static const char help_text[] =
    "Usage: mig [OPTION]... FILE.defs\n"
    "Makes C stubs for Mach messages from an interface description.\n"
    "\n"
    "Output (FILE '-' is standard output, /dev/null is none; SUBSYSTEM is the interface's name):\n"
    "  -user FILE        client stubs               [SUBSYSTEMUser.c]\n"
    "  -server FILE      server stubs and demux     [SUBSYSTEMServer.c]\n"
    "  -header FILE      the client's header        [SUBSYSTEM.h]\n"
    "  -sheader FILE     the server's header\n"
    "  -iheader FILE     the header for those who implement the server\n"
    "  -dheader FILE     message ids as macros\n"
    "  -reply FILE       functions that answer a request later\n"
    "  -list FILE        every routine, its id, arguments and message layout, for people\n"
    "  -json FILE        the same for programs\n"
    "  -i PREFIX         a file for each client stub, PREFIXroutine.c\n"
    "  -split            leave the message structures out of the headers\n"
    "\n"
    "Code:\n"
    "  -typed, -untyped  typed Mach 3.0 messages, or messages with descriptors [-untyped]\n"
    "  -prefix WORD      put WORD before the names of client functions\n"
    "  -subrprefix WORD  put WORD before the names of server functions\n"
    "  -sreplyport       give the reply right to every server function\n"
    "  -maxonstack N     allocate client messages of more than N bytes; -1: none [32768]\n"
    "  -novouchers       do not set a voucher in requests\n"
    "  -R, -r            send and receive in two calls, or in one [-r]\n"
    "  -L, -l            call logging macros around each message, or not [-l]\n"
    "  -s, -S            make a symbol table of routines, or not [-S]\n"
    "\n"
    "Input:\n"
    "  -D, -I, -U        to the preprocessor\n"
    "  -arch NAME        describe the interface for x86_64 or arm64\n"
    "  -target TRIPLE    the same, by the first part of a triple\n"
    "  -MD               write dependencies beside the first output, as .d\n"
    "  -cc COMMAND       preprocess with COMMAND -E [$MIGCC, else cc]\n"
    "  -cpp COMMAND      preprocess with COMMAND; 'none': the input has been\n"
    "  -migcom COMMAND   give the preprocessed text to another compiler\n"
    "\n"
    "  -q, -Q            no warnings, or warnings [-Q]\n"
    "  -v, -V            say what was read, or not [-V]\n"
    "  -help, -version   this text, or the version\n"
    "\n"
    "Called as 'migcom', it takes preprocessed text.  See mig(1).\n";

static void push(struct strings *strings, const char *format, const char *word)
{
    size_t length = strlen(format) + strlen(word) + 1;
    char *text = malloc(length);
    const char **items = realloc(strings->items, ((size_t)strings->count + 1) * sizeof *items);

    if (text == NULL || items == NULL) {
        fputs("mig: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    snprintf(text, length, format, word);
    strings->items = items;
    items[strings->count++] = text;
}

static bool usage(const char *format, const char *word)
{
    fputs("mig: ", stderr);
    fprintf(stderr, format, word);
    fputs("; see mig -help\n", stderr);
    return false;
}

/* ---- one kind of option each ---------------------------------------------------------------------- */

static bool take_arch(struct options *options, const char *name, size_t length)
{
    static const struct {
        const char *name, *macro, *other;
    } archs[] = {
        {"x86_64", "-D__x86_64__=1", "-U__aarch64__"},
        {"arm64", "-D__aarch64__=1", "-U__x86_64__"},
        {"aarch64", "-D__aarch64__=1", "-U__x86_64__"},
    };

    for (size_t i = 0; i < sizeof archs / sizeof archs[0]; i++) {
        if (strlen(archs[i].name) == length && strncmp(archs[i].name, name, length) == 0) {
            push(&options->cpp_args, "%s", archs[i].other);
            push(&options->cpp_args, "%s", archs[i].macro);
            return true;
        }
    }
    return usage("'%s' is no machine that mig makes code for (x86_64, arm64)", name);
}

static bool take_maxonstack(struct options *options, const char *text)
{
    char *end;
    long value = strtol(text, &end, 0);

    if (*text == '\0' || *end != '\0' || value < -1)
        return usage("'%s' is no number of bytes", text);
    options->on_stack_limit = value;
    return true;
}

/* Options of other migs that choose between things of which this one has only one. */
static bool refuse_meaningless(int letter)
{
    static const struct {
        int letter;
        const char *why;
    } reasons[] = {
        {'k', "-k asks for K&R prototypes; all output is standard C"},
        {'n', "-n is about testing RPC traps, which no stub uses"},
        {'N', "-N is about testing RPC traps, which no stub uses"},
        {'t', "-t is about RPC traps, which no stub uses; messages always go through mach_msg"},
        {'b', "-b is about both kinds of RPC in one stub; messages always go through mach_msg"},
        {'B', "-B is about both kinds of RPC in one stub; messages always go through mach_msg"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].letter == letter)
            return usage("%s", reasons[i].why);
    }
    return false;
}

static bool take_letter(struct options *options, int letter)
{
    switch (letter) {
    case 'D': push(&options->cpp_args, "-D%s", optarg); return true;
    case 'U': push(&options->cpp_args, "-U%s", optarg); return true;
    case 'I': push(&options->cpp_args, "-I%s", optarg); return true;
    case 'i': options->user_dir = optarg; return true;
    case 'q': options->quiet = true; return true;
    case 'Q': options->quiet = false; return true;
    case 'v': options->verbose = true; return true;
    case 'V': options->verbose = false; return true;
    case 'L': options->log = true; return true;
    case 'l': options->log = false; return true;
    case 's': options->symtab = true; return true;
    case 'S': options->symtab = false; return true;
    case 'R': options->separate = true; return true;
    case 'r': options->separate = false; return true;
    default: return refuse_meaningless(letter);
    }
}

static bool take_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_USER: options->user = optarg; return true;
    case OPTION_SERVER: options->server = optarg; return true;
    case OPTION_HEADER: options->header = optarg; return true;
    case OPTION_SHEADER: options->sheader = optarg; return true;
    case OPTION_IHEADER: options->iheader = optarg; return true;
    case OPTION_DHEADER: options->dheader = optarg; return true;
    case OPTION_REPLY: options->reply = optarg; return true;
    case OPTION_SREPLYPORT: options->sreplyport = true; return true;
    case OPTION_PREFIX: options->prefix = optarg; return true;
    case OPTION_SUBRPREFIX: options->subr_prefix = optarg; return true;
    case OPTION_ARCH: return take_arch(options, optarg, strlen(optarg));
    case OPTION_TARGET: return take_arch(options, optarg, strcspn(optarg, "-"));
    case OPTION_MAXONSTACK: return take_maxonstack(options, optarg);
    case OPTION_SPLIT: options->split = true; return true;
    case OPTION_NOVOUCHERS: options->novouchers = true; return true;
    case OPTION_MD: options->md = true; return true;
    case OPTION_CPP:
        if (strcmp(optarg, "none") == 0)
            options->preprocessed = true;
        else
            options->cpp = optarg;
        return true;
    case OPTION_CC: options->cc = optarg; return true;
    case OPTION_MIGCOM: options->migcom = optarg; return true;
    case OPTION_LIST: options->list = optarg; return true;
    case OPTION_JSON: options->json = optarg; return true;
    case OPTION_TYPED: options->typed = true; return true;
    case OPTION_UNTYPED: options->typed = false; return true;
    default: return take_letter(options, option);
    }
}

/* Where dependencies go, and what depends: known once all options are. */
static bool finish_md(struct options *options)
{
    const char *outputs[] = {options->user,    options->server,  options->header, options->sheader, options->iheader,
                             options->dheader, options->reply, options->list,   options->json};
    const char *first = NULL;

    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        if (outputs[i] == NULL || strcmp(outputs[i], "-") == 0 || strcmp(outputs[i], "/dev/null") == 0)
            continue;
        first = first != NULL ? first : outputs[i];
        push(&options->cpp_args, "-MT%s", outputs[i]);
    }
    if (first == NULL)
        return usage("%s", "-MD needs an output file to be named, such as -user FILE");
    const char *dot = strrchr(first, '.'), *slash = strrchr(first, '/');
    size_t stem = dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - first) : strlen(first);
    char path[4096];
    if (snprintf(path, sizeof path, "%.*s.d", (int)stem, first) >= (int)sizeof path)
        return usage("'%s' is too long a name", first);
    push(&options->cpp_args, "%s", "-MD");
    push(&options->cpp_args, "-MF%s", path);
    return true;
}

static void start_options(struct options *options, const char *program)
{
    const char *slash = strrchr(program, '/');

    *options = (struct options){.on_stack_limit = DEFAULT_ON_STACK_LIMIT};
    options->preprocessed = strcmp(slash != NULL ? slash + 1 : program, "migcom") == 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
    int option;

    start_options(options, argc > 0 ? argv[0] : "mig");
    while ((option = getopt_long_only(argc, argv, "D:U:I:i:qQvVLlsSRrknNtbB", long_options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(help_text, stdout);
            return EXIT_SUCCESS;
        }
        if (option == OPTION_VERSION) {
            puts("mig (machsim) " PACKAGE_VERSION);
            return EXIT_SUCCESS;
        }
        if (option == '?' || !take_option(options, option))
            return EXIT_FAILURE;
    }
    if (optind < argc)
        options->input = argv[optind++];
    if (optind < argc)
        return usage("only one .defs file can be compiled at a time, and '%s' is another", argv[optind]), EXIT_FAILURE;
    if (options->input == NULL && !options->preprocessed)
        return usage("%s", "there is no .defs file ('-' is standard input)"), EXIT_FAILURE;
    if (options->md && !finish_md(options))
        return EXIT_FAILURE;
    return -1;
}
