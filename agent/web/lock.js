/* The kiosk lock: a PIN, kept in this browser as a salted hash (PBKDF2). It keeps guests'
   hands off, and no more: whoever owns the machine owns its browser's storage too. */

import { remember, remembered } from "./store.js";

const ROUNDS = 300000;
const FREE_TRIES = 5;
const WAIT_S = 30;

export const possible = () => Boolean(globalThis.crypto?.subtle);
export const fits = (pin) => /^[0-9]{4,12}$/.test(pin);
export const hasPin = () => Boolean(remembered("pin"));
export const isLocked = () => hasPin() && remembered("locked") === true;
export const lock = () => remember("locked", true);

const toHex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

async function hash(pin, salt, rounds) {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  return toHex(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, key, 256));
}

export async function setPin(pin) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  remember("pin", { salt: toHex(salt), rounds: ROUNDS, hash: await hash(pin, salt, ROUNDS) });
}

export function forgetPin() {
  for (const name of ["pin", "locked", "tries"]) remember(name, null);
}

/* Seconds until the next try is looked at: 30, doubling, after five that were wrong. */
export function waitSeconds(now = Date.now()) {
  const tries = remembered("tries");
  return tries ? Math.max(0, Math.ceil((tries.until - now) / 1000)) : 0;
}

export async function unlock(pin) {
  const kept = remembered("pin");
  if (waitSeconds() > 0) return false;
  if ((await hash(pin, fromHex(kept.salt), kept.rounds)) === kept.hash) {
    remember("tries", null);
    remember("locked", null);
    return true;
  }
  const count = (remembered("tries")?.count ?? 0) + 1;
  const over = count - FREE_TRIES;
  remember("tries", { count, until: over < 0 ? 0 : Date.now() + WAIT_S * 1000 * 2 ** Math.min(over, 6) });
  return false;
}
