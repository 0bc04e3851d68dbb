-- prelude lifefaults: keys of locks that live too long, or not long enough; and those that are no zsets. For the script
-- check alone.
-- Needs: faults

-- What is about to run out is let be: while a script runs time goes on, for it or for the keys, as the server has it.
local SLACK = 1000

local function whole(number) return string.format('%.0f', number) end

-- A key of locks expires, but not before what is in it: `least` is how long that lives, in ms.
local function check_life(key, least)
  local left = redis.call('PTTL', key)
  local function lengthen() redis.call('PEXPIRE', key, whole(math.max(least, SLACK))) end
  if left == -1 then
    fault('never expires', key, '', lengthen)
  elseif left >= 0 and left < least - SLACK then
    fault('expires before its locks', key, whole(least - left), lengthen)
  end
end

local function check_wake_ups(key)
  if check_type(key, 'list') then check_life(key, 0) end
end

local function check_expected(key)
  if check_type(key, 'hash') then check_life(key, 0) end
end

local function check_counter(key)
  if not check_type(key, 'string') then return end
  if not string.match(redis.call('GET', key), '^%d+$') then return fault('not a number', key, '', drop(key)) end
  check_life(key, 0)
end
