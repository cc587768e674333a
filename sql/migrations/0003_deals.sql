-- The deal family: a deal, its counters, its tags.
--
-- Limits here are a second line of defence behind libdeals. Those on characters
-- are three times what libdeals lets in, because composing (NFC) may lengthen a
-- text that much.
--
-- Texts are composed, but never HTML: of a tag's '>' and a combining character
-- behind it (U+0338) composing makes one character, and the tag does not end.

CREATE TABLE deals (
    deal_id              int8 PRIMARY KEY,
    user_id              int8,
    author_name          text,
    source               text,
    source_id            text,
    title                text NOT NULL,
    url                  text,
    description          text,
    html                 text,
    html_version         int4,
    merchant_slug        text,
    merchant_name        text,
    price_amount         int8,
    price_currency       text,
    list_price_amount    int8,
    list_price_currency  text,
    tags                 text[] NOT NULL DEFAULT '{}',
    created_at           timestamptz NOT NULL,
    edited_at            timestamptz,
    starts_at            timestamptz,
    expires_at           timestamptz,
    live                 bool NOT NULL DEFAULT true,
    hidden_at            timestamptz,
    hidden_by            int8,
    deleted_at           timestamptz,
    CONSTRAINT deals_id CHECK (deal_id BETWEEN 1 AND 9007199254740991),
    CONSTRAINT deals_author
        CHECK (user_id IS NULL OR author_name IS NOT NULL),
    CONSTRAINT deals_author_name
        CHECK (char_length(author_name) BETWEEN 1 AND 300),
    CONSTRAINT deals_source
        CHECK ((source IS NULL) = (source_id IS NULL)
               AND octet_length(source) BETWEEN 1 AND 400
               AND octet_length(source_id) BETWEEN 1 AND 2048),
    CONSTRAINT deals_title CHECK (char_length(title) BETWEEN 1 AND 900),
    CONSTRAINT deals_url CHECK (octet_length(url) BETWEEN 1 AND 2048),
    CONSTRAINT deals_description CHECK (char_length(description) <= 60000),
    CONSTRAINT deals_html
        CHECK (octet_length(html) <= 4194304
               AND (html IS NULL OR html_version IS NOT NULL)),
    CONSTRAINT deals_merchant
        CHECK ((merchant_slug IS NULL) = (merchant_name IS NULL)
               AND char_length(merchant_slug) BETWEEN 1 AND 240
               AND char_length(merchant_name) BETWEEN 1 AND 240),
    CONSTRAINT deals_price
        CHECK ((price_amount IS NULL) = (price_currency IS NULL)
               AND price_amount BETWEEN 0 AND 9007199254740991
               AND price_currency ~ '^[A-Z]{3}$'),
    CONSTRAINT deals_list_price
        CHECK ((list_price_amount IS NULL) = (list_price_currency IS NULL)
               AND list_price_amount BETWEEN 0 AND 9007199254740991
               AND list_price_currency ~ '^[A-Z]{3}$'),
    CONSTRAINT deals_tags CHECK (cardinality(tags) <= 64),
    CONSTRAINT deals_period CHECK (expires_at > starts_at),
    CONSTRAINT deals_live
        CHECK (live = (deleted_at IS NULL AND hidden_at IS NULL))
);

CREATE INDEX deals_new ON deals (created_at DESC, deal_id DESC) WHERE live;

CREATE INDEX deals_by_user ON deals (user_id, created_at DESC, deal_id DESC)
    WHERE live;

CREATE INDEX deals_by_merchant
    ON deals (merchant_slug, created_at DESC, deal_id DESC) WHERE live;

