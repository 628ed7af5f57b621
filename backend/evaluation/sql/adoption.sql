WITH first AS (
    SELECT practice_id, min(at) AS at FROM joined GROUP BY practice_id
)
SELECT scope.practice_id, scope.period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (WHERE first.at < scope.created_at + interval '90 days') AS numerator,
    count(*) AS denominator, NULL::numeric AS value
FROM scope
LEFT JOIN first ON first.practice_id = scope.practice_id
WHERE scope.created_at + interval '90 days' >= scope.starts
    AND scope.created_at + interval '90 days' < scope.ends
    AND scope.created_at + interval '90 days' <= :as_of
GROUP BY scope.practice_id, scope.period
