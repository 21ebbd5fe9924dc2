// All names: the tree of registries, the search, the list and one entry.

const HEIGHT = 52; // of an option, in pixels; that of the style
const AROUND = 6; // options beyond both edges of the list

const view = { registry: null, scope: null, found: [], words: [], active: -1, open: null };

for (const name of data.names) {
  name.full = name.id.slice(name.registry.length + 1);
  name.prefix = name.full.slice(0, -name.name.length);
  name.summary = (name.doc || "").split("\n", 1)[0].replaceAll("`", "");
  name.lowerName = name.name.toLowerCase();
  name.lowerFull = name.full.toLowerCase();
  name.lowerText = `${name.full} ${name.registry} ${name.summary}`.toLowerCase();
}
const sameNames = Map.groupBy(data.names, (name) => `${name.registry}/${name.lowerName}`);

// Return the names of the chosen registry that have all words, the best first.
function search(words) {
  const query = words.join(" ");
  const ranks = [[], [], [], []];
  for (const name of data.names) {
    if (view.registry && name.registry !== view.registry) continue;
    if (view.scope && name.scope !== view.scope) continue;
    if (hasAll(name.lowerText, words)) ranks[rankOf(name, query, words)].push(name);
  }
  return ranks.flat();
}

function hasAll(text, words) {
  for (const word of words) if (!text.includes(word)) return false;
  return true;
}

function rankOf(name, query, words) {
  if (!query || name.lowerName === query || name.lowerFull === query) return 0;
  if (name.lowerName.startsWith(query)) return 1;
  return hasAll(name.lowerFull, words) ? 2 : 3;
}

function update() {
  view.words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  view.found = search(view.words);
  view.active = view.words.length && view.found.length ? 0 : view.found.indexOf(view.open);
  at("count").textContent = count(view.found.length, "name");
  at("space").style.height = `${view.found.length * HEIGHT}px`;
  at("options").scrollTop = 0;
  if (!view.words.length && view.active >= 0) at("options").scrollTop = view.active * HEIGHT - at("options").clientHeight / 2;
  showOptions();
}

// Show only the options that can be seen, so that thousands cost no more than a few.
function showOptions() {
  const options = at("options");
  const first = Math.max(0, Math.floor(options.scrollTop / HEIGHT) - AROUND);
  const last = Math.min(view.found.length, Math.ceil((options.scrollTop + options.clientHeight) / HEIGHT) + AROUND);
  const rows = [];
  for (let index = first; index < last; index++) rows.push(makeOption(view.found[index], index));
  if (!view.found.length) rows.push(make("p", { class: "nothing", text: "Nothing has this in its name or its description." }));
  at("space").replaceChildren(...rows);
  const active = view.active >= first && view.active < last ? `option-${view.active}` : null;
  for (const each of [at("search"), options]) {
    if (active) each.setAttribute("aria-activedescendant", active);
    else each.removeAttribute("aria-activedescendant");
  }
}

function makeOption(name, index) {
  const option = make(
    "a",
    {
      class: "option", role: "option", id: `option-${index}`, href: hashOf(name.id), tabindex: "-1",
      "aria-selected": String(index === view.active), "aria-setsize": view.found.length, "aria-posinset": index + 1,
    },
    make(
      "div", {},
      make("span", { class: "code" },
        make("span", { class: "dim" }, ...marked(name.prefix, view.words)), ...marked(name.name, view.words)),
      !view.registry && make("span", { class: "label", text: name.registry }),
    ),
    make("p", {}, ...marked(name.summary, view.words)),
  );
  option.style.top = `${index * HEIGHT}px`;
  return option;
}

function reveal() {
  const options = at("options");
  const top = view.active * HEIGHT;
  if (top < options.scrollTop) options.scrollTop = top;
  else if (top + HEIGHT > options.scrollTop + options.clientHeight) options.scrollTop = top + HEIGHT - options.clientHeight;
}

function moveActive(steps) {
  if (!view.found.length) return;
  view.active = Math.max(0, Math.min(view.found.length - 1, view.active + steps));
  reveal();
  showOptions();
}

function onListKey(event) {
  const page = Math.max(1, Math.floor(at("options").clientHeight / HEIGHT) - 1);
  const isInput = event.target === at("search");
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, ...(isInput ? {} : { Home: -Infinity, End: Infinity }) };
  if (event.key in steps) moveActive(steps[event.key]);
  else if (event.key === "Enter" && view.active >= 0) go(view.found[view.active].id, true);
  else return;
  event.preventDefault();
}

