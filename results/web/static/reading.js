// Pages one reads. Without this file everything is there; with it a list says when it has changed, `/` goes to the
// search, and the page of somebody who is running follows. Nothing reorders by itself: what is read stays until asked.
"use strict";
(() => {
  const ASK_AFTER_MS = 1500, ASK_AGAIN_MS = 6000, FOLLOW_MS = 20000, LOST_MS = 8000;
  const byId = (id) => document.getElementById(id);
  const french = document.documentElement.lang === "fr";
  const grouped = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, french ? "\u00a0" : ",");

  // ---- a list that is read: whether it is another one by now -------------------------------------------------
  let shown = null;          // version the list on the page has, null before the first word
  let asked = 0, timer = 0, heard = performance.now(), lost = false;

  const offer = (list, text) => {
    const link = list.querySelector(".changed .btn");
    link.textContent = text;
    link.hidden = !text;
  };
  const keys = (rows) => rows.map((row) => `${row.person.bib ?? ""}|${row.place}|${row.time_s}`);

  const compare = async () => {
    timer = 0;
    const list = byId("list");
    if (!list || document.visibilityState !== "visible") return;
    asked = performance.now();
    const { list: id, from, count } = list.dataset;
    let page;
    try {
      const answer = await fetch(`/api/lists/${encodeURIComponent(id)}?from=${from}&count=${count}`);
      if (!answer.ok) return;
      page = await answer.json();
    } catch { return plan(); }
    if (byId("list") !== list) return;
    const old = new Set([...list.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
    // Where nobody stands yet nothing is read: the first ones may come by themselves.
    if (!old.size) { if (page.rows.length) offer(list, "…"), list.querySelector(".changed .btn").click(); return; }
    const now = keys(page.rows), changed = now.filter((key) => !old.has(key)).length || Math.abs(now.length - old.size);
    const { one, many, state } = list.dataset;
    if (changed) offer(list, changed === 1 ? one : many.replace("{n}", grouped(changed)));
    else offer(list, page.state !== list.dataset.kind ? state : "");
  };
  const plan = () => {
    if (timer) return;
    const wait = Math.max(ASK_AFTER_MS, asked + ASK_AGAIN_MS - performance.now());
    timer = setTimeout(compare, wait * (1 + Math.random() / 2));
  };

  const listen = (board) => {
    heard = performance.now();
    const list = byId("list");
    if (!list || !list.dataset.list || !board.lists) return;
    const at = board.lists.findIndex(({ id }) => id === list.dataset.list);
    const version = board.list_versions[at];
    if (at < 0 || version === shown) return;
    // The first word may be of another moment than the page: it is asked once whether they differ.
    shown = version;
    plan();
  };

  document.addEventListener("calanque:lists", (event) => listen(event.detail));
  if (document.documentElement.dataset.page === "reading" && byId("list")?.dataset.list) {
    let board = {}, source = null, lastId = "";
    const open = () => {
      if (source) source.close();
      source = new EventSource(`/events?sections=lists,list_versions${lastId ? `&after=${encodeURIComponent(lastId)}` : ""}`);
      const take = (event, whole) => {
        const message = JSON.parse(event.data);
        // A section is always whole, so a change holds whatever was passed over before it.
        lastId = event.lastEventId;
        board = { ...(whole ? {} : board), number: message.number, ...message.sections };
        listen(board);
      };
      source.addEventListener("view", (event) => take(event, true));
      source.addEventListener("change", (event) => take(event, false));
      source.addEventListener("beat", () => { heard = performance.now(); });
      source.addEventListener("error", () => {
        if (source.readyState === EventSource.CLOSED) setTimeout(open, 2000 + Math.random() * 2000);
      });
    };
    open();
    addEventListener("pagehide", () => source.close());
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
    setInterval(() => {
      const list = byId("list"), cut = performance.now() - heard > LOST_MS;
      if (!list || cut === lost) return;
      lost = cut;
      offer(list, cut ? list.dataset.lost.replace("{hour}", list.dataset.hour) : "");
      if (!cut) plan();
    }, 1000);
  }
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && byId("list")?.dataset.list) plan(); });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    // Whoever asked for the newer list reads it from its top; the focus does not fall back to the head of the page.
    if (event.detail.target.id === "list") byId("list")?.focus({ preventScroll: true });
  });

  // ---- a runner on the way: the page follows, the rest of it stays as it is ----------------------------------
  const follow = () => {
    const runner = byId("runner");
    if (!runner || !runner.dataset.poll) return;
    if (document.visibilityState === "visible" && !runner.contains(document.activeElement))
      htmx.ajax("GET", runner.dataset.poll, { target: "#runner", swap: "outerHTML" });
    setTimeout(follow, FOLLOW_MS * (1 + Math.random() / 4));
  };
  if (byId("runner")?.dataset.poll) setTimeout(follow, FOLLOW_MS);

  // ---- keys: `/` searches, Escape leaves what was found ------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    const field = byId("q"), typing = event.target.closest?.("input, textarea, select");
    if (event.key === "/" && field && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && event.target === field) {
      byId("found").replaceChildren();
    }
  });
})();
