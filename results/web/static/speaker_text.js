// Figures and words of the announcers' page, in the page's language.
"use strict";
import { count, words, say, hour } from "./staff_link.js";

export const french = words.language === "fr";
const NB = "\u00a0", two = (n) => String(n).padStart(2, "0");

/** A duration of whole seconds: `1h05'58`, `1:05:58`; a minus is a real one. */
export const time = (seconds) => {
  const whole = Math.abs(seconds), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
  const [hourSign, minuteSign] = french ? ["h", "'"] : [":", ":"];
  const text = h ? `${h}${hourSign}${two(m)}${minuteSign}${two(s)}` : `${m}${minuteSign}${two(s)}`;
  return seconds < 0 ? `\u2212\u202f${text}` : text;
};
/** `12 s` below a minute, else a duration: how a gap or a ± is said. */
export const gap = (seconds) => seconds < 60 ? say("seconds_short", { n: seconds }).replace(" ", NB) : time(seconds);
export const nth = (place, feminine) => {
  if (french) return count(place) + (place === 1 ? (feminine ? "re" : "er") : "e");
  const teen = place % 100 >= 10 && place % 100 <= 20;
  return count(place) + (teen ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[place % 10] || "th"));
};
/** Seconds from milliseconds: `2,5`, `2.5`. */
export const decimal = (value) => String(value).replace(".", french ? "," : ".");
export const joined = (...parts) => parts.filter(Boolean).join(" · ");
export const clockTime = (us, board) => hour(us, board.clock.utc_offset_s);

/** How somebody is named: a withheld name gives place to the bib, and to nothing where that tells too much. */
export const person = (row) => {
  if (!row.withheld) return { first: row.first, last: row.last, say: row.say ? say("say_it", { say: row.say }) : "" };
  return { first: row.bib ? say("withheld_bib", row) : words.withheld_all, last: "", say: "" };
};
export const fullName = (row) => { const { first, last } = person(row); return `${first} ${last}`.trim(); };
export const pointName = (board, id) => {
  const point = board.race.points.find((each) => each.id === id);
  return point ? (point.kind === "split" ? point.name : words[point.kind]) : "";
};
const fromOf = (row) => row.withheld ? "" : row.club || row.town || row.country;
const podium = (row) => {
  if (row.sex_place && row.sex_place <= 3 && (row.sex === "F" || row.sex === "M"))
    return say(row.sex === "F" ? "woman_place" : "man_place", { nth: nth(row.sex_place, row.sex === "F") });
  return "";
};
/** Why to mention somebody, the strongest first: `{ strong, rest, alert }`. */
export const story = (row, extra = []) => {
  if (row.withheld) return { strong: words.withheld, rest: "", alert: true };
  if (row.held) return { strong: words.held, rest: joined(row.held[words.language], row.category, fromOf(row)), alert: true };
  const told = row.story.map((each) => each[words.language]);
  if (row.favourite && !told.length) told.push(words.favourite);
  if (!told.length && podium(row)) told.push(podium(row));
  const [strong = "", ...more] = told, code = row.code ?? row.category;
  const category = code && told.some((each) => each.includes(code)) ? "" : row.category;
  return { strong, rest: joined(...more, category, ...extra, fromOf(row)), alert: false };
};
