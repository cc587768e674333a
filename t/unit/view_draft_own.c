/*
 * Drafts of an operator's own templates: whatever they do with what depends on
 * who looks, either the draft gives each member's page byte for byte, or it is
 * refused.
 */

#include "view_draft_check.h"

#include <dirent.h>

static char  dir[64];


static int
make_dir(void **state)
{
    strcpy(dir, "/tmp/deals-view-XXXXXX");

    return setup(state) != 0 || mkdtemp(dir) == NULL;
}


static void
empty_dir(void)
{
    DIR            *d = opendir(dir);
    struct dirent  *e;

    while ((e = readdir(d)) != NULL) {
        remove(deals_arena_printf(arena, "%s/%s", dir, e->d_name));
    }

    closedir(d);
}


static int
remove_dir(void **state)
{
    empty_dir();
    rmdir(dir);

    return teardown(state);
}

#define IN_DIR(f)  cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)


static void
put(const char *name, const char *text)
{
    FILE  *f = fopen(deals_arena_printf(arena, "%s/%s", dir, name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}


/* 0 or DEALS_DRAFT_UNFIT, after comparing what every member gets in six rounds;
 * *holes counts what the draft has. */
static int
try_page(world *w, int page, size_t *holes, size_t *alternatives)
{
    int                 i, rc, round;
    deals_buf           buf = { 0 }, direct = { 0 };
    deals_str           got;
    deals_page          outer;
    deals_draft         draft;
    deals_templates    *set = load_templates(dir);
    deals_page_viewer   viewer;

    present(w, NULL, 0);
    make_page(&outer, &viewer, NULL);
    rc = deals_templates_draft(set, page, &outer, make_content(w, page),
                               &deals_vary, &buf);

    for (i = 0; i < PEOPLE && rc == 0; i++) {
        for (round = -1; round < 5; round++) {
            present(w, &people[i], round);
            make_page(&outer, &viewer, &people[i]);
            deals_buf_clear(&direct);
            deals_templates_render(set, page, &outer, make_content(w, page),
                                   &direct);
            got = overlay((deals_str) { buf.data, buf.len }, &people[i],
                          round);
            assert_same_bytes(got, (deals_str) { direct.data, direct.len },
                              deals_page_table[page].file);
            free((void *) (uintptr_t) got.data);
        }
    }

    assert_int_equal(buf.len == 0, rc != 0);

    if (rc == 0) {
        assert_int_equal(deals_draft_open(&draft,
                             (deals_str) { buf.data, buf.len }), 0);
        *holes = draft.nholes;
        *alternatives = draft.nalternatives;
    }

    deals_buf_free(&buf);
    deals_buf_free(&direct);
    deals_templates_free(set);

    return rc;
}


static void
assert_card(const char *card, size_t holes)
{
    size_t  n = 0, alternatives;
    world   w = { .next_id = 100 };

    make_cards(&w, 12);
    put("layout.html", "<!DOCTYPE html><title>x</title>{{>content}}");
    put("card.html", card);
    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &n, &alternatives), 0);

    if (n != 12 * holes) {
        fail_msg("%s\nhas %zu holes", card, n);
    }
}


/* Each card has so many holes; 24 x is more than may lie between two that are
 * one. */
#define FAR  "<i>xxxxxxxxxxxxxxxxxxxxxxxx</i><i>xxxxxxxxxxxxxxxxxxxxxxxx</i>"

