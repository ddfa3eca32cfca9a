/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screen 3: choosing, and keys. One object in each box is chosen, and those to its right
 * follow from it by its links: a descriptor's open file, that one's inode, its VMAs. Choosing
 * something further right leads the choice back to the left where there is a way. A newer
 * picture keeps the choice by what does not change: thread ID, descriptor number, device and
 * inode number, address.
 */
#include "ui/screen_objects.h"

#include "base/xalloc.h"
#include "ui/draw.h"
#include "ui/objects_state.h"

#include <stdlib.h>
#include <string.h>

const struct obj_task *objects_task(const struct objects_screen *screen)
{
	uint32_t at = screen->chosen[BOX_TASK];

	return screen->objects && at < screen->objects->nr_tasks ? &screen->objects->tasks[at]
								 : NULL;
}

const struct obj_fd *objects_fd(const struct objects_screen *screen)
{
	uint32_t at = screen->chosen[BOX_FD];

	return screen->objects && at < screen->objects->nr_fds ? &screen->objects->fds[at] : NULL;
}

const struct obj_file *objects_file(const struct objects_screen *screen)
{
	uint32_t at = screen->chosen[BOX_FILE];

	return screen->objects && at < screen->objects->nr_files ? &screen->objects->files[at]
								 : NULL;
}

const struct obj_inode *objects_inode(const struct objects_screen *screen)
{
	uint32_t at = screen->chosen[BOX_INODE];

	return screen->objects && at < screen->objects->nr_inodes ? &screen->objects->inodes[at]
								  : NULL;
}

const struct vma *objects_vma(const struct objects_screen *screen)
{
	uint32_t at = screen->chosen[BOX_VMA];

	return screen->objects && screen->objects->vmas &&
			       at < vma_list_nr(screen->objects->vmas->list)
		       ? vma_list_at(screen->objects->vmas->list, at)
		       : NULL;
}

/* Which VMAs stand in their box. */
static void fill_vmas(struct objects_screen *screen)
{
	const struct objects *objects = screen->objects;
	const struct obj_inode *inode = objects_inode(screen);
	size_t nr = objects && objects->vmas ? vma_list_nr(objects->vmas->list) : 0;

	screen->nr_vmas = 0;
	screen->vmas = xreallocarray(screen->vmas, nr + 1, sizeof(*screen->vmas));
	if (screen->of_mm)
		for (uint32_t i = 0; i < nr; i++)
			screen->vmas[screen->nr_vmas++] = i;
	else if (inode)
		for (uint32_t i = inode->first_vma; i != OBJ_NONE; i = objects->vma_next[i])
			screen->vmas[screen->nr_vmas++] = i;
}

size_t objects_nr_lines(const struct objects_screen *screen, enum obj_box box)
{
	const struct objects *objects = screen->objects;

	if (!objects)
		return 0;
	switch (box) {
	case BOX_TASK:
		return objects->nr_tasks;
	case BOX_FD:
		return objects->nr_fds;
	case BOX_FILE:
		return objects->nr_files;
	case BOX_INODE:
		return objects->nr_inodes;
	case BOX_VMA:
		return screen->nr_vmas;
	default:
		return 0;
	}
}

size_t objects_chosen_line(const struct objects_screen *screen, enum obj_box box)
{
	if (box == BOX_VMA) {
		for (size_t i = 0; i < screen->nr_vmas; i++)
			if (screen->vmas[i] == screen->chosen[BOX_VMA])
				return i;
		return SIZE_MAX;
	}
	return screen->chosen[box] < objects_nr_lines(screen, box) ? screen->chosen[box] : SIZE_MAX;
}

/* The inode's descriptor and open file; none where it is only mapped. */
static void lead_back(struct objects_screen *screen)
{
	const struct obj_inode *inode = objects_inode(screen);
	const struct obj_fd *fd = objects_fd(screen);

	if (!inode || (fd && fd->inode == screen->chosen[BOX_INODE]))
		return;
	screen->chosen[BOX_FD] = inode->first_fd;
	fd = objects_fd(screen);
	screen->chosen[BOX_FILE] = fd ? fd->file : OBJ_NONE;
}

