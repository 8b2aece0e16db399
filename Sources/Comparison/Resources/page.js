// SPDX-License-Identifier: Apache-2.0
// Evaluates the model's formulas, which the data holds, and fills its sentences: no formula, constant, rule or word of the model is written here.
// A test holds numbers, verdicts and sentences to the command's.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const definitions = Object.fromEntries(data.definitions.map((d) => [d.name, d]));
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

// Every number and text of a value by its path: Sources/Comparison/Model/Inputs.swift.
function add(inputs, value, name) {
  if (typeof value === "number") inputs.numbers[name] = { value, doubts: [] };
  else if (typeof value === "string") inputs.texts[name] = value;
  else if (value && typeof value === "object" && !Array.isArray(value)) {
    if (typeof value.value === "number" && Array.isArray(value.doubts)) inputs.numbers[name] = { value: value.value, doubts: value.doubts };
    else for (const [field, part] of Object.entries(value)) add(inputs, part, `${name}.${field}`);
  }
}

function inputsOf(budget, profile, image) {
  const inputs = { numbers: {}, texts: {}, messages: {} };
  for (const part of ["device", "radio", "battery", "usage", "limits"]) add(inputs, budget[part], part);
  add(inputs, data.cores.find((c) => c.core === budget.device.core), "core");
  add(inputs, profile, "profile");
  add(inputs, image, "image");
  const from = (sender) => profile.messages.filter((m) => m.sender === sender).map((m) => m.bytes);
  inputs.messages = { up: from("device"), down: from("server"), rotation: profile.rotation?.map((m) => m.bytes) };
  return inputs;
}

const operations = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b,
  ceil: Math.ceil, max: Math.max, exp2: (a) => 2 ** a, above: (a, b) => (a > b ? 1 : 0),
};
const both = (a, b) => (b.length ? [...new Set([...a, ...b])] : a);

// Sources/Comparison/Model/Evaluation.swift: a name gives a number with its kind and doubts, or undefined.
function evaluator(inputs) {
  const known = {};
  function quantity(name) {
    if (!(name in known)) {
      known[name] = undefined;
      for (const rule of definitions[name]?.rules ?? []) {
        const found = figure(rule.formula, 0);
        if (found) { known[name] = { ...found, kind: rule.kind }; break; }
      }
    }
    return known[name];
  }
  function figure(formula, bytes) {
    if (typeof formula === "number") return { value: formula, doubts: [] };
    if (typeof formula === "string") return inputs.numbers[formula] ?? quantity(formula);
    const [operation, ...rest] = formula;
    if (operation === "bytes") return { value: bytes, doubts: [] };
    if (operation === "only") return inputs.texts[rest[0]] === rest[1] ? figure(rest[2], bytes) : undefined;
    if (operation === "sum") {
      let total = inputs.messages[rest[0]] && { value: 0, doubts: [] };
      for (const message of inputs.messages[rest[0]] ?? []) {
        const part = total && figure(rest[1], message);
        total = part && { value: total.value + part.value, doubts: both(total.doubts, part.doubts) };
      }
      return total;
    }
    if (operation === "first") {
      for (const alternative of rest) {
        const found = figure(alternative, bytes);
        if (found) return found;
      }
      return undefined;
    }
    const a = figure(rest[0], bytes);
    if (!a) return undefined;
    if (operation === "choose") {
      const chosen = figure(a.value > 0 ? rest[1] : rest[2], bytes);
      return chosen && { value: chosen.value, doubts: both(chosen.doubts, a.doubts) };
    }
    if (rest.length === 1) return { value: operations[operation](a.value), doubts: a.doubts };
    const b = figure(rest[1], bytes);
    return b && { value: operations[operation](a.value, b.value), doubts: both(a.doubts, b.doubts) };
  }
  return quantity;
}

// Sources/Comparison/Model/Verdict.swift.
function verdictOf(values, growth, spread) {
  const use = {};
  for (const limit of data.limits) {
    const used = values[limit.definition];
    if (!used) continue;
    let margin = used.doubts.some((d) => d !== "at-least") ? data.margin : 0;
    if (limit.id === "readmission") margin = Math.max(margin, spread);
    const more = used.doubts.includes("at-least") ? growth[limit.id] ?? 1 : 1;
    const [low, high] = [used.value / (1 + margin), used.value * (1 + margin) * more];
    use[limit.id] = { value: used.value, doubts: used.doubts, low, high, fits: low > 1 ? "no" : high <= 1 ? "yes" : "open" };
  }
  const all = Object.values(use).map((u) => u.fits);
  const fits = all.includes("no") ? "no" : all.includes("open") ? "open" : "yes";
  const deciding = data.limits.map((l) => l.id).filter((id) => use[id] && (fits === "yes" || use[id].fits === fits));
  const weight = (id) => (fits === "open" ? use[id].high : use[id].value);
  const binding = deciding.reduce((a, b) => (a !== undefined && weight(a) >= weight(b) ? a : b), undefined);
  return { use, fits, binding };
}

