// The announcers' page: the stream of the speaker's board to its parts, and the keyboard to what they do.
"use strict";
import { count, follow, command, who, words, say } from "./staff_link.js";
import { joined } from "./speaker_text.js";
import { byId, put, root, make, sign, fill } from "./speaker_dom.js";
import { drawField, tickClock } from "./speaker_head.js";
import { River } from "./speaker_river.js";
import { Marks } from "./speaker_marks.js";
import { drawTops, drawCategories, drawRecord, tickRecord } from "./speaker_tops.js";
import { Lookup } from "./speaker_lookup.js";
import { SpeakerDesk } from "./speaker_desk.js";
import { fullName } from "./speaker_text.js";

let board = null, river = null, lastClock = null, told = 0, entered = null;
const board_ = () => board;
const tell = (text) => {
  put(byId("told"), text);
  clearTimeout(told);
  told = setTimeout(() => put(byId("told"), ""), 8000);
};
const marks = new Marks({ race: location.host, told: tell, changed: () => { river?.plan(); drawDesk(); } });
river = new River(marks);
const lookup = new Lookup({ board: board_, favourite: () => favourite(), loaded: () => board && drawRecord(board, nameOf) }), desk = new SpeakerDesk(board_);

const nameOf = (bib) => lookup.person(bib);

const drawDesk = () => {
  if (!board) return;
  const later = byId("later-count"), text = joined(board.queue.later ? say("later_count", { n: count(board.queue.later) }) : "", marks.unsent ? say("unsent", { n: marks.unsent }) : "");
  if (later.dataset.told !== text) {
    later.dataset.told = text;
    later.replaceChildren(...(text ? [sign("clock"), ` ${text}`] : []));
  }
  fill(byId("mics"), Object.entries({ ...board.microphones, ...(who.microphone ? { [who.microphone]: who.name } : {}) }).map(([microphone, name]) => ({ microphone, name })),
    (model) => make("span", "", make("b", "", say("mic", { n: model.microphone })), ` ${model.name}`));
  desk.draw();
};

follow("/speaker/events", (newest, changed, clock) => {
  board = newest;
  lastClock = clock;
  root.dataset.applied = String(board.clock.race_now_us);
  if (changed.has("marks")) marks.take(board.marks);
  if (["arriving", "crossed", "stream", "queue", "mass", "pace", "counts", "forecast_error", "held_back"].some((name) => changed.has(name))) river.take(board);
  if (["tops", "settled", "within"].some((name) => changed.has(name))) planTops();
  if (["record", "tops"].some((name) => changed.has(name))) drawRecord(board, nameOf);
  if (changed.has("field")) drawField(board);
  if (["microphones", "favourites", "pace", "spotted", "queue"].some((name) => changed.has(name))) drawDesk();
  if (["crossed", "arriving", "points", "favourites"].some((name) => changed.has(name))) refreshCard();
  if (entered !== null && entered !== board.counts.entered) lookup.renew();
  entered = board.counts.entered;
}, (clock) => {
  tickClock(board, clock.now());
  if (!root.classList.contains("is-cut")) tickRecord(clock.now());
  river.tick(clock.now(), !root.classList.contains("is-cut"));
});

// The card says what is known now, without asking at every tick.
let cardTimer = 0;
const refreshCard = () => { if (lookup.bib !== null && !cardTimer) cardTimer = setTimeout(() => { cardTimer = 0; lookup.refresh(); }, 1000); };
// Leaders move on the same step as the river.
let topsWait = false, topsDrawn = false;
const planTops = () => { if (topsDrawn && river.held) topsWait = true; else if (!topsDrawn) drawLeaders(); else topsWait = true; };
const drawLeaders = () => { topsDrawn = true; topsWait = false; drawTops(board, nameOf); drawCategories(board); };
addEventListener("step", () => {
  if (board && (topsWait || !topsDrawn)) drawLeaders();
  if (byId("speak-new").checked) speakNew();
});
let spoken = null;
const speakNew = () => {
  const rows = board.crossed.rows.filter((row) => !row.withheld && !row.held), fresh = spoken === null ? [] : rows.filter((row) => row.at_us > spoken);
  spoken = Math.max(spoken ?? 0, ...rows.map((row) => row.at_us));
  if (fresh.length) put(byId("aloud"), fresh.reverse().map((row) => joined(row.bib, fullName(row))).join(". "));
};

// ---- what can be done with a name ----------------------------------------------------------------------------------
const target = () => lookup.bib ?? river.focused?.dataset.bib ?? river.next;
const done = [];
const mark = (what) => {
  const bib = what === "unsaid" ? lookup.bib ?? river.focused?.dataset.bib ?? done.pop() : target();
  if (!bib) { tell(words.no_target); return; }
  if (what !== "unsaid") done.push(bib);
  marks.give(bib, what, lastClock ? lastClock.now() : 0);
};
const favourite = async () => {
  const bib = target();
  if (!bib) { tell(words.no_target); return; }
  const on = !(board?.favourites.bibs.some((row) => row.bib === bib));
  const { ok, answer } = await command("favourites", { by: "bib", values: [bib], on });
  tell(ok ? joined(bib, on ? words.favourite : words.unfavourite) : say("not_sent", { error: answer.error || words.unreached }));
  if (ok) lookup.refresh();
};
const does = { said: () => mark("said"), skipped: () => mark("skipped"), later: () => mark("later"), unsaid: () => mark("unsaid"), favourite, freeze: () => board && river.freeze() };
for (const button of document.querySelectorAll("[data-do]")) {
  // A button acts on the row that was chosen: it must not take the focus from it. What is done lets the rows move on.
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", () => { does[button.dataset.do](); river.focused?.blur(); });
}

const KEYS = { " ": "said", ArrowRight: "skipped", ArrowDown: "later", ArrowUp: "unsaid", "+": "favourite", F2: "freeze" };
const close = () => {
  if (desk.isOpen) desk.toggle(false);
  else if (lookup.isOpen || lookup.field.value) lookup.close();
  else document.activeElement?.blur();
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const at = event.target, field = at.closest("input, textarea, select"), inLookup = at === lookup.field;
  if (event.key === "Escape") { close(); return; }
  const action = KEYS[event.key];
  if (event.key === "F2") { event.preventDefault(); does.freeze(); return; }
  if (["ArrowDown", "ArrowUp"].includes(event.key) && (inLookup || at.closest("#found")) && lookup.walk(event.key)) { event.preventDefault(); return; }
  if (event.key === "Enter" && at.matches(".row[data-bib]")) { event.preventDefault(); lookup.show(at.dataset.bib); return; }
  // In a field keys write; in the look-up, as long as it holds a bib, those that a bib cannot hold are commands.
  if (field && !(inLookup && action && lookup.holdsBib)) return;
  if (action) {
    if (event.key === " " && at.closest("button, a, summary")) return;
    event.preventDefault();
    if (!event.repeat) does[action]();
    return;
  }
  if (!field && event.key.length === 1 && /[\p{L}\p{N}]/u.test(event.key)) {
    if (lookup.bib !== null) lookup.field.value = "";
    lookup.field.focus();
  }
});
byId("river").addEventListener("click", (event) => {
  const row = event.target.closest(".row[data-bib]");
  if (row && (event.target.closest(".bib") || event.detail === 2)) lookup.show(row.dataset.bib);
});
