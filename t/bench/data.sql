-- A community of :deals deals by :members members, a deal each :spacing
-- seconds, the newest now. Ten votes and three comments a deal on average,
-- most of them on few deals; half of the votes by the first :active members.
-- Of more than a million deals the older ones have a tenth of that. One more in
-- a hundred is hidden, with an id above the others.
--
-- Written past the functions, with the counters made of the votes at the end;
-- `deals verify` says whether all agrees. Indexes and foreign keys are put aside
-- until the rows are there.

BEGIN;

TRUNCATE users, user_names, user_emails, sessions, merchants, deals, deal_stats,
         deal_tags, comments, votes, comment_votes, import_keys CASCADE;

CREATE TEMPORARY TABLE aside AS
SELECT CASE contype WHEN 'f' THEN 3 ELSE 1 END AS place,
       format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
           AS away,
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass,
              conname, pg_get_constraintdef(oid)) AS back
  FROM pg_constraint
 WHERE contype IN ('p', 'f')
   AND conrelid::regclass::text IN ('deals', 'deal_stats', 'deal_tags',
                                    'comments', 'votes', 'comment_votes')
UNION ALL
SELECT 2, format('DROP INDEX %s', indexrelid::regclass),
       pg_get_indexdef(indexrelid)
  FROM pg_index
 WHERE NOT indisprimary
   AND indrelid::regclass::text IN ('deals', 'deal_stats', 'deal_tags',
                                    'comments', 'votes', 'comment_votes');

DO $$
DECLARE
    v_command  text;
BEGIN
    FOR v_command IN SELECT away FROM aside ORDER BY place DESC LOOP
        EXECUTE v_command;
    END LOOP;
END
$$;

-- --- members and shops ------------------------------------------------------

INSERT INTO users (user_id, name, password_hash, created_at)
SELECT i, 'member' || i, 'none', now() - interval '5 years'
  FROM generate_series(1, :members) AS i;

INSERT INTO user_names (name_key, user_id, name)
SELECT name, user_id, name FROM users;

-- All with the token USER_ID.MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz.
INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at)
SELECT user_id, encode(sha256('012345678901234567890123'), 'hex'), now(), now(),
       now() + interval '10 years'
  FROM users;

INSERT INTO merchants (slug, name)
SELECT 'shop-' || i, 'Shop ' || i FROM generate_series(1, 500) AS i;

-- --- words --------------------------------------------------------------------

CREATE TEMPORARY TABLE word AS
SELECT n - 1 AS n, word
  FROM unnest(string_to_array('Aldora,Brevik,Cantor,Delmo,Estrel,Fjord & Co,'
       'Galvan,Hestia,Ibex,Juno,Kestrel,Lumen,Mistral,Nordwand,Orbit,Pinea,'
       'Quarz,Rivo,Solano,Tessel,Umbra,Velox,Wexford,Xenia,Yarrow,Zephyr,'
       'Arden,Basalt,Cobalt,Drift,Ember,Flint', ',')) WITH ORDINALITY
       AS w (word, n);

CREATE TEMPORARY TABLE thing AS
SELECT n - 1 AS n, thing
  FROM unnest(string_to_array('wireless headphones,trail running shoes,'
       '27" monitor,cast iron pan,espresso machine,cordless drill,rain jacket,'
       'robot vacuum,mesh router,mechanical keyboard,standing desk,city bike,'
       'noise cancelling earbuds,bread maker,camping stove,down sleeping bag,'
       'LED bulbs,smart thermostat,air fryer,office chair,portable charger,'
       'microSD card,graphics card,laptop sleeve,chef''s knife,water bottle,'
       'solid state drive,action camera,e-reader,turntable,bath towels,'
       'garden shears', ',')) WITH ORDINALITY AS w (thing, n);

CREATE TEMPORARY TABLE detail AS
SELECT n - 1 AS n, detail
  FROM unnest(string_to_array(',, in black,, with case,, refurbished,'
       ' (pack of two), + free delivery for members, 2nd generation,,'
       ' with three year warranty and free returns,, open box,, in five colours,'
       ' at the lowest price since last summer,, if you collect it in the shop,'
       ' with code SAVE20 at checkout,, up to size 46,, in store only,'
       ' down from twice as much,,, today only,, while stocks last,,', ','))
       WITH ORDINALITY AS w (detail, n);

