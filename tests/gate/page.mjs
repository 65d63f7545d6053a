/* page.mjs URL: the gate page of a running agent, in front of an API whose answers are
   chosen here. What the page shows, sends, says and keeps. */

import { OK, ONE, ROSTER, STATS, check, finish, hand, is, launch, open, text, verdict, wedge } from "./browser.mjs";
import { contrasts } from "./contrast.mjs";

const url = process.argv[2];
const browser = await launch();
const sections = []; /* each with a browser profile of its own, all at once */
const ANSWERS = {
  good: { ...OK, scan_id: "a".repeat(32) },
  look: { ...OK, attention: "Check ID: under 18", scan_id: "b".repeat(32) },
  flag: { ...OK, flagged: true, mode: "none", scan_id: "c".repeat(32) },
  used: { verdict: "refused", reason: "already_redeemed", product: "Regular ticket", mode: "list",
    first_scanned_at: "2026-11-25T13:02:00Z", first_device: "gate-south" },
  alien: { verdict: "refused", reason: "invalid", mode: "list" },
  blind: { verdict: null, reason: null, mode: "none" },
};
const judge = (body) => {
  const kind = body.force ? "good" : Object.keys(ANSWERS).find((k) => body.ticket.startsWith(k));
  return kind ? { ...ANSWERS[kind], stats: STATS } : "away";
};
const answers = { "/v1/checkins": judge };
async function calm(page, what) {
  const broken = await page.evaluate(() => globalThis.violations);
  check(`${what}: nothing breaks the policy or ends in an error`, !broken.length && !page.seen.trouble.length,
    [...broken, ...page.seen.trouble].join("\n"));
  await page.context().close();
}

// ---- what a scanner types, and the colours -------------------------------------------------
sections.push(async () => {
  const page = await open(browser, url, { answers });
  await page.waitForSelector("#screen:not([hidden])");
  is("the key leaves the address", new URL(page.url()).hash, "");
  is("an only list is chosen without a question", await text(page, "place-rest"), "Main · North gate");
  is("it says that it is online", await text(page, "online"), "Online");
  is("and how old the list is", await text(page, "age"), "List 12 secs old");
  await page.waitForFunction(() => document.getElementById("count-inside").textContent === "374");
  is("and the figures", await text(page, "counts"), "Inside now\n374\nEntries\n412\nExits\n38\nTickets\n1,250");

  await wedge(page, "good-W7XK2");
  await verdict(page, "ok");
  is("green comes with a word", await text(page, "verdict-word"), "Admit");
  is("a sign of its own", await page.getAttribute("#verdict-icon", "href"), "#i-ok");
  await page.waitForFunction(() => document.getElementById("say").textContent.startsWith("Admit"));
  check("and is spoken at once", (await page.getAttribute("#say", "aria-live")) === "assertive");
  const [scan] = page.seen.scans();
  is("the scan goes to the place that was chosen", `${scan.event} ${scan.list} ${scan.gate} ${scan.type} ${scan.ticket}`,
    "gala main North gate entry good-W7XK2");
  check("with a nonce", /^[0-9a-f]{32}$/.test(scan.nonce), scan.nonce);
  check("and the key that the address had", page.seen.calls[0].headers.authorization === `Bearer ${"0".repeat(64)}`);

  await wedge(page, "look-W7XK2");
  await verdict(page, "warn");
  is("yellow shows the attention text", await text(page, "verdict-attention"), "Check ID: under 18");
  await wedge(page, "flag-W7XK2");
  await verdict(page, "warn");
  check("yellow tells what was accepted and flagged", (await text(page, "verdict-reason")).startsWith("Not on the list."));
  await wedge(page, "used-W7XK2");
  await verdict(page, "no");
  is("red tells the reason", await text(page, "verdict-reason"), "Already used");
  check("and where it was used first", (await text(page, "verdict-facts")).includes("gate-south"), await text(page, "verdict-facts"));
  await wedge(page, "alien-W7XK2");
  await verdict(page, "no");
  check("what is no ticket cannot be let in anyway", !(await page.isVisible("#force")));
  await wedge(page, "blind-W7XK2");
  await verdict(page, "none");
  is("without a list it claims nothing", await text(page, "verdict-word"), "Recorded");
  is("the latest scans are listed", await page.locator("#recent li").count(), 6);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]) + document.documentElement.outerHTML);
  check("no whole code is kept or shown", !/W7XK2/.test(kept));
  await calm(page, "scanning");
});