/* After something was chosen in a box: what hangs on it. */
static void follow(struct objects_screen *screen, enum obj_box box)
{
	const struct obj_inode *inode;

	if (!screen->objects)
		return;
	if (box == BOX_FILE && objects_file(screen)) {
		const struct obj_fd *fd = objects_fd(screen);

		if (!fd || fd->file != screen->chosen[BOX_FILE])
			screen->chosen[BOX_FD] = objects_file(screen)->first_fd;
		screen->chosen[BOX_INODE] = objects_fd(screen)->inode;
	} else if (box == BOX_FD && objects_fd(screen)) {
		screen->chosen[BOX_FILE] = objects_fd(screen)->file;
		screen->chosen[BOX_INODE] = objects_fd(screen)->inode;
	} else if (box == BOX_VMA && objects_vma(screen)) {
		uint32_t at = screen->objects->vma_inode[screen->chosen[BOX_VMA]];

		if (at != OBJ_NONE) {
			screen->chosen[BOX_INODE] = at;
			lead_back(screen);
		}
	} else if (box == BOX_INODE) {
		lead_back(screen);
	}
	inode = objects_inode(screen);
	if (!screen->of_mm && box != BOX_VMA)
		screen->chosen[BOX_VMA] = inode ? inode->first_vma : OBJ_NONE;
	fill_vmas(screen);
}

static void set_focus(struct objects_screen *screen, enum obj_box box)
{
	screen->focus = box;
	if (box == BOX_MM)
		screen->of_mm = true;
	else if (box != BOX_VMA)
		screen->of_mm = false;
	fill_vmas(screen);
	if (box == BOX_VMA && objects_chosen_line(screen, BOX_VMA) == SIZE_MAX && screen->nr_vmas)
		screen->chosen[BOX_VMA] = screen->vmas[0];
}

/*
 * The chain a newcomer should see: the first descriptor of a file that is mapped too, else of
 * one that has pages, else the first.
 */
static uint32_t best_fd(const struct objects *objects)
{
	uint32_t best = objects->nr_fds ? 0 : OBJ_NONE;
	bool has_file = false;

	for (uint32_t i = 0; i < objects->nr_fds; i++) {
		uint32_t inode = objects->fds[i].inode;

		if (inode == OBJ_NONE || !objects->inodes[inode].regular)
			continue;
		if (objects->inodes[inode].nr_vmas)
			return i;
		if (!has_file)
			best = i;
		has_file = true;
	}
	return best;
}

static uint32_t same_task(const struct objects *objects, const struct obj_task *task)
{
	for (uint32_t i = 0; i < objects->nr_tasks; i++)
		if (objects->tasks[i].tid == task->tid)
			return i;
	return 0;
}

static uint32_t same_fd(const struct objects *objects, int fd)
{
	for (uint32_t i = 0; i < objects->nr_fds; i++)
		if (objects->fds[i].fd >= fd)
			return i;
	return objects->nr_fds ? (uint32_t)objects->nr_fds - 1 : OBJ_NONE;
}

static uint32_t same_inode(const struct objects *objects, const struct obj_inode *inode)
{
	for (uint32_t i = 0; i < objects->nr_inodes; i++)
		if (objects->inodes[i].ino == inode->ino &&
		    objects->inodes[i].dev_major == inode->dev_major &&
		    objects->inodes[i].dev_minor == inode->dev_minor)
			return i;
	return OBJ_NONE;
}

static uint32_t same_vma(const struct objects *objects, uint64_t addr)
{
	for (uint32_t i = 0; objects->vmas && i < vma_list_nr(objects->vmas->list); i++)
		if (vma_list_at(objects->vmas->list, i)->end_addr > addr)
			return i;
	return OBJ_NONE;
}

/* The same objects in a newer picture. */
static void choose_again(struct objects_screen *screen, const struct objects *objects,
			 uint32_t chosen[NR_BOX])
{
	const struct obj_task *task = objects_task(screen);
	const struct obj_fd *fd = objects_fd(screen);
	const struct obj_inode *inode = objects_inode(screen);
	const struct vma *vma = objects_vma(screen);

	chosen[BOX_TASK] = task ? same_task(objects, task) : 0;
	chosen[BOX_FD] = fd ? same_fd(objects, fd->fd) : OBJ_NONE;
	chosen[BOX_INODE] = inode ? same_inode(objects, inode) : OBJ_NONE;
	chosen[BOX_FILE] = chosen[BOX_FD] != OBJ_NONE ? objects->fds[chosen[BOX_FD]].file
						      : OBJ_NONE;
	chosen[BOX_VMA] = vma ? same_vma(objects, vma->start_addr) : OBJ_NONE;
}

