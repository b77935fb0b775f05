/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plot.c - charts: see report.h.  Times are on a logarithmic scale from 100 ns to 1 s; bars of Mach's are dark.  Below the
 * bars each subject of the yardstick's case has a curve: how many of its calls took at most so long.
 */
#include "report.h"

#include <math.h>
#include <string.h>

#define LEFT 200.0 /* where times begin, in pixels */
#define DECADE 100.0
#define LEAST 100.0 /* nanoseconds */
#define DECADES 7
#define ROW 16.0
#define CHART 260.0

static double x_of(double nanoseconds)
{
    return LEFT + DECADE * log10(nanoseconds < LEAST ? 1 : nanoseconds / LEAST);
}

static const char *colour(size_t i)
{
    static const char *const colours[] = {"#1b4f8a", "#d1495b", "#2e933c", "#edae49", "#7b4b94",
                                          "#00798c", "#8d6a3f", "#e36588", "#5c5c5c", "#9aae07", "#000000"};

    return colours[i % (sizeof colours / sizeof *colours)];
}

static void axis(FILE *out, double top, double bottom)
{
    static const char *const names[] = {"100 ns", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"};

    for (int i = 0; i <= DECADES; i++) {
        const double x = LEFT + i * DECADE;

        fprintf(out, "<line x1='%.0f' y1='%.0f' x2='%.0f' y2='%.0f' stroke='#ddd'/>\n", x, top, x, bottom);
        fprintf(out, "<text x='%.0f' y='%.0f' text-anchor='middle' fill='#555'>%s</text>\n", x, top - 6, names[i]);
    }
}

/* A number of nanoseconds as people write it. */
static const char *readable(double nanoseconds)
{
    static char text[32];
    static const char *const units[] = {"ns", "µs", "ms", "s"};
    size_t unit = 0;

    for (; nanoseconds >= 1000 && unit < 3; unit++)
        nanoseconds /= 1000;
    snprintf(text, sizeof text, nanoseconds < 10 ? "%.2f %s" : nanoseconds < 100 ? "%.1f %s" : "%.0f %s", nanoseconds,
             units[unit]);
    return text;
}

static void bar(FILE *out, const struct series *s, double y)
{
    const bool own = strcmp(s->subject->name, "mach") == 0;
    const double end = x_of(s->median);

    fprintf(out, "<text x='%.0f' y='%.0f' text-anchor='end'>%s</text>\n", LEFT - 8, y + 12, s->subject->name);
    fprintf(out, "<rect x='%.0f' y='%.0f' width='%.1f' height='%.0f' fill='%s'/>\n", LEFT, y + 2,
            end - LEFT < 1 ? 1 : end - LEFT, ROW - 4, own ? "#1b4f8a" : "#b8c4d6");
    fprintf(out, "<text x='%.1f' y='%.0f' fill='#333'>%s</text>\n", end + 4, y + 12, readable(s->median));
}

static double bars(FILE *out, const struct run *run, double y)
{
    for (size_t i = 0; i < run->count; i++, y += ROW) {
        const struct series *s = &run->series[i];

        if (i == 0 || run->series[i - 1].of != s->of) {
            y += 6;
            fprintf(out, "<text x='10' y='%.0f' font-weight='bold'>%s</text>\n", y + 12, s->of->name);
        }
        bar(out, s, y);
    }
    return y;
}

static void curve(FILE *out, const struct series *s, double bottom, const char *stroke)
{
    fprintf(out, "<polyline fill='none' stroke-width='1.5' stroke='%s' points='", stroke);
    for (size_t i = 0; i < s->time_count; i += s->time_count / 200 + 1)
        fprintf(out, "%.1f,%.1f ", x_of(s->times[i]), bottom - CHART * (double)i / (double)s->time_count);
    fprintf(out, "'/>\n");
}

static void curves(FILE *out, const struct run *run, double top)
{
    size_t number = 0;

    fprintf(out, "<text x='10' y='%.0f' font-weight='bold'>%s: of 100 calls so many took at most</text>\n", top - 24,
            YARDSTICK_CASE);
    axis(out, top, top + CHART);
    for (size_t i = 0; i < run->count; i++) {
        const struct series *s = &run->series[i];

        if (strcmp(s->of->name, YARDSTICK_CASE) != 0 || s->time_count == 0)
            continue;
        curve(out, s, top + CHART, colour(number));
        fprintf(out, "<text x='%.0f' y='%.0f' text-anchor='end' fill='%s'>%s</text>\n", LEFT - 8,
                top + 14 + ROW * (double)number, colour(number), s->subject->name);
        number++;
    }
}

void report_plot(const struct run *run, const char *where, FILE *out)
{
    size_t cases = 0;

    for (size_t i = 0; i < run->count; i++)
        cases += i == 0 || run->series[i - 1].of != run->series[i].of;
    const double bottom = 60 + ROW * (double)run->count + 6 * (double)cases;

    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' width='1000' height='%.0f' font-family='sans-serif' font-size='11'>\n"
            "<rect width='100%%' height='100%%' fill='white'/>\n"
            "<text x='10' y='20' font-size='14'>machbench: %s</text>\n",
            bottom + 80 + CHART + 20, where);
    axis(out, 54, bottom);
    (void)bars(out, run, 60);
    curves(out, run, bottom + 80);
    fprintf(out, "</svg>\n");
}
