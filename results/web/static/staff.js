// What every page of the crew does, signed in or not: light and dark, the menu, and back to the page that was wanted
// when the session holds after all.
const root = document.documentElement;
const theme = document.getElementById("theme");

theme?.addEventListener("click", (event) => {
  event.preventDefault();
  const dark = root.dataset.theme !== "tente";
  if (dark) root.dataset.theme = "tente"; else delete root.dataset.theme;
  document.cookie = `theme=${dark ? "tente" : "plein-soleil"}; path=/; max-age=31536000; samesite=strict`;
  // The link says the same for a page whose script fails; its words come from there.
  const link = new URL(theme.href);
  link.searchParams.set("theme", dark ? "plein-soleil" : "tente");
  theme.href = link.href;
  theme.textContent = root.lang === "fr" ? (dark ? "Plein soleil" : "Fond sombre") : (dark ? "Full sun" : "Dark");
});

const menu = document.getElementById("menu");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => { if (menu?.open && !menu.contains(event.target)) menu.open = false; });

// Typing the name of another microphone chooses it.
const other = document.querySelector("input[name=microphone_other]");
other?.addEventListener("input", () => {
  document.querySelector("input[name=microphone][value=other]").checked = other.value.trim() !== "";
});

// Who follows a link from a mail or another site brings no cookie along (SameSite=Strict) and lands on the sign-in,
// though signed in: from here the cookie goes along.
const wanted = document.querySelector("form.sign input[name=next]")?.value;
if (wanted && !document.getElementById("fault")) {
  fetch("/session.json", { cache: "no-store" }).then((answer) => { if (answer.ok) location.replace(wanted); }, () => {});
}
