// The desk: find an entrant, change what is known, hand out bib and tag; compare a roster file before it is taken. What
// is typed is kept in the browser until the engine has it.
"use strict";
import { command, count, csrf, say, words } from "./staff_link.js";

const byId = (id) => document.getElementById(id);
const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const make = (tag, className, ...inside) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...inside);
  return node;
};
const getJson = async (url) => {
  try {
    const response = await fetch(url, { cache: "no-store" });
    return { ok: response.ok, status: response.status, answer: await response.json() };
  } catch (error) { return { ok: false, status: 0, answer: { error: String(error) } }; }
};

const form = byId("entrant"), find = byId("find"), card = byId("card");
const fields = [...form.querySelectorAll("[name]")].filter((field) => !["bib", "tag"].includes(field.name));
const bibField = byId("f-bib"), tagField = byId("f-tag");
const draftKey = `calanque.desk.${byId("desk").dataset.race}`;

// ---- search ----------------------------------------------------------------------------------------------------
let found = [], version = 0, asked = 0, shownFor = null;
const search = async () => {
  const text = find.value.trim(), turn = ++asked;
  const { ok, answer } = await getJson(`/desk/find.json?q=${encodeURIComponent(text)}`);
  if (turn !== asked) return;
  if (!ok) { put(byId("found-note"), words.desk_away); return; }
  found = answer.entrants;
  version = answer.version;
  shownFor = text;
  put(byId("found-note"), text && !found.length ? words.desk_found_none : say("desk_found_total", { n: count(answer.total) }));
  byId("found").replaceChildren(...found.map(foundRow));
};
const foundRow = (entrant) => {
  const about = [entrant.fields.category, entrant.fields.club || entrant.fields.town, entrant.crossed ? words.desk_crossed : ""].filter(Boolean).join(" · ");
  const button = make("button", "", make("b", "", entrant.bib), make("span", "who", entrant.name || "–", " ", make("small", "", about)),
    make("small", "", entrant.tags.join(", ") || words.desk_no_tag));
  button.type = "button";
  if (opened?.bib === entrant.bib) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => open(entrant));
  return make("li", "", button);
};
let typing = 0;
find.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 80); });
byId("find-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  clearTimeout(typing);
  if (shownFor !== find.value.trim()) await search();
  if (found.length) open(found[0]); else create(find.value.trim());
});
addEventListener("keydown", (event) => {
  const inField = event.target.closest?.("input, select, textarea");
  if (event.key === "/" && !inField) { event.preventDefault(); toSearch(); }
  if (event.key === "Escape" && !card.hidden) { close(); toSearch(); }
  const buttons = [...byId("found").querySelectorAll("button")], at = buttons.indexOf(document.activeElement);
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (event.target === find || at >= 0)) {
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (next < 0 ? find : buttons[Math.min(next, buttons.length - 1)])?.focus();
  }
});
const toSearch = () => { find.focus(); find.select(); };
byId("new").addEventListener("click", () => create(""));

