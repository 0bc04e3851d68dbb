-- contents: some of what is in a typed leaf, as it is stored.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; where to go on, "0" to begin; about how many elements.
-- Reply: where to go on, "0" at the end; the texts: with their values, or scores, after them. None where something else is.
-- Errors: none of its own.
-- Complexity: O(what is read). (Small bodies come whole, whatever is asked.)
-- Needs: kinds

local SCANS = {set = 'SSCAN', hash = 'HSCAN', zset = 'ZSCAN'}

local body, kind, count = KEYS[2], KINDS[ARGV[2]], tonumber(ARGV[4])
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] or redis.call('TYPE', body).ok ~= kind[1] then return {'0', {}} end
if SCANS[kind[1]] then return redis.call(SCANS[kind[1]], body, ARGV[3], 'COUNT', count) end
if kind[1] ~= 'list' then return {'0', {}} end
local start = tonumber(ARGV[3])
local texts = redis.call('LRANGE', body, start, start + count - 1)
return {#texts < count and '0' or string.format('%.0f', start + count), texts}
