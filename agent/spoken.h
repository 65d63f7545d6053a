/* spoken.h - identifiers that a person says at the counter, as a command is given them.
 *
 * From options, or from standard input, where no other process sees them. What
 * stands in the arguments is wiped as soon as it is read; the caller's JSON is
 * wiped by its allocator. For `forget`, `lookup`, `access` and `token`.
 */
#ifndef DUNLIN_SPOKEN_H
#define DUNLIN_SPOKEN_H

#include "crypto/token.h"
#include "platform/cli.h"
#include "platform/err.h"
#include "platform/json.h"

#define SPOKEN_OPTION(option, help)                                                            \
    {                                                                                          \
        option, 0, CLI_TEXT, "VALUE", NULL, help                                               \
    }
/* clang-format off: a list of options, to stand in a command's own. */
#define SPOKEN_OPTIONS                                                                         \
    SPOKEN_OPTION("email", "an e-mail address; - reads it from standard input"),               \
        SPOKEN_OPTION("phone", "a telephone number, or -"),                                    \
        SPOKEN_OPTION("loyalty-id", "the number of a customer card, or -"),                    \
        SPOKEN_OPTION("account-id", "the customer's key in the shop's systems, or -"),         \
        SPOKEN_OPTION("payment-ref", "a payment provider's token, or -"),                      \
        SPOKEN_OPTION("ticket", "a ticket's code, or -"),                                      \
    {                                                                                          \
        "stdin", 0, CLI_FLAG, NULL, NULL,                                                      \
            "read lines of TYPE VALUE, such as: email a@example.com"                           \
    }
/* clang-format on */

/* Puts each into `ids` under its name in the API. DL_E_INPUT: none, or not as it
 * should be; `why` tells and quotes nothing. */
DL_MUST_CHECK enum dl_err spoken_gather(json_t *ids, const struct cli_args *args,
                                        struct dl_why *why);

/* The token of one, by the key in the device's folder; forms of it are wiped.
 * DL_E_INPUT: no canonical form; `why` tells which reason. */
DL_MUST_CHECK enum dl_err spoken_tokenise(struct token *ret, const char *dir,
                                          const char *region, uint8_t type, const char *value,
                                          size_t len, struct dl_why *why);

#endif
