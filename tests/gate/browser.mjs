/* What the tests of the gate page share: Debian's Chromium under playwright-core, results as
   TAP, and an API with answers of the test's choice between the page and its agent. */

import { createRequire } from "node:module";
const require = createRequire(`${process.env.GATE_NPM}/`);
const { chromium } = require("playwright-core");

let failed = 0;
export function check(sentence, good, why = "") {
  console.log(`${good ? "ok" : "not ok"} - ${sentence}`);
  if (good) return;
  failed++;
  if (why) console.log(String(why).replace(/^/gm, "#   ").slice(0, 3000));
}
export const is = (sentence, got, want) => check(sentence, got === want, `got:  ${got}\nwant: ${want}`);
export const finish = () => process.exit(failed ? 1 : 0);

export const STATS = { entries: 412, exits: 38, inside: 374, tickets: 1250 };
export const ROSTER = {
  event: "gala", name: "Gala 2026", version: 7, head_version: 2, complete: true, tickets: 1250, snapshot_age_s: 12,
  lists: [
    { id: "main", name: "Main", gates: ["North gate"], opens: null, closes: null, stats: STATS },
    { id: "vip", name: "VIP", gates: ["North gate", "South gate"], opens: null, closes: null, stats: { ...STATS, inside: 9 } },
  ],
};
export const ONE = { ...ROSTER, lists: ROSTER.lists.slice(0, 1) };
export const OK = { verdict: "ok", reason: null, attention: null, flagged: false, product: "Regular ticket", mode: "list" };

export async function launch(args = []) {
  return chromium.launch({
    executablePath: process.env.GATE_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", ...args],
  });
}

/* A page whose calls of the API are answered by answers[path](body), and what it did wrong. */
export async function open(browser, url, { answers = {}, fragment = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  const seen = { calls: [], trouble: [] };
  const known = {
    "/v1/rosters": () => ({ device: "gate-1", online: true, rosters: [ONE] }),
    "/v1/checkins/last": () => ({ n: 0, scanner: null, scans: [] }),
    ...answers,
  };
  page.on("console", (message) => message.type() === "error" && seen.trouble.push(message.text()));
  page.on("pageerror", (error) => seen.trouble.push(String(error)));
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (e) => globalThis.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  await page.route("**/v1/**", async (route) => {
    const request = route.request(), path = new URL(request.url()).pathname;
    const answer = known[path] ?? known[Object.keys(known).find((k) => k.endsWith("*") && path.startsWith(k.slice(0, -1)))];
    const body = request.postDataJSON();
    seen.calls.push({ method: request.method(), path, body, headers: request.headers() });
    const value = answer ? await answer(body, path) : { status: 404, type: "urn:dunlin:problem:not-found" };
    if (value === "away") return route.abort();
    await route.fulfill({ status: value.status ?? (path === "/v1/checkins" ? 201 : 200), contentType: "application/json", body: JSON.stringify(value) });
  });
  seen.scans = () => seen.calls.filter((c) => c.path === "/v1/checkins").map((c) => c.body);
  page.seen = seen;
  await page.goto(`${url}/gate#key=${"0".repeat(64)}${fragment}`);
  return page;
}

/* Keys with the times that a scanner or a hand would press them at, told to the browser and
   not slept, so that a busy machine types as fast as an idle one. */
async function keys(page, list, gapMs) {
  page.cdp ??= await page.context().newCDPSession(page);
  page.now = Math.max(page.now ?? 0, Date.now()) + 1000;
  const sent = [];
  for (const key of list) {
    page.now += gapMs;
    const event = { key, timestamp: page.now / 1000, ...(key === "Enter" ? { text: "\r", code: key, windowsVirtualKeyCode: 13 } : { text: key }) };
    sent.push(page.cdp.send("Input.dispatchKeyEvent", { type: "keyDown", ...event }));
    sent.push(page.cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...event, text: undefined }));
  }
  await Promise.all(sent);
}
export const wedge = (page, code) => keys(page, [...code, "Enter"], 8);
export const hand = (page, typed) => keys(page, [...typed], 150);
export const verdict = (page, is) => page.waitForSelector(`#verdict[data-is=${is}]`, { timeout: 5000 });
export const text = (page, id) => page.locator(`#${id}`).innerText();
