// The keypad of hand timing: takes the time, whatever has the focus; shows the stamps of all devices; keeps bibs as they
// are typed. A page shows it with templates/hand_pane.html and gives it each view:
//
//   const pane = handPane(document.getElementById("hand"));
//   follow(events, (board, changed) => pane.take(board, changed));
"use strict";
import { command, renew, words, say } from "./staff_link.js";
import { HandStore } from "./hand_store.js";
import { RaceTime } from "./race_time.js";

const FAST_MS = 1_000, FAST_COUNT = 2, AGREE_US = 1_000_000, ERROR_SHOWN_US = 100_000, BATCH = 200, RETRY_MS = 2_000, TAKEN_MS = 3_000;
const french = words.language === "fr";

const decimal = (n, digits) => n.toFixed(digits).replace(".", french ? "," : ".");
const seconds = (us) => `${decimal(Math.abs(us) / 1e6, Math.abs(us) < 9.95e6 ? 1 : 0)}\u00a0s`;
const within = (us) => us < 1e6 ? `${Math.max(1, Math.round(us / 1000))}\u00a0ms` : seconds(us);
const two = (n) => String(n).padStart(2, "0");
const make = (tag, className, ...inside) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...inside);
  return node;
};
const put = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };

export const handPane = (root) => {
  const store = new HandStore(root.dataset.race);
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const press = part("press"), list = part("rows"), pointField = part("point"), keyField = part("key");
  const most = Number(root.dataset.rows) || 400;
  let board = { hand: store.text("board") ?? { total: 0, unnamed: 0, rows: [] } };
  let offsetS = Number(root.dataset.offset), life = `${Date.now()}.${Math.random()}`, presses = [], sending = false, retryAt = 0;

  const time = new RaceTime({ changed: () => { resolve(); showState(); flush(); } });

  // ---- hours -----------------------------------------------------------------------------------------------------
  const hour = (us, digits) => {
    const unit = 10 ** (6 - digits), all = Math.floor(us / unit), s = (((Math.floor(all * unit / 1e6) + offsetS) % 86400) + 86400) % 86400;
    const fraction = String(((all % 10 ** digits) + 10 ** digits) % 10 ** digits).padStart(digits, "0");
    return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}${french ? "," : "."}${fraction}`;
  };
  // Before the first measurement of this page's life: the device's own clock, moved by what was last measured. Nobody
  // knows how far that is wrong, and it is computed again as soon as the engine can be asked.
  const guess = () => Math.round(Date.now() * 1000 + (store.text("offset") ?? 0));
  const nowUs = (perf) => time.at(perf) ?? guess() - Math.round((performance.now() - perf) * 1000);

  // What was pressed in this life of the page is placed by the best measurement of it, until it is sent.
  const resolve = () => {
    if (!time.known || time.doubt) return;
    if (time.best.rate === 1) store.write("offset", time.at() - Date.now() * 1000);
    for (const stamp of store.unsent) {
      if (stamp.life !== life || (stamp.epoch !== time.best.epoch && stamp.error_us !== null)) continue;
      stamp.at_us = time.at(stamp.perf);
      stamp.error_us = time.errorUs(stamp.perf);
      store.keep(stamp);
    }
  };

  // ---- the press -------------------------------------------------------------------------------------------------
  const stampNow = (eventTime) => {
    time.watch();
    const now = performance.now();
    // The event knows when the key went down; a clock of another kind is not believed.
    const perf = eventTime > 0 && eventTime <= now && now - eventTime < 2_000 ? eventTime : now;
    presses = presses.filter((before) => perf - before < FAST_MS);
    presses.push(perf);
    const fast = presses.length > FAST_COUNT;
    const stamp = store.add({
      point: pointField.value, at_us: nowUs(perf), error_us: time.errorUs(perf), order_only: fast,
      perf, life, epoch: time.epoch,
    });
    navigator.vibrate?.(15);
    press.classList.remove("pressed");
    void press.offsetWidth;
    press.classList.add("pressed");
    tell(fast ? words.hand_too_fast : say("hand_stamped", { n: stamp.number, hour: hour(stamp.at_us, 1) }));
    draw();
    flush();
  };
  const undoLast = () => {
    const own = rows().find((row) => row.device === store.device && row.bib !== "");
    if (own) { nameRow(own, null); tell(say("hand_undone", { n: own.number })); }
  };
  const tell = (text) => put(part("said"), text);

  // In the capture phase: whatever has the focus, and without its noticing. A key that is held stamps once.
  addEventListener("keydown", (event) => {
    if (event.code !== keyField.value && event.key !== keyField.value) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (event.shiftKey) undoLast(); else stampNow(event.timeStamp);
  }, { capture: true });
  let pointed = -Infinity;
  press.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pointed = event.timeStamp;
    stampNow(event.timeStamp);
  });
  press.addEventListener("mousedown", (event) => event.preventDefault());  // the focus stays where it is
  // Reached by the keyboard or by a voice there was no pointer.
  press.addEventListener("click", (event) => { if (event.timeStamp - pointed > 1_500 || event.detail === 0) stampNow(event.timeStamp); });
  press.addEventListener("contextmenu", (event) => event.preventDefault());

  // ---- rows ------------------------------------------------------------------------------------------------------
  const keyOf = (row) => `${row.device}.${row.number}`;
  const rows = () => {
    const all = new Map(board.hand.rows.map((row) => [keyOf(row), row]));
    for (const stamp of store.stamps.values()) {
      const key = `${store.device}.${stamp.number}`;
      if (all.has(key)) continue;
      if (stamp.sent && board.hand.total > board.hand.rows.length) continue;  // older than what the engine shows
      all.set(key, { ...stamp, device: store.device, author: "", bib: null, by: "", said_us: null, others: [], known: true, name: "", chip_us: null, pending: !stamp.sent });
    }
    return [...all.values()].sort((a, b) => b.at_us - a.at_us || (a.device < b.device ? -1 : a.device > b.device ? 1 : b.number - a.number));
  };
  const wordOf = (row) => store.wordOn(row.device, row.number);
  // Taken by the engine, and not yet come back with the stream: the row says what was typed, until the stream brings
  // a word on it that is newer than the one it had.
  const taken = new Map();
  const takenOn = (row) => {
    const word = taken.get(keyOf(row));
    return word && performance.now() < word.until && row.said_us === word.saidBefore ? word : null;
  };
  const bibOf = (row) => { const word = wordOf(row); return word ? word.bib ?? "" : takenOn(row)?.bib ?? row.bib; };

  const nameRow = (row, bib) => {
    // A word is never before the one it corrects, whatever the clock shows here or on the device that said it.
    const atUs = Math.max(nowUs(performance.now()), (wordOf(row)?.at_us ?? 0) + 1, (row.said_us ?? 0) + 1);
    store.say({ device: row.device, number: row.number, bib, at_us: atUs });
    draw();
    flush();
  };

  const agreement = (row, bib) => {
    const parts = [];
    const typed = bib !== null && bib !== "";
    if (row.refused) parts.push(say("hand_refused", { why: row.refused }));
    if (row.pending && !row.refused) parts.push(words.hand_pending);
    if (row.order_only) parts.push(words.hand_order_only);
    else if (row.error_us === null || row.error_us >= ERROR_SHOWN_US) parts.push(row.error_us === null ? "±\u00a0?" : say("hand_within", { ms: within(row.error_us) }));
    if (bib === "") parts.push(words.hand_nobodys);
    if (typed && !wordOf(row) && !takenOn(row)) {
      if (!row.known) parts.push(words.hand_unknown);
      else if (row.chip_us === null) parts.push(words.hand_no_chip);
      else if (Math.abs(row.chip_us) < AGREE_US) parts.push(say("hand_agrees", { gap: seconds(row.chip_us) }));
      else parts.push(say(row.chip_us > 0 ? "hand_after" : "hand_before", { gap: Math.abs(row.chip_us) < 60e6 ? seconds(row.chip_us) : say("minutes", { n: Math.floor(Math.abs(row.chip_us) / 60e6), s: Math.floor(Math.abs(row.chip_us) / 1e6) % 60 }) }));
      if (row.name) parts.unshift(row.name);
      if (row.by) parts.push(say("hand_by", { by: row.by }));
    }
    for (const other of row.others) parts.push(say("hand_other", other));
    return parts.join(" · ");
  };

  const build = (row) => {
    const label = row.device === store.device ? String(row.number) : `${row.device} ${row.number}`;
    const field = make("input");
    field.inputMode = "numeric";
    field.autocomplete = "off";
    field.maxLength = 16;
    field.enterKeyHint = "next";
    field.placeholder = words.hand_bib;
    field.setAttribute("aria-label", say("hand_bib_of", { n: label }));
    const undo = make("button", "btn quiet", words.hand_undo);
    undo.type = "button";
    undo.setAttribute("aria-label", say("hand_undo_of", { n: label }));
    const node = make("li", "", make("span", "n", label), make("b", "t"), field, make("small", "more"), undo);
    node.dataset.key = keyOf(row);
    node.shown = "";
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      commit(node);
      const next = nextField(node);
      // What is done is left: the digits of the next runner must not be added to these.
      if (next) next.focus(); else field.blur();
      waiting = !next;
    });
    field.addEventListener("change", () => commit(node));
    undo.addEventListener("click", () => { nameRow(node.row, null); tell(say("hand_undone", { n: label })); });
    return node;
  };
  const commit = (node) => {
    const field = node.querySelector("input"), bib = field.value.trim(), before = bibOf(node.row);
    if (bib === (before ?? "")) return;
    if (bib) { node.shown = bib; nameRow(node.row, bib); }
    else field.value = before ?? "";  // taken away only by saying so
  };
  // Bibs are typed in the order of the stamps: the next is the one above, and after the newest the oldest left over.
  const nextField = (node) => {
    const open = [...list.children].filter((other) => other !== node && other.row && bibOf(other.row) === null && !other.row.refused);
    const newer = open.filter((other) => other.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
    return (newer.at(-1) ?? open.at(-1))?.querySelector("input") ?? null;
  };
  // After the last bib the next stamp's field is waited for, unless somebody has gone elsewhere.
  let waiting = false;
  const goOn = (node) => {
    if (!waiting || (document.activeElement !== document.body && document.activeElement !== null)) return;
    waiting = false;
    node.querySelector("input").focus();
  };
  const update = (node, row) => {
    node.row = row;
    const bib = bibOf(row), field = node.querySelector("input");
    put(node.querySelector(".t"), hour(row.at_us, 1));
    put(node.querySelector(".more"), agreement(row, bib));
    node.classList.toggle("pending", Boolean(row.pending || wordOf(row)));
    node.classList.toggle("nobodys", bib === "");
    node.classList.toggle("named", Boolean(bib));
    // What somebody is typing is theirs.
    if (document.activeElement !== field || field.value === node.shown) { field.value = bib ?? ""; node.shown = field.value; }
    node.querySelector("button").hidden = bib === "";
  };
  const draw = () => {
    const point = pointField.value, all = rows().filter((row) => row.point === point);
    const shown = all.slice(0, most), wanted = new Set(shown.map(keyOf));
    const known = new Map();
    for (const node of [...list.children]) {
      if (!node.dataset.key || (!wanted.has(node.dataset.key) && !node.contains(document.activeElement))) node.remove();
      else known.set(node.dataset.key, node);
    }
    // Rows that stay are not moved, so that neither focus nor typing is lost; new ones come in at their place.
    let before = list.firstElementChild;
    for (const row of shown) {
      let node = known.get(keyOf(row));
      const fresh = !node;
      if (fresh) { node = build(row); list.insertBefore(node, before); }
      else if (node === before) before = before.nextElementSibling;
      else if (!node.contains(document.activeElement)) list.insertBefore(node, before);
      update(node, row);
      if (fresh && bibOf(row) === null) goOn(node);
    }
    if (!shown.length) list.append(make("li", "none", words.hand_none));
    const unnamed = all.filter((row) => bibOf(row) === null).length;
    put(part("unnamed"), all.length ? (unnamed ? say("hand_unnamed", { n: unnamed }) : words.hand_all_named) : "");
    const hidden = Math.max(0, board.hand.total - board.hand.rows.length);
    put(part("older"), hidden ? say("hand_older", { n: hidden }) : "");
    showState();
  };

  // ---- clock and state -------------------------------------------------------------------------------------------
  const showState = () => {
    const error = time.errorUs();
    put(part("error"), time.doubt ? words.hand_doubt : error !== null ? say("hand_error", { ms: within(error) })
      : store.text("offset") === null ? words.hand_measuring : words.hand_never);
    part("error").classList.toggle("unsure", error === null || error > 500_000);
    const waiting = store.unsent.length + store.words.size;
    put(part("kept"), waiting ? say("hand_waiting", { n: waiting }) : words.hand_sent);
    part("kept").classList.toggle("unsure", waiting > 0);
    put(part("warning"), store.kept ? "" : words.hand_not_kept);
  };
  setInterval(() => put(part("clock"), hour(nowUs(performance.now()), 1)), 50);
  setInterval(() => { showState(); if (performance.now() >= retryAt) flush(); }, 1_000);

  // ---- to the engine ---------------------------------------------------------------------------------------------
  const flush = async () => {
    // An hour that could still be computed better is not sent while it can be measured in a moment.
    const ready = store.unsent.filter((stamp) => stamp.life !== life || (time.known && !time.doubt));
    if (sending || performance.now() < retryAt || (!ready.length && !store.words.size)) return;
    sending = true;
    try {
      const good = (!ready.length || await sendStamps(ready.slice(0, BATCH))) && (!store.words.size || await sendWords());
      retryAt = good ? 0 : performance.now() + RETRY_MS;
      if (good) setTimeout(flush);
    } finally { sending = false; draw(); }
  };
  // A page that was opened without a network may hold the token of a session before this one.
  const given = async (name, fields) => {
    const result = await command(name, fields);
    if (result.status === 403) await renew();
    return result;
  };
  const sendStamps = async (stamps) => {
    const plain = stamps.map(({ number, point, at_us, error_us, order_only }) => ({ number, point, at_us, error_us, order_only }));
    const { ok, status, answer } = await given("hand_stamp", { device: store.device, stamps: plain });
    if (!ok) return status === 422 && singly(stamps, answer.error);
    for (const number of [...answer.taken, ...answer.known]) {
      const stamp = store.stamps.get(number);
      if (stamp) { stamp.sent = true; store.keep(stamp); }
    }
    for (const { number, message, conflict } of answer.refused) {
      const stamp = store.stamps.get(number);
      if (!stamp) continue;
      if (conflict) store.renumber(stamp);
      else { stamp.refused = message; store.keep(stamp); }
    }
    store.forgetOld();
    return true;
  };
  // One that cannot be understood does not hold up the others.
  const singly = async (stamps, why) => {
    if (stamps.length === 1) { stamps[0].refused = why; store.keep(stamps[0]); return true; }
    for (const stamp of stamps) if (!await sendStamps([stamp])) return false;
    return true;
  };
  const sendWords = async () => {
    const ids = [...store.words.keys()].slice(0, BATCH);
    const { ok, status } = await given("hand_bib", { bibs: ids.map((id) => store.words.get(id)) });
    if (!ok && status === 422 && ids.length > 1) {
      for (const id of ids) {
        const one = await given("hand_bib", { bibs: [store.words.get(id)] });
        if (one.ok || one.status === 422) store.said([id]); else return false;
      }
      return true;
    }
    if (ok || status === 422) { settle(ids); return true; }
    return false;
  };
  const settle = (ids) => {
    const saidBefore = new Map(board.hand.rows.map((row) => [keyOf(row), row.said_us]));
    for (const id of ids) {
      const word = store.words.get(id), key = keyOf(word);
      taken.set(key, { bib: word.bib ?? "", until: performance.now() + TAKEN_MS, saidBefore: saidBefore.get(key) ?? null });
    }
    store.said(ids);
    setTimeout(() => draw(), TAKEN_MS);  // one that never comes back (a later word counts) is shown no longer
  };

  // ---- what is kept of the settings ------------------------------------------------------------------------------
  const remembered = (field, name) => {
    const before = store.text(name);
    if (before !== null && [...field.options].some((option) => option.value === before)) field.value = before;
    field.addEventListener("change", () => { store.write(name, field.value); showKey(); draw(); });
  };
  const showKey = () => {
    const key = keyField.selectedOptions[0].textContent;
    put(part("note"), say("hand_note", { key }));
    put(part("keyname"), key);
    press.setAttribute("aria-keyshortcuts", keyField.value);
  };
  remembered(pointField, "point");
  remembered(keyField, "key");
  put(part("device"), say("hand_device", { device: store.device }));
  showKey();
  draw();

  let keptAt = -Infinity;
  const keepBoard = () => { keptAt = performance.now(); store.write("board", board.hand); };
  addEventListener("pagehide", keepBoard);
  return {
    /** A view of the stream: its sections `hand` and `clock`. */
    take(view, changed) {
      offsetS = view.clock.utc_offset_s;
      if (!changed.has("hand")) return;
      board = { hand: view.hand };
      for (const row of board.hand.rows) if (!takenOn(row)) taken.delete(keyOf(row));
      if (performance.now() - keptAt > 2_000) keepBoard();
      draw();
    },
    stamp: () => stampNow(performance.now()),
    get waiting() { return store.unsent.length + store.words.size; },
  };
};