const spreadOf = (time) => (time.value > 0 ? Math.max(time.high / time.value - 1, 1 - time.low / time.value) : 0);

// One scheme in one budget.
function row(budget, profile, needs) {
  const images = needs.some((n) => n.means_peers) ? data.peer_images : data.images;
  const image = images[budget.device.core]?.[profile.scheme];
  const inputs = inputsOf(budget, profile, image);
  const quantity = evaluator(inputs);
  const values = Object.fromEntries(data.definitions.map((d) => [d.name, quantity(d.name)]));
  return { profile, inputs, values, ...verdictOf(values, image?.growth ?? {}, spreadOf(profile.server_microseconds)), bytes: values.handshake_bytes.value };
}
const rowsOf = (budget, needs) => data.measurements.profiles.map((profile) => row(budget, profile, needs));

// Three significant digits: Sources/Comparison/Reports/Format.swift.
function short(number) {
  if (!Number.isFinite(number)) return "-";
  if (number === 0) return "0";
  const digits = Math.max(0, Math.min(9, 2 - Math.floor(Math.log10(Math.abs(number)))));
  const text = number.toFixed(digits);
  return digits > 0 ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

const sorted = (doubts) => data.doubts.filter((d) => doubts.includes(d.id));
const marks = (doubts) => sorted(doubts).map((d) => d.mark).join("");
const mark = (q) => data.letters[q.kind] + marks(q.kind === "live" ? q.doubts.filter((d) => d !== "timed") : q.doubts);
const words = (name, fillings = {}) =>
  Object.entries(fillings).reduce((text, [key, filling]) => text.replaceAll(`{${key}}`, () => filling), data.words[name]);
const rest = (doubts) => (doubts.length ? words("restsOn", { doubts: sorted(doubts).map((d) => d.words).join(", ") }) : "");
const share = (use) => (use.fits === "open" ? `${short(100 * use.low)} to ${short(100 * use.high)}` : short(100 * use.value));
const limitWords = (id) => data.limits.find((l) => l.id === id).words;

// Sources/Comparison/Needs/Need.swift.
const attackNamed = (name) => data.matrix.attacks.find((a) => a.name === name);
const hasCells = (scheme) => data.matrix.attacks.some((a) => a.outcomes[scheme]);
const obstacle = (need, scheme) => need.rows.map(attackNamed).filter(Boolean).find((a) => {
  const outcome = a.outcomes[scheme];
  return !outcome || outcome === "succeeded" || (need.must_apply && outcome === "not-applicable");
});
function unmet(needs, scheme) {
  for (const need of needs) {
    const attack = obstacle(need, scheme);
    if (attack) return { need, attack };
  }
  return undefined;
}
const outcomeWord = (attack, scheme) => data.outcome_words[attack.outcomes[scheme]];

// Sources/Comparison/Advice/Advice.swift.
function advise(budget, needs) {
  const rows = rowsOf(budget, needs);
  const candidates = rows.filter((r) => hasCells(r.profile.scheme) && !unmet(needs, r.profile.scheme));
  const least = (list, of) => list.reduce((a, b) => (a && of(a) <= of(b) ? a : b), undefined);
  const cheapest = (fits) => least(candidates.filter((r) => r.fits === fits), (r) => r.bytes);
  const mostUse = (r) => (r.binding ? r.use[r.binding].value : 0);
  return { budget, needs, rows, candidates, choice: cheapest("yes") ?? cheapest("open"), nearest: least(candidates, mostUse), mostUse };
}

function reason({ choice, candidates, nearest, mostUse }) {
  if (!choice) {
    if (!nearest?.binding) return words("noneMeets");
    return words("noneFits", { scheme: nearest.profile.scheme, use: short(mostUse(nearest)), limit: limitWords(nearest.binding) });
  }
  const alike = candidates.filter((r) => r.fits === choice.fits).length;
  const name = choice.fits === "open" ? "chooseOpen" : alike === 1 ? "chooseAlone" : "choose";
  return words(name, { scheme: choice.profile.scheme, count: String(alike), bytes: short(choice.bytes) });
}

function why({ choice, needs }, r) {
  const scheme = r.profile.scheme;
  if (!hasCells(scheme)) return words("unattacked");
  const lack = unmet(needs, scheme);
  if (lack) {
    return words("unmet", { need: lack.need.question, title: lack.attack.title, outcome: outcomeWord(lack.attack, scheme) ?? "not run",
      scheme, attack: lack.attack.name });
  }
  const use = r.use[r.binding];
  if (!use) return "";
  const limit = limitWords(r.binding);
  if (scheme === choice?.profile.scheme) return words("chosen", { limit, share: share(use) });
  if (r.fits === "no") return words("fails", { limit, use: short(use.value) });
  if (r.fits === "open") return words("unsure", { limit, share: share(use), rest: rest(use.doubts) });
  if (!choice || r.bytes <= choice.bytes) return words("equal");
  return words("dearer", { ratio: short(r.bytes / choice.bytes), bytes: short(r.bytes) });
}

// Sources/Comparison/Advice/Summary.swift.
function used({ choice }) {
  const use = choice.use[choice.binding];
  if (!use) return [];
  const names = Object.entries(choice.inputs.numbers)
    .filter(([name, figure]) => figure.doubts.includes("unverified") && isConstant(name)).map(([name]) => name).sort();
  return [words("used", { limit: limitWords(choice.binding), share: share(use), rest: rest(use.doubts) }),
    ...(names.length ? [words("doubted", { names: names.join(", ") })] : [])];
}

function besideDerivedKey({ choice, rows, budget }) {
  const rival = rows.find((r) => r.profile.scheme === "derived-key");
  if (!choice.profile.is_public_key || !rival) return [];
  const wins = data.compared
    .filter(({ column }) => choice.values[column] && rival.values[column]?.value > 0)
    .map(({ column, what }) => {
      const [mine, its] = [choice.values[column], rival.values[column]];
      const kinds = mine.kind === its.kind ? "" : words("otherKind", { mine: mine.kind, other: its.kind });
      return words("win", { ratio: short(mine.value / its.value), what }) + kinds;
    });
  return [words("wins", { scheme: choice.profile.scheme, wins: wins.join(", ") }), ...batterySentences(choice, rival, budget),
    words("pays", { remark: rival.profile.remark })];
}

function batterySentences(choice, rival, budget) {
  if (!choice.values.battery_days || !rival.values.battery_days) return [];
  const [mine, its] = [choice.values.battery_days.value, rival.values.battery_days.value];
  const [myHandshake, itsHandshake] = [choice.values.handshake_mj.value, rival.values.handshake_mj.value];
  const content = choice.values.content_mj.value;
  const rate = budget.usage.handshakes_per_day;
  const myRest = content / mine - rate * myHandshake;
  const itsRest = content / its - rate * itsHandshake;
  const tenth = (itsRest - 0.9 * myRest) / (0.9 * myHandshake - itsHandshake);
  return [words("shorter", { days: short(its - mine), all: short(its), share: short((100 * (its - mine)) / its) }),
    tenth > 0 && tenth <= data.sensitivity.most_handshakes ? words("tenth", { rate: short(tenth) }) : words("noTenth")];
}

// Sources/Comparison/Advice/Sensitivity.swift.
const isConstant = (name) => data.sensitivity.parts.some((part) => name.startsWith(`${part}.`));
function sensitivity(choice) {
  const { most_wrong: mostWrong, steps, given, shown, most_handshakes: most } = data.sensitivity;
  const numbers = choice.inputs.numbers;
  const fits = (name, value) => {
    const quantity = evaluator({ ...choice.inputs, numbers: { ...numbers, [name]: { ...numbers[name], value } } });
    return data.limits.every((l) => !(quantity(l.definition)?.value > 1));
  };
  const edge = (name, good, bad) => {
    for (let step = 0; step < steps; step++) {
      const middle = (good + bad) / 2;
      if (fits(name, middle)) good = middle;
      else bad = middle;
    }
    return good;
  };
  const sentences = [];
  const rate = "usage.handshakes_per_day";
  if (fits(rate, numbers[rate].value)) {
    const last = fits(rate, most) ? most : edge(rate, numbers[rate].value, most);
    sentences.push(last === most ? words("anyRate") : words("rate", { rate: short(last) }));
  }
  const turns = [];
  for (const name of Object.keys(numbers).sort()) {
    const { value, doubts } = numbers[name];
    if (value === 0 || !isConstant(name) || given.includes(name) || !fits(name, value)) continue;
    for (const bad of [value * mostWrong, value / mostWrong]) {
      if (!fits(name, bad)) turns.push({ name, value, doubts, factor: edge(name, value, bad) / value });
    }
  }
  const distance = (t) => (t.factor < 1 ? 1 / t.factor : t.factor);
  turns.sort((a, b) => distance(a) - distance(b) || (a.name < b.name ? -1 : 1));
  sentences.push(...turns.slice(0, shown).map((t) => words("turn", { name: t.name, value: short(t.value), doubts: rest(t.doubts),
    factor: short(t.factor), bound: words(t.factor < 1 ? "less" : "more") })));
  return turns.length ? sentences : [...sentences, words("noTurn")];
}

// Sources/Comparison/Reports/Report.swift.
function curveSentences({ budget, needs, choice }) {
  const core = data.cores.find((c) => c.core === budget.device.core);
  if (!core) return [];
  const known = [{ name: "own", cycles: core.x25519 }, ...core.curves];
  const changes = known.flatMap((curve) => {
    const device = { ...budget.device, x25519_cycles: curve.name === "own" ? undefined : curve.cycles };
    const other = advise({ ...budget, device }, needs).choice;
    if (other?.profile.scheme === choice?.profile.scheme) return [];
    return [words("curve", { curve: curve.name, cycles: short(curve.cycles.value), choice: other?.profile.scheme ?? "none" })];
  });
  return changes.length ? changes : [words("sameCurve", { curves: known.map((c) => c.name).join(", ") })];
}

function limitsOf({ budget: { limits, radio, battery }, rows }) {
  const parts = [words("memoryLimit", { share: short(100 * limits.memory_share) }),
    words("messageLimit", { seconds: short(limits.first_message_seconds) }),
    ...(radio.duty_cycle ? [words(radio.duty_window_s ? "hourLimit" : "dutyLimit", { share: short(100 * radio.duty_cycle.value) })] : []),
    ...(battery.capacity_mah ? [words("batteryLimit", { days: short(limits.battery_days) })] : []),
    words("fleetLimit", { seconds: short(limits.readmission_seconds) })];
  return words("limits", { limits: parts.join("; "), margin: short(100 * data.margin),
    spread: short(100 * Math.max(0, ...rows.map((r) => spreadOf(r.profile.server_microseconds)))) });
}
const needsOf = ({ needs }) => words("needs", { needs: needs.map((n) => `${n.id} (${n.question})`).join("; ") });

function summary(advice) {
  const { choice } = advice;
  if (!choice) return [reason(advice), ...curveSentences(advice)];
  const scheme = choice.profile.scheme;
  const open = data.matrix.attacks.filter((a) => a.outcomes[scheme] === "succeeded").map((a) => a.title).join("; ");
  return [reason(advice), choice.profile.remark, ...used(advice), ...(open ? [words("open", { scheme, attacks: open })] : []),
    ...besideDerivedKey(advice), ...sensitivity(choice), ...curveSentences(advice)];
}

// From here on: the page.
const element = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, content] of Object.entries(attributes)) node.setAttribute(name, content);
  node.append(...children);
  return node;
};
const $ = (id) => document.getElementById(id);
const usageFields = ["handshakes_per_day", "messages_per_day", "message_bytes", "fleet_size"];
const limitFields = ["memory_share", "first_message_seconds", "battery_days", "readmission_seconds"];
const family = (profile) => (profile.is_public_key ? "public" : "symmetric");

