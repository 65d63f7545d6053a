/* scanner.mjs URL SAY: the page before a real agent that reads a scanner; what is written to
   SAY is scanned. */

import { writeFileSync } from "node:fs";
import { check, finish, is, launch, text } from "./browser.mjs";

const [url, say] = process.argv.slice(2);
const browser = await launch();
try {
  const page = await (await browser.newContext({ locale: "en-GB" })).newPage();
  const trouble = [];
  page.on("pageerror", (error) => trouble.push(String(error)));
  await page.goto(url);
  await page.waitForSelector("#place-dialog[open]");
  check("without a list on the device it asks for an event", await page.isVisible("#place-none"));
  await page.fill("#place-event-own", "gala");
  await page.fill("#place-list-own", "main");
  await page.fill("#place-gate-in", "north");
  const aimed = () => page.waitForResponse((r) => r.url().endsWith("/v1/scanner") && r.ok());
  await Promise.all([aimed(), page.click("#place-dialog [value=ok]")]);
  await page.waitForSelector("#scanner:not([hidden])");
  is("the scanner is shown", await text(page, "scanner"), "Scanner");
  writeFileSync(say, "FIFTH-12\n");
  await page.waitForSelector("#verdict[data-is=none]");
  is("what the agent scans is shown, judged by nobody", await text(page, "verdict-word"), "Recorded");
  check("at the place that the screen chose", (await text(page, "recent")).includes("Entry · north"), await text(page, "recent"));
  await Promise.all([aimed(), page.keyboard.press("F6")]);
  writeFileSync(say, "SIXTH-12\n");
  await page.waitForFunction(() => document.querySelectorAll("#recent li").length === 2);
  check("and in its direction", (await text(page, "recent")).includes("Exit · north"), await text(page, "recent"));
  check("the page knows no code of it", !/FIFTH|SIXTH/.test(await page.content()));
  check("and ends in no error", !trouble.length, trouble.join("\n"));
} catch (error) {
  check("the scanner's test runs to its end", false, error.stack);
}
await browser.close();
finish();
