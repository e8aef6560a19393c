"""Queries from public documentation and templates of HogQL and ClickHouse. Each query must run."""

# Typical queries of dashboards with SQL insights.
TYPICAL = """
select count() from events
select event, count() as total from events group by event order by total desc
select count(distinct person_id) from events where timestamp > now() - interval 7 day
select toStartOfDay(timestamp) as day, count() from events group by day order by day
select toDate(timestamp) as day, uniq(distinct_id) from events where event = '$pageview' group by day order by day
select properties.$browser, count() from events group by properties.$browser order by count() desc limit 10
select properties['$current_url'] as url, count() as views from events where event = '$pageview' group by url
select person.properties.email, count() from events group by person.properties.email
select person.properties.plan as plan, uniq(person_id) as users from events group by plan having users > 0
select avg(session.$session_duration) from events where session.$session_duration > 0
select $start_timestamp, $session_duration from sessions order by $session_duration desc limit 5
select id, properties.email, created_at from persons where properties.email is not null
select count() from persons
with daily as (select toStartOfDay(timestamp) as day, count() as n from events group by day) select avg(n) from daily
select day, n from (select toStartOfDay(timestamp) as day, count() as n from events group by day) where n > 1 order by day
select e.event, p.properties.email from events e join persons p on e.person_id = p.id
select e.event, p.properties.plan from events as e left join persons as p on p.id = e.person_id order by e.timestamp
select 'a' as kind, count() from events union all select 'b' as kind, count() from persons
select event, timestamp, row_number() over (partition by person_id order by timestamp) as n from events
select event, timestamp from events qualify row_number() over (partition by event order by timestamp desc) = 1
select sum(n) over (order by day) from (select toDate(timestamp) as day, count() as n from events group by day)
select count() filter (where event = '$pageview') as views, count() from events
select countIf(event = 'purchase') / count() as rate from events
select quantile(0.9)(toFloat(properties.amount)) from events
select quantiles(0.5, 0.9)(properties.amount) from events
select topK(3)(event) from events
select windowFunnel(86400)(timestamp, event = '$pageview', event = 'purchase') as step from events group by person_id
select arrayJoin(splitByChar('/', properties.$pathname)) as part, count() from events group by part
select argMax(properties.$browser, timestamp) from events group by distinct_id
select event, lagInFrame(timestamp, 1) over (partition by distinct_id order by timestamp) as previous from events
select multiIf(properties.amount > 100, 'big', properties.amount > 10, 'middle', 'small') as size, count() from events group by size
select case when event = 'purchase' then 'buy' else 'other' end as kind, count() from events group by kind
select dateDiff('day', min(timestamp), max(timestamp)) from events
select formatDateTime(timestamp, '%Y-%m-%d') as day, count() from events group by day
select toStartOfInterval(timestamp, interval 15 minute) as slot, count() from events group by slot
select toStartOfWeek(timestamp) as week, uniqExact(person_id) from events group by week
select count() from events where {filters}
select count() from events where timestamp >= {filters.dateRange.from} and timestamp < {filters.dateRange.to}
select count() from events where properties.$browser = {variables.browser}
select distinct properties.$os from events where properties.$os is not null
select event, count() from events where event in ('$pageview', 'purchase') group by event
select count() from events where person_id in (select id from persons where properties.plan = 'pro')
select event, properties.$browser from events where properties.$current_url ilike '%pricing%' limit 20 offset 5
select coalesce(properties.utm_source, 'direct') as source, count() from events group by source order by 2 desc
"""

