/* Rosters on the device: what the hub signed takes effect, and nothing else. */
#include "agent/rosters.h"
#include "platform/clock.h"
#include "tests/unit/agent/roster_case.h"

#define LISTS "[{'id':'main'},{'id':'vip','all_products':false,'products':['2']}]"

static struct rosters *rosters;

static void open_rosters(void)
{
    struct dl_why why = {""};
    if (rosters_open(&rosters, scratch_dir.s, case_sign_public, &why))
        fail_msg("%s", why.text);
}

static void reopen(void)
{
    rosters_close(rosters);
    open_rosters();
}

static int setup(void **state)
{
    if (scratch_make(state))
        return -1;
    open_rosters();
    return 0;
}

static int teardown(void **state)
{
    rosters_close(rosters);
    return scratch_remove(state);
}

static enum dl_err take_head_of(json_t *document)
{
    size_t len = 0;
    char *text = case_seal(document, &len);
    enum dl_err err = rosters_take_head(rosters, CASE_EVENT, text, len);
    json_text_free(text);
    return err;
}

static enum dl_err take_head(uint64_t version)
{
    return take_head_of(case_document(CASE_EVENT, version, LISTS));
}

/* The page that goes on where ours ends. */
static enum dl_err take_page(struct roster_ticket *tickets, size_t count, bool more)
{
    struct rosters_state state;
    rosters_state(rosters, CASE_EVENT, &state);
    struct roster_page page = {.event = CASE_EVENT,
                               .from_version = state.from_version,
                               .head_version = 1,
                               .more = more,
                               .count = count,
                               .tickets = tickets};
    memcpy(page.after, state.after, sizeof page.after);
    size_t len = 0;
    uint8_t *bytes = case_page(&page, &len);
    bool said = !more;
    enum dl_err err = rosters_take_page(rosters, CASE_EVENT, bytes, len, &said);
    if (!err)
        assert_int_equal(said, more);
    free(bytes);
    return err;
}

static enum dl_err find(const char *code, struct roster_ticket *ret)
{
    uint8_t hash[ROSTER_HASH_BYTES];
    case_hash(ROSTER_LABEL_TICKET, code, hash);
    struct rosters_view *view = rosters_get(rosters, CASE_EVENT);
    assert_non_null(view);
    enum dl_err err = rosters_find(rosters, view, hash, ret);
    rosters_put(rosters, view);
    return err;
}

static bool is_complete(void)
{
    struct rosters_view *view = rosters_get(rosters, CASE_EVENT);
    bool complete = view && view->complete;
    if (view)
        rosters_put(rosters, view);
    return complete;
}

static void a_roster_is_found_by_its_codes_after_a_restart_too(void **state)
{
    (void)state;
    struct roster_ticket t[] = {case_ticket("AAA", 1), case_ticket("BBB", 1)}, got;
    t[1].status = ROSTER_REVOKED;
    t[1].changed_ms = 77;
    t[1].valid_from_ms = 5;
    t[1].valid_until_ms = INT64_MAX;
    t[1].subevent = 3;
    t[1].attention = 4;
    t[1].order[0] = 9;
    struct roster_ticket want = t[1];
    assert_null(rosters_get(rosters, CASE_EVENT));
    assert_int_equal(take_head(1), DL_OK);
    assert_int_equal(take_page(t, 2, false), DL_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(find("AAA", &got), DL_OK);
        assert_int_equal(got.status, ROSTER_VALID);
        assert_int_equal(find("BBB", &got), DL_OK);
        assert_memory_equal(&got, &want, sizeof want);
        assert_int_equal(find("CCC", &got), DL_E_NOT_FOUND);
        assert_true(is_complete());
        reopen();
    }
}

static void nothing_is_judged_by_a_first_download_that_is_not_whole(void **state)
{
    (void)state;
    struct roster_ticket a[] = {case_ticket("AAA", 1)}, b[] = {case_ticket("BBB", 2)},
                         c[] = {case_ticket("CCC", 3)}, got;
    struct rosters_state st;
    assert_int_equal(take_head(1), DL_OK);
    assert_int_equal(take_page(a, 1, true), DL_OK);
    assert_false(is_complete());
    reopen(); /* the line broke: it goes on after the page that was taken */
    rosters_state(rosters, CASE_EVENT, &st);
    assert_int_equal(st.from_version, 1);
    assert_memory_equal(st.after, a[0].ticket, sizeof st.after);
    assert_int_equal(take_page(b, 1, false), DL_OK);
    assert_true(is_complete());
    assert_int_equal(take_page(c, 1, true), DL_OK);
    assert_true(is_complete()); /* later changes come one by one */
    assert_int_equal(find("AAA", &got), DL_OK);
    assert_int_equal(find("CCC", &got), DL_OK);
}

