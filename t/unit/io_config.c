/*
 * Addresses and numbers of a configuration: what is taken, what becomes of it,
 * and what is said of what is not.
 */

#include "base/error.h"
#include "io/config.h"
#include "io_check.h"

static deals_arena  *arena;

static int
set_up(void **state)
{
    (void) state;
    arena = deals_arena_new();
    unsetenv("PGHOST");
    unsetenv("PGPORT");
    unsetenv("PGSSLMODE");

    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    deals_arena_free(arena);

    return 0;
}

static const deals_pg_address *
pg(const char *text)
{
    const deals_error       *error;
    const deals_pg_address  *a;

    error = NULL;

    if (deals_pg_address_read(arena, text, 5000, 0, &a, arena, &error) != 0) {
        print_error("%s: %s\n", text, error->message.data);
        fail();
    }

    return a;
}

static const char *
value(const deals_pg_address *a, const char *keyword)
{
    size_t       i;
    const char  *found;

    for (found = NULL, i = 0; i < a->noptions; i++) {
        if (strcmp(a->keywords[i], keyword) == 0) {
            assert_null(found);
            found = a->values[i];
        }
    }

    return found;
}

static void
refused(const char *field, const char *text, const char *words)
{
    int                  rc;
    const deals_error   *error;
    const deals_config   config = {
        .database = field[0] == 'd' ? text : "host=/tmp",
        .redis = field[0] == 'r' ? text : NULL
    };

    error = deals_config_check(&config, arena);
    assert_non_null(error);
    assert_int_equal(error->code, DEALS_INVALID);
    rc = deals_str_eq(error->field, deals_str_of(field));
    assert_int_equal(rc, 1);

    if (memmem(error->message.data, error->message.len, words, strlen(words))
        == NULL)
    {
        print_error("%s: %.*s\n", text, (int) error->message.len,
                    error->message.data);
        fprintf(stderr, "# %s: %s\n", text, error->message.data);
        fail();
    }

    /* a password is not for whoever reads this */
    assert_null(strstr(error->message.data, "hunter2"));
}


static void
a_socket_directory(void **state)
{
    const deals_pg_address  *a;

    (void) state;
    a = pg("host=/run/x dbname=deals user=web password='a b' port=6000");
    assert_int_equal(a->ntargets, 1);
    assert_string_equal(a->targets[0].host, "/run/x");
    assert_string_equal(a->targets[0].hostaddr, "");
    assert_string_equal(a->targets[0].port, "6000");
    assert_string_equal(value(a, "sslmode"), "disable");
    assert_string_equal(value(a, "gssencmode"), "disable");
    assert_string_equal(value(a, "client_encoding"), "UTF8");
    assert_string_equal(value(a, "dbname"), "deals");
    assert_string_equal(value(a, "user"), "web");
    assert_string_equal(value(a, "password"), "a b");
    assert_string_equal(value(a, "fallback_application_name"), "deals");
    assert_null(value(a, "host"));
    assert_null(value(a, "port"));

    a = pg("postgresql://web:a%20b@%2Frun%2Fx:6000/deals");
    assert_string_equal(a->targets[0].host, "/run/x");
    assert_string_equal(value(a, "password"), "a b");
}


