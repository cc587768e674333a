-- Comments: threads under a deal. A root has no parent and is its own root_id;
-- reply_count of a root counts all that hang below it (its limit), deleted ones
-- too; thread_bytes of a root are the texts of its thread, its own too, with
-- their HTML (the other limit), hidden ones too; of others both are 0. A deleted
-- comment stays in its thread without a text.

CREATE TABLE comments (
    deal_id       int8 NOT NULL REFERENCES deals ON DELETE CASCADE,
    comment_id    int8 NOT NULL,
    parent_id     int8,
    root_id       int8 NOT NULL,
    depth         int4 NOT NULL DEFAULT 0,
    user_id       int8,
    author_name   text,
    body          text,
    html          text,
    html_version  int4,
    up            int4 NOT NULL DEFAULT 0,
    down          int4 NOT NULL DEFAULT 0,
    score         int4 NOT NULL DEFAULT 0,
    wilson        float8 NOT NULL DEFAULT 0,
    reply_count   int4 NOT NULL DEFAULT 0,
    thread_bytes  int4 NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    edited_at     timestamptz,
    deleted_at    timestamptz,
    hidden_at     timestamptz,
    PRIMARY KEY (deal_id, comment_id),
    CONSTRAINT comments_id CHECK (comment_id BETWEEN 1 AND 9007199254740991),
    CONSTRAINT comments_tree
        CHECK ((parent_id IS NULL) = (root_id = comment_id)
               AND (parent_id IS NULL) = (depth = 0)
               AND depth BETWEEN 0 AND 1000),
    CONSTRAINT comments_author
        CHECK (user_id IS NULL OR author_name IS NOT NULL),
    CONSTRAINT comments_author_name
        CHECK (char_length(author_name) BETWEEN 1 AND 300),
    CONSTRAINT comments_body
        CHECK ((deleted_at IS NULL) = (body IS NOT NULL)
               AND char_length(body) BETWEEN 1 AND 60000),
    CONSTRAINT comments_html
        CHECK ((body IS NULL OR html IS NOT NULL)
               AND (html IS NULL OR html_version IS NOT NULL)
               AND octet_length(html) <= 4194304),
    CONSTRAINT comments_votes
        CHECK (up >= 0 AND down >= 0 AND score = up - down),
    CONSTRAINT comments_reply_count CHECK (reply_count >= 0),
    CONSTRAINT comments_thread_bytes CHECK (thread_bytes >= 0)
) WITH (fillfactor = 80);

CREATE INDEX comments_roots ON comments (deal_id, wilson DESC, comment_id DESC)
    WHERE parent_id IS NULL;

CREATE INDEX comments_threads ON comments (deal_id, root_id)
    WHERE parent_id IS NOT NULL;

CREATE TABLE comment_votes (
    deal_id     int8 NOT NULL,
    comment_id  int8 NOT NULL,
    user_id     int8 NOT NULL,
    value       int2 NOT NULL,
    prev        int2 NOT NULL,
    voted_at    timestamptz NOT NULL,
    PRIMARY KEY (deal_id, comment_id, user_id),
    CONSTRAINT comment_votes_value
        CHECK (value BETWEEN -1 AND 1 AND prev BETWEEN -1 AND 1)
);

-- A new comment; p_parent_id NULL: a root. Whoever writes in a thread locks the
-- deal's counters first and comments after them, so none of these deadlock.
-- Status: ok, no_deal (none that is live), no_parent (none, or deleted),
-- thread_full (p_max_replies below the root already, or more than p_max_bytes
-- with this one), too_large (more than p_max_bytes by itself), too_deep (deeper
-- than p_max_depth). An id that is taken raises 23505.
CREATE FUNCTION deals_comment_create(
    p_deal_id int8, p_comment_id int8, p_parent_id int8, p_user_id int8,
    p_author_name text, p_body text, p_html text, p_html_version int4,
    p_now timestamptz, p_max_replies int4, p_max_bytes int4, p_max_depth int4)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_root_id  int8 := p_comment_id;
    v_depth    int4 := 0;
    v_body     text := normalize(p_body, NFC);
    v_bytes    int4 := octet_length(v_body) + octet_length(p_html);