static void what_the_hub_did_not_sign_changes_nothing(void **state)
{
    (void)state;
    struct roster_ticket t[] = {case_ticket("AAA", 1)}, got;
    assert_int_equal(take_head(2), DL_OK);
    assert_int_equal(take_page(t, 1, false), DL_OK);
    size_t len = 0;
    char *text = case_seal(case_document(CASE_EVENT, 3, LISTS), &len);
    text[len / 2] ^= 1;
    assert_int_equal(rosters_take_head(rosters, CASE_EVENT, text, len), DL_E_CORRUPT);
    json_text_free(text);
    struct roster_ticket u[] = {case_ticket("BBB", 2)};
    struct roster_page page = {
        .event = CASE_EVENT, .from_version = 1, .head_version = 1, .count = 1, .tickets = u};
    memcpy(page.after, t[0].ticket, sizeof page.after);
    uint8_t *bytes = case_page(&page, &len);
    bool more = false;
    bytes[len - 100] ^= 1;
    assert_int_equal(rosters_take_page(rosters, CASE_EVENT, bytes, len, &more), DL_E_CORRUPT);
    bytes[len - 100] ^= 1;
    assert_int_equal(rosters_take_page(rosters, "other", bytes, len, &more), DL_E_CORRUPT);
    assert_int_equal(find("BBB", &got), DL_E_NOT_FOUND);
    assert_int_equal(rosters_take_page(rosters, CASE_EVENT, bytes, len, &more), DL_OK);
    assert_int_equal(find("BBB", &got), DL_OK);
    /* The same page again goes on where ours no longer ends. */
    assert_int_equal(rosters_take_page(rosters, CASE_EVENT, bytes, len, &more), DL_E_CORRUPT);
    free(bytes);
    assert_int_equal(take_head_of(case_document("other", 9, LISTS)), DL_E_CORRUPT);
    assert_int_equal(take_head(1), DL_E_CORRUPT); /* a replay */
    struct rosters_view *view = rosters_get(rosters, CASE_EVENT);
    assert_int_equal(view->head.version, 2);
    rosters_put(rosters, view);
}

static void a_page_whose_words_are_in_a_newer_head_waits_for_it(void **state)
{
    (void)state;
    struct roster_ticket t[] = {case_ticket("AAA", 1)};
    struct roster_page page = {
        .event = CASE_EVENT, .head_version = 2, .count = 1, .tickets = t};
    size_t len = 0;
    uint8_t *bytes = case_page(&page, &len);
    bool more = false;
    assert_int_equal(rosters_take_page(rosters, CASE_EVENT, bytes, len, &more), DL_E_CORRUPT);
    assert_int_equal(take_head(1), DL_OK);
    assert_int_equal(rosters_take_page(rosters, CASE_EVENT, bytes, len, &more), DL_E_CORRUPT);
    assert_int_equal(take_head(2), DL_OK);
    assert_int_equal(rosters_take_page(rosters, CASE_EVENT, bytes, len, &more), DL_OK);
    free(bytes);
}

static void another_key_starts_the_tickets_anew(void **state)
{
    (void)state;
    struct roster_ticket t[] = {case_ticket("AAA", 8)}, got;
    struct rosters_state st;
    assert_int_equal(take_head(1), DL_OK);
    assert_int_equal(take_page(t, 1, false), DL_OK);
    case_key_bytes[5] ^= 1;
    assert_int_equal(take_head(2), DL_OK);
    rosters_state(rosters, CASE_EVENT, &st);
    assert_int_equal(st.from_version, 0);
    assert_false(is_complete());
    struct roster_ticket u[] = {case_ticket("AAA", 1)};
    assert_int_equal(take_page(u, 1, false), DL_OK);
    assert_int_equal(find("AAA", &got), DL_OK);
    struct rosters_view *view = rosters_get(rosters, CASE_EVENT);
    assert_int_equal(rosters_find(rosters, view, t[0].ticket, &got), DL_E_NOT_FOUND);
    assert_int_equal(view->ticket_count, 1);
    rosters_put(rosters, view);
    case_key_bytes[5] ^= 1;
}