const partFields = ["device", "radio", "battery"];

// Every control's state, as the address has it behind its #.
function readState() {
  const state = new URLSearchParams();
  for (const name of [...partFields, "curve", ...usageFields, ...limitFields]) state.set(name, $(name).value);
  state.set("needs", data.needs.filter((n) => $(`need-${n.id}`).checked).map((n) => n.id).join(","));
  return state.toString();
}

function writeState(text) {
  const state = new URLSearchParams(text);
  for (const name of [...partFields, "curve"]) {
    if ([...$(name).options].some((option) => option.value === state.get(name))) $(name).value = state.get(name);
  }
  for (const name of [...usageFields, ...limitFields]) if (state.has(name)) $(name).value = state.get(name);
  if (state.has("needs")) {
    const asked = state.get("needs").split(",");
    for (const need of data.needs) $(`need-${need.id}`).checked = need.is_always || asked.includes(need.id);
  }
}

// The budget and the needs that a state stands for.
function situationOf(text) {
  const state = new URLSearchParams(text);
  const part = (name, list) => list[[...$(name).options].findIndex((option) => option.value === state.get(name))];
  const numbers = (names) => Object.fromEntries(names.map((name) => [name, Number(state.get(name))]));
  let device = part("device", data.devices);
  const curve = data.cores.find((c) => c.core === device.core)?.curves.find((c) => c.name === state.get("curve"));
  if (curve) device = { ...device, x25519_cycles: curve.cycles };
  else if (state.get("curve") === "own") device = { ...device, x25519_cycles: undefined };
  const budget = { device, radio: part("radio", data.radios), battery: part("battery", data.batteries),
    usage: numbers(usageFields), limits: numbers(limitFields) };
  const asked = state.get("needs").split(",");
  return { budget, needs: data.needs.filter((n) => n.is_always || asked.includes(n.id)) };
}

