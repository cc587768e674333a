/*
 * All that a member does, from signing up to taking the deal away again, with
 * scripts (JS=1) and without (JS=0): the same pages, the same tests.
 */
'use strict';

const { ok, is, like, visitor, follow, shot, run, at, totp, views }
    = require('./browser.js');

const js = process.env.JS !== '0';
const how = js ? '' : ' (no script)';

const errors = page => page.locator('[aria-invalid=true]');

async function signUp(page, name) {
    await page.goto(at('/submit'));
    like(page.url(), /\/login\?next=/, 'posting leads a stranger to sign in');
    await follow(page, 'text=Create an account');
    await page.fill('#name', name);
    await page.fill('#password', 'correct horse ' + name);
    await page.click('text=Create account >> nth=-1');
    await page.waitForURL('**/submit');
    ok(true, name + ' signed up, and is where she wanted to go' + how);
    is((await page.locator('.menu summary').textContent()).trim(), name,
       'the header knows ' + name);
}

async function submit(page) {
    await page.fill('#title', 'A kettle <b>that</b> sings');
    await page.fill('#url', 'https://shop.example.org/kettle?a=1&b=2');
    await page.fill('#price', 'cheap');
    await page.fill('#list_price', '40');
    await page.fill('#merchant', 'Kettle & Co');
    await page.fill('#tags', 'kitchen, tea');
    await page.fill('#description',
                    'Code <SAVE20> is **real**.\n\n<script>alert(1)</script>');
    await follow(page, 'text=Post it');

    ok(await page.locator('#price[aria-invalid=true]').count() === 1,
       'a price that is none is marked' + how);
    is(await errors(page).count(), 1, '... and nothing else is');
    is(await page.inputValue('#title'), 'A kettle <b>that</b> sings',
       'what was typed is still there');
    like(await page.inputValue('#description'), /<SAVE20> is \*\*real\*\*/,
         '... the text too');
    is(await page.locator('.errors a').count(), 1, 'a summary has it');
    is(await page.getAttribute('.errors a', 'href'), '#price',
       '... with a link to the field');
    like(await page.textContent('.errors a'), /^Price: /, '... by its name');
    const says = await page.locator('#price').getAttribute('aria-describedby');
    ok(await page.locator('#' + says.split(' ')[0]).isVisible(),
       'the field is described by what is wrong with it');
    await shot(page, 'submit-mistake-' + (js ? 'js' : 'plain'));

    await page.fill('#price', '19.99');
    await page.click('text=Post it');
    await page.waitForURL(/\/deals\/\d+\/[a-z0-9-]+$/);
    is(await page.textContent('h1'), 'A kettle <b>that</b> sings',
       'the deal is posted, its title as typed' + how);
    is((await page.textContent('.buy .price b')).trim(), '$19.99', 'its price');
    is((await page.textContent('.buy .price s')).trim(), '$40.00',
       'the usual price');
    like(await page.textContent('.buy .price em'), /50%/, 'what it saves');
    is(await page.getAttribute('.buy .get', 'href'),
       'https://shop.example.org/kettle?a=1&b=2', 'the way to the shop');
    like(await page.getAttribute('.buy .get', 'rel'), /\bnofollow\b.*\bugc\b/,
         '... which gives no credit');
    like(await page.textContent('.prose'), /Code <SAVE20> is real/,
         'a coupon in brackets is shown');
    is(await page.locator('.prose script').count(), 0, 'no script is made');
    is(await page.locator('.prose strong').textContent(), 'real', 'Markdown');
    return page.url();
}

const score = async form => +await form.locator('[data-score]').textContent();

/* Is up pressed, is down? */
const state = form => form.locator('.up, .down').evaluateAll(buttons =>
    buttons.map(b => b.getAttribute('aria-pressed') === 'true'));

/* Presses, and waits for what the press must lead to. */
async function press(page, form, which, want, pressed, name) {
    if (js) {
        const answer = page.waitForResponse(r =>
            r.request().method() === 'PUT' && /\/vote$/.test(r.url()));
        await form.locator('.' + which).click();
        is((await answer).status(), 200, name + ': answered');
        await page.waitForFunction(f => !f.busy, await form.elementHandle());
    } else {
        await follow(page, form.locator('.' + which));
    }
    is(await score(form), want, name + ': the score');
    is((await state(form)).join(), pressed.join(), name + ': what is pressed');
}