static void
holes_in_all_places(void **state)
{
    (void) state;

    /* values and attributes */
    assert_card("<p>{{my_vote}}</p>", 1);
    assert_card("<p class=\"a {{#voted_up}}up{{/voted_up}}\" "
                "data-v=\"{{my_vote}}\">x</p>", 1);
    assert_card("<p {{#voted_up}}hidden{{/voted_up}}>x</p>", 1);
    assert_card("<a href=\"{{prefix}}/x?v={{my_vote}}\">x</a>", 1);
    assert_card("<svg><path d=\"M0 0\" stroke-width=\"1\"></path></svg>"
                "<meter value=\"{{my_vote}}\"></meter>", 1);

    /* sections, their values, inverted ones */
    assert_card("{{#my_vote}}<b>{{.}}</b>{{/my_vote}}"
                "{{^my_vote}}<b>no</b>{{/my_vote}}", 1);
    assert_card("{{#voted_up}}{{title}}{{#voted_down}}never{{/voted_down}}"
                "{{my_vote}}{{/voted_up}}", 1);
    assert_card("{{#voted_up}}a{{/voted_up}}" FAR "{{#voted_down}}b"
                "{{/voted_down}}" FAR "{{voted_up}}", 3);

    /* what surrounds and what is inside */
    assert_card("{{#tags}}{{#voted_up}}<b>{{.}}</b>{{/voted_up}}{{/tags}}", 1);
    assert_card("{{#tags}}" FAR "{{my_vote}}{{.}}{{/tags}}", 2);
    assert_card("{{#voted_up}}{{#tags}}<b>{{.}}{{my_vote}}</b>{{/tags}}"
                "{{/voted_up}}", 1);
    assert_card("{{#price}}{{text}}{{my_vote}}{{currency}}{{/price}}", 1);
    assert_card("{{#viewer}}{{#voted_up}}{{role}}{{/voted_up}}{{/viewer}}", 1);
}


static void
own_rows_and_nobodys(void **state)
{
    size_t  holes, alternatives;
    world   w = { .next_id = 100 };

    (void) state;
    make_cards(&w, 18);
    put("layout.html", "<!DOCTYPE html><title>x</title>{{>content}}");

    /* each sixth is nobody's, each ninth from elsewhere: nothing to vary */
    put("card.html", "{{^own}}<p>{{title}}</p>{{/own}}{{#own}}mine{{/own}}");
    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &holes, &alternatives), 0);
    assert_int_equal(holes, 18 - 3 - 1);
    assert_int_equal(alternatives, holes);

    /* four looks: voted up or not, own or not */
    put("card.html", "<p class=\"{{#own}}own{{/own}} {{voted_up}}\">x</p>");
    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &holes, &alternatives), 0);
    assert_int_equal(holes, 18);
    assert_int_equal(alternatives, 14 * 3 + 4);

    /* the same whatever happens: no hole */
    put("card.html", "{{#own}}a{{/own}}{{^own}}a{{/own}}");
    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &holes, &alternatives), 0);
    assert_int_equal(holes, 0);
}


static void
partials_in_holes(void **state)
{
    size_t  holes, alternatives;
    world   w = { .next_id = 100 };

    (void) state;
    make_cards(&w, 8);
    make_deal(&w);
    make_threads(&w, 30);

    put("card.html", "{{#voted_up}}{{>vote}}{{/voted_up}}"
                     "{{^voted_up}}{{#own}}{{>vote}}{{/own}}{{/voted_up}}");
    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &holes, &alternatives), 0);
    assert_true(holes >= 8);

    /* of the deal from within its comments, one level and more */
    put("comment.html", "<p>{{my_vote}} {{deal.my_vote}}</p>"
                        "{{#replies}}{{>comment}}{{/replies}}{{deal.own}}"
                        FAR "{{can_delete}}");
    assert_int_equal(try_page(&w, DEALS_PAGE_DEAL, &holes, &alternatives), 0);
}


static void
the_name_in_all_places(void **state)
{
    size_t  holes, alternatives;
    world   w = { .next_id = 100 };

    (void) state;
    make_cards(&w, 2);
    put("card.html", "{{#tags}}{{viewer.name}}{{/tags}}{{my_vote}}");
    put("list.html", "{{#viewer.name}}{{>pager}}{{/viewer.name}}"
                     "{{#deals}}{{>card}}{{/deals}}");
    put("pager.html", "{{viewer.name}}");

    /* {{name}} of the list's user is not the viewer's */
    put("user.html", "{{#user}}{{name}}{{viewer.name}}{{/user}}{{>list}}");

    put("layout.html", "<!DOCTYPE html><title>{{viewer.name}}</title>"
        "{{>content}}{{#viewer}}<a href=\"{{prefix}}/users/{{name}}\" "
        "title=\"{{name}}\" data-x=\"x{{name}}y\">{{name}}{{name}}</a>"
        "{{#name}}<b>{{.}}</b>{{/name}}{{^name}}nobody{{/name}}"
        "<a href=\"{{prefix}}/?next={{viewer.name}}\">{{role}}</a>"
        "{{#is_moderator}}never{{/is_moderator}}{{/viewer}}");

    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &holes, &alternatives), 0);
    assert_int_equal(holes, 8 + 1 + 2 * 3);
    assert_int_equal(try_page(&w, DEALS_PAGE_USER, &holes, &alternatives), 0);
    assert_int_equal(holes, 8 + 1 + 1 + 2 * 3);
}


