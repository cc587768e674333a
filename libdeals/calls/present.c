/*
 * calls/present.c - rows as they are shown. See calls/present.h.
 */

#include <string.h>

#include "base/arena.h"
#include "core/money.h"
#include "core/text.h"
#include "core/url.h"
#include "calls/present.h"


/* What cards and deals have in common, apart from their types. */
typedef struct {
    deals_str    title, url;
    deals_money  price, list_price;         /* currency absent: none */
    deals_str    author;                    /* absent: no member */
    int64_t      score, starts_at, expires_at, created_at;

    deals_str    status, slug, host, saving, age, ends, heat;
    int          is_expired, is_upcoming, own;
} facts;


static deals_str
heat(int64_t score)
{
    if (score >= DEALS_HEAT_HOT) {
        return DEALS_STR("hot");
    }

    if (score >= DEALS_HEAT_WARM) {
        return DEALS_STR("warm");
    }

    return score >= DEALS_HEAT_COOL ? DEALS_STR("cool") : DEALS_STR("cold");
}


/* "starts in 2 days", "ends tomorrow", "ended 3 hours ago"; *out stays absent
 * if there is nothing to say. */
static int
ends(const deals_present *present, facts *f)
{
    char         text[96];              /* a verb and deals_text_when fit */
    int64_t      then;
    deals_buf    buf = { text, 0, sizeof(text), 0 };
    deals_str    when;
    const char  *verb;

    if (f->is_upcoming) {
        then = f->starts_at;
        verb = "starts";

    } else if (f->expires_at == DEALS_NULL_INT) {
        return 0;

    } else {
        then = f->expires_at;
        verb = f->is_expired ? "ended" : "ends";
    }

    when = deals_text_when(present->arena, then, present->now);
    if (when.data == NULL) {
        return -1;
    }

    deals_buf_c(&buf, verb);
    deals_buf_char(&buf, ' ');
    deals_buf_str(&buf, when);
    f->ends = deals_arena_copy(present->arena, (deals_str) { text, buf.len });

    return f->ends.data == NULL ? -1 : 0;
}


static int
money(const deals_present *present, facts *f)
{
    int         saving;
    char        text[16];
    deals_buf   buf = { text, 0, sizeof(text), 0 };

    if (f->price.currency.data != NULL) {
        f->price.text = deals_money_text(present->arena, &f->price);
    }

    if (f->list_price.currency.data != NULL) {
        f->list_price.text = deals_money_text(present->arena, &f->list_price);
    }

    if (f->price.currency.data == NULL || f->list_price.currency.data == NULL) {
        return 0;
    }

    saving = deals_money_saving(&f->price, &f->list_price);
    if (saving == 0) {
        return 0;
    }

    deals_buf_int(&buf, saving);
    deals_buf_char(&buf, '%');
    f->saving = deals_arena_copy(present->arena,
                                 (deals_str) { text, buf.len });

    return f->saving.data == NULL ? -1 : 0;
}


static int
facts_of(const deals_present *present, facts *f)
{
    f->is_upcoming = f->starts_at != DEALS_NULL_INT
                     && f->starts_at > present->now;
    f->is_expired = f->expires_at != DEALS_NULL_INT
                    && f->expires_at <= present->now;

    if (f->is_expired) {
        f->is_upcoming = 0;
        f->status = DEALS_STR("expired");

    } else if (f->is_upcoming) {
        f->status = DEALS_STR("upcoming");

    } else {
        f->status = DEALS_STR("active");
    }

    f->own = present->viewer != NULL && f->author.data != NULL
             && deals_str_eq(f->author, present->viewer->name);

    if (present->data_only) {
        return 0;
    }

    f->heat = heat(f->score);

    if (f->url.data != NULL) {
        f->host = deals_url_host(present->arena, f->url);
    }

    f->slug = deals_text_slug(present->arena, f->title);
    f->age = deals_text_when(present->arena, f->created_at, present->now);

    if (f->slug.data == NULL || f->age.data == NULL
        || money(present, f) < 0 || ends(present, f) < 0
        || deals_arena_refused(present->arena))
    {
        return -1;      /* half of a row may be kept, and shown to others */
    }

    return 0;
}


