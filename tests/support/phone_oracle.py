#!/usr/bin/python3
"""Holds `dunlin normalize -` against python3-phonenumbers.

    phone_oracle.py DUNLIN examples|random|hostile [COUNT] [SEED]

examples: the example numbers of every region and type, as E.164, international and
national spelling. random: numbers drawn from the patterns of every region and type,
spelt at random: gaps, brackets, prefixes for calls abroad and at home, (0), digits
of other scripts, extensions, letters for digits, RFC 3966 with its parameters; one
in twenty is mistyped. hostile: characters that mean something to either reader, in
no order at all.

Prints figures as TAP comments and up to ten differences; ends with 1 when an answer
differs from the oracle's, or where it has none, or when of what it calls valid more
than 0.5% are refused (hostile: no matter how many).
"""
import random
import subprocess
import sys

try:
    from re import _parser as sre_parse
except ImportError:
    import sre_parse

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from phonenumbers.phonemetadata import PhoneMetadata

REFUSED_MAX = 0.005
KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip",
         "personal_number", "pager", "uan", "voicemail")
TYPES = [getattr(PhoneNumberType, kind.upper()) for kind in KINDS]
GAPS = [" ", " ", " ", "-", "-", ".", "/", "\u00a0", "\u2010", "\u2011", "\u2013", "\u2014",
        "\u2212", "\u3000", "\uff0d", "\u00ad", "\u200b", " - ", "  ", ") ", " (", "\uff08",
        "\uff09", "[", "]", "\u30fc", "\uff0e", "\uff0f"]
ZEROS = [0xFF10, 0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x1810, 0x1D7CE]


def oracle(text, region):
    """E.164 of a valid number, or None."""
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def answers(dunlin, rows):
    lines = "".join("phone\t%s\t%s\n" % row for row in rows)
    out = subprocess.run([dunlin, "normalize", "-"], input=lines.encode(), check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    return out.splitlines()


def plans():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        yield region, PhoneMetadata.metadata_for_region(region)
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        yield "", PhoneMetadata.metadata_for_nongeo_region(code)


def spellings(number):
    for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL,
                 PhoneNumberFormat.NATIONAL):
        yield phonenumbers.format_number(number, form)


def examples():
    for region, metadata in plans():
        for kind in KINDS:
            desc = getattr(metadata, kind)
            if desc is None or not desc.example_number:
                continue
            number = phonenumbers.PhoneNumber(
                country_code=metadata.country_code, national_number=int(desc.example_number),
                italian_leading_zero=desc.example_number.startswith("0") or None)
            for text in spellings(number):
                yield text, region


# ---- numbers drawn from a pattern ----------------------------------------------------

def drawn(rng, items):
    out = []
    for name, arg in items:
        name = str(name)
        if name == "LITERAL":
            out.append(chr(arg))
        elif name == "IN":
            low_high = [what if str(part) == "RANGE" else (what, what) for part, what in arg]
            out.append(chr(rng.choice([c for low, high in low_high
                                       for c in range(low, high + 1)])))
        elif name == "SUBPATTERN":
            out.append(drawn(rng, arg[3]))
        elif name == "BRANCH":
            out.append(drawn(rng, rng.choice(arg[1])))
        elif name == "MAX_REPEAT":
            out.extend(drawn(rng, arg[2]) for _ in range(rng.randint(arg[0], int(arg[1]))))
        else:
            raise ValueError(name)
    return "".join(out)


def parsed(pattern):
    return sre_parse.parse(pattern.replace("\\d", "[0-9]"))


def spread(rng, digits):
    """Gaps at random places between the digits."""
    style = rng.random()
    if style < 0.3:
        return digits
    chance = 0.9 if style > 0.95 else 0.3
    return digits[0] + "".join((rng.choice(GAPS) if rng.random() < chance else "") + d
                               for d in digits[1:])


def in_script(rng, text):
    zero = rng.choice(ZEROS)
    return "".join(chr(zero + int(c)) if c in "0123456789" else c for c in text)


LABELS = ["ext", "ext.", "Ext:", "extension ", "extensi\u00f3n", "xtn", "EXTN.", "x", "X ", "#", "~",
          "int", "Int.", "\u0434\u043e\u0431", "\u0414\u041e\u0411. ", "anexo", ",,", ";", ",", ",,,", ", ",
          ";ext=", "\uff45\uff58\uff54\uff4e", "\uff58", "\uff03", "\uff49\uff4e\uff54"]
KEYPAD = ["0", "1", "ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"]


def extended(rng, text):
    """With an extension, or what looks like one."""
    digits = "".join(rng.choice("0123456789") for _ in range(rng.choice([1, 3, 4, 6, 7, 9, 10, 20, 21])))
    if rng.random() < 0.1:
        return text + rng.choice([" ", "-", " - "]) + digits + "#"
    return (text + rng.choice(["", " ", "  ", ", ", "\u00a0"]) + rng.choice(LABELS)
            + rng.choice(["", "", " ", ": ", "-"]) + digits + rng.choice(["", "", "#", ".", "/x302"]))


def in_letters(rng, text):
    """Some of the last digits as letters of their keys."""
    out, count = list(text), rng.choice([1, 2, 3, 4, 7])
    for at in range(len(out) - 1, 0, -1):
        if count and out[at] in "23456789":
            out[at] = rng.choice(KEYPAD[int(out[at])])
            out[at] = out[at].lower() if rng.random() < 0.3 else out[at]
            count -= 1
    return "".join(out)


