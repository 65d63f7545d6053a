/* Keyboard-wedge scanners: they type a code as fast as no hand does and press Enter.
   It does not matter where the focus is; what a person types stays hers. */

const CHARS_MIN = 4;
const GAP_MAX_MS = 120; /* between two characters of a burst, by a slow Bluetooth scanner */
const GAP_MEAN_MS = 45; /* over a whole one; quick hands need 80 and more */
const ALONE_MS = 400; /* then a lone first key was a hand's; a slow page needs more than a gap */
const CODE_MAX = 1024;

function isField(node) {
  return node?.matches?.("input:not([type=radio]), select, textarea") ?? false;
}

/* onCode(code): a burst came in. onTyped(chars): slow keys beside every field, so that
   somebody can just begin to type. */
export function listenToKeys({ onCode, onTyped }) {
  let chars = "", first = 0, last = 0, field = null, before = "", timer = 0;

  function forget() {
    clearTimeout(timer);
    chars = "";
    field = null;
  }

  function isBurst(now) {
    return chars.length >= CHARS_MIN && now - last <= GAP_MAX_MS && (last - first) / (chars.length - 1) <= GAP_MEAN_MS;
  }

  /* What came before was a hand's: onTyped may move the focus, and this key follows it. */
  function begin(now) {
    slow();
    first = now;
    field = isField(document.activeElement) ? document.activeElement : null;
    before = field?.value ?? "";
  }

  function slow() {
    const typed = chars, beside = !field;
    forget();
    if (beside && typed.trim()) onTyped(typed);
  }

  function take(event, now) {
    if (!chars || now - last > GAP_MAX_MS) begin(now);
    chars = (chars + event.key).slice(-CODE_MAX);
    last = now;
    clearTimeout(timer);
    if (!field) timer = setTimeout(slow, ALONE_MS);
    /* Beside a field a space would press the button that has the focus. A lone one may. */
    if (!field && (event.key !== " " || chars.length > 1)) event.preventDefault();
  }

  function end(event, now) {
    if (!isBurst(now)) return forget();
    const code = chars, typedInto = field, was = before;
    event.preventDefault();
    event.stopImmediatePropagation();
    forget();
    if (typedInto) typedInto.value = was;
    onCode(code);
  }

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const now = event.timeStamp;
    if (event.key === "Enter" || (event.key === "Tab" && isBurst(now))) end(event, now);
    else if (event.key.length === 1 && !event.repeat) take(event, now);
    else if (event.key !== "Shift") forget();
  }, true);
}
