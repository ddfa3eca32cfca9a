/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screen 3 drawn: where the boxes lie, and what stands in each. */
#include "ui/objects_state.h"

#include "base/fmt.h"
#include "base/text.h"
#include "ui/draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUTTER 3
/* From this width on the mm's scale and its VMAs stand side by side. */
#define WIDE_COLUMNS 140

static int at_least(int value, int least)
{
	return value < least ? least : value;
}

/* A stack of boxes in one column; the last takes what is left. */
static void stack(struct objects_layout *layout, struct rect column, const enum obj_box *boxes,
		  const int *rows, int nr)
{
	for (int i = 0; i < nr; i++) {
		int height = i == nr - 1 ? column.rows : rows[i];

		layout->box[boxes[i]] = (struct rect){ column.x, column.y, column.columns, height };
		column.y += height;
		column.rows -= height;
	}
}

static void lay_out_mm(struct objects_layout *layout, struct rect right, int columns,
		       enum obj_box focus)
{
	if (columns >= WIDE_COLUMNS) {
		layout->scale = right;
		layout->scale.columns = at_least(right.columns * 45 / 100, 40);
		right.x += layout->scale.columns + 1;
		right.columns -= layout->scale.columns + 1;
		layout->box[BOX_VMA] = right;
	} else if (focus == BOX_VMA) {
		layout->box[BOX_VMA] = right;
	} else {
		layout->scale = right;
	}
}

struct objects_layout objects_layout(int columns, int rows, bool of_mm, enum obj_box focus)
{
	static const enum obj_box structs[] = { BOX_MM, BOX_FS, BOX_FD };
	static const enum obj_box files[] = { BOX_INODE, BOX_CACHE, BOX_VMA };
	int room = columns - 3 * GUTTER, detail = rows >= 30 ? 6 : 4;
	int body = rows - 3 - detail;
	int a = at_least(room * 20 / 100, 15), b = at_least(room * 30 / 100, 21);
	int c = columns >= 140 ? 24 : at_least(room * 17 / 100, 15), d = room - a - b - c;
	int roomy = body >= 24, low_rows = body / 3;
	const int struct_rows[] = { roomy ? 7 : 4, roomy ? 6 : 3, 0 };
	const int file_rows[] = { body - (roomy ? 6 : 4) - low_rows, roomy ? 6 : 4, 0 };
	struct objects_layout layout = {
		.rule_y = 1 + body,
		.keys_y = rows - 1,
		.detail = { 1, 2 + body, columns - 2, detail },
		.gutter_x = { a, a + GUTTER + b, a + b + c + 2 * GUTTER },
	};

	layout.box[BOX_TASK] = (struct rect){ 0, 1, a, body };
	stack(&layout, (struct rect){ a + GUTTER, 1, b, body }, structs, struct_rows, 3);
	if (of_mm) {
		int x = a + b + 2 * GUTTER;

		lay_out_mm(&layout, (struct rect){ x, 1, columns - x, body }, columns, focus);
		return layout;
	}
	layout.box[BOX_FILE] = (struct rect){ a + b + 2 * GUTTER, 1, c, body };
	stack(&layout, (struct rect){ columns - d, 1, d, body }, files, file_rows, 3);
	return layout;
}

int objects_line_y(const struct objects_screen *screen, enum obj_box box, size_t line)
{
	const struct rect *at = &screen->layout.box[box];
	size_t top = screen->top[box];

	if (at->rows < 3 || line < top || line >= top + (size_t)(at->rows - 2))
		return -1;
	return at->y + 1 + (int)(line - top);
}

static void draw_frame(struct canvas *canvas, const struct theme *theme, const struct rect *at,
		       const char *title, const char *count, bool focused)
{
	uint8_t fg = focused ? COLOUR_KEY : COLOUR_FAINT;
	int right = at->x + at->columns - 1, room = at->columns - 4, used;

	draw_box(canvas, *at, fg, theme);
	used = canvas_text(canvas, at->x + 2, at->y, room, focused ? COLOUR_TITLE : COLOUR_TEXT,
			   focused ? ATTR_BOLD : 0, title);
	if (count[0] && used + 2 + (int)strlen(count) <= room)
		canvas_text(canvas, right - 1 - (int)strlen(count), at->y, (int)strlen(count), fg,
			    0, count);
}

