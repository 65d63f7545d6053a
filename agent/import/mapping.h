/* mapping.h - how the columns of a CSV file become an event.
 *
 * An INI-like file (inih); docs/IMPORT.md teaches it, `demo/orders.map` and
 * `packaging/mappings/` have whole ones:
 *
 *     [file]      delimiter = ,          decimal = .
 *     [event]     type = purchase        group = InvoiceNo     id_prefix = shop-
 *                 time = InvoiceDate     time_format = %Y-%m-%d %H:%M:%S
 *                 utc_offset = +00:00    currency = GBP
 *                 return_if = InvoiceNo starts C
 *     [columns]   /data/order_id = InvoiceNo
 *                 /identifiers/account_id = CustomerID
 *     [constants] /data/store_id = web
 *                 /consent/profiling = true
 *     [line]      sku = StockCode        quantity = Quantity
 *                 unit_price = UnitPrice name = Description
 *     [nobody]    CustomerID = 0.0
 *     [strip]     CustomerID = .0
 *
 * Rows that stand together with the same `group` are one event; each adds a line.
 * JSON pointers have two steps at most, as events do.
 */
#ifndef DUNLIN_IMPORT_MAPPING_H
#define DUNLIN_IMPORT_MAPPING_H

#include "platform/err.h"

#include <stdbool.h>
#include <stddef.h>

#define MAPPING_TEXT_BYTES 96
#define MAPPING_PAIRS_MAX  64

struct mapping_pair {
    char left[MAPPING_TEXT_BYTES];  /* pointer, line member or column */
    char right[MAPPING_TEXT_BYTES]; /* column, constant or value */
};

struct mapping_pairs {
    struct mapping_pair at[MAPPING_PAIRS_MAX];
    size_t count;
};

struct import_mapping {
    char delimiter, decimal;
    char type[MAPPING_TEXT_BYTES], group[MAPPING_TEXT_BYTES], id_prefix[MAPPING_TEXT_BYTES];
    char time[MAPPING_TEXT_BYTES], time_format[MAPPING_TEXT_BYTES];
    char utc_offset[MAPPING_TEXT_BYTES]; /* "": as the command line says */
    char currency[MAPPING_TEXT_BYTES];
    char return_column[MAPPING_TEXT_BYTES], return_prefix[MAPPING_TEXT_BYTES];
    struct mapping_pairs columns, constants, line, nobody, strip;
};

/* DL_E_INPUT with file, line and key; DL_E_NOT_FOUND. The caller frees *ret. */
DL_MUST_CHECK enum dl_err mapping_load(struct import_mapping **ret, const char *path,
                                       struct dl_why *why);
void mapping_free(struct import_mapping *mapping);

#endif
