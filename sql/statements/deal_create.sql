-- deal_create: a member's deal; 23505 if the id is taken.
-- in:    id int8, user_id int8, author_name text, title text, url text?, description text?, html text?, html_version int4?, merchant_slug text?, merchant_name text?, price_amount int8?, price_currency text?, list_price_amount int8?, list_price_currency text?, tags text[], starts_at timestamptz?, expires_at timestamptz?, now timestamptz
-- out:   status text
-- write
SELECT deals_deal_create(:id, :user_id, :author_name, :title, :url,
           :description, :html, :html_version, :merchant_slug, :merchant_name,
           :price_amount, :price_currency, :list_price_amount,
           :list_price_currency, :tags, :starts_at, :expires_at, :now)
