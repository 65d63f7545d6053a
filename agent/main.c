/* `dunlin`: the agent and its commands, in one program. */
#include "agent/commands.h"
#include "agent/import/import.h"
#include "agent/settings.h"
#include "crypto/secret.h"
#include "platform/args.h"
#include "platform/json.h"
#include "platform/lock.h"

static const struct cli_option no_options[] = {{0}};

static const struct cli_command commands[] = {
    {"run", "", "run the agent until it is stopped",
     "Listens on the address of api.listen and on DIR/dunlin.sock, captures events, and brings "
     "them to the hub. Under systemd use Type=notify; SIGHUP reads log.level anew.",
     run_options, run_command},
    {"enroll", "BUNDLE", "make this folder a device, with a bundle from the custodian",
     "Draws the device's TLS key, has it certified by the hub, writes the folder and burns the "
     "bundle, which works once. Broken off half-way, it can be run again.",
     enrol_options, enrol_command},
    {"capture", "[FILE]", "take events: one JSON event, or one a line (NDJSON)",
     "FILE or standard input, the way POST /v1/events takes them; without a running agent the "
     "events are stored all the same. A refused line ends it; what was captured stays.",
     capture_options, capture_command},
    {"import", "FILE...", "take events from POSLog, CSV or NDJSON files",
     "Every event takes the API's path. A file brought in twice doubles nothing. Ends with an "
     "account of what was taken and what was refused, by reason; and with 1 if anything was.",
     import_options, import_command},
    {"checkin", "", "judge a scan at a gate and record it",
     "The ticket's code is read from --ticket-file, so that no argument shows it. Prints the "
     "answer of POST /v1/checkins. Ends with 0 when they may pass, or where no roster of the "
     "event is here to judge by, with 1 when they are refused. --force with --operator and "
     "--why overrules what an operator may; --annul takes back a scan of the last 15 minutes.",
     checkin_options, checkin_command},
    {"gate", "", "print the address of the gate screen",
     "For a browser of this machine, beside a running agent. The part behind # is a key for "
     "check-ins alone; a browser keeps it to itself. As other users see a program's arguments, "
     "start a kiosk with --file: dunlin gate --file F && chromium --kiosk F.",
     gate_options, gate_command},
    {"flush", "", "bring what waits to the hub, now",
     "Ends with 0 once everything captured so far has its receipt, with 5 when time is up.",
     flush_options, flush_command},
    {"status", "", "how the agent fares",
     "Ends with 0 when all is well, 1 when something wants to be looked at (backing off, quota "
     "past 80%, certificate near its end), 2 when something is bad (full, revoked, expired).",
     status_options, status_command},
    {"doctor", "", "look for trouble and say what to do",
     "Checks configuration, keys, modes, disk, clock, proxy, TLS and the hub. Ends with 0 "
     "(ok), "
     "1 (a warning) or 2 (a failure).",
     doctor_options, doctor_command},
    {"outbox list", "", "list the events that wait, sealed", NULL, outbox_options,
     outbox_list_command},
    {"outbox stats", "", "figures of the outbox", NULL, outbox_options, outbox_stats_command},
    {"outbox export", "", "print the sealed events, a line of JSON each",
     "Bodies are sealed to the hub: base64 that only the hub opens.", outbox_options,
     outbox_export_command},
    {"outbox quarantine", "", "list records that the hub never takes",
     "--export prints them whole, as `outbox export` does what waits.",
     outbox_quarantine_options, outbox_quarantine_command},
    {"outbox discard", "SEQ...", "throw such records away, for good",
     "First keep a copy: `dunlin outbox quarantine --export >FILE`. The agent must not run "
     "meanwhile. The log says which went.",
     outbox_discard_options, outbox_discard_command},
    {"forget", "", "erase a person, on the hub and in what is still queued",
     "Name at least one identifier; the value - reads it from standard input. The erasure "
     "travels as an event: it works while the hub is away.",
     forget_options, forget_command},
    {"lookup", "", "tell whether the person at the counter is known",
     "Name one identifier, such as --email; the value - reads it from standard input. It is "
     "tokenised here and asked of the hub, which has to have granted this device the desk role "
     "and writes every question down. Ends with 0 when they are known, 1 when not, 2 when the "
     "identifier makes no sense, 4 when this device may not ask, 5 when the hub is away or has "
     "been asked too often.",
     lookup_options, lookup_command},
    {"access", "", "print all that the hub has of them, as JSON",
     "As lookup, and the exit codes too: events, consents, measures, and which kinds of "
     "identifiers they are known by, never an identifier itself.",
     access_options, access_command},
    {"rosters", "", "which events this device is a gate of",
     "Their lists with who is inside, and how long ago the hub said that they are current.",
     rosters_options, rosters_command},
    {"normalize", "TYPE [VALUE]", "print an identifier's canonical form",
     "TYPE is email, phone, loyalty_id, account_id, payment_ref, ticket, national_id, "
     "cookie_id, device_id, ip, given_name, surname, date_of_birth, postcode, street, city, "
     "country or sex. Ends with 1 and the reason when there is none. The value - is "
     "read from standard input, which no other process sees. With - alone it reads lines "
     "TYPE<TAB>VALUE[<TAB>REGION] from there and answers each with the form, or with ! and the "
     "reason. With --scheme TYPE may also be state, name, external_id and the platforms' own "
     "words, such as first_name.",
     normalize_options, normalize_command},
    {"token", "TYPE VALUE", "print the token of an identifier, to block it at the hub",
     "Prints DEVICE/EPOCH/TYPE/HEX for `dunlin-hub match block`: the hub alone cannot tell "
     "which "
     "token the till's own phone has. TYPE is as for normalize; the value - is read from "
     "standard input. The token is good at this device's hub and nowhere else.",
     token_options, token_command},
    {"version", "", "print the version", NULL, no_options, version_command},
    {0},
};

static const struct cli_program program = {
    .name = "dunlin",
    .summary = "captures purchases and check-ins offline, without personal data on disk",
    .description =
        "dunlin is the agent of a till, a kiosk or a gate. It replaces every personal "
        "identifier "
        "by a keyed token before anything touches the disk, seals each event to the hub, keeps "
        "it until the hub has acknowledged it, and never makes the till wait for the network.",
    .version = DUNLIN_VERSION,
    .commands = commands,
    .config = settings_keys,
};

int main(int argc, char **argv)
{
    struct harden_report harden;
    harden_process(&harden);
    if (crypto_setup()) {
        cli_error("the machine gives no random bytes, or no memory");
        return CLI_EXIT_FAILED;
    }
    json_setup();
    commands_hardened(&harden);
    return cli_run(&program, argc, args_utf8(argc, argv));
}
