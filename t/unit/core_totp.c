/*
 * Codes of a second factor, and recovery codes. The numbers are those of RFC 6238
 * (appendix B, SHA-1, the last six digits) and RFC 4648.
 */

#include "base_check.h"

#include "base/arena.h"
#include "core/totp.h"

#define SECRET  "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"      /* 12345678901234567890 */


static void
numbers_of_the_rfc(void **state)
{
    size_t  i;
    char    code[DEALS_TOTP_DIGITS + 1];

    static const struct { int64_t time; const char *code; } rfc[] = {
        { 59, "287082" }, { 1111111109, "081804" }, { 1111111111, "050471" },
        { 1234567890, "005924" }, { 2000000000, "279037" },
        { INT64_C(20000000000), "353130" }
    };

    (void) state;

    for (i = 0; i < sizeof(rfc) / sizeof(rfc[0]); i++) {
        assert_int_equal(deals_totp_code(S(SECRET), rfc[i].time / 30, code),
                         0);
        assert_string_equal(code, rfc[i].code);
        assert_true(deals_totp_match(S(SECRET), rfc[i].code, rfc[i].time, 0)
                    == rfc[i].time / 30);
    }

    assert_int_equal(deals_totp_code(S("GEZDGNBV"), 1, code), -1);
    assert_int_equal(deals_totp_code(S("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"), 1,
                                     code), -1);
    assert_int_equal(deals_totp_code(DEALS_NONE, 1, code), -1);
    assert_true(deals_totp_match(S("x"), "287082", 59, 0) == -1);
}


static void
a_step_either_side_and_never_again(void **state)
{
    int64_t  now;

    (void) state;

    /* 287082 is of step 1: seconds 30 to 59 */
    for (now = 0; now < 90; now++) {
        assert_true(deals_totp_match(S(SECRET), "287082", now, 0) == 1);
    }

    assert_true(deals_totp_match(S(SECRET), "287082", 90, 0) == 0);
    assert_true(deals_totp_match(S(SECRET), "287082", 59, 1) == 0);
    assert_true(deals_totp_match(S(SECRET), "287082", 59, 2) == 0);
    assert_true(deals_totp_match(S(SECRET), "287083", 59, 0) == 0);
}


static void
secrets_in_base32(void **state)
{
    static const unsigned char  bytes[20] = "12345678901234567890";
    static const unsigned char  ends[10] = { 0, 0, 0, 0, 0, 255, 255, 255, 255,
                                             255 };

    (void) state;
    assert_str(deals_base32(arena, bytes, 20), SECRET);
    assert_str(deals_base32(arena, (const unsigned char *) "fooba", 5),
               "MZXW6YTB");
    assert_str(deals_base32(arena, ends, 10), "AAAAAAAA77777777");
    assert_str(deals_base32(arena, bytes, 0), "");
    assert_str(deals_in_groups(arena, S("ABCDEFGH2"), ' '), "ABCD EFGH 2");
    assert_str(deals_in_groups(arena, S("ABCD"), '-'), "ABCD");
    assert_str(deals_in_groups(arena, S(""), '-'), "");
}


static void
what_people_type(void **state)
{
    size_t            i;
    deals_str         hash;
    deals_typed_code  code;

    static const char *const  nothing[] = {
        "", " ", "-", "12345", "1234567", "12345a", "123,456", "１２３４５６",
        "ABCD-EFGH-IJKL-MNOP-QRST-UVW", "ABCD-EFGH-IJKL-MNOP-QRST-UVWXY",
        "ABCD-EFGH-IJKL-MNOP-QRST-UVW1", "ABCD EFGH IJKL MNOP QRST UVW\n",
        "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z 2 3 4 5 6 7"
    };

    (void) state;
    assert_int_equal(deals_code_read(arena, S("123456"), &code), 0);
    assert_string_equal(code.digits, "123456");
    assert_null(code.recovery_hash.data);
    assert_int_equal(deals_code_read(arena, S(" 123 456-"), &code), 0);
    assert_string_equal(code.digits, "123456");

    hash = deals_recovery_hash(arena, S("ABCDEFGHIJKLMNOPQRSTUVWX"));
    assert_int_equal(hash.len, 64);
    assert_int_equal(deals_code_read(arena,
                         S("abcd-EFGH ijkl-mnop--qrst uvwx "), &code), 0);
    assert_string_equal(code.digits, "");
    assert_true(deals_str_eq(code.recovery_hash, hash));
    assert_int_equal(deals_code_read(arena, S("ABCDEFGHIJKLMNOPQRSTUVW2"),
                                     &code), 0);
    assert_false(deals_str_eq(code.recovery_hash, hash));

    for (i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        assert_int_equal(deals_code_read(arena, deals_str_of(nothing[i]),
                                         &code), 0);
        assert_string_equal(code.digits, "");
        assert_null(code.recovery_hash.data);
    }

    assert_int_equal(deals_code_read(arena, S("12345\0"), &code), 0);
    assert_string_equal(code.digits, "");
}


static void
an_address_for_phones(void **state)
{
    (void) state;
    assert_str(deals_totp_issuer(arena, S("Tea: & :Deals")), "Tea & Deals");
    assert_str(deals_totp_issuer(arena, S("")), "");
    assert_str(deals_totp_uri(arena, S("Tea & Käse"), S("a_b-c"), S(SECRET)),
               "otpauth://totp/Tea%20%26%20K%C3%A4se:a_b-c?secret=" SECRET
               "&issuer=Tea%20%26%20K%C3%A4se");
}


static void
wrong_codes_make_wait(void **state)
{
    int64_t  failed, last = 0;

    (void) state;

    for (failed = 0; failed < 5; failed++) {
        assert_true(deals_totp_pause(failed, 0) == 0);
        assert_true(deals_totp_pause(failed, 1) == 0);
    }

    assert_true(deals_totp_pause(5, 0) == 30);
    assert_true(deals_totp_pause(6, 0) == 60);
    assert_true(deals_totp_pause(7, 1) == 60);
    assert_true(deals_totp_pause(12, 0) == 3600);
    assert_true(deals_totp_pause(INT64_MAX, 0) == 3600);
    assert_true(deals_totp_pause(INT64_MAX, 1) == 60);

    for (failed = 5; failed < 100; failed++) {
        assert_true(deals_totp_pause(failed, 0) >= last);
        last = deals_totp_pause(failed, 0);
    }
}


static const struct CMUnitTest  tests[] = {
    TEST(numbers_of_the_rfc),
    TEST(a_step_either_side_and_never_again),
    TEST(secrets_in_base32),
    TEST(what_people_type),
    TEST(an_address_for_phones),
    TEST(wrong_codes_make_wait),
};

RUN("core_totp", tests)