-- What votes change, and what the ranked lists look at: kept narrow. up and
-- down count the rows of `votes`; imported_up and imported_down were cast
-- elsewhere; score and hot are made of both. created_at to live are copies.
CREATE TABLE deal_stats (
    deal_id        int8 PRIMARY KEY REFERENCES deals ON DELETE CASCADE,
    up             int4 NOT NULL DEFAULT 0,
    down           int4 NOT NULL DEFAULT 0,
    imported_up    int4 NOT NULL DEFAULT 0,
    imported_down  int4 NOT NULL DEFAULT 0,
    score          int4 NOT NULL DEFAULT 0,
    comment_count  int4 NOT NULL DEFAULT 0,
    created_day    int4 NOT NULL,
    hot            float8 NOT NULL,
    created_at     timestamptz NOT NULL,
    starts_at      timestamptz,
    expires_at     timestamptz,
    live           bool NOT NULL DEFAULT true,
    CONSTRAINT deal_stats_votes CHECK (up >= 0 AND down >= 0),
    CONSTRAINT deal_stats_imported
        CHECK (imported_up BETWEEN 0 AND 1000000000
               AND imported_down BETWEEN 0 AND 1000000000),
    CONSTRAINT deal_stats_score
        CHECK (score = up - down + imported_up - imported_down),
    CONSTRAINT deal_stats_comment_count CHECK (comment_count >= 0)
) WITH (fillfactor = 70);

CREATE INDEX deal_stats_hot ON deal_stats (hot DESC, deal_id DESC) WHERE live;

CREATE INDEX deal_stats_top ON deal_stats (score DESC, deal_id DESC) WHERE live;

CREATE INDEX deal_stats_top_of_day
    ON deal_stats (created_day, score DESC, deal_id DESC) WHERE live;

CREATE TABLE deal_tags (
    deal_id     int8 NOT NULL REFERENCES deals ON DELETE CASCADE,
    tag         text NOT NULL,
    created_at  timestamptz NOT NULL,
    live        bool NOT NULL DEFAULT true,
    PRIMARY KEY (deal_id, tag),
    CONSTRAINT deal_tags_tag CHECK (char_length(tag) BETWEEN 1 AND 150)
);

CREATE INDEX deal_tags_new ON deal_tags (tag, created_at DESC, deal_id DESC)
    WHERE live;

-- A new deal with all that belongs to it. created_at: for an imported one, when
-- it was posted at its source.
CREATE FUNCTION deals_deal_insert(
    p_deal_id int8, p_user_id int8, p_author_name text,
    p_source text, p_source_id text,
    p_title text, p_url text,
    p_description text, p_html text, p_html_version int4,
    p_merchant_slug text, p_merchant_name text,
    p_price_amount int8, p_price_currency text,
    p_list_price_amount int8, p_list_price_currency text,
    p_tags text[], p_starts_at timestamptz, p_expires_at timestamptz,
    p_created_at timestamptz, p_up int4, p_down int4)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    v_epoch  float8;
    v_tau    float8;
    v_tags   text[];
BEGIN
    SELECT value INTO STRICT v_epoch FROM settings WHERE key = 'epoch';
    SELECT value INTO STRICT v_tau FROM settings WHERE key = 'tau';

    SELECT coalesce(array_agg(normalize(t, NFC) ORDER BY n), '{}') INTO v_tags
      FROM unnest(p_tags) WITH ORDINALITY AS x (t, n);

    INSERT INTO deals (deal_id, user_id, author_name, source, source_id, title,
                       url, description, html, html_version, merchant_slug,
                       merchant_name, price_amount, price_currency,
                       list_price_amount, list_price_currency, tags, created_at,
                       starts_at, expires_at)
    VALUES (p_deal_id, p_user_id, normalize(p_author_name, NFC), p_source,
            p_source_id, normalize(p_title, NFC), p_url,
            normalize(p_description, NFC), p_html, p_html_version,
            p_merchant_slug, normalize(p_merchant_name, NFC),
            p_price_amount, p_price_currency, p_list_price_amount,
            p_list_price_currency, v_tags, p_created_at, p_starts_at,
            p_expires_at);

    INSERT INTO deal_stats (deal_id, imported_up, imported_down, score, hot,
                            created_at, created_day, starts_at, expires_at)
    VALUES (p_deal_id, p_up, p_down, p_up - p_down,
            deals_hot(p_up, p_down, p_created_at, v_epoch, v_tau),
            p_created_at, deals_day(p_created_at), p_starts_at, p_expires_at);

    INSERT INTO deal_tags (deal_id, tag, created_at)
    SELECT DISTINCT p_deal_id, t, p_created_at FROM unnest(v_tags) AS x (t);

    IF p_merchant_slug IS NOT NULL THEN
        INSERT INTO merchants (slug, name)
        VALUES (p_merchant_slug, normalize(p_merchant_name, NFC))
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;

