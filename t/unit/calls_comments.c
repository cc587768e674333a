/*
 * calls_comments.c - threads: written, shown in order, paged; by whom.
 */

#include "calls_server.h"

static member  ann, bob, mod;

static void
members(void)
{
    member_make(&ann, "ann", "member");
    member_make(&bob, "bob", "member");
    member_make(&mod, "mod", "moderator");
}

static deals_call *
say(const member *m, int64_t deal, int64_t parent, deals_str body)
{
    deals_comment_input  input;

    input.body = body;
    input.parent_id = parent;

    return deals_comment_create_wait(ctx, m ? &m->asker : NULL, deal, &input,
                                     TIMEOUT);
}

static void
test_create(void **state)
{
    int64_t               deal, root;
    deals_call           *call;
    const deals_comment  *c;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");

    call = OK(say(&bob, deal, DEALS_NULL_INT, S("  <b>bold</b> *it*\r\n")));
    c = deals_comment_get(call);
    root = c->id;
    assert_int_equal(c->deal_id, deal);
    assert_int_equal(c->parent_id, DEALS_NULL_INT);
    assert_int_equal(c->depth, 0);
    assert_non_null(strstr(c->html.data, "&lt;b&gt;"));
    assert_non_null(strstr(c->html.data, "<em>it</em>"));
    assert_str(c->author->name, "bob");
    assert_int_equal(c->score, 0);
    assert_int_equal(c->own, 1);
    assert_int_equal(c->can_edit, 1);
    assert_int_equal(c->can_delete, 1);
    assert_int_equal(c->is_poster, 0);
    assert_int_equal(c->deleted, 0);
    assert_str(c->age, "just now");
    deals_call_free(call);

    call = OK(say(&ann, deal, root, S("Thanks")));
    c = deals_comment_get(call);
    assert_int_equal(c->parent_id, root);
    assert_int_equal(c->depth, 1);
    assert_int_equal(c->is_poster, 1);
    deals_call_free(call);

    assert_int_equal(sql_int("SELECT comment_count FROM deal_stats"), 2);
}

static void
test_create_refused(void **state)
{
    char         body[20010];
    int64_t      deal, other, root;
    deals_call  *call;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    other = deal_make(&ann, "Another");
    root = comment_make(&bob, deal, 0, "First");
    memset(body, 'x', sizeof(body));

    FAILS(say(NULL, deal, DEALS_NULL_INT, S("x")), DEALS_UNAUTHENTICATED,
          NULL);
    FAILS(say(&bob, deal, DEALS_NULL_INT, S(" \n ")), DEALS_INVALID, "body");
    FAILS(say(&bob, deal, DEALS_NULL_INT, DEALS_NONE), DEALS_INVALID, "body");
    FAILS(say(&bob, deal, DEALS_NULL_INT, ((deals_str) { body, 20001 })),
          DEALS_INVALID, "body");
    call = OK(say(&bob, deal, DEALS_NULL_INT, ((deals_str) { body, 20000 })));
    deals_call_free(call);
    FAILS(say(&bob, 4711, DEALS_NULL_INT, S("x")), DEALS_NOT_FOUND, NULL);
    FAILS(say(&bob, -1, DEALS_NULL_INT, S("x")), DEALS_NOT_FOUND, NULL);
    FAILS(say(&bob, deal, 4711, S("x")), DEALS_INVALID, "parent_id");
    FAILS(say(&bob, deal, -1, S("x")), DEALS_INVALID, "parent_id");
    FAILS(say(&bob, other, root, S("x")), DEALS_INVALID, "parent_id");

    sql("UPDATE comments SET reply_count = %d WHERE comment_id = %lld",
        DEALS_THREAD_REPLIES, (long long) root);
    FAILS(say(&bob, deal, root, S("x")), DEALS_CONFLICT, "parent_id");
    sql("UPDATE comments SET reply_count = 0");
    sql("INSERT INTO comments (deal_id, comment_id, parent_id, root_id, depth,"
        " user_id, author_name, body, html, html_version, created_at)"
        " VALUES (%lld, 5, %lld, %lld, %d, %lld, 'bob', 'x', 'x', 1, now())",
        (long long) deal, (long long) root, (long long) root,
        DEALS_THREAD_DEPTH - 1, (long long) bob.id);
    FAILS(say(&bob, deal, 5, S("x")), DEALS_INVALID, "parent_id");

    deals_call_free(OK(deals_comment_delete_wait(ctx, &bob.asker, deal, root,
                                                 TIMEOUT)));
    FAILS(say(&bob, deal, root, S("x")), DEALS_INVALID, "parent_id");

    deals_call_free(OK(deals_deal_hide_wait(ctx, NULL, deal, 1, TIMEOUT)));
    FAILS(say(&bob, deal, DEALS_NULL_INT, S("x")), DEALS_NOT_FOUND, NULL);
}