// The tree of registries; the nodes and sources of one are shown if it is chosen.
function showTree() {
  const item = (target, label, number, isCurrent) =>
    make(
      "a", { href: hashOf(target), "aria-current": isCurrent && "true", class: number ? null : "none" },
      make("span", { text: label }), make("span", { text: number === null ? "" : grouped(number) }),
    );
  const items = data.registries.map((tree) => {
    const isOpen = tree.name === view.registry;
    const parts = isOpen ? partsOf(tree) : [];
    return make(
      "li", {},
      item(tree.name, tree.name, sizeOf(tree), isOpen && !view.scope),
      parts.length > 0 && make("ul", {}, ...parts.map((each) => {
        const row = make("li", {}, item(each.see || `${tree.name}/${each.scope}`, each.scope, each.names, each.scope === view.scope));
        if (each.depth) row.style.marginLeft = `${each.depth * 0.6}rem`;
        return row;
      })),
    );
  });
  at("tree").replaceChildren(make("ul", {}, make("li", {}, item("", "All registries", data.names.length, !view.registry)), ...items));
  at("filter").value = [view.registry, view.scope].filter(Boolean).join("/");
}

function partsOf(tree) {
  return [...nodesOf(tree, null), ...tree.sources.map((source) => ({ ...source, scope: source.prefix }))];
}

// Return the nodes of a tree, each after the one above it.
function nodesOf(tree, parent, depth = 0) {
  return tree.nodes.filter((node) => node.parent === parent)
    .flatMap((node) => [{ ...node, depth }, ...nodesOf(tree, node.scope, depth + 1)]);
}

function sizeOf(tree) {
  return [...tree.nodes, ...tree.sources].reduce((sum, each) => sum + (each.names || 0), 0);
}

function makeFilter() {
  const choices = [make("option", { value: "", text: "All registries" })];
  for (const tree of data.registries) {
    choices.push(make("option", { value: tree.name, text: tree.name }));
    for (const each of partsOf(tree)) {
      choices.push(make("option", { value: each.see || `${tree.name}/${each.scope}`, text: `\u2003${tree.name} \u203a ${each.scope}` }));
    }
  }
  at("filter").replaceChildren(...choices);
  at("filter").addEventListener("change", () => go(at("filter").value));
}

// One entry.
function showEntry(name) {
  view.open = name;
  at("names").classList.toggle("open", Boolean(name));
  at("entry").replaceChildren(...(name ? describe(name) : welcome()));
  at("entry").scrollTop = 0;
}

function welcome() {
  const keys = { "/": "search", "\u2191 \u2193": "move in the list", Enter: "open", Esc: "go back" };
  return [make(
    "div", { class: "welcome" },
    make("h1", { text: "Everything that a config can name" }),
    make("p", { text: `${count(data.names.length, "name")} in ${count(data.registries.length, "registry").replace("registrys", "registries")}, of engine ${data.version}, the installed libraries and their sources.` }),
    make("dl", { class: "keys" }, ...Object.entries(keys).flatMap(([key, what]) => [make("dt", {}, make("kbd", { text: key })), make("dd", { text: what })])),
    data.notes.length > 0 && make("div", { class: "notes" }, make("h2", { text: "Left out" }), make("ul", {}, ...data.notes.map((note) => make("li", { text: note })))),
  )];
}

function describe(name) {
  const signature = name.arguments === null || name.arguments === undefined ? null : data.signatures[name.arguments];
  const [lead, ...rest] = bodyOf(name, signature);
  const body = rest.join("\n").trim();
  return [
    make(
      "div", { class: "head" },
      make("button", { class: "quiet back", type: "button", text: "Back", on: { click: leave } }),
      make("h1", { tabindex: "-1" }, make("span", { class: "dim", text: name.prefix }), name.name),
      make("button", { class: "quiet", type: "button", text: "Copy name", on: { click: () => copy(name.full) } }),
    ),
    lead && make("p", { class: "lead" }, ...prose(lead)),
    ...shadowsOf(name),
    factsOf(name),
    ...argumentsOf(signature),
    ...section("Description", body && make("div", { class: "doc" }, ...prose(body))),
    name.is_cut && make("p", { class: "more", text: `The rest of its docstring is in ${name.target || name.scope}.` }),
    ...section("Pretrained weights", (name.weights || []).length > 0 && make("p", { class: "code", text: name.weights.join(", ") })),
    ...usesOf(name),
    ...section("The same name elsewhere", othersOf(name)),
  ].filter(Boolean);
}

