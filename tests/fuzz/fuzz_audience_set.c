/* A set as the custodian meets it once its seal is open, and the rows made of it. */
#include "crypto/secret.h"
#include "keys/upload.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return crypto_setup() == DL_OK ? 0 : -1;
}

/* Nothing of the set can begin another cell or another row. */
static void check_row(enum upload upload, const struct audience_set *set)
{
    char row[UPLOAD_ROW_BYTES];
    size_t len = 0, commas = 0;
    if (!upload_row(upload, set, row, &len))
        return;
    for (size_t i = 0; i < len; i++)
        commas += row[i] == ',';
    bool list = upload >= UPLOAD_UID2_EMAIL;
    bool fits = list ? commas == 0 && len == 45
                     : commas == (upload == UPLOAD_GOOGLE ? 5 : 8) && !strpbrk(row, "\"=+@");
    if (!fits || strcspn(row, "\r\n") != len - (list ? 1 : 2))
        abort();
}

static bool is_known(const struct audience_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->values[i].scheme >= AUDIENCE_SCHEMES_END)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[AUDIENCE_SET_BYTES_MAX];
    struct audience_set set;
    struct audience_writer w;
    if (audience_set_decode(data, size, &set) != DL_OK)
        return 0;
    for (int i = UPLOAD_GOOGLE; i <= UPLOAD_UID2_PHONE; i++)
        check_row((enum upload)i, &set);
    if (!is_known(&set))
        return 0;
    audience_writer_init(&w, again);
    for (size_t i = 0; i < set.count; i++)
        if (!audience_writer_add(&w, &set.values[i]))
            abort();
    if (audience_writer_end(&w) != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
