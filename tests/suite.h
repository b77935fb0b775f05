/* SPDX-License-Identifier: BSD-2-Clause */
/* suite.h - running a suite of Check's as a program. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Adds a test as a case of its own, between its fixtures (or NULL), which has `seconds` at the most. */
static inline void add_test(Suite *suite, const TTest *test, SFun setup, SFun teardown, double seconds)
{
    TCase *tcase = tcase_create(test->name);

    if (setup != NULL)
        tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, seconds);
    tcase_add_test(tcase, test);
    suite_add_tcase(suite, tcase);
}

/* Runs all, as the environment says how, and gives the program's exit status. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
