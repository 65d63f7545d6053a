/* The gate screen: a code comes in, the agent judges, the screen shows it. The agent is
   on this machine; whether its hub is there changes a pill and nothing else. */

import * as api from "./api.js";
import * as camera from "./camera.js";
import * as dialogs from "./dialogs.js";
import * as lock from "./lock.js";
import * as panel from "./panel.js";
import * as scanner from "./scanner.js";
import { play } from "./sound.js";
import { key, remember, remembered, takeFragment } from "./store.js";
import { LANGUAGES, age, languageOf, loadWords, t } from "./text.js";
import { ofAnswer, ofError } from "./verdict.js";
import { listenToKeys } from "./wedge.js";

const LOOK_EVERY_MS = 2000;
const FRESH_S = 300; /* an older list is worth a second look */
const ANNUL_MS = 15 * 60 * 1000;
const QUEUE_MAX = 20;
const $ = (id) => document.getElementById(id);

let place = remembered("place");
let type = "entry";
let rosters = [];
let muted = remembered("muted") === true;
let last = null; /* the scan on the panel; its code is forgotten with the panel */
let annulable = null; /* the latest that let somebody through */
const queue = [];
let working = false;
let stopCamera = null;

/* ---- a scan ------------------------------------------------------------------------------ */

const tail = (ticket) => (ticket.length > 8 ? `…${ticket.slice(-4)}` : "");

function note(scan, view, answer) {
  const title = view.is === "no" ? view.reason : answer?.product || view.word;
  const entry = { at: Date.now(), view, title, detail: [t(scan.type), scan.gate, tail(scan.ticket)].filter(Boolean).join(" · "), scanId: answer?.scan_id };
  panel.listScan(entry);
  if (answer?.verdict === "ok" && answer.scan_id) annulable = entry;
  refreshActs();
}

function display(scan, view, answer) {
  last = { scan, answer };
  panel.show(view, () => type, () => { last = null; });
  if (!muted) play(view.is);
  note(scan, view, answer);
  if (answer?.stats) panel.count(answer.stats);
}

async function judge(scan) {
  try {
    const answer = await api.checkIn(scan);
    display(scan, ofAnswer(scan, answer), answer);
  } catch (error) {
    if (error.status === 401) return closeScreen();
    display(scan, ofError(error), null);
  }
}

/* By the agent's own scanner: its code never came here, so nobody can be let in anyway. */
function displayScanned(scan, status, answer) {
  const shown = { ticket: "", gate: "", ...scan };
  const done = status === 200 || status === 201;
  const view = done ? ofAnswer(shown, { ...answer, repeated: status === 200 }) : ofError(new api.ApiError(status, api.codeOf(answer)));
  dialogs.closeForScan();
  display(shown, { ...view, forceable: false, again: false }, done ? answer : null);
}

const where = () => Object.fromEntries(Object.entries({ ...place, type }).filter(([, value]) => value));

/* One after the other, in the order they came. */
async function work() {
  if (working) return;
  working = true;
  try {
    while (queue.length) await judge(queue.shift());
  } finally {
    working = false;
  }
}

function submit(ticket, more = {}) {
  const code = ticket.trim();
  if (!code) return;
  if (!place) return choosePlace();
  const scan = { ...where(), ticket: code, nonce: api.drawNonce(), ...more };
  if (queue.length >= QUEUE_MAX) return display(scan, ofError(new api.ApiError(0, "away")), null); /* never in silence */
  queue.push(scan);
  work();
}

/* ---- what a person can do beside it ------------------------------------------------------- */

function refreshActs() {
  $("annul").disabled = !annulable || Date.now() - annulable.at > ANNUL_MS;
}

async function force() {
  if (!last || $("force").hidden || lock.isLocked()) return;
  const { scan } = last;
  panel.holdView();
  const given = await dialogs.askForce($("verdict-reason").textContent);
  if (given) submit(scan.ticket, { event: scan.event, list: scan.list, gate: scan.gate, type: scan.type, force: true, ...given });
  else panel.release(() => type, () => { last = null; });
}

function retry() {
  if (!last) return;
  queue.push(last.scan); /* the same nonce: it counts once */
  work();
}

