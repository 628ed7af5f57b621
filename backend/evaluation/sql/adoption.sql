SELECT scope.practice_id, scope.period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (
        WHERE EXISTS (
            SELECT FROM joined
            WHERE joined.practice_id = scope.practice_id
                AND joined.at < scope.created_at + interval '90 days'
        )
    ) AS numerator,
    count(*) AS denominator, NULL::numeric AS value
FROM scope
WHERE scope.created_at + interval '90 days' >= scope.starts
    AND scope.created_at + interval '90 days' < scope.ends
    AND scope.created_at + interval '90 days' <= :as_of
GROUP BY scope.practice_id, scope.period