// ---- hands and scanners ----------------------------------------------------------------------
sections.push(async () => {
  const page = await open(browser, url, { answers });
  await page.waitForSelector("#screen:not([hidden])");
  await page.focus("#sound");
  await wedge(page, "good one with spaces");
  await verdict(page, "ok");
  is("a burst is taken wherever the focus is, spaces and all", page.seen.scans().at(-1).ticket, "good one with spaces");
  is("and presses no button", await page.getAttribute("#sound", "aria-pressed"), "true");
  await page.focus("#code");
  await hand(page, "mine");
  await wedge(page, "good-from-scanner");
  await page.waitForFunction(() => document.querySelectorAll("#recent li").length === 2);
  is("in a field too, which keeps what was typed by hand", await page.inputValue("#code"), "mine");
  is("and the code is the scanner's alone", page.seen.scans().at(-1).ticket, "good-from-scanner");
  await page.fill("#code", "");
  await hand(page, "good-by-hand");
  is("slow keys wait for Enter", page.seen.scans().length, 2);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll("#recent li").length === 3);
  is("which sends what stands in the field", page.seen.scans().at(-1).ticket, "good-by-hand");
  is("and empties it", await page.inputValue("#code"), "");
  await page.evaluate(() => document.activeElement.blur());
  await hand(page, "go");
  await page.waitForFunction(() => document.getElementById("code").value === "go");
  pass("who just begins to type finds it in the field");
  await page.evaluate(() => { document.getElementById("code").value = ""; document.activeElement.blur(); });
  await wedge(page, "abc");
  await page.evaluate(() => document.activeElement.blur());
  for (const n of [1, 2, 3]) await wedge(page, `good-queue-${n}`);
  await page.waitForFunction(() => document.querySelectorAll("#recent li").length === 6);
  is("three characters are no burst", page.seen.scans().filter((s) => s.ticket === "abc").length, 0);
  is("scans in a row keep their order", page.seen.scans().slice(-3).map((s) => s.ticket).join(), "good-queue-1,good-queue-2,good-queue-3");
  await calm(page, "typing");
});

// ---- without a mouse: exit, override, taking back, search, place --------------------------------
sections.push(async () => {
  const page = await open(browser, url, {
    answers: {
      ...answers,
      "/v1/rosters": () => ({ online: true, rosters: [ROSTER] }),
      "/v1/checkins/search": () => ({ tickets: [{ product: "Regular ticket", state: "valid", lists: [{ list: "vip", entries: 1, exits: 0, inside: true, scans: [{ time: "2026-11-25T13:02:00Z", gate: "North gate" }] }] }] }),
      "/v1/checkins/*": () => ({ scan_id: "d".repeat(32) }),
    },
  });
  const press = (...keys) => keys.reduce((before, k) => before.then(() => page.keyboard.press(k)), Promise.resolve());
  await page.waitForSelector("#place-dialog[open]");
  pass("with two lists it asks which");
  await press("Tab", "ArrowDown", "Tab", "Tab", "Tab", "Enter");
  await page.waitForFunction(() => document.getElementById("place-rest").textContent.startsWith("VIP"));
  pass("and the keyboard answers");
  await wedge(page, "used-W7XK2");
  await verdict(page, "no");
  await press("F8");
  await hand(page, "Ada");
  await press("Tab");
  await hand(page, "Paid");
  await press("Enter");
  await verdict(page, "warn");
  const forced = page.seen.scans().at(-1);
  is("an override carries who and why", `${forced.force} ${forced.operator} ${forced.why} ${forced.ticket}`, "true Ada Paid used-W7XK2");
  check("it is a scan of its own", forced.nonce !== page.seen.scans().at(-2).nonce);
  is("yellow says who let in", await text(page, "verdict-reason"), "Let in by Ada: Paid");
  await press("F7");
  await page.waitForSelector("#annul-dialog[open]");
  await press("Enter");
  await page.waitForSelector("#recent li[data-annulled]");
  is("the last scan is taken back", page.seen.calls.filter((c) => c.path.endsWith("/annul")).map((c) => c.path).join(), `/v1/checkins/${"a".repeat(32)}/annul`);
  await press("F4");
  await hand(page, "ORDER1");
  await press("Enter");
  await page.waitForSelector("#search-found li");
  check("an order is found by its reference", (await text(page, "search-found")).includes("inside"), await text(page, "search-found"));
  is("in the body, never in an address", JSON.stringify(page.seen.calls.find((c) => c.path.endsWith("/search")).body), '{"event":"gala","order":"ORDER1"}');
  await press("Escape", "F6");
  await wedge(page, "good-leaves");
  await verdict(page, "ok");
  is("F6 turns to exits", page.seen.scans().at(-1).type, "exit");
  is("with their own word", await text(page, "verdict-word"), "Goodbye");
  await press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  const reached = [];
  for (let n = 0; n < 14; n++) {
    await press("Tab");
    reached.push(await page.evaluate(() => {
      const at = document.activeElement, style = getComputedStyle(at.matches("[type=radio]") ? at.nextElementSibling : at);
      return `${at.id || at.value || at.tagName}${at === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 3) ? "" : " unseen"}`;
    }));
  }
  check("Tab reaches all that is there", ["place", "exit", "language", "sound", "lock", "code", "search"].every((id) => reached.includes(id)), reached.join());
  check("and the focus is always seen", !reached.some((r) => r.endsWith("unseen")), reached.join());
  await calm(page, "the keyboard");
});

