// Elements are made here and nowhere else: text stays text, so nothing an answer contains can become markup.

/** An element with attributes and children; strings become text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null));
  return made;
}

export const by = (id) => document.getElementById(id);

/** A list of things that hold, do not hold, or cannot be known: `[true | false | null, text]`. */
export function checkList(checks) {
  const kinds = new Map([[true, ["yes", "✓", "Yes: "]], [false, ["no", "✕", "No: "]], [null, ["open", "?", "Not known: "]]]);
  return element("ul", { class: "checks" }, checks.map(([holds, text]) => {
    const [kind, sign, spoken] = kinds.get(holds);
    return element("li", { class: kind },
      element("span", { class: "sign", "aria-hidden": "true" }, sign),
      element("span", {}, element("span", { class: "announce" }, spoken), text));
  }));
}

/** Names, values and what they mean, as a table. */
export function factsTable(caption, rows) {
  return element("table", { class: "facts-table", "aria-label": caption }, element("tbody", {}, rows.map(([name, value, meaning]) =>
    element("tr", {},
      element("th", { scope: "row" }, element("code", {}, name)),
      element("td", {}, element("code", {}, value)),
      element("td", { class: "meaning" }, meaning ?? "")))));
}