CREATE TEMPORARY TABLE said AS
SELECT n, body, '<p>' || replace(body, E'\n\n', E'</p>\n<p>') || '</p>' AS html
  FROM (SELECT g AS n, string_agg(sentence, CASE WHEN g % 3 = 0 THEN E'\n\n'
                                                 ELSE ' ' END ORDER BY i) AS body
          FROM generate_series(0, 63) AS g,
               LATERAL generate_series(1, 1 + g * g % 5) AS i,
               LATERAL (SELECT format('%s the %s from %s%s costs %s less%s.',
                    (ARRAY['Today', 'Since Monday', 'I saw that', 'Apparently'
                           ])[1 + (g + i) % 4], t.thing, w.word, d.detail,
                    5 + (g * 7 + i * 13) % 60,
                    (ARRAY['', ' than anywhere else', ', and it is the new one',
                           ' if you ask'])[1 + (g * 3 + i) % 4]) AS sentence
                          FROM word w, thing t, detail d
                         WHERE w.n = (g * 5 + i) % 32
                           AND t.n = (g * 11 + i * 3) % 32
                           AND d.n = (g * 3 + i * 7) % 32) s
         GROUP BY g) x;

-- --- deals ------------------------------------------------------------------------

-- What each deal will have. age: how many are newer; j scatters, and is NULL where
-- there is nothing; h is random.
CREATE TEMPORARY TABLE plan AS
SELECT i, h, u, i <= :deals AS live,
       CASE WHEN c = 0 THEN 2000 WHEN c <= 10 THEN 200 WHEN c <= 110 THEN 30
            WHEN c <= 710 THEN 5 ELSE 0 END AS votes,
       CASE WHEN k < 20 THEN 100 WHEN k < 520 THEN 2 ELSE 0 END AS comments,
       date_trunc('second', now() - age * :spacing * interval '1 s') AS t
  FROM (SELECT i, age, hashint8extended(i, 0) & 281474976710655 AS h,
               1 + i * 7919 % :members AS u,
               j * 7919 % 1000 AS c, j * 104729 % 1000 AS k
          FROM generate_series(1, :deals::int8 + :deals / 100) AS i,
               LATERAL (SELECT CASE WHEN i > :deals THEN (i - :deals) * 100
                                    ELSE :deals - i END AS age,
                               CASE WHEN i > :deals - 1000000 THEN i
                                    WHEN i % 10 = 0 THEN i / 10 END AS j) x) y;

ANALYZE plan;

INSERT INTO deals (deal_id, user_id, author_name, title, url, description, html,
                   html_version, merchant_slug, merchant_name, price_amount,
                   price_currency, list_price_amount, list_price_currency, tags,
                   created_at, starts_at, expires_at, hidden_at, live)
SELECT i, u, 'member' || u, w.word || ' ' || t.thing || d.detail,
       'https://shop' || h % 500 || '.example/' || to_hex(h) || '/offer-' || i,
       s.body, s.html, 1, 'shop-' || 1 + h % 500, 'Shop ' || 1 + h % 500,
       100 + h % 90000, 'USD', 200 + h % 90000 + h % 7000, 'USD',
       CASE WHEN h % 3 = 0 THEN ARRAY['tag-' || h % 50]
            ELSE ARRAY['tag-' || h % 50, 'rare-' || h % 5000] END,
       p.t, CASE WHEN i % 101 = 5 THEN p.t + interval '6 hours' END,
       CASE i % 10 WHEN 0 THEN p.t + interval '10 days'
                   WHEN 1 THEN p.t + interval '400 days' END,
       CASE WHEN NOT live THEN p.t END, live
  FROM plan p
  JOIN word w ON w.n = h % 32
  JOIN thing t ON t.n = h / 32 % 32
  JOIN detail d ON d.n = h / 1024 % 32
  JOIN said s ON s.n = h / 32768 % 64;

INSERT INTO deal_tags (deal_id, tag, created_at, live)
SELECT deal_id, unnest(tags), created_at, live FROM deals;

-- --- votes -------------------------------------------------------------------------

