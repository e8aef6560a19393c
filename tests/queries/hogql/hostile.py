"""Statements that read, write or reach data outside of the project, or that waste CPU time."""

# Statements that the parser or the printer refuses, even if the engine would also refuse them.
STATEMENTS = """
select file('/etc/passwd')
select length(file('/etc/passwd')) from events
select * from file('/etc/passwd')
select * from file('/etc/passwd', 'LineAsString')
select * from url('http://169.254.169.254/', 'LineAsString')
select * from urlCluster('default', 'http://localhost/', 'CSV')
select * from s3('http://bucket/x.csv')
select * from s3Cluster('default', 'http://bucket/x.csv')
select * from gcs('http://bucket/x.csv')
select * from azureBlobStorage('x', 'y', 'z')
select * from hdfs('hdfs://x/y', 'CSV')
select * from remote('127.0.0.1', system.one)
select * from remoteSecure('127.0.0.1', system.one)
select * from cluster('default', system.one)
select * from clusterAllReplicas('default', system.one)
select * from postgresql('127.0.0.1:5432', 'db', 'users', 'u', 'p')
select * from mysql('127.0.0.1:3306', 'db', 'users', 'u', 'p')
select * from mongodb('127.0.0.1', 'db', 'c', 'u', 'p', 's')
select * from redis('127.0.0.1', 'k', 'k String')
select * from sqlite('/data/db.sqlite3', 'users_user')
select * from odbc('DSN=x', 'a', 'b')
select * from jdbc('jdbc:x', 'a', 'b')
select * from executable('sh', 'TSV', 'x String')
select * from iceberg('http://x')
select * from deltaLake('http://x')
select * from hudi('http://x')
select * from dictionary('d')
select * from loop(events)
select * from merge('default', '.*')
select * from merge(currentDatabase(), 'events')
select * from view(select 1)
select * from viewIfPermitted(select 1 else null('x Int8'))
select * from mergeTreeIndex('default', 'events')
select * from mergeTreeProjection('default', 'events', 'p')
select * from input('x String')
select * from generateRandom('x String')
select * from numbers(1000000000000)
select * from numbers_mt(10)
select * from zeros(1000000000000)
select * from generateSeries(1, 1000000000000)
select * from values('x Int8', 1)
select * from format(CSV, '1,2')
select * from null('x Int8')
select * from timeSeriesData(events)
select * from fileCluster('default', '/etc/passwd')
select * from python('x')
select * from Python(x)
select * from system.tables
select * from system.settings
select * from system.processes
select * from system.query_log
select * from system.users
select * from information_schema.tables
select * from INFORMATION_SCHEMA.COLUMNS
select * from default.events
select * from `default`.`events`
select * from `system.one`
select * from "events WHERE 1"
select * from `events) --`
select * from persons_2
select * from table_orders
select * from store
select * from query_result
select * from users_user
select 1 in other.secret
select 1 in system.one
select event in events from events
select in(1, system.one)
select globalIn(1, system.one)
select 1 where 1 in (select * from system.one)
select (select count() from system.tables)
with x as (select * from system.one) select * from x
select 1 union all select name from system.tables
select * from events join system.one on 1 = 1
select * from events where exists(select 1 from system.one)
select joinGet('default.x', 'y', 1)
select joinGetOrNull('x', 'y', 1)
select dictGet('d', 'a', 1)
select dictGetOrDefault('d', 'a', 1, 2)
select dictHas('d', 1)
select getSetting('max_threads')
select hostName()
select FQDN()
select hostname()
select version()
select uptime()
select currentUser()
select currentDatabase()
select currentProfiles()
select serverUUID()
select displayName()
select tcpPort()
select buildId()
select getMacro('x')
select getServerPort('tcp_port')
select filesystemAvailable()
select filesystemCapacity()
select queryID()
select connectionId()
select initialQueryID()
select shardNum()
select getOSKernelVersion()
select addressToLine(1)
select addressToSymbol(1)
select demangle('x')
select trap('segfault')
select logTrace('x')
select throwIf(1)
select sleep(3)
select sleepEachRow(3) from events
select catboostEvaluate('/m', 1)
select modelEvaluate('m', 1)
select evalMLMethod(1, 2)
select reinterpretAsString(1)
select encrypt('aes-256-cbc', 'x', 'y')
select decrypt('aes-256-cbc', 'x', 'y')
select hasColumnInTable('default', 'events', 'x')
select hasThreadFuzzer()
select indexHint(1)
select materialize(1)
select ignore(1)
select blockNumber()
select rowNumberInAllBlocks()
select runningAccumulate(1)
select neighbor(1, 1)
select finalizeAggregation(1)
select initializeAggregation('sum', 1)
select arrayReduce('sum', [1])
select arrayReduceInRanges('sum', [(1, 1)], [1])
select generateRandomStructure(5)
select randomString(1000000000)
select fuzzBits('x', 0.5)
select lowCardinalityKeys(1)
select getSubcolumn(1, 'x')
select getTypeSerializationStreams(1)
select partitionId(1)
select currentRoles()
select SYSTEM()
select evil()
select `sum`(1), `file`('/etc/passwd')
select "file"('/etc/passwd')
select FILE('/etc/passwd')
select fileIf('/etc/passwd', 1)
select fileOrNull('/etc/passwd')
select sumMerge(1)
select sumState(1)
select sumForEach([1])
select sumResample(0, 1, 1)(1, 1)
select 1 into outfile '/tmp/x'
select 1 INTO OUTFILE '/tmp/x' FORMAT CSV
select 1 format Native
select 1 settings max_threads = 1
select * from events settings final = 0
select * from events SETTINGS readonly = 0
select 1; drop table events
select 1;; select 2
select 1; insert into events values (1)
insert into events values (1)
insert into function file('/tmp/x') select 1
insert into events select * from events
create table x (a Int8) engine = Memory
create function f as x -> x
create user u
drop table events
drop database default
alter table events delete where 1
truncate table events
optimize table events
rename table events to x
exchange tables events and persons
detach table events
attach table events
system shutdown
system reload config
system flush logs
kill query where 1
set readonly = 0
grant all on *.* to default
revoke all on *.* from default
backup table events to Disk('x', 'y')
restore table events from Disk('x', 'y')
show tables
show create table events
describe table events
explain select 1
explain ast select 1
exists table events
use system
check table events
watch x
execute as u select 1
select columns('.*') from events
select * replace (1 as event) from events
select {x:String}
select {file('/etc/passwd')}
select {1}
select @@version
select $1
select event from events sample 0.1
select project_id from events
select e.project_id from events e
select events.`project_id` from events
select s1.event from events
select c2 from events
select _part from events
select _table from events
select _partition_id from events
select _shard_num from events
select person.project_id from events
select d.person_id from events
select p.properties from events
select e.event from events
select w1.event from events
select * from w1
select * from s1
select event from events limit -1
select event from events limit (select 1)
select event from events limit 'x'
select topK((select 1))(event) from events
select quantile(event)(1) from events
select toDecimal(1, (select 5))
select toTimeZone(timestamp, 'x') from events
select toTimeZone(timestamp, event) from events
select dateDiff('x', timestamp, timestamp) from events
select event from events group by 5
with recursive x as (select 1 union all select * from x) select * from x
select <a/>
select * from (pivot x)
"""

