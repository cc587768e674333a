/*
 * How the members of the demo community talk about a deal: some say something,
 * questions are answered, and sometimes thanks are said. Nobody answers
 * himself, and nothing is said twice in a thread. See calls/demo.h.
 */

#include <string.h>

#include <deals/view.h>

#include "base/arena.h"
#include "stmts.h"
#include "calls/demo.h"

#define TALK_MAX   24           /* comments of a deal */
#define DEPTH_MAX  5
#define LINES_MAX  256          /* of each list of things to say */

typedef enum { STATEMENT, QUESTION, ANSWER, REPLY, THANKS } mood;

typedef struct {
    int64_t      id;
    int64_t      time;
    uint32_t     author;
    mood         mood;
    int          depth;
    int          parent;                /* index; -1: none */
    int          answered;
    const char  *text;
    const char  *answer;                /* of a question */
} said;

typedef struct {
    deals_call             *call;
    deals_demo_state       *st;
    const deals_demo_post  *post;
    int64_t                 time;
    int                     n;
    said                    talk[TALK_MAX];
    uint8_t                 used[LINES_MAX];        /* of the comments */
    uint8_t                 replies[LINES_MAX];
    uint8_t                 thanks[LINES_MAX];
} thread;


/* One of the texts that was not used yet, or NULL. */
static const char *
pick(thread *t, const char *const *texts, size_t n, uint8_t *used)
{
    size_t  i, from = deals_demo_below(t->st, (uint32_t) n);

    for (i = 0; i < n && i < LINES_MAX; i++) {
        if (!used[(from + i) % n]) {
            used[(from + i) % n] = 1;
            return texts[(from + i) % n];
        }
    }

    return NULL;
}


/* Something new to say of the deal; first about the thing, then in general. */
static const deals_demo_line *
pick_line(thread *t)
{
    int                     general;
    size_t                  i, n = deals_demo_ncomments, from, pass, at;
    const deals_demo_line  *line;

    general = deals_demo_below(t->st, 100) < 35;
    from = deals_demo_below(t->st, (uint32_t) n);

    for (pass = 0; pass < 2; pass++, general = !general) {
        for (i = 0; i < n && i < LINES_MAX; i++) {
            at = (from + i) % n;
            line = &deals_demo_comments[at];

            if (!t->used[at]
                && (line->where == NULL || *line->where == '\0') == general
                && deals_demo_fits(line, t->post->data))
            {
                t->used[at] = 1;
                return line;
            }
        }
    }

    return NULL;
}


static uint32_t
somebody_but(thread *t, uint32_t member)
{
    uint32_t  other;

    do {
        other = deals_demo_below(t->st, (uint32_t) deals_demo_nmembers);
    } while (other == member);

    return other;
}


static said *
next(thread *t, int parent, mood m)
{
    said  *s = &t->talk[t->n];

    s->parent = parent;
    s->mood = m;
    s->depth = parent >= 0 ? t->talk[parent].depth + 1 : 0;
    s->answered = 0;
    s->answer = NULL;

    return s;
}


/* A remark or a question about the deal. 0: there is nothing left to say. */
static int
remark(thread *t)
{
    said                   *s = next(t, -1, STATEMENT);
    const deals_demo_line  *line = pick_line(t);

    if (line == NULL) {
        return 0;
    }

    s->author = somebody_but(t, t->post->author);
    s->text = line->text;
    s->answer = line->answer;
    s->mood = line->answer != NULL ? QUESTION : STATEMENT;

    return 1;
}


/* The oldest question that waits is answered, often by the deal's author. */
static int
answer(thread *t)
{
    int    i;
    said  *s;

    for (i = 0; i < t->n; i++) {
        if (t->talk[i].mood == QUESTION && !t->talk[i].answered) {
            s = next(t, i, ANSWER);
            s->author = deals_demo_below(t->st, 2) == 0
                        ? t->post->author
                        : somebody_but(t, t->talk[i].author);
            s->text = t->talk[i].answer;
            t->talk[i].answered = 1;
            return 1;
        }
    }

    return 0;
}


