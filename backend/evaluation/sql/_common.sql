-- What every figure begins with. Each figure's own file is a query on these and on the tables.
-- A period is whole days of the practice's own calendar; nothing after :as_of is known.
WITH scope AS MATERIALIZED (
    SELECT practice.id AS practice_id, each.period, each.from_day, each.until_day,
        each.from_day::timestamp AT TIME ZONE practice.time_zone AS starts,
        each.until_day::timestamp AT TIME ZONE practice.time_zone AS ends,
        practice.pathway, practice.time_zone, practice.created_at
    FROM practice
    CROSS JOIN jsonb_to_recordset(CAST(:periods AS jsonb))
        AS each (period int, from_day date, until_day date)
    WHERE practice.id = CAST(:practice_id AS uuid) OR CAST(:practice_id AS uuid) IS NULL
),
-- Months that lie wholly in a period and of which the practice told how many consulted.
counted AS (
    SELECT DISTINCT ON (scope.practice_id, scope.period, told.month)
        scope.practice_id, scope.period, told.consulters, told.eligible,
        told.month::timestamp AT TIME ZONE scope.time_zone AS starts,
        (told.month + interval '1 month') AT TIME ZONE scope.time_zone AS ends
    FROM scope
    JOIN consulter_count AS told ON told.practice_id = scope.practice_id
        AND told.month >= scope.from_day
        AND told.month + interval '1 month' <= scope.until_day
        AND told.recorded_at <= :as_of
    ORDER BY scope.practice_id, scope.period, told.month, told.recorded_at DESC, told.id DESC
),
-- Everybody who agreed to take part, and since when.
joined AS (
    SELECT enrolment.id AS enrolment_id, enrolment.practice_id, enrolment.patient_id,
        enrolment.enrolled_at, enrolment.ended_at, min(consent.at) AS at
    FROM enrolment
    JOIN consent ON consent.patient_id = enrolment.patient_id
        AND consent.kind = 'programme' AND consent.action = 'given'
        AND consent.at >= enrolment.enrolled_at
        AND consent.at <= coalesce(enrolment.ended_at, :as_of)
        AND consent.at <= :as_of
    GROUP BY enrolment.id
),
-- Every plan, the risk group it was made for, and until when it was the person's plan.
plan AS (
    SELECT care_plan.id, care_plan.practice_id, care_plan.patient_id, care_plan.created_at,
        patient.time_zone, risk_assessment.outcome AS risk_group,
        least(
            :as_of,
            stay.ended_at,
            lead(care_plan.created_at)
                OVER (PARTITION BY care_plan.patient_id ORDER BY care_plan.created_at)
        ) AS until_at
    FROM care_plan
    JOIN patient ON patient.id = care_plan.patient_id
    JOIN risk_assessment ON risk_assessment.id = care_plan.risk_assessment_id
    CROSS JOIN LATERAL (
        SELECT enrolment.ended_at FROM enrolment
        WHERE enrolment.patient_id = care_plan.patient_id
            AND enrolment.enrolled_at <= care_plan.created_at
        ORDER BY enrolment.enrolled_at DESC LIMIT 1
    ) AS stay
),
-- What the content holds, and what the rules of each pathway say.
grade AS (
    SELECT * FROM jsonb_to_recordset(CAST(:grades AS jsonb))
        AS each (module_id text, version text, grade int, minutes int, planned_days int)
),
rule AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rules AS jsonb))
        AS each (pathway text, quiz_percent int, active_at_once int, new_every_days int)
),
-- From which day to before which day each grade of a module was worked at.
span AS MATERIALIZED (
    SELECT activity.id AS activity_id, plan.id AS plan_id, activity.practice_id, began.grade,
        coalesce(grade.planned_days, 0) AS planned_days,
        (began.at AT TIME ZONE plan.time_zone)::date AS from_day,
        (coalesce(
            lead(began.at) OVER (PARTITION BY activity.id ORDER BY began.at),
            least(activity.completed_at, plan.until_at)
        ) AT TIME ZONE plan.time_zone)::date AS until_day
    FROM plan
    JOIN activity ON activity.care_plan_id = plan.id
    CROSS JOIN LATERAL (
        SELECT activity.started_at AS at, 1 AS grade WHERE activity.started_at IS NOT NULL
        UNION ALL
        SELECT adaptation.at,
            (adaptation.inputs ->> 'grade')::int
            + CASE adaptation.decision WHEN 'advance' THEN 1 ELSE -1 END
        FROM adaptation
        WHERE adaptation.patient_id = activity.patient_id
            AND adaptation.activity_id = activity.id
            AND adaptation.rule = 'progression'
            AND adaptation.superseded_at IS NULL
            AND adaptation.decision IN ('advance', 'step-back')
    ) AS began
    LEFT JOIN grade ON grade.module_id = activity.module_id
        AND grade.version = activity.module_version AND grade.grade = began.grade
),
-- Modules that were taken in: a quiz passed, or explained to somebody.
received AS (
    SELECT activity.id AS activity_id, activity.care_plan_id
    FROM activity
    JOIN practice ON practice.id = activity.practice_id
    JOIN rule ON rule.pathway = practice.pathway
    WHERE EXISTS (
        SELECT FROM quiz_attempt
        WHERE quiz_attempt.activity_id = activity.id
            AND quiz_attempt.percent >= rule.quiz_percent AND quiz_attempt.at <= :as_of
    ) OR EXISTS (
        SELECT FROM practice_log
        WHERE practice_log.activity_id = activity.id AND practice_log.done
            AND btrim(practice_log.values ->> 'told_someone') <> '' AND practice_log.at <= :as_of
    )
)
