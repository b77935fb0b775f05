/* SPDX-License-Identifier: BSD-2-Clause */
/* out.c - a file being written: collected in memory, put in place by rename. */
#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDENT 4

bool out_init(struct out *out)
{
    *out = (struct out){.indent = 0};
    out->file = open_memstream(&out->text, &out->size);
    return out->file != NULL;
}

void out_free(struct out *out)
{
    if (out->file != NULL)
        fclose(out->file);
    free(out->text);
    *out = (struct out){.indent = 0};
}

static void write_line(struct out *out, int indent, const char *format, va_list args)
{
    fprintf(out->file, "%*s", indent * INDENT, "");
    vfprintf(out->file, format, args);
    fputc('\n', out->file);
}

void out_line(struct out *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line(out, out->indent, format, args);
    va_end(args);
}

void out_blank(struct out *out)
{
    fputc('\n', out->file);
}

void out_open(struct out *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line(out, out->indent++, format, args);
    va_end(args);
}

void out_close(struct out *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line(out, --out->indent, format, args);
    va_end(args);
}

void out_margin(struct out *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line(out, 0, format, args);
    va_end(args);
}

static bool complain(const char *path)
{
    fprintf(stderr, "mig: cannot write %s: %s\n", path, strerror(errno));
    return false;
}

/* A device, a pipe or a link is written to as it is; a plain file is replaced whole. */
static bool replaceable(const char *path)
{
    struct stat status;

    return lstat(path, &status) != 0 || S_ISREG(status.st_mode);
}

static bool write_to(struct out *out, FILE *file, const char *path)
{
    bool ok = fwrite(out->text, 1, out->size, file) == out->size;

    ok = fflush(file) == 0 && ok;
    return ok || complain(path);
}

static bool replace(struct out *out, const char *path)
{
    char temporary[4096];
    mode_t mask = umask(0);

    umask(mask);
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return complain(path);
    }
    int fd = mkstemp(temporary);
    if (fd < 0)
        return complain(path);
    FILE *file = fdopen(fd, "w");
    bool ok = file != NULL && write_to(out, file, path);
    ok = (fchmod(fd, 0666 & ~mask) == 0 || complain(path)) && ok;
    ok = ((file != NULL ? fclose(file) : close(fd)) == 0 || complain(path)) && ok;
    ok = ok && (rename(temporary, path) == 0 || complain(path));
    if (!ok)
        unlink(temporary);
    return ok;
}

bool out_write(struct out *out, const char *path)
{
    if (fflush(out->file) != 0)
        return complain(path);
    if (strcmp(path, "-") == 0)
        return write_to(out, stdout, "standard output");
    if (replaceable(path))
        return replace(out, path);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return complain(path);
    bool ok = write_to(out, file, path);
    return (fclose(file) == 0 || complain(path)) && ok;
}
