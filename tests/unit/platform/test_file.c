#include "scratch.h"

static void a_written_file_is_private_whole_and_leaves_no_neighbour(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t len = 0;
    mode_t old = (mode_t)umask(0);
    scratch_put("a", "one");
    scratch_put("a", "three");
    umask(old);
    assert_int_equal(portable_mode(at("a")), 0600);
    assert_int_equal(file_read(at("a"), 5, &bytes, &len), DL_OK);
    assert_int_equal(len, 5);
    assert_string_equal((char *)bytes, "three");
    free(bytes);
    assert_false(file_exists(at("a.tmp")));
    assert_int_equal(file_write_mode(at("a"), "x", 1, 0644), DL_OK);
    if (!portable_is_wine())
        assert_int_equal(portable_mode(at("a")), 0644);
}

static void reading_keeps_to_the_limit(void **state)
{
    (void)state;
    uint8_t *bytes = NULL, exact[5];
    size_t len = 0;
    scratch_put("b", "three");
    assert_int_equal(file_read(at("b"), 4, &bytes, &len), DL_E_INPUT);
    assert_int_equal(file_read(at("gone"), 4, &bytes, &len), DL_E_NOT_FOUND);
    assert_int_equal(file_read(scratch_dir.s, 4, &bytes, &len), DL_E_INPUT);
    assert_null(bytes);
    assert_int_equal(file_read_exact(at("b"), exact, 5), DL_OK);
    assert_memory_equal(exact, "three", 5);
    assert_int_equal(file_read_exact(at("b"), exact, 4), DL_E_CORRUPT);
    scratch_put("b", "four");
    assert_int_equal(file_read_exact(at("b"), exact, 5), DL_E_CORRUPT);
}

static void an_empty_file_is_read_as_such(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t len = 9;
    scratch_put("empty", "");
    assert_int_equal(file_read(at("empty"), 100, &bytes, &len), DL_OK);
    assert_int_equal(len, 0);
    assert_string_equal((char *)bytes, "");
    free(bytes);
}

static void write_new_never_replaces(void **state)
{
    (void)state;
    uint8_t bytes[3];
    assert_int_equal(file_write_new(at("new"), "one", 3), DL_OK);
    assert_int_equal(file_write_new(at("new"), "two", 3), DL_E_EXISTS);
    assert_int_equal(file_read_exact(at("new"), bytes, 3), DL_OK);
    assert_memory_equal(bytes, "one", 3);
    assert_int_equal(portable_mode(at("new")), 0600);
    assert_false(file_exists(at("new.tmp")));
}

static void a_link_in_the_way_of_the_neighbour_is_not_followed(void **state)
{
    (void)state;
    PORTABLE_NEEDS("symlink for everybody");
    scratch_put("victim", "safe");
    assert_int_equal(symlink(at("victim"), at("d.tmp")), 0);
    assert_int_equal(file_write(at("d"), "evil", 4), DL_OK);
    uint8_t bytes[4];
    assert_int_equal(file_read_exact(at("victim"), bytes, 4), DL_OK);
    assert_memory_equal(bytes, "safe", 4);
}

static void the_private_check_names_the_offender_and_the_cure(void **state)
{
    (void)state;
    struct file_path dir, file;
    struct dl_why why = {.text = ""};
    assert_int_equal(file_join(&dir, scratch_dir.s, "private"), DL_OK);
    assert_int_equal(file_make_dir(dir.s), DL_OK);
    assert_int_equal(file_make_dir(dir.s), DL_OK);
    assert_int_equal(portable_mode(dir.s), 0700);
    assert_int_equal(file_join(&file, dir.s, "key"), DL_OK);
    assert_int_equal(file_write(file.s, "k", 1), DL_OK);
    assert_int_equal(file_check_private(dir.s, &why), DL_OK);

    portable_set_mode(file.s, 0644);
    assert_int_equal(file_check_private(dir.s, &why), DL_E_INPUT);
    assert_contains(why.text, PORTABLE_FILE_CURE);
    assert_contains(why.text, "private/key");
    portable_set_mode(file.s, 0600);
    portable_set_mode(dir.s, 0755);
    assert_int_equal(file_check_private(dir.s, &why), DL_E_INPUT);
    assert_contains(why.text, PORTABLE_DIR_CURE);
    portable_set_mode(dir.s, 0700);
    assert_int_equal(file_check_private(at("nowhere"), &why), DL_E_NOT_FOUND);

    assert_int_equal(file_remove(file.s), DL_OK);
    assert_int_equal(rmdir(dir.s), 0);
}

static void a_certificate_may_be_read_by_all_but_no_private_key(void **state)
{
    (void)state;
    struct file_path dir, file;
    const char *cert = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n";
    const char *both = "-----BEGIN CERTIFICATE-----\nAA\n-----BEGIN PRIVATE KEY-----\n";
    assert_int_equal(file_join(&dir, scratch_dir.s, "certs"), DL_OK);
    assert_int_equal(file_make_dir(dir.s), DL_OK);
    assert_int_equal(file_join(&file, dir.s, "ca.pem"), DL_OK);
    assert_int_equal(file_write(file.s, cert, strlen(cert)), DL_OK);
    assert_int_equal(portable_set_mode(file.s, 0644), 0);
    assert_int_equal(file_check_private(dir.s, NULL), DL_OK);
    assert_int_equal(portable_set_mode(file.s, 0666), 0);
    assert_int_equal(file_check_private(dir.s, NULL), DL_E_INPUT);
    assert_int_equal(file_write(file.s, both, strlen(both)), DL_OK);
    assert_int_equal(portable_set_mode(file.s, 0644), 0);
    assert_int_equal(file_check_private(dir.s, NULL), DL_E_INPUT);
    assert_int_equal(file_remove(file.s), DL_OK);
    assert_int_equal(rmdir(dir.s), 0);
}