// ---- one entrant -----------------------------------------------------------------------------------------------
let opened = null;   // the entrant as the engine has it: {bib, fields, tags, seen}; bib null: a new one
const values = () => Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));
const show = (entrant, typed = {}) => {
  opened = entrant;
  card.hidden = false;
  put(byId("h-card"), entrant.bib === null ? words.desk_new : `${say("desk_change", { bib: entrant.bib })} ${entrant.name ?? ""}`);
  for (const field of fields) {
    const value = typed[field.name] ?? entrant.fields[field.name] ?? "";
    // A wave or role that the race file does not have any more stays what it is.
    if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) field.add(new Option(value, value));
    field.value = value;
  }
  bibField.value = typed.bib ?? entrant.bib ?? "";
  tagField.value = typed.tag ?? "";
  showTags();
  showRebib();
  clearFaults();
  put(byId("done"), "");
  for (const button of byId("found").querySelectorAll("button")) {
    if (button.querySelector("b").textContent === entrant.bib) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
  }
};
const open = (entrant) => { show({ ...entrant, seen: version }); bibField.focus(); bibField.select(); };
const create = (text) => {
  const defaults = { public: "1", elite: "0", role: "runner" };
  const isBib = /\d/.test(text), typed = isBib ? { bib: text } : { last_name: text };
  show({ bib: null, fields: defaults, tags: [], seen: version }, typed);
  (isBib || !text ? (isBib ? tagField : bibField) : bibField).focus();
};
const close = () => {
  card.hidden = true;
  opened = null;
  sessionStorage.removeItem(draftKey);
};
byId("close").addEventListener("click", () => { close(); toSearch(); });
const showTags = () => byId("tags").replaceChildren(...opened.tags.map((tag) => {
  const remove = make("button", "", words.desk_unbind);
  remove.type = "button";
  remove.setAttribute("aria-label", say("desk_unbind_of", { tag }));
  remove.addEventListener("click", () => unbind(tag));
  return make("li", "", tag, " ", remove);
}));
const showRebib = () => {
  const bib = bibField.value.trim();
  put(byId("rebib"), opened.bib !== null && bib && bib !== opened.bib ? say("desk_rebib_note", { old: opened.bib, new: bib }) : "");
};
// What is typed survives a reload, and an engine that is away.
form.addEventListener("input", () => {
  showRebib();
  sessionStorage.setItem(draftKey, JSON.stringify({ opened, typed: { ...values(), bib: bibField.value, tag: tagField.value } }));
});

// ---- faults ----------------------------------------------------------------------------------------------------
const clearFaults = () => {
  for (const fault of form.querySelectorAll(".fault")) put(fault, "");
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  put(byId("banner"), "");
  byId("take").hidden = byId("reload").hidden = true;
};
const faultText = ({ field, code, about, message }) => code && words[`desk_fault_${code}`] ? say(`desk_fault_${code}`, { about })
  : words.language === "fr" && words[`desk_bad_${field}`] ? words[`desk_bad_${field}`] : message;
const showFaults = ({ status, answer }) => {
  if (status === 0) { put(byId("banner"), words.desk_away); return; }
  const faults = answer.faults ?? [{ field: "", message: answer.error ?? String(status) }];
  let first = null;
  for (const fault of faults) {
    const name = fault.field === "new_bib" ? "bib" : fault.field.split(".").pop(), field = form.elements[name], place = byId(`e-${name}`);
    if (!place || !field) { put(byId("banner"), faultText(fault)); byId("reload").hidden = fault.code !== "changed"; continue; }
    put(place, faultText(fault));
    field.setAttribute("aria-invalid", "true");
    field.closest("details")?.setAttribute("open", "");
    first ??= field;
    if (fault.code === "other_tag" && opened.bib !== null) byId("take").hidden = false;
  }
  first?.focus();
};

