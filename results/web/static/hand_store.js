// What a device keeps of its hand times: each press is written down before the key is up, survives a reload, and is kept
// until the engine has said that it has it.
"use strict";

const SENT_KEPT = 300;

export class HandStore {
  constructor(race) {
    this.prefix = `calanque.hand.${race}.`;
    this.memory = new Map();  // where the browser keeps nothing
    this.kept = this.works();
    this.device = this.text("device") || this.newDevice();
    this.stamps = new Map();  // by number
    this.words = new Map();   // by id, those not sent yet
    for (const [key, value] of this.entries()) {
      if (key.startsWith("s.")) this.stamps.set(value.number, value);
      if (key.startsWith("w.")) this.words.set(key, value);
    }
    this.forgetOld();
  }

  works() {
    try {
      localStorage.setItem(`${this.prefix}try`, "1");
      localStorage.removeItem(`${this.prefix}try`);
      return true;
    } catch { return false; }
  }

  newDevice() {
    const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";  // none that is taken for another
    const device = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => letters[byte % 32]).join("");
    this.write("device", device);
    return device;
  }

  text(key) {
    try { return JSON.parse((this.kept ? localStorage.getItem(this.prefix + key) : this.memory.get(key)) ?? "null"); }
    catch { return null; }
  }
  write(key, value) {
    const text = JSON.stringify(value);
    try {
      if (this.kept) { localStorage.setItem(this.prefix + key, text); return; }
    } catch { this.kept = false; }
    this.memory.set(key, text);
  }
  drop(key) {
    this.memory.delete(key);
    try { localStorage.removeItem(this.prefix + key); } catch { /* nothing is kept there */ }
  }
  * entries() {
    if (!this.kept) return;
    const keys = Array.from({ length: localStorage.length }, (_, n) => localStorage.key(n)).filter((key) => key?.startsWith(this.prefix));
    for (const key of keys) {
      const name = key.slice(this.prefix.length), value = this.text(name);
      if (value !== null) yield [name, value];
    }
  }

  // ---- presses -------------------------------------------------------------------------------------------------
  add(stamp) {
    // Two windows of one browser share the device: the number is asked for and taken in one breath.
    const number = Math.max(this.text("next") ?? 1, ...(this.stamps.size ? [Math.max(...this.stamps.keys()) + 1] : []));
    this.write("next", number + 1);
    const kept = { ...stamp, number, sent: false };
    this.keep(kept);
    return kept;
  }
  keep(stamp) {
    this.stamps.set(stamp.number, stamp);
    this.write(`s.${stamp.number}`, stamp);
  }
  renumber(stamp) {
    this.stamps.delete(stamp.number);
    this.drop(`s.${stamp.number}`);
    const moved = this.add(stamp);
    for (const [id, word] of this.words) {
      if (word.device === this.device && word.number === stamp.number) { word.number = moved.number; this.write(id, word); }
    }
  }
  get unsent() { return [...this.stamps.values()].filter((stamp) => !stamp.sent && !stamp.refused).sort((a, b) => a.number - b.number); }
  forgetOld() {
    const sent = [...this.stamps.values()].filter((stamp) => stamp.sent).sort((a, b) => b.number - a.number);
    for (const stamp of sent.slice(SENT_KEPT)) { this.stamps.delete(stamp.number); this.drop(`s.${stamp.number}`); }
  }

  // ---- bibs ----------------------------------------------------------------------------------------------------
  say(word) {
    const id = `w.${Date.now()}.${Math.random().toString(36).slice(2, 8)}`;
    this.words.set(id, word);
    this.write(id, word);
  }
  said(ids) { for (const id of ids) { this.words.delete(id); this.drop(id); } }
  /** The last word typed here on a stamp that the engine has not got yet. */
  wordOn(device, number) {
    const found = [...this.words.values()].filter((word) => word.device === device && word.number === number);
    return found.length ? found.reduce((last, word) => word.at_us >= last.at_us ? word : last) : null;
  }
}
