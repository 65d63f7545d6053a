/* The words of the page: one file per language below /gate/lang/. */

export const LANGUAGES = ["en", "de"];
let words = {};
let locale = "en"; /* the language with the browser's country, so that times read as at home */

export function languageOf(wished) {
  const tags = [wished, ...navigator.languages].filter(Boolean);
  return tags.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

export async function loadWords(tag) {
  const answer = await fetch(`/gate/lang/${tag}.json`);
  words = await answer.json();
  locale = navigator.languages.find((l) => l.slice(0, 2).toLowerCase() === tag) ?? tag;
  document.documentElement.lang = tag;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
}

/* t("reason.unpaid"), t("firstScan", {time}); what has no words is shown by its name. */
export function t(key, values = {}) {
  const text = key.split(".").reduce((at, part) => at?.[part], words) ?? key;
  return String(text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function number(n) {
  return new Intl.NumberFormat(locale).format(n);
}

/* Today a time of day is enough. */
export function when(ms) {
  const at = new Date(ms);
  const today = at.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" }).format(at);
}

/* "3 min", "2 days". */
export function age(seconds) {
  const [unit, size] = seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60] : seconds < 129600 ? ["hour", 3600] : ["day", 86400];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: unit === "day" ? "long" : "short" }).format(Math.round(seconds / size));
}
