// The address of the page, its views, keys and colors.

let routed = null; // the address that is shown

function addressed() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

// Show what the address says: `MODELS`, `MODELS/mmalpha`, `MODELS/mmalpha.ResNet` or `config=x.py;model`.
function route() {
  const target = (routed = addressed());
  const config = data.configs.find((each) => `${target};`.startsWith(`config=${each.name};`));
  at("names").hidden = Boolean(config);
  at("config").hidden = !config;
  showViews(config);
  if (config) {
    const path = target.slice(`config=${config.name};`.length);
    showConfig(config, path);
    if (!path) focusQuietly(at("config").querySelector("h1"));
    document.title = `${config.name} \u00b7 engine`;
    return;
  }
  const entry = byId.get(target) || null;
  if (!entry || (view.registry && entry.registry !== view.registry) || (view.scope && entry.scope !== view.scope)) {
    const [registry, scope] = entry ? [null, null] : splitOnce(target, "/");
    view.registry = data.registries.some((tree) => tree.name === registry) ? registry : null;
    view.scope = view.registry && scope ? scope : null;
  }
  showEntry(entry);
  showTree();
  update();
  document.title = entry ? `${entry.full} \u00b7 engine` : "engine: names and configs";
  if (entry && document.activeElement !== at("search")) focusQuietly(at("entry").querySelector("h1"));
}

function splitOnce(text, mark) {
  const index = text.indexOf(mark);
  return index < 0 ? [text, null] : [text.slice(0, index), text.slice(index + 1)];
}

function focusQuietly(element) {
  element.focus({ preventScroll: true });
}

// Go to an address; `enter` moves the focus there.
function go(target, enter = false) {
  if (enter) document.activeElement.blur();
  location.hash = hashOf(target);
  route();
}

// Go back from an entry to the list.
function leave() {
  go([view.registry, view.scope].filter(Boolean).join("/"));
  at("search").focus();
}

function showViews(current) {
  const views = [["", "Names", !current], ...data.configs.map((each) => [`config=${each.name}`, each.name, each === current])];
  at("views").replaceChildren(...views.map(([target, label, isCurrent]) =>
    make("a", { href: hashOf(target), "aria-current": isCurrent && "page", title: label, text: label })));
  at("views").querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
}

function onKey(event) {
  const isTyping = event.target.matches("input, select, textarea");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = at("config").hidden ? at("search") : at("config").querySelector(".filter");
    if (at("config").hidden && at("names").classList.contains("open") && !field.checkVisibility()) leave();
    field.focus();
    event.preventDefault();
  } else if (event.key === "Escape") {
    if (!at("config").hidden) go("", true);
    else if (event.target === at("search") && at("search").value) {
      at("search").value = "";
      update();
    } else if (view.open) leave();
    else at("search").focus();
  }
}

function onTreeKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const links = [...event.currentTarget.querySelectorAll("a")];
  const next = links[links.indexOf(event.target) + step];
  if (next) next.focus();
  event.preventDefault();
}

// Links within the page are followed here: in the frame of a notebook they would lead out of it.
function onClick(event) {
  const anchor = event.target.closest("a[href^='#']");
  if (!anchor || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const inTree = anchor.closest(".tree") ? anchor.getAttribute("href") : null;
  go(decodeURIComponent(anchor.getAttribute("href").slice(1)), anchor.classList.contains("option"));
  if (inTree) [...at("tree").querySelectorAll("a")].find((each) => each.getAttribute("href") === inTree).focus();
}

// The colors are those of the system until the button says otherwise.
function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  showThemeName();
  try {
    localStorage.setItem("engine-theme", theme);
  } catch {} // there is no storage in the frame of a notebook
}

function showThemeName() {
  at("theme").textContent = isDark() ? "Light" : "Dark";
  at("theme").setAttribute("aria-label", `Use ${isDark() ? "light" : "dark"} colors`);
}

try {
  const kept = localStorage.getItem("engine-theme");
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
} catch {} // as above
showThemeName();
makeFilter();
at("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showThemeName);
at("search").addEventListener("input", update);
at("search").addEventListener("keydown", onListKey);
at("options").addEventListener("keydown", onListKey);
at("options").addEventListener("scroll", showOptions, { passive: true });
at("tree").addEventListener("keydown", onTreeKey);
addEventListener("resize", showOptions);
addEventListener("keydown", onKey);
addEventListener("click", onClick);
addEventListener("hashchange", () => addressed() !== routed && route());
route();
