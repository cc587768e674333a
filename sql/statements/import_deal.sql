-- import_deal: stores a record of elsewhere if it was claimed for this deal:
-- status ok, or exists.
-- in:    deal_id int8, source text, source_id text, author_name text?, title text, url text?, description text?, html text?, html_version int4?, merchant_slug text?, merchant_name text?, price_amount int8?, price_currency text?, list_price_amount int8?, list_price_currency text?, tags text[], starts_at timestamptz?, expires_at timestamptz?, created_at timestamptz, up int4, down int4
-- out:   status text
-- write
SELECT deals_deal_import(:deal_id, :source, :source_id, :author_name, :title,
           :url, :description, :html, :html_version, :merchant_slug,
           :merchant_name, :price_amount, :price_currency, :list_price_amount,
           :list_price_currency, :tags, :starts_at, :expires_at, :created_at,
           :up, :down)
