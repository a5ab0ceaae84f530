// Marks that two microphones share: shown at once, sent until the engine has them, undone when it refuses.
"use strict";
import { command, who, say, words } from "./staff_link.js";

const KEPT = "calanque-marks", WAIT_MS = 2000, FORGET_MS = 4000;

/**
 * What was done with each name: what the engine says, and over it what was done here and is not told by it yet.
 * `told(text)` says what came of it, `changed()` that rows are to be drawn again.
 */
export class Marks {
  constructor({ race, told, changed }) {
    this.known = {};
    this.told = told;
    this.changed = changed;
    this.key = `${KEPT}:${race}:${who.name}:${who.microphone}`;
    this.waiting = this.#restored();
    this.sent = new Map();
    this.sending = false;
    addEventListener("online", () => this.#send());
    if (this.waiting.length) this.#send();
  }
  /** The engine's marks came. */
  take(known) {
    this.known = known;
    for (const [bib, mark] of this.sent) if (!this.#isOpen(bib, mark)) this.sent.delete(bib);
    this.changed();
  }
  of(bib) {
    const own = this.waiting.findLast((each) => each.bib === bib) || this.sent.get(bib);
    if (own) return own.mark === "unsaid" ? null : { mark: own.mark, microphone: who.microphone, pending: !this.sent.has(bib) };
    return this.known[bib] || null;
  }
  get unsent() { return this.waiting.length; }
  /** Marks a name now, at an instant of the race clock. */
  give(bib, mark, atUs) {
    this.waiting.push({ bib, mark, at_us: Math.round(atUs) });
    this.#keep();
    this.changed();
    this.#send();
  }
  // Until the stream tells it, what was sent is shown: it may have told it already, before the answer came.
  #wait(bib, own) {
    if (!this.#isOpen(bib, own)) return;
    this.sent.set(bib, own);
    setTimeout(() => { if (this.sent.get(bib) === own) { this.sent.delete(bib); this.changed(); } }, FORGET_MS);
  }
  #isOpen(bib, own) {
    const known = this.known[bib];
    if (own.mark === "unsaid") return Boolean(known) && known.at_us <= own.at_us;
    return !known || known.at_us < own.at_us;
  }
  async #send() {
    if (this.sending) return;
    this.sending = true;
    while (this.waiting.length) {
      const each = this.waiting[0];
      const { ok, status, answer } = await command("mark", each);
      // Not reached, signed out or busy: kept, and tried again. A mark that came twice is the same mark.
      if (!ok && (status === 0 || status === 401 || status >= 500)) break;
      this.waiting.shift();
      if (ok) this.#wait(each.bib, { mark: each.mark, at_us: answer.at_us });
      else this.told(say("not_sent", { error: answer.error || words.unreached }));
      this.#keep();
      this.changed();
    }
    this.sending = false;
    this.changed();
    if (this.waiting.length) setTimeout(() => this.#send(), WAIT_MS);
  }
  #restored() { try { return JSON.parse(localStorage.getItem(this.key)) || []; } catch { return []; } }
  #keep() { try { localStorage.setItem(this.key, JSON.stringify(this.waiting)); } catch { /* a full or closed store loses nothing but a reload */ } }
}
