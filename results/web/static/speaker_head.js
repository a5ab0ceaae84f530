// The head of the page: the race clock in the sky, the hour in the sea, the field on the massif.
"use strict";
import { say, hour } from "./staff_link.js";
import { time } from "./speaker_text.js";
import { byId, put, set } from "./speaker_dom.js";

const ridge = byId("ridge").getAttribute("points").split(" ").map((point) => point.split(",").map(Number));
const heightAt = (x) => {
  for (let n = 1; n < ridge.length; n += 1) {
    const [x0, y0] = ridge[n - 1], [x1, y1] = ridge[n];
    if (x <= x1) return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
  }
  return ridge[ridge.length - 1][1];
};
export const drawField = (board) => {
  const { counts, head_m: head } = board.field, most = Math.max(1, ...counts);
  set(byId("pines"), "d", counts.map((n, bar) => {
    const x = (bar + 0.5) * 1000 / counts.length;
    return n ? `M${x.toFixed(1)} ${heightAt(x).toFixed(1)}v-${Math.max(1.5, n * 18 / most).toFixed(1)}` : "";
  }).join(""));
  const sun = byId("sun");
  set(sun, "visibility", head === null ? "hidden" : "visible");
  if (head === null) return;
  const x = Math.min(head / board.race.distance_m, 0.985);
  set(sun, "cx", `${(x * 100).toFixed(1)}%`);
  set(sun, "cy", `${heightAt(x * 1000).toFixed(1)}%`);
};
/** The clock runs from the first gun, and says whose that was. It goes on while the link is lost. */
export const tickClock = (board, nowUs) => {
  put(byId("clock"), time(Math.floor((nowUs - board.phase.first_gun_us) / 1e6)));
  put(byId("hour"), hour(nowUs, board.clock.utc_offset_s));
  const gun = board.guns.find((each) => each.gun_us === board.phase.first_gun_us);
  if (gun) put(byId("gun"), say(gun.planned && gun.gun_us > nowUs ? "gun_planned" : "gun_gone", { wave: gun.name, hour: hour(gun.gun_us, board.clock.utc_offset_s) }));
};
