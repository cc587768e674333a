/*
 * io_breached.c - a password is found in a file of breached ones where a search
 * line by line finds it, and nowhere else, in few reads; and what is no such
 * file is refused, with what is wrong with it.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include <deals/deals.h>

#include "io/breached.h"

#define ROUNDS  300
#define MOST    400             /* lines of a random file */
#define LARGE   2300000         /* lines of 46 bytes: 100 MB */
#define READS   48              /* for one password at most */

typedef struct {
    unsigned char  hash[DEALS_SHA1_BYTES];
    int            n;           /* of its password */
} entry;

enum { COUNTS = 1, CRLF = 2, LOWER = 4, NO_END = 8, TWICE = 16, KINDS = 32 };

static char  path[200], other[200];
static long  reads;             /* how often the file was asked */
static int   broken;            /* reads fail */


/* The library's reads, seen and made to fail from here. */
ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
    reads++;

    if (broken) {
        errno = EIO;
        return -1;
    }

    return syscall(SYS_pread64, fd, buf, len, at);
}

static deals_str
password(int n)
{
    static char  text[32];

    snprintf(text, sizeof(text), "password %d", n);

    return deals_str_of(text);
}

static void
sha1(deals_str text, unsigned char hash[DEALS_SHA1_BYTES])
{
    assert_int_equal(EVP_Digest(text.data, text.len, hash, NULL, EVP_sha1(),
                                NULL), 1);
}

static int
by_hash(const void *a, const void *b)
{
    return memcmp(((const entry *) a)->hash, ((const entry *) b)->hash,
                  DEALS_SHA1_BYTES);
}

static void
put_line(FILE *f, const unsigned char hash[DEALS_SHA1_BYTES], int kind,
    int last)
{
    int  i;

    for (i = 0; i < DEALS_SHA1_BYTES; i++) {
        fprintf(f, kind & LOWER ? "%02x" : "%02X", hash[i]);
    }

    /* lines of many lengths */
    if (kind & COUNTS) {
        fprintf(f, ":%d", 1 << random() % 31);
    }

    if (!last || !(kind & NO_END)) {
        fputs(kind & CRLF ? "\r\n" : "\n", f);
    }
}

static void
write_entries(const entry *e, int len, int kind)
{
    int    i;
    FILE  *f = fopen(path, "w");

    assert_non_null(f);

    for (i = 0; i < len; i++) {
        if (kind & TWICE) {
            put_line(f, e[i].hash, kind, 0);
        }
        put_line(f, e[i].hash, kind, i == len - 1);
    }

    assert_int_equal(fclose(f), 0);
}

