#include "platform/cli.h"
#include "scratch.h"

static struct {
    int calls, code;
    char dir[64];
    long long port;
    bool json;
    size_t operands;
    char last[64];
} got;

static int run(const struct cli_args *args)
{
    got.calls++;
    const char *dir = cli_text(args, "dir");
    snprintf(got.dir, sizeof got.dir, "%s", dir ? dir : "(none)");
    got.port = cli_int(args, "port");
    got.json = cli_flag(args, "json");
    got.operands = cli_operand_count(args);
    const char *last = got.operands ? cli_operand(args, got.operands - 1) : "";
    snprintf(got.last, sizeof got.last, "%s", last);
    assert_null(cli_operand(args, got.operands));
    return got.code;
}

static int plain(const struct cli_args *args)
{
    got.operands = cli_operand_count(args);
    got.calls++;
    return 0;
}

static const struct cli_option options[] = {
    {"dir", 'd', CLI_TEXT, "DIR", "/var/lib/x", "state folder"},
    {"port", 'p', CLI_INT, "PORT", "80", "port to listen on"},
    {"json", 0, CLI_FLAG, NULL, NULL, "machine-readable"},
    {0},
};
static const struct cli_command commands[] = {
    {"run", "[FILE...]", "run it", "Runs.\n\n    prog run\n    .dot\n", options, run},
    {"device list", "", "list devices", NULL, NULL, plain},
    {"device show", "NAME [FIELD]", "show a device", NULL, options, plain},
    {0},
};
static const struct cli_program program = {.name = "prog",
                                           .summary = "does things",
                                           .description = "Long words.",
                                           .version = "1.2.3",
                                           .commands = commands};

/* Runs a line of words; what came on `fd` is left in `said`. */
static char said[65536];

static int run_line(int fd, const char *line)
{
    char copy[256], *argv[16] = {NULL};
    int argc = 0;
    snprintf(copy, sizeof copy, "prog %s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    memset(&got, 0, sizeof got);
    struct capture c = capture_begin(fd);
    int code = cli_run(&program, argc, argv);
    char *text = capture_end(c);
    snprintf(said, sizeof said, "%s", text);
    free(text);
    return code;
}

static void refuse(const char *line, const char *words)
{
    assert_int_equal(run_line(STDERR_FILENO, line), CLI_EXIT_USAGE);
    assert_int_equal(got.calls, 0);
    assert_contains(said, words);
}

static void values_fallbacks_and_operands_arrive(void **state)
{
    (void)state;
    assert_int_equal(run_line(STDERR_FILENO, "run"), 0);
    assert_string_equal(got.dir, "/var/lib/x");
    assert_int_equal(got.port, 80);
    assert_false(got.json);
    assert_int_equal(run_line(STDERR_FILENO, "run a --dir=x -p -5 b --json -- --c"), 0);
    assert_string_equal(got.dir, "x");
    assert_int_equal(got.port, -5);
    assert_true(got.json);
    assert_int_equal(got.operands, 3);
    assert_string_equal(got.last, "--c");
}

static void commands_of_two_words_are_found(void **state)
{
    (void)state;
    assert_int_equal(run_line(STDERR_FILENO, "device show till-3"), 0);
    assert_int_equal(got.operands, 1);
    assert_int_equal(run_line(STDERR_FILENO, "device list"), 0);
    refuse("device", "which one?");
    refuse("device lst", "device show");
}

static void mistakes_are_told_with_a_suggestion(void **state)
{
    (void)state;
    refuse("", "which command?");
    refuse("rnu", "is 'run' meant?");
    refuse("frobnicate", "`prog --help` lists them");
    refuse("--dir x run", "before the command");
    refuse("run --prot 5", "is --port meant?");
    refuse("run -x", "no option -x");
    refuse("run --port", "--port needs a value");
    refuse("run --json=yes", "--json takes no value");
    refuse("run --port 5x", "--port takes a whole number");
    refuse("run --port 99999999999999999999", "--port takes a whole number");
    refuse("device show", "NAME [FIELD] is lacking");
    refuse("device show a b c", "3 operands, where 2");
    refuse("device list a", "1 operands, where 0");
}

static void values_are_not_repeated_in_errors(void **state)
{
    (void)state;
    refuse("run --emial=jane@example.com", "no option --emial");
    assert_null(strstr(said, "jane"));
    refuse("device show a b jane@example.com", "operands");
    assert_null(strstr(said, "jane"));
}

static void help_teaches(void **state)
{
    (void)state;
    assert_int_equal(run_line(STDOUT_FILENO, "--help"), 0);
    assert_contains(said, "device list");
    assert_contains(said, "Exit codes:\n  0");
    assert_int_equal(run_line(STDOUT_FILENO, "run --help"), 0);
    assert_contains(said, "Usage: prog run [OPTION...] [FILE...]\n\nrun it\n\nRuns.");
    assert_contains(said, "  -d, --dir DIR    state folder (default: /var/lib/x)\n");
    assert_contains(said, "      --json       machine-readable\n");
    assert_int_equal(got.calls, 0);
    assert_int_equal(run_line(STDOUT_FILENO, "help device show"), 0);
    assert_contains(said, "NAME [FIELD]");
    assert_int_equal(run_line(STDOUT_FILENO, "device --help"), 0);
    assert_contains(said, "show a device");
    assert_int_equal(run_line(STDOUT_FILENO, "--version"), 0);
    assert_string_equal(said, "prog 1.2.3\n");
}

static void the_man_page_and_completion_come_from_the_table(void **state)
{
    (void)state;
    assert_int_equal(run_line(STDOUT_FILENO, "--man"), 0);
    assert_contains(said, ".TH PROG 1 ");
    assert_contains(said, ".SS device show\n");
    assert_contains(said, "\\fB\\-d\\fR, \\fB\\-\\-dir\\fR \\fIDIR\\fR\n");
    assert_contains(said, "\n\\&.dot\n"); /* else man(7) takes it for a request */
    assert_int_equal(run_line(STDOUT_FILENO, "--completion bash"), 0);
    assert_contains(said, "complete -o default -F _prog prog\n");
    assert_contains(said, "'run') options='--dir --port --json --help' ;;");
}

static void exit_codes_follow_the_error(void **state)
{
    (void)state;
    assert_int_equal(cli_exit_of(DL_OK), CLI_EXIT_OK);
    assert_int_equal(cli_exit_of(DL_E_INPUT), CLI_EXIT_USAGE);
    assert_int_equal(cli_exit_of(DL_E_BUSY), CLI_EXIT_BUSY);
    assert_int_equal(cli_exit_of(DL_E_AUTH), CLI_EXIT_AUTH);
    assert_int_equal(cli_exit_of(DL_E_NET), CLI_EXIT_AWAY);
    assert_int_equal(cli_exit_of(DL_E_IO), CLI_EXIT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_fallbacks_and_operands_arrive),
        cmocka_unit_test(commands_of_two_words_are_found),
        cmocka_unit_test(mistakes_are_told_with_a_suggestion),
        cmocka_unit_test(values_are_not_repeated_in_errors),
        cmocka_unit_test(help_teaches),
        cmocka_unit_test(the_man_page_and_completion_come_from_the_table),
        cmocka_unit_test(exit_codes_follow_the_error),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
