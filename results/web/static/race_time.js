// The race clock on a device: what hour it is at the engine, and how far that may be wrong.
//
// Asked several times; the quickest answer counts, and it is wrong by at most half its round trip. The hour then goes on
// by the device's steady clock, so a change of the device's clock moves nothing; what a quartz may drift is added.
"use strict";

const PROBES = 6, DRIFT_PER_MS = 50e-6, AGAIN_MS = 15_000, SOON_MS = 2_000, JUMP_MS = 400, PROBE_LIMIT_MS = 4_000;

export class RaceTime {
  /** `changed()` is called after each measurement that succeeded, and when the device's clock has moved. */
  constructor({ url = "/api/time", changed = () => {} } = {}) {
    this.url = url;
    this.changed = changed;
    this.best = null;      // {perf, raceUs, rate, halfMs, epoch}: the engine showed raceUs at perf, within halfMs
    this.epoch = 0;        // another one after the device slept or its clock was set: what was measured is in doubt
    this.doubt = false;
    this.apart = Date.now() - performance.now();
    setInterval(() => this.watch(), 500);
    addEventListener("online", () => this.measure());
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { this.watch(); this.measure(); } });
    this.loop();
  }

  get known() { return this.best !== null; }

  /** The race clock in microseconds at a moment of `performance.now()`; null while it was never measured. */
  at(perf = performance.now()) {
    return this.best && Math.round(this.best.raceUs + (perf - this.best.perf) * 1000 * this.best.rate);
  }

  /** How far that may be wrong, in microseconds of the race clock; null when nobody knows. */
  errorUs(perf = performance.now()) {
    if (!this.best || this.doubt) return null;
    return Math.round(this.errorMs(this.best, perf) * 1000 * (this.best.rate || 1));
  }

  errorMs(sample, perf) { return sample.halfMs + DRIFT_PER_MS * Math.abs(perf - sample.perf); }

  /** Until it is measured: what the page was sent with, `ageMs` ago at most. */
  seed(raceUs, rate, perf, ageMs) {
    if (!this.best) this.best = { perf, raceUs, rate, halfMs: ageMs, epoch: this.epoch };
  }

  // Sleep stops the steady clock on some devices, and somebody may set the other one: both make them differ.
  watch() {
    const apart = Date.now() - performance.now();
    if (Math.abs(apart - this.apart) < JUMP_MS) return;
    this.apart = apart;
    this.epoch += 1;
    this.doubt = true;
    this.changed();
    this.measure();
  }

  async loop() {
    const good = await this.measure();
    setTimeout(() => this.loop(), good ? AGAIN_MS : SOON_MS);
  }

  async measure() {
    if (this.measuring) return false;
    this.measuring = true;
    try {
      const epoch = this.epoch;
      let found = null;
      for (let n = 0; n < PROBES; n += 1) {
        const sample = await this.probe(epoch);
        if (sample && (!found || sample.halfMs < found.halfMs)) found = sample;
        if (!sample) break;
      }
      if (!found || epoch !== this.epoch) return false;
      this.take(found);
      return true;
    } finally { this.measuring = false; }
  }

  async probe(epoch) {
    try {
      const began = performance.now();
      const response = await fetch(this.url, { cache: "no-store", signal: AbortSignal.timeout(PROBE_LIMIT_MS) });
      const ended = performance.now();
      if (!response.ok) return null;
      const { now_us: nowUs, rate } = await response.json();
      return { perf: (began + ended) / 2, raceUs: nowUs, rate, halfMs: (ended - began) / 2, epoch };
    } catch { return null; }
  }

  take(sample) {
    const now = performance.now(), best = this.best;
    const continues = best && best.rate === sample.rate && this.agrees(best, sample);
    if (!best || !continues || this.errorMs(sample, now) <= this.errorMs(best, now)) this.best = sample;
    this.doubt = false;
    this.changed();
  }

  // Whether the engine went on as it was measured before: a race clock that was set, or a device that slept, does not.
  agrees(best, sample) {
    const expected = best.raceUs + (sample.perf - best.perf) * 1000 * best.rate;
    const allowedMs = sample.halfMs + this.errorMs(best, sample.perf);
    return Math.abs(expected - sample.raceUs) <= allowedMs * 1000 * (best.rate || 1) + 1000;
  }
}
