"""The functions of HogQL, as `name:arguments`, `name=ClickHouse's name:arguments`, `name[parameters]:arguments`.

Each list has a kind, the type of the results, and a flag for results that may be null. None means that the result may
be null if an argument may be null. The lists are complete: they also contain functions that another module prints, such
as `now` and `toDateTime`.
"""

_NUMBERS = """
    abs:1 ceil:1-2 ceiling=ceil:1 floor:1-2 round:1-2 roundBankers:1-2 roundDown:2 trunc:1-2 truncate=trunc:1-2
    exp:1 exp2:1 exp10:1 ln=log:1 log:1 log2:1 log10:1 log1p:1 sqrt:1 cbrt:1 pow:2 power=pow:2 sign:1 negate:1
    sin:1 cos:1 tan:1 asin:1 acos:1 atan:1 atan2:2 sinh:1 cosh:1 tanh:1 degrees:1 radians:1 hypot:2
    pi:0 e:0 intDiv:2 modulo:2 mod=modulo:2 positiveModulo:2 gcd:2 lcm:2 factorial:1
    bitAnd:2 bitOr:2 bitXor:2 bitNot:1 bitShiftLeft:2 bitShiftRight:2 bitCount:1 bitTest:2
    length:1 lengthUTF8:1 char_length=lengthUTF8:1 position:2-3 positionUTF8:2-3 positionCaseInsensitive:2-3
    positionCaseInsensitiveUTF8:2-3 locate:2-3 countSubstrings:2 countSubstringsCaseInsensitive:2 ascii:1
    levenshteinDistance:2 ngramDistance:2 cityHash64:1+ sipHash64:1+ xxHash64:1 farmHash64:1+ murmurHash3_64:1+
    toYear:1 year=toYear:1 toQuarter:1 quarter=toQuarter:1 toMonth:1 month=toMonth:1 toDayOfYear:1
    toDayOfMonth:1 day=toDayOfMonth:1 toHour:1 hour=toHour:1 toMinute:1 minute=toMinute:1
    toSecond:1 second=toSecond:1 toMillisecond:1 toUnixTimestamp:1 toUnixTimestamp64Milli:1 toUnixTimestamp64Micro:1
    toYYYYMM:1 toYYYYMMDD:1 toYYYYMMDDhhmmss:1 toISOYear:1 toISOWeek:1 toDayOfWeek:1-2 toWeek:1-2 toYearWeek:1-2
    dateDiff:3 date_diff=dateDiff:3 datediff=dateDiff:3 age:3 indexOf:2 countEqual:2 arrayUniq:1+ arrayCount:1-2
    arrayAvg:1-2 arraySum:1-2 arrayProduct:1-2 JSONLength:1+ JSONExtractInt:1+ JSONExtractUInt:1+
    JSONExtractFloat:1+ rand:0 rand64:0 randCanonical:0 IPv4StringToNum:1 toUInt8:1 toUInt16:1 toUInt32:1 toUInt64:1
    toInt8:1 toInt16:1 toInt32:1 toInt64:1 toFloat32:1 toFloat64:1 widthBucket=width_bucket:4
    simpleJSONExtractInt:2 simpleJSONExtractFloat:2 multiSearchFirstIndex:2 multiSearchFirstPosition:2
"""
_NUMBERS_OR_NULL = """
    toInt:1 toFloat:1 toDecimal:2 toIntOrZero:1 toFloatOrZero:1 toFloatOrDefault:2
    toInt64OrNull:1 toFloat64OrNull:1
"""
_TEXTS = """
    lower:1 upper:1 lowerUTF8:1 upperUTF8:1 initcap:1 reverse:1 reverseUTF8:1 trim:1-2 trimLeft:1-2 ltrim=trimLeft:1-2
    trimRight:1-2 rtrim=trimRight:1-2 substring:2-3 substr=substring:2-3 mid=substring:2-3 substringUTF8:2-3
    substringIndex:3 left:2 leftUTF8:2 right:2 rightUTF8:2 leftPad:2-3 lpad=leftPad:2-3 rightPad:2-3 rpad=rightPad:2-3
    leftPadUTF8:2-3 rightPadUTF8:2-3 repeat:2 space:1 concat:1+ concatWithSeparator:2+ concat_ws=concatWithSeparator:2+
    replace:3 replaceOne:3 replaceAll:3 replaceRegexpOne:3 replaceRegexpAll:3 translate:3 translateUTF8:3
    regexpQuoteMeta:1 extract:2 regexpExtract:2-3 normalizeUTF8NFC:1 normalizeUTF8NFD:1 soundex:1
    format:1+ char:1+ appendTrailingCharIfAbsent:2 base64Encode:1 base64Decode:1 tryBase64Decode:1 hex:1 unhex:1
    bin:1 unbin:1 toString:1 toJSONString:1 toValidUTF8:1 MD5:1 SHA1:1 SHA256:1
    encodeXMLComponent:1 decodeXMLComponent:1
    encodeURLComponent:1 decodeURLComponent:1 protocol:1 domain:1 domainWithoutWWW:1 topLevelDomain:1
    firstSignificantSubdomain:1 cutToFirstSignificantSubdomain:1 path:1 pathFull:1 queryString:1 fragment:1
    queryStringAndFragment:1 extractURLParameter:2 cutURLParameter:2 cutQueryString:1 cutFragment:1 cutWWW:1
    cutQueryStringAndFragment:1 netloc:1 formatDateTime:2-3 dateName:2 monthName:1 formatReadableSize:1
    formatReadableQuantity:1 formatReadableTimeDelta:1-2 JSONExtractString:1+ JSONExtractRaw:1+ JSONType:1+
    simpleJSONExtractString:2 simpleJSONExtractRaw:2 JSON_VALUE:2 toTypeName:1 IPv4NumToString:1
    arrayStringConcat:1-2 bar:3-4
"""
_BOOLEANS = """
    and:2+ or:2+ xor:2 not:1 isNull:1 isNotNull:1 isFinite:1 isInfinite:1 isNaN:1 empty:1 notEmpty:1 startsWith:2
    endsWith:2 hasToken:2 hasTokenCaseInsensitive:2 hasSubsequence:2 multiMatchAny:2 multiSearchAny:2
    multiSearchAnyCaseInsensitive:2 has:2 hasAll:2 hasAny:2 hasSubstr:2 arrayExists:1+ arrayAll:1+ JSONHas:1+
    JSONExtractBool:1+ isValidJSON:1 isValidUTF8:1 toBool:1 exists:1 isIPv4String:1 isIPv6String:1
    isIPAddressInRange:2 simpleJSONHas:2 simpleJSONExtractBool:2 like:2 ilike:2 match:2
"""
_TIMES = """
    now:0 toStartOfSecond:1 toStartOfMinute:1 toStartOfFiveMinutes:1 toStartOfTenMinutes:1
    toStartOfFifteenMinutes:1 toStartOfHour:1 toStartOfDay:1 timeSlot:1 toTimeZone:2
    fromUnixTimestamp:1 fromUnixTimestamp64Milli:1 fromUnixTimestamp64Micro:1 addSeconds:2 addMinutes:2 addHours:2
    subtractSeconds:2 subtractMinutes:2 subtractHours:2
"""
_TIMES_OR_NULL = """
    toDateTime:1-2 toDateTime64:2-3 parseDateTime:2 parseDateTimeBestEffort:1 parseDateTimeBestEffortOrNull:1
    parseDateTime64BestEffort:1 parseDateTime64BestEffortOrNull:1
"""
_DATES = """
    today:0 yesterday:0 toStartOfWeek:1-2 toStartOfMonth:1 toStartOfQuarter:1 toStartOfYear:1 toStartOfISOYear:1
    toMonday:1 toLastDayOfMonth:1 toLastDayOfWeek:1 makeDate:3
"""
_DATES_OR_NULL = "toDate:1 toDateOrNull:1"
_UUIDS = "generateUUIDv4:0"
_UUIDS_OR_NULL = "toUUID:1 toUUIDOrNull:1"
_ARRAYS = """
    array:0+ range:1-3 splitByChar:2-3 splitByString:2-3 splitByRegexp:2-3 splitByWhitespace:1
    splitByNonAlpha:1 alphaTokens:1 extractAll:2 extractAllGroups=extractAllGroupsVertical:2 ngrams:2 tokens:1
    arrayConcat:1+ arrayPushBack:2 arrayPushFront:2 arrayPopBack:1 arrayPopFront:1 arraySlice:2-3 arrayReverse:1
    arraySort:1+ arrayReverseSort:1+ arrayDistinct:1 arrayCompact:1 arrayEnumerate:1 arrayEnumerateUniq:1+
    arrayMap:2+ arrayFilter:2+ arrayFill:2+ arraySplit:2+ arrayReverseFill:2+ arrayCumSum:1+ arrayDifference:1
    arrayIntersect:1+ arrayZip:1+ arrayFlatten:1 arrayResize:2-3 arrayWithConstant:2
    JSONExtractArrayRaw:1+ JSONExtractKeys:1+ JSONExtractKeysAndValuesRaw:1+ URLPathHierarchy:1 URLHierarchy:1
    extractURLParameters:1 extractURLParameterNames:1 mapKeys:1 mapValues:1 arrayRotateLeft:2
    arrayRotateRight:2 arrayShiftLeft:2-3 arrayShiftRight:2-3
"""
_ANYTHING = """
    if:3 multiIf:3+ ifNull:2 coalesce:1+ nullIf:2 assumeNotNull:1 toNullable:1 greatest:2+ least:2+
    plus:2 minus:2 multiply:2 divide:2 transform:3-4 caseWithExpression:4+
    tuple:0+ tupleElement:2-3 untuple:1 map:0+ mapContains:2 mapFromArrays:2 arrayElement:2 arrayJoin:1
    arrayFirst:2+ arrayLast:2+ arrayFirstIndex:2+ arrayLastIndex:2+ arrayFold:3+ arrayMin:1-2
    arrayMax:1-2 toIntervalSecond:1 toIntervalMinute:1 toIntervalHour:1 toIntervalDay:1 toIntervalWeek:1
    toIntervalMonth:1 toIntervalQuarter:1 toIntervalYear:1 toStartOfInterval:2-3 dateTrunc:2-3 date_trunc=dateTrunc:2-3
    dateAdd:2-3 date_add=dateAdd:2-3 dateSub:2-3 date_sub=dateSub:2-3 addDays:2 addWeeks:2 addMonths:2 addQuarters:2
    addYears:2 subtractDays:2 subtractWeeks:2 subtractMonths:2 subtractQuarters:2 subtractYears:2 in:2 notIn:2
    arrayElementOrNull:2 JSONExtract:2+
"""
_COUNTS = "count:0-1 uniq:1+ uniqExact:1+ uniqHLL12:1+ uniqCombined:1+ countDistinct=uniqExact:1+"
_NUMBER_AGGREGATES = """
    sum:1 avg:1 median:1 quantile[1]:1 quantileExact[1]:1 quantileExactInclusive[1]:1 quantileTiming[1]:1
    quantileTDigest[1]:1 quantileDeterministic[1]:2 quantileExactWeighted[1]:2 stddevPop:1 stddevSamp:1
    varPop:1 varSamp:1 covarPop:2 covarSamp:2 corr:2 skewPop:1 skewSamp:1 kurtPop:1 kurtSamp:1 avgWeighted:2
    sumWithOverflow:1 deltaSum:1 deltaSumTimestamp:2 boundingRatio:2 exponentialMovingAverage[1]:2 entropy:1
    windowFunnel[1-4]:2+ sequenceCount[1]:2+ rankCorr:2 groupBitAnd:1 groupBitOr:1 groupBitXor:1
    sumKahan:1 medianExact:1 intervalLengthSum:2 maxIntersections:2
"""
_BOOLEAN_AGGREGATES = "sequenceMatch[1]:2+"
_ARRAY_AGGREGATES = """
    groupArray[0-1]:1 groupUniqArray[0-1]:1 groupArraySample[1-2]:1 groupArrayMovingSum[0-1]:1
    groupArrayMovingAvg[0-1]:1 groupArraySorted[1]:1 topK[0-1]:1 topKWeighted[0-1]:2
    quantiles[1+]:1 quantilesExact[1+]:1 quantilesExactInclusive[1+]:1
    retention:1+ sumMap:1-2 minMap:1-2 maxMap:1-2 histogram[1]:1
    groupArrayInsertAt[0-2]:2 array_agg=groupArray:1
"""
_ANY_AGGREGATES = """
    min:1 max:1 any:1 anyLast:1 anyHeavy:1 argMin:2 argMax:2 first_value:1 last_value:1 singleValueOrNull:1
    simpleLinearRegression:2 mannWhitneyUTest[0-2]:2 studentTTest[0-1]:2 welchTTest[0-1]:2
"""
_WINDOWS = "row_number:0 rank:0 dense_rank:0 percent_rank:0 cume_dist:0 ntile:1"
_ANY_WINDOWS = "lag:1-3 lead:1-3 lagInFrame:1-3 leadInFrame:1-3 nth_value:2"

