// The arithmetic of Sources/Comparison/Model and Formulas, for the browser. A test holds both to the same numbers.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const value = (constant, fallback) => (constant ? constant.value : fallback);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

// Airtime in ms; see docs/reference/formulas.md.
function loraAirtime(payload, factor, bandwidthKhz) {
  let symbol = 1;
  for (let i = 0; i < factor; i++) symbol *= 2;
  symbol /= bandwidthKhz;
  const optimised = symbol > 16 ? 1 : 0;
  const blocks = Math.ceil((8 * payload - 4 * factor + 28 + 16) / (4 * (factor - 2 * optimised)));
  return (8 + 4.25 + 8 + Math.max(blocks * 5, 0)) * symbol;
}

function wifiAirtime(bytes, rateKbps) {
  return (20 + 4 * Math.ceil((16 + 8 * bytes + 6) / ((rateKbps * 4) / 1000))) / 1000;
}

function frameAirtime(radio, payload) {
  const bytes = payload + radio.frame_overhead.value;
  if (radio.technology === "lorawan") {
    return loraAirtime(bytes, value(radio.spreading_factor, 12), value(radio.bandwidth_khz, 125));
  }
  if (radio.technology === "wifi") return wifiAirtime(bytes, value(radio.rate_kbps, 6000));
  return (8 * bytes) / value(radio.rate_kbps, 1);
}

function frames(radio, bytes) {
  if (bytes <= radio.frame_payload.value) return 1;
  return Math.ceil(bytes / (radio.frame_payload.value - radio.fragment_header.value));
}

function airtime(radio, bytes) {
  const count = frames(radio, bytes);
  const header = count > 1 ? radio.fragment_header.value : 0;
  const full = radio.frame_payload.value - header;
  const last = bytes - (count - 1) * full;
  return ((count - 1) * frameAirtime(radio, full + header) + frameAirtime(radio, last + header)) * value(radio.repetitions, 1);
}

const millijoules = (volts, milliamperes, milliseconds) => (volts * milliamperes * milliseconds) / 1000;

// A number with its kind; unverified as soon as one constant in it is.
const quantity = (number, kind, constants = []) => ({ value: number, kind, verified: constants.every((c) => !c || c.verified) });
const live = (number) => quantity(number, "live");
const computed = (number, constants) => quantity(number, "computed", constants);

function cyclesOf(core, counts) {
  return counts.x25519_base * core.x25519_base.value + counts.x25519 * core.x25519.value
    + counts.ed25519_sign * core.ed25519_sign.value + counts.ed25519_verify * core.ed25519_verify.value
    + counts.hash_blocks * core.hash_block.value + counts.aead_calls * core.aead_call.value
    + counts.aead_bytes * core.aead_byte.value;
}

function coreTime(budget, counts) {
  const core = data.cores.find((c) => c.core === budget.device.core);
  if (!core) return computed(0);
  const constants = Object.values(core).filter((c) => typeof c === "object");
  return computed(
    (cyclesOf(core, counts) + difference(budget, counts)) / (budget.device.clock_mhz.value * 1000),
    [...constants, budget.device.clock_mhz, budget.device.x25519_cycles]);
}

// What the device's own library takes more, or less, for X25519 than the one that was measured, in cycles.
function difference(budget, counts) {
  const own = budget.device.x25519_cycles;
  const core = data.cores.find((c) => c.core === budget.device.core);
  if (!own || !core) return 0;
  return counts.x25519_base * (own.value - core.x25519_base.value) + counts.x25519 * (own.value - core.x25519.value);
}

function onTarget(profile, core) {
  if (!data.on_target) return undefined;
  return data.on_target.records.find(
    (r) => r.core === core && r.scheme === profile.scheme && ["device", "initiator", "client"].includes(r.role));
}

