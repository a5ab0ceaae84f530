// The clock on a screen. It shows the time since a gun, or the hour, by the engine's clock as it was measured, and goes on
// by the device's steady clock when the link is cut. The server says the same words first (results/web/clock_routes.py).
"use strict";
import { RaceTime } from "./race_time.js";

const root = document.documentElement, byId = (id) => document.getElementById(id);
const words = JSON.parse(byId("words").textContent), french = words.language === "fr";
const CUT_AFTER_S = 5, IDLE_MS = 5_000, LONG = 7, SOON_US = 30 * 60e6;
const say = (key, values) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const two = (n) => String(n).padStart(2, "0");

let guns = JSON.parse(byId("guns").textContent), offsetS = Number(root.dataset.offset), heard = performance.now();
let showDay = new URLSearchParams(location.search).has("day");
const waveField = byId("wave");

const time = (s) => {
  const whole = Math.abs(s), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
  const text = french ? (h ? `${h}h${two(m)}'${two(whole % 60)}` : `${m}'${two(whole % 60)}`) : (h ? `${h}:${two(m)}:${two(whole % 60)}` : `${m}:${two(whole % 60)}`);
  return s < 0 ? `\u2212${text}` : text;
};
const hour = (us) => {
  const s = (((Math.floor(us / 1e6) + offsetS) % 86400) + 86400) % 86400;
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};
const age = (s) => s < 60 ? say("seconds", { n: s }) : say("minutes", { n: Math.floor(s / 60), s: s % 60 });

// ---- which gun -------------------------------------------------------------------------------------------------
const gone = (gun, now) => !gun.planned && gun.gun_us <= now;
const first = (some) => some.length ? some.reduce((a, b) => b.gun_us < a.gun_us ? b : a) : null;
const shown = (now) => guns.find((gun) => gun.wave === waveField.value)
  ?? first(guns.filter((gun) => gone(gun, now))) ?? first(guns);

const clock = new RaceTime();
const began = performance.getEntriesByType("navigation")[0];
clock.seed(Number(root.dataset.now), Number(root.dataset.rate), began?.responseStart || 0, 1_000);

const draw = () => {
  const now = clock.at(), gun = shown(now);
  let big = hour(now), waits = false, which = words.clock_day;
  const at = gun && hour(gun.gun_us);
  if (gun && !showDay) {
    const since = Math.floor((now - gun.gun_us) / 1e6);
    waits = gun.planned && since >= 0;
    big = time(waits ? 0 : since);
    which = say(waits ? "clock_waiting" : gun.planned || since < 0 ? "clock_planned" : "clock_gun", { wave: gun.name, hour: at });
  }
  put(byId("big"), big);
  byId("big").classList.toggle("waits", waits);
  byId("big").classList.toggle("long", big.length > LONG);
  put(byId("which"), which);
  put(byId("second"), showDay ? (gun && !gun.planned && gun.gun_us <= now ? time(Math.floor((now - gun.gun_us) / 1e6)) : "") : hour(now));
  const ahead = first(guns.filter((other) => other !== gun && other.planned && other.gun_us > now && other.gun_us < now + SOON_US));
  put(byId("next"), ahead ? say("clock_next", { wave: ahead.name, time: time(Math.ceil((ahead.gun_us - now) / 1e6)) }) : "");
  const silentS = Math.floor((performance.now() - heard) / 1000);
  put(byId("cut"), silentS >= CUT_AFTER_S ? say("clock_running_on", { age: age(silentS) }) : "");
  put(byId("day"), showDay ? words.clock_show_race : words.clock_show_day);
};
setInterval(draw, 100);

// ---- the guns, as the public's stream tells them ---------------------------------------------------------------
let source = null, lastId = "", number = 0, retry = 0;
const listen = () => {
  clearTimeout(retry);
  source?.close();
  source = new EventSource(`/events${lastId ? `?after=${encodeURIComponent(lastId)}` : ""}`);
  const take = (event, whole) => {
    heard = performance.now();
    const message = JSON.parse(event.data);
    if (!whole && number !== message.from) { lastId = ""; listen(); return; }
    if (event.lastEventId) lastId = event.lastEventId;
    number = message.number;
    if (message.sections.guns) guns = message.sections.guns;
    if (message.sections.clock) offsetS = message.sections.clock.utc_offset_s;
    draw();
  };
  source.addEventListener("view", (event) => take(event, true));
  source.addEventListener("change", (event) => take(event, false));
  source.addEventListener("beat", () => { heard = performance.now(); });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(listen, 1_000 + Math.random() * 2_000);
  });
};
listen();
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted) listen(); });

// ---- what is shown, kept in the address so that a screen that restarts shows the same ------------------------------
const keep = () => {
  const address = new URL(location.href);
  for (const [name, value] of [["wave", waveField.value], ["day", showDay ? "1" : ""]]) {
    if (value) address.searchParams.set(name, value); else address.searchParams.delete(name);
  }
  history.replaceState(null, "", address);
  draw();
};
waveField.addEventListener("change", keep);
byId("day").addEventListener("click", () => { showDay = !showDay; keep(); });
addEventListener("keydown", (event) => {
  if (event.target.closest?.("select") || event.ctrlKey || event.altKey || event.metaKey) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], count = waveField.options.length;
  if (step) waveField.selectedIndex = (waveField.selectedIndex + step + count) % count;
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") showDay = !showDay;
  else return;
  event.preventDefault();
  keep();
});

// ---- the screen ------------------------------------------------------------------------------------------------
byId("full").hidden = !document.fullscreenEnabled;
byId("full").addEventListener("click", () => document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
const stayAwake = () => navigator.wakeLock?.request("screen").catch(() => {});
stayAwake();
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") stayAwake(); });
let idle = 0;
const wake = () => {
  root.classList.remove("idle");
  clearTimeout(idle);
  idle = setTimeout(() => root.classList.add("idle"), IDLE_MS);
};
for (const name of ["pointermove", "pointerdown", "keydown", "focusin"]) addEventListener(name, wake);
wake();
byId("theme").addEventListener("click", (event) => {
  event.preventDefault();
  const dark = root.dataset.theme !== "tente";
  if (dark) root.dataset.theme = "tente"; else delete root.dataset.theme;
  document.cookie = `theme=${dark ? "tente" : "plein-soleil"}; path=/; max-age=31536000; samesite=strict`;
  put(byId("theme"), dark ? words.light : words.dark);
});