-- A member's deal. Status: ok. An id that is taken raises 23505.
CREATE FUNCTION deals_deal_create(
    p_deal_id int8, p_user_id int8, p_author_name text,
    p_title text, p_url text,
    p_description text, p_html text, p_html_version int4,
    p_merchant_slug text, p_merchant_name text,
    p_price_amount int8, p_price_currency text,
    p_list_price_amount int8, p_list_price_currency text,
    p_tags text[], p_starts_at timestamptz, p_expires_at timestamptz,
    p_now timestamptz)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM deals_deal_insert(p_deal_id, p_user_id, p_author_name, NULL, NULL,
        p_title, p_url, p_description, p_html, p_html_version, p_merchant_slug,
        p_merchant_name, p_price_amount, p_price_currency, p_list_price_amount,
        p_list_price_currency, p_tags, p_starts_at, p_expires_at, p_now, 0, 0);
    RETURN 'ok';
END
$$;

-- Changes the fields that bit i of p_given names: 0 title, 1 url, 2 description
-- (with html, html_version), 3 price, 4 list price, 5 merchant (slug and name),
-- 6 tags, 7 starts_at, 8 expires_at. The others' parameters are not looked at.
-- Status: ok, not_found (deleted ones too), forbidden, ends_before_start (with
-- what stands already; nothing is changed).
CREATE FUNCTION deals_deal_update(
    p_deal_id int8, p_actor int8, p_is_moderator bool, p_given int8,
    p_title text, p_url text,
    p_description text, p_html text, p_html_version int4,
    p_merchant_slug text, p_merchant_name text,
    p_price_amount int8, p_price_currency text,
    p_list_price_amount int8, p_list_price_currency text,
    p_tags text[], p_starts_at timestamptz, p_expires_at timestamptz,
    p_now timestamptz)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    d  deals%ROWTYPE;
