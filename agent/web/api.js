/* The agent's local API, as the page calls it. */

import { key } from "./store.js";

const PATIENCE_MS = 4000;
const TRIES = 3;

/* status 0: nobody answered. */
export class ApiError extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/* The first thing that a problem document complains of. */
export function codeOf(problem) {
  return problem.errors?.[0]?.code ?? problem.type?.split(":").pop() ?? "";
}

async function once(method, path, body, patienceMs) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${key()}`, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(patienceMs),
    });
  } catch {
    throw new ApiError(0, "away");
  }
  const text = await answer.text().catch(() => "");
  let value = {};
  try {
    value = JSON.parse(text);
  } catch {
    if (answer.ok) throw new ApiError(0, "away");
  }
  if (!answer.ok) throw new ApiError(answer.status, codeOf(value));
  return { status: answer.status, value };
}

/* Repeats what nobody answered: only for what may be asked twice. */
async function surely(method, path, body) {
  for (let n = 1; ; n++) {
    try {
      return await once(method, path, body, PATIENCE_MS);
    } catch (error) {
      if (error.status !== 0 || n === TRIES) throw error;
      await new Promise((done) => setTimeout(done, 200 * n));
    }
  }
}

export function drawNonce() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

/* The same nonce gives the first answer, so that a lost one can be asked for again. */
export async function checkIn(scan) {
  const { status, value } = await surely("POST", "/v1/checkins", scan);
  return { ...value, repeated: status === 200 };
}

export async function annul(scanId, why) {
  const path = `/v1/checkins/${encodeURIComponent(scanId)}/annul`;
  return (await once("POST", path, why ? { why } : {}, PATIENCE_MS)).value;
}

export async function search(event, order) {
  const { value } = await once("POST", "/v1/checkins/search", { event, order }, PATIENCE_MS);
  return value.tickets ?? [];
}

/* What the agent's own scanner scanned since; it is waited for. */
export async function lastScans(after) {
  const path = after === null ? "/v1/checkins/last" : `/v1/checkins/last?after=${after}`;
  return (await once("GET", path, null, 5 * PATIENCE_MS)).value;
}

export async function aimScanner(where) {
  await once("POST", "/v1/scanner", where, PATIENCE_MS);
}

export async function rosters() {
  return (await once("GET", "/v1/rosters", null, PATIENCE_MS)).value;
}
