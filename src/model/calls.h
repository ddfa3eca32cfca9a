/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PAGEWALK_MODEL_CALLS_H
#define PAGEWALK_MODEL_CALLS_H

/* The system calls that move or map a file's bytes, or wait for that. */
enum call_kind {
	CALL_READ,
	CALL_WRITE,
	CALL_WRITEV,
	CALL_SEND,
	CALL_SENDFILE,
	CALL_SPLICE,
	CALL_COPY_FILE_RANGE,
	CALL_MMAP,
	CALL_MUNMAP,
	CALL_URING_ENTER,
	CALL_POLL,
	CALL_RECVMSG, /* from a socket's error queue */
	CALL_RECV,
	CALL_FDATASYNC,
	NR_CALL,
};

/* "read", "write", "sendfile", ... */
const char *call_kind_name(enum call_kind kind);

#endif
