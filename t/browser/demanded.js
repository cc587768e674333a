/*
 * Where a second factor is demanded: a newcomer and a moderator without one,
 * with scripts (JS=1) and without (JS=0).
 */
'use strict';

const { ok, is, like, visitor, follow, shot, run, at, totp, views }
    = require('./browser.js');

const js = process.env.JS !== '0';
const how = js ? '' : ' (no script)';
const kind = js ? '' : '-plain';
const deal = process.env.DEAL;
const name = js ? 'Anna' : 'Berta';
const password = 'correct horse ' + name;
const said = 'What I typed, all of it.';

async function newcomer(page) {
    await page.goto(at('/signup?next=' + encodeURIComponent(deal)));
    await page.fill('#name', name);
    await page.fill('#password', password);
    await page.click('.panel button');
    await page.waitForURL('**/settings/factor?**');
    is(await page.textContent('h1'), 'A second factor',
       'signing up leads to the second factor' + how);
    like(await page.textContent('.note'), /Members of .* need one/,
         '... and says why');
    await views(page, 'demanded-offer', kind);
    await page.fill('#factor-current', 'wrong');
    await follow(page, 'text=Set it up');
    is(await page.locator('#factor-current[aria-invalid]').count(), 1,
       'a wrong password is said' + how);
    is(await page.textContent('h1'), 'A second factor',
       'a wrong password: the same page' + how);
    await views(page, 'demanded-offer-wrong', kind);
    await page.click('text=Not now');
    await page.waitForURL('**' + deal);
    ok(true, 'not now goes on');
}

async function votes(page) {
    const before = await page.textContent('[data-score]');

    if (js) {
        await page.click('.vote .up >> nth=0');
        await page.waitForSelector('#status a');
        like(await page.textContent('#status'), /need a second factor/,
             'a vote is refused, and says why');
        is(await page.getAttribute('#status a', 'href'),
           at('/settings/factor') + '?next=' + encodeURIComponent(deal),
           '... with a link that leads back');
        is(await page.textContent('[data-score]'), before,
           '... and does not count');
        is(await page.locator('[aria-pressed=true]').count(), 0,
           '... nor seem to');
        for (const width of [390, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            await page.screenshot(process.env.SHOTS ? { path: process.env.SHOTS
                + '/demanded-vote-' + width + '.png' } : {});
            const box = await page.locator('#status').boundingBox();
            ok(box.x >= 0 && box.x + box.width <= width,
               '... where all of it is seen, ' + width);
        }
        return;
    }
    await follow(page, '.vote .up >> nth=0');
    like(await page.textContent('main'), /need a second factor/,
         'a vote is refused, and says why' + how);
    await views(page, 'demanded-refused', kind);
    await page.click('text=Set up a second factor');
    await page.waitForURL('**/settings/factor?**');
    await follow(page, 'text=Not now');
    ok(true, '... with a link that leads back');
    await page.goto(at(deal));
}

async function comments(page, context) {
    await page.fill('#body', said);
    await follow(page, '.comments > .write .btn');
    is((await page.inputValue('#body')).trim(), said,
       'a comment is refused, and is still there' + how);
    await views(page, 'demanded-comment', kind);

    const [tab] = await Promise.all([
        context.waitForEvent('page'), page.click('#body-e a')
    ]);
    await tab.waitForURL('**/settings/factor?**');
    await tab.fill('#factor-current', password);
    await follow(tab, 'text=Set it up');
    await tab.fill('#code', totp(await tab.textContent('.secret')));
    await follow(tab, 'text=Turn it on');
    like(await tab.getAttribute('text=Done', 'href'), /\/deals\/\d+/,
         'set up in a tab of its own, it goes back to the deal');
    await tab.close();

    await page.click('.comments > .write .btn');
    await page.waitForURL('**#c*');
    like(await page.textContent('.comments'), new RegExp(said),
         'and the same comment is taken' + how);
}

async function forms(page) {
    const answer = await page.goto(at('/submit'));

    is(answer.status(), 403, 'no form that would be refused' + how);
    await views(page, 'demanded-submit', kind);
    await page.goto(at('/settings'));
    like(await page.textContent('.note'), /Members of .* need a second factor/,
         'the settings say so');
    await views(page, 'demanded-settings', kind);
    await page.click('text=Set it up below');
    const there = async () => {
        const box = await page.locator('#factor').boundingBox();

        return box.y >= 0 && box.y < 400;
    };
    for (let i = 0; i < 100 && !await there(); i++) {
        await page.waitForTimeout(50);
    }
    ok(await there(), '... with a link to where it is');
}

async function moderator(browser) {
    const page = await visitor(browser, { javaScriptEnabled: js });

    await page.goto(process.env.MODERATORS + '/login?next=/new');
    await page.fill('#name', 'Keeper');
    await page.fill('#password', 'password of Keeper');
    await page.click('.panel button');
    await page.waitForURL('**/settings/factor?**');
    like(await page.textContent('.note'), /Moderators of .* need one/,
         'a moderator signs in' + how);
    await views(page, 'demanded-moderator', kind);
    await page.click('text=Not now');
    await page.waitForURL('**/new');
    await page.click('.menu summary');
    like(await page.textContent('.sheet'), /once your second factor is on/,
         '... whose menu says so');
    for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        await shot(page, 'demanded-menu-' + width + kind);
    }
    await page.goto(process.env.MODERATORS + '/settings');
    await views(page, 'demanded-moderator-settings', kind);
}

run(async browser => {
    const page = await visitor(browser, { javaScriptEnabled: js });

    await newcomer(page);
    await votes(page);
    await page.setViewportSize({ width: 1280, height: 900 });
    await forms(page);
    await page.goto(at(deal));
    await comments(page, page.context());
    await moderator(browser);
    is(page.trouble.join('\n'), '', 'no error on any page' + how);
});
