/* What newlib asks of an operating system. */
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "board.h"

extern char __heap_start[], __heap_end[];

int _write(int file, const char *text, int length);
int _read(int file, char *buffer, int size);
void *_sbrk(ptrdiff_t increment);
void _exit(int status) __attribute__((noreturn));
int _close(int file);
int _fstat(int file, struct stat *status);
int _isatty(int file);
off_t _lseek(int file, off_t offset, int whence);
int _kill(int process, int signal);
int _getpid(void);
void _fini(void);

int _write(int file, const char *text, int length) {
    (void)file;
    board_write(text, length);
    return length;
}

int _read(int file, char *buffer, int size) {
    (void)file;
    return board_read(buffer, size);
}

void *_sbrk(ptrdiff_t increment) {
    static char *end = __heap_start;
    char *const previous = end;
    if (increment > __heap_end - end || increment < __heap_start - end) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end += increment;
    return previous;
}

void _exit(int status) {
    board_exit(status);
}

int _close(int file) {
    (void)file;
    return -1;
}

int _fstat(int file, struct stat *status) {
    (void)file;
    status->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int file) {
    (void)file;
    return 1;
}

off_t _lseek(int file, off_t offset, int whence) {
    (void)file, (void)offset, (void)whence;
    return 0;
}

int _kill(int process, int signal) {
    (void)process, (void)signal;
    errno = EINVAL;
    return -1;
}

int _getpid(void) {
    return 1;
}

/* Newlib's exit calls it after the destructors. */
void _fini(void) {
}
