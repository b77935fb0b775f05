/* SPDX-License-Identifier: BSD-2-Clause */
/* vm_object.c - objects, their copies and chains: see vm_object.h. */
#include "vm/vm_pager.h"
#include "vm/vm_purgable.h"

uint64_t vm_object_count;
static uint32_t last_number;

static struct vm_page *first_page(const struct vm_object *object)
{
    struct tree_node *node = tree_first(&object->pages);

    return node == NULL ? NULL : container_of(node, struct vm_page, node);
}

static struct vm_page *next_page(const struct vm_page *page)
{
    struct tree_node *node = tree_next(&page->node);

    return node == NULL ? NULL : container_of(node, struct vm_page, node);
}

/* The first page at or after an offset, in any state; NULL. */
static struct vm_page *any_page_from(const struct vm_object *object, uint64_t offset)
{
    struct tree_node *node = tree_find_last(&object->pages, offset);

    if (node == NULL)
        return first_page(object);
    struct vm_page *page = container_of(node, struct vm_page, node);

    return vm_page_offset(page) == offset ? page : next_page(page);
}

struct vm_page *vm_object_page_from(const struct vm_object *object, uint64_t offset)
{
    struct vm_page *page = any_page_from(object, offset);

    while (page != NULL && !vm_page_has_frame(page))
        page = next_page(page);
    return page;
}

/* ---- life ------------------------------------------------------------------------------------------ */

struct vm_object *vm_object_create(uint64_t size)
{
    struct vm_object *object = hal_alloc(sizeof *object);

    if (object == NULL)
        return NULL;
    *object = (struct vm_object){.refs = 1, .number = ++last_number, .size = size};
    list_init(&object->shadowers);
    vm_object_count++;
    return object;
}

void vm_object_reference(struct vm_object *object)
{
    object->refs++;
}

/* Starts to shadow an object, and takes over a reference to it. */
static void set_shadow(struct vm_object *object, struct vm_object *shadow, uint64_t offset)
{
    object->shadow = shadow;
    object->shadow_offset = offset;
    if (shadow != NULL)
        list_append(&shadow->shadowers, &object->shadow_link);
}

/* Shadows nothing any more: what it did, whose reference is the caller's now. */
static struct vm_object *take_shadow(struct vm_object *object)
{
    struct vm_object *shadow = object->shadow;

    if (shadow == NULL)
        return NULL;
    list_remove(&object->shadow_link);
    if (shadow->copy == object)
        shadow->copy = NULL;
    object->shadow = NULL;
    return shadow;
}

static void destroy(struct vm_object *object)
{
    struct vm_page *page;

    vm_purgable_end(object);
    if (object->pager != NULL)
        vm_pager_end(object);
    while ((page = first_page(object)) != NULL)
        vm_page_free(page);
    kern_assert(list_empty(&object->shadowers));
    hal_store_release(object->store);
    vm_object_count--;
    hal_free(object, sizeof *object);
}

static struct vm_object *collapse(struct vm_object *object);

void vm_object_release(struct vm_object *object)
{
    while (object != NULL) {
        struct vm_object *next = NULL;

        kern_assert(object->refs > 0);
        if (--object->refs == 0) {
            if (object->pager != NULL && vm_pager_keep(object))
                return;
            next = take_shadow(object);
            destroy(object);
        } else if (object->refs == 1 && !list_empty(&object->shadowers)) {
            /* What only one other uses, which shadows it, is that one's. */
            next = collapse(container_of(object->shadowers.next, struct vm_object, shadow_link));
        }
        object = next;
    }
}

struct vm_page *vm_object_page(struct vm_object *object, uint64_t offset)
{
    for (; object != NULL; offset += object->shadow_offset, object = object->shadow) {
        struct vm_page *page = vm_page_lookup(object, offset);

        if (page != NULL && page->state != PAGE_ABSENT)
            return vm_page_has_frame(page) ? page : NULL;
        if (page == NULL && vm_pager_has(object, offset))
            return NULL;
    }
    return NULL;
}

/* ---- copies ---------------------------------------------------------------------------------------- */

bool vm_object_shadow(struct vm_object **object, uint64_t *offset, uint64_t size)
{
    struct vm_object *shadow = *object;

    if (shadow->refs == 1) /* no one else sees it */
        return true;
    struct vm_object *new = vm_object_create(size);

    if (new == NULL)
        return false;
    set_shadow(new, shadow, *offset);
    *object = new;
    *offset = 0;
    return true;
}

struct vm_object *vm_object_copy_delayed(struct vm_object *object, uint64_t offset, uint64_t size)
{
    struct vm_object *copy = vm_object_create(object->size), *older = object->copy;

    if (copy == NULL)
        return NULL;
    vm_object_write_protect(object, offset, size);
    vm_object_reference(object);
    set_shadow(copy, object, 0);
    if (older != NULL) { /* it sees what changes now by way of the younger */
        const uint64_t at = older->shadow_offset;

        vm_object_reference(copy);
        object->refs--; /* the older's; the younger has one */
        (void)take_shadow(older);
        set_shadow(older, copy, at);
    }
    object->copy = copy;
    return copy;
}

void vm_object_write_protect(struct vm_object *object, uint64_t offset, uint64_t size)
{
    for (struct vm_page *page = any_page_from(object, offset); page != NULL && vm_page_offset(page) - offset < size;
         page = next_page(page))
        if (vm_page_has_frame(page))
            hal_frame_protect(page->frame, VM_PROT_READ | VM_PROT_EXECUTE);
}

void vm_object_discard(struct vm_object *object, uint64_t offset, uint64_t size)
{
    struct vm_page *page = any_page_from(object, offset);

    while (page != NULL && vm_page_offset(page) - offset < size) {
        struct vm_page *next = next_page(page);

        if (page->wired == 0 && page->state != PAGE_BUSY)
            vm_page_free(page);
        page = next;
    }
}

/* ---- collapse -------------------------------------------------------------------------------------- */

/* Takes over the pages of what the object shadows, and shadows what that did. */
static void take_over(struct vm_object *object)
{
    struct vm_object *shadow = object->shadow, *below = shadow->shadow;
    const bool was_copy = below != NULL && below->copy == shadow;
    const uint64_t offset = object->shadow_offset, deeper = shadow->shadow_offset;
    struct vm_page *page;

    while ((page = first_page(shadow)) != NULL) {
        const uint64_t at = vm_page_offset(page) - offset;

        if (vm_page_offset(page) < offset || at >= object->size || vm_page_lookup(object, at) != NULL)
            vm_page_free(page);
        else
            vm_page_rename(page, object, at);
    }
    (void)take_shadow(shadow);
    (void)take_shadow(object);
    destroy(shadow);
    set_shadow(object, below, offset + deeper);
    if (was_copy)
        below->copy = object;
}

/* Whether nothing of what the object shadows shows through. */
static bool hides_all(const struct vm_object *object)
{
    return object->resident == object->size / HAL_PAGE_SIZE;
}

/* Cuts short the chain below an object.  What it shadows no more, with the reference; NULL. */
static struct vm_object *collapse(struct vm_object *object)
{
    /* Pages that a manager has are not looked for here: only what has none is taken over, by what has none. */
    while (object->shadow != NULL && object->shadow->refs == 1 && object->pager == NULL &&
           object->shadow->pager == NULL && !hal_frames_stay())
        take_over(object);
    return hides_all(object) ? take_shadow(object) : NULL;
}

void vm_object_collapse(struct vm_object *object)
{
    vm_object_release(collapse(object));
}
