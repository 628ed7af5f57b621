WITH made AS (
    SELECT DISTINCT ON (scope.practice_id, scope.period, plan.patient_id)
        scope.practice_id, scope.period, plan.id
    FROM scope
    JOIN plan ON plan.practice_id = scope.practice_id
        AND plan.created_at >= scope.starts AND plan.created_at < scope.ends
        AND plan.created_at <= :as_of
    ORDER BY scope.practice_id, scope.period, plan.patient_id, plan.created_at DESC
),
taken AS (
    SELECT made.practice_id, made.period, made.id,
        count(*) AS modules, count(received.activity_id) AS received
    FROM made
    JOIN activity ON activity.care_plan_id = made.id
    LEFT JOIN received ON received.activity_id = activity.id
    GROUP BY made.practice_id, made.period, made.id
),
planned AS (
    SELECT span.plan_id, span.activity_id, min(span.from_day) AS began,
        max(span.until_day) AS ended,
        floor(sum((span.until_day - span.from_day) * span.planned_days) / 7.0)::int AS days
    FROM span JOIN (SELECT DISTINCT id FROM made) AS made ON made.id = span.plan_id
    GROUP BY span.plan_id, span.activity_id
),
practised AS (
    SELECT each.plan_id, sum(each.days) AS planned, sum(least(each.days, each.done)) AS done
    FROM (
        SELECT planned.plan_id, planned.days, count(practice_log.id) AS done
        FROM planned
        LEFT JOIN practice_log ON practice_log.activity_id = planned.activity_id
            AND practice_log.done AND practice_log.at <= :as_of
            AND practice_log.day BETWEEN planned.began AND planned.ended
        GROUP BY planned.plan_id, planned.activity_id, planned.days
    ) AS each
    GROUP BY each.plan_id
)
SELECT taken.practice_id, taken.period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (
        WHERE taken.received >= 0.6 * taken.modules
            AND practised.planned > 0 AND practised.done >= 0.6 * practised.planned
    ) AS numerator,
    count(*) AS denominator, NULL::numeric AS value
FROM taken LEFT JOIN practised ON practised.plan_id = taken.id
GROUP BY taken.practice_id, taken.period
