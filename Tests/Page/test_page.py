# SPDX-License-Identifier: Apache-2.0
"""The comparison's page must show the command's numbers, for the budget it was made for and after every control moved.

Run by Tests/Page/run. COUNTERSIGN names the built command.
"""

import json
import os
import pathlib
import subprocess

import pytest

from browser import Browser

COUNTERSIGN = os.environ["COUNTERSIGN"]

# Firmware results as the firmware runs write them, so that flash, RAM and measured cycles take part. The numbers are
# made up for this test and appear nowhere else.
RESULTS = [
    {"core": "m4", "image": "ik", "scheme": "certified", "role": "device", "flash_bytes": 27000, "static_ram_bytes": 500,
     "peak_stack_bytes": 2900, "instructions": 5, "model_cycles": 7000000},
    {"core": "m0", "image": "kk", "scheme": "compact-kk", "role": "device", "flash_bytes": 31000, "static_ram_bytes": 520,
     "peak_stack_bytes": 3100, "instructions": 5, "model_cycles": 40000000},
]

# What is changed, as options; the page's controls have the same names, but for needs, of which each has a box.
SITUATIONS = [
    {},
    {"device": "nrf51"},
    {"device": "esp32c3", "radio": "wifi", "battery": "lipo-1000", "handshakes-per-day": "48"},
    {"device": "stm32l4", "radio": "lorawan-eu868-dr0", "battery": "er14505", "messages-per-day": "4", "message-bytes": "20"},
    {"radio": "lorawan-eu868-dr3", "message-bytes": "300", "first-message-seconds": "30"},
    {"radio": "lorawan-eu868-dr5", "messages-per-day": "20000", "battery-days": "0"},
    {"radio": "lorawan-us915-dr0", "need": "root-past"},
    {"device": "rp2040", "radio": "nb-iot", "battery": "2xaa", "fleet-size": "1000000"},
    {"device": "nrf5340", "radio": "lte-m", "battery": "lipo-1000", "need": "clones"},
    {"device": "linux-gateway", "radio": "ethernet", "battery": "mains", "fleet-size": "1"},
    {"device": "class-0", "radio": "ble-27", "battery": "cr2032", "memory-share": "0.25"},
    {"device": "class-1", "radio": "ble", "readmission-seconds": "0.5", "handshakes-per-day": "0.142857"},
    {"device": "nrf51", "radio": "ble-nrf51", "first-message-seconds": "1", "curve": "libsodium", "need": "past"},
    {"device": "class-2", "radio": "lorawan-eu868-dr1", "battery-days": "3650", "handshakes-per-day": "0"},
    {"device": "nrf52840", "curve": "published", "need": "privacy,untracked"},
    {"need": "hosted,offline,quantum", "first-message-seconds": "0.001"},
    {"need": "past,healing,root-past,root-identity,privacy,evidence,offline,hosted,quantum,untracked,clones"},
]


