#include "crypto/secret.h"
#include "sync/roster.h"
#include "tests/unit/platform/scratch.h"

static struct sign_key *sign;
static uint8_t sign_public[SIGN_PUBLIC_BYTES];

static int setup(void **state)
{
    struct file_path path;
    if (crypto_setup() != DL_OK || scratch_make(state) != 0 ||
        file_join(&path, scratch_dir.s, "sign.key") != DL_OK ||
        sign_key_create(path.s) != DL_OK || sign_key_load(&sign, path.s) != DL_OK)
        return -1;
    sign_key_public(sign, sign_public);
    return 0;
}

static int teardown(void **state)
{
    sign_key_free(sign);
    return scratch_remove(state);
}

/* ---- pages --------------------------------------------------------------------------- */

static struct roster_ticket row(uint64_t version, uint8_t first)
{
    struct roster_ticket t = {.version = version, .product = 1, .attention = 2};
    memset(t.ticket, first, sizeof t.ticket);
    return t;
}

static uint8_t *encode(const struct roster_page *page, size_t *ret_len)
{
    uint8_t *bytes = NULL;
    assert_int_equal(roster_page_encode(page, sign, &bytes, ret_len), DL_OK);
    return bytes;
}

static void a_page_comes_back_as_it_went(void **state)
{
    (void)state;
    struct roster_ticket rows[] = {row(3, 9), row(4, 1), row(4, 2)};
    rows[1].status = ROSTER_REVOKED;
    rows[1].changed_ms = 99;
    rows[2].valid_from_ms = -1;
    rows[2].valid_until_ms = INT64_MAX;
    struct roster_page page = {.event = "summit",
                               .from_version = 3,
                               .head_version = 2,
                               .more = true,
                               .count = 3,
                               .tickets = rows},
                       got;
    memset(page.after, 8, sizeof page.after);
    size_t len = 0;
    uint8_t *bytes = encode(&page, &len);
    assert_int_equal(roster_page_decode(bytes, len, sign_public, &got), DL_OK);
    assert_string_equal(got.event, "summit");
    assert_int_equal(got.from_version, 3);
    assert_int_equal(got.head_version, 2);
    assert_true(got.more);
    assert_int_equal(got.count, 3);
    assert_memory_equal(got.tickets, rows, sizeof rows);
    free(got.tickets);
    free(bytes);
}

static void one_ticket_is_a_short_page(void **state)
{
    (void)state;
    struct roster_ticket rows[] = {row(1, 1)};
    struct roster_page page = {.event = "summit", .count = 1, .tickets = rows};
    size_t len = 0;
    free(encode(&page, &len));
    assert_true(len < 200);
}

static void every_changed_bit_and_every_cut_is_refused(void **state)
{
    (void)state;
    struct roster_ticket rows[] = {row(1, 1), row(2, 1)};
    struct roster_page page = {.event = "summit", .count = 2, .tickets = rows}, got;
    size_t len = 0;
    uint8_t *bytes = encode(&page, &len);
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(roster_page_decode(bytes, len, sign_public, &got), DL_E_CORRUPT);
        bytes[i] ^= 0x10;
        assert_int_equal(roster_page_decode(bytes, i, sign_public, &got), DL_E_CORRUPT);
    }
    free(bytes);
}

static void rows_out_of_order_are_refused(void **state)
{
    (void)state;
    struct roster_ticket rows[] = {row(2, 1), row(1, 2)}, twice[] = {row(2, 1), row(2, 1)};
    struct roster_page page = {.event = "summit", .count = 2, .tickets = rows}, got;
    size_t len = 0;
    uint8_t *bytes = encode(&page, &len);
    assert_int_equal(roster_page_decode(bytes, len, sign_public, &got), DL_E_CORRUPT);
    free(bytes);
    page.tickets = twice;
    bytes = encode(&page, &len);
    assert_int_equal(roster_page_decode(bytes, len, sign_public, &got), DL_E_CORRUPT);
    free(bytes);
    page.count = 1;
    page.from_version = 3; /* these were there before */
    bytes = encode(&page, &len);
    assert_int_equal(roster_page_decode(bytes, len, sign_public, &got), DL_E_CORRUPT);
    free(bytes);
}

/* ---- heads --------------------------------------------------------------------------- */

