-- Votes and clocks that are set back. A vote that comes late, from a connection
-- that was slow to end, must not replace a newer one: so a vote carries its
-- time. But where the newer one is newer by more than a vote can be late, it was
-- the clock that went back, and what is cast now counts. All else is as it was.

CREATE OR REPLACE FUNCTION deals_vote_alone(
    p_deal_id int8, p_user_id int8, p_value int2, p_voted_at timestamptz)
RETURNS TABLE (found bool, score int8, up int8, down int8, value int2)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_value  int2;
    v_prev   int2;
    v_up     int4 := 0;
    v_down   int4 := 0;
    s        record;
BEGIN
    SELECT d.up + d.imported_up AS up, d.down + d.imported_down AS down INTO s
      FROM deal_stats d
     WHERE d.deal_id = p_deal_id AND d.live
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT false, 0::int8, 0::int8, 0::int8, 0::int2;
        RETURN;
    END IF;

    INSERT INTO votes AS v (deal_id, user_id, value, prev, voted_at)
    VALUES (p_deal_id, p_user_id, p_value, 0, p_voted_at)
    ON CONFLICT (deal_id, user_id) DO UPDATE
       SET prev = v.value, value = excluded.value, voted_at = excluded.voted_at
     WHERE v.voted_at < excluded.voted_at
           OR v.voted_at > excluded.voted_at + interval '1 minute'
           OR (v.voted_at = excluded.voted_at AND v.value <> excluded.value)
    RETURNING v.value, v.prev INTO v_value, v_prev;

    IF FOUND THEN
        v_up := (v_value = 1)::int4 - (v_prev = 1)::int4;
        v_down := (v_value = -1)::int4 - (v_prev = -1)::int4;
    ELSE
        SELECT v.value INTO STRICT v_value FROM votes v
         WHERE v.deal_id = p_deal_id AND v.user_id = p_user_id;
    END IF;

    IF v_up <> 0 OR v_down <> 0 THEN
        UPDATE deal_stats d
           SET up = d.up + v_up, down = d.down + v_down,
               score = d.score + v_up - v_down,
               hot = deals_hot(s.up + v_up, s.down + v_down, d.created_at,
                               (SELECT c.value::float8 FROM settings c
                                 WHERE c.key = 'epoch'),
                               (SELECT c.value::float8 FROM settings c
                                 WHERE c.key = 'tau'))
         WHERE d.deal_id = p_deal_id;
    END IF;

    RETURN QUERY SELECT true, (s.up + v_up - s.down - v_down)::int8,
                        (s.up + v_up)::int8, (s.down + v_down)::int8, v_value;
END
$$;

CREATE OR REPLACE FUNCTION deals_vote(p_deal_ids int8[], p_user_ids int8[],
                                      p_votes int2[], p_times timestamptz[])
RETURNS TABLE (n int4, found bool, score int8, up int8, down int8, value int2)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    v_count      int4 := coalesce(cardinality(p_deal_ids), 0);
    v_changed    int8;
    v_epoch      float8;
    v_tau        float8;
    a_deals      int8[];
    a_up         int4[];
    a_down       int4[];
    a_more_up    int4[];
    a_more_down  int4[];
