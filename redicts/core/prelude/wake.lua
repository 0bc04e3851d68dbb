-- prelude wake: waking those who wait for a lock.

-- Wake one that waits on a list: at once, or who comes within a second. One that is there already is enough: so far
-- nobody was there to take it.
local function wake(list)
  if redis.call('PEXPIRE', list, 1000) == 0 then
    redis.call('RPUSH', list, '1')
    redis.call('PEXPIRE', list, 1000)
  end
end