static void
names_become_addresses(void **state)
{
    size_t                   i;
    const deals_pg_address  *a;

    (void) state;
    a = pg("host=localhost dbname=deals");
    assert_true(a->ntargets >= 1);

    for (i = 0; i < a->ntargets; i++) {
        assert_string_equal(a->targets[i].host, "localhost");
        assert_true(strcmp(a->targets[i].hostaddr, "127.0.0.1") == 0
                    || strcmp(a->targets[i].hostaddr, "::1") == 0);
        assert_string_equal(a->targets[i].port, "5432");
    }

    a = pg("host=db.invalid hostaddr=192.0.2.7 sslmode=verify-full");
    assert_string_equal(a->targets[0].host, "db.invalid");
    assert_string_equal(a->targets[0].hostaddr, "192.0.2.7");
    assert_string_equal(value(a, "sslmode"), "verify-full");

    a = pg("postgresql://192.0.2.1:1,[2001:db8::2]:2/deals");
    assert_int_equal(a->ntargets, 2);
    assert_string_equal(a->targets[0].hostaddr, "192.0.2.1");
    assert_string_equal(a->targets[0].port, "1");
    assert_string_equal(a->targets[1].hostaddr, "2001:db8::2");
    assert_string_equal(a->targets[1].port, "2");

    a = pg("host=/run/a,192.0.2.1 port=7");
    assert_int_equal(a->ntargets, 2);
    assert_string_equal(a->targets[1].port, "7");
}


static void
a_network_is_not_trusted_unless_told(void **state)
{
    (void) state;
    assert_string_equal(value(pg("host=192.0.2.1"), "sslmode"), "require");
    assert_string_equal(value(pg("host=192.0.2.1 sslmode=disable"), "sslmode"),
                        "disable");
    assert_string_equal(value(pg("host=127.0.0.1"), "sslmode"), "disable");
    assert_string_equal(value(pg("host=127.0.0.1 sslmode=require"), "sslmode"),
                        "require");
    assert_string_equal(value(pg("host=/x sslmode=prefer"), "sslmode"),
                        "disable");
    refused("database", "host=192.0.2.1 sslmode=prefer", "verify-full");
    refused("database", "host=127.0.0.1 sslmode=allow", "disable, require");
}


static void
the_session_is_set_up_unless_pooled(void **state)
{
    const deals_error       *error;
    const deals_pg_address  *a;

    (void) state;
    assert_string_equal(value(pg("host=/x options='-c a=b'"), "options"),
                        "-c statement_timeout=5000 -c jit=off "
                        "-c enable_bitmapscan=off -c random_page_cost=1.1 "
                        "-c a=b");

    assert_int_equal(deals_pg_address_read(arena, "host=/x", 5000, 1, &a,
                                           arena, &error), 0);
    assert_null(value(a, "options"));
}


static void
what_is_wrong_is_said(void **state)
{
    char  path[200];

    (void) state;
    refused("database", "", "missing");
    refused("database", "host", "\"=\"");
    refused("database", "nonsense=1", "nonsense");
    refused("database", "host=db.invalid", "can't be resolved");
    refused("database", "hostaddr=db.invalid", "belongs into host");
    refused("database", "host=/x port=0", "port");
    refused("database", "host=/x port=99999", "port");
    refused("database", "postgresql://kim:hunter2/deals", "port of \"kim\"");
    refused("database", "host=/x password=hunter2 hunter2", "missing ...");
    refused("database", "postgresql://kim:hunter2%zz@db.invalid", "token: ...");
    refused("database", "host= password=hunter2", "value behind host=?");
    refused("database", "host=/x sslmode= password=hunter2", "behind sslmode");
    refused("database", "host=/a,/b port=1,2,3", "as many");
    refused("database", "host=/x service=y", "service");

    memset(path, 'p', sizeof(path));
    memcpy(path, "host=/", 6);
    path[150] = '\0';
    refused("database", path, "shorter directory");

    memcpy(path, "unix:/", 6);
    refused("redis", path, "shorter directory");
    refused("redis", "", "empty");
    refused("redis", "unix:", "missing");
    refused("redis", "redis://h.invalid", "can't be resolved");
    refused("redis", "127.0.0.1:0", "port");
    refused("redis", "127.0.0.1:x", "port");
    refused("redis", "redis://kim:hunter2", "follows \"kim\" is not a port");
    refused("redis", "redis://127.0.0.1:1/x", "number of a database");
    refused("redis", "redis://secret@127.0.0.1", "behind a colon");
    refused("redis", "redis://:%zz@127.0.0.1", "%XX");
    refused("redis", "[::1", "\"]\"");
    refused("redis", ":6379", "host is missing");
    refused("redis", "redis://127.0.0.1/0?ssl_verify=off", "number of a");

    /* in the clear over a network: not by leaving something out */
    refused("redis", "192.0.2.1", "write rediss://192.0.2.1, or");
    refused("redis", "[2001:db8::1]:7", "the clear, redis://[2001:db8::1]:7");
}