static json_t *head_json(void)
{
    return json_loads(
        "{\"event\":\"summit\",\"version\":4,"
        "\"key\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\","
        "\"zone\":[[0,60],[1792890000000,120]],\"words\":[\"\",\"7\",\"VIP\"],"
        "\"names\":{\"7\":\"Day ticket\"},"
        "\"signers\":[\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"],"
        "\"peers\":[{\"device\":\"gate-2\",\"address\":\"10.0.0.2:8790\"}],"
        "\"lists\":[{\"id\":\"main\"},{\"id\":\"vip\",\"name\":\"VIP lounge\","
        "\"all_products\":false,\"products\":[\"7\"],\"subevent\":\"fri\","
        "\"allow_multiple_entries\":true,\"exit_all_minute\":300,\"gates\":[\"north\"],"
        "\"unknown\":\"accept_signed\",\"rules\":{\"<\":[{\"var\":\"entries_today\"},3]}}]}",
        0, NULL);
}

static void a_head_is_read_with_its_defaults(void **state)
{
    (void)state;
    struct roster_head head;
    struct checkin_policy policy;
    assert_int_equal(roster_head_read(head_json(), &head, NULL), DL_OK);
    assert_string_equal(head.name, "summit");
    assert_int_equal(head.key[31], 31);
    assert_int_equal(head.zone.steps[1].offset_min, 120);
    assert_int_equal(head.signer_count, 1);
    assert_string_equal(head.peers[0].address, "10.0.0.2:8790");
    const struct roster_list *plain = roster_list_find(&head, "main");
    const struct roster_list *vip = roster_list_find(&head, "vip");
    assert_null(roster_list_find(&head, "none"));
    assert_true(roster_list_admits(plain, "9", NULL));
    assert_true(roster_list_has_gate(plain, "south"));
    assert_int_equal(plain->unknown, ROSTER_DENY);
    roster_policy(&head, plain, &policy);
    assert_true(policy.allow_entry_after_exit && !policy.allow_multiple_entries);
    assert_int_equal(policy.exit_all_minute, CHECKIN_NO_EXIT_ALL);
    assert_true(roster_list_admits(vip, "7", "fri"));
    assert_false(roster_list_admits(vip, "7", "sat"));
    assert_false(roster_list_admits(vip, "9", "fri"));
    assert_false(roster_list_has_gate(vip, "south"));
    assert_int_equal(vip->unknown, ROSTER_ACCEPT_SIGNED);
    assert_string_equal(roster_word(&head, 2), "VIP");
    assert_null(roster_word(&head, 0));
    assert_null(roster_word(&head, 3));
    roster_head_done(&head);
}

static void a_signed_head_opens_and_a_changed_one_does_not(void **state)
{
    (void)state;
    struct roster_head head;
    json_t *document = head_json();
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(roster_head_seal(document, sign, &text, &len), DL_OK);
    assert_int_equal(roster_head_open(text, len, sign_public, &head), DL_OK);
    assert_int_equal(head.version, 4);
    roster_head_done(&head);
    sign_public[0] ^= 1;
    assert_int_equal(roster_head_open(text, len, sign_public, &head), DL_E_CORRUPT);
    sign_public[0] ^= 1;
    char *letter = strstr(text, "document") + 14;
    *letter = *letter == 'A' ? 'B' : 'A';
    assert_int_equal(roster_head_open(text, len, sign_public, &head), DL_E_CORRUPT);
    json_text_free(text);
    json_decref(document);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *member, *value, *said;
    } bad[] = {
        {"event", "\"\"", "event"},
        {"version", "0", "version"},
        {"key", "\"AAEC\"", "key"},
        {"zone", "[[5,0],[5,0]]", "zone"},
        {"words", "[\"x\"]", "words"},
        {"signers", "[\"AAEC\"]", "signers"},
        {"peers", "[{\"device\":\"g\"}]", "address"},
        {"lists", "[]", "lists"},
        {"lists", "[{\"id\":\"a\"},{\"id\":\"a\"}]", "no two lists"},
        {"lists", "[{\"id\":\"a\",\"unknown\":\"perhaps\"}]", "list a: unknown"},
        {"lists", "[{\"id\":\"a\",\"rules\":{\"xor\":[]}}]", "list a: rules"},
        {"lists", "[{\"id\":\"a\",\"exit_all_minute\":1440}]", "list a: exit_all_minute"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct roster_head head;
        struct dl_why why = {""};
        json_t *document = head_json();
        json_object_set_new(document, bad[i].member,
                            json_loads(bad[i].value, JSON_DECODE_ANY, NULL));
        assert_int_equal(roster_head_read(document, &head, &why), DL_E_INPUT);
        assert_non_null(strstr(why.text, bad[i].said));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_comes_back_as_it_went),
        cmocka_unit_test(one_ticket_is_a_short_page),
        cmocka_unit_test(every_changed_bit_and_every_cut_is_refused),
        cmocka_unit_test(rows_out_of_order_are_refused),
        cmocka_unit_test(a_head_is_read_with_its_defaults),
        cmocka_unit_test(a_signed_head_opens_and_a_changed_one_does_not),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