/* How one line of a list is drawn. */
struct pen {
	struct canvas *canvas;
	const struct theme *theme;
	int x, y, columns;
	uint8_t fg, attrs;
};

/* Raw text in `columns` from column x of the line on; paths keep their end. */
static void pen_raw(const struct pen *pen, int x, int columns, const char *raw, bool keep_end)
{
	char *safe = text_safe_str(raw), fitted[512];

	text_fit(fitted, sizeof(fitted), safe, columns, keep_end);
	canvas_text(pen->canvas, pen->x + x, pen->y, columns, pen->fg, pen->attrs, fitted);
	free(safe);
}

static void draw_task(const struct objects_screen *screen, const struct pen *pen, uint32_t index)
{
	static const char marks[] = { [TASK_LEADER] = ' ',
				      [TASK_THREAD] = ' ',
				      [TASK_PARENT] = '^',
				      [TASK_CHILD] = 'v',
				      [TASK_SHARER] = '=' };
	static const char letters[NR_SHARE] = { 'V', 'F', 'S', 'H' };
	const struct obj_task *task = &screen->objects->tasks[index];
	bool wide = pen->columns >= 28;
	int used = canvas_printf(pen->canvas, pen->x, pen->y, pen->columns, pen->fg, pen->attrs,
				 "%c%d ", marks[task->relation], (int)task->tid);

	used = at_least(used, wide ? 9 : 7);
	pen_raw(pen, used, pen->columns - used - (wide ? 5 : 0), task->comm, false);
	for (int i = 0; wide && i < NR_SHARE; i++) {
		char letter[2] = { task->id[i] == 1 ? letters[i] : task->id[i] ? '-' : '?', '\0' };

		canvas_text(pen->canvas, pen->x + pen->columns - NR_SHARE + i, pen->y, 1, pen->fg,
			    pen->attrs, letter);
	}
}

static void draw_fd(const struct objects_screen *screen, const struct pen *pen, uint32_t index)
{
	const struct obj_fd *fd = &screen->objects->fds[index];
	const char *access = fd->info_why != WHY_OK                ? "?"
			     : fd_access_name(fd->flags)[0] == 'p' ? "p"
								   : fd_access_name(fd->flags);
	const char *name = fd_kind_name(fd->kind);
	int used = 9;

	canvas_printf(pen->canvas, pen->x, pen->y, pen->columns, pen->fg, pen->attrs, "%5d %-2s",
		      fd->fd, access);
	/* What has a name shows it; of the others the kind says more than "socket:[4711]". */
	if (fd->path && (fd->path[0] == '/' || fd->kind == FD_OTHER))
		name = pen->columns > 34 ? fd->path : obj_short_path(fd->path);
	else if (fd->note && pen->columns > 34)
		name = fd->note;
	if (name == fd->note)
		used += canvas_printf(pen->canvas, pen->x + used, pen->y, pen->columns - used,
				      pen->fg, pen->attrs, "%s ", fd_kind_name(fd->kind));
	pen_raw(pen, used, pen->columns - used, name, name == fd->path && name[0] == '/');
}

static bool has_position(enum fd_kind kind)
{
	return kind == FD_REGULAR || kind == FD_MEMFD || kind == FD_DIRECTORY ||
	       kind == FD_BLOCK_DEVICE;
}

