// The page of hand timing: its stream, and its worker, which lets it open without a network.
"use strict";
import { follow, words } from "./staff_link.js";
import { handPane } from "./hand.js";

const pane = handPane(document.getElementById("hand"));
follow("/pointage/events", (board, changed) => pane.take(board, changed));

// A stamp that was not sent is kept, but somebody who closes the page should know it.
addEventListener("beforeunload", (event) => { if (pane.waiting && !pane.kept) event.preventDefault(); });

const offline = document.getElementById("offline");
if ("serviceWorker" in navigator && isSecureContext) {
  navigator.serviceWorker.register("/hand-worker.js", { scope: location.pathname }).then(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const used = performance.getEntriesByType("resource").map((entry) => entry.name)
      .filter((name) => new URL(name).origin === location.origin && new URL(name).pathname.startsWith("/static/"));
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { offline.textContent = words.hand_offline_ready; };
    active.postMessage({ keep: [location.pathname, ...used] }, [channel.port2]);
  }).catch(() => { offline.textContent = words.hand_offline_open; });
} else offline.textContent = words.hand_offline_open;
