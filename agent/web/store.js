/* What this browser remembers. The key lives as long as the tab, the rest stays.
   Never a ticket's code, never anybody's name. */

const PREFIX = "dunlin.gate.";

export function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return null; /* storage is off, or another hand wrote it */
  }
}

export function remember(name, value) {
  try {
    if (value == null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    /* The screen works without a memory. */
  }
}

/* Takes the key out of the address's fragment, which then vanishes from the bar and
   the history. Gives what else the fragment says. */
export function takeFragment() {
  const said = new URLSearchParams(location.hash.slice(1));
  if (location.hash) history.replaceState(null, "", location.pathname);
  const given = said.get("key") ?? "", isKey = /^[0-9a-f]{64}$/.test(given);
  if (isKey) sessionStorage.setItem(PREFIX + "key", given);
  return { unlock: said.has("unlock") && isKey }; /* the agent says whether it is the right one */
}

export function key() {
  return sessionStorage.getItem(PREFIX + "key");
}
