/* main.c - dunlin-hub: the commands of the profile hub, as one table. */
#include "crypto/secret.h"
#include "hub/cli.h"
#include "platform/json.h"

#define DIR_ONLY                                                                               \
    (const struct cli_option[])                                                                \
    {                                                                                          \
        CLI_OPT_DIR, CLI_OPT_END                                                               \
    }
#define DIR_AND_JSON                                                                           \
    (const struct cli_option[])                                                                \
    {                                                                                          \
        CLI_OPT_DIR, CLI_OPT_JSON, CLI_OPT_END                                                 \
    }

static const struct cli_option keys_show_options[] = {CLI_OPT_FOLDER, CLI_OPT_JSON,
                                                      CLI_OPT_END};

static const struct cli_option init_options[] = {
    CLI_OPT_FOLDER,
    {"name", 'n', CLI_TEXT, "NAME", NULL, "DNS name or address under which devices reach it"},
    {"listen", 'l', CLI_TEXT, "HOST:PORT", "127.0.0.1:8443", "Where it will listen"},
    {"db", 0, CLI_TEXT, "URL", NULL,
     "Keep the store in this PostgreSQL database: postgres://USER@HOST/NAME"},
    {"tenant", 0, CLI_TEXT, "NAME", "default", "As this tenant of it"},
    {"db-password-file", 0, CLI_TEXT, "FILE", NULL,
     "With the password in this file (mode 0600)"},
    {"distribute", 0, CLI_FLAG, NULL, NULL,
     "Spread its tables over the Citus cluster it is of"},
    CLI_OPT_END,
};

static const struct cli_option serve_options[] = {
    CLI_OPT_DIR,
    CLI_OPT_CONFIG,
    {"listen", 'l', CLI_TEXT, "HOST:PORT", NULL,
     "Another address than the configuration's; port 0: any free one"},
    CLI_OPT_END,
};