function processorTime(budget, profile) {
  const device = budget.device;
  if (device.core === "host") return live(profile.device_microseconds / 1000);
  const record = onTarget(profile, device.core);
  if (record && record.cycles !== undefined) {
    if (!device.x25519_cycles) return quantity(record.cycles / (device.clock_mhz.value * 1000), "on-target", [device.clock_mhz]);
    const cycles = record.cycles + difference(budget, profile.operations);
    return computed(cycles / (device.clock_mhz.value * 1000), [device.clock_mhz, device.x25519_cycles]);
  }
  return coreTime(budget, profile.operations);
}

function radioEnergy(radio, up, down) {
  const sending = sum(up.map((b) => airtime(radio, b)));
  const receiving = sum(down.map((b) => airtime(radio, b)));
  const listening = sum(up.map((b) => frames(radio, b))) * value(radio.listen_ms, 0) + value(radio.wake_ms, 0);
  return millijoules(radio.volts.value, radio.tx_ma.value, sending)
    + millijoules(radio.volts.value, radio.rx_ma.value, receiving + listening);
}

// One scheme in one budget: Sources/Comparison/Model/CostModel.swift.
function row(budget, profile) {
  const { device, radio, battery, usage, limits } = budget;
  const up = profile.messages.filter((m) => m.sender === "device").map((m) => m.bytes);
  const down = profile.messages.filter((m) => m.sender === "server").map((m) => m.bytes);
  const values = {};
  const handshakeBytes = sum(up) + sum(down);
  values.handshake_bytes = live(handshakeBytes);
  values.device_bytes = live(sum(up));
  values.server_bytes = live(sum(down));
  const framing = [radio.frame_payload, radio.fragment_header];
  values.frames_up = computed(sum(up.map((b) => frames(radio, b))), framing);
  values.frames_down = computed(sum(down.map((b) => frames(radio, b))), framing);
  values.round_trips = live(Math.ceil(profile.messages.length / 2));
  values.message_bytes = live(usage.message_bytes + profile.message_overhead);
  if (profile.rotation) values.rotation_bytes = live(handshakeBytes + sum(profile.rotation.map((m) => m.bytes)));

  const time = processorTime(budget, profile);
  const processor = (ms) => millijoules(device.volts.value, device.active_ma.value, ms);
  values.cpu_ms = time;
  values.cpu_mj = computed(processor(time.value), [device.volts, device.active_ma, time]);
  const record = device.core === "host" ? undefined : onTarget(profile, device.core);
  if (record && record.flash_bytes !== undefined) values.flash_bytes = quantity(record.flash_bytes, "on-target");
  if (record && record.ram_bytes !== undefined) values.ram_bytes = quantity(record.ram_bytes, "on-target");
  values.device_storage = computed(profile.device_storage);

  const air = [radio.frame_payload, radio.frame_overhead, radio.fragment_header, radio.rate_kbps, radio.spreading_factor,
    radio.bandwidth_khz, radio.repetitions];
  const sending = sum(up.map((b) => airtime(radio, b)));
  const receiving = sum(down.map((b) => airtime(radio, b)));
  values.airtime_up_ms = computed(sending, air);
  values.airtime_down_ms = computed(receiving, air);
  const silence = (sending * (1 / value(radio.duty_cycle, 1) - 1)) / 1000;
  values.silence_s = computed(silence, [...air, radio.duty_cycle]);
  values.first_message_s = computed(
    (time.value + value(radio.wake_ms, 0) + sending + receiving + profile.server_microseconds / 1000) / 1000 + silence,
    [...air, radio.duty_cycle, radio.wake_ms, time]);
  const radioConstants = [...air, radio.tx_ma, radio.rx_ma, radio.volts, radio.listen_ms, radio.wake_ms];
  const radioCost = radioEnergy(radio, up, down);
  values.radio_mj = computed(radioCost, radioConstants);
  const handshake = processor(time.value) + radioCost;
  values.handshake_mj = computed(handshake, [...radioConstants, device.volts, device.active_ma]);
  const length = usage.message_bytes + profile.message_overhead;
  const bare = radioEnergy(radio, [usage.message_bytes], []);
  const seal = { x25519_base: 0, x25519: 0, ed25519_sign: 0, ed25519_verify: 0, hash_blocks: 0, aead_calls: 1, aead_bytes: usage.message_bytes };
  const message = radioEnergy(radio, [length], []) + processor(coreTime(budget, seal).value);
  values.message_mj = computed(message, radioConstants);
  const asleep = (device.sleep_ua.value / 1000) * device.volts.value * 86400;
  const content = battery.capacity_mah ? battery.capacity_mah.value * 3.6 * battery.volts.value * 1000 : 0;
  const lost = (content * value(battery.self_discharge_percent, 0)) / 100 / 365;
  const perDay = usage.handshakes_per_day * handshake + usage.messages_per_day * message + asleep + lost;
  const forSecurity = usage.handshakes_per_day * handshake + usage.messages_per_day * (message - bare);
  const day = [...radioConstants, device.sleep_ua, device.volts, device.active_ma, battery.capacity_mah, battery.volts,
    battery.self_discharge_percent];
  values.security_share = computed(perDay > 0 ? (100 * forSecurity) / perDay : 0, day);
  if (battery.capacity_mah && perDay > 0) values.battery_days = computed(content / perDay, day);
  const dailyAirtime = (usage.handshakes_per_day * sending + usage.messages_per_day * airtime(radio, length)) / 86400000;
  values.server_us = live(profile.server_microseconds);
  values.readmission_s = computed((profile.server_microseconds * usage.fleet_size) / 1000000);
  values.server_storage = computed(profile.server_storage);

  // Sources/Comparison/Model/Verdict.swift.
  const use = {};
  if (values.flash_bytes && device.flash_kib) use.flash = values.flash_bytes.value / (device.flash_kib.value * 1024 * limits.memory_share);
  if (values.ram_bytes && device.ram_kib) use.ram = values.ram_bytes.value / (device.ram_kib.value * 1024 * limits.memory_share);
  use["first-message"] = values.first_message_s.value / limits.first_message_seconds;
  if (radio.duty_cycle) use["duty-cycle"] = dailyAirtime / radio.duty_cycle.value;
  if (values.battery_days) use.battery = limits.battery_days / values.battery_days.value;
  use.readmission = values.readmission_s.value / limits.readmission_seconds;
  const binding = Object.keys(use).reduce((a, b) => (use[b] > use[a] ? b : a));
  const daily = { asleep, lost, messages: usage.messages_per_day * message, handshakes: usage.handshakes_per_day * handshake };
  return { profile, values, use, binding, daily, fits: Object.values(use).every((u) => u <= 1) };
}

