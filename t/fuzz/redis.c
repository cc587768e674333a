/*
 * What Redis may say: the input is written to the connection that counts,
 * publishes and keeps, and to the one that listens. Whatever comes, each
 * question is answered once, what other nodes are said to have changed is within
 * bounds, and no line of the log is forged.
 */

#include "fuzz_host.h"

#include "io/redis.h"

#define ASKED  8

static char  address[80];


/* -- who asks ------------------------------------------------------------- */

static int  answers[ASKED];

static void
answered(void *owner, int64_t n)
{
    (void) n;
    ++*(int *) owner;
}

static void
found(void *owner, deals_str bytes)
{
    need(deals_utf8_count(bytes) <= bytes.len);     /* they can be read */
    ++*(int *) owner;
}


/* -- the server ----------------------------------------------------------- */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc;
    (void) argv;

    server_listen("s");
    snprintf(address, sizeof(address), "unix:%s", server_path);

    return 0;
}


/* Says a part of the input on a connection, and lets the context hear it. */
static void
say(deals_ctx *ctx, int fd, deals_str bytes)
{
    char  ignored[4096];

    while (fd >= 0 && recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT) > 0) {
        /* void */
    }

    if (fd >= 0 && bytes.len > 0) {
        (void) !send(fd, bytes.data, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    host_turn(ctx);
    host_turn(ctx);
}


static void
ask(deals_ctx *ctx, unsigned how, int *sent)
{
    int        i, rc;
    deals_str  key = DEALS_STR("key");

    for (i = 0; i < ASKED; i++) {
        switch ((how >> (i % 4)) & 3) {
        case 0:
        case 1:
            rc = deals_redis_incr(ctx->redis, key, 60, answered, &answers[i]);
            break;
        case 2:
            rc = deals_redis_get(ctx->redis, key, found, &answers[i]);
            break;
        default:
            (void) deals_redis_publish(ctx->redis, key, key);
            rc = -1;
        }
        sent[i] = rc == 0;
    }
}


static void
converse(deals_ctx *ctx, deals_str input)
{
    int       i, sent[ASKED], fds[2] = { -1, -1 };
    unsigned  how = take_byte(&input);

    memset(answers, 0, sizeof(answers));
    ask(ctx, how, sent);
    fds[0] = server_accept();
    (void) deals_ctx_node(ctx, 7, 1);
    host_turn(ctx);
    fds[1] = server_accept();

    /* both connect at once; a part of the input for each in turn */
    for (i = 0; i < 16 && input.len > 0; i++) {
        say(ctx, fds[i % 2], take_part(&input));
    }

    say(ctx, -1, DEALS_NONE);

    for (i = 0; i < 2; i++) {
        if (fds[i] >= 0 && (how & 0x40)) {
            close(fds[i]);
            fds[i] = -1;
            say(ctx, -1, DEALS_NONE);
        }
    }

    deals_ctx_free(ctx);

    for (i = 0; i < ASKED; i++) {
        need(answers[i] == sent[i], "%d: %d for %d", i, answers[i], sent[i]);
    }

    for (i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                 fd;
    char               *memory;
    deals_ctx          *ctx;
    deals_str           input;
    deals_config        config = { .database = "host=/nowhere dbname=none" };
    const deals_error  *error;

    config.redis = address;
    input = input_of(data, size);
    memory = (char *) (uintptr_t) input.data;
    arena = deals_arena_new();
    ctx = deals_ctx_new(&config, &host_hooks, arena, &error);
    need(ctx != NULL, "%.*s", DEALS_FMT(error->message));

    converse(ctx, input);

    while ((fd = server_accept()) >= 0) {
        close(fd);
    }

    deals_arena_free(arena);
    free(memory);

    return 0;
}