static const struct cli_option device_config_options[] = {
    CLI_OPT_DIR,
    {"device", 'D', CLI_TEXT, "NAME", NULL, "For this device alone, and not for all"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option export_options[] = {
    CLI_OPT_DIR,
    {"format", 'f', CLI_TEXT, "FORMAT", "ndjson", "ndjson or csv"},
    {"output", 'o', CLI_TEXT, "FILE", NULL, "Into a file (mode 0600) and not to the terminal"},
    CLI_OPT_END,
};

static const struct cli_option checkins_report_options[] = {
    CLI_OPT_DIR,
    {"list", 'l', CLI_TEXT, "LIST", NULL, "Of one check-in list, and not of all"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option checkins_export_options[] = {
    CLI_OPT_DIR,
    {"list", 'l', CLI_TEXT, "LIST", NULL, "Of one check-in list, and not of all"},
    {"format", 'f', CLI_TEXT, "FORMAT", "ndjson", "ndjson or csv"},
    {"output", 'o', CLI_TEXT, "FILE", NULL, "Into a file (mode 0600) and not to the terminal"},
    CLI_OPT_END,
};

static const struct cli_option audience_export_options[] = {
    CLI_OPT_DIR,
    {"out", 'o', CLI_TEXT, "FILE", NULL, "Where it goes (mode 0600)"},
    {"type", 't', CLI_TEXT, "EVENT-TYPE", NULL, "Only people with such an event, as purchase"},
    {"store", 's', CLI_TEXT, "ID", NULL, "Only people who were in this store"},
    {"since", 0, CLI_TEXT, "TIME", NULL, "Only people seen since; 2026-11-01, or RFC 3339"},
    {"until", 0, CLI_TEXT, "TIME", NULL, "Only people seen until then, the day included"},
    {"min-minor", 0, CLI_TEXT, "N", NULL, "Only people who spent so much, in minor units"},
    {"currency", 0, CLI_TEXT, "CODE", NULL, "Of --min-minor, as EUR"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option forget_options[] = {
    CLI_OPT_DIR,
    {"profile", 'p', CLI_TEXT, "ID", NULL, "The profile's id: p_ and 24 hex digits"},
    {"status", 's', CLI_FLAG, NULL, NULL,
     "Erase nobody: tell what was, and whether the journal has it"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option retention_options[] = {
    CLI_OPT_DIR,
    CLI_OPT_CONFIG,
    {"dry-run", 'n', CLI_FLAG, NULL, NULL,
     "Only tell what would go: type, how many, the oldest"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option rekey_options[] = {
    CLI_OPT_DIR,
    {"status", 's', CLI_FLAG, NULL, NULL,
     "Only tell the generation, and whether one is under way"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option match_evaluate_options[] = {
    CLI_OPT_DIR,
    {"truth", 't', CLI_TEXT, "FILE", NULL, "Lines of EVENT-ID,PERSON"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option profile_find_options[] = {
    CLI_OPT_DIR,
    {"spend-min", 's', CLI_INT, "MINOR", "0", "Lifetime spend of at least so many minor units"},
    {"currency", 'C', CLI_TEXT, "CODE", NULL, "In this currency; else in any"},
    {"orders-min", 'o', CLI_INT, "N", "0", "At least so many orders"},
    {"store", 'S', CLI_TEXT, "ID", NULL, "Who was in this store"},
    {"seen-since", 'f', CLI_TEXT, "TIME", NULL, "Last seen at this time or later"},
    {"seen-before", 'u', CLI_TEXT, "TIME", NULL, "Last seen before this time"},
    {"limit", 'l', CLI_INT, "N", "100", "So many of them, up to 100"},
    {"cursor", 'c', CLI_TEXT, "NEXT", NULL, "Go on where a page ended"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option profile_timeline_options[] = {
    CLI_OPT_DIR,
    {"since", 'f', CLI_TEXT, "TIME", NULL, "From a day (2026-11-24) or a time"},
    {"until", 'u', CLI_TEXT, "TIME", NULL, "Before a day or a time"},
    {"limit", 'l', CLI_INT, "N", "50", "So many of them, up to 200"},
    {"cursor", 'c', CLI_TEXT, "NEXT", NULL, "Go on where a page ended"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option match_rules_options[] = {
    CLI_OPT_DIR,
    {"dry-run", 0, CLI_FLAG, NULL, NULL, "Only tell what would merge or part"},
    {"yes", 'y', CLI_FLAG, NULL, NULL, "Do it"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option roster_import_options[] = {
    CLI_OPT_DIR,
    {"file", 'f', CLI_TEXT, "FILE", NULL, "The tickets"},
    {"format", 'F', CLI_TEXT, "FORMAT", "csv", "csv or pretix-json"},
    {"lists", 'l', CLI_TEXT, "FILE", NULL, "Check-in lists as JSON, in place of those it has"},
    {"timezone", 'z', CLI_TEXT, "ZONE", NULL,
     "Of the event, as Europe/Berlin; else as before, or UTC"},
    {"dry-run", 'n', CLI_FLAG, NULL, NULL, "Only tell what would change"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option roster_revoke_options[] = {
    CLI_OPT_DIR,
    {"hashes", 0, CLI_FLAG, NULL, NULL, "Lines have tickets as reports name them, not codes"},
    {"take-back", 0, CLI_FLAG, NULL, NULL, "They are valid again"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option roster_assign_options[] = {
    CLI_OPT_DIR,
    {"device", 'D', CLI_TEXT, "NAME", NULL, "The device that gets it"},
    {"all", 'a', CLI_FLAG, NULL, NULL, "Every enrolled device gets it"},
    {"gate", 'g', CLI_TEXT, "GATE", NULL, "Where it stands, as lists name their gates"},
    {"address", 0, CLI_TEXT, "HOST:PORT", NULL,
     "Where other gates reach it when the hub is away"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option roster_unassign_options[] = {
    CLI_OPT_DIR,
    {"device", 'D', CLI_TEXT, "NAME", NULL, "The device that has it"},
    {"all", 'a', CLI_FLAG, NULL, NULL, "Every device"},
    CLI_OPT_JSON,
    CLI_OPT_END,
};

static const struct cli_option token_create_options[] = {
    CLI_OPT_DIR,
    {"role", 'r', CLI_TEXT, "ROLE", NULL, "viewer, custodian or admin"},
    {"name", 'n', CLI_TEXT, "NAME", NULL, "Whose it is; stands in the audit log"},
    CLI_OPT_END,
};

static const struct cli_option audit_options[] = {
    CLI_OPT_DIR,
    {"after", 'a', CLI_INT, "NO", "0", "Only lines after this number"},
    {"json", 'j', CLI_FLAG, NULL, NULL, "A JSON object a line"},
    CLI_OPT_END,
};

static const struct cli_command commands[] = {
    {"init", "", "Make a hub: keys, certificates, database, admin token",
     "Refuses a folder that has a hub. NAME goes into the server's certificate, and so do\n"
     "the address it listens on and, on loopback, localhost.\n\n"
     "    dunlin-hub init --dir hub --name hub.example.com --listen 127.0.0.1:8443\n\n"
     "With --db the database is PostgreSQL's, and many hubs can share it: each further one\n"
     "starts from a copy of this folder. The URL and its password file go into the folder's\n"
     "configuration; a password in the URL is refused.\n\n"
     "    dunlin-hub init --dir hub --name hub.example.com --db postgres://dunlin@db/dunlin\n",
     init_options, cmd_init},
    {"serve", "", "Serve devices and people over HTTPS",
     "TLS 1.3 only. Prints `listening on https://HOST:PORT` once it takes connections; ends\n"
     "on SIGTERM after the requests under way. The other commands work beside it.\n",
     serve_options, cmd_serve},
    {"keys import", "SHARE", "Take the hub's share of the token key from the custodian",
     "SHARE is the file that dunlin-keys init wrote. Once; a second, different share is\n"
     "refused. Destroy the file afterwards.\n",
     DIR_ONLY, cmd_keys_import},
    {"keys show", "", "Show the hub's public keys and the fingerprint of its CA", NULL,
     keys_show_options, cmd_keys_show},
    {"device list", "", "List the devices", NULL, DIR_AND_JSON, cmd_device_list},
    {"device revoke", "NAME", "Refuse a device from now on and delete its key share",
     "For a till that was stolen. What it has not yet sent is lost to the hub.\n", DIR_ONLY,
     cmd_device_revoke},
    {"device remove", "NAME", "Give the name of a revoked device free",
     "Its events stay. The name may be enrolled anew.\n", DIR_ONLY, cmd_device_remove},
    {"device grant", "NAME desk|revoke", "Let a device look people up, or no longer",
     "A device with the desk role may ask by an identifier whether a person is known and what\n"
     "is known of them (`dunlin lookup`, `dunlin access`). Each question is in the audit "
     "log.\n",
     DIR_ONLY, cmd_device_grant},
    {"device config", "[KEY=VALUE...]", "Show or publish settings that devices take",
     "Without operands it shows what was published last. KEY= takes a setting back.\n"
     "Settings: batch_records_max, linger_ms, updates_every_ms.\n\n"
     "    dunlin-hub device config --dir hub linger_ms=500\n",
     device_config_options, cmd_device_config},
    {"profile show", "ID", "Show what the hub knows of one profile",
     "An id from before a merge leads to the profile of today. Who looks is audited.\n",
     DIR_AND_JSON, cmd_profile_show},
    {"profile find", "", "Find profiles by what they come to",
     "All that is given has to hold. A page looks at 1,000 profiles: it may find few, and\n"
     "go on. Who looks is audited.\n\n"
     "    dunlin-hub profile find --dir hub --spend-min 50000 --currency EUR\n"
     "    dunlin-hub profile find --dir hub --store 9 --seen-before 2026-06-01\n",
     profile_find_options, cmd_profile_find},
    {"profile timeline", "ID", "Show the events of one profile, the latest first",
     "Receipts that were voided, or that a later event tells again, say so.\n\n"
     "    dunlin-hub profile timeline p_48452d057d4d533bb35c613b --dir hub --limit 20\n",
     profile_timeline_options, cmd_profile_timeline},
    {"profile explain", "ID", "Tell why these identifiers are one profile",
     "What joined them: events that they stood in together, likenesses, decisions; and what\n"
     "a limit or a decision kept out. ID may be a former one, or an identifier's (i_...).\n",
     DIR_AND_JSON, cmd_profile_explain},
    {"profile split", "ID IDENTIFIER...", "Part identifiers from a profile, for good",
     "They and the others are two people from now on, whatever comes. Undone with\n"
     "`match decisions undo`. `profile explain ID` lists the identifiers.\n\n"
     "    dunlin-hub profile split p_0a1b2c3d4e5f60718293a4b5 i_1b2c3d4e5f60718293a4b5c6\n",
     DIR_ONLY, cmd_profile_split},
    {"stats", "", "Count events, profiles, identifiers, devices", NULL, DIR_AND_JSON,
     cmd_stats},
    {"export", "events|profiles|links", "Print everything, a row at a time, for other systems",
     "    dunlin-hub export events --dir hub --format ndjson\n"
     "    dunlin-hub export profiles --dir hub --format csv --output profiles.csv\n",
     export_options, cmd_export},
    {"checkins report", "EVENT", "Show who is inside, and what went wrong at the gates",
     "Entries and exits by gate, product and quarter of an hour, in the event's zone; tickets\n"
     "that two gates let in, with both gates and times; refusals, and those that turned out\n"
     "wrong; who was let in by force, and by whom. It is worked out from all scans that have\n"
     "come, so a gate that was cut off may still change it. Who looks is audited.\n\n"
     "    dunlin-hub checkins report summer26\n"
     "    dunlin-hub checkins report summer26 --list vip --json\n",
     checkins_report_options, cmd_checkins_report},
    {"checkins export", "EVENT", "Print every scan with its verdict, a row at a time",
     "By list and ticket, in the order of time. Tickets are keyed hashes. `winner` is the "
     "scan\n"
     "that stands instead, or that takes this one back.\n\n"
     "    dunlin-hub checkins export summer26 --format csv --output scans.csv\n",
     checkins_export_options, cmd_checkins_export},
    {"audience export", "", "Hand out what devices sealed for the key custodian",
     "Of people who agreed that their data go to advertising platforms, and have not taken\n"
     "that back. This hub cannot open it: the custodian does, with dunlin-keys "
     "export-audience.\n"
     "The file names no profile. Together with the custodian's keyring it finds people again:\n"
     "hand it to the custodian and to nobody else.\n\n"
     "A person is chosen by what all their events add up to; --since and --until ask whether\n"
     "the first and last of such events reach into the time.\n\n"
     "    dunlin-hub audience export --dir hub --type purchase --since 2026-09-01 --out "
     "a.audience\n"
     "    dunlin-hub audience export --dir hub --min-minor 50000 --currency EUR --out "
     "b.audience\n",
     audience_export_options, cmd_audience_export},
    {"match run", "", "Link people known by names and addresses, now",
     "A serving hub does so by itself whenever something came in. Tells how many pairs are\n"
     "linked, how many wait for a verdict (`review list`), and how many contacts are several\n"
     "people's, so that they join nobody.\n",
     DIR_AND_JSON, cmd_match_run},
    {"match never", "A B", "Two profiles or identifiers are not one person",
     "Parts them where they are one. Ids are p_... or i_...; the newest decision counts.\n",
     DIR_ONLY, cmd_match_never},
    {"match always", "A B", "Two profiles or identifiers are one person",
     "Joins them unless that breaks a limit of the rules or another decision.\n", DIR_ONLY,
     cmd_match_always},
    {"match block", "IDENTIFIER", "A value is nobody's: the till's own phone, none@none",
     "It joins nobody, and an event with nothing else is nobody's. IDENTIFIER is an id "
     "(i_...)\n"
     "of `profile explain`, or what `dunlin token TYPE VALUE` printed at an enrolled device.\n",
     DIR_ONLY, cmd_match_block},
    {"match decisions", "[list|undo] [NO]", "List what was decided, or take it back",
     "    dunlin-hub match decisions list\n"
     "    dunlin-hub match decisions undo 12\n",
     DIR_AND_JSON, cmd_match_decisions},
    {"match rules", "[show|check|change] [FILE]", "Show, check or change the identity rules",
     "Which identifiers join people, and how far: see identity.conf in the hub's folder.\n\n"
     "    dunlin-hub match rules check identity.conf\n"
     "    dunlin-hub match rules change identity.conf --dry-run\n"
     "    dunlin-hub match rules change identity.conf --yes\n",
     match_rules_options, cmd_match_rules},
    {"match rebuild", "", "Match everything anew, while the hub goes on serving",
     "The result is the same, unless something was wrong: it is a function of what came in,\n"
     "the decisions and the rules. Safe to interrupt and to run again.\n",
     DIR_ONLY, cmd_match_rebuild},
    {"match evaluate", "", "Hold the profiles against a list of who is who",
     "The list has a line for each event: its id, a comma or tab, and what stands for the\n"
     "person: a number, and no name, for this machine is no place for names. Other lines are\n"
     "passed over.\n\n"
     "    dunlin-hub match evaluate --dir hub --truth who.csv\n",
     match_evaluate_options, cmd_match_evaluate},
    {"review list", "", "List pairs of profiles that may be one person",
     "Known by names and addresses, and alike, but not enough to be linked. BITS are the log\n"
     "of the odds that they are one: 2 bits are 4 to 1.\n",
     DIR_AND_JSON, cmd_review_list},
    {"review accept", "PAIR", "They are one person",
     "PAIR is the first column of `review list`. A decision as any other.\n", DIR_ONLY,
     cmd_review_accept},
    {"review reject", "PAIR", "They are not, whatever speaks for it",
     "PAIR is the first column of `review list`. A decision as any other.\n", DIR_ONLY,
     cmd_review_reject},
    {"forget", "", "Erase a profile by its id",
     "A hub cannot find a person by name: it knows tokens alone. Where the person stands at a\n"
     "counter, use `dunlin forget` there, which reaches the hub and every queue.\n",
     forget_options, cmd_forget},
    {"retention run", "", "Let events go that are older than their type's days",
     "retention.purchase_days and its like in dunlin-hub.conf say how many; a serving hub "
     "does\n"
     "it by itself. See first what would go:\n\n"
     "    dunlin-hub retention run --dir hub --dry-run\n",
     retention_options, cmd_retention_run},
    {"rekey", "", "Give every stored token a new key, while the hub goes on",
     "Multiplies each by one new factor, for the day when the hub's keys and a device's may\n"
     "have met: revoke and rotate devices first. Afterwards a copy of the database from "
     "before\n"
     "has nothing in common with this hub's keys, nor the other way round. People and profile\n"
     "ids stay. Broken off, it is gone on with by the same command.\n",
     rekey_options, cmd_rekey},
    {"roster import", "EVENT", "Tell who may enter an event",
     "Tickets come as CSV with a first line of column names (code, and as there are: product\n"
     "variation subevent order valid_from valid_until attention status), or as the JSON that\n"
     "pretix's API and export give. Codes and orders are hashed as they are read; neither "
     "they\n"
     "nor names are kept. Again with a newer file, only the difference goes to the gates, and\n"
     "what a file does not tell any more is removed: look first with --dry-run.\n\n"
     "    dunlin-hub roster import summer26 --file tickets.csv --timezone Europe/Berlin\n"
     "    dunlin-hub roster import summer26 --file pretix.json --format pretix-json\n",
     roster_import_options, cmd_roster_import},
    {"roster list", "", "List the events that have a roster", NULL, DIR_AND_JSON,
     cmd_roster_list},
    {"roster show", "EVENT", "Show an event's check-in lists, and who has them", NULL,
     DIR_AND_JSON, cmd_roster_show},
    {"roster stats", "EVENT", "Count an event's tickets by product and status", NULL,
     DIR_AND_JSON, cmd_roster_stats},
    {"roster revoke", "EVENT", "Take tickets back, whatever later imports say",
     "Codes come from standard input, one on a line, and never from the command line, which\n"
     "others on this machine can see.\n\n"
     "    dunlin-hub roster revoke summer26 < stolen.txt\n",
     roster_revoke_options, cmd_roster_revoke},
    {"roster assign", "EVENT", "Give a device the roster",
     "    dunlin-hub roster assign summer26 --device gate-3 --gate north --address "
     "10.0.0.3:8790\n",
     roster_assign_options, cmd_roster_assign},
    {"roster unassign", "EVENT", "Take the roster from a device", NULL, roster_unassign_options,
     cmd_roster_unassign},
    {"roster remove", "EVENT", "Remove an event's roster, with all its tickets", NULL, DIR_ONLY,
     cmd_roster_remove},
    {"token create", "", "Make a bearer token and print it, once",
     "viewer reads; custodian enrols devices; admin does everything.\n\n"
     "    dunlin-hub token create --dir hub --role viewer --name grafana\n",
     token_create_options, cmd_token_create},
    {"token list", "", "List the tokens by name", NULL, DIR_AND_JSON, cmd_token_list},
    {"token revoke", "NAME", "Take a token back", NULL, DIR_ONLY, cmd_token_revoke},
    {"audit", "", "Print the audit log: who did what, and what was refused", NULL,
     audit_options, cmd_audit},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

static const struct cli_program program = {
    .name = "dunlin-hub",
    .summary = "the profile hub of Dunlin",
    .description =
        "dunlin-hub takes in what enrolled devices have sealed, matches customers on keyed\n"
        "tokens alone, and builds their profiles. It never sees a name or an address, and\n"
        "with all its files nobody can turn a token back.\n\n"
        "A hub is one folder, mode 0700: dunlin-hub.conf, ca.pem and ca.key, server.pem and\n"
        "server.key, seal.key, sign.key, store.key, id.key, hub.share, admin.token, hub.db,\n"
        "identity.conf.\n",
    .version = DUNLIN_VERSION,
    .commands = commands,
    .config = settings_keys,
};

int main(int argc, char **argv)
{
    if (crypto_setup() != DL_OK) {
        cli_error("libsodium or Mbed TLS cannot be set up");
        return CLI_EXIT_FAILED;
    }
    json_setup();
    return cli_run(&program, argc, argv);
}
