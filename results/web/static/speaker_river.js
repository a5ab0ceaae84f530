// The river: who arrives above the line, who came below it. Places move on a step, all together; nothing moves while
// somebody reads (frozen, a touched or focused row).
"use strict";
import { count, words, say } from "./staff_link.js";
import { decimal, fullName, gap, joined } from "./speaker_text.js";
import { arrivingModel, crossedModel, rowNode, emptyNode, tickRow, markRow } from "./speaker_rows.js";
import { byId, make, put, root } from "./speaker_dom.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SLIDE = { duration: 160, easing: "ease-out" }, MASS_ROWS = 3;

// A name is never cut: what is too wide takes two smaller lines, and what is still too much smaller ones yet.
const fit = (nodes) => {
  const rows = [...nodes].filter((node) => node.dataset.key);
  for (const node of rows) node.classList.remove("long", "longer", "tight", "none");
  const wide = rows.filter((node) => { const name = node.querySelector(".name"); return name.scrollWidth > name.clientWidth + 1; });
  for (const node of wide) node.classList.add("long");
  const high = rows.filter((node) => { const who = node.querySelector(".who"), name = node.querySelector(".name"); return name.getBoundingClientRect().bottom > who.getBoundingClientRect().bottom + 2; });
  for (const node of high) node.classList.add("longer");
  // On a phone lines wrap: what of the story does not fit whole gives way, line by line, never the name.
  for (const name of ["tight", "none"]) {
    const full = rows.filter((node) => { const who = node.querySelector(".who"); return who.scrollHeight > who.clientHeight + 2; });
    for (const node of full) node.classList.add(name);
  }
};