static void a_burnt_file_is_gone_and_its_other_name_holds_noise(void **state)
{
    (void)state;
    uint8_t bytes[6];
    scratch_put("bundle", "secret");
    assert_int_equal(link(at("bundle"), at("other")), 0);
    assert_int_equal(file_burn(at("bundle")), DL_OK);
    assert_false(file_exists(at("bundle")));
    assert_int_equal(file_read_exact(at("other"), bytes, 6), DL_OK);
    assert_memory_not_equal(bytes, "secret", 6);
    assert_int_equal(file_burn(at("bundle")), DL_E_NOT_FOUND);
}

static enum dl_err collect(void *ctx, const char *name)
{
    strcat(ctx, name);
    return strcmp(name, "stop") == 0 ? DL_E_BUSY : DL_OK;
}

static void a_walk_is_sorted_skips_folders_and_can_be_ended(void **state)
{
    (void)state;
    char seen[256] = "";
    struct file_path dir;
    char name[FILE_PATH_BYTES_MAX + 8];
    assert_int_equal(file_join(&dir, scratch_dir.s, "walk"), DL_OK);
    assert_int_equal(file_make_dir(dir.s), DL_OK);
    static const char *const names[] = {"stop", "b", "a", "zz"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s/%s", dir.s, names[i]);
        fclose(file_open(name, "wb"));
        assert_int_equal(portable_mode(name), 0600);
    }
    snprintf(name, sizeof name, "%s/c", dir.s);
    assert_int_equal(file_make_dir(name), DL_OK);
    assert_int_equal(file_each(dir.s, collect, seen), DL_E_BUSY);
    assert_string_equal(seen, "abstop");
    rmdir(name);
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s/%s", dir.s, names[i]);
        assert_int_equal(file_remove(name), DL_OK);
    }
    assert_int_equal(rmdir(dir.s), 0);
    assert_int_equal(file_each(dir.s, collect, seen), DL_E_NOT_FOUND);
}

static void paths_that_are_too_long_are_input_errors(void **state)
{
    (void)state;
    struct file_path p;
    char name[FILE_PATH_BYTES_MAX];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(file_join(&p, "d", name), DL_E_INPUT);
    assert_int_equal(file_join(&p, "d/", "n"), DL_OK);
    assert_string_equal(p.s, "d/n");
    assert_int_equal(file_write(name, "", 0), DL_E_INPUT);
}

static void size_age_and_space_are_told(void **state)
{
    (void)state;
    uint64_t size = 0, space = 0;
    int64_t when = 0;
    scratch_put("s", "12345");
    assert_int_equal(file_size(at("s"), &size), DL_OK);
    assert_int_equal(size, 5);
    assert_int_equal(file_modified(at("s"), &when), DL_OK);
    assert_true(when > 1700000000000);
    assert_int_equal(file_space(at("s"), &space), DL_OK);
    assert_true(space > 0);
    assert_int_equal(file_size(at("gone"), &size), DL_E_NOT_FOUND);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    struct file_path dir, file;
    static uint8_t big[1 << 20];
    uint8_t kept[3];
    assert_int_equal(file_join(&dir, scratch_dir.s, "tiny"), DL_OK);
    assert_int_equal(file_make_dir(dir.s), DL_OK);
    if (geteuid() != 0 || mount("tmpfs", dir.s, "tmpfs", 0, "size=64k") != 0) {
        rmdir(dir.s);
        skip(); /* only root may mount */
    }
    assert_int_equal(file_join(&file, dir.s, "f"), DL_OK);
    enum dl_err first = file_write(file.s, "old", 3);
    enum dl_err second = file_write(file.s, big, sizeof big);
    enum dl_err read = file_read_exact(file.s, kept, 3);
    strcat(file.s, ".tmp");
    bool litter = file_exists(file.s);
    umount(dir.s);
    rmdir(dir.s);
    assert_int_equal(first, DL_OK);
    assert_int_equal(second, DL_E_FULL);
    assert_int_equal(read, DL_OK);
    assert_memory_equal(kept, "old", 3);
    assert_false(litter);
}

static void the_machine_mark_stays(void **state)
{
    (void)state;
    uint8_t a[16], b[16];
    file_machine_mark(a);
    file_machine_mark(b);
    assert_memory_equal(a, b, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_file_is_private_whole_and_leaves_no_neighbour),
        cmocka_unit_test(reading_keeps_to_the_limit),
        cmocka_unit_test(an_empty_file_is_read_as_such),
        cmocka_unit_test(write_new_never_replaces),
        cmocka_unit_test(a_link_in_the_way_of_the_neighbour_is_not_followed),
        cmocka_unit_test(the_private_check_names_the_offender_and_the_cure),
        cmocka_unit_test(a_certificate_may_be_read_by_all_but_no_private_key),
        cmocka_unit_test(a_burnt_file_is_gone_and_its_other_name_holds_noise),
        cmocka_unit_test(a_walk_is_sorted_skips_folders_and_can_be_ended),
        cmocka_unit_test(paths_that_are_too_long_are_input_errors),
        cmocka_unit_test(size_age_and_space_are_told),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
        cmocka_unit_test(the_machine_mark_stays),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
