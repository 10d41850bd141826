/* SPDX-License-Identifier: GPL-2.0-only */
/* Doubly linked circular list; an entry that is not on a list points at itself. */
#pragma once

#include "lib/base.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Insert entry after pos (at the head of the list when pos is the list itself). */
static inline void list_add(struct list *pos, struct list *entry)
{
	entry->next = pos->next;
	entry->prev = pos;
	pos->next->prev = entry;
	pos->next = entry;
}

static inline void list_add_tail(struct list *head, struct list *entry)
{
	list_add(head->prev, entry);
}

static inline void list_del(struct list *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	list_init(entry);
}

#define list_entry(l, type, member) container_of(l, type, member)
#define list_for_each(type, pos, head, member)                                         \
	for (type *pos = list_entry((head)->next, type, member); &pos->member != (head); \
	     pos = list_entry(pos->member.next, type, member))
#define list_for_each_safe(pos, tmp, head, member)                                         \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),                         \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member);                      \
	     &pos->member != (head);                                                           \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))
