WITH planned AS (
    SELECT scope.practice_id, scope.period, scope.from_day, scope.until_day, span.activity_id,
        floor(sum(
            (least(span.until_day, scope.until_day) - greatest(span.from_day, scope.from_day))
            * span.planned_days
        ) / 7.0)::int AS days,
        min(span.from_day) AS began, max(span.until_day) AS ended
    FROM scope
    JOIN span ON span.practice_id = scope.practice_id
        AND span.from_day < scope.until_day AND span.until_day > scope.from_day
    GROUP BY scope.practice_id, scope.period, scope.from_day, scope.until_day, span.activity_id
),
done AS (
    SELECT planned.practice_id, planned.period, planned.days,
        count(practice_log.id) AS practised
    FROM planned
    LEFT JOIN practice_log ON practice_log.activity_id = planned.activity_id
        AND practice_log.done AND practice_log.at <= :as_of
        AND practice_log.day >= planned.from_day AND practice_log.day < planned.until_day
        AND practice_log.day BETWEEN planned.began AND planned.ended
    GROUP BY planned.practice_id, planned.period, planned.activity_id, planned.days
)
SELECT practice_id, period, 'all' AS part, 'share' AS measure,
    sum(least(practised, days))::bigint AS numerator, sum(days)::bigint AS denominator,
    NULL::numeric AS value
FROM done GROUP BY practice_id, period