const inWords = ({ device, radio, battery, usage }) => `${device.title}; ${radio.title}; ${battery.title}; `
  + `${short(usage.handshakes_per_day)} handshakes and ${short(usage.messages_per_day)} messages of ${short(usage.message_bytes)} bytes a day; `
  + `${short(usage.fleet_size)} devices`;

// The chosen scheme and the derived key, handshake against handshake.
function showRival(rows, choice) {
  const kdf = rows.find((r) => r.profile.scheme === "derived-key");
  if (!choice || !kdf || choice === kdf) return $("rival").replaceChildren();
  const lines = [...data.compared.map((c) => [c.column, c.what]), ["battery_days", "battery"]].filter(([key]) => choice.values[key] && kdf.values[key]);
  const cell = (r, key, unit) => element("td", {}, `${short(r.values[key].value)} ${unit}`);
  $("rival").replaceChildren(
    element("caption", {}, "One handshake, and the battery's life"),
    element("thead", {}, element("tr", {}, element("th", {}, "what"), element("th", {}, "derived-key"),
      element("th", {}, choice.profile.scheme), element("th", {}, "ratio"))),
    element("tbody", {}, ...lines.map(([key, what]) => {
      const unit = data.columns.find((c) => c.key === key).unit;
      const ratio = choice.values[key].value / kdf.values[key].value;
      return element("tr", {}, element("th", {}, what), cell(kdf, key, unit), cell(choice, key, unit),
        element("td", { class: "ratio" }, `\u00d7 ${short(ratio)}`));
    })));
}

