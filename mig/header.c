/* SPDX-License-Identifier: BSD-2-Clause */
/* header.c - the client's header, and the one with nothing but message ids. */
#include "emit.h"

/* For tracers: name and id of each routine, to be put between braces of an array. */
static void emit_name_map(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const struct interface *interface = emitter->interface;

    out_margin(out, "#ifndef subsystem_to_name_map_%s", interface->name);
    out_line(out, "#define subsystem_to_name_map_%s \\", interface->name);
    for (const struct routine *routine = interface->routines; routine != NULL; routine = routine->next)
        out_line(out, "    {\"%s\", %lld}%s", routine->name, (long long)routine->id,
                 routine->next != NULL ? ", \\" : "");
    if (interface->routines == NULL)
        out_line(out, "    {\"\", -1}");
    out_margin(out, "#endif");
    out_blank(out);
}

void emit_user_header(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const struct interface *interface = emitter->interface;

    emitter->who = WHO_USER;
    emit_prologue(emitter, "Client header");
    out_line(out, "#ifndef _%s_user_", interface->name);
    out_line(out, "#define _%s_user_", interface->name);
    out_blank(out);
    emit_includes(emitter, WHO_USER, false);
    out_line(out, "#ifndef %s_MSG_COUNT", interface->name);
    out_line(out, "#define %s_MSG_COUNT %lld", interface->name, (long long)interface->slots);
    out_line(out, "#endif");
    out_blank(out);
    out_margin(out, "#ifdef __cplusplus");
    out_line(out, "extern \"C\" {");
    out_margin(out, "#endif");
    out_blank(out);
    for (const struct routine *routine = interface->routines; routine != NULL; routine = routine->next) {
        emit_prototype(emitter, routine, WHO_USER, ";");
        out_blank(out);
    }
    if (!emitter->options->split)
        emit_structs(emitter);
    emit_name_map(emitter);
    out_margin(out, "#ifdef __cplusplus");
    out_line(out, "}");
    out_margin(out, "#endif");
    out_blank(out);
    out_line(out, "#endif /* _%s_user_ */", interface->name);
}

void emit_defines_header(struct emitter *emitter)
{
    struct out *out = emitter->out;
    const struct interface *interface = emitter->interface;

    emit_prologue(emitter, "Message ids");
    out_line(out, "#ifndef _%s_defines_", interface->name);
    out_line(out, "#define _%s_defines_", interface->name);
    out_blank(out);
    for (const struct import *import = interface->imports; import != NULL; import = import->next) {
        if (import->kind == IMPORT_DEFINES)
            out_line(out, "#include %s", import->name);
    }
    for (const struct routine *routine = interface->routines; routine != NULL; routine = routine->next)
        out_line(out, "#define MACH_ID_%s %lld", routine->name, (long long)routine->id);
    out_blank(out);
    out_line(out, "#endif /* _%s_defines_ */", interface->name);
}
