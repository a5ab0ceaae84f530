// The crew's console after its first view. The server makes every pane (results/web/crew_pages.py); this file puts a
// new one in place of the old without disturbing what somebody is reading, pressing or typing. Opening and committing
// are htmx, in the templates. Text only ever enters the page as text, or as the server's escaped pane.
import { csrf, command, follow, hour, say, words } from "./staff_link.js";
import { handPane } from "./hand.js";
import { showCharts } from "./crew_charts.js";
import { RaceTime } from "./race_time.js";

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const language = root.lang;
const PANE_EVERY_MS = 1000, READING_MS = 3000;
const put = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };

// ---- panes: the new one's nodes take over the old ones', so that a button under a finger stays the same button -------
const keyOf = (node) => node.nodeType === 1 ? node.dataset.key || node.id || "" : "";
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

const morph = (old, fresh) => {
  const wanted = [...fresh.childNodes];
  const keyed = new Map([...old.children].filter(keyOf).map((node) => [keyOf(node), node]));
  wanted.forEach((node, index) => {
    const here = old.childNodes[index];
    const known = keyOf(node) ? keyed.get(keyOf(node)) : here && alike(here, node) ? here : null;
    if (!known || !alike(known, node)) { old.insertBefore(node, here || null); return; }
    if (known !== here) old.insertBefore(known, here || null);
    if (known.nodeType !== 1) { if (known.data !== node.data) known.data = node.data; return; }
    attributes(known, node);
    if (!("keep" in known.dataset) || !known.childNodes.length) morph(known, node);
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
};
const attributes = (old, fresh) => {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
};

const panes = [...document.querySelectorAll("[data-pane]")].map((node) => ({
  node, name: node.dataset.pane, on: node.dataset.sections.split(" "), stale: false, busy: false, at: 0, waiting: null,
}));
const refresh = async (pane) => {
  if (pane.busy || !pane.stale || performance.now() - pane.at < PANE_EVERY_MS) return;
  pane.busy = true;
  pane.stale = false;
  pane.at = performance.now();
  try {
    const answer = await fetch(`/crew/pane/${pane.name}?language=${language}`, { cache: "no-store" });
    if (answer.ok) show(pane, await answer.text()); else pane.stale = true;
  } catch { pane.stale = true; }
  pane.busy = false;
};
const show = (pane, html, now = false) => {
  if (!now && pane.name === "decisions" && isRead(pane.node)) { hold(pane, html); return; }
  pane.waiting = null;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const had = pane.node.contains(document.activeElement);
  const at = [...pane.node.querySelectorAll(".dec > li")].findIndex((row) => row.contains(document.activeElement));
  morph(pane.node, fresh.content);
  htmx.process(pane.node);
  // Whose row is gone goes on at the one that took its place.
  if (had && !pane.node.contains(document.activeElement)) {
    const rows = pane.node.querySelectorAll(".dec > li > a.one");
    (rows[Math.min(Math.max(at, 0), rows.length - 1)] || pane.node.closest("section")).focus({ preventScroll: true });
  }
  if (pane.name === "decisions") byId("decisions-changed").hidden = true;
  counted(pane.name);
};

// ---- a list somebody reads is not reordered under their eyes ----------------------------------------------------------
let movedAt = -Infinity;
for (const kind of ["pointermove", "keydown", "focusin"]) byId("pane-decisions").addEventListener(kind, () => { movedAt = performance.now(); });
byId("pane-decisions").addEventListener("pointerleave", () => { movedAt = -Infinity; });
const isRead = (node) => performance.now() - movedAt < READING_MS || [...node.querySelectorAll(".slot")].some((slot) => slot.childElementCount);
const hold = (pane, html) => {
  pane.waiting = html;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const keys = (node) => [...node.querySelectorAll(".dec > li")].map(keyOf).join(" ");
  byId("decisions-changed").hidden = keys(fresh.content) === keys(pane.node);
  put(byId("tab-decisions"), fresh.content.querySelector(".dec").dataset.open);
};
const decisions = panes.find((pane) => pane.name === "decisions");
const release = () => {
  if (decisions.waiting === null) return;
  for (const slot of decisions.node.querySelectorAll(".slot")) slot.replaceChildren();
  show(decisions, decisions.waiting, true);
};
byId("decisions-changed").addEventListener("click", () => { release(); byId("decisions").focus(); });
setInterval(() => { if (decisions.waiting !== null && !isRead(decisions.node)) show(decisions, decisions.waiting, true); }, 1000);

// ---- what the tabs and the page say of it ------------------------------------------------------------------------------
let sound = false, lastAlarms = null;
const counted = (name) => {
  if (name === "decisions") put(byId("tab-decisions"), document.querySelector(".dec").dataset.open);
  if (name === "mats") put(byId("tab-mats"), String(document.querySelectorAll(".mats tbody tr").length));
  if (name === "alarms") alarmed();
};
const alarmed = () => {
  const rows = [...document.querySelectorAll(".alarms > li[data-rank]")];
  put(byId("tab-alarms"), document.querySelector(".alarms").dataset.open);
  const open = rows.filter((row) => row.dataset.rank === "a3" && row.querySelector("form"));
  const fresh = open.filter((row) => lastAlarms && !lastAlarms.has(row.dataset.key));
  lastAlarms = new Set(open.map((row) => row.dataset.key));
  if (!fresh.length) return;
  put(byId("alert"), fresh.map((row) => row.querySelector("p").textContent).join(" "));
  if (sound) beep();
};
const beep = () => {
  const audio = new AudioContext(), tone = audio.createOscillator(), level = audio.createGain();
  level.gain.value = 0.2;
  tone.frequency.value = 660;
  tone.connect(level).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.4);
  tone.addEventListener("ended", () => audio.close());
};
const soundButton = byId("sound");
soundButton?.addEventListener("click", () => {
  sound = !sound;
  soundButton.setAttribute("aria-pressed", String(sound));
  put(soundButton, sound ? words.sound_off : words.sound_on);
});

// ---- the race clock at this page, by the best of several questions ------------------------------------------------------
const time = new RaceTime({ changed: () => {
  const error = time.errorUs();
  put(byId("clock-error"), error === null ? words.clock_unmeasured : say("clock_error", { ms: Math.ceil(error / 1000) }));
} });

// ---- guns: the press is the time ----------------------------------------------------------------------------------------
let board = null;
const PRESSED = "calanque-guns";
const kept = () => { try { return JSON.parse(localStorage.getItem(PRESSED)) || []; } catch { return []; } };
const keep = (presses) => localStorage.setItem(PRESSED, JSON.stringify(presses));
const said = (text) => {
  const line = document.createElement("p");
  line.className = "done";
  line.textContent = text;
  byId("said").replaceChildren(line);
};
const exact = (us) => `${hour(us, board.clock.utc_offset_s)}${language === "fr" ? "," : "."}${String(Math.floor(us / 1e4) % 100).padStart(2, "0")}`;
const press = (button, ms) => {
  if (!time.known || !board) { said(words.clock_unmeasured); return; }
  const gun = { wave: button.dataset.gun, name: button.dataset.name, at_us: time.at(ms) };
  keep([...kept(), gun]);
  said(say("gun_sending", { wave: gun.name, hour: exact(gun.at_us) }));
  sendGuns();
};
let sending = false;
const sendGuns = async () => {
  if (sending || !board) return;
  sending = true;
  for (const gun of kept()) {
    const { ok, status, answer } = await command("gun", { wave: gun.wave, at_us: gun.at_us, pressed: true });
    if (!ok && (status === 0 || status === 401 || status === 409 || status >= 500)) {
      if (status === 409) said(say("gun_refused", { wave: gun.name, hour: exact(gun.at_us), message: answer.error }));
      break;
    }
    keep(kept().filter((other) => other.at_us !== gun.at_us || other.wave !== gun.wave));
    const values = { wave: gun.name, hour: exact(gun.at_us), message: answer.error };
    said(say(ok ? "gun_pressed" : "gun_refused", values));
  }
  sending = false;
};
setInterval(() => { if (kept().length) sendGuns(); }, 2000);
// The finger's way down is the time, not its way up; what a key repeats is no second press.
document.addEventListener("pointerdown", (event) => {
  const button = event.target.closest?.("[data-gun]");
  if (button && event.button === 0) press(button, event.timeStamp);
});
document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("[data-gun]");
  if (button && !event.repeat && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); press(button, event.timeStamp); }
});

