/* camera.mjs URL: the gate page reads a QR code and a Code 128 out of a camera's pictures.
   Chromium's camera is a file that is made here. */

import { createRequire } from "node:module";
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OK, STATS, check, finish, is, launch, open, verdict } from "./browser.mjs";

const { prepareZXingModule, writeBarcode } = createRequire(`${process.env.GATE_NPM}/`)("zxing-wasm/writer");
prepareZXingModule({ overrides: { wasmBinary: readFileSync(`${process.env.GATE_NPM}/node_modules/zxing-wasm/dist/writer/zxing_writer.wasm`) } });
const WIDTH = 640, HEIGHT = 480, FRAMES = 15;

/* Black bars in the middle of a grey picture, as YUV 4:2:0. */
async function frame(text, format) {
  const { symbol } = await writeBarcode(text, { format, scale: 1 });
  const scale = Math.floor(Math.min(400 / symbol.height, 560 / symbol.width)) || 1;
  const high = format === "QRCode" ? symbol.height * scale : 160;
  const luma = Buffer.alloc(WIDTH * HEIGHT, 200), left = (WIDTH - symbol.width * scale) >> 1, top = (HEIGHT - high) >> 1;
  for (let y = 0; y < high; y++)
    for (let x = 0; x < symbol.width * scale; x++) {
      const row = format === "QRCode" ? Math.floor(y / scale) : 0;
      luma[(top + y) * WIDTH + left + x] = symbol.data[row * symbol.width + Math.floor(x / scale)] ? 235 : 16;
    }
  return Buffer.concat([Buffer.from("FRAME\n"), luma, Buffer.alloc((WIDTH * HEIGHT) / 2, 128)]);
}

const folder = mkdtempSync(join(tmpdir(), "dunlin-camera."));
const film = join(folder, "camera.y4m"), file = openSync(film, "w");
writeSync(file, `YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
for (const picture of [await frame("QR-W7XK2-9QZP", "QRCode"), await frame("C128-W7XK2", "Code128")])
  for (let n = 0; n < FRAMES; n++) writeSync(file, picture);

const browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${film}`]);
const answers = { "/v1/checkins": () => ({ ...OK, scan_id: "a".repeat(32), stats: STATS }) };
try {
  const page = await open(browser, process.argv[2], { answers });
  await page.waitForSelector("#screen:not([hidden])");
  await page.keyboard.press("F3");
  await page.waitForSelector("#camera-view:not([hidden])", { timeout: 20000, state: "attached" });
  is("the camera is on, and the button says so", await page.getAttribute("#camera", "aria-pressed"), "true");
  await verdict(page, "ok");
  await page.waitForFunction(() => document.querySelectorAll("#recent li").length >= 2, null, { timeout: 20000 });
  const tickets = page.seen.scans().map((s) => s.ticket);
  check("a QR code is read", tickets.includes("QR-W7XK2-9QZP"), tickets.join());
  check("and a Code 128", tickets.includes("C128-W7XK2"), tickets.join());
  check("a code that stays in the picture is one scan", tickets.every((code, n) => n === 0 || code !== tickets[n - 1]), tickets.join());
  if (process.env.GATE_SHOT) {
    await page.keyboard.press("Escape");
    await page.screenshot({ path: process.env.GATE_SHOT });
  }
  await page.keyboard.press("F3");
  check("pressed again it is off", await page.evaluate(() => document.getElementById("camera-view").srcObject === null));
  const broken = await page.evaluate(() => globalThis.violations);
  check("the camera breaks no policy", !broken.length && !page.seen.trouble.length, [...broken, ...page.seen.trouble].join("\n"));
} catch (error) {
  check("the camera's test runs to its end", false, error.stack);
}
await browser.close();
rmSync(folder, { recursive: true });
finish();