def compare(*options):
    done = subprocess.run([COUNTERSIGN, "compare", *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "results.json").write_text(json.dumps(RESULTS))
    base = compare("--firmware", str(folder / "results.json"), "--html", str(folder / "page.html"), "--output", "json")
    (folder / "base.json").write_text(base)
    return folder


@pytest.fixture(scope="module")
def browser(files):
    browser = Browser()
    browser.open((files / "page.html").as_uri())
    yield browser
    browser.close()


def command(files, situation):
    options = [word for name, value in situation.items() for one in (value.split(",") if name == "need" else [value])
               for word in (f"--{name}", one)]
    return json.loads(compare(
        "--measurements", str(files / "base.json"), "--firmware", str(files / "results.json"), "--output", "json", *options))


def shown(browser):
    cells = browser.script("return [...document.querySelectorAll('td[data-value]')].map(c => ({...c.dataset}))")
    verdicts = browser.script("return [...document.querySelectorAll('[data-binding]')].map(c => ({...c.dataset}))")
    return cells, verdicts


def set_controls(browser, situation):
    for name, value in situation.items():
        if name in ("device", "radio", "battery", "curve"):
            browser.choose(name, value)
        elif name == "need":
            for need in value.split(","):
                browser.click(f"#need-{need}")
        else:
            browser.type(name.replace("-", "_"), value)


def sentences(browser):
    return browser.script("return [...document.querySelectorAll('#choice p')].map(p => p.textContent)")


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: "-".join(s.values()) or "as-made")
def test_page_equals_command(browser, files, situation):
    browser.click("#reset")
    set_controls(browser, situation)
    expected = command(files, situation)
    cells, verdicts = shown(browser)
    page = {(c["scheme"], c["column"]): c for c in cells}
    told = {(s["scheme"], column): quantity for s in expected["schemes"] for column, quantity in s["values"].items()}
    assert len(told) > 150
    assert set(page) ^ set(told) == set()
    for key, quantity in told.items():
        assert float(page[key]["value"]) == pytest.approx(quantity["value"], rel=1e-9, abs=1e-12), key
        assert page[key]["kind"] == quantity["kind"], key
        assert page[key]["doubts"].split() == sorted(quantity["doubts"]), key
    for scheme, verdict in zip(expected["schemes"], verdicts, strict=True):
        assert verdict["scheme"] == scheme["scheme"]
        assert verdict["fits"] == scheme["fits"], scheme["scheme"]
        assert verdict["binding"] == scheme["binding"], scheme["scheme"]
    assert browser.script("return document.getElementById('choice').dataset.scheme") == (expected["choice"] or "")
    assert sentences(browser) == expected["advice"]
    assert expected["limits"] == browser.script("return document.getElementById('limits').textContent")
    said = browser.script("return Object.fromEntries([...document.querySelectorAll('[data-why]')].map(d => [d.dataset.why, d.textContent]))")
    assert said == {s["scheme"]: s["why"] for s in expected["schemes"]}
    cells = browser.script("return [...document.querySelectorAll('[data-need]')].map(c => ({...c.dataset}))")
    assert {(c["scheme"], c["need"]): c["cell"] for c in cells} == {
        (s["scheme"], need): word for s in expected["schemes"] for need, word in s["needs"].items() if s["scheme"] in ATTACKED}
    security = browser.script("return Object.fromEntries([...document.querySelectorAll('[data-security]')].map(d => [d.dataset.security, d.textContent]))")
    assert security == {s["scheme"]: s["security"] for s in expected["schemes"]}


# Schemes with cells in the executed matrix.
ATTACKED = {"shared-key", "derived-key", "derived-key-ratchet", "derived-key-ephemeral", "compact-kk", "registered", "certified",
            "identity-based", "hybrid-ikpsk2"}


def test_the_address_holds_the_state(browser, files):
    browser.click("#reset")
    set_controls(browser, {"device": "nrf51", "radio": "ble-nrf51", "curve": "libsodium", "need": "past,clones", "fleet-size": "77"})
    before, said = shown(browser), sentences(browser)
    address = browser.script("return location.href")
    again = Browser()
    try:
        again.open(address)
        assert shown(again) == before
        assert sentences(again) == said
    finally:
        again.close()


def test_two_situations_side_by_side(files):
    page = files / "two.html"
    expected = json.loads(compare(
        "--budget", "ble-tag", "--budget", "sensor-802154", "--measurements", str(files / "base.json"),
        "--firmware", str(files / "results.json"), "--need", "privacy", "--html", str(page), "--output", "json"))["budgets"]
    browser = Browser()
    try:
        browser.open(page.as_uri())
        beside = browser.script("return Object.fromEntries([...document.querySelectorAll('[data-beside]')].map(c => [c.dataset.beside, c.dataset.fits]))")
        assert beside == {s["scheme"]: s["fits"] for s in expected[1]["schemes"]}
        assert browser.script("return document.getElementById('beside-choice').textContent") == expected[1]["reason"]
        assert sentences(browser)[0] == expected[0]["reason"]
        browser.click("#drop")
        assert browser.script("return document.querySelectorAll('[data-beside]').length") == 0
        browser.click("#keep")
        assert browser.script("return document.getElementById('beside-choice').textContent") == expected[0]["reason"]
    finally:
        browser.close()