void screen_objects_set(struct screen *base, struct objects *objects)
{
	struct objects_screen *screen = (struct objects_screen *)base;
	struct objects *before = screen->objects;
	uint32_t chosen[NR_BOX] = { 0 };

	for (int i = 0; i < NR_BOX; i++)
		chosen[i] = i == BOX_TASK ? 0 : OBJ_NONE;
	if (before)
		choose_again(screen, objects, chosen);
	else
		chosen[BOX_FD] = best_fd(objects);
	memcpy(screen->chosen, chosen, sizeof(chosen));
	screen->objects = objects_ref(objects);
	objects_unref(before);
	if (!before)
		follow(screen, BOX_FD);
	/* What was chosen has gone: what takes its place leads on. */
	if (screen->chosen[BOX_INODE] == OBJ_NONE)
		follow(screen, BOX_FD);
	fill_vmas(screen);
}

void screen_objects_set_paused(struct screen *screen, bool paused)
{
	((struct objects_screen *)screen)->paused = paused;
}

void screen_objects_set_gone(struct screen *screen)
{
	((struct objects_screen *)screen)->gone = true;
}

static const struct action nothing = { .kind = ACTION_NONE };
static const struct action redraw = { .kind = ACTION_REDRAW };

/* Boxes one above the other: where Up and Down lead past the ends of a list. */
static struct action leave_list(struct objects_screen *screen, bool down)
{
	static const enum obj_box above[NR_BOX] = {
		[BOX_FS] = BOX_MM, [BOX_FD] = BOX_FS, [BOX_VMA] = BOX_INODE
	};
	static const enum obj_box below[NR_BOX] = {
		[BOX_MM] = BOX_FS, [BOX_FS] = BOX_FD, [BOX_INODE] = BOX_VMA
	};
	enum obj_box to = down ? below[screen->focus] : above[screen->focus];

	if (!to || (screen->focus == BOX_VMA && screen->of_mm) ||
	    (to == BOX_VMA && !screen->nr_vmas))
		return nothing;
	set_focus(screen, to);
	return redraw;
}

static struct action move_lines(struct objects_screen *screen, long lines)
{
	size_t nr = objects_nr_lines(screen, screen->focus);
	size_t at = objects_chosen_line(screen, screen->focus);
	long to;

	if (!nr)
		return leave_list(screen, lines > 0);
	to = at == SIZE_MAX ? 0 : (long)at + lines;
	if (labs(lines) == 1 && (to < 0 || to >= (long)nr))
		return leave_list(screen, lines > 0);
	to = to < 0 ? 0 : to >= (long)nr ? (long)nr - 1 : to;
	screen->chosen[screen->focus] = screen->focus == BOX_VMA ? screen->vmas[to] : (uint32_t)to;
	follow(screen, screen->focus);
	return redraw;
}

/* Along the links: what the chosen object points to, and back. */
static struct action move_sideways(struct objects_screen *screen, bool right)
{
	static const enum obj_box rightward[NR_BOX] = {
		[BOX_TASK] = BOX_FD, [BOX_MM] = BOX_VMA,     [BOX_FS] = BOX_FD,
		[BOX_FD] = BOX_FILE, [BOX_FILE] = BOX_INODE, [BOX_INODE] = BOX_VMA,
		[BOX_VMA] = BOX_VMA,
	};
	static const enum obj_box leftward[NR_BOX] = {
		[BOX_TASK] = BOX_TASK, [BOX_MM] = BOX_TASK, [BOX_FS] = BOX_TASK,
		[BOX_FD] = BOX_TASK,   [BOX_FILE] = BOX_FD, [BOX_INODE] = BOX_FILE,
		[BOX_VMA] = BOX_INODE,
	};
	enum obj_box to = right ? rightward[screen->focus] : leftward[screen->focus];

	if (screen->focus == BOX_VMA && screen->of_mm && !right)
		to = BOX_MM;
	/* A mapped file that is not open has no open file: its table is next. */
	if (to == BOX_FILE && !right && !objects_file(screen))
		to = BOX_MM;
	if (to == screen->focus || (to == BOX_VMA && !screen->of_mm && !screen->nr_vmas))
		return nothing;
	set_focus(screen, to);
	if (objects_chosen_line(screen, to) == SIZE_MAX && objects_nr_lines(screen, to))
		return move_lines(screen, 0);
	return redraw;
}

static struct action next_box(struct objects_screen *screen, bool back)
{
	enum obj_box box = screen->focus;

	do {
		box = (enum obj_box)((box + (back ? NR_BOX - 1 : 1)) % NR_BOX);
	} while (box == BOX_CACHE || (box == BOX_VMA && !screen->of_mm && !screen->nr_vmas));
	set_focus(screen, box);
	if (objects_chosen_line(screen, box) == SIZE_MAX && objects_nr_lines(screen, box))
		return move_lines(screen, 0);
	return redraw;
}

