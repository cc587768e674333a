/*
 * The bytes of drafts: damaged ones (run it with a sanitizer), unaligned ones,
 * and memory that ends while one is made.
 */

#include "view_draft_check.h"

#include "view/draft.h"

static volatile int  fail_at;   /* counts down; 0: nothing fails */

#if !defined(__SANITIZE_ADDRESS__)

extern void  *__libc_realloc(void *p, size_t size);

/* Buffers are made by it alone. */
__attribute__((visibility("default"))) void *
realloc(void *p, size_t size)
{
    if (fail_at > 0 && --fail_at == 0) {
        return NULL;
    }

    return __libc_realloc(p, size);
}

#endif


/* A sanitizer and valgrind have allocators of their own. */
static int
is_ours(void)
{
    void *volatile  p;

    fail_at = 1;
    p = realloc(NULL, 10);
    fail_at = 0;
    free(p);

    return p == NULL;
}


static deals_page         outer;
static deals_page_viewer  viewer;
static world              rows;
static deals_templates   *set;


static int
make(deals_buf *buf, int page)
{
    present(&rows, NULL, 0);
    make_page(&outer, &viewer, NULL);

    return deals_templates_draft(set, page, &outer,
                                 make_content(&rows, page), &deals_vary, buf);
}


static int
make_all(void **state)
{
    int  rc = setup(state);

    memset(&rows, 0, sizeof(rows));
    rows.next_id = 100;
    make_cards(&rows, 3);
    make_deal(&rows);
    make_threads(&rows, 6);
    set = load_templates(NULL);

    return rc;
}


static int
free_all(void **state)
{
    deals_templates_free(set);

    return teardown(state);
}

#define MADE(f)  cmocka_unit_test_setup_teardown(f, make_all, free_all)


/* In a block of its own, so that nobody reads behind it. 1: it opened. */
static int
use(const char *data, size_t len)
{
    int             k, rc;
    char           *copy = malloc(len + 1), *bytes = copy + 1, *out;
    size_t          i, size, states_len;
    deals_draft     draft;
    unsigned char  *states, hash[DEALS_DRAFT_HASH];

    static const deals_str  name = { "kim", 3 };

    memcpy(bytes, data, len);               /* at an odd address */
    rc = deals_draft_open(&draft, (deals_str) { bytes, len });

    if (rc == 0) {
        states_len = draft.nrows;
        states = malloc(states_len + 1);

        for (i = 0; i < draft.nrows; i++) {
            (void) deals_draft_get_row(&draft, i);
        }

        for (k = 0; k <= DEALS_DRAFT_STATES; k++) {
            memset(states, k == DEALS_DRAFT_STATES ? 0xff : k, states_len + 1);
            size = deals_draft_size(&draft, states, name);
            assert_true(size < 64 * len);
            out = malloc(size);
            deals_draft_write(&draft, states, name, out);
            deals_draft_hash(&draft, states, name, hash);
            free(out);
        }

        free(states);
    }

    free(copy);

    return rc == 0;
}


static void
damaged_bytes_are_refused_or_harmless(void **state)
{
    size_t              i, k, opened = 0;
    char                was;
    deals_buf           buf = { 0 };
    deals_draft         draft;
    static const int    flips[] = { 0x01, 0x10, 0x80, 0xff };

    (void) state;
    assert_int_equal(make(&buf, DEALS_PAGE_HOT), 0);
    assert_true(use(buf.data, buf.len));
    assert_int_equal(deals_draft_open(&draft,
                         (deals_str) { buf.data, buf.len }), 0);
    i = 0;

    while (i < buf.len) {
        was = buf.data[i];

        for (k = 0; k < 4; k++) {
            buf.data[i] = (char) (was ^ flips[k]);
            opened += (size_t) use(buf.data, buf.len);
        }

        buf.data[i++] = was;

        if (i == sizeof(deals_draft_header)) {
            assert_true(opened <= 4 * DEALS_DRAFT_HASH);
            i += draft.base.len - 8;        /* text may be any */
        }
    }

    assert_true(opened > 0);
    deals_buf_free(&buf);
}


