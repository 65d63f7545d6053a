#include "tests/unit/hub/fixture.h"

#include "hub/devices.h"
#include "hub/roster_csv.h"
#include "hub/rosters.h"

#define EVENT    "summer26"
#define DAY_MS   INT64_C(86400000)
#define MANY     (2 * ROSTER_PAGE_ROWS_MAX + 3)
#define HEAD_CSV "code,product,order,attention,status\n"

static struct rosters_change import_at(struct fixture *fx, const char *csv, int64_t now_ms)
{
    struct roster_draft draft;
    struct rosters_change change;
    struct dl_why why = {""};
    assert_int_equal(rosters_draft(fx->hub, EVENT, NULL, now_ms, &draft, &why), DL_OK);
    if (roster_csv_read(&draft, csv, strlen(csv), &why) ||
        rosters_import(fx->hub, &draft, false, "cli:0", now_ms, &change, &why))
        fail_msg("%s", why.text);
    roster_draft_done(&draft);
    return change;
}

static struct rosters_change import_csv(struct fixture *fx, const char *csv)
{
    return import_at(fx, csv, NOW_MS);
}

static int64_t gate_named(struct fixture *fx, const char *name, const char *address)
{
    struct store_device device;
    struct store *st = fx->hub->store;
    struct till t;
    size_t count = 0;
    struct dl_why why = {""};
    till_init(&t, fx, name);
    if (rosters_assign(fx->hub, EVENT, name, "north", address, "cli:0", NOW_MS, &count, &why))
        fail_msg("%s", why.text);
    assert_int_equal(count, 1);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->device_find(st, name, &device), DL_OK);
    st->rollback(st);
    till_done(&t);
    return device.no;
}

/* A page, its signature checked; the caller frees its tickets. *ret_len may be NULL. */
static struct roster_page page_after(struct fixture *fx, int64_t device, uint64_t from,
                                     const uint8_t *after, size_t *ret_len)
{
    static const uint8_t zeros[ROSTER_HASH_BYTES] = {0};
    uint8_t *bytes = NULL, public_key[SIGN_PUBLIC_BYTES];
    struct roster_page page;
    size_t len = 0;
    sign_key_public(fx->hub->sign_key, public_key);
    assert_int_equal(
        rosters_page_for(fx->hub, EVENT, device, from, after ? after : zeros, &bytes, &len),
        DL_OK);
    assert_int_equal(roster_page_decode(bytes, len, public_key, &page), DL_OK);
    free(bytes);
    if (ret_len)
        *ret_len = len;
    return page;
}

/* The head as a device opens it; the caller ends it with roster_head_done. */
static struct roster_head head_of(struct fixture *fx, int64_t device)
{
    char *text = NULL;
    size_t len = 0;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    struct roster_head head;
    sign_key_public(fx->hub->sign_key, public_key);
    assert_int_equal(rosters_head_for(fx->hub, EVENT, device, &text, &len), DL_OK);
    assert_int_equal(roster_head_open(text, len, public_key, &head), DL_OK);
    json_text_free(text);
    return head;
}

/* How a device finds a ticket in a page: by the key of the head. */
static const struct roster_ticket *ticket_of(const struct roster_head *head,
                                             const struct roster_page *page, const char *code)
{
    struct roster_key *key = NULL;
    uint8_t hash[ROSTER_HASH_BYTES];
    assert_int_equal(roster_key_from(&key, head->key), DL_OK);
    assert_int_equal(roster_hash(key, ROSTER_LABEL_TICKET, code, strlen(code), hash), DL_OK);
    roster_key_free(key);
    for (size_t i = 0; i < page->count; i++)
        if (memcmp(page->tickets[i].ticket, hash, sizeof hash) == 0)
            return &page->tickets[i];
    return NULL;
}

/* ---- what an import changes ------------------------------------------------------------- */

