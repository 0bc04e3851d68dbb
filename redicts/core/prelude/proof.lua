-- prelude proof: whether a write is made under no lock, or under one that is alive: for what stands before all else of the
-- prelude, since the header's way to ask costs as much as the rest of a simple write.
--
-- `guard`: 1 where the caller holds one lock, else 0. `alive` is false where that is lost, and where there are several.

local guard, alive = ARGV[1] == '1' and 1 or 0, ARGV[1] == '0'
if guard == 1 then
  local deadline, time = redis.call('ZSCORE', KEYS[1], ARGV[3]), redis.call('TIME')
  alive = deadline and tonumber(deadline) > time[1] * 1000 + math.floor(time[2] / 1000)
end
