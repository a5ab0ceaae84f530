// Who leads each list, whether the place can still change, the record, and the first of each category.
"use strict";
import { count, words, say } from "./staff_link.js";
import { time, gap, person, fullName, pointName, clockTime, joined, french } from "./speaker_text.js";
import { shortPlace } from "./speaker_rows.js";
import { byId, make, put, fill, drawn, sign } from "./speaker_dom.js";

const SCOPES = { F: "women", M: "men" };

const noteOf = (list) => {
  const feminine = list.scope === "F" ? "_F" : "", known = list.rows.filter((row) => !row.expected).length;
  if (!list.rows.length) return "";
  if (!known) return words.under_way;
  return known < list.rows.length ? words[`partly${feminine}`] : words[`finished${feminine}_${list.state}`];
};
const QUESTIONS = new Set(["may_be_beaten", "no_finisher", "gun_not_fired", "start_open", "not_heard", "passing", "start_not_heard", "clock"]);
// Whether a place can still change: settled since when, or open until when, who could take it, and what keeps it open.
const lockOf = (list, row, board) => {
  const place = row.expected ? null : board.settled?.[list.id]?.find((each) => each.bibs.includes(row.bib));
  if (!place) return null;
  if (place.settled_at_us !== null) return { shut: true, text: say("settled", { hour: clockTime(place.settled_at_us, board) }) };
  const until = place.open_until_us === null ? words.open : say("open_until", { hour: clockTime(place.open_until_us, board) });
  const by = place.can_be_beaten_by ? say("open_by", { bib: place.can_be_beaten_by.bib }) : "";
  const asked = place.reasons.some((reason) => !QUESTIONS.has(reason)) ? words.open_question : "";
  const unheard = place.reasons.some((reason) => reason.endsWith("not_heard")) ? words.open_unheard : "";
  return { shut: false, text: joined(until, asked || unheard || by) };
};
const leaderModel = (list, row, board) => {
  const where = row.expected && row.from_point ? say(row.sex === "F" ? "seen_last_F" : "seen_last", { point: pointName(board, row.from_point) }) : "";
  const figure = row.gap_s ? `${row.gap_s < 0 ? "\u2212" : "+"}\u202f${time(Math.abs(row.gap_s))}` : `${row.expected ? "\u2248\u00a0" : ""}${time(row.time_s)}`;
  const lock = lockOf(list, row, board), story = row.withheld ? words.withheld : row.held ? words.held : joined(row.bib, row.category, row.club || row.town || row.country, where);
  return {
    key: row.key, ...person(row), lock, story: lock ? joined(lock.text, lock.shut ? row.country : "") : story, expected: row.expected, official: row.official,
    place: `${row.expected ? "\u2248\u00a0" : ""}${count(row.place)}${row.shared ? " =" : ""}`,
    time: figure, within: row.expected ? `±\u00a0${gap(row.within_s)}` : "",
  };
};
const leaderNode = (model) => make("li", "ld",
  make("span", `pl ${model.expected ? "proj" : model.official ? "of" : "prov"}`, model.place),
  make("span", "n", model.first, model.first && model.last ? " " : "", make("b", "", model.last),
    " ", make("small", "", model.lock ? sign(model.lock.shut ? "lock" : "open") : "", model.lock ? " " : "", model.story)),
  make("span", model.expected ? "g f hatch" : "g k", model.time, model.within ? make("small", "", model.within) : ""));
const listModel = (list, board) => ({
  id: list.id, title: list.title ? list.title[words.language] || list.title.fr : words[SCOPES[list.scope] || "everybody"],
  note: noteOf(list), rows: list.rows.map((row) => leaderModel(list, row, board)),
});
const listNode = (model) => make("section", "", make("h2", "", model.title, " ", make("span", "", model.note)),
  model.rows.length ? make("ol", "", ...model.rows.map(leaderNode)) : make("p", "nobody", words.nobody_leads));