static void a_gate_finds_the_tickets_of_a_file(void **state)
{
    struct fixture *fx = *state;
    import_csv(fx, HEAD_CSV "A-1,adult,ORD1,bring ID,\nA-2,child,ORD1,,blocked\n");
    int64_t device = gate_named(fx, "gate-1", NULL);
    struct roster_head head = head_of(fx, device);
    struct roster_page page = page_after(fx, device, 0, NULL, NULL);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.head_version, head.version);
    assert_string_equal(page.event, EVENT);
    const struct roster_ticket *a = ticket_of(&head, &page, " A-1\n");
    const struct roster_ticket *b = ticket_of(&head, &page, "A-2");
    assert_non_null(a);
    assert_non_null(b);
    assert_null(ticket_of(&head, &page, "A-3"));
    assert_int_equal(a->status, ROSTER_VALID);
    assert_int_equal(a->changed_ms, 0);
    assert_int_equal(b->status, ROSTER_BLOCKED);
    assert_int_equal(b->changed_ms, NOW_MS);
    assert_string_equal(roster_word(&head, a->product), "adult");
    assert_string_equal(roster_word(&head, a->attention), "bring ID");
    assert_null(roster_word(&head, b->attention));
    assert_memory_equal(a->order, b->order, sizeof a->order);
    assert_int_equal(head.list_count, 1);
    assert_string_equal(head.lists[0].id, "main");
    free(page.tickets);
    roster_head_done(&head);
}

static void the_same_file_again_changes_nothing(void **state)
{
    static const char csv[] = HEAD_CSV "A-1,adult,,,\nA-2,child,,,\n";
    struct fixture *fx = *state;
    struct rosters_change first = import_csv(fx, csv);
    struct rosters_change again = import_at(fx, csv, NOW_MS + DAY_MS);
    assert_true(first.created);
    assert_int_equal(first.added, 2);
    assert_false(again.created);
    assert_false(again.head_changed);
    assert_int_equal(again.unchanged, 2);
    assert_int_equal(again.added + again.changed + again.removed, 0);
    assert_int_equal(again.head_version, first.head_version);
    assert_int_equal(again.ticket_version, first.ticket_version);
}

static void one_changed_ticket_is_one_short_page(void **state)
{
    struct fixture *fx = *state;
    char *csv = malloc(64 + 40 * 1000);
    size_t len = 0;
    len += (size_t)sprintf(csv, HEAD_CSV);
    for (int i = 0; i < 1000; i++)
        len += (size_t)sprintf(csv + len, "A-%04d,adult,,,valid   \n", i);
    import_csv(fx, csv);
    int64_t device = gate_named(fx, "gate-1", NULL);
    struct roster_page all = page_after(fx, device, 0, NULL, NULL);
    assert_int_equal(all.count, 1000);
    const struct roster_ticket *last = &all.tickets[999];
    memcpy(strstr(csv, "A-0500,adult,,,valid") + strlen("A-0500,adult,,,"), "revoked", 7);
    struct rosters_change change = import_csv(fx, csv);
    assert_int_equal(change.changed, 1);
    assert_int_equal(change.ticket_version, last->version + 1);
    struct roster_page more = page_after(fx, device, last->version, last->ticket, &len);
    assert_int_equal(more.count, 1);
    assert_int_equal(more.tickets[0].status, ROSTER_REVOKED);
    assert_true(len < 1000);
    free(more.tickets);
    free(all.tickets);
    free(csv);
}