# The rest of the language, one or two features in each query.
FURTHER = """
select * from events
select e.* from events e limit 3
select * exclude (properties) from events
select event as e, e = 'purchase' as bought from events
select 1, 'text', 1.5, null, true, false, -3
select [1, 2, 3] as numbers, numbers[1], arraySum(numbers)
select tuple(1, 'a') as pair, pair.1, pair.2
select arrayMap(x -> x * 2, [1, 2, 3]), arrayFilter(x -> x > 1, [1, 2, 3])
select arrayMap((x, y) -> x + y, [1, 2], [3, 4])
select if(1 = 1, 'yes', 'no'), 1 = 1 ? 'yes' : 'no', null ?? 'default'
select event || ' at ' || toString(timestamp) from events
select concat(event, properties.missing, 1) from events
select toInt('12'), toFloat('1.5'), toString(5), toBool('true'), toDecimal('1.25', 2), toUUID('00000000-0000-0000-0000-000000000001')
select '12'::Int, cast('1.5' as Float), cast(5, 'String') from events limit 0
select toDateTime('2026-01-31 12:00:00'), toDate('2026-01-31'), toDateTime('2026-01-31', 'Europe/Berlin')
select now() > toDateTime('2020-01-01'), today() - 1 = yesterday()
select count() from events where timestamp between '2026-01-01' and '2026-02-01'
select count() from events where timestamp not between '2026-01-01' and '2026-01-02'
select count() from events where toDate(timestamp) = '2026-01-05'
select count() from events where event like '$page%' and event not like 'x%' and event ilike '%VIEW'
select count() from events where event =~ '^\\\\$page' and event !~ 'z$' and event =~* 'PAGE'
select count() from events where match(properties.$current_url, 'pricing|docs')
select count() from events where not (event = 'purchase' or event = 'signup')
select count() from events where properties.amount > 10 and properties.amount <= 500
select count() from events where properties.beta = true or properties.beta
select count() from events where properties.nested.key = 'value'
select properties.list[1], properties['nested']['key'] from events
select JSONExtractString(properties, 'nested', 'key'), JSONHas(properties, '$browser') from events
select JSONExtractArrayRaw(properties, 'list') as items from events
select sum(properties.amount), avg(properties.amount), max(toFloat(properties.amount)) from events
select round(sum(properties.amount) / count(), 2) as mean from events
select properties.amount * 2 + 1 from events where properties.amount is not null
select sumIf(properties.amount, event = 'purchase'), uniqIf(person_id, event = 'purchase'), avgIf(1, 0) from events
select sum(distinct 1), count(distinct event, distinct_id), uniqExact(event) from events
select sumOrNull(1), groupArray(event), groupUniqArray(event), groupArray(2)(event) from events
select argMin(event, timestamp), any(event), anyLast(event) from events
select median(properties.amount), stddevPop(properties.amount), corr(1, properties.amount) from events
select retention(event = '$pageview', event = 'purchase') from events group by person_id
select sequenceMatch('(?1).*(?2)')(toDateTime(timestamp), event = '$pageview', event = 'purchase') from events group by person_id
select event, count() from events group by 1 order by 2 desc, 1
select event, toDate(timestamp), count() from events group by rollup(1, 2)
select event, distinct_id, count() from events group by cube(event, distinct_id)
select event, count() from events group by all
select event from events order by timestamp desc limit 1 by distinct_id
select event, rank() over w, dense_rank() over w from events window w as (order by timestamp)
select avg(n) over (order by day rows between 6 preceding and current row) from (select toDate(timestamp) as day, count() as n from events group by day)
select first_value(event) over (partition by distinct_id order by timestamp rows between unbounded preceding and unbounded following) from events
select lag(event, 1, 'none') over (order by timestamp), lead(event) over (order by timestamp) from events
select a.event, b.event from events a cross join events b limit 4
select e.event from events e inner join person_distinct_ids d using (distinct_id)
select e.event, p.id from events e right join persons p on e.person_id = p.id
select e.event, p.id from events e full outer join persons p on e.person_id = p.id
select event from events e left semi join persons p on e.person_id = p.id
select event from events e left anti join persons p on e.person_id = p.id
select x from events array join [1, 2] as x
select event, x from events left array join JSONExtractArrayRaw(properties, 'list') as x
with 10 as ten select ten + 1
with (select max(timestamp) from events) as latest select count() from events where timestamp = latest
with a as (select event from events), b as (select event from a) select count() from b
with a as (select 1 as n) select n from a union all select n + 1 from a
with a as (select person_id from events) select count() from persons where id in a
select 1 union distinct select 1
select 1 intersect select 1
select 1 except select 2
select n from (select 1 as n union all select 2 as n) order by n desc limit 1
select n from ((select 1 as n) union all (select 2 as n)) order by n desc limit 1
select (select count() from events) + (select count() from persons)
select exists(select 1 from events where event = 'purchase')
select exists(select event from events order by timestamp limit 2), exists(select 1 union all select 2)
select count() from events where (event, distinct_id) in (select event, distinct_id from events)
select count() from events where properties.plan not in ('free', 'trial')
select count() from events where event in ['purchase', 'signup']
select dateTrunc('month', timestamp), date_trunc('week', timestamp), dateTrunc('hour', timestamp) from events
select dateAdd('day', 1, timestamp), dateSub(timestamp, interval 1 hour), timestamp + interval 1 month from events
select toStartOfMonth(timestamp), toStartOfQuarter(timestamp), toStartOfYear(timestamp), toMonday(timestamp) from events
select toHour(timestamp), toDayOfWeek(timestamp), toHour(toTimeZone(timestamp, 'Asia/Kolkata')) from events
select toUnixTimestamp(timestamp), fromUnixTimestamp(0), toYYYYMM(timestamp) from events
select domain(properties.$current_url), path(properties.$current_url), extractURLParameter(properties.$current_url, 'a') from events
select lower(event), upper(event), length(event), substring(event, 1, 3), replaceAll(event, '$', '') from events
select splitByChar(',', 'a,b'), arrayStringConcat(['a', 'b'], '-'), has(['a'], 'a'), indexOf(['a', 'b'], 'b')
select COUNT(*), SUM(1), Max(timestamp) from events
select properties.count from (select properties from events)
select sessions.session_id, $pageview_count, $is_bounce from sessions
select session.id, session.$entry_pathname from events
select events.timestamp, events.properties.$browser, events.person.properties.email from events
select count() from events where event != 'x' and properties.missing != 'x' and properties.missing is distinct from 'x'
select count() from events where created_at < timestamp + interval 1 day -- a comment
select /* another */ count() from events
select `event`, "distinct_id" from events
select transform(event, ['purchase'], ['buy'], 'other'), nullIf(event, ''), ifNull(properties.a, 'b') from events
select greatest(1, 2), least(1, 2), abs(-1), floor(1.5), pow(2, 3), intDiv(7, 2), 7 % 2
select case properties.plan when 'pro' then 1 else 0 end from events
"""


def list_queries(text: str) -> list[str]:
    return text.strip().splitlines()
