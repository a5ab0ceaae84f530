// Two charts of a mat for the crew: its reads by minute and antenna, and its reader's clock beside ours. Drawn by uPlot
// (vendor/), brought up to date while they are open.
"use strict";
import { count, hour, say, words } from "./staff_link.js";

const AGAIN_MS = 10_000, HEIGHT = 170, DASHES = [[], [8, 4], [2, 3]], INKS = ["--sea", "--sun-ink", "--pine", "--ink-2"];
const french = words.language === "fr";
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const decimal = (value, digits) => value.toFixed(digits).replace("-", "\u2212").replace(".", french ? "," : ".");
const line = (text) => {
  const node = document.createElement("p");
  node.textContent = text;
  return node;
};

/** Draws the charts of `data-charts` into its figures. `offset()`: seconds of the race's zone from UTC. */
export const showCharts = (root, offset) => {
  const clockOf = (s) => hour(s * 1e6, offset());
  const charts = { reads: new Chart(root.querySelector("[data-chart=reads]"), clockOf), clock: new Chart(root.querySelector("[data-chart=clock]"), clockOf) };
  const widths = new ResizeObserver(() => { for (const chart of Object.values(charts)) chart.fit(); });
  widths.observe(root);
  const turn = async () => {
    if (!root.isConnected) { widths.disconnect(); return; }
    try {
      const answer = await fetch(`/crew/charts.json?mat=${encodeURIComponent(root.dataset.charts)}`, { cache: "no-store" });
      if (answer.ok) draw(charts, await answer.json(), clockOf);
    } catch { /* the page says that the link is lost; what was drawn stays */ }
    setTimeout(turn, AGAIN_MS);
  };
  turn();
};

const draw = (charts, found, clockOf) => {
  const minutes = Array.from({ length: found.minutes }, (_, n) => found.from_us / 1e6 + 60 * n);
  const all = minutes.map((_, n) => found.antennas.reduce((sum, each) => sum + each.reads[n], 0));
  const told = found.antennas.filter((each) => each.antenna !== null), peak = all.indexOf(Math.max(...all));
  const sum = all.reduce((a, b) => a + b, 0);
  charts.reads.show(sum ? [minutes, all, ...told.map((each) => each.reads)] : null, {
    head: words.charts_minute, digits: 0, fromZero: true,
    said: sum ? say("charts_reads_said", { n: count(sum), from: clockOf(minutes[0]), peak: count(all[peak]), at: clockOf(minutes[peak]) }) : words.charts_reads_none,
    series: [
      { label: words.charts_all, stroke: () => token("--ink"), width: 1.75, fill: () => token("--stone-edge") },
      ...told.map((each, n) => ({ label: say("charts_antenna", { n: each.antenna }), stroke: () => token(INKS[n % INKS.length]), width: 1.5, dash: DASHES[Math.floor(n / INKS.length) % DASHES.length] })),
    ],
  });
  const { clock } = found, seconds = (us) => us / 1e6, last = clock.at(-1);
  charts.clock.show(clock.length ? [clock.map((s) => seconds(s.at_us)), clock.map((s) => seconds(s.ahead_us)), clock.map((s) => seconds(s.ahead_us - s.within_us)), clock.map((s) => seconds(s.ahead_us + s.within_us))] : null, {
    head: words.charts_hour, digits: 3, fromZero: false, bands: [{ series: [3, 2], fill: () => token("--stone-edge") }],
    said: last ? say("charts_clock_said", { n: count(clock.length), from: clockOf(seconds(clock[0].at_us)), ahead: decimal(seconds(last.ahead_us), 3) }) : words.charts_clock_none,
    series: [
      { label: words.charts_ahead, stroke: () => token("--ink"), width: 1.75, points: { show: clock.length < 2 } },
      { label: words.charts_low, stroke: () => token("--stone-line"), width: 1 },
      { label: words.charts_high, stroke: () => token("--stone-line"), width: 1 },
    ],
  });
};

class Chart {
  constructor(figure, clockOf) {
    this.figure = figure;
    this.clockOf = clockOf;
    this.said = line("");
    this.said.className = "hint";
    figure.append(this.said);
  }
  /** `data`: columns, the first of seconds; null: there is nothing to draw. Another antenna is another chart. */
  show(data, how) {
    if (this.said.textContent !== how.said) this.said.textContent = how.said;
    if (this.plot && this.plot.series.length === (data?.length ?? 0)) { this.plot.setData(data); return; }
    this.plot?.destroy();
    this.plot = data && new uPlot(this.#options(how), data, this.figure);
    this.plot?.root.setAttribute("aria-hidden", "true");  // said in words above it
  }
  fit() { if (this.plot && this.plot.width !== this.figure.clientWidth) this.plot.setSize({ width: this.figure.clientWidth, height: HEIGHT }); }
  #options({ head, digits, fromZero, series, bands }) {
    const font = `14px ${token("--font")}`, value = (v) => v === null ? "\u2013" : digits ? decimal(v, digits) : count(v);
    const axis = { font, stroke: () => token("--ink-2"), grid: { stroke: () => token("--stone-edge"), width: 1 }, ticks: { stroke: () => token("--stone-line"), width: 1 } };
    return {
      width: this.figure.clientWidth, height: HEIGHT, bands,
      scales: fromZero ? { y: { range: (_, _low, high) => [0, Math.max(1, high * 1.05)] } } : {},
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((s) => this.clockOf(s).slice(0, 5)) },
        { ...axis, size: 72, values: (_, ticks) => ticks.map((v) => digits ? decimal(v, Math.abs(v) < 10 ? 2 : 0) : Number.isInteger(v) ? count(v) : "") },
      ],
      series: [{ label: head, value: (_, s) => s === null ? "\u2013" : this.clockOf(s) }, ...series.map((each) => ({ points: { show: false }, value: (_, v) => value(v), ...each }))],
    };
  }
}
