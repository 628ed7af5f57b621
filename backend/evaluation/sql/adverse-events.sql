WITH enrolled AS (
    SELECT DISTINCT scope.practice_id, scope.period, scope.from_day, scope.until_day,
        joined.patient_id
    FROM scope
    JOIN joined ON joined.practice_id = scope.practice_id AND joined.at < scope.ends
        AND coalesce(joined.ended_at >= scope.starts, true)
),
harmed AS (
    SELECT enrolled.practice_id, enrolled.period, enrolled.patient_id,
        bool_or(adverse_event.id IS NOT NULL) AS is_any,
        bool_or(adverse_event.serious_because IS NOT NULL) AS is_serious,
        bool_or(coalesce(
            adverse_event.relatedness IN ('possible', 'probable', 'definite'), false
        )) AS is_related,
        bool_or(coalesce(
            adverse_event.serious_because IS NOT NULL
            AND adverse_event.relatedness IN ('possible', 'probable', 'definite'), false
        )) AS is_both
    FROM enrolled
    LEFT JOIN adverse_event ON adverse_event.patient_id = enrolled.patient_id
        AND adverse_event.day >= enrolled.from_day AND adverse_event.day < enrolled.until_day
        AND adverse_event.recorded_at <= :as_of
        AND NOT EXISTS (
            SELECT FROM adverse_event AS later
            WHERE later.corrects = adverse_event.id AND later.recorded_at <= :as_of
        )
    GROUP BY enrolled.practice_id, enrolled.period, enrolled.patient_id
)
SELECT practice_id, period, kind.part, 'share' AS measure,
    count(*) FILTER (WHERE kind.happened) AS numerator, count(*) AS denominator,
    NULL::numeric AS value
FROM harmed
CROSS JOIN LATERAL (
    VALUES ('all', is_both), ('event:any', is_any), ('event:serious', is_serious),
        ('event:related', is_related)
) AS kind (part, happened)
GROUP BY practice_id, period, kind.part
