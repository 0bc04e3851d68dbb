-- prelude clock: deadlines, in ms of the server's time. NONE: no deadline. GONE: no such key.

local NONE, GONE = -1, -2

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- When a key expires. PEXPIRETIME came with Redis 7.0; on 6.2 what is left is added to the time of now.
local function deadline_of(key)
  local deadline = redis.pcall('PEXPIRETIME', key)
  if type(deadline) == 'number' then return deadline end
  local left = redis.call('PTTL', key)
  if left < 0 then return left end
  return now_ms() + left
end

-- Whether a deadline is another one, or none. (The two ways to tell the time on 6.2 are a millisecond apart.)
local function same_deadline(one, other)
  return math.abs(one - other) <= 2
end

-- The sooner of two deadlines, either of which may be NONE.
local function sooner(one, other)
  if one < 0 then return other end
  if other < 0 then return one end
  return math.min(one, other)
end

-- Whether a deadline is an entry's own: sooner than that of what it lies in.
local function owns(deadline, limit)
  return deadline > 0 and (limit < 0 or deadline < limit - 2)
end

local function set_deadline(key, deadline)
  if deadline < 0 then
    redis.call('PERSIST', key)
  else
    redis.call('PEXPIREAT', key, string.format('%.0f', deadline))
  end
end
