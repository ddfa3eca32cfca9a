/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/mappers.h"

#include <stdlib.h>

void mapper_list_clear(struct mapper_list *list)
{
	free(list->items);
	list->items = NULL;
	list->nr = list->room = 0;
}
