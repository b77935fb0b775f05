/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix.c - what a C library does on the booted Mach, through the emulation of its system calls: memory, threads, time, output.  It
 * knows nothing of Mach, and tells by TAP; the same program runs on Linux.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool fine;

#define CHECK(condition)                                                                \
    do {                                                                                \
        if (!(condition) && fine) {                                                     \
            printf("# unix.c:%d: %s\n", __LINE__, #condition);                          \
            fine = false;                                                               \
        }                                                                               \
    } while (0)

/* ---- memory ---------------------------------------------------------------------------------------- */

static void memory_is_allocated_and_freed(void)
{
    char *blocks[200];

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 200; i++) {
            const size_t size = 1 + (size_t)i * i * 7 % 70000;

            blocks[i] = malloc(size);
            CHECK(blocks[i] != NULL);
            memset(blocks[i], i, size);
        }
        for (int i = 0; i < 200; i++) {
            CHECK(blocks[i][0] == (char)i);
            blocks[i] = realloc(blocks[i], 100000);
            CHECK(blocks[i] != NULL && blocks[i][0] == (char)i);
        }
        for (int i = 0; i < 200; i++)
            free(blocks[i]);
    }
}

static void pages_are_mapped_with_rights(void)
{
    unsigned char *pages = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(pages != MAP_FAILED && pages[12345] == 0);
    pages[12345] = 7;
    CHECK(mprotect(pages, 1 << 20, PROT_READ) == 0);
    CHECK(pages[12345] == 7);
    CHECK(mprotect(pages, 1 << 20, PROT_READ | PROT_WRITE) == 0);
    CHECK(mmap(pages, 4096 * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages);
    CHECK(pages[12345] == 0);
    CHECK(munmap(pages, 1 << 20) == 0);
    errno = 0;
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 77, 0) == MAP_FAILED);
    CHECK(errno == ENODEV || errno == EBADF);
}

/* ---- threads --------------------------------------------------------------------------------------- */

#define THREADS 8
#define ROUNDS 200

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, sum;
static __thread int mine;

/* Each thread's turn comes after that of the one before. */
static void *take_turns(void *number)
{
    const int me = (int)(intptr_t)number;

    mine = me;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != me)
            pthread_cond_wait(&changed, &mutex);
        turn++;
        sum += mine;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(intptr_t)(mine + 1);
}

static void threads_take_turns(void)
{
    pthread_t threads[THREADS];
    void *result;

    turn = sum = 0;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, take_turns, (void *)(intptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], &result) == 0 && (int)(intptr_t)result == i + 1);
    CHECK(turn == THREADS * ROUNDS);
    CHECK(sum == ROUNDS * THREADS * (THREADS - 1) / 2);
}

static unsigned long count;

static void *add(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&mutex);
        count++;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void a_mutex_lets_in_one_at_a_time(void)
{
    pthread_t threads[4];

    count = 0;
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, add, NULL) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(count == 4 * 20000);
}

static void *floats(void *number)
{
    volatile double value = (double)(intptr_t)number;

    for (int i = 0; i < 200000; i++)
        value = value * 1.0000001 + 1e-9;
    return (void *)(intptr_t)(value >= (double)(intptr_t)number);
}

static void many_threads_come_and_go(void)
{
    for (int round = 0; round < 20; round++) {
        pthread_t threads[5];
        void *result;

        for (int i = 0; i < 5; i++)
            CHECK(pthread_create(&threads[i], NULL, floats, (void *)(intptr_t)i) == 0);
        for (int i = 0; i < 5; i++)
            CHECK(pthread_join(threads[i], &result) == 0 && result != NULL);
    }
}

/* ---- time ------------------------------------------------------------------------------------------ */

static int64_t now(clockid_t clock)
{
    struct timespec time;

    CHECK(clock_gettime(clock, &time) == 0);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void clocks_go_and_sleeps_last(void)
{
    const int64_t start = now(CLOCK_MONOTONIC), date = now(CLOCK_REALTIME);
    struct timespec wanted = {.tv_nsec = 30000000}, past = {.tv_sec = 1};

    CHECK(date > INT64_C(1600000000) * 1000000000); /* after September 2020 */
    CHECK(nanosleep(&wanted, NULL) == 0);
    CHECK(now(CLOCK_MONOTONIC) - start >= 30000000);
    CHECK(now(CLOCK_REALTIME) - date >= 30000000);
    CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &past, NULL) == 0);
    wanted.tv_nsec = -1;
    errno = 0;
    CHECK(nanosleep(&wanted, NULL) == -1 && errno == EINVAL);
}

static void a_wait_ends_when_its_time_is_up(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&mutex);
    CHECK(pthread_cond_timedwait(&changed, &mutex, &until) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

/* ---- the rest -------------------------------------------------------------------------------------- */

static void numbers_are_written_as_they_should_be(void)
{
    char text[200];

    snprintf(text, sizeof text, "%d %s %5.2f %lx %c", -42, "words", 3.14159, 0xdeadbeefUL, 'c');
    CHECK(strcmp(text, "-42 words  3.14 deadbeef c") == 0);
    CHECK(strtod("2.5e3", NULL) == 2500.0);
}

static void what_is_not_there_says_so(void)
{
    char bytes[16];

    errno = 0;
    CHECK(write(99, "x", 1) == -1 && errno == EBADF);
    CHECK(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
    CHECK(kill(12345678, SIGKILL) == -1 && errno == ESRCH);
    CHECK(kill(getpid(), 0) == 0);
    CHECK(syscall(499) == -1 && errno == ENOSYS);
    CHECK(write(1, (void *)16, 10) == -1 && errno == EFAULT);
}

/* Says again what is typed, until a line says that it is the end. */
static int echo(void)
{
    char text[200];

    printf("type:\n");
    while (fgets(text, sizeof text, stdin) != NULL) {
        printf("<%.*s>\n", (int)strcspn(text, "\n"), text);
        if (strcmp(text, "end\n") == 0)
            return 0;
    }
    return 4;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "echo") == 0)
        return echo();
    static const struct {
        const char *name;
        void (*function)(void);
    } tests[] = {
        {"memory is allocated and freed", memory_is_allocated_and_freed},
        {"pages are mapped with rights", pages_are_mapped_with_rights},
        {"threads take turns", threads_take_turns},
        {"a mutex lets in one at a time", a_mutex_lets_in_one_at_a_time},
        {"many threads come and go", many_threads_come_and_go},
        {"clocks go, and sleeps last", clocks_go_and_sleeps_last},
        {"a wait ends when its time is up", a_wait_ends_when_its_time_is_up},
        {"numbers are written as they should be", numbers_are_written_as_they_should_be},
        {"what is not there says so", what_is_not_there_says_so},
    };
    const int number = sizeof tests / sizeof *tests;
    bool all = true;

    printf("1..%d\n", number);
    for (int i = 0; i < number; i++) {
        fine = true;
        tests[i].function();
        printf("%s %d - %s\n", fine ? "ok" : "not ok", i + 1, tests[i].name);
        all &= fine;
    }
    if (argc > 1 && strcmp(argv[1], "crash") == 0)
        *(volatile int *)(uintptr_t)argc = 1;
    return all ? 0 : 3;
}