static void draw_file(const struct objects_screen *screen, const struct pen *pen, uint32_t index)
{
	const struct obj_file *file = &screen->objects->files[index];
	const struct obj_fd *fd = &screen->objects->fds[file->first_fd];
	size_t nr = file->nr_fds + file->nr_aliases;
	char pos[FMT_LEN] = "-", shared[24] = "", id[16];

	if (fd->info_why != WHY_OK)
		snprintf(pos, sizeof(pos), "?");
	else if (has_position(fd->kind))
		fmt_bytes(pos, fd->pos_bytes);
	if (nr > 1)
		snprintf(shared, sizeof(shared), "x%zu", nr);
	snprintf(id, sizeof(id), "#%u", index + 1);
	canvas_printf(pen->canvas, pen->x, pen->y, pen->columns, pen->fg, pen->attrs, "%-4s %5s %s",
		      id, pos, shared);
}

static void draw_inode(const struct objects_screen *screen, const struct pen *pen, uint32_t index)
{
	const struct obj_inode *inode = &screen->objects->inodes[index];
	const struct cache_info *cache = &inode->cache;
	char cached[FMT_LEN] = "";
	int room = pen->columns - 6;
	const char *path = inode->path ? inode->path : "?";

	if (inode->regular && cache->why == WHY_OK)
		fmt_percent(cached, cache->total.cached, cache->total.pages);
	else if (inode->regular)
		snprintf(cached, sizeof(cached), "?");
	if (pen->columns < 34)
		path = obj_short_path(path);
	pen_raw(pen, 0, room, path, path == inode->path && path[0] == '/');
	canvas_text_right(pen->canvas, pen->x + room, pen->y, 6, pen->fg, pen->attrs, cached);
}

static void draw_vma(const struct objects_screen *screen, const struct pen *pen, uint32_t line)
{
	uint32_t index = screen->vmas[line];
	const struct vma_table *table = screen->objects->vmas;
	const struct vma *vma = vma_list_at(table->list, index);
	char start[FMT_LEN], perms[5], percent[FMT_LEN] = "?";
	int room = pen->columns - 6;

	if (table->why[index] == WHY_OK)
		fmt_percent(percent, table->counts[index].present,
			    vma_len_bytes(vma) >> screen->objects->page_shift);
	canvas_text(pen->canvas, pen->x, pen->y, room, pen->fg, pen->attrs,
		    fmt_addr(start, vma->start_addr));
	if (room > 17)
		canvas_text(pen->canvas, pen->x + 13, pen->y, 4, pen->fg, pen->attrs,
			    vma_perms_text(vma, perms));
	if (screen->of_mm && room > 24) {
		char *name = vma_short_name(vma);

		canvas_text(pen->canvas, pen->x + 18, pen->y, room - 18, pen->fg, pen->attrs, name);
		free(name);
	}
	canvas_text_right(pen->canvas, pen->x + room, pen->y, 6, pen->fg, pen->attrs, percent);
}

static const struct box_row {
	const char *title;
	void (*draw)(const struct objects_screen *screen, const struct pen *pen, uint32_t line);
} boxes[NR_BOX] = {
	[BOX_TASK] = { "task_struct", draw_task }, [BOX_MM] = { "mm_struct", NULL },
	[BOX_FS] = { "fs_struct", NULL },          [BOX_FD] = { "files_struct", draw_fd },
	[BOX_FILE] = { "struct file", draw_file }, [BOX_INODE] = { "inode", draw_inode },
	[BOX_CACHE] = { "address_space", NULL },   [BOX_VMA] = { "vm_area_struct", draw_vma },
};

/* True where a line belongs to the chain of the chosen object. */
static bool in_chain(const struct objects_screen *screen, enum obj_box box, size_t line,
		     size_t chosen)
{
	const struct obj_fd *fd;

	if (line == chosen)
		return box != BOX_VMA || screen->focus == BOX_VMA || !screen->of_mm;
	if (box != BOX_FD || screen->chosen[BOX_FILE] == OBJ_NONE)
		return false;
	fd = &screen->objects->fds[line];
	return fd->file == screen->chosen[BOX_FILE];
}

static void scroll_to_choice(struct objects_screen *screen, enum obj_box box, size_t nr,
			     size_t chosen, size_t page)
{
	size_t *top = &screen->top[box];

	if (chosen != SIZE_MAX && chosen < *top)
		*top = chosen;
	if (chosen != SIZE_MAX && chosen >= *top + page)
		*top = chosen - page + 1;
	if (nr <= page)
		*top = 0;
	else if (*top > nr - page)
		*top = nr - page;
}