static void
test_update(void **state)
{
    int64_t               deal, id;
    deals_call           *call;
    const deals_comment  *c;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    id = comment_make(&bob, deal, 0, "First");

#define CHANGE(who, body)                                                     \
    deals_comment_update_wait(ctx, (who), deal, id, (body), TIMEOUT)

    FAILS(CHANGE(NULL, S("x")), DEALS_UNAUTHENTICATED, NULL);
    FAILS(CHANGE(&ann.asker, S("x")), DEALS_FORBIDDEN, NULL);
    FAILS(CHANGE(&mod.asker, S("x")), DEALS_FORBIDDEN, NULL);
    FAILS(CHANGE(&bob.asker, S(" ")), DEALS_INVALID, "body");

    deals_call_free(OK(deals_vote_wait(ctx, &bob.asker, deal, id, 1,
                                       TIMEOUT)));
    call = OK(CHANGE(&bob.asker, S("Second")));
    c = deals_comment_get(call);
    assert_str(c->body, "Second");
    assert_int_equal(c->my_vote, 1);
    assert_true(c->edited_at != DEALS_NULL_INT);
    deals_call_free(call);

    call = OK(deals_comment_one_wait(ctx, NULL, deal, id, TIMEOUT));
    assert_str(deals_comment_get(call)->body, "Second");
    assert_int_equal(deals_comment_get(call)->own, 0);
    deals_call_free(call);
    call = OK(deals_comment_one_wait(ctx, &bob.asker, deal, id, TIMEOUT));
    assert_int_equal(deals_comment_get(call)->own, 1);
    assert_int_equal(deals_comment_get(call)->my_vote, 1);
    deals_call_free(call);

    id = 4711;
    FAILS(CHANGE(&bob.asker, S("x")), DEALS_NOT_FOUND, NULL);
    FAILS(deals_comment_one_wait(ctx, NULL, deal, id, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
    FAILS(deals_comment_one_wait(ctx, NULL, -1, id, TIMEOUT),
          DEALS_NOT_FOUND, NULL);
}

static void
test_delete(void **state)
{
    int64_t      deal, id, other;
    deals_call  *call;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    id = comment_make(&bob, deal, 0, "First");
    other = comment_make(&bob, deal, 0, "Second");

#define DELETE(who, which)                                                    \
    deals_comment_delete_wait(ctx, (who), deal, (which), TIMEOUT)

    FAILS(DELETE(NULL, id), DEALS_UNAUTHENTICATED, NULL);
    FAILS(DELETE(&ann.asker, id), DEALS_FORBIDDEN, NULL);
    call = OK(DELETE(&bob.asker, id));
    assert_null(deals_comment_get(call));
    deals_call_free(call);
    FAILS(DELETE(&bob.asker, id), DEALS_NOT_FOUND, NULL);
    FAILS(CHANGE(&bob.asker, S("x")), DEALS_NOT_FOUND, NULL);
    deals_call_free(OK(DELETE(&mod.asker, other)));
    assert_int_equal(sql_int("SELECT comment_count FROM deal_stats"), 0);
    assert_int_equal(sql_int("SELECT count(*) FROM comments"
                             " WHERE body IS NOT NULL"), 0);
}

/*
 * Votes decide among neighbours, and nobody leaves their parent:
 *
 *   b (2)  -> b1 -> b11
 *          -> b2
 *   a (1)
 *   c (-1)
 */
static void
test_order(void **state)
{
    int64_t               deal, a, b, c, b1, b2, b11;
    size_t                i;
    deals_call           *call;
    deals_deal_params     p = { 0 };
    const deals_comment  *flat, *root, *reply;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    a = comment_make(&bob, deal, 0, "a");
    b = comment_make(&bob, deal, 0, "b");
    c = comment_make(&ann, deal, 0, "c");
    b1 = comment_make(&ann, deal, b, "b1");
    b11 = comment_make(&bob, deal, b1, "b11");
    b2 = comment_make(&bob, deal, b, "b2");

#define VOTE(who, id, value)                                                  \
    deals_call_free(OK(deals_vote_wait(ctx, &(who).asker, deal, (id),         \
                                       (value), TIMEOUT)))

    VOTE(ann, a, 1);
    VOTE(ann, b, 1);
    VOTE(mod, b, 1);
    VOTE(bob, c, -1);
    VOTE(mod, b1, 1);

    p.id = deal;
    p.comments = 1;
    call = OK(deals_deal_get_wait(ctx, &mod.asker, &p, TIMEOUT));

    {
        int64_t  order[] = { b, b1, b11, b2, a, c };
        int64_t  depth[] = { 0, 1, 2, 1, 0, 0 };
        int64_t  votes[] = { 1, 1, 0, 0, 0, 0 };

        assert_int_equal(deals_deal_result_get(call)->comments.len, 6);
        flat = deals_deal_result_get(call)->comments.items;
        for (i = 0; i < 6; i++) {
            assert_int_equal(flat[i].id, order[i]);
            assert_int_equal(flat[i].depth, depth[i]);
            assert_int_equal(flat[i].my_vote, votes[i]);
            assert_int_equal(flat[i].can_delete, 1);
            assert_int_equal(flat[i].can_edit, 0);
        }
        assert_int_equal(flat[1].is_poster, 1);
        assert_int_equal(flat[0].is_poster, 0);
    }

    assert_int_equal(deals_deal_result_get(call)->threads.len, 3);
    root = deals_deal_result_get(call)->threads.items;
    assert_int_equal(root[0].id, b);
    assert_int_equal(root[0].replies.len, 2);
    assert_int_equal(root[1].replies.len, 0);
    reply = root[0].replies.items;
    assert_int_equal(reply[0].id, b1);
    assert_int_equal(reply[1].id, b2);
    assert_int_equal(reply[0].replies.len, 1);
    reply = reply[0].replies.items;
    assert_int_equal(reply->id, b11);
    assert_int_equal(reply->replies.len, 0);
    deals_call_free(call);

    /* A deleted one keeps its place above an answer, and goes without. */
    deals_call_free(OK(DELETE(&ann.asker, b1)));
    deals_call_free(OK(DELETE(&bob.asker, b2)));
    deals_call_free(OK(DELETE(&bob.asker, a)));
    call = OK(deals_comments_wait(ctx, &bob.asker, deal, 0, DEALS_NONE,
                                  TIMEOUT));
    flat = deals_comments_get(call)->comments.items;
    assert_int_equal(deals_comments_get(call)->comments.len, 4);
    assert_int_equal(flat[1].id, b1);
    assert_int_equal(flat[1].deleted, 1);
    assert_null(flat[1].body.data);
    assert_null(flat[1].html.data);
    assert_null(flat[1].author);
    assert_int_equal(flat[2].id, b11);
    assert_int_equal(flat[3].id, c);
    assert_int_equal(flat[3].my_vote, -1);
    deals_call_free(call);

    deals_call_free(OK(DELETE(&bob.asker, b11)));
    call = OK(deals_comments_wait(ctx, NULL, deal, 0, DEALS_NONE, TIMEOUT));
    assert_int_equal(deals_comments_get(call)->comments.len, 2);
    deals_call_free(call);

    assert_int_equal(sql_int("SELECT comment_count FROM deal_stats"), 2);
}

/* n threads of `each` comments in a row, straight into the database; each with
 * as many bytes of text, and again of HTML. */
static void
threads(int64_t deal, int n, int each, int bytes)
{
    sql("INSERT INTO comments (deal_id, comment_id, parent_id, root_id, depth,"
        " user_id, author_name, body, html, html_version, up, score, wilson,"
        " reply_count, thread_bytes, created_at)"
        " SELECT %lld, r * 1000 + i,"
        " CASE WHEN i > 0 THEN r * 1000 + (i - 1) / 2 END, r * 1000,"
        " CASE WHEN i > 0 THEN 1 ELSE 0 END, %lld, 'bob', repeat('x', %d),"
        " repeat('x', %d), 1, v, v, deals_wilson(v, 0),"
        " CASE WHEN i = 0 THEN %d ELSE 0 END,"
        " CASE WHEN i = 0 THEN %d ELSE 0 END,"
        " now() FROM generate_series(1, %d) r, generate_series(0, %d) i,"
        " LATERAL (SELECT (r * 7 + i * 13) %% 5) x (v)",
        (long long) deal, (long long) bob.id, bytes, bytes, each - 1,
        each * bytes * 2, n, each - 1);
}

/* Pages through all comments; returns how many pages. */
static int
walk(int64_t deal, int limit, int n, int each)
{
    int                           pages = 0;
    char                          cursor[512];
    size_t                        i, total = 0, roots, bytes;
    deals_str                     next = DEALS_NONE;
    static char                   seen[200000];
    deals_call                   *call;
    const deals_comment          *c;
    const deals_comments_result  *r;

    memset(seen, 0, sizeof(seen));

    do {
        call = OK(deals_comments_wait(ctx, &ann.asker, deal, limit, next,
                                      TIMEOUT));
        r = deals_comments_get(call);
        c = r->comments.items;
        assert_in_range(r->comments.len, 1, 500);

        for (i = 0, roots = 0, bytes = 0; i < r->comments.len; i++) {
            assert_int_equal(seen[c[i].id], 0);
            seen[c[i].id] = 1;
            roots += c[i].parent_id == DEALS_NULL_INT;
            bytes += c[i].body.len + c[i].html.len;

            /* Never before its parent. */
            if (c[i].parent_id != DEALS_NULL_INT) {
                assert_int_equal(seen[c[i].parent_id], 1);
            }
        }

        assert_in_range(roots, 1, limit ? limit : 25);
        assert_true(roots == 1 || bytes <= 1048576);
        total += r->comments.len;
        pages++;
        next = r->next;

        if (next.data != NULL) {
            assert_true(next.len < sizeof(cursor));
            memcpy(cursor, next.data, next.len);
            next.data = cursor;
        }

        deals_call_free(call);
    } while (next.data != NULL);

    assert_int_equal(total, n * each);

    return pages;
}

static void
test_paging(void **state)
{
    int64_t  deal;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");

    threads(deal, 60, 1, 1);
    assert_int_equal(walk(deal, 0, 60, 1), 3);
    assert_int_equal(walk(deal, 60, 60, 1), 1);
    assert_int_equal(walk(deal, 100, 60, 1), 1);
    assert_int_equal(walk(deal, 1, 60, 1), 60);

    /* Whole threads, as many as 500 comments allow. */
    sql("TRUNCATE comments");
    threads(deal, 30, 60, 1);
    assert_int_equal(walk(deal, 0, 30, 60), 4);         /* 8 a page */
    assert_int_equal(walk(deal, 5, 30, 60), 6);
    assert_int_equal(walk(deal, 100, 30, 60), 4);

    /* The largest that there can be: one a page. */
    sql("TRUNCATE comments");
    threads(deal, 3, 500, 1);
    assert_int_equal(walk(deal, 0, 3, 500), 3);
}

/* Whole threads, as many as 1 MiB allows. */
static void
test_paging_bytes(void **state)
{
    int64_t  deal;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");

    threads(deal, 60, 1, 50000);
    assert_int_equal(walk(deal, 100, 60, 1), 6);        /* 10 a page */
    assert_int_equal(walk(deal, 7, 60, 1), 9);

    sql("TRUNCATE comments");
    threads(deal, 30, 10, 10000);
    assert_int_equal(walk(deal, 0, 30, 10), 6);         /* 5 a page */
    assert_int_equal(walk(deal, 2, 30, 10), 15);

    /* To the byte. */
    sql("TRUNCATE comments");
    threads(deal, 5, 16, 16384);
    assert_int_equal(walk(deal, 0, 5, 16), 3);          /* 2 a page */
    sql("UPDATE comments SET thread_bytes = thread_bytes + 1"
        " WHERE parent_id IS NULL");
    assert_int_equal(walk(deal, 0, 5, 16), 5);

    /* What is larger than it may be comes all the same, one a page. */
    sql("TRUNCATE comments");
    threads(deal, 4, 16, 50000);
    assert_int_equal(walk(deal, 0, 4, 16), 4);
}

/* 20,000 characters that make 120,008 bytes of HTML. */
static deals_call *
say_much(int64_t deal, int64_t parent)
{
    char  body[20000];

    memset(body, '"', sizeof(body));

    return say(&bob, deal, parent, (deals_str) { body, sizeof(body) });
}

static void
test_thread_bytes(void **state)
{
    int                   i;
    int64_t               deal, root, ids[8], other;
    char                  body[20000];
    deals_str             text = { body, 20000 };
    deals_call           *call;
    const deals_comment  *c;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    root = comment_make(&bob, deal, 0, "x");
    memset(body, '"', sizeof(body));

    for (i = 0; i < 7; i++) {
        call = OK(say_much(deal, root));
        ids[i] = deals_comment_get(call)->id;
        deals_call_free(call);
    }

    /* 1,048,576 - 10 - 7 * (20,000 + 120,008) = 68,510 bytes are left, which
     * are 9,786 times " and &quot;, and <p>..</p>: it is full to the byte. */
    FAILS(say_much(deal, root), DEALS_CONFLICT, "parent_id");
    FAILS(say_much(deal, ids[6]), DEALS_CONFLICT, "parent_id");
    text.len = 9787;
    FAILS(say(&bob, deal, root, text), DEALS_CONFLICT, "parent_id");
    text.len = 9786;
    call = OK(say(&bob, deal, root, text));
    ids[7] = deals_comment_get(call)->id;
    deals_call_free(call);
    assert_int_equal(sql_int("SELECT thread_bytes FROM comments"
                             " WHERE parent_id IS NULL"), 1048576);
    FAILS(say(&bob, deal, root, S("x")), DEALS_CONFLICT, "parent_id");

#define EDIT(id, body)                                                        \
    deals_comment_update_wait(ctx, &bob.asker, deal, (id), (body), TIMEOUT)

    text.len = 9787;
    FAILS(EDIT(ids[7], text), DEALS_CONFLICT, "body");
    FAILS(EDIT(root, S("xx")), DEALS_CONFLICT, "body");
    call = OK(deals_comment_one_wait(ctx, &bob.asker, deal, ids[7], TIMEOUT));
    assert_int_equal(deals_comment_get(call)->body.len, 9786);
    deals_call_free(call);

    /* As long, shorter, and then there is room elsewhere. */
    deals_call_free(OK(EDIT(root, S("y"))));
    text.len = 9785;
    deals_call_free(OK(EDIT(ids[7], text)));
    deals_call_free(OK(EDIT(root, S("yyyy"))));
    FAILS(EDIT(root, S("yyyyyyyy")), DEALS_CONFLICT, "body");

    /* Another thread has its own. */
    other = comment_make(&bob, deal, 0, "x");
    deals_call_free(OK(say_much(deal, other)));

    /* Who takes a text away makes room. */
    deals_call_free(OK(deals_comment_delete_wait(ctx, &mod.asker, deal, ids[0],
                                                 TIMEOUT)));
    deals_call_free(OK(say_much(deal, root)));

    /* Both together are more than a page. */
    call = OK(deals_comments_wait(ctx, NULL, deal, 0, DEALS_NONE, TIMEOUT));
    assert_non_null(deals_comments_get(call)->next.data);
    c = deals_comments_get(call)->comments.items;
    assert_int_equal(c[0].id, other);
    assert_int_equal(deals_comments_get(call)->comments.len, 2);
    deals_call_free(call);
}

/* After texts were changed behind the functions' backs. */
static void
weigh(void)
{
    sql("UPDATE comments r SET thread_bytes = (SELECT"
        " sum(octet_length(body) + octet_length(html)) FROM comments c"
        " WHERE c.deal_id = r.deal_id AND c.root_id = r.comment_id)"
        " WHERE r.parent_id IS NULL");
}

/* 20,000 characters are allowed in each comment, but not in all of a page. */
static void
test_paging_lengths(void **state)
{
    int64_t  deal;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");

    /* text and HTML, 40 kB each root: 27 are more than 1 MB */
    threads(deal, 60, 1, 1);
    sql("UPDATE comments SET body = repeat('x', 20000),"
        " html = repeat('x', 20000)");
    weigh();
    assert_int_equal(walk(deal, 100, 60, 1), 3);
    assert_int_equal(walk(deal, 0, 60, 1), 3);

    /* six threads of 0.8 MB */
    sql("TRUNCATE comments");
    threads(deal, 6, 21, 1);
    sql("UPDATE comments SET body = repeat('x', 20000),"
        " html = repeat('x', 20000)");
    weigh();
    assert_int_equal(walk(deal, 100, 6, 21), 6);

    /* those without replies stay between the others */
    sql("TRUNCATE comments");
    threads(deal, 8, 21, 1);
    sql("DELETE FROM comments WHERE parent_id IS NOT NULL"
        " AND root_id / 1000 %% 2 = 0");
    sql("UPDATE comments SET body = repeat('x', 20000),"
        " html = repeat('x', 20000), wilson = root_id / 1000 / 10.0,"
        " reply_count = CASE WHEN parent_id IS NULL"
        " AND root_id / 1000 %% 2 = 1 THEN 20 ELSE 0 END");
    weigh();
    assert_int_equal(walk(deal, 100, 4 * 21 + 4, 1), 4);

    /* one that is larger than a page comes alone */
    sql("TRUNCATE comments");
    threads(deal, 2, 400, 1);
    sql("UPDATE comments SET body = repeat('x', 20000),"
        " html = repeat('x', 20000)");
    weigh();
    assert_int_equal(walk(deal, 100, 2, 400), 2);
}

/* HTML may be many times its text. */
static void
test_html_bytes(void **state)
{
    int          i;
    char         body[20001], *p;
    int64_t      deal, id;
    deals_str    text = { body, 0 };

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    id = comment_make(&bob, deal, 0, "x");

    /* 46 bytes of HTML for 5 characters. */
    for (p = body, i = 0; i < 3000; i++) {
        p += sprintf(p, "[](a)");
    }
    text.len = (size_t) (p - body);
    FAILS(say(&bob, deal, DEALS_NULL_INT, text), DEALS_INVALID, "body");
    FAILS(EDIT(id, text), DEALS_INVALID, "body");
    text.len = 2000 * 5;
    deals_call_free(OK(say(&bob, deal, DEALS_NULL_INT, text)));

    /* Rows of a table are filled up: more cells than there is memory for. */
    for (p = body, i = 0; i < 2500; i++) {
        p += sprintf(p, "|a");
    }
    *p++ = '\n';
    for (i = 0; i < 2500; i++) {
        p += sprintf(p, "|-");
    }
    while (p < body + 20000) {
        *p++ = '\n';
        *p++ = 'b';
    }
    text.len = 20000;
    FAILS(say(&bob, deal, DEALS_NULL_INT, text), DEALS_INVALID, "body");
}

static void
test_paging_refused(void **state)
{
    int64_t     deal, other;
    deals_call  *call;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");
    other = deal_make(&ann, "Another");
    threads(deal, 2, 1, 1);

#define PAGE(id, limit, cursor)                                               \
    deals_comments_wait(ctx, NULL, (id), (limit), (cursor), TIMEOUT)

    FAILS(PAGE(deal, 101, DEALS_NONE), DEALS_INVALID, "limit");
    FAILS(PAGE(deal, -1, DEALS_NONE), DEALS_INVALID, "limit");
    FAILS(PAGE(deal, 0, S("x")), DEALS_MALFORMED, "cursor");
    FAILS(PAGE(4711, 0, DEALS_NONE), DEALS_NOT_FOUND, NULL);
    FAILS(PAGE(0, 0, DEALS_NONE), DEALS_NOT_FOUND, NULL);

    call = OK(PAGE(deal, 1, DEALS_NONE));
    FAILS(PAGE(other, 1, deals_comments_get(call)->next), DEALS_MALFORMED,
          "cursor");
    deals_call_free(call);
}

/* As deep as it goes: nothing recurses, and the order holds. */
static void
test_deep(void **state)
{
    int                   i;
    int64_t               deal, parent = 0;
    deals_call           *call;
    const deals_comment  *c;

    (void) state;
    members();
    deal = deal_make(&ann, "A deal");

    for (i = 0; i < DEALS_THREAD_DEPTH; i++) {
        parent = comment_make(&bob, deal, parent, "deeper");
    }
    FAILS(say(&bob, deal, parent, S("x")), DEALS_INVALID, "parent_id");

    call = OK(deals_comments_wait(ctx, NULL, deal, 0, DEALS_NONE, TIMEOUT));
    assert_int_equal(deals_comments_get(call)->comments.len,
                     DEALS_THREAD_DEPTH);
    c = deals_comments_get(call)->comments.items;
    for (i = 0; i < DEALS_THREAD_DEPTH; i++) {
        assert_int_equal(c[i].depth, i);
    }
    deals_call_free(call);
}

static const struct CMUnitTest  tests[] = {
    TEST(test_create),
    TEST(test_create_refused),
    TEST(test_update),
    TEST(test_delete),
    TEST(test_order),
    TEST(test_paging),
    TEST(test_paging_bytes),
    TEST(test_paging_lengths),
    TEST(test_thread_bytes),
    TEST(test_html_bytes),
    TEST(test_paging_refused),
    TEST(test_deep),
};

RUN("calls: comments", tests)