static void
json_in_a_page(void **state)
{
    size_t  holes, alternatives;
    world   w = { .next_id = 100 };

    (void) state;
    make_cards(&w, 3);
    put("hot.html", "<script type=\"application/ld+json\">"
                    "{\"a\":{{deals}}}</script>{{#deals}}"
                    "<script type=\"application/ld+json\">"
                    "{\"v\":{{my_vote}},\"o\":{{own}}}</script>{{/deals}}");
    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &holes, &alternatives), 0);
    assert_true(holes >= 6);
}


static void
assert_unfit(const char *file, const char *text)
{
    int     page = strcmp(file, "comment.html") == 0 ? DEALS_PAGE_DEAL
                                                     : DEALS_PAGE_HOT;
    size_t  holes, alternatives;
    world   w = { .next_id = 100 };

    make_cards(&w, 3);
    make_deal(&w);
    make_threads(&w, 30);
    empty_dir();
    put(file, text);

    if (try_page(&w, page, &holes, &alternatives) != DEALS_DRAFT_UNFIT) {
        fail_msg("a draft of %s", text);
    }
}


static void
what_no_draft_can_hold(void **state)
{
    (void) state;

    /* a name in a row's hole */
    assert_unfit("card.html", "{{#own}}{{viewer.name}}{{/own}}");
    assert_unfit("card.html", "{{^voted_up}}{{#viewer}}{{#name}}{{.}}{{/name}}"
                              "{{/viewer}}{{/voted_up}}");

    /* another row's state in a row's hole */
    assert_unfit("comment.html", "{{#own}}{{#replies}}{{my_vote}}{{/replies}}"
                                 "{{/own}}");
    assert_unfit("comment.html", "{{#my_vote}}{{deal.own}}{{/my_vote}}");
    assert_unfit("comment.html", "{{^own}}{{#replies}}{{>comment}}{{/replies}}"
                                 "{{/own}}");
    assert_unfit("comment.html", "{{^own}}<script type=\"application/ld+json\">"
                                 "{{deal}}</script>{{/own}}");

    /* what only a count can say */
    assert_unfit("card.html", "{{unread}}");
    assert_unfit("card.html", "{{#unread}}<b>new</b>{{/unread}}");
    assert_unfit("card.html", "{{^unread}}<b>none</b>{{/unread}}");

    /* names in JSON */
    assert_unfit("card.html", "<script type=\"application/ld+json\">"
                              "{{viewer.name}}</script>");
    assert_unfit("card.html", "<script type=\"application/ld+json\">"
                              "{{viewer}}</script>");
}


/* Partials without end are cut off after some thousands: if that depends on who
 * looks, it is no draft's business. */
static void
pages_cut_off(void **state)
{
    size_t  holes, alternatives;
    world   w = { .next_id = 100 };

    (void) state;
    make_cards(&w, 100);
    put("hot.html", "{{#deals}}{{#tags}}{{>aside}}{{>aside}}{{/tags}}"
                    "{{my_vote}}{{/deals}}");
    put("aside.html", "{{#deals}}{{>vote}}{{/deals}}");
    put("vote.html", "{{#own}}x{{/own}}");
    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &holes, &alternatives),
                     DEALS_DRAFT_UNFIT);

    w.ncards = 10;
    assert_int_equal(try_page(&w, DEALS_PAGE_HOT, &holes, &alternatives), 0);
}


static const struct CMUnitTest  tests[] = {
    IN_DIR(holes_in_all_places),
    IN_DIR(own_rows_and_nobodys),
    IN_DIR(partials_in_holes),
    IN_DIR(the_name_in_all_places),
    IN_DIR(json_in_a_page),
    IN_DIR(what_no_draft_can_hold),
    IN_DIR(pages_cut_off),
};

RUN("drafts of own templates", tests)
