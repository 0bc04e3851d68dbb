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
for i = 6, #KEYS do redis.call('ZREM', KEYS[i], entry) end
local left_here = redis.call('EXISTS', at) == 1
-- Where nobody holds anything in the section, or this is the root's, the counter may go: hold says why.
if not left_here and (#KEYS == 6 or redis.call('EXISTS', KEYS[2], KEYS[3]) == 0) then
  redis.call('PEXPIRE', KEYS[1], 1000)
end
if not deadline then return 0 end
local reply = tonumber(deadline) > now and 1 or 0

if not left_here then  -- who waits here may go on
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
