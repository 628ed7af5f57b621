WITH told AS (
    SELECT alert.practice_id, alert.id, opened.at AS opened_at, taken.at AS taken_at,
        coalesce(taken.tier, newest.tier) AS tier,
        coalesce(taken.respond_by, newest.respond_by) AS respond_by
    FROM alert
    CROSS JOIN LATERAL (
        SELECT alert_event.at FROM alert_event
        WHERE alert_event.alert_id = alert.id AND alert_event.action = 'open'
        ORDER BY alert_event.at, alert_event.id LIMIT 1
    ) AS opened
    LEFT JOIN LATERAL (
        SELECT alert_event.at, alert_event.tier, alert_event.respond_by FROM alert_event
        WHERE alert_event.alert_id = alert.id AND alert_event.at <= :as_of
            AND alert_event.to_status
                IN ('acknowledged', 'in_progress', 'resolved', 'dismissed')
        ORDER BY alert_event.at, alert_event.id LIMIT 1
    ) AS taken ON true
    LEFT JOIN LATERAL (
        SELECT alert_event.tier, alert_event.respond_by FROM alert_event
        WHERE alert_event.alert_id = alert.id AND alert_event.at <= :as_of
            AND alert_event.respond_by IS NOT NULL
        ORDER BY alert_event.at DESC, alert_event.id DESC LIMIT 1
    ) AS newest ON taken.at IS NULL
),
due AS (
    SELECT scope.practice_id, scope.period, told.tier,
        coalesce(told.taken_at <= told.respond_by, false) AS in_time,
        extract(epoch FROM told.taken_at - told.opened_at) / 60 AS minutes
    FROM scope
    JOIN told ON told.practice_id = scope.practice_id
        AND told.respond_by >= scope.starts AND told.respond_by < scope.ends
        AND (told.respond_by <= :as_of OR told.taken_at IS NOT NULL)
),
summed AS (
    SELECT practice_id, period,
        CASE WHEN grouping(tier) = 1 THEN 'all' ELSE 'tier:' || tier END AS part,
        count(*) FILTER (WHERE in_time) AS in_time, count(*) AS number,
        count(minutes) AS taken,
        percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY minutes) AS minutes
    FROM due GROUP BY GROUPING SETS ((practice_id, period), (practice_id, period, tier))
)
SELECT practice_id, period, part, 'share' AS measure, in_time AS numerator,
    number AS denominator, NULL::numeric AS value
FROM summed
UNION ALL
SELECT practice_id, period, part, each.measure, NULL, taken, minutes[each.place]::numeric
FROM summed CROSS JOIN (VALUES ('median', 1), ('p90', 2)) AS each (measure, place)
WHERE taken > 0
