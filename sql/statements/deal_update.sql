-- deal_update: changes the fields of a deal that `given` names.
-- in:    id int8, actor int8, is_moderator bool, given int8, title text?, url text?, description text?, html text?, html_version int4?, merchant_slug text?, merchant_name text?, price_amount int8?, price_currency text?, list_price_amount int8?, list_price_currency text?, tags text[], starts_at timestamptz?, expires_at timestamptz?, now timestamptz
-- out:   status text
-- write
SELECT deals_deal_update(:id, :actor, :is_moderator, :given, :title, :url,
           :description, :html, :html_version, :merchant_slug, :merchant_name,
           :price_amount, :price_currency, :list_price_amount,
           :list_price_currency, :tags, :starts_at, :expires_at, :now)