BEGIN
    PERFORM 1 FROM deal_stats
      WHERE deal_id = p_deal_id AND live FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'no_deal';
    END IF;

    IF v_bytes > p_max_bytes THEN
        RETURN 'too_large';
    END IF;

    IF p_parent_id IS NOT NULL THEN
        SELECT root_id, depth + 1 INTO v_root_id, v_depth FROM comments
         WHERE deal_id = p_deal_id AND comment_id = p_parent_id
           AND deleted_at IS NULL AND hidden_at IS NULL;
        IF NOT FOUND THEN
            RETURN 'no_parent';
        END IF;
        IF v_depth > p_max_depth THEN
            RETURN 'too_deep';
        END IF;

        UPDATE comments
           SET reply_count = reply_count + 1,
               thread_bytes = thread_bytes + v_bytes
         WHERE deal_id = p_deal_id AND comment_id = v_root_id
           AND reply_count < p_max_replies
           AND thread_bytes + v_bytes <= p_max_bytes;
        IF NOT FOUND THEN
            RETURN 'thread_full';
        END IF;
    END IF;

    INSERT INTO comments (deal_id, comment_id, parent_id, root_id, depth,
                          user_id, author_name, body, html, html_version,
                          thread_bytes, created_at)
    VALUES (p_deal_id, p_comment_id, p_parent_id, v_root_id, v_depth, p_user_id,
            p_author_name, v_body, p_html, p_html_version,
            CASE WHEN p_parent_id IS NULL THEN v_bytes ELSE 0 END, p_now);

    UPDATE deal_stats SET comment_count = comment_count + 1
     WHERE deal_id = p_deal_id;

    RETURN 'ok';
END
$$;

-- Status: ok, not_found (deleted ones too, and those of a deal that is not
-- live, but for moderators), forbidden, too_large (the text is longer than it
-- was, and its thread would be more than p_max_bytes). It and its root are
-- locked in the order in which a batch of votes locks them.
CREATE FUNCTION deals_comment_update(
    p_deal_id int8, p_comment_id int8, p_actor int8, p_is_moderator bool,
    p_body text, p_html text, p_html_version int4, p_now timestamptz,
    p_max_bytes int4)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_user_id  int8;
    v_root_id  int8;
    v_body     text := normalize(p_body, NFC);
    v_bytes    int4 := octet_length(v_body) + octet_length(p_html);
BEGIN
    PERFORM 1 FROM deal_stats
      WHERE deal_id = p_deal_id AND (live OR p_is_moderator)
        FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;

    SELECT user_id, root_id,
           v_bytes - octet_length(body) - octet_length(html)
      INTO v_user_id, v_root_id, v_bytes
      FROM comments
     WHERE deal_id = p_deal_id AND comment_id = p_comment_id
       AND deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF (p_is_moderator OR v_user_id = p_actor) IS NOT TRUE THEN
        RETURN 'forbidden';
    END IF;

    PERFORM 1 FROM comments
      WHERE deal_id = p_deal_id AND comment_id IN (p_comment_id, v_root_id)
      ORDER BY comment_id
        FOR NO KEY UPDATE;

    UPDATE comments SET thread_bytes = thread_bytes + v_bytes
     WHERE deal_id = p_deal_id AND comment_id = v_root_id
       AND (v_bytes <= 0 OR thread_bytes + v_bytes <= p_max_bytes);
    IF NOT FOUND THEN
        RETURN 'too_large';
    END IF;

    UPDATE comments
       SET body = v_body, html = p_html, html_version = p_html_version,
           edited_at = p_now
     WHERE deal_id = p_deal_id AND comment_id = p_comment_id;

    RETURN 'ok';
END
$$;

-- Takes the text away; the comment keeps its place, and its replies stay.
-- Locks and status: as for an update, without too_large.
CREATE FUNCTION deals_comment_delete(p_deal_id int8, p_comment_id int8,
                                     p_actor int8, p_is_moderator bool,
                                     p_now timestamptz)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_user_id  int8;
    v_root_id  int8;
    v_bytes    int4;
