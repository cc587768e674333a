/*
 * feed.c - reads a community's list in the terminal, page after page: the
 * blocking form of libdeals.
 *
 *     cc -o feed feed.c $(pkg-config --cflags --libs deals)
 *     DEALS_DATABASE='host=... dbname=deals ...' ./feed [hot|new|top] [PAGES]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deals/deals.h>

/* Strings of libdeals are bytes and a length: "%.*s", ARG(title). */
#define ARG(s)  (int) (s).len, (s).data != NULL ? (s).data : ""


static void
print_card(const deals_card *card)
{
    printf("%+5lld  %.*s\n", (long long) card->score, ARG(card->title));
    printf("       #%lld", (long long) card->id);

    if (card->price != NULL) {
        printf("  %.*s", ARG(card->price->text));
    }

    if (card->merchant != NULL) {
        printf("  at %.*s", ARG(card->merchant->name));
    }

    printf("  %.*s, %lld comments\n", ARG(card->age),
           (long long) card->comment_count);

    if (card->url.data != NULL) {
        printf("       %.*s\n", ARG(card->url));
    }
}


static int
print_error(const deals_error *error)
{
    fprintf(stderr, "feed: %.*s\n", ARG(error->message));

    return 1;
}


/* Prints one page. The cursor of the next is copied to *cursor, which is empty
 * after the last. */

static int
print_page(deals_ctx *ctx, deals_sort sort, char *cursor, size_t size)
{
    size_t                    i;
    int                       failed;
    deals_call               *call;
    const deals_card         *cards;
    const deals_feed_result  *feed;
    deals_feed_params         params = {
        .sort = sort, .window = DEALS_ALL, .limit = 10,
        .cursor = deals_str_of(cursor[0] != '\0' ? cursor : NULL)
    };

    /* asker NULL: nobody is signed in; -1: as long as a call may take */
    call = deals_feed_wait(ctx, NULL, &params, -1);

    if (call == NULL) {
        fprintf(stderr, "feed: out of memory\n");
        return 1;
    }

    failed = 0;

    if (deals_call_error(call) != NULL) {
        failed = print_error(deals_call_error(call));

    } else {
        feed = deals_feed_get(call);
        cards = feed->deals.items;

        for (i = 0; i < feed->deals.len; i++) {
            print_card(&cards[i]);
        }

        snprintf(cursor, size, "%.*s", ARG(feed->next));
    }

    /* and with it all that it answered */
    deals_call_free(call);

    return failed;
}


static int
read_sort(const char *name, deals_sort *sort)
{
    *sort = strcmp(name, "new") == 0 ? DEALS_NEW
            : strcmp(name, "top") == 0 ? DEALS_TOP : DEALS_HOT;

    return *sort != DEALS_HOT || strcmp(name, "hot") == 0;
}


int
main(int argc, char **argv)
{
    int                 i, pages, failed;
    char                cursor[512];
    deals_ctx          *ctx;
    deals_sort          sort;
    deals_arena        *arena;
    deals_config        config = { 0 };
    const deals_error  *error;

    config.database = getenv("DEALS_DATABASE");

    if (config.database == NULL) {
        fprintf(stderr, "feed: DEALS_DATABASE says where the database is\n");
        return 2;
    }

    pages = argc > 2 ? (int) strtol(argv[2], NULL, 10) : 1;

    if (argc > 3 || pages < 1 || !read_sort(argc > 1 ? argv[1] : "hot", &sort))
    {
        fprintf(stderr, "usage: feed [hot|new|top] [PAGES]\n");
        return 2;
    }

    /* the arena is where a message about the configuration lies */
    arena = deals_arena_new();
    if (arena == NULL) {
        return 1;
    }

    ctx = deals_ctx_new(&config, NULL, arena, &error);

    if (ctx == NULL) {
        failed = print_error(error);
        deals_arena_free(arena);
        return failed;
    }

    cursor[0] = '\0';
    failed = 0;

    for (i = 0; i < pages && !failed; i++) {
        failed = print_page(ctx, sort, cursor, sizeof(cursor));

        if (cursor[0] == '\0') {
            break;
        }
    }

    deals_ctx_free(ctx);
    deals_arena_free(arena);

    return failed;
}
