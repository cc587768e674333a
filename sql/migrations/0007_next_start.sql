-- When the next deal begins: lists that are kept for a while stand until then.
CREATE INDEX deal_stats_start ON deal_stats (starts_at)
    WHERE live AND starts_at IS NOT NULL;
