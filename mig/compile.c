/* SPDX-License-Identifier: BSD-2-Clause */
/* compile.c - one compilation: parse, check, lay out, write. */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "parse.h"

#define MAX_SOURCE (256u << 20)

struct output {
    const char *path;
    struct out out;
    struct output *next;
};

struct compilation {
    struct arena arena;
    struct source source;
    struct interface interface;
    const struct options *options;
    struct output *outputs, **end;
};

static bool is_wanted(const char *path)
{
    return path != NULL && strcmp(path, "/dev/null") != 0;
}

static struct out *add_output(struct compilation *compilation, const char *path)
{
    struct output *output = arena_new(&compilation->arena, struct output);

    output->path = path;
    if (!out_init(&output->out)) {
        fputs("mig: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    *compilation->end = output;
    compilation->end = &output->next;
    return &output->out;
}

static struct emitter emitter_for(struct compilation *compilation, const char *path)
{
    return (struct emitter){
        .source = &compilation->source,
        .arena = &compilation->arena,
        .interface = &compilation->interface,
        .options = compilation->options,
        .out = add_output(compilation, path),
    };
}

static void emit_one(struct compilation *compilation, const char *path, void (*emit)(struct emitter *))
{
    if (!is_wanted(path))
        return;
    struct emitter emitter = emitter_for(compilation, path);
    emit(&emitter);
}

/* -i: a file for each client stub. */
static void emit_user_files(struct compilation *compilation)
{
    for (const struct routine *routine = compilation->interface.routines; routine != NULL; routine = routine->next) {
        const char *path =
            arena_printf(&compilation->arena, "%s%s.c", compilation->options->user_dir, routine->name);
        struct emitter emitter = emitter_for(compilation, path);
        emit_user_one(&emitter, routine);
    }
}

static const char *default_path(struct compilation *compilation, const char *path, const char *format_tail)
{
    const struct options *options = compilation->options;

    if (path != NULL || options->list != NULL || options->json != NULL)
        return path;
    return arena_printf(&compilation->arena, "%s%s", compilation->interface.name, format_tail);
}

static void emit_all(struct compilation *compilation)
{
    const struct options *options = compilation->options;

    if (options->user_dir != NULL)
        emit_user_files(compilation);
    else
        emit_one(compilation, default_path(compilation, options->user, "User.c"), emit_user);
    emit_one(compilation, default_path(compilation, options->server, "Server.c"), emit_server);
    emit_one(compilation, default_path(compilation, options->header, ".h"), emit_user_header);
    emit_one(compilation, options->sheader, emit_server_header);
    emit_one(compilation, options->iheader, emit_implementer_header);
    emit_one(compilation, options->dheader, emit_defines_header);
    emit_one(compilation, options->reply, emit_late_replies);
    emit_one(compilation, options->list, emit_list);
    emit_one(compilation, options->json, emit_json);
}

/* -sreplyport: every routine's server function gets the reply right, so that it can answer later. */
static void add_reply_ports(struct compilation *compilation)
{
    static const char name[] = "mig_reply_port_t";

    for (struct routine *routine = compilation->interface.routines; routine != NULL; routine = routine->next) {
        bool has = routine->kind == SIMPLE_ROUTINE || routine->kind == SIMPLE_PROCEDURE;
        struct arg **after = routine->args != NULL ? &routine->args->next : &routine->args;
        for (struct arg *arg = routine->args; arg != NULL; arg = arg->next) {
            has = has || arg->role == ROLE_REPLY_PORT || arg->role == ROLE_SREPLY_PORT ||
                  arg->role == ROLE_UREPLY_PORT;
        }
        if (has)
            continue;
        struct type *type = type_scalar(&compilation->source, routine->pos, WIRE_MAKE_SEND_ONCE, WIRE_MOVE_SEND_ONCE,
                                        32, "mach_port_t");
        struct arg *arg = arena_new(&compilation->arena, struct arg);
        type->name = name;
        type->user_type = type->server_type = "mach_port_t";
        *arg = (struct arg){
            .name = "mig_reply_port", .pos = routine->pos, .type = type, .role = ROLE_SREPLY_PORT, .role_given = true};
        arg->next = *after;
        *after = arg;
    }
}

/* -reply: what it makes must not be called as a routine is. */
static void check_reply_names(struct compilation *compilation)
{
    for (struct routine *routine = compilation->interface.routines; routine != NULL; routine = routine->next) {
        const char *name = arena_printf(&compilation->arena, "%s_reply", routine->name);
        struct routine *other;
        HASH_FIND_STR(compilation->interface.routine_names, name, other);
        if (other == NULL || routine->one_way)
            continue;
        diag_error(&compilation->source, other->pos, "routine '%s' has the name of the late reply to '%s'", name,
                   routine->name);
        diag_note(&compilation->source, routine->pos, "'%s' is here; without -reply there is no conflict",
                  routine->name);
    }
}

static void read_interface(struct compilation *compilation)
{
    const struct options *options = compilation->options;
    const struct settings defaults = {
        .user_prefix = options->prefix != NULL ? options->prefix : "",
        .server_prefix = options->subr_prefix != NULL ? options->subr_prefix : "",
        .consume_on_send_error = "None",
    };
    struct interface *interface = &compilation->interface;

    interface->typed = options->typed;
    interface->user_type_limit = -1;
    interface->on_stack_limit = options->on_stack_limit;
    parse_interface(&compilation->source, interface, &defaults);
    if (options->sreplyport && compilation->source.errors == 0)
        add_reply_ports(compilation);
    check_interface(&compilation->source, interface);
    if (is_wanted(options->reply))
        check_reply_names(compilation);
    if (compilation->source.errors == 0)
        layout_interface(&compilation->source, interface);
}

static void say_what_was_read(const struct compilation *compilation)
{
    const struct interface *interface = &compilation->interface;
    unsigned routines = HASH_COUNT(interface->routine_names), types = HASH_COUNT(interface->types);

    if (compilation->options->verbose)
        fprintf(stderr, "mig: subsystem %s, ids %lld to %lld: %u routines, %u types\n", interface->name,
                (long long)interface->base, (long long)(interface->base + interface->slots - 1), routines, types);
}

static bool write_all(struct compilation *compilation)
{
    for (struct output *output = compilation->outputs; output != NULL; output = output->next) {
        if (!out_write(&output->out, output->path))
            return false;
    }
    return true;
}

static bool run(struct compilation *compilation, bool write)
{
    read_interface(compilation);
    if (compilation->source.errors > 0)
        return false;
    say_what_was_read(compilation);
    emit_all(compilation);
    return !write || write_all(compilation);
}

bool compile(const struct options *options, const char *text, size_t length, FILE *log, bool write)
{
    struct compilation compilation = {.options = options};
    bool stdin_input = options->input == NULL || strcmp(options->input, "-") == 0;

    if (length > MAX_SOURCE) {
        fprintf(log, "mig: input is larger than %u bytes\n", MAX_SOURCE);
        return false;
    }
    arena_init(&compilation.arena);
    compilation.end = &compilation.outputs;
    compilation.source = (struct source){
        .arena = &compilation.arena,
        .text = text,
        .length = length,
        .file = stdin_input ? "<stdin>" : options->input,
        .log = log,
        .no_warnings = options->quiet,
    };
    bool ok = run(&compilation, write);
    for (struct output *output = compilation.outputs; output != NULL; output = output->next)
        out_free(&output->out);
    HASH_CLEAR(hh, compilation.interface.types);
    HASH_CLEAR(hh, compilation.interface.routine_names);
    arena_free(&compilation.arena);
    return ok;
}