// ---- clocks and countdowns ------------------------------------------------------------------------------------------------
const span = (us) => {
  const s = Math.abs(Math.floor(us / 1e6)), two = (n) => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
};
const raceTime = (us) => {
  const s = Math.floor(us / 1e6), two = (n) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  if (language === "fr") return h ? `${h}h${two(m)}'${two(s % 60)}` : `${m}'${two(s % 60)}`;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
};
const tick = (clock) => {
  const now = clock.now(), { phase, guns_heard: guns } = board;
  put(byId("hour"), hour(now, board.clock.utc_offset_s));
  put(byId("race-time"), now >= phase.first_gun_us && !phase.first_gun_planned ? say("race_for", { time: raceTime(now - phase.first_gun_us) }) : "");
  const ahead = guns.waves.filter((wave) => wave.gun_us === null);
  const next = ahead.length ? ahead.reduce((a, b) => b.planned_us < a.planned_us ? b : a) : null;
  put(byId("next-wave"), !next ? "" : say(now < next.planned_us ? "next_wave" : "next_wave_late", { wave: next.name, time: span(next.planned_us - now) }));
  for (const node of document.querySelectorAll(".count[data-at]")) {
    const left = Number(node.dataset.at) - now;
    put(node, say(left >= 0 ? "gun_in" : "gun_late", { time: span(left) }));
  }
  for (const pane of panes) if (pane.stale) refresh(pane);
};

