// Keeps the page of hand timing and its files, so that it opens without a network. Nothing of the race is kept here: the
// newest page counts whenever the engine answers, and streams, hours and commands are never touched.
"use strict";
const CACHE = "calanque-hand-1", PATIENCE_MS = 3_000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("calanque-hand-") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

const keep = async (address, response) => {
  // What was sent on to the sign-in is not the page.
  if (response.ok && !response.redirected) await (await caches.open(CACHE)).put(address, response.clone());
  return response;
};
const fresh = async (request, address) => {
  try { return await keep(address, await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) })); }
  catch (error) {
    const kept = await caches.match(address);
    if (kept) return kept;
    throw error;
  }
};

self.addEventListener("message", (event) => event.waitUntil((async () => {
  for (const address of new Set(event.data.keep)) {
    try { await keep(address, await fetch(address, { cache: "no-cache" })); } catch { /* asked for again next time */ }
  }
  event.ports[0]?.postMessage("kept");
})()));

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && /^(\/en)?\/pointage$/.test(url.pathname)) event.respondWith(fresh(request, url.pathname));
  else if (url.pathname.startsWith("/static/")) {
    const versioned = url.searchParams.has("v");
    event.respondWith(versioned ? caches.match(request.url).then((kept) => kept || fresh(request, request.url)) : fresh(request, request.url));
  }
});