/* What TLS needs to be told; files are t/http/config.t's. */

static void
options_of_tls_that_cannot_be(void **state)
{
    char  text[400];

#define TLS_REFUSED(options, words)  \
    refused("redis", "rediss://127.0.0.1/0?" options, words)

    (void) state;
    TLS_REFUSED("nonsense", "there is no option \"nonsense\": there are ssl_");
    TLS_REFUSED("SSL_NAME=a", "no option \"SSL_NAME\"");
    TLS_REFUSED("ssl_name=a&", "no option \"\"");
    TLS_REFUSED("ssl_name=a&ssl_name=b", "ssl_name is given twice");
    TLS_REFUSED("ssl_verify=on&ssl_verify=on", "ssl_verify is given twice");
    TLS_REFUSED("ssl_verify=no", "is \"on\" or \"off\", not \"no\"");
    TLS_REFUSED("ssl_verify", "is \"on\" or \"off\", not \"\"");
    TLS_REFUSED("ssl_name", "ssl_name has no value");
    TLS_REFUSED("ssl_name=%zz", "ssl_name has no value");
    TLS_REFUSED("ssl_name=a%00b", "ssl_name has no value");
    TLS_REFUSED("ssl_certificate=", "ssl_certificate has no value");
    TLS_REFUSED("ssl_trusted_certificate=ca.pem", "\"ca.pem\", it must be the "
                "whole path");
    TLS_REFUSED("ssl_certificate=/c", "ssl_certificate_key is missing");
    TLS_REFUSED("ssl_certificate_key=/k", "ssl_certificate is missing");
    TLS_REFUSED("ssl_verify=off&ssl_trusted_certificate=/c", "trusts anybody");
    TLS_REFUSED("ssl_trusted_certificate=/no%20where", "the file \"/no where\" "
                "can't be used as trusted certificates: No such file");
    refused("redis", "rediss://:p?w@127.0.0.1", "%3F for a \"?\" in the");
    refused("redis", "rediss://", "host is missing");
    refused("redis", "rediss://127.0.0.1:0", "port");

    memset(text, 'n', sizeof(text));
    memcpy(text, "rediss://127.0.0.1/0?ssl_name=", 30);
    text[30 + 254] = '\0';
    refused("redis", text, "254 bytes, at most 253");
}


static const deals_redis_address *
redis(const char *text)
{
    const deals_error          *error;
    const deals_redis_address  *a;

    error = NULL;
    assert_int_equal(deals_redis_address_read(arena, text, &a, arena, &error),
                     0);

    return a;
}


static void
addresses_of_redis(void **state)
{
    const deals_redis_address  *a;

    (void) state;
    assert_string_equal(redis("unix:/run/r.sock")->path, "/run/r.sock");

    a = redis("127.0.0.1");
    assert_string_equal(a->host, "127.0.0.1");
    assert_int_equal(a->port, 6379);
    assert_int_equal(redis("127.0.0.1:7000")->port, 7000);
    assert_string_equal(redis("[::1]:7000")->host, "::1");

    a = redis("redis://me:p%40ss@127.0.0.1:7000/3");
    assert_string_equal(a->user, "me");
    assert_string_equal(a->password, "p@ss");
    assert_int_equal(a->db, 3);
    assert_int_equal(redis("redis://127.0.0.1/")->db, 0);
    assert_null(redis("redis://:x@127.0.0.1")->user);
    assert_null(redis("redis://:a?b@127.0.0.1")->tls);
    assert_string_equal(redis("redis://192.0.2.1")->host, "192.0.2.1");
}


