/*
 * The two variadic functions that a module calls: stable Rust cannot define a C variadic.
 * Both format here and hand plain text to Rust. Part of a test double; nothing of FreeSWITCH's.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Implemented in src/log.rs and src/stream.rs. */
void fs_standin_log(int channel, const char *file, const char *func, int line, const char *userdata,
                    int level, const char *text);
int fs_standin_stream_append(void *handle, const char *text, size_t length);

static char *format(const char *fmt, va_list arguments, size_t *length)
{
    va_list again;
    va_copy(again, arguments);
    int need = vsnprintf(NULL, 0, fmt, arguments);
    char *text = need < 0 ? NULL : malloc((size_t) need + 1);
    if (text) {
        vsnprintf(text, (size_t) need + 1, fmt, again);
        *length = (size_t) need;
    }
    va_end(again);
    return text;
}

__attribute__((format(printf, 7, 8)))
void switch_log_printf(int channel, const char *file, const char *func, int line, const char *userdata,
                       int level, const char *fmt, ...)
{
    size_t length = 0;
    va_list arguments;
    va_start(arguments, fmt);
    char *text = format(fmt, arguments, &length);
    va_end(arguments);
    if (text) {
        fs_standin_log(channel, file, func, line, userdata, level, text);
        free(text);
    }
}

__attribute__((format(printf, 2, 3)))
int switch_console_stream_write(void *handle, const char *fmt, ...)
{
    size_t length = 0;
    va_list arguments;
    va_start(arguments, fmt);
    char *text = format(fmt, arguments, &length);
    va_end(arguments);
    int status = text ? fs_standin_stream_append(handle, text, length) : 1; /* SWITCH_STATUS_FALSE */
    free(text);
    return status;
}
