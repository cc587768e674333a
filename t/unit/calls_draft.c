/*
 * calls_draft.c - drafts of what anybody gets, for those who signed in: with
 * their votes it is what their own calls answer with.
 */

#include "calls_server.h"

#include <deals/pages.h>

#include "view/builtin.h"

static member  ann, bob;
static int64_t deal;


static int64_t
say(const member *m, const char *body, int64_t parent_id)
{
    int64_t              id;
    deals_call          *call;
    deals_comment_input  input = { deals_str_of(body), parent_id };

    call = OK(deals_comment_create_wait(ctx, &m->asker, deal, &input,
                                        TIMEOUT));
    id = deals_comment_get(call)->id;
    deals_call_free(call);

    return id;
}


static void
vote(const member *m, int64_t id, int64_t comment, int value)
{
    deals_call_free(OK(deals_vote_wait(ctx, &m->asker, id, comment, value,
                                       TIMEOUT)));
}


/* Deals of ann's and of nobody, talk of both, one comment taken away, votes. */
static void
community(void)
{
    int               i;
    int64_t           root, reply;
    deals_call       *call;
    deals_deal_input  input = {
        .title = S("A deal of ann's"), .starts_at = DEALS_NULL_INT,
        .expires_at = DEALS_NULL_INT
    };

    member_make(&ann, "ann", "member");
    member_make(&bob, "Bob_1", "member");
    sql("SELECT deals_deal_insert(i, NULL, 'Bob_1', NULL, NULL, 'Deal ' || i,"
        " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " ARRAY['lego'], NULL, NULL,"
        " date_trunc('second', now()) - i * interval '1 hour',"
        " (i %% 7)::int4, (i %% 5)::int4) FROM generate_series(1, 6) i");

    for (i = 0; i < 2; i++) {
        call = OK(deals_deal_create_wait(ctx, &ann.asker, &input, TIMEOUT));
        deal = deals_deal_result_get(call)->deal->id;
        deals_call_free(call);
    }

    root = say(&bob, "Is it *good*?", DEALS_NULL_INT);
    reply = say(&ann, "Yes.", root);
    say(&bob, "Thanks", reply);
    reply = say(&ann, "Gone soon", DEALS_NULL_INT);
    say(&bob, "Why?", reply);
    deals_call_free(OK(deals_comment_delete_wait(ctx, &ann.asker, deal, reply,
                                                 TIMEOUT)));
    vote(&ann, 3, 0, -1);
    vote(&ann, 4, 0, 1);
    vote(&bob, 3, 0, 1);
    vote(&bob, deal, 0, -1);
    vote(&ann, deal, root, 1);
    vote(&bob, deal, root, -1);
}


/* Votes as the database has them. */
static unsigned char *
states_of(const deals_draft *draft, const member *m)
{
    size_t            i;
    int64_t           value;
    deals_draft_row   row;
    unsigned char    *states = deals_arena_alloc(arena, draft->nrows + 1);

    for (i = 0; i < draft->nrows; i++) {
        row = deals_draft_get_row(draft, i);
        value = row.comment_id
                ? sql_int("SELECT coalesce(max(value), 0) FROM comment_votes"
                          " WHERE deal_id = %lld AND comment_id = %lld"
                          " AND user_id = %lld", (long long) row.deal_id,
                          (long long) row.comment_id, (long long) m->id)
                : sql_int("SELECT coalesce(max(value), 0) FROM votes WHERE"
                          " deal_id = %lld AND user_id = %lld",
                          (long long) row.deal_id, (long long) m->id);
        states[i] = DEALS_DRAFT_STATE(value, row.user_id == m->id);
    }

    return states;
}


static void
same(const deals_buf *draft, const member *m, const char *name,
    const deals_buf *direct)
{
    char           *out;
    size_t          size;
    deals_draft     d;
    unsigned char  *states;

    assert_false(direct->failed);
    assert_int_equal(deals_draft_open(&d, (deals_str) { draft->data,
                                                        draft->len }), 0);
    assert_true(d.nrows > 0);
    states = states_of(&d, m);
    size = deals_draft_size(&d, states, deals_str_of(name));
    out = deals_arena_alloc(arena, size + 1);
    deals_draft_write(&d, states, deals_str_of(name), out);

    if (size != direct->len || memcmp(out, direct->data, size) != 0) {
        fail_msg("%s gets\n%.*s\nand not\n%.*s", name, (int) size, out,
                 (int) direct->len, direct->data);
    }
}


