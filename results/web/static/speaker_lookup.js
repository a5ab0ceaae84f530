// The look-up: any digit or letter goes there; a bib only one can be meant by opens its card without Enter. The card
// takes the place of the leaders, never of the river.
"use strict";
import { count, words, say } from "./staff_link.js";
import { time, gap, nth, joined, clockTime, pointName, person, story } from "./speaker_text.js";
import { byId, make, put } from "./speaker_dom.js";

const SHOWN = 12, BIB = 0, FIRST = 1, LAST = 2, SAY = 3, CATEGORY = 4, CLUB = 5, TOWN = 6, COUNTRY = 7, SEX = 8;
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

export class Lookup {
  constructor({ board, favourite, loaded }) {
    this.board = board;
    this.loaded = loaded;
    this.favourite = favourite;
    this.field = byId("q");
    this.card = byId("card");
    this.list = byId("found");
    this.people = null;
    this.byBib = new Map();
    this.open = null;
    this.field.addEventListener("input", () => this.search());
    byId("lookup").addEventListener("submit", (event) => { event.preventDefault(); this.openFirst(); });
    this.load();
  }
  get isOpen() { return this.open !== null || !this.list.hidden; }
  get bib() { return this.open; }
  /** Nothing is typed, or a bib whose card is open: keys that a name may hold (a space) are commands then. */
  get holdsBib() { return /^\d*$/.test(this.field.value) && (this.open !== null || this.field.value === ""); }

  async load() {
    try {
      const answer = await fetch("/speaker/names.json");
      if (!answer.ok) throw new Error(String(answer.status));
      this.people = (await answer.json()).map((row) => ({ row, text: ` ${folded(`${row[LAST]} ${row[FIRST]} ${row[LAST]}`)}` }));
      this.byBib = new Map(this.people.map((each) => [each.row[BIB], each]));
      this.loaded();
      if (this.field.value) this.search();
    } catch {
      setTimeout(() => this.load(), 3000);
    }
  }
  /** Another version of the roster is in force: its names are loaded, the old ones serve until they are there. */
  renew() { this.load(); }