static void
parts_of_a_draft_are_refused(void **state)
{
    size_t     len;
    deals_buf  buf = { 0 };

    (void) state;
    assert_int_equal(make(&buf, DEALS_PAGE_DEAL), 0);

    for (len = 0; len < buf.len; len++) {
        assert_false(use(buf.data, len));
    }

    assert_true(use(buf.data, buf.len));
    deals_buf_char(&buf, 'x');
    assert_false(use(buf.data, buf.len));
    assert_false(use(buf.data + 1, buf.len - 2));
    assert_int_equal(deals_draft_open(&(deals_draft) { .nrows = 1 },
                                      DEALS_NONE), -1);
    deals_buf_free(&buf);
}


/* Some words of the tables at once, whatever they say then. */
static void
tables_of_chance(void **state)
{
    int          n, k;
    char        *copy;
    size_t       at, from;
    uint32_t     word, x = 12345;
    deals_buf    buf = { 0 };
    deals_draft  draft;

    (void) state;
    assert_int_equal(make(&buf, DEALS_PAGE_DEAL), 0);
    assert_int_equal(deals_draft_open(&draft,
                         (deals_str) { buf.data, buf.len }), 0);
    from = (size_t) ((const char *) draft.holes - buf.data);
    copy = malloc(buf.len);

    for (n = 0; n < 20000; n++) {
        memcpy(copy, buf.data, buf.len);

        for (k = 0; k < 1 + n % 4; k++) {
            x = x * 1664525u + 1013904223u;
            at = from + (x >> 8) % (buf.len - from - 4);
            x = x * 1664525u + 1013904223u;
            word = n % 3 ? x >> (x % 29) : (uint32_t) buf.len - x % 64;
            memcpy(copy + at, &word, 4);
        }

        (void) use(copy, buf.len);
    }

    free(copy);
    deals_buf_free(&buf);
}


/* Every allocation fails once: -1 and no bytes, or the whole draft. */
static void
memory_ends_anywhere(void **state)
{
    int        n, rc = -1, json;
    deals_buf  whole, buf;
    deals_feed_result  feed = { 0 };

    (void) state;
    make_cards(&rows, 40);
    feed.deals = (deals_list) { rows.cards, rows.ncards };

    for (json = 0; json < 2; json++) {
        deals_buf_init(&whole);
        assert_int_equal(json ? deals_json_draft(&deals_feed_shape, &feed,
                                                 &deals_vary, &whole)
                              : make(&whole, DEALS_PAGE_HOT), 0);

        for (n = 1, rc = -1; n < 1000 && rc != 0; n++) {
            const void  *content;

            deals_buf_init(&buf);
            content = make_content(&rows, DEALS_PAGE_HOT);
            fail_at = n;
            rc = json ? deals_json_draft(&deals_feed_shape, &feed, &deals_vary,
                                         &buf)
                      : deals_templates_draft(set, DEALS_PAGE_HOT, &outer,
                                              content, &deals_vary, &buf);
            fail_at = fail_at > 0 ? 0 : -1;

            if (rc == 0) {
                assert_int_equal(fail_at, 0);
                assert_same_bytes((deals_str) { buf.data, buf.len },
                                  (deals_str) { whole.data, whole.len },
                                  "draft");
            } else {
                assert_int_equal(rc, -1);
                assert_int_equal(buf.len, 0);
                assert_int_equal(buf.failed, 0);
            }

            deals_buf_free(&buf);
        }

        assert_int_equal(rc, 0);
        assert_true(n > 12 || !is_ours());
        deals_buf_free(&whole);
    }
}


static const struct CMUnitTest  tests[] = {
    MADE(damaged_bytes_are_refused_or_harmless),
    MADE(parts_of_a_draft_are_refused),
    MADE(tables_of_chance),
    MADE(memory_ends_anywhere),
};

RUN("bytes of drafts", tests)
