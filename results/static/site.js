// Search by name or bib in the pages of the static site, and the choice of light or dark. Works from a file.
// The names (assets/field.js) are loaded when somebody begins to type. Texts only ever become text nodes.
"use strict";
(() => {
  const body = document.body, words = body.dataset;
  const form = document.querySelector(".find"), input = document.getElementById("q");
  const found = document.getElementById("found");
  const SHOWN = 30;
  let field = null, loading = false;

  const folded = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  function load() {
    if (field || loading) return;
    loading = true;
    const script = document.createElement("script");
    script.src = words.assets + "field.js";
    script.onload = () => {
      field = window.calanqueField;
      field.keys = field.rows.map(([name, bib]) => " " + folded(name).replace(/[-'’]/g, " ") + " " + bib.toLowerCase());
      show();
    };
    script.onerror = () => { loading = false; };
    document.head.append(script);
  }

  function element(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.textContent = text;
    return made;
  }

  function line([name, bib, category, page, row, place]) {
    const link = document.createElement("a");
    link.href = field.pages[page] + "#r" + row;
    link.append(element("span", "pl", place), element("b", "", name || words.bib + " " + bib));
    const rest = [name ? bib : words.withheld, category].filter(Boolean).join(" · ");
    link.append(element("small", "", rest));
    const item = document.createElement("li");
    item.append(link);
    return item;
  }

  function matches(asked) {
    const parts = asked.split(/\s+/).map((part) => " " + part);
    const exact = [], others = [];
    for (let at = 0; at < field.rows.length && others.length <= SHOWN; at++) {
      if (field.rows[at][1].toLowerCase() === asked) exact.push(field.rows[at]);
      else if (parts.every((part) => field.keys[at].includes(part))) others.push(field.rows[at]);
    }
    return exact.concat(others);
  }

  function show() {
    const asked = folded(input.value).replace(/[-'’]/g, " ").trim();
    found.hidden = !asked || !field;
    if (found.hidden) return;
    const all = matches(asked);
    found.replaceChildren(...all.slice(0, SHOWN).map(line));
    if (!all.length) found.append(element("li", "note", words.none));
    if (all.length > SHOWN) found.append(element("li", "note", words.more));
  }

  form.hidden = false;
  input.addEventListener("focus", load);
  input.addEventListener("input", () => { load(); show(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); load(); show(); });
  found.addEventListener("click", () => { found.hidden = true; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input) { event.preventDefault(); input.focus(); }
    if (event.key === "Escape" && document.activeElement === input) { input.value = ""; show(); }
  });

  for (const current of document.querySelectorAll("nav [aria-current]")) {
    current.parentNode.scrollLeft = current.offsetLeft - current.parentNode.offsetLeft - 40;
  }

  const button = document.getElementById("theme"), root = document.documentElement;
  const kept = (value) => { try { if (value !== undefined) localStorage.setItem("calanque-theme", value); return localStorage.getItem("calanque-theme"); } catch { return value; } };
  function theme(value) {
    if (value === "tente") root.dataset.theme = value; else delete root.dataset.theme;
    button.textContent = value === "tente" ? words.light : words.dark;
  }
  theme(kept());
  button.hidden = false;
  button.addEventListener("click", () => { const next = root.dataset.theme ? "soleil" : "tente"; kept(next); theme(next); });
})();