const fitWords = { yes: "\u2713 fits", no: "\u2717 does not", open: "? open" };
const fitLooks = { yes: "fits", no: "fails", open: "unsure" };

// How much of each limit a scheme uses: one cell for each, the one that decides marked; beside it the verdict of the other budget.
function showVerdicts(advice, other) {
  const { rows, choice } = advice;
  const limits = data.limits.filter((limit) => rows.some((r) => r.use[limit.id]));
  const head = element("tr", {}, element("th", { scope: "col" }, "scheme"), element("th", { scope: "col" }, "fits"),
    ...limits.map((limit) => element("th", { scope: "col" }, limit.words)),
    ...(other ? [element("th", { scope: "col" }, "beside")] : []));
  const body = rows.map((r) => element("tr", r === choice ? { class: "chosen" } : {},
    element("th", { scope: "row", title: r.profile.title }, r.profile.scheme),
    element("td", { class: fitLooks[r.fits], "data-scheme": r.profile.scheme, "data-fits": r.fits, "data-binding": r.binding },
      fitWords[r.fits]),
    ...limits.map((limit) => {
      const used = r.use[limit.id];
      if (!used) return element("td", {}, "-");
      const state = used.fits === "no" ? "over" : limit.id === r.binding ? `binds ${family(r.profile)}` : family(r.profile);
      return element("td", { class: `use ${limit.id === r.binding ? "most" : ""}` },
        element("span", {}, `${used.value <= 1 ? `${short(100 * used.value)} %` : `\u00d7 ${short(used.value)}`} `,
          element("i", {}, marks(used.doubts))),
        element("div", { class: "gauge" }, element("div", { class: `bar ${state}`, style: `width:${Math.min(used.value, 1) * 100}%` })));
    }),
    ...(other ? [besideCell(other.rows.find((o) => o.profile.scheme === r.profile.scheme), other)] : [])));
  $("verdicts").replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
  $("why").replaceChildren(...rows.flatMap((r) => [
    element("dt", {}, r.profile.scheme), element("dd", { "data-why": r.profile.scheme }, why(advice, r))]));
}

const besideCell = (r, other) => element("td", { class: fitLooks[r.fits], "data-beside": r.profile.scheme, "data-fits": r.fits },
  `${fitWords[r.fits]} (${limitWords(r.binding)}, ${short(100 * r.use[r.binding].value)} %)${r === other.choice ? ", chosen" : ""}`);

// The cells that decide, beside what a handshake costs; each says which command shows it.
function showCells({ rows, needs, choice }) {
  const costs = data.compared.map((c) => data.columns.find((column) => column.key === c.column));
  const head = element("tr", {}, element("th", { scope: "col" }, "scheme"),
    ...costs.map((c) => element("th", { scope: "col", title: c.meaning }, `${c.title}, ${c.unit}`)),
    ...data.needs.map((n) => element("th", { scope: "col", class: `name ${needs.includes(n) ? "asked" : ""}`, title: n.question },
      element("span", {}, n.id))));
  const body = rows.map((r) => element("tr", r === choice ? { class: "chosen" } : {},
    element("th", { scope: "row" }, r.profile.scheme),
    ...costs.map((c) => element("td", {}, r.values[c.key] ? `${short(r.values[c.key].value)} ` : "-",
      r.values[c.key] ? element("i", {}, mark(r.values[c.key])) : "")),
    ...data.needs.map((n) => {
      const scheme = r.profile.scheme;
      if (!hasCells(scheme)) return element("td", {}, "-");
      const attack = obstacle(n, scheme);
      const word = attack ? outcomeWord(attack, scheme) ?? "-" : "met";
      const command = `countersign matrix --scheme ${scheme} --attack ${(attack ? [attack.name] : n.rows).join(" --attack ")}`;
      return element("td", { class: attack ? "fails" : "fits", title: `${attack?.title ?? n.question}\n${command}`,
        "data-need": n.id, "data-scheme": scheme, "data-cell": word }, word);
    })));
  $("cells").replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}

// A bar's length on a track that keeps so many pixels free for the figure behind it.
const barLength = (part, room) => `width:calc((100% - ${room}px) * ${part})`;