// Three significant digits: Sources/Comparison/Reports/Format.swift.
function short(number) {
  if (!Number.isFinite(number)) return "-";
  if (number === 0) return "0";
  const digits = Math.max(0, Math.min(9, 2 - Math.floor(Math.log10(Math.abs(number)))));
  const text = number.toFixed(digits);
  return digits > 0 ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

const letters = { live: "m", "on-target": "t", computed: "c", constant: "k" };
const mark = (q) => letters[q.kind] + (q.verified ? "" : "?");

// Sources/Comparison/Model/Advice.swift.
function choose(rows) {
  for (const name of data.preference) {
    const found = rows.find((r) => r.profile.scheme === name && r.fits);
    if (found) return found;
  }
  return undefined;
}

const compared = [["handshake_bytes", "bytes on the wire"], ["cpu_ms", "processor time"], ["handshake_mj", "energy"],
  ["server_us", "server time"]];

// How much longer the battery lasts with the derived key, and from how many handshakes a day on that is a tenth.
function batterySentences(choice, kdf, budget) {
  if (!choice.values.battery_days || !kdf.values.battery_days) return [];
  const mine = choice.values.battery_days.value;
  const its = kdf.values.battery_days.value;
  const content = budget.battery.capacity_mah.value * 3.6 * budget.battery.volts.value * 1000;
  const rate = budget.usage.handshakes_per_day;
  const myHandshake = choice.values.handshake_mj.value;
  const itsHandshake = kdf.values.handshake_mj.value;
  const myRest = content / mine - rate * myHandshake;
  const itsRest = content / its - rate * itsHandshake;
  const tenth = (itsRest - 0.9 * myRest) / (0.9 * myHandshake - itsHandshake);
  return [
    `Over the battery's life that is ${short(its - mine)} days of ${short(its)} (${short((100 * (its - mine)) / its)} %).`,
    tenth > 0 && tenth <= 86400
      ? `From ${short(tenth)} handshakes a day on, the derived key saves a tenth of the battery's life or more.`
      : "At no rate up to one handshake a second does the derived key save a tenth of the battery's life.",
  ];
}

// Where only symmetric schemes fit: what keeps the others out, and by how much.
function nearestPublicKey(rows) {
  const others = rows.filter((r) => r.profile.is_public_key);
  if (!others.length) return [];
  const nearest = others.reduce((a, b) => (b.use[b.binding] < a.use[a.binding] ? b : a));
  return ["Here the derived key wins outright: no scheme fits in which a device has a key of its own. Nearest comes "
    + `${nearest.profile.scheme}, with ${short(nearest.use[nearest.binding])} times what is allowed of: `
    + `${data.limit_words[nearest.binding]}.`];
}

function summary(rows, budget) {
  const choice = choose(rows);
  if (!choice) return ["No scheme fits this budget: see which limit binds each, and change that."];
  const sentences = [`Choose ${choice.profile.scheme}: of the schemes that fit, it gives most.`, choice.profile.remark];
  if (!choice.profile.is_public_key) return [...sentences, ...nearestPublicKey(rows)];
  const kdf = rows.find((r) => r.profile.scheme === "derived-key");
  if (!kdf) return sentences;
  const wins = compared
    .filter(([key]) => choice.values[key] && kdf.values[key] && kdf.values[key].value > 0)
    .map(([key, what]) => `${short(choice.values[key].value / kdf.values[key].value)} times the ${what}`);
  sentences.push(`Where the derived key wins: against it, a handshake of ${choice.profile.scheme} takes ${wins.join(", ")}.`);
  sentences.push(...batterySentences(choice, kdf, budget));
  sentences.push(`What the derived key pays for that: ${kdf.profile.remark}`);
  return sentences;
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

function readControls() {
  const budget = {
    device: data.devices[$("device").selectedIndex],
    radio: data.radios[$("radio").selectedIndex],
    battery: data.batteries[$("battery").selectedIndex],
    usage: {}, limits: {},
  };
  for (const name of usageFields) budget.usage[name] = $(name).valueAsNumber;
  for (const name of limitFields) budget.limits[name] = $(name).valueAsNumber;
  return budget;
}

// The chosen scheme and the derived key, handshake against handshake.
function showBeside(rows, choice) {
  const kdf = rows.find((r) => r.profile.scheme === "derived-key");
  if (!choice || !kdf || choice === kdf) return $("beside").replaceChildren();
  const lines = [...compared, ["battery_days", "battery"]].filter(([key]) => choice.values[key] && kdf.values[key]);
  const cell = (r, key, unit) => element("td", {}, `${short(r.values[key].value)} ${unit}`);
  $("beside").replaceChildren(
    element("caption", {}, "One handshake, and the battery's life"),
    element("thead", {}, element("tr", {}, element("th", {}), element("th", {}, "derived-key"),
      element("th", {}, choice.profile.scheme), element("th", {}, "ratio"))),
    element("tbody", {}, ...lines.map(([key, what]) => {
      const unit = data.columns.find((c) => c.key === key).unit;
      const ratio = choice.values[key].value / kdf.values[key].value;
      return element("tr", {}, element("th", {}, what), cell(kdf, key, unit), cell(choice, key, unit),
        element("td", { class: "ratio" }, `\u00d7 ${short(ratio)}`));
    })));
}

// How much of each limit a scheme uses: one cell for each, the fullest marked.
function showVerdicts(rows, choice) {
  const limits = data.limits.filter((limit) => rows.some((r) => r.use[limit] !== undefined));
  const head = element("tr", {}, element("th", {}, "scheme"), element("th", {}, ""),
    ...limits.map((limit) => element("th", {}, data.limit_words[limit])));
  const body = rows.map((r) => element("tr", r === choice ? { class: "chosen" } : {},
    element("td", { title: r.profile.title }, r.profile.scheme),
    element("td", { class: r.fits ? "fits" : "fails", "data-scheme": r.profile.scheme, "data-fits": r.fits, "data-binding": r.binding },
      r.fits ? "\u2713 fits" : "\u2717 does not"),
    ...limits.map((limit) => {
      const used = r.use[limit];
      if (used === undefined) return element("td", {}, "-");
      const state = used > 1 ? "over" : limit === r.binding ? `binds ${family(r.profile)}` : family(r.profile);
      return element("td", { class: `use ${limit === r.binding ? "most" : ""}` },
        element("span", {}, used <= 1 ? `${short(100 * used)} %` : `\u00d7 ${short(used)}`),
        element("div", { class: "gauge" }, element("div", { class: `bar ${state}`, style: `width:${Math.min(used, 1) * 100}%` })));
    })));
  $("verdicts").replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}

// A bar's length on a track that keeps so many pixels free for the figure behind it.
const barLength = (part, room) => `width:calc((100% - ${room}px) * ${part})`;

// Where a day's energy goes: what the choice of a scheme can change at all.
function showDay(rows) {
  const parts = [["asleep", "neutral"], ["lost", "neutral light"], ["messages", "light"], ["handshakes", ""]];
  const total = (r) => sum(parts.map(([key]) => r.daily[key]));
  const most = Math.max(...rows.map(total)) || 1;
  const bars = element("div", { class: "bars" });
  for (const r of rows) {
    const track = element("div", { class: "track" });
    for (const [key, look] of parts) {
      track.append(element("div", { class: `bar ${look.startsWith("neutral") ? "" : family(r.profile)} ${look}`,
        style: barLength(r.daily[key] / most, 74), title: `${key} ${short(r.daily[key])} mJ` }));
    }
    track.append(element("span", { class: "figure" }, `${short((100 * r.daily.handshakes) / total(r))} %`));
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
function showLife(budget, choice) {
  const panel = $("life").closest("figure");
  panel.hidden = !budget.battery.capacity_mah;
  if (panel.hidden) return;
  const names = ["derived-key", "derived-key-ephemeral", "compact-kk", "certified"];
  if (choice && !names.includes(choice.profile.scheme)) names.push(choice.profile.scheme);
  const profiles = data.measurements.profiles.filter((p) => names.includes(p.scheme));
  // Where there is no room beside the curves their names stand below.
  const width = Math.max(300, Math.min(1000, $("life").clientWidth || 860));
  const isNarrow = width < 560;
  const edge = { left: 48, right: isNarrow ? 22 : 160, top: 14, bottom: 40 + (isNarrow ? 18 * profiles.length : 0) };
  const height = 260 + edge.bottom;
  const [low, high] = [-1, 4];
  const x = (log) => edge.left + ((log - low) / (high - low)) * (width - edge.left - edge.right);
  const lifeAt = (profile, log) =>
    row({ ...budget, usage: { ...budget.usage, handshakes_per_day: 10 ** log } }, profile).values.battery_days.value;
  const steps = Array.from({ length: 61 }, (_, i) => low + ((high - low) * i) / 60);
  const curves = profiles.map((profile) => ({ profile, days: steps.map((log) => lifeAt(profile, log)) }));
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
    const head = element("tr", {}, element("th", {}, "scheme"),
      ...columns.map((c) => element("th", { title: c.meaning }, c.unit ? `${c.title}, ${c.unit}` : c.title)));
    const body = rows.map((r) => element("tr", r === choice ? { class: "chosen" } : {},
      element("td", {}, r.profile.scheme),
      ...columns.map((c) => {
        const q = r.values[c.key];
        if (!q) return element("td", {}, "-");
        return element("td", { "data-scheme": r.profile.scheme, "data-column": c.key, "data-value": String(q.value), "data-kind": q.kind, "data-verified": q.verified },
          `${short(q.value)} `, element("i", {}, mark(q)));
      })));
    return [element("h3", {}, group),
      element("div", { class: "scroll" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)))];
  });
  $("tables").replaceChildren(...blocks);
}

function showSources(budget) {
  const lines = [];
  for (const part of ["device", "radio", "battery"]) {
    for (const [name, constant] of Object.entries(budget[part])) {
      if (constant && typeof constant === "object") lines.push([`${part}.${name}`, constant]);
    }
  }
  const core = data.cores.find((c) => c.core === budget.device.core);
  for (const [name, constant] of Object.entries(core || {})) {
    if (typeof constant === "object") lines.push([`${budget.device.core}.${name}, cycles`, constant]);
  }
  $("sources").replaceChildren(element("thead", {}, element("tr", {}, ...["constant", "value", "source"].map((t) => element("th", {}, t)))),
    element("tbody", {}, ...lines.map(([name, c]) => element("tr", {}, element("td", {}, name), element("td", {}, String(c.value)),
      element("td", {}, c.source + (c.verified ? "" : " (not verified)"))))));
}

function update() {
  const invalid = [...usageFields, ...limitFields].map($).find((input) => !input.checkValidity() || !Number.isFinite(input.valueAsNumber));
  if (invalid) {
    $("complaint").textContent = `${invalid.id.replaceAll("_", " ")}: a number from ${invalid.min} to ${invalid.max}`;
    return;
  }
  $("complaint").textContent = "";
  const budget = readControls();
  const rows = data.measurements.profiles.map((profile) => row(budget, profile));
  const choice = choose(rows);
  const u = budget.usage;
  $("situation").textContent = `${budget.device.title}; ${budget.radio.title}; ${budget.battery.title}; `
    + `${short(u.handshakes_per_day)} handshakes and ${short(u.messages_per_day)} messages of ${short(u.message_bytes)} bytes a day; `
    + `${short(u.fleet_size)} devices`;
  $("choice").replaceChildren(...summary(rows, budget).map((s) => element("p", {}, s)));
  $("choice").dataset.scheme = choice ? choice.profile.scheme : "";
  showBeside(rows, choice);
  showVerdicts(rows, choice);
  showDay(rows);
  showLife(budget, choice);
  showCharts(rows);
  showTables(rows, choice);
  showSources(budget);
}

function fillControls() {
  for (const [name, list] of [["device", data.devices], ["radio", data.radios], ["battery", data.batteries]]) {
    $(name).replaceChildren(...list.map((entry) => element("option", { value: entry.id }, entry.title)));
    // The budget's own part may share its id with a shipped one: then it stands behind it.
    const same = list.map((entry) => JSON.stringify(entry)).lastIndexOf(JSON.stringify(data.budget[name]));
    $(name).selectedIndex = same >= 0 ? same : 0;
  }
  for (const name of usageFields) $(name).value = data.budget.usage[name];
  for (const name of limitFields) $(name).value = data.budget.limits[name];
}

$("legend").textContent = data.legend + ".";
$("origin").textContent = data.origin + ".";
$("remarks").replaceChildren(...data.measurements.profiles.flatMap((p) => [
  element("dt", {}, p.scheme, " ", element("span", {}, p.title)),
  element("dd", {}, `${p.remark} Secrets in the server: ${p.server_keys.join("; ")}.`)]));
fillControls();
update();
for (const moved of ["input", "change"]) $("controls").addEventListener(moved, update);
$("controls").addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("resize", update);
$("reset").addEventListener("click", () => { fillControls(); update(); });
