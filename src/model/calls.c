/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the system calls that a lane counts. */
#include "model/calls.h"

const char *call_kind_name(enum call_kind kind)
{
	static const char *const names[NR_CALL] = {
		[CALL_READ] = "read",
		[CALL_WRITE] = "write",
		[CALL_WRITEV] = "writev",
		[CALL_SEND] = "send",
		[CALL_SENDFILE] = "sendfile",
		[CALL_SPLICE] = "splice",
		[CALL_COPY_FILE_RANGE] = "copy_file_range",
		[CALL_MMAP] = "mmap",
		[CALL_MUNMAP] = "munmap",
		[CALL_URING_ENTER] = "io_uring_enter",
		[CALL_POLL] = "poll",
		[CALL_RECVMSG] = "recvmsg",
		[CALL_RECV] = "recv",
		[CALL_FDATASYNC] = "fdatasync",
	};

	return names[kind];
}
