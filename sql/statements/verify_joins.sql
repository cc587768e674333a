-- verify_joins: for what comes behind it in the transaction, no nested loops where there is another way: while statistics are missing, as after a crash, they would be taken for short and run for minutes.
-- out:   value text
-- slow
SELECT set_config('enable_nestloop', 'off', true)