static void a_view_outlives_what_is_taken_meanwhile(void **state)
{
    (void)state;
    assert_int_equal(take_head(1), DL_OK);
    struct rosters_view *old = rosters_get(rosters, CASE_EVENT);
    assert_int_equal(take_head_of(case_document(CASE_EVENT, 2, "[{'id':'only'}]")), DL_OK);
    assert_non_null(roster_list_find(&old->head, "vip"));
    struct rosters_view *fresh = rosters_get(rosters, CASE_EVENT);
    assert_null(roster_list_find(&fresh->head, "vip"));
    rosters_put(rosters, fresh);
    rosters_put(rosters, old);
}

static void rosters_of_others_are_dropped_with_their_tickets(void **state)
{
    (void)state;
    struct roster_ticket t[] = {case_ticket("AAA", 1)};
    static const char *const both[] = {CASE_EVENT, "gala"}, *const gala[] = {"gala"};
    bool fresh = false;
    assert_int_equal(rosters_keep(rosters, both, 2, &fresh), DL_OK);
    assert_true(fresh);
    assert_int_equal(rosters_keep(rosters, both, 2, &fresh), DL_OK);
    assert_false(fresh);
    assert_int_equal(take_head(1), DL_OK);
    assert_int_equal(take_page(t, 1, false), DL_OK);
    assert_int_equal(rosters_keep(rosters, gala, 1, &fresh), DL_OK);
    assert_null(rosters_get(rosters, CASE_EVENT));
    reopen();
    assert_null(rosters_get(rosters, CASE_EVENT));
    assert_int_equal(rosters_keep(rosters, both, 2, &fresh), DL_OK);
    assert_true(fresh);
    struct rosters_state st;
    rosters_state(rosters, CASE_EVENT, &st);
    assert_int_equal(st.from_version, 0);
}

static void the_tickets_of_an_order_are_found_by_its_hash(void **state)
{
    (void)state;
    struct roster_ticket t[] = {case_ticket("A", 1), case_ticket("B", 1), case_ticket("C", 1)},
                         got[4];
    uint8_t order[ROSTER_HASH_BYTES];
    size_t count = 9;
    case_hash(ROSTER_LABEL_ORDER, "ORDER1", order);
    memcpy(t[0].order, order, ROSTER_ORDER_BYTES);
    memcpy(t[2].order, order, ROSTER_ORDER_BYTES);
    assert_int_equal(take_head(1), DL_OK);
    assert_int_equal(take_page(t, 3, false), DL_OK);
    struct rosters_view *view = rosters_get(rosters, CASE_EVENT);
    assert_int_equal(rosters_of_order(rosters, view, order, got, 4, &count), DL_OK);
    assert_int_equal(count, 2);
    assert_int_equal(rosters_of_order(rosters, view, order, got, 1, &count), DL_OK);
    assert_int_equal(count, 1);
    order[0] ^= 1;
    assert_int_equal(rosters_of_order(rosters, view, order, got, 4, &count), DL_OK);
    assert_int_equal(count, 0);
    rosters_put(rosters, view);
}

static void its_age_counts_from_what_the_hub_last_said(void **state)
{
    (void)state;
    assert_int_equal(take_head(1), DL_OK);
    assert_int_equal(rosters_age_s(rosters, CASE_EVENT), -1);
    rosters_check(rosters, CASE_EVENT, clock_wall_ms() - 65000);
    assert_in_range(rosters_age_s(rosters, CASE_EVENT), 65, 75);
    reopen();
    assert_in_range(rosters_age_s(rosters, CASE_EVENT), 65, 75);
    rosters_check(rosters, CASE_EVENT, clock_wall_ms());
    assert_in_range(rosters_age_s(rosters, CASE_EVENT), 0, 9);
}

/* Everything in the folder. */
static bool lies_on_disk(const void *needle, size_t len)
{
    static const char *const names[] = {"rosters.db", "rosters.db-wal", "rosters.key"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        if (file_read(at(names[i]), 1 << 24, &bytes, &size))
            continue;
        for (size_t k = 0; !found && k + len <= size; k++)
            found = memcmp(bytes + k, needle, len) == 0;
        free(bytes);
    }
    return found;
}