static void what_a_file_does_not_tell_any_more_is_removed_and_may_return(void **state)
{
    struct fixture *fx = *state;
    import_csv(fx, HEAD_CSV "A-1,adult,,,\nA-2,adult,,,\n");
    int64_t device = gate_named(fx, "gate-1", NULL);
    struct rosters_change gone = import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    assert_int_equal(gone.removed, 1);
    assert_int_equal(gone.unchanged, 1);
    struct roster_head head = head_of(fx, device);
    struct roster_page page = page_after(fx, device, 0, NULL, NULL);
    assert_int_equal(ticket_of(&head, &page, "A-2")->status, ROSTER_REMOVED);
    assert_int_equal(page.tickets[page.count - 1].version, gone.ticket_version);
    free(page.tickets);
    struct rosters_change back = import_csv(fx, HEAD_CSV "A-1,adult,,,\nA-2,adult,,,\n");
    assert_int_equal(back.added, 1);
    page = page_after(fx, device, 0, NULL, NULL);
    assert_int_equal(ticket_of(&head, &page, "A-2")->status, ROSTER_VALID);
    free(page.tickets);
    roster_head_done(&head);
}

static void a_dry_run_tells_and_changes_nothing(void **state)
{
    struct fixture *fx = *state;
    static const char csv[] = HEAD_CSV "A-1,adult,,,\n";
    struct roster_draft draft;
    struct rosters_change change;
    json_t *list = NULL;
    assert_int_equal(rosters_draft(fx->hub, EVENT, NULL, NOW_MS, &draft, NULL), DL_OK);
    assert_int_equal(roster_csv_read(&draft, csv, strlen(csv), NULL), DL_OK);
    assert_int_equal(rosters_import(fx->hub, &draft, true, "cli:0", NOW_MS, &change, NULL),
                     DL_OK);
    roster_draft_done(&draft);
    assert_int_equal(change.added, 1);
    assert_int_equal(rosters_list(fx->hub->reader, &list), DL_OK);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void words_keep_their_places_as_products_come_and_go(void **state)
{
    struct fixture *fx = *state;
    import_csv(fx, HEAD_CSV "A-1,adult,,,\nA-2,child,,,\n");
    struct rosters_change change = import_csv(fx, HEAD_CSV "A-3,student,,,\nA-2,child,,,\n");
    assert_true(change.head_changed);
    assert_int_equal(change.unchanged, 1);
    int64_t device = gate_named(fx, "gate-1", NULL);
    struct roster_head head = head_of(fx, device);
    struct roster_page page = page_after(fx, device, 0, NULL, NULL);
    assert_string_equal(roster_word(&head, ticket_of(&head, &page, "A-1")->product), "adult");
    assert_string_equal(roster_word(&head, ticket_of(&head, &page, "A-2")->product), "child");
    assert_string_equal(roster_word(&head, ticket_of(&head, &page, "A-3")->product), "student");
    free(page.tickets);
    roster_head_done(&head);
}

static void revoked_by_hand_outlives_imports_until_it_is_taken_back(void **state)
{
    static const char csv[] = HEAD_CSV "A-1,adult,,,\nA-2,adult,,,\n";
    struct fixture *fx = *state;
    const struct rosters_ticket_name names[] = {{.code = "A-1", .code_len = 3},
                                                {.code = "signed", .code_len = 6}};
    size_t changed = 0;
    import_csv(fx, csv);
    int64_t device = gate_named(fx, "gate-1", NULL);
    assert_int_equal(
        rosters_revoke(fx->hub, EVENT, names, 2, false, "cli:0", NOW_MS + 5, &changed), DL_OK);
    assert_int_equal(changed, 2);
    struct rosters_change change = import_csv(fx, csv);
    assert_int_equal(change.by_hand, 1);
    assert_int_equal(change.changed + change.removed, 0);
    change = import_csv(fx, HEAD_CSV "A-2,adult,,,\n");
    assert_int_equal(change.removed, 0);
    struct roster_head head = head_of(fx, device);
    struct roster_page page = page_after(fx, device, 0, NULL, NULL);
    assert_int_equal(ticket_of(&head, &page, "A-1")->status, ROSTER_REVOKED);
    assert_int_equal(ticket_of(&head, &page, "A-1")->changed_ms, NOW_MS + 5);
    assert_int_equal(ticket_of(&head, &page, "signed")->status, ROSTER_REVOKED);
    free(page.tickets);
    assert_int_equal(rosters_revoke(fx->hub, EVENT, names, 1, true, "cli:0", NOW_MS, &changed),
                     DL_OK);
    assert_int_equal(changed, 1);
    page = page_after(fx, device, 0, NULL, NULL);
    assert_int_equal(ticket_of(&head, &page, "A-1")->status, ROSTER_VALID);
    free(page.tickets);
    roster_head_done(&head);
    change = import_csv(fx, HEAD_CSV "A-2,adult,,,\n");
    assert_int_equal(change.removed, 1);
}

/* ---- a download ------------------------------------------------------------------------- */

/* Digits of `i` make the code; one in 7 has another product where `changed`. */
static char *many_tickets(bool changed)
{
    char *csv = malloc(64 + (size_t)MANY * 32);
    size_t len = (size_t)sprintf(csv, HEAD_CSV);
    for (int i = 0; i < MANY; i++)
        len += (size_t)sprintf(csv + len, "T%06d,%s,,,\n", i,
                               changed && i % 7 == 0 ? "child" : "adult");
    return csv;
}

static enum dl_err keep_roster(void *ctx, const struct store_gate *gate)
{
    *(int64_t *)ctx = gate->roster;
    return DL_OK;
}

static void a_download_goes_on_after_any_row_and_sees_each_change_once(void **state)
{
    struct fixture *fx = *state;
    char *before = many_tickets(false), *after = many_tickets(true);
    import_csv(fx, before);
    int64_t device = gate_named(fx, "gate-1", NULL);
    struct roster_page first = page_after(fx, device, 0, NULL, NULL);
    assert_int_equal(first.count, ROSTER_PAGE_ROWS_MAX);
    assert_true(first.more);
    /* Broken off within a page: the rest of it is the next one's beginning. */
    const struct roster_ticket *mark = &first.tickets[1233];
    struct roster_page next = page_after(fx, device, mark->version, mark->ticket, NULL);
    assert_memory_equal(next.tickets[0].ticket, first.tickets[1234].ticket, ROSTER_HASH_BYTES);
    free(next.tickets);
    /* Then a change, and on from where the first page ended. */
    struct rosters_change change = import_csv(fx, after);
    mark = &first.tickets[first.count - 1];
    uint64_t from = mark->version;
    uint8_t at[ROSTER_HASH_BYTES];
    memcpy(at, mark->ticket, sizeof at);
    size_t rows = 0, changed = 0;
    for (bool more = true; more;) {
        struct roster_page page = page_after(fx, device, from, at, NULL);
        more = page.more;
        for (size_t i = 0; i < page.count; i++)
            changed += page.tickets[i].version == change.ticket_version;
        rows += page.count;
        from = page.tickets[page.count - 1].version;
        memcpy(at, page.tickets[page.count - 1].ticket, sizeof at);
        free(page.tickets);
    }
    assert_int_equal(changed, change.changed);
    assert_int_equal(changed, (MANY + 6) / 7);
    /* All that did not change came once; those in the first page that did, twice. */
    size_t again = 0;
    struct roster_page end = page_after(fx, device, from, at, NULL);
    assert_int_equal(end.count, 0);
    assert_false(end.more);
    free(end.tickets);
    struct store *st = fx->hub->reader;
    struct store_ticket row;
    int64_t roster = 0;
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->rosters.of_device(st, device, keep_roster, &roster), DL_OK);
    for (size_t i = 0; i < first.count; i++) {
        assert_int_equal(st->rosters.ticket_find(st, roster, first.tickets[i].ticket, &row),
                         DL_OK);
        again += row.row.version == change.ticket_version;
    }
    st->rollback(st);
    assert_int_equal(rows, MANY - first.count + again);
    free(first.tickets);
    free(before);
    free(after);
}

