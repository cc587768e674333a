-- What was imported: (source, source_id) names a record and is claimed in the
-- transaction that stores its deal.

CREATE TABLE import_keys (
    source     text NOT NULL,
    source_id  text NOT NULL,
    deal_id    int8 NOT NULL,
    PRIMARY KEY (source, source_id),
    CONSTRAINT import_keys_length
        CHECK (octet_length(source) BETWEEN 1 AND 400
               AND octet_length(source_id) BETWEEN 1 AND 2048)
);

-- Stores an imported deal if its record was claimed for p_deal_id. Status: ok,
-- exists (claimed for another deal, or not at all: nothing is changed).
CREATE FUNCTION deals_deal_import(
    p_deal_id int8, p_source text, p_source_id text, p_author_name text,
    p_title text, p_url text,
    p_description text, p_html text, p_html_version int4,
    p_merchant_slug text, p_merchant_name text,
    p_price_amount int8, p_price_currency text,
    p_list_price_amount int8, p_list_price_currency text,
    p_tags text[], p_starts_at timestamptz, p_expires_at timestamptz,
    p_created_at timestamptz, p_up int4, p_down int4)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM 1 FROM import_keys
      WHERE source = p_source AND source_id = p_source_id
        AND deal_id = p_deal_id;
    IF NOT FOUND THEN
        RETURN 'exists';
    END IF;

    PERFORM deals_deal_insert(p_deal_id, NULL, p_author_name, p_source,
        p_source_id, p_title, p_url, p_description, p_html, p_html_version,
        p_merchant_slug, p_merchant_name, p_price_amount, p_price_currency,
        p_list_price_amount, p_list_price_currency, p_tags, p_starts_at,
        p_expires_at, p_created_at, p_up, p_down);
    RETURN 'ok';
END
$$;
