-- release: take a lock entry back, and wake one of those whom it blocked.
-- KEYS: the section's fence counter; l: and b: of the section; w: and u: of the path; l: of the path; b: of each proper
--   ancestor.
-- ARGV: the entry.
-- Reply: 1; 0 where its lease had run out, or it was not there.
-- Errors: none of its own.
-- Complexity: O(depth * log(locks there) + locks held at the path).
-- Needs: entries, wake

local entry, waiters, upgrader, at = ARGV[1], KEYS[4], KEYS[5], KEYS[6]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = redis.call('ZSCORE', at, entry)
if not deadline then
  for i = 7, #KEYS do redis.call('ZREM', KEYS[i], entry) end
  return 0
end
local reply = tonumber(deadline) > now and 1 or 0

-- The last key is the root's, with every lock below it: where it has this one only, so have they all.
local alone = #KEYS > 6 and redis.call('ZCARD', KEYS[#KEYS]) == 1
if alone then
  redis.call('DEL', unpack(KEYS, 6))
else
  for i = 6, #KEYS do redis.call('ZREM', KEYS[i], entry) end
end
if alone or redis.call('EXISTS', at) == 0 then  -- nobody is left here: who waits here may go on
  -- Where nobody holds anything in the section, or this is the root's, the counter may go: hold says why.
  if alone or #KEYS == 6 or redis.call('EXISTS', KEYS[2], KEYS[3]) == 0 then redis.call('PEXPIRE', KEYS[1], 1000) end
  if redis.call('PEXPIRE', waiters, 1000) == 0 then
    redis.call('RPUSH', waiters, '1')
    redis.call('PEXPIRE', waiters, 1000)
  end
  return reply
end
-- Prelude

-- Who waits here is blocked by a lock at this path. Where one is left that blocks all of them, nobody is woken: they
-- would only lose their places. Shared locks of a single owner let that owner upgrade.
local exclusive, owner, owners = false, nil, 0
for _, other in ipairs(redis.call('ZRANGEBYSCORE', at, '(' .. string.format('%.0f', now), '+inf')) do
  local its_mode, its_owner = parts_of(other)
  exclusive = exclusive or its_mode == 'x'
  if its_owner ~= owner then owner, owners = its_owner, owners + 1 end
end
if owners == 0 or parts_of(entry) == 'x' and not exclusive then
  wake(waiters)
elseif owners == 1 and not exclusive then
  wake(upgrader)
end
return reply
