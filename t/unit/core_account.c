/*
 * Names, e-mail addresses, passwords, session tokens.
 */

#include "base_check.h"

#include "base/arena.h"
#include "base/id.h"
#include "core/name.h"
#include "core/password.h"
#include "core/token.h"

static const deals_error  *error;


static void
names(void **state)
{
    size_t  i;

    static const char *const  good[] = {
        "abc", "A-b_9", "12345678901234567890", "---", "administer", "kim"
    };
    static const struct { const char *name, *message; } bad[] = {
        { "", "required" }, { "ab", "3 to 20" },
        { "123456789012345678901", "3 to 20" }, { "a b", "letters" },
        { "kim.", "letters" }, { "kïm", "letters" }, { "kim\n", "letters" },
        { "admin", "reserved" }, { "ADMIN", "reserved" },
        { "ad-min_", "reserved" }, { "webmaster", "reserved" },
        { "abuse", "reserved" }, { "www", "reserved" }, { "login", "reserved" }
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        error = NULL;
        assert_true(deals_name_valid(deals_str_of(good[i])));
        if (i != 3) {
            assert_int_equal(deals_name_check(arena, "name",
                                 deals_str_of(good[i]), &error), 0);
        }
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error = NULL;
        assert_int_equal(deals_name_check(arena, "name",
                             deals_str_of(bad[i].name), &error), -1);
        assert_str(error->field, "name");
        assert_non_null(strstr(error->message.data, bad[i].message));
    }

    assert_false(deals_name_valid(S("ab\0c")));
    assert_true(deals_name_valid(S("admin")));      /* may exist already */
    assert_str(deals_name_key(arena, S("Kim-A_Z")), "kim-a_z");
}


