WITH opened AS (
    SELECT plan.id AS plan_id, plan.practice_id, plan.created_at, plan.until_at,
        activity.started_at,
        row_number() OVER (
            PARTITION BY plan.id ORDER BY activity.started_at, activity.position
        ) AS place,
        lag(activity.started_at) OVER (
            PARTITION BY plan.id ORDER BY activity.started_at, activity.position
        ) AS before,
        array_agg(activity.completed_at) OVER (
            PARTITION BY plan.id ORDER BY activity.started_at, activity.position
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS ends
    FROM plan
    JOIN activity ON activity.care_plan_id = plan.id
    WHERE activity.started_at <= :as_of
),
-- One more is due in a plan that still has some: the next to come.
coming AS (
    SELECT plan.id AS plan_id, plan.practice_id, plan.created_at, plan.until_at,
        NULL::timestamptz AS started_at,
        count(*) FILTER (WHERE activity.started_at <= :as_of) + 1 AS place,
        max(activity.started_at) FILTER (WHERE activity.started_at <= :as_of) AS before,
        array_agg(activity.completed_at) FILTER (WHERE activity.started_at <= :as_of) AS ends
    FROM plan
    JOIN activity ON activity.care_plan_id = plan.id
    GROUP BY plan.id, plan.practice_id, plan.created_at, plan.until_at
    HAVING count(*) FILTER (
        WHERE activity.started_at IS NULL AND NOT activity.optional
            AND NOT EXISTS (
                SELECT FROM adaptation
                WHERE adaptation.activity_id = activity.id
                    AND adaptation.patient_id = activity.patient_id
                    AND adaptation.decision = 'provider-drop'
            )
    ) > 0
),
due AS (
    SELECT each.plan_id, each.practice_id, each.started_at, each.until_at,
        CASE WHEN each.place = 1 THEN each.created_at ELSE greatest(
            each.before + make_interval(days => rule.new_every_days),
            -- Since when fewer than may be at work at once were.
            CASE WHEN each.place > rule.active_at_once THEN coalesce(
                (
                    SELECT earlier.ended_at FROM unnest(each.ends) AS earlier (ended_at)
                    WHERE earlier.ended_at IS NOT NULL
                    ORDER BY earlier.ended_at
                    OFFSET each.place - 1 - rule.active_at_once LIMIT 1
                ),
                -- A module at which somebody is stuck makes room as well.
                each.started_at,
                'infinity'
            ) END
        ) END AS at
    FROM (SELECT * FROM opened UNION ALL SELECT * FROM coming) AS each
    JOIN practice ON practice.id = each.practice_id
    JOIN rule ON rule.pathway = practice.pathway
)
SELECT scope.practice_id, scope.period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (WHERE due.started_at <= due.at + interval '48 hours') AS numerator,
    count(*) AS denominator, NULL::numeric AS value
FROM scope
JOIN due ON due.practice_id = scope.practice_id
    AND due.at >= scope.starts AND due.at < scope.ends
    AND due.at + interval '48 hours' <= due.until_at
GROUP BY scope.practice_id, scope.period