LISTS: tuple[tuple[str, str, bool | None, str], ...] = (
    ("PLAIN", "NUMBER", None, _NUMBERS),
    ("PLAIN", "NUMBER", True, _NUMBERS_OR_NULL),
    ("PLAIN", "TEXT", None, _TEXTS),
    ("PLAIN", "BOOLEAN", None, _BOOLEANS),
    ("PLAIN", "DATETIME", None, _TIMES),
    ("PLAIN", "DATETIME", True, _TIMES_OR_NULL),
    ("PLAIN", "DATE", None, _DATES),
    ("PLAIN", "DATE", True, _DATES_OR_NULL),
    ("PLAIN", "UUID", None, _UUIDS),
    ("PLAIN", "UUID", True, _UUIDS_OR_NULL),
    ("PLAIN", "ARRAY", None, _ARRAYS),
    ("PLAIN", "ANY", True, _ANYTHING),
    ("AGGREGATE", "NUMBER", False, _COUNTS),
    ("AGGREGATE", "NUMBER", True, _NUMBER_AGGREGATES),
    ("AGGREGATE", "BOOLEAN", None, _BOOLEAN_AGGREGATES),
    ("AGGREGATE", "ARRAY", None, _ARRAY_AGGREGATES),
    ("AGGREGATE", "ANY", True, _ANY_AGGREGATES),
    ("WINDOW", "NUMBER", False, _WINDOWS),
    ("WINDOW", "ANY", True, _ANY_WINDOWS),
)
