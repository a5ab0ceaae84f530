// The live pages after their first view. The server renders the same words first (results/web/pages.py); this file
// says them again for each view the stream brings. Text only ever enters the page as text.
"use strict";
(() => {
  const root = document.documentElement;
  const words = JSON.parse(document.getElementById("words").textContent);
  const french = words.language === "fr";
  const isBoard = root.dataset.page === "board";
  const stepMs = Number(root.dataset.step);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const LEADERS = 5, LAG_SHOWN_S = 5, FRESH_S = 2, LONG_NAME = 34, CUT_AFTER_S = 5, MINUTE_US = 60e6;
  const byId = (id) => document.getElementById(id);

  // ---- figures and words -------------------------------------------------------------------------------------
  const say = (key, values) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const count = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, french ? "\u00a0" : ",");
  const two = (n) => String(n).padStart(2, "0");
  const time = (seconds) => {
    const whole = Math.abs(seconds), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
    const text = french ? (h ? `${h}h${two(m)}'${two(s)}` : `${m}'${two(s)}`) : (h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`);
    return seconds < 0 ? `\u2212\u202f${text}` : text;
  };
  const hour = (us, offset) => {
    const s = (((Math.floor(us / 1e6) + offset) % 86400) + 86400) % 86400;
    return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  };
  const age = (seconds) => seconds < 60 ? say("seconds", { n: seconds })
    : say("minutes", { n: count(Math.floor(seconds / 60)), s: seconds % 60 });
  const nth = (place, feminine) => {
    if (french) return place + (place === 1 ? (feminine ? "re" : "er") : "e");
    const teen = place % 100 >= 10 && place % 100 <= 20;
    return place + (teen ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[place % 10] || "th"));
  };

  // ---- the document ------------------------------------------------------------------------------------------
  const put = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };
  const set = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value); };
  const make = (tag, className, ...inside) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...inside.filter((part) => part !== ""));
    return node;
  };

  // Makes the children of a list those of `models`, in order; a row that stays is moved only when it must be, so that
  // what fades in is what is new. Returns how many are new.
  const reconcile = (list, models, rows, build, empty) => {
    const known = new Map();
    for (const node of list.children) if (node.dataset.key) known.set(node.dataset.key, node);
    let fresh = 0;
    models.slice(0, rows).forEach((model, index) => {
      const old = known.get(model.key), text = JSON.stringify(model);
      let node = old;
      if (!old || old.model !== text) {
        node = build(model);
        node.dataset.key = model.key;
        node.model = text;
        if (old) old.replaceWith(node);
        else { fresh += 1; node.classList.toggle("new", current); }
      }
      known.delete(model.key);
      if (list.children[index] !== node) list.insertBefore(node, list.children[index] || null);
    });
    while (list.children.length > Math.min(models.length, rows)) list.lastElementChild.remove();
    while (list.children.length < rows) {
      const first = !list.children.length;
      list.append(make("li", (list.id === "arrivals" ? "row" : "ld") + " empty", first ? empty : ""));
    }
    // Where everybody is new, nothing stands out by fading.
    if (fresh >= rows) for (const node of list.children) node.classList.remove("new");
    return fresh;
  };

  // ---- what a row says ---------------------------------------------------------------------------------------
  const person = (row) => {
    if (!row.withheld) return { first: row.first, last: row.last, note: "" };
    if (!row.bib) return { first: words.withheld_all, last: "", note: "" };
    return { first: say("withheld_bib", row), last: "", note: words.withheld };
  };
  const keyOf = (row) => String(row.bib || row.at_us);
  const placeOf = (row) => row.place === null ? "–" : count(row.place) + (row.shared ? " =" : "");
  const reasonOf = (row) => {
    const feminine = row.sex === "F";
    if (row.sex_place !== null && row.sex_place <= 3 && (feminine || row.sex === "M"))
      return say(feminine ? "woman_place" : "man_place", { nth: nth(row.sex_place, feminine) });
    if (row.category_place !== null && row.category_place <= 3 && row.category)
      return `${nth(row.category_place, feminine)} ${row.category}`;
    return "";
  };
  const realOf = (row) => row.real_s === null ? words.real_unread
    : row.start_read ? say("real", { time: time(row.real_s) }) : words.real_as_official;
  const joined = (...parts) => parts.filter(Boolean).join(" · ");

  const isLong = (row) => Object.values(person(row)).join("").length >= LONG_NAME;
  const arrivalModel = (row) => ({
    ...person(row), long: isLong(row), key: keyOf(row), bib: row.bib, place: placeOf(row), reason: reasonOf(row),
    firstOfSex: row.sex_place === 1, story: joined(row.category, row.from),
    time: row.official_s === null ? "–" : time(row.official_s), real: realOf(row),
  });
  const waveModel = (gun, number) => ({
    key: `wave-${gun.wave}`, place: count(number + 1), bib: "", first: "", last: gun.name, note: "", long: false,
    firstOfSex: false, reason: "", story: gun.planned ? words.wave_planned : words.wave_gone,
    time: hour(gun.gun_us, board.clock.utc_offset_s), real: "",
  });
  const nameNode = (model) => {
    const node = make("span", "name", model.first);
    if (model.last) node.append(model.first ? " " : "", make("b", "", model.last));
    if (model.note) node.append(" ", make("i", "", model.note));
    return node;
  };
  const arrivalNode = (model) => {
    const story = make("span", "story", model.reason ? make("b", "", model.reason) : "",
      model.reason && model.story ? " · " : "", model.story);
    return make("li", "row" + (model.firstOfSex ? " first" : "") + (model.long ? " long" : ""),
      make("span", "place", make("span", model.real ? "pl prov" : "pl under", model.place)), make("span", "bib", model.bib),
      make("span", "who", nameNode(model), story),
      make("span", "t", make("b", "", model.time), make("small", "", model.real)));
  };
  const leaderNode = (model) => make("li", model.long ? "ld long" : "ld",
    make("span", `pl ${!model.finished ? "under" : model.official ? "of" : "prov"}`, model.place),
    make("span", "who", nameNode(model), make("small", "story", model.story)),
    make("span", model.finished ? "g" : "g f", model.time));

  const firstNode = (model) => make("li", "ld", make("span", "cat", model.category),
    make("span", "who", nameNode(model), make("small", "story", model.story)), make("span", "g", model.time));

  // ---- sections of the view ----------------------------------------------------------------------------------
  let board = null;          // the newest view
  let current = false;       // whether a view has been drawn by this script: the first one is not news
  let received = null;       // when it came and how old it was then: {at: ms of performance, ageS}
  let heard = 0;             // ms of performance of the last word from the server
  let frozen = false, stepped = 0, waiting = null, stepTimer = 0;

  const seenOf = (point) => point.seen ? count(point.seen) : "–";
  const drawCounts = () => {
    const items = byId("counts").children;
    board.points.forEach((point, n) => put(items[n].querySelector("b"), seenOf(point)));
    const { entered, started, finished } = board.counts;
    put(byId("line"), started ? say("line_for", { finished: count(finished), started: count(started) })
      : say("line_armed", { entered: count(entered) }));
  };

  const lateText = (late, place, at) => `${say(late.reads === 1 ? "late_one" : "late_many", { n: count(late.reads), first: at(late.first_us), last: at(late.last_us),
    point: place.kind === "split" ? place.name : words[place.kind], arrived: at(late.arrived_us).slice(0, 5) })} `;
  const drawState = () => {
    const { phase, counts, publication } = board, offset = board.clock.utc_offset_s;
    const said = { n: "", entered: count(counts.entered), started: count(counts.started),
      finished: count(counts.finished), running: count(counts.running),
      dnf: count(counts.statuses.DNF), dns: count(counts.statuses.DNS),
      state: words[`all_${board.lists_state}`] };
    let word = words.provisional, text = say("provisional_for", said);
    if (phase.name === "armed") {
      const waves = board.guns.length === 1 ? words.waves_one : say("waves_many", { n: board.guns.length });
      word = words.armed;
      text = say("armed_for", { hour: hour(phase.first_gun_us, offset), n: said.entered, waves });
    } else if (phase.name === "closed") {
      // An act may put the closing at the end of the race's day: that bounds passings, it is not the hour of the act.
      word = phase.finish_closed_us <= board.clock.race_now_us
        ? say("closed_at", { hour: hour(phase.finish_closed_us, offset) }) : words.closed;
      text = publication === null ? say("closed_for", said)
        : say("closed_published", { ...said, n: publication.number, published: hour(publication.at_us, offset) });
    } else if (!counts.finished) {
      word = words.under_way;
      text = say("under_way_for", said);
    }
    const node = byId("state");
    put(byId("late"), board.late.map((late) => lateText(late, board.race.points.find(({ id }) => id === late.point), (us) => hour(us, offset))).join(""));
    put(node.querySelector("b"), word);
    put(node.querySelector("span"), text);
    put(byId("publication"), publication === null ? words.no_publication : say("publication", { n: publication.number }));
    put(byId("lag"), board.clock.lag_s >= LAG_SHOWN_S ? ` · ${say("lag", { age: age(board.clock.lag_s) })}` : "");
  };

  const linkOf = (links, offset) => {
    if (!links.length) return words.link_unknown;
    const states = new Set(links.map((source) => source.link));
    if (states.size > 1) return say("link_partial", { up: links.filter((s) => s.link === "up").length, all: links.length });
    const since = links.map((source) => source.since_us).filter((us) => us !== null);
    if (links[0].link === "down") return since.length ? say("link_down", { hour: hour(Math.max(...since), offset) }) : "–";
    return words[`link_${links[0].link}`] || words.link_unknown;
  };
  const drawPoints = () => {
    const body = byId("points");
    if (!body) return;
    const offset = board.clock.utc_offset_s;
    board.race.points.forEach((place, n) => {
      const point = board.points[n], cells = body.rows[n].cells;
      const links = board.sources.filter((source) => source.points.includes(place.id));
      put(cells[1].firstElementChild, seenOf(point));
      put(cells[2], place.kind === "finish" ? "–" : count(point.missed));
      put(cells[3], point.newest_us === null ? words.never : hour(point.newest_us, offset));
      put(cells[4], linkOf(links, offset));
      cells[4].classList.toggle("down", links.some((source) => source.link !== "up"));
    });
  };

  const drawLeaders = () => {
    const finish = board.race.points[board.race.points.length - 1].id;
    const names = Object.fromEntries(board.race.points.map((point) => [point.id, point.name]));
    const sections = byId("leaders").querySelectorAll("section");
    board.leaders.forEach((top, n) => {
      if (!sections[n]) return;
      const finished = top.point === finish;
      const note = finished ? say(top.scope === "F" ? "leaders_finished_F" : "leaders_finished", { state: words[`list_${top.state}`] })
        : top.point === null ? "" : say("leaders_at", { point: names[top.point] });
      put(sections[n].querySelector("h2 small"), note);
      const models = top.rows.map((row, index) => ({
        ...person(row), finished, official: row.official === true, long: isLong(row), key: keyOf(row), place: row.place === null ? String(index + 1) : placeOf(row),
        story: joined(row.bib, row.category, row.from),
        time: isBoard && index ? `+\u202f${time(row.time_s - top.rows[0].time_s)}` : time(row.time_s),
      }));
      reconcile(sections[n].querySelector("ol"), models, LEADERS, leaderNode, words.leaders_none);
    });
  };

  const drawArrivals = () => {
    const list = byId("arrivals"), shown = isBoard ? 9 : 10;
    const some = board.arrivals.length > 0, heading = byId("h-arrivals");
    put(heading, some ? words.arrivals : words.waves);
    put(heading.nextElementSibling, some ? words.arrivals_note : words.waves_note);
    const models = some ? board.arrivals.map(arrivalModel) : board.guns.map(waveModel);
    const fresh = reconcile(list, models, shown, arrivalNode, words.arrivals_none);
    if (fresh && current && !calm.matches && fresh < shown && list.firstElementChild.getAnimations)
      list.animate([{ transform: `translateY(-${list.firstElementChild.offsetHeight}px)` }, { transform: "none" }],
        { duration: 160, easing: "ease-out" });
  };

  const drawFirsts = () => {
    const list = byId("firsts");
    if (!list) return;
    const models = board.firsts.map((row) => ({ ...person(row), key: row.list_id + keyOf(row), category: row.category,
      story: joined(row.bib, row.from), time: time(row.time_s) }));
    list.closest("section").hidden = !models.length;
    reconcile(list, models, models.length, firstNode, "");
  };

  const drawFlow = () => {
    const chart = byId("flow");
    if (!chart) return;
    const { first_minute: first, per_minute: bars, last_minute: last } = board.flow;
    put(byId("flow-now"), bars.length ? say("flow_now", { n: count(last) }) : words.flow_none);
    if (!bars.length) return set(chart, "aria-label", words.flow_none);
    const offset = board.clock.utc_offset_s, width = 400, base = 110;
    const ahead = board.flow.expected || [], seen = bars.length - 1;
    const start = board.phase.first_gun_us + first * MINUTE_US, span = Math.max(bars.length + ahead.length, 30), most = Math.max(...bars), peak = Math.max(most, ...ahead);
    const at = (n) => (n * width / span).toFixed(1), hm = (n) => hour(start + n * MINUTE_US, offset).slice(0, 5);
    const drawn = (values, from) => values.map((bar, n) => `${at(from + n)},${(base - 96 * bar / Math.max(peak, 1)).toFixed(1)}`).join(" ");
    const line = drawn(bars, 0);
    set(chart.querySelector("polyline"), "points", line);
    set(chart.querySelector(".expected"), "points", ahead.length ? drawn([bars[seen], ...ahead], seen) : "");
    set(chart.querySelector("polygon"), "points", `0,${base} ${line} ${at(bars.length - 1)},${base}`);
    const ticks = chart.querySelector("g"), labels = [];
    for (let n = 0; n < span; n += Math.max(10, Math.floor(Math.floor(span / 4) / 10) * 10)) if (n * width / span <= width - 40) labels.push([at(n), hm(n)]);
    while (ticks.children.length > labels.length) ticks.lastElementChild.remove();
    labels.forEach(([x, text], n) => {
      const label = ticks.children[n] || ticks.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "text"));
      set(label, "x", x); set(label, "y", "128"); put(label, text);
    });
    set(chart, "aria-label", say("flow_label", { hour: hm(0), peak: count(most), peak_hour: hm(bars.indexOf(most)), n: count(last) }) + (ahead.length ? `, ${words.flow_expected}` : ""));
  };

  const ridge = byId("ridge").getAttribute("points").split(" ").map((point) => point.split(",").map(Number));
  const heightAt = (x) => {
    for (let n = 1; n < ridge.length; n += 1) {
      const [x0, y0] = ridge[n - 1], [x1, y1] = ridge[n];
      if (x <= x1) return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
    }
    return ridge[ridge.length - 1][1];
  };
  const drawField = () => {
    const counts = board.field.counts, most = Math.max(1, ...counts);
    const path = counts.map((n, bar) => {
      const x = (bar + 0.5) * 1000 / counts.length;
      return n ? `M${x.toFixed(1)} ${heightAt(x).toFixed(1)}v-${Math.max(1.5, n * 18 / most).toFixed(1)}` : "";
    }).join("");
    set(byId("pines"), "d", path);
    const sun = byId("sun"), head = board.field.head_m;
    set(sun, "visibility", head === null ? "hidden" : "visible");
    if (head === null) return;
    const x = Math.min(head / board.race.distance_m, 0.985);
    set(sun, "cx", `${(x * 100).toFixed(1)}%`);
    set(sun, "cy", `${heightAt(x * 1000).toFixed(1)}%`);
  };

  // ---- clocks, age, link -------------------------------------------------------------------------------------
  const raceNow = () => {
    const elapsedS = (performance.now() - received.at) / 1000 + received.ageS;
    return board.clock.race_now_us + elapsedS * 1e6 * board.clock.rate;
  };
  const drawGun = (now) => {
    const node = byId("gun");
    if (!node || !board.guns.length) return;
    const gone = board.guns.filter((gun) => gun.gun_us <= now && !gun.planned);
    const gun = gone.length ? gone.reduce((a, b) => b.gun_us > a.gun_us ? b : a)
      : board.guns.reduce((a, b) => b.gun_us < a.gun_us ? b : a);
    put(node, say(gone.length ? "gun_gone" : "gun_planned", { wave: gun.name, hour: hour(gun.gun_us, board.clock.utc_offset_s) }));
  };
  const cut = byId("cut");
  const showCut = (state, word, text) => {
    root.classList.toggle("is-cut", state !== "");
    put(cut.querySelector("b"), word);
    put(cut.querySelector("span"), text);
  };
  let wasCut = false;
  const tick = () => {
    if (!board) {
      if (performance.now() > CUT_AFTER_S * 1000) { root.classList.add("is-cut"); put(cut.querySelector("b"), words.link_waiting); }
      return;
    }
    const now = raceNow(), offset = board.clock.utc_offset_s;
    put(byId("clock"), time(Math.floor((now - board.phase.first_gun_us) / 1e6)));
    put(byId("hour"), hour(now, offset));
    drawGun(now);
    const silentS = Math.floor((performance.now() - heard) / 1000);
    const oldS = Math.max(0, Math.floor((performance.now() - received.at) / 1000 + received.ageS));
    put(byId("age"), oldS < FRESH_S ? words.up_to_date_now : say("up_to_date", { age: age(oldS) }));
    const last = hour(board.clock.race_now_us, offset);
    if (silentS >= CUT_AFTER_S) showCut("cut", say("link_cut", { age: age(silentS) }), say("link_cut_since", { hour: last }));
    else if (oldS >= CUT_AFTER_S) showCut("old", say("engine_silent", { age: age(oldS) }), say("engine_silent_since", { hour: last }));
    else showCut("", "", "");
    const isCut = silentS >= CUT_AFTER_S;
    if (wasCut !== isCut || !byId("link")?.dataset.known) {
      put(byId("link"), isCut ? "" : words.link_live);
      if (byId("link")) byId("link").dataset.known = "1";
    }
    wasCut = isCut;
  };

  // ---- steps: places move together, between two steps only figures count ---------------------------------------
  const drawRows = () => {
    stepped = performance.now();
    waiting = null;
    drawLeaders();
    drawArrivals();
    put(byId("frozen"), "");
  };
  const drawFrozen = () => {
    const node = byId("frozen");
    if (!node) return;
    node.hidden = !frozen;
    if (frozen) put(node, say("line_frozen", { n: count(board.counts.finished - waiting) }));
  };
  const planRows = () => {
    if (frozen) { if (waiting === null) waiting = board.counts.finished; return drawFrozen(); }
    const left = stepped + stepMs - performance.now();
    if (!current || left <= 0) { clearTimeout(stepTimer); stepTimer = 0; drawRows(); }
    else if (!stepTimer) stepTimer = setTimeout(() => { stepTimer = 0; if (!frozen) drawRows(); }, left);
  };
  document.addEventListener("keydown", (event) => {
    if (!isBoard || event.key !== "F2" || !board) return;
    event.preventDefault();
    frozen = !frozen;
    waiting = frozen ? board.counts.finished : null;
    drawFrozen();
    if (!frozen) drawRows();
  });

  const draw = (changed) => {
    if (changed.has("points") || changed.has("counts")) drawCounts();
    if (changed.has("points") || changed.has("sources")) drawPoints();
    if (["phase", "counts", "guns", "publication", "clock", "late"].some((name) => changed.has(name))) drawState();
    if (changed.has("flow")) drawFlow();
    if (changed.has("firsts")) drawFirsts();
    if (changed.has("list_versions") || changed.has("lists"))
      document.dispatchEvent(new CustomEvent("calanque:lists", { detail: board }));
    if (changed.has("field")) drawField();
    if (["leaders", "arrivals", "guns"].some((name) => changed.has(name))) planRows();
    current = true;
    tick();
  };

  // ---- the stream --------------------------------------------------------------------------------------------
  let source = null, lastId = "", retry = 0;
  const listen = () => {
    clearTimeout(retry);
    if (source) source.close();
    const query = lastId ? `?after=${encodeURIComponent(lastId)}` : "";
    source = new EventSource(root.dataset.events + query);
    const word = (event) => {
      const message = JSON.parse(event.data);
      heard = performance.now();
      if (event.lastEventId) lastId = event.lastEventId;
      return message;
    };
    const take = (event, whole) => {
      const message = word(event);
      // A change on top of another view than ours cannot be applied: ask for a whole one.
      if (!whole && (!board || board.number !== message.from)) { lastId = ""; return listen(); }
      received = { at: performance.now(), ageS: Math.max(0, (message.sent_us - message.made_us) / 1e6) };
      board = whole ? { number: message.number, ...message.sections } : { ...board, number: message.number, ...message.sections };
      draw(new Set(Object.keys(message.sections)));
    };
    source.addEventListener("view", (event) => take(event, true));
    source.addEventListener("change", (event) => take(event, false));
    source.addEventListener("beat", (event) => { word(event); tick(); });
    source.addEventListener("error", () => {
      // The browser connects again by itself unless it gave up (a refusal, a server that was away too long).
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(listen, 1000 + Math.random() * 2000);
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && performance.now() - heard > CUT_AFTER_S * 1000) listen();
  });
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });

  // ---- light and dark, kept on this device -------------------------------------------------------------------
  byId("theme").addEventListener("click", (event) => {
    event.preventDefault();
    const dark = root.dataset.theme !== "tente";
    if (dark) root.dataset.theme = "tente"; else delete root.dataset.theme;
    document.cookie = `theme=${dark ? "tente" : "plein-soleil"}; path=/; max-age=31536000; samesite=strict`;
    put(byId("theme"), dark ? words.light : words.dark);
    set(byId("theme"), "href", `?theme=${dark ? "plein-soleil" : "tente"}`);
  });

  listen();
  setInterval(tick, 200);
})();