INSERT INTO votes (deal_id, user_id, value, prev, voted_at)
SELECT i, CASE WHEN n % 2 = 0 THEN 1 + (i * 31 + n / 2) % :active
               ELSE 1 + :active + (i * 7919 + n / 2) % (:members - :active) END,
       CASE WHEN r < 80 THEN 1 WHEN r < 97 THEN -1 ELSE 0 END, 0,
       t + (now() - t) * n / (votes + 1)
  FROM plan, LATERAL generate_series(1, votes) AS n,
       LATERAL (SELECT (hashint8(i * 4096 + n) & 65535) % 100 AS r) x;

-- --- comments -----------------------------------------------------------------------

-- A hundred are 25 roots with two replies each, and a reply to the first of these.
CREATE TEMPORARY TABLE talk AS
SELECT i, u, i * 1000 + c.n AS id, i * 1000 + root AS root,
       i * 1000 + CASE WHEN depth = 2 THEN 25 + root ELSE root END AS parent,
       depth, s.body, s.html, octet_length(s.body) + octet_length(s.html) AS bytes,
       (i + c.n) % 3 AS votes, date_trunc('second', t + (now() - t) * c.n
                                                      / (comments + 1)) AS t
  FROM (SELECT i, n, t, comments, 1 + (i * 13 + n * 17) % :members AS u,
               CASE WHEN comments = 2 THEN n ELSE 1 + (n - 1) % 25 END AS root,
               CASE WHEN n <= 25 THEN 0 WHEN n <= 75 THEN 1 ELSE 2 END AS depth,
               5 * ((h + n) % 12) + n % 2 AS said
          FROM plan, LATERAL generate_series(1, comments) AS n) c
  JOIN said s ON s.n = c.said;

INSERT INTO comment_votes (deal_id, comment_id, user_id, value, prev, voted_at)
SELECT i, id, 1 + (u + x * 101) % :members, CASE x WHEN 2 THEN -1 ELSE 1 END, 0,
       t
  FROM talk, LATERAL generate_series(1, votes) AS x;

INSERT INTO comments (deal_id, comment_id, parent_id, root_id, depth, user_id,
                      author_name, body, html, html_version, up, down, score,
                      wilson, reply_count, thread_bytes, created_at)
SELECT i, id, CASE WHEN depth > 0 THEN parent END, root, depth, u, 'member' || u,
       body, html, 1, up, down, up - down, deals_wilson(up, down),
       CASE WHEN depth = 0 THEN count(*) OVER thread - 1 ELSE 0 END,
       CASE WHEN depth = 0 THEN sum(bytes) OVER thread ELSE 0 END, t
  FROM (SELECT *, (votes >= 1)::int4 AS up, (votes >= 2)::int4 AS down
          FROM talk) c
WINDOW thread AS (PARTITION BY i, root);

-- --- counters, and what was put aside -------------------------------------------------

INSERT INTO deal_stats (deal_id, up, down, score, comment_count, hot, created_at,
                        created_day, starts_at, expires_at, live)
SELECT d.deal_id, c.up, c.down, c.up - c.down, p.comments,
       deals_hot(c.up, c.down, d.created_at, 1134028003, 45000), d.created_at,
       deals_day(d.created_at), d.starts_at, d.expires_at, d.live
  FROM deals d
  JOIN plan p ON p.i = d.deal_id
  LEFT JOIN (SELECT deal_id, count(*) FILTER (WHERE value = 1) AS up,
                    count(*) FILTER (WHERE value = -1) AS down
               FROM votes GROUP BY deal_id) v ON v.deal_id = d.deal_id,
       LATERAL (SELECT coalesce(v.up, 0)::int4 AS up,
                       coalesce(v.down, 0)::int4 AS down) c
 ORDER BY d.deal_id;

SET LOCAL maintenance_work_mem = '512MB';

DO $$
DECLARE
    v_command  text;
BEGIN
    FOR v_command IN SELECT back FROM aside ORDER BY place LOOP
        EXECUTE v_command;
    END LOOP;
END
$$;

DROP TABLE aside, word, thing, detail, said, plan, talk;

COMMIT;

VACUUM (ANALYZE) users, user_names, sessions, merchants, deals, deal_stats,
       deal_tags, comments, votes, comment_votes;
