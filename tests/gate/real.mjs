/* real.mjs URL HUB_PID: a day at the gate, decided by the agent; in the end its hub is
   stopped. */

import { check, finish, is, launch, text, verdict, wedge } from "./browser.mjs";

const [url, hub] = process.argv.slice(2);
const browser = await launch();
try {
  const page = await (await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } })).newPage();
  const trouble = [];
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("response", (answer) => answer.status() >= 400 && trouble.push(`${answer.status()} ${answer.url()}`));
  const shows = async (code, state, word) => {
    await page.keyboard.press("Escape");
    await wedge(page, code);
    await verdict(page, state);
    check(`${code} is ${state}${word ? `: ${word}` : ""}`, !word || (await text(page, "verdict")).includes(word), await text(page, "verdict"));
  };
  const count = (id, n) => page.waitForFunction(([at, want]) => document.getElementById(at).textContent === want, [`count-${id}`, String(n)]);
  await page.goto(url);
  await page.waitForSelector("#screen:not([hidden])");
  await page.waitForFunction(() => document.getElementById("place-event").textContent.trim() !== "");
  is("the device's only list is chosen", await page.locator("#place-dialog[open]").count(), 0);
  await page.waitForFunction(() => document.getElementById("online").textContent.trim() === "Online");
  await count("inside", 0);
  await shows("REGULAR-7XK2", "ok", "Regular ticket");
  await count("inside", 1);
  if (process.env.GATE_SHOT) await page.screenshot({ path: `${process.env.GATE_SHOT}-ok.png` });
  await page.waitForTimeout(3100); // within three seconds the same OK is repeated
  await shows("REGULAR-7XK2", "no", "Already used");
  check("and by whom", (await text(page, "verdict-facts")).includes("gate-1"), await text(page, "verdict-facts"));
  if (process.env.GATE_SHOT) await page.screenshot({ path: `${process.env.GATE_SHOT}-used.png` });
  await shows("YOUTH-55QQ", "warn", "Look at the ID");
  await shows("NO-TICKET-1", "no", "Not a ticket");
  await shows("REVOKED-99", "no", "Withdrawn");
  check("which nobody overrules", !(await page.isVisible("#force")));
  await shows("OWING-1234", "no", "Not paid");
  await page.keyboard.press("F8");
  await page.fill("#force-operator", "till 3");
  await page.fill("#force-why", "Paid at the door");
  await page.click("#force-dialog [value=ok]");
  await verdict(page, "warn");
  check("an override lets in, and says who did", (await text(page, "verdict-reason")).includes("till 3"), await text(page, "verdict-reason"));
  await count("inside", 3);
  await page.keyboard.press("F7");
  await page.click("#annul-dialog [value=ok]");
  await page.waitForSelector("#recent li[data-annulled]");
  await count("inside", 2);
  check("what was taken back is not inside", true);
  await page.keyboard.press("F4");
  await page.fill("#search-order", "ORDER1");
  await page.click("#search-form [type=submit]");
  await page.waitForFunction(() => document.querySelectorAll("#search-found li").length === 2);
  check("an order shows its tickets and who is inside", /valid · inside/.test(await text(page, "search-found")), await text(page, "search-found"));
  if (process.env.GATE_SHOT) await page.screenshot({ path: `${process.env.GATE_SHOT}-search.png` });
  await page.keyboard.press("Escape");
  process.kill(Number(hub));
  await page.waitForFunction(() => document.getElementById("online").textContent.trim() === "Offline", null, { timeout: 20000 });
  await page.keyboard.press("F6");
  await shows("REGULAR-7XK2", "ok", "Goodbye");
  await count("exits", 1);
  check("offline it goes on", true);
  check("no answer was an error", !trouble.length, trouble.join("\n"));
} catch (error) {
  check("the day at the gate runs to its end", false, error.stack);
}
await browser.close();
finish();