async function votes(page, where, what) {
    const form = page.locator(where + ' form.vote').first();

    let s = await score(form);
    if ((await state(form))[0]) {
        s--;
        await press(page, form, 'up', s, [false, false], what + ', own vote');
    }
    await press(page, form, 'up', s + 1, [true, false], what + ' up');
    await press(page, form, 'up', s, [false, false], what + ' withdrawn');
    await press(page, form, 'down', s - 1, [false, true], what + ' down');
    await press(page, form, 'up', s + 1, [true, false], what + ' turned');
    await page.reload();
    is(await score(form), s + 1, what + ': there after loading again' + how);
    is((await state(form)).join(), 'true,false', '... and whose it is');
}

async function comments(page, other, deal) {
    await page.goto(deal);
    await page.fill('#body', 'It *sings* indeed. <i>No</i>');
    await follow(page, '.comments > .write button');
    const first = page.locator('.comments > .comment').first();
    like(await first.locator('.prose').first().textContent(),
         /^It sings indeed\. <i>No<\/i>\s*$/, 'a comment' + how);
    is(await first.locator('.prose em').textContent(), 'sings',
       '... its Markdown');
    is(await first.locator('.badge').count(), 1, '... marked as the poster\'s');

    await other.goto(deal);
    await votes(other, '.comments > .comment', 'a comment');
    const there = other.locator('.comments > .comment').first();
    await there.locator('.reply > summary').first().click();
    await there.locator('textarea').first().fill('Which tune?');
    await follow(other, there.locator('.reply button').first());
    const reply = other.locator('.comment .comment');
    like(await reply.locator('.prose').textContent(), /Which tune/,
         'a reply stands under what it answers' + how);
    is(await there.locator('.act').count(), 1,
       'nobody edits the comments of others');

    await follow(other, reply.locator('.act'));
    is((await other.inputValue('#body')).trim(), 'Which tune?',
       'an own one can be edited: its text');
    await other.fill('#body', 'Which tune, please?');
    await other.click('.panel button');
    await other.waitForURL(/\/deals\/\d+\/[a-z]/);
    like(await reply.locator('.prose').textContent(), /please/,
         '... and is changed' + how);
    is(await reply.locator('.meta span:text-is("edited")').count(), 1,
       '... which is said');

    await first.locator('.fold > summary').first().click();
    ok(!await first.locator('.prose').first().isVisible(),
       'a thread folds away' + how);

    await reply.locator('.sure > summary').click();
    await follow(other, reply.locator('.sure button'));
    is(await other.locator('text=Which tune').count(), 0,
       'a comment is deleted' + how);
}

async function edit(page, deal) {
    await page.goto(deal);
    await follow(page, '.one .acts >> text=Edit');
    is(await page.inputValue('#price'), '19.99', 'the form holds the price');
    is(await page.inputValue('#tags'), 'kitchen, tea', '... and the tags');
    await page.fill('#title', 'A kettle that whistles');
    await page.fill('#list_price', '');
    await page.click('.panel button');
    await page.waitForURL(/a-kettle-that-whistles$/);
    is(await page.textContent('h1'), 'A kettle that whistles',
       'a deal is edited' + how);
    is(await page.locator('.buy .price s').count(), 0, 'an emptied field goes');
    await page.goto(deal);
    like(page.url(), /a-kettle-that-whistles$/, 'its old address leads there');
}

async function remove(page, deal) {
    await page.goto(deal);
    await page.click('.one .sure > summary');
    await follow(page, '.one .sure button');
    await page.goto(at('/new'));
    is(await page.locator('text=A kettle that whistles').count(), 0,
       'a deal is deleted' + how);
    const gone = await page.goto(deal);
    ok([404, 410].includes(gone.status()), '... and its page gone');
}

async function moderate(page, guest, deal) {
    await page.goto(at('/login'));
    await page.fill('#name', 'Keeper');
    await page.fill('#password', 'password of Keeper');
    await follow(page, '.panel button');
    await page.goto(deal);
    await follow(page, 'text=Hide from lists');
    ok(await page.locator('.note >> text=hidden').isVisible(),
       'a moderator hides a deal, which is said there' + how);
    is((await guest.goto(deal)).status(), 404, '... others find it no more');
    await guest.goto(at('/new'));
    is(await guest.locator('text=A kettle that').count(), 0, '... in no list');
    await follow(page, 'text=Show again');
    is(await page.locator('text=Hide from lists').count(), 1,
       '... and may show it again');
    is((await guest.goto(deal)).status(), 200, '... and shows it again');
}