static void
write_text(const char *text)
{
    FILE  *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static deals_breached *
opened(void)
{
    deals_arena        *arena = deals_arena_new();
    deals_breached     *set;
    const deals_error  *error;

    set = deals_breached_open(path, arena, &error);
    if (set == NULL) {
        fail_msg("%.*s", (int) error->message.len, error->message.data);
    }
    deals_arena_free(arena);

    return set;
}

/* It is refused, and the message has these words. */
static void
refused(const char *name, const char *words)
{
    char                text[400];
    deals_arena        *arena = deals_arena_new();
    const deals_error  *error = NULL;

    assert_null(deals_breached_open(name, arena, &error));
    assert_non_null(error);
    assert_int_equal(error->code, DEALS_INVALID);
    assert_true(deals_str_eq(error->field, DEALS_STR("breached_passwords")));
    snprintf(text, sizeof(text), "%.*s", (int) error->message.len,
             error->message.data);
    if (strstr(text, words) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", text, words);
    }
    assert_non_null(strstr(text, name));
    deals_arena_free(arena);
}

/* Of passwords 0 .. 2 * MOST those that are in a random set, and all of them. */
static void
test_random_files(void **state)
{
    int              round, kind, i, len, is[2 * MOST];
    entry            e[MOST];
    deals_breached  *set;

    (void) state;
    srandom(20261121);

    for (round = 0; round < ROUNDS; round++) {
        kind = round % KINDS;
        memset(is, 0, sizeof(is));
        len = 0;

        /* few lines, and many */
        for (i = 0; i < 2 * MOST && len < 1 + random() % MOST; i++) {
            if (round < 2 * KINDS ? len < 1 + round / KINDS
                                  : random() % 2 == 0)
            {
                sha1(password(i), e[len].hash);
                e[len++].n = i;
                is[i] = 1;
            }
        }

        qsort(e, (size_t) len, sizeof(entry), by_hash);
        write_entries(e, len, kind);
        set = opened();

        for (i = 0; i < 2 * MOST; i++) {
            reads = 0;
            if (deals_breached_has(set, password(i)) != is[i]) {
                fail_msg("round %d, kind %d, %d lines: password %d", round,
                         kind, len, i);
            }
            assert_true(reads <= READS);
        }

        /* the ends are no less found than the middle */
        assert_int_equal(deals_breached_has(set, password(e[0].n)), 1);
        assert_int_equal(deals_breached_has(set, password(e[len - 1].n)), 1);
        deals_breached_close(set);
    }
}

/* 100 MB, of which 20 lines are passwords. */
static void
test_large_file(void **state)
{
    int              i, k = 0;
    FILE            *f = fopen(path, "w");
    entry            e[20];
    uint64_t         head;
    struct stat      st;
    unsigned char    hash[DEALS_SHA1_BYTES] = { 0 };
    deals_breached  *set;

    (void) state;
    assert_non_null(f);
    for (i = 0; i < 20; i++) {
        sha1(password(i), e[i].hash);
        e[i].n = i;
    }
    qsort(e, 20, sizeof(entry), by_hash);

    for (i = 0; i < LARGE; i++) {
        head = (uint64_t) i * (UINT64_MAX / LARGE);
        head = __builtin_bswap64(head);
        memcpy(hash, &head, sizeof(head));
        for ( ; k < 20 && memcmp(e[k].hash, hash, sizeof(hash)) < 0; k++) {
            put_line(f, e[k].hash, COUNTS, 0);
        }
        put_line(f, hash, COUNTS | CRLF, i == LARGE - 1);
    }
    assert_int_equal(fclose(f), 0);
    assert_int_equal(k, 20);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 100000000);

    reads = 0;
    set = opened();
    assert_true(reads <= 600);          /* pieces of it */

    for (i = 0; i < 500; i++) {
        reads = 0;
        assert_int_equal(deals_breached_has(set, password(i)), i < 20);
        assert_true(reads > 10 && reads <= READS);
    }

    /* a megabyte in the middle becomes something else: who looks where it is
     * hears that it can't be said */
    f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, st.st_size / 2 - 500000, SEEK_SET), 0);
    for (i = 0; i < 1000000; i++) {
        putc('x', f);
    }
    assert_int_equal(fclose(f), 0);
    refused(path, "no list of breached passwords: at byte");
    assert_int_equal(deals_breached_has(set, password(7)), -1);
    deals_breached_close(set);
    assert_int_equal(unlink(path), 0);
}

static const char  zeros[] = "0000000000000000000000000000000000000000";
#define ONE    "0123456789ABCDEF0123456789ABCDEF01234567"
#define TWO    "1123456789abcdef0123456789abcdef01234567"

static void
test_what_is_refused(void **state)
{
    int         i;
    char        text[200];
    FILE       *f;
    const char *formats[] = {
        "%s", "%s\n", "%s\r\n", "%s:1", "%s:12345678901234567890\r\n",
        ONE "\n%s\n", ONE ":2\n%s:1\n", ONE ":2\r\n" ONE ":2\r\n%s:1"
    };
    static const char *const  not[] = {
        "password\n", "\n", "\r\n", ONE "\n\n", "\n" ONE "\n", ONE " \n",
        ONE ":\n", ONE ":x\n", ONE ":-1\n", ONE ":123456789012345678901\n",
        ONE ";1\n", ONE "0\n", "\xef\xbb\xbf" ONE "\n",
        "0123456789ABCDEF0123456789ABCDEF\n",           /* NTLM */
        "0123456789ABCDEF0123456789ABCDEF0123456G\n",
        ONE "\r\r\n", ONE ":1\r\n" ONE ":1\r\nmore", ONE "\n" ONE ":"
    };

    (void) state;

    for (i = 0; i < (int) (sizeof(formats) / sizeof(formats[0])); i++) {
        snprintf(text, sizeof(text), formats[i], TWO);
        write_text(text);
        deals_breached_close(opened());
    }

    for (i = 0; i < (int) (sizeof(not) / sizeof(not[0])); i++) {
        write_text(not[i]);
        refused(path, "40 hexadecimal digits");
    }

    write_text(TWO "\n" ONE "\n");
    refused(path, "is not sorted by hash: the line at byte 41");
    write_text(ONE ":9\r\n" TWO ":8\r\n" ONE ":7\r\n");
    refused(path, "is not sorted by hash: the line at byte 88");
    write_text("");
    refused(path, "is empty");
    refused(other, "can't be opened: No such file");
    refused("/", "is not a plain file");
    assert_int_equal(mkfifo(other, 0600), 0);
    refused(other, "is not a plain file");
    assert_int_equal(unlink(other), 0);

    /* one line, for ever; and nothing but a size */
    f = fopen(path, "w");
    assert_non_null(f);
    for (i = 0; i < 3000000; i++) {
        putc('0', f);
    }
    assert_int_equal(fclose(f), 0);
    refused(path, "at byte 0 there is no line");
    write_text(zeros);
    assert_int_equal(truncate(path, INT64_C(40000000000)), 0);
    reads = 0;
    refused(path, "at byte 0 there is no line");
    assert_true(reads <= 2);
}