// A race within the race that has no list of its own in the leaders: its first, by the bibs the race names.
const withinModel = (race, board, nameOf) => ({
  id: race.id, title: race.title[words.language] || race.title.fr, note: words[`race_${race.phase}`],
  rows: race.leaders.map((leader, n) => {
    const row = nameOf(leader.bib) ?? { bib: leader.bib, withheld: true };
    return {
      key: leader.bib, ...person(row), lock: null, story: row.withheld ? words.withheld : joined(row.bib, row.category, row.club || row.town || row.country, race.phase === "running" && race.point ? pointName(board, race.point) : ""),
      expected: false, official: false, place: leader.place === null ? count(n + 1) : count(leader.place),
      time: n ? `+\u202f${time(leader.time_s - race.leaders[0].time_s)}` : time(leader.time_s), within: "",
    };
  }),
});
export const drawTops = (board, nameOf) => {
  // A race within the race of which nobody has been seen takes no room.
  const lists = board.tops.filter((list, n) => n < 2 || list.rows.length), ids = new Set(board.tops.map((list) => list.id));
  const races = (board.within ?? []).filter((race) => race.group && !ids.has(race.list_id) && race.leaders.length);
  fill(byId("tops"), [...lists.map((list) => listModel(list, board)), ...races.map((race) => withinModel(race, board, nameOf))], listNode);
  fit(byId("tops").querySelectorAll(".ld"));
};
// A name is never cut: what is too wide takes two smaller lines and then smaller ones yet, at the cost of the story.
const fit = (rows) => {
  for (const row of rows) row.classList.remove("long", "longer");
  const wide = [...rows].filter((row) => { const name = row.querySelector(".n"); return name.scrollWidth > name.clientWidth + 1; });
  for (const row of wide) row.classList.add("long");
  for (const row of wide) {
    const name = row.querySelector(".n"), kept = row.querySelector("small .i") ? name.scrollHeight > name.clientHeight + 1 : nameEnd(name) > name.getBoundingClientRect().bottom + 1;
    row.classList.toggle("longer", kept);
  }
};
const nameEnd = (name) => (name.querySelector("b") ?? name).getBoundingClientRect().bottom;
addEventListener("resize", () => { fit(document.querySelectorAll("#tops .ld")); fit(document.querySelectorAll("#cat-rows .cat-row")); });

export const drawCategories = (board) => {
  byId("cats").hidden = !board.category_tops.length;
  fill(byId("cat-rows"), board.category_tops.map(({ category, row }) => ({
    category, bib: row.withheld ? "" : row.bib, last: row.withheld ? person({ ...row, say: "" }).first : row.last, expected: row.expected,
    time: `${row.expected ? "\u2248\u00a0" : ""}${time(row.time_s)}`,
  })), (model) => make("div", "cat-row", make("span", "cat", model.category),
    make("span", "n", model.bib, " ", make(model.expected ? "span" : "b", "", model.last)), make("span", model.expected ? "f hatch" : "k", model.time)));
  fit(byId("cat-rows").children);
};

// ---- the record: one axis, ahead above it, behind below ------------------------------------------------------------
const WIDTH = 392, AXIS = 33, BAR = 14, LEFT = 84;
const recordNode = (model) => {
  const figure = drawn("svg", { viewBox: `0 0 ${WIDTH} 66`, role: "img", "aria-label": model.label },
    drawn("path", { class: "axis", d: `M0 ${AXIS}H${WIDTH}` }), text(0, 26, words.ahead), text(0, 50, words.behind_word));
  for (const each of model.splits) {
    const height = Math.max(3, Math.min(20, Math.abs(each.ahead_s) / model.most * 20)), up = each.ahead_s >= 0;
    figure.append(drawn("rect", { class: each.expected ? "bar fore" : "bar", x: each.x - BAR / 2, width: BAR, y: up ? AXIS - height : AXIS, height }),
      text(each.x, up ? AXIS - height - 4 : AXIS + height + 15, each.figure, "figure"), text(each.x, up ? 50 : 27, each.name));
  }
  const until = make("b", "hatch");
  if (model.until !== null) until.dataset.until = model.until;
  return make("div", "", make("h2", "", model.title, " ", make("span", "", model.note)), model.splits.length ? figure : "",
    make("p", "", model.made ? make("b", "made", model.made) : "", until, model.who ? ` ${model.who}` : "", model.ever && !model.made ? make("span", "ever", ` ${model.ever}`) : ""));
};
const text = (x, y, words_, kind = "") => drawn("text", { x, y, class: kind, "text-anchor": x === 0 ? "start" : x > WIDTH - 20 ? "end" : "middle" }, words_);

