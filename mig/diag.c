/* SPDX-License-Identifier: BSD-2-Clause */
/* diag.c - where an error is, and how it is shown. */
#include "diag.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * If the line is a marker of the preprocessor (`# 12 "file.defs" 1`, or `#line 12 "file.defs"`),
 * take over its line number and file.
 */
static bool take_marker(struct source *source, const char *line, size_t length, struct place *place)
{
    const char *end = line + length;

    if (length == 0 || *line != '#')
        return false;
    line++;
    while (line < end && *line == ' ')
        line++;
    if ((size_t)(end - line) > 4 && strncmp(line, "line", 4) == 0)
        line += 4;
    while (line < end && *line == ' ')
        line++;
    if (line == end || *line < '0' || *line > '9')
        return false;

    unsigned number = 0;
    for (; line < end && *line >= '0' && *line <= '9'; line++)
        number = number * 10 + (unsigned)(*line - '0');
    place->line = number;

    const char *open = memchr(line, '"', (size_t)(end - line));
    const char *close = open != NULL ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
    if (close != NULL)
        place->file = arena_strndup(source->arena, open + 1, (size_t)(close - open - 1));
    return true;
}

struct place diag_place(struct source *source, struct pos pos)
{
    struct place place = {.file = source->file, .line = 1};
    const char *end = source->text + source->length;
    const char *line = source->text;
    const char *target = source->text + (pos.offset <= source->length ? pos.offset : source->length);

    for (;;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline != NULL ? newline : end;
        if (target <= stop) {
            place.start = line;
            place.length = (size_t)(stop - line);
            place.column = (unsigned)(target - line) + 1;
            return place;
        }
        if (!take_marker(source, line, (size_t)(stop - line), &place))
            place.line++;
        line = stop + 1;
    }
}

static void show_line(struct source *source, const struct place *place, struct pos pos)
{
    size_t width = pos.length > 0 ? pos.length : 1;
    size_t left = place->length - (place->column - 1);

    if (width > left)
        width = left > 0 ? left : 1;
    fputs("  ", source->log);
    for (size_t i = 0; i < place->length; i++)
        fputc(place->start[i] >= ' ' || place->start[i] == '\t' ? place->start[i] : '?', source->log);
    fputs("\n  ", source->log);
    for (size_t i = 0; i + 1 < place->column; i++)
        fputc(place->start[i] == '\t' ? '\t' : ' ', source->log);
    fputc('^', source->log);
    for (size_t i = 1; i < width; i++)
        fputc('~', source->log);
    fputc('\n', source->log);
}

static void say(struct source *source, struct pos pos, const char *kind, const char *format, va_list args)
{
    struct place place = diag_place(source, pos);

    fprintf(source->log, "%s:%u:%u: %s: ", place.file, place.line, place.column, kind);
    vfprintf(source->log, format, args);
    fputc('\n', source->log);
    show_line(source, &place, pos);
}

void diag_error(struct source *source, struct pos pos, const char *format, ...)
{
    va_list args;

    if (source->errors++ >= DIAG_MAX_ERRORS) {
        if (source->errors == DIAG_MAX_ERRORS + 1)
            fprintf(source->log, "%s: too many errors; the rest are not shown\n", source->file);
        return;
    }
    va_start(args, format);
    say(source, pos, "error", format, args);
    va_end(args);
}

void diag_warning(struct source *source, struct pos pos, const char *format, ...)
{
    va_list args;

    source->warnings++;
    if (source->no_warnings)
        return;
    va_start(args, format);
    say(source, pos, "warning", format, args);
    va_end(args);
}

void diag_note(struct source *source, struct pos pos, const char *format, ...)
{
    va_list args;

    if (source->errors > DIAG_MAX_ERRORS)
        return;
    va_start(args, format);
    say(source, pos, "note", format, args);
    va_end(args);
}

enum { LONGEST = 64 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return strncasecmp(&a, &b, 1) == 0;
}

/*
 * Edit distance of two short names: letters put in, left out, changed, or two neighbours exchanged.
 * Anything that does not fit the table is far.
 */
static unsigned distance(const char *a, const char *b)
{
    unsigned table[LONGEST + 1][LONGEST + 1];
    size_t la = strlen(a), lb = strlen(b);

    if (la > LONGEST || lb > LONGEST)
        return LONGEST;
    for (size_t i = 0; i <= la; i++)
        table[i][0] = (unsigned)i;
    for (size_t j = 0; j <= lb; j++)
        table[0][j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        for (size_t j = 1; j <= lb; j++) {
            unsigned change = table[i - 1][j - 1] + !same_letter(a[i - 1], b[j - 1]);
            table[i][j] = least(change, least(table[i - 1][j], table[i][j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
                table[i][j] = least(table[i][j], table[i - 2][j - 2] + 1);
        }
    }
    return table[la][lb];
}

void diag_near(struct near *near, const char *candidate)
{
    size_t length = strlen(near->wanted), other = strlen(candidate);
    unsigned limit = (unsigned)length / 3;

    if ((length > other ? length - other : other - length) > limit)
        return;
    unsigned far = distance(near->wanted, candidate);

    if (far <= limit && (near->best == NULL || far < near->distance)) {
        near->best = candidate;
        near->distance = far;
    }
}