static void
emails(void **state)
{
    size_t     i;
    deals_str  out;

    static const char *const  good[] = {
        "a@b.co", "first.last+tag@sub.example.com", "o'neil@example.org",
        "ü@example.com"
    };
    static const char *const  bad[] = {
        "", "a", "@b.co", "a@", "a@b", "a@b.", "a@.co", "a@b..co", "a b@c.co",
        "a@b c.co", "a@b@c.co", ".a@b.co", "a.@b.co", "a..b@c.co", "a@-b.co",
        "a@b.co-", "a@b.co\nBcc: x@y.zz", "<a@b.co>", "a@[127.0.0.1]",
        "a,b@c.co", "a\"@b.co", "a\xff@b.co", "a\xc2\x80@b.co"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        error = NULL;
        assert_int_equal(deals_email_check(arena, "email",
                             deals_str_of(good[i]), &out, &error), 0);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error = NULL;
        if (deals_email_check(arena, "email", deals_str_of(bad[i]), &out,
                              &error) == 0)
        {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_str(error->field, "email");
    }

    assert_int_equal(deals_email_check(arena, "email", S(" Kim@Example.COM "),
                                       &out, &error), 0);
    assert_str(out, "Kim@example.com");
}


static void
password_policy(void **state)
{
    size_t     i, n;
    char       text[3 * 200];
    deals_str  name = S("LongEnough");

    static const struct { const char *password, *message; } bad[] = {
        { "", "required" }, { "1234567", "8 to 128" },
        { "ééééééé", "8 to 128" },
        { "longenough", "name" }, { "LONGENOUGH", "name" },
        { "password", "most used" }, { "PassWord1", "most used" },
        { "qwertyuiop", "most used" }, { "12345678", "most used" },
        { "zzzzzzzz", "most used" }, { "!qaz2wsx", "most used" },
        { "abc\xff" "defgh", "not text" }
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error = NULL;
        assert_int_equal(deals_password_check(arena, "password",
                             deals_str_of(bad[i].password), name, DEALS_NONE,
                             &error), -1);
        assert_str(error->field, "password");
        if (strstr(error->message.data, bad[i].message) == NULL) {
            fail_msg("%s: %s", bad[i].password, error->message.data);
        }
    }

    error = NULL;
    assert_int_equal(deals_password_check(arena, "password",
                         S("correct\0horse"), name, DEALS_NONE, &error), -1);

    error = NULL;
    assert_int_equal(deals_password_check(arena, "password",
                         S("     x  "), name, DEALS_NONE, &error), 0);
    assert_int_equal(deals_password_check(arena, "password",
                         S("tr0ub4dor&3"), DEALS_NONE, DEALS_NONE,
                         &error), 0);

    for (n = 0; n < 129; n++) {
        memcpy(text + 3 * n, "€", 3);
        text[3 * n + 2] = (char) (0xa0 + n % 21);
    }

    assert_int_equal(deals_password_check(arena, "password",
                         (deals_str) { text, 3 * 128 }, name, DEALS_NONE,
                         &error), 0);
    assert_int_equal(deals_password_check(arena, "password",
                         (deals_str) { text, 3 * 129 }, name, DEALS_NONE,
                         &error), -1);
}


static void
passwords_are_hashed(void **state)
{
    char           one[DEALS_PASSWORD_HASH], two[DEALS_PASSWORD_HASH];
    deals_str      hash;
    unsigned char  salt[DEALS_PASSWORD_SALT] = { 1, 2, 3 };

    (void) state;

    assert_int_equal(deals_password_hash(S("correct horse"), salt, one), 0);
    assert_int_equal(strncmp(one, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_int_equal(deals_password_hash(S("correct horse"), salt, two), 0);
    assert_string_equal(one, two);
    salt[0] ^= 1;
    assert_int_equal(deals_password_hash(S("correct horse"), salt, two), 0);
    assert_string_not_equal(one, two);

    hash = deals_str_of(one);
    assert_int_equal(deals_password_verify(hash, S("correct horse")), 1);
    assert_int_equal(deals_password_verify(hash, S("correct horsf")), 0);
    assert_int_equal(deals_password_verify(hash, S("correct horse\0")), 0);
    assert_int_equal(deals_password_verify(hash, S("")), 0);
    assert_int_equal(deals_password_verify(hash, DEALS_NONE), 0);

    one[strlen(one) - 3] ^= 1;
    assert_int_equal(deals_password_verify(hash, S("correct horse")), 0);

    assert_int_equal(deals_password_verify(S(""), S("x")), -1);
    assert_int_equal(deals_password_verify(DEALS_NONE, S("x")), -1);
    assert_int_equal(deals_password_verify(S("$2b$12$abcdef"), S("x")), -1);
    assert_int_equal(deals_password_verify(S("$argon2id$broken"), S("x")), -1);
    memset(two, '$', sizeof(two));
    assert_int_equal(deals_password_verify((deals_str) { two, sizeof(two) },
                                           S("x")), -1);
}


static void
nobody_has_a_password(void **state)
{
    deals_str  hash = deals_str_of(deals_password_nobody);

    (void) state;

    /* as dear as a real one, and never right */
    assert_int_equal(strncmp(hash.data, "$argon2id$v=19$m=19456,t=2,p=1$", 31),
                     0);
    assert_int_equal(deals_password_verify(hash, S("password")), 0);
    assert_int_equal(deals_password_verify(hash, S("")), 0);
}


static void
tokens(void **state)
{
    size_t         i;
    deals_str      text, hash;
    deals_token    token;
    unsigned char  random[DEALS_TOKEN_RANDOM];

    static const char *const  bad[] = {
        "", ".", "1.", ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "01.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "-1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "+1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+/",
        "1.AAAAAAAAAAAAAAAAAAAA AAAAAAAAAAA",
        "9007199254740992.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "1.AAEC\xc1wQFBgcICQoLDA0ODxAREhMUFRYX",
        "1.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "deals_", "deals_1", "deals_1.", "deals1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "Deals_1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "deals_0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "deals_1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "deals_1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "deals_deals_1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "_1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    };

    (void) state;

    for (i = 0; i < sizeof(random); i++) {
        random[i] = (unsigned char) (251 * i + 200);
    }

    text = deals_token_make(arena, DEALS_ID_MAX, random);
    assert_int_equal(text.len, DEALS_TOKEN_MAX);
    assert_int_equal(deals_token_parse(text, &token), 0);
    assert_true(token.user_id == DEALS_ID_MAX);
    assert_memory_equal(token.secret, random, sizeof(random));
    assert_int_equal(token.access, 0);

    hash = deals_token_hash(arena, &token);
    assert_int_equal(hash.len, 64);
    token.secret[23] ^= 1;
    assert_false(deals_str_eq(hash, deals_token_hash(arena, &token)));

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (deals_token_parse(deals_str_of(bad[i]), &token) == 0) {
            fail_msg("accepted: %s", bad[i]);
        }
    }

    assert_int_equal(deals_token_parse(DEALS_NONE, &token), -1);
}


/* The same secret, and another kind of token. */
static void
access_tokens(void **state)
{
    deals_str      text, hash, other;
    deals_token    token;
    unsigned char  random[DEALS_TOKEN_RANDOM] = { 7 };

    (void) state;

    text = deals_token_make_access(arena, DEALS_ID_MAX, random);
    assert_int_equal(text.len, DEALS_TOKEN_ACCESS_MAX);
    assert_memory_equal(text.data, "deals_9007199254740991.", 23);
    assert_int_equal(deals_token_parse(text, &token), 0);
    assert_true(token.user_id == DEALS_ID_MAX);
    assert_memory_equal(token.secret, random, sizeof(random));
    assert_int_equal(token.access, 1);
    hash = deals_token_hash(arena, &token);
    assert_int_equal(hash.len, 64);

    text = deals_token_make(arena, DEALS_ID_MAX, random);
    assert_int_equal(deals_token_parse(text, &token), 0);
    other = deals_token_hash(arena, &token);
    assert_false(deals_str_eq(hash, other));
}


static void
token_hash_is_sha256(void **state)
{
    deals_token  token = { .user_id = 1 };

    (void) state;

    /* of 24 zero bytes */
    assert_str(deals_token_hash(arena, &token),
               "9d908ecfb6b256def8b49a7c504e6c88"
               "9c4b0e41fe6ce3e01863dd7b61a20aa0");
}


static const struct CMUnitTest  tests[] = {
    TEST(names),
    TEST(emails),
    TEST(password_policy),
    TEST(passwords_are_hashed),
    TEST(nobody_has_a_password),
    TEST(tokens),
    TEST(access_tokens),
    TEST(token_hash_is_sha256),
};

RUN("core_account", tests)