/* Checked, for the host it was told, unless it is told otherwise. */

static void
addresses_of_redis_with_tls(void **state)
{
    const deals_redis_address  *a;

    (void) state;
    a = redis("rediss://me:p%40%3Fs@localhost:7000/3");
    assert_string_equal(a->user, "me");
    assert_string_equal(a->password, "p@?s");
    assert_int_equal(a->port, 7000);
    assert_int_equal(a->db, 3);
    assert_string_equal(a->tls->name, "localhost");
    assert_int_equal(a->tls->no_verify, 0);
    assert_null(a->tls->trusted);
    assert_null(a->tls->certificate);
    assert_null(a->tls->key);

    assert_string_equal(redis("rediss://[::1]:7")->tls->name, "::1");
    assert_string_equal(redis("rediss://192.0.2.1?")->tls->name, "192.0.2.1");

    a = redis("rediss://127.0.0.1?ssl_name=redis.example.org&ssl_verify=on"
              "&ssl_trusted_certificate=/etc/c%26a.pem&ssl_certificate=/own"
              "&ssl_certificate_key=/the%20key");
    assert_string_equal(a->host, "127.0.0.1");
    assert_int_equal(a->port, 6379);
    assert_string_equal(a->tls->name, "redis.example.org");
    assert_int_equal(a->tls->no_verify, 0);
    assert_string_equal(a->tls->trusted, "/etc/c&a.pem");
    assert_string_equal(a->tls->certificate, "/own");
    assert_string_equal(a->tls->key, "/the key");
    assert_int_equal(redis("rediss://127.0.0.1?ssl_verify=off")->tls->no_verify,
                     1);
}


/* Once resolved, nothing is left to resolve, and all the rest is the same. */

static void
a_resolved_configuration_says_the_same(void **state)
{
    size_t                   i, n;
    deals_config             config, once;
    const deals_pg_address  *a, *b;

    static const char *const  texts[] = {
        "host=localhost,/run/x port=1,2 password='a\\'b\\\\ c' options='-c a=b'",
        "postgresql://u:p%20w@localhost:7/d?sslmode=verify-full",
        "hostaddr=192.0.2.1 sslmode=disable",
        "dbname=d",
    };

    (void) state;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        memset(&config, 0, sizeof(config));
        config.database = texts[i];
        config.redis = "redis://me:p%40:s@localhost:7/3";
        assert_null(deals_config_resolve(&config, arena));
        once = config;
        assert_null(deals_config_resolve(&once, arena));
        assert_string_equal(config.database, once.database);
        assert_string_equal(config.redis, once.redis);

        a = pg(texts[i]);
        b = pg(config.database);
        assert_int_equal(a->ntargets, b->ntargets);
        assert_int_equal(a->noptions, b->noptions);

        for (n = 0; n < a->ntargets; n++) {
            assert_string_equal(a->targets[n].host, b->targets[n].host);
            assert_string_equal(a->targets[n].hostaddr,
                                b->targets[n].hostaddr);
            assert_string_equal(a->targets[n].port, b->targets[n].port);
        }

        for (n = 0; n < a->noptions; n++) {
            assert_string_equal(a->values[n], value(b, a->keywords[n]));
        }

        assert_string_equal(redis(config.redis)->password, "p@:s");
        assert_string_equal(redis(config.redis)->user, "me");
        assert_int_equal(redis(config.redis)->port, 7);
        assert_int_equal(redis(config.redis)->db, 3);
        assert_null(strstr(config.redis, "localhost"));
    }

    config.redis = "unix:/run/r";
    assert_null(deals_config_resolve(&config, arena));
    assert_string_equal(config.redis, "unix:/run/r");
    config.redis = "[::1]:9";
    assert_null(deals_config_resolve(&config, arena));
    assert_string_equal(config.redis, "redis://[::1]:9/0");

    config.redis = "rediss://:p@localhost:9/1";
    assert_null(deals_config_resolve(&config, arena));
    assert_non_null(strstr(config.redis, "/1?ssl_name=localhost"));
    config.redis = "rediss://:p@[::1]:9?ssl_verify=off&ssl_name=a.b";
    assert_null(deals_config_resolve(&config, arena));
    assert_string_equal(config.redis,
                        "rediss://:p@[::1]:9/0?ssl_name=a.b&ssl_verify=off");

    config.database = "host=/x sslmode=what port=x";
    assert_non_null(deals_config_resolve(&config, arena));
}