// Where a day's energy goes: what the choice of a scheme can change at all.
function showDay(rows) {
  const parts = [["asleep", "neutral"], ["lost", "neutral light"], ["messages", "light"], ["handshakes", ""]];
  const energy = (r, key) => r.values[`${key}_mj`].value;
  const total = (r) => sum(parts.map(([key]) => energy(r, key)));
  const most = Math.max(...rows.map(total)) || 1;
  const bars = element("div", { class: "bars" });
  for (const r of rows) {
    const track = element("div", { class: "track" });
    for (const [key, look] of parts) {
      track.append(element("div", { class: `bar ${look.startsWith("neutral") ? "" : family(r.profile)} ${look}`,
        style: barLength(energy(r, key) / most, 74), title: `${key} ${short(energy(r, key))} mJ` }));
    }
    track.append(element("span", { class: "figure" }, `${short((100 * energy(r, "handshakes")) / total(r))} %`));
    bars.append(element("div", { class: "name", title: r.profile.title }, r.profile.scheme), track);
  }
  $("day").replaceChildren(bars);
}

// Only a name; the browser knows it and fetches nothing.
const svgNamespace = document.querySelector("svg").namespaceURI;
const svg = (tag, attributes = {}, ...children) => {
  const node = document.createElementNS(svgNamespace, tag);
  for (const [name, content] of Object.entries(attributes)) node.setAttribute(name, content);
  node.append(...children);
  return node;
};

// Battery life over the number of handshakes a day: where the schemes part.
function showLife({ budget, rows, choice }) {
  const panel = $("life").closest("figure");
  panel.hidden = !budget.battery.capacity_mah;
  if (panel.hidden) return;
  const names = ["derived-key", "derived-key-ephemeral", "compact-kk", "certified"];
  if (choice && !names.includes(choice.profile.scheme)) names.push(choice.profile.scheme);
  const shownRows = rows.filter((r) => names.includes(r.profile.scheme));
  // Where there is no room beside the curves their names stand below.
  const width = Math.max(300, Math.min(1000, $("life").clientWidth || 860));
  const isNarrow = width < 560;
  const edge = { left: 48, right: isNarrow ? 22 : 160, top: 14, bottom: 40 + (isNarrow ? 18 * shownRows.length : 0) };
  const height = 260 + edge.bottom;
  const [low, high] = [-1, 4];
  const x = (log) => edge.left + ((log - low) / (high - low)) * (width - edge.left - edge.right);
  const lifeAt = ({ inputs }, log) => {
    const numbers = { ...inputs.numbers, "usage.handshakes_per_day": { value: 10 ** log, doubts: [] } };
    return evaluator({ ...inputs, numbers })("battery_days").value;
  };
  const steps = Array.from({ length: 61 }, (_, i) => low + ((high - low) * i) / 60);
  const curves = shownRows.map((r) => ({ profile: r.profile, days: steps.map((log) => lifeAt(r, log)) }));
  const most = Math.max(...curves.flatMap((c) => c.days));
  const y = (days) => height - edge.bottom - (days / most) * (height - edge.top - edge.bottom);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Battery life in days over handshakes a day" });
  for (let log = low; log <= high; log++) {
    drawing.append(svg("line", { x1: x(log), x2: x(log), y1: edge.top, y2: height - edge.bottom, class: "grid" }),
      svg("text", { x: x(log), y: height - edge.bottom + 17, class: "middle" }, short(10 ** log)));
  }
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    drawing.append(svg("line", { x1: edge.left, x2: width - edge.right, y1: y(part * most), y2: y(part * most), class: "grid" }),
      svg("text", { x: edge.left - 8, y: y(part * most) + 4, class: "end" }, short(Math.round(part * most))));
  }
  drawing.append(svg("text", { x: x((low + high) / 2), y: height - edge.bottom + 35, class: "middle" }, "handshakes a day"));
  if (budget.limits.battery_days > 0 && budget.limits.battery_days < most) {
    const level = y(budget.limits.battery_days);
    drawing.append(svg("line", { x1: edge.left, x2: width - edge.right, y1: level, y2: level, class: "limit" }),
      svg("text", { x: edge.left + 6, y: level - 5 }, "your limit"));
  }
  const now = Math.log10(budget.usage.handshakes_per_day);
  if (now >= low && now <= high) {
    drawing.append(svg("line", { x1: x(now), x2: x(now), y1: edge.top, y2: height - edge.bottom, class: "now" }),
      svg("text", { x: x(now) + 5, y: edge.top + 10 }, "you"));
  }
  const dashes = ["", "7 4", "2 3", "10 3 2 3", "1 4"];
  const ends = curves.map((curve, index) => {
    const path = curve.days.map((days, i) => `${i ? "L" : "M"}${x(steps[i]).toFixed(1)} ${y(days).toFixed(1)}`).join("");
    drawing.append(svg("path", { d: path, class: `curve ${family(curve.profile)}`, "stroke-dasharray": dashes[index] }));
    return { name: curve.profile.scheme, look: family(curve.profile), dash: dashes[index], y: y(curve.days.at(-1)) };
  }).sort((a, b) => a.y - b.y);
  // Labels that would cover each other move apart, from the bottom up.
  let floor = isNarrow ? height : height - edge.bottom + 4;
  for (const end of ends.reverse()) {
    const place = isNarrow ? floor - 4 : Math.min(end.y + 4, floor);
    floor = place - (isNarrow ? 14 : 15);
    const left = isNarrow ? edge.left : width - edge.right + 8;
    if (isNarrow) {
      drawing.append(svg("path", { d: `M${left - 38} ${place - 4}h30`, class: `curve ${end.look}`, "stroke-dasharray": end.dash }));
    }
    drawing.append(svg("text", { x: left, y: place, class: `label ${end.look}` }, end.name));
  }
  $("life").replaceChildren(drawing);
}

