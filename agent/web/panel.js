/* The large panel, the latest scans and the figures. */

import { t, when, number } from "./text.js";
import { ICONS, idle } from "./verdict.js";

const SHOWN_MS = { ok: 5000, warn: 12000, no: 12000, none: 6000, fault: 30000 }; /* then the next guest is at the door */
const RECENT_MAX = 12;
const $ = (id) => document.getElementById(id);
let back = 0;
let current = null;

function paint(view) {
  const panel = $("verdict");
  panel.dataset.is = view.is;
  delete panel.dataset.fresh;
  void panel.offsetWidth; /* the same colour twice is seen to arrive twice */
  if (view.is !== "idle") panel.dataset.fresh = "";
  $("verdict-icon").setAttribute("href", view.icon ?? ICONS[view.is]);
  $("verdict-word").textContent = view.word;
  $("verdict-reason").textContent = view.reason;
  $("verdict-attention").textContent = view.attention;
  $("verdict-facts").replaceChildren(...view.facts.map((fact) => {
    const item = document.createElement("li");
    item.textContent = fact;
    return item;
  }));
  $("force").hidden = !view.forceable;
  $("retry").hidden = !view.again;
  panel.scrollTop = 0;
}

/* Spoken even when it says the same as before. */
export function say(text) {
  const region = $("say");
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}

/* What is shown goes after its time. onBack: when the panel is ready for the next guest. */
export function release(type, onBack) {
  const ms = SHOWN_MS[current?.is];
  clearTimeout(back);
  if (ms) back = setTimeout(() => { showIdle(type()); onBack(); }, ms);
}

export function show(view, type, onBack) {
  current = view;
  paint(view);
  say([view.word, view.reason, view.attention, ...view.facts].filter(Boolean).join(". "));
  release(type, onBack);
}

export function showIdle(type) {
  clearTimeout(back);
  current = null;
  paint(idle(type));
}

/* Stays while somebody answers a dialog, until release(). */
export function holdView() {
  clearTimeout(back);
}

export function isIdle() {
  return current === null;
}

/* ---- the latest scans --------------------------------------------------------------- */

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", name);
  svg.append(use);
  return svg;
}

function part(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

export function listScan(entry) {
  const item = document.createElement("li");
  item.dataset.is = entry.view.is;
  const time = part("time", when(entry.at));
  time.dateTime = new Date(entry.at).toISOString();
  item.append(icon(ICONS[entry.view.is]), part("b", entry.title), time, part("small", entry.detail));
  $("recent").prepend(item);
  while ($("recent").children.length > RECENT_MAX) $("recent").lastChild.remove();
  entry.item = item;
}

export function strike(entry) {
  if (!entry.item) return;
  entry.item.dataset.annulled = "";
  entry.item.querySelector("small").textContent = t("annulled");
}

/* ---- figures and states ----------------------------------------------------------------- */

export function count(stats) {
  for (const name of ["inside", "entries", "exits", "tickets"])
    $(`count-${name}`).textContent = Number.isFinite(stats?.[name]) ? number(stats[name]) : "–";
}

/* Touched only when it changes: it is a live region. */
export function pill(id, is, iconName, text) {
  const node = $(id), label = node.querySelector("span");
  if (node.dataset.is === is && label.textContent === text) return;
  node.dataset.is = is;
  node.querySelector("use").setAttribute("href", iconName);
  label.textContent = text;
}
