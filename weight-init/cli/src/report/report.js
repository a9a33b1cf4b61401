// Draws the data of the page. Names and texts come from models and configs of anybody: they become text nodes, never HTML.
(function () {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const ROW = 30;
  const SPARE = 12;
  const MOST_PRINTED = 5000;
  const FLAG = { unknown: 1, ownCode: 2 };
  const FIELD = {
    name: 0, class: 1, shape: 2, dtype: 3, writer: 4, scale: 5, list: 6, verdict: 7, histogram: 8, spectrum: 9, flags: 10,
  };
  // Class of the colour and letter of an initializer, by how the name of its function begins.
  const FAMILIES = [
    ["kaiming", "kaiming", "K"], ["xavier", "xavier", "X"], ["trunc_normal", "trunc", "T"], ["normal", "normal", "N"],
    ["uniform", "uniform", "U"], ["constant", "constant", "C"], ["orthogonal", "orthogonal", "O"],
    ["delta_orthogonal", "orthogonal", "D"], ["pretrained", "pretrained", "P"], ["unknown", "unknown", "?"],
    ["variance_scaling", "xavier", "V"], ["sparse", "orthogonal", "S"], ["given", "other", "G"],
    ["depth_scaled", "xavier", "D"], ["mup", "xavier", "M"], ["fixup", "kaiming", "F"], ["t_fixup", "xavier", "F"], ["siren", "uniform", "S"],
  ];
  const WARNINGS = {
    unmatched_rule: "unmatched rule", override_never_won: "override never won", unreached_init_cfg: "unreached init_cfg",
    doubtful: "doubtful", unknown_params: "unknown parameters", unknown_buffers: "unknown buffers", own_code: "own code",
  };

  const byId = (id) => document.getElementById(id);
  const count = (number) => number.toLocaleString("en-US");
  const plural = (number, one) => count(number) + " " + one + (number === 1 ? "" : "s");
  /// Characters that are not shown, or turn the direction of those around them, are spelled out.
  const visible = (text) =>
    String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");
  const short = (number) => (number === null ? "∞" : Number(number.toPrecision(4)).toString());

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "onclick") made.addEventListener("click", value);
      else made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function svg(tag, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // --- The data by name -----------------------------------------------------------------------------------------------

  const params = data.params;
  const writerOf = (place) => data.writers[params[place][FIELD.writer]];
  const shapeOf = (place) => data.shapes[params[place][FIELD.shape]];
  const classOf = (place) => data.classes[params[place][FIELD.class]];
  const elementsOf = (shape) => shape.reduce((product, dim) => product * dim, 1);
  const shapeText = (shape) => (shape.length ? shape.join("\u2009×\u2009") : "scalar");
  const ruleName = (rule) => (rule.module === "" ? "(model)" : visible(rule.module)) + ", rule " + rule.rule;
  const ruleLink = (rule) => "#rule=" + encodeURIComponent(rule.module) + "," + rule.rule;
  const paramLink = (name) => "#param=" + encodeURIComponent(name);
  const placeOf = new Map(params.map((row, place) => [row[FIELD.name], place]));
  for (const [name, first] of data.ties) if (!placeOf.has(name)) placeOf.set(name, placeOf.get(first));
  const otherNames = new Map();
  for (const [name, first] of data.ties) {
    if (!otherNames.has(first)) otherNames.set(first, []);
    otherNames.get(first).push(name);
  }

  function look(family) {
    const found = FAMILIES.find(([start]) => family.startsWith(start));
    return found ? { style: found[1], letter: found[2] } : { style: "other", letter: (family[0] || "–").toUpperCase() };
  }
  /// Values that no rule writes have a hollow swatch.
  function swatch(writer) {
    const { style, letter } = look(writer.family);
    const hollow = writer.kind === "rule" ? "" : " hollow";
    return element("span", { class: "swatch " + style + hollow, "aria-hidden": "true" }, letter);
  }

  const familyKey = (writer) => (writer.kind === "rule" ? "" : "~") + writer.family;

  /// For each list of looks: the rules that write, at least for a time.
  const writersOfList = data.lists.map((list) => {
    const rules = new Set();
    for (const place of list) {
      const [rule, result] = data.looks[place];
      if (rule !== null && result !== "no") rules.add(rule);
    }
    return rules;
  });
  const touches = (place, rule) => {
    const list = params[place][FIELD.list];
    return list === null ? writerOf(place).rule === rule : writersOfList[list].has(rule);
  };

  const isBelow = (name, module) => module === "" || name === module || name.startsWith(module + ".");
  /// Whether a warning is about a parameter.
  function concerns(warning, place) {
    const row = params[place];
    if (warning.kind === "unknown_params") return (row[FIELD.flags] & FLAG.unknown) !== 0;
    if (warning.kind === "own_code") return (row[FIELD.flags] & FLAG.ownCode) !== 0;
    return warning.kind !== "unknown_buffers" && warning.module !== "" && isBelow(row[FIELD.name], warning.module);
  }

  // --- The tree -------------------------------------------------------------------------------------------------------

  // Nodes in the order of the model, parents before their children. Nothing here calls itself: a name may be of any depth.
  const MOST_DEPTH = 64;
  const nodes = [];
  (function build() {
    const root = { label: "", path: "", param: -1, children: [], parent: null, level: -1 };
    const modules = new Map([["", root]]);
    params.forEach((row, place) => {
      const parts = row[FIELD.name].split(".");
      if (parts.length > MOST_DEPTH) parts.splice(MOST_DEPTH - 1, Infinity, parts.slice(MOST_DEPTH - 1).join("."));
      let above = root;
      let path = "";
      for (const part of parts.slice(0, -1)) {
        path = path === "" ? part : path + "." + part;
        let module = modules.get(path);
        if (!module) {
          module = { label: part, path, param: -1, children: [], parent: above, level: above.level + 1 };
          modules.set(path, module);
          above.children.push(module);
        }
        above = module;
      }
      above.children.push({
        label: parts[parts.length - 1], path: row[FIELD.name], param: place, children: [], parent: above, level: above.level + 1,
      });
    });
    const open = root.children.slice().reverse();
    while (open.length) {
      const node = open.pop();
      node.index = nodes.length;
      node.total = 0;
      node.writers = new Map();
      node.isOpen = true;
      nodes.push(node);
      for (let child = node.children.length - 1; child >= 0; child--) open.push(node.children[child]);
    }
    for (let index = nodes.length - 1; index >= 0; index--) {
      const node = nodes[index];
      if (node.param >= 0) {
        node.total = 1;
        node.writers.set(familyKey(writerOf(node.param)), writerOf(node.param));
      }
      if (node.parent.level < 0) continue;
      node.parent.total += node.total;
      node.writers.forEach((writer, key) => node.parent.writers.set(key, writer));
    }
    // The first index behind all that is below a node.
    const end = (node) => node.index + 1;
    for (let index = nodes.length - 1; index >= 0; index--) {
      const node = nodes[index];
      const last = node.children[node.children.length - 1];
      node.end = last ? last.end : end(node);
    }
    for (const siblings of [root.children, ...nodes.map((node) => node.children)]) {
      siblings.forEach((node, at) => {
        node.position = at + 1;
        node.siblings = siblings.length;
      });
    }
    // As many whole levels are open as give a few hundred rows.
    const perLevel = [];
    for (const node of nodes) perLevel[node.level] = (perLevel[node.level] || 0) + 1;
    let level = 0;
    for (let shown = perLevel[0]; level < perLevel.length && (shown += perLevel[level + 1] || 0) <= 400;) level++;
    nodes.forEach((node) => { node.isOpen = node.level < level; });
  })();
  const nodeOfParam = new Map();
  const nodeOfModule = new Map();
  for (const node of nodes) (node.param >= 0 ? nodeOfParam.set(node.param, node) : nodeOfModule.set(node.path, node));

  const filter = { words: [], rule: -1, class: -1, warning: -1, families: new Set() };
  const isFiltered = () =>
    filter.words.length > 0 || filter.rule >= 0 || filter.class >= 0 || filter.warning >= 0 || filter.families.size > 0;
  let rows = [];
  let active = null;
  let selected = null;
  let matches = params.length;
  let matching = null;

  const lower = params.map((row) => row[FIELD.name].toLowerCase());
  function passes(place) {
    const row = params[place];
    if (filter.rule >= 0 && !touches(place, filter.rule)) return false;
    if (filter.class >= 0 && row[FIELD.class] !== filter.class) return false;
    if (filter.families.size > 0 && !filter.families.has(familyKey(writerOf(place)))) return false;
    if (filter.warning >= 0 && !concerns(data.warnings[filter.warning], place)) return false;
    return filter.words.every((word) => lower[place].includes(word)
      || writerOf(place).initializer.toLowerCase().includes(word) || classOf(place).toLowerCase().includes(word));
  }

  function applyFilter() {
    if (!isFiltered()) {
      matching = null;
      matches = params.length;
    } else {
      matching = new Uint8Array(nodes.length);
      matches = 0;
      for (const node of nodes) {
        if (node.param < 0 || !passes(node.param)) continue;
        matches++;
        for (let above = node; above.level >= 0 && !matching[above.index]; above = above.parent) matching[above.index] = 1;
      }
    }
    layOut();
    byId("tree").scrollTop = 0;
    byId("count").textContent = matching
      ? plural(matches, "parameter").replace(" ", " of " + count(params.length) + " ")
      : plural(params.length, "parameter");
    byId("clear").disabled = !isFiltered();
  }

  /// The rows that are open, of a filtered tree all that match.
  function layOut() {
    rows = [];
    for (let index = 0; index < nodes.length;) {
      const node = nodes[index];
      if (matching && !matching[index]) {
        index = node.end;
        continue;
      }
      node.row = rows.length;
      rows.push(node);
      index = node.param < 0 && !node.isOpen && !matching ? node.end : index + 1;
    }
    byId("space").style.height = rows.length * ROW + "px";
    if (active && (rows[active.row] !== active)) active = null;
    active = active || rows[0] || null;
    draw();
  }

  let drawn = 0;
  function drawSoon() {
    if (!drawn) drawn = requestAnimationFrame(draw);
  }
  /// Draws the rows that are in sight, and some around them.
  function draw() {
    cancelAnimationFrame(drawn);
    drawn = 0;
    const tree = byId("tree");
    const first = Math.max(0, Math.floor(tree.scrollTop / ROW) - SPARE);
    const last = Math.min(rows.length, Math.ceil((tree.scrollTop + tree.clientHeight) / ROW) + SPARE);
    const shown = rows.slice(first, last).map(drawRow);
    byId("rows").style.transform = "translateY(" + first * ROW + "px)";
    byId("rows").replaceChildren(...shown);
    if (rows.length === 0) {
      byId("rows").replaceChildren(element("p", { class: "hint" }, "No parameter matches."));
    }
    const isDrawn = active && active.row >= first && active.row < last;
    if (isDrawn) tree.setAttribute("aria-activedescendant", "node" + active.index);
    else tree.removeAttribute("aria-activedescendant");
  }

  function drawRow(node) {
    const isModule = node.param < 0;
    const isOpen = isModule && (node.isOpen || matching !== null);
    const row = element("div", {
      id: "node" + node.index,
      class: "item" + (isModule ? " module" : "") + (node === active ? " active" : ""),
      role: "treeitem",
      "aria-level": node.level + 1,
      "aria-setsize": node.siblings,
      "aria-posinset": node.position,
      "aria-selected": node === selected ? "true" : "false",
      "aria-expanded": isModule ? String(isOpen) : null,
    });
    const name = element("span", { class: "name" });
    name.style.paddingLeft = 10 + Math.min(node.level, 16) * 16 + "px";
    if (isModule) {
      name.append(element("span", { class: "twist", "aria-hidden": "true" }, isOpen ? "▼" : "▶"), element("span", {}, visible(node.label)));
      row.append(name, element("span", { class: "muted" }, plural(node.total, "parameter")),
        element("span", { class: "by" }, ...[...node.writers.values()].reverse().slice(0, 6).map(swatch)));
    } else {
      const writer = writerOf(node.param);
      name.append(swatch(writer), element("span", {}, visible(node.label)));
      if (params[node.param][FIELD.flags]) name.append(element("span", { class: "alert", title: "A warning is about it" }, "!"));
      row.setAttribute("aria-label", visible(node.label) + ", " + shapeText(shapeOf(node.param)) + ", " + writer.initializer + ", written by " + writer.by);
      row.append(
        name,
        element("span", { class: "muted" }, shapeText(shapeOf(node.param))),
        element("span", { class: "by", title: writer.initializer }, visible(writer.by)),
      );
    }
    return row;
  }

  function moveTo(node) {
    if (!node) return;
    active = node;
    const tree = byId("tree");
    const top = node.row * ROW;
    if (top < tree.scrollTop) tree.scrollTop = top;
    if (top + ROW > tree.scrollTop + tree.clientHeight) tree.scrollTop = top + ROW - tree.clientHeight;
    draw();
  }

  function toggle(node, isOpen) {
    if (node.param >= 0 || matching || node.isOpen === isOpen) return;
    node.isOpen = isOpen;
    active = node;
    layOut();
  }

  function choose(node) {
    location.hash = node.param >= 0 ? paramLink(node.path) : "#module=" + encodeURIComponent(node.path);
  }

  /// Opens what a node stands in and scrolls to it.
  function reveal(node) {
    if (!node) return;
    selected = node;
    if (matching && !matching[node.index]) byId("filters").reset(), resetFilter();
    for (let above = node.parent; above.level >= 0; above = above.parent) above.isOpen = true;
    active = node;
    layOut();
    const tree = byId("tree");
    const top = node.row * ROW;
    if (top < tree.scrollTop || top + ROW > tree.scrollTop + tree.clientHeight) {
      tree.scrollTop = Math.max(0, top - tree.clientHeight / 2);
    }
    draw();
  }

  const onKey = {
    ArrowDown: () => moveTo(rows[active.row + 1]),
    ArrowUp: () => moveTo(rows[active.row - 1]),
    PageDown: () => moveTo(rows[Math.min(rows.length - 1, active.row + page())]),
    PageUp: () => moveTo(rows[Math.max(0, active.row - page())]),
    Home: () => moveTo(rows[0]),
    End: () => moveTo(rows[rows.length - 1]),
    ArrowRight: () => {
      if (active.param < 0 && !active.isOpen && !matching) toggle(active, true);
      else if (active.param < 0) moveTo(rows[active.row + 1]);
    },
    ArrowLeft: () => {
      if (active.param < 0 && active.isOpen && !matching) toggle(active, false);
      else if (active.parent.level >= 0) moveTo(active.parent);
    },
    Enter: () => choose(active),
    " ": () => choose(active),
  };
  const page = () => Math.max(1, Math.floor(byId("tree").clientHeight / ROW) - 1);

  // --- Filters --------------------------------------------------------------------------------------------------------

  function drawFamilies() {
    const totals = new Map();
    params.forEach((row, place) => {
      const writer = writerOf(place);
      const key = familyKey(writer);
      if (!totals.has(key)) totals.set(key, { writer, params: 0, elements: 0 });
      const total = totals.get(key);
      total.params++;
      total.elements += elementsOf(shapeOf(place));
    });
    const families = [...totals.entries()].sort((a, b) => b[1].params - a[1].params);
    for (const [key, { writer, params: number, elements }] of families) {
      const { style } = look(writer.family);
      const part = element("i", { class: style });
      part.style.flexGrow = String(number);
      byId("bar").append(part);
      const by = writer.kind === "rule" ? "" : " · no rule";
      const chip = element(
        "button",
        { type: "button", class: "chip", "aria-pressed": "false", title: count(elements) + " elements" },
        swatch(writer), element("span", {}, visible(writer.family) + by), element("b", {}, count(number)),
      );
      chip.dataset.family = key;
      chip.addEventListener("click", () => {
        const isOn = !filter.families.delete(key);
        if (isOn) filter.families.add(key);
        chip.setAttribute("aria-pressed", String(isOn));
        applyFilter();
      });
      byId("families").append(chip);
    }
  }

  function options(select, all, texts) {
    select.append(element("option", { value: "-1" }, all), ...texts.map(([value, text]) => element("option", { value }, text)));
    select.disabled = texts.length === 0;
  }

  function drawFilters() {
    options(byId("by-rule"), "every rule", data.rules.map((rule, place) => [place, ruleName(rule) + " · " + rule.type]));
    const classes = [...new Set(params.map((row) => row[FIELD.class]))];
    classes.sort((a, b) => (data.classes[a] < data.classes[b] ? -1 : 1));
    options(byId("by-class"), "every class", classes.map((place) => [place, visible(data.classes[place])]));
    const warnings = data.warnings.map((warning, place) => [place, warning]);
    options(
      byId("by-warning"), "with and without",
      warnings.map(([place, warning]) => [place, (WARNINGS[warning.kind] || warning.kind) + (warning.module && ": " + visible(warning.module))]),
    );
    const set = (id, key) => byId(id).addEventListener("change", () => {
      filter[key] = Number(byId(id).value);
      applyFilter();
    });
    set("by-rule", "rule");
    set("by-class", "class");
    set("by-warning", "warning");
    let waiting = 0;
    byId("search").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        filter.words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
        applyFilter();
      }, 60);
    });
    byId("filters").addEventListener("submit", (event) => {
      event.preventDefault();
      byId("tree").focus();
    });
    byId("filters").addEventListener("reset", resetFilter);
    byId("expand").addEventListener("click", () => openAll(true));
    byId("collapse").addEventListener("click", () => openAll(false));
  }

  function openAll(isOpen) {
    nodes.forEach((node) => { node.isOpen = isOpen; });
    layOut();
  }

  function resetFilter() {
    Object.assign(filter, { words: [], rule: -1, class: -1, warning: -1 });
    filter.families.clear();
    document.querySelectorAll(".chip").forEach((chip) => chip.setAttribute("aria-pressed", "false"));
    applyFilter();
  }

  /// Shows the parameters of a rule or a warning alone.
  function filterBy(id, place) {
    byId("filters").reset();
    byId(id).value = String(place);
    byId(id).dispatchEvent(new Event("change"));
    byId("tree").focus();
  }

  // --- The pane on the right ------------------------------------------------------------------------------------------

  function heading(text, isName, ...above) {
    const title = element("h2", { tabindex: "-1", id: "detail-title", class: isName ? "name" : null });
    // A long name breaks behind a dot or an underscore.
    for (const part of text.split(/(?<=[._])/)) title.append(part, element("wbr"));
    return [above.length ? element("p", { class: "crumbs" }, ...above) : null, title];
  }

  function facts(entries) {
    const list = element("dl", { class: "facts" });
    for (const [term, text] of entries) {
      if (text !== null) list.append(element("div", {}, element("dt", {}, term), element("dd", {}, text)));
    }
    return list;
  }

  function crumbs(name) {
    const parts = name.split(".").slice(0, MOST_DEPTH);
    const made = [element("a", { href: "#overview" }, "model")];
    for (let end = 1; end < parts.length; end++) {
      const path = parts.slice(0, end).join(".");
      made.push(" › ", element("a", { href: "#module=" + encodeURIComponent(path) }, visible(parts[end - 1])));
    }
    return made;
  }

  function showParam(place) {
    const row = params[place];
    const writer = writerOf(place);
    const shape = shapeOf(place);
    const scale = row[FIELD.scale] === null ? null : data.scales[row[FIELD.scale]];
    const rule = writer.rule === null ? null : data.rules[writer.rule];
    const also = otherNames.get(row[FIELD.name]) || [];
    const parts = [
      ...heading(visible(row[FIELD.name]), true, ...crumbs(row[FIELD.name])),
      element("p", { class: "lead" }, swatch(writer), element("code", {}, visible(writer.initializer)),
        element("span", {}, "by ", rule ? element("a", { href: ruleLink(rule) }, visible(writer.by)) : visible(writer.by))),
      facts([
        ["Shape", shapeText(shape)], ["Elements", count(elementsOf(shape))], ["Element type", row[FIELD.dtype]],
        ["Layer", visible(classOf(place))],
        ["fan in", scale && scale.fans ? count(scale.fans[0]) : null],
        ["fan out", scale && scale.fans ? count(scale.fans[1]) : null],
      ]),
    ];
    if (also.length) parts.push(element("p", { class: "note" }, "Also known as " + also.map(visible).join(", ")));
    if (scale) {
      parts.push(element("h3", {}, "Scale"), element("p", { class: "formula" }, scale.formula));
      if (scale.words) parts.push(element("p", {}, "The values are " + scale.words + "."));
    }
    if (row[FIELD.histogram] !== null) parts.push(...histogram(place, data.histograms[row[FIELD.histogram]], scale));
    if (row[FIELD.spectrum] !== null) parts.push(...spectrum(place, data.spectra[row[FIELD.spectrum]], scale));
    parts.push(element("h3", {}, "Why"));
    if (row[FIELD.list] === null) {
      parts.push(element("p", {}, "There are too many rules to list for every parameter. ", element("code", {}, "weight-init explain"), " lists those of one."));
    } else {
      const list = data.lists[row[FIELD.list]];
      if (list.length) parts.push(element("ol", { class: "looks", "aria-label": "Rules that were considered, in program order" }, ...list.map(drawLook)));
      parts.push(element("p", { class: "note verdict" }, visible(data.texts[row[FIELD.verdict]]).replaceAll("\\u{a}", "\n")));
    }
    return parts;
  }

  function drawLook(place) {
    const [rule, result, text] = data.looks[place];
    const label = { wins: "wins", overwritten: "overwritten", no: "does not" }[result];
    const start = rule === null ? -1 : text.indexOf(": ");
    const said = start < 0 ? [visible(text)]
      : [element("a", { href: ruleLink(data.rules[rule]) }, visible(text.slice(0, start))), visible(text.slice(start))];
    return element("li", { class: result }, element("span", { class: "result" }, label), element("span", {}, ...said));
  }

  function density(distribution) {
    if (!distribution) return null;
    const { kind, mean, std, a, b } = distribution;
    const bell = (x) => Math.exp(-((x - mean) ** 2) / (2 * std * std)) / (std * Math.sqrt(2 * Math.PI));
    if (kind === "uniform") return (x) => (x >= a && x <= b ? 1 / (b - a) : 0);
    if (kind === "normal") return bell;
    if (kind !== "trunc_normal") return null;
    // What lies within the bounds, by Simpson's rule.
    const low = Math.max(a ?? -Infinity, mean - 9 * std);
    const high = Math.min(b ?? Infinity, mean + 9 * std);
    let mass = 0;
    for (let at = 0; at <= 400; at++) {
      mass += bell(low + ((high - low) * at) / 400) * (at === 0 || at === 400 ? 1 : at % 2 ? 4 : 2);
    }
    mass *= (high - low) / 1200;
    return mass > 0 ? (x) => (x >= low && x <= high ? bell(x) / mass : 0) : null;
  }

  function histogram(place, found, scale) {
    const theory = density(scale && scale.distribution);
    const [width, height, left, bottom] = [520, 190, 8, 22];
    const bin = (found.high - found.low) / found.counts.length;
    const heights = found.counts.map((number) => number / (found.samples * bin));
    const points = [];
    for (let at = 0; theory && at <= 120; at++) {
      const x = found.low + ((found.high - found.low) * at) / 120;
      points.push([x, theory(x)]);
    }
    const top = Math.max(...heights, ...points.map((point) => point[1])) * 1.06;
    const toX = (x) => left + ((x - found.low) / (found.high - found.low)) * (width - 2 * left);
    const toY = (y) => (height - bottom) * (1 - y / top) ;
    const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: look(writerOf(place).family).style });
    const label = `Histogram of ${count(found.samples)} values from ${short(found.low)} to ${short(found.high)}, mean ${short(found.mean)}, standard deviation ${short(found.std)}`;
    chart.setAttribute("aria-label", label);
    heights.forEach((density, at) => {
      const x = toX(found.low + at * bin);
      const y = toY(density);
      chart.append(svg("rect", { class: "barpath", x: x + 0.5, y, width: Math.max(1, toX(found.low + (at + 1) * bin) - x - 1), height: height - bottom - y }));
    });
    chart.append(svg("line", { class: "axis", x1: left, x2: width - left, y1: height - bottom, y2: height - bottom }));
    if (points.length) {
      const inside = points.map(([x, y]) => toX(x).toFixed(1) + "," + toY(y).toFixed(1));
      chart.append(svg("polyline", { class: "density", points: inside.join(" ") }));
    }
    [[0, "start"], [0.25, "middle"], [0.5, "middle"], [0.75, "middle"], [1, "end"]].forEach(([share, anchor]) => {
      const x = found.low + (found.high - found.low) * share;
      const near = Math.abs(x) < (found.high - found.low) * 1e-9 ? 0 : x;
      chart.append(svg("text", { x: toX(x), y: height - 6, "text-anchor": anchor }, short(near)));
    });
    const total = elementsOf(shapeOf(found.param));
    const which = found.samples < total ? `The first ${count(found.samples)} of ${count(total)} values` : `All ${plural(found.samples, "value")}`;
    const of = found.param === place ? "" : `, of ${visible(params[found.param][FIELD.name])}, which has the same distribution and shape`;
    const key = element("p", { class: "key " + look(writerOf(place).family).style }, element("span", { class: "samples" }, "values of seed " + data.seed),
      points.length ? element("span", { class: "theory" }, "density of the initializer") : null);
    return [
      element("h3", {}, "Values"),
      element("figure", {}, key, chart, element("figcaption", {}, `${which} that seed ${data.seed} gives${of}: mean ${short(found.mean)}, standard deviation ${short(found.std)}.`)),
    ];
  }

  function spectrum(place, found, scale) {
    const [width, height, left, bottom] = [520, 130, 34, 20];
    const [rows, columns] = found.block;
    const most = found.values[0];
    if (!(most > 0)) return [];
    const toX = (at) => left + (at / Math.max(1, found.values.length - 1)) * (width - left - 8);
    const toY = (value) => (height - bottom - 6) * (1 - value / most) + 6;
    const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: look(writerOf(place).family).style });
    const least = found.values[found.values.length - 1];
    chart.setAttribute("aria-label", `Singular values from ${short(most)} down to ${short(least)}`);
    chart.append(svg("line", { class: "axis", x1: left, x2: width - 8, y1: height - bottom, y2: height - bottom }));
    chart.append(svg("text", { x: left - 6, y: 12, "text-anchor": "end" }, short(Number(most.toPrecision(2)))));
    chart.append(svg("text", { x: left - 6, y: height - bottom, "text-anchor": "end" }, "0"));
    found.values.forEach((value, at) => chart.append(svg("circle", { class: "dot", cx: toX(at), cy: toY(value), r: 2.4 })));
    chart.append(svg("text", { x: left, y: height - 5 }, "1"));
    chart.append(svg("text", { x: width - 8, y: height - 5, "text-anchor": "end" }, String(found.values.length)));
    const isWhole = rows === found.of[0] && columns === found.of[1];
    const block = isWhole ? `the whole ${rows} × ${columns} matrix` : `its leading block of ${rows} × ${columns}, of ${count(found.of[0])} × ${count(found.of[1])}`;
    const matrix = shapeOf(found.param).length > 2 ? " (outputs by all else)" : "";
    const distribution = scale && scale.distribution;
    const independent = distribution && distribution.kind === "normal" && distribution.mean === 0;
    const edges = independent
      ? ` For independent values of this standard deviation most lie between ${short(distribution.std * Math.abs(Math.sqrt(rows) - Math.sqrt(columns)))} and ${short(distribution.std * (Math.sqrt(rows) + Math.sqrt(columns)))}.`
      : "";
    const of = found.param === place ? "" : ` Computed for ${visible(params[found.param][FIELD.name])}, which has the same distribution and shape.`;
    return [
      element("h3", {}, "Singular values"),
      element("figure", {}, chart, element("figcaption", {}, `Of ${block}${matrix}: largest ${short(most)}, smallest ${short(least)}.${edges}${of}`)),
    ];
  }

  const MOST_LISTED = 200;
  function paramTable(places, title) {
    const body = element("tbody");
    for (const place of places.slice(0, MOST_LISTED)) {
      const row = params[place];
      body.append(element("tr", {}, element("td", {}, element("a", { href: paramLink(row[FIELD.name]), class: "mono" }, visible(row[FIELD.name]))),
        element("td", {}, shapeText(shapeOf(place))), element("td", {}, element("code", {}, visible(writerOf(place).initializer)))));
    }
    const more = places.length > MOST_LISTED ? element("p", { class: "note" }, `and ${count(places.length - MOST_LISTED)} more`) : null;
    return element("div", { class: "scroll" }, element("table", { "aria-label": title },
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Parameter"), element("th", { scope: "col" }, "Shape"), element("th", { scope: "col" }, "Initializer"))), body), more);
  }

  function showRule(number) {
    const rule = data.rules[number];
    const won = [];
    const lost = new Map();
    params.forEach((row, place) => {
      if (writerOf(place).rule === number) won.push(place);
      else if (touches(place, number)) {
        const to = writerOf(place);
        const key = to.rule === null ? to.by : ruleName(data.rules[to.rule]);
        if (!lost.has(key)) lost.set(key, { rule: to.rule, places: [] });
        lost.get(key).places.push(place);
      }
    });
    const parts = [
      ...heading(ruleName(rule), false, element("a", { href: "#overview" }, "model"), " › rules"),
      facts([["Type", rule.type], ["Matched", count(rule.matched)], ["Won", count(rule.won)], ["Lost", count(rule.matched - rule.won)]]),
    ];
    if (!rule.reached) parts.push(element("p", { class: "note" }, "No init_weights reaches the module of this rule."));
    for (const warning of data.warnings.filter((it) => it.module === rule.module && it.message.includes("rule " + rule.rule))) {
      parts.push(element("p", { class: "note" }, element("span", { class: "kind" }, WARNINGS[warning.kind] || warning.kind), visible(warning.message)));
    }
    parts.push(element("p", { class: "lead" }, element("button", { type: "button", onclick: () => filterBy("by-rule", number) }, "Show these in the tree")));
    if (lost.size) {
      const list = element("ul", { class: "looks" });
      for (const [name, { rule: winner, places }] of lost) {
        const to = winner === null ? visible(name) : element("a", { href: ruleLink(data.rules[winner]) }, name);
        const first = places.slice(0, 3).flatMap((place, at) => [at ? ", " : " — ", element("a", { class: "mono", href: paramLink(params[place][FIELD.name]) }, visible(params[place][FIELD.name]))]);
        list.append(element("li", { class: "overwritten" }, element("span", { class: "result" }, count(places.length) + " lost to"), element("span", {}, to, ...first, places.length > 3 ? ", …" : "")));
      }
      parts.push(element("h3", {}, "Lost"), list);
    }
    parts.push(element("h3", {}, "Won"), won.length ? paramTable(won, "Parameters that the rule writes last") : element("p", {}, "It writes no parameter last."));
    return parts;
  }

  function showModule(path) {
    const node = nodeOfModule.get(path);
    const places = [];
    for (let index = node.index; index < node.end; index++) if (nodes[index].param >= 0) places.push(nodes[index].param);
    const rules = data.rules.map((rule, number) => [rule, number]).filter(([rule]) => rule.module === path);
    return [
      ...heading(visible(path), true, ...crumbs(path)),
      facts([["Parameters", count(places.length)], ["Elements", count(places.reduce((sum, place) => sum + elementsOf(shapeOf(place)), 0))]]),
      ...(rules.length ? [element("h3", {}, "Rules of its init_cfg"), ruleTable(rules)] : []),
      element("h3", {}, "Parameters"), paramTable(places, "Parameters below the module"),
    ];
  }

  function ruleTable(rules) {
    const body = element("tbody");
    for (const [rule] of rules.slice(0, 500)) {
      const meter = element("i");
      meter.style.width = rule.matched ? (100 * rule.won) / rule.matched + "%" : "0";
      body.append(element("tr", {}, element("td", {}, element("a", { href: ruleLink(rule) }, ruleName(rule))), element("td", {}, rule.type),
        element("td", { class: "number" }, count(rule.matched)), element("td", { class: "number" }, count(rule.won)),
        element("td", {}, element("span", { class: "meter", "aria-hidden": "true" }, meter))));
    }
    return element("div", { class: "scroll" }, element("table", { "aria-label": "Rules" }, element("thead", {}, element("tr", {},
      element("th", { scope: "col" }, "Rule"), element("th", { scope: "col" }, "Type"), element("th", { scope: "col", class: "number" }, "Matched"),
      element("th", { scope: "col", class: "number" }, "Won"), element("th", { scope: "col" }, "Share"))), body),
      rules.length > 500 ? element("p", { class: "note" }, `and ${count(rules.length - 500)} more`) : null);
  }

  function showOverview() {
    const elements = params.reduce((sum, row, place) => sum + elementsOf(shapeOf(place)), 0);
    const byRules = params.reduce((sum, row, place) => sum + (writerOf(place).kind === "rule" ? 1 : 0), 0);
    const parts = [
      ...heading("Overview", false),
      facts([["Parameters", count(params.length)], ["Elements", count(elements)], ["Written by rules", count(byRules)],
        ["Written by no rule", count(params.length - byRules)], ["Buffers", count(data.buffers.length)], ["Rules", count(data.rules.length)]]),
      element("h3", {}, "Rules"),
      data.rules.length ? ruleTable(data.rules.map((rule, number) => [rule, number])) : element("p", {}, "The model has no init_cfg: constructors write every parameter."),
    ];
    if (data.loads.length) {
      parts.push(element("h3", {}, "Checkpoints"), ...data.loads.map((load) => element("p", { class: "note verdict" }, visible(load).replaceAll("\\u{a}", "\n"))));
    }
    if (data.buffers.length) {
      const body = element("tbody");
      for (const [name, , shape, dtype, content] of data.buffers.slice(0, MOST_LISTED)) {
        body.append(element("tr", {}, element("td", { class: "mono" }, visible(name)), element("td", {}, shapeText(data.shapes[shape])), element("td", {}, dtype), element("td", {}, visible(content))));
      }
      const more = data.buffers.length - MOST_LISTED;
      parts.push(element("details", {}, element("summary", {}, plural(data.buffers.length, "buffer")), element("div", { class: "scroll" },
        element("table", { "aria-label": "Buffers" }, element("thead", {}, element("tr", {}, ...["Buffer", "Shape", "Element type", "Content"].map((title) => element("th", { scope: "col" }, title)))), body)),
        more > 0 ? element("p", { class: "note" }, `and ${count(more)} more`) : null));
    }
    return parts;
  }

  // --- Links ----------------------------------------------------------------------------------------------------------

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function missing(what) {
    return [...heading("Not found", false), element("p", {}, what + " is not in this model.")];
  }

  function show(isFirst) {
    const [, kind, rest] = /^#(param|rule|module)=(.*)$/s.exec(location.hash) || [null, "overview", ""];
    const name = decoded(rest);
    let parts = [];
    let title = "";
    selected = null;
    if (kind === "param") {
      const place = placeOf.get(name);
      reveal(nodeOfParam.get(place));
      parts = place === undefined ? missing(visible(name)) : showParam(place);
      title = visible(name);
    } else if (kind === "rule") {
      const cut = name.lastIndexOf(",");
      const number = data.rules.findIndex((rule) => rule.module === name.slice(0, cut) && String(rule.rule) === name.slice(cut + 1));
      parts = number < 0 ? missing("The rule " + visible(name)) : showRule(number);
      title = number < 0 ? "" : ruleName(data.rules[number]);
    } else if (kind === "module") {
      reveal(nodeOfModule.get(name));
      parts = nodeOfModule.has(name) ? showModule(name) : missing(visible(name));
      title = visible(name);
    } else {
      parts = showOverview();
    }
    draw();
    byId("detail").replaceChildren(...parts.filter(Boolean));
    document.title = (title ? title + " · " : "") + visible(data.model) + " · weight-init";
    const isInTree = document.activeElement === byId("tree");
    if (!isFirst && !isInTree && location.hash !== "#params") byId("detail-title").focus({ preventScroll: true });
    const { top } = byId("detail").getBoundingClientRect();
    if (!isFirst && !isInTree && (top < 0 || top > innerHeight / 2)) byId("detail").scrollIntoView({ block: "start" });
  }

  // --- The rest of the page -------------------------------------------------------------------------------------------

  function drawWarnings() {
    byId("warnings").hidden = data.warnings.length === 0;
    byId("warnings-title").textContent = plural(data.warnings.length, "warning");
    byId("warning-list").append(...data.warnings.slice(0, 500).map((warning, place) => {
      const isShown = params.some((row, at) => concerns(warning, at));
      return element("li", {}, element("span", { class: "kind" }, WARNINGS[warning.kind] || warning.kind), visible(warning.message),
        isShown ? element("button", { type: "button", onclick: () => filterBy("by-warning", place) }, "Show") : null);
    }));
  }

  function drawRecipe() {
    const entries = [["Model", visible(data.model)], ["Seed", data.seed], ["Random stream", "version " + data.stream_version],
      ["Element type", data.dtype || "each its own"], ["weight-init", data.version], ["SHA-256 of the plan", data.digest]];
    byId("recipe").append(element("h2", {}, "Recipe"),
      element("dl", {}, ...entries.flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, text)])),
      element("p", { class: "note" }, "The same plan and seed give the same bits on every backend."));
  }

  const themes = ["system", "light", "dark"];
  const wishesDark = matchMedia("(prefers-color-scheme: dark)");
  let theme = 0;
  function setTheme() {
    const isDark = themes[theme] === "dark" || (themes[theme] === "system" && wishesDark.matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    byId("theme").textContent = "Theme: " + themes[theme];
  }

  /// A printed page has every parameter of the filter, not the rows in sight.
  function print() {
    const places = nodes.filter((node) => node.param >= 0 && (!matching || matching[node.index])).map((node) => node.param);
    const body = element("tbody");
    for (const place of places.slice(0, MOST_PRINTED)) {
      const row = params[place];
      const writer = writerOf(place);
      body.append(element("tr", {}, element("td", {}, swatch(writer)), element("td", { class: "mono" }, visible(row[FIELD.name])),
        element("td", {}, shapeText(shapeOf(place))), element("td", {}, visible(writer.initializer)), element("td", {}, visible(writer.by))));
    }
    const more = places.length > MOST_PRINTED ? element("p", {}, `The first ${count(MOST_PRINTED)} of ${count(places.length)}.`) : null;
    byId("print").replaceChildren(element("h2", {}, "Parameters"), element("table", {}, element("thead", {}, element("tr", {},
      ...["", "Parameter", "Shape", "Initializer", "Written by"].map((title) => element("th", {}, title)))), body), ...(more ? [more] : []));
  }

  function start() {
    setTheme();
    wishesDark.addEventListener("change", setTheme);
    byId("theme").addEventListener("click", () => {
      theme = (theme + 1) % themes.length;
      setTheme();
    });
    byId("subtitle").textContent = plural(params.length, "parameter") + " · seed " + data.seed;
    drawWarnings();
    drawFamilies();
    drawFilters();
    drawRecipe();
    const tree = byId("tree");
    tree.addEventListener("scroll", drawSoon, { passive: true });
    tree.addEventListener("keydown", (event) => {
      const act = onKey[event.key];
      if (!act || !active || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      act();
    });
    tree.addEventListener("click", (event) => {
      const item = event.target.closest(".item");
      if (!item) return;
      const node = nodes[Number(item.id.slice(4))];
      active = node;
      if (node.param < 0) toggle(node, !node.isOpen);
      choose(node);
      draw();
    });
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if (event.key !== "/" || isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      byId("search").focus();
    });
    addEventListener("hashchange", () => show(false));
    addEventListener("resize", drawSoon);
    addEventListener("beforeprint", print);
    addEventListener("afterprint", () => byId("print").replaceChildren());
    applyFilter();
    show(true);
  }

  start();
})();
