// Rows of the river: what is known of somebody who comes or came, as a model and as nodes.
"use strict";
import { count, words, say } from "./staff_link.js";
import { time, nth, person, pointName, story, gap } from "./speaker_text.js";
import { make, put, sign } from "./speaker_dom.js";

/** Somebody who is expected. What counts down is not in it: `tickRow` writes that. */
export const arrivingModel = (row, board) => {
  const within = gap(row.within_s), point = row.from_point ? pointName(board, row.from_point) : "";
  const where = row.from_point === null ? say("from_spotter", { n: within })
    : row.seen ? say("seen_at", { n: within, point: shortPlace(board, row.from_point) })
      : say("from_point", { n: within, point: shortPlace(board, row.from_point) });
  const places = row.place === null ? "" : say("expected_place", { nth: nth(row.place, row.sex === "F"), n: count(row.place_within) });
  const inCategory = row.category_place && row.category_place <= 3 ? `\u2248\u00a0${nth(row.category_place, row.sex === "F")} ${row.category}` : row.category;
  return {
    kind: "in", key: row.key, bib: row.bib, at: row.expected_us, seen: row.seen, where, point,
    ...person(row), story: story({ ...row, sex_place: null, code: row.category, category: inCategory }), now: board.arriving.now === row.key, alert: row.withheld || Boolean(row.held),
    time: row.expected_s === null ? "" : `\u2248\u00a0${time(row.expected_s)}`, real: places, favourite: row.favourite,
  };
};
// The course's own name of a point is long; on a row its last word says which it is ("Gineste"), or its distance to go.
export const shortPlace = (board, id) => {
  const point = board.race.points.find((each) => each.id === id), left = board.race.distance_m - point.distance_m;
  if (left > 0 && left <= 1500) return `${count(left)}\u00a0m`;
  return point.kind === "split" ? point.name.split(" ").at(-1) : words[point.kind];
};

/** Somebody who is over the line. */
export const crossedModel = (row, board) => {
  const mixed = board.crossed.waves_mixed, feminine = row.sex === "F";
  const inCategory = row.category_place && row.category ? `${nth(row.category_place, feminine)} ${row.category}` : "";
  const under = mixed && row.line_order ? say("line_order", { nth: nth(row.line_order, feminine) }) : inCategory;
  const extra = mixed ? [] : [row.gap_s !== null && row.gap_s > 0 ? say("behind", { time: gap(row.gap_s) }) : ""];
  const shown = mixed && inCategory ? { ...row, code: row.category, category: inCategory } : row;
  return {
    kind: "out", key: row.key, bib: row.bib, ...person(row),
    story: story(shown, row.shared ? [words.tied, ...extra] : extra), alert: row.withheld || Boolean(row.held),
    place: row.place === null ? "–" : count(row.place) + (row.shared ? " =" : ""), official: row.official, under,
    time: row.official_s === null ? "–" : time(row.official_s), favourite: row.favourite,
    real: row.real_s === null ? words.real_unread : row.start_read ? say("real", { time: time(row.real_s) }) : words.real_as_official,
  };
};

const nameNode = (model) => {
  const node = make("span", "name", model.first);
  if (model.last) node.append(model.first ? " " : "", make("b", "", model.last));
  if (model.say) node.append(" ", make("i", "", model.say));
  return node;
};
const storyNode = ({ strong, rest, alert }) => {
  const node = make("span", alert ? "story alert" : "story", make("span", "mark"), alert ? sign("hush") : "", alert ? " " : "");
  if (strong) node.append(make("b", "", strong));
  if (strong && rest) node.append(" · ");
  if (rest) node.append(make("span", "from", rest));
  return node;
};
export const rowNode = (model) => {
  const lead = model.kind === "in"
    ? make("div", "lead hatch", make("span", "when"), make("small", "", model.seen ? sign("mat") : "", model.seen ? " " : "", model.where))
    : make("div", "lead", make("span", `pl ${model.official ? "of" : "prov"}`, model.place), make("small", "", model.under));
  const node = make("article", `row${model.seen ? " mat" : ""}${model.now ? " now" : ""}${model.favourite ? " fav" : ""}`,
    lead, make("div", "bib", model.bib), make("div", "who", nameNode(model), storyNode(model.story)),
    make("div", model.kind === "in" ? "t hatch" : "t", make("b", "", model.time), make("small", "", model.real)));
  node.dataset.key = model.key;
  if (model.bib && !model.alert) { node.dataset.bib = model.bib; node.tabIndex = 0; }
  node.at = model.at;
  return node;
};
export const emptyNode = (text) => make("article", "row empty", text);

/** The seconds until somebody is there, by the race clock. */
export const tickRow = (node, nowUs) => {
  if (node.at === undefined) return;
  const left = Math.round((node.at - nowUs) / 1e6);
  put(node.querySelector(".when"), left > 0 ? gap(left) : words.due);
};

const SIGNS = { said: "check", skipped: "skip", later: "clock" };
/** Writes what was done with a name into its row. */
export const markRow = (node, mark) => {
  const place = node.querySelector(".mark"), text = mark ? say(mark.microphone ? `mark_${mark.mark}` : `mark_${mark.mark}_plain`, { n: mark.microphone }) : "";
  const told = mark && mark.pending ? `${text}…` : text;
  if (!place || place.dataset.told === told) return;
  place.dataset.told = told;
  place.replaceChildren(...(mark ? [sign(SIGNS[mark.mark]), ` ${told} · `] : []));
  node.classList.toggle("said", Boolean(mark) && mark.mark !== "later");
};