async function annul() {
  refreshActs();
  if ($("annul").disabled || lock.isLocked()) return;
  const entry = annulable;
  const given = await dialogs.askAnnul(entry);
  if (!given) return;
  try {
    await api.annul(entry.scanId, given.why);
    panel.strike(entry);
    panel.say(t("annulDone", { what: entry.title }));
    toIdle();
  } catch (error) {
    display({ ...place, type, ticket: "" }, { ...ofError(error), ...(error.status === 409 && { reason: t("annulLate") }), again: false }, null);
  }
  annulable = null;
  refreshActs();
  look();
}

async function choosePlace() {
  if (lock.isLocked()) return;
  const given = await dialogs.askPlace(rosters, place);
  if (given?.event) usePlace(given);
}

function usePlace(given) {
  place = given;
  remember("place", place);
  showPlace();
  panel.count(null);
  scanner.aim(where());
  look();
}

function useType(wished) {
  type = wished;
  document.body.dataset.type = type;
  for (const radio of document.querySelectorAll("#modes input")) radio.checked = radio.value === type;
  $("manual").querySelector("button").textContent = t(type === "exit" ? "checkExit" : "check");
  scanner.aim(where());
  if (panel.isIdle()) panel.showIdle(type);
}

function toIdle() {
  last = null;
  panel.showIdle(type);
}

/* The camera stays on until it is pressed again; a verdict covers its picture. */
async function pressCamera() {
  if (stopCamera) {
    stopCamera();
    stopCamera = null;
  } else {
    try {
      stopCamera = await camera.watch($("camera-view"), submit);
    } catch (error) {
      const why = { decoder: "cameraNoDecoder", NotAllowedError: "cameraDenied" }[error.name === "Error" ? error.message : error.name] ?? "cameraNone";
      panel.show({ is: "fault", word: t("camera"), reason: t("cameraNot", { why: t(why) }), attention: "", facts: [] }, () => type, () => {});
    }
  }
  $("camera-view").hidden = !stopCamera;
  $("camera").setAttribute("aria-pressed", String(Boolean(stopCamera)));
  if (stopCamera) toIdle();
}

async function pressLock() {
  if (!lock.possible()) return panel.say(t("pinNot"));
  if (lock.isLocked()) {
    if (await dialogs.askUnlock()) panel.say(t("unlocked"));
  } else if (lock.hasPin() || (await dialogs.askNewPin())) {
    lock.lock();
    panel.say(t("locked"));
  }
  showLock();
}

/* ---- what stands around it ------------------------------------------------------------------ */

const roster = () => rosters.find((r) => r.event === place?.event);
const list = () => roster()?.lists?.find((l) => l.id === place?.list);

function showPlace() {
  $("place-event").textContent = place ? roster()?.name || place.event : t("placeNone");
  $("place-rest").textContent = place ? [list()?.name || place.list, place.gate].filter(Boolean).join(" · ") : "";
}

function showLock() {
  const locked = lock.isLocked();
  document.body.toggleAttribute("data-locked", locked);
  $("lock").querySelector("use").setAttribute("href", locked ? "#i-lock" : "#i-open");
  $("lock").querySelector(".sr").textContent = t(locked ? "unlock" : "lock");
  $("lock").title = t(locked ? "unlock" : "lock");
  $("lock").disabled = !lock.possible();
  $("place").disabled = locked;
  $("modes").disabled = locked;
}

function showSound() {
  $("sound").setAttribute("aria-pressed", String(!muted));
  $("sound").querySelector("use").setAttribute("href", muted ? "#i-mute" : "#i-sound");
  $("sound").title = t("sound");
}

function showState(answer) {
  if (!answer) return panel.pill("online", "off", "#i-off", t("agentAway"));
  panel.pill("online", answer.online ? "on" : "off", answer.online ? "#i-on" : "#i-off", t(answer.online ? "online" : "offline"));
  const seconds = roster()?.snapshot_age_s;
  if (roster()?.complete === false) panel.pill("age", "stale", "#i-age", t("ageComing"));
  else if (!Number.isFinite(seconds)) panel.pill("age", "stale", "#i-age", t("ageNone"));
  else panel.pill("age", seconds > FRESH_S ? "stale" : "fresh", "#i-age", t("ageFresh", { age: age(seconds) }));
}

