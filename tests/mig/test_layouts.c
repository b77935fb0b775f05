/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_layouts.c - ids and message layouts of the kernel's interfaces, against what XNU has.
 *
 * facts/ holds XNU's; the descriptions that `mig -json` made of our interfaces are compared with it,
 * field by field.
 */
#include "../suite.h"
#include <jansson.h>
#include <mach/notify.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *interfaces; /* name -> description */

static const char *const names[] = {
    "clock",       "clock_priv",    "clock_reply", "exc",       "host_notify_reply", "host_priv",
    "host_security", "mach_eventlink", "mach_exc",  "mach_host", "mach_port",        "mach_vm",
    "mach_voucher", "memory_entry",  "netname",    "notify",    "processor",         "processor_set",
    "semaphore",   "task",          "thread_act",  "vm_map",    "memory_object",     "memory_object_control",
    "memory_object_default",
};

static FILE *open_facts(const char *name)
{
    const char *srcdir = getenv("srcdir");
    char path[4096], *at = path;

    snprintf(path, sizeof path, "%s/tests/mig/facts/%s", srcdir != NULL ? srcdir : ".", name);
    FILE *file = fopen(at, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    return file;
}

static json_t *find_routine(const char *subsystem, const char *name)
{
    json_t *routine;
    size_t i;

    json_array_foreach(json_object_get(json_object_get(interfaces, subsystem), "routines"), i, routine) {
        if (strcmp(json_string_value(json_object_get(routine, "name")), name) == 0)
            return routine;
    }
    return NULL;
}

/* A field's offset in a message as described; -1 when there is no such field. */
static json_int_t offset_of(json_t *message, const char *name)
{
    json_t *item;
    size_t i;

    if (strcmp(name, "Head") == 0)
        return 0;
    if (strcmp(name, "msgh_body") == 0)
        return json_integer_value(json_object_get(message, "descriptors")) > 0 ? 24 : -1;
    json_array_foreach(json_object_get(message, "items"), i, item) {
        if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0)
            return json_integer_value(json_object_get(item, "offset"));
    }
    return -1;
}

static unsigned check_fields(const char *what, json_t *message, char **next)
{
    unsigned fields = 0;

    for (char *field = strsep(next, "\t"); field != NULL; field = strsep(next, "\t")) {
        char *equals = strchr(field, '=');
        ck_assert_ptr_nonnull(equals);
        *equals = '\0';
        ck_assert_msg(offset_of(message, field) == atoi(equals + 1), "%s: %s at %d, not %s", what, field,
                      (int)offset_of(message, field), equals + 1);
        fields++;
    }
    return fields;
}

START_TEST(messages_are_laid_out_as_in_xnu)
{
    FILE *file = open_facts("layouts.tsv");
    char line[2048], what[256];
    unsigned checked = 0;

    while (fgets(line, sizeof line, file) != NULL) {
        char *next = line, *subsystem, *name, *half;
        if (line[0] == '#')
            continue;
        line[strcspn(line, "\n")] = '\0';
        subsystem = strsep(&next, "\t");
        name = strsep(&next, "\t");
        half = strsep(&next, "\t");
        int size = atoi(strsep(&next, "\t"));
        json_t *routine = find_routine(subsystem, name);
        if (routine == NULL)
            continue; /* docs/coverage tells what is not there */
        snprintf(what, sizeof what, "%s.%s %s", subsystem, name, half);
        json_t *message = json_object_get(routine, half);
        ck_assert_msg(message != NULL, "%s: there is none", what);
        ck_assert_msg(json_integer_value(json_object_get(message, "size")) == size, "%s: size %d, not %d", what,
                      (int)json_integer_value(json_object_get(message, "size")), size);
        unsigned fields = check_fields(what, message, &next);
        unsigned ours = 1 + (unsigned)json_array_size(json_object_get(message, "items")) +
                        (offset_of(message, "msgh_body") > 0);
        ck_assert_msg(fields == ours, "%s: %u fields, not %u", what, ours, fields);
        checked++;
    }
    fclose(file);
    ck_assert_uint_ge(checked, 500);
}
END_TEST