async function accessTokens(page, name) {
    await page.goto(at('/settings'));
    await page.fill('#label', 'A <b>bot</b>');
    await page.check('[value=write]');
    await page.fill('#making', 'correct horse ' + name);
    await follow(page, 'text=Make a token');
    const token = await page.textContent('.secret');
    like(token, /^deals_\d+\.[\w-]{32}$/, 'an access token is shown' + how);
    const revoke = page.locator('[aria-label="Revoke A <b>bot</b>"]');
    is(await revoke.count(), 1, '... and listed');

    const me = () => page.request.get(at('/api/v1/me'),
        { headers: { Authorization: 'Bearer ' + token } });
    is((await me()).status(), 200, '... and good');
    await page.goto(at('/settings'));
    is(await page.locator('.secret').count(), 0, '... and told once');
    await follow(page, revoke);
    like(await page.textContent('.note'), /revoked/, 'it is revoked' + how);
    is((await me()).status(), 401, '... and good no more');
    is(await revoke.count(), 0, '... and not listed');
}

/* Enter in the field does what its own button does. */
async function sessions(page, browser, name) {
    const sign = async () => {
        const one = await visitor(browser, { javaScriptEnabled: js });
        await one.goto(at('/login'));
        await one.fill('#name', name);
        await one.fill('#password', 'correct horse ' + name);
        await follow(one, '.panel button');
        is(await one.locator('.menu').count(), 1, 'signed in elsewhere' + how);
        return one;
    };
    const last = page.locator('.sessions li button[formaction]').last();
    const here = async one => (await one.goto(at('/settings'))).url()
        .endsWith('/settings');
    const others = [await sign(), await sign()];

    await page.goto(at('/settings'));
    is(await page.locator('.sessions [formaction]').count(), 2,
       'two sessions elsewhere' + how);
    await page.fill('#ending', 'wrong horse');
    await follow(page, last);
    is(await page.locator('#ending[aria-invalid]').count(), 1,
       'a wrong password is said');
    is(await page.inputValue('#ending'), '', '... do not end without the password');
    await shot(page, 'sessions-mistake-' + (js ? 'js' : 'plain'));
    ok(await here(others[0]) && await here(others[1]), '... they go on');
    await page.goto(at('/settings'));
    await page.fill('#ending', 'correct horse ' + name);
    await follow(page, last);
    like(await page.textContent('.note'), /That session has ended/,
         '... one does' + how);
    ok(await here(others[0]) !== await here(others[1]), '... and not the other');
    await page.fill('#ending', 'correct horse ' + name);
    await follow(page, '#ending', field => field.press('Enter'));
    like(await page.textContent('.note'), /everywhere else/, '... all do' + how);
    ok(!await here(others[0]) && !await here(others[1]), '... at once');
    is(await page.locator('#ending').count(), 0, '... and nothing is asked');
}

/* Codes are good once: each sign-in here takes a recovery code, or the code of
 * the next half minute, which the site takes too. */