def as_uri(rng, text, code):
    """With parameters of RFC 3966."""
    context = rng.choice(["+" + code, "+" + code, "+" + code + "-", "example.com", "a", ""])
    inner = rng.choice(["", "", ";isub=12345", ";ext=456", ";a=%A1"])
    return rng.choice(["tel:", "tel:", "", "Tel:", "my number is tel:"]) + text + inner + rng.choice(
        ["", ";phone-context=" + context, ";phone-context=" + context + ";x=1"])


def mistyped(rng, digits):
    """A digit more, less or other."""
    at = rng.randrange(len(digits))
    return digits[:at] + rng.choice(["", "%d", "%d%d"]).replace("%d", rng.choice("0123456789")) \
        + digits[at + rng.randint(0, 1):]


def spelt(rng, metadata, national, homes):
    """One spelling of a number and the region it is read in."""
    code, home = str(metadata.country_code), metadata.id if metadata.id != "001" else ""
    way = rng.random()
    if way < 0.3 or not home:
        region = rng.choice(["", home, rng.choice(homes).id])
        inner = rng.random()
        text = rng.choice(["+", "+", "+", "\uff0b", "++", "(+", "+ ", "tel:+"]) + code
        if inner < 0.2 and metadata.national_prefix:
            text += rng.choice(["(%s)", " (%s) ", "%s"]) % metadata.national_prefix
        else:
            text += rng.choice(["", " ", "-", ") "])
        text += spread(rng, national)
    elif way < 0.5:
        abroad = rng.choice([m for m in homes if m.international_prefix])
        region = abroad.id
        prefix = drawn(rng, parsed(abroad.international_prefix))
        text = prefix + rng.choice(["", " ", "-"]) + code + " " + spread(rng, national)
    elif way < 0.6:
        region, text = home, code + spread(rng, national)
    elif way < 0.9:
        region, text = home, spread(rng, (metadata.national_prefix or "") + national)
    elif way < 0.95 and metadata.national_prefix:
        region, text = home, "(" + metadata.national_prefix + ")" + spread(rng, national)
    else:
        region, text = home, spread(rng, national)
    dress = rng.random()
    if dress < 0.1:
        text = extended(rng, text)
    elif dress < 0.15:
        text = in_letters(rng, text)
    elif dress < 0.2:
        text = as_uri(rng, text, code)
    elif dress < 0.22:
        text = rng.choice(["Phone ", "T: ", "\u260e ", "#", "*"]) + text
    elif dress < 0.24:
        text += rng.choice([" x", "_", " !", " \u20ac", "#", " (home)", "\u00bd", "a"])
    if rng.random() < 0.1:
        text = rng.choice([" ", "  ", "\u3000", "("]) + text + rng.choice([" ", ".", ")", "  "])
    return (in_script(rng, text) if rng.random() < 0.1 else text), region


def at_random(count, seed):
    rng = random.Random(seed)
    all_plans = [metadata for _, metadata in plans()]
    homes = [m for m in all_plans if m.id != "001"]
    patterns = {}
    while count > 0:
        metadata = rng.choice(all_plans)
        descs = [d for d in (getattr(metadata, kind) for kind in KINDS)
                 if d is not None and d.national_number_pattern]
        pattern = rng.choice(descs).national_number_pattern
        if pattern not in patterns:
            patterns[pattern] = parsed(pattern)
        national = drawn(rng, patterns[pattern])
        if rng.random() < 0.05:
            national = mistyped(rng, national)
        if national:
            count -= 1
            yield spelt(rng, metadata, national, homes)


MEANING = list("0123456789" * 4 + "++  --..()/[]xX#~*,;:ae n\\_") + [
    "ext", "tel:", ";ext=", ";isub=", ";phone-context=", "\u0434\u043e\u0431", "\uff0b", "\u0665", "\uff15",
    "\u00a0", "\u200b", "\ufeff", "\u00bd", "\u2053", "\uff58", "00", "011", "+49", "+1", "2125550123",
    "+442034567890", "033316005", "17155501", "anexo", "int", "xtn", "\u0301", "\u3042"]


def hostile(count, seed):
    rng = random.Random(seed)
    regions = ["", "US", "DE", "NZ", "AR", "BR", "IT", "GB", "RU", "MX", "CN"]
    for _ in range(count):
        yield "".join(rng.choice(MEANING) for _ in range(rng.randint(1, 24))), rng.choice(regions)


def main():
    dunlin, what = sys.argv[1], sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    rows = list(examples() if what == "examples" else
                hostile(count, seed) if what == "hostile" else at_random(count, seed))
    got = answers(dunlin, rows)
    if len(got) != len(rows):
        sys.exit("%d answers to %d lines" % (len(got), len(rows)))
    valid = wrong = refused = 0
    for (text, region), answer in zip(rows, got):
        wanted = oracle(text, region)
        valid += wanted is not None
        if answer.startswith("!"):
            if wanted is not None:
                refused += 1
                if refused <= 10:
                    print("# refused: %r in %r, %s: %s" % (text, region, wanted, answer))
        elif answer != wanted:
            wrong += 1
            if wrong <= 10:
                print("# wrong: %r in %r, %s: %s" % (text, region, wanted, answer))
    print("# %d spellings, %d valid to the oracle: %d other answers, %d refused (%.3f%%)" % (
        len(rows), valid, wrong, refused, 100 * refused / max(valid, 1)))
    too_many = what != "hostile" and refused > REFUSED_MAX * valid
    sys.exit(1 if wrong or not valid or too_many else 0)


main()