function showScanner(connected) {
  $("scanner").hidden = connected === null;
  if (connected !== null) panel.pill("scanner", connected ? "on" : "off", connected ? "#i-on" : "#i-off", t(connected ? "scannerOn" : "scannerOff"));
}

async function look() {
  try {
    const answer = await api.rosters();
    rosters = answer.rosters ?? [];
    showPlace();
    showState(answer);
    panel.count(list()?.stats);
  } catch (error) {
    if (error.status === 401) closeScreen();
    else if (error.status === 0) showState(null);
  }
  refreshActs();
}

function closeScreen() {
  $("screen").hidden = true;
  $("closed").hidden = false;
  $("closed-word").textContent = t(key() ? "keyWrong" : "keyMissing");
  $("closed-why").textContent = t("keyMissingWhy");
  $("closed-do").textContent = "dunlin gate";
}

async function useLanguage(tag) {
  await loadWords(tag);
  document.title = `${t("title")} · Dunlin`;
  const other = LANGUAGES[(LANGUAGES.indexOf(tag) + 1) % LANGUAGES.length];
  $("language").textContent = other.toUpperCase();
  $("language").setAttribute("aria-label", new Intl.DisplayNames([other], { type: "language" }).of(other));
  $("language").setAttribute("lang", other);
  $("language").onclick = async () => {
    remember("language", other);
    await useLanguage(other);
    useType(type);
    look();
  };
  showPlace();
  showLock();
  showSound();
}

/* ---- wiring ------------------------------------------------------------------------------------ */

const KEYS = {
  F2: () => $("code").focus(),
  F3: () => $("camera").hidden || pressCamera(),
  F4: () => lock.isLocked() || dialogs.askSearch((order) => api.search(place?.event, order), place?.list),
  F6: () => lock.isLocked() || useType(type === "entry" ? "exit" : "entry"),
  F7: annul,
  F8: force,
  F9: pressLock,
};

function wire() {
  $("place").addEventListener("click", choosePlace);
  $("modes").addEventListener("change", (event) => useType(event.target.value));
  $("sound").addEventListener("click", () => { muted = !muted; remember("muted", muted); showSound(); });
  $("lock").addEventListener("click", pressLock);
  $("camera").hidden = !camera.possible();
  $("camera").addEventListener("click", pressCamera);
  $("search").addEventListener("click", KEYS.F4);
  $("annul").addEventListener("click", annul);
  $("force").addEventListener("click", force);
  $("retry").addEventListener("click", retry);
  $("manual").addEventListener("submit", (event) => {
    event.preventDefault();
    submit($("code").value);
    $("code").value = "";
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (KEYS[event.key] && !dialogs.isOpen()) {
      event.preventDefault();
      KEYS[event.key]();
    } else if (event.key === "Escape" && !dialogs.isOpen()) {
      toIdle();
    }
  });
  listenToKeys({
    onCode: (code) => { if (!$("screen").hidden && dialogs.closeForScan()) submit(code); },
    onTyped: (chars) => {
      if (dialogs.isOpen() || $("screen").hidden) return;
      $("code").value = chars;
      $("code").focus();
    },
  });
}

async function start() {
  const said = takeFragment();
  await useLanguage(languageOf(remembered("language")));
  if (!key()) return closeScreen();
  try {
    rosters = (await api.rosters()).rosters ?? [];
    if (said.unlock) lock.forgetPin();
  } catch (error) {
    if (error.status === 401) return closeScreen();
  }
  $("screen").hidden = false;
  wire();
  useType("entry");
  showLock();
  panel.showIdle(type);
  const only = rosters.length === 1 && rosters[0].lists?.length === 1 ? rosters[0] : null;
  if (!place && only) place = { event: only.event, list: only.lists[0].id, gate: only.lists[0].gates?.length === 1 ? only.lists[0].gates[0] : "" };
  await look();
  if (!place) choosePlace();
  setInterval(look, LOOK_EVERY_MS);
  scanner.watch({ where, onScan: displayScanned, onState: showScanner });
}

start();