# Texts that are refused before parsing, or by the limits of the parser.
BOMBS = {
    "long": "select '" + "x" * 70_000 + "'",
    "parentheses": "select " + "(" * 5_000 + "1" + ")" * 5_000,
    "open parentheses": "select " + "(" * 30_000,
    "calls": "select " + "abs(" * 200 + "1" + ")" * 200,
    "arrays": "select " + "[" * 1_000 + "1" + "]" * 1_000,
    "braces": "select " + "{" * 1_000 + "1" + "}" * 1_000,
    "subqueries": "select * from " + "(select * from " * 100 + "events" + ")" * 100,
    "sums": "select " + "+".join(["1"] * 20_000),
    "sums that the parser takes": "select " + "+".join(["1"] * 900),
    "choices": "select " + "1 ? 2 : " * 400 + "3",
    "minuses": "select " + "- " * 20_000 + "1",
    "nots": "select " + "not " * 5_000 + "1",
    "conditions": "select " + " and ".join(["1"] * 10_000),
    "comparisons": "select " + " = ".join(["1"] * 5_000),
    "concatenations": "select " + "||".join(["'a'"] * 5_000),
    "lambdas": "select " + "x -> " * 5_000 + "x",
    "casts": "select 1" + "::Int" * 5_000,
    "values": "select " + ",".join(["1"] * 20_000),
    "null": "select '\0'",
    "empty": "",
    "blank": " \n",
    "quote": "select 'x",
    "comment": "select 1 /*",
    "doubling": "with "
    + ", ".join(["1 as a0", *(f"a{number} + a{number} as a{number + 1}" for number in range(30))])
    + " select a30",
    "names in a circle": "with b as a, a as b select a",
}


def list_statements() -> list[str]:
    return STATEMENTS.strip().splitlines()
