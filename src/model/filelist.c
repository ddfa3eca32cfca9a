/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/filelist.h"

#include <stdlib.h>

void file_list_clear(struct file_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->items[i].path);
	free(list->items);
	*list = (struct file_list){ 0 };
}