def test_absurd_input_is_refused_and_changes_nothing(browser):
    browser.click("#reset")
    before = shown(browser)
    for text in ("-5", "0.5", ""):
        browser.type("fleet_size", text)
        assert "fleet size: a number from 1 to 1000000000" in browser.script(
            "return document.getElementById('complaint').textContent")
        assert shown(browser) == before
    browser.click("#reset")
    assert browser.script("return document.getElementById('complaint').textContent") == ""


def test_page_loads_nothing_and_complains_of_nothing(browser):
    assert browser.script("return performance.getEntriesByType('resource').map(r => r.name)") == []
    assert [line for line in browser.log() if line["level"] == "SEVERE"] == []


@pytest.mark.parametrize("width", [360, 400, 768, 1280, 1400])
def test_nothing_sticks_out(browser, width):
    browser.resize(width, 800)
    assert browser.script("return document.documentElement.scrollWidth") <= width
    assert browser.script("""return [...document.querySelectorAll('.figure')].filter(f =>
        f.getBoundingClientRect().right > f.closest('.track').getBoundingClientRect().right + 1).map(f => f.textContent)""") == []
    assert browser.script("""return [...document.querySelectorAll('.bars .name')].filter(n =>
        n.scrollWidth > n.clientWidth).map(n => n.textContent)""") == []
    if width >= 1280:
        assert browser.script("""return [...document.querySelectorAll('.scroll')].filter(s =>
            s.scrollWidth > s.clientWidth).map(s => s.textContent.slice(0, 40))""") == []


@pytest.mark.skipif("AXE" not in os.environ, reason="AXE names no axe.min.js")
@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_keyboard_and_screen_reader(browser, scheme, width):
    browser.resize(width, 900)
    browser.prefer(scheme)
    browser.click("#reset")
    browser.click("#keep")
    browser.script(pathlib.Path(os.environ["AXE"]).read_text())
    found = browser.wait_for("""
        const done = arguments[arguments.length - 1];
        axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }).then((results) => done(
            results.violations.map((v) => [v.id, v.help, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200))])));""")
    browser.click("#drop")
    browser.prefer("light")
    assert found == []


def test_titles_from_a_budget_file_are_text(files):
    budget = {
        "device": "nrf51", "radio": "ble",
        "battery": {"id": "x", "title": "</script><img src=x onerror=document.title='owned'>", "volts": 3}}
    path = pathlib.Path(files / "budget.json")
    path.write_text(json.dumps(budget))
    page = files / "hostile.html"
    compare("--budget", str(path), "--measurements", str(files / "base.json"), "--html", str(page))
    browser = Browser()
    try:
        browser.open(page.as_uri())
        assert browser.script("return document.title") == "Countersign: which key for each device"
        assert "onerror" in browser.script("return document.getElementById('situation').textContent")
    finally:
        browser.close()


@pytest.mark.parametrize("core", ["m4", "m0", "rv32"])
def test_x25519_of_a_budget_file(files, core):
    device = {"id": "own", "title": "own", "core": core, "clock_mhz": 16, "active_ma": 5, "sleep_ua": 1, "volts": 3,
              "x25519_cycles": {"value": 9_000_000, "source": "test", "verified": False}}
    path = files / f"{core}.json"
    path.write_text(json.dumps({"device": device, "radio": "ble", "battery": "cr2032"}))
    page = files / f"{core}.html"
    expected = json.loads(compare(
        "--budget", str(path), "--measurements", str(files / "base.json"), "--firmware", str(files / "results.json"), "--html", str(page),
        "--output", "json"))
    browser = Browser()
    try:
        browser.open(page.as_uri())
        cells = {(c["scheme"], c["column"]): c for c in shown(browser)[0]}
    finally:
        browser.close()
    for scheme in expected["schemes"]:
        told, found = scheme["values"]["cpu_ms"], cells[scheme["scheme"], "cpu_ms"]
        assert float(found["value"]) == pytest.approx(told["value"], rel=1e-9)
        assert (found["kind"], found["doubts"].split()) == (told["kind"], sorted(told["doubts"]))