async function factor(page, browser, name) {
    const password = 'correct horse ' + name;

    await page.goto(at('/settings'));
    await page.fill('#factor-current', 'wrong horse');
    await follow(page, 'text=Set it up');
    ok(await page.locator('#factor-current[aria-invalid]').count() === 1,
       'no second factor without the password' + how);
    await page.fill('#factor-current', password);
    await follow(page, 'text=Set it up');
    const key = await page.textContent('.secret');
    like(key, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/, 'a key for the phone');
    const qr = await page.locator('.qr').boundingBox();
    ok(qr.width > 150 && Math.abs(qr.width - qr.height) < 2,
       '... and its picture, a square');
    like(await page.getAttribute('a[href^=otpauth]', 'href'),
         new RegExp('secret=' + key.replace(/ /g, '')), '... and a link');
    await views(page, 'factor-setup', js ? '' : '-plain');
    await page.fill('#code', '12345');
    await follow(page, 'text=Turn it on');
    ok(await page.locator('#code[aria-invalid]').count() === 1,
       'a wrong code is said');
    is(await page.textContent('.secret'), key, 'a wrong code: the same key');
    await page.fill('#code', totp(key));
    await follow(page, 'text=Turn it on');
    const codes = await page.locator('.codes code').allTextContents();
    is(codes.length, 10, 'a good one: recovery codes' + how);
    await views(page, 'factor-codes', js ? '' : '-plain');
    await follow(page, 'text=Done');
    like(await page.textContent('.sessions >> nth=0'), /10 recovery codes left/,
         'it is on');
    await views(page, 'factor-on', js ? '' : '-plain');

    const one = await visitor(browser, { javaScriptEnabled: js });
    await one.goto(at('/submit'));
    await one.fill('#name', name);
    await one.fill('#password', password);
    await follow(one, '.panel button');
    is(await one.locator('.menu, [type=password]').count(), 0,
       'signing in asks for a code, and there is no session yet' + how);
    await views(one, 'code', js ? '' : '-plain');
    await one.fill('#code', '000');
    await follow(one, '.panel button');
    is(await one.inputValue('#code[aria-invalid]'), '',
       '... a wrong one is not good');
    await one.fill('#code', codes[0].toLowerCase());
    await one.press('#code', 'Enter');
    await one.waitForURL('**/submit');
    is((await one.locator('.menu summary').textContent()).trim(), name,
       '... a recovery code is, and leads on');

    await page.goto(at('/settings'));
    like(await page.textContent('.sessions >> nth=0'), /9 recovery codes left/,
         '... and is used up');
    await page.fill('#factor-current', password);
    await page.fill('#code', codes[0]);
    await follow(page, 'button:has-text("Turn it off")');
    ok(await page.locator('#code[aria-invalid]').count() === 1,
       '... and does not turn it off');
    await page.fill('#factor-current', password);
    await page.fill('#code', codes[1]);
    await follow(page, 'button:has-text("Turn it off")');
    like(await page.textContent('.note'), /second factor is off/,
         'another turns it off' + how);
    is(await page.locator('text=Set it up').count(), 1, '... for good');
    await page.setViewportSize({ width: 1280, height: 800 });
}

async function signOut(page, name) {
    await page.goto(at('/new'));
    await page.click('.menu summary');
    await follow(page, 'text=Sign out');
    is(await page.locator('.signin').count(), 1, 'signed out' + how);

    await page.goto(at('/new'));
    await follow(page, '.signin');
    await page.fill('#name', name);
    await page.fill('#password', 'wrong horse');
    await follow(page, '.panel button');
    ok(await page.locator('.errors').isVisible(), 'a wrong password is said');
    is(await page.inputValue('#name'), name, '... the name kept');
    is(await page.inputValue('#password'), '', '... the password not');
    await page.fill('#password', 'correct horse ' + name);
    await page.click('.panel button');
    await page.waitForURL('**/new');
    is((await page.locator('.menu summary').textContent()).trim(), name,
       'signed in again, back where she was' + how);
}

run(async browser => {
    const ann = js ? 'Ann_k' : 'Ann_p', bob = js ? 'Bob_k' : 'Bob_p';
    const page = await visitor(browser, { javaScriptEnabled: js });
    const other = await visitor(browser, { javaScriptEnabled: js });
    const guest = await visitor(browser, { javaScriptEnabled: js });

    await signUp(page, ann);
    const deal = await submit(page);
    await shot(page, 'deal-' + (js ? 'js' : 'plain'));
    await signUp(other, bob);

    await other.goto(deal);
    is(await other.locator('.one >> text=Edit').count(), 0,
       'only the poster edits');
    await votes(other, '.one', 'the deal');

    const id = /\/deals\/(\d+)\//.exec(deal)[1];
    await other.goto(at('/new'));
    const card = 'article[data-id="' + id + '"]';
    is(await other.locator(card).count(), 1, 'the deal stands in the list');
    await votes(other, card, 'in the list, the deal');

    await guest.goto(deal);
    await follow(guest, '.one .vote .up');
    like(guest.url(), /\/login\?next=%2F\w+%2F/i, 'a stranger\'s vote: sign in');

    await comments(page, other, deal);
    await edit(page, deal);
    await moderate(await visitor(browser, { javaScriptEnabled: js }), guest,
                   deal);
    await accessTokens(page, ann);
    await sessions(page, browser, ann);
    await factor(page, browser, ann);
    await signOut(page, ann);
    await remove(page, deal);

    for (const [who, p] of [[ann, page], [bob, other], ['a guest', guest]]) {
        is(p.trouble.join('\n'), '', 'no error on any page of ' + who + how);
    }
});
