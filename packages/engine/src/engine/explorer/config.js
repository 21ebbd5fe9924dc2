// A config: where each value comes from, what lint finds, and changes as options.

const changes = new Map(); // by config: options by path

for (const config of data.configs) {
  config.uses = {};
  const collect = (values) => values.forEach((each) => {
    if (each.name) (config.uses[each.name] ||= []).push(each.path);
    if (each.children) collect(each.children);
  });
  collect(config.values);
}

function showConfig(config, path) {
  if (!changes.has(config.name)) changes.set(config.name, new Map());
  const shown = new Set();
  const findings = findingsByPath(config);
  const values = make("div", { class: "values" }, ...config.values.map((each) => makeValue(config, each, findings, shown)));
  const filter = make("input", { class: "filter", type: "search", placeholder: "Filter keys and values", "aria-label": "Filter keys and values",
    on: { input: (event) => filterValues(values, event.target.value.toLowerCase().trim()) } });
  const setAll = (open) => () => values.querySelectorAll("details").forEach((each) => (each.open = open));
  values.addEventListener("keydown", onValueKey);
  at("config").replaceChildren(
    make("div", { class: "head" }, make("h1", { tabindex: "-1", text: config.name }), ...badges(config)),
    config.findings.length > 0 ? make("ul", { class: "summary", "aria-label": "Findings" }, ...config.findings.map((each) =>
      make("li", { class: `finding ${each.severity}` }, link(`config=${config.name};${each.path}`, make("code", { text: each.path })), `: ${told(each)}`))) : "",
    make("div", { class: "tools" }, filter,
      make("button", { class: "quiet", type: "button", text: "Expand all", on: { click: setAll(true) } }),
      make("button", { class: "quiet", type: "button", text: "Collapse all", on: { click: setAll(false) } })),
    values,
    make("div", { class: "changes", id: "changes", hidden: true }),
  );
  showChanges(config);
  if (path) revealValue(values, path);
}

function badges(config) {
  const made = [["error", config.errors], ["warning", config.warnings]].filter(([, number]) => number)
    .map(([word, number]) => make("span", { class: `badge ${word}`, text: count(number, word) }));
  return made.length ? made : [make("span", { class: "badge", text: "no findings" })];
}

function told(finding) {
  return finding.message + (finding.suggestion ? `; ${finding.suggestion}` : "");
}

// Put each finding at the value that has its path, or at the nearest one around it.
function findingsByPath(config) {
  const paths = new Set();
  const collect = (values) => values.forEach((each) => (paths.add(each.path), each.children && collect(each.children)));
  collect(config.values);
  return Map.groupBy(config.findings, (finding) => {
    let path = finding.path;
    while (path && !paths.has(path)) path = path.slice(0, Math.max(0, path.lastIndexOf(".")));
    return path;
  });
}

function makeValue(config, value, findings, shown) {
  const notes = (findings.get(value.path) || []).map((each) => make(
    "div", { class: `finding ${each.severity}`, role: "note" }, make("b", { text: each.severity }),
    each.path === value.path ? " " : ` ${each.path.slice(value.path.length + 1)}: `, told(each)));
  if (!value.children) {
    return make("div", { class: "leaf", "data-path": value.path, "data-text": `${value.path} ${value.text}`.toLowerCase() },
      makeRow(config, value), makeBefore(value), ...notes);
  }
  const type = value.children.find((each) => each.key === "type" && each.text);
  const hint = type ? type.text.replace(/^'(.*)'$/, "$1") : count(value.children.length, value.kind === "list" ? "item" : "key");
  const details = make("details", { open: true, "data-path": value.path, "data-text": value.path.toLowerCase() },
    make("summary", { class: "row" }, make("span", { class: "key", text: value.key }), make("span", { class: "hint", text: hint }), makeSite(value)),
    ...notes,
    make("div", {}, ...value.children.map((each) => makeValue(config, each, findings, shown))));
  return details;
}

