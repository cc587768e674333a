-- Votes on deals: a state per member and deal, -1, 0 or 1. `prev` is the state
-- that `value` replaced: the counters move by the difference.

CREATE TABLE votes (
    deal_id   int8 NOT NULL,
    user_id   int8 NOT NULL,
    value     int2 NOT NULL,
    prev      int2 NOT NULL,
    voted_at  timestamptz NOT NULL,
    PRIMARY KEY (deal_id, user_id),
    CONSTRAINT votes_value
        CHECK (value BETWEEN -1 AND 1 AND prev BETWEEN -1 AND 1)
);

-- A batch of votes: the i-th is p_votes[i] of p_user_ids[i] on p_deal_ids[i],
-- cast at p_times[i]. Answers one row for each, in that order: how the deal
-- (up and down with the votes cast elsewhere) and the member's vote stand after
-- the batch, or found = false if there is no such live deal. A vote older than
-- the one that stands changes nothing. A pair may come more than once.
--
-- Deals are done in the order of their ids, in each the members in theirs, its
-- counters last and once: batches that overlap wait for each other but can't
-- deadlock.
CREATE FUNCTION deals_vote(p_deal_ids int8[], p_user_ids int8[],
                           p_votes int2[], p_times timestamptz[])
RETURNS TABLE (n int4, found bool, score int8, up int8, down int8, value int2)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_epoch    float8;
    v_tau      float8;
    v_count    int4 := coalesce(cardinality(p_deal_ids), 0);
    v_deal_id  int8;
    v_places   int4[];
    v_value    int2;
    v_prev     int2;
    v_up       int4;
    v_down     int4;
    s          record;
    i          int4;
    j          int4;
    a_found    bool[] := array_fill(false, ARRAY[v_count]);
    a_up       int8[] := array_fill(0::int8, ARRAY[v_count]);
    a_down     int8[] := array_fill(0::int8, ARRAY[v_count]);
    a_value    int2[] := array_fill(0::int2, ARRAY[v_count]);
BEGIN
    SELECT c.value INTO STRICT v_epoch FROM settings c WHERE c.key = 'epoch';
    SELECT c.value INTO STRICT v_tau FROM settings c WHERE c.key = 'tau';

    FOR v_deal_id, v_places IN
        SELECT t.deal_id,
               array_agg(t.place::int4 ORDER BY t.user_id, t.voted_at, t.place)
          FROM unnest(p_deal_ids, p_user_ids, p_times) WITH ORDINALITY
               AS t (deal_id, user_id, voted_at, place)
         GROUP BY t.deal_id
         ORDER BY t.deal_id
    LOOP
        PERFORM 1 FROM deal_stats d WHERE d.deal_id = v_deal_id AND d.live;
        CONTINUE WHEN NOT FOUND;

        v_up := 0;
        v_down := 0;

        FOREACH i IN ARRAY v_places LOOP
            INSERT INTO votes AS v (deal_id, user_id, value, prev, voted_at)
            VALUES (v_deal_id, p_user_ids[i], p_votes[i], 0, p_times[i])
            ON CONFLICT (deal_id, user_id) DO UPDATE
               SET prev = v.value, value = excluded.value,
                   voted_at = excluded.voted_at
             WHERE v.voted_at < excluded.voted_at
                   OR (v.voted_at = excluded.voted_at
                       AND v.value <> excluded.value)
            RETURNING v.value, v.prev INTO v_value, v_prev;

            IF FOUND THEN
                v_up := v_up + (v_value = 1)::int4 - (v_prev = 1)::int4;
                v_down := v_down + (v_value = -1)::int4 - (v_prev = -1)::int4;
            ELSE
                SELECT v.value INTO STRICT v_value FROM votes v
                 WHERE v.deal_id = v_deal_id AND v.user_id = p_user_ids[i];
            END IF;

            a_value[i] := v_value;
        END LOOP;

        IF v_up <> 0 OR v_down <> 0 THEN
            UPDATE deal_stats d
               SET up = d.up + v_up, down = d.down + v_down,
                   score = d.score + v_up - v_down,
                   hot = deals_hot(d.up + d.imported_up + v_up,
                                   d.down + d.imported_down + v_down,
                                   d.created_at, v_epoch, v_tau)
             WHERE d.deal_id = v_deal_id
            RETURNING d.up + d.imported_up AS up,
                      d.down + d.imported_down AS down INTO STRICT s;
        ELSE
            SELECT d.up + d.imported_up AS up, d.down + d.imported_down AS down
              INTO STRICT s FROM deal_stats d WHERE d.deal_id = v_deal_id;
        END IF;

        -- From the last to the first, so that the votes of a pair all show the
        -- one that stands.
        FOR j IN REVERSE cardinality(v_places) .. 1 LOOP
            i := v_places[j];
            a_found[i] := true;
            a_up[i] := s.up;
            a_down[i] := s.down;
            IF p_user_ids[i] = p_user_ids[v_places[j + 1]] THEN
                a_value[i] := a_value[v_places[j + 1]];
            END IF;
        END LOOP;
    END LOOP;

    RETURN QUERY
        SELECT t.n::int4, t.f, t.u - t.d, t.u, t.d, t.v
          FROM unnest(a_found, a_up, a_down, a_value) WITH ORDINALITY
               AS t (f, u, d, v, n)
         ORDER BY t.n;
END
$$;

-- Ranks the next deals again, after tau or epoch were changed. The setting
-- 'rerank' is there as long as that is not done: "PASS ID", the pass and the
-- last deal that it did. A second pass finds the deals whose votes were counted by
-- a transaction that still saw the settings of before. Answers whether all is
-- done, where it stands, and how many ranks this step changed.
CREATE FUNCTION deals_rerank(p_limit int4)
RETURNS TABLE (done bool, pass int4, last_id int8, changed int4)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_epoch    float8;
    v_tau      float8;
    v_state    text;
    v_pass     int4;
    v_last     int8;
    v_deal_id  int8;
    v_count    int4 := 0;
    v_changed  int4 := 0;
BEGIN
    SELECT value INTO v_state FROM settings WHERE key = 'rerank' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT true, 0, 0::int8, 0;
        RETURN;
    END IF;

    v_pass := split_part(v_state, ' ', 1);
    v_last := split_part(v_state, ' ', 2);
    SELECT value INTO STRICT v_epoch FROM settings WHERE key = 'epoch';
    SELECT value INTO STRICT v_tau FROM settings WHERE key = 'tau';

    FOR v_deal_id IN
        SELECT deal_id FROM deal_stats
         WHERE deal_id > v_last
         ORDER BY deal_id
         LIMIT p_limit
    LOOP
        UPDATE deal_stats s
           SET hot = deals_hot(s.up + s.imported_up, s.down + s.imported_down,
                               s.created_at, v_epoch, v_tau)
         WHERE s.deal_id = v_deal_id
           AND s.hot <> deals_hot(s.up + s.imported_up,
                                  s.down + s.imported_down, s.created_at,
                                  v_epoch, v_tau);
        v_changed := v_changed + FOUND::int4;
        v_count := v_count + 1;
        v_last := v_deal_id;
    END LOOP;

    IF v_count < p_limit THEN
        v_pass := v_pass + 1;
        v_last := 0;
    END IF;

    IF v_pass > 2 THEN
        DELETE FROM settings WHERE key = 'rerank';
    ELSE
        UPDATE settings SET value = v_pass || ' ' || v_last
         WHERE key = 'rerank';
    END IF;

    RETURN QUERY SELECT v_pass > 2, v_pass, v_last, v_changed;
END
$$;