/* An answer gets its thanks, another comment a reply. */
static int
reply(thread *t)
{
    int          i;
    said        *s;
    const said  *to;

    if (t->n == 0) {
        return 0;
    }

    i = (int) deals_demo_below(t->st, (uint32_t) t->n);
    to = &t->talk[i];

    if (to->depth >= DEPTH_MAX || to->mood == QUESTION || to->mood == THANKS
        || (to->mood == ANSWER && to->answered))
    {
        return 0;
    }

    if (to->mood == ANSWER) {
        s = next(t, i, THANKS);
        s->author = t->talk[to->parent].author;
        s->text = pick(t, deals_demo_thanks, deals_demo_nthanks, t->thanks);
        t->talk[i].answered = 1;

    } else {
        s = next(t, i, REPLY);
        s->author = somebody_but(t, to->author);
        s->text = pick(t, deals_demo_replies, deals_demo_nreplies,
                       t->replies);
    }

    return s->text != NULL;
}


static void
add(thread *t, said *s)
{
    const said                   *to;
    deals_arena                  *arena = deals_call_arena(t->call);
    deals_comment_create_params   p = { 0 };

    to = s->parent >= 0 ? &t->talk[s->parent] : NULL;
    s->time = t->time;
    s->id = deals_demo_id(t->st, s->time);

    p.deal_id = t->post->id;
    p.id = s->id;
    p.parent_id = to != NULL ? to->id : DEALS_NULL_INT;
    p.user_id = t->st->members[s->author];
    p.author_name = deals_str_of(deals_demo_members[s->author]);
    p.body = deals_str_of(s->text);
    p.html = deals_demo_markdown(t->call, s->text);
    p.html_version = DEALS_MARKDOWN_VERSION;
    p.now = s->time;
    p.max_replies = TALK_MAX;
    p.max_bytes = DEALS_THREAD_BYTES;
    p.max_depth = TALK_MAX;

    deals_call_query(t->call, deals_q_comment_create(arena, &p));
    t->st->result.comments++;
}


/* Thanks and jokes get less than what helps. */
static void
vote(thread *t, const said *s)
{
    uint32_t  i, interested, pleased;

    interested = (uint32_t) (t->post->seen * (30 + 350 * t->post->quality));
    interested = s->mood == ANSWER || s->mood == STATEMENT
                 ? interested : interested / 3;
    interested = deals_demo_below(t->st, interested + 1);
    pleased = deals_demo_below(t->st, 12) == 0 ? 250 : 900;

    for (i = 0; i < deals_demo_nmembers; i++) {
        if (i == s->author) {
            deals_demo_vote(t->st, t->st->talk, t->post, s->id, i, 1, s->time);

        } else if (deals_demo_below(t->st, 1000) < interested) {
            deals_demo_vote(t->st, t->st->talk, t->post, s->id, i,
                            deals_demo_below(t->st, 1000) < pleased,
                            deals_demo_later(t->st, s->time));
        }
    }
}


int
deals_demo_thread(deals_call *call, const deals_demo_post *post)
{
    int                n, tries;
    uint32_t           dice;
    thread            *t;
    deals_demo_state  *st = deals_call_state(call);

    t = deals_arena_alloc(deals_call_arena(call), sizeof(*t));
    if (t == NULL) {
        return -1;
    }

    t->call = call;
    t->st = st;
    t->post = post;
    t->time = post->created;

    n = (int) (post->seen * (1 + 14 * post->quality)
               * (0.3 + deals_demo_below(st, 1000) / 800.0));
    n = n < TALK_MAX ? n : TALK_MAX;

    for (tries = 0; t->n < n && tries < 4 * TALK_MAX; tries++) {
        dice = deals_demo_below(st, 100);

        if (dice < 30 ? remark(t) : dice < 60 ? answer(t) : reply(t)) {
            t->time += 1 + (st->now - t->time) / (4 + deals_demo_below(st, 12));
            add(t, &t->talk[t->n]);
            vote(t, &t->talk[t->n]);
            t->n++;
        }
    }

    return 0;
}