static void neither_key_nor_names_lie_in_the_clear(void **state)
{
    (void)state;
    struct roster_ticket t[] = {case_ticket("AAA", 1)};
    char base64[64];
    assert_int_equal(take_head(1), DL_OK);
    assert_int_equal(take_page(t, 1, false), DL_OK);
    sodium_bin2base64(base64, sizeof base64, case_key_bytes, sizeof case_key_bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    assert_true(lies_on_disk(t[0].ticket, sizeof t[0].ticket)); /* so it looks everywhere */
    assert_false(lies_on_disk(case_key_bytes, sizeof case_key_bytes));
    assert_false(lies_on_disk(base64, strlen(base64)));
    assert_false(lies_on_disk("The Fest", 8));
}

static void without_its_key_a_roster_is_asked_for_again(void **state)
{
    (void)state;
    struct roster_ticket t[] = {case_ticket("AAA", 1)};
    struct rosters_state st;
    assert_int_equal(take_head(3), DL_OK);
    assert_int_equal(take_page(t, 1, false), DL_OK);
    rosters_close(rosters);
    assert_int_equal(file_remove(at("rosters.key")), DL_OK);
    open_rosters();
    assert_null(rosters_get(rosters, CASE_EVENT));
    rosters_state(rosters, CASE_EVENT, &st);
    assert_int_equal(st.head_version, 0);
    assert_int_equal(take_head(3), DL_OK);
    assert_false(is_complete()); /* whether the key is the same nobody can tell */
    assert_int_equal(take_page(t, 1, false), DL_OK);
    assert_true(is_complete());
}

static void a_damaged_file_is_begun_anew(void **state)
{
    (void)state;
    assert_int_equal(take_head(1), DL_OK);
    rosters_close(rosters);
    uint8_t *bytes = NULL;
    size_t len = 0;
    assert_int_equal(file_read(at("rosters.db"), 1 << 24, &bytes, &len), DL_OK);
    memset(bytes + 100, 0xEE, len - 100);
    assert_int_equal(file_write(at("rosters.db"), bytes, len), DL_OK);
    free(bytes);
    open_rosters();
    assert_null(rosters_get(rosters, CASE_EVENT));
    assert_int_equal(take_head(1), DL_OK);
}

static void a_hundred_thousand_tickets_take_less_than_8_mb(void **state)
{
    (void)state;
    static struct roster_ticket all[100000];
    const size_t count = sizeof all / sizeof all[0], at_once = ROSTER_PAGE_ROWS_MAX;
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct roster_ticket){.version = 1, .product = 1 + i % 2, .subevent = 3};
        random_bytes(all[i].ticket, sizeof all[i].ticket);
        random_bytes(all[i].order, sizeof all[i].order);
    }
    qsort(all, count, sizeof all[0], case_compare);
    assert_int_equal(take_head(1), DL_OK);
    for (size_t i = 0; i < count; i += at_once)
        assert_int_equal(take_page(all + i, at_once, i + at_once < count), DL_OK);
    struct rosters_view *view = rosters_get(rosters, CASE_EVENT);
    assert_int_equal(view->ticket_count, count);
    assert_int_equal(view->group_count, 2);
    rosters_put(rosters, view);
    reopen();
    uint64_t size = 0;
    assert_int_equal(file_size(at("rosters.db"), &size), DL_OK);
    print_message("%zu tickets: %llu bytes\n", count, (unsigned long long)size);
    assert_true(size < 8000000);
}

static int make_sign(void **state)
{
    if (scratch_make(state) || case_sign_make())
        return -1;
    return scratch_remove(state);
}

static int drop_sign(void **state)
{
    (void)state;
    sign_key_free(case_sign);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_roster_is_found_by_its_codes_after_a_restart_too),
        TEST(nothing_is_judged_by_a_first_download_that_is_not_whole),
        TEST(what_the_hub_did_not_sign_changes_nothing),
        TEST(a_page_whose_words_are_in_a_newer_head_waits_for_it),
        TEST(another_key_starts_the_tickets_anew),
        TEST(a_view_outlives_what_is_taken_meanwhile),
        TEST(rosters_of_others_are_dropped_with_their_tickets),
        TEST(the_tickets_of_an_order_are_found_by_its_hash),
        TEST(its_age_counts_from_what_the_hub_last_said),
        TEST(neither_key_nor_names_lie_in_the_clear),
        TEST(without_its_key_a_roster_is_asked_for_again),
        TEST(a_damaged_file_is_begun_anew),
        TEST(a_hundred_thousand_tickets_take_less_than_8_mb),
    };
    return cmocka_run_group_tests(tests, make_sign, drop_sign);
}
