// A disk that stops answering, or is full, for one real process: loaded before libc with LD_PRELOAD, it holds up what is asked of the files
// below $BROKEN_DISK as long as there is a file $BROKEN_DISK_STATE.stopped, and refuses writes as long as there is $BROKEN_DISK_STATE.full.
// A frozen file system would do the same, but needs root, and a process that hangs in it can't even be killed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static int is(const char *state)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%s", getenv("BROKEN_DISK_STATE"), state);
    return access(path, F_OK) == 0;
}

static int refuses(const char *path, int writes)
{
    const char *below = getenv("BROKEN_DISK");
    if (!path || !below || strncmp(path, below, strlen(below)) != 0)
        return 0;
    while (is("stopped"))
        usleep(10000);
    if (!writes || !is("full"))
        return 0;
    errno = ENOSPC;
    return 1;
}

static int refuses_file(int fd, int writes)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return refuses(path, writes);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    return refuses_file(fd, 1) ? -1 : NEXT(pwrite64)(fd, bytes, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset)
{
    return refuses_file(fd, 1) ? -1 : NEXT(pwritev64)(fd, pieces, count, offset);
}

int fsync(int fd)
{
    return refuses_file(fd, 0) ? -1 : NEXT(fsync)(fd);
}

int ftruncate64(int fd, off64_t length)
{
    return refuses_file(fd, 0) ? -1 : NEXT(ftruncate64)(fd, length);
}

int rename(const char *from, const char *to)
{
    return refuses(from, 0) ? -1 : NEXT(rename)(from, to);
}

int unlink(const char *path)
{
    return refuses(path, 0) ? -1 : NEXT(unlink)(path);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return refuses(path, 0) ? -1 : NEXT(open64)(path, flags, mode);
}