/* ---- who gets it ------------------------------------------------------------------------ */

static void only_devices_that_were_given_it_get_anything(void **state)
{
    struct fixture *fx = *state;
    static const uint8_t zeros[ROSTER_HASH_BYTES] = {0};
    struct till t;
    char *text = NULL;
    uint8_t *page = NULL;
    size_t len = 0, count = 0;
    import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    till_init(&t, fx, "till-1");
    assert_int_equal(rosters_head_for(fx->hub, EVENT, t.device, &text, &len), DL_E_NOT_FOUND);
    assert_int_equal(rosters_page_for(fx->hub, EVENT, t.device, 0, zeros, &page, &len),
                     DL_E_NOT_FOUND);
    assert_int_equal(
        rosters_assign(fx->hub, EVENT, NULL, NULL, NULL, "cli:0", NOW_MS, &count, NULL), DL_OK);
    assert_int_equal(count, 1);
    struct roster_head head = head_of(fx, t.device);
    roster_head_done(&head);
    assert_int_equal(
        rosters_unassign(fx->hub->store, EVENT, "till-1", "cli:0", NOW_MS, &count, NULL),
        DL_OK);
    assert_int_equal(rosters_head_for(fx->hub, EVENT, t.device, &text, &len), DL_E_NOT_FOUND);
    till_done(&t);
}

