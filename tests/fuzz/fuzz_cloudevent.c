/* Any JSON as a CloudEvent: refused with a reason, or an object of ours. */
#include "agent/accept.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    json_t *cloud = NULL, *event = NULL;
    struct accept_problem problem = {.code = NULL};
    if (json_parse(&cloud, (const char *)bytes, len, NULL, NULL) != DL_OK)
        return 0;
    enum dl_err err = accept_from_cloudevent(cloud, &event, &problem);
    if (err == DL_OK ? !json_is_object(event) : !problem.code)
        abort();
    json_decref(event);
    json_decref(cloud);
    return 0;
}