BEGIN
    IF v_count = 1 THEN
        RETURN QUERY SELECT 1, v.*
          FROM deals_vote_alone(p_deal_ids[1], p_user_ids[1], p_votes[1],
                                p_times[1]) AS v;
        RETURN;
    END IF;

    SELECT max(c.value) FILTER (WHERE c.key = 'epoch'),
           max(c.value) FILTER (WHERE c.key = 'tau')
      INTO STRICT v_epoch, v_tau FROM settings c;

    SELECT array_agg(s.deal_id), array_agg(s.up), array_agg(s.down)
      INTO a_deals, a_up, a_down
      FROM (SELECT d.deal_id, d.up + d.imported_up AS up,
                   d.down + d.imported_down AS down
              FROM deal_stats d
             WHERE d.deal_id = ANY (p_deal_ids) AND d.live
             ORDER BY d.deal_id
               FOR NO KEY UPDATE) AS s;

    -- Of the votes of a pair the last counts. What it replaces may be newer.
    WITH changed AS (
        INSERT INTO votes AS v (deal_id, user_id, value, prev, voted_at)
        SELECT DISTINCT ON (t.deal_id, t.user_id)
               t.deal_id, t.user_id, t.value, 0, t.voted_at
          FROM unnest(p_deal_ids, p_user_ids, p_votes, p_times)
               WITH ORDINALITY
               AS t (deal_id, user_id, value, voted_at, n)
          JOIN unnest(a_deals) AS s (deal_id) ON s.deal_id = t.deal_id
         ORDER BY t.deal_id, t.user_id, t.voted_at DESC, t.n DESC
        ON CONFLICT (deal_id, user_id) DO UPDATE
           SET prev = v.value, value = excluded.value,
               voted_at = excluded.voted_at
         WHERE v.voted_at < excluded.voted_at
               OR v.voted_at > excluded.voted_at + interval '1 minute'
               OR (v.voted_at = excluded.voted_at
                   AND v.value <> excluded.value)
        RETURNING v.deal_id, v.value, v.prev
    ), moved AS (
        SELECT c.deal_id, count(*) AS n,
               sum((c.value = 1)::int4 - (c.prev = 1)::int4)::int4 AS up,
               sum((c.value = -1)::int4 - (c.prev = -1)::int4)::int4 AS down
          FROM changed c
         GROUP BY c.deal_id
    )
    SELECT array_agg(s.deal_id), sum(m.n),
           array_agg(coalesce(m.up, 0)), array_agg(s.up + coalesce(m.up, 0)),
           array_agg(coalesce(m.down, 0)),
           array_agg(s.down + coalesce(m.down, 0))
      INTO a_deals, v_changed, a_more_up, a_up, a_more_down, a_down
      FROM unnest(a_deals, a_up, a_down) AS s (deal_id, up, down)
      LEFT JOIN moved m ON m.deal_id = s.deal_id;

    UPDATE deal_stats d
       SET up = d.up + m.up, down = d.down + m.down,
           score = d.score + m.up - m.down,
           hot = deals_hot(d.up + d.imported_up + m.up,
                           d.down + d.imported_down + m.down,
                           d.created_at, v_epoch, v_tau)
      FROM unnest(a_deals, a_more_up, a_more_down) AS m (deal_id, up, down)
     WHERE d.deal_id = m.deal_id AND (m.up <> 0 OR m.down <> 0);

    -- If all changed something, each stands now.
    RETURN QUERY
        SELECT t.n::int4, s.deal_id IS NOT NULL,
               coalesce(s.up - s.down, 0)::int8, coalesce(s.up, 0)::int8,
               coalesce(s.down, 0)::int8,
               CASE WHEN s.deal_id IS NULL THEN 0::int2
                    WHEN v_changed = v_count THEN t.value
                    ELSE (SELECT v.value FROM votes v
                           WHERE v.deal_id = t.deal_id
                             AND v.user_id = t.user_id)
               END
          FROM unnest(p_deal_ids, p_user_ids, p_votes) WITH ORDINALITY
               AS t (deal_id, user_id, value, n)
          LEFT JOIN unnest(a_deals, a_up, a_down) AS s (deal_id, up, down)
            ON s.deal_id = t.deal_id
         ORDER BY t.n;
END
$$;

CREATE OR REPLACE FUNCTION deals_comment_vote_alone(
    p_deal_id int8, p_comment_id int8, p_user_id int8, p_value int2,
    p_voted_at timestamptz)
RETURNS TABLE (found bool, score int8, up int8, down int8, value int2)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_value  int2;
    v_prev   int2;
    v_up     int4 := 0;
    v_down   int4 := 0;
    s        record;
