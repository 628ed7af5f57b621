WITH asked AS (
    SELECT scope.practice_id, scope.period, joined.enrolment_id IS NOT NULL AS agreed,
        'waiting' AS reason
    FROM scope
    JOIN enrolment ON enrolment.practice_id = scope.practice_id
        AND enrolment.enrolled_at >= scope.starts AND enrolment.enrolled_at < scope.ends
    LEFT JOIN joined ON joined.enrolment_id = enrolment.id
    UNION ALL
    SELECT scope.practice_id, scope.period, false, refusal.reason
    FROM scope
    JOIN refusal ON refusal.practice_id = scope.practice_id
        AND refusal.day >= scope.from_day AND refusal.day < scope.until_day
)
SELECT practice_id, period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (WHERE agreed) AS numerator, count(*) AS denominator, NULL::numeric AS value
FROM asked GROUP BY practice_id, period
UNION ALL
SELECT practice_id, period, 'not:' || reason, 'count', count(*), NULL, NULL
FROM asked WHERE NOT agreed GROUP BY practice_id, period, reason
