/*
 * Files of breached passwords: in one that is taken each line is a hash, none is
 * less than the one before, and exactly the passwords of its lines are found. What
 * becomes of the file afterwards may keep a password from being found, or be said;
 * it does no harm.
 */

#include <sys/mman.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "fuzz.h"

#include "io/breached.h"

#define PASSWORDS  512

typedef struct {
    unsigned char  hash[DEALS_SHA1_BYTES];
    char           text[16];
} entry;

/* By hash. */
static entry  entries[PASSWORDS];


static int
by_hash(const void *a, const void *b)
{
    return memcmp(((const entry *) a)->hash, ((const entry *) b)->hash,
                  DEALS_SHA1_BYTES);
}


int
LLVMFuzzerInitialize(unused int *argc, unused char ***argv)
{
    int  i;

    for (i = 0; i < PASSWORDS; i++) {
        snprintf(entries[i].text, sizeof(entries[i].text), "secret %d", i);
        need(EVP_Digest(entries[i].text, strlen(entries[i].text),
                        entries[i].hash, NULL, EVP_sha1(), NULL) == 1);
    }

    qsort(entries, PASSWORDS, sizeof(entries[0]), by_hash);

    return 0;
}


/* A line for each bit of the input: how it is written is in its first bytes. */
static void
put_lines(deals_buf *file, deals_str *input)
{
    int       i, k;
    unsigned  kind = take_byte(input), bits = 0;

    for (i = 0; i < PASSWORDS && (i % 8 > 0 || input->len > 0); i++) {
        bits = i % 8 == 0 ? take_byte(input) : bits >> 1;

        if (!(bits & 1)) {
            continue;
        }

        for (k = 0; k < DEALS_SHA1_BYTES; k++) {
            deals_buf_printf(file, (kind + (unsigned) i) & 1 ? "%02x" : "%02X",
                             entries[i].hash[k]);
        }

        if (kind & 2) {
            deals_buf_printf(file, ":%" PRIu64,
                             UINT64_MAX >> (i * 7 + (int) kind) % 64);
        }

        deals_buf_c(file, kind & 4 ? "\r\n" : "\n");
    }

    if (kind & 8 && file->len > 0) {
        file->len -= kind & 4 ? 2 : 1;
    }
}


/* Bytes are put in other places; each is said by four. */
static void
spoil(deals_buf *file, deals_str input)
{
    size_t  at;

    while (input.len >= 4 && file->len > 0) {
        at = (size_t) take_number(&input, 3) % file->len;
        file->data[at] = (char) take_byte(&input);
    }
}


static void
write_at(int fd, const deals_buf *file)
{
    need(ftruncate(fd, (off_t) file->len) == 0);
    need(pwrite(fd, file->data != NULL ? file->data : "", file->len, 0)
         == (ssize_t) file->len);
}


/* What a reader of lines makes of it: 1, or 0 if it is no such file. */
static int
is_sorted(const deals_buf *file)
{
    int            n;
    size_t         at, len;
    ssize_t        line;
    const char    *end;
    unsigned char  hash[DEALS_SHA1_BYTES], before[DEALS_SHA1_BYTES] = { 0 };

    for (at = 0, n = 0; at < file->len; at += len, n++) {
        end = memchr(file->data + at, '\n', file->len - at);
        len = end != NULL ? (size_t) (end + 1 - file->data) - at
                          : file->len - at;
        line = deals_breached_line(file->data + at, len, 1, hash);

        if (line != (ssize_t) len
            || memcmp(hash, before, sizeof(hash)) < 0)
        {
            return 0;
        }

        memcpy(before, hash, sizeof(hash));
    }

    return n > 0;
}


/* Which of the passwords a reader of lines finds in it. */
static void
look(const deals_buf *file, char in[PASSWORDS])
{
    size_t         at;
    entry          wanted;
    const char    *end;
    const entry   *e;

    memset(in, 0, PASSWORDS);

    for (at = 0; at < file->len; at = (size_t) (end + 1 - file->data)) {
        if (deals_breached_line(file->data + at, file->len - at, 1,
                                wanted.hash)
            > 0)
        {
            e = bsearch(&wanted, entries, PASSWORDS, sizeof(wanted), by_hash);
            if (e != NULL) {
                in[e - entries] = 1;
            }
        }

        end = memchr(file->data + at, '\n', file->len - at);
        if (end == NULL) {
            break;
        }
    }
}


/* whole: the file is as it was when it was opened. */
static void
find_all(const deals_breached *set, const deals_buf *file, int whole)
{
    int          i, found;
    char         in[PASSWORDS];
    const char  *why;

    look(file, in);

    for (i = whole ? 3 : 0; i < PASSWORDS; i += whole ? 29 : 101) {
        why = NULL;
        found = deals_breached_find(set, deals_str_of(entries[i].text), &why);

        if (whole) {
            need(found == in[i], "%s: %d", entries[i].text, found);

        } else {
            need(found < 1 || in[i], "%s", entries[i].text);
            need(found >= 0 || why != NULL);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                 fd, spoilt;
    char                path[40];
    char               *memory;
    deals_buf           file = { 0 };
    deals_str           input, lines, before;
    deals_breached     *set;
    const deals_error  *error = NULL;

    input = input_of(data, size);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();
    lines = take_part(&input);
    before = take_part(&input);
    put_lines(&file, &lines);
    spoilt = before.len >= 4;
    spoil(&file, before);

    fd = memfd_create("breached", MFD_CLOEXEC);
    need(fd >= 0);
    write_at(fd, &file);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    set = deals_breached_open(path, arena, &error);
    need((set == NULL) == (error != NULL));
    need((set != NULL) == is_sorted(&file));
    need(set != NULL || spoilt || file.len == 0);

    if (set == NULL) {
        need_errors(error, DEALS_INVALID, DEALS_INVALID);

    } else {
        find_all(set, &file, 1);
        spoil(&file, input);
        file.len -= file.len > 0 ? input.len * 97 % file.len : 0;
        write_at(fd, &file);
        find_all(set, &file, 0);
        deals_breached_close(set);
    }

    close(fd);
    deals_buf_free(&file);
    deals_arena_free(arena);
    free(memory);

    return 0;
}