const charts = [
  ["Bytes of a handshake", "B; device sends, then server", "handshake_bytes", ["device_bytes", "server_bytes"]],
  ["Energy of a handshake", "mJ; processor, then radio", "handshake_mj", ["cpu_mj", "radio_mj"]],
  ["Ready to send after", "s", "first_message_s"],
  ["One core takes the fleet back", "s", "readmission_s"],
  ["Flash and RAM", "B; flash, then RAM", "flash_bytes", ["flash_bytes", "ram_bytes"]],
];

function showCharts(rows) {
  const panels = charts.filter(([, , key]) => rows.some((r) => r.values[key])).map(([title, unit, key, parts]) => {
    const total = (r) => sum((parts || [key]).map((k) => (r.values[k] ? r.values[k].value : 0)));
    // One bar far beyond all others would hide them: it is cut, and says so.
    const sorted = rows.map(total).sort((a, b) => b - a);
    const most = (sorted[0] > 20 * sorted[1] && sorted[1] > 0 ? sorted[1] : sorted[0]) || 1;
    const bars = element("div", { class: "bars" });
    for (const r of rows) {
      const track = element("div", { class: "track" });
      (parts || [key]).forEach((k, index) => {
        if (!r.values[k]) return;
        track.append(element("div", {
          class: `bar ${family(r.profile)}${index ? " light" : ""}${total(r) > most ? " cut" : ""}`,
          style: barLength(Math.min(r.values[k].value / most, 1), 62),
          title: `${k} ${short(r.values[k].value)}` }));
      });
      track.append(element("span", { class: "figure" }, r.values[key] ? short(key === "flash_bytes" ? total(r) : r.values[key].value) : "-"));
      bars.append(element("div", { class: "name", title: r.profile.title }, r.profile.scheme), track);
    }
    return element("figure", { style: "margin:0" }, element("h3", {}, title, " ", element("small", {}, unit)), bars);
  });
  $("charts").replaceChildren(...panels);
}

function showTables(rows, choice) {
  const blocks = data.groups.flatMap((group) => {
    const columns = data.columns.filter((c) => c.group === group && rows.some((r) => r.values[c.key]));
    const head = element("tr", {}, element("th", { scope: "col" }, "scheme"),
      ...columns.map((c) => element("th", { scope: "col", title: c.meaning }, c.unit ? `${c.title}, ${c.unit}` : c.title)));
    const body = rows.map((r) => element("tr", r === choice ? { class: "chosen" } : {},
      element("th", { scope: "row" }, r.profile.scheme),
      ...columns.map((c) => {
        const q = r.values[c.key];
        if (!q) return element("td", {}, "-");
        return element("td", { "data-scheme": r.profile.scheme, "data-column": c.key, "data-value": String(q.value), "data-kind": q.kind, "data-doubts": q.doubts.toSorted().join(" ") },
          `${short(q.value)} `, element("i", {}, mark(q)));
      })));
    return [element("h3", {}, group),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": group },
        element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)))];
  });
  $("tables").replaceChildren(...blocks);
}

function showSources(budget) {
  const core = data.cores.find((c) => c.core === budget.device.core);
  const constants = (value, prefix, unit = "") => Object.entries(value ?? {})
    .filter(([, constant]) => constant?.doubts).map(([name, constant]) => [`${prefix}.${name}${unit}`, constant]);
  const lines = [...["device", "radio", "battery"].flatMap((part) => constants(budget[part], part)),
    ...constants(core, budget.device.core, ", cycles"),
    ...(core?.curves ?? []).map((c) => [`${budget.device.core}.x25519 of ${c.name}, cycles`, c.cycles])];
  $("sources").replaceChildren(element("thead", {}, element("tr", {}, ...["constant", "value", "source"].map((t) => element("th", {}, t)))),
    element("tbody", {}, ...lines.map(([name, c]) => element("tr", {}, element("td", {}, name), element("td", {}, String(c.value)),
      element("td", {}, `${c.source} ${marks(c.doubts)}`)))));
}

