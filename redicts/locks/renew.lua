-- renew: give a lock entry that is alive a new deadline. One that was released, or ran out, never comes back.
-- KEYS: the section's fence counter; l: of the path; b: of each proper ancestor.
-- ARGV: the entry; the lease in ms, from now on.
-- Reply: 1; 0 where it is not there, or its lease had run out.
-- Errors: none of its own.
-- Complexity: O(depth * log(locks there)).
-- Needs: clock, enter

local now = now_ms()
local deadline = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not deadline or tonumber(deadline) <= now then return 0 end
local lease = math.max(tonumber(deadline) - now, tonumber(ARGV[2]))
local left = string.format('%.0f', lease)
enter(ARGV[1], string.format('%.0f', now + lease), left)
if redis.call('PTTL', KEYS[1]) < lease then redis.call('PEXPIRE', KEYS[1], left) end
return 1
