-- What all families share: reference data, and the two formulas.

CREATE TABLE settings (
    key    text PRIMARY KEY,
    value  text NOT NULL,
    CONSTRAINT settings_key CHECK (key ~ '^[a-z][a-z0-9_]{0,63}$'),
    CONSTRAINT settings_tau
        CHECK (key <> 'tau' OR value ~ '^[1-9][0-9]{0,8}$'),
    CONSTRAINT settings_epoch
        CHECK (key <> 'epoch' OR value ~ '^(0|[1-9][0-9]{0,9})$'),
    CONSTRAINT settings_rerank
        CHECK (key <> 'rerank' OR value ~ '^[12] [0-9]{1,16}$')
);

INSERT INTO settings (key, value)
VALUES ('epoch', '1134028003'), ('tau', '45000');

-- A merchant's name as it was first written.
CREATE TABLE merchants (
    slug  text PRIMARY KEY,
    name  text NOT NULL,
    CONSTRAINT merchants_slug CHECK (char_length(slug) BETWEEN 1 AND 240),
    CONSTRAINT merchants_name CHECK (char_length(name) BETWEEN 1 AND 240)
);

-- The rank of a deal: only its votes and its birth count, so nothing has to be
-- ranked again as time goes by. The sign is of the votes' term alone.
CREATE FUNCTION deals_hot(p_up int8, p_down int8, p_created timestamptz,
                          p_epoch float8, p_tau float8)
RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    v_score  float8 := p_up - p_down;
BEGIN
    RETURN sign(v_score) * log(greatest(abs(v_score), 1))
           + (date_part('epoch', p_created) - p_epoch) / p_tau;
END
$$;

-- The lower bound of Wilson's interval at 80 %: the rank of a comment.
CREATE FUNCTION deals_wilson(p_up int8, p_down int8)
RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    z  CONSTANT float8 := 1.281551565545;
    n  float8 := p_up + p_down;
    p  float8;
BEGIN
    IF p_up <= 0 THEN
        RETURN 0;
    END IF;

    p := p_up / n;

    RETURN (p + z * z / (2 * n)
            - z * sqrt((p * (1 - p) + z * z / (4 * n)) / n))
           / (1 + z * z / n);
END
$$;

-- Days since 1970, UTC: the bucket of a deal in the lists of a time window.
CREATE FUNCTION deals_day(p_time timestamptz)
RETURNS int4
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RETURN floor(date_part('epoch', p_time) / 86400);
END
$$;
