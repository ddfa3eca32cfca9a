/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_VMA_H
#define PAGEWALK_MODEL_VMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a mapping is for, told from its line in /proc/PID/maps. */
enum vma_kind {
	VMA_ANON,
	VMA_FILE,
	VMA_SHMEM, /* shared anonymous memory, memfd, System V, /dev/shm */
	VMA_HEAP,
	VMA_STACK,
	VMA_HUGETLB,
	VMA_DEVICE,
	VMA_SPECIAL, /* [vdso], [vvar], [vsyscall] and their kin */
	NR_VMA_KIND,
};

enum vma_perm {
	VMA_READ = 1,
	VMA_WRITE = 2,
	VMA_EXEC = 4,
	VMA_SHARED = 8,
};

/* One line of /proc/PID/maps (proc_pid_maps(5)): an open value struct. */
struct vma {
	uint64_t start_addr;
	uint64_t end_addr;  /* exclusive */
	uint64_t off_bytes; /* of the mapping in the file */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	unsigned perms; /* enum vma_perm */
	enum vma_kind kind;
	bool deleted;     /* the path carried " (deleted)" */
	const char *path; /* raw bytes as the kernel gave them, unescaped; "" where none */
};

/* VMAs in address order, with the text that their paths point into. */
struct vma_list;

struct vma_list *vma_list_new(void);
void vma_list_free(struct vma_list *list);
/* Copies *vma and its path to the end of the list. */
void vma_list_add(struct vma_list *list, const struct vma *vma);
size_t vma_list_nr(const struct vma_list *list);
/* Borrowed, valid until the next vma_list_add(). */
const struct vma *vma_list_at(const struct vma_list *list, size_t index);
/*
 * Takes the " (deleted)" of VMA `index` for a part of its name after all: a file of that very
 * name is what is mapped.
 */
void vma_list_undelete(struct vma_list *list, size_t index);
/* The VMA that holds addr, or NULL. */
const struct vma *vma_list_find(const struct vma_list *list, uint64_t addr);
/* True when both lists describe the same mappings, paths included. */
bool vma_list_equal(const struct vma_list *a, const struct vma_list *b);

/*
 * Parses the text of /proc/PID/maps. Lines that do not parse are counted in
 * *nr_bad (may be NULL) and left out; a last line without newline is read too.
 * The caller owns the result.
 */
struct vma_list *vma_parse_maps(const char *text, size_t len_bytes, size_t *nr_bad);

/* What a mapping is for, told from its path, permissions and device; `kind` is not looked at. */
enum vma_kind vma_kind_of(const struct vma *vma);
uint64_t vma_len_bytes(const struct vma *vma);
/* "rw-p": five bytes with the NUL. */
char *vma_perms_text(const struct vma *vma, char out[5]);
/* "anon", "file", "shmem", "heap", "stack", "hugetlb", "device", "special". */
const char *vma_kind_name(enum vma_kind kind);
/* True of memory of a device or of the kernel, which pagemap may not tell of. */
bool vma_kind_is_kernels(enum vma_kind kind);
bool vma_is_kernels(const struct vma *vma);
/* True where pages may come from a file's page cache or shared memory. */
bool vma_has_file(const struct vma *vma);
/*
 * What to call it in a list: the last part of its path, "[heap]", "anon". Made
 * safe to draw; the caller frees it.
 */
char *vma_short_name(const struct vma *vma);

#endif
