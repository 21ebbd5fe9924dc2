"use strict";
// Elements and texts. What comes from the data becomes text only, never markup.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = new Map(data.names.map((name) => [name.id, name]));

function at(id) {
  return document.getElementById(id);
}

// Make an element. `class`, `text` and `on` (listeners by event) are special; the rest are attributes.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function hashOf(text) {
  return "#" + encodeURI(text).replaceAll("#", "%23");
}

function link(target, ...children) {
  return make("a", { href: hashOf(target) }, ...children);
}

// Return a text with `code` in it as elements.
function prose(text) {
  return text.split(/`([^`\n]+)`/).map((part, index) => (index % 2 ? make("code", { text: part }) : part));
}

// Return a text with the words that were searched marked.
function marked(text, words) {
  const found = words.filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!found.length) return [text];
  const parts = text.split(new RegExp(`(${found.join("|")})`, "i"));
  return parts.map((part, index) => (index % 2 ? make("mark", { text: part }) : part));
}

function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function count(number, word) {
  return `${grouped(number)} ${word}${number === 1 ? "" : "s"}`;
}

let hiding;
function tell(message) {
  const told = at("told");
  told.textContent = message;
  told.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => told.classList.remove("shown"), 1800);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { "aria-hidden": "true" });
    area.value = text;
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    if (focused) focused.focus();
  }
  tell(`Copied ${text}`);
}

// Quote a word for a shell, as Python's shlex does.
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
