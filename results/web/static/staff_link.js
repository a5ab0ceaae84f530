// A staff page's link to the engine: its stream, its writes, and what the page says of both. No page's work is here.
//
//   import { follow, command, words, say } from "./staff_link.js";
//   follow("/crew/events", (board, changed, clock) => ...);
//   const { ok, status, answer } = await command("gun", { wave: "1" });
"use strict";

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const CUT_AFTER_S = 5;

export const words = JSON.parse(byId("words").textContent);
export const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => name in values ? values[name] : whole);

const two = (n) => String(n).padStart(2, "0");
export const count = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, words.language === "fr" ? "\u00a0" : ",");
/** Hour of day of an instant, at an offset in seconds from UTC. */
export const hour = (us, offset) => {
  const s = (((Math.floor(us / 1e6) + offset) % 86400) + 86400) % 86400;
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};
export const age = (seconds) => seconds < 60 ? say("seconds", { n: seconds })
  : say("minutes", { n: Math.floor(seconds / 60), s: seconds % 60 });

// ---- writes --------------------------------------------------------------------------------------------------
/** Gives a command. `status` 0: the engine was not reached, so nothing is known of it. `answer.error` says why not. */
export const command = async (name, fields = {}) => {
  try {
    const response = await fetch(`/api/${name}`, {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() }, body: JSON.stringify(fields),
    });
    if (response.status === 401) sessionOver();
    return { ok: response.ok, status: response.status, answer: await response.json() };
  } catch (error) {
    return { ok: false, status: 0, answer: { error: String(error) } };
  }
};
const meta = document.querySelector("meta[name=csrf]");
export const csrf = () => meta.content;
/** Takes the token of the session as it is now; for a page that was kept from an earlier one. */
export const renew = async () => {
  const answer = await fetch("/session.json", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) meta.content = (await answer.json()).csrf;
};
/** Who is signed in at this page: `name`, `role`, `microphone`. */
export const who = { ...meta.dataset };

// ---- what the page says of its link ----------------------------------------------------------------------------
const cut = byId("cut"), link = byId("link"), linkWord = byId("link-word");
const put = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };
let over = false;
const showCut = (word, text) => {
  root.classList.toggle("is-cut", word !== "");
  put(cut.querySelector("b"), word);
  put(cut.querySelector("span"), text);
};
const resumes = [];
const sessionOver = () => {
  if (over) return;
  over = true;
  root.classList.add("is-over");
  const now = new Date();
  showCut(words.session_over, say("session_over_since", { hour: `${two(now.getHours())}:${two(now.getMinutes())}` }));
  cut.querySelector("a").hidden = false;
  put(linkWord, words.session_over);
};
// The same person signed in again in another window: this page goes on, with what is written in it.
const lookAgain = async () => {
  if (!over || document.visibilityState !== "visible") return;
  const answer = await fetch("/session.json", { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const session = await answer.json();
  if (Object.keys(who).some((key) => who[key] !== session[key])) return;
  meta.content = session.csrf;
  over = false;
  root.classList.remove("is-over");
  cut.querySelector("a").hidden = true;
  showCut("", "");
  for (const resume of resumes) resume();
};
addEventListener("focus", lookAgain);
document.addEventListener("visibilitychange", lookAgain);

// ---- the stream ------------------------------------------------------------------------------------------------
/**
 * Follows a stream of views. `take(board, changed, clock)` is called for each: the whole board by section, the set of
 * the sections that changed, and `clock.now()`, the race clock now in microseconds by the server's word alone.
 * `tick(clock)` is called five times a second. The page's link state is kept here.
 */
export const follow = (url, take, tick = () => {}) => {
  let board = null, number = 0, received = null, heard = performance.now(), source = null, lastId = "", retry = 0;
  link.hidden = false;
  const sinceS = (at) => (performance.now() - at) / 1000;
  const clock = {
    known: () => board !== null,
    now: () => board.clock.race_now_us + (sinceS(received.at) + received.ageS) * 1e6 * board.clock.rate,
    ageS: () => sinceS(received.at) + received.ageS,
    silentS: () => sinceS(heard),
  };

  const listen = () => {
    clearTimeout(retry);
    source?.close();
    if (over) return;
    source = new EventSource(url + (lastId ? `?after=${encodeURIComponent(lastId)}` : ""));
    source.addEventListener("view", (event) => taken(event, true));
    source.addEventListener("change", (event) => taken(event, false));
    source.addEventListener("beat", () => { heard = performance.now(); });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) refused();
    });
  };
  const taken = (event, whole) => {
    const message = JSON.parse(event.data);
    heard = performance.now();
    if (event.lastEventId) lastId = event.lastEventId;
    // A change on top of another view than ours cannot be applied: ask for a whole one.
    if (!whole && (!board || number !== message.from)) { lastId = ""; listen(); return; }
    received = { at: performance.now(), ageS: Math.max(0, (message.sent_us - message.made_us) / 1e6) };
    board = whole ? message.sections : { ...board, ...message.sections };
    number = message.number;
    take(board, new Set(Object.keys(message.sections)), clock);
    state();
  };
  // The browser gave up: refused for good, because the session is over, or for now.
  const refused = async () => {
    const answer = await fetch("/session.json", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401) return sessionOver();
    clearTimeout(retry);
    retry = setTimeout(listen, 1000 + Math.random() * 2000);
  };

  const state = () => {
    if (over) return;
    const silentS = Math.floor(clock.silentS());
    if (!board) {
      if (silentS >= CUT_AFTER_S) showCut(words.link_waiting, "");
      return;
    }
    const oldS = Math.floor(clock.ageS()), last = hour(board.clock.race_now_us, board.clock.utc_offset_s);
    if (silentS >= CUT_AFTER_S) showCut(say("link_cut", { age: age(silentS) }), say("link_cut_since", { hour: last }));
    else if (oldS >= CUT_AFTER_S) showCut(say("link_old", { age: age(oldS) }), say("link_old_since", { hour: last }));
    else showCut("", "");
    put(linkWord, silentS < CUT_AFTER_S && oldS < CUT_AFTER_S ? words.link_live : say("link_old", { age: age(Math.max(silentS, oldS)) }));
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && clock.silentS() > CUT_AFTER_S) listen();
  });
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });

  resumes.push(listen);
  listen();
  setInterval(() => { state(); if (board) tick(clock); }, 200);
  return clock;
};