static void draw_list(struct objects_screen *screen, struct canvas *canvas,
		      const struct theme *theme, enum obj_box box)
{
	const struct rect *at = &screen->layout.box[box];
	size_t nr = objects_nr_lines(screen, box), chosen = objects_chosen_line(screen, box);
	size_t page = at->rows > 2 ? (size_t)(at->rows - 2) : 0;

	if (!page)
		return;
	scroll_to_choice(screen, box, nr, chosen, page);
	for (size_t i = 0; i < page && screen->top[box] + i < nr; i++) {
		size_t line = screen->top[box] + i;
		bool chain = in_chain(screen, box, line, chosen);
		bool cursor = line == chosen && screen->focus == box;
		struct pen pen = { canvas,
				   theme,
				   at->x + 1,
				   at->y + 1 + (int)i,
				   at->columns - 2,
				   chain ? COLOUR_KEY : COLOUR_TEXT,
				   chain ? ATTR_BOLD : 0 };

		if (cursor) {
			canvas_fill(canvas, (struct rect){ pen.x, pen.y, pen.columns, 1 },
				    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_SELECT_BG, 0 });
			pen.fg = COLOUR_TITLE;
		}
		boxes[box].draw(screen, &pen, (uint32_t)line);
		/* Where there are no colours, the cursor still shows. */
		if (cursor && theme->colours < 8)
			canvas_mark(canvas, pen.x, pen.y, pen.columns, ATTR_REVERSE);
	}
}

static void draw_count(const struct objects_screen *screen, enum obj_box box, char out[48])
{
	const struct objects *objects = screen->objects;
	size_t nr = objects_nr_lines(screen, box), chosen = objects_chosen_line(screen, box);

	out[0] = '\0';
	if (box == BOX_FD && objects->fds_why == WHY_OK)
		snprintf(out, 48, "%zu", objects->nr_fds_total);
	else if (nr && chosen != SIZE_MAX && box == screen->focus)
		snprintf(out, 48, "%zu/%zu", chosen + 1, nr);
	else if (nr)
		snprintf(out, 48, "%zu", nr);
}

static void draw_figure(struct canvas *canvas, const struct rect *at, int row, const char *name,
			const struct obj_mm *mm, enum mm_figure figure)
{
	char text[FMT_LEN];

	if (row >= at->rows - 2)
		return;
	canvas_text(canvas, at->x + 2, at->y + 1 + row, at->columns - 11, COLOUR_FAINT, 0, name);
	canvas_text_right(
		canvas, at->x + at->columns - 9, at->y + 1 + row, 7, COLOUR_TEXT, 0,
		mm->figure_why[figure] == WHY_OK ? fmt_bytes(text, mm->figure_bytes[figure]) : "?");
}

static void draw_mm(const struct objects_screen *screen, struct canvas *canvas)
{
	const struct rect *at = &screen->layout.box[BOX_MM];
	const struct obj_mm *mm = &screen->objects->mm;

	draw_figure(canvas, at, 0, "mapped", mm, MM_SIZE);
	draw_figure(canvas, at, 1, "resident", mm, MM_RSS);
	draw_figure(canvas, at, 2, "page tables", mm, MM_PTE);
	draw_figure(canvas, at, 3, "swapped", mm, MM_SWAP);
	draw_figure(canvas, at, 4, "locked", mm, MM_LOCKED);
}

