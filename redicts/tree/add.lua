-- add: add to the number at a place. Its time to live stays.
-- KEYS: header; the hash of the entry.
-- ARGV: header; field, count as JSON text.
-- Reply: {1, text of the sum}; {0, text of the number there} where the sum needs integers that a double cannot hold
--   exactly: nothing was written then, and the caller adds and compares.
-- Errors: LOCKLOST, NEWSECTION, NOTANUMBER (then what is there: its kind or its text): nothing was written.
-- Complexity: O(1).
-- Needs: header, put

-- Most additions are of small integers to a plain leaf, under no lock.
if ARGV[1] == '0' and #ARGV[4] <= 15 and not string.find(ARGV[4], '[^-%d]') then
  local old = ARGV[3] ~= '' and redis.call('HGET', KEYS[#KEYS], ARGV[3])
  if old and #old <= 15 and not string.find(old, '[^-%d]') then
    local sum = string.format('%.0f', old + ARGV[4])
    redis.call('HSET', KEYS[#KEYS], ARGV[3], sum)
    return {1, sum}
  end
end
-- Prelude

local refused = lost_guard() or new_section(KEYS[own_key])
if refused then return refused end
local key, field, count = KEYS[own_key], ARGV[own_arg], ARGV[own_arg + 1]
local text = living(key, field)
local body = nil
if text == '~' then
  body = body_of(key, field)
  text = redis.call('GET', body)
end
if not text then
  if count == '-0.0' then count = '0.0' end  -- 0 + -0.0
  put(key, field, count, 0, 0, NONE)
  return {1, count}
end

local SPECIAL = {NaN = 0 / 0, Infinity = 1 / 0, ['-Infinity'] = -1 / 0}

local function number_of(json)
  if SPECIAL[json] then return SPECIAL[json], true end
  if not string.match(json, '^-?%d') then return nil end
  return tonumber(json), string.match(json, '[.eE]') ~= nil
end

local function text_of(number)
  if number ~= number then return 'NaN' end
  if number == 1 / 0 then return 'Infinity' end
  if number == -1 / 0 then return '-Infinity' end
  local shortest
  for digits = 15, 17 do
    shortest = string.format('%.' .. digits .. 'g', number)
    if tonumber(shortest) == number then break end
  end
  if string.match(shortest, '[.eE]') then return shortest end
  return shortest .. '.0'
end

local old, old_float = number_of(text)
if not old then return redis.error_reply('NOTANUMBER ' .. string.sub(text, 1, 40)) end
local more, more_float = number_of(count)
local sum
if old_float or more_float then
  if #text > 300 or #count > 300 then return {0, text} end
  sum = text_of(old + more)
else
  if #text > 15 or #count > 15 then return {0, text} end
  sum = string.format('%.0f', old + more)
end
if body then
  redis.call('SET', body, sum, 'KEEPTTL')
else
  redis.call('HSET', key, field, sum)
end
return {1, sum}