function makeRow(config, value) {
  const row = make("div", { class: "row" }, make("span", { class: "key", text: `${value.key}:` }));
  let button = "";
  if (value.option === null) {
    row.append(make("span", { class: `value ${value.kind}`, text: value.text }));
  } else {
    const given = value.option.slice(value.path.length + 1);
    const input = make("input", { class: `value ${value.kind}`, "aria-label": value.path, spellcheck: "false", autocomplete: "off", size: Math.max(4, Math.min(60, given.length)) });
    const now = () => changes.get(config.name).get(value.path) ?? given;
    input.value = now();
    row.classList.toggle("changed", now() !== given);
    input.addEventListener("input", () => {
      if (input.value === given) changes.get(config.name).delete(value.path);
      else changes.get(config.name).set(value.path, input.value);
      row.classList.toggle("changed", input.value !== given);
      showChanges(config);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || input.value === given) return;
      input.value = given;
      input.dispatchEvent(new Event("input"));
      event.stopPropagation();
    });
    row.append(input);
    button = make("button", { class: "quiet copy", type: "button", text: "copy", "aria-label": `Copy --cfg-options ${value.path}`,
      on: { click: () => copy(optionsText([[value.path, input.value]])) } });
  }
  if (value.name && byId.has(value.name)) {
    const name = byId.get(value.name);
    row.append(make("a", { class: "ref", href: hashOf(name.id), text: name.registry, title: name.full, "aria-label": `${name.full} in ${name.registry}` }));
  }
  row.append(button, makeSite(value));
  return row;
}

function makeSite(value) {
  return value.site ? make("span", { class: "site", title: value.site }, make("bdi", { text: value.site })) : "";
}

function makeBefore(value) {
  if (!value.overrode.length) return "";
  const steps = value.overrode.flatMap((each, index) => [index ? ", and " : "overrode ", make("code", { text: each.text }), ` of ${each.site || "somewhere"}`]);
  return make("p", { class: "before" }, ...steps);
}

function optionsText(pairs) {
  return `--cfg-options ${pairs.map(([path, text]) => quoted(`${path}=${text}`)).join(" ")}`;
}

function showChanges(config) {
  const made = [...changes.get(config.name)];
  const text = optionsText(made);
  at("changes").hidden = !made.length;
  if (!made.length) return;
  at("changes").replaceChildren(
    make("code", { text, tabindex: "0", "aria-label": "The changes as options" }),
    make("button", { class: "quiet", type: "button", text: "Reset", on: { click: () => { changes.get(config.name).clear(); showConfig(config); } } }),
    make("button", { class: "primary", type: "button", text: "Copy", on: { click: () => copy(text) } }),
  );
}

function filterValues(values, text) {
  const keep = (element) => {
    const inner = [...element.querySelectorAll(":scope > div > [data-path]")].map(keep).some(Boolean);
    const fits = inner || element.dataset.text.includes(text);
    element.hidden = !fits;
    if (text && inner && element.tagName === "DETAILS") element.open = true;
    return fits;
  };
  [...values.children].forEach(keep);
}

function revealValue(values, path) {
  let rest = path;
  const find = () => [...values.querySelectorAll("[data-path]")].find((each) => each.dataset.path === rest);
  while (rest && !find()) rest = rest.slice(0, Math.max(0, rest.lastIndexOf(".")));
  const element = rest && find();
  if (!element) return;
  for (let each = element; each; each = each.parentElement.closest("details")) if (each.tagName === "DETAILS") each.open = true;
  const row = element.querySelector(".row");
  row.classList.add("target");
  row.scrollIntoView({ block: "center" });
  (element.tagName === "DETAILS" ? row : row.querySelector("input") || row).focus({ preventScroll: true });
}

// Up and down move between values; left and right close and open what has values below.
function onValueKey(event) {
  const rows = [...event.currentTarget.querySelectorAll("summary, input.value")].filter((each) => each.checkVisibility());
  const index = rows.indexOf(event.target);
  const details = event.target.tagName === "SUMMARY" ? event.target.parentElement : null;
  if (index < 0) return;
  if (event.key === "ArrowDown" && rows[index + 1]) rows[index + 1].focus();
  else if (event.key === "ArrowUp" && rows[index - 1]) rows[index - 1].focus();
  else if (details && event.key === "ArrowRight") details.open = true;
  else if (details && event.key === "ArrowLeft") details.open = false;
  else return;
  event.preventDefault();
}