static void draw_fs(const struct objects_screen *screen, struct canvas *canvas,
		    const struct theme *theme)
{
	static const enum fs_link order[] = { FS_CWD, FS_ROOT, FS_MNT_NS };
	const struct rect *at = &screen->layout.box[BOX_FS];
	const struct obj_fs *fs = &screen->objects->fs;

	for (int i = 0; i < at->rows - 2 && i < 3; i++) {
		struct pen pen = { canvas,          theme,       at->x + 2, at->y + 1 + i,
				   at->columns - 4, COLOUR_TEXT, 0 };
		const char *link = fs->link[order[i]];

		canvas_text(canvas, pen.x, pen.y, 6, COLOUR_FAINT, 0,
			    order[i] == FS_MNT_NS ? "ns" : fs_link_key(order[i]));
		pen_raw(&pen, 5, pen.columns - 5, link ? link : why_name(fs->link_why[order[i]]),
			true);
	}
	if (at->rows > 5 && fs->umask_why == WHY_OK)
		canvas_printf(canvas, at->x + 2, at->y + 4, at->columns - 4, COLOUR_FAINT, 0,
			      "umask %04o", fs->umask);
}

/* The file's page cache: a bar, and the counts. */
static void draw_cache(const struct objects_screen *screen, struct canvas *canvas,
		       const struct theme *theme)
{
	const struct rect *at = &screen->layout.box[BOX_CACHE];
	const struct obj_inode *inode = objects_inode(screen);
	const struct cache_info *cache;
	struct rect inner = { at->x + 1, at->y + 1, at->columns - 2, at->rows - 2 };
	char reason[160], pages[64], cached[FMT_LEN], all[FMT_LEN];

	if (!inode)
		return;
	cache = &inode->cache;
	if (!inode->regular) {
		draw_paragraph(canvas, inner, COLOUR_FAINT, 0, "no pages of its own");
		return;
	}
	if (cache->why != WHY_OK) {
		draw_paragraph(canvas, inner, COLOUR_WARN, 0,
			       inode->may_hang ? "not asked: its server may not answer"
			       : cache->why == WHY_NOT_ASKED
				       ? "not read yet"
				       : source_refusal(cache->source, cache->why, reason,
							sizeof(reason)));
		return;
	}
	draw_bar(canvas, inner.x, inner.y, inner.columns, theme,
		 colour_of_class(CLASS_FILE, NR_STRENGTH - 1), cache->total.cached,
		 cache->total.pages);
	snprintf(pages, sizeof(pages), "%llu of %llu pages",
		 (unsigned long long)cache->total.cached, (unsigned long long)cache->total.pages);
	if ((int)strlen(pages) > inner.columns)
		snprintf(pages, sizeof(pages), "%s of %s pages",
			 fmt_count(cached, cache->total.cached),
			 fmt_count(all, cache->total.pages));
	canvas_text(canvas, inner.x, inner.y + 1, inner.columns, COLOUR_TEXT, 0, pages);
	if (inner.rows < 4 || cache->why_states != WHY_OK)
		return;
	canvas_printf(canvas, inner.x, inner.y + 2, inner.columns, COLOUR_TEXT, 0,
		      "dirty %llu  writeback %llu", (unsigned long long)cache->total.dirty,
		      (unsigned long long)cache->total.writeback);
	canvas_printf(canvas, inner.x, inner.y + 3, inner.columns, COLOUR_TEXT, 0,
		      "evicted %llu (recently %llu)", (unsigned long long)cache->total.evicted,
		      (unsigned long long)cache->total.recently_evicted);
}

/* Why a list is empty, in its box. */
static void draw_reason(const struct objects_screen *screen, struct canvas *canvas,
			enum obj_box box, enum source source, enum why why)
{
	const struct rect *at = &screen->layout.box[box];
	char reason[160];

	if (why == WHY_OK || at->rows < 3)
		return;
	draw_paragraph(canvas, (struct rect){ at->x + 2, at->y + 1, at->columns - 4, at->rows - 2 },
		       COLOUR_WARN, 0, source_refusal(source, why, reason, sizeof(reason)));
}

