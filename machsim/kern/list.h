/* SPDX-License-Identifier: BSD-2-Clause */
/* list.h - the doubly linked list of the core: links lie in what is listed; a link that is in no list is all NULL. */
#ifndef KERN_LIST_H
#define KERN_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous;
};

/* The structure whose member `member` is at `pointer`. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

static inline void list_init(struct list *head)
{
    head->next = head->previous = head;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

/* Whether a link is in some list. */
static inline bool list_linked(const struct list *link)
{
    return link->next != NULL;
}

static inline void list_append(struct list *head, struct list *link)
{
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

static inline void list_prepend(struct list *head, struct list *link)
{
    list_append(head->next, link);
}

static inline void list_remove(struct list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
}

/* Takes the first link out; NULL from an empty list. */
static inline struct list *list_pop(struct list *head)
{
    struct list *link = head->next;

    if (link == head)
        return NULL;
    list_remove(link);
    return link;
}

/* Goes over a list that the body does not change. */
#define list_for_each(link, head) for (struct list *link = (head)->next; link != (head); link = link->next)

#endif
