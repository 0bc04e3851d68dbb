-- release: take a lock entry back, and wake one of those whom it blocked.
-- KEYS: the section's fence counter; l: of the path; b: of each proper ancestor; then w: and u: of the path.
-- ARGV: the entry.
-- Reply: 1; 0 where its lease had run out, or it was not there.
-- Errors: none of its own.
-- Complexity: O(depth * log(locks there) + locks held at the path).
-- Needs: entries

local entry, waiters, upgrader = ARGV[1], KEYS[#KEYS - 1], KEYS[#KEYS]
local now = now_ms()
local deadline = redis.call('ZSCORE', KEYS[2], entry)
for i = 2, #KEYS - 2 do redis.call('ZREM', KEYS[i], entry) end
if not deadline then return 0 end

-- Who waits here is blocked by a lock at this path. Where one is left that blocks all of them, nobody is woken: they
-- would only lose their places. Shared locks of a single owner let that owner upgrade.
local exclusive, owner, owners = false, nil, 0
for _, other in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. string.format('%.0f', now), '+inf')) do
  local its_mode, its_owner = parts_of(other)
  exclusive = exclusive or its_mode == 'x'
  if its_owner ~= owner then owner, owners = its_owner, owners + 1 end
end
local mode, _, tail = parts_of(entry)
if owners == 0 or mode == 'x' and not exclusive then
  wake(waiters)
elseif owners == 1 and not exclusive then
  wake(upgrader)
end

local section = string.match(tail, '^[^}]*}') or ''
local prefix = string.sub(KEYS[1], 1, #KEYS[1] - #section - 2)
if redis.call('EXISTS', prefix .. 'l:' .. section, prefix .. 'b:' .. section) == 0 then
  redis.call('PEXPIRE', KEYS[1], WAKE_UP_MS)  -- nobody holds anything here: hold says why the counter may go
end
return tonumber(deadline) > now and 1 or 0