static void draw_title(const struct objects_screen *screen, struct canvas *canvas)
{
	const struct objects *objects = screen->objects;
	int columns = canvas_columns(canvas), x = 11;
	char tasks[FMT_LEN], fds[FMT_LEN], files[FMT_LEN], cost[FMT_LEN], fresh[64], *comm;

	canvas_fill(canvas, (struct rect){ 0, 0, columns, 1 },
		    (struct glyph){ ' ', COLOUR_TITLE, COLOUR_BAR_BG, 0 });
	canvas_text(canvas, 1, 0, columns, COLOUR_TITLE, ATTR_BOLD, "pagewalk");
	if (!objects) {
		canvas_text(canvas, x, 0, columns - x, COLOUR_TEXT, 0,
			    screen->gone ? "the process has exited" : "reading...");
		return;
	}
	comm = text_safe_str(objects->process.comm);
	canvas_printf(canvas, x, 0, 20, COLOUR_TEXT, ATTR_BOLD, "%d %s", (int)objects->process.pid,
		      comm);
	free(comm);
	snprintf(fresh, sizeof(fresh), "%s",
		 screen->gone       ? "exited: last picture"
		 : screen->paused   ? "paused"
		 : objects->partial ? "reading..."
				    : "");
	if (!fresh[0])
		snprintf(fresh, sizeof(fresh), "read in %s", fmt_duration(cost, objects->cost_ns));
	canvas_text_right(canvas, columns - 23, 0, 22, screen->gone ? COLOUR_WARN : COLOUR_TEXT, 0,
			  fresh);
	canvas_printf(canvas, 32, 0, columns - 32 - 17, COLOUR_TEXT, 0,
		      columns < 100 ? "%s tasks %s fds %s files"
				    : "%s tasks   %s descriptors   %s open files",
		      fmt_count(tasks, objects->nr_tasks + objects->nr_threads_left),
		      objects->fds_why == WHY_OK ? fmt_count(fds, objects->nr_fds_total) : "?",
		      objects->fds_why != WHY_OK ? "?"
		      : objects->partial         ? "..."
						 : fmt_count(files, objects->nr_files));
}

static void draw_detail(const struct objects_screen *screen, struct canvas *canvas)
{
	const struct rect *at = &screen->layout.detail;
	char text[512];
	int row = 0;

	for (int i = 0; row < at->rows && objects_about(screen, i, text, sizeof(text)); i++) {
		struct rect rest = { at->x, at->y + row, at->columns, at->rows - row };

		row += draw_paragraph(canvas, rest, i ? COLOUR_TEXT : COLOUR_TITLE,
				      i ? 0 : ATTR_BOLD, text);
	}
}

static void draw_boxes(struct objects_screen *screen, struct canvas *canvas,
		       const struct theme *theme)
{
	for (int box = 0; box < NR_BOX; box++) {
		const struct rect *at = &screen->layout.box[box];
		char count[48];

		if (at->rows < 3)
			continue;
		draw_count(screen, (enum obj_box)box, count);
		draw_frame(canvas, theme, at, boxes[box].title, count,
			   screen->focus == (enum obj_box)box);
		if (boxes[box].draw)
			draw_list(screen, canvas, theme, (enum obj_box)box);
	}
	draw_mm(screen, canvas);
	draw_fs(screen, canvas, theme);
	if (screen->layout.box[BOX_CACHE].rows)
		draw_cache(screen, canvas, theme);
	draw_reason(screen, canvas, BOX_FD, SOURCE_FD, screen->objects->fds_why);
	if (screen->of_mm || screen->objects->vmas_why != WHY_OK)
		draw_reason(screen, canvas, BOX_VMA, SOURCE_MAPS, screen->objects->vmas_why);
	if (screen->layout.scale.rows) {
		draw_frame(canvas, theme, &screen->layout.scale, "address space", "",
			   screen->focus == BOX_MM);
		objects_draw_scale(screen, canvas, theme);
	}
}

void objects_draw_all(struct objects_screen *screen, struct canvas *canvas,
		      const struct theme *theme)
{
	draw_title(screen, canvas);
	draw_hline(canvas, 0, screen->layout.rule_y, canvas_columns(canvas), theme);
	if (!screen->objects)
		return;
	draw_boxes(screen, canvas, theme);
	objects_draw_links(screen, canvas, theme);
	draw_detail(screen, canvas);
}
