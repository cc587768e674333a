/*
 * By keyboard alone; and what the script does when something goes wrong: it
 * gives way to the form, or says so.
 */
'use strict';

const { ok, is, like, visitor, run, at } = require('./browser.js');

const focus = page => page.evaluate(() => {
    const e = document.activeElement;

    return e.className || e.id || e.name || e.textContent.trim();
});

/* Tabs until `want` has the focus; false if it never gets it. */
async function tabTo(page, want, most) {
    for (let i = 0; i < (most || 40); i++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate(s => document.activeElement.matches(s), want)) {
            return true;
        }
    }
    return false;
}

async function ringed(page) {
    return page.evaluate(() => {
        const s = getComputedStyle(document.activeElement);

        return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
    });
}

async function member(page, name) {
    await page.goto(at('/signup'));
    await page.keyboard.press('Tab');
    is(await focus(page), 'skip', 'Tab first reaches the link to the content');
    ok(await page.locator('.skip').isVisible(), '... which is then seen');
    await page.keyboard.press('Enter');
    ok(await tabTo(page, '#name'), 'then the form');
    await page.keyboard.type(name);
    await page.keyboard.press('Tab');
    await page.keyboard.type('correct horse');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.menu');
    await page.waitForLoadState();
    ok(true, 'signed up by keyboard');
}

async function submit(page, title) {
    ok(await tabTo(page, '.post'), 'Post a deal is on the way');
    ok(await ringed(page), '... and its focus is seen');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#title');
    await page.waitForLoadState();
    ok(await tabTo(page, '#title'), 'the title');
    await page.keyboard.type(title);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.one');
    is(await page.textContent('h1'), title, 'posted by keyboard');
}

/* The button shows a vote at once; what the script says is what counts. */
async function says(page, pattern) {
    await page.waitForFunction(p =>
        p.test(document.getElementById('status').textContent), pattern);
}

/* The poster's own vote is there from the start. */
async function withdraw(page) {
    const up = page.locator('.one .up');

    await page.waitForLoadState();      /* and the script with it */
    if (await up.getAttribute('aria-pressed') === 'true') {
        await up.click();
        await says(page, /^Vote withdrawn, now -?\d+\.$/);
        await page.reload();
    }
}

async function vote(page) {
    const up = page.locator('.one .up'), down = page.locator('.one .down');
    const number = page.locator('.one .vote [data-score]');

    await withdraw(page);
    ok(await tabTo(page, '.one .up'), 'the vote');
    ok(await ringed(page), '... its focus is seen');
    await page.keyboard.press('Space');
    await says(page, /^Voted up, now -?\d+\.$/);
    is(await up.getAttribute('aria-pressed'), 'true', '... is cast, and said');
    like(await focus(page), /\bup\b/, '... and the focus stays');

    /* Fast clicks: the last one counts. */
    const s = +await number.textContent();
    await page.evaluate(() => {
        document.querySelector('.one .down').click();
        document.querySelector('.one .up').click();
        document.querySelector('.one .down').click();
    });
    await page.waitForFunction(() => {
        const f = document.querySelector('.one form.vote');

        return !f.busy;
    });
    const shown = [await number.textContent(),
                   await down.getAttribute('aria-pressed')].join();
    await page.reload();
    is([await number.textContent(), await down.getAttribute('aria-pressed')]
        .join(), shown, 'what fast clicks leave is what the server has');
    ok([s, s - 1, s - 2].includes(+await number.textContent()), '... a vote');
}

async function comment(page) {
    ok(await tabTo(page, '#body'), 'the comment');
    await page.keyboard.type('By keys');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.comment');
    await page.waitForLoadState();
    ok(await tabTo(page, '.reply > summary', 60), 'a reply');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
        document.activeElement.matches('.reply textarea'));
    ok(true, '... opens with the focus in it');
    await page.keyboard.type('Me too');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.comment .comment');
    await page.waitForLoadState();
    ok(true, '... and is sent, all by keyboard');
}

/* The script's call is refused, lost, or not from a member any more. */
async function trouble(page) {
    const up = '.one .up', api = '**/api/v1/**';

    await withdraw(page);
    const before = await page.textContent('.one .vote [data-score]');

    await page.route(api, r => r.fulfill({
        status: 429, contentType: 'application/problem+json',
        body: JSON.stringify({ title: 'Too many requests',
                               detail: 'Try again in a minute.' }) }));
    await page.click(up);
    await says(page, /^Try again in a minute\.$/);
    is(await page.textContent('.one .vote [data-score]'), before,
       'a vote that is refused: said, and taken back');
    is(await page.getAttribute(up, 'aria-pressed'), 'false', '... the button');
    await page.unroute(api);

    await page.route(api, r => r.abort());
    // The button shows the vote at once; it counts when the form has come back.
    await Promise.all([page.waitForEvent('load'), page.click(up)]);
    await page.waitForSelector(up + '[aria-pressed=true]');
    await page.reload();
    is(await page.getAttribute(up, 'aria-pressed'), 'true',
       'the way to the API is lost: the form does it');
    await page.unroute(api);

    await page.context().clearCookies();
    await page.click(up);
    await page.waitForURL('**/login?next=*');
    ok(true, 'signed out elsewhere: a vote leads to sign in');
}

/* A vote counts also if the page is left before it is on its way. */
async function leave(page) {
    const deal = page.url(), api = '**/api/v1/**', context = page.context();
    let arrived, release;
    const asked = new Promise(done => { arrived = done; });
    const left = new Promise(done => { release = done; });

    await withdraw(page);
    await context.route(api, async r => {
        arrived();
        await left;
        await r.continue();
    });
    await page.click('.one .up');
    await asked;
    await page.goto(at('/new'));
    release();

    const counts = async () => {
        await page.goto(deal);
        return page.getAttribute('.one .up', 'aria-pressed');
    };
    let voted;
    const until = Date.now() + 10000;
    while ((voted = await counts()) !== 'true' && Date.now() < until);
    is(voted, 'true', 'a vote counts, also if the page is left at once');
    await context.unroute(api);
}

run(async browser => {
    const page = await visitor(browser);

    await member(page, 'Keys_only');
    await submit(page, 'Typed, never clicked');
    await vote(page);
    await leave(page);
    await comment(page);
    await trouble(page);
    is(page.trouble.join('\n'), '', 'no error on any page');
});