// ---- to the engine ---------------------------------------------------------------------------------------------
let saving = false;
/** Each step is taken on top of what the one before it made; the first that is refused ends it. */
const save = async ({ take = false } = {}) => {
  if (saving || !opened) return;
  saving = true;
  clearFaults();
  try {
    const steps = opened.bib === null ? [creation] : [rebib, changes, binding];
    let last = null, notes = [];
    for (const step of steps) {
      const given = step(take);
      if (!given) continue;
      const result = await command(...given);
      if (!result.ok) { showFaults(result); return; }
      last = result.answer;
      notes = [...notes, ...last.notes];
      opened = { ...last.entrant, seen: last.number };
      if (given[0] === "bind_tag") tagField.value = "";
    }
    finish(last, notes);
  } finally { saving = false; }
};
const creation = () => {
  const tag = tagField.value.trim(), typed = values();
  const given = Object.fromEntries(Object.entries(typed).filter(([name, value]) => value !== (opened.fields[name] ?? "")));
  return ["entrant", { create: true, bib: bibField.value.trim() || " ", fields: given, tags: [...opened.tags, ...(tag ? [tag] : [])], seen: opened.seen }];
};
const rebib = () => {
  const bib = bibField.value.trim();
  return bib === opened.bib ? null : ["rebib", { bib: opened.bib, new_bib: bib || " ", seen: opened.seen }];
};
const changes = () => {
  const changed = Object.entries(values()).filter(([name, value]) => value !== (opened.fields[name] ?? ""));
  return changed.length ? ["entrant", { bib: opened.bib, fields: Object.fromEntries(changed), seen: opened.seen }] : null;
};
const binding = (take) => {
  const tag = tagField.value.trim();
  return tag ? ["bind_tag", { bib: opened.bib, tag, take, seen: opened.seen }] : null;
};
const finish = async (last, notes) => {
  const text = last ? [say("desk_saved", { bib: last.bib, name: last.entrant.name }), ...notes.map((note) => say(`desk_note_${note.code}`, note))].join(" ") : words.desk_nothing;
  close();
  put(byId("done"), text);
  toSearch();
  await search();
};
const unbind = async (tag) => {
  clearFaults();
  if (opened.bib === null) { opened.tags = opened.tags.filter((each) => each !== tag); showTags(); return; }
  const result = await command("bind_tag", { bib: opened.bib, tag, bound: false, seen: opened.seen });
  if (!result.ok) { showFaults(result); return; }
  opened = { ...opened, tags: result.answer.entrant.tags, seen: result.answer.number };
  showTags();
  search();
};
form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
byId("take").addEventListener("click", () => save({ take: true }));
byId("reload").addEventListener("click", async () => {
  const typed = { ...values(), bib: bibField.value, tag: tagField.value }, before = opened;
  const { ok, answer } = await getJson(`/desk/find.json?q=${encodeURIComponent(before.bib)}`);
  const now = ok && answer.entrants.find((entrant) => entrant.bib === before.bib);
  if (!now) return;
  version = answer.version;
  // What was typed here stays, on top of what the other desk changed.
  const own = Object.fromEntries(Object.entries(typed).filter(([name, value]) => value !== (before.fields[name] ?? (name === "bib" ? before.bib : ""))));
  show({ ...now, seen: version }, own);
});

// ---- tags that a mat hears -------------------------------------------------------------------------------------
const mat = byId("mat");
let heardRow = null;
mat.value = localStorage.getItem(`${draftKey}.mat`) ?? "";
mat.addEventListener("change", () => {
  localStorage.setItem(`${draftKey}.mat`, mat.value);
  heardRow = null;
  byId("heard").replaceChildren();
  hear();
});
const hear = async () => {
  put(byId("heard-note"), mat.value ? words.desk_heard_wait : "");
  if (!mat.value || card.hidden || document.hidden) return;
  const { ok, answer } = await getJson(`/desk/tags.json?mat=${encodeURIComponent(mat.value)}`);
  if (!ok || card.hidden) return;
  const [newest] = answer.tags;
  // Only what is heard from now on fills the field; what lay there before is offered.
  if (heardRow !== null && newest && newest.read > heardRow && !tagField.value.trim() && !opened.tags.includes(newest.tag)) fill(newest.tag);
  heardRow = newest ? newest.read : -1;
  byId("heard").replaceChildren(...answer.tags.map((tag) => {
    const button = make("button", "btn quiet", `${tag.tag}, ${tag.bib === null ? words.desk_heard_nobody : say("desk_heard_bib", tag)}`);
    button.type = "button";
    button.addEventListener("click", () => fill(tag.tag));
    return make("li", "", button);
  }));
};
const fill = (tag) => {
  tagField.value = tag;
  tagField.dispatchEvent(new Event("input", { bubbles: true }));
  tagField.focus();
};
setInterval(hear, 700);