BEGIN
    PERFORM 1 FROM deal_stats d WHERE d.deal_id = p_deal_id AND d.live;
    IF FOUND THEN
        SELECT c.up, c.down INTO s FROM comments c
         WHERE c.deal_id = p_deal_id AND c.comment_id = p_comment_id
           AND c.deleted_at IS NULL AND c.hidden_at IS NULL
           FOR NO KEY UPDATE;
    END IF;
    IF NOT FOUND THEN
        RETURN QUERY SELECT false, 0::int8, 0::int8, 0::int8, 0::int2;
        RETURN;
    END IF;

    INSERT INTO comment_votes AS v
           (deal_id, comment_id, user_id, value, prev, voted_at)
    VALUES (p_deal_id, p_comment_id, p_user_id, p_value, 0, p_voted_at)
    ON CONFLICT (deal_id, comment_id, user_id) DO UPDATE
       SET prev = v.value, value = excluded.value, voted_at = excluded.voted_at
     WHERE v.voted_at < excluded.voted_at
           OR v.voted_at > excluded.voted_at + interval '1 minute'
           OR (v.voted_at = excluded.voted_at AND v.value <> excluded.value)
    RETURNING v.value, v.prev INTO v_value, v_prev;

    IF FOUND THEN
        v_up := (v_value = 1)::int4 - (v_prev = 1)::int4;
        v_down := (v_value = -1)::int4 - (v_prev = -1)::int4;
    ELSE
        SELECT v.value INTO STRICT v_value FROM comment_votes v
         WHERE v.deal_id = p_deal_id AND v.comment_id = p_comment_id
           AND v.user_id = p_user_id;
    END IF;

    IF v_up <> 0 OR v_down <> 0 THEN
        UPDATE comments c
           SET up = c.up + v_up, down = c.down + v_down,
               score = c.score + v_up - v_down,
               wilson = deals_wilson(c.up + v_up, c.down + v_down)
         WHERE c.deal_id = p_deal_id AND c.comment_id = p_comment_id;
    END IF;

    RETURN QUERY SELECT true, (s.up + v_up - s.down - v_down)::int8,
                        (s.up + v_up)::int8, (s.down + v_down)::int8, v_value;
END
$$;

CREATE OR REPLACE FUNCTION deals_comment_vote(
    p_deal_ids int8[], p_comment_ids int8[], p_user_ids int8[], p_votes int2[],
    p_times timestamptz[])
RETURNS TABLE (n int4, found bool, score int8, up int8, down int8, value int2)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    v_count      int4 := coalesce(cardinality(p_deal_ids), 0);
    v_changed    int8;
    a_live       int8[];
    a_deals      int8[];
    a_comments   int8[];
    a_up         int4[];
    a_down       int4[];
    a_more_up    int4[];
    a_more_down  int4[];
