/* From the agent's answer to what a person is told: a colour, a word, a reason. */

import { t, when } from "./text.js";

export const ICONS = { idle: "#i-scan", ok: "#i-ok", warn: "#i-warn", no: "#i-no", none: "#i-none", fault: "#i-fault" };

/* What an operator may answer for; the rest no one can. */
const FORCEABLE = new Set(["unpaid", "blocked", "product", "rules", "invalid_time", "already_redeemed"]);

export function idle(type) {
  const leaving = type === "exit";
  return { is: "idle", icon: leaving ? "#i-leave" : ICONS.idle, word: t(leaving ? "exit" : "idle"), reason: t(leaving ? "idleHowExit" : "idleHow"), attention: "", facts: [] };
}

function firstScan(answer) {
  if (!answer.first_scanned_at) return [];
  const time = when(Date.parse(answer.first_scanned_at));
  return [answer.first_device ? t("firstScanAt", { time, device: answer.first_device }) : t("firstScan", { time })];
}

function facts(scan, answer) {
  const list = [];
  if (answer.product) list.push(answer.product);
  if (answer.reason === "already_redeemed") list.push(...firstScan(answer));
  if (answer.verdict === "ok" && answer.mode === "signature") list.push(t("bySignature"));
  if (answer.repeated && answer.verdict) list.push(t("repeated"));
  return list;
}

function admitted(scan, answer) {
  const forced = scan.force ? t("forced", { operator: scan.operator, why: scan.why }) : "";
  const look = answer.attention || answer.flagged || forced;
  const word = (look ? "admitWarn" : "admit") + (scan.type === "exit" ? "Exit" : "");
  const reason = forced || (answer.flagged ? t("flagged") : "");
  return { is: look ? "warn" : "ok", word: t(word), reason };
}

export function ofAnswer(scan, answer) {
  const view =
    answer.verdict === "ok" ? admitted(scan, answer)
    : answer.verdict === "refused" ? { is: "no", word: t("refuse"), reason: t(`reason.${answer.reason ?? "error"}`) }
    : { is: "none", word: t("unjudged"), reason: t("unjudgedWhy") };
  return {
    ...view,
    attention: answer.attention ?? "",
    facts: facts(scan, answer),
    forceable: view.is === "no" && scan.type === "entry" && !scan.force && FORCEABLE.has(answer.reason),
  };
}

export function ofError(error) {
  const reason = error.status === 0 ? t("faultWhy") : error.status === 507 || error.status === 503 ? t("faultFull") : t("faultAsk", { code: error.code });
  return { is: "fault", word: t("fault"), reason, attention: "", facts: [], again: error.status === 0 || error.status >= 429 };
}
