/* The scanner that the agent reads itself, if it has one: what it scanned is shown here,
   and it scans for the place and direction that this screen stands for. */

import * as api from "./api.js";

const ASK_AGAIN_MS = 60000; /* whether there is one by now */
const AWAY_MS = 1000;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
let there = false;

/* Before the next code, if there is a scanner. */
export async function aim(where) {
  if (there && where.event) await api.aimScanner(where).catch(() => {});
}

/* where(): {event, list, gate, type}. onScan(scan, status, answer). onState(connected),
   null: there is none. Ends never. */
export async function watch({ where, onScan, onState }) {
  for (let last = null; ; ) {
    try {
      const news = await api.lastScans(last);
      there = Boolean(news.scanner);
      onState(there ? news.scanner.connected : null);
      if (last === null || news.n < last) await aim(where()); /* we, or the agent, are new */
      else for (const { scan, status, answer } of news.scans) onScan(scan, status, answer ?? {});
      last = news.n;
      if (!there) {
        last = null;
        await pause(ASK_AGAIN_MS);
      }
    } catch {
      await pause(AWAY_MS);
    }
  }
}
