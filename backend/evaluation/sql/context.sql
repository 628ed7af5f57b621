WITH noted AS (
    SELECT scope.practice_id, scope.period, context_note.code
    FROM scope
    JOIN context_note ON context_note.practice_id = scope.practice_id
        AND context_note.day < scope.until_day
        -- One that is over by now lies in each period that it touches; else in that of its day.
        AND coalesce(context_note.until, context_note.day) >= scope.from_day
        AND context_note.recorded_at <= :as_of
)
SELECT practice_id, period, 'all' AS part, 'count' AS measure, count(*) AS numerator,
    NULL::bigint AS denominator, NULL::numeric AS value
FROM noted GROUP BY practice_id, period
UNION ALL
SELECT practice_id, period, 'code:' || code, 'count', count(*), NULL, NULL
FROM noted GROUP BY practice_id, period, code
