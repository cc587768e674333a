/*
 * What xss.t has written, looked at: WORK names its list of pages and forms.
 * Nothing may run (a dialog, an event of the content security policy, an error,
 * a request elsewhere), no element or attribute may stand in a page that ours do
 * not have, and the HTML stays valid.
 */
'use strict';

const fs = require('fs');
const { HtmlValidate } = require('html-validate');
const { ok, is, visitor, run } = require('./browser.js');

const work = JSON.parse(fs.readFileSync(process.env.WORK, 'utf8'));
const html = new HtmlValidate({
    extends: ['html-validate:standard'],
    rules: {
        'attribute-boolean-style': 'off', 'long-title': 'off',
        'no-implicit-button-type': 'off', 'no-trailing-whitespace': 'off',
        'require-sri': 'off', 'void-style': 'off'
    }
});

/* Before any script of the page. */
const hook = () => {
    document.addEventListener('securitypolicyviolation', e =>
        console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI
                      + ' ' + e.sample));
    for (const f of ['alert', 'confirm', 'prompt', 'print', 'open']) {
        window[f] = () => console.error('ran: ' + f);
    }
};

/* What no page of ours has; and what is written may not add. */
const foreign = () => [...document.querySelectorAll('*')].filter(e => {
    const name = e.localName;

    return ['iframe', 'object', 'embed', 'base', 'style', 'math', 'audio',
            'video', 'source', 'img', 'frame', 'frameset', 'applet', 'template',
            'xmp', 'plaintext', 'marquee', 'dialog', 'slot', 'x', 'save20']
           .includes(name)
        || (name === 'script' && !/^\/static\//.test(e.getAttribute('src'))
            && e.type !== 'application/ld+json')
        || (name === 'meta' && e.httpEquiv)
        || (name === 'form' && !/^\/(?!\/)/.test(e.getAttribute('action')))
        || [...e.attributes].some(a => /^on/i.test(a.name)
            || ['style', 'srcdoc', 'srcset', 'xlink:href', 'ping']
               .includes(a.name)
            || (['href', 'src', 'action', 'formaction'].includes(a.name)
                && (/^[\/\\]{2}/.test(a.value)
                    || (/^[^/?#]*:/.test(a.value)
                        && !/^(https?:\/\/|mailto:)/i.test(a.value)))));
}).map(e => e.outerHTML.slice(0, 160)).join('\n');

/* What is wrong with the page that is shown. What is no time stands in a field
 * for one, and the browser says that it won't show it. */
async function look(page, source, whole) {
    const bad = page.trouble.splice(0).filter(t =>
        !/does not conform to the required format/.test(t));
    const found = await page.evaluate(foreign);
    const report = whole ? await html.validateString(source) : { results: [] };

    if (found) {
        bad.push('in the page: ' + found);
    }
    report.results.forEach(r => r.messages.forEach(m =>
        bad.push('HTML: ' + m.line + ':' + m.column + ' ' + m.ruleId + ': '
                 + m.message)));
    return bad;
}

async function visit(page, path, whole) {
    const answer = await page.goto(path);

    return look(page, await answer.text(), whole);
}

/* Sends a form as the page itself would. */
async function send(page, path, fields) {
    const [answer] = await Promise.all([
        page.waitForResponse(r => r.request().method() === 'POST'
                                  && r.request().isNavigationRequest()),
        page.waitForNavigation(),
        page.evaluate(([to, all]) => {
            const form = document.createElement('form');

            form.method = 'post';
            form.action = to;
            for (const name of Object.keys(all)) {
                const field = document.createElement('textarea');

                field.name = name;
                field.value = all[name];
                form.append(field);
            }
            document.body.append(form);
            form.submit();
        }, [path, fields])
    ]);

    return answer;
}

/* Every fourth page's source is read by the validator, which takes its time. */
async function all(name, list, one) {
    const wrong = [];
    let n = 0;

    for (const item of list) {
        (await one(item, n++ % 4 === 0)).forEach(w =>
            wrong.push(JSON.stringify(item).slice(0, 200) + ': ' + w));
    }
    is(wrong.slice(0, 20).join('\n'), '', list.length + ' ' + name);
}

run(async browser => {
    const page = await visitor(browser, {});

    page.on('dialog', d => {
        page.trouble.push('dialog: ' + d.message());
        d.dismiss();
    });
    await page.addInitScript(hook);
    await page.goto('/login');
    await page.fill('#name', process.env.NAME);
    await page.fill('#password', process.env.PASSWORD);
    await page.click('.panel button');
    await page.waitForSelector('.menu');

    await all('deals', work.deals, async (deal, whole) => {
        const wrong = await visit(page, deal.path, whole);
        const title = await page.textContent('h1');

        if (title !== deal.title) {
            wrong.push('the title is ' + title);
        }
        return wrong;
    });
    await all('imported deals', work.imported,
              (deal, whole) => visit(page, deal.path, whole));
    await all('lists and addresses', work.pages,
              (path, whole) => visit(page, path, whole));

    const bad = await visit(page, work.talk, true);
    is(bad.join('\n'), '', 'the page of all comments');
    ok(await page.locator('.prose').count() > work.comments, '... shows them');

    await page.goto('/settings');
    const shown = await page.locator('.agent').allTextContents();
    is(work.agents.filter(a => a && !shown.includes(a)).join('\n'), '',
       'names of programs are shown as they are');
    is(work.labels.filter(a => !shown.includes(a)).join('\n'), '',
       'labels of access tokens too');

    await all('forms', work.forms, async (form, whole) => {
        await page.goto('/robots.txt');
        const answer = await send(page, form.path, form.fields);

        return answer.status() < 400 && answer.status() !== 303
            ? ['an answer of ' + answer.status()]
            : look(page, answer.status() === 303 ? '' : await answer.text(),
                   whole && answer.status() !== 303);
    });
});
