/*
 * Every page, at the width of a phone and of a screen, light and dark: valid
 * HTML, nothing to scroll sideways, nothing that axe finds wrong (contrast
 * among it), targets large enough for a finger; and light to load.
 */
'use strict';

const fs = require('fs');
const { HtmlValidate } = require('html-validate');
const { ok, is, visitor, follow, shot, run } = require('./browser.js');

const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
/* The last word: is axe asked too? Once narrow, once wide, in each scheme. */
const views = [[320, 'light', true], [390, 'dark'], [768, 'light'],
               [1360, 'dark', true], [1360, 'light']];
const html = new HtmlValidate({
    extends: ['html-validate:standard', 'html-validate:a11y'],
    rules: {
        'attribute-boolean-style': 'off', 'long-title': 'off',
        'no-implicit-button-type': 'off', 'no-trailing-whitespace': 'off',
        'require-sri': 'off', 'void-style': 'off'
    }
});

async function signIn(page) {
    await page.goto('/login');
    await page.fill('#name', process.env.NAME);
    await page.fill('#password', process.env.PASSWORD);
    await follow(page, '.panel button');
    is(await page.locator('.menu').count(), 1, 'signed in');
}

/* Addresses of one page of each kind, as their links say. */
async function tour(page) {
    const href = async selector =>
        page.locator(selector).first().getAttribute('href');
    const list = ['/', '/new', '/top', '/top?window=all'];

    await page.goto('/');
    list.push(await href('.meta .shop'), await href('.meta a.by'));
    const deals = await page.locator('.card').evaluateAll(cards =>
        cards.map(c => [+c.querySelector('.talk').textContent,
                        c.querySelector('h2 a').getAttribute('href')])
             .sort((a, b) => b[0] - a[0])[0]);
    ok(deals[0] > 0, 'a deal with comments is among the hot ones');
    list.push(deals[1]);
    await page.goto(deals[1]);
    list.push(await href('.tags a'));
    await page.goto('/top?window=all');
    const ended = page.locator('.expired h2 a');
    if (await ended.count()) {
        list.push(await ended.first().getAttribute('href'));
    }
    return list;
}

/* Controls too small for a finger; links in running text may be, and a box is as
 * large as its label. */
const small = () => [...document.querySelectorAll(
        'a, button, summary, input, select, textarea')].filter(e => {
    const r = (e.type === 'checkbox' && e.closest('label') || e)
        .getBoundingClientRect();

    return r.width > 1 && r.height > 1 && (r.width < 44 || r.height < 44)
        && !e.closest('.skip, .prose, .meta, .foot, h2, .errors, .note, .other,'
                      + '.head');
}).map(e => e.outerHTML.slice(0, 120)).join('\n');

/* The same page in every view; what is wrong, in one list. */
async function look(page, path, who, come = () => page.goto(path)) {
    const answer = await come();
    const source = await answer.text();
    const report = await html.validateString(source);
    const name = who + ' ' + path.slice(0, 40);
    const bad = [];

    is(report.results.flatMap(r => r.messages).map(m =>
        m.line + ':' + m.column + ' ' + m.ruleId + ': ' + m.message)
        .join('\n'), '', name + ': valid HTML');

    for (const [width, scheme, ask] of views) {
        const view = width + ' ' + scheme + ': ';

        await page.setViewportSize({ width, height: 844 });
        await page.emulateMedia({ colorScheme: scheme });
        const over = await page.evaluate(() =>
            document.documentElement.scrollWidth - innerWidth);
        if (over > 0) {
            bad.push(view + over + ' px to scroll sideways');
        }
        if (await page.evaluate(small)) {
            bad.push(view + 'too small: ' + await page.evaluate(small));
        }
        const found = ask ? await page.evaluate(axe + `;axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
                      'best-practice']
        }).then(r => r.violations.map(v =>
            v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | ')))`)
            : [];
        bad.push(...found.map(f => view + f));
        await shot(page, [who, path.replace(/[^a-z0-9]+/g, '-').slice(0, 40)
                               || 'hot', width, scheme].join('_'));
    }
    is(bad.join('\n'), '', name + ': good to see and to use in every view');
}

/* The settings as they tell a new access token, and a mistake. */
async function token(page) {
    const make = () => Promise.all([page.waitForNavigation(),
        page.click('text=Make a token')]).then(all => all[0]);

    await page.goto('/settings');
    await page.fill('#label', 'The little program that votes at night');
    await page.fill('#making', process.env.PASSWORD);
    await page.check('[value=vote]');
    await look(page, '/settings made', 'member', make);
    ok(await page.locator('.secret').isVisible(), 'the token is shown');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.fill('#label', 'Another');
    await page.fill('#making', process.env.PASSWORD);
    await make();
    const seen = () => page.locator('.secret').evaluate(e => {
        const r = e.getBoundingClientRect();
        return r.top > 0 && r.bottom < innerHeight ? 'seen'
            : r.top + ' at ' + scrollY;
    });
    for (let i = 0; i < 100 && await seen() !== 'seen'; i++) {
        await page.waitForTimeout(50);
    }
    is(await seen(), 'seen', '... where one looks, also on a phone');
    await page.fill('#label', ' ');
    await page.fill('#making', 'not the password');
    await page.uncheck('[value=read]');
    await look(page, '/settings mistake', 'member', make);
    is(await page.locator('.errors:visible a').count(), 2,
       'mistakes, told at one form');
    await page.fill('#factor-current', process.env.PASSWORD);
    await look(page, '/settings/factor', 'member', () => Promise.all([
        page.waitForNavigation(), page.click('text=Set it up')
    ]).then(all => all[0]));
    await page.goto('/');
}

run(async browser => {
    /* No transitions: a colour half way to another has any contrast. */
    const guest = await visitor(browser, { reducedMotion: 'reduce' });
    const member = await visitor(browser, { reducedMotion: 'reduce' });

    await signIn(member);
    const pages = await tour(guest);
    for (const path of pages.concat('/login', '/signup', '/reset',
                                   '/deals/1/nothing')) {
        await look(guest, path, 'guest');
    }
    for (const path of pages.concat('/submit', '/settings',
                                   '/settings/factor?next=/new')) {
        await look(member, path, 'member');
    }
    await token(member);
    await member.click('.menu summary');
    ok(await member.locator('.sheet').isVisible(), 'the menu opens');
    await member.keyboard.press('Escape');
    ok(!await member.locator('.sheet').isVisible(), '... and closes by Escape');

    for (const [who, page] of [['guest', guest], ['member', member]]) {
        const answer = await page.goto('/');
        const size = (await answer.body()).length;

        is(await page.locator('article[data-id]').count(), 25,
           who + ': 25 deals on the hot page');
        ok(size < 32768, who + ': the hot page is under 32 KB', size);
        ok(await page.locator('[data-score]').first().isVisible(),
           who + ': with their scores');
    }
    const script = await (await guest.request.get(
        await guest.locator('script').getAttribute('src'))).body();
    ok(script.length <= 10240, 'the script is at most 10 KB', script.length);
    is(guest.trouble.concat(member.trouble).join('\n'), '',
       'no error on any page');
});
