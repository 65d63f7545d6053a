/* What devices are told: settings from a closed list, signed so that a device can check. */
#include "hub/updates.h"

#include "crypto/secret.h"
#include "hub/hub.h"
#include "platform/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/dunlin-updates-test.XXXXXX";
static struct hub *hub;

static int set_up(void **state)
{
    (void)state;
    json_setup();
    assert_int_equal(crypto_setup(), DL_OK);
    assert_non_null(mkdtemp(dir));
    assert_int_equal(hub_create(dir, NULL), DL_OK);
    assert_int_equal(hub_open(&hub, dir, NULL), DL_OK);
    return 0;
}

static enum dl_err remove_one(void *ctx, const char *name)
{
    struct file_path path;
    enum dl_err err = file_join(&path, ctx, name);
    return err ? err : file_remove(path.s);
}

static int tear_down(void **state)
{
    (void)state;
    hub_close(hub);
    assert_int_equal(file_each(dir, remove_one, dir), DL_OK);
    return rmdir(dir);
}

static int64_t publish(const char *device, const json_t *config)
{
    uint8_t seal_public[SEAL_PUBLIC_BYTES];
    int64_t cursor = 0;
    seal_key_public(hub->seal_key, seal_public);
    assert_int_equal(updates_publish(hub->store, hub->sign_key, seal_public, device, config,
                                     "test", 1000, &cursor),
                     DL_OK);
    return cursor;
}

/* A device's view: the signature over context, NUL and text. */
static enum dl_err check(void *ctx, const struct store_update *u)
{
    uint8_t pub[SIGN_PUBLIC_BYTES], msg[4096];
    size_t before = strlen("DUNLIN-V01-update") + 1;
    json_t **ret = ctx;
    sign_key_public(hub->sign_key, pub);
    memcpy(msg, "DUNLIN-V01-update", before);
    assert_true(before + u->document_len < sizeof msg);
    memcpy(msg + before, u->document, u->document_len);
    assert_int_equal(sign_check(pub, msg, before + u->document_len, u->signature), DL_OK);
    msg[before + 1] ^= 1;
    assert_int_equal(sign_check(pub, msg, before + u->document_len, u->signature),
                     DL_E_CORRUPT);
    return json_parse(ret, u->document, u->document_len, NULL, NULL);
}

static void a_published_document_carries_our_signature(void **state)
{
    json_t *config = json_pack("{s:i}", "linger_ms", 500), *document = NULL;
    struct store *st = hub->reader;
    (void)state;
    int64_t cursor = publish(NULL, config);
    assert_int_equal(st->begin(st, STORE_READ), DL_OK);
    assert_int_equal(st->update_newest(st, 7, cursor - 1, check, &document), DL_OK);
    assert_int_equal(st->update_newest(st, 7, cursor, check, &document), DL_E_NOT_FOUND);
    st->rollback(st);
    assert_int_equal(json_get_int(document, "cursor", 0), cursor);
    assert_true(json_is_null(json_object_get(document, "device")));
    assert_true(json_equal(json_object_get(document, "config"), config));
    json_decref(document);
    json_decref(config);
}

static void settings_add_up_from_one_publication_to_the_next(void **state)
{
    json_t *config = NULL;
    (void)state;
    assert_int_equal(updates_config(hub->reader, 0, &config), DL_OK);
    assert_int_equal(updates_config_set(config, "batch_records_max=100", NULL), DL_OK);
    publish(NULL, config);
    json_decref(config);
    assert_int_equal(updates_config(hub->reader, 0, &config), DL_OK);
    assert_int_equal(json_get_int(config, "batch_records_max", 0), 100);
    assert_int_equal(json_get_int(config, "linger_ms", 0), 500);
    assert_int_equal(updates_config_set(config, "linger_ms=", NULL), DL_OK);
    assert_null(json_object_get(config, "linger_ms"));
    json_decref(config);
}

static void a_setting_off_the_list_or_its_limits_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "linger_ms",
                                      "linger=1",
                                      "hub_url=x",
                                      "linger_ms=-1",
                                      "linger_ms=60001",
                                      "linger_ms=x",
                                      "linger_ms=1 ",
                                      "batch_records_max=0"};
    json_t *config = json_object();
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct dl_why why = {""};
        assert_int_equal(updates_config_set(config, bad[i], &why), DL_E_INPUT);
        assert_true(why.text[0] != '\0');
    }
    assert_int_equal(json_object_size(config), 0);
    json_decref(config);
}

static void for_a_device_that_is_not_there_nothing_is_published(void **state)
{
    uint8_t seal_public[SEAL_PUBLIC_BYTES] = {0};
    json_t *config = json_object();
    int64_t cursor = 77;
    (void)state;
    assert_int_equal(updates_publish(hub->store, hub->sign_key, seal_public, "nobody", config,
                                     "test", 1, &cursor),
                     DL_E_NOT_FOUND);
    assert_int_equal(cursor, 77);
    json_decref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_document_carries_our_signature),
        cmocka_unit_test(settings_add_up_from_one_publication_to_the_next),
        cmocka_unit_test(a_setting_off_the_list_or_its_limits_is_refused),
        cmocka_unit_test(for_a_device_that_is_not_there_nothing_is_published),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