/* The same words for two types. A price's object was made for this row
 * alone. */
#define PRESENT(present, row, vote, f)                                        \
    memset(&(f), 0, sizeof(f));                                               \
    (f).title = (row)->title;                                                 \
    (f).url = (row)->url;                                                     \
    if ((row)->price != NULL) {                                               \
        (f).price = *(row)->price;                                            \
    }                                                                         \
    if ((row)->list_price != NULL) {                                          \
        (f).list_price = *(row)->list_price;                                  \
    }                                                                         \
    if ((row)->author != NULL && (row)->author->member) {                     \
        (f).author = (row)->author->name;                                     \
    }                                                                         \
    (f).score = (row)->score;                                                 \
    (f).starts_at = (row)->starts_at;                                         \
    (f).expires_at = (row)->expires_at;                                       \
    (f).created_at = (row)->created_at;                                       \
    if (facts_of((present), &(f)) < 0) {                                      \
        return -1;                                                            \
    }                                                                         \
    if ((row)->price != NULL) {                                               \
        ((deals_money *) (row)->price)->text = (f).price.text;                \
    }                                                                         \
    if ((row)->list_price != NULL) {                                          \
        ((deals_money *) (row)->list_price)->text = (f).list_price.text;      \
    }                                                                         \
    (row)->status = (f).status;                                               \
    (row)->slug = (f).slug;                                                   \
    (row)->host = (f).host;                                                   \
    (row)->saving = (f).saving;                                               \
    (row)->age = (f).age;                                                     \
    (row)->ends = (f).ends;                                                   \
    (row)->heat = (f).heat;                                                   \
    (row)->is_expired = (f).is_expired;                                       \
    (row)->is_upcoming = (f).is_upcoming;                                     \
    (row)->own = (f).own;                                                     \
    (row)->my_vote = (vote);                                                  \
    (row)->voted_up = (vote) == 1;                                            \
    (row)->voted_down = (vote) == -1


int
deals_present_card(const deals_present *present, deals_card *card,
    int64_t my_vote)
{
    facts  f;

    PRESENT(present, card, my_vote, f);

    return 0;
}


int
deals_present_deal(const deals_present *present, deals_deal *deal,
    int64_t my_vote)
{
    facts  f;

    PRESENT(present, deal, my_vote, f);

    deal->can_edit = deal->own || present->moderator;
    deal->can_moderate = present->moderator;

    return 0;
}


int
deals_present_comment(const deals_present *present, deals_comment *comment,
    int64_t my_vote, deals_str poster)
{
    deals_str  author = DEALS_NONE;         /* a member */

    if (comment->author != NULL && comment->author->member) {
        author = comment->author->name;
    }

    comment->my_vote = my_vote;
    comment->voted_up = my_vote == 1;
    comment->voted_down = my_vote == -1;

    comment->own = present->viewer != NULL && author.data != NULL
                   && deals_str_eq(author, present->viewer->name);
    comment->can_edit = comment->own && !comment->deleted;
    comment->can_delete = (comment->own || present->moderator)
                          && !comment->deleted;
    comment->is_poster = poster.data != NULL && author.data != NULL
                         && deals_str_eq(author, poster);

    if (present->data_only) {
        return 0;
    }

    comment->age = deals_text_when(present->arena, comment->created_at,
                                   present->now);

    return comment->age.data == NULL ? -1 : 0;
}


deals_str
deals_present_poster(const deals_deal *deal)
{
    return deal->author != NULL && deal->author->member ? deal->author->name
                                                        : DEALS_NONE;
}


static int64_t
earlier(int64_t until, int64_t then, int64_t now)
{
    if (then == DEALS_NULL_INT || then <= now) {
        return until;
    }

    return until == DEALS_NULL_INT || then < until ? then : until;
}


int64_t
deals_present_until(int64_t until, int64_t starts_at, int64_t expires_at,
    int64_t now)
{
    return earlier(earlier(until, starts_at, now), expires_at, now);
}
