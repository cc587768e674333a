/*
 * Which passwords are too easily guessed: the commonest, in the forms in which
 * people dress them, and what is known of the member.
 */

#include "base_check.h"

#include "base/arena.h"
#include "core/password.h"

#define MOST  20000

static const deals_error  *error;


static int
accepts(const char *password, const char *name, const char *email)
{
    error = NULL;

    return deals_password_check(arena, "password", deals_str_of(password),
               deals_str_of(name), deals_str_of(email), &error) == 0;
}


static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}


/* 0 o, 3 e, 4 a, 5 s; or @ a, $ s, ! i */
static void
disguise(char *text, const char *from, const char *to)
{
    const char  *at;

    for (; *text != '\0'; text++) {
        at = strchr(from, *text);
        if (at != NULL) {
            *text = to[at - from];
        }
    }
}


static size_t
add(char **made, size_t n, const char *before, const char *word,
    const char *after, int form)
{
    char  text[64];

    (void) snprintf(text, sizeof(text), "%s", word);

    switch (form) {
    case 1: text[0] = (char) (text[0] - 'a' + 'A'); break;
    case 2: disguise(text, "oaes", "0@3$"); break;
    case 3: disguise(text, "oaesil", "043511"); break;
    default: break;
    }

    if (strlen(before) + strlen(text) + strlen(after) < DEALS_PASSWORD_MIN) {
        return n;
    }

    assert_true(n < MOST);
    made[n] = malloc(64);
    assert_non_null(made[n]);
    (void) snprintf(made[n], 64, "%s%s%s", before, text, after);

    return n + 1;
}


static void
the_commonest_are_refused(void **state)
{
    int          form;
    size_t       i, j, k, n = 0, distinct = 0;
    static char  *made[MOST];

    static const char *const  words[] = {
        "password", "qwerty", "dragon", "monkey", "letmein", "football",
        "baseball", "basketball", "welcome", "login", "admin", "master",
        "sunshine", "shadow", "princess", "superman", "batman", "starwars",
        "iloveyou", "lovely", "angel", "flower", "secret", "summer", "winter",
        "spring", "autumn", "january", "december", "monday", "friday",
        "chelsea", "liverpool", "arsenal", "yankees", "cowboys", "michael",
        "jessica", "jennifer", "daniel", "ashley", "thomas", "jordan",
        "robert", "andrew", "matthew", "charlie", "michelle", "nicole",
        "hunter", "killer", "soccer", "hockey", "tigger", "pepper", "ginger",
        "cookie", "cheese", "banana", "orange", "purple", "yellow", "silver",
        "diamond", "mustang", "ferrari", "mercedes", "harley", "london",
        "paris", "america", "computer", "internet", "samsung", "pokemon",
        "naruto", "minecraft", "freedom", "whatever", "trustno", "butterfly",
        "chocolate", "rainbow", "phoenix", "matrix", "ninja", "dolphin",
        "deals", "coupon", "bargain"
    };
    static const char *const  ends[] = {
        "", "1", "2", "12", "123", "1234", "123456", "!", ".", "1!", "123!",
        "01", "69", "99", "1990", "2000", "2019", "2024", "2025", "2024!"
    };
    static const char *const  beginnings[] = { "", "1", "123", "!" };

    (void) state;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (form = 0; form < 4; form++) {
            for (j = 0; j < sizeof(ends) / sizeof(ends[0]); j++) {
                n = add(made, n, "", words[i], ends[j], form);
            }
            for (k = 1; k < sizeof(beginnings) / sizeof(beginnings[0]); k++) {
                n = add(made, n, beginnings[k], words[i], "", form);
                n = add(made, n, beginnings[k], words[i], "!", form);
            }
        }
    }

    qsort(made, n, sizeof(made[0]), by_text);

    for (i = 0; i < n; i++) {
        distinct += i == 0 || strcmp(made[i - 1], made[i]) != 0;
        if (accepts(made[i], "kim-lee", NULL)
            || strstr(error->message.data, "most used") == NULL)
        {
            fail_msg("accepted: %s", made[i]);
        }
    }

    print_message("# %zu common passwords are refused\n", distinct);
    assert_true(distinct >= 3000);

    while (n > 0) {
        free(made[--n]);
    }
}


