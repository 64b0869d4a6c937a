// Copyright: (c) 2026, legalops.timesensor contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// node look.mjs MODULES CHROMIUM PROFILE OUT PAGE...
//
// Opens each page in headless Chromium as a reader would, and prints what it saw as JSON, one object for each page by its path.
// MODULES holds node_modules, PROFILE is a fresh directory for the browser, OUT takes screenshots and PDF files.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, chromium, profile, out, ...pages] = process.argv.slice(2);
const load = createRequire(join(resolve(modules), 'package.json'));
const puppeteer = load('puppeteer-core');
const { HtmlValidate } = load('html-validate');
const axe = readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true };
// The browser itself must be silent, too; nothing but files can be opened.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--host-resolver-rules=MAP * ~NOTFOUND',
];

// A firm's name, which stands in the title, is as long as it is.
const rules = { 'long-title': 'off' };
const validator = new HtmlValidate({ root: true, extends: ['html-validate:recommended', 'html-validate:document'], rules });

async function open(browser, file, viewport, javascript) {
  const page = await browser.newPage();
  const seen = { requests: [], said: [] };
  page.on('request', (request) => seen.requests.push(request.url()));
  page.on('console', (message) => seen.said.push(message.text()));
  page.on('pageerror', (error) => seen.said.push(String(error)));
  page.on('dialog', async (dialog) => {
    seen.said.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  await page.setViewport(viewport);
  await page.setJavaScriptEnabled(javascript);
  await page.goto(pathToFileURL(file).href, { waitUntil: 'networkidle0' });
  return { page, seen };
}

const elements = () => {
  const count = (selector) => document.querySelectorAll(selector).length;
  const handlers = [...document.querySelectorAll('*')].filter((element) =>
    [...element.attributes].some((attribute) => attribute.name.startsWith('on'))
  );
  return {
    text: document.body.innerText,
    title: document.title,
    lang: document.documentElement.lang,
    width: document.scrollingElement.scrollWidth,
    active: count('script, img, iframe, object, embed, link, form') + handlers.length,
    curves: [...document.querySelectorAll('svg.curve')].map((svg) => ({
      name: svg.querySelector('title').textContent,
      description: svg.querySelector('desc').textContent,
      line: svg.querySelector('.line').getTotalLength(),
      stalls: svg.querySelectorAll('rect[fill^="url("]').length,
      limits: svg.querySelectorAll('.limit').length,
    })),
  };
};

async function barriers(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations', 'incomplete'] }));
  const shown = (list) =>
    list.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`));
  return { violations: shown(result.violations), incomplete: shown(result.incomplete), passes: result.passes.length };
}

async function look(browser, file) {
  const name = join(out, basename(file, '.html'));
  const plain = await open(browser, file, DESKTOP, false);
  const desktop = await plain.page.evaluate(elements);
  await plain.page.screenshot({ path: `${name}.desktop.png`, fullPage: true });
  await plain.page.pdf({ path: `${name}.pdf`, preferCSSPageSize: true, printBackground: false });
  await plain.page.close();

  const small = await open(browser, file, PHONE, false);
  const phone = await small.page.evaluate(elements);
  await small.page.screenshot({ path: `${name}.phone.png`, fullPage: true });
  await small.page.close();

  const scripted = await open(browser, file, DESKTOP, true);
  const text = await scripted.page.evaluate(() => document.body.innerText);
  const wide = await barriers(scripted.page);
  await scripted.page.close();

  const pocket = await open(browser, file, PHONE, true);
  const narrow = await barriers(pocket.page);
  await pocket.page.close();

  const visits = [plain, small, scripted, pocket];
  const report = await validator.validateFile(file);
  return {
    desktop,
    phone,
    sameTextWithScripts: text === desktop.text,
    axe: { desktop: wide, phone: narrow },
    requests: visits.flatMap((visit) => visit.seen.requests),
    said: visits.flatMap((visit) => visit.seen.said),
    html: report.results.flatMap((item) => item.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`)),
  };
}

const browser = await puppeteer.launch({ executablePath: chromium, userDataDir: profile, args: ARGUMENTS });
try {
  const found = {};
  for (const file of pages) {
    found[file] = await look(browser, resolve(file));
  }
  process.stdout.write(JSON.stringify(found));
} finally {
  await browser.close();
}
