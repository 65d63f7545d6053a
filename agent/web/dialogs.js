/* The questions that the screen asks. Each gives a promise of the answer, null when
   it was closed without one. */

import { t, when } from "./text.js";
import * as lock from "./lock.js";

const $ = (id) => document.getElementById(id);
let operator = ""; /* as long as the page is open; nobody's name is kept on the disk */
const REASONS = ["whyPaid", "whyShown", "whyWrong", "whyLead"];

for (const button of document.querySelectorAll("[data-close]"))
  button.addEventListener("click", () => button.closest("dialog").close(""));

export function isOpen() {
  return document.querySelector("dialog[open]") !== null;
}

/* A scan is more urgent than what is being filled in; a PIN is not to be walked around. */
export function closeForScan() {
  const open = document.querySelector("dialog[open]");
  if (!open) return true;
  if (open.id === "pin-dialog") return false;
  open.close("");
  return true;
}

function ask(id, read) {
  const dialog = $(id);
  if (dialog.open) return Promise.resolve(null);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "ok" ? read() : null), { once: true });
  });
}

function options(select, pairs, chosen) {
  select.replaceChildren(...pairs.map(([value, label]) => new Option(label, value, false, value === chosen)));
}

/* ---- where ------------------------------------------------------------------------------- */

/* From the rosters of this device; where it has none, event and list are named by hand. */
export function askPlace(rosters, place) {
  const own = rosters.length === 0;
  const events = rosters.map((r) => [r.event, r.name || r.event]);
  const value = (name) => $(`place-${name}-${own ? "own" : "in"}`).value.trim();
  const refresh = (event, list, gate) => {
    const lists = rosters.find((r) => r.event === event)?.lists ?? [];
    options($("place-list-in"), lists.map((l) => [l.id, l.name || l.id]), list);
    $("place-gates").replaceChildren(...new Set(lists.flatMap((l) => l.gates ?? [])).values().map((g) => new Option(g, g)));
    $("place-gate-in").value = gate ?? "";
  };
  $("place-none").hidden = !own;
  for (const name of ["event", "list"]) {
    $(`place-${name}-in`).hidden = own;
    $(`place-${name}-own`).hidden = !own;
    $(`place-${name}-own`).value = place?.[name] ?? "";
  }
  options($("place-event-in"), events, place?.event);
  refresh(place?.event ?? events[0]?.[0], place?.list, place?.gate);
  $("place-event-in").onchange = () => refresh($("place-event-in").value);
  return ask("place-dialog", () => ({
    event: value("event"),
    list: value("list"),
    gate: $("place-gate-in").value.trim(),
  }));
}

/* ---- letting in all the same, taking back --------------------------------------------------- */

export function askForce(what) {
  $("force-what").textContent = what;
  $("force-operator").value = operator;
  $("force-why").value = "";
  $("force-reasons").replaceChildren(...REASONS.map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = t(name);
    button.addEventListener("click", () => { $("force-why").value = button.textContent; });
    return button;
  }));
  const answer = ask("force-dialog", () => ({ operator: $("force-operator").value.trim(), why: $("force-why").value.trim() }));
  if ($("force-operator").value) $("force-why").focus();
  return answer.then((given) => {
    if (!given?.operator || !given.why) return null;
    operator = given.operator;
    return given;
  });
}

export function askAnnul(entry) {
  $("annul-what").textContent = t("annulWhat", { what: entry.title, time: when(entry.at) });
  $("annul-why").value = "";
  return ask("annul-dialog", () => ({ why: $("annul-why").value.trim() }));
}

/* ---- an order's tickets ------------------------------------------------------------------------ */

/* As the list stands that this gate works by. */
function ticketLine(ticket, list) {
  const line = document.createElement("li"), name = document.createElement("strong"), state = document.createElement("small");
  const own = ticket.lists?.find((l) => l.list === list), last = own?.scans?.at(-1);
  name.textContent = [ticket.product, ticket.variation].filter(Boolean).join(", ") || t("tickets");
  state.textContent = [
    t(`ticket.${ticket.state}`),
    own && t(own.inside ? "ticketIn" : "ticketOut"),
    last && [when(Date.parse(last.time)), last.gate ?? last.device].filter(Boolean).join(" "),
    ticket.attention,
  ].filter(Boolean).join(" · ");
  line.append(name, state);
  return line;
}

/* find(order) asks the agent. */
export function askSearch(find, list) {
  const show = (...nodes) => $("search-found").replaceChildren(...nodes);
  $("search-order").value = "";
  show();
  $("search-form").onsubmit = async (event) => {
    event.preventDefault();
    const order = $("search-order").value.trim();
    if (!order) return $("search-order").focus();
    try {
      const tickets = await find(order), lines = document.createElement("ul");
      lines.append(...tickets.map((ticket) => ticketLine(ticket, list)));
      show(tickets.length ? t("foundSome", { n: tickets.length }) : t("foundNone"), lines);
    } catch (error) {
      show(error.status === 0 ? t("faultWhy") : error.status === 404 ? t("foundNoRoster") : t("faultAsk", { code: error.code }));
    }
  };
  return ask("search-dialog", () => null);
}

/* ---- the PIN -------------------------------------------------------------------------------------- */

function buildPad() {
  const input = $("pin-in");
  const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "⌫"];
  $("pin-pad").replaceChildren(...keys.map((digit) => {
    if (!digit) return document.createElement("span");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = digit;
    if (digit === "⌫") button.setAttribute("aria-label", t("erase"));
    button.addEventListener("click", () => {
      input.value = digit === "⌫" ? input.value.slice(0, -1) : (input.value + digit).slice(0, 12);
    });
    return button;
  }));
}

/* check(pin): words of what is wrong with it, or "" and the dialog closes. */
function askPin(title, how, check) {
  const input = $("pin-in");
  const put = (id, text) => { $(id).textContent = text; };
  const again = (next) => { put("pin-title", next.title); put("pin-how", next.how); put("pin-wrong", next.wrong ?? ""); input.value = ""; input.focus(); };
  buildPad();
  const answer = ask("pin-dialog", () => true);
  again({ title, how });
  $("pin-form").onsubmit = async (event) => {
    event.preventDefault();
    const next = await check(input.value);
    if (next) again({ title, how, ...next });
    else $("pin-dialog").close("ok");
  };
  return answer.finally(() => { input.value = ""; });
}

export function askNewPin() {
  let first = "";
  return askPin(t("pinSet"), t("pinSetHow"), async (pin) => {
    if (!lock.fits(pin)) return { wrong: t("pinShort") };
    if (!first) {
      first = pin;
      return { title: t("pinAgain"), how: "" };
    }
    if (first !== pin) {
      first = "";
      return { wrong: t("pinDiffers") };
    }
    await lock.setPin(pin);
    return null;
  });
}

export function askUnlock() {
  return askPin(t("pinAsk"), t("pinAskHow"), async (pin) => {
    if (lock.waitSeconds() === 0 && (await lock.unlock(pin))) return null;
    const s = lock.waitSeconds();
    return { wrong: s ? t("pinWait", { s }) : t("pinWrong") };
  });
}