const keypad = handPane(byId("hand"));
follow("/events/crew", (fresh, changed, clock) => {
  board = fresh;
  keypad.take(fresh, changed);
  if (changed.has("hand")) put(byId("tab-keypad"), String(fresh.hand.unnamed));
  for (const pane of panes) if (pane.on.some((section) => changed.has(section))) { pane.stale = true; refresh(pane); }
  tick(clock);
}, tick);
for (const pane of panes) counted(pane.name);

// ---- forms: who sends them, and how they end ---------------------------------------------------------------------------------
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = csrf();
});
// A form that was put in a moment ago is sent by htmx all the same, never by the browser.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[hx-post]")) return;
  event.preventDefault();
  htmx.process(event.target);
}, { capture: true });
const failed = (message) => { said(say("refused", { message })); };
document.addEventListener("htmx:responseError", (event) => failed(`${event.detail.xhr.status}`));
document.addEventListener("htmx:sendError", () => failed(words.link_waiting));
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (event.detail.successful && form.matches?.("form.line, form.abandon") && !event.detail.xhr.getResponseHeader("X-Refused")) form.reset();
});
document.addEventListener("htmx:afterSwap", (event) => {
  const slot = event.detail.target;
  const commit = slot.querySelector?.("[data-case]");
  // Who opened it by the keyboard goes on in it; a choice made in it keeps the focus where it was.
  if (commit && event.detail.requestConfig?.elt?.matches?.("a.one")) commit.querySelector("input:checked, button")?.focus({ preventScroll: true });
  if (commit) commit.scrollIntoView({ block: "nearest" });
  const charts = slot.querySelector?.("[data-charts]");
  if (charts) showCharts(charts, () => board.clock.utc_offset_s);
  // What was asked for is seen, wherever it was asked from.
  if (slot.matches?.(".said") && event.detail.requestConfig?.verb === "get") slot.scrollIntoView({ block: "nearest" });
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-close]")) {
    const slot = event.target.closest(".slot, .said");
    const from = slot.previousElementSibling;
    slot.replaceChildren();
    if (from?.matches?.("a.one")) from.focus({ preventScroll: true });
    return;
  }
  const opener = event.target.closest?.("a.one");
  const slot = opener?.parentElement.querySelector(".slot");
  // A second press closes what the first has opened.
  if (slot?.childElementCount) { event.preventDefault(); event.stopImmediatePropagation(); slot.replaceChildren(); }
}, true);

// ---- keyboard ------------------------------------------------------------------------------------------------------------------
const goTo = (node) => { if (!node) return; node.focus({ preventScroll: true }); node.scrollIntoView({ block: "nearest" }); };
const firstIn = (id, selector) => byId(id).querySelector(selector) || byId(id);
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) { event.preventDefault(); byId("search").focus(); return; }
  if (event.key === "Enter" && event.ctrlKey) {
    const cases = [...document.querySelectorAll("[data-case]")];
    const open = event.target.closest?.("[data-case]") || (cases.length === 1 ? cases[0] : null);
    const commit = open?.querySelector("[data-commit]");
    if (commit) { event.preventDefault(); commit.click(); }
    return;
  }
  if (event.key === "Escape" && !typing) { (event.target.closest?.("[data-case], .said") || byId("said")).querySelector("[data-close]")?.click(); return; }
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const digit = /^(?:Digit|Numpad)([1-8])$/.exec(event.code);
  const target = digit ? byId(`mat-${digit[1]}`) : { KeyA: () => firstIn("alarms", ".btn"), KeyD: () => firstIn("decisions", "a.one"), KeyP: () => firstIn("keypad", "button, a, input") }[event.code]?.();
  if (target) { event.preventDefault(); goTo(target); }
});
byId("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = byId("search").value.trim();
  if (wanted) htmx.ajax("GET", `/crew/runner?bib=${encodeURIComponent(wanted)}&language=${language}`, { target: "#said" });
});
document.addEventListener("click", (event) => {
  const found = event.target.closest?.("[data-find]")?.dataset.find;
  if (!found) return;
  event.preventDefault();
  byId("search").value = found;
  byId("find").requestSubmit();
});