// ---- nobody answers, and nobody is online -----------------------------------------------------------
sections.push(async () => {
  let online = false, away = false;
  const page = await open(browser, url, {
    answers: {
      "/v1/rosters": () => (away ? "away" : { online, rosters: [{ ...ONE, snapshot_age_s: 7200 }] }),
      "/v1/checkins": (body) => (away ? "away" : judge(body)),
    },
  });
  await page.waitForFunction(() => document.getElementById("online").textContent.trim() === "Offline");
  is("offline is said in words", await page.getAttribute("#online", "data-is"), "off");
  is("and the age of the list with it", await text(page, "age"), "List 2 hrs old");
  await wedge(page, "good-offline");
  await verdict(page, "ok");
  pass("offline it judges all the same");
  away = true;
  await wedge(page, "good-nobody");
  await verdict(page, "fault");
  is("an agent that is away is neither green nor red", await text(page, "verdict-word"), "No answer");
  const tries = page.seen.scans().filter((s) => s.ticket === "good-nobody");
  check("it was asked again with the same nonce", tries.length > 1 && new Set(tries.map((s) => s.nonce)).size === 1, JSON.stringify(tries));
  away = false;
  await page.click("#retry");
  await verdict(page, "ok");
  is("and once more by hand", page.seen.scans().at(-1).nonce, tries[0].nonce);
  await page.context().close();
});

// ---- the lock --------------------------------------------------------------------------------------
sections.push(async () => {
  const page = await open(browser, url, { answers });
  await page.waitForSelector("#screen:not([hidden])");
  const pin = async (digits) => {
    for (const d of digits) await page.click(`#pin-pad >> text="${d}"`);
    await page.click("#pin-form [type=submit]");
  };
  const says = (words) => page.waitForFunction((w) => ["pin-wrong", "pin-title", "say"].some((id) => document.getElementById(id).textContent.includes(w)), words);
  await page.keyboard.press("F9");
  await pin("12");
  await says("4 to 12 digits, please");
  pass("a PIN of two digits is refused");
  await pin("2468");
  await says("once more");
  await pin("2469");
  await says("The two differ");
  pass("one that is not repeated is refused");
  await pin("2468");
  await says("once more");
  await pin("2468");
  await page.waitForSelector("body[data-locked]");
  check("locked, neither place nor direction can be changed", (await page.isDisabled("#place")) && (await page.isDisabled("#modes input[value=exit]")) && !(await page.isVisible("#search")));
  await page.keyboard.press("F6");
  await wedge(page, "used-W7XK2");
  await verdict(page, "no");
  is("scanning goes on", page.seen.scans().at(-1).type, "entry");
  check("but nobody is let in anyway", !(await page.isVisible("#force")));
  await page.keyboard.press("F8");
  check("by no key either", !(await page.isVisible("#force-dialog")));
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  check("the PIN is kept as a hash", !kept.includes("2468") && JSON.parse(JSON.parse(kept)["dunlin.gate.pin"]).rounds >= 100000, kept);
  await page.reload();
  await page.waitForSelector("body[data-locked] #screen:not([hidden])");
  pass("a reload does not open it");
  await page.keyboard.press("F9");
  await pin("1111");
  await says("not the PIN");
  pass("a wrong PIN is refused");
  for (let n = 0; n < 4; n++) {
    await page.waitForFunction(() => document.getElementById("pin-in").value === "");
    await pin("1111");
    await page.waitForFunction((k) => JSON.parse(localStorage["dunlin.gate.tries"]).count === k, n + 2);
  }
  await says("Wait");
  pass("the fifth makes it wait");
  await pin("2468");
  await says("Wait");
  check("for the right one too", await page.evaluate(() => document.body.hasAttribute("data-locked")));
  await wedge(page, "good-walks-around");
  check("a scan does not walk around it", (await page.isVisible("#pin-dialog")) && !page.seen.scans().some((s) => s.ticket.startsWith("good-walks")));
  await page.evaluate(() => { localStorage["dunlin.gate.tries"] = JSON.stringify({ count: 5, until: 0 }); });
  await pin("2468");
  await page.waitForSelector("body:not([data-locked])");
  pass("then it opens");
  await page.keyboard.press("F9");
  await page.waitForSelector("body[data-locked]");
  for (const wrong of ["unlock", "key=x&unlock"]) {
    await page.goto("about:blank");
    await page.goto(`${url}/gate#${wrong}`);
    await page.waitForSelector("body[data-locked] #screen:not([hidden])");
    check(`#${wrong} does not open it`, await page.evaluate(() => Boolean(localStorage["dunlin.gate.pin"])));
  }
  await page.goto("about:blank");
  await page.goto(`${url}/gate#key=${"0".repeat(64)}&unlock`);
  await page.waitForSelector("#screen:not([hidden])");
  check("that of dunlin gate --unlock does", await page.evaluate(() => !document.body.hasAttribute("data-locked") && !localStorage["dunlin.gate.pin"]));
  await calm(page, "the lock");
});

