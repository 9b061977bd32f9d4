// Opens every page of a book in Chromium and prints what is wrong with it, as one JSON object.
// Arguments: the folder, the characters that the mathematics font has (JSON file), pages for axe-core.
const { chromium } = require("playwright-core");
const fs = require("fs");
const path = require("path");
const [, , folder, characters, sampled] = process.argv;
const axe = require.resolve("axe-core/axe.min.js");
const known = new Set(JSON.parse(fs.readFileSync(characters, "utf8")));
const address = (page) => "file://" + path.join(folder, page);
const pages = ["index.html", "about.html", "pictures.html"].concat(
  fs.readdirSync(path.join(folder, "formulas")).sort().map((name) => "formulas/" + name));
const wrong = { console: [], failed: [], links: [], mathematics: [], glyphs: [], wide: [], keyboard: [], dialogs: [], axe: [] };

// Of a page: formulas without a box, and characters in formulas.
const look = () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
  const empty = [];
  const seen = new Set();
  for (const formula of document.querySelectorAll("math")) {
    const panel = formula.closest(".panel");
    if (panel && getComputedStyle(panel).display === "none") continue;
    const box = formula.getBoundingClientRect();
    if (formula.textContent && (box.width < 1 || box.height < 1)) empty.push(formula.textContent.slice(0, 80));
    for (const token of formula.querySelectorAll("mi, mn, mo, mtext"))
      for (const character of token.textContent) seen.add(character.codePointAt(0));
  }
  const unreached = [...document.querySelectorAll("main pre, main div, main dd, main p, nav")]
    .filter((part) => part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== "visible"
      && !(part.tabIndex >= 0 && part.getAttribute("aria-label"))).map((part) => part.outerHTML.slice(0, 80));
  return { empty, unreached, seen: [...seen], count: document.querySelectorAll("math").length,
    width: document.documentElement.scrollWidth - innerWidth,
    ids: [...document.querySelectorAll("[id]")].map((part) => part.id),
    links: [...document.querySelectorAll("[href], [src]")].map((part) => part.getAttribute("href") || part.getAttribute("src"))
      .filter((link) => !link.startsWith("data:")) };
};

// The fonts in which the formulas of a page are drawn, by what the browser says.
const fonts = async (inside) => {
  const { root } = await inside.send("DOM.getDocument", { depth: 0 });
  const { nodeIds } = await inside.send("DOM.querySelectorAll", { nodeId: root.nodeId, selector: "math" });
  const found = await Promise.all(nodeIds.map((nodeId) => inside.send("CSS.getPlatformFontsForNode", { nodeId })));
  return new Set(found.flatMap((one) => one.fonts.map((font) => font.familyName)));
};

const watched = (page, at) => {
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong.console.push(`${at()}: ${message.text()}`); });
  page.on("pageerror", (error) => wrong.console.push(`${at()}: ${error.message}`));
  page.on("requestfailed", (request) => request.failure().errorText === "net::ERR_ABORTED" || wrong.failed.push(`${at()}: ${request.url()}`));
  page.on("request", (request) => { if (!/^(file|data):/.test(request.url())) wrong.failed.push(`${at()}: ${request.url()}`); });
  page.on("dialog", async (dialog) => { wrong.dialogs.push(at()); await dialog.dismiss(); });
};