BEGIN
    IF v_count = 1 THEN
        RETURN QUERY SELECT 1, v.*
          FROM deals_comment_vote_alone(p_deal_ids[1], p_comment_ids[1],
                                        p_user_ids[1], p_votes[1],
                                        p_times[1]) AS v;
        RETURN;
    END IF;

    SELECT array_agg(d.deal_id) INTO a_live FROM deal_stats d
     WHERE d.deal_id = ANY (p_deal_ids) AND d.live;

    SELECT array_agg(s.deal_id), array_agg(s.comment_id), array_agg(s.up),
           array_agg(s.down)
      INTO a_deals, a_comments, a_up, a_down
      FROM (SELECT c.deal_id, c.comment_id, c.up, c.down
              FROM (SELECT DISTINCT t.deal_id, t.comment_id
                      FROM unnest(p_deal_ids, p_comment_ids)
                           AS t (deal_id, comment_id)
                      JOIN unnest(a_live) AS l (deal_id)
                        ON l.deal_id = t.deal_id) AS t
              JOIN comments c ON c.deal_id = t.deal_id
                             AND c.comment_id = t.comment_id
             WHERE c.deleted_at IS NULL AND c.hidden_at IS NULL
             ORDER BY c.deal_id, c.comment_id
               FOR NO KEY UPDATE OF c) AS s;

    WITH changed AS (
        INSERT INTO comment_votes AS v
               (deal_id, comment_id, user_id, value, prev, voted_at)
        SELECT DISTINCT ON (t.deal_id, t.comment_id, t.user_id)
               t.deal_id, t.comment_id, t.user_id, t.value, 0, t.voted_at
          FROM unnest(p_deal_ids, p_comment_ids, p_user_ids, p_votes, p_times)
               WITH ORDINALITY
               AS t (deal_id, comment_id, user_id, value, voted_at, n)
          JOIN unnest(a_deals, a_comments) AS s (deal_id, comment_id)
            ON s.deal_id = t.deal_id AND s.comment_id = t.comment_id
         ORDER BY t.deal_id, t.comment_id, t.user_id, t.voted_at DESC, t.n DESC
        ON CONFLICT (deal_id, comment_id, user_id) DO UPDATE
           SET prev = v.value, value = excluded.value,
               voted_at = excluded.voted_at
         WHERE v.voted_at < excluded.voted_at
               OR v.voted_at > excluded.voted_at + interval '1 minute'
               OR (v.voted_at = excluded.voted_at
                   AND v.value <> excluded.value)
        RETURNING v.deal_id, v.comment_id, v.value, v.prev
    ), moved AS (
        SELECT c.deal_id, c.comment_id, count(*) AS n,
               sum((c.value = 1)::int4 - (c.prev = 1)::int4)::int4 AS up,
               sum((c.value = -1)::int4 - (c.prev = -1)::int4)::int4 AS down
          FROM changed c
         GROUP BY c.deal_id, c.comment_id
    )
    SELECT array_agg(s.deal_id), array_agg(s.comment_id), sum(m.n),
           array_agg(coalesce(m.up, 0)), array_agg(s.up + coalesce(m.up, 0)),
           array_agg(coalesce(m.down, 0)),
           array_agg(s.down + coalesce(m.down, 0))
      INTO a_deals, a_comments, v_changed, a_more_up, a_up, a_more_down, a_down
      FROM unnest(a_deals, a_comments, a_up, a_down)
           AS s (deal_id, comment_id, up, down)
      LEFT JOIN moved m
        ON m.deal_id = s.deal_id AND m.comment_id = s.comment_id;

    UPDATE comments c
       SET up = c.up + m.up, down = c.down + m.down,
           score = c.score + m.up - m.down,
           wilson = deals_wilson(c.up + m.up, c.down + m.down)
      FROM unnest(a_deals, a_comments, a_more_up, a_more_down)
           AS m (deal_id, comment_id, up, down)
     WHERE c.deal_id = m.deal_id AND c.comment_id = m.comment_id
       AND (m.up <> 0 OR m.down <> 0);

    RETURN QUERY
        SELECT t.n::int4, s.deal_id IS NOT NULL,
               coalesce(s.up - s.down, 0)::int8, coalesce(s.up, 0)::int8,
               coalesce(s.down, 0)::int8,
               CASE WHEN s.deal_id IS NULL THEN 0::int2
                    WHEN v_changed = v_count THEN t.value
                    ELSE (SELECT v.value FROM comment_votes v
                           WHERE v.deal_id = t.deal_id
                             AND v.comment_id = t.comment_id
                             AND v.user_id = t.user_id)
               END
          FROM unnest(p_deal_ids, p_comment_ids, p_user_ids, p_votes)
               WITH ORDINALITY AS t (deal_id, comment_id, user_id, value, n)
          LEFT JOIN unnest(a_deals, a_comments, a_up, a_down)
               AS s (deal_id, comment_id, up, down)
            ON s.deal_id = t.deal_id AND s.comment_id = t.comment_id
         ORDER BY t.n;
END
$$;
