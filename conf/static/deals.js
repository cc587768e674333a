/*
 * What the pages can do better where scripts run. Everything works without:
 * each part here takes over from a plain form and gives way to it again when
 * something is not as expected.
 */
(function () {
    'use strict';

    var status = document.getElementById('status');
    var hide;

    /* Says it to screen readers, and shows it for a while; with a link if there
     * is one to follow. */
    function say(text, link, label) {
        var a;

        clearTimeout(hide);
        status.textContent = text;

        if (link) {
            a = document.createElement('a');
            a.href = link;
            a.textContent = label;
            status.append(' ', a);
        }

        hide = setTimeout(function () { status.textContent = ''; },
                          link ? 20000 : 5000);
    }

    /* A page of this site that leads back here. */
    function page(name) {
        return document.querySelector('.brand').pathname + name + '?next='
            + encodeURIComponent(location.pathname + location.search);
    }

    /* ".../deals/1/-/vote" to ".../api/v1/deals/1/vote". */
    function api(action) {
        var path = new URL(action, location.href).pathname;
        var m = /^(.*)\/deals\/(\d+)\/-\/(.+)$/.exec(path);

        return m && m[1] + '/api/v1/deals/' + m[2] + '/' + m[3];
    }


    /* The code of a link to set a new password goes into its field, and out of
     * the address. */
    function take() {
        var token = document.getElementById('token');

        if (token && !token.value && location.hash.length > 1) {
            token.value = location.hash.slice(1);
            history.replaceState(null, '', location.pathname);
        }
    }

    take();


    /* Votes without loading the page again. */

    function show(form, score, mine) {
        var number = form.querySelector('[data-score]');

        number.textContent = score;
        number.setAttribute('data-score', score);
        form.querySelectorAll('button').forEach(function (b) {
            var own = b.classList.contains('up') ? 1 : -1;
            var on = mine === own;

            b.setAttribute('aria-pressed', on);
            b.value = on ? 0 : own;
        });
    }

    function voted(form) {
        var on = form.querySelector('[aria-pressed=true]');

        return !on ? 0 : on.classList.contains('up') ? 1 : -1;
    }

    /* "14 up, 2 down" on a deal's own page. */
    function count(form, name, value) {
        var number = form.parentNode.querySelector('[' + name + ']');

        if (number) {
            number.textContent = value;
        }
    }

    /* As if no script had been there. */
    function plainly(form, value) {
        var input = document.createElement('input');

        input.type = 'hidden';
        input.name = 'value';
        input.value = value;
        form.append(input);
        form.submit();
    }

    function vote(form, value) {
        var url = api(form.action);
        var before = voted(form);
        var score = +form.querySelector('[data-score]').textContent;

        if (!url || isNaN(score) || !window.fetch) {
            plainly(form, value);
            return;
        }

        /* One at a time: the last click wins when the first is answered. */
        if (form.busy) {
            form.later = value;
            return;
        }

        form.busy = true;
        form.later = null;
        show(form, score - before + value, value);

        fetch(url, {
            method: 'PUT',
            keepalive: true,
            headers: { 'Content-Type': 'application/json',
                       'Accept': 'application/json' },
            credentials: 'same-origin',
            body: JSON.stringify({ value: value })
        }).then(function (answer) {
            return answer.json().then(function (body) {
                done(form, value, before, score, answer, body);
            });
        }).catch(function () {
            form.busy = false;
            show(form, score, before);

            if (navigator.onLine === false) {
                say('You are offline. Your vote was not counted.');
            } else {
                plainly(form, value);
            }
        });
    }

    function done(form, value, before, score, answer, body) {
        var next = form.later;

        form.busy = false;

        if (answer.status === 401) {
            location.href = page('login');
            return;
        }

        if (/:second-factor-required$/.test(body.type)) {
            show(form, score, before);
            say(body.detail, page('settings/factor'), 'Set it up');
            return;
        }

        if (!answer.ok || typeof body.score !== 'number') {
            show(form, score, before);
            say(body.detail || body.title || 'That did not work. Try again.');
            return;
        }

        show(form, body.score, body.my_vote);
        count(form, 'data-up', body.up);
        count(form, 'data-down', body.down);

        if (next !== null && next !== body.my_vote) {
            vote(form, next);
            return;
        }

        say((body.my_vote > 0 ? 'Voted up' : body.my_vote < 0 ? 'Voted down'
             : 'Vote withdrawn') + ', now ' + body.score + '.');
    }


    /* Forms are sent once, however often one clicks. */
    document.addEventListener('submit', function (event) {
        var form = event.target;
        var button = event.submitter;

        if (form.classList.contains('vote') && button) {
            event.preventDefault();
            vote(form, +button.value);
            return;
        }

        if (form.sent) {
            event.preventDefault();
        }

        form.sent = true;
    });

    /* A page that comes back from the browser's memory may send again. */
    addEventListener('pageshow', function () {
        Array.prototype.forEach.call(document.forms, function (form) {
            form.sent = false;
        });
    });


    /* Times in the reader's own zone. */

    function local(time, day) {
        return time.toLocaleString([], day ? { dateStyle: 'medium' }
                                   : { dateStyle: 'medium',
                                       timeStyle: 'short' });
    }

    document.querySelectorAll('time[datetime]').forEach(function (t) {
        var time = new Date(t.dateTime);

        if (isNaN(time)) {
            return;
        }

        t.title = local(time);

        if (t.hasAttribute('data-day')) {
            t.textContent = local(time, true);
        } else if (t.hasAttribute('data-local')) {
            t.textContent = local(time);
        }
    });

    /* Forms take UTC: say beside the field what that is here. */
    document.querySelectorAll('[type=datetime-local]').forEach(function (f) {
        var here = document.createElement('p');

        function tell() {
            var time = new Date(f.value + 'Z');

            here.textContent = f.value && !isNaN(time)
                ? 'Your time: ' + local(time) : '';
        }

        here.className = 'hint';
        here.setAttribute('aria-live', 'polite');
        f.after(here);
        f.addEventListener('input', tell);
        tell();
    });


    /* The member's menu closes by Escape and by a click elsewhere. */

    var menu = document.querySelector('.menu');

    function close(focus) {
        if (menu && menu.open) {
            menu.open = false;

            if (focus) {
                menu.querySelector('summary').focus();
            }
        }
    }

    document.addEventListener('click', function (event) {
        if (menu && !menu.contains(event.target)) {
            close(false);
        }
    });

    document.addEventListener('keydown', function (event) {
        if (event.key === 'Escape') {
            close(true);
        }
    });

    /* A reply form that opens takes the focus. */
    document.addEventListener('toggle', function (event) {
        var box = event.target.open && event.target.matches('.reply')
                  && event.target.querySelector('textarea');

        if (box) {
            box.focus();
        }
    }, true);

    /* What is wrong with a form is read first. */
    var wrong = document.querySelector('[aria-invalid=true]');

    if (wrong) {
        wrong.focus();
    }
}());
