/* Names of people, and their sex. */
#include "agent/normalise/words.h"
#include "crypto/secret.h"

#include <string.h>

static const char titles[] =
    "mr mrs ms miss mx mister dr prof professor doktor doctor rev reverend sir herr herrn frau "
    "fraulein hr dipl ing med phil rer nat jur habil mag monsieur madame mademoiselle mme mlle "
    "sr sra srta senor senora senorita dott dottssa avv sig sigra signor signora dhr mevr "
    "mevrouw meneer drs pan pani \xCE\xBA\xCE\xBF\xCF\x83 "             /* κος */
    "\xCE\xBA\xCE\xB1 "                                                 /* κα */
    "\xD0\xB3\xD0\xBD \xD0\xB3\xD0\xB6\xD0\xB0 "                        /* гн, гжа */
    "\xD0\xB3\xD0\xBE\xD1\x81\xD0\xBF\xD0\xBE\xD0\xB4\xD0\xB8\xD0\xBD"; /* господин */

static const char suffixes[] =
    "jr sr jnr snr junior senior ii iii iv 2nd 3rd 4th phd md dds mba msc bsc esq";

static const char particles[] = "von vom van der den de del dela della di da das do dos du le "
                                "la zu zum zur ten ter te af av "
                                "al el bin ibn abu ben mc mac o d l t s op";

static const char nobody[] = "unknown unbekannt inconnu sconosciuto desconocido none xxx";

/* Where the name itself starts and ends, one word at least. */
static void strip(const struct word *words, size_t *first, size_t *end)
{
    while (*end - *first > 1 && word_in(words[*first], titles))
        ++*first;
    while (*end - *first > 1 && word_in(words[*end - 1], suffixes))
        --*end;
}

static bool write_given(const struct word *words, size_t count, struct form_output *out)
{
    size_t first = 0;
    strip(words, &first, &count);
    bool room = true;
    for (size_t i = first; i < count && room; i++)
        room = words_add(out, words[i], false);
    return room;
}

static bool write_surname(const struct word *words, size_t count, struct form_output *out)
{
    size_t first = 0, end = count;
    strip(words, &first, &end);
    size_t name_end = end;
    while (name_end - first > 1 && word_in(words[name_end - 1], particles))
        name_end--;
    bool room = true, glued = false;
    for (size_t i = name_end; i < end && room; i++, glued = true)
        room = words_add(out, words[i], glued);
    for (size_t i = first; i < name_end && room; i++) {
        room = words_add(out, words[i], glued);
        glued = word_in(words[i], particles);
    }
    return room;
}

static enum normalise_reason
name(const struct form_input *in,
     bool (*write)(const struct word *, size_t, struct form_output *), struct form_output *out)
{
    char text[NORMALISE_BYTES_MAX];
    struct form_output folded = {.bytes = text, .cap = sizeof text};
    struct word words[WORDS_MAX];
    enum normalise_reason reason = words_fold(in, "", &folded);
    out->len = 0;
    if (!reason && !write(words, words_split(text, folded.len, words), out))
        reason = NORMALISE_TOO_LONG;
    secret_wipe(text, sizeof text);
    if (reason)
        return reason;
    if (!words_have_letter(out->bytes, out->len))
        return NORMALISE_BAD_FORMAT;
    struct word whole = {out->bytes, out->len};
    return word_in(whole, nobody) || word_is(whole, "n a") ? NORMALISE_PLACEHOLDER
                                                           : NORMALISE_OK;
}

static enum normalise_reason given_name(const struct form_input *in, struct form_output *out)
{
    return name(in, write_given, out);
}

static enum normalise_reason surname(const struct form_input *in, struct form_output *out)
{
    return name(in, write_surname, out);
}

enum normalise_reason form_given_name(const struct form_input *in, struct form_output *out)
{
    return words_settle(in, given_name, out);
}

enum normalise_reason form_surname(const struct form_input *in, struct form_output *out)
{
    return words_settle(in, surname, out);
}

enum normalise_reason form_sex(const struct form_input *in, struct form_output *out)
{
    static const char *const words[] = {
        "m male man boy mann mannlich herr homme masculin hombre masculino maschio uomo 1",
        "f female woman girl w weiblich frau femme feminin mujer femenino femmina donna 2",
        "x d divers diverse nonbinary enby nb other inter",
    };
    enum normalise_reason reason = words_fold(in, "", out);
    if (reason)
        return reason;
    struct word whole = {out->bytes, out->len};
    if (word_is(whole, "non binary"))
        whole = (struct word){"x", 1};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (word_in(whole, words[i])) {
            out->bytes[0] = "mfx"[i];
            out->len = 1;
            return NORMALISE_OK;
        }
    return NORMALISE_BAD_FORMAT;
}