static void
numbers_have_defaults_and_bounds(void **state)
{
    deals_config         config;
    deals_settings       settings;
    const deals_error   *error;

    (void) state;
    memset(&config, 0, sizeof(config));
    config.database = "host=/x";
    assert_null(deals_config_check(&config, arena));
    assert_int_equal(deals_config_load(arena, &config, &settings, arena,
                                       &error), 0);
    assert_int_equal(settings.config.pool_size, 3);
    assert_int_equal(settings.config.query_timeout, 5000);
    assert_int_equal(settings.config.signin_limit, 10);
    assert_int_equal(settings.config.vote_limit, 120);

    config.vote_limit = -1;
    assert_null(deals_config_check(&config, arena));

    config.second_factor = DEALS_FACTOR_ALL;
    assert_null(deals_config_check(&config, arena));
    assert_int_equal(settings.config.second_factor, DEALS_FACTOR_OPTIONAL);

    config.second_factor = DEALS_FACTOR_ALL + 1;
    error = deals_config_check(&config, arena);
    assert_int_equal(deals_str_eq(error->field, DEALS_STR("second_factor")), 1);

    config.second_factor = -1;
    error = deals_config_check(&config, arena);
    assert_int_equal(deals_str_eq(error->field, DEALS_STR("second_factor")), 1);
    config.second_factor = 0;

    config.query_timeout = 5;
    error = deals_config_check(&config, arena);
    assert_int_equal(deals_str_eq(error->field, DEALS_STR("query_timeout")), 1);

    config.query_timeout = 0;
    config.pool_size = -1;
    error = deals_config_check(&config, arena);
    assert_int_equal(deals_str_eq(error->field, DEALS_STR("pool_size")), 1);

    memset(&config, 0, sizeof(config));
    error = deals_config_check(&config, arena);
    assert_int_equal(deals_str_eq(error->field, DEALS_STR("database")), 1);
}


static const char *
name(const char *database)
{
    deals_config  config;

    memset(&config, 0, sizeof(config));
    config.database = database;

    return deals_config_name(&config, arena);
}


static void
a_database_has_a_name_without_secrets(void **state)
{
    (void) state;
    assert_string_equal(name("host=/x dbname=d user=u password=p"), "d@/x");
    assert_string_equal(name("host=h.example port=5433 dbname=d"),
                        "d@h.example:5433");
    assert_string_equal(name("hostaddr=::1 port=5432 user=u"), "u@::1");
    assert_string_equal(name("postgresql://u:p@h,i:6/d?sslmode=disable"),
                        "d@h,i:,6");
    assert_string_equal(name("dbname=d"), "d@/var/run/postgresql");
    setenv("PGHOST", "/e", 1);
    assert_string_equal(name("dbname=d"), "d@/e");
    assert_null(name(NULL));
    assert_null(name("hots=/x"));
}


#define TEST(f)  cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(a_socket_directory),
        TEST(names_become_addresses),
        TEST(a_network_is_not_trusted_unless_told),
        TEST(the_session_is_set_up_unless_pooled),
        TEST(what_is_wrong_is_said),
        TEST(options_of_tls_that_cannot_be),
        TEST(addresses_of_redis),
        TEST(addresses_of_redis_with_tls),
        TEST(a_resolved_configuration_says_the_same),
        TEST(numbers_have_defaults_and_bounds),
        TEST(a_database_has_a_name_without_secrets),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("io_config", tests, NULL, NULL);
}
