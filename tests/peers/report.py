"""The page of `weight-init report` in a real browser: search, filters, links, keys, themes, print, a hundred thousand rows.

    python tests/peers/report.py target/release/weight-init [--shots FOLDER]

Needs Chromium (Debian's `chromium`) and Playwright (`pip install playwright`), whose own browser is not used. Exit code 77
says that there is none of either. `--shots` keeps pictures of the pages.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from command import ROOT

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

# Seconds until a page of so many parameters is there, and seconds that 95 of 100 steps of scrolling may take. Two processors without
# a graphics card need 1.5 and 0.07.
MOST_START, MOST_STEP = 20.0, 0.25


def layer(name, shapes, cls="Linear"):
    return {"name": name, "class": cls, "params": [{"name": key, "shape": shape} for key, shape in shapes.items()]}


def deep(layers):
    """A transformer's shape with nine parameters in each layer."""
    def block(index):
        attention = [layer(f"{key}_proj", {"weight": [64, 64]}) for key in "qkvo"]
        mlp = [layer(key, {"weight": [172, 64]}) for key in ("gate_proj", "up_proj", "down_proj")]
        norms = [layer(key, {"weight": [64]}, "RMSNorm") for key in ("input_norm", "post_norm")]
        return {"name": str(index), "class": "Block",
                "children": [{"name": "attn", "class": "Attention", "children": attention},
                             {"name": "mlp", "class": "MLP", "children": mlp}, *norms]}
    rules = [{"type": "Normal", "std": 0.02, "layer": "Linear"}, {"type": "Constant", "val": 1, "layer": "LayerNorm"}]
    return {"class": "Net", "init_weights": "module", "init_cfg": rules,
            "children": [{"name": "layers", "class": "ModuleList", "children": [block(index) for index in range(layers)]}]}


HOSTILE = "</script><script>document['title']='ran'</script><img src=x onerror=document['title']='ran'>\u202e"


def hostile():
    """A model all of whose texts try to be HTML."""
    rule = {"type": "Constant", "val": 1, "layer": HOSTILE}
    params = [{"name": "weight", "shape": [2, 3]}, {"name": HOSTILE, "shape": [2]}]
    return {"class": HOSTILE, "init_weights": "module", "init_cfg": rule,
            "children": [{"name": HOSTILE, "class": HOSTILE, "params": params}]}


class Browser:
    def __init__(self, playwright, chromium, shots):
        self.browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        self.shots = shots
        self.said = []

    def open(self, path, fragment="", scheme="light"):
        context = self.browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=scheme)
        page = context.new_page()
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: request.url.startswith("file:") or self.said.append(request.url))
        page.goto(path.as_uri() + fragment)
        page.wait_for_selector("#detail-title")
        return page

    def shot(self, page, name):
        if self.shots:
            page.screenshot(path=self.shots / f"{name}.png")


def report(binary, folder, name, model, *options):
    source = model if isinstance(model, pathlib.Path) else folder / f"{name}.json"
    if source != model:
        source.write_text(json.dumps(model))
    out = folder / f"{name}.html"
    start = time.monotonic()
    subprocess.run([binary, "report", str(source), "--out", str(out), *options], check=True, stderr=subprocess.DEVNULL)
    print(f"{name}: {out.stat().st_size / 1e6:.2f} MB in {time.monotonic() - start:.2f} s")
    return out


def wait(page, condition, arg=None):
    """Until a condition holds. Playwright's own waiting needs `eval` in the page, which the page's policy refuses."""
    end = time.monotonic() + 10
    while not page.evaluate(f"(arg) => {condition}", arg):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(10)


def text(page, selector):
    return page.locator(selector).inner_text()


