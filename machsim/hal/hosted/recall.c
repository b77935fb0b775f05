/* SPDX-License-Identifier: BSD-2-Clause */
/* recall.c - rights that a process gives back: see recall.h. */
#include "hal/hosted/recall.h"

#include <sys/mman.h>
#include <unistd.h>

#include "hal/hosted/hosted.h"

/* Longer than a thread that may run has to wait for a processor, however busy the machine is. */
#define PATIENCE ((uint64_t)10 * 1000 * 1000 * 1000)
#define LOOK_AGAIN ((uint64_t)10 * 1000 * 1000)

struct recall {
    int alive, file;
    struct wire_recall *shared; /* the process writes there what it likes */
    uint32_t asked;
    bool lost;
};

struct recall *recall_make(int alive)
{
    struct recall *recall = hal_alloc(sizeof *recall);

    if (recall == NULL)
        return NULL;
    *recall = (struct recall){.alive = -1, .file = os_shared_file("mach-recall", HAL_PAGE_SIZE)};
    recall->shared = recall->file < 0 ? MAP_FAILED
                                      : mmap(NULL, HAL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, recall->file, 0);
    if (recall->shared == MAP_FAILED) {
        recall_free(recall);
        return NULL;
    }
    recall->alive = alive;
    return recall;
}

void recall_free(struct recall *recall)
{
    if (recall->shared != MAP_FAILED)
        munmap(recall->shared, HAL_PAGE_SIZE);
    if (recall->file >= 0)
        close(recall->file);
    if (recall->alive >= 0)
        close(recall->alive);
    hal_free(recall, sizeof *recall);
}

int recall_file(const struct recall *recall)
{
    return os_file_again(recall->file, true);
}

bool recall_mark(const struct recall *recall, uint32_t *mark)
{
    *mark = recall->asked;
    return !recall->lost;
}

/*
 * What is to be done is written before `asked` changes, and `done` changes after it was done; the process sees and shows
 * that by the order of these.
 */
void recall_rights(struct recall *recall, uint64_t start, uint64_t size, int protection)
{
    struct wire_recall *shared = recall->shared;
    const uint64_t until = hal_now() + PATIENCE;

    if (recall->lost)
        return;
    shared->start = start;
    shared->size = size;
    shared->protection = (uint64_t)protection;
    recall->asked++;
    atomic_store(&shared->asked, recall->asked);
    os_futex_wake(&shared->asked, 1);
    for (uint32_t done; (done = atomic_load(&shared->done)) != recall->asked;) {
        const bool ended = os_file_ended(recall->alive);

        if (ended || hal_now() > until) {
            recall->lost = true;
            if (!ended)
                log_line(LOG_LEVEL_WARNING, "a process has not given memory back in time, and has lost it");
            return;
        }
        os_futex_wait(&shared->done, done, hal_now() + LOOK_AGAIN);
    }
}