/* XNU describes notifications as structures: mach_dead_name_notification_t and its kind. */
START_TEST(notifications_are_laid_out_as_in_xnu)
{
    static const struct {
        const char *name, *field;
        unsigned size;
        size_t offset;
    } notifications[] = {
        {"mach_notify_port_deleted", "name", offsetof(mach_port_deleted_notification_t, trailer),
         offsetof(mach_port_deleted_notification_t, not_port)},
        {"mach_notify_send_possible", "name", offsetof(mach_send_possible_notification_t, trailer),
         offsetof(mach_send_possible_notification_t, not_port)},
        {"mach_notify_port_destroyed", "rights", offsetof(mach_port_destroyed_notification_t, trailer),
         offsetof(mach_port_destroyed_notification_t, not_port)},
        {"mach_notify_no_senders", "mscount", offsetof(mach_no_senders_notification_t, trailer),
         offsetof(mach_no_senders_notification_t, not_count)},
        {"mach_notify_send_once", "Head", offsetof(mach_send_once_notification_t, trailer), 0},
        {"mach_notify_dead_name", "name", offsetof(mach_dead_name_notification_t, trailer),
         offsetof(mach_dead_name_notification_t, not_port)},
    };

    for (size_t i = 0; i < sizeof notifications / sizeof notifications[0]; i++) {
        json_t *request = json_object_get(find_routine("notify", notifications[i].name), "request");
        ck_assert_msg(request != NULL, "%s", notifications[i].name);
        ck_assert_int_eq(json_integer_value(json_object_get(request, "size")), notifications[i].size);
        ck_assert_int_eq(offset_of(request, notifications[i].field), notifications[i].offset);
    }
}
END_TEST

/* How many routines of a table are ours, with the ids that they have there. */
static unsigned check_ids(const char *table)
{
    FILE *file = open_facts(table);
    char line[512];
    unsigned checked = 0;

    while (fgets(line, sizeof line, file) != NULL) {
        char *next = line, *subsystem, *name;
        if (line[0] == '#')
            continue;
        line[strcspn(line, "\n")] = '\0';
        subsystem = strsep(&next, "\t");
        int id = atoi(strsep(&next, "\t"));
        name = strsep(&next, "\t");
        json_t *routine = find_routine(subsystem, name);
        if (routine == NULL)
            continue;
        ck_assert_msg(json_integer_value(json_object_get(routine, "id")) == id, "%s.%s: id %d, not %d", subsystem,
                      name, (int)json_integer_value(json_object_get(routine, "id")), id);
        ck_assert_msg(strcmp(json_string_value(json_object_get(routine, "kind")), next) == 0, "%s.%s: %s", subsystem,
                      name, next);
        checked++;
    }
    fclose(file);
    return checked;
}

START_TEST(ids_are_those_of_xnu_and_of_osf_for_memory_objects)
{
    ck_assert_uint_ge(check_ids("ids.tsv"), 260);
    ck_assert_uint_eq(check_ids("ids-osf.tsv"), 18);
}
END_TEST

int main(void)
{
    interfaces = json_object();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        json_error_t error;
        snprintf(path, sizeof path, "gen/%s.json", names[i]);
        json_t *description = json_load_file(path, 0, &error);
        if (description == NULL) {
            fprintf(stderr, "%s: %s\n", path, error.text);
            return EXIT_FAILURE;
        }
        json_object_set_new(interfaces, names[i], description);
    }
    Suite *suite = suite_create("layouts");
    add_test(suite, messages_are_laid_out_as_in_xnu, NULL, NULL, 20);
    add_test(suite, notifications_are_laid_out_as_in_xnu, NULL, NULL, 20);
    add_test(suite, ids_are_those_of_xnu_and_of_osf_for_memory_objects, NULL, NULL, 20);
    int status = run_suite(suite);
    json_decref(interfaces);
    return status;
}