static void
walks_and_repeats_are_refused(void **state)
{
    size_t  i;

    static const char *const  bad[] = {
        "aaaaaaaa", "........", "€€€€€€€€", "abcabcabc", "12341234",
        "abababab", "dealsdeals", "tea tea tea", "passwordpassword",
        "12345678", "87654321", "0123456789", "123456789a", "a123456789",
        "qwertyuiop", "poiuytrewq", "asdfghjkl", "lkjhgfdsa", "zxcvbnm,",
        "qweasdzxc", "qwe123asd", "QWEasd123", "abcdefgh", "hgfedcba",
        "1q2w3e4r", "1qaz2wsx", "zaq12wsx", "!QAZ2wsx", "abcd1234",
        "1234qwer", "111222333", "1234567!", "147258369", "a1b2c3d4",
        "19841984", "24121985", "12241985", "19851224", "01011990",
        "let me in", "Let-Me-In!", "i love you", "My Password 1", "monkeys!!",
        "l0v3l0v3!", "thedragon", "P455W0RD", "1l0vey0u", "$uper$tar",
        "!loveyou"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (accepts(bad[i], "kim-lee", NULL)) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}


static void
others_pass(void **state)
{
    size_t  i;

    static const char *const  good[] = {
        "correct horse battery staple", "my kettle boils 2024",
        "password of ann", "long enough for it", "quite another one",
        "a long password", "another password", "a longer password",
        "tr0ub4dor&3", "summer rain on tin", "2024 was a bad winter",
        "monkey business today", "dragons eat porridge", "iloveyou kettle",
        "qwerty is no keyboard", "abc of beekeeping", "12345 steps home",
        "footballs and kites", "V7kq-x2Lm", "x9Rf!pq2", "83917462",
        "tea and toast", "fjord wax quiz", "mein Schatz lacht",
        "пароль из слов", "password1234567", "!!!!password!!!",
        "kim-lee is my name", "hello kim-lee", "kim-lee1234567"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!accepts(good[i], "kim-lee", "kim.stone+x@example.org")) {
            fail_msg("refused: %s: %s", good[i], error->message.data);
        }
    }
}


/* Six characters around a word, and no more. */
static void
the_border(void **state)
{
    (void) state;

    assert_false(accepts("password987654", NULL, NULL));
    assert_true(accepts("password9876543", NULL, NULL));
    assert_false(accepts("987password654", NULL, NULL));
    assert_true(accepts("987password6543", NULL, NULL));
    assert_false(accepts("love9876", NULL, NULL));
    assert_true(accepts("love987x", NULL, NULL));
    assert_false(accepts("cat98765", NULL, NULL));

    assert_false(deals_password_is_common(S("")));
    assert_false(deals_password_is_common(DEALS_NONE));
    assert_false(deals_password_is_common(S("password\0kettle")));
    assert_false(deals_password_is_around(S("ab1234567"), S("ab")));
    assert_false(deals_password_is_around(S("longer one"), DEALS_NONE));
}


static void
what_is_known_of_a_member_is_refused(void **state)
{
    size_t  i;

    static const struct { const char *password, *message; } bad[] = {
        { "mossback", "must not be the name" },
        { "Mossback1", "name" }, { "MOSSBACK!", "name" },
        { "2024mossback", "name" }, { "m0ssb4ck", "name" },
        { "moss.back", "name" }, { "!mossback99!", "name" },
        { "kim.stone", "e-mail" }, { "KimStone", "e-mail" },
        { "kim.stone2024", "e-mail" }, { "k1m.st0ne!", "e-mail" },
        { "kim.stone@example.org", "e-mail" },
        { "deals2024", "most used" }, { "Deals123!", "most used" },
        { "d3als!!!", "most used" }, { "12345deals", "most used" }
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (accepts(bad[i].password, "Mossback", "Kim.Stone@example.org")
            || strstr(error->message.data, bad[i].message) == NULL)
        {
            fail_msg("%s: %s", bad[i].password,
                     error ? error->message.data : "accepted");
        }
    }

    assert_true(accepts("mossback1", "somebody", "kim.stone@example.org"));
    assert_true(accepts("kim.stone24", "Mossback", NULL));
    assert_true(accepts("mossback likes tea", "Mossback", NULL));
}


static const struct CMUnitTest  tests[] = {
    TEST(the_commonest_are_refused),
    TEST(walks_and_repeats_are_refused),
    TEST(others_pass),
    TEST(the_border),
    TEST(what_is_known_of_a_member_is_refused),
};

RUN("core_password", tests)