// ---- two languages, two grounds, and who sees poorly --------------------------------------------------
for (const [locale, colorScheme, word] of [["en-GB", "dark", "Stop"], ["de-DE", "light", "Halt"]]) sections.push(async () => {
  const page = await open(browser, url, { answers, locale, colorScheme });
  await page.waitForSelector("#screen:not([hidden])");
  const poor = await contrasts(page);
  for (const [code, state] of [["good", "ok"], ["look", "warn"], ["used", "no"], ["blind", "none"]]) {
    await wedge(page, `${code}-W7XK2`);
    await verdict(page, state);
    if (state === "no") is(`${locale} has its own words`, await text(page, "verdict-word"), word);
    await page.waitForTimeout(150); // the colour has arrived
    poor.push(...(await contrasts(page)));
  }
  check(`${locale}, ${colorScheme}: every text has a contrast of 4.5`, !poor.length, poor.join("\n"));
  is(`${locale}: and the page says its language`, await page.getAttribute("html", "lang"), locale.slice(0, 2));
  const size = await page.evaluate(() => parseFloat(getComputedStyle(document.getElementById("verdict-word")).fontSize));
  check(`${locale}: the word is legible from afar`, size >= 80, `${size} px`);
  await page.click("#language");
  await page.waitForFunction((l) => document.documentElement.lang !== l, locale.slice(0, 2));
  const bare = await page.evaluate(() => [...document.querySelectorAll("button, input:not([type=hidden]), select, [role=group]")]
    .filter((n) => n.checkVisibility?.() && !(n.innerText?.trim() || n.textContent?.trim() || n.ariaLabel || n.labels?.length || n.getAttribute("aria-labelledby")))
    .map((n) => n.outerHTML.slice(0, 120)));
  check(`${locale}: everything has a name`, !bare.length, bare.join("\n"));
  await calm(page, locale);
});
sections.push(async () => {
  const page = await open(browser, url, { answers, reducedMotion: "reduce" });
  await page.waitForSelector("#screen:not([hidden])");
  await wedge(page, "good-W7XK2");
  await verdict(page, "ok");
  is("who asked for no motion gets none", await page.evaluate(() => document.getAnimations().length), 0);
  await page.context().close();
});

// ---- without a key ------------------------------------------------------------------------------------------
sections.push(async () => {
  const context = await browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  await page.goto(`${url}/gate`);
  await page.waitForSelector("#closed:not([hidden])");
  check("without a key it says where to get one", (await text(page, "closed")).includes("dunlin gate"));
  await context.close();
});
await Promise.all(sections.map((run) => run().catch((error) => check("a section runs to its end", false, error.stack))));
await browser.close();
finish();

function pass(sentence) {
  check(sentence, true);
}
