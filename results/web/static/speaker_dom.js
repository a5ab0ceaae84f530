// Nodes of the announcers' page. Text only ever enters the page as text.
"use strict";

export const root = document.documentElement;
export const byId = (id) => document.getElementById(id);
export const put = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };
export const set = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value); };
export const make = (tag, className, ...inside) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...inside.filter((part) => part !== "" && part !== null));
  return node;
};
const SVG = "http://www.w3.org/2000/svg";
export const drawn = (tag, attributes, ...inside) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...inside);
  return node;
};
const PATHS = {
  mat: "M1 11h14v2.5H1zM8 2l3.6 6H4.4z", check: "M1.5 8.5 3.4 6.6 6.3 9.6 12.7 3 14.6 5 6.3 13.4z",
  lock: "M4 7V5a4 4 0 0 1 8 0v2h1v8H3V7zm2 0h4V5a2 2 0 0 0-4 0z",
  open: "M4 7V4a4 4 0 0 1 7.7-1.5l-1.8.8A2 2 0 0 0 6 4v3h7v8H3V7zm1 2v4h6V9z",
  clock: "M8 1a7 7 0 1 1-.01 0zm-1 3v5l4 2 .8-1.7L9 8V4z", skip: "M2 3l5 5-5 5zm6 0l5 5-5 5z",
  hush: "M8 1a7 7 0 1 0 .01 0zM4.2 5.6l6.2 6.2A4.7 4.7 0 0 1 4.2 5.6zm1.4-1.4a4.7 4.7 0 0 1 6.2 6.2z",
};
/** A sign beside a word, never instead of one. */
export const sign = (name) => {
  const node = drawn("svg", { class: "i", viewBox: "0 0 16 16", "aria-hidden": "true" }, drawn("path", { d: PATHS[name] }));
  return node;
};
/** Makes the children of a node those that are given, keeping the ones that say the same already. */
export const fill = (node, keyed, build) => {
  const known = new Map([...node.children].map((child) => [child.dataset.model, child]));
  const children = keyed.map((model) => {
    const text = JSON.stringify(model), old = known.get(text);
    if (old) { known.delete(text); return old; }
    const made = build(model);
    made.dataset.model = text;
    return made;
  });
  if (children.length !== node.children.length || children.some((child, n) => node.children[n] !== child)) node.replaceChildren(...children);
};