function section(title, body) {
  return body ? [make("h2", { text: title }), body] : [];
}

// Return the lines of a docstring, without the arguments if those are told elsewhere.
function bodyOf(name, signature) {
  const lines = (name.doc || "").split("\n");
  const start = lines.findIndex((line) => /^(Args|Arguments|Parameters):\s*$/.test(line));
  if (start < 0 || !signature || !signature.known.length) return lines;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^\S/.test(line));
  return [...lines.slice(0, start), ...(end < 0 ? [] : rest.slice(end))];
}

function factsOf(name) {
  const facts = {
    Registry: link(name.registry, name.registry),
    [name.source ? "Source" : "Library"]: link(`${name.registry}/${name.scope}`, name.scope),
    [name.source ? "Package" : "Stands for"]: name.target && make("code", { text: name.source ? `${name.target} ${name.site}` : name.target }),
    Defined: name.definition && make("code", { text: name.definition }),
    Registered: !name.source && fileOf(name.site) !== fileOf(name.definition) && make("code", { text: name.site }),
  };
  const rows = Object.entries(facts).filter(([, value]) => value);
  return make("dl", { class: "facts" }, ...rows.flatMap(([key, value]) => [make("dt", { text: key }), make("dd", {}, value)]));
}

function fileOf(site) {
  return (site || "").replace(/:\d+$/, "");
}

function argumentsOf(signature) {
  if (!signature) return [];
  const rows = signature.known.map((each) => make(
    "div", {},
    make("dt", {},
      make("b", { text: each.name }),
      each.allowed && make("span", { class: "dim", text: `: ${each.allowed}` }),
      each.default !== null && make("span", { text: ` = ${each.default}` }),
      each.default === null && make("span", { class: "required", text: "required" })),
    each.description && make("dd", {}, ...prose(each.description)),
  ));
  const more = signature.open && make("p", { class: "more", text: rows.length ? "It takes other arguments as well." : "It takes any arguments." });
  if (!rows.length && !more) return section("Arguments", make("p", { class: "dim", text: "None." }));
  return [make("h2", { text: "Arguments" }), rows.length > 0 && make("dl", { class: "arguments" }, ...rows), more];
}

function shadowsOf(name) {
  const box = (title, ids) => ids && ids.length > 0 && make(
    "p", { class: "box" }, make("b", { text: title }), ...ids.flatMap((id) => [" ", byId.has(id) ? link(id, id) : id]));
  return [
    box(`As ${name.name} alone, it hides`, name.hides),
    box(`As ${name.name} alone, it may be hidden by`, name.hidden_by),
    box("It is registered in place of", name.displaced),
  ];
}

function othersOf(name) {
  const told = new Set([name.id, ...(name.hides || []), ...(name.hidden_by || [])]);
  const others = sameNames.get(`${name.registry}/${name.lowerName}`).filter((each) => !told.has(each.id));
  return others.length > 0 && make("ul", { class: "links" }, ...others.map((each) => make("li", {}, link(each.id, make("code", { text: each.full })))));
}

function usesOf(name) {
  const own = data.configs.flatMap((config) => config.uses[name.id] ? [[config.name, config.uses[name.id]]] : []);
  const shipped = new Map();
  for (const [index, path] of name.uses || []) shipped.set(data.shipped[index], [...(shipped.get(data.shipped[index]) || []), path]);
  const all = [...new Map([...shipped, ...own])];
  const rows = all.map(([config, paths]) => make("li", {}, configName(config, paths[0]), make("span", { class: "dim", text: ` ${paths.join(", ")}` })));
  const list = make("ul", { class: "links" }, ...rows);
  return section("Used in", rows.length > 8 ? make("details", {}, make("summary", { text: count(rows.length, "config") }), list) : rows.length > 0 && list);
}

function configName(name, path) {
  const text = make("code", { text: name });
  return data.configs.some((config) => config.name === name) ? link(`config=${name};${path}`, text) : text;
}