// ---- the roster file -------------------------------------------------------------------------------------------
let difference = null;
const compare = async (content) => {
  const file = byId("file").files[0], keep = byId("keep").checked ? "1" : "0";
  put(byId("import-fault"), "");
  byId("take-roster").hidden = true;
  byId("difference").replaceChildren(make("p", "hint", words.desk_import_reading));
  let result;
  if (content) {
    try {
      const response = await fetch(`/desk/roster?keep=${keep}&name=${encodeURIComponent(file.name)}`, {
        method: "POST", headers: { "X-CSRF-Token": csrf(), "Content-Type": "application/octet-stream" }, body: content,
      });
      result = { ok: response.ok, status: response.status, answer: await response.json() };
    } catch (error) { result = { ok: false, status: 0, answer: { error: String(error) } }; }
  } else result = await getJson(`/desk/difference.json?keep=${keep}&digest=${difference.digest}`);
  byId("difference").replaceChildren();
  if (!result.ok) { put(byId("import-fault"), result.status === 0 ? words.desk_away : (result.answer.faults?.map(faultText).join(" ") || result.answer.error)); return; }
  difference = result.answer;
  showDifference();
};
byId("file").addEventListener("change", () => { const file = byId("file").files[0]; if (file) compare(file); });
byId("keep").addEventListener("change", () => { if (difference) compare(null); });

const showDifference = () => {
  const found = difference, parts = [make("p", "", say("desk_import_summary", { ...found, rows: count(found.rows), entrants: count(found.entrants) }))];
  const none = !found.added.count && !found.gone.count && !found.changed.count;
  if (none) parts.push(make("p", "hint", words.desk_import_same));
  else {
    const effect = found.effect;
    parts.push(make("h3", "", words.desk_effect), make("p", "", say("desk_effect_is", {
      runners: effect.runners_changed, places: effect.places_changed, podiums: effect.podiums_changed, official: effect.official_changed })));
  }
  parts.push(...part("gone", found.gone, personRow), ...part("changed", found.changed, changeRow), ...part("added", found.added, personRow));
  if (found.remarks.length) {
    const list = make("ul", "remarks", ...found.remarks.map((remark) => make("li", "", remark)));
    parts.push(make("details", "", make("summary", "", `${words.desk_remarks} (${found.remarks.length})`), list));
  }
  byId("difference").replaceChildren(...parts);
  byId("take-roster").hidden = none;
};
const part = (name, { count, crossed, rows }, row) => {
  if (!count) return [];
  const heading = make("h3", "", `${words[`desk_${name}`]} ${count}`);
  if (crossed) heading.append(" ", make("b", "crossed", say("desk_crossed_count", { n: crossed })));
  const table = make("table", "", make("tbody", "", ...rows.map(row)));
  return [heading, table, ...(count > rows.length ? [make("p", "hint", say("desk_more_rows", { n: count - rows.length }))] : [])];
};
const cells = (row, ...inside) => {
  const head = make("th", "", row.bib);
  head.scope = "row";
  return make("tr", row.crossed ? "crossed" : "", head, ...inside.map((each) => make("td", "", each)), make("td", "", row.crossed ? words.desk_crossed : ""));
};
const personRow = (row) => cells(row, row.name || "–", row.tags.join(", ") || words.desk_no_tag);
const fieldName = (field) => words[`desk_field_${field.startsWith("birth") ? "birth" : field}`] ?? words[`desk_${field}`] ?? field;
const changeRow = (row) => cells(row, make("span", "", ...row.fields.flatMap(({ field, was, becomes }, n) => [
  n ? " · " : "", `${fieldName(field)} `, make("s", "", was || "–"), ` ${becomes || "–"}`])));
byId("take-roster").querySelector("button").addEventListener("click", async () => {
  const { ok, status, answer } = await command("take_roster", { digest: difference.digest, seen: difference.seen, keep: difference.keep });
  if (!ok) { put(byId("import-fault"), status === 0 ? words.desk_away : answer.faults?.map(faultText).join(" ") || answer.error); return; }
  byId("take-roster").hidden = true;
  byId("difference").replaceChildren(make("p", "", say("desk_taken", { n: count(answer.entrants) })));
  byId("file").value = "";
  difference = null;
  search();
});

// ---- at the beginning ------------------------------------------------------------------------------------------
const draft = JSON.parse(sessionStorage.getItem(draftKey) ?? "null");
search().then(() => {
  if (!draft?.opened) return;
  show(draft.opened, draft.typed);
  put(byId("banner"), words.desk_kept);
});