// The state that is kept beside the controls', or nothing.
let kept = "";

function update() {
  const invalid = [...usageFields, ...limitFields].map($).find((input) => !input.checkValidity() || !Number.isFinite(input.valueAsNumber));
  if (invalid) {
    $("complaint").textContent = `${invalid.id.replaceAll("_", " ")}: a number from ${invalid.min} to ${invalid.max}`;
    return;
  }
  $("complaint").textContent = "";
  const state = readState();
  const { budget, needs } = situationOf(state);
  const advice = advise(budget, needs);
  const { rows, choice } = advice;
  const other = kept && (({ budget, needs }) => advise(budget, needs))(situationOf(kept));
  $("situation").textContent = inWords(budget);
  $("limits").textContent = limitsOf(advice);
  $("asked").textContent = needsOf(advice);
  $("choice").replaceChildren(...summary(advice).map((s) => element("p", {}, s)));
  $("choice").dataset.scheme = choice ? choice.profile.scheme : "";
  for (const r of rows) $(`security-${r.profile.scheme}`).open = r === choice;
  $("beside").hidden = !other;
  if (other) {
    $("beside-situation").textContent = inWords(other.budget);
    $("beside-limits").textContent = limitsOf(other);
    $("beside-choice").textContent = reason(other);
  }
  showRival(rows, choice);
  showVerdicts(advice, other);
  showCells(advice);
  showDay(rows);
  showLife(advice);
  showCharts(rows);
  showTables(rows, choice);
  showSources(budget);
  remember(state);
}

// The address names what is shown, so that it can be sent on. Where a page may not change its address it stays as it is.
function remember(state) {
  const address = `#${state}${kept ? `&beside=${encodeURIComponent(kept)}` : ""}`;
  try { history.replaceState(null, "", address); } catch { /* a sandboxed frame */ }
}

function fillLists() {
  for (const [name, list] of [["device", data.devices], ["radio", data.radios], ["battery", data.batteries]]) {
    // A budget's own part may share its id with a shipped one: then it stands behind it, under an id of its own.
    $(name).replaceChildren(...list.map((entry, index) => {
      const isSecond = list.findIndex((e) => e.id === entry.id) < index;
      return element("option", { value: isSecond ? `${entry.id}-${index}` : entry.id }, entry.title);
    }));
  }
  const curves = [...new Set(data.cores.flatMap((c) => c.curves.map((curve) => curve.name)))];
  $("curve").replaceChildren(...[["", "as the device says"], ["own", "the firmware's own"], ...curves.map((c) => [c, c])]
    .map(([value, text]) => element("option", { value }, text)));
  $("needs").replaceChildren(...data.needs.map((n) => {
    const box = element("input", { type: "checkbox", id: `need-${n.id}`, ...(n.is_always ? { checked: "", disabled: "" } : {}) });
    return element("label", { class: "need" }, box, element("span", {}, n.question),
      element("small", {}, `${n.id}: ${n.rows.join(", ")}`));
  }));
}

function fillControls(budget) {
  for (const [name, list] of [["device", data.devices], ["radio", data.radios], ["battery", data.batteries]]) {
    const same = list.map((entry) => JSON.stringify(entry)).lastIndexOf(JSON.stringify(budget[name]));
    $(name).selectedIndex = same >= 0 ? same : 0;
  }
  $("curve").value = "";
  for (const name of usageFields) $(name).value = budget.usage[name];
  for (const name of limitFields) $(name).value = budget.limits[name];
  for (const need of data.needs) $(`need-${need.id}`).checked = data.asked.includes(need.id);
}

function start() {
  fillLists();
  if (data.beside) {
    fillControls(data.beside);
    kept = readState();
  }
  fillControls(data.budget);
  const address = location.hash.slice(1);
  if (address) {
    kept = new URLSearchParams(address).get("beside") ?? "";
    writeState(address);
  }
  update();
}

$("legend").textContent = data.legend + ".";
$("origin").textContent = data.origin + ".";
$("remarks").replaceChildren(...data.measurements.profiles.flatMap((p) => [
  element("dt", {}, p.scheme, " ", element("span", {}, p.title)),
  element("dd", {}, `${p.remark} Secrets in the server: ${p.server_keys.join("; ")}.`),
  element("dd", { class: "security" }, element("details", { id: `security-${p.scheme}` },
    element("summary", {}, "What an attacker gets, cell by cell"),
    element("p", { "data-security": p.scheme }, data.security[p.scheme])))]));
start();
for (const moved of ["input", "change"]) $("controls").addEventListener(moved, update);
$("controls").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("resize", update);
window.addEventListener("hashchange", start);
$("reset").addEventListener("click", () => { fillControls(data.budget); update(); });
$("keep").addEventListener("click", () => { kept = readState(); update(); });
$("drop").addEventListener("click", () => { kept = ""; update(); });