static void the_head_names_gates_and_a_revoked_one_leaves_it(void **state)
{
    struct fixture *fx = *state;
    import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    int64_t one = gate_named(fx, "gate-1", "10.0.0.1:8790");
    gate_named(fx, "gate-2", "10.0.0.2:8790");
    gate_named(fx, "gate-3", NULL);
    struct roster_head head = head_of(fx, one);
    uint64_t version = head.version;
    assert_int_equal(head.peer_count, 2);
    assert_string_equal(head.peers[1].device, "gate-2");
    assert_string_equal(head.peers[1].address, "10.0.0.2:8790");
    assert_string_equal(json_get_str(head.document, "gate"), "north");
    roster_head_done(&head);
    assert_int_equal(devices_revoke(fx->hub->store, "gate-2", "cli:0", NOW_MS), DL_OK);
    head = head_of(fx, one);
    assert_int_equal(head.peer_count, 1);
    assert_true(head.version > version);
    roster_head_done(&head);
}

static void given_again_without_them_gate_and_address_stay(void **state)
{
    struct fixture *fx = *state;
    size_t count = 0;
    import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    int64_t one = gate_named(fx, "gate-1", "10.0.0.1:8790");
    assert_int_equal(
        rosters_assign(fx->hub, EVENT, NULL, NULL, NULL, "cli:0", NOW_MS, &count, NULL), DL_OK);
    struct roster_head head = head_of(fx, one);
    assert_int_equal(head.peer_count, 1);
    assert_string_equal(json_get_str(head.document, "gate"), "north");
    roster_head_done(&head);
}

