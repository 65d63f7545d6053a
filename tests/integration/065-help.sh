#!/usr/bin/env bash
# --help, the man page and the completion come from one table: each is well made, and they
# name the same commands and options.
. "$(dirname "$0")/../support/tap.sh"
cd "$tap_dir" || exit 1

commands_of() { "$1" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\( [a-z-]*\)\{0,1\}\)   *[A-Za-z].*/\1/p'; }
options_of() { # PROGRAM COMMAND...: its long options, as --help lists them
    "$@" --help | sed -n '/^Options:/,/^$/s/^  \(-., \)\{0,1\} *\(--[a-z-]*\).*/\2/p' | sort
}
# completes PROGRAM WORD...: what bash offers for the last word.
completes() {
    bash -c 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
             "_${1//-/_}"; printf "%s\n" "${COMPREPLY[@]}"' "$1.bash" "$@"
}

for program in dunlin dunlin-hub dunlin-keys; do
    check "$program --help" "$program" --help
    check "$program --version" "$program" --version
    check_not "$program refuses a command it has not" "$program" no-such-command
    check_not "$program refuses an option it has not" "$program" --no-such-option
    check_not "$program wants a command" "$program"

    "$program" --man >"$program.1"
    check "man -l reads its page" env MANWIDTH=80 man -l --warnings=w "$program.1"
    is "which draws no warning of groff" "$(MANWIDTH=80 man -l --warnings=w "$program.1" 2>&1 >/dev/null)" ""
    # Long source lines are a matter of style: the table's paragraphs are lines.
    check "and mandoc finds no error in it" mandoc -T lint -W error "$program.1"
    is "nor a warning" "$(mandoc -T lint -W warning "$program.1" | grep -v STYLE)" ""
    mandoc -T ascii "$program.1" | col -b | tr -s ' \n' ' ' >page

    "$program" --completion bash >"$program.bash"
    check "bash can read its completion" bash -n "$program.bash"
    commands_of "$program" >commands
    check "--help lists commands" test -s commands
    is "bash completes the first words" "$(completes "$program" '' | grep -v '^-\|^help$' | sort)" \
        "$(cut -d' ' -f1 commands | sort -u)"
    while read -r first second; do
        name=$first${second:+ $second}
        # shellcheck disable=SC2086
        check "$program $name --help" $program $name --help
        # shellcheck disable=SC2086
        options=$(options_of $program $name)
        check "the man page has $name" grep -qF "$name" page
        missing=''
        for option in $options; do grep -qF -- "$option" page || missing+=" $option"; done
        is "and all its options" "$missing" ""
        # shellcheck disable=SC2086
        is "bash completes $name's options" "$(completes $program $name --| sort)" "$options"
        if [ -n "$second" ]; then
            is "bash completes $name" "$(completes "$program" "$first" "$second")" "$second"
        fi
    done <commands
done
is "bash completes a word begun" "$(completes dunlin sta)" status
is "and gives way to file names" "$(completes dunlin import orders)" ""