def check_detector(browser, path):
    page = browser.open(path)
    assert text(page, "#count") == "195 parameters"
    assert text(page, "#detail-title") == "Overview"
    browser.shot(page, "overview-light")
    # Search: every word counts, of the name, the class or the initializer.
    page.keyboard.press("/")
    page.keyboard.type("layer1.0 conv2d")
    wait(page, "document.getElementById('count').textContent.startsWith('4 of')")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "tree"
    # Keys: from the module at the top down to the first parameter, and its page.
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait(page, "location.hash.startsWith('#param=')")
    assert text(page, "#detail-title") == "backbone.layer1.0.conv1.weight"
    active = page.get_attribute("#tree", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-selected") == "true"
    page.click("#clear")
    assert text(page, "#count") == "195 parameters"
    # Filters by rule, class and initializer, alone and together.
    page.select_option("#by-rule", label="backbone.layer1.0, rule 0 · Constant")
    assert text(page, "#count") == "2 of 195 parameters"
    page.select_option("#by-class", label="Conv2d")
    assert text(page, "#count") == "0 of 195 parameters"
    page.click("#clear")
    page.click(".chip[data-family=kaiming_normal]")
    assert page.get_attribute(".chip[data-family=kaiming_normal]", "aria-pressed") == "true"
    assert text(page, "#count") == "53 of 195 parameters"
    page.click("#clear")
    # Closing and opening by keys.
    page.focus("#tree")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#tree [role=treeitem] >> nth=0", "aria-expanded") == "false"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    assert page.evaluate("document.querySelector('.item.active').getBoundingClientRect().bottom <= innerHeight")
    page.context.close()


def check_links(browser, path):
    page = browser.open(path, "#param=backbone.layer1.0.conv2.weight")
    assert text(page, "#detail-title") == "backbone.layer1.0.conv2.weight"
    assert "1.414 / √576 = 0.05893" in text(page, ".formula")
    assert page.locator("#detail svg[role=img][aria-label]").count() == 2
    assert page.locator(".item[aria-selected=true]").count() == 1
    browser.shot(page, "parameter-light")
    page.click("#detail .lead a")
    wait(page, "location.hash === '#rule=backbone,0'")
    assert text(page, "#detail-title") == "backbone, rule 0"
    assert page.evaluate("document.activeElement.id") == "detail-title"
    page.go_back()
    wait(page, "document.getElementById('detail-title').textContent.endsWith('conv2.weight')")
    page.context.close()
    page = browser.open(path, "#rule=backbone,1", scheme="dark")
    won, lost = (text(page, f".facts div:nth-child({place}) dd") for place in (3, 4))
    assert (won, lost) == ("74", "32"), (won, lost)
    assert "backbone.layer1.0.bn3.weight" in text(page, "#detail")
    browser.shot(page, "rule-dark")
    page.context.close()
    page = browser.open(path, "#param=no.such")
    assert text(page, "#detail-title") == "Not found"
    page.context.close()


def contrast(page, selector):
    """Of a swatch and the surface behind it, as WCAG 2 computes it."""
    return page.evaluate("""(selector) => {
        const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        const light = (colour) => {
            const [r, g, b] = colour.match(/[0-9.]+/g).map(Number).map(channel);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = light(getComputedStyle(document.getElementById('shares')).backgroundColor);
        return [...document.querySelectorAll(selector)].map((swatch) => {
            const own = light(getComputedStyle(swatch).borderTopColor);
            return (Math.max(own, behind) + 0.05) / (Math.min(own, behind) + 0.05);
        });
    }""", selector)


def check_themes(browser, path):
    for scheme in ("light", "dark"):
        page = browser.open(path, "#param=backbone.conv1.weight", scheme=scheme)
        assert page.get_attribute("html", "data-theme") == scheme
        ratios = contrast(page, "#families .swatch")
        assert ratios and min(ratios) >= 3, (scheme, ratios)
        letters = page.locator("#families .swatch").all_inner_texts()
        assert all(letter.strip() for letter in letters), "colour alone"
        browser.shot(page, f"theme-{scheme}")
        page.context.close()
    page = browser.open(path)
    page.click("#theme")
    page.click("#theme")
    assert page.get_attribute("html", "data-theme") == "dark"
    # A printed page has every parameter, not the rows in sight.
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#print tbody tr").count() == 195
    assert not page.locator("#tree").is_visible()
    page.context.close()


def check_roles(browser, path):
    """Everything that takes the focus has a name."""
    page = browser.open(path)
    nameless = page.evaluate("""() => [...document.querySelectorAll('button, a, input, select, [tabindex="0"]')].filter((it) =>
        !(it.textContent.trim() || it.getAttribute('aria-label') || it.getAttribute('aria-labelledby') || it.labels?.length))
        .map((it) => it.outerHTML)""")
    assert nameless == [], nameless
    levels = page.locator("[role=treeitem]").evaluate_all("items => items.every(it => it.ariaLevel && it.ariaSetSize && it.ariaPosInSet)")
    assert levels and page.locator("h1").count() == 1 and page.locator("main").count() == 1
    page.context.close()


def declared(layers):
    """A model that says its way, and loses its signal on it."""
    children = [layer(f"l{index}", {"weight": [64, 64]}) for index in range(layers)]
    rule = {"type": "Normal", "std": 0.01, "layer": "Linear"}
    return {"class": "Net", "flow": [child["name"] for child in children], "init_weights": "module", "init_cfg": rule,
            "children": children}


def check_signal(browser, path, hostile_path):
    for scheme in ("light", "dark"):
        page = browser.open(path, scheme=scheme)
        assert page.locator("#signal svg[role=img][aria-label] polyline").count() == 2
        box = page.locator("#signal svg").bounding_box()
        assert box["width"] > 300 and box["height"] > 90, box
        assert "activations vanish" in text(page, "#signal .alerts")
        assert page.locator("#signal-title").is_visible()
        browser.shot(page, f"signal-{scheme}")
        page.context.close()
    # A page whose names try to be HTML says in a sentence that there is no estimate.
    page = browser.open(hostile_path)
    assert "There is no estimate" in text(page, "#signal") and page.locator("#signal svg").count() == 0
    assert "ran" not in page.title() and page.locator("img").count() == 0 and page.locator("script").count() == 2
    page.context.close()


def check_hostile(browser, path):
    page = browser.open(path)
    page.fill("#search", "img")
    page.wait_for_timeout(200)
    for fragment in ("#rule=,0", "#param=%E0%A4%A", "#module=<b>", "#"):
        page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
        page.wait_for_timeout(50)
    assert "ran" not in page.title() and page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert "\\u{202e}" in text(page, "#params") and "\u202e" not in text(page, "body")
    page.context.close()


def check_many(browser, path, params):
    start = time.monotonic()
    page = browser.open(path)
    seconds = time.monotonic() - start
    assert seconds < MOST_START, f"{seconds:.1f} s until the page is there"
    assert text(page, "#count") == f"{params:,} parameters"
    page.click("#expand")
    longest = page.evaluate("""async () => {
        const tree = document.getElementById('tree');
        const frame = () => new Promise(requestAnimationFrame);
        const steps = [];
        for (let step = 0; step < 60; step++) {
            const start = performance.now();
            tree.scrollTop = (tree.scrollHeight * step) / 60;
            await frame();
            await frame();
            steps.push(performance.now() - start);
        }
        return steps.sort((a, b) => a - b)[Math.floor(steps.length * 0.95)] / 1000;
    }""")
    drawn = page.locator("[role=treeitem]").count()
    assert drawn < 100, f"{drawn} rows are drawn"
    assert longest < MOST_STEP, f"{longest:.3f} s for a step of scrolling"
    middle = f"layers.{params // 18}.mlp.up_proj.weight"
    start = time.monotonic()
    page.fill("#search", middle)
    wait(page, "document.getElementById('count').textContent.startsWith('1 of')")
    searched = time.monotonic() - start
    page.evaluate("(name) => { location.hash = '#param=' + name; }", middle)
    wait(page, "document.getElementById('detail-title').textContent === arg", middle)
    assert page.locator(".item[aria-selected=true]").count() == 1
    print(f"{params} parameters: there after {seconds:.2f} s, a step of scrolling {longest * 1000:.0f} ms, a search {searched:.2f} s")
    page.context.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--shots", type=pathlib.Path)
    args = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium or not sync_playwright:
        print("there is no " + ("Playwright" if chromium else "Chromium"))
        sys.exit(77)
    if args.shots:
        args.shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = pathlib.Path(folder)
        browser = Browser(playwright, chromium, args.shots)
        detector = report(args.binary, folder, "retinanet", ROOT / "examples/retinanet_r50_fpn.json", "--seed", "42")
        check_detector(browser, detector)
        check_links(browser, detector)
        check_themes(browser, detector)
        check_roles(browser, detector)
        check_hostile(browser, report(args.binary, folder, "hostile", hostile()))
        checked = [report(args.binary, folder, name, model, "--check")
                   for name, model in (("declared", declared(12)), ("hostile-check", hostile()))]
        check_signal(browser, *checked)
        check_many(browser, report(args.binary, folder, "many", deep(11_112)), 11_112 * 9)
        browser.browser.close()
    assert browser.said == [], browser.said
    print("the report is as it should be, and the browser has nothing to say")


if __name__ == "__main__":
    main()
