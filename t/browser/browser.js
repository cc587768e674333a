/*
 * What the scripts share: Chromium, TAP, and watching for what must never
 * happen on any page: errors in scripts, breaches of the content security
 * policy, requests to another host.
 */
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const { chromium } = require('playwright-core');

const url = process.env.DEALS_URL;
/* A path below the place where the site is mounted. */
const at = path => (process.env.PREFIX || '') + path;
let count = 0, failed = 0;

function ok(good, name, detail) {
    count++;
    console.log((good ? 'ok ' : 'not ok ') + count + ' - ' + name);
    if (!good) {
        failed++;
        if (detail !== undefined) {
            String(detail).split('\n').forEach(l => console.log('# ' + l));
        }
    }
    return good;
}

function is(got, want, name) {
    return ok(got === want, name, 'got:  ' + got + '\nwant: ' + want);
}

function like(got, pattern, name) {
    return ok(pattern.test(got), name, 'got: ' + got + '\nwant: ' + pattern);
}

/* A page of a new visitor. `trouble` collects what went wrong on it. */
async function visitor(browser, options) {
    const context = await browser.newContext(Object.assign({
        baseURL: url, viewport: { width: 1280, height: 900 },
        colorScheme: 'light', timezoneId: 'UTC', locale: 'en-US'
    }, options));
    const page = await context.newPage();

    page.trouble = [];
    page.setDefaultTimeout(30000);
    page.on('pageerror', e => page.trouble.push('script: ' + e.message));
    page.on('console', m => {
        /* An answer of 4xx is said there too; the tests look at those. */
        if (['error', 'warning'].includes(m.type())
            && !/^Failed to load resource/.test(m.text())) {
            page.trouble.push('console: ' + m.text());
        }
    });
    page.on('request', r => {
        if (!r.url().startsWith(url) && !r.url().startsWith('data:')) {
            page.trouble.push('foreign: ' + r.url());
        }
    });
    page.on('response', r => {
        if (r.status() >= 500
            || (r.status() === 404 && /\/static\//.test(r.url()))) {
            page.trouble.push(r.status() + ' ' + r.url());
        }
    });
    return page;
}

/* Presses what leads to another page, perhaps of the same address, and waits for
 * all of that page: what is looked for at once may be seen in the old one, or not
 * yet in the new. */
async function follow(page, button, press = to => to.click()) {
    const to = typeof button === 'string' ? page.locator(button) : button;

    await Promise.all([page.waitForNavigation(), press(to)]);
}

async function shot(page, name) {
    if (process.env.SHOTS) {
        fs.mkdirSync(process.env.SHOTS, { recursive: true });
        await page.screenshot({ path: process.env.SHOTS + '/' + name + '.png',
                                fullPage: true });
    }
}

/* The program on the phone: RFC 6238. */
function totp(key) {
    const bits = [...key.replace(/ /g, '')].map(c =>
        'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2)
            .padStart(5, '0')).join('');
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
    const mac = crypto.createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map(b =>
        parseInt(b, 2)))).update(step).digest();
    return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000)
        .padStart(6, '0');
}

/* In the views that a picture is kept of. */
async function views(page, name, kind) {
    for (const [width, scheme] of [[360, 'light'], [360, 'dark'],
                                   [1280, 'light'], [1280, 'dark']]) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme: scheme });
        const over = await page.evaluate(() =>
            document.documentElement.scrollWidth - innerWidth);
        ok(over <= 0, name + ', ' + width + ' ' + scheme + ': nothing aside');
        await shot(page, name + '-' + width + '-' + scheme + (kind || ''));
    }
    await page.emulateMedia({ colorScheme: 'light' });
}

/* Runs the script's main(browser), and prints the plan whatever happens. */
async function run(main) {
    let browser;

    try {
        browser = await chromium.launch({
            executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
            args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                   '--disable-background-networking', '--no-first-run',
                   '--disable-component-update', '--disable-sync']
        });
        await main(browser);
    } catch (e) {
        ok(false, 'no exception', e.stack);
    }
    if (browser) {
        await browser.close();
    }
    console.log('1..' + count);
    process.exitCode = failed ? 1 : 0;
}

module.exports = { ok, is, like, visitor, follow, shot, run, at, totp, views };