/* One in the order of how often they are used, as there is an edition. */
static void
test_another_order(void **state)
{
    int             i;
    FILE           *f = fopen(path, "w");
    unsigned char   hash[DEALS_SHA1_BYTES];

    (void) state;
    assert_non_null(f);
    for (i = 0; i < 50000; i++) {
        sha1(password(i), hash);
        put_line(f, hash, COUNTS, 0);
    }
    assert_int_equal(fclose(f), 0);
    refused(path, "is not sorted by hash");
}

/* What was opened is asked, whatever happens to its name. */
static void
test_changes_later(void **state)
{
    int              i;
    char             text[100];
    const char      *why = NULL;
    unsigned char    hash[DEALS_SHA1_BYTES];
    entry            e[300];
    deals_breached  *set, *second;

    (void) state;
    for (i = 0; i < 300; i++) {
        sha1(password(i), e[i].hash);
    }
    qsort(e, 300, sizeof(entry), by_hash);
    write_entries(e, 300, 0);
    set = opened();
    second = deals_breached_hold(set);
    assert_ptr_equal(second, set);
    assert_null(deals_breached_hold(NULL));
    deals_breached_close(NULL);

    assert_int_equal(rename(path, other), 0);
    assert_int_equal(deals_breached_has(set, password(7)), 1);
    write_text("something else\n");
    assert_int_equal(deals_breached_has(set, password(7)), 1);
    assert_int_equal(deals_breached_has(set, password(300)), 0);
    deals_breached_close(second);
    assert_int_equal(deals_breached_has(set, password(7)), 1);

    /* a disk that is broken, and mended */
    broken = 1;
    assert_int_equal(deals_breached_find(set, password(7), &why), -1);
    assert_string_equal(why, "Input/output error");
    assert_int_equal(deals_breached_turned(set, 1), 1);
    assert_int_equal(deals_breached_turned(set, 1), 0);
    broken = 0;
    assert_int_equal(deals_breached_find(set, password(7), &why), 1);
    assert_int_equal(deals_breached_turned(set, 0), 1);

    /* written over, cut in the middle of a line, emptied */
    assert_int_equal(truncate(other, 20), 0);
    assert_int_equal(deals_breached_find(set, password(7), &why), -1);
    assert_string_equal(why, deals_breached_no_line);
    assert_int_equal(truncate(other, 0), 0);
    assert_int_equal(deals_breached_find(set, password(7), &why), -1);
    assert_string_equal(why, "it is empty by now");
    assert_int_equal(truncate(other, 12000), 0);
    assert_int_equal(deals_breached_has(set, password(7)), -1);
    deals_breached_close(set);
    assert_int_equal(unlink(other), 0);

    /* a line, and parts of it, with what follows and without */
    snprintf(text, sizeof(text), "%s:7\r\n", ONE);
    for (i = 0; i < 44; i++) {
        assert_int_equal(deals_breached_line(text, (size_t) i, 0, hash), -1);
        assert_int_equal(deals_breached_line(text, (size_t) i, 1, hash),
                         i == 40 || i >= 42 ? i : -1);
    }
    assert_int_equal(deals_breached_line(text, 44, 0, hash), 44);
    assert_int_equal(hash[0], 1);
    assert_int_equal(hash[19], 0x67);
}

static int
begin(void **state)
{
    static char  dir[] = "/tmp/deals-breached.XXXXXX";

    *state = mkdtemp(dir);
    if (*state == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/list", dir);
    snprintf(other, sizeof(other), "%s/other", dir);

    return 0;
}

static int
finish(void **state)
{
    (void) unlink(path);
    (void) unlink(other);

    return rmdir(*state);
}

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_random_files),
        cmocka_unit_test(test_large_file),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_another_order),
        cmocka_unit_test(test_changes_later),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_breached", tests, begin, finish);
}