// The table of winners writes family names in capitals.
const family = (athlete) => athlete.split(" ").filter((word) => word === word.toUpperCase()).join(" ") || athlete;
// Of the two records the one that is being made, else the one the leader is nearest to.
const urgency = (chase) => {
  if (["to_be_confirmed", "confirmed", "equalled"].includes(chase.state)) return 2e6;
  const last = chase.points.at(-1);
  return chase.state === "running" && last ? 1e6 + 1000 * last.ahead_s / last.record_s : chase.state === "missed" ? -1 : 0;
};
const recordSplits = (chase, board) => {
  const expected = board.tops.flatMap((list) => list.rows).find((row) => row.bib === chase.bib && row.expected);
  const splits = chase.points.map((point) => ({ name: shortPlace(board, point.point), ahead_s: point.ahead_s, figure: gap(Math.abs(point.ahead_s)), expected: false }));
  if (expected && chase.state === "running") {
    const ahead = chase.present.time_s - expected.time_s;
    splits.push({ name: words.line_word, ahead_s: ahead, figure: `\u2248\u00a0${gap(Math.abs(ahead))} ±\u00a0${gap(expected.within_s)}`, expected: true });
  }
  return splits.map((each, n) => ({ ...each, x: LEFT + (WIDTH - LEFT - 40) * (n + 1) / Math.max(2, splits.length) - 20 }));
};
const recordModel = (chase, board, nameOf) => {
  const record = chase.present ?? chase.all_time, course = record.present_course ? words.same_course : words.old_course;
  const splits = chase.present ? recordSplits(chase, board) : [], made = { to_be_confirmed: words.to_be_confirmed, confirmed: words.confirmed, equalled: words.equalled }[chase.state] ?? "";
  const told = splits.map((each) => say("record_at", { point: each.name, time: each.figure, side: each.ahead_s >= 0 ? words.ahead : words.behind_word }));
  const row = chase.bib === null ? null : nameOf(chase.bib), who = row ? fullName(row) : "";
  const ever = chase.present && chase.all_time;
  return {
    title: say(chase.sex === "F" ? "record_F" : "record_M", { time: time(record.time_s) }), made,
    note: joined(say("record_of", { holder: family(record.athlete), year: record.year }), course), splits,
    most: Math.max(5, ...splits.map((each) => Math.abs(each.ahead_s))),
    label: say("record_label", { name: who, splits: told.join(french ? " ; " : "; ") }),
    until: chase.state === "running" ? chase.record_us : null, who: chase.bib === null ? "" : joined(chase.bib, who),
    ever: ever ? say("record_ever", { time: time(ever.time_s), holder: family(ever.athlete), year: ever.year }) : "",
  };
};
export const drawRecord = (board, nameOf) => {
  const node = byId("record"), chases = board.record.filter((chase) => chase.present || chase.all_time);
  const shown = chases.sort((a, b) => urgency(b) - urgency(a))[0];
  node.hidden = !shown || shown.state === "missed";
  if (shown) fill(node, [recordModel(shown, board, nameOf)], recordNode);
};
/** How long the record still stands, by the race clock. */
export const tickRecord = (nowUs) => {
  for (const node of document.querySelectorAll("[data-until]")) {
    const left = Math.floor((Number(node.dataset.until) - nowUs) / 1e6);
    put(node, left >= 0 ? say("record_left", { time: time(left) }) : words.record_over);
  }
};