static struct action open_file(const struct objects_screen *screen)
{
	const struct obj_inode *inode = objects_inode(screen);
	struct action action = { .kind = ACTION_OPEN_FILE };

	if (!inode || !inode->regular)
		return nothing;
	action.path = inode->open_path[0] ? inode->open_path : inode->path;
	/* Mapped and not open: by its mapping, which a deleted file still has. */
	if (!inode->open_path[0] && inode->first_vma != OBJ_NONE)
		action.addr =
			vma_list_at(screen->objects->vmas->list, inode->first_vma)->start_addr;
	return action;
}

/* Enter: what the chosen object looks like from near. */
static struct action open_chosen(const struct objects_screen *screen)
{
	const struct obj_task *task = objects_task(screen);
	const struct vma *vma = objects_vma(screen);

	switch (screen->focus) {
	case BOX_TASK:
		if (!task || task->pid == screen->objects->process.pid)
			return (struct action){ .kind = ACTION_SCREEN, .arg = 1 };
		return (struct action){ .kind = ACTION_OPEN_PID, .pid = task->pid };
	case BOX_MM:
		return (struct action){ .kind = ACTION_SCREEN, .arg = 1 };
	case BOX_VMA:
		return vma ? (struct action){ .kind = ACTION_OPEN_ADDR, .addr = vma->start_addr }
			   : nothing;
	case BOX_FS:
		return nothing;
	default:
		return open_file(screen);
	}
}

static bool inside(const struct rect *rect, int x, int y)
{
	return x >= rect->x && x < rect->x + rect->columns && y >= rect->y &&
	       y < rect->y + rect->rows;
}

static struct action click(struct objects_screen *screen, int x, int y)
{
	for (int box = 0; box < NR_BOX; box++) {
		const struct rect *at = &screen->layout.box[box];
		size_t line;

		if (box == BOX_CACHE || !inside(at, x, y))
			continue;
		set_focus(screen, (enum obj_box)box);
		line = screen->top[box] + (size_t)(y - at->y - 1);
		if (y == at->y || line >= objects_nr_lines(screen, (enum obj_box)box) ||
		    line >= screen->top[box] + (size_t)(at->rows - 2))
			return redraw;
		screen->chosen[box] = box == BOX_VMA ? screen->vmas[line] : (uint32_t)line;
		follow(screen, (enum obj_box)box);
		return redraw;
	}
	return nothing;
}

static struct action wheel(struct objects_screen *screen, const struct ui_event *event)
{
	for (int box = 0; box < NR_BOX; box++)
		if (box != BOX_CACHE && inside(&screen->layout.box[box], event->x, event->y) &&
		    screen->focus != (enum obj_box)box)
			set_focus(screen, (enum obj_box)box);
	return objects_nr_lines(screen, screen->focus)
		       ? move_lines(screen, event->key == KEY_UI_WHEEL_UP ? -3 : 3)
		       : redraw;
}

static struct action move_event(struct objects_screen *screen, const struct ui_event *event)
{
	int page = screen->layout.box[screen->focus].rows - 3;
	long most = (long)objects_nr_lines(screen, screen->focus);

	page = page < 2 ? 2 : page;
	switch (event->key) {
	case KEY_UI_UP:
	case 'k':
		return move_lines(screen, -1);
	case KEY_UI_DOWN:
	case 'j':
		return move_lines(screen, 1);
	case KEY_UI_LEFT:
	case 'h':
		return move_sideways(screen, false);
	case KEY_UI_RIGHT:
	case 'l':
		return move_sideways(screen, true);
	case KEY_UI_PAGE_UP:
		return move_lines(screen, -page);
	case KEY_UI_PAGE_DOWN:
		return move_lines(screen, page);
	case KEY_UI_HOME:
		return most > 1 ? move_lines(screen, -most) : nothing;
	case KEY_UI_END:
		return most > 1 ? move_lines(screen, most) : nothing;
	case KEY_UI_TAB:
	case KEY_UI_BACK_TAB:
		return next_box(screen, event->key == KEY_UI_BACK_TAB);
	case KEY_UI_CLICK:
		return click(screen, event->x, event->y);
	case KEY_UI_WHEEL_UP:
	case KEY_UI_WHEEL_DOWN:
		return wheel(screen, event);
	default:
		return nothing;
	}
}

static struct action objects_event(struct screen *base, const struct ui_event *event)
{
	struct objects_screen *screen = (struct objects_screen *)base;