BEGIN
    SELECT * INTO d FROM deals
     WHERE deal_id = p_deal_id AND deleted_at IS NULL
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF (p_is_moderator OR d.user_id = p_actor) IS NOT TRUE THEN
        RETURN 'forbidden';
    END IF;

    IF p_given & 1 <> 0 THEN
        d.title := normalize(p_title, NFC);
    END IF;
    IF p_given & 2 <> 0 THEN
        d.url := p_url;
    END IF;
    IF p_given & 4 <> 0 THEN
        d.description := normalize(p_description, NFC);
        d.html := p_html;
        d.html_version := p_html_version;
    END IF;
    IF p_given & 8 <> 0 THEN
        d.price_amount := p_price_amount;
        d.price_currency := p_price_currency;
    END IF;
    IF p_given & 16 <> 0 THEN
        d.list_price_amount := p_list_price_amount;
        d.list_price_currency := p_list_price_currency;
    END IF;
    IF p_given & 32 <> 0 THEN
        d.merchant_slug := p_merchant_slug;
        d.merchant_name := normalize(p_merchant_name, NFC);
    END IF;
    IF p_given & 64 <> 0 THEN
        SELECT coalesce(array_agg(normalize(t, NFC) ORDER BY n), '{}')
          INTO d.tags
          FROM unnest(p_tags) WITH ORDINALITY AS x (t, n);
    END IF;
    IF p_given & 128 <> 0 THEN
        d.starts_at := p_starts_at;
    END IF;
    IF p_given & 256 <> 0 THEN
        d.expires_at := p_expires_at;
    END IF;

    IF d.expires_at <= d.starts_at THEN
        RETURN 'ends_before_start';
    END IF;

    UPDATE deals
       SET title = d.title, url = d.url, description = d.description,
           html = d.html, html_version = d.html_version,
           merchant_slug = d.merchant_slug, merchant_name = d.merchant_name,
           price_amount = d.price_amount, price_currency = d.price_currency,
           list_price_amount = d.list_price_amount,
           list_price_currency = d.list_price_currency,
           tags = d.tags, starts_at = d.starts_at, expires_at = d.expires_at,
           edited_at = p_now
     WHERE deal_id = p_deal_id;

    IF p_given & 384 <> 0 THEN
        UPDATE deal_stats
           SET starts_at = d.starts_at, expires_at = d.expires_at
         WHERE deal_id = p_deal_id;
    END IF;

    IF p_given & 64 <> 0 THEN
        DELETE FROM deal_tags
         WHERE deal_id = p_deal_id AND tag <> ALL (d.tags);
        INSERT INTO deal_tags (deal_id, tag, created_at, live)
        SELECT DISTINCT p_deal_id, t, d.created_at, d.live
          FROM unnest(d.tags) AS x (t)
        ON CONFLICT (deal_id, tag) DO NOTHING;
    END IF;

    IF p_given & 32 <> 0 AND d.merchant_slug IS NOT NULL THEN
        INSERT INTO merchants (slug, name)
        VALUES (d.merchant_slug, d.merchant_name)
        ON CONFLICT DO NOTHING;
    END IF;

    RETURN 'ok';
END
$$;

-- Copies whether a deal is live to where the lists look.
CREATE FUNCTION deals_deal_set_live(p_deal_id int8, p_live bool)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE deal_stats SET live = p_live
     WHERE deal_id = p_deal_id AND live <> p_live;
    UPDATE deal_tags SET live = p_live
     WHERE deal_id = p_deal_id AND live <> p_live;
END
$$;

-- Status: ok, not_found, forbidden.
CREATE FUNCTION deals_deal_delete(p_deal_id int8, p_actor int8,
                                  p_is_moderator bool, p_now timestamptz)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_user_id  int8;
BEGIN
    SELECT user_id INTO v_user_id FROM deals
     WHERE deal_id = p_deal_id AND deleted_at IS NULL
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF (p_is_moderator OR v_user_id = p_actor) IS NOT TRUE THEN
        RETURN 'forbidden';
    END IF;

    UPDATE deals SET deleted_at = p_now, live = false
     WHERE deal_id = p_deal_id;
    PERFORM deals_deal_set_live(p_deal_id, false);
    RETURN 'ok';
END
$$;

-- Hides a deal, or shows it again. p_actor NULL: the operator. Hiding what is
-- hidden keeps who did it first and when. Status: ok, not_found.
CREATE FUNCTION deals_deal_hide(p_deal_id int8, p_hide bool, p_actor int8,
                                p_now timestamptz)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_hidden  bool;
BEGIN
    SELECT hidden_at IS NOT NULL INTO v_hidden FROM deals
     WHERE deal_id = p_deal_id AND deleted_at IS NULL
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;

    IF v_hidden <> p_hide THEN
        UPDATE deals
           SET hidden_at = CASE WHEN p_hide THEN p_now END,
               hidden_by = CASE WHEN p_hide THEN p_actor END,
               live = NOT p_hide
         WHERE deal_id = p_deal_id;
        PERFORM deals_deal_set_live(p_deal_id, NOT p_hide);
    END IF;

    RETURN 'ok';
END
$$;