/* -- one of three answers, as JSON or a page ------------------------------ */

typedef struct {
    deals_call       *call;
    deals_deal_page   content;
    const void       *row;
} answer;


static answer
ask(int what, const member *m)
{
    answer              a = { 0 };
    deals_deal_params   one = { .id = deal, .comments = 1 };
    deals_feed_params   list = { .sort = DEALS_NEW };
    const deals_asker  *asker = m ? &m->asker : NULL;

    switch (what) {

    case 0:
        a.call = OK(deals_feed_wait(ctx, asker, &list, TIMEOUT));
        a.row = deals_feed_get(a.call);
        break;

    case 1:
        a.call = OK(deals_comments_wait(ctx, asker, deal, 0, DEALS_NONE,
                                        TIMEOUT));
        a.row = deals_comments_get(a.call);
        break;

    default:
        a.call = OK(deals_deal_get_wait(ctx, asker, &one, TIMEOUT));
        a.content.deal = deals_deal_result_get(a.call)->deal;
        a.content.comments = deals_deal_result_get(a.call)->threads;
        a.row = a.content.deal;
    }

    return a;
}


static void
test_json(void **state)
{
    int           i, what;
    answer        a;
    deals_buf     draft = { 0 }, direct = { 0 };
    const member  *who[] = { &ann, &bob };
    const char    *names[] = { "ann", "Bob_1" };
    const deals_shape  *shapes[] = { &deals_feed_shape, &deals_comments_shape,
                                     &deals_deal_shape };

    (void) state;
    community();

    for (what = 0; what < 3; what++) {
        a = ask(what, NULL);
        deals_buf_clear(&draft);
        assert_int_equal(deals_json_draft(shapes[what], a.row, &deals_vary,
                                          &draft), 0);
        deals_call_free(a.call);
        assert_null(memmem(draft.data, draft.len, "user_id", 7));

        for (i = 0; i < 2; i++) {
            a = ask(what, who[i]);
            deals_buf_clear(&direct);
            deals_json_write(&direct, shapes[what], a.row);
            same(&draft, who[i], names[i], &direct);
            deals_call_free(a.call);
        }
    }

    deals_buf_free(&draft);
    deals_buf_free(&direct);
}


static void
test_page(void **state)
{
    int                 i;
    answer              a;
    deals_buf           draft = { 0 }, direct = { 0 };
    deals_form          form = { 0 };
    deals_page          page = { .prefix = S("/x"), .path = S("/x/"),
                                 .form = &form };
    const member       *who[] = { &ann, &bob };
    const char         *names[] = { "ann", "Bob_1" };
    deals_templates    *set;
    deals_page_viewer   viewer = { .role = S("member") };
    const deals_error  *error = NULL;

    (void) state;
    community();
    set = deals_templates_load(deals_builtin_templates,
                               deals_builtin_ntemplates, NULL, arena, &error);
    assert_non_null(set);

    a = ask(2, NULL);
    assert_int_equal(deals_templates_draft(set, DEALS_PAGE_DEAL, &page,
                         &a.content, &deals_vary, &draft), 0);
    deals_call_free(a.call);
    page.viewer = &viewer;

    for (i = 0; i < 2; i++) {
        a = ask(2, who[i]);
        viewer.name = deals_str_of(names[i]);
        deals_buf_clear(&direct);
        deals_templates_render(set, DEALS_PAGE_DEAL, &page, &a.content,
                               &direct);
        assert_int_equal(memmem(direct.data, direct.len, "/-/edit", 7) != NULL,
                         i == 0);
        same(&draft, who[i], names[i], &direct);
        deals_call_free(a.call);
    }

    deals_buf_free(&draft);
    deals_buf_free(&direct);
    deals_templates_free(set);
}

static const struct CMUnitTest  tests[] = {
    TEST(test_json),
    TEST(test_page),
};

RUN("calls: drafts", tests)