static void an_address_is_one_that_needs_no_resolver(void **state)
{
    static const struct {
        const char *address;
        enum dl_err want;
    } cases[] = {{"192.0.2.7:8788", DL_OK},
                 {"[2001:db8::7]:8788", DL_OK},
                 {"gate-2.local:8788", DL_E_INPUT},
                 {"192.0.2.7", DL_E_INPUT},
                 {"192.0.2.7:0", DL_E_INPUT},
                 {"0.0.0.0:8788", DL_E_INPUT},
                 {"", DL_E_INPUT}};
    struct fixture *fx = *state;
    size_t count = 0;
    import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    gate_named(fx, "gate-1", NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(rosters_assign(fx->hub, EVENT, "gate-1", NULL, cases[i].address,
                                        "cli:0", NOW_MS, &count, NULL),
                         cases[i].want);
    assert_int_equal(rosters_assign(fx->hub, EVENT, NULL, NULL, "192.0.2.7:8788", "cli:0",
                                    NOW_MS, &count, NULL),
                     DL_E_INPUT);
}

static void a_roster_made_anew_has_another_key_and_newer_versions(void **state)
{
    struct fixture *fx = *state;
    struct rosters_change first = import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    int64_t one = gate_named(fx, "gate-1", NULL);
    struct roster_head head = head_of(fx, one);
    uint8_t key[ROSTER_KEY_BYTES];
    memcpy(key, head.key, sizeof key);
    roster_head_done(&head);
    assert_int_equal(rosters_remove(fx->hub->store, EVENT, "cli:0", NOW_MS), DL_OK);
    assert_int_equal(rosters_remove(fx->hub->store, EVENT, "cli:0", NOW_MS), DL_E_NOT_FOUND);
    struct rosters_change second = import_at(fx, HEAD_CSV "A-1,adult,,,\n", NOW_MS + DAY_MS);
    assert_true(second.created);
    assert_int_equal(second.added, 1);
    assert_true(second.ticket_version > first.ticket_version + 1000);
    size_t count = 0;
    assert_int_equal(
        rosters_assign(fx->hub, EVENT, "gate-1", NULL, NULL, "cli:0", NOW_MS, &count, NULL),
        DL_OK);
    head = head_of(fx, one);
    assert_memory_not_equal(key, head.key, sizeof key);
    roster_head_done(&head);
}

static void a_draft_of_a_roster_that_is_no_more_has_to_be_made_again(void **state)
{
    struct fixture *fx = *state;
    static const char csv[] = HEAD_CSV "A-2,adult,,,\n";
    struct roster_draft draft;
    struct rosters_change change;
    import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    assert_int_equal(rosters_draft(fx->hub, EVENT, NULL, NOW_MS, &draft, NULL), DL_OK);
    assert_int_equal(roster_csv_read(&draft, csv, strlen(csv), NULL), DL_OK);
    assert_int_equal(rosters_remove(fx->hub->store, EVENT, "cli:0", NOW_MS), DL_OK);
    import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    assert_int_equal(rosters_import(fx->hub, &draft, false, "cli:0", NOW_MS, &change, NULL),
                     DL_E_BUSY);
    roster_draft_done(&draft);
}

static void lists_that_gates_would_not_take_are_refused(void **state)
{
    struct fixture *fx = *state;
    struct roster_draft draft;
    struct rosters_change change;
    struct dl_why why = {""};
    import_csv(fx, HEAD_CSV "A-1,adult,,,\n");
    assert_int_equal(rosters_draft(fx->hub, EVENT, NULL, NOW_MS, &draft, NULL), DL_OK);
    json_object_set_new(draft.head, "lists",
                        json_pack("[{s:s, s:{s:[]}}]", "id", "main", "rules", "nonsense"));
    assert_int_equal(rosters_import(fx->hub, &draft, false, "cli:0", NOW_MS, &change, &why),
                     DL_E_INPUT);
    assert_non_null(strstr(why.text, "list main: rules"));
    roster_draft_done(&draft);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_open, fixture_close)
        TEST(a_gate_finds_the_tickets_of_a_file),
        TEST(the_same_file_again_changes_nothing),
        TEST(one_changed_ticket_is_one_short_page),
        TEST(what_a_file_does_not_tell_any_more_is_removed_and_may_return),
        TEST(a_dry_run_tells_and_changes_nothing),
        TEST(words_keep_their_places_as_products_come_and_go),
        TEST(revoked_by_hand_outlives_imports_until_it_is_taken_back),
        TEST(a_download_goes_on_after_any_row_and_sees_each_change_once),
        TEST(only_devices_that_were_given_it_get_anything),
        TEST(the_head_names_gates_and_a_revoked_one_leaves_it),
        TEST(given_again_without_them_gate_and_address_stay),
        TEST(an_address_is_one_that_needs_no_resolver),
        TEST(a_roster_made_anew_has_another_key_and_newer_versions),
        TEST(a_draft_of_a_roster_that_is_no_more_has_to_be_made_again),
        TEST(lists_that_gates_would_not_take_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