export class River {
  constructor(marks) {
    this.marks = marks;
    this.in = byId("in");
    this.out = byId("out");
    this.stream = byId("stream");
    this.rows = { in: this.in.children.length, out: this.out.children.length };
    this.board = null;
    this.frozen = false;
    this.touched = false;
    this.stepped = -Infinity;
    this.timer = 0;
    this.shownFinished = 0;
    this.shownIn = [];
    this.toSay = [];
    addEventListener("resize", () => { for (const list of [this.in, this.out]) fit(list.children); });
    const river = byId("river");
    river.addEventListener("pointerdown", (event) => { if (event.target.closest(".row[data-bib]")) this.touched = true; });
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => { if (this.touched) { this.touched = false; this.plan(); } });
    river.addEventListener("focusout", () => setTimeout(() => this.plan()));
  }
  get focused() { return document.activeElement?.closest?.("#river .row[data-bib]") || null; }
  get held() { return this.frozen || this.touched || this.focused !== null; }
  // The one to say stands still between steps, whoever has become too old or too many meanwhile: what a key acts on is
  // what is seen. Only when all of those are done does the newest queue give the next.
  get next() { return [...this.toSay, ...(this.board?.queue.bibs ?? [])].find((bib) => this.#isToSay(bib)) ?? null; }
  // What was marked here is not next any more, though the engine has not said so yet.
  #isToSay(bib) { const mark = this.marks.of(bib); return !mark || mark.mark === "later"; }

  take(board) {
    this.board = board;
    this.plan();
  }
  freeze() {
    this.frozen = !this.frozen;
    byId("freeze").setAttribute("aria-pressed", String(this.frozen));
    if (this.frozen) this.drawBar(); else this.#step();
  }
  plan() {
    if (!this.board) return;
    this.#emptyGone();
    this.drawMarks();
    if (this.held) { this.drawBar(); return; }
    const left = this.stepped + this.board.pace.step_ms - performance.now();
    if (left <= 0) this.#step();
    else {
      this.drawBar();
      if (!this.timer) this.timer = setTimeout(() => { this.timer = 0; if (!this.held) this.#step(); else this.drawBar(); }, left);
    }
  }
  #step() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.stepped = performance.now();
    const board = this.board;
    this.toSay = board.queue.bibs;
    this.#drawIn(board);
    this.#drawOut(board);
    this.shownFinished = board.counts.finished;
    root.classList.toggle("is-mass", board.mass.on);
    this.drawMarks();
    this.drawBar();
    dispatchEvent(new CustomEvent("step"));
  }

  // ---- who arrives -------------------------------------------------------------------------------------------
  #drawIn(board) {
    const order = this.#inOrder(board.arriving.rows);
    this.shownIn = order.map((row) => row.key);
    const models = order.slice(0, this.rows.in).reverse().map((row) => arrivingModel(row, board));
    const empty = this.rows.in - models.length;
    this.#become(this.in, [...Array(empty).fill(null), ...models], board.arriving.rows.length ? "" : words.arriving_none, empty - 1);
    const n = board.arriving.count, score = board.forecast_error, nearest = score?.points.find((each) => each.point === score.nearest);
    const shown = n === 0 ? "" : n === 1 ? words.arriving_count_one : say("arriving_counts", { n: count(n), shown: models.length });
    put(byId("in-note"), joined(words.arriving_note, shown, nearest ? say("error_so_far", { time: gap(Math.max(1, Math.round(nearest.announced.median_us / 1e6))) }) : ""));
  }
  // The order is the engine's: by how long each is still to be waited for. Two who were shown in an order keep it while their ± overlap: figures change, places do not.
  #inOrder(rows) {
    const order = [...rows], before = new Map(this.shownIn.map((key, n) => [key, n]));
    for (let n = 1; n < order.length; n += 1) {
      for (let at = n; at > 0; at -= 1) {
        const [a, b] = [order[at - 1], order[at]];
        const turned = before.has(a.key) && before.has(b.key) && before.get(a.key) > before.get(b.key);
        if (!turned || Math.abs(b.expected_us - a.expected_us) > Math.max(a.within_s, b.within_s) * 1e6) break;
        [order[at - 1], order[at]] = [b, a];
      }
    }
    return order;
  }
  // Who has crossed leaves an empty row where they were; it closes on the next step.
  #emptyGone() {
    const { crossed, stream } = this.board, over = new Set([...crossed.rows, ...stream].map((row) => row.key));
    for (const node of this.in.children) if (over.has(node.dataset.key) && node !== this.focused) node.replaceWith(emptyNode(""));
  }

  // ---- who came ----------------------------------------------------------------------------------------------
  #drawOut(board) {
    const { mass, crossed, queue } = board, rows = crossed.rows;
    put(byId("h-out"), mass.on ? words.mass : words.crossed);
    const flow = say("mass_note", { n: count(mass.per_minute) }), passed = queue.passed ? say("mass_passed", { n: count(queue.passed) }) : "";
    put(byId("out-note"), mass.on ? joined(flow, passed) : joined(words.crossed_note, words.crossed_clock));
    this.stream.hidden = !mass.on;
    let chosen = rows.slice(0, this.rows.out);
    if (mass.on) {
      const next = queue.bibs.filter((bib) => this.#isToSay(bib)).slice(0, MASS_ROWS);
      chosen = next.map((bib) => rows.find((row) => row.bib === bib)).filter(Boolean);
      this.#drawStream(board.stream);
    }
    const models = chosen.map((row) => crossedModel(row, board)), wanted = mass.on ? MASS_ROWS : this.rows.out;
    const empty = rows.length ? "" : words.crossed_none;
    this.#become(this.out, [...models, ...Array(wanted - models.length).fill(null)], empty, 0);
  }
  #drawStream(names) {
    const nodes = names.filter((row) => !row.withheld)
      .map((row) => make("span", "one", make("small", "", row.bib), ` ${row.first} `, make("b", "", row.last)));
    this.stream.firstElementChild.replaceChildren(...nodes.flatMap((node) => [node, " "]));
  }

  // Makes the rows of a list those of the models (null: an empty one) and slides what was there to where it is now.
  #become(list, models, emptyText, textAt) {
    const known = new Map([...list.children].filter((node) => node.dataset.key).map((node) => [node.dataset.key, node]));
    const tops = new Map([...known].map(([key, node]) => [key, node.offsetTop]));
    let fresh = 0;
    const nodes = models.map((model, n) => {
      if (!model) return emptyNode(n === Math.max(0, textAt) ? emptyText : "");
      const text = JSON.stringify(model), old = known.get(model.key);
      if (old && old.model === text) return old;
      const node = rowNode(model);
      node.model = text;
      if (!old) { node.classList.add("new"); fresh += 1; }
      return node;
    });
    const everybody = fresh >= models.filter(Boolean).length;
    list.replaceChildren(...nodes);
    fit(nodes);
    for (const node of nodes) {
      if (everybody) node.classList.remove("new");
      const before = tops.get(node.dataset.key);
      if (before === undefined || calm.matches || before === node.offsetTop) continue;
      node.animate([{ transform: `translateY(${before - node.offsetTop}px)` }, { transform: "none" }], SLIDE);
    }
  }

  // ---- what changes between steps ----------------------------------------------------------------------------
  drawMarks() {
    const next = this.next;
    for (const node of root.querySelectorAll("#river .row[data-bib]")) {
      markRow(node, this.marks.of(node.dataset.bib));
      node.classList.toggle("next", node.dataset.bib === next && node.parentElement === this.out);
    }
  }
  drawBar() {
    const board = this.board, { finished, started, entered } = board.counts, { queue, pace } = board;
    put(byId("line"), started ? say("line_for", { finished: count(finished) }) : say("line_armed", { entered: count(entered) }));
    put(byId("line-of"), started ? say("line_of", { started: count(started) }) : "");
    const node = byId("frozen"), waiting = finished - this.shownFinished;
    node.hidden = !this.held;
    if (this.frozen) put(node, waiting === 1 ? words.frozen_one : waiting ? say("frozen", { n: count(waiting) }) : words.frozen_none);
    else if (this.held) { put(node, say("held_still", { n: count(waiting) })); node.hidden = waiting < 1; }
    const next = this.next, shown = next !== null && this.out.querySelector(`[data-bib="${CSS.escape(next)}"]`);
    const row = !shown && next !== null ? board.crossed.rows.find((each) => each.bib === next) : null;
    put(byId("to-say"), joined(row ? say("next_is", { name: `${next} ${fullName(row)}` }) : "", say("to_say", { n: count(queue.to_say) })));
    put(byId("one-name"), row ? "" : say("one_name", { seconds: `${decimal(pace.name_ms / 1000)}\u00a0s` }));
  }
  tick(nowUs, fresh) {
    if (!fresh) return;
    for (const node of this.in.children) tickRow(node, nowUs);
  }
}
