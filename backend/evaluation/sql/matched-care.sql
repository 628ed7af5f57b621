WITH made AS (
    SELECT DISTINCT ON (scope.practice_id, scope.period, plan.patient_id)
        scope.practice_id, scope.period, plan.id, plan.patient_id, plan.created_at,
        plan.risk_group
    FROM scope
    JOIN plan ON plan.practice_id = scope.practice_id
        AND plan.created_at >= scope.starts AND plan.created_at < scope.ends
        AND plan.created_at + interval '14 days' <= :as_of
    ORDER BY scope.practice_id, scope.period, plan.patient_id, plan.created_at DESC
),
judged AS (
    SELECT made.*,
        EXISTS (
            SELECT FROM adaptation
            WHERE adaptation.patient_id = made.patient_id AND adaptation.care_plan_id = made.id
                AND adaptation.provider_id IS NOT NULL AND adaptation.at <= :as_of
        ) AS adapted,
        made.risk_group <> 'high' OR EXISTS (
            SELECT FROM consultation
            WHERE consultation.patient_id = made.patient_id
                AND consultation.held_at >= made.created_at
                AND consultation.held_at < made.created_at + interval '14 days'
                AND consultation.recorded_at <= :as_of
        ) AS seen
    FROM made
)
SELECT practice_id, period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (WHERE seen AND NOT adapted) AS numerator, count(*) AS denominator,
    NULL::numeric AS value
FROM judged GROUP BY practice_id, period
UNION ALL
SELECT practice_id, period, 'group:' || risk_group, 'share',
    count(*) FILTER (WHERE seen AND NOT adapted), count(*), NULL
FROM judged GROUP BY practice_id, period, risk_group
UNION ALL
SELECT practice_id, period, CASE WHEN adapted THEN 'not:adapted' ELSE 'not:not-seen' END,
    'count', count(*), NULL, NULL
FROM judged WHERE adapted OR NOT seen GROUP BY practice_id, period, adapted
