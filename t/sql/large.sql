-- A community of 100,000 deals, 20,000 members, 300,000 comments and a million
-- votes, written past the functions because only its size and spread matter.
-- Three years, the newest now; one deal in ten ends, one in fifty is not live.

INSERT INTO users (user_id, name, password_hash, created_at)
SELECT i, 'member_' || i, 'x', now() - interval '3 years'
  FROM generate_series(1, 20000) AS i;

INSERT INTO user_names (name_key, user_id, name)
SELECT name, user_id, name FROM users;

INSERT INTO user_emails (email_key, user_id)
SELECT name || '@example.org', user_id FROM users;

INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at)
SELECT user_id, md5(user_id::text), now(), now(), now() + interval '30 days'
  FROM users;

INSERT INTO sessions (user_id, token_hash, created_at, seen_at, expires_at,
                      label, scopes)
SELECT user_id, md5(user_id::text || i), now(), now(),
       now() + interval '90 days', 'Program ' || i, 1 + i % 7
  FROM users, generate_series(1, 3) AS i;

INSERT INTO user_networks (user_id, network, seen_at)
SELECT user_id, md5(user_id::text) || md5(user_id::text), now() FROM users;

INSERT INTO user_factors (user_id, secret, begun_at, confirmed_at)
SELECT user_id, repeat('A', 32), now(), now() FROM users;

INSERT INTO user_recovery_codes (user_id, code_hash)
SELECT user_id, md5(user_id::text || i) || md5(i::text)
  FROM users, generate_series(1, 10) AS i;

INSERT INTO user_tickets (user_id, token_hash, expires_at)
SELECT user_id, md5(user_id::text) || md5(user_id::text),
       now() + interval '5 minutes' FROM users;

INSERT INTO password_resets (user_id, token_hash, expires_at)
SELECT user_id, md5(user_id::text) || md5(user_id::text),
       now() + interval '1 hour' FROM users;

INSERT INTO merchants (slug, name)
SELECT 'merchant-' || i, 'Merchant ' || i FROM generate_series(1, 500) AS i;

INSERT INTO deals (deal_id, user_id, author_name, title, url, description, html,
                   html_version, merchant_slug, merchant_name, tags, created_at,
                   expires_at, hidden_at, live)
SELECT i, u, 'member_' || u, 'Deal number ' || i, 'https://example.org/' || i,
       repeat('a text of some length ', 20), repeat('<p>html of it</p>', 30), 1,
       'merchant-' || m, 'Merchant ' || m,
       ARRAY['tag-' || i % 50, 'rare-' || i % 5000],
       t, CASE WHEN i % 10 = 0 THEN t + interval '10 days' END,
       CASE WHEN i % 50 = 0 THEN t END, i % 50 <> 0
  FROM (SELECT i, 1 + (i * 7919) % 20000 AS u, 1 + (i * 31) % 500 AS m,
               date_trunc('second', now() - (100000 - i) * interval '946 s')
                   AS t
          FROM generate_series(1, 100000) AS i) x;

INSERT INTO deal_stats (deal_id, imported_up, imported_down, score, hot,
                        created_at, created_day, expires_at, live)
SELECT deal_id, up, down, up - down,
       deals_hot(up, down, created_at, 1134028003, 45000), created_at,
       deals_day(created_at), expires_at, live
  FROM (SELECT *, ((deal_id * 104729) % 997)::int4 AS up,
               ((deal_id * 1299709) % 101)::int4 AS down FROM deals) d;

INSERT INTO deal_tags (deal_id, tag, created_at, live)
SELECT deal_id, unnest(tags), created_at, live FROM deals;

INSERT INTO creations (user_id, key, digest, deal_id, created_at)
SELECT user_id, 'key-' || deal_id, md5(title), deal_id, now() FROM deals;

INSERT INTO import_keys (source, source_id, deal_id)
SELECT 'reddit', deal_id::text, deal_id FROM deals;

-- Most deals have a few comments, one in a hundred has 203, one 6,000.
INSERT INTO comments (deal_id, comment_id, parent_id, root_id, depth, user_id,
                      author_name, body, html, html_version, up, score, wilson,
                      reply_count, thread_bytes, created_at)
SELECT d, i, CASE WHEN i > roots THEN 1 + i % roots END,
       CASE WHEN i > roots THEN 1 + i % roots ELSE i END, (i > roots)::int4,
       1 + (d * i) % 20000, 'somebody', 'a comment', '<p>a comment</p>', 1,
       i % 7, i % 7, deals_wilson(i % 7, 0), CASE WHEN i > roots THEN 0
                                                  ELSE 1 END,
       CASE WHEN i > roots THEN 0 ELSE 52 END, now()
  FROM generate_series(1, 100000) AS d,
       LATERAL (SELECT CASE WHEN d = 50000 THEN 3000 WHEN d % 100 = 0 THEN 100
                            ELSE 1 END AS roots) r,
       LATERAL generate_series(1, CASE WHEN d = 50000 THEN 6000
                                       WHEN d % 100 = 0 THEN 203
                                       ELSE d % 3 END) AS i;

INSERT INTO votes (deal_id, user_id, value, prev, voted_at)
SELECT d, 1 + (d * 13 + i * 1009) % 20000, 1, 0, now()
  FROM generate_series(1, 100000) AS d, generate_series(1, 10) AS i;

INSERT INTO comment_votes (deal_id, comment_id, user_id, value, prev, voted_at)
SELECT deal_id, comment_id, 1 + (deal_id * 13 + comment_id * 7 + i * 1009) % 20000,
       1, 0, now()
  FROM comments, generate_series(1, 2) AS i;

ANALYZE;
