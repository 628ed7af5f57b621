WITH high AS (
    SELECT scope.practice_id, scope.period, risk_assessment.patient_id,
        (min(risk_assessment.at) AT TIME ZONE scope.time_zone)::date AS since
    FROM scope
    JOIN risk_assessment ON risk_assessment.practice_id = scope.practice_id
        AND risk_assessment.kind = 'stratification' AND risk_assessment.outcome = 'high'
        AND risk_assessment.superseded_at IS NULL
        AND risk_assessment.at >= scope.starts AND risk_assessment.at < scope.ends
        AND risk_assessment.at <= :as_of
    GROUP BY scope.practice_id, scope.period, scope.time_zone, risk_assessment.patient_id
),
told AS (
    SELECT high.practice_id, high.period,
        bool_or(referral.id IS NOT NULL) AS referred,
        bool_or(coalesce(referral_step.step IN ('attended', 'completed'), false)) AS attended,
        bool_or(coalesce(referral_step.step = 'completed', false)) AS completed
    FROM high
    LEFT JOIN referral ON referral.patient_id = high.patient_id
        AND referral.day >= high.since AND referral.recorded_at <= :as_of
    LEFT JOIN referral_step ON referral_step.referral_id = referral.id
        AND referral_step.recorded_at <= :as_of
    GROUP BY high.practice_id, high.period, high.patient_id
)
SELECT practice_id, period, step.part, 'share' AS measure,
    count(*) FILTER (WHERE step.reached) AS numerator, count(*) AS denominator,
    NULL::numeric AS value
FROM told
CROSS JOIN LATERAL (
    VALUES ('all', referred), ('step:attended', attended), ('step:completed', completed)
) AS step (part, reached)
GROUP BY practice_id, period, step.part