  search() {
    const typed = this.field.value.trim();
    if (!typed) { this.close(false); return; }
    if (!this.people) { this.#say(words.lookup_loading, []); return; }
    const found = this.#found(typed);
    // A bib of nobody the page may name is asked for all the same: it may be withheld, and that is an answer.
    const unknown = !found.length && /^\d+$/.test(typed);
    if (unknown || (found.length === 1 && found[0].row[BIB] === typed)) { this.show(typed); return; }
    const more = found.length > SHOWN ? say("found_more", { n: count(found.length), shown: SHOWN }) : say("found", { n: found.length });
    this.#say(found.length ? more : say("lookup_none", { text: typed }), found.slice(0, SHOWN));
  }
  #found(typed) {
    if (/^\d+$/.test(typed)) {
      const exact = this.byBib.get(typed), longer = this.people.filter(({ row }) => row[BIB] !== typed && row[BIB].startsWith(typed));
      return exact ? [exact, ...longer] : longer;
    }
    const parts = folded(typed).split(" ").map((part) => ` ${part}`);
    return this.people.filter(({ text }) => parts.every((part) => text.includes(part)));
  }
  #say(sentence, found) {
    this.#shut();
    this.list.hidden = false;
    this.first = found[0]?.row[BIB] ?? null;
    this.list.replaceChildren(make("p", "", sentence), make("ol", "", ...found.map(({ row }) => {
      const { first, last } = person(this.person(row[BIB]));
      const button = make("button", "ld", make("span", "bib", row[BIB]), make("span", "n", first, " ", make("b", "", last),
        make("small", "", joined(row[CATEGORY], row[CLUB] || row[TOWN] || row[COUNTRY]))));
      button.type = "button";
      button.addEventListener("click", () => this.show(row[BIB]));
      return make("li", "", button);
    })));
  }
  /** Arrows walk through what was found; whether this one did. */
  walk(key) {
    if (this.list.hidden) return false;
    const buttons = [...this.list.querySelectorAll("button")], at = buttons.indexOf(document.activeElement);
    const to = key === "ArrowDown" ? at + 1 : at - 1;
    if (to < 0) this.field.focus(); else buttons[Math.min(to, buttons.length - 1)]?.focus();
    return true;
  }
  openFirst() {
    if (this.open === null && this.first) this.show(this.first);
    if (this.open !== null) { this.field.blur(); this.card.focus(); }
  }
  /** Who has a bib, as far as the page may name them; null for somebody withheld, or not known yet. */
  person(bib) {
    const row = this.byBib.get(bib)?.row;
    return row ? { bib, first: row[FIRST], last: row[LAST], say: row[SAY], category: row[CATEGORY], club: row[CLUB], town: row[TOWN], country: row[COUNTRY], sex: row[SEX], withheld: !row[FIRST] && !row[LAST] } : null;
  }
  /** The card of a bib: at once from what is here, then with what the engine knows. */
  async show(bib) {
    this.open = bib;
    this.list.hidden = true;
    this.card.hidden = false;
    this.card.setAttribute("aria-label", say("card", { bib }));
    this.#draw(this.person(bib) ?? { bib, first: "", last: "", say: "", withheld: false }, words.card_wait);
    await this.refresh();
  }
  async refresh() {
    const bib = this.open;
    if (bib === null) return;
    const asked = this.asked = Symbol("asked");
    const answer = await fetch(`/speaker/card/${encodeURIComponent(bib)}`).catch(() => null);
    if (this.open !== bib || this.asked !== asked) return;
    if (answer?.ok) this.#draw(await answer.json(), "");
    else this.#note(answer?.status === 404 ? say("lookup_none", { text: bib }) : words.card_offline);
  }
  close(clear = true) {
    this.#shut();
    this.list.hidden = true;
    if (clear) { this.field.value = ""; this.field.blur(); }
  }
  #shut() {
    this.open = null;
    this.first = null;
    this.card.hidden = true;
  }
  #note(text) { put(this.card.querySelector(".note"), text); }
  #draw(row, note) {
    const board = this.board(), { first, last } = person(row), over = row.over || null, coming = row.coming || null;
    const told = row.withheld ? words.withheld : row.held ? words.held : "";
    const head = make("h2", "", first, " ", make("b", "", last), make("small", "", joined(row.bib, row.category, row.club, row.town, row.country, row.wave)));
    const lines = row.story?.length ? story({ ...row, favourite: false }) : null;
    const parts = [head, this.#big(row, over, coming, board)];
    if (told) parts.push(make("p", "alert", make("b", "", told)));
    if (lines) parts.push(make("p", "", make("b", "", lines.strong), lines.rest ? `. ${row.story.slice(1).map((each) => each[words.language]).join(". ")}` : ""));
    if (row.say && !row.withheld) parts.push(make("p", "", say("card_say", { say: row.say })));
    if (row.splits) parts.push(this.#table(row, over, coming, board));
    parts.push(make("p", "note", note), make("p", "does", this.#button("+", row.favourite ? words.unfavourite : words.favourite, this.favourite), this.#button(words.key_escape, words.close, () => this.close())));
    this.card.replaceChildren(...parts);
    this.card.favourite = Boolean(row.favourite);
  }
  #button(key, word, does) {
    const button = make("button", "", make("kbd", "", key), ` ${word}`);
    button.type = "button";
    button.addEventListener("click", does);
    return button;
  }
  #big(row, over, coming, board) {
    const feminine = row.sex === "F" ? "_F" : "";
    if (over) {
      const places = joined(over.place ? count(over.place) : "", over.category_place ? `${nth(over.category_place, row.sex === "F")} ${row.category}` : "");
      return make("div", "big", make("span", "", say(`card_arrived${feminine}`, { hour: clockTime(over.at_us, board) }), make("br"), places),
        make("b", "", over.official_s === null ? "–" : time(over.official_s)));
    }
    if (coming) {
      const left = Math.max(0, Math.round((coming.expected_us - board.clock.race_now_us) / 1e6));
      return make("div", "big", make("span", "", say(`card_expected${feminine}`, { hour: clockTime(coming.expected_us, board).slice(0, 5) }), make("br"),
        say("card_in", { age: gap(left) })), make("b", "fore hatch", coming.expected_s === null ? "" : `\u2248\u00a0${time(coming.expected_s)} ±\u00a0${gap(coming.within_s)}`));
    }
    return make("div", "big", make("span", "", row.status ? words[`card_status_${row.status}`] || "" : ""));
  }
  #table(row, over, coming, board) {
    const cell = (value) => make("td", "", value === null || value === undefined ? "–" : value);
    const line = (name, net, gun, place) => make("tr", "", make("th", "", name), cell(net), cell(gun), cell(place));
    const head = make("tr", "", ...["card_point", "card_real", "card_official", "card_place"].map((key) => { const th = make("th", "", words[key]); th.scope = "col"; return th; }));
    const rows = row.splits.map((each) => line(pointName(board, each.point), each.real_s === null ? null : time(each.real_s),
      each.official_s === null ? null : time(each.official_s), each.place === null ? null : count(each.place)));
    if (over) rows.push(line(words.line_word, over.real_s === null ? null : time(over.real_s), over.official_s === null ? null : time(over.official_s), over.place === null ? null : count(over.place)));
    if (coming) rows.push(line(words.line_word, null, coming.expected_s === null ? null : `\u2248\u00a0${time(coming.expected_s)}`,
      coming.place === null ? null : `\u2248\u00a0${count(coming.place)} ±\u00a0${count(coming.place_within)}`));
    for (const tr of rows) tr.firstElementChild.scope = "row";
    return make("table", "", make("thead", "", head), make("tbody", "", ...rows));
  }
}
