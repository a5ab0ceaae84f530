// What announcers enter: the pace, favourites (typed or from a file), orders of passing that come by radio.
"use strict";
import { count, command, words, say } from "./staff_link.js";
import { decimal, clockTime, fullName } from "./speaker_text.js";
import { byId, make, put, fill } from "./speaker_dom.js";

const number = (text) => Number(text.trim().replace(",", "."));
const listed = (text) => text.split(/[\n\r,;\t]+/).map((each) => each.trim().replace(/^"(.*)"$/, "$1").trim()).filter(Boolean);

const send = async (form, name, fields, done) => {
  const { ok, answer } = await command(name, fields);
  put(form.querySelector("output"), ok ? done(answer) : say("not_sent", { error: answer.error || words.unreached }));
  return ok;
};

export class SpeakerDesk {
  constructor(board) {
    this.board = board;
    this.panel = byId("desk");
    byId("open-desk").addEventListener("click", () => this.toggle());
    byId("close-desk").addEventListener("click", () => this.toggle(false));
    byId("pace-form").addEventListener("submit", (event) => this.#pace(event));
    byId("favourites-form").addEventListener("submit", (event) => this.#favourites(event));
    byId("favourites-form").elements.file.addEventListener("change", (event) => this.#read(event));
    byId("order-form").addEventListener("submit", (event) => this.#order(event));
  }
  get isOpen() { return !this.panel.hidden; }
  toggle(open = !this.isOpen) {
    this.panel.hidden = !open;
    byId("open-desk").setAttribute("aria-expanded", String(open));
    if (open) { this.draw(); byId("pace-form").elements.name_s.focus(); } else byId("open-desk").focus();
  }
  draw() {
    const board = this.board(), form = byId("pace-form");
    if (!board || !this.isOpen) return;
    for (const [name, ms] of [["name_s", board.pace.name_ms], ["step_s", board.pace.step_ms]])
      if (document.activeElement !== form.elements[name]) form.elements[name].value = decimal(ms / 1000);
    const { bibs, clubs, towns, entrants } = board.favourites;
    put(byId("followed"), say("desk_followed", { n: count(entrants) }));
    const every = [...bibs.map((row) => ["bib", row.bib, `${row.bib} ${row.withheld ? "" : fullName(row)}`.trim()]), ...clubs.map((name) => ["club", name, name]), ...towns.map((name) => ["town", name, name])];
    fill(byId("favourites"), every.map(([by, value, name]) => ({ by, value, name })), (model) => {
      const button = make("button", "btn quiet", "×");
      button.type = "button";
      button.setAttribute("aria-label", say("desk_remove", { name: model.name }));
      button.addEventListener("click", () => send(byId("favourites-form"), "favourites", { by: model.by, values: [model.value], on: false }, () => ""));
      return make("li", "", make("span", "", model.name), button);
    });
    fill(byId("spotted"), board.spotted.map((order) => ({
      head: say("spotted", { km: decimal(order.metres / 1000), hour: clockTime(order.at_us, board) }),
      names: order.rows.map((row) => `${row.place}. ${row.bib} ${row.withheld ? "" : fullName(row)}`.trim()).join(", "), text: order.text,
    })), (model) => make("li", "", make("b", "", model.head), ` ${model.names} ${model.text}`));
  }
  #pace(event) {
    event.preventDefault();
    const form = event.target, fields = {};
    for (const [name, field] of [["name_s", "name_ms"], ["step_s", "step_ms"]]) {
      const value = number(form.elements[name].value);
      if (!(value > 0)) { put(form.querySelector("output"), words.desk_number_wrong); form.elements[name].focus(); return; }
      fields[field] = Math.round(value * 1000);
    }
    send(form, "pace", fields, () => words.desk_sent);
  }
  async #favourites(event) {
    event.preventDefault();
    const form = event.target, values = listed(form.elements.values.value);
    if (!values.length) { put(form.querySelector("output"), words.desk_empty); return; }
    const ok = await send(form, "favourites", { by: form.elements.by.value, values, on: true }, (answer) => {
      const taken = say("desk_taken", { n: count(answer.taken) });
      return answer.unknown.length ? `${taken} ${say("desk_unknown", { names: answer.unknown.slice(0, 20).join(", ") })}` : taken;
    });
    if (ok) { form.elements.values.value = ""; form.elements.file.value = ""; }
  }
  // The file stays on this device: its lines are put into the field, where they can be read before they are added.
  async #read(event) {
    const [file] = event.target.files;
    if (!file) return;
    const lines = (await file.text()).replace(/^\ufeff/, "").split(/\r?\n/).map((line) => line.split(/[;,\t]/)[0].trim()).filter(Boolean);
    byId("favourites-form").elements.values.value = lines.join("\n");
  }
  async #order(event) {
    event.preventDefault();
    const form = event.target, km = number(form.elements.km.value), out = form.querySelector("output"), board = this.board();
    if (!(km > 0)) { put(out, words.desk_km_wrong); form.elements.km.focus(); return; }
    const typed = form.elements.hour.value.trim(), at = typed ? this.#hour(typed, board) : null;
    if (typed && at === null) { put(out, words.desk_hour_wrong); form.elements.hour.focus(); return; }
    const fields = { metres: Math.round(km * 1000), bibs: form.elements.bibs.value.split(/[^\p{L}\p{N}]+/u).filter(Boolean), first_place: Math.max(1, Math.round(number(form.elements.first_place.value) || 1)), at_us: at };
    if (await send(form, "passing_order", fields, () => words.desk_sent)) { form.elements.bibs.value = ""; form.elements.hour.value = ""; }
  }
  #hour(text, board) {
    const found = /^(\d{1,2})[:h.](\d{2})(?:[:'.](\d{2}))?$/.exec(text);
    if (!found) return null;
    const [h, m, s] = found.slice(1).map((part) => Number(part || 0));
    if (h > 23 || m > 59 || s > 59) return null;
    const offset = board.clock.utc_offset_s, day = 86_400, now = Math.floor(board.clock.race_now_us / 1e6) + offset;
    return (Math.floor(now / day) * day + h * 3600 + m * 60 + s - offset) * 1e6;
  }
}
