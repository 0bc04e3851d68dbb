-- hold: enter a lock entry, after removing dead ones. The caller watches what it decided by.
-- KEYS: the section's fence counter; l: of the path; b: of each proper ancestor.
-- ARGV: the entry; its deadline in ms of the server's time; the dead entries that stood in its way.
-- Reply: the fence token: above every one before it, and not below the server's time in us. So the counter may go when
--   the section is locked no more, and tokens grow even where the server lost its last writes.
-- Errors: none of its own.
-- Complexity: O(depth * log(locks there) + dead entries).
-- Needs: entries

local TIDY = 2
local entry, deadline = ARGV[1], tonumber(ARGV[2])
local prefix = string.sub(KEYS[2], 1, #KEYS[2] - #select(3, parts_of(entry)) - 2)
for i = 3, #ARGV do remove_entry(prefix, ARGV[i]) end

-- Sets that are never empty for long keep what crashed holders left: a little of it goes with each new entry.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 3, #KEYS do
  for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', now, 'LIMIT', 0, TIDY)) do
    remove_entry(prefix, dead)
  end
end

enter(entry, deadline, now)
local token = (tonumber(redis.call('GET', KEYS[1]) or 0) or 0) + 1
token = string.format('%.0f', math.max(token, time[1] * 1000000 + time[2]))
redis.call('SET', KEYS[1], token, 'KEEPTTL')
keep(KEYS[1], deadline, now)
return token