BEGIN
    PERFORM 1 FROM deal_stats
      WHERE deal_id = p_deal_id AND (live OR p_is_moderator)
        FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;

    SELECT user_id, root_id, octet_length(body) + octet_length(html)
      INTO v_user_id, v_root_id, v_bytes
      FROM comments
     WHERE deal_id = p_deal_id AND comment_id = p_comment_id
       AND deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF (p_is_moderator OR v_user_id = p_actor) IS NOT TRUE THEN
        RETURN 'forbidden';
    END IF;

    PERFORM 1 FROM comments
      WHERE deal_id = p_deal_id AND comment_id IN (p_comment_id, v_root_id)
      ORDER BY comment_id
        FOR NO KEY UPDATE;

    UPDATE comments SET thread_bytes = thread_bytes - v_bytes
     WHERE deal_id = p_deal_id AND comment_id = v_root_id;

    UPDATE comments
       SET body = NULL, html = NULL, html_version = NULL, deleted_at = p_now
     WHERE deal_id = p_deal_id AND comment_id = p_comment_id;

    UPDATE deal_stats SET comment_count = comment_count - 1
     WHERE deal_id = p_deal_id;

    RETURN 'ok';
END
$$;

-- A batch of votes on comments; everything as deals_vote does it. found = false
-- too for a comment that is deleted or whose deal is not live.
CREATE FUNCTION deals_comment_vote(p_deal_ids int8[], p_comment_ids int8[],
                                   p_user_ids int8[], p_votes int2[],
                                   p_times timestamptz[])
RETURNS TABLE (n int4, found bool, score int8, up int8, down int8, value int2)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_count       int4 := coalesce(cardinality(p_deal_ids), 0);
    v_deal_id     int8;
    v_comment_id  int8;
    v_places      int4[];
    v_value       int2;
    v_prev        int2;
    v_up          int4;
    v_down        int4;
    s             record;
    i             int4;
    j             int4;
    a_found       bool[] := array_fill(false, ARRAY[v_count]);
    a_up          int8[] := array_fill(0::int8, ARRAY[v_count]);
    a_down        int8[] := array_fill(0::int8, ARRAY[v_count]);
    a_value       int2[] := array_fill(0::int2, ARRAY[v_count]);
BEGIN
    FOR v_deal_id, v_comment_id, v_places IN
        SELECT t.deal_id, t.comment_id,
               array_agg(t.place::int4 ORDER BY t.user_id, t.voted_at, t.place)
          FROM unnest(p_deal_ids, p_comment_ids, p_user_ids, p_times)
               WITH ORDINALITY
               AS t (deal_id, comment_id, user_id, voted_at, place)
         GROUP BY t.deal_id, t.comment_id
         ORDER BY t.deal_id, t.comment_id
    LOOP
        PERFORM 1 FROM deal_stats d WHERE d.deal_id = v_deal_id AND d.live;
        CONTINUE WHEN NOT FOUND;
        PERFORM 1 FROM comments c
          WHERE c.deal_id = v_deal_id AND c.comment_id = v_comment_id
            AND c.deleted_at IS NULL AND c.hidden_at IS NULL;
        CONTINUE WHEN NOT FOUND;

        v_up := 0;
        v_down := 0;

        FOREACH i IN ARRAY v_places LOOP
            INSERT INTO comment_votes AS v
                   (deal_id, comment_id, user_id, value, prev, voted_at)
            VALUES (v_deal_id, v_comment_id, p_user_ids[i], p_votes[i], 0,
                    p_times[i])
            ON CONFLICT (deal_id, comment_id, user_id) DO UPDATE
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
                SELECT v.value INTO STRICT v_value FROM comment_votes v
                 WHERE v.deal_id = v_deal_id AND v.comment_id = v_comment_id
                   AND v.user_id = p_user_ids[i];
            END IF;

            a_value[i] := v_value;
        END LOOP;

        IF v_up <> 0 OR v_down <> 0 THEN
            UPDATE comments c
               SET up = c.up + v_up, down = c.down + v_down,
                   score = c.score + v_up - v_down,
                   wilson = deals_wilson(c.up + v_up, c.down + v_down)
             WHERE c.deal_id = v_deal_id AND c.comment_id = v_comment_id
            RETURNING c.up, c.down INTO STRICT s;
        ELSE
            SELECT c.up, c.down INTO STRICT s FROM comments c
             WHERE c.deal_id = v_deal_id AND c.comment_id = v_comment_id;
        END IF;

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
