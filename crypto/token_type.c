#include "crypto/token.h"

#include <string.h>

#define RECIPE(n) [n] = "recipe-" #n

static const char *const names[TOKEN_TYPE_RECIPE_LAST + 1] = {
    [TOKEN_TYPE_EMAIL] = "email",
    [TOKEN_TYPE_PHONE] = "phone",
    [TOKEN_TYPE_LOYALTY_ID] = "loyalty_id",
    [TOKEN_TYPE_ACCOUNT_ID] = "account_id",
    [TOKEN_TYPE_PAYMENT_REF] = "payment_ref",
    [TOKEN_TYPE_TICKET] = "ticket",
    [TOKEN_TYPE_NATIONAL_ID] = "national_id",
    [TOKEN_TYPE_COOKIE_ID] = "cookie_id",
    [TOKEN_TYPE_DEVICE_ID] = "device_id",
    [TOKEN_TYPE_IP] = "ip",
    RECIPE(64),
    RECIPE(65),
    RECIPE(66),
    RECIPE(67),
    RECIPE(68),
    RECIPE(69),
    RECIPE(70),
    RECIPE(71),
    RECIPE(72),
    RECIPE(73),
    RECIPE(74),
    RECIPE(75),
    RECIPE(76),
    RECIPE(77),
    RECIPE(78),
    RECIPE(79),
    RECIPE(80),
    RECIPE(81),
    RECIPE(82),
    RECIPE(83),
    RECIPE(84),
    RECIPE(85),
    RECIPE(86),
    RECIPE(87),
    RECIPE(88),
    RECIPE(89),
    RECIPE(90),
    RECIPE(91),
    RECIPE(92),
    RECIPE(93),
    RECIPE(94),
    RECIPE(95),
    RECIPE(96),
    RECIPE(97),
    RECIPE(98),
    RECIPE(99),
    RECIPE(100),
    RECIPE(101),
    RECIPE(102),
    RECIPE(103),
    RECIPE(104),
    RECIPE(105),
    RECIPE(106),
    RECIPE(107),
    RECIPE(108),
    RECIPE(109),
    RECIPE(110),
    RECIPE(111),
    RECIPE(112),
    RECIPE(113),
    RECIPE(114),
    RECIPE(115),
    RECIPE(116),
    RECIPE(117),
    RECIPE(118),
    RECIPE(119),
    RECIPE(120),
    RECIPE(121),
    RECIPE(122),
    RECIPE(123),
    RECIPE(124),
    RECIPE(125),
    RECIPE(126),
    RECIPE(127),
};

const char *token_type_name(uint8_t type)
{
    return type <= TOKEN_TYPE_RECIPE_LAST ? names[type] : NULL;
}

uint8_t token_type_from_name(const char *name)
{
    for (uint8_t type = 1; type <= TOKEN_TYPE_RECIPE_LAST; type++)
        if (names[type] && strcmp(names[type], name) == 0)
            return type;
    return TOKEN_TYPE_NONE;
}
