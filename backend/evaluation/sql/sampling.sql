SELECT scope.practice_id, scope.period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (
        WHERE EXISTS (
            SELECT FROM consultation_rating
            WHERE consultation_rating.consultation_id = consultation.id
                AND consultation_rating.source = 'observer' AND consultation_rating.at <= :as_of
        )
    ) AS numerator,
    count(*) AS denominator, NULL::numeric AS value
FROM scope
JOIN consultation ON consultation.practice_id = scope.practice_id
    AND consultation.risk_group = 'high'
    AND consultation.held_at >= scope.starts AND consultation.held_at < scope.ends
    AND consultation.recorded_at <= :as_of
GROUP BY scope.practice_id, scope.period