	switch (event->key) {
	case KEY_UI_ENTER:
		return screen->objects ? open_chosen(screen) : nothing;
	case ' ':
		return (struct action){ .kind = ACTION_PAUSE };
	case 'p':
		return (struct action){ .kind = ACTION_PICK };
	case 'O':
		return (struct action){ .kind = ACTION_OUTPUT };
	case 'c':
		return (struct action){ .kind = ACTION_THEME, .arg = THEME_NEXT_PALETTE };
	case '?':
	case KEY_UI_F1:
		return (struct action){ .kind = ACTION_HELP };
	case KEY_UI_ESCAPE:
		return (struct action){ .kind = ACTION_BACK };
	case 'q':
	case 3:
		return (struct action){ .kind = ACTION_QUIT };
	default:
		return screen->objects ? move_event(screen, event) : nothing;
	}
}

/* What Enter would do here; NULL: nothing. */
static const char *enter_label(const struct objects_screen *screen)
{
	switch (open_chosen(screen).kind) {
	case ACTION_OPEN_FILE:
		return "its cache";
	case ACTION_OPEN_PID:
		return "watch it";
	case ACTION_OPEN_ADDR:
	case ACTION_SCREEN:
		return "map";
	default:
		return NULL;
	}
}

static size_t objects_keys(const struct screen *base, struct key_row *rows, size_t room)
{
	const struct objects_screen *screen = (const struct objects_screen *)base;
	const char *enter = screen->objects ? enter_label(screen) : NULL;
	const struct key_row all[] = {
		{ "?", "help", "explain this screen" },
		{ "Arrows", "follow links",
		  "left and right follow the lines, up and down choose in a list (h j k l too)" },
		{ "Enter", enter,
		  "from a file to its page cache (screen 4), from a VMA or the mm to the map "
		  "(screen 1), from another process to that process" },
		{ "Tab", "next box", "the next box; Shift-Tab the one before" },
		{ "PgUp PgDn", NULL, "a page of the list; Home and End its ends" },
		{ "Space", screen->paused ? "go on" : "pause",
		  "let the picture stand still, or go on" },
		{ "1 6", NULL, "the other screens by their numbers" },
		{ "Esc", "back", "to the screen before" },
		{ "p", "processes", "choose another process" },
		{ "q", "quit", "leave pagewalk (Ctrl-C too)" },
		{ "c", NULL, "the next palette: dark background, projector" },
	};
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && nr < room; i++)
		rows[nr++] = all[i];
	return nr;
}

static void objects_draw(struct screen *base, struct canvas *canvas, const struct theme *theme,
			 uint64_t now_ns)
{
	struct objects_screen *screen = (struct objects_screen *)base;
	struct key_row keys[16];

	(void)now_ns;
	screen->layout = objects_layout(canvas_columns(canvas), canvas_rows(canvas), screen->of_mm,
					screen->focus);
	objects_draw_all(screen, canvas, theme);
	draw_keys(canvas, screen->layout.keys_y, keys, objects_keys(base, keys, 16));
}

static void objects_free(struct screen *base)
{
	struct objects_screen *screen = (struct objects_screen *)base;

	objects_unref(screen->objects);
	free(screen->vmas);
	free(screen);
}

static const struct screen_ops objects_ops = {
	.number = 3,
	.name = "objects",
	.about =
		"What a task points to in the kernel. Each task_struct has an mm_struct (its "
		"address space), a files_struct (its table of descriptors) and an fs_struct (root, "
		"working directory, umask); threads share all of them, and clone(2) lets any task "
		"share any. A descriptor is a slot of the table; it points to a struct file, which "
		"has the position and flags, and which dup(2) and fork(2) share. That points to "
		"the "
		"inode, whose address_space is the file's page cache; VMAs map its pages into "
		"address spaces. The lines show the chain of what is chosen.",
	.marks =
		"Tasks: ^ the parent, v a child, = no relative but it shares a struct; in a wide "
		"terminal V F S H say that the mm (VM), files, fs and signal handlers are those of "
		"this process, - that they are not, ? that it is not known. Descriptors: number, "
		"access (r w rw, p: O_PATH), name. Open files: position, and x3 where three "
		"descriptors are it, here and in relatives. Inodes: share of the file in the page "
		"cache. VMAs: share of their pages in the page table.",
	.draw = objects_draw,
	.event = objects_event,
	.keys = objects_keys,
	.free = objects_free,
};

struct screen *screen_objects_new(void)
{
	struct objects_screen *screen = xcalloc(1, sizeof(*screen));

	screen->base.ops = &objects_ops;
	screen->focus = BOX_TASK;
	return &screen->base;
}
