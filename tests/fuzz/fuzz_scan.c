/* A scan as hubs and peers hand it on, and as an event's data: what is taken prints to
 * what is taken again as the same scan. */
#include "sync/scan.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_setup();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan scan, again;
    json_t *object = NULL;
    if (json_parse(&object, (const char *)data, size, NULL, NULL) != DL_OK)
        return 0;
    if (scan_from_json(object, &scan) == DL_OK) {
        json_t *printed = scan_json(&scan);
        if (scan_from_json(printed, &again) != DL_OK || scan_compare(&scan, &again) != 0)
            abort();
        json_decref(printed);
    }
    for (int annulment = 0; annulment < 2; annulment++)
        if (scan_from_event(object, annulment, &scan) == DL_OK &&
            (!scan_name_fits(scan.event) || (annulment && scan.type != SCAN_ANNULMENT)))
            abort();
    json_decref(object);
    return 0;
}