(async () => {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"] });
  const context = await browser.newContext({ viewport: { width: 390, height: 900 } });
  let formulas = 0;
  const targets = new Map(); // the ids of each page
  const links = [];
  const waiting = [...pages];
  const worker = async () => {
    const page = await context.newPage();
    const inside = await context.newCDPSession(page);
    await inside.send("DOM.enable");
    await inside.send("CSS.enable");
    let at = "";
    watched(page, () => at);
    for (at = waiting.shift(); at; at = waiting.shift()) {
      await page.goto(address(at), { waitUntil: "load" });
      const found = await page.evaluate(look);
      formulas += found.count;
      targets.set(at, new Set(found.ids));
      links.push(...found.links.map((link) => [at, link]));
      wrong.mathematics.push(...found.empty.map((text) => `${at}: ${text}`));
      wrong.glyphs.push(...found.seen.filter((point) => !known.has(point)).map((point) => `${at}: U+${point.toString(16)}`));
      wrong.keyboard.push(...found.unreached.map((text) => `${at}: ${text}`));
      if (found.width > 0) wrong.wide.push(`${at}: ${found.width}`);
      for (const family of await fonts(inside)) if (family !== "STIX Two Math") wrong.glyphs.push(`${at}: in ${family}`);
    }
    await page.close();
  };
  await Promise.all([worker(), worker(), worker()]);
  for (const [from, link] of links) {
    const [file, anchor] = link.split("#");
    const to = file ? path.posix.join(path.posix.dirname(from), file) : from;
    const is = targets.has(to) ? !anchor || targets.get(to).has(anchor) : fs.existsSync(path.join(folder, to));
    if (!is) wrong.links.push(`${from}: ${link}`);
  }
  const page = await context.newPage();
  let at = "index.html";
  watched(page, () => at);

  const tell = {};
  await page.goto(address(at));
  await page.keyboard.press("/");
  tell.focused = await page.evaluate(() => document.activeElement.id);
  const shown = () => page.evaluate(() => [...document.querySelectorAll(".formulas li")].filter((line) => line.offsetParent).length);
  tell.all = await shown();
  const word = await page.evaluate(() => document.querySelector(".formulas .name").textContent);
  await page.keyboard.type(word);
  tell.searched = await shown();
  tell.status = await page.evaluate(() => document.getElementById("found").textContent);
  await page.keyboard.press("Escape");
  tell.cleared = await shown();
  for (let tabs = 0; tabs < 3; tabs++) await page.keyboard.press("Tab"); // to the third filter: refuted
  tell.filter = await page.evaluate(() => document.activeElement.value);
  await page.keyboard.press("Space");
  tell.filtered = await shown();
  tell.fitting = await page.locator('.formulas li[data-verdicts~="refuted"]').count();
  tell.ran = await page.evaluate(() => Boolean(window.ran));

  // axe-core is a script that the pages' own policy would not let in.
  const tested = await (await browser.newContext({ bypassCSP: true, viewport: { width: 390, height: 900 } })).newPage();
  for (const scheme of ["light", "dark"]) {
    await tested.emulateMedia({ colorScheme: scheme });
    for (at of JSON.parse(sampled)) {
      await tested.goto(address(at));
      await tested.evaluate(() => { for (const part of document.querySelectorAll("details")) part.open = true; });
      await tested.addScriptTag({ path: axe });
      const found = await tested.evaluate(() => axe.run({ resultTypes: ["violations"] }));
      for (const one of found.violations)
        if (["serious", "critical"].includes(one.impact))
          wrong.axe.push(`${at} (${scheme}): ${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
    }
  }

  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1440, height: 900 } });
  const still = await plain.newPage();
  await still.goto(address("index.html"));
  tell.withoutScript = await still.locator(".formulas li").count();
  tell.finder = await still.locator("#finder").isVisible();

  // A page without scripts: what is folded opens by keyboard, and so do the tabs. Then on paper, from a dark screen.
  at = pages.find((page) => page.startsWith("formulas/"));
  await still.goto(address(at));
  const folded = still.locator("main details").first();
  await folded.locator("summary").focus();
  await still.keyboard.press("Enter");
  tell.opened = await folded.getAttribute("open") !== null;
  tell.tabs = await still.locator(".tabs > input").count();
  await still.locator(".tabs > input").first().focus();
  await still.keyboard.press("ArrowRight");
  tell.panels = [];
  for (const panel of await still.locator(".panel").all()) tell.panels.push(await panel.isVisible());
  await tested.emulateMedia({ media: "print", colorScheme: "dark" });
  await tested.goto(address(at));
  tell.paper = await tested.evaluate(() => {
    const style = getComputedStyle(document.documentElement);
    return ["--paper", "--ink", "--series-1", "--refuted"].map((name) => style.getPropertyValue(name).trim());
  });

  const fresh = await (await browser.newContext()).newPage();
  const before = Date.now();
  await fresh.goto(address("index.html"), { waitUntil: "load" });
  tell.milliseconds = Date.now() - before;
  await browser.close();
  console.log(JSON.stringify({ pages: pages.length, formulas, wrong, tell }));
})();
